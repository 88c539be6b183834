"""`batch_generate`: several prompt submissions, one after another, each with its own result."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from concord_workers.core.device_failure import is_device_failure
from concord_workers.core.engine import Engine
from concord_workers.core.envelope import Command
from concord_workers.core.errors import JobNotFound, WorkerBusy
from concord_workers.core.failure import Failure, failure_of
from concord_workers.core.job_context import JobContext, StopReason
from concord_workers.core.submission import Submission
from concord_workers.core.task import Task
from concord_workers.core.warning_rows import warning_rows
from concord_workers.inference.worker_actions import WorkerActions

__all__ = ["BatchRun", "run_batch"]


class BatchRun:
    """The parts of one batch. Thread safe: parts are cancelled from other threads."""

    def __init__(self, command: Command, context: JobContext, make_context: Callable[[], JobContext]) -> None:
        self._context = context
        self._lock = threading.Lock()
        count = len((command.reading.document or {})["requests"])
        # A part's id names its files. Events have the batch's id.
        self.contexts = [make_context() for _ in range(count)]
        for index, part in enumerate(self.contexts):
            part.request_id = f"{command.request_id}.{index}" if command.request_id is not None else None
        self._states = ["queued"] * count
        self.current = context
        self._after: list[list[Callable[[], None]]] = [[] for _ in range(count)]

    def begin(self, index: int) -> JobContext:
        """The context of the next part. One that was cancelled while it waited ends at its first check."""
        with self._lock:
            if self._states[index] == "queued":
                self._states[index] = "running"
            self.current = self.contexts[index]
            return self.current

    def end(self, index: int, status: str) -> None:
        """Notes the end of a part, and answers the commands that cancelled it."""
        with self._lock:
            self._states[index] = status
            after, self._after[index] = self._after[index], []
        for call in after:
            call()

    def cancel(self, index: int, then: Callable[[str], None]) -> None:
        """Cancels one part. then: called with its former state, at once for a waiting part and at the end of a running one.

        Raises JobNotFound where there is no such part, or it has ended.
        """
        with self._lock:
            state = self._states[index] if index < len(self._states) else None
            if state not in ("queued", "running"):
                message = f"that request of the batch has ended: {state}" if state else f"the batch has no request {index}"
                details = {"status": state} if state else None
                raise JobNotFound(message, field="/target_request_id", details=details)
            if state == "running":
                self._after[index].append(lambda: then("running"))
            else:
                self._states[index] = "cancelled"
        self.contexts[index].cancel("cancelled")
        if state == "queued":
            then("queued")

    def stop(self, reason: StopReason) -> None:
        """Stops every part."""
        for context in self.contexts:
            context.cancel(reason)


def run_batch(task: Task, engine: Engine, worker: WorkerActions) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """BatchResult and the warnings of its parts. Raises Cancelled, JobTimeout, ShuttingDown and failures of the device."""
    batch, command, context = task.batch, task.command, task.context
    assert isinstance(batch, BatchRun) and command is not None and context is not None
    go_on = task.fields.get("continue_on_error", True)
    rows: list[dict[str, Any]] = []
    warnings: list[dict[str, Any]] = []
    for index, document in enumerate(task.fields["requests"]):
        context.check()
        part = batch.begin(index)
        submission = Submission(document, at=f"/requests/{index}")
        sender = _sender(command, submission)
        data, failure = _run_part(submission, part, sender, command, engine, worker)
        rows.append(_row(index, part.request_id, data, failure))
        warnings += warning_rows(part, sender)
        batch.end(index, _status(failure))
        context.check()
        if failure is not None and not go_on:
            # Each remaining part is cancelled by its own context, so that its row is that of a cancelled part.
            batch.stop("cancelled")
            go_on = True
    statuses = [_status_of(row) for row in rows]
    counts = {name: statuses.count(status) for name, status in _COUNTS.items()}
    return {"results": rows, **counts}, warnings


_COUNTS = {"succeeded": "completed", "failed": "failed", "cancelled": "cancelled"}


def _status(failure: Failure | None) -> str:
    return "completed" if failure is None else "cancelled" if failure.code == "cancelled" else "failed"


def _status_of(row: dict[str, Any]) -> str:
    details = row["error_details"]
    return "completed" if details is None else "cancelled" if details["code"] == "cancelled" else "failed"


def _sender(command: Command, submission: Submission) -> Callable[..., str]:
    return lambda *pointers: command.sender(*map(submission.pointer, pointers))


def _run_part(
    submission: Submission,
    part: JobContext,
    sender: Callable[..., str],
    command: Command,
    engine: Engine,
    worker: WorkerActions,
) -> tuple[dict[str, Any] | None, Failure | None]:
    """The `data` of one part, or its failure."""
    try:
        part.check()
        if engine.training.busy:
            raise WorkerBusy(f"training {engine.training.running_id} has the device")
        result = engine.generate(worker.effective_of(submission.document), part)
    except Exception as error:
        if is_device_failure(error):
            raise  # the other parts cannot run either, and the process ends
        return None, failure_of(error, sender, "a request of a batch")
    worker.metrics.generation(len(result["images"]), result["generation_time_seconds"])
    if command.session_id is not None:
        result["session_id"] = command.session_id
    inside = sender("")
    of_reading = [w["message"] for w in command.reading.warnings if (w.get("pointer") or "").startswith(inside + "/")]
    result["warnings"] = of_reading + [warning.message for warning in part.warnings]
    return result, None


def _row(index: int, request_id: str | None, data: dict[str, Any] | None, failure: Failure | None) -> dict[str, Any]:
    return {
        "index": index,
        "request_id": request_id,
        "success": failure is None,
        "data": data,
        "error": failure.message if failure is not None else None,
        "error_details": failure.details_of_reply() if failure is not None else None,
    }
