"""Hints of violations: the value to write in the place of one with the wrong JSON type or form."""

from __future__ import annotations

import json
from dataclasses import dataclass

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
    """The hints for one place of a document. example: the schema's example for it."""

    example: object = MISSING

    def of_type(self, shape: Shape, tree: object) -> str:
        """The hint for a value of another JSON type."""
        quotes = " without quotes" if isinstance(shape, _BARE) and isinstance(tree, str) else ""
        such_as = "" if isinstance(shape, BooleanShape | NullShape) else self.such_as()
        return f"write {_WANTED.get(type(shape), 'a string in quotes')}{quotes}{such_as}"

    def of_form(self) -> str:
        """The hint for a string of another form."""
        return f"write it in that form{self.such_as()}"

    def such_as(self) -> str:
        """The example as a phrase, or nothing where it is too long for a hint."""
        if self.example is MISSING:
            return ""
        shown = json.dumps(self.example, ensure_ascii=False, separators=(",", ":"))
        return f", such as {shown}" if len(shown) <= _SHOWN else ""
