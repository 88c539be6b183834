"""The effective document: the sender's values, with every default that applies. `seed` stays -1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from concord_workers.core.dictionary import ListShape, ObjectShape, Property, Shape, dictionary
from concord_workers.core.pointer import MISSING, at

__all__ = ["DeviceKind", "effective", "with_defaults"]

DeviceKind = Literal["gpu", "cpu"]

_Default = Callable[[Property], Any]


def effective(definition: str, document: Any, device: DeviceKind) -> Any:
    """A canonical document with its defaults. A default that is bound to another field is set only where it can take effect."""
    return with_defaults(document, dictionary().named(definition).shape, device)


def with_defaults(document: object, shape: Shape, device: DeviceKind | None) -> object:
    """A copy with defaults; those that depend on the device only where one is given."""
    whole = _copy(document)

    def plain(prop: Property) -> object:
        if prop.takes_effect_when is not None:
            return MISSING
        if prop.default_by_device is not None and device is not None:
            return prop.default_by_device.get(device, MISSING)
        return prop.absent

    def bound(prop: Property) -> object:
        if prop.default_by is not None:
            field, values = prop.default_by
            value = at(asked, field)
            return values.get(value, MISSING) if isinstance(value, str) else MISSING
        if prop.takes_effect_when is None or not prop.takes_effect_when(asked, shape):
            return MISSING
        return prop.absent

    _fill(whole, shape.resolved, plain)
    # Conditions see a document with its plain defaults and without bound ones, so that the order of properties is of no effect.
    asked = _copy(whole)
    _fill(whole, shape.resolved, bound)
    return whole


def _fill(value: object, shape: Shape, default: _Default) -> None:
    if isinstance(shape, ObjectShape):
        if isinstance(value, dict):
            _fill_object(value, shape, default)
    elif isinstance(shape, ListShape) and isinstance(value, list):
        inner = shape.item.resolved
        for item in value:
            _fill(item, inner, default)


def _fill_object(members: dict[str, Any], shape: ObjectShape, default: _Default) -> None:
    for prop in shape.properties:
        name, inner = prop.snake, prop.resolved
        if name in members:
            if isinstance(inner, ObjectShape | ListShape):
                _fill(members[name], inner, default)
        elif isinstance(inner, ObjectShape):
            filled: dict[str, Any] = {}
            _fill_object(filled, inner, default)
            if filled:
                members[name] = filled
        elif (value := default(prop)) is not MISSING:
            members[name] = _copy(value)


def _copy(value: object) -> object:
    """A deep copy of a JSON value; faster than copy.deepcopy, which also looks for rings."""
    if isinstance(value, dict):
        return {name: _copy(member) for name, member in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value
