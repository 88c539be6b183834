"""Numbers, strings and enums: one value against its bounds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from concord_workers.core.bundle import limits
from concord_workers.core.dictionary import BooleanShape, EnumShape, IntegerShape, NullShape, NumberShape, Shape, TextShape
from concord_workers.core.hint import Hints
from concord_workers.core.pointer import MISSING
from concord_workers.core.tree import Number, kind_of
from concord_workers.core.violation import ValueViolation

__all__ = [
    "Scalar",
    "count_violation",
    "named",
    "nearest",
    "plain",
    "pointed",
    "read_scalar",
    "shorten",
    "valued",
    "whole",
    "written_by",
]

_FLOAT_MAX = 1.7976931348623157e308
# 2^63: larger JSON numbers arrive as floats and lose digits; they are reported as out of range by their sign.
_INTEGER_RANGE = 9_223_372_036_854_775_808.0
# White_Space of Unicode; `str.isspace` has four control characters more.
_WHITE = frozenset("\t\n\x0b\x0c\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000") | {chr(c) for c in range(0x2000, 0x200B)}
_SHOWN = int(limits("shown_characters_max"))
_POINTER_SHOWN = int(limits("shown_pointer_characters_max"))
_PATTERN_SHOWN = int(limits("shown_pattern_characters_max"))
# An integer's form, for messages. `-0` has neither fraction nor exponent, but many JSON readers make a float of it.
_INTEGER_FORM = "without fraction, exponent or the sign of a zero"
# The hint for an enum that is written as a number.
_NUMBER_HINT = "add JsonStringEnumConverter to the C# options, so that the enum is written by name"
_PRESERVE = "ReferenceHandler.Preserve writes it: leave that out of the C# options"
_DISCRIMINATOR = "TypeNameHandling or a type discriminator writes it: leave that out of the C# options"
_WRITTEN_BY = {"$id": _PRESERVE, "$ref": _PRESERVE, "$values": _PRESERVE, "$type": _DISCRIMINATOR}


@dataclass
class Scalar:
    """One read value. value: canonical; kept where only a limit is broken. violation: its members except the pointer.

    respelt: the warning's code, the sender's spelling, and the value that it was read as.
    """

    value: Any = MISSING
    violation: ValueViolation | None = None
    respelt: tuple[str, str, str] | None = None


def read_scalar(shape: Shape, tree: object, lenient: bool, hints: Hints) -> Scalar:
    """Reads a scalar of a resolved shape. lenient: accepted spellings and case are read too."""
    kinds, wanted, reader = _READERS[type(shape)]
    if type(tree) in kinds:
        return reader(shape, tree, lenient, hints)
    if isinstance(shape, EnumShape):
        return _no_name(shape, tree)
    return _bad(f"expected {wanted}, not {kind_of(tree)}", hints.of_type(shape, tree))


def count_violation(length: int, minimum: int, maximum: int, of: str) -> ValueViolation | None:
    """The violation of a list's or map's length."""
    if minimum <= length <= maximum:
        return None
    return _beyond(MISSING, f"{length} {of}; {minimum}..{maximum} are allowed", minimum, maximum).violation


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like an unknown one; None where none is near. Of equals the first in the alphabet."""
    # No name is near to one of twice its length, and a comparison costs the product of both lengths.
    possible = [one for one in known if abs(len(name) - len(one)) * 2 <= max(len(name), len(one))]
    if not possible:
        return None
    lowered = name.lower()
    best: tuple[float, str] | None = None
    for candidate in possible:
        likeness = _likeness(lowered, candidate.lower())
        if likeness >= 0.5 and (best is None or likeness > best[0] or (likeness == best[0] and candidate < best[1])):
            best = (likeness, candidate)
    return best[1] if best else None


def plain(number: float) -> str:
    """A number in full, without exponent, and without a fraction where it has none."""
    if isinstance(number, int):
        return str(number)
    text = format(Decimal(repr(number)), "f")
    return text.removesuffix(".0") if "." in text else text


