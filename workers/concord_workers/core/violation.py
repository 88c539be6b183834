"""Violations of a document: the entries of `errors[]`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NotRequired, TypedDict

__all__ = ["CanonicalViolation", "ValueViolation", "Violation"]


class ValueViolation(TypedDict):
    """A violation of one value, before its place is known. hint: of the reply; entries of `errors[]` have none."""

    code: str
    message: str
    allowed: NotRequired[list[str]]
    minimum: NotRequired[float]
    maximum: NotRequired[float]
    nearest: NotRequired[str]
    hint: NotRequired[str]


class Violation(ValueViolation):
    """A violation with its place. pointer: into the sender's document."""

    pointer: str


class CanonicalViolation(Violation):
    """A violation whose pointer is canonical. fields: of a rule over several, canonical too."""

    fields: NotRequired[Sequence[str]]
