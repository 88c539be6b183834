"""Checks numbers of a model's configuration that the libraries use without a check.

A count of -1 builds a model without layers, one of a thousand million builds for hours, and a factor that is a text
breaks the first job. Each is refused when the configuration is read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from concord_workers.core.errors import ModelInvalid

__all__ = ["require_sane_values"]

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
_FACTORS = ("scaling_factor", "beta_start", "beta_end", "norm_eps", "layer_norm_eps")
_ORDERS = ("rgb", "bgr")


def require_sane_values(config: Mapping[str, Any], name: str) -> None:
    """Raises ModelInvalid for a count or factor that no model can have. Absent and null values have their defaults."""
    for key, most in _COUNTS.items():
        if (value := config.get(key)) is not None and not _is_count(value, most):
            raise ModelInvalid(f"{name} says {key} {_shown(value)}; 1 to {most} are possible")
    for key in _FACTORS:
        value = config.get(key)
        if value is not None and not (type(value) in (int, float) and math.isfinite(value) and value > 0):
            raise ModelInvalid(f"{name} says {key} {_shown(value)}, which is no number above 0")
    for key in ("latents_mean", "latents_std"):
        _require_channel_values(config, key, name)
    upcast = config.get("force_upcast")
    if upcast is not None and not isinstance(upcast, bool):
        raise ModelInvalid(f"{name} says force_upcast {_shown(upcast)}; true and false are possible")
    order = config.get("controlnet_conditioning_channel_order")
    if order is not None and order not in _ORDERS:
        raise ModelInvalid(f"{name} says controlnet_conditioning_channel_order {_shown(order)}; rgb and bgr are possible")
    if isinstance(text := config.get("text_config"), dict):
        require_sane_values(text, name)


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


def _shown(value: object) -> str:
    return repr(value)[:100]
