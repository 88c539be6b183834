"""Reads a LoRA file's names: the layers that it changes, the kind of change, and the architecture.

A file with a name that is not understood is refused, so that no part of a file is dropped silently.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from concord_workers.core.errors import ModelInvalid
from concord_workers.core.scalar import shorten
from concord_workers.models.lora_shapes import own_misfit

__all__ = [
    "LoraEntry",
    "LoraFile",
    "adapter_metadata",
    "alphas_of",
    "entries_of",
    "made_for",
    "matcher_of",
    "require_finite_alphas",
    "require_supported",
]

_ROLES = {
    "lora_A": "down",
    "lora_down": "down",
    "lora.down": "down",
    "lora_linear_layer.down": "down",
    "down": "down",
    "lora_B": "up",
    "lora_up": "up",
    "lora.up": "up",
    "lora_linear_layer.up": "up",
    "up": "up",
    "lora_mid": "mid",
}
_NAME = re.compile(
    r"(?P<layer>.+?)\.(?:"
    r"(?P<role>lora_A|lora_B|lora_down|lora_up|lora_mid|lora\.down|lora\.up|lora_linear_layer\.down|lora_linear_layer\.up"
    r"|(?<=_lora\.)down|(?<=_lora\.)up)(?:\.default)?\.weight"
    r"|(?P<alpha>alpha)"
    r"|(?P<magnitude>lora_magnitude_vector)(?:\.default)?(?:\.weight)?)"
)
_OTHER_KINDS = tuple(
    (re.compile(pattern), kind)
    for pattern, kind in (
        (r"\.hada_", "LoHa weights"),
        (r"\.lokr_", "LoKr weights"),
        (r"\.boft_", "BOFT weights"),
        (r"\.oft_", "OFT weights"),
        (r"\.dora_scale$", "DoRA in the layout of kohya and LyCORIS (dora_scale)"),
        (r"^bundle_emb\.", "a bundled textual embedding (bundle_emb)"),
        (r"\.on_input$", "IA3 weights"),
        (r"\.[wb]_norm$", "trained norms"),
        (r"\.diff_b$", "full differences of biases (diff_b)"),
        (r"\.diff$", "full differences of weights (diff)"),
        (r"\.set_weight$", "whole weights (set_weight)"),
        (r"\.[ab][12]\.weight$", "GLoRA weights"),
        (r"\.lora_bias$|lora_B\.(default\.)?bias$|lora_up\.bias$", "LoRA biases"),
        (r"^lora_controlnet$", "a Control-LoRA"),
        (r"^lllite_", "a ControlNet-LLLite"),
    )
)
"""Pattern of a name → the kind of change that it belongs to."""

_OTHER_MODELS = (
    (re.compile(r"(double|single)_blocks|single_transformer_blocks"), "Flux"),
    (re.compile(r"joint_blocks|attn\.add_[qkv]_proj"), "Stable Diffusion 3"),
    (
        re.compile(r"^lora_te_|unet[._](down_blocks[._][03]|up_blocks[._]3)[._]attentions"),
        "Stable Diffusion 1.x or 2.x",
    ),
    (re.compile(r"^lora_prior_|^prior\."), "Stable Cascade or Kandinsky"),
    (re.compile(r"^(lora_)?transformer[._]|^diffusion_model\.(blocks|layers|transformer_blocks)\."), "a diffusion transformer"),
)
# Width of the text that a UNet reads → the architecture; no base of SDXL's family has one of these.
_OWN_WIDTH = 2048
_OTHER_WIDTHS = {768: "Stable Diffusion 1.x", 1024: "Stable Diffusion 2.x", 1280: "the SDXL refiner"}
_OWN_LAYOUTS = re.compile(
    r"(lora_unet|lora_te1|lora_te2)_|(unet|text_encoder|text_encoder_2)\.|(down|up|mid)_block.*\.processor\.to_"
)
_HINT = "use a LoRA for SDXL, in the layout of kohya's trainers (lora_unet_) or diffusers (unet.)"
_METADATA = "lora_adapter_metadata"
_COMPONENTS = ("unet", "text_encoder", "text_encoder_2")
# Members of peft's configuration that set the size of a change.
_SCALING = ("lora_alpha", "alpha_pattern", "r", "rank_pattern", "use_rslora", "use_dora")
# Allowed forms in `alpha_pattern`: a name, or one with a few wildcards. Matching others could take hours.
_PATTERN = re.compile(r"\^?(?:[\w-]|\.\*|\\\.|\.|\\d\+|\|)+\$?")
_WILDCARDS_MAX = 3


@dataclass(frozen=True)
class LoraFile:
    """A LoRA in memory. tensors: name in the file → weight. metadata: of the file's header."""

    tensors: dict[str, Any]
    metadata: dict[str, str]


