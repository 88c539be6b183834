"""How a running training is asked to stop, and how one sees that it moves."""

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
    """Shared by the thread that trains and those that ask. The first request stands.

    stage: what it does, in the words of progress events; None while it makes training steps.
    asked: a stop was requested. ended: the training is over, its record is true and its memory is free.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._request: Stop | None = None
        self._moved_at = time.monotonic()
        self.stage: str | None = None
        self.asked = threading.Event()
        self.ended = threading.Event()

    def request(self, how: Stop) -> bool:
        """Asks for a stop; False where one was asked for before, which then stands."""
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
        """Called at every piece of work: notes that the training moves, and raises Stopped where it shall stop."""
        self.moved()
        if self._request is not None:
            raise Stopped(self._request)
