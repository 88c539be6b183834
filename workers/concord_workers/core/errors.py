"""The errors of replies, one class per row of the contract's table.

A `ContractError` is raised where the violation is found and becomes a failed reply in one place, the dispatcher. `field` is
a JSON Pointer into the canonical document (`/conditioning/loras/0/name`); the dispatcher maps it to the sender's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from concord_workers.core.violation import CanonicalViolation

__all__ = [
    "BeyondDevice",
    "Cancelled",
    "Conflict",
    "ContractError",
    "ImageInvalid",
    "Internal",
    "JobNotFound",
    "JobTimeout",
    "ModelInvalid",
    "ModelNotFound",
    "ModelNotLoaded",
    "OutOfMemory",
    "OutOfRange",
    "PathNotAllowed",
    "ShuttingDown",
    "StorageFull",
    "TrainingNotFound",
    "UnsupportedFeature",
    "UnsupportedValue",
    "UploadNotFound",
    "ValidationFailed",
    "WorkerBusy",
    "first_line",
    "raise_all",
]


class ContractError(Exception):
    """A failure with a code of the contract.

    message: one sentence for `error`. field: pointer. hint: the way out. details: an object of plain JSON values.
    errors: entries of `errors[]` as dicts `{pointer, code, message, …}`, where several violations were found at once.
    fields: of a rule over several: the last that the sender wrote is to blame, the first where none was written.
    """

    fields: tuple[str, ...] = ()

    def __init__(
        self,
        code: str,
        message: str,
        *,
        field: str | None = None,
        hint: str | None = None,
        details: dict[str, Any] | None = None,
        errors: Sequence[CanonicalViolation] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.hint = hint
        self.details = details
        self.errors = errors

    def as_entry(self) -> CanonicalViolation:
        """This violation as an entry of `errors[]`; a violation of no field points at the document itself."""
        entry: CanonicalViolation = {"pointer": self.field or "", "code": self.code, "message": self.message}
        if self.fields:
            entry["fields"] = self.fields
        return entry


class _Coded(ContractError):
    """A ContractError whose class is its code."""

    code_of_class: ClassVar[str]

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        hint: str | None = None,
        details: dict[str, Any] | None = None,
        errors: Sequence[CanonicalViolation] | None = None,
    ) -> None:
        super().__init__(self.code_of_class, message, field=field, hint=hint, details=details, errors=errors)


class Cancelled(_Coded):
    """The job was cancelled."""

    code_of_class = "cancelled"


class JobTimeout(_Coded):
    """The job took longer than allowed."""

    code_of_class = "timeout"


class ShuttingDown(_Coded):
    """The worker stops."""

    code_of_class = "shutting_down"


class Conflict(_Coded):
    """The command conflicts with something that exists already."""

    code_of_class = "conflict"


class ImageInvalid(_Coded):
    """An input image is absent, unreadable or not allowed."""

    code_of_class = "image_invalid"


class Internal(_Coded):
    """A bug."""

    code_of_class = "internal"


class JobNotFound(_Coded):
    """No such job, or it has ended."""

    code_of_class = "job_not_found"


class ModelInvalid(_Coded):
    """A model file is broken, or of the wrong kind."""

    code_of_class = "model_invalid"


class ModelNotFound(_Coded):
    """No model of that id or path."""

    code_of_class = "model_not_found"


class ModelNotLoaded(_Coded):
    """The job names no model and no base is loaded."""

    code_of_class = "model_not_loaded"


class OutOfMemory(_Coded):
    """The device has too little memory; `details` has the numbers, in MiB."""

    code_of_class = "out_of_memory"


class OutOfRange(_Coded):
    """A number above its limit, such as that of the model at hand; `maximum` is the most that is allowed."""

    code_of_class = "out_of_range"

    def __init__(self, message: str, *, maximum: float, field: str, hint: str | None = None) -> None:
        super().__init__(message, field=field, hint=hint)
        self.maximum = maximum

    def as_entry(self) -> CanonicalViolation:
        return {**super().as_entry(), "maximum": self.maximum}


class BeyondDevice(OutOfRange):
    """More than this device's memory holds, by an estimate; the request itself has no violation."""

    def __init__(self, message: str, *, maximum: float, fields: tuple[str, ...], hint: str | None = None) -> None:
        super().__init__(message, maximum=maximum, field=fields[0], hint=hint)
        self.fields = fields


class PathNotAllowed(_Coded):
    """The real path is outside the allowed roots."""

    code_of_class = "path_not_allowed"


class StorageFull(_Coded):
    """The disk is full."""

    code_of_class = "storage_full"


class TrainingNotFound(_Coded):
    """No such training."""

    code_of_class = "training_not_found"


class UnsupportedFeature(_Coded):
    """Understood, but this worker or device cannot do it."""

    code_of_class = "unsupported_feature"


class UnsupportedValue(_Coded):
    """A value of the wrong type, form or spelling."""

    code_of_class = "unsupported_value"


class UploadNotFound(_Coded):
    """No such upload."""

    code_of_class = "upload_not_found"


class ValidationFailed(_Coded):
    """Several violations, or a rule over several fields."""

    code_of_class = "validation_failed"


class WorkerBusy(_Coded):
    """The worker trains, or waits to be started again."""

    code_of_class = "worker_busy"


def raise_all(violations: list[ContractError]) -> None:
    """Raises the one violation, or `validation_failed` with all of them; returns where there is none."""
    if not violations:
        return
    if len(violations) == 1:
        raise violations[0]
    message = f"{len(violations)} faults: " + "; ".join(violation.message for violation in violations[:3])
    if len(violations) > 3:
        message += "; …"
    entries = [violation.as_entry() for violation in violations]
    failed = ValidationFailed(message, field=violations[0].field, hint=violations[0].hint, errors=entries)
    failed.fields = violations[0].fields
    raise failed


def first_line(error: BaseException) -> str:
    """The first line of an exception's text that is not blank; its type where the text is empty."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
