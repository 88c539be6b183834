"""The events of a running command: progress and previews, written until its reply."""

from __future__ import annotations

from typing import Any

from concord_workers.core.job_context import JobContext, Progress
from concord_workers.core.protocol_state import ProtocolState
from concord_workers.core.task import Task

__all__ = ["context_of"]


def context_of(task: Task, protocol: ProtocolState) -> JobContext:
    """The context that the engine reports to; its progress and, where they were agreed on, its previews become events."""

    def on_progress(progress: Progress) -> None:
        members: dict[str, Any] = {
            "stage": progress.stage,
            "step": progress.step,
            "total_steps": progress.total_steps,
            "progress": progress.progress,
            "image_index": progress.image_index,
        }
        if progress.eta_seconds is not None:
            members["eta_seconds"] = progress.eta_seconds
        _write(task, protocol, "progress", members)

    def on_preview(image: str, step: int) -> None:
        _write(task, protocol, "preview", {"image": image, "step": step})

    wants_previews = "previews" in protocol.features
    return JobContext(
        task.request_id,
        task.attempt,
        deadline=task.deadline,
        on_progress=on_progress,
        on_preview=on_preview if wants_previews else None,
    )


def _write(task: Task, protocol: ProtocolState, event: str, members: dict[str, Any]) -> None:
    # An event names its command by the request_id; a command without one has no events.
    if task.request_id is not None:
        protocol.event(
            event,
            members,
            task.request_id,
            task.attempt,
            traceparent=task.traceparent,
            only_if=lambda: task.state != "done",
        )
