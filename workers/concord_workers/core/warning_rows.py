"""The engine's warnings as rows of a reply."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from concord_workers.core.job_context import JobContext

__all__ = ["warning_rows"]


def warning_rows(context: JobContext, sender: Callable[[str], str]) -> list[dict[str, Any]]:
    """The warnings of a job with the sender's pointers."""
    rows = []
    for warning in context.warnings:
        row = {"code": warning.code, "message": warning.message}
        if warning.pointer is not None:
            row["pointer"] = sender(warning.pointer)
        if warning.hint is not None:
            row["hint"] = warning.hint
        rows.append(row)
    return rows
