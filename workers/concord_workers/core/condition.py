"""Conditions of the schemas on a document: when a value takes effect, when a rule holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from concord_workers.core.pointer import MISSING, follow

if TYPE_CHECKING:
    from concord_workers.core.dictionary import Dictionary, Shape

__all__ = ["Condition", "compile_condition", "same"]

Condition = Callable[[Any, "Shape"], bool]
"""Takes a document with its defaults applied, and its shape."""


def same(a: Any, b: Any) -> bool:
    """Equal as JSON values, at any depth: true is not 1, and 1 is not 1.0."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(value, b[name]) for name, value in a.items())
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


def compile_condition(schema: dict[str, Any], dictionary: Dictionary) -> Condition:
    """Compiles a condition; its pointers are relative to the document."""
    kind, of = next(iter(schema.items()))
    if kind == "all":
        parts = [compile_condition(part, dictionary) for part in of]
        return lambda document, shape: all(part(document, shape) for part in parts)
    pointer = of if isinstance(of, str) else of[0]
    path = tuple(pointer.split("/")[1:])
    if kind == "present":
        return lambda document, shape: follow(document, path) is not MISSING
    if kind == "absent":
        return lambda document, shape: follow(document, path) is MISSING
    if kind in ("in", "equals"):
        values = of[1] if kind == "in" else [of[1]]
        return lambda document, shape: _is_one_of(follow(document, path), values)
    if kind == "not_in":
        values = of[1]

        def not_in(document: object, shape: Shape) -> bool:
            value = follow(document, path)
            return value is not MISSING and not _is_one_of(value, values)

        return not_in
    if kind == "above":
        bound = of[1]

        def above(document: object, shape: Shape) -> bool:
            value = follow(document, path)
            return isinstance(value, int | float) and not isinstance(value, bool) and value > bound

        return above
    if kind in ("value_has", "value_is"):
        return _of_enum(kind, of, pointer, path, dictionary)
    raise ValueError(f"unknown condition `{kind}`")


def _is_one_of(value: object, values: list[object]) -> bool:
    return any(same(value, other) for other in values)


def _of_enum(kind: str, of: list[object], pointer: str, path: tuple[str, ...], dictionary: Dictionary) -> Condition:
    """Whether the schema's row of an enum's value has an entry, or has it with a certain value."""
    key = of[1]

    def holds(document: object, shape: Shape) -> bool:
        at = dictionary.shape_at(shape, pointer)
        value = follow(document, path)
        data = getattr(at and at.resolved, "data", None)
        if data is None or not isinstance(value, str) or value not in data:
            return False
        return key in data[value] if kind == "value_has" else same(data[value].get(key, MISSING), of[2])

    return holds
