"""Timestamps of the contract: RFC 3339, UTC, milliseconds, `Z`."""

from __future__ import annotations

import time

__all__ = ["timestamp"]

_last: tuple[int, str] = (0, "")


def timestamp(seconds: float | None = None) -> str:
    """The time now, or of seconds since the epoch."""
    global _last
    milliseconds = (time.time_ns() // 1_000_000) if seconds is None else int(seconds * 1000)
    second, rest = divmod(milliseconds, 1000)
    known, text = _last
    if known != second:
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        _last = (second, text)
    return f"{text}.{rest:03d}Z"
