"""Reads a document of any dialect into its canonical form, with every violation and every warning.

The reader walks the tables of `core.dictionary`, as the Rust reader does, and finds the same: documents, violations
(codes, pointers, bounds) and warnings. The checks of the whole document are in `core.document_checks`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from concord_workers.core.condition import same
from concord_workers.core.dialect_votes import DialectVotes
from concord_workers.core.dictionary import (
    AnyShape,
    BooleanShape,
    Definition,
    EnumShape,
    Extra,
    ListShape,
    MapShape,
    Name,
    NullableShape,
    ObjectShape,
    Property,
    RefShape,
    Shape,
    TextShape,
    dictionary,
)
from concord_workers.core.document_checks import Moved, Visited, apply_rules, find_missing, place_moved
from concord_workers.core.hint import Hints
from concord_workers.core.naming import escape
from concord_workers.core.pointer import MISSING
from concord_workers.core.reading import Reading
from concord_workers.core.scalar import count_violation, named, nearest, read_scalar, valued, written_by
from concord_workers.core.tally import Tally
from concord_workers.core.tree import Number, kind_of
from concord_workers.core.violation import ValueViolation, Violation

__all__ = ["read", "read_sources"]


def read(definition: str, tree: object, canonical: bool = False) -> Reading:
    """Reads a document; pointers begin at it. canonical: a party of this project wrote it, and other spellings are refused."""
    return read_sources(definition, [(tree, "")], canonical=canonical)


def read_sources(
    definition: str,
    sources: list[tuple[Any, str]],
    violations: list[Violation] | None = None,
    envelope: DialectVotes | None = None,
    canonical: bool = False,
) -> Reading:
    """Reads a document in several parts, each with the sender's pointer to it."""
    reader = _Reader(dictionary().named(definition), envelope or DialectVotes(), canonical)
    root = reader.root(sources)
    reading = reader.reading
    if not place_moved(reading, reader.definition, reader.moved, root):
        reader.unread = True
    find_missing(reading, reader.definition, reader.visited, root)
    apply_rules(reading, reader.definition, reader.visited, root, canonical=canonical)
    reading.dialect = reader.fields.most() or reader.envelope.most()
    reading.document = None if reader.unread else root
    if violations:
        first = Tally(violations)
        first.extend(reading.violations)
        reading.violations = first
    return reading


@dataclass
class _At:
    """Where the reader stands: canonically, in the sender's document, and in the document of accepted places."""

    canonical: str
    sender: str
    base: str
    definition: Definition
    hints: Hints = Hints()

    def down(self, canonical: str, sender: str) -> _At:
        return _At(f"{self.canonical}/{canonical}", f"{self.sender}/{escape(sender)}", self.base, self.definition)


@dataclass
class _Members:
    """values: by index of the property, its value and where it stood.

    adds: items that were written as members of their own: the index of their list, the value, and where it stood.
    """

    values: dict[int, tuple[Any, str]] = field(default_factory=dict)
    adds: list[tuple[int, str, str]] = field(default_factory=list)


