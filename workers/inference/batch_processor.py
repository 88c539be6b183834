"""`batch_generate`: several prompt submissions, one after another, each with an end of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from core.engine import Engine
from core.envelope import Command
from core.errors import WorkerBusy
from core.failure import failure_of
from core.job_context import JobContext
from core.submission import Submission
from core.task import Task

if TYPE_CHECKING:
    from core.base_worker import BaseWorker

__all__ = ["BatchRun", "run_batch"]

# These end the whole batch, not one of its requests.
_ENDS_ALL = frozenset({"timeout", "shutting_down"})


class BatchRun:
    """The parts of one batch. Thread safe: parts are cancelled from other threads."""

    def __init__(self, command: Command, context: JobContext, make_context: Callable[[], JobContext]) -> None:
        self._context = context
        self._lock = threading.Lock()
        count = len((command.reading.document or {})["requests"])
        # A part's own id is in its files and not in events: those are the batch's.
        self.contexts = [make_context() for _ in range(count)]
        for index, part in enumerate(self.contexts):
            part.request_id = f"{command.request_id}.{index}" if command.request_id is not None else None
        self._states = ["queued"] * count
        self.current = context
        self._after: list[list[Callable[[], None]]] = [[] for _ in range(count)]

    def begin(self, index: int) -> None:
        with self._lock:
            self._states[index] = "running"
            self.current = self.contexts[index]

    def end(self, index: int) -> None:
        """A part has reached its end; whoever cancelled it is told."""
        with self._lock:
            self._states[index] = "ended"
            after, self._after[index] = self._after[index], []
        for call in after:
            call()

    def cancel(self, index: int, then: Callable[[], None]) -> str | None:
        """Cancels one part: what it was; None where there is none or it has ended. then: called at its end."""
        with self._lock:
            if index >= len(self._states) or self._states[index] == "ended":
                return None
            was = self._states[index]
            self._after[index].append(then)
        self.contexts[index].cancel("cancelled")
        return was

    def stop(self, reason: Any) -> None:
        """Stops every part."""
        for context in self.contexts:
            context.cancel(reason)


def run_batch(task: Task, engine: Engine, worker: BaseWorker) -> dict[str, Any]:
    """BatchResult. Raises what ends the whole batch: its timeout, or the end of the worker.

    A batch that is cancelled as a whole still answers with what it has: each request has reached an end.
    """
    batch: BatchRun = task.batch
    command, context = task.command, task.context
    assert command is not None and context is not None
    requests = task.fields["requests"]
    go_on = task.fields.get("continue_on_error", True)
    rows: list[dict[str, Any]] = []
    for index, document in enumerate(requests):
        batch.begin(index)
        part = batch.contexts[index]
        submission = Submission(document, at=f"/requests/{index}")
        rows.append(_row(index, part.request_id, *_run_part(submission, part, command, engine, worker)))
        batch.end(index)
        if context.stop_reason in _ENDS_ALL or part.stop_reason in _ENDS_ALL:
            part.check()
        if not rows[-1]["success"] and not go_on:
            # The rest is cancelled, each by its own context, so that it ends as a cancelled part does.
            batch.stop("cancelled")
            go_on = True
    results = [row for row in rows if row["success"]]
    cancelled = sum((row["error_details"] or {}).get("code") == "cancelled" for row in rows)
    return {
        "results": rows,
        "succeeded": len(results),
        "failed": len(rows) - len(results) - cancelled,
        "cancelled": cancelled,
    }


def _run_part(
    submission: Submission, part: JobContext, command: Command, engine: Engine, worker: BaseWorker
) -> tuple[dict[str, Any] | None, Any]:
    """The `data` of one part, or its failure."""

    def sender(pointer: str) -> str:
        return command.sender(submission.pointer(pointer))

    try:
        part.check()
        if engine.training.busy:
            raise WorkerBusy(f"training {engine.training.running_id} has the device")
        result = engine.generate(worker.effective_of(submission.document), part)
    except Exception as error:
        return None, failure_of(error, sender, "a request of a batch")
    worker.metrics.generation(len(result["images"]), result["generation_time_seconds"])
    if command.session_id is not None:
        result["session_id"] = command.session_id
    inside = sender("")
    said = [w["message"] for w in command.reading.warnings if (w.get("pointer") or "").startswith(inside + "/")]
    result["warnings"] = said + [warning.message for warning in part.warnings]
    return result, None


def _row(index: int, request_id: str | None, data: dict[str, Any] | None, failure: Any) -> dict[str, Any]:
    return {
        "index": index,
        "request_id": request_id,
        "success": failure is None,
        "data": data,
        "error": failure.message if failure is not None else None,
        "error_details": failure.details_of_reply() if failure is not None else None,
    }
