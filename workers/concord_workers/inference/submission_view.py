"""A plain effective document read like the generated structs: by attributes, what is absent is None."""

from __future__ import annotations

from typing import Any

__all__ = ["SubmissionView"]

_SECTIONS = ("model", "scheduler", "hyperparameters", "conditioning", "performance", "postprocessing", "metadata")


class SubmissionView:
    """A read-only view of one object of a document. Sections that are absent are empty views."""

    def __init__(self, document: dict[str, Any], *, is_section: bool = False) -> None:
        self._document = document
        self._is_section = is_section

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        value = self._document.get(name)
        if isinstance(value, dict):
            return value if name == "tags" else SubmissionView(value, is_section=True)
        if isinstance(value, list):
            return [SubmissionView(item, is_section=True) if isinstance(item, dict) else item for item in value]
        if value is None and not self._is_section and name in _SECTIONS:
            return SubmissionView({}, is_section=True)
        return value
