"""The interface between the order of work and the handlers of actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from concord_workers.core.engine import Engine
from concord_workers.core.envelope import Command
from concord_workers.core.job_context import JobContext
from concord_workers.core.metrics import Metrics
from concord_workers.core.outcome import Outcome
from concord_workers.core.protocol_state import ProtocolState
from concord_workers.core.task import Task
from concord_workers.core.violation import Violation

__all__ = ["WorkerActions"]


class WorkerActions(Protocol):
    """`worker.base_worker.BaseWorker` implements it. That room lies above this one, so that it is not imported here."""

    gpu_id: str
    metrics: Metrics

    @property
    def actions(self) -> list[str]:
        """The actions that are implemented, in the registry's order."""
        ...

    def needs_engine(self, action: str) -> bool:
        """Whether a query waits for the engine's start."""
        ...

    def violations_of(self, command: Command) -> list[Violation]:
        """The violations that end a command before it begins."""
        ...

    def timeout_of(self, command: Command, seconds: float | None) -> float | None:
        """The seconds that a job may take, from its receipt. seconds: the default of its action."""
        ...

    def sender_of(self, command: Command) -> Callable[..., str]:
        """Maps the engine's pointers to the sender's."""
        ...

    def warnings_of(self, command: Command, context: JobContext) -> list[dict[str, Any]]:
        """The engine's warnings, as `warning_details`."""
        ...

    def effective_of(self, normalized: dict[str, Any]) -> dict[str, Any]:
        """A canonical prompt submission with every default of this device."""
        ...

    def answer(self, task: Task) -> Outcome:
        """Computes a query."""
        ...

    def work(self, engine: Engine, task: Task) -> Outcome:
        """Runs a job, a load, or the acceptance of a training."""
        ...

    def initialize(self, task: Task, protocol: ProtocolState, is_busy: bool) -> Outcome:
        """Agrees on dialect and features. Raises Conflict while a job runs."""
        ...
