"""The faults of a document: the first of them are kept, all of them are counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, SupportsIndex

from concord_workers.core.bundle import limits

__all__ = ["ERRORS_MAX", "WARNINGS_MAX", "Tally", "entries", "total_of"]

ERRORS_MAX = int(limits("errors_max"))
WARNINGS_MAX = int(limits("warnings_max"))
_POINTER_BYTES_MAX = int(limits("pointer_bytes_max"))

Fault = dict[str, Any]


class Tally(list[Fault]):
    """The first faults, as many as a reply has room for. total: how many there are.

    A document of 16 MiB can have a million faults; the sentences of those that are not shown are not even made.
    """

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        super().__init__()
        self.total = 0
        self._pointer_bytes = 0
        for fault in faults:
            self.append(fault)
        self.total = max(self.total, total_of(faults))

    @property
    def full(self) -> bool:
        """Whether further faults are only counted."""
        return len(self) >= ERRORS_MAX or self._pointer_bytes > _POINTER_BYTES_MAX

    def append(self, fault: Fault) -> None:
        self.add(lambda: fault)

    def add(self, make: Callable[[], Fault]) -> None:
        """Counts a fault, and makes it where it is kept."""
        self.total += 1
        if self.full:
            return
        fault = make()
        self._pointer_bytes += len(fault["pointer"].encode())
        if not self or self._pointer_bytes <= _POINTER_BYTES_MAX:
            super().append(fault)

    def extend(self, faults: Iterable[Fault]) -> None:
        total = self.total + (total_of(faults) if isinstance(faults, list) else 0)
        for fault in faults:
            self.append(fault)
        self.total = max(self.total, total)

    def insert(self, index: SupportsIndex, fault: Fault) -> None:
        raise NotImplementedError("faults are kept in the order in which they are found")

    def drop(self, pointer: str) -> None:
        """Forgets the faults at a place."""
        left = [fault for fault in self if fault["pointer"] != pointer]
        self.total -= len(self) - len(left)
        self._pointer_bytes -= (len(self) - len(left)) * len(pointer.encode())
        self[:] = left


def entries(faults: Iterable[Fault]) -> list[Fault]:
    """The faults as entries of `errors[]`, which have no hint: the reply has one, that of the first fault."""
    return [{name: value for name, value in fault.items() if name != "hint"} for fault in faults]


def total_of(faults: Iterable[Fault]) -> int:
    """How many faults there are, of which these are the first."""
    if isinstance(faults, Tally):
        return faults.total
    return len(faults) if isinstance(faults, list) else 0