class _Reader:
    """Walks the sender's document once. moved, visited: what the checks of the whole document need of the walk."""

    def __init__(self, definition: Definition, envelope: DialectVotes, canonical: bool) -> None:
        self.definition = definition
        self.canonical = canonical
        self.reading = Reading(None)
        # The dialects of the command's own names, and of those around it.
        self.fields = DialectVotes()
        self.envelope = envelope
        self.violations = self.reading.violations
        self.places = self.reading.places
        self.unread = False
        self.moved: list[Moved] = []
        self.visited: list[Visited] = []

    def root(self, sources: list[tuple[Any, str]]) -> dict[str, Any]:
        shape = self.definition.shape.resolved
        if not isinstance(shape, ObjectShape):
            raise TypeError(f"{self.definition.name} is no object")
        self._visit(shape, self.definition, "")
        members = _Members()
        for tree, pointer in sources:
            place = _At("", pointer, "", self.definition)
            self.places.senders.setdefault("", pointer)
            if isinstance(tree, dict):
                self._members(shape, tree, place, members)
            else:
                self._another_type(shape, "an object", tree, place)
        return self._collect(shape, members, "")

    def _visit(self, shape: ObjectShape, definition: Definition, place: str) -> None:
        self.visited.append(Visited(shape, place, definition if definition.rules else None))

    def _value(self, shape: Shape, tree: Any, place: _At) -> Any:
        """Reads a value; MISSING where it is absent or cannot be read."""
        while isinstance(shape, RefShape):
            inner = shape.definition.shape
            if isinstance(inner, ObjectShape):
                return self._object(shape.definition, inner, tree, place)
            shape = inner
        if isinstance(shape, NullableShape):
            return None if tree is None else self._value(shape.inner, tree, place)
        if isinstance(shape, AnyShape):
            return tree
        if isinstance(shape, ListShape):
            return self._list(shape, tree, place)
        if isinstance(shape, MapShape):
            return self._map(shape, tree, place)
        return self._scalar(shape, tree, place)

    def _object(self, definition: Definition, shape: ObjectShape, tree: Any, place: _At) -> Any:
        if not isinstance(tree, dict):
            self._another_type(shape, "an object", tree, place)
            return MISSING
        if definition.rules:
            place = _At(place.canonical, place.sender, place.canonical, definition, place.hints)
        self._visit(shape, definition, place.canonical)
        members = _Members()
        self._members(shape, tree, place, members)
        return self._collect(shape, members, place.canonical)

    def _members(self, shape: ObjectShape, tree: dict[str, Any], place: _At, members: _Members) -> None:
        own = DialectVotes()
        for name in tree:
            if (known := shape.names.get(name)) is not None:
                own.count(known.dialect)
        dialect = own.most() or self.places.dialect(place.canonical)
        if dialect is not None:
            self.places.dialects[place.canonical] = dialect
        for name, value in tree.items():
            meaning = shape.names.get(name)
            if meaning is not None:
                # A wrapper belongs to the envelope, whose names are counted apart.
                is_wrapper = meaning.property is not None and meaning.property.wrapper
                (self.envelope if is_wrapper else self.fields).count(meaning.dialect)
            if meaning is None or (self.canonical and not meaning.canonical):
                self._unknown(shape, name, place, dialect)
            elif meaning.property is not None:
                self._property(meaning.property, meaning, name, value, place, members)
            elif meaning.kind == "place":
                self._place(meaning.to, name, value, place)
            elif meaning.extra is not None:
                read_extra = self._neutral if meaning.kind == "neutral" else self._flag
                read_extra(meaning.extra, name, value, place, members)

    def _property(self, prop: Property, meaning: Name, name: str, tree: Any, parent: _At, members: _Members) -> None:
        place = parent.down(prop.snake, name)
        place.hints = Hints(prop.example)
        self.places.senders.setdefault(place.canonical, place.sender)
        if self._is_absent(prop.resolved, tree):
            return
        if meaning.accepted:
            self._accepted(name, prop.csharp, prop.snake, place.sender)
        value = self._value(prop.shape, tree, place)
        if value is MISSING:
            return
        known = members.values.get(prop.index)
        if known is None:
            members.values[prop.index] = (value, place.sender)
        else:
            self._twice(same(known[0], value), known[1], place)

    def _is_absent(self, shape: Shape, tree: Any) -> bool:
        """Whether a value means an absent member: null, and for strings the empty one too."""
        if self.canonical:
            return False
        if tree is None:
            return not isinstance(shape, NullableShape | AnyShape)
        return isinstance(tree, str) and tree == "" and isinstance(shape, TextShape | EnumShape)

    def _place(self, to: str, name: str, tree: Any, parent: _At) -> None:
        sender = f"{parent.sender}/{escape(name)}"
        shape = dictionary().shape_at(parent.definition.shape, to)
        if shape is None:
            raise LookupError(f"{to} is no place of {parent.definition.name}")
        prop = dictionary().property_at(parent.definition.shape, to)
        hints = Hints(prop.example) if prop is not None else Hints()
        place = _At(parent.base + to, sender, parent.base, parent.definition, hints)
        if self._is_absent(shape.resolved, tree):
            return
        self._accepted(name, place.canonical, place.canonical, sender)
        value = self._value(shape, tree, place)
        if value is not MISSING:
            self.moved.append(Moved(place.canonical, value, sender))
        else:
            self.places.senders.setdefault(place.canonical, sender)

    def _neutral(self, extra: Extra, name: str, tree: Any, parent: _At, members: _Members) -> None:
        place = parent.down(extra.snake, name)
        if isinstance(tree, str) and (added := extra.adds.get(tree.lower())) is not None:
            self._accepted(name, added[1], added[1], place.sender)
            members.adds.append((*added, place.sender))
        elif not _is_neutral(tree):
            self.unread = True
            self._violation(
                place,
                "unsupported_feature",
                f'no worker supports `{name}`; leave it out, or write null, false, 0, "none" or an empty value',
                f"leave `{name}` out",
            )

    def _flag(self, extra: Extra, name: str, tree: Any, parent: _At, members: _Members) -> None:
        place = parent.down(extra.snake, name)
        if tree is True:
            added = extra.adds["true"]
            self._accepted(name, added[1], added[1], place.sender)
            members.adds.append((*added, place.sender))
        elif tree is not None and tree is not False:
            message = f"`{name}` is true or false, not {kind_of(tree)}"
            self._unreadable(place, message, place.hints.of_type(BooleanShape(), tree))

    def _unknown(self, shape: ObjectShape, name: str, place: _At, dialect: str | None) -> None:
        self.unread = True

        def make() -> Violation:
            why = written_by(name)
            near = nearest(name, shape.names) if why is None else None
            message = f"{named(name)} is unknown here" + (f"; {why}" if why is not None else "")
            violation: Violation = {"pointer": f"{place.sender}/{escape(name)}", "code": "unknown_field", "message": message}
            if why is not None:
                violation["hint"] = why
            if near is not None:
                prop = shape.names[near].property
                violation["nearest"] = prop.name(dialect or "snake") if prop is not None else near
                violation["message"] += f"; the nearest known name is `{violation['nearest']}`"
            return violation

        self.violations.add(make)

    def _list(self, shape: ListShape, tree: Any, parent: _At) -> Any:
        if not isinstance(tree, list):
            why = next((why for name in tree if (why := written_by(name))), None) if isinstance(tree, dict) else None
            message = f"expected a list, not {kind_of(tree)}" + (f"; {why}" if why is not None else "")
            self._unreadable(parent, message, why or parent.hints.of_type(shape, tree))
            return MISSING
        if len(tree) > shape.maximum:
            return self._too_many(len(tree), shape.minimum, shape.maximum, "items", parent)
        items: list[Any] = []
        of = shape.item.resolved
        order = of.positions if shape.sorted and isinstance(of, EnumShape) else None
        stood: list[tuple[int, str]] = []
        item_hints = Hints(shape.item.example)
        for i, value in enumerate(tree):
            place = parent.down(str(i), str(i))
            place.hints = item_hints
            if order is None:
                self.places.senders.setdefault(place.canonical, place.sender)
            if value is None and not isinstance(shape.item, AnyShape):
                self._unreadable(place, "a list must not contain null", "leave it out of the list")
                continue
            item = self._value(shape.item, value, place)
            if item is MISSING:
                continue
            if shape.unique and any(same(item, other) for other in items):
                message = f"{valued(item)} stands in the list twice"
                self._unreadable(place, message, "write each item once")
            items.append(item)
            if order is not None:
                stood.append((order[item], place.sender))
        self._count(len(tree), shape.minimum, shape.maximum, "items", parent)
        if order is not None:
            items.sort(key=order.__getitem__)
            stood.sort(key=lambda position_and_sender: position_and_sender[0])
            for i, (_, sender) in enumerate(stood):
                self.places.senders.setdefault(f"{parent.canonical}/{i}", sender)
        return items

    def _map(self, shape: MapShape, tree: Any, parent: _At) -> Any:
        if not isinstance(tree, dict):
            self._another_type(shape, "an object", tree, parent)
            return MISSING
        if len(tree) > shape.maximum:
            return self._too_many(len(tree), 0, shape.maximum, "entries", parent)
        members = {}
        for key, value in tree.items():
            place = parent.down(escape(key), key)
            self.places.senders.setdefault(place.canonical, place.sender)
            read_value = self._value(shape.value, value, place)
            if read_value is not MISSING:
                members[key] = read_value
        return members

    def _too_many(self, length: int, minimum: int, maximum: int, of: str, place: _At) -> Any:
        """A list or map that is too long is one violation and is not read: its items have no bound on memory and time."""
        self.unread = True
        self._count(length, minimum, maximum, of, place)
        return MISSING

    def _count(self, length: int, minimum: int, maximum: int, of: str, place: _At) -> None:
        violation = count_violation(length, minimum, maximum, of)
        if violation is not None:
            self._scalar_violation(place, violation)

    def _scalar(self, shape: Shape, tree: Any, place: _At) -> Any:
        scalar = read_scalar(shape, tree, lenient=not self.canonical, hints=place.hints)
        if scalar.respelt is not None:
            code, written, meant = scalar.respelt
            self.reading.warn(code, place.sender, f"`{written}` was read as `{meant}`", f"write `{meant}`")
        if scalar.violation is not None:
            # A document without the value would mean something else than the sender wrote.
            self.unread |= scalar.value is MISSING
            self._scalar_violation(place, scalar.violation)
        return scalar.value

    def _scalar_violation(self, place: _At, violation: ValueViolation) -> None:
        self.unread |= violation["code"] == "unsupported_value"
        self.reading.blame(place.canonical)
        self.violations.append({"pointer": place.sender, **violation})

    def _violation(self, place: _At, code: str, message: str, hint: str | None = None) -> None:
        self.reading.blame(place.canonical)
        violation: Violation = {"pointer": place.sender, "code": code, "message": message}
        if hint is not None:
            violation["hint"] = hint
        self.violations.append(violation)

    def _unreadable(self, place: _At, message: str, hint: str) -> None:
        self.unread = True
        self._violation(place, "unsupported_value", message, hint)

    def _another_type(self, shape: Shape, wanted: str, tree: Any, place: _At) -> None:
        message = f"expected {wanted}, not {kind_of(tree)}"
        self._unreadable(place, message, place.hints.of_type(shape, tree))

    def _accepted(self, name: str, csharp: str, canonical: str, sender: str) -> None:
        meant = csharp if name[:1].isupper() else canonical
        self.reading.warn("accepted_spelling", sender, f"`{name}` was read as `{meant}`", f"write `{meant}`")

    def _twice(self, equal: bool, first: str, place: _At) -> None:
        if equal:
            self.reading.warn_of_duplicate(first, place.sender)
        else:
            self.unread = True
            self.reading.refuse_duplicate(place.canonical, first, place.sender)

    def _collect(self, shape: ObjectShape, members: _Members, place: str) -> dict[str, Any]:
        """The canonical object, in the schema's order."""
        for index, value, sender in members.adds:
            self._add(shape.properties[index], members, value, sender, place)
        return {shape.properties[index].snake: members.values[index][0] for index in sorted(members.values)}

    def _add(self, prop: Property, members: _Members, value: str, sender: str, place: str) -> None:
        """Adds an item to its list, unless the list has it already."""
        canonical = f"{place}/{prop.snake}"
        items, written = members.values.setdefault(prop.index, ([], ""))
        if not written:
            # The sender wrote no list, so that a violation of the list has the pointer of its last item.
            self.places.senders[canonical] = sender
        if value in items:
            return
        stood = {item: self.places.senders[f"{canonical}/{i}"] for i, item in enumerate(items)} | {value: sender}
        items.append(value)
        of = prop.resolved
        item = of.item.resolved if isinstance(of, ListShape) else None
        if isinstance(item, EnumShape):
            items.sort(key=item.positions.__getitem__)
        for i, item_ in enumerate(items):
            self.places.senders[f"{canonical}/{i}"] = stood[item_]


def _is_neutral(tree: object) -> bool:
    """Whether a neutral-only property may have the value."""
    if isinstance(tree, str):
        return tree == "" or (tree.isascii() and tree.lower() == "none")
    return tree is None or tree is False or tree in ([], {}) or (type(tree) in (int, float, Number) and tree == 0)
