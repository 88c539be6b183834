"""Reads prompt submissions from stdin, one JSON document a line, and prints the reading of each.

    python -m concord_workers.core.reading_cli [--frames] [--definition NAME] [--device gpu|cpu] < documents > readings

One line each: normalized, effective, violations, warnings, dialect, places (of a document's values); and `bad` where a line is
no document. With `--frames` the lines are commands. For comparison with the Rust reading.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

from concord_workers.core.dictionary import dictionary
from concord_workers.core.effective import DeviceKind, effective
from concord_workers.core.envelope import Refusal, read_frame
from concord_workers.core.naming import escape
from concord_workers.core.reader import read
from concord_workers.core.reading import Reading
from concord_workers.core.submission import Submission
from concord_workers.core.tree import Duplicates, TreeError, parse

__all__ = ["main"]


def main() -> None:
    summary = __doc__.splitlines()[0] if __doc__ else ""
    parser = argparse.ArgumentParser(prog="python -m concord_workers.core.reading_cli", description=summary)
    parser.add_argument("--frames", action="store_true", help="the lines are commands")
    parser.add_argument("--definition", default="PromptSubmission")
    parser.add_argument("--device", choices=["gpu", "cpu"], default="cpu")
    options = parser.parse_args()
    for line in sys.stdin.buffer:
        if line.strip():
            row = _of_frame(line, options.device) if options.frames else _of_document(line, options)
            print(json.dumps(row, ensure_ascii=False))


def _of_document(line: bytes, options: argparse.Namespace) -> dict[str, Any]:
    try:
        reading = read(options.definition, parse(line))
    except TreeError as error:
        return {"bad": {"code": "bad_frame", "message": str(error)}}
    except Duplicates as found:
        return {"bad": {"code": "duplicate_field", "pointers": found.pointers}}
    row = _row(reading, reading.document, options.definition, options.device)
    return row | {"places": _places(reading, options.definition)}


def _of_frame(line: bytes, device: DeviceKind) -> dict[str, Any]:
    try:
        command = read_frame(line.strip(b"\r\n"))
    except Refusal as refusal:
        return {"bad": {"message": refusal.failure.message, **refusal.failure.details_of_reply()}}
    fields = command.reading.document
    submission = Submission.of(fields) if fields is not None else None
    document = submission.document if submission is not None else None
    return {"action": command.action.name, **_row(command.reading, document, "PromptSubmission", device), "fields": fields}


def _row(reading: Reading, document: Any, definition: str, device: DeviceKind) -> dict[str, Any]:
    return {
        "normalized": document,
        "effective": effective(definition, document, device) if document is not None else None,
        "violations": reading.violations,
        "warnings": reading.warnings,
        "dialect": reading.dialect,
    }


def _places(reading: Reading, definition: str) -> dict[str, str]:
    shape = dictionary().named(definition).shape
    return {pointer: reading.places.sender(pointer, shape) for pointer in _pointers(reading.document, "")}


def _pointers(value: object, place: str) -> Iterator[str]:
    yield place
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from _pointers(member, f"{place}/{escape(str(name))}")


if __name__ == "__main__":
    main()
