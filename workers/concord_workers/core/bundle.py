"""The schemas, the registry and the tables, as `cargo xtask codegen` bundles them. Read once per process."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["bundle", "limits"]

_FILE = Path(__file__).resolve().parent.parent / "contract" / "generated" / "bundle.json"


@cache
def bundle() -> dict[str, Any]:
    """`$defs`, `registry`, `errors`, `warnings`, `rules` and `limits` of this version of the contract."""
    content: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return content


def limits(name: str) -> float:
    """A single number of schemas/limits.json: `limits("heartbeat_seconds")`."""
    value: float = bundle()["limits"][name]["value"]
    return value
