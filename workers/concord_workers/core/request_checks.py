"""`validate_request`: the reading of a prompt submission, and every violation of it on this worker."""

from __future__ import annotations

from typing import Any

from concord_workers.core.effective import DeviceKind, effective
from concord_workers.core.engine import Engine
from concord_workers.core.envelope import Command
from concord_workers.core.errors import BeyondDevice, ContractError, OutOfMemory
from concord_workers.core.failure import failure_of
from concord_workers.core.job_context import JobContext
from concord_workers.core.naming import escape
from concord_workers.core.tally import WARNINGS_MAX, Tally, entries
from concord_workers.core.violation import Violation

__all__ = ["document_of", "is_about_document", "report"]

_AT = "/prompt_submission"


def document_of(fields: dict[str, Any]) -> dict[str, Any]:
    """The prompt submission of a command that must have one."""
    document: dict[str, Any] = fields["prompt_submission"]
    return document


def is_about_document(command: Command) -> bool:
    """Whether all violations lie inside the document to validate. Others refuse the command itself."""
    inside = command.reading.places.senders.get(_AT)
    return inside is not None and all(violation["pointer"].startswith(inside + "/") for violation in command.reading.violations)


def report(command: Command, engine: Engine, device_kind: DeviceKind, context: JobContext) -> dict[str, Any]:
    """ValidationReport: schema, cross-field rules, roots, presence of models, features and fit of this worker.

    context: gets the warnings that a run of it would have about its model files and images.
    """
    violations = Tally(command.reading.violations)
    fields = command.reading.document
    normalized = fields.get("prompt_submission") if fields is not None else None
    whole = effective("PromptSubmission", normalized, device_kind) if normalized is not None else None
    details: dict[str, float] = {}
    if whole is not None:
        known = {violation["pointer"] for violation in violations}
        # Refused values are left out: every further violation of them would follow from the first.
        sound = _without(whole, command.reading.faulty, _AT)
        found = engine.check(sound)
        against = _entries_of(command, found)
        if not violations:
            details = _size(whole)
            if all(isinstance(violation, BeyondDevice) for violation in found):
                details |= _estimate(engine, whole)
        violations.extend([violation for violation in against if violation["pointer"] not in known])
        engine.predict_warnings(sound, context)
    data: dict[str, Any] = {"valid": not violations}
    if violations:
        data["error"] = violations[0]["message"]
    warnings = [str(warning["message"]) for warning in command.reading.warnings]
    warnings += [warning.message for warning in context.warnings]
    data |= {
        "errors": entries(violations),
        "warnings": warnings[:WARNINGS_MAX],
        "normalized": normalized,
        "effective": whole,
        "validation_details": details,
    }
    if violations.total > len(violations):
        data["errors_total"] = violations.total
    if len(warnings) > WARNINGS_MAX:
        data["warnings_total"] = len(warnings)
    return data


def _without(value: Any, faulty: set[str], pointer: str) -> Any:
    """A document without its faulty values; an item of a list leaves null, so that the others keep their places."""
    if isinstance(value, dict):
        inner = {name: f"{pointer}/{escape(name)}" for name in value}
        return {
            name: _without(member, faulty, inner[name])
            for name, member in value.items()
            if not _is_faulty(member, faulty, inner[name])
        }
    if isinstance(value, list):
        places = [f"{pointer}/{index}" for index in range(len(value))]
        return [
            None if _is_faulty(item, faulty, place) else _without(item, faulty, place)
            for item, place in zip(value, places, strict=True)
        ]
    return value


def _is_faulty(value: Any, faulty: set[str], pointer: str) -> bool:
    # The set has the objects and lists around a faulty value too; their other values are checked.
    return pointer in faulty and not isinstance(value, dict | list)


def _entries_of(command: Command, found: list[ContractError]) -> list[Violation]:
    def sender(*pointers: str) -> str:
        return command.sender(*(_AT + pointer for pointer in pointers))

    violations: list[Violation] = []
    for error in found:
        failure = failure_of(error, sender, "validation")
        violations += failure.errors or [{"pointer": sender(""), "code": failure.code, "message": failure.message}]
    return violations


def _size(whole: dict[str, Any]) -> dict[str, float]:
    dimensions = whole["hyperparameters"]["dimensions"]
    width, height = dimensions["width"], dimensions["height"]
    return {"pixel_count": width * height, "aspect_ratio": width / height}


def _estimate(engine: Engine, whole: dict[str, Any]) -> dict[str, float]:
    try:
        estimate = engine.estimate(whole)
    except OutOfMemory:
        return {}  # the device had no memory to measure its speed, so there are no figures; the request is valid all the same
    return {
        "estimated_vram_mb": estimate["estimated_vram_usage_mb"],
        "estimated_time_seconds": estimate["estimated_time_seconds"],
    }
