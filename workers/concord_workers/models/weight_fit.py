"""Compares a file's weights with the model of its configuration, by the header alone.

A file is refused where weights are missing, have another shape, or belong to layers that the model lacks. Names that no
component takes are reported, so that no part of a file is dropped silently. Single files go through the library's
own renaming, with tensors that have shapes and no values, so that the check and the job read the same names alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import diffusers
import torch
import transformers
from diffusers.loaders.single_file_utils import (
    convert_ldm_clip_checkpoint,
    convert_ldm_unet_checkpoint,
    convert_ldm_vae_checkpoint,
    convert_open_clip_checkpoint,
)

from concord_workers.core.errors import ModelInvalid, first_line
from concord_workers.models.safetensors_file import TensorInfo

__all__ = ["Fit", "checkpoint_fit", "part_fit", "vae_file_fit"]

Config = Mapping[str, Any]
Tensors = Mapping[str, TensorInfo]

# A name that no component takes → why the picture is the same without it. Every other such name is reported.
_HARMLESS = tuple(
    (re.compile(pattern), reason)
    for pattern, reason in (
        (r"^(first_stage_model\.)?model_ema\.", "the averaged copy that training keeps; the plain weights are used"),
        (r"(^|\.)position_ids$", "the numbers from 0 on, which the code counts itself"),
        (r"(^|\.)logit_scale$", "the scale of CLIP's loss"),
        (r"(^|\.)attn_mask$", "the causal mask, which the code makes itself"),
        (r"^(first_stage_model\.)?loss\.", "the VAE's judge in training"),
        (r"^(vision_model|visual_projection)\.|^conditioner\.embedders\.1\.model\.visual\.", "CLIP's half for pictures"),
        (
            r"^((sqrt_(one_minus_)?)?(recip(m1)?_)?alphas_cumprod(_prev)?|sqrt_recip(m1)?_alphas_cumprod|betas"
            r"|log_one_minus_alphas_cumprod|posterior_(variance|log_variance_clipped|mean_coef[12])|lvlb_weights|logvar"
            r"|denoiser\.(log_)?sigmas)$",
            "the table of the noise schedule, which comes from the configuration",
        ),
        (r"^(global_step|scale_factor)$", "a number of the training"),
        (r"^(v_pred|ztsnr)$", "says what the model predicts, and is read as that"),
    )
)
# The job uses the first text encoder's states before its projection, so that files may lack it.
_FIRST_PROJECTION = re.compile(r"(^|\.)text_projection(\.weight)?$")
_UNET_PREFIX, _VAE_PREFIX = "model.diffusion_model.", "first_stage_model."
_FIRST_PREFIX = "conditioner.embedders.0.transformer."


@dataclass(frozen=True)
class Fit:
    """How a file's weights fit. used: names that a component takes. rest: names that none takes and that are not harmless."""

    used: frozenset[str]
    rest: tuple[str, ...]


@dataclass(frozen=True)
class _Found:
    """A weight under the model's own name. sources: its names in the file."""

    shape: tuple[int, ...]
    sources: frozenset[str]


class _Shape(torch.Tensor):
    """A tensor of a shape and no values that knows which of the file's tensors it was made of."""

    sources: frozenset[str]

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result: Any = super().__torch_function__(func, types, args, kwargs or {})  # type: ignore[no-untyped-call]
        if isinstance(result, cls):
            result.sources = frozenset().union(*(arg.sources for arg in args if isinstance(arg, cls)))
        return result


def part_fit(component: str, config: Config, tensors: Tensors, name: str) -> Fit:
    """The fit of a component's own files. Raises ModelInvalid where its weights do not fit."""
    wanted = _wanted(component, config, len(tensors))
    found = {_library_name(key, wanted): _Found(t.shape, frozenset({key})) for key, t in tensors.items()}
    _require_fit(component, wanted, found, name)
    return _fit(tensors, {component: wanted}, {component: found}, name, tensors)


