"""The worker's clock: a heartbeat every second where `events` was negotiated, and the end of commands that are late."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from concord_workers.core.bundle import limits
from concord_workers.core.device_failure import is_device_failure
from concord_workers.core.memory import resident_bytes
from concord_workers.core.protocol_state import ProtocolState
from concord_workers.inference.pipeline_manager import PipelineManager
from concord_workers.worker.base_worker import BaseWorker

__all__ = ["Heartbeat"]

log = logging.getLogger(__name__)

_MIB = 2**20
# A deadline is noticed so much later at most; short beside the shortest timeout of 1 s.
_TICK_SECONDS = 0.25


class Heartbeat:
    """Runs in a thread of its own, so that it beats while a job runs."""

    def __init__(self, worker: BaseWorker, manager: PipelineManager, protocol: ProtocolState) -> None:
        self._worker = worker
        self._manager = manager
        self._protocol = protocol
        self._every = limits("heartbeat_seconds")
        # Work that failed at its last attempt → its error.
        self._violations: dict[str, str] = {}
        self._beat_at = 0.0

    def start(self) -> None:
        threading.Thread(target=self._run, name="heartbeat", daemon=True).start()

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            self.tick(time.monotonic())
            pause.wait(_TICK_SECONDS)

    def tick(self, now: float) -> None:
        """Does the work that is due at a time of the monotonic clock; raises nothing."""
        # Each catches its own errors: only this thread ends late commands, and the gateway kills a worker without heartbeats.
        self._attempt("deadlines", lambda: self._expire(now))
        if "events" in self._protocol.features and now >= self._beat_at:
            # A late beat does not bring the next one forward.
            self._beat_at = self._beat_at + self._every if now - self._beat_at < self._every else now + self._every
            self._attempt("a heartbeat", self._beat)

    def _attempt(self, what: str, work: Callable[[], None]) -> None:
        """Does one piece of work. An error is logged once for as long as it stays the same, and the next tick goes on."""
        try:
            work()
        except Exception as error:
            if is_device_failure(error):
                self._manager.device_failed(error)
            text = f"{type(error).__name__}: {error}"
            if self._violations.get(what) != text:
                log.exception("%s failed; the next tick tries again", what)
            self._violations[what] = text
        else:
            self._violations.pop(what, None)

    def _expire(self, now: float) -> None:
        deadline = self._manager.next_deadline()
        if deadline is not None and deadline <= now:
            self._manager.expire()

    def _beat(self) -> None:
        # Without figures there is no beat: an invented one would hide a broken worker from the gateway.
        self._protocol.event("heartbeat", self._members())

    def _members(self) -> dict[str, Any]:
        worker, running = self._worker, self._manager.running
        members: dict[str, Any] = {"state": worker.state()}
        context = running.progressing if running is not None else None
        engine = worker.source.engine
        since = engine.training.last_progress_seconds if engine is not None else time.monotonic() - worker.source.began
        stage = engine.training.stage if engine is not None else None
        if context is not None:
            stage, since = context.stage, context.last_progress_seconds
        if stage is not None:
            members["stage"] = stage
        if running is not None and running.request_id is not None:
            members["running_request_id"] = running.request_id
        # An idle worker makes no progress and is not late.
        members["last_progress_seconds"] = since if since is not None else 0.0
        members["memory_used_mb"] = engine.memory_used_mb() if engine is not None else resident_bytes() / _MIB
        return members
