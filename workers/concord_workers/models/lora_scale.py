"""The scale of a LoRA's change of a layer: by the alpha in the file, and by peft's configuration in the file's header.

A file in which the two contradict each other is refused. Most of this needs no base, so that `validate_model_files` finds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from concord_workers.core.errors import ModelInvalid
from concord_workers.models.lora_file import LoraEntry, adapter_metadata, entries_of, matcher_of

__all__ = ["require_own_scales", "scale_of"]

_PREFIXES = {
    "lora_te1_": "text_encoder",
    "lora_te2_": "text_encoder_2",
    "text_encoder.": "text_encoder",
    "text_encoder_2.": "text_encoder_2",
}
# sgm's names inside a UNet: only a base's configuration tells which layers they are.
_SGM = ("input_blocks.", "middle_block.", "output_blocks.", "time_embed.", "label_emb.", "out.")


def scale_of(
    entry: LoraEntry,
    component: str,
    path: str | None,
    rank: int,
    tensors: Mapping[str, Any],
    settings: Mapping[str, Any],
    name: str,
) -> float:
    """The factor of the matrices' product: alpha / rank of this layer; 1 without an alpha.

    path: of the layer in its component; None where only a base tells it. tensors: at least the alphas. settings: peft's.
    name: of the LoRA. Raises ModelInvalid where file and header contradict each other.
    """
    if settings.get(f"{component}.use_dora") and "magnitude" not in entry.names:
        raise ModelInvalid(f"{name} says DoRA in the header's metadata, and has no magnitudes for {entry.layer}")
    own = float(tensors[entry.names["alpha"]]) / rank if "alpha" in entry.names else None
    stated = _stated(entry, component, path, rank, settings, name)
    if own is not None and stated is not None and abs(own - stated) > 1e-3 * abs(own):
        raise ModelInvalid(
            f"{name} contradicts itself: {entry.layer} has the scale {own:g} by its alpha, {stated:g} by the header's metadata"
        )
    if own is not None:
        return own
    return stated if stated is not None else 1.0


def require_own_scales(tensors: Mapping[str, Any], alphas: Mapping[str, Any], metadata: Mapping[str, str], name: str) -> None:
    """Raises ModelInvalid for a contradiction that no base could resolve. tensors: anything with a shape."""
    settings = adapter_metadata(metadata)
    if not settings:
        return
    for entry in entries_of(tensors).values():
        component, path = _place(entry.layer)
        scale_of(entry, component, path, int(tensors[entry.names["up"]].shape[1]), alphas, settings, name)


def _stated(
    entry: LoraEntry, component: str, path: str | None, rank: int, settings: Mapping[str, Any], name: str
) -> float | None:
    """The scale by peft's configuration; None where it lacks the component, or where only a base tells."""

    def of_layer(setting: str, pattern: str) -> Any:
        patterns = settings.get(f"{component}.{pattern}") or {}
        if path is None:
            return None if patterns else settings.get(f"{component}.{setting}")
        own = (value for text, value in patterns.items() if matcher_of(text).fullmatch(path))
        return next(own, settings.get(f"{component}.{setting}"))

    alpha = of_layer("lora_alpha", "alpha_pattern")
    stated = of_layer("r", "rank_pattern")
    if settings.get(f"{component}.lora_alpha") is None and alpha is None:
        return None
    if stated is not None and stated != rank:
        raise ModelInvalid(
            f"{name} contradicts itself: {path or entry.layer} has the rank {rank}, and {stated} by the header's metadata"
        )
    if alpha is None:
        return None
    return float(alpha) / (rank**0.5 if settings.get(f"{component}.use_rslora") else rank)


def _place(layer: str) -> tuple[str, str | None]:
    """The component of a layer by its name in the file, and its path there if the name is the path."""
    for prefix, component in _PREFIXES.items():
        if layer.startswith(prefix):
            # Versions of the library differ in whether `text_model.` belongs to the path.
            return component, None
    path = layer.removeprefix("unet.")
    is_path = path != layer and not path.startswith(_SGM) and ".processor." not in path
    return "unet", path if is_path else None
