"""Turns the engine's result into the `data` of each action that makes pictures."""

from __future__ import annotations

from typing import Any

from concord_workers.core.envelope import Command

__all__ = ["finish_result"]


def finish_result(result: dict[str, Any], command: Command, validation: dict[str, Any] | None) -> dict[str, Any]:
    """SDXLResult with the session echoed, and what `generate_image` and `structured_inference` have beside it."""
    if command.session_id is not None:
        result["session_id"] = command.session_id
    if command.action.reply == "ImageResult":
        first = result["image_details"][0]
        result |= {
            "output_path": first["path"],
            "seed": result["seed_used"],
            "width": first["width"],
            "height": first["height"],
        }
    if validation is not None:
        result["validation"] = validation
    return result
