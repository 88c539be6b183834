"""The place of each value of a canonical document in the sender's document."""

from __future__ import annotations

from concord_workers.core.dictionary import ObjectShape, Shape, dictionary
from concord_workers.core.naming import escape

__all__ = ["Places"]


class Places:
    """Canonical pointers → the sender's pointers, and the dialect of each object."""

    def __init__(self) -> None:
        self.senders: dict[str, str] = {}
        self.dialects: dict[str, str] = {}

    def sender(self, canonical: str, shape: Shape) -> str:
        """The pointer in the sender's document. An absent member is spelt as its siblings are."""
        known = canonical
        while known not in self.senders:
            if "/" not in known:
                return canonical
            known = known[: known.rindex("/")]
        pointer = self.senders[known]
        dialect = self.dialect(known) or "snake"
        place = known
        for token in canonical[len(known) :].split("/")[1:]:
            parent = dictionary().shape_at(shape, place)
            dialect = self.dialects.get(place, dialect)
            resolved = parent.resolved if parent is not None else None
            prop = resolved.by_snake.get(token) if isinstance(resolved, ObjectShape) else None
            pointer += "/" + (escape(prop.name(dialect)) if prop is not None else token)
            place = f"{place}/{token}"
        return pointer

    def dialect(self, canonical: str) -> str | None:
        """The dialect noted for the nearest object at or above a place."""
        place = canonical
        while place not in self.dialects:
            if "/" not in place:
                return self.dialects.get("")
            place = place[: place.rindex("/")]
        return self.dialects[place]
