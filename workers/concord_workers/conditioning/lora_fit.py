"""Fits the changes of a LoRA file to the layers of a base. A file with a change that has no layer is refused.

Checks before a job fit headers alone; the job fits the weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from concord_workers.core.errors import ModelInvalid
from concord_workers.models.base_layers import Layer, layers_of
from concord_workers.models.lora_file import LoraEntry, LoraFile, adapter_metadata, entries_of, made_for
from concord_workers.models.lora_scale import scale_of
from concord_workers.models.lora_shapes import change_shape, own_misfit

__all__ = ["LayerChange", "changes_of", "fit", "require_scales"]

_HINT = "use a LoRA that was trained for SDXL and for all of whose layers this base has a place"


@dataclass(frozen=True)
class LayerChange:
    """weight += up · down, convolutions with `down` of their kernel's size. magnitude: of DoRA, else None."""

    layer: Layer
    down: torch.Tensor
    up: torch.Tensor
    magnitude: torch.Tensor | None


def fit(
    tensors: Mapping[str, object], metadata: Mapping[str, str], configs: Mapping[str, Mapping[str, object]], name: str
) -> list[tuple[Layer, LoraEntry]]:
    """The base's layer of each entry of the file. tensors: name → anything with a shape. name: of the LoRA.

    Raises ModelInvalid where the base lacks a layer, or has it in another size.
    """
    known = layers_of(configs)
    entries = list(entries_of(tensors).values())
    other = made_for(tensors, metadata)
    suspicion = f" (it seems to be for {other})" if other is not None else ""
    if lacking := [entry.layer for entry in entries if entry.layer not in known]:
        raise ModelInvalid(
            f"{name} does not fit the base{suspicion}, which lacks {len(lacking)} of its {len(entries)} layers, "
            f"{lacking[0]} first",
            hint=_HINT,
            details={"layers": lacking[:100], "layers_total": len(lacking)},
        )
    fitted = [(known[entry.layer], entry) for entry in entries]
    wrong = [text for layer, entry in fitted if (text := _misfit(layer, entry, tensors)) is not None]
    if wrong:
        raise ModelInvalid(
            f"{name} does not fit the base{suspicion}: {len(wrong)} of its {len(entries)} layers are of another size, "
            f"{wrong[0]}",
            hint=_HINT,
            details={"layers": wrong[:100], "layers_total": len(wrong)},
        )
    twice = {layer for layer, _ in fitted}
    if len(twice) < len(fitted):
        raise ModelInvalid(f"{name} changes a layer under two names, so that what it means is not clear")
    return fitted


def _misfit(layer: Layer, entry: LoraEntry, tensors: Mapping[str, Any]) -> str | None:
    """The fault of an entry's shapes for the base's layer; None where there is none."""
    if (fault := own_misfit(entry.names, tensors)) is not None:
        return f"{entry.layer} {fault}"
    change = change_shape(entry.names, tensors)
    kernel, wanted_kernel = change[2:], layer.shape[2:]
    same_kernel = kernel == wanted_kernel or set(kernel + wanted_kernel) <= {1}
    if change[:2] != layer.shape[:2] or not same_kernel:
        return f"{entry.layer} changes weights of the shape {list(change)}, the base's have {list(layer.shape)}"
    return None


def changes_of(file: LoraFile, configs: Mapping[str, Mapping[str, object]], name: str) -> list[LayerChange]:
    """The file's change of each layer of the base, its alphas multiplied in. Raises ModelInvalid as `fit` does."""
    settings = adapter_metadata(file.metadata)
    return [
        _change(layer, entry, file.tensors, settings, name) for layer, entry in fit(file.tensors, file.metadata, configs, name)
    ]


def require_scales(fitted: Iterable[tuple[Layer, LoraEntry]], tensors: Mapping[str, Any], file: LoraFile, name: str) -> None:
    """Raises ModelInvalid for a scale that `changes_of` refuses. tensors: all, by shape. file: at least its alphas."""
    settings = adapter_metadata(file.metadata)
    for layer, entry in fitted:
        scale_of(entry, layer.component, layer.path, int(tensors[entry.names["up"]].shape[1]), file.tensors, settings, name)


def _change(
    layer: Layer, entry: LoraEntry, tensors: Mapping[str, torch.Tensor], settings: dict[str, Any], name: str
) -> LayerChange:
    down, up = tensors[entry.names["down"]], tensors[entry.names["up"]]
    scale = scale_of(entry, layer.component, layer.path, int(up.shape[1]), tensors, settings, name)
    if "mid" in entry.names:
        # The middle's kernel between two 1x1 ones is a kernel of its own: one convolution less in each step.
        down = torch.einsum("oikl,ic->ockl", tensors[entry.names["mid"]].float(), down.flatten(1).float()).to(down.dtype)
    if scale != 1.0:
        up = (up.float() * scale).to(up.dtype)
    kernel = layer.shape[2:]
    down = down.reshape(down.shape[0], down.shape[1], *kernel)
    up = up.reshape(up.shape[0], up.shape[1], *(1 for _ in kernel))
    magnitude = tensors[entry.names["magnitude"]] if "magnitude" in entry.names else None
    return LayerChange(layer, down, up, magnitude)
