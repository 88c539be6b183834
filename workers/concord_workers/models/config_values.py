"""Checks values of a model's configuration that the libraries use without a check.

A count of -1 builds a model without layers, one of a thousand million builds for hours, and a factor that is a text
breaks the first job. Each is refused when the configuration is read.
"""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any

import diffusers

from concord_workers.core.errors import ModelInvalid
from concord_workers.core.tables import scheduler_values

__all__ = ["OF_THE_MODEL", "require_sane_values"]

OF_THE_MODEL = frozenset(
    (
        "beta_end",
        "beta_schedule",
        "beta_start",
        "clip_sample",
        "clip_sample_range",
        "dynamic_thresholding_ratio",
        "interpolation_type",
        "num_train_timesteps",
        "prediction_type",
        "rescale_betas_zero_snr",
        "sample_max_value",
        "set_alpha_to_one",
        "sigma_max",
        "sigma_min",
        "steps_offset",
        "thresholding",
        "timestep_type",
        "trained_betas",
    )
)
"""Members of a scheduler configuration that belong to the model; the others belong to the sampler that it was saved with."""

# Name of a count, or of a list of counts → its maximum, far above every published model.
_COUNTS = {
    "attention_head_dim": 65_536,
    "block_out_channels": 65_536,
    "cross_attention_dim": 65_536,
    "hidden_size": 65_536,
    "in_channels": 65_536,
    "intermediate_size": 1_048_576,
    "latent_channels": 65_536,
    "max_position_embeddings": 1_048_576,
    "layers_per_block": 100,
    "norm_num_groups": 65_536,
    "num_attention_heads": 65_536,
    "num_hidden_layers": 1000,
    "num_train_timesteps": 100_000,
    "out_channels": 65_536,
    "transformer_layers_per_block": 1000,
    "vocab_size": 100_000_000,
}
_FACTORS = (
    "clip_sample_range",
    "dynamic_thresholding_ratio",
    "layer_norm_eps",
    "mid_block_scale_factor",
    "norm_eps",
    "resnet_out_scale_factor",
    "sample_max_value",
    "scaling_factor",
    "sigma_max",
    "sigma_min",
)
# Shares of the noise that one step adds.
_SHARES = ("beta_end", "beta_start")
_CHOICES: dict[str, tuple[object, ...]] = {
    # Those that every sampler has: a job may take another than the model was saved with.
    "beta_schedule": ("linear", "scaled_linear", "squaredcos_cap_v2"),
    "controlnet_conditioning_channel_order": ("rgb", "bgr"),
    "interpolation_type": ("linear", "log_linear"),
    # The first timestep; a larger one has no noise level.
    "steps_offset": (0, 1),
}
_TYPES: dict[type, tuple[str, tuple[type, ...]]] = {
    bool: ("true and false", (bool,)),
    float: ("numbers", (int, float)),
    int: ("integers", (int,)),
    str: ("texts", (str,)),
}
"""A type of a library's parameter → the values that are possible, in words and as types of JSON."""


def require_sane_values(config: Mapping[str, Any], name: str) -> None:
    """Raises ModelInvalid for a count or factor that no model can have. Absent and null values have their defaults."""
    for key, most in _COUNTS.items():
        if (value := config.get(key)) is not None and not _is_count(value, most):
            raise ModelInvalid(f"{name} says {key} {_shown(value)}; 1 to {most} are possible")
    for key in (*_FACTORS, *_SHARES):
        value = config.get(key)
        if value is not None and not (type(value) in (int, float) and math.isfinite(value) and value > 0):
            raise ModelInvalid(f"{name} says {key} {_shown(value)}, which is no number above 0")
        if value is not None and key in _SHARES and not _is_share(value):
            raise ModelInvalid(f"{name} says {key} {_shown(value)}, which is no number below 1")
    for key in ("latents_mean", "latents_std"):
        _require_channel_values(config, key, name)
    for key, choices in _CHOICES.items():
        value = config.get(key)
        if value is not None and not any(type(value) is type(choice) and value == choice for choice in choices):
            raise ModelInvalid(f"{name} says {key} {_shown(value)}; {_listed(choices)} are possible")
    _require_types(config, name)
    betas, steps = config.get("trained_betas"), config.get("num_train_timesteps") or 1000  # diffusers' own default
    if betas is not None and not (isinstance(betas, list) and len(betas) == steps and all(map(_is_share, betas))):
        raise ModelInvalid(f"{name} says trained_betas {_shown(betas)}; {steps} numbers between 0 and 1 are possible")
    if isinstance(text := config.get("text_config"), dict):
        require_sane_values(text, name)