def vae_file_fit(config: Config, tensors: Tensors, name: str) -> Fit:
    """As `part_fit`, of a VAE in a file of its own, in the original layout or in diffusers'."""
    wanted = _wanted("vae", config, len(tensors))
    found = _vae(wanted, config, _shapes(tensors))
    _require_fit("vae", wanted, found, name)
    return _fit(tensors, {"vae": wanted}, {"vae": found}, name, tensors)


def checkpoint_fit(configs: Mapping[str, Config], tensors: Tensors, name: str, *, refiner: bool) -> Fit:
    """As `part_fit`, of a single file with all components. The hint names the folder for a variant's configuration."""
    shapes = _shapes(tensors)
    second = f"conditioner.embedders.{0 if refiner else 1}.model."
    wanted = {part: _wanted(part, configs[part], len(tensors)) for part in _parts_of(configs, refiner)}
    found: dict[str, dict[str, _Found]] = {}
    for part in wanted:
        if part == "unet":
            found[part] = _unet(configs[part], shapes)
        elif part == "vae":
            found[part] = _vae(wanted[part], configs[part], shapes)
        elif part == "text_encoder":
            converted = convert_ldm_clip_checkpoint(shapes)
            found[part] = {_library_name(key, wanted[part]): _found_of(t) for key, t in converted.items()}
        else:
            converted = convert_open_clip_checkpoint(_skeleton(part, _frozen(configs[part])), shapes, prefix=second)
            found[part] = {key: _found_of(t) for key, t in converted.items()}
        _require_fit(part, wanted[part], found[part], name)
    inside = [key for key in tensors if key.startswith((_UNET_PREFIX, _VAE_PREFIX, _FIRST_PREFIX, second))]
    return _fit(tensors, wanted, found, name, inside)


def _parts_of(configs: Mapping[str, Config], refiner: bool) -> Iterator[str]:
    for part in ("unet", "vae", "text_encoder", "text_encoder_2"):
        if part in configs and not (refiner and part == "text_encoder"):
            yield part


# The model's weights


def _frozen(config: Config) -> str:
    return json.dumps(config, sort_keys=True, default=str)


def _wanted(component: str, config: Config, tensors: int) -> dict[str, tuple[int, ...]]:
    """Name → shape of every weight of the model. Raises ModelInvalid where the files can not hold so many layers."""
    # Checked before the model is made: a configuration with a million layers would take hours to build.
    if (layers := _layers_of(config)) > tensors:
        raise ModelInvalid(f"the configuration of the {component} asks for {layers} layers, its files hold {tensors} tensors")
    try:
        skeleton = _skeleton(component, _frozen(config))
    except Exception as error:
        # A bad value of a configuration can raise any error in the library.
        raise ModelInvalid(f"no {component} can be made of its configuration: {first_line(error)[:200]}") from error
    return {name: tuple(t.shape) for name, t in skeleton.state_dict().items()}


def _layers_of(config: Config) -> int:
    """A lower bound of the number of layers in a configuration."""
    total = int((config.get("text_config") or config).get("num_hidden_layers") or 0)
    blocks = config.get("block_out_channels") or []
    depths = config.get("transformer_layers_per_block") or 1
    each = config.get("layers_per_block") or 1
    for index in range(len(blocks)):
        depth = depths[index] if isinstance(depths, list) and index < len(depths) else depths
        total += (each if isinstance(each, int) else max(each)) * (depth if isinstance(depth, int) else 1)
    return total


@lru_cache(maxsize=32)
def _skeleton(component: str, text: str) -> Any:
    """The model without values. Its device is set for this thread alone: another one may load a model for a job."""
    config = json.loads(text)
    with torch.device("meta"):
        if component in ("text_encoder", "text_encoder_2"):
            cls = transformers.CLIPTextModel if component == "text_encoder" else transformers.CLIPTextModelWithProjection
            return cls(transformers.CLIPTextConfig.from_dict(dict(config.get("text_config") or config)))
        if component == "safety_checker":
            from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker

            return StableDiffusionSafetyChecker(transformers.CLIPConfig.from_dict(config))
        cls = {
            "unet": diffusers.UNet2DConditionModel,
            "vae": diffusers.AutoencoderKL,
            "controlnet": diffusers.ControlNetModel,
        }[component]
        return cls.from_config(config)


# The file's weights, under the model's names


