"""The context of a running job: the engine reports progress and warnings to it, and asks it whether to stop.

Thread safe: the engine works in one thread while commands and the clock call `cancel` from others. `check()` is called
between any two pieces of work, once a denoising step at least.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from concord_workers.core.errors import Cancelled, JobTimeout, ShuttingDown

__all__ = ["JobContext", "JobWarning", "Progress", "StopReason"]

StopReason = Literal["cancelled", "timeout", "shutting_down"]

_ERRORS: dict[StopReason, Callable[[], Exception]] = {
    "cancelled": lambda: Cancelled("the job was cancelled"),
    "timeout": lambda: JobTimeout("the job took longer than allowed"),
    "shutting_down": lambda: ShuttingDown("the worker is shutting down"),
}


@dataclass(frozen=True)
class JobWarning:
    """One entry of `warning_details`; pointer: canonical, of the field it is about."""

    code: str
    message: str
    pointer: str | None = None
    hint: str | None = None


@dataclass(frozen=True)
class Progress:
    """One progress event. step and total_steps count within the stage; progress (0..1) is of the whole job."""

    stage: str
    step: int
    total_steps: int
    progress: float
    image_index: int
    eta_seconds: float | None


class JobContext:
    """One attempt of one job.

    deadline: `time.monotonic()` seconds after which `check` raises JobTimeout; None: no limit.
    on_progress, on_preview: called from the engine's thread. on_preview gets a `data:` URL and the step.
    """

    def __init__(
        self,
        request_id: str | None = None,
        attempt: int = 1,
        *,
        deadline: float | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        on_preview: Callable[[str, int], None] | None = None,
    ) -> None:
        self.request_id = request_id
        self.attempt = attempt
        self.deadline = deadline
        self._on_progress = on_progress
        self._on_preview = on_preview
        self._lock = threading.Lock()
        self._stop: StopReason | None = None
        self._warnings: list[JobWarning] = []
        self._stage = "loading"
        self._last_progress = time.monotonic()
        self._denoising_total = 0
        self._denoising_done = 0
        self._denoising_started: float | None = None

    @property
    def wants_previews(self) -> bool:
        return self._on_preview is not None

    @property
    def stage(self) -> str:
        """The stage of the last progress, for heartbeats."""
        return self._stage

    @property
    def last_progress_seconds(self) -> float:
        """Seconds since the last progress."""
        return time.monotonic() - self._last_progress

    @property
    def warnings(self) -> list[JobWarning]:
        """The warnings so far, in order."""
        with self._lock:
            return list(self._warnings)

    def warn(self, code: str, message: str, pointer: str | None = None, hint: str | None = None) -> None:
        """Adds a warning of the contract's table, unless the job has it already."""
        warning_rows = JobWarning(code, message, pointer, hint)
        with self._lock:
            for other in self._warnings:
                same_place = (other.code, other.pointer) == (code, pointer)
                if other == warning_rows or (same_place and code in ("weight_zero", "no_effect")):
                    return
            self._warnings.append(warning_rows)

    def plan_denoising(self, total: int) -> None:
        """Sets the denoising steps of the whole job, base and refiner together; `progress` is a share of them."""
        self._denoising_total = total

    def progress(self, stage: str, step: int, total_steps: int, image_index: int = 0) -> None:
        """Reports one finished piece of work: step of total_steps within its stage."""
        now = time.monotonic()
        self._stage = stage
        self._last_progress = now
        if stage in ("denoising", "refining") and step > 0:
            self._denoising_done += 1
        if self._on_progress is None:
            return
        eta = None
        if stage in ("denoising", "refining"):
            if self._denoising_started is None:
                self._denoising_started = now
            elif 1 < self._denoising_done <= self._denoising_total:
                pace = (now - self._denoising_started) / (self._denoising_done - 1)
                eta = pace * (self._denoising_total - self._denoising_done)
        done = self._denoising_done / self._denoising_total if self._denoising_total else 0.0
        event = Progress(stage, step, total_steps, min(done, 1.0), image_index, eta)
        self._on_progress(event)

    def preview(self, image: str, step: int) -> None:
        """Reports a preview, a `data:` URL, where previews were agreed on."""
        if self._on_preview is not None:
            self._on_preview(image, step)

    def cancel(self, reason: StopReason = "cancelled") -> None:
        """Asks the job to stop; the first reason counts. Takes effect at the next `check`, within one step."""
        with self._lock:
            if self._stop is None:
                self._stop = reason

    @property
    def stop_reason(self) -> StopReason | None:
        """Why the job was asked to stop; None while it was not."""
        return self._stop

    def check(self) -> None:
        """Raises Cancelled, JobTimeout or ShuttingDown where the job has to stop."""
        if self._stop is None and self.deadline is not None and time.monotonic() >= self.deadline:
            self.cancel("timeout")
        if self._stop is not None:
            raise _ERRORS[self._stop]()
