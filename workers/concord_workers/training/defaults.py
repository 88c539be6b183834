"""Defaults and limits of a training job, from the bundle of the schemas."""

from __future__ import annotations

from typing import Any

from concord_workers.core.bundle import bundle, limits

__all__ = ["chosen_seed_max", "dreambooth_mode", "hyperparameters", "loss_max"]


def hyperparameters(training_type: str) -> dict[str, Any]:
    """The defaults of a job's hyperparameters; `epochs` among them, which holds only without `max_steps`."""
    found: dict[str, Any] = {}
    for name, schema in bundle()["$defs"]["TrainingHyperparameters"]["properties"].items():
        if "$ref" in schema:
            schema = bundle()["$defs"][schema["$ref"].rsplit("/", 1)[-1]] | schema
        if "x-default-by" in schema:
            found[name] = schema["x-default-by"]["values"][training_type]
        elif "default" in schema:
            found[name] = schema["default"]
    return found


def dreambooth_mode() -> str:
    """The default of `dreambooth_mode`."""
    value: str = bundle()["$defs"]["DreamboothMode"]["default"]
    return value


def loss_max() -> float:
    """The largest loss that a status can hold."""
    value: float = bundle()["$defs"]["TrainingStatus"]["properties"]["loss"]["maximum"]
    return value


def chosen_seed_max() -> int:
    """The largest seed that a worker chooses."""
    return int(limits("chosen_seed_max"))
