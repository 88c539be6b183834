"""Timestamps and ids of records: RFC 3339 UTC with milliseconds, UUIDv7."""

from __future__ import annotations

import secrets
import time
import uuid
from datetime import UTC, datetime

__all__ = ["new_id", "now"]


def now() -> str:
    """The time, as contract §3 writes it: `2026-03-01T12:00:00.000Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_id() -> str:
    """A UUIDv7 (RFC 9562): milliseconds first, so that ids sort by age."""
    milliseconds = time.time_ns() // 1_000_000
    value = milliseconds << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=value))
