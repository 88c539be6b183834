"""The schemas as tables: every definition with its properties, spellings, bounds, defaults and conditions.

Compiled once from the bundle. Readings, replies in other dialects and effective documents walk these tables, so that no
name and no limit is repeated in code.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from concord_workers.core.bundle import bundle
from concord_workers.core.condition import Condition, compile_condition
from concord_workers.core.naming import camel, pascal
from concord_workers.core.pointer import MISSING

__all__ = [
    "AnyShape",
    "BooleanShape",
    "Definition",
    "Dictionary",
    "EnumShape",
    "Extra",
    "IntegerShape",
    "ListShape",
    "MapShape",
    "Name",
    "NullShape",
    "NullableShape",
    "NumberShape",
    "ObjectShape",
    "Property",
    "RefShape",
    "Shape",
    "TextShape",
    "dictionary",
]

_FLOAT_MAX = 1.7976931348623157e308
_COUNT_MAX = 2**64 - 1
DIALECTS = ("snake", "pascal", "camel")


class Shape:
    """The form of a value."""

    @property
    def example(self) -> object:
        """An example of the definition that it refers to; MISSING where there is none."""
        return MISSING

    @property
    def resolved(self) -> Shape:
        """The shape behind references."""
        return self


class BooleanShape(Shape):
    """true or false."""


class NullShape(Shape):
    """null alone."""


class AnyShape(Shape):
    """Any JSON."""


class RefShape(Shape):
    """Another definition."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition

    @property
    def resolved(self) -> Shape:
        return self.definition.shape.resolved

    @property
    def example(self) -> object:
        own = self.definition.example
        return own if own is not MISSING else self.definition.shape.example


@dataclass
class NullableShape(Shape):
    """null, or the shape."""

    inner: Shape


@dataclass
class IntegerShape(Shape):
    """Bounds of an integer."""

    minimum: int
    maximum: int
    multiple_of: int


@dataclass
class NumberShape(Shape):
    """Bounds of a number."""

    minimum: float
    minimum_exclusive: bool
    maximum: float
    maximum_exclusive: bool


@dataclass
class TextShape(Shape):
    """Bounds of a string, in code points. aliases: pattern, template and warning of other forms that are read."""

    minimum: int
    maximum: int
    pattern: re.Pattern[str] | None
    pattern_text: str
    not_blank: bool
    lower_case: bool
    aliases: list[tuple[re.Pattern[str], str, str]]


@dataclass
class EnumShape(Shape):
    """A closed set of strings. spellings: lower-case spelling → the value, and whether it is an accepted spelling."""

    values: list[str]
    positions: dict[str, int]
    data: dict[str, dict[str, Any]]
    spellings: dict[str, tuple[str, bool]]


@dataclass
class ListShape(Shape):
    """A list. sorted: order has no meaning, and canonical lists are in the enum's order."""

    item: Shape
    minimum: int
    maximum: int
    unique: bool
    sorted: bool


@dataclass
class MapShape(Shape):
    """A map: its keys are data."""

    value: Shape
    maximum: int


@dataclass
class Property:
    """One property of an object."""

    index: int
    snake: str
    csharp: str
    camel: str
    required: bool
    shape: Shape
    default: object
    # Its own example, else that of the definition that it refers to.
    example: object
    default_by_device: dict[str, Any] | None
    default_by: tuple[str, dict[str, Any]] | None
    takes_effect_when: Condition | None
    maps_to: str | None
    verbatim: bool
    # Whether it holds the command, so that its own name counts as one of the envelope's.
    wrapper: bool
    # Set once every definition is compiled: the shape behind references, and the value of an absent property.
    resolved: Shape = dataclasses.field(default_factory=Shape)
    absent: object = MISSING

    def name(self, dialect: str) -> str:
        """Its name in a dialect."""
        return self.snake if dialect == "snake" else self.csharp if dialect == "pascal" else self.camel


@dataclass
class Extra:
    """A neutral-only property or a flag. adds: its value in lower case → the list that it adds to, and what."""

    snake: str
    adds: dict[str, tuple[int, str]]


@dataclass
class Name:
    """The meaning of one spelling in an object.

    kind: `property`, `place` (a value that belongs elsewhere), `neutral` or `flag`. dialect: the only dialect that spells
    it so. accepted: a spelling of real senders beside the contract's. canonical: snake spells it so. synonym: read without a
    warning, although no dialect writes it.
    """

    kind: str
    property: Property | None = None
    extra: Extra | None = None
    to: str = ""
    dialect: str | None = None
    accepted: bool = False
    canonical: bool = False
    synonym: bool = False


