"""Commands and documents that the tests share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from concord_workers.core.actions import Action
from concord_workers.core.reply import spell

FIXTURES = Path(__file__).resolve().parent.parent.parent.parent / "fixtures"


def submission(prompt: str = "a pier", **sections: Any) -> dict[str, Any]:
    """A canonical prompt submission of one small picture."""
    document: dict[str, Any] = {
        "model": {"base": "base"},
        "scheduler": {"type": "Euler", "steps": 2},
        "hyperparameters": {"seed": 3, "dimensions": {"width": 64, "height": 64}},
        "conditioning": {"prompt": prompt},
    }
    for name, members in sections.items():
        document[name] = {**document.get(name, {}), **members}
    return document


def job(request_id: str, prompt: str = "a pier", **sections: Any) -> dict[str, Any]:
    payload = {"prompt_submission": submission(prompt, **sections)}
    return {"action": "generate_sdxl", "request_id": request_id, "payload": payload}


def command(action: Action, fields: dict[str, Any], form: str, dialect: str, request_id: str | None = None) -> dict[str, Any]:
    """A command in one of the envelopes and dialects."""
    spelt = spell(action.request, fields, dialect)
    head = spell("EnvelopeHead", {"action": action.name} | ({"request_id": request_id} if request_id else {}), dialect)
    if form == "direct":
        return head | spelt
    return head | {"Payload" if dialect == "pascal" else "payload": spelt}


def rows(name: str) -> list[dict[str, Any]]:
    """The rows of a fixture of JSON lines."""
    return [json.loads(line) for line in (FIXTURES / name).read_text(encoding="utf-8").splitlines() if line.strip()]


def same_numbers(a: Any, b: Any) -> bool:
    """Equal as JSON, where 2 and 2.0 are one number."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, int | float) and isinstance(b, int | float):
        return a == b
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same_numbers(value, b[name]) for name, value in a.items())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same_numbers, a, b))
    return type(a) is type(b) and a == b
