"""The effective document: what was said, with every default that applies. `seed` stays -1."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Literal

from core.dictionary import ListShape, ObjectShape, Property, Shape, dictionary
from core.pointer import MISSING, at

__all__ = ["DeviceKind", "effective", "with_defaults"]

DeviceKind = Literal["gpu", "cpu"]

_Default = Callable[[Property], Any]


def effective(definition: str, document: Any, device: DeviceKind) -> Any:
    """A canonical document with its defaults. One that is bound to another field stands only where it can take effect."""
    return with_defaults(document, dictionary().named(definition).shape, device)


def with_defaults(document: Any, shape: Shape, device: DeviceKind | None) -> Any:
    """Defaults filled in; those that hang on a device only where one is named."""
    tables = dictionary()
    whole = copy.deepcopy(document)

    def plain(prop: Property) -> Any:
        if prop.takes_effect_when is not None:
            return MISSING
        if prop.default_by_device is not None and device is not None:
            return prop.default_by_device.get(device, MISSING)
        return tables.default_of(prop)

    def bound(prop: Property) -> Any:
        if prop.default_by is not None:
            field, values = prop.default_by
            value = at(asked, field)
            return values.get(value, MISSING) if isinstance(value, str) else MISSING
        if prop.takes_effect_when is None or not prop.takes_effect_when(asked, shape):
            return MISSING
        return tables.default_of(prop)

    _fill(whole, shape, plain)
    # Bound defaults are asked of a document that has its plain ones. They never stand for each other, so one that was
    # just filled in cannot change another's answer.
    asked = copy.deepcopy(whole)
    _fill(whole, shape, bound)
    return whole


def _fill(value: Any, shape: Shape, default: _Default) -> None:
    resolved = shape.resolved
    if isinstance(resolved, ObjectShape):
        if isinstance(value, dict):
            _fill_object(value, resolved, default)
    elif isinstance(resolved, ListShape) and isinstance(value, list):
        for item in value:
            _fill(item, resolved.item, default)


def _fill_object(members: dict[str, Any], shape: ObjectShape, default: _Default) -> None:
    for prop in shape.properties:
        if prop.snake in members:
            _fill(members[prop.snake], prop.shape, default)
            continue
        inner = prop.shape.resolved
        if isinstance(inner, ObjectShape):
            filled: dict[str, Any] = {}
            _fill_object(filled, inner, default)
            if filled:
                members[prop.snake] = filled
        elif (value := default(prop)) is not MISSING:
            members[prop.snake] = copy.deepcopy(value)
