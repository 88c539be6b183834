"""How many names of a document each dialect alone spells so."""

from __future__ import annotations

__all__ = ["DialectVotes"]

# On a tie the first of them wins.
_ORDER = ("pascal", "camel", "snake")


class DialectVotes:
    """Only the numbers count: JSON objects have no order, and some writers sort their members."""

    def __init__(self) -> None:
        self._counts = dict.fromkeys(_ORDER, 0)

    def count(self, only: str | None) -> None:
        """Counts a name, by the only dialect that spells it so."""
        if only is not None:
            self._counts[only] += 1

    def most(self) -> str | None:
        """The dialect of the most names; None where no name tells."""
        most = max(_ORDER, key=self._counts.__getitem__)
        return most if self._counts[most] else None
