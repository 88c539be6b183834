"""Samplers by their contract names, and the diffusers object for one job.

Each job builds its sampler from the model's own scheduler configuration, so that its settings end with it.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import cache
from typing import Any

import diffusers

from concord_workers.core.errors import OutOfRange, UnsupportedFeature
from concord_workers.core.tables import scheduler_values
from concord_workers.models.config_values import OF_THE_MODEL
from concord_workers.models.sdxl_config import PUBLISHED_SCHEDULER

__all__ = [
    "SchedulerChoice",
    "calls_of",
    "choose_scheduler",
    "get_schedulers",
    "make_scheduler",
    "original_steps_max",
    "recommended_steps",
    "require_zero_terminal_snr",
    "scheduler_names",
]

_RECOMMENDED = "DPM++ 2M"


@dataclass(frozen=True)
class SchedulerChoice:
    """A sampler with its options decided. used: the name for `scheduler_used`."""

    name: str
    used: str
    class_name: str
    options: dict[str, Any]
    original_steps: int | None


def scheduler_names() -> list[str]:
    """All names, in the contract's order. They are all here: the classes are checked when the table is read."""
    return [name for name, row in scheduler_values().items() if hasattr(diffusers, row["diffusers_class"])]


def get_schedulers() -> dict[str, Any]:
    """The `data` of `get_schedulers`."""
    rows = scheduler_values()
    return {
        "schedulers": [
            {
                "name": name,
                "description": rows[name]["description"],
                "diffusers_class": rows[name]["diffusers_class"],
                "recommended_steps": rows[name]["recommended_steps"],
            }
            for name in scheduler_names()
        ],
        "recommended_scheduler": _RECOMMENDED,
        "default_steps": {name: rows[name]["recommended_steps"] for name in scheduler_names()},
    }


def recommended_steps(name: str) -> int:
    """Steps to begin with."""
    return int(scheduler_values()[name]["recommended_steps"])


def calls_of(name: str, steps: int) -> int:
    """Model calls of so many steps; samplers of second order make two a step but for the last."""
    order: int = getattr(diffusers, scheduler_values()[name]["diffusers_class"]).order
    return order * steps - (order - 1)


def original_steps_max() -> int:
    """Most steps of the samplers that are distilled from a fixed number of them (LCM, TCD)."""
    return min(int(row["original_steps"]) for row in scheduler_values().values() if "original_steps" in row)


def choose_scheduler(name: str, steps: int | None, *, karras: bool, spacing: str | None) -> SchedulerChoice:
    """Decides the sampler. steps None: not compared with anything. spacing None: the contract's default.

    Raises UnsupportedFeature for an option that the sampler does not have, OutOfRange for more steps than LCM and TCD
    have original ones.
    """
    rows = scheduler_values()
    row = rows[name]
    if karras and row.get("karras") is False:
        raise UnsupportedFeature(f"{name} has no Karras sigmas", field="/scheduler/karras_sigmas")
    spacings = row.get("timestep_spacings")
    if spacing is not None and spacings is not None and spacing not in spacings:
        raise UnsupportedFeature(f"{name} has no timestep spacing {spacing}", field="/scheduler/timestep_spacing")
    original = row.get("original_steps")
    if original is not None and steps is not None and steps > original:
        raise OutOfRange(f"{name} has at most {original} steps, not {steps}", maximum=original, field="/scheduler/steps")
    options: dict[str, Any] = dict(row.get("diffusers_config", {}))
    used = name
    if karras or "karras_of" in row:
        options["use_karras_sigmas"] = True
        used = next((other for other, its in rows.items() if its.get("karras_of") == name), name)
    if spacings is None:
        options["timestep_spacing"] = spacing or "leading"
    return SchedulerChoice(name, used, row["diffusers_class"], options, original)


@cache
def _knows_zero_terminal_snr(class_name: str) -> bool:
    return "rescale_betas_zero_snr" in inspect.signature(getattr(diffusers, class_name).__init__).parameters


def require_zero_terminal_snr(choice: SchedulerChoice) -> None:
    """Raises UnsupportedFeature for a sampler that would ignore a base's zero terminal SNR silently."""
    if _knows_zero_terminal_snr(choice.class_name):
        return
    rows = scheduler_values()
    able = [name for name in scheduler_names() if _knows_zero_terminal_snr(rows[name]["diffusers_class"])]
    raise UnsupportedFeature(
        f"this base has zero terminal SNR, which {choice.used} lacks",
        field="/scheduler/type",
        hint=f"samplers that have it: {', '.join(able)}",
    )


def make_scheduler(choice: SchedulerChoice, model_config: dict[str, Any], seeds: list[int]) -> Any:
    """The diffusers scheduler. model_config: the model's own. seeds: one a picture, for samplers with their own noise."""
    options = dict(choice.options)
    if choice.class_name == "DPMSolverSDEScheduler":
        # Its Brownian tree has a seed of its own; a list gives each picture of a batch its own tree.
        options["noise_sampler_seed"] = list(seeds)
    # Absent members are SDXL's published ones, not the defaults of the class.
    own = {key: value for key, value in model_config.items() if key in OF_THE_MODEL}
    return getattr(diffusers, choice.class_name).from_config(PUBLISHED_SCHEDULER | own, **options)
