"""Looking up values of canonical documents by JSON Pointer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

__all__ = ["MISSING", "Missing", "at", "follow"]


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
