"""One command on its way to its one reply."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from concord_workers.core.clock import timestamp
from concord_workers.core.envelope import Command
from concord_workers.core.job_context import JobContext, StopReason

__all__ = ["Batch", "Task"]


class Batch(Protocol):
    """The parts of a batch as the order of work sees them; `inference.batch_processor.BatchRun` is one."""

    current: JobContext

    def cancel(self, index: int, then: Callable[[str], None]) -> None:
        """Cancels one part. then: called with its former state, at its end."""

    def stop(self, reason: StopReason) -> None:
        """Stops every part."""


class Task:
    """A command that was read.

    ordered: its reply keeps the place of its line. kind: class of the command. state: waiting (its line is not due),
    queued (for the working thread), running, done. context: of a command that can be cancelled. deadline: monotonic
    seconds. frame: its reply, once there is one. after: called once it is done.
    """

    __slots__ = (
        "after",
        "attempt",
        "batch",
        "command",
        "context",
        "deadline",
        "dialect",
        "frame",
        "kind",
        "ordered",
        "queued_at",
        "received",
        "request_id",
        "started",
        "started_at",
        "state",
    )

    def __init__(self, command: Command | None, kind: str, dialect: str, ordered: bool) -> None:
        self.command = command
        self.kind = kind
        self.dialect = dialect
        self.ordered = ordered
        self.request_id = command.request_id if command is not None else None
        self.attempt = command.attempt if command is not None else 1
        self.received = time.monotonic()
        self.queued_at = ""
        self.started: float | None = None
        self.started_at: str | None = None
        self.deadline: float | None = None
        self.state = "waiting"
        self.context: JobContext | None = None
        self.batch: Batch | None = None
        self.frame: bytes | None = None
        self.after: list[Callable[[], None]] = []

    @property
    def traceparent(self) -> str | None:
        """The trace that it belongs to."""
        return self.command.traceparent if self.command is not None else None

    @property
    def action(self) -> str:
        return self.command.action.name if self.command is not None else ""

    @property
    def fields(self) -> dict[str, Any]:
        """The canonical fields of a command without violations."""
        document = self.command.reading.document if self.command is not None else None
        return document if document is not None else {}

    @property
    def is_job(self) -> bool:
        return self.kind == "job"

    @property
    def progressing(self) -> JobContext | None:
        """The context that the engine reports to now: of a batch, its running part's."""
        return self.batch.current if self.batch is not None else self.context

    def queue(self) -> None:
        self.state = "queued"
        self.queued_at = self.queued_at or timestamp()

    def run(self) -> None:
        self.state = "running"
        self.started = time.monotonic()
        self.started_at = timestamp()
