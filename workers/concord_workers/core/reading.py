"""A reading: the canonical document, every violation and warning, and the place of each value."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from concord_workers.core.places import Places
from concord_workers.core.tally import Tally
from concord_workers.core.violation import Violation

__all__ = ["ContractWarning", "Reading"]

ContractWarning = dict[str, Any]
"""An entry of `warning_details`: code, pointer?, message, hint?."""


@dataclass
class Reading:
    """One document as it was understood.

    document: canonical, with the members that the sender wrote; None where a name or a value could not be read.
    faulty: canonical pointers of values that break a limit or a rule by themselves, and of everything that holds them.
    """

    document: dict[str, Any] | None
    violations: Tally = field(default_factory=Tally)
    warnings: list[ContractWarning] = field(default_factory=list)
    places: Places = field(default_factory=Places)
    dialect: str | None = None
    faulty: set[str] = field(default_factory=set)

    def blame(self, canonical: str) -> None:
        """Notes a faulty value, and everything that holds it."""
        while canonical not in self.faulty:
            self.faulty.add(canonical)
            canonical = canonical[: max(canonical.rfind("/"), 0)]

    def is_faulty(self, canonical: str) -> bool:
        """Whether the value, or one inside it, is faulty by itself."""
        return canonical in self.faulty

    def refuse(self, canonical: str, violation: Violation) -> None:
        """Adds the violation of a value."""
        self.blame(canonical)
        self.violations.append(violation)

    def warn(self, code: str, sender: str, message: str, hint: str | None) -> None:
        """Adds a warning. sender: the pointer in the sender's document."""
        warning: ContractWarning = {"code": code, "pointer": sender, "message": message}
        if hint is not None:
            warning["hint"] = hint
        self.warnings.append(warning)

    def warn_of_duplicate(self, first: str, second: str) -> None:
        """Warns of one property that stands twice with equal values."""
        self.warn(
            "duplicate_equal", second, f"{_both(first, second)} name the same property, with equal values", "write it once"
        )

    def refuse_duplicate(self, canonical: str, first: str, second: str) -> None:
        """Refuses one property that stands twice with unequal values. first, second: pointers in the sender's document."""
        message = f"{_both(first, second)} name the same property, with different values"
        self.refuse(canonical, {"pointer": second, "code": "duplicate_field", "message": message})


def _both(first: str, second: str) -> str:
    """Both places, without the part that they share: the violation's pointer has it."""
    parent = os.path.commonprefix([first, second]).rfind("/") + 1
    return f"`{first[parent:]}` and `{second[parent:]}`"
