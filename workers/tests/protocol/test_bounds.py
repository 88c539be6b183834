"""Every bound as a real command: a value beyond it, of another kind or of another form gets one refusal at its place, and
the worker goes on. The commands come from the dictionary, so that no field is forgotten.
"""

from __future__ import annotations

import copy
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from documents import submission
from worker_process import id_of

from concord_workers.core.actions import actions, find_action
from concord_workers.core.bundle import limits
from concord_workers.core.dictionary import IntegerShape, ListShape, NumberShape, ObjectShape, Shape, dictionary
from concord_workers.core.envelope import Refusal, read_frame
from concord_workers.core.pointer import MISSING

# Where the raw text of a value is put: no JSON value could stand for `-0`.
RAW = "@raw@"
ID = b"@id@"
FAR = ["-5", "0", "-0", "0.5", "3e1", "1e300", "-1e300", "18446744073709551616", '"NaN"', str(-(2**63)), str(2**63 - 1)]
KINDS = ["null", "true", '"?"', '""', "7", "[]", "{}", "[null]", '{"?":null}', '" "']


def least(shape: Shape, example: Any = MISSING) -> Any:
    """The least value of a shape: what is required and nothing else."""
    resolved = shape.resolved
    if isinstance(resolved, ObjectShape):
        if "conditioning" in resolved.by_snake and "hyperparameters" in resolved.by_snake:
            return submission()
        return {prop.snake: least(prop.shape, prop.example) for prop in resolved.properties if prop.required}
    if isinstance(resolved, ListShape):
        return example if example is not MISSING else [least(resolved.item, resolved.item.example)] * resolved.minimum
    return None if example is MISSING else example


def places(shape: Shape, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Shape]]:
    """Every place of a definition; items of lists are looked at once."""
    resolved = shape.resolved
    found = [(path, resolved)] if path else []
    if isinstance(resolved, ObjectShape):
        for prop in resolved.properties:
            found += places(prop.shape, (*path, prop.snake))
    elif isinstance(resolved, ListShape):
        found += places(resolved.item, (*path, "0"))
    return found


def raws(shape: Shape) -> list[str]:
    found = list(KINDS)
    if isinstance(shape, IntegerShape):
        found += [str(shape.minimum - 1), str(shape.maximum + 1), *FAR]
    elif isinstance(shape, NumberShape):
        found += [repr(shape.minimum * 2 - 1), repr(shape.maximum * 2 + 1), *FAR]
    elif isinstance(shape, ListShape):
        found.append(json.dumps([None] * (min(shape.maximum, 2000) + 1)))
    return found


def put(fields: dict[str, Any], shape: Shape, path: tuple[str, ...]) -> dict[str, Any]:
    """Marks a place, with what must stand around it."""
    whole = copy.deepcopy(fields)
    here: Any = whole
    for depth, token in enumerate(path):
        resolved = shape.resolved
        is_last = depth + 1 == len(path)
        if isinstance(resolved, ObjectShape):
            shape = resolved.by_snake[token].shape
            if is_last or here.get(token) is None:
                here[token] = RAW if is_last else least(shape)
            here = here[token]
        else:
            assert isinstance(resolved, ListShape)
            shape = resolved.item
            if not here:
                here.append(least(shape))
            if is_last:
                here[0] = RAW
            here = here[0]
    return whole


def refused() -> list[tuple[str, bytes, str, str | None]]:
    """Id, frame, code and place of every command that the library refuses."""
    found = []
    for frame in frames(raws):
        request_id = f"b-{len(found)}"
        frame = frame.replace(ID, request_id.encode())
        if (verdict := verdict_of(frame)) is not None:
            found.append((request_id, frame, *verdict))
    return found


def frames(raws_of: Callable[[Shape], list[str]]) -> Iterator[bytes]:
    """A command for each raw value at each place of each definition that a command has."""
    known: set[str] = set()
    for name in sorted(set(actions())):
        action = find_action(name)
        if action is None or action.name != name or action.request in known:
            continue
        known.add(action.request)
        shape = dictionary().named(action.request).shape
        base = least(shape)
        for path, of in places(shape):
            marked = put(base, shape, path)
            text = json.dumps({"action": name, "request_id": ID.decode(), "payload": marked})
            for raw in raws_of(of):
                yield text.replace(f'"{RAW}"', raw).encode()


def verdict_of(frame: bytes) -> tuple[str, str | None] | None:
    try:
        command = read_frame(frame)
    except Refusal as refusal:
        return refusal.failure.code, refusal.failure.field
    violations = command.reading.violations
    if not violations or command.action.name == "validate_request":
        return None
    return ("validation_failed" if violations.total > 1 else violations[0]["code"]), violations[0]["pointer"]


@pytest.mark.timeout(300)
def test_every_bound_is_refused_at_its_place_and_the_worker_lives(worker):
    sent = refused()
    assert len(sent) > 2500, len(sent)
    # The worker reads ahead only so far, and would wait for us to read while we wait for it.
    writer = threading.Thread(target=lambda: worker.write(b"".join(frame + b"\n" for _, frame, _, _ in sent)))
    writer.start()
    for request_id, frame, code, field in sent:
        reply = worker.reply()
        details = reply["error_details"] or {}
        # What is the gateway's own is unknown to a worker, whatever its fields.
        is_right = (details.get("code"), details.get("field")) == (code, field) or details.get("code") == "unknown_action"
        assert id_of(reply) == request_id and is_right, (frame[:500], code, field, reply)
    writer.join()
    assert worker.ask({"action": "get_status", "request_id": "after", "payload": {}})["success"]
    worker.close()
    assert worker.end() == 0


# Longer than all pointers of a reply together, so that a text of a reply that repeats it whole is longer too.
LONG = int(limits("pointer_bytes_max")) + 1


def long_raws(shape: Shape) -> list[str]:
    """Long texts as a value, as a name, and twice in a list."""
    texts = [json.dumps("n" * LONG), json.dumps("/" * LONG)]
    return [*texts, json.dumps({"n" * LONG: 1}), json.dumps({"n" * LONG: {"a": 1}}), f"[{texts[0]},{texts[0]}]"]


def texts_of(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, below in value.items():
            yield name
            yield from texts_of(below)
    elif isinstance(value, list):
        for below in value:
            yield from texts_of(below)


def test_no_long_text_of_a_sender_is_repeated_whole():
    """Neither in a violation nor in a warning, wherever it stands."""
    tried = 0
    for frame in itertools.chain(frames(long_raws), twice()):
        try:
            reading = read_frame(frame.replace(ID, b"x")).reading
            said: list[object] = [list(reading.violations), reading.warnings]
        except Refusal as refusal:
            said = [vars(refusal.failure), refusal.request_id]
        assert not [text[:99] for text in texts_of(json.loads(json.dumps(said, default=list))) if len(text) >= LONG], frame[
            :500
        ]
        tried += 1
    assert tried > 1000, tried


def twice() -> Iterator[bytes]:
    """A long name that stands twice, and a name that stands twice below a long one."""
    name = "n" * LONG
    for inside in (f'"{name}":1,"{name}":1', f'"{name}":{{"a":1,"a":1}}'):
        yield f'{{"action":"get_status","payload":{{{inside}}}}}'.encode()
        yield f'{{"action":"get_status",{inside},"payload":{{}}}}'.encode()
