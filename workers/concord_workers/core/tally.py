"""The violations of a document: the first of them are kept, all of them are counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import SupportsIndex, cast

from concord_workers.core.bundle import limits
from concord_workers.core.pointer import POINTER_BYTES_MAX, reachable
from concord_workers.core.violation import Violation

__all__ = ["ERRORS_MAX", "WARNINGS_MAX", "Tally", "entries", "total_of"]

ERRORS_MAX = int(limits("errors_max"))
WARNINGS_MAX = int(limits("warnings_max"))


class Tally(list[Violation]):
    """The first violations, as many as a reply has room for. total: how many there are.

    A document of 16 MiB can have a million violations. Sentences are made for those alone that a reply shows.
    """

    def __init__(self, violations: Iterable[Violation] = ()) -> None:
        super().__init__()
        self.total = 0
        self._pointer_bytes = 0
        for violation in violations:
            self.append(violation)
        self.total = max(self.total, total_of(violations))

    @property
    def full(self) -> bool:
        """Whether further violations are only counted."""
        return len(self) >= ERRORS_MAX or self._pointer_bytes > POINTER_BYTES_MAX

    def append(self, violation: Violation) -> None:
        self.add(lambda: violation)

    def add(self, make: Callable[[], Violation]) -> None:
        """Counts a violation, and makes it where it is kept."""
        self.total += 1
        if self.full:
            return
        violation = make()
        violation["pointer"] = reachable(violation["pointer"])
        self._pointer_bytes += len(violation["pointer"].encode())
        if self._pointer_bytes <= POINTER_BYTES_MAX:
            super().append(violation)

    def extend(self, violations: Iterable[Violation]) -> None:
        total = self.total + (total_of(violations) if isinstance(violations, list) else 0)
        for violation in violations:
            self.append(violation)
        self.total = max(self.total, total)

    def insert(self, index: SupportsIndex, violation: Violation) -> None:
        raise TypeError("violations are kept in the order in which they are found")

    def drop(self, pointer: str) -> None:
        """Removes the violations at a place."""
        left = [violation for violation in self if violation["pointer"] != pointer]
        self.total -= len(self) - len(left)
        self._pointer_bytes -= (len(self) - len(left)) * len(pointer.encode())
        self[:] = left


def entries(violations: Iterable[Violation]) -> list[Violation]:
    """The violations as entries of `errors[]`, which have no hint: the reply has one, that of the first violation."""
    return [cast("Violation", {name: value for name, value in of.items() if name != "hint"}) for of in violations]


def total_of(violations: Iterable[Violation]) -> int:
    """How many violations there are, of which these are the first."""
    if isinstance(violations, Tally):
        return violations.total
    return len(violations) if isinstance(violations, list) else 0