@dataclass
class LoraEntry:
    """The change of one layer. names: `down`, `up`, `mid`, `alpha` or `magnitude` → name in the file."""

    layer: str
    names: dict[str, str] = field(default_factory=dict)


def entries_of(names: Iterable[str]) -> dict[str, LoraEntry]:
    """The file's layers, as it calls them. Raises ModelInvalid for names that are not understood."""
    entries: dict[str, LoraEntry] = {}
    unknown: list[str] = []
    for name in sorted(names):
        found = _NAME.fullmatch(name)
        if found is None:
            unknown.append(name)
            continue
        role = _ROLES[found["role"]] if found["role"] else "alpha" if found["alpha"] else "magnitude"
        entry = entries.setdefault(found["layer"], LoraEntry(found["layer"]))
        if role in entry.names:
            raise ModelInvalid(f"the LoRA says one thing twice: {entry.names[role]} and {name}")
        entry.names[role] = name
    if unknown:
        raise ModelInvalid(
            f"{len(unknown)} of its names are not known as a LoRA's, {unknown[0]} first", details={"names": unknown[:100]}
        )
    halves = [entry.layer for entry in entries.values() if not {"down", "up"} <= entry.names.keys()]
    if halves:
        raise ModelInvalid(
            f"{len(halves)} of its layers lack one of their two matrices, {halves[0]} first", details={"layers": halves[:100]}
        )
    return entries


def require_supported(tensors: Mapping[str, Any], metadata: Mapping[str, str], name: str) -> None:
    """Raises ModelInvalid for a LoRA that is of no supported kind, or for no SDXL; needs no base."""
    for pattern, kind in _OTHER_KINDS:
        if holders := sorted(key for key in tensors if pattern.search(key)):
            raise ModelInvalid(
                f"{name} holds {kind}, a kind that is not supported: "
                f"{len(holders)} of its {len(tensors)} tensors, {holders[0]} first",
                hint="use a plain LoRA or LoCon, or one with DoRA in the layout of peft",
                details={"names": holders[:100]},
            )
    strange = sorted(key for key in tensors if _OWN_LAYOUTS.match(key) is None)
    other = made_for(tensors, metadata)
    width = _cross_width(tensors)
    if not strange and width in _OTHER_WIDTHS:
        raise ModelInvalid(
            f"{name} is for {other}, not SDXL: its UNet reads text of width {width}, SDXL's {_OWN_WIDTH}", hint=_HINT
        )
    # Metadata alone may be wrong, and refuses nothing.
    if wrong := strange or sorted(key for key in tensors if _is_of_other_model(key)):
        what = f"is for {other}, not SDXL" if other is not None else "names no layers of SDXL"
        raise ModelInvalid(
            f"{name} {what}: {len(wrong)} of its {len(tensors)} tensors have other names, {wrong[0]} first",
            hint=_HINT,
            details={"names": wrong[:100]},
        )
    # An empty vector has its own check; the rank is not at fault.
    if empty := sorted(key for key, tensor in tensors.items() if len(tensor.shape) > 1 and 0 in tensor.shape):
        raise ModelInvalid(
            f"{name} has layers of rank 0: {len(empty)} of its {len(tensors)} tensors are empty, {empty[0]} first",
            details={"names": empty[:100]},
        )
    if shaped := [key for key in alphas_of(tensors) if tuple(tensors[key].shape) not in ((), (1,))]:
        raise ModelInvalid(f"{name} has an alpha of the shape {list(tensors[shaped[0]].shape)}, not one number: {shaped[0]}")
    try:
        _require_whole(entries_of(tensors).values(), tensors)
        adapter_metadata(metadata)
    except ModelInvalid as error:
        error.message = f"{name}: {error.message}"
        raise


