"""The shapes of a LoRA's matrices against each other: what no base can take, found without one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["change_shape", "own_misfit"]

Shapes = Mapping[str, tuple[int, ...]]


def own_misfit(names: Mapping[str, str], tensors: Mapping[str, Any]) -> str | None:
    """The fault of a layer's matrices that is one for every base; None where there is none. names: role → name in the file."""
    shapes = _shapes(names, tensors)
    down, up = shapes["down"], shapes["up"]
    if len(down) < 2 or len(up) < 2:
        return f"has matrices of the shapes {list(down)} and {list(up)}"
    if up[1] == 0:
        return "has the rank 0"
    mid = shapes.get("mid")
    if mid is not None and not (len(mid) == 4 and mid[:2] == (up[1], down[0]) and _ones(down[2:])):
        return f"has a middle of the shape {list(mid)}"
    if (mid is None and down[0] != up[1]) or not _ones(up[2:]):
        return f"has matrices of the shapes {list(down)} and {list(up)}, which do not go together"
    magnitude = shapes.get("magnitude")
    if magnitude is not None and math.prod(magnitude) != up[0]:
        return f"has magnitudes of the shape {list(magnitude)} for {up[0]} outputs"
    return None


def change_shape(names: Mapping[str, str], tensors: Mapping[str, Any]) -> tuple[int, ...]:
    """The shape of the weights that a layer's matrices change, where `own_misfit` finds no fault."""
    shapes = _shapes(names, tensors)
    down, up = shapes["down"], shapes["up"]
    return (up[0], down[1], *(shapes["mid"][2:] if "mid" in shapes else down[2:]))


def _shapes(names: Mapping[str, str], tensors: Mapping[str, Any]) -> Shapes:
    return {role: tuple(tensors[name].shape) for role, name in names.items()}


def _ones(sides: tuple[int, ...]) -> bool:
    return all(side == 1 for side in sides)