def _require_types(config: Mapping[str, Any], name: str) -> None:
    """Raises ModelInvalid for a value of another type than the library's class has for it."""
    class_name = config.get("_class_name")
    if not isinstance(class_name, str):
        return
    for key, wanted in _types_of(class_name).items():
        value = config.get(key)
        possible, accepted = _TYPES[wanted]
        if value is not None and type(value) not in accepted:
            raise ModelInvalid(f"{name} says {key} {_shown(value)}; {possible} are possible")


@cache
def _types_of(class_name: str) -> Mapping[str, type]:
    """The members of one type in a configuration of that class, from the library's own annotations.

    Of a scheduler those that belong to the model, from every sampler: a job takes them into the sampler that it names.
    """
    cls: Any = getattr(diffusers, class_name, None)
    if cls in (diffusers.UNet2DConditionModel, diffusers.AutoencoderKL, diffusers.ControlNetModel):
        return {key: scalar for key, hint in _hints(cls).items() if (scalar := _scalar(hint)) is not None}
    if not (isinstance(cls, type) and issubclass(cls, diffusers.SchedulerMixin)):
        return {}
    found: dict[str, set[type | None]] = {}
    for row in scheduler_values().values():
        for key, hint in _hints(getattr(diffusers, row["diffusers_class"])).items():
            found.setdefault(key, set()).add(_scalar(hint))
    # One class has a wrong annotation for `sigma_max`.
    alike = {key: next(iter(scalars)) for key, scalars in found.items() if len(scalars) == 1}
    return {key: scalar for key, scalar in alike.items() if scalar is not None and key in OF_THE_MODEL}


def _hints(cls: Any) -> dict[str, Any]:
    return typing.get_type_hints(cls.__init__)


def _scalar(hint: Any) -> type | None:
    """The one scalar type of an annotation, whose `None` does not count; None where there is another or none."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        parts = [part for part in typing.get_args(hint) if part is not types.NoneType]
        return _scalar(parts[0]) if len(parts) == 1 else None
    if typing.get_origin(hint) is typing.Literal and all(isinstance(choice, str) for choice in typing.get_args(hint)):
        return str
    return hint if hint in _TYPES else None


def _listed(choices: tuple[object, ...]) -> str:
    *others, last = map(str, choices)
    return f"{', '.join(others)} and {last}"


def _require_channel_values(config: Mapping[str, Any], key: str, name: str) -> None:
    """Raises ModelInvalid unless there is one finite number for each latent channel, above 0 for a spread."""
    values = config.get(key)
    channels = config.get("latent_channels") or 4
    if values is None:
        return
    fits = isinstance(values, list) and len(values) == channels
    least = 0.0 if key == "latents_std" else -math.inf
    if not fits or not all(type(value) in (int, float) and math.isfinite(value) and value > least for value in values):
        above = " above 0" if key == "latents_std" else ""
        raise ModelInvalid(f"{name} says {key} {_shown(values)}; {channels} numbers{above} are possible")


def _is_count(value: object, most: int) -> bool:
    if isinstance(value, list):
        return all(_is_count(item, most) for item in value)
    return type(value) is int and 1 <= value <= most


def _is_share(value: object) -> bool:
    return isinstance(value, (int, float)) and 0 < value < 1


def _shown(value: object) -> str:
    # A list may have as many items as its file; these are more than are shown.
    return repr(value[:100] if isinstance(value, list | str) else value)[:100]
