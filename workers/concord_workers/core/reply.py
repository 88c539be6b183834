"""Replies and events as frames, in any dialect."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec

from concord_workers.core.actions import Action
from concord_workers.core.bundle import limits
from concord_workers.core.dictionary import ListShape, NullableShape, ObjectShape, Shape, dictionary
from concord_workers.core.failure import Failure
from concord_workers.core.tally import WARNINGS_MAX

__all__ = ["Reply", "event_frame", "spell"]

log = logging.getLogger(__name__)

_FRAME_BYTES_MAX = int(limits("frame_bytes_max")) + 1  # with its LF
_STATUSES = {"cancelled": "cancelled", "shutting_down": "cancelled", "timeout": "timeout"}
_encode = msgspec.json.Encoder().encode


@dataclass
class Reply:
    """The one terminal answer to a command. action: None for an unknown one. data: snake; None in a failure."""

    action: Action | None
    request_id: str | None
    session_id: str | None
    data: dict[str, Any] | None = None
    failure: Failure | None = None
    warnings: list[dict[str, Any]] = field(default_factory=list)

    @property
    def status(self) -> str:
        """How the command ended: completed, failed, cancelled or timeout."""
        return "completed" if self.failure is None else _STATUSES.get(self.failure.code, "failed")

    def document(self) -> dict[str, Any]:
        """The reply in snake, with every member."""
        shown = self.warnings[:WARNINGS_MAX]
        sentences = [warning["message"] for warning in shown]
        total = {"warnings_total": len(self.warnings)} if len(self.warnings) > len(shown) else {}
        reply: dict[str, Any] = {"request_id": self.request_id}
        if self.session_id is not None:
            reply["session_id"] = self.session_id
        reply["success"] = self.failure is None
        reply["data"] = None
        reply["error"] = None
        reply["error_details"] = None
        if self.failure is not None:
            reply["error"] = self.failure.message
            reply["error_details"] = self.failure.details_of_reply()
        else:
            data = self.data if self.data is not None else {}
            if self.action is not None and _has_warnings(self.action.reply):
                data = data | {"warnings": sentences} | total
            reply["data"] = data
        reply["warnings"] = sentences
        reply["warning_details"] = shown
        return reply | total

    def frame(self, dialect: str) -> bytes:
        """The reply as one line with its LF."""
        document = self.document()
        if dialect != "snake":
            data = document["data"]
            document = spell("Reply", document | {"data": None}, dialect)
            if data is not None and self.action is not None:
                # The member keeps its place among the others.
                document[dictionary().object("Reply").by_snake["data"].name(dialect)] = spell(self.action.reply, data, dialect)
        try:
            return _encode(document) + b"\n"
        except UnicodeEncodeError:
            # A sentence holds a file's name that is no UTF-8. The name is escaped, so that the answer still goes out.
            return _encode(_written_out(document)) + b"\n"

    def frame_or_internal(self, dialect: str) -> bytes:
        """The reply as a frame; `internal` in its place where it cannot be written or is too long, so that one goes out."""
        try:
            frame = self.frame(dialect)
            if len(frame) <= _FRAME_BYTES_MAX:
                return frame
            message = f"the reply of {len(frame)} bytes is longer than a frame may be"
        except Exception as error:
            log.exception("a reply cannot be written")
            message = f"the reply cannot be written: {type(error).__name__}; see the log"
        return Reply(self.action, self.request_id, self.session_id, failure=Failure("internal", message)).frame(dialect)


def _written_out(value: object) -> object:
    """A copy with lone surrogates escaped: no UTF-8 frame can hold them."""
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {_written_out(name): _written_out(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_written_out(member) for member in value]
    return value


@cache
def _has_warnings(definition: str) -> bool:
    return "warnings" in dictionary().object(definition).by_snake


def event_frame(event: dict[str, Any], dialect: str) -> bytes:
    """An event as one line with its LF."""
    if dialect != "snake":
        event = spell(_event_definitions()[event["event"]], event, dialect)
    return _encode(event) + b"\n"


@cache
def _event_definitions() -> dict[str, str]:
    """Name of an event → its definition."""
    found = {}
    for name, definition in dictionary().definitions.items():
        shape = definition.shape
        if isinstance(shape, ObjectShape) and "event" in shape.by_snake:
            values = getattr(shape.by_snake["event"].shape.resolved, "values", None)
            if values:
                found[values[0]] = name
    return found


def spell(definition: str, document: Any, dialect: str) -> Any:
    """A canonical document in a dialect. Keys of maps and verbatim members of the schema stay as they are."""
    if dialect == "snake":
        return document
    return _spell(dictionary().named(definition).shape, document, dialect)


def _spell(shape: Shape, value: object, dialect: str) -> object:
    resolved = shape.resolved
    if isinstance(resolved, NullableShape):
        return _spell(resolved.inner, value, dialect)
    if isinstance(resolved, ListShape) and isinstance(value, list):
        return [_spell(resolved.item, item, dialect) for item in value]
    if isinstance(resolved, ObjectShape) and isinstance(value, dict):
        spelt = {}
        for name, member in value.items():
            prop = resolved.by_snake.get(name)
            if prop is None:
                spelt[name] = member
            elif prop.verbatim or not isinstance(member, dict | list):
                spelt[prop.name(dialect)] = member
            else:
                spelt[prop.name(dialect)] = _spell(prop.shape, member, dialect)
        return spelt
    return value
