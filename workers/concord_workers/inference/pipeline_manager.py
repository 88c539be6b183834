"""The order of work: every line becomes one reply, in the order of the lines or as soon as it is ready.

One thread reads lines; it answers queries and the actions that act at once. One thread works: jobs, loads and the
acceptance of trainings, first in, first out. Without `out_of_order` a command starts once all before it are answered;
with it, work starts when the working thread is free, and queries at once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from concord_workers.core.clock import timestamp
from concord_workers.core.communication import Line
from concord_workers.core.device_failure import WorkerCrashed, crashed_by, is_device_failure
from concord_workers.core.engine import EngineSource
from concord_workers.core.envelope import Command, Refusal, read_frame
from concord_workers.core.errors import Cancelled, JobTimeout, ShuttingDown, WorkerBusy
from concord_workers.core.exit_code import ExitCode
from concord_workers.core.failure import Failure, as_written, failure_of
from concord_workers.core.job_context import StopReason
from concord_workers.core.log_context import command_context
from concord_workers.core.outcome import Outcome
from concord_workers.core.protocol_state import ProtocolState
from concord_workers.core.reply import Reply
from concord_workers.core.task import Task
from concord_workers.inference.batch_processor import BatchRun
from concord_workers.inference.job_events import context_of
from concord_workers.inference.live_commands import LiveCommands
from concord_workers.inference.refusal import refusal_of, request_id_in
from concord_workers.inference.worker_actions import WorkerActions

__all__ = ["PipelineManager"]

log = logging.getLogger(__name__)

# These act when they are read: a peer that waits for one of them must not wait for the jobs before it.
_AT_ONCE = frozenset({"initialize", "cancel", "stop_training", "shutdown"})


class PipelineManager:
    """Owns every command from its line to its reply."""

    def __init__(self, worker: WorkerActions, protocol: ProtocolState, source: EngineSource) -> None:
        self.worker = worker
        self.protocol = protocol
        self.source = source
        # One lock for the lines, the queue and the live commands: a cancel decides by all three at once. It is reentrant,
        # as a reply that is written under it may begin the next command.
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._lines: deque[Task] = deque()
        self._advancing = False
        self._queue: deque[Task] = deque()
        self._live = LiveCommands()
        self._running: Task | None = None
        self._stopping = False
        self._shutdown: Task | None = None
        # The exit code and the reason of a process that ends before its input does.
        self._ending: tuple[ExitCode, str] | None = None
        self._on_ending: Callable[[], None] = lambda: None

    def start(self, on_ending: Callable[[], None] = lambda: None) -> None:
        """on_ending: called when the process has to end before its input does; every frame read is answered then."""
        self._on_ending = on_ending
        if not self.source.when_ready(self._watch_training):
            self._watch_training()
        threading.Thread(target=self._work, name="work", daemon=True).start()

    # State

    @property
    def running(self) -> Task | None:
        """The command that the working thread runs now."""
        return self._running

    @property
    def is_stopping(self) -> bool:
        return self._stopping

    @property
    def exit_code(self) -> ExitCode | None:
        """The exit code of a process that has to end before its input does; None where it goes on."""
        return self._ending[0] if self._ending is not None else None

    @property
    def shutdown_command(self) -> Task | None:
        """The `shutdown` that was read; it is answered last."""
        return self._shutdown

    def jobs(self) -> list[Task]:
        """Jobs without a reply, in the order of their turns."""
        with self._lock:
            return self._live.jobs()

    def next_deadline(self) -> float | None:
        """The earliest deadline of a command, in monotonic seconds."""
        with self._lock:
            return min((deadline for deadline, _ in self._live.timed()), default=None)

    def expire(self) -> None:
        """Ends commands that waited beyond their deadlines, and asks running ones to stop."""
        now = time.monotonic()
        with self._lock:
            late = [task for deadline, task in self._live.timed() if deadline <= now]
        for task in late:
            with command_context(task.request_id, task.traceparent):
                if task.state == "running":
                    _stop(task, "timeout")
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
            request_id = request_id_in(line.content)
            self._refuse(Refusal(failure_of(error, doing="reading a frame"), request_id), ordered)
            return
        task = Task(command, kind, self.protocol.dialect or command.dialect, ordered)
        with self._lock:
            is_id_free = self._live.add(task)
            if ordered:
                self._lines.append(task)
        with command_context(task.request_id, task.traceparent):
            try:
                self._take(task, command, seconds, is_id_free=is_id_free)
            except Exception as error:
                self.fail(task, error)

    def _take(self, task: Task, command: Command, seconds: float | None, *, is_id_free: bool) -> None:
        """Refuses a command, or acts at once, or begins it when its turn comes."""
        failure = self._crashed(started=False) or refusal_of(task, command, self.worker, is_id_free=is_id_free)
        if failure is not None:
            self._end(task, failure=failure)
            return
        if command.action.name in _AT_ONCE:
            self._act(task)
            return
        if task.kind != "query":
            self._prepare(task, command, seconds)
        if task.ordered:
            self._advance()
        else:
            self._begin(task)

    def _refuse(self, refusal: Refusal, ordered: bool) -> None:
        dialect = self.protocol.dialect or refusal.dialect or self._preceding_dialect(ordered)
        task = Task(None, "query", dialect, ordered)
        task.request_id = refusal.request_id
        failure = refusal.failure
        with self._lock:
            if self._live.has(refusal.request_id):
                # Whoever waits for the command of that id must not take this for its reply.
                failure = Failure("conflict", f"{refusal.request_id} is in flight already")
            self._live.add_nameless(task)
            if ordered:
                self._lines.append(task)
        reply = Reply(None, refusal.request_id, refusal.session_id, failure=failure)
        self._finish(task, reply)

    def _preceding_dialect(self, ordered: bool) -> str:
        with self._lock:
            return self._lines[-1].dialect if ordered and self._lines else self.protocol.last_dialect

    def _prepare(self, task: Task, command: Command, seconds: float | None) -> None:
        """Gives a command for the working thread its deadline and its context."""
        if task.is_job:
            seconds = self.worker.timeout_of(command, seconds)
        task.deadline = task.received + seconds if seconds is not None else None
        task.context = context_of(task, self.protocol)
        if command.action.name == "batch_generate":
            task.batch = BatchRun(command, task.context, lambda: context_of(task, self.protocol))
        task.queued_at = timestamp()

    # Order

    def _advance(self) -> None:
        """Writes the replies at the head of the lines, and begins the command behind them."""
        # A loop and a flag in place of recursion: a command that is answered as it begins comes back here, and thousands
        # of queries in a row would be as many frames of the stack.
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
        """Queues a command for the working thread, or answers a query, if need be once the engine is there."""
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
        # This thread may have the log context of another command, or none: it ended that one, or started the engine.
        with command_context(task.request_id, task.traceparent):
            try:
                outcome = self.worker.answer(task)
            except Exception as error:
                self._fail_or_end_process(task, error)
                return
            self._end(task, outcome)

    def _work(self) -> None:
        # Until the engine is there commands stay queued, so that they can be cancelled.
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
        except BaseException as error:  # a library may raise anything; a reply goes out in every case
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
        """Ends a command with the failure that an exception stands for."""
        command = task.command
        try:
            sender: Callable[..., str] = self.worker.sender_of(command) if command is not None else as_written
            failure = failure_of(error, sender, task.action)
        except Exception as second:  # a bug in the search for the sender's pointer must not cost the reply
            log.exception("the failure of %s cannot be written whole", task.action)
            failure = failure_of(second, doing=task.action)
        self._end(task, failure=failure)

    def _fail_or_end_process(self, task: Task | None, error: BaseException) -> None:
        if is_device_failure(error):
            self.device_failed(error)
        elif task is not None:
            self.fail(task, error)

    # A process that has to end

    def device_failed(self, error: BaseException) -> None:
        """Answers every frame that was read with `worker_crashed`, and ends the process: the device can no longer compute."""
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
                log.exception("the trainings could not be ended as failed")
        for task in self._unanswered():
            self._end(task, failure=self._crashed(started=task.state == "running"))
        self._on_ending()

    def _crashed(self, *, started: bool) -> Failure | None:
        """The failure of a command whose process is about to end; None where it is not."""
        if self._ending is None:
            return None
        return failure_of(WorkerCrashed(self._ending[1], started=started))

    def _judge_start(self) -> None:
        """Ends the process where the engine did not start and no further start of this process can succeed."""
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
        """Ends a command with its reply, which is written now or, of an ordered command, in its turn."""
        frame = reply.frame_or_internal(task.dialect)

        def mark() -> None:
            task.state = "done"

        with self._lock:
            if task.state == "done":
                return  # the end of its time, or of the worker, answered it before
            # Marked between two events: no event of a command follows its reply.
            self.protocol.final(mark)
            self.worker.metrics.command(reply.failure is not None)
            if task.is_job:
                seconds = time.monotonic() - task.started if task.started is not None else None
                self.worker.metrics.job("failed" if reply.status == "timeout" else reply.status, seconds)
                self._live.note_end(task, reply.status)
            task.frame = frame
            if not task.ordered:
                self._write(task)
            after, task.after = task.after, []
        # Without the lock: what waits for this end writes replies of its own.
        for call in after:
            call()
        if task.ordered:
            self._advance()

    def _write(self, task: Task) -> None:
        """Writes a reply; the command is then over. The caller holds the lock."""
        assert task.frame is not None
        self._live.remove(task)
        self.protocol.reply(task.frame, task.dialect)
        if task.action == "initialize":
            self.protocol.opened()
        self._changed.notify_all()

    # What acts at once

    def _act(self, task: Task) -> None:
        action = task.action
        if action == "shutdown":
            self._shutdown = task
            return
        if action == "stop_training":
            # It waits for the training's next step, and the reading thread must go on meanwhile.
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
            is_busy = bool(self._live.jobs())
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
        target_id = task.fields["target_request_id"]
        with self._lock:
            target, part = self._live.find_job(target_id, task.fields.get("attempt"))
            was = "running" if target.state == "running" else "queued"

            def answer(was: str) -> None:
                self._end(task, Outcome({"target_request_id": target_id, "was": was}))

            if part is not None:
                assert target.batch is not None
                target.batch.cancel(part, answer)
                return
            target.after.append(lambda: answer(was))
            if was == "running":
                _stop(target, "cancelled")
                return
        self.fail(target, Cancelled("the job was cancelled while it waited"))

    # The end

    def drain(self, deadline: Callable[[], float | None], hard_seconds: float) -> None:
        """Answers every command; those that run at the deadline are stopped and answered `shutting_down`.

        deadline: monotonic seconds, asked again and again; None: no limit. hard_seconds: time after the deadline for jobs
        to stop by themselves.
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
                _stop(task, "shutting_down")
            elif task.action != "stop_training":
                self.fail(task, ShuttingDown("the worker is shutting down"))

    def _unanswered(self) -> list[Task]:
        with self._lock:
            return [task for task in self._live.unanswered() if task is not self._shutdown]

    def _wait_until(self, done: Callable[[], bool], deadline: Callable[[], float | None]) -> bool:
        """Waits; asks for the deadline twice a second, as the end of stdin may bring it forward."""
        with self._changed:
            while not done():
                at = deadline()
                left = 0.5 if at is None else at - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(min(left, 0.5))
            return True


def _stop(task: Task, reason: StopReason) -> None:
    """Asks a running command to stop, every part of a batch too."""
    if task.batch is not None:
        task.batch.stop(reason)
    if task.context is not None:
        task.context.cancel(reason)