class ObjectShape(Shape):
    """A closed object. names: every spelling that is read here."""

    def __init__(self) -> None:
        self.properties: list[Property] = []
        self.by_snake: dict[str, Property] = {}
        self.names: dict[str, Name] = {}


class Definition:
    """One named definition. rules: those over several fields of it, compiled by core.rules."""

    def __init__(self, name: str, schema: dict[str, Any]) -> None:
        self.name = name
        self.schema = schema
        self.default: Any = schema.get("default", MISSING)
        self.example: Any = _first_example(schema)
        self.shape: Shape = AnyShape()
        self.rules: list[Any] = []


class Dictionary:
    """All definitions by name."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.definitions = {name: Definition(name, schema) for name, schema in content["$defs"].items()}
        for definition in self.definitions.values():
            definition.shape = self._shape(definition.schema)
        for definition in self.definitions.values():
            for prop in getattr(definition.shape, "properties", []):
                prop.resolved = prop.shape.resolved
                prop.absent = _default_of(prop)
                if prop.example is MISSING:
                    prop.example = prop.shape.example

    def named(self, name: str) -> Definition:
        return self.definitions[name]

    def object(self, name: str) -> ObjectShape:
        """The object behind a name."""
        shape = self.definitions[name].shape.resolved
        if not isinstance(shape, ObjectShape):
            raise TypeError(f"{name} is no object")
        return shape

    def enumeration(self, name: str) -> EnumShape:
        """The enum behind a name."""
        shape = self.definitions[name].shape.resolved
        if not isinstance(shape, EnumShape):
            raise TypeError(f"{name} is no enum")
        return shape

    def property_at(self, shape: Shape, pointer: str) -> Property | None:
        """The property at a canonical pointer below an object."""
        parent, _, name = pointer.rpartition("/")
        above = self.shape_at(shape, parent)
        inside = above.resolved if above is not None else None
        return inside.by_snake.get(name) if isinstance(inside, ObjectShape) else None

    def shape_at(self, shape: Shape, pointer: str) -> Shape | None:
        """The shape at a canonical pointer below an object; indices and `*` are items."""
        for token in pointer.split("/")[1:]:
            resolved = shape.resolved
            if isinstance(resolved, ObjectShape):
                prop = resolved.by_snake.get(token)
                if prop is None:
                    return None
                shape = prop.shape
            elif isinstance(resolved, ListShape):
                shape = resolved.item
            else:
                return None
        return shape

    def _shape(self, schema: dict[str, Any]) -> Shape:
        if "$ref" in schema:
            return RefShape(self.definitions[schema["$ref"].removeprefix("#/$defs/")])
        if "oneOf" in schema:
            return NullableShape(self._shape(schema["oneOf"][0]))
        if "enum" in schema:
            return _enumeration(schema)
        kind = schema.get("type")
        if kind == "object":
            if schema.get("additionalProperties") is False:
                return self._object(schema)
            value = schema.get("additionalProperties")
            return MapShape(
                self._shape(value) if isinstance(value, dict) else AnyShape(), schema.get("maxProperties", _COUNT_MAX)
            )
        if kind == "array":
            return ListShape(
                self._shape(schema["items"]),
                schema.get("minItems", 0),
                schema.get("maxItems", _COUNT_MAX),
                schema.get("uniqueItems") is True,
                schema.get("x-sorted") is True,
            )
        if kind == "integer":
            return IntegerShape(schema.get("minimum", -(2**63)), schema.get("maximum", 2**63 - 1), schema.get("multipleOf", 1))
        if kind == "number":
            return _number(schema)
        if kind == "string":
            return _text(schema)
        return BooleanShape() if kind == "boolean" else NullShape() if kind == "null" else AnyShape()

    def _object(self, schema: dict[str, Any]) -> ObjectShape:
        shape = ObjectShape()
        required = schema.get("required", [])
        for snake, of in schema.get("properties", {}).items():
            csharp = of.get("x-csharp") or pascal(snake)
            by = of.get("x-default-by")
            effect = of.get("x-takes-effect-when")
            prop = Property(
                index=len(shape.properties),
                snake=snake,
                csharp=csharp,
                camel=camel(csharp),
                required=snake in required,
                shape=self._shape(of),
                default=of.get("default", MISSING),
                example=_first_example(of),
                default_by_device=of.get("x-default-by-device"),
                default_by=(by["field"], by["values"]) if by else None,
                takes_effect_when=compile_condition(effect, self) if effect else None,
                maps_to=of.get("x-maps-to"),
                verbatim=of.get("x-verbatim") is True,
                wrapper=of.get("x-wrapper") is True,
            )
            shape.properties.append(prop)
            shape.by_snake[snake] = prop
        _add_names(shape, schema)
        return shape


def _first_example(schema: dict[str, Any]) -> object:
    examples = schema.get("examples")
    return examples[0] if examples else MISSING


def _default_of(prop: Property) -> object:
    """Its own default, else that of the definition it refers to, else MISSING."""
    if prop.default is not MISSING:
        return prop.default
    shape = prop.shape
    while isinstance(shape, RefShape):
        if shape.definition.default is not MISSING:
            return shape.definition.default
        shape = shape.definition.shape
    return MISSING


@cache
def dictionary() -> Dictionary:
    """The dictionary of this version of the contract, with its rules."""
    from concord_workers.core.rules import compile_rules

    content = bundle()
    compiled = Dictionary(content)
    compile_rules(content["rules"], compiled)
    return compiled


def _add_names(shape: ObjectShape, schema: dict[str, Any]) -> None:
    for prop in shape.properties:
        for name in (prop.snake, prop.csharp, prop.camel):
            of = [dialect for dialect in DIALECTS if prop.name(dialect) == name]
            only = of[0] if len(of) == 1 else None
            shape.names[name] = Name("property", prop, dialect=only, canonical="snake" in of)
    for prop in shape.properties:
        of_property = schema["properties"][prop.snake]
        for key, accepted in (("x-synonyms", False), ("x-accepted", True)):
            for name in of_property.get(key, []):
                _add(shape, name, None, Name("property", prop, accepted=accepted, synonym=not accepted))
    for snake, place in schema.get("x-accepted-places", {}).items():
        _add(shape, snake, place.get("csharp"), Name("place", to=place["to"]))
    for snake, neutral in schema.get("x-neutral-only", {}).items():
        adds = {value: (shape.by_snake[to].index, value) for value, to in neutral.get("adds", {}).items()}
        _add(shape, snake, None, Name("neutral", extra=Extra(snake, adds)))
    for snake, flag in schema.get("x-flags", {}).items():
        adds = {"true": (shape.by_snake[flag["to"]].index, flag["adds"])}
        _add(shape, snake, None, Name("flag", extra=Extra(snake, adds)))


def _add(shape: ObjectShape, name: str, csharp: str | None, meaning: Name) -> None:
    """Adds a further name in its three dialects; canonical spellings stay what they are."""
    if csharp is None:
        csharp = name if any(char.isupper() for char in name) else pascal(name)
    snake = None if any(char.isupper() for char in name) else name
    forms = {"snake": snake, "pascal": csharp, "camel": camel(csharp)}
    for spelling in (name, camel(csharp), csharp):
        of = [dialect for dialect, form in forms.items() if form == spelling]
        shape.names.setdefault(spelling, replace(meaning, dialect=of[0] if len(of) == 1 else None))


def _number(schema: dict[str, Any]) -> NumberShape:
    low = schema.get("exclusiveMinimum")
    high = schema.get("exclusiveMaximum")
    return NumberShape(
        float(low if low is not None else schema.get("minimum", -_FLOAT_MAX)),
        low is not None,
        float(high if high is not None else schema.get("maximum", _FLOAT_MAX)),
        high is not None,
    )


def _regex(pattern: str) -> re.Pattern[str]:
    # In Python `$` also matches before a last LF; a pattern of the schemas ends at the very end.
    return re.compile(re.sub(r"(?<!\\)\$$", r"\\Z", pattern), re.ASCII)


def _text(schema: dict[str, Any]) -> TextShape:
    pattern = schema.get("pattern")
    aliases = [
        (_regex(alias["pattern"]), re.sub(r"\$(\d)", r"\\g<\1>", alias["to"]), alias["warning"])
        for alias in schema.get("x-aliases", [])
    ]
    return TextShape(
        schema.get("minLength", 0),
        schema.get("maxLength", _COUNT_MAX),
        _regex(pattern) if pattern else None,
        pattern or "",
        schema.get("x-not-blank") is True,
        schema.get("x-lower-case") is True,
        aliases,
    )


def _enumeration(schema: dict[str, Any]) -> EnumShape:
    values = schema["enum"]
    data = schema.get("x-values", {})
    spellings = {spelling.lower(): (value, True) for value in values for spelling in data.get(value, {}).get("spellings", [])}
    # The values come last, so that they win over a spelling that differs in case alone.
    spellings |= {value.lower(): (value, False) for value in values}
    return EnumShape(values, {v: i for i, v in enumerate(values)}, data, spellings)
