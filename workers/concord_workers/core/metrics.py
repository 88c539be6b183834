"""Counters and times since the start."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

__all__ = ["Metrics"]

# The percentile is over the last jobs alone, so that memory stays bounded; the average is over all.
_WINDOW = 1000


class Metrics:
    """Thread safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.commands_total = 0
        self.commands_failed = 0
        self.jobs = {"completed": 0, "failed": 0, "cancelled": 0}
        self.images_generated = 0
        self._generations = 0
        self._generation_seconds = 0.0
        self._last: deque[float] = deque(maxlen=_WINDOW)
        self._processed = 0
        self._processing_seconds = 0.0

    def command(self, failed: bool) -> None:
        """Counts one answered command."""
        with self._lock:
            self.commands_total += 1
            self.commands_failed += failed

    def job(self, status: str, seconds: float | None) -> None:
        """Counts one ended job: completed, failed or cancelled. seconds: from its start; None: it never ran."""
        with self._lock:
            self.jobs[status] += 1
            if seconds is not None:
                self._processed += 1
                self._processing_seconds += seconds

    def generation(self, images: int, seconds: float) -> None:
        """Counts the pictures of one job."""
        with self._lock:
            self.images_generated += images
            self._generations += 1
            self._generation_seconds += seconds
            self._last.append(seconds)

    @property
    def average_processing_seconds(self) -> float | None:
        """None before the first job has ended."""
        with self._lock:
            return self._processing_seconds / self._processed if self._processed else None

    def document(self, peak_memory_used_mb: float | None) -> dict[str, Any]:
        """PerformanceMetrics; figures without a measurement are absent."""
        with self._lock:
            ordered = sorted(self._last)
            document: dict[str, Any] = {
                "commands_total": self.commands_total,
                "commands_failed": self.commands_failed,
                "jobs_completed": self.jobs["completed"],
                "images_generated": self.images_generated,
            }
            if ordered:
                document["average_generation_time_seconds"] = self._generation_seconds / self._generations
                # The nearest rank: the least time that 95 of 100 do not exceed.
                document["p95_generation_time_seconds"] = ordered[-(-95 * len(ordered) // 100) - 1]
            if peak_memory_used_mb is not None:
                document["peak_memory_used_mb"] = peak_memory_used_mb
            return document
