"""The tables of the bundled schemas that the engine needs: values of enums with what they carry, and numeric limits."""

from __future__ import annotations

from typing import Any

from concord_workers.core.bundle import bundle
from concord_workers.core.dictionary import TextShape, dictionary

__all__ = ["control_net_values", "limit", "matches", "names", "rule_maximum", "scheduler_values"]


def scheduler_values() -> dict[str, dict[str, Any]]:
    """Scheduler name → diffusers_class, recommended_steps, description, diffusers_config?, karras?, karras_of?, …"""
    values: dict[str, dict[str, Any]] = bundle()["$defs"]["SchedulerType"]["x-values"]
    return values


def control_net_values() -> dict[str, dict[str, Any]]:
    """ControlNet type → recommended_weight, description, supported_formats."""
    values: dict[str, dict[str, Any]] = bundle()["$defs"]["ControlNetType"]["x-values"]
    return values


def names(definition: str) -> list[str]:
    """The values of an enum, in the schema's order."""
    values: list[str] = bundle()["$defs"][definition]["enum"]
    return values


def limit(definition: str, keyword: str) -> int:
    """A bound of a numeric definition, or of a property: `limit("Conditioning/clip_skip", "maximum")`."""
    owner, _, name = definition.partition("/")
    found = bundle()["$defs"][owner]
    value: int = (found["properties"][name] if name else found)[keyword]
    return value


def matches(definition: str, text: str) -> bool:
    """Whether a text has the pattern of a definition."""
    shape = dictionary().named(definition).shape
    assert isinstance(shape, TextShape) and shape.pattern is not None, f"{definition} has no pattern"
    return shape.pattern.search(text) is not None


def rule_maximum(rule: str) -> int:
    """The maximum of a rule over several fields."""
    value: int = next(row["maximum"] for row in bundle()["rules"] if row["id"] == rule)
    return value
