"""JSON Pointers: looking up values of canonical documents, and what a reply has room for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from concord_workers.core.bundle import limits

__all__ = ["MISSING", "POINTER_BYTES_MAX", "Missing", "at", "follow", "reachable"]

POINTER_BYTES_MAX: Final = int(limits("pointer_bytes_max"))


class Missing:
    """The type of `MISSING`: no value, which differs from null."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


def follow(document: object, path: Iterable[str]) -> object:
    """The value at a path of names and indices, or `MISSING`."""
    for token in path:
        if isinstance(document, dict):
            document = document.get(token, MISSING)
        elif isinstance(document, list) and token.isdecimal() and int(token) < len(document):
            document = document[int(token)]
        else:
            return MISSING
    return document


def at(document: object, pointer: str) -> object:
    """The value at a JSON Pointer, or `MISSING`. Tokens of maps keep their `~` escapes."""
    if not pointer:
        return document
    tokens = pointer.split("/")[1:]
    if "~" in pointer:
        tokens = [token.replace("~1", "/").replace("~0", "~") for token in tokens]
    return follow(document, tokens)


def reachable(pointer: str) -> str:
    """The pointer that a reply has for a place.

    One name may be as long as the document, and a pointer that is cut leads nowhere: instead of one that is too long this
    is that of the nearest container whose pointer is not.
    """
    while len(pointer.encode()) > POINTER_BYTES_MAX:
        pointer = pointer.rpartition("/")[0]
    return pointer
