"""Readings: any dialect in, the canonical document out, with every violation, every warning and where each value stood.

It walks the same tables as the Rust reading and gives the same: documents, violations (codes, pointers, bounds), warnings.
"""

from __future__ import annotations

import json
import os
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
from concord_workers.core.effective import with_defaults
from concord_workers.core.hint import Hints
from concord_workers.core.naming import escape
from concord_workers.core.places import Places
from concord_workers.core.pointer import MISSING, at
from concord_workers.core.scalar import count_violation, named, nearest, read_scalar, written_by
from concord_workers.core.tally import Tally
from concord_workers.core.tree import Number, kind_of

__all__ = ["ContractWarning", "Reading", "Violation", "read", "read_sources"]

Violation = dict[str, Any]
"""An entry of `errors[]`: pointer, code, message, allowed?, minimum?, maximum?, nearest?; and hint?, which no entry shows."""
ContractWarning = dict[str, Any]
"""An entry of `warning_details`: code, pointer?, message, hint?."""


@dataclass
class Reading:
    """What was understood. document: canonical, only what was said; None where a name or value could not be read at all."""

    document: dict[str, Any] | None
    violations: Tally = field(default_factory=Tally)
    warnings: list[ContractWarning] = field(default_factory=list)
    places: Places = field(default_factory=Places)
    dialect: str | None = None
    # Canonical pointers of values that are no good by themselves, and of all that they stand in.
    faulty: set[str] = field(default_factory=set)


def read(definition: str, tree: Any, canonical: bool = False) -> Reading:
    """Reads a document; pointers begin at it. canonical: one of us wrote it, in the canonical form and nothing else."""
    return read_sources(definition, [(tree, "")], canonical=canonical)


