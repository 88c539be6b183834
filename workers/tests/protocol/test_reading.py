"""The reading: the same canonical document whatever the dialect, and every violation where its sender wrote it."""

from __future__ import annotations

import json

import pytest
from documents import FIXTURES, rows, same_numbers, submission

from concord_workers.core.communication import LineDecoder
from concord_workers.core.dictionary import dictionary
from concord_workers.core.effective import effective
from concord_workers.core.envelope import Refusal, read_frame
from concord_workers.core.naming import camel
from concord_workers.core.reader import read
from concord_workers.core.reply import spell
from concord_workers.core.submission import Submission

OPTION_SETS = ("default", "ignore_null", "web", "relaxed")


def test_every_row_of_the_oracle_is_read_as_its_canonical_document():
    found = rows("oracle/requests.jsonl")
    assert len(found) >= 200
    for row in found:
        for options in OPTION_SETS:
            command = read_frame(row[options].encode())
            read_as = Submission.of(command.reading.document)
            assert read_as is not None, (row["i"], options, command.reading.violations)
            assert same_numbers(read_as.document, row["canonical"]), (row["i"], options)


def test_camel_names_are_those_of_dotnet():
    for row in rows("oracle/names.jsonl"):
        assert camel(row["name"]) == row["camel"], row["name"]


@pytest.mark.parametrize("name", ["submissions", "rules", "commands", "envelopes", "frames"])
def test_invalid_documents_have_exactly_their_faults(name):
    for row in rows(f"invalid/{name}.jsonl"):
        assert _verdict(_bytes(row)) == (row.get("refused"), sorted(map(tuple, row.get("faults", [])))), row["id"]


def test_what_looks_odd_and_is_right_is_read():
    for row in rows("invalid/unusual.jsonl"):
        decoder = LineDecoder(1 << 24)
        for line in [*decoder.push(_bytes(row)), *decoder.finish()]:
            command = read_frame(line.content)
            assert not command.reading.violations, row["id"]
            codes = [warning["code"] for warning in command.reading.warnings]
            assert sorted(codes) == sorted(row.get("warnings", [])), row["id"]


@pytest.mark.parametrize("folder", ["envelopes", "seed"])
def test_the_commands_of_the_fixtures_are_read(folder):
    for path in sorted((FIXTURES / folder).glob("*.json")):
        frame = json.dumps(json.loads(path.read_text(encoding="utf-8"))).encode()
        violations = read_frame(frame).reading.violations
        # The one that C# writes without JsonStringEnumConverter is there to be refused.
        assert bool(violations) == (path.name == "load-model-enum-number.json"), (path.name, violations)


@pytest.mark.parametrize("dialect", ["snake", "pascal", "camel"])
def test_every_dialect_gives_the_same_document(dialect):
    document = submission(
        "a café",
        conditioning={"prompt": "a café", "loras": [{"name": "style", "weight": 0.5}], "prompt_2": "x"},
        postprocessing={"upscaler": "Lanczos", "upscale_factor": 2.0},
        metadata={"tags": {"Some_Key": "v"}, "timeout_seconds": 5.0},
    )
    reading = read("PromptSubmission", spell("PromptSubmission", document, dialect))
    assert reading.violations == [] and same_numbers(reading.document, document)


def test_defaults_that_are_bound_to_a_field_stand_only_where_they_take_effect():
    whole = effective("PromptSubmission", submission(), "cpu")
    assert "strength" not in whole["hyperparameters"] and "upscale_factor" not in whole["postprocessing"]
    assert whole["performance"]["dtype"] == "fp32" and whole["hyperparameters"]["seed"] == 3
    image = effective("PromptSubmission", submission(conditioning={"prompt": "p", "init_image": "i.png"}), "gpu")
    assert image["hyperparameters"]["strength"] == 0.75 and image["performance"]["dtype"] == "fp16"


def test_names_are_total_and_injective():
    for name, definition in dictionary().definitions.items():
        properties = getattr(definition.shape, "properties", [])
        for dialect in ("snake", "pascal", "camel"):
            spelt = [prop.name(dialect) for prop in properties]
            assert len(spelt) == len(set(spelt)), (name, dialect)


def _bytes(row):
    if "submission" in row:
        return json.dumps({"action": "validate_request", "request": row["submission"]}).encode()
    if "frame" in row:
        return json.dumps(row["frame"]).encode()
    return bytes.fromhex(row["hex"]) if "hex" in row else row["text"].encode("utf-8", "surrogatepass")


def _verdict(frame):
    try:
        command = read_frame(frame)
    except Refusal as refusal:
        return refusal.failure.code, sorted((violation["code"], violation["pointer"]) for violation in refusal.failure.errors)
    return None, sorted((violation["code"], violation["pointer"]) for violation in command.reading.violations)
