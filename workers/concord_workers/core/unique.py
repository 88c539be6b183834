"""Reads JSON in which a name stands once in each object, where Python's own parser silently takes the last of two."""

from __future__ import annotations

import json
from typing import Any

from concord_workers.core.scalar import named

__all__ = ["load_unique"]


def load_unique(text: str) -> Any:
    """The value of a JSON text. Raises ValueError, also for a name that stands twice, and RecursionError."""
    return json.loads(text, object_pairs_hook=_unique)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise ValueError(f"{named(name)} stands twice")
        members[name] = value
    return members
