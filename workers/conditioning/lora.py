"""LoRAs on a base pipeline: put on for one job, several together, each with its weight; never fused.

Adapters stay in the pipeline between jobs, because putting one in costs more than a step; the next job takes out what it
does not ask for. A pipeline without adapters computes exactly what the bare model does.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.device_manager import is_out_of_memory
from core.errors import ModelInvalid
from models.device_models import LoadedModel

__all__ = ["LoraUse", "apply_loras", "strip_loras", "summed_weights"]

_KEY = "lora_adapters"


@dataclass(frozen=True)
class LoraUse:
    """One LoRA of a job, of a weight other than 0. pointer: of its entry."""

    model: LoadedModel
    weight: float
    pointer: str


def apply_loras(pipeline: Any, extras: dict[str, Any], uses: Sequence[LoraUse]) -> None:
    """Make the pipeline carry exactly these LoRAs; extras: what is remembered with it between jobs.

    The same LoRA twice adds its weights. Raises ModelInvalid where a LoRA's weights do not fit the base.
    """
    present: dict[Any, str] = extras.setdefault(_KEY, {})
    weights: dict[str, float] = {}
    wanted: dict[Any, str] = {}
    for use in uses:
        key = (use.model.signature, use.model.dtype)
        name = present.get(key) or wanted.get(key)
        if name is None:
            name = _free_name([*present.values(), *wanted.values()])
            _put_in(pipeline, extras, use, name)
        wanted[key] = name
        weights[name] = weights.get(name, 0.0) + use.weight
    if stale := [name for key, name in present.items() if key not in wanted]:
        if wanted:
            pipeline.delete_adapters(stale)
        else:
            pipeline.unload_lora_weights()
    extras[_KEY] = wanted
    if weights:
        pipeline.set_adapters(list(weights), adapter_weights=list(weights.values()))


def summed_weights(uses: Sequence[LoraUse]) -> list[tuple[float, list[str]]]:
    """For each file: its weights' sum, as `apply_loras` adds them, and the pointers of its entries."""
    of_file: dict[Any, list[LoraUse]] = {}
    for use in uses:
        of_file.setdefault((use.model.signature, use.model.dtype), []).append(use)
    return [(sum(use.weight for use in own), [use.pointer for use in own]) for own in of_file.values()]


def strip_loras(pipeline: Any, extras: dict[str, Any]) -> None:
    """Take all LoRAs out, so that the modules are the bare model's."""
    if extras.pop(_KEY, None):
        pipeline.unload_lora_weights()


def _free_name(taken: list[str]) -> str:
    # PEFT refuses dots and takes names that are part of "lora_A" for something else; a number is safe.
    return next(name for name in (f"adapter{n}" for n in range(len(taken) + 1)) if name not in taken)


def _put_in(pipeline: Any, extras: dict[str, Any], use: LoraUse, name: str) -> None:
    try:
        with warnings.catch_warnings():
            # PEFT notes layers that a LoRA leaves alone; that is what LoRAs do.
            warnings.simplefilter("ignore")
            pipeline.load_lora_weights(dict(use.model.value), adapter_name=name)
    except Exception as error:
        # A LoRA that failed half way leaves layers behind; all go.
        extras.pop(_KEY, None)
        pipeline.unload_lora_weights()
        if is_out_of_memory(error):
            raise
        first_line = str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
        raise ModelInvalid(
            f"the LoRA {use.model.model_id} does not fit the base: {first_line}", field=use.pointer + "/name"
        ) from error
