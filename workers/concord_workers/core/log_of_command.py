"""Whose command a log line is about: its request id and its trace stand in every line that its thread writes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["FORMAT", "command_of_now", "doing", "doing_again", "mark"]

FORMAT = "%(asctime)s %(levelname)s %(name)s%(command)s: %(message)s"

# The ids of a W3C traceparent: `00-<trace id>-<parent id>-<flags>`.
_TRACE_ID = slice(3, 35)
_command: ContextVar[str] = ContextVar("command", default="")


@contextmanager
def doing(request_id: str | None, traceparent: str | None) -> Iterator[None]:
    """What is logged inside, by this thread, is about this command."""
    words = [f" request_id={request_id}"] if request_id is not None else []
    if traceparent is not None:
        words.append(f" trace_id={traceparent[_TRACE_ID]}")
    with doing_again("".join(words)):
        yield


def command_of_now() -> str:
    """What is said of the command that this thread acts for; another thread that goes on with it says it by `doing_again`."""
    return _command.get()


@contextmanager
def doing_again(command: str) -> Iterator[None]:
    """What is logged inside, by this thread, is about the command that `command_of_now` told of."""
    token = _command.set(command)
    try:
        yield
    finally:
        _command.reset(token)


def mark(record: logging.LogRecord) -> bool:
    """A filter for handlers: gives the record what `FORMAT` says of the command."""
    record.command = _command.get()
    return True