def whole(limit: float) -> float:
    """A limit as the schema writes it: `1`, not `1.0`."""
    return int(limit) if limit == int(limit) else limit


def written_by(name: str) -> str | None:
    """The sentence about the option of a C# serializer that writes such a name; None for other names."""
    return _WRITTEN_BY.get(name)


def named(name: str) -> str:
    """A name as a message shows it: shortened, in backticks."""
    return f"`{name[:_SHOWN]}…`" if len(name) > _SHOWN else f"`{name}`"


def pointed(pointer: str) -> str:
    """A pointer as a message shows it: shortened."""
    return pointer[:_POINTER_SHOWN] + "…" if len(pointer) > _POINTER_SHOWN else pointer


def shorten(text: str) -> str:
    """A sender's string as a message shows it: at most a line, quoted and escaped as in JSON."""
    quoted = json.dumps(text[:_SHOWN], ensure_ascii=False)
    return quoted + "…" if len(text) > _SHOWN else quoted


def valued(value: object) -> str:
    """A value of any type as a message shows it."""
    if isinstance(value, str):
        return shorten(value)
    text = json.dumps(value, ensure_ascii=False)
    return text[:_SHOWN] + "…" if len(text) > _SHOWN else text


def _brief(pattern: str) -> str:
    """A pattern as a message shows it: shortened, as that of a trace has over a thousand characters."""
    return pattern[:_PATTERN_SHOWN] + "…" if len(pattern) > _PATTERN_SHOWN else pattern


def _bad(message: str, hint: str) -> Scalar:
    return Scalar(violation={"code": "unsupported_value", "message": message, "hint": hint})


def _shown(number: float) -> str:
    """A number as a message shows it: as its sender wrote it, where that is known."""
    if not isinstance(number, Number):
        return json.dumps(number)
    return number.written[:_SHOWN] + "…" if len(number.written) > _SHOWN else number.written


def _beyond(value: object, message: str, minimum: float, maximum: float) -> Scalar:
    violation: ValueViolation = {"code": "out_of_range", "message": message}
    if abs(minimum) < _FLOAT_MAX:
        violation["minimum"] = whole(minimum)
    if abs(maximum) < _FLOAT_MAX:
        violation["maximum"] = whole(maximum)
    return Scalar(value, violation)


def _itself(shape: Shape, tree: object, lenient: bool, hints: Hints) -> Scalar:
    return Scalar(tree)


def _integer(shape: IntegerShape, tree: Any, lenient: bool, hints: Hints) -> Scalar:
    if type(tree) is int:
        if shape.minimum <= tree <= shape.maximum and tree % shape.multiple_of == 0:
            return Scalar(tree)
    elif abs(tree) < _INTEGER_RANGE:
        message = f"an integer is written {_INTEGER_FORM}, not as {_shown(tree)}"
        return _bad(message, f"write it {_INTEGER_FORM}{hints.such_as()}")
    allowed = f"{shape.minimum}..{shape.maximum}"
    if shape.multiple_of > 1:
        allowed += f" or not a multiple of {shape.multiple_of}"
    # No value: a float would be another number than the written one.
    value = tree if type(tree) is int else MISSING
    return _beyond(value, f"{_shown(tree)} is outside {allowed}", shape.minimum, shape.maximum)


def _number(shape: NumberShape, tree: Any, lenient: bool, hints: Hints) -> Scalar:
    number = float(tree)
    low = number <= shape.minimum if shape.minimum_exclusive else number < shape.minimum
    high = number >= shape.maximum if shape.maximum_exclusive else number > shape.maximum
    if not low and not high:
        return Scalar(number)
    minimum, maximum = plain(shape.minimum), plain(shape.maximum)
    if shape.minimum_exclusive or shape.maximum_exclusive:
        above = "above" if shape.minimum_exclusive else "at least"
        below = "below" if shape.maximum_exclusive else "at most"
        allowed = f"not {above} {minimum} and {below} {maximum}"
    else:
        allowed = f"outside {minimum}..{maximum}"
    message = f"{_shown(tree)} is {allowed}"
    return _beyond(number, message, shape.minimum, shape.maximum)


