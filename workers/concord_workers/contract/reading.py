"""Canonical documents to typed values and back, strictly: what the schemas refuse is refused here."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar, cast

import msgspec

from concord_workers.contract.checks import NotCanonicalError
from concord_workers.contract.generated import types

__all__ = ["read", "write"]

_T = TypeVar("_T")


def read(kind: type[_T] | str, document: Any) -> _T:
    """The typed value of a canonical document (snake, parsed JSON); `kind` is a type or the name of a definition.

    An absent member is None. Raises NotCanonicalError for anything that the schema refuses, `null` in the place of an
    absent member too.
    """
    target = types.DEFINITIONS[kind] if isinstance(kind, str) else kind
    try:
        value = msgspec.convert(document, target, strict=True)
    except msgspec.ValidationError as error:
        raise NotCanonicalError(str(error)) from error
    if _has_null(document):
        _refuse_nulls(value, document, "$")
    return cast("_T", value)


def write(value: Any) -> Any:
    """The canonical document of a typed value: absent members left out."""
    return msgspec.to_builtins(value)


def _has_null(document: Any) -> bool:
    """Whether there is a null anywhere; most documents have none, and need no second look."""
    if isinstance(document, dict):
        return any(_has_null(value) for value in document.values())
    if isinstance(document, list):
        return any(_has_null(item) for item in document)
    return document is None


@cache
def _members(kind: type[msgspec.Struct]) -> tuple[tuple[str, str, bool], ...]:
    """Attribute and name of each member, and whether it may be left out (and then is never null)."""
    return tuple((field.name, field.encode_name, not field.required) for field in msgspec.structs.fields(kind))


def _refuse_nulls(value: Any, document: Any, place: str) -> None:
    """msgspec reads `null` and an absent member alike; the schema does not."""
    if isinstance(value, msgspec.Struct):
        for attribute, name, optional in _members(type(value)):
            inner = getattr(value, attribute)
            if inner is None:
                if optional and name in document:
                    raise NotCanonicalError(f"`{place}.{name}` is null; leave it out")
            elif isinstance(inner, msgspec.Struct | list | dict):
                _refuse_nulls(inner, document[name], f"{place}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _refuse_nulls(item, document[index], f"{place}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_nulls(item, document[key], f"{place}[{key!r}]")
