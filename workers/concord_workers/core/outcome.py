"""The result of a command that succeeded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Outcome"]


@dataclass
class Outcome:
    """A success: `data` in snake, and warnings beside those of the reading, with the sender's pointers."""

    data: dict[str, Any]
    warnings: list[dict[str, Any]] = field(default_factory=list)