def read_sources(
    definition: str,
    sources: list[tuple[Any, str]],
    violations: list[Violation] | None = None,
    envelope: DialectVotes | None = None,
    canonical: bool = False,
) -> Reading:
    """Reads a document that stands in several parts, each with the sender's pointer to it."""
    reader = _Reader(dictionary().named(definition), envelope or DialectVotes(), canonical)
    root = reader.root(sources)
    reader.place_moved(root)
    reader.find_missing(root)
    reader.apply_rules(root)
    reading = reader.reading
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
        self.faulty = self.reading.faulty
        # Values written at accepted places: to, value, from.
        self.moved: list[tuple[str, Any, str]] = []
        # Objects that were read: shape, place, and the definition where rules are stated for it.
        self.visited: list[tuple[ObjectShape, str, Definition | None]] = []

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
        self.visited.append((shape, place, definition if definition.rules else None))

    def _value(self, shape: Shape, tree: Any, place: _At) -> Any:
        """Reads a value; MISSING where it is absent or no good."""
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
                # A wrapper's name tells as the envelope's do.
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
        """What means "not there": null, and for a string the empty one too."""
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
            self.moved.append((place.canonical, value, sender))
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
                message = f"{json.dumps(item, ensure_ascii=False)} stands in the list twice"
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
        """A list or map that is too long is one violation, and is not read: that could cost more than there is room for."""
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
            code, said, meant = scalar.respelt
            self._warn(code, place.sender, f"`{said}` was read as `{meant}`", f"write `{meant}`")
        if scalar.violation is not None:
            # Without the value the document would be another one than the sender wrote.
            self.unread |= scalar.value is MISSING
            self._scalar_violation(place, scalar.violation)
        return scalar.value

    def _scalar_violation(self, place: _At, violation: dict[str, Any]) -> None:
        self.unread |= violation["code"] == "unsupported_value"
        self._blame(place.canonical)
        self.violations.append({"pointer": place.sender, **violation})

    def _violation(self, place: _At, code: str, message: str, hint: str | None = None) -> None:
        self._blame(place.canonical)
        violation: Violation = {"pointer": place.sender, "code": code, "message": message}
        self.violations.append(violation if hint is None else violation | {"hint": hint})

    def _unreadable(self, place: _At, message: str, hint: str) -> None:
        self.unread = True
        self._violation(place, "unsupported_value", message, hint)

    def _another_type(self, shape: Shape, wanted: str, tree: Any, place: _At) -> None:
        message = f"expected {wanted}, not {kind_of(tree)}"
        self._unreadable(place, message, place.hints.of_type(shape, tree))

    def _warn(self, code: str, sender: str, message: str, hint: str | None) -> None:
        warning: ContractWarning = {"code": code, "pointer": sender, "message": message}
        if hint is not None:
            warning["hint"] = hint
        self.reading.warnings.append(warning)

    def _accepted(self, name: str, csharp: str, canonical: str, sender: str) -> None:
        meant = csharp if name[:1].isupper() else canonical
        self._warn("accepted_spelling", sender, f"`{name}` was read as `{meant}`", f"write `{meant}`")

    def _twice(self, equal: bool, first: str, place: _At) -> None:
        # Both below what they stand in: where that lies is the pointer's to say.
        parent = os.path.commonprefix([first, place.sender]).rfind("/") + 1
        one_and_other = f"`{first[parent:]}` and `{place.sender[parent:]}`"
        if equal:
            message = f"{one_and_other} name the same property, with equal values"
            self._warn("duplicate_equal", place.sender, message, "write it once")
        else:
            self.unread = True
            self._violation(place, "duplicate_field", f"{one_and_other} name the same property, with different values")

    def _collect(self, shape: ObjectShape, members: _Members, place: str) -> dict[str, Any]:
        """The canonical object, in the schema's order."""
        for index, value, sender in members.adds:
            self._add(shape.properties[index], members, value, sender, place)
        return {shape.properties[index].snake: members.values[index][0] for index in sorted(members.values)}

    def _add(self, prop: Property, members: _Members, value: str, sender: str, place: str) -> None:
        """Adds an item to its list; one that stands there already keeps its place."""
        canonical = f"{place}/{prop.snake}"
        items, written = members.values.setdefault(prop.index, ([], ""))
        if not written:
            # Nobody wrote the list: what is wrong with it as a whole is told where its last item was written.
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

    def place_moved(self, root: dict[str, Any]) -> None:
        """Puts the values of accepted places where they belong."""
        for to, value, sender in self.moved:
            known = at(root, to)
            if known is not MISSING:
                first = self.places.sender(to, self.definition.shape)
                self._twice(same(known, value), first, _At(to, sender, "", self.definition))
                continue
            self.places.senders.setdefault(to, sender)
            _insert(root, to.split("/")[1:], value, self.definition.shape)

    def find_missing(self, root: dict[str, Any]) -> None:
        for shape, place, _ in self.visited:
            for prop in shape.properties:
                if not prop.required:
                    continue
                canonical = f"{place}/{prop.snake}"
                if at(root, canonical) is not MISSING or self._is_faulty(canonical):
                    continue
                pointer = self.places.sender(canonical, self.definition.shape)
                self._blame(canonical)
                message = f"`{pointer.rsplit('/', 1)[-1]}` is missing"
                self.violations.append({"pointer": pointer, "code": "missing_field", "message": message})

    def _blame(self, canonical: str) -> None:
        """Notes that a value is no good by itself."""
        while canonical not in self.faulty:
            self.faulty.add(canonical)
            canonical = canonical[: max(canonical.rfind("/"), 0)]

    def _is_faulty(self, canonical: str) -> bool:
        """Whether the value, or one inside it, is no good by itself."""
        return canonical in self.faulty

    def apply_rules(self, root: dict[str, Any]) -> None:
        for _, place, definition in self.visited:
            said = at(root, place) if definition is not None else MISSING
            if definition is None or said is MISSING:
                continue
            shape = definition.shape
            effective = with_defaults(said, shape, None)
            refused: list[str] = []
            for rule in definition.rules:
                for breach in rule.breaches(effective, shape, lambda f, place=place: self._is_faulty(place + f)):
                    written = (f for f in reversed(breach.fields) if at(said, f) is not MISSING)
                    blamed = next(written, breach.fields[0])
                    pointer = self.places.sender(place + blamed, self.definition.shape)
                    if breach.is_warning:
                        # Warns only about values the sender wrote, never about defaults.
                        if at(said, breach.fields[-1]) is not MISSING:
                            self._warn(breach.code, pointer, breach.message, None)
                        continue
                    refused.append(place + blamed)
                    violation: Violation = {"pointer": pointer, "code": breach.code, "message": breach.message}
                    if breach.minimum is not None:
                        violation["minimum"] = breach.minimum
                    if breach.maximum is not None:
                        violation["maximum"] = breach.maximum
                    self.violations.append(violation)
            # What a rule refuses is no good by itself from here on; a warning beside the violation would only be noise.
            for blamed in refused:
                self._blame(blamed)
            if not self.canonical:
                self._find_no_effect(place, said, effective, shape)

    def _find_no_effect(self, place: str, said: Any, effective: Any, shape: Shape) -> None:
        """Warns of what was set where it can take no effect, unless it equals its default."""
        for pointer, prop, value in list(_properties(said, shape, "")):
            condition = prop.takes_effect_when
            if condition is None or condition(effective, shape):
                continue
            default = prop.absent
            if (default is not MISSING and _equal_numbers(default, value)) or self._is_faulty(place + pointer):
                continue
            sender = self.places.sender(place + pointer, self.definition.shape)
            self._warn("no_effect", sender, f"`{prop.snake}` takes no effect here", "leave it out")


def _equal_numbers(a: Any, b: Any) -> bool:
    """Equal as values: 2 and 2.0 are, 1 and true are not."""
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)


def _is_neutral(tree: Any) -> bool:
    """The values that a neutral-only property may have."""
    if isinstance(tree, str):
        return tree == "" or (tree.isascii() and tree.lower() == "none")
    return tree is None or tree is False or tree in ([], {}) or (type(tree) in (int, float, Number) and tree == 0)


def _properties(value: Any, shape: Shape, pointer: str) -> Any:
    """Every property that stands in a document: its pointer, itself, its value; in the schema's order."""
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


def _insert(value: Any, path: list[str], new: Any, shape: Shape) -> None:
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
