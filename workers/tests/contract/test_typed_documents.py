"""The generated msgspec types take what the schemas take, and refuse what they refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from concord_workers.contract import NotCanonicalError, read, write
from concord_workers.contract.generated import tables, types

_BUNDLE: dict[str, Any] = json.loads(Path(types.__file__).with_name("bundle.json").read_text(encoding="utf-8"))
_EXAMPLES = [
    (name, example)
    for name, schema in _BUNDLE["$defs"].items()
    if name in types.DEFINITIONS
    for example in schema.get("examples", [])
]
_SUBMISSION: dict[str, Any] = {"model": {"base": "sdxl_base"}, "conditioning": {"prompt": "a pier"}}


def test_there_is_a_type_for_every_definition() -> None:
    missing = [name for name, schema in _BUNDLE["$defs"].items() if "oneOf" not in schema and name not in types.DEFINITIONS]
    assert missing == []
    assert len(_EXAMPLES) > 80


@pytest.mark.parametrize(("name", "example"), _EXAMPLES)
def test_every_example_is_read_and_written_back(name: str, example: Any) -> None:
    assert write(read(name, example)) == example


def test_absent_members_are_none_and_stay_absent() -> None:
    submission = read(types.PromptSubmission, _SUBMISSION)
    assert submission.scheduler is None
    assert submission.conditioning.loras is None
    assert write(submission) == _SUBMISSION


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("model", "vae"), None),
        (("model", "unknown"), 1),
        (("conditioning", "prompt"), " \t\u00a0"),
        (("conditioning", "prompt"), "é" * 8193),
        (("conditioning", "loras"), [{"name": "a", "weight": 2.1}]),
        (("conditioning", "loras"), [{"name": "a", "adapter_name": "a\n"}]),
        (("conditioning", "loras"), [{"name": "a"}] * 17),
        (("scheduler",), {"steps": 30.0}),
        (("scheduler",), {"steps": True}),
        (("scheduler",), {"type": "euler"}),
        (("hyperparameters",), {"dimensions": {"width": 1025}}),
        (("hyperparameters",), {"strength": 0}),
        (("performance",), {"optimizations": ["xformers", "xformers"]}),
        (("performance",), []),
        (("metadata",), {"tags": {str(index): "" for index in range(33)}}),
    ],
)
def test_what_the_schema_refuses_is_refused(place: tuple[str, ...], value: Any) -> None:
    document = json.loads(json.dumps(_SUBMISSION))
    parent = document
    for key in place[:-1]:
        parent = parent[key]
    parent[place[-1]] = value
    with pytest.raises(NotCanonicalError):
        read(types.PromptSubmission, document)


def test_a_nullable_member_must_be_there_and_may_be_null() -> None:
    item = {"index": 0, "request_id": None, "success": True, "data": None, "error": None, "error_details": None}
    assert write(read("BatchItem", item)) == item
    with pytest.raises(NotCanonicalError):
        read("BatchItem", {key: value for key, value in item.items() if key != "request_id"})


def test_a_member_named_like_a_keyword_keeps_its_name_on_the_wire() -> None:
    change = {"path": "/scheduler/steps", "from": 30, "to": None, "reason": "time"}
    assert read(types.OptimizationChange, change).from_ == 30
    assert write(read(types.OptimizationChange, change)) == change


def test_tables_are_those_of_the_schemas() -> None:
    assert list(tables.ERRORS) == [row["code"] for row in _BUNDLE["errors"]]
    assert list(tables.ACTIONS) == [row["action"] for row in _BUNDLE["registry"]["actions"]]
    assert all(row.request in types.DEFINITIONS and row.reply in types.DEFINITIONS for row in tables.ACTIONS.values())
    assert list(tables.SCHEDULERS) == _BUNDLE["$defs"]["SchedulerType"]["enum"]
    assert tables.ACTIONS[tables.ALIASES["load_model_from_cache"]].action_class == "control"


def test_bytes_are_read_straight_into_the_same_value() -> None:
    decoder = msgspec.json.Decoder(types.PromptSubmission)
    assert decoder.decode(json.dumps(_SUBMISSION).encode()) == read(types.PromptSubmission, _SUBMISSION)
