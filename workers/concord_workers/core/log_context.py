"""The command of a log line: its request id and trace stand in every line that its thread writes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["FORMAT", "add_command", "command_context", "current_command", "resume_command_context"]

FORMAT = "%(asctime)s %(levelname)s %(name)s%(command)s: %(message)s"

# The ids of a W3C traceparent: `00-<trace id>-<parent id>-<flags>`.
_TRACE_ID = slice(3, 35)
_command: ContextVar[str] = ContextVar("command", default="")


@contextmanager
def command_context(request_id: str | None, traceparent: str | None) -> Iterator[None]:
    """Adds this command to the lines that this thread logs inside."""
    words = [f" request_id={request_id}"] if request_id is not None else []
    if traceparent is not None:
        words.append(f" trace_id={traceparent[_TRACE_ID]}")
    with resume_command_context("".join(words)):
        yield


def current_command() -> str:
    """Returns the command of this thread's lines, for `resume_command_context` in another thread."""
    return _command.get()


@contextmanager
def resume_command_context(command: str) -> Iterator[None]:
    """Adds a command that `current_command` returned to the lines that this thread logs inside."""
    token = _command.set(command)
    try:
        yield
    finally:
        _command.reset(token)


def add_command(record: logging.LogRecord) -> bool:
    """A filter for handlers: gives the record the `command` of `FORMAT`."""
    record.command = _command.get()
    return True
