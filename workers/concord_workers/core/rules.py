"""Rules over several fields, as `schemas/rules.json` writes them; pointers are relative to the rule's definition."""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from concord_workers.core.bundle import bundle
from concord_workers.core.condition import Condition, compile_condition, same
from concord_workers.core.dictionary import Dictionary, Shape
from concord_workers.core.pointer import MISSING, at
from concord_workers.core.scalar import plain

__all__ = ["Breach", "Rule", "compile_rules"]


@dataclass
class Breach:
    """A broken rule. fields: those that it compares; the pointer of the violation is the last one that the sender wrote."""

    code: str
    is_warning: bool
    fields: list[str]
    message: str
    minimum: float | None = None
    maximum: float | None = None


_Measured = tuple[float | None, float | None, float | None]
"""The value measured, its lower and its upper limit, each where there is one."""


class Rule:
    """One rule; `*` in its fields is each item of a list."""

    def __init__(self, schema: dict[str, Any], dictionary: Dictionary) -> None:
        self.id: str = schema["id"]
        self._schema = schema
        self._kind: str = schema["kind"]
        self._fields: list[str] = schema.get("fields", [])
        self._code: str = schema["code"]
        self._is_warning = self._code in {row["code"] for row in bundle()["warnings"]}
        self._when: Condition | None = compile_condition(schema["when"], dictionary) if "when" in schema else None
        self._check = _KINDS[self._kind](schema, dictionary)

    def breaches(self, effective: object, shape: Shape, is_faulty: Callable[[str], bool]) -> list[Breach]:
        """Every breach in a document with its defaults applied. Faulty values are not compared."""
        if self._when is not None and not self._when(effective, shape):
            return []
        found = []
        for fields in self._instances(effective):
            if any(is_faulty(field) for field in fields):
                continue
            values = [at(effective, field) for field in fields]
            measured = self._check(values, effective, shape)
            if measured is not None:
                found.append(self._breach(fields, values, measured))
        return found

    def _instances(self, document: object) -> list[list[str]]:
        if not self._fields or "/*" not in self._fields[0]:
            return [self._fields]
        items = at(document, self._fields[0].split("/*")[0])
        count = len(items) if isinstance(items, list) else 0
        return [[field.replace("*", str(i)) for field in self._fields] for i in range(count)]

    def _breach(self, fields: list[str], values: list[object], measured: _Measured) -> Breach:
        value, minimum, maximum = measured
        shown = [_show(of) for of in values] + ["absent"] * 2
        message = (
            self._schema["message"]
            .replace("{left}", shown[0])
            .replace("{right}", shown[1])
            .replace("{value}", _plain(value))
            .replace("{minimum}", _plain(minimum))
            .replace("{maximum}", _plain(maximum))
        )
        return Breach(self._code, self._is_warning, fields, message, minimum, maximum)


def compile_rules(schemas: list[dict[str, Any]], dictionary: Dictionary) -> None:
    """Adds every rule to the definition that it is stated for."""
    for schema in schemas:
        dictionary.named(schema["on"]).rules.append(Rule(schema, dictionary))


_Check = Callable[[list[Any], Any, Shape], _Measured | None]
_BROKEN: _Measured = (None, None, None)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numbers(values: list[object], count: int) -> bool:
    return all(_is_number(value) for value in values[:count])


def _over(value: float, maximum: float) -> _Measured | None:
    return (value, None, maximum) if value > maximum else None


def _round(value: float) -> float:
    # Half away from zero, as every party computes an upscaled side.
    return math.floor(value + 0.5)


def _product(schema: dict[str, Any], dictionary: Dictionary) -> _Check:
    maximum = schema["maximum"]
    return lambda v, d, s: _over(v[0] * v[1], maximum) if _numbers(v, 2) else None


def _last_seed(schema: dict[str, Any], dictionary: Dictionary) -> _Check:
    maximum = schema["maximum"]

    def check(values: list[Any], document: Any, shape: Shape) -> _Measured | None:
        seed, size = values[0], values[1]
        if type(seed) is not int or type(size) is not int or seed < 0:
            return None
        return _over(seed + size - 1, maximum)

    return check


def _floor_product(schema: dict[str, Any], dictionary: Dictionary) -> _Check:
    minimum = schema["minimum"]

    def check(values: list[Any], document: Any, shape: Shape) -> _Measured | None:
        if not _numbers(values, 2):
            return None
        floor = math.floor(values[0] * values[1])
        return (floor, minimum, None) if floor < minimum else None

    return check


def _scaled(schema: dict[str, Any], dictionary: Dictionary) -> _Check:
    maximum = schema["maximum"]
    combine: Callable[[float, float], float] = max if schema["kind"] == "scaled_at_most" else operator.mul
    return lambda v, d, s: _over(combine(_round(v[0] * v[2]), _round(v[1] * v[2])), maximum) if _numbers(v, 3) else None


def _broken_if(broken: Callable[[list[Any]], bool]) -> Callable[[dict[str, Any], Dictionary], _Check]:
    return lambda schema, dictionary: lambda v, d, s: _BROKEN if broken(v) else None


def _requires(schema: dict[str, Any], dictionary: Dictionary) -> _Check:
    other = schema["requires"]
    return lambda v, d, s: _BROKEN if v[0] is not MISSING and at(d, other) is MISSING else None


def _forbidden(schema: dict[str, Any], dictionary: Dictionary) -> _Check:
    condition = compile_condition(schema["forbidden"], dictionary)
    return lambda v, d, s: _BROKEN if condition(d, s) else None


_KINDS: dict[str, Callable[[dict[str, Any], Dictionary], _Check]] = {
    "product_at_most": _product,
    "last_seed_at_most": _last_seed,
    "floor_product_at_least": _floor_product,
    "scaled_at_most": _scaled,
    "scaled_product_at_most": _scaled,
    "less_than": _broken_if(lambda v: _numbers(v, 2) and v[0] >= v[1]),
    "requires": _requires,
    "forbidden_when": _forbidden,
    "no_effect": _forbidden,
    "not_both": _broken_if(lambda v: v[0] is not MISSING and v[1] is not MISSING),
    "required_when": _broken_if(lambda v: v[0] is MISSING),
    "exactly_one": _broken_if(lambda v: (v[0] is MISSING) == (v[1] is MISSING)),
    "same": _broken_if(lambda v: v[0] is not MISSING and v[1] is not MISSING and not same(v[0], v[1])),
    "at_least_one": _broken_if(lambda v: v[0] is MISSING and v[1] is MISSING),
    "weight_zero": _broken_if(lambda v: _is_number(v[0]) and v[0] == 0),
}


def _show(value: object) -> str:
    if value is MISSING:
        return "absent"
    if isinstance(value, str):
        return f"`{value}`"
    # The schema writes 1, and a canonical number is 1.0.
    return plain(value) if isinstance(value, float) else json.dumps(value)


def _plain(number: float | None) -> str:
    return plain(number) if number is not None else ""
