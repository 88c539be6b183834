"""Requests to stop a running training, and the time of its last progress."""

from __future__ import annotations

import enum
import threading
import time

__all__ = ["Control", "Stop", "Stopped"]


class Stop(enum.Enum):
    """PAUSE: save a checkpoint first. CANCEL: save nothing."""

    PAUSE = "pause"
    CANCEL = "cancel"


class Stopped(Exception):
    """Raised inside the training's thread where it was asked to stop."""

    def __init__(self, how: Stop) -> None:
        super().__init__(how.value)
        self.how = how


class Control:
    """Shared by the training's thread and those that control it. The first request counts.

    stage: as in progress events; None during training steps. asked: a stop was requested. ended: the training is over, its
    record is written and its memory is free.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._request: Stop | None = None
        self._moved_at = time.monotonic()
        self.stage: str | None = None
        self.asked = threading.Event()
        self.ended = threading.Event()

    def request(self, how: Stop) -> bool:
        """Requests a stop; False where an earlier request counts."""
        with self._lock:
            if self._request is not None:
                return False
            self._request = how
            self.asked.set()
            return True

    def moved(self) -> None:
        """Notes that a piece of work is done."""
        self._moved_at = time.monotonic()

    @property
    def last_progress_seconds(self) -> float:
        """Seconds since the last piece of work was done."""
        return time.monotonic() - self._moved_at

    def check(self) -> None:
        """Called at every piece of work: notes the progress, and raises Stopped after a request to stop."""
        self.moved()
        if self._request is not None:
            raise Stopped(self._request)
