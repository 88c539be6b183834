"""The configuration of a ControlNet in a single file, from the shapes of its tensors.

SDXL's ControlNets differ in depth alone (full, mid, small), so that the configuration follows from their shapes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from concord_workers.core.errors import ModelInvalid
from concord_workers.models.safetensors_file import TensorInfo
from concord_workers.models.sdxl_config import BASE_UNET

__all__ = ["control_net_config"]

_HEAD_WIDTH = 64


def control_net_config(tensors: Mapping[str, TensorInfo], name: str) -> dict[str, Any]:
    """The configuration of `ControlNetModel`. Raises ModelInvalid where the net has another size than SDXL's."""
    try:
        config = _config(tensors)
    except (KeyError, IndexError) as error:
        raise ModelInvalid(f"{name} is no complete ControlNet: it lacks {error.args[0]}") from error
    sizes = ("cross_attention_dim", "block_out_channels", "projection_class_embeddings_input_dim", "addition_embed_type")
    wrong = [size for size in sizes if config[size] != BASE_UNET[size]]
    if wrong:
        raise ModelInvalid(
            f"{name} is a ControlNet for another model than SDXL: its {wrong[0]} is {config[wrong[0]]}, "
            f"SDXL's {BASE_UNET[wrong[0]]}",
            hint=f"if it is one for the base at hand, put a folder {name.removesuffix('.safetensors')}.config "
            "with its config.json beside it",
        )
    return config


def _config(tensors: Mapping[str, TensorInfo]) -> dict[str, Any]:
    def shape(key: str) -> tuple[int, ...]:
        return tensors[key].shape

    levels = _count(tensors, r"down_blocks\.(\d+)\.resnets\.0\.conv1\.weight")
    depths = [
        _count(tensors, rf"down_blocks\.{i}\.attentions\.0\.transformer_blocks\.(\d+)\.attn1\.to_q\.weight")
        for i in range(levels)
    ]
    middle = _count(tensors, r"mid_block\.attentions\.0\.transformer_blocks\.(\d+)\.attn1\.to_q\.weight")
    channels = [shape(f"down_blocks.{i}.resnets.0.conv1.weight")[0] for i in range(levels)]
    cross = next(
        (t.shape[1] for key, t in tensors.items() if key.endswith("attn2.to_k.weight")), BASE_UNET["cross_attention_dim"]
    )
    hints = _count(tensors, r"controlnet_cond_embedding\.blocks\.(\d+)\.weight")
    kept = (
        "act_fn",
        "flip_sin_to_cos",
        "freq_shift",
        "norm_num_groups",
        "norm_eps",
        "downsample_padding",
        "mid_block_scale_factor",
    )
    config = {key: BASE_UNET[key] for key in (*kept, "addition_time_embed_dim", "use_linear_projection")}
    return config | {
        "_class_name": "ControlNetModel",
        "in_channels": shape("conv_in.weight")[1],
        "layers_per_block": _count(tensors, r"down_blocks\.0\.resnets\.(\d+)\.conv1\.weight"),
        "block_out_channels": channels,
        "down_block_types": ["CrossAttnDownBlock2D" if depth else "DownBlock2D" for depth in depths],
        "mid_block_type": "UNetMidBlock2DCrossAttn" if middle else "UNetMidBlock2D",
        "transformer_layers_per_block": [*(max(depth, 1) for depth in depths[:-1]), middle or max(depths[-1], 1)],
        "attention_head_dim": [width // _HEAD_WIDTH for width in channels],
        "cross_attention_dim": cross,
        "addition_embed_type": "text_time" if "add_embedding.linear_1.weight" in tensors else None,
        "projection_class_embeddings_input_dim": shape("add_embedding.linear_1.weight")[1],
        "conditioning_channels": shape("controlnet_cond_embedding.conv_in.weight")[1],
        "conditioning_embedding_out_channels": [
            shape("controlnet_cond_embedding.conv_in.weight")[0],
            *(shape(f"controlnet_cond_embedding.blocks.{i}.weight")[0] for i in range(1, hints, 2)),
        ],
    }


def _count(tensors: Mapping[str, object], pattern: str) -> int:
    """One more than the largest number at a place in the names; 0 where there is none."""
    matches = (re.fullmatch(pattern, key) for key in tensors)
    return max((int(found[1]) + 1 for found in matches if found is not None), default=0)
