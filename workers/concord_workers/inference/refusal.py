"""Why a command goes no further than its line: another's action or GPU, an id in flight, violations."""

from __future__ import annotations

import json

from concord_workers.core.envelope import Command
from concord_workers.core.failure import Failure
from concord_workers.core.task import Task
from concord_workers.inference.worker_actions import WorkerActions

__all__ = ["refusal_of", "request_id_in"]


def refusal_of(task: Task, command: Command, worker: WorkerActions, *, is_id_free: bool) -> Failure | None:
    """The first reason against beginning a command; None where there is none."""
    request_id = task.request_id
    if command.action.kind == "gateway":
        message = f"{command.action.name} is the gateway's own action; a worker has no such"
        return _at(command, "action", "unknown_action", message)
    if request_id is None and not task.ordered and not command.reading.violations:
        return _at(command, "request_id", "missing_field", "with out_of_order every command needs a request_id")
    if not is_id_free:
        return _at(command, "request_id", "conflict", f"{request_id} is in flight already")
    if command.gpu_id is not None and command.gpu_id != worker.gpu_id:
        return _at(command, "gpu_id", "unsupported_feature", f"this worker is {worker.gpu_id}, not {command.gpu_id}")
    violations = worker.violations_of(command)
    return Failure.of_violations(violations) if violations else None


def _at(command: Command, name: str, code: str, message: str) -> Failure:
    """A failure at one of the envelope's own members."""
    return Failure.of_violations([{"pointer": command.head_pointer(name), "code": code, "message": message}])


def request_id_in(content: bytes) -> str | None:
    """The request_id of a frame whose reading raised a bug of ours, where a plain JSON parser finds it."""
    try:
        frame = json.loads(content)
    except (ValueError, RecursionError):
        return None
    names = ("request_id", "RequestId", "requestId")
    found = next((frame[name] for name in names if name in frame), None) if isinstance(frame, dict) else None
    return found if isinstance(found, str) else None