def _require_whole(entries: Collection[LoraEntry], tensors: Mapping[str, Any]) -> None:
    """Raises ModelInvalid for layers whose matrices do not fit each other, so that no base can take them."""
    faults = [f"{entry.layer} {fault}" for entry in entries if (fault := own_misfit(entry.names, tensors)) is not None]
    if faults:
        raise ModelInvalid(
            f"{len(faults)} of its {len(entries)} layers are broken, {faults[0]}", details={"layers": faults[:100]}
        )
    decomposed = sum("magnitude" in entry.names for entry in entries)
    if decomposed not in (0, len(entries)):
        raise ModelInvalid(f"it has DoRA magnitudes for {decomposed} of its {len(entries)} layers only")


def _is_of_other_model(key: str) -> bool:
    return any(pattern.search(key) for pattern, _ in _OTHER_MODELS)


def made_for(tensors: Mapping[str, object], metadata: Mapping[str, str]) -> str | None:
    """The other architecture of a LoRA by its names, then its width, then its metadata; None where none is recognised."""
    width = _cross_width(tensors)
    for pattern, model in _OTHER_MODELS:
        if any(pattern.search(key) for key in tensors):
            return _OTHER_WIDTHS.get(width or 0, model)
    if width in _OTHER_WIDTHS:
        return _OTHER_WIDTHS[width]
    architecture = metadata.get("modelspec.architecture") or metadata.get("ss_base_model_version") or ""
    if architecture and not architecture.lower().startswith(("stable-diffusion-xl", "sdxl")):
        return architecture.removesuffix("/lora")
    return None


def _cross_width(tensors: Mapping[str, Any]) -> int | None:
    """Width of the text that the changed UNet reads."""
    for key, tensor in tensors.items():
        if "unet" in key and re.search(r"attn2[._]to_[kv]\.(lora_down|lora_A|lora\.down)", key) and len(tensor.shape) > 1:
            return int(tensor.shape[1])
    return None


def adapter_metadata(metadata: Mapping[str, str]) -> dict[str, Any]:
    """peft's configuration of each component, as diffusers writes it into the header; `{}` where there is none."""
    text = metadata.get(_METADATA)
    if text is None:
        return {}
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelInvalid(f"the header's {_METADATA} is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise ModelInvalid(f"the header's {_METADATA} is no JSON object")
    for key, value in document.items():
        component, _, setting = key.rpartition(".")
        if setting not in _SCALING or value is None:
            continue
        if component not in _COMPONENTS:
            raise ModelInvalid(
                f"the header's {_METADATA} says {shorten(key)}, of no part of SDXL that a LoRA changes",
                hint=f"begin the names with {', '.join(f'{known}.' for known in _COMPONENTS)}",
            )
        if not _is_setting(setting, value):
            raise ModelInvalid(f"the header's {_METADATA} says {key} {repr(value)[:100]}, which cannot be read")
    return document


def _is_setting(setting: str, value: object) -> bool:
    if setting.startswith("use_"):
        return isinstance(value, bool)
    if setting.endswith("_pattern"):
        return isinstance(value, dict) and all(_is_pattern(key) and _is_number(item) for key, item in value.items())
    return _is_number(value)


def _is_number(value: Any) -> bool:
    # An integer may be too large for a float.
    return type(value) in (int, float) and abs(value) < 1e38 and math.isfinite(value)


def _is_pattern(text: str) -> bool:
    return _PATTERN.fullmatch(text) is not None and sum(map(text.count, "*+")) <= _WILDCARDS_MAX


@lru_cache(maxsize=4096)
def matcher_of(pattern: str) -> re.Pattern[str]:
    """The matcher of a layer's path for a pattern that `adapter_metadata` accepted, as peft reads it."""
    return re.compile(rf"(.*\.)?({pattern})")


def alphas_of(names: Iterable[str]) -> list[str]:
    """The names of a file's alphas."""
    return [name for name in names if name.endswith(".alpha")]


def require_finite_alphas(alphas: Mapping[str, Any], name: str) -> None:
    """Raises ModelInvalid for an alpha that is no finite number."""
    for key, tensor in alphas.items():
        if not math.isfinite(float(tensor)):
            raise ModelInvalid(f"{name} has no finite number as the alpha of {key.removesuffix('.alpha')}")
