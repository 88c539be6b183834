"""What to write in the place of a value that has the wrong JSON type or form: the hint of its violation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from concord_workers.core.bundle import limits
from concord_workers.core.dictionary import (
    BooleanShape,
    IntegerShape,
    ListShape,
    MapShape,
    NullShape,
    NumberShape,
    ObjectShape,
    Shape,
)
from concord_workers.core.pointer import MISSING

__all__ = ["Hints"]

_SHOWN = int(limits("shown_characters_max"))
_WANTED: dict[type[Shape], str] = {
    IntegerShape: "an integer",
    NumberShape: "a number",
    BooleanShape: "true or false",
    NullShape: "null",
    ListShape: "a list […]",
    ObjectShape: "an object {…}",
    MapShape: "an object {…}",
}
_BARE = (IntegerShape, NumberShape, BooleanShape, NullShape)


@dataclass(frozen=True)
class Hints:
    """What hints are made of, at one place of a document. example: a value that the schema gives as an example here."""

    example: Any = MISSING

    def of_type(self, shape: Shape, tree: Any) -> str:
        """What to write where a value of another JSON type stands."""
        quotes = " without quotes" if isinstance(shape, _BARE) and isinstance(tree, str) else ""
        such_as = "" if isinstance(shape, BooleanShape | NullShape) else self.such_as()
        return f"write {_WANTED.get(type(shape), 'a string in quotes')}{quotes}{such_as}"

    def of_form(self) -> str:
        """What to write where a string has the right type and another form."""
        return f"write it in that form{self.such_as()}"

    def such_as(self) -> str:
        """The example, where it is short enough for a hint."""
        if self.example is MISSING:
            return ""
        shown = json.dumps(self.example, ensure_ascii=False, separators=(",", ":"))
        return f", such as {shown}" if len(shown) <= _SHOWN else ""
