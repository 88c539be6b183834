"""The report of `validate_request`: all violations at once, each where it was written, and no figure of a wrong value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from documents import submission

from concord_workers.core.dictionary import IntegerShape, ListShape, NumberShape, ObjectShape, Shape, dictionary
from concord_workers.core.reader import read

FAR = (-1, -512, -(2**53) + 1, 2**31, 2**53 - 1, 1e30, -1e30, 1e100, 1e300, -1e300)
# What a list needs in it for its item to be a whole one, and a value to have its effect.
WHOLE = {
    "/conditioning/loras": {"name": "lora_style.safetensors"},
    "/conditioning/control_nets": {"type": "canny", "image": "init.png"},
    "/conditioning/textual_inversions": {"path": "ti_style.safetensors", "token": "zzq"},
}


def numbers(shape: Shape, pointer: str = "") -> Iterator[tuple[str, IntegerShape | NumberShape]]:
    """Pointer of every number of a submission; lists at their first item."""
    resolved = shape.resolved
    if isinstance(resolved, IntegerShape | NumberShape):
        yield pointer, resolved
    elif isinstance(resolved, ListShape):
        yield from numbers(resolved.item, pointer + "/0")
    elif isinstance(resolved, ObjectShape):
        for prop in resolved.properties:
            yield from numbers(prop.shape, f"{pointer}/{prop.snake}")


def outside() -> list[tuple[str, float]]:
    """Pointer and value, for each bound of each number: just outside, and far."""
    found = []
    for pointer, shape in numbers(dictionary().named("PromptSubmission").shape):
        step = shape.multiple_of if isinstance(shape, IntegerShape) else 0.5
        near = [shape.minimum - step, shape.maximum + step]
        # A multiple, so that the bound alone is broken.
        far = [value // step * step if isinstance(value, int) else value for value in FAR]
        found += [(pointer, value) for value in dict.fromkeys([*near, *far]) if not shape.minimum <= value <= shape.maximum]
    return found


def with_value(pointer: str, value: Any) -> dict[str, Any]:
    document = submission(model={"base": "sdxl_base"})
    place: Any = document
    *path, last = pointer.split("/")[1:]
    for depth, token in enumerate(path):
        whole = WHOLE.get("/" + "/".join(path[: depth + 1]))
        place = place[int(token)] if token.isdecimal() else place.setdefault(token, {} if whole is None else [dict(whole)])
    place[last] = value
    return document


def report(worker: Any, document: dict[str, Any]) -> dict[str, Any]:
    reply = worker.ask({"action": "validate_request", "request_id": "v", "payload": {"prompt_submission": document}})
    assert reply["success"], reply
    data: dict[str, Any] = reply["data"]
    assert read("ValidationReport", data, canonical=True).violations == []
    return data


def violations(data: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (violation["pointer"].removeprefix("/payload/prompt_submission"), violation["code"]) for violation in data["errors"]
    ]


def check_outside(real, sent: list[tuple[str, float]]) -> None:
    from PIL import Image

    Image.new("RGB", (64, 64)).save(real.folder / "in" / "init.png")
    for pointer, value in sent:
        data = report(real, with_value(pointer, value))
        found = violations(data)
        assert found[:1] == [(pointer, "out_of_range")] and len(found) == 1, (pointer, value, data["errors"])
        assert data["validation_details"] == {}, (pointer, value)


def test_no_figure_is_made_of_a_number_out_of_its_bounds(real):
    """Of each number the lowest and the highest of the values outside."""
    by_pointer: dict[str, list[float]] = {}
    for pointer, value in outside():
        by_pointer.setdefault(pointer, []).append(value)
    ends = [(pointer, end) for pointer, values in by_pointer.items() for end in dict.fromkeys((min(values), max(values)))]
    assert len(ends) > 30
    check_outside(real, ends)


@pytest.mark.long
def test_no_figure_is_made_of_any_number_out_of_its_bounds(real):
    sent = outside()
    assert len(sent) > 150
    check_outside(real, sent)


def test_a_sound_request_has_all_figures(real):
    data = report(real, submission(model={"base": "sdxl_base"}))
    figures = data["validation_details"]
    assert data["valid"] and set(figures) == {"pixel_count", "aspect_ratio", "estimated_vram_mb", "estimated_time_seconds"}


def test_a_device_of_unknown_speed_has_the_sizes_alone(worker):
    data = report(worker, submission("no speed"))
    assert data["valid"] and set(data["validation_details"]) == {"pixel_count", "aspect_ratio"}
    estimate = {"action": "get_performance_estimate", "payload": {"prompt_submission": submission("no speed")}}
    assert worker.ask(estimate)["error_details"]["code"] == "out_of_memory"


HOLES: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    (
        {"model": {"base": "nope", "vae": "nope2"}, "conditioning": {"prompt": ""}},
        [("/conditioning/prompt", "missing_field"), ("/model/base", "model_not_found"), ("/model/vae", "model_not_found")],
    ),
    (
        {"conditioning": {"prompt": "x", "reference_images": ["absent.png"], "init_image": "absent.png"}},
        [
            ("/model", "missing_field"),
            ("/conditioning/init_image", "image_invalid"),
            ("/conditioning/reference_images", "unsupported_feature"),
        ],
    ),
    (
        {
            "model": {"base": "sdxl_base"},
            "conditioning": {
                "prompt": "x",
                "loras": [{"weight": 1}, {"name": "absent", "weight": 99}],
                "control_nets": [{"type": "canny"}, {"image": "absent.png", "preprocess": True}, {}],
                "textual_inversions": [{"token": "zzq"}, {"path": "absent.safetensors"}, {}],
            },
        },
        [
            ("/conditioning/loras/1/weight", "out_of_range"),
            ("/conditioning/loras/0/name", "missing_field"),
            ("/conditioning/control_nets/0/image", "missing_field"),
            ("/conditioning/control_nets/1/type", "missing_field"),
            ("/conditioning/control_nets/2/type", "missing_field"),
            ("/conditioning/control_nets/2/image", "missing_field"),
            ("/conditioning/textual_inversions/0/path", "missing_field"),
            ("/conditioning/textual_inversions/1/token", "missing_field"),
            ("/conditioning/textual_inversions/2/path", "missing_field"),
            ("/conditioning/textual_inversions/2/token", "missing_field"),
            ("/conditioning/loras/1/name", "model_not_found"),
            ("/conditioning/control_nets/1/image", "image_invalid"),
            ("/conditioning/textual_inversions/1/path", "model_not_found"),
        ],
    ),
    (
        {
            "model": {"vae": "sdxl_base", "tokenizer": "sdxl_vae"},
            "conditioning": {"prompt": "x"},
            "performance": {"device": "gpu_3", "optimizations": ["xformers"]},
        },
        [
            ("/model/base", "missing_field"),
            ("/model/vae", "model_invalid"),
            ("/model/tokenizer", "model_invalid"),
            ("/performance/device", "unsupported_feature"),
            ("/performance/optimizations/0", "unsupported_feature"),
        ],
    ),
    ({}, [("/model", "missing_field"), ("/conditioning", "missing_field")]),
]


@pytest.mark.parametrize(("document", "expected"), HOLES)
def test_what_is_missing_hides_no_other_fault(real, document, expected):
    data = report(real, document)
    assert sorted(violations(data)) == sorted(expected), json.dumps(data["errors"], indent=1)
    assert data["validation_details"] == {}


@pytest.mark.parametrize("side", ["width", "height"])
def test_a_side_over_its_limit_is_one_fault(real, side):
    document = submission(model={"base": "sdxl_base"})
    document["hyperparameters"]["dimensions"] = {side: 4104}
    assert violations(report(real, document)) == [(f"/hyperparameters/dimensions/{side}", "out_of_range")]


@pytest.mark.parametrize(
    ("payload", "pointer"),
    [
        (
            {"request": {"hyperparameters": {"dimensions": {"width": 4096}}}},
            "/payload/request/hyperparameters/dimensions/width",
        ),
        (
            {"request": {"hyperparameters": {"dimensions": {"height": 4096}}}},
            "/payload/request/hyperparameters/dimensions/height",
        ),
        (
            {"request": {"hyperparameters": {"dimensions": {"height": 1024, "width": 4096}}}},
            "/payload/request/hyperparameters/dimensions/height",
        ),
        ({"request": {"Hyperparameters": {"Width": 4096}}}, "/payload/request/Hyperparameters/Width"),
        ({"request": {"hyperparameters": {"width": 4096, "height": None}}}, "/payload/request/hyperparameters/width"),
    ],
)
def test_a_picture_beyond_the_device_is_blamed_on_a_side_that_was_written(worker, payload, pointer):
    request = {"model": {"base": "base"}, "conditioning": {"prompt": "x"}, **payload["request"]}
    reply = worker.ask({"action": "validate_request", "request_id": "v", "payload": {"request": request}})
    assert [violation["pointer"] for violation in reply["data"]["errors"]] == [pointer]
    # It is sound in itself, and its figures say by how much it is too large.
    assert reply["data"]["validation_details"]["estimated_vram_mb"] == 100