def _shapes(tensors: Tensors) -> dict[str, _Shape]:
    shapes: dict[str, _Shape] = {}
    for name, tensor in tensors.items():
        shapes[name] = torch.empty(tensor.shape, device="meta").as_subclass(_Shape)
        shapes[name].sources = frozenset({name})
    return shapes


def _found_of(tensor: _Shape) -> _Found:
    return _Found(tuple(tensor.shape), tensor.sources)


def _unet(config: Config, shapes: dict[str, _Shape]) -> dict[str, _Found]:
    try:
        converted = convert_ldm_unet_checkpoint(shapes, config)
    except KeyError as error:
        raise ModelInvalid(f"the UNet lacks {error.args[0]}") from error
    return {key: _found_of(tensor) for key, tensor in converted.items()}


def _vae(wanted: Mapping[str, Any], config: Config, shapes: dict[str, _Shape]) -> dict[str, _Found]:
    # The library loads a file with exactly the model's names as it is.
    converted = shapes if wanted.keys() == shapes.keys() else convert_ldm_vae_checkpoint(shapes, config)
    return {key: _found_of(tensor) for key, tensor in converted.items()}


_OLD_ATTENTION = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}


def _library_name(key: str, wanted: Mapping[str, Any]) -> str:
    """The model's name for a name of its files: both libraries still read the names of their older versions."""
    if key in wanted:
        return key
    parts = key.rsplit(".", 2)
    if len(parts) == 3 and (new := _OLD_ATTENTION.get(parts[1])) is not None:
        key = f"{parts[0]}.{new}.{parts[2]}"
    candidates = [key, key.removeprefix("text_model."), f"text_model.{key}"]
    if key.startswith("vision_model.vision_model."):  # of the safety checker; a text encoder reads no layer for pictures
        candidates.append(key.removeprefix("vision_model."))
    return next((name for name in candidates if name in wanted), key)


# The comparison


def _require_fit(component: str, wanted: Mapping[str, tuple[int, ...]], found: Mapping[str, _Found], name: str) -> None:
    missing = sorted(key for key in wanted.keys() - found.keys() if not key.endswith("position_ids"))
    misshapen = sorted(
        f"{key} is {list(found[key].shape)}, not {list(wanted[key])}"
        for key in wanted.keys() & found.keys()
        if wanted[key] != found[key].shape
    )
    what, names = ("lacks {} of the weights", missing) if missing else ("has {} weights of other shapes than those", misshapen)
    if names:
        _refuse(name, f"{what.format(len(names))} of its configuration's {component}", names)


def _fit(
    tensors: Tensors,
    wanted: Mapping[str, Mapping[str, Any]],
    found: Mapping[str, Mapping[str, _Found]],
    name: str,
    inside: Iterable[str],
) -> Fit:
    """inside: the names within a component."""
    taken = [found[part][key] for part in wanted for key in wanted[part].keys() & found[part].keys()]
    used = {source for weight in taken for source in weight.sources}
    rest = sorted(key for key in tensors if key not in used and not _is_harmless(key, wanted.keys()))
    within = set(inside)
    # A matrix within a component is a layer that the model lacks, so that the file is of another model.
    if layers := [key for key in rest if key in within and len(tensors[key].shape) > 1]:
        _refuse(name, f"has {len(layers)} weights of layers that its configuration's {' and '.join(wanted)} lack", layers)
    return Fit(frozenset(used), tuple(rest))


def _is_harmless(key: str, components: Iterable[str]) -> bool:
    if "text_encoder" in components and _FIRST_PROJECTION.search(key) and not key.startswith("conditioner.embedders.1."):
        return True
    return any(pattern.search(key) for pattern, _ in _HARMLESS)


def _refuse(name: str, what: str, names: list[str]) -> None:
    hint = None
    if name.endswith(".safetensors"):
        beside = f"{name.removesuffix('.safetensors')}.config"
        hint = f"if it is a variant of SDXL (SSD-1B, Vega), put a folder {beside} with its own configuration beside it"
    raise ModelInvalid(f"{name} {what}, {names[0]} first", hint=hint, details={"layers": names[:100]})
