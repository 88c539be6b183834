"""Counts the names of a document that only one dialect spells in this way."""

from __future__ import annotations

__all__ = ["DialectVotes"]

# On a tie the first one wins.
_ORDER = ("pascal", "camel", "snake")


class DialectVotes:
    """The order of names does not count: JSON objects have none, and some writers sort their members."""

    def __init__(self) -> None:
        self._counts = dict.fromkeys(_ORDER, 0)

    def count(self, only: str | None) -> None:
        """Counts a name, by the only dialect that spells it so."""
        if only is not None:
            self._counts[only] += 1

    def most(self) -> str | None:
        """The dialect with the most names; None where every name is the same in all dialects."""
        most = max(_ORDER, key=self._counts.__getitem__)
        return most if self._counts[most] else None
