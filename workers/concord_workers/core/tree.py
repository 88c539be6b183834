"""Parses JSON and keeps its written form: the order of members, duplicate names, integers apart from numbers. Bounds the depth.

A document without duplicates is plain dicts and lists; one with duplicates is `Pairs`, which has their pointers.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from concord_workers.core.bundle import limits
from concord_workers.core.naming import escape
from concord_workers.core.pointer import POINTER_BYTES_MAX, reachable

__all__ = ["Duplicates", "Number", "Pairs", "TreeError", "kind_of", "parse"]

_DEPTH_MAX = int(limits("depth_max"))
_ERRORS_MAX = int(limits("errors_max"))
_INTEGER_DIGITS = 18  # so many digits always fit into 64 bits
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class TreeError(ValueError):
    """The bytes are not JSON, or parties would read them differently."""


class Duplicates(Exception):
    """A name stands twice in one object. pairs: the document as `Pairs`; pointers: the first of the second and later ones.

    total: how many there are.
    """

    def __init__(self, pairs: object, pointers: list[str], total: int) -> None:
        super().__init__(pointers[0])
        self.pairs = pairs
        self.pointers = pointers
        self.total = total


class Pairs(list[tuple[str, Any]]):
    """An object as its members in the sender's order; equal names may stand twice."""


class Number(float):
    """A number whose value alone does not say how it was written: `1.50`, `3e1`, `-0`, an integer beyond 64 bits."""

    written: str


class _Seen(Exception):
    pass


def parse(content: bytes) -> object:
    """Parses one document. Raises TreeError, Duplicates."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TreeError(f"invalid UTF-8 at byte {error.start}") from error
    if text.startswith("\ufeff"):
        raise TreeError(_LATE_BOM)
    try:
        tree = _DECODER.decode(text)
    except _Seen:
        return _with_duplicates(text)
    except (ValueError, RecursionError) as error:
        raise TreeError(_comment(text, error) or str(error)) from error
    _check(text, tree)
    return tree


# `core.communication` removes the one before the first frame.
_LATE_BOM = "the document begins with a byte order mark (BOM), which only the first frame may have: write UTF-8 without it"


def _comment(text: str, error: Exception) -> str | None:
    """The message for a comment, where one stands at the place of the error."""
    if not isinstance(error, json.JSONDecodeError) or text[error.pos : error.pos + 2] not in ("//", "/*"):
        return None
    return f"JSON has no comments: one begins at line {error.lineno} column {error.colno}"


def kind_of(tree: object) -> str:
    """What kind of JSON value it is, in words."""
    return _KINDS[type(tree)]


_KINDS = {
    type(None): "null",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    Number: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
    Pairs: "an object",
}


def _with_duplicates(text: str) -> object:
    try:
        pairs = _PAIRS_DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise TreeError(str(error)) from error
    _check(text, pairs)
    found = _Found()
    found.find(pairs, [])
    raise Duplicates(pairs, found.pointers, found.total)


class _Found:
    """Finds duplicate names. Only the first ones get pointers: a name may be as long as the document."""

    def __init__(self) -> None:
        self.pointers: list[str] = []
        self.total = 0
        self._bytes = 0

    def find(self, tree: object, path: list[str]) -> None:
        if isinstance(tree, Pairs):
            known: set[str] = set()
            for name, value in tree:
                path.append(name)
                if name in known:
                    self._note(path)
                known.add(name)
                self.find(value, path)
                path.pop()
        elif isinstance(tree, list):
            for i, item in enumerate(tree):
                path.append(str(i))
                self.find(item, path)
                path.pop()

    def _note(self, path: list[str]) -> None:
        self.total += 1
        if len(self.pointers) >= _ERRORS_MAX or self._bytes > POINTER_BYTES_MAX:
            return
        pointer = reachable("".join("/" + escape(token) for token in path))
        self._bytes += len(pointer.encode())
        if self._bytes <= POINTER_BYTES_MAX:
            self.pointers.append(pointer)


def _check(text: str, tree: object) -> None:
    """Depth and lone surrogates: looked for only where the text may have them."""
    if text.count("{") + text.count("[") > _DEPTH_MAX and _depth(tree, _DEPTH_MAX + 1) > _DEPTH_MAX:
        raise TreeError(f"nesting deeper than {_DEPTH_MAX} levels")
    if _SURROGATE.search(text) is not None:
        try:
            json.dumps(tree, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError as error:
            raise TreeError("a lone surrogate in an escape") from error


def _depth(tree: object, most: int) -> int:
    if most == 0:
        return 0
    if isinstance(tree, Pairs):
        return 1 + max((_depth(value, most - 1) for _, value in tree), default=0)
    if isinstance(tree, dict):
        return 1 + max((_depth(value, most - 1) for value in tree.values()), default=0)
    if isinstance(tree, list):
        return 1 + max((_depth(item, most - 1) for item in tree), default=0)
    return 0


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Seen
    return members


def _integer(text: str) -> int | float:
    if len(text) <= _INTEGER_DIGITS:
        return _number(text) if text == "-0" else int(text)
    # Beyond 64 bits a number is outside every limit of the contract, and stays so as a float.
    if len(text) <= 20 and -(2**63) <= int(text) < 2**63:
        return int(text)
    return _number(text)


# Numbers of this form are printed as they were written, so that no `Number` is needed.
_PLAIN = re.compile(r"-?(?!0\.000)[0-9]{1,7}\.(?:0|[0-9]{0,6}[1-9])")


def _number(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError("number out of range")
    if _PLAIN.fullmatch(text) is not None:
        return value
    number = Number(value)
    number.written = text
    return number


def _constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_constant)
_PAIRS_DECODER = json.JSONDecoder(object_pairs_hook=Pairs, parse_int=_integer, parse_float=_number, parse_constant=_constant)
