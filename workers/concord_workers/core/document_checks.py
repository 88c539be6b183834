"""The checks of a whole document after the walk: accepted places, required members, rules, settings without effect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from concord_workers.core.condition import same
from concord_workers.core.dictionary import Definition, ListShape, ObjectShape, Property, Shape
from concord_workers.core.effective import with_defaults
from concord_workers.core.pointer import MISSING, at
from concord_workers.core.reading import Reading
from concord_workers.core.rules import Breach
from concord_workers.core.violation import Violation

__all__ = ["Moved", "Visited", "apply_rules", "find_missing", "place_moved"]


@dataclass(frozen=True)
class Moved:
    """A value that the sender wrote at an accepted place. to: its canonical pointer."""

    to: str
    value: Any
    sender: str


@dataclass(frozen=True)
class Visited:
    """An object that was read. definition: the one that its rules are stated for; None where it has none."""

    shape: ObjectShape
    place: str
    definition: Definition | None


def place_moved(reading: Reading, whole: Definition, moved: list[Moved], root: dict[str, Any]) -> bool:
    """Puts the values of accepted places where they belong. False where one stands there already, with another value."""
    is_readable = True
    for value in moved:
        known = at(root, value.to)
        if known is MISSING:
            reading.places.senders.setdefault(value.to, value.sender)
            _insert(root, value.to.split("/")[1:], value.value, whole.shape)
            continue
        first = reading.places.sender(value.to, whole.shape)
        if same(known, value.value):
            reading.warn_of_duplicate(first, value.sender)
        else:
            is_readable = False
            reading.refuse_duplicate(value.to, first, value.sender)
    return is_readable


def find_missing(reading: Reading, whole: Definition, visited: list[Visited], root: dict[str, Any]) -> None:
    """Refuses absent required members, but not those whose value was refused already."""
    for read_object in visited:
        for prop in read_object.shape.properties:
            canonical = f"{read_object.place}/{prop.snake}"
            if not prop.required or at(root, canonical) is not MISSING or reading.is_faulty(canonical):
                continue
            pointer = reading.places.sender(canonical, whole.shape)
            message = f"`{pointer.rsplit('/', 1)[-1]}` is missing"
            reading.refuse(canonical, {"pointer": pointer, "code": "missing_field", "message": message})


def apply_rules(reading: Reading, whole: Definition, visited: list[Visited], root: dict[str, Any], *, canonical: bool) -> None:
    """Refuses broken rules, and warns of settings without effect.

    canonical: a party of this project wrote the document, so that no sender reads a warning about a setting.
    """
    for read_object in visited:
        definition, place = read_object.definition, read_object.place
        document = at(root, place) if definition is not None else MISSING
        if definition is None or document is MISSING:
            continue
        effective = with_defaults(document, definition.shape, None)
        refused: list[str] = []
        for rule in definition.rules:
            for breach in rule.breaches(effective, definition.shape, lambda f, place=place: reading.is_faulty(place + f)):
                if (blamed := _note_breach(reading, whole, breach, document, place)) is not None:
                    refused.append(blamed)
        # Blamed after all rules, so that each rule sees the values that the sender wrote; and before the search for
        # settings without effect, as a warning beside the violation would repeat it.
        for blamed in refused:
            reading.blame(blamed)
        if not canonical:
            _find_no_effect(reading, whole, definition, document, effective, place)


def _note_breach(reading: Reading, whole: Definition, breach: Breach, document: object, place: str) -> str | None:
    """Adds a broken rule as a violation or a warning. Returns the pointer of the value that it refuses."""
    written = (field for field in reversed(breach.fields) if at(document, field) is not MISSING)
    blamed = place + next(written, breach.fields[0])
    pointer = reading.places.sender(blamed, whole.shape)
    if breach.is_warning:
        # Warns only about values the sender wrote, never about defaults.
        if at(document, breach.fields[-1]) is not MISSING:
            reading.warn(breach.code, pointer, breach.message, None)
        return None
    violation: Violation = {"pointer": pointer, "code": breach.code, "message": breach.message}
    if breach.minimum is not None:
        violation["minimum"] = breach.minimum
    if breach.maximum is not None:
        violation["maximum"] = breach.maximum
    reading.violations.append(violation)
    return blamed


def _find_no_effect(
    reading: Reading, whole: Definition, definition: Definition, document: object, effective: object, place: str
) -> None:
    """Warns of a value that can take no effect, unless it equals its default."""
    for pointer, prop, value in _properties(document, definition.shape, ""):
        condition = prop.takes_effect_when
        if condition is None or condition(effective, definition.shape):
            continue
        default = prop.absent
        if (default is not MISSING and _equal_numbers(default, value)) or reading.is_faulty(place + pointer):
            continue
        sender = reading.places.sender(place + pointer, whole.shape)
        reading.warn("no_effect", sender, f"`{prop.snake}` takes no effect here", "leave it out")


def _equal_numbers(a: object, b: object) -> bool:
    """Whether two values are equal: 2 and 2.0 are, 1 and true are not."""
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)


def _properties(value: object, shape: Shape, pointer: str) -> Iterator[tuple[str, Property, Any]]:
    """Pointer, property and value of every member of a document, in the schema's order."""
    resolved = shape.resolved
    if isinstance(resolved, ObjectShape) and isinstance(value, dict):
        for prop in resolved.properties:
            if prop.snake in value:
                place = f"{pointer}/{prop.snake}"
                yield place, prop, value[prop.snake]
                yield from _properties(value[prop.snake], prop.shape, place)
    elif isinstance(resolved, ListShape) and isinstance(value, list):
        for i, item in enumerate(value):
            yield from _properties(item, resolved.item, f"{pointer}/{i}")


def _insert(value: object, path: list[str], new: object, shape: Shape) -> None:
    """Sets a value below an object or list, making the objects on the way, each in the schema's order."""
    token, rest = path[0], path[1:]
    resolved = shape.resolved
    if isinstance(value, list) and isinstance(resolved, ListShape):
        if token.isdecimal() and int(token) < len(value):
            _insert(value[int(token)], rest, new, resolved.item)
        return
    prop = resolved.by_snake.get(token) if isinstance(resolved, ObjectShape) else None
    if prop is None or not isinstance(value, dict) or not isinstance(resolved, ObjectShape):
        return
    if rest:
        _insert(value.setdefault(token, {}), rest, new, prop.shape)
    else:
        value[token] = new
    ordered = {p.snake: value[p.snake] for p in resolved.properties if p.snake in value}
    value.clear()
    value.update(ordered)
