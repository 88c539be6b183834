"""LoRAs of a base pipeline: added for one job, several together, each with its weight; never fused.

Adapters stay in the pipeline between jobs, because adding one takes longer than a step; the next job removes those that it
does not name. A pipeline without adapters computes exactly the same as the bare model.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from diffusers.utils.peft_utils import recurse_remove_peft_layers
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer

from concord_workers.conditioning.lora_fit import LayerChange, changes_of
from concord_workers.core.errors import ModelInvalid
from concord_workers.models.device_models import LoadedModel

__all__ = ["LoraUse", "apply_loras", "strip_loras"]

_KEY = "lora_adapters"
Configs = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True)
class LoraUse:
    """One LoRA of a job, of a weight other than 0. pointer: of its entry."""

    model: LoadedModel
    weight: float
    pointer: str


def apply_loras(pipeline: Any, extras: dict[str, Any], uses: Sequence[LoraUse], configs: Configs) -> None:
    """Gives the pipeline exactly these LoRAs. extras: the pipeline's memory between jobs.

    configs: component → configuration of the pipeline's modules.

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
            _put_in(pipeline, extras, use, name, configs)
            present[key] = name
        wanted[key] = name
        weights[name] = weights.get(name, 0.0) + use.weight
    if stale := [name for key, name in present.items() if key not in wanted]:
        if wanted:
            _remove(pipeline, stale)
        else:
            _remove_all(pipeline)
    extras[_KEY] = wanted
    if weights:
        _activate(pipeline, weights)


def strip_loras(pipeline: Any, extras: dict[str, Any]) -> None:
    """Removes all LoRAs, so that the modules are the bare model's."""
    if extras.pop(_KEY, None):
        _remove_all(pipeline)


def _free_name(taken: list[str]) -> str:
    # PEFT refuses dots, and misreads names that are a part of "lora_A"; a number is safe.
    return next(name for name in (f"adapter{n}" for n in range(len(taken) + 1)) if name not in taken)


def _modules(pipeline: Any) -> dict[str, Any]:
    """The modules that LoRAs change, as they are without compilation."""
    found = {name: getattr(pipeline, name, None) for name in ("unet", "text_encoder", "text_encoder_2")}
    return {name: getattr(module, "_orig_mod", module) for name, module in found.items() if module is not None}


def _tuned_layers(module: Any) -> Iterator[Any]:
    return (layer for layer in module.modules() if isinstance(layer, LoraLayer))


def _put_in(pipeline: Any, extras: dict[str, Any], use: LoraUse, name: str, configs: Configs) -> None:
    try:
        changes = changes_of(use.model.value, configs, use.model.model_id)
        for component, module in _modules(pipeline).items():
            own = [change for change in changes if change.layer.component == component]
            if own:
                _inject(module, own, name)
    except Exception as error:
        # A LoRA that failed half way leaves layers behind; all are removed.
        extras.pop(_KEY, None)
        _remove_all(pipeline)
        if isinstance(error, ModelInvalid):
            error.field = error.field or use.pointer + "/name"
        raise


def _inject(module: Any, changes: Sequence[LayerChange], name: str) -> None:
    """Adds the matrices of one component beside its weights."""
    paths = [change.layer.path for change in changes]
    config = LoraConfig(r=1, lora_alpha=1, target_modules=paths, use_dora=changes[0].magnitude is not None)
    with warnings.catch_warnings():
        # PEFT warns where a layer's name is the end of another's; the keys are exact.
        warnings.simplefilter("ignore")
        inject_adapter_in_model(config, module, name, state_dict={f"{path}.lora_A.weight": None for path in paths})
    layers = dict(module.named_modules())
    for change in changes:
        layer = layers[change.layer.path]
        weight = layer.get_base_layer().weight
        # PEFT has one rank and one alpha for a pattern of names; here each layer has its own, alpha is multiplied in.
        _set_weight(layer.lora_A[name], change.down, weight)
        _set_weight(layer.lora_B[name], change.up, weight)
        layer.r[name] = layer.lora_alpha[name] = change.up.shape[1]
        layer.scaling[name] = 1.0
        if change.magnitude is not None:
            own = layer.lora_magnitude_vector[name]
            _set_weight(own, change.magnitude.reshape(own.weight.shape), weight)


def _set_weight(part: Any, tensor: torch.Tensor, like: torch.Tensor) -> None:
    part.weight = torch.nn.Parameter(tensor.to(device=like.device, dtype=like.dtype).contiguous(), requires_grad=False)


class _OfBaseResult:
    """A DoRA that changes the base's own result, where PEFT's changes the sum that other LoRAs have added to."""

    def __init__(self, variant: Any) -> None:
        self.variant = variant

    def forward(self, layer: Any, active_adapter: str, x: torch.Tensor, result: torch.Tensor, **more: Any) -> Any:
        base = layer.base_layer(x)
        return result + self.variant.forward(layer, active_adapter=active_adapter, x=x, result=base, **more) - base


def _activate(pipeline: Any, weights: dict[str, float]) -> None:
    for module in _modules(pipeline).values():
        for layer in _tuned_layers(module):
            present = [name for name in weights if name in layer.lora_A]
            decomposed = [name for name in present if name in layer.lora_variant]
            # The first in the layer gets the base's own result from PEFT; the others compute it once more. So the
            # picture is the same in every order of the LoRAs.
            layer.set_adapter([*decomposed, *(name for name in present if name not in decomposed)], inference_mode=True)
            for number, name in enumerate(decomposed):
                variant = layer.lora_variant[name]
                variant = variant.variant if isinstance(variant, _OfBaseResult) else variant
                layer.lora_variant[name] = _OfBaseResult(variant) if number else variant
            for name, weight in weights.items():
                if name in layer.scaling:
                    layer.scaling[name] = weight


def _remove(pipeline: Any, names: Sequence[str]) -> None:
    for module in _modules(pipeline).values():
        for layer in _tuned_layers(module):
            for name in names:
                layer.delete_adapter(name)
        for name in names:
            getattr(module, "peft_config", {}).pop(name, None)


def _remove_all(pipeline: Any) -> None:
    for module in _modules(pipeline).values():
        recurse_remove_peft_layers(module)
        if hasattr(module, "peft_config"):
            del module.peft_config
