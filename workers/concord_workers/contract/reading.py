"""Canonical documents to typed values and back. Reading is strict: it refuses what the schemas refuse."""

from __future__ import annotations

import json
from functools import cache
from typing import TypeVar, cast

import msgspec

from concord_workers.contract.checks import NotCanonicalError
from concord_workers.contract.generated import types
from concord_workers.contract.generated.submission import EffectiveSubmission, PartialSubmission

__all__ = ["read", "read_effective", "read_partial", "write"]

_T = TypeVar("_T")


def read(kind: type[_T] | str, document: object) -> _T:
    """The typed value of a canonical document (snake, parsed JSON). kind: a type, or the name of a definition.

    An absent member is None. Raises NotCanonicalError for anything that the schema refuses, also for `null` in the place
    of an absent member.
    """
    value = _converted(types.DEFINITIONS[kind] if isinstance(kind, str) else kind, document)
    if _has_null(document):
        _refuse_nulls(value, document, "$")
    return cast("_T", value)


def read_effective(document: object) -> EffectiveSubmission:
    """A prompt submission with all its defaults. Raises NotCanonicalError for anything that the schema refuses."""
    return read(EffectiveSubmission, document)


def read_partial(document: object) -> PartialSubmission:
    """A prompt submission without its faulty values; a faulty item of a list is None.

    Raises NotCanonicalError for an unknown member and for a value of another JSON type. Limits are not checked.
    """
    return cast("PartialSubmission", _converted(PartialSubmission, document))


def write(value: object) -> object:
    """The canonical document of a typed value: absent members left out."""
    return msgspec.to_builtins(value)


def _converted(kind: object, document: object) -> object:
    try:
        return msgspec.convert(document, cast("type[object]", kind), strict=True)
    except msgspec.ValidationError as error:
        raise NotCanonicalError(str(error)) from error


def _has_null(document: object) -> bool:
    """Whether there is a null anywhere. Most documents have none, and need no second walk over their typed value."""
    if isinstance(document, dict):
        return any(_has_null(value) for value in document.values())
    if isinstance(document, list):
        return any(_has_null(item) for item in document)
    return document is None


@cache
def _members(kind: type[msgspec.Struct]) -> tuple[tuple[str, str, bool], ...]:
    """Attribute and name of each member, and whether it may be left out, which means that it is never null."""
    return tuple((field.name, field.encode_name, not field.required) for field in msgspec.structs.fields(kind))


def _refuse_nulls(value: object, document: object, place: str) -> None:
    """msgspec reads `null` and an absent member alike; the schema does not."""
    if isinstance(value, msgspec.Struct) and isinstance(document, dict):
        for attribute, name, optional in _members(type(value)):
            inner = getattr(value, attribute)
            if inner is None:
                if optional and name in document:
                    raise NotCanonicalError(f"`{place}.{name}` is null; leave it out")
            elif isinstance(inner, msgspec.Struct | list | tuple | dict):
                _refuse_nulls(inner, document[name], f"{place}.{name}")
    elif isinstance(value, list | tuple) and isinstance(document, list):
        for index, item in enumerate(value):
            _refuse_nulls(item, document[index], f"{place}[{index}]")
    elif isinstance(value, dict) and isinstance(document, dict):
        for key, item in value.items():
            _refuse_nulls(item, document[key], f"{place}[{json.dumps(key)}]")
