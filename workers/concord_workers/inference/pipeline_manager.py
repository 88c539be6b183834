"""The order of work: every line read becomes one reply, in its place or when it is ready.

One thread reads; it answers queries and what acts at once. One thread works: jobs, loads, and the acceptance of
trainings, first in, first out. Without `out_of_order` a command starts when all before it are answered; with it, when
the thread is free, and queries at once.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

from concord_workers.core.bundle import limits
from concord_workers.core.clock import timestamp
from concord_workers.core.communication import Line
from concord_workers.core.device_failure import WorkerCrashed, crashed_by, is_device_failure
from concord_workers.core.engine import EngineSource
from concord_workers.core.envelope import Command, Refusal, read_frame
from concord_workers.core.errors import Cancelled, JobNotFound, JobTimeout, ShuttingDown, WorkerBusy
from concord_workers.core.exit_code import ExitCode
from concord_workers.core.failure import Failure, as_written, failure_of
from concord_workers.core.job_context import JobContext, Progress
from concord_workers.core.log_context import command_context
from concord_workers.core.outcome import Outcome
from concord_workers.core.protocol_state import ProtocolState
from concord_workers.core.reply import Reply
from concord_workers.core.task import Task
from concord_workers.inference.batch_processor import BatchRun
from concord_workers.inference.worker_actions import WorkerActions

__all__ = ["PipelineManager"]

log = logging.getLogger(__name__)

# Of so many ended jobs it is still known how they ended.
_ENDED_MAX = 1000
_FRAME_BYTES_MAX = int(limits("frame_bytes_max")) + 1  # with its LF
# These act when they are read, whatever else is going on.
_AT_ONCE = frozenset({"initialize", "cancel", "stop_training", "shutdown"})


class PipelineManager:
    """Owns every command from its line to its reply."""

    def __init__(self, worker: WorkerActions, protocol: ProtocolState, source: EngineSource) -> None:
        self.worker = worker
        self.protocol = protocol
        self.source = source
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._lines: deque[Task] = deque()
        self._advancing = False
        self._queue: deque[Task] = deque()
        # Every command that has no reply yet, in the order of reading.
        self._live: OrderedDict[int, Task] = OrderedDict()
        self._ids: dict[str, Task] = {}
        self._ended: OrderedDict[str, str] = OrderedDict()
        self._running: Task | None = None
        self._stopping = False
        self._shutdown: Task | None = None
        # Why the process is about to end before its input does, and how it is told.
        self._ending: tuple[ExitCode, str] | None = None
        self._on_ending: Callable[[], None] = lambda: None

    def start(self, on_ending: Callable[[], None] = lambda: None) -> None:
        """on_ending: called when the process has to end before its input does; every frame read is answered then."""
        self._on_ending = on_ending
        if not self.source.when_ready(self._watch_training):
            self._watch_training()
        threading.Thread(target=self._work, name="work", daemon=True).start()

    # What others ask

    @property
    def running(self) -> Task | None:
        """What the working thread does now."""
        return self._running

    @property
    def is_stopping(self) -> bool:
        return self._stopping

    @property
    def exit_code(self) -> ExitCode | None:
        """What the process has to end with before its input does; None: nothing asks for that."""
        return self._ending[0] if self._ending is not None else None

    @property
    def shutdown_command(self) -> Task | None:
        """The `shutdown` that was read; it is answered last."""
        return self._shutdown

    def jobs(self) -> list[Task]:
        """Jobs without a reply, in the order of their turns."""
        with self._lock:
            return [task for task in self._live.values() if task.is_job and task.state != "done"]

    def next_deadline(self) -> float | None:
        with self._lock:
            return min((t.deadline for t in self._timed()), default=None)

    def _timed(self) -> list[Any]:
        """What has a deadline that was not acted on yet."""
        return [
            task
            for task in self._live.values()
            if task.deadline is not None and task.state != "done" and (task.context is None or task.context.stop_reason is None)
        ]

    def expire(self) -> None:
        """Ends what waits beyond its time, and asks what runs beyond it to stop."""
        now = time.monotonic()
        with self._lock:
            late = [task for task in self._timed() if task.deadline <= now]
        for task in late:
            with command_context(task.request_id, task.traceparent):
                if task.state == "running":
                    self._stop_context(task, "timeout")
                else:
                    self.fail(task, JobTimeout("the job took longer than allowed, waiting included"))

    # Reading

    def accept(self, line: Line) -> None:
        """Takes one line. A bug in reading it ends in `internal` for this line alone."""
        ordered = self.protocol.is_ordered
        if line.too_large:
            message = f"a frame of at least {line.too_large} bytes is over the limit"
            self._refuse(Refusal(Failure("frame_too_large", message)), ordered)
            return
        try:
            command = read_frame(line.content)
            kind, seconds = command.action.kind_of(command.reading.document)
        except Refusal as refusal:
            self._refuse(refusal, ordered)
            return
        except Exception as error:
            request_id = _request_id_in(line.content)
            self._refuse(Refusal(failure_of(error, doing="reading a frame"), request_id), ordered)
            return
        task = Task(command, kind, self.protocol.dialect or command.dialect, ordered)
        taken = self._place(task)
        with command_context(task.request_id, task.traceparent):
            try:
                self._take(task, taken, seconds)
            except Exception as error:
                self.fail(task, error)

    def _take(self, task: Task, taken: bool, seconds: float | None) -> None:
        """Refuses a command, or does what acts at once, or begins the rest when its turn has come."""
        command = task.command
        assert command is not None
        failure = self._crashed(started=False) or self._refusal_of(task, taken)
        if failure is not None:
            self._end(task, failure=failure)
            return
        if command.action.name in _AT_ONCE:
            self._act(task)
            return
        if task.kind != "query":
            self._prepare(task, seconds)
        if task.ordered:
            self._advance()
        else:
            self._begin(task)

    def _refuse(self, refusal: Refusal, ordered: bool) -> None:
        dialect = self.protocol.dialect or refusal.dialect or self._preceding_dialect(ordered)
        task = Task(None, "query", dialect, ordered)
        task.request_id = refusal.request_id
        with self._lock:
            self._live[id(task)] = task
            if ordered:
                self._lines.append(task)
        reply = Reply(None, refusal.request_id, refusal.session_id, failure=refusal.failure)
        self._finish(task, reply)

    def _preceding_dialect(self, ordered: bool) -> str:
        with self._lock:
            return self._lines[-1].dialect if ordered and self._lines else self.protocol.last_dialect

    def _place(self, task: Task) -> bool:
        """Gives the command its place among those without a reply; whether its request_id is in flight already."""
        request_id = task.request_id
        with self._lock:
            taken = request_id is not None and request_id in self._ids
            self._live[id(task)] = task
            if task.ordered:
                self._lines.append(task)
            if request_id is not None and not taken:
                self._ids[request_id] = task
            return taken

    def _refusal_of(self, task: Task, taken: bool) -> Failure | None:
        """Why the command goes no further, or None."""
        command = task.command
        assert command is not None
        request_id = task.request_id
        if command.action.kind == "gateway":
            message = f"{command.action.name} is the gateway's own action; a worker has no such"
            return _at(command, "action", "unknown_action", message)
        if request_id is None and not task.ordered and not command.reading.violations:
            return _at(command, "request_id", "missing_field", "with out_of_order every command needs a request_id")
        if taken:
            return _at(command, "request_id", "conflict", f"{request_id} is in flight already")
        if command.gpu_id is not None and command.gpu_id != self.worker.gpu_id:
            message = f"this worker is {self.worker.gpu_id}, not {command.gpu_id}"
            return _at(command, "gpu_id", "unsupported_feature", message)
        violations = self.worker.violations_of(command)
        return Failure.of_violations(violations) if violations else None

    def _prepare(self, task: Task, seconds: float | None) -> None:
        """Context and deadline of what the working thread will do."""
        command = task.command
        assert command is not None
        if task.is_job:
            seconds = self.worker.timeout_of(command, seconds)
        task.deadline = task.received + seconds if seconds is not None else None
        task.context = self._context(task)
        if command.action.name == "batch_generate":
            task.batch = BatchRun(command, task.context, lambda: self._context(task))
        task.queued_at = timestamp()

    def _context(self, task: Task) -> JobContext:
        previews = "previews" in self.protocol.features
        return JobContext(
            task.request_id,
            task.attempt,
            deadline=task.deadline,
            on_progress=lambda progress: self._say_progress(task, progress),
            on_preview=(lambda image, step: self._say(task, "preview", {"image": image, "step": step})) if previews else None,
        )

    def _say_progress(self, task: Task, progress: Progress) -> None:
        members: dict[str, Any] = {
            "stage": progress.stage,
            "step": progress.step,
            "total_steps": progress.total_steps,
            "progress": progress.progress,
            "image_index": progress.image_index,
        }
        if progress.eta_seconds is not None:
            members["eta_seconds"] = progress.eta_seconds
        self._say(task, "progress", members)

    def _say(self, task: Task, event: str, members: dict[str, Any]) -> None:
        # An event of a request needs its id; a command without one has no events.
        if task.request_id is not None:
            self.protocol.event(
                event,
                members,
                task.request_id,
                task.attempt,
                traceparent=task.traceparent,
                only_if=lambda: task.state != "done",
            )

    # Order

    def _advance(self) -> None:
        """Writes the replies whose turn has come, and begins the command whose turn has come."""
        while True:
            with self._lock:
                if self._advancing:
                    return
                while self._lines and (head := self._lines[0]).frame is not None:
                    self._lines.popleft()
                    self._write(head)
                if not self._lines or self._lines[0].state != "waiting":
                    self._changed.notify_all()
                    return
                head = self._lines[0]
                if head.action in _AT_ONCE:
                    return
                self._advancing = True
            try:
                self._begin(head)
            finally:
                with self._lock:
                    self._advancing = False

    def _begin(self, task: Task) -> None:
        if task.kind != "query":
            with self._lock:
                if task.state == "waiting":
                    task.queue()
                    self._queue.append(task)
                    self._changed.notify_all()
            return
        if self.worker.needs_engine(task.action) and not self.source.is_ready:
            task.queue()
            if self.source.when_ready(lambda: self._answer(task)):
                return
        self._answer(task)

    def _answer(self, task: Task) -> None:
        """Computes a query."""
        if task.state == "done":
            return
        task.state = "running"
        # The thread may be one that ended another command, or that started the engine.
        with command_context(task.request_id, task.traceparent):
            try:
                outcome = self.worker.answer(task)
            except Exception as error:
                self._fail_or_end_process(task, error)
                return
            self._end(task, outcome)

    def _work(self) -> None:
        # What waits for the engine is still queued, so that it can be cancelled.
        self.source.wait_ready()
        self._judge_start()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._queue))
                task = self._queue.popleft()
                if task.state != "queued":
                    continue
                task.run()
                self._running = task
            with command_context(task.request_id, task.traceparent):
                self._run(task)

    def _run(self, task: Task) -> None:
        try:
            outcome = self._do(task)
        except BaseException as error:  # of an engine anything may come; a reply goes out in every case
            self._running = None
            self._fail_or_end_process(task, error)
        else:
            self._running = None
            self._end(task, outcome)

    def _do(self, task: Task) -> Outcome:
        engine = self.source.now()
        assert task.context is not None
        task.context.check()
        if task.kind != "training" and engine.training.busy:
            raise WorkerBusy(f"training {engine.training.running_id} has the device", hint="wait for it, or stop_training")
        return self.worker.work(engine, task)

    # Endings

    def fail(self, task: Task, error: BaseException) -> None:
        """Ends a command with what an exception says."""
        command = task.command
        try:
            sender: Callable[..., str] = self.worker.sender_of(command) if command is not None else as_written
            failure = failure_of(error, sender, task.action)
        except Exception as second:  # a pointer that cannot be told must not cost the reply
            log.exception("the failure of %s cannot be told whole", task.action)
            failure = failure_of(second, doing=task.action)
        self._end(task, failure=failure)

    def _fail_or_end_process(self, task: Task | None, error: BaseException) -> None:
        if is_device_failure(error):
            self.device_failed(error)
        elif task is not None:
            self.fail(task, error)

    # A process that has to end

    def device_failed(self, error: BaseException) -> None:
        """The device can no longer compute: every frame read is answered `worker_crashed`, and the process ends."""
        self._end_process(ExitCode.CRASHED, crashed_by(error).message, error)

    def _end_process(self, code: ExitCode, reason: str, error: BaseException) -> None:
        with self._lock:
            if self._ending is not None:
                return
            self._ending = (code, reason)
        log.critical("the worker ends with %d: %s", code, reason, exc_info=error)
        engine = self.source.engine
        if engine is not None:
            try:
                engine.training.abandon(WorkerCrashed(reason, started=True))
            except Exception:
                log.exception("trainings cannot be told that the worker ends")
        for task in self._unanswered():
            self._end(task, failure=self._crashed(started=task.state == "running"))
        self._on_ending()

    def _crashed(self, *, started: bool) -> Failure | None:
        """The failure of a command whose process is about to end; None where it is not."""
        if self._ending is None:
            return None
        return failure_of(WorkerCrashed(self._ending[1], started=started))

    def _judge_start(self) -> None:
        """Ends the process where the engine's start says that no start of this process can succeed."""
        error = self.source.error
        if isinstance(error, ImportError):
            self._end_process(ExitCode.CONFIGURATION, f"a package cannot be imported: {error}", error)
        elif error is not None and is_device_failure(error):
            self.device_failed(error)

    def _watch_training(self) -> None:
        engine = self.source.engine
        if engine is not None:
            engine.training.on_device_failure(self.device_failed)

    def _end(self, task: Task, outcome: Outcome | None = None, failure: Failure | None = None) -> None:
        command = task.command
        assert command is not None
        warnings = command.reading.warnings
        if outcome is not None and outcome.warnings:
            warnings = warnings + outcome.warnings
        elif failure is not None and task.context is not None:
            warnings = warnings + self.worker.warnings_of(command, task.context)
        reply = Reply(
            command.action,
            command.request_id,
            command.session_id,
            outcome.data if outcome is not None else None,
            failure,
            warnings,
        )
        self._finish(task, reply)

    def _finish(self, task: Task, reply: Reply) -> None:
        frame = self._frame(reply, task.dialect)

        def mark() -> None:
            task.state = "done"

        with self._lock:
            if task.state == "done":
                return  # it was answered already, when its time or the worker's was over
            # Between two events, so that none of this request follows its reply.
            self.protocol.final(mark)
            status = _status(reply)
            self.worker.metrics.command(reply.failure is not None)
            if task.is_job:
                seconds = time.monotonic() - task.started if task.started is not None else None
                self.worker.metrics.job("failed" if status == "timeout" else status, seconds)
                if task.request_id is not None:
                    self._ended[task.request_id] = status
                    self._ended.move_to_end(task.request_id)
                    if len(self._ended) > _ENDED_MAX:
                        self._ended.popitem(last=False)
            task.frame = frame
            if not task.ordered:
                self._write(task)
            after, task.after = task.after, []
        for call in after:
            call()
        if task.ordered:
            self._advance()

    @staticmethod
    def _frame(reply: Reply, dialect: str) -> bytes:
        """The reply as a frame. One that cannot be written or is too long becomes `internal`: a reply goes out always."""
        try:
            frame = reply.frame(dialect)
            if len(frame) <= _FRAME_BYTES_MAX:
                return frame
            message = f"the reply of {len(frame)} bytes is longer than a frame may be"
        except Exception as error:
            log.exception("a reply cannot be written")
            message = f"the reply cannot be written: {type(error).__name__}; see the log"
        return Reply(reply.action, reply.request_id, reply.session_id, failure=Failure("internal", message)).frame(dialect)

    def _write(self, task: Task) -> None:
        """Writes a reply; the command is then over. The lock is held."""
        assert task.frame is not None
        del self._live[id(task)]
        if task.request_id is not None and self._ids.get(task.request_id) is task:
            del self._ids[task.request_id]
        self.protocol.reply(task.frame, task.dialect)
        self._changed.notify_all()

    # What acts at once

    def _act(self, task: Task) -> None:
        action = task.action
        if action == "shutdown":
            self._shutdown = task
            return
        if action == "stop_training":
            threading.Thread(target=self._stop_training, args=(task,), name="stop-training", daemon=True).start()
            return
        try:
            if action == "cancel":
                self._cancel(task)
                return
            self._end(task, self._initialize(task))
        except Exception as error:
            self.fail(task, error)

    def _initialize(self, task: Task) -> Outcome:
        with self._lock:
            is_busy = any(other.is_job for other in self._live.values() if other.state != "done")
        return self.worker.initialize(task, self.protocol, is_busy)

    def _stop_training(self, task: Task) -> None:
        try:
            engine = self.source.wait()
            outcome = Outcome(engine.training.stop(task.fields["training_id"], task.fields.get("save_checkpoint", True)))
        except Exception as error:
            self._fail_or_end_process(task, error)
            return
        self._end(task, outcome)

    def _cancel(self, task: Task) -> None:
        target_id, attempt = task.fields["target_request_id"], task.fields.get("attempt")
        with self._lock:
            target, part = self._target(target_id)
            if target is None or (attempt is not None and attempt != target.attempt):
                raise self._no_job(target_id, target)
            was = "running" if target.state == "running" else "queued"

            def answer(was: str) -> None:
                self._end(task, Outcome({"target_request_id": target_id, "was": was}))

            if part is not None:
                target.batch.cancel(part, answer)
                return
            target.after.append(lambda: answer(was))
            if was == "running":
                self._stop_context(target, "cancelled")
                return
        self.fail(target, Cancelled("the job was cancelled while it waited"))

    def _target(self, target_id: str) -> tuple[Task | None, int | None]:
        """The job that an id means, and which part of a batch."""
        target = self._ids.get(target_id)
        if target is not None and target.context is not None and target.state != "done":
            return target, None
        batch_id, _, index = target_id.rpartition(".")
        target = self._ids.get(batch_id)
        if target is not None and target.batch is not None and index.isdecimal() and target.state != "done":
            return target, int(index)
        return None, None

    def _no_job(self, target_id: str, other_attempt: Task | None) -> JobNotFound:
        if other_attempt is not None:
            return JobNotFound(
                f"{target_id} is at attempt {other_attempt.attempt}", field="/attempt", details={"status": other_attempt.state}
            )
        status = self._ended.get(target_id)
        message = f"{target_id} has ended: {status}" if status else f"there is no job {target_id}"
        return JobNotFound(message, field="/target_request_id", details={"status": status} if status else None)

    def _stop_context(self, task: Task, reason: Any) -> None:
        if task.batch is not None:
            task.batch.stop(reason)
        if task.context is not None:
            task.context.cancel(reason)

    # The end

    def drain(self, deadline: Callable[[], float | None], hard_seconds: float) -> None:
        """Answers everything; what is not done at the deadline is cancelled with `shutting_down`.

        deadline: monotonic seconds, asked again and again; None: no limit. hard_seconds: how long after the deadline what
        does not stop by itself is waited for.
        """
        with self._lock:
            self._stopping = True
        if not self._wait_until(lambda: not self._unanswered(), deadline):
            self._cut_off()
            end = time.monotonic() + hard_seconds
            self._wait_until(lambda: not self._unanswered(), lambda: end)
            for task in self._unanswered():
                self.fail(task, ShuttingDown("the worker is shutting down, and the job did not stop in time"))

    def end_shutdown(self) -> None:
        """Answers the `shutdown` command, as the last line."""
        if self._shutdown is not None:
            self._end(self._shutdown, Outcome({}))

    def _cut_off(self) -> None:
        for task in self._unanswered():
            if task.state == "running" and task.context is not None:
                self._stop_context(task, "shutting_down")
            elif task.action != "stop_training":
                self.fail(task, ShuttingDown("the worker is shutting down"))

    def _unanswered(self) -> list[Task]:
        with self._lock:
            return [task for task in self._live.values() if task.state != "done" and task is not self._shutdown]

    def _wait_until(self, done: Callable[[], Any], deadline: Callable[[], float | None]) -> bool:
        """Waits; the deadline is asked twice a second, as the end of stdin may shorten it."""
        with self._changed:
            while not done():
                at = deadline()
                left = 0.5 if at is None else at - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(min(left, 0.5))
            return True


def _request_id_in(content: bytes) -> str | None:
    """The request_id of a frame that our reading failed at, where it is plain to see."""
    try:
        frame = json.loads(content)
    except (ValueError, RecursionError):
        return None
    names = ("request_id", "RequestId", "requestId")
    found = next((frame[name] for name in names if name in frame), None) if isinstance(frame, dict) else None
    return found if isinstance(found, str) else None


def _at(command: Command, name: str, code: str, message: str) -> Failure:
    """A failure at one of the envelope's own members."""
    return Failure.of_violations([{"pointer": command.head_pointer(name), "code": code, "message": message}])


def _status(reply: Reply) -> str:
    if reply.failure is None:
        return "completed"
    return {"cancelled": "cancelled", "shutting_down": "cancelled", "timeout": "timeout"}.get(reply.failure.code, "failed")
