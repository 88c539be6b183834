"""Failures: `error` and `error_details` of a reply, and the one place where an exception becomes one."""

from __future__ import annotations

import dataclasses
import errno
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from concord_workers.core.bundle import bundle
from concord_workers.core.device_failure import WorkerCrashed, crashed_by, is_device_failure
from concord_workers.core.errors import ContractError
from concord_workers.core.scalar import pointed
from concord_workers.core.tally import ERRORS_MAX, entries, total_of
from concord_workers.core.violation import CanonicalViolation, Violation

__all__ = ["Failure", "as_written", "failure_of", "is_disk_error", "table_of_errors"]

log = logging.getLogger(__name__)


# The disk is full, or refuses a file of that size (EFBIG). The operator can mend it, so that another try may succeed.
_DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})


def is_disk_error(error: OSError) -> bool:
    """Whether a write failed because of the disk and not because of the content."""
    return error.errno in _DISK_ERRORS


@cache
def table_of_errors() -> dict[str, dict[str, Any]]:
    """The table of errors by code."""
    return {row["code"]: row for row in bundle()["errors"]}


@dataclass
class Failure:
    """A failure with a code of the table. field: pointer of the first violation. errors: one entry a violation."""

    code: str
    message: str
    field: str | None = None
    hint: str | None = None
    details: dict[str, Any] | None = None
    errors: list[Violation] = dataclasses.field(default_factory=list)
    retry_after_seconds: float | None = None
    errors_total: int = 0

    @classmethod
    def of_violations(cls, violations: list[Violation]) -> Failure:
        """All violations of a document: one keeps its own code, several are `validation_failed`."""
        first, total = violations[0], total_of(violations)
        code, message = first["code"], first["message"]
        if total > 1:
            place = pointed(first["pointer"]) or "the document itself"
            code, message = "validation_failed", f"{total} faults; the first at {place}: {message}"
        return cls(
            code, message, field=first["pointer"], hint=first.get("hint"), errors=entries(violations), errors_total=total
        )

    def details_of_reply(self) -> dict[str, Any]:
        """`error_details`, in snake."""
        row = table_of_errors()[self.code]
        details: dict[str, Any] = {"code": self.code}
        if self.field is not None:
            details["field"] = self.field
        details["retryable"] = row["retryable"]
        if self.retry_after_seconds is not None:
            details["retry_after_seconds"] = self.retry_after_seconds
        details["hint"] = self.hint if self.hint is not None else row["hint"]
        if self.details is not None:
            details["details"] = self.details
        if self.errors:
            details["errors"] = self.errors[:ERRORS_MAX]
            total = max(self.errors_total, len(self.errors))
            if total > len(details["errors"]):
                details["errors_total"] = total
        return details


def as_written(*pointers: str) -> str:
    """The canonical pointer itself, for commands without a document of a sender."""
    return pointers[0]


def failure_of(error: BaseException, sender: Callable[..., str] = as_written, doing: str = "the command") -> Failure:
    """The one place where an exception becomes a failure.

    sender: maps a canonical pointer to the sender's; of several it takes the last that was written.

    An unforeseen exception is `internal`: its traceback goes to the log, its type to the sender.
    """
    if is_device_failure(error) and not isinstance(error, WorkerCrashed):
        # Before the error that wraps it: no input of the sender is at fault.
        error = crashed_by(error)
    if isinstance(error, ContractError):
        errors = [_at_sender(entry, sender) for entry in error.errors or []]
        at = sender(*(error.fields or (error.field,))) if error.field is not None else None
        if at is not None and not errors:
            errors = [_at_sender(error.as_entry(), sender)]
        return Failure(error.code, error.message, at, error.hint, error.details, errors)
    if isinstance(error, OSError) and is_disk_error(error):
        return Failure("storage_full", f"the disk cannot be written: {error.strerror}")
    if isinstance(error, MemoryError):
        return Failure("out_of_memory", f"memory ran out during {doing}", hint="free memory first: cleanup_memory")
    log.error("%s failed in a way that is not foreseen", doing, exc_info=error)
    return Failure("internal", f"{doing} failed in a way that is not foreseen: {type(error).__name__}; see the log")


def _at_sender(entry: CanonicalViolation, sender: Callable[..., str]) -> Violation:
    """An entry of `errors[]` whose pointers are canonical, with the sender's one."""
    own = cast("Violation", {name: value for name, value in entry.items() if name != "fields"})
    own["pointer"] = sender(*entry.get("fields", (entry["pointer"],)))
    return own
