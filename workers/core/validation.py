"""`validate_request`: what was understood of a prompt submission, and all that stands against it here."""

from __future__ import annotations

from typing import Any

from core.effective import effective
from core.engine import Engine
from core.envelope import Command
from core.errors import ContractError
from core.failure import failure_of
from core.tally import WARNINGS_MAX, Tally, entries

__all__ = ["document_of", "is_about_document", "report"]

_AT = "/prompt_submission"


def document_of(fields: dict[str, Any]) -> dict[str, Any]:
    """The prompt submission of a command that must have one."""
    document: dict[str, Any] = fields["prompt_submission"]
    return document


def is_about_document(command: Command) -> bool:
    """Whether all faults lie inside the document that is to be validated; else there is nothing to report on."""
    inside = command.reading.places.senders.get(_AT)
    return inside is not None and all(fault["pointer"].startswith(inside + "/") for fault in command.reading.faults)


def report(command: Command, engine: Engine, device_kind: Any) -> dict[str, Any]:
    """ValidationReport: schema, cross-field rules, roots, presence of models, features and fit of this worker."""
    faults = Tally(command.reading.faults)
    fields = command.reading.document
    normalized = fields.get("prompt_submission") if fields is not None else None
    whole = effective("PromptSubmission", normalized, device_kind) if normalized is not None else None
    details: dict[str, float] = {}
    if whole is not None:
        details = _size(whole)
        # What has a hole in it is not held against models and files.
        if not any(fault["code"] == "missing_field" for fault in faults):
            known = {fault["pointer"] for fault in faults}
            found = _engine_faults(command, engine, whole)
            faults.extend([fault for fault in found if fault["pointer"] not in known])
            details |= _estimate(engine, whole)
    data: dict[str, Any] = {"valid": not faults}
    if faults:
        data["error"] = faults[0]["message"]
    warnings = command.reading.warnings
    data |= {
        "errors": entries(faults),
        "warnings": [warning["message"] for warning in warnings[:WARNINGS_MAX]],
        "normalized": normalized,
        "effective": whole,
        "validation_details": details,
    }
    if faults.total > len(faults):
        data["errors_total"] = faults.total
    if len(warnings) > WARNINGS_MAX:
        data["warnings_total"] = len(warnings)
    return data


def _engine_faults(command: Command, engine: Engine, whole: dict[str, Any]) -> list[dict[str, Any]]:
    def sender(pointer: str) -> str:
        return command.sender(_AT + pointer)

    faults = []
    for error in engine.check(whole):
        failure = failure_of(error, sender, "validation")
        faults += failure.errors or [{"pointer": sender(""), "code": failure.code, "message": failure.message}]
    return faults


def _size(whole: dict[str, Any]) -> dict[str, float]:
    dimensions = whole["hyperparameters"]["dimensions"]
    width, height = dimensions["width"], dimensions["height"]
    details: dict[str, float] = {"pixel_count": width * height}
    if height > 0 and width > 0:
        details["aspect_ratio"] = width / height
    # A map of numbers from 0 on: what is out of bounds has no size.
    return details if 0 <= details["pixel_count"] <= 1e12 else {}


def _estimate(engine: Engine, whole: dict[str, Any]) -> dict[str, float]:
    try:
        estimate = engine.estimate(whole)
    except ContractError:
        return {}  # what is absent is among the faults; without it there is nothing to estimate from
    except (ArithmeticError, TypeError, ValueError):
        return {}  # a value out of its bounds, said among the faults
    return {
        "estimated_vram_mb": estimate["estimated_vram_usage_mb"],
        "estimated_time_seconds": estimate["estimated_time_seconds"],
    }