def _text(shape: TextShape, tree: str, lenient: bool, hints: Hints) -> Scalar:
    text = tree.lower() if lenient and shape.lower_case else tree
    if not shape.minimum <= len(text) <= shape.maximum:
        allowed = f"{shape.minimum}..{shape.maximum} are allowed"
        return _beyond(text, f"{len(text)} characters; {allowed}", shape.minimum, shape.maximum)
    if shape.not_blank and all(char in _WHITE for char in text):
        return _bad("the text is blank", f"write more than white space{hints.such_as()}")
    if shape.pattern is None or shape.pattern.search(text):
        return Scalar(text)
    for pattern, template, warning in shape.aliases if lenient else []:
        if pattern.search(text):
            meant = pattern.sub(template, text, count=1)
            return Scalar(meant, respelt=(warning, text, meant))
    return _bad(f"{shorten(text)} does not match {_brief(shape.pattern_text)}", hints.of_form())


def _no_name(shape: EnumShape, tree: object) -> Scalar:
    """A value of another type in the place of an enum."""
    message = f"expected one of the allowed names, not {kind_of(tree)}"
    hint = f'write one of the allowed names in quotes, such as "{shape.values[0]}"'
    if type(tree) is int:
        message += f"; {_NUMBER_HINT}"
        hint = _NUMBER_HINT
    return Scalar(violation={"code": "unsupported_value", "message": message, "allowed": list(shape.values), "hint": hint})


def _enumeration(shape: EnumShape, tree: str, lenient: bool, hints: Hints) -> Scalar:
    if tree in shape.positions:
        return Scalar(tree)
    if lenient and (found := shape.spellings.get(tree.lower())) is not None:
        meant, accepted = found
        return Scalar(meant, respelt=("accepted_spelling", tree, meant) if accepted else None)
    violation: ValueViolation = {
        "code": "unsupported_value",
        "message": f"{shorten(tree)} is not one of {', '.join(shape.values)}",
        "allowed": list(shape.values),
    }
    if (near := nearest(tree, shape.values)) is not None:
        violation["nearest"] = near
    return Scalar(violation=violation)


_Reader = Callable[[Any, Any, bool, Hints], Scalar]
_NUMBERS: tuple[type, ...] = (int, float, Number)
# Shape → its reader, the Python types that it reads, and its name in a message.
_READERS: dict[type[Shape], tuple[tuple[type, ...], str, _Reader]] = {
    BooleanShape: ((bool,), "true or false", _itself),
    NullShape: ((type(None),), "null", _itself),
    IntegerShape: (_NUMBERS, "an integer", _integer),
    NumberShape: (_NUMBERS, "a number", _number),
    TextShape: ((str,), "a string", _text),
    EnumShape: ((str,), "a name", _enumeration),
}


def _likeness(a: str, b: str) -> float:
    """1 less the Damerau-Levenshtein distance (unrestricted transpositions), as a share of the longer one."""
    if not a and not b:
        return 1.0
    # The distance is at least the difference of the lengths; most candidates end here.
    longest = max(len(a), len(b))
    if abs(len(a) - len(b)) > longest / 2:
        return 0.0
    return 1.0 - _distance(a, b) / longest


def _distance(a: str, b: str) -> int:
    most = len(a) + len(b)
    last_row: dict[str, int] = {}
    rows: list[list[int]] = [[most] * (len(b) + 2), [most, *range(len(b) + 1)]]
    for i, from_char in enumerate(a, 1):
        row = [most, i] + [0] * len(b)
        last_column = 0
        for j, to_char in enumerate(b, 1):
            matching_row = last_row.get(to_char, 0)
            swap = rows[matching_row][last_column] + (i - matching_row - 1) + 1 + (j - last_column - 1)
            equal = from_char == to_char
            row[j + 1] = min(rows[i][j] + (not equal), row[j] + 1, rows[i][j + 1] + 1, swap)
            if equal:
                last_column = j
        last_row[from_char] = i
        rows.append(row)
    return rows[-1][-1]
