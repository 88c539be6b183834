"""The registry of actions: names, classes, schemas and time limits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from concord_workers.core.bundle import bundle

__all__ = ["Action", "actions", "find_action"]


@dataclass(frozen=True)
class Action:
    """One action. kind: query, control, job, training or gateway. request, reply: names of definitions.
    request_id_max: the most characters of its `request_id`; None: as many as any id has.

    timeout_seconds: the limit of a command that sets none; None: no limit. when: (field, value, kind, timeout), an override.
    """

    name: str
    kind: str
    request: str
    reply: str
    wrapped_in: str | None
    request_id_max: int | None
    timeout_seconds: float | None
    when: tuple[str, Any, str, float | None] | None

    def kind_of(self, fields: dict[str, Any] | None) -> tuple[str, float | None]:
        """Class and time limit of a command with these fields."""
        if self.when is not None and fields is not None and fields.get(self.when[0]) == self.when[1]:
            return self.when[2], self.when[3]
        return self.kind, self.timeout_seconds


@cache
def actions() -> dict[str, Action]:
    """Every action by its name, in the registry's order."""
    registry = bundle()["registry"]
    classes = registry["classes"]
    found = {}
    for row in registry["actions"]:
        when = row.get("class_when")
        found[row["action"]] = Action(
            name=row["action"],
            kind=row["class"],
            request=row["request"].removeprefix("#/$defs/"),
            reply=row["reply"].removeprefix("#/$defs/"),
            wrapped_in=row.get("wrapped_in"),
            request_id_max=row.get("request_id_max"),
            timeout_seconds=row.get("timeout_seconds", classes[row["class"]]["timeout_seconds"]),
            when=(when["field"], when["equals"], when["class"], when.get("timeout_seconds")) if when else None,
        )
    return found


@cache
def _names() -> dict[str, Action]:
    names = {alias: row["action"] for row in bundle()["registry"]["actions"] for alias in row["aliases"]}
    return actions() | {alias: actions()[name] for alias, name in names.items()}


def find_action(name: str) -> Action | None:
    """The action of a name or alias."""
    return _names().get(name)
