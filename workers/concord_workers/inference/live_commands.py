"""The commands that have no reply yet, by line and by id, and how the last jobs ended.

Not thread safe: every call is made under the lock of the pipeline manager, which decides over several calls at once.
"""

from __future__ import annotations

from collections import OrderedDict

from concord_workers.core.errors import JobNotFound
from concord_workers.core.task import Task

__all__ = ["LiveCommands"]

# Jobs whose end is remembered, so that a late `cancel` learns how its job ended. Clients keep far fewer in flight.
_ENDED_MAX = 1000


class LiveCommands:
    """Every command from its line to its written reply, in the order of reading."""

    def __init__(self) -> None:
        self._tasks: OrderedDict[int, Task] = OrderedDict()
        self._by_id: dict[str, Task] = {}
        self._ended: OrderedDict[str, str] = OrderedDict()

    def add(self, task: Task) -> bool:
        """Adds a command. Returns whether its request_id is free; a taken one goes on to mean the earlier command."""
        self._tasks[id(task)] = task
        if task.request_id is None:
            return True
        return self._by_id.setdefault(task.request_id, task) is task

    def add_nameless(self, task: Task) -> None:
        """Adds a line that is no command: nothing can refer to its request_id."""
        self._tasks[id(task)] = task

    def has(self, request_id: str | None) -> bool:
        """Whether a command has this request_id and no written reply."""
        return request_id in self._by_id

    def remove(self, task: Task) -> None:
        """Forgets a command whose reply is written; its request_id is free again."""
        del self._tasks[id(task)]
        if task.request_id is not None and self._by_id.get(task.request_id) is task:
            del self._by_id[task.request_id]

    def unanswered(self) -> list[Task]:
        return [task for task in self._tasks.values() if task.state != "done"]

    def jobs(self) -> list[Task]:
        return [task for task in self.unanswered() if task.is_job]

    def timed(self) -> list[tuple[float, Task]]:
        """Deadlines that nothing was done about yet, with their commands."""
        return [
            (task.deadline, task)
            for task in self.unanswered()
            if task.deadline is not None and (task.context is None or task.context.stop_reason is None)
        ]

    def note_end(self, task: Task, status: str) -> None:
        """Remembers how a job ended."""
        if task.request_id is None:
            return
        self._ended[task.request_id] = status
        self._ended.move_to_end(task.request_id)
        if len(self._ended) > _ENDED_MAX:
            self._ended.popitem(last=False)

    def find_job(self, request_id: str, attempt: int | None) -> tuple[Task, int | None]:
        """The job of an id, and the index of the part where the id is one of a batch's part.

        Raises JobNotFound where there is none, or it is at another attempt.
        """
        target, part = self._find(request_id)
        if target is None:
            status = self._ended.get(request_id)
            message = f"{request_id} has ended: {status}" if status else f"there is no job {request_id}"
            raise JobNotFound(message, field="/target_request_id", details={"status": status} if status else None)
        if attempt is not None and attempt != target.attempt:
            message = f"{request_id} is at attempt {target.attempt}"
            raise JobNotFound(message, field="/attempt", details={"status": target.state})
        return target, part

    def _find(self, request_id: str) -> tuple[Task | None, int | None]:
        target = self._by_id.get(request_id)
        if target is not None and target.context is not None and target.state != "done":
            return target, None
        batch_id, _, index = request_id.rpartition(".")
        target = self._by_id.get(batch_id)
        if (
            target is not None
            and target.batch is not None
            and index.isdecimal()
            and str(int(index)) == index
            and target.state != "done"
        ):
            return target, int(index)
        return None, None
