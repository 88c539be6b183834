"""The layers of a base that a LoRA can change, by all of their names in LoRA files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import diffusers
import torch
import transformers
from torch import nn

__all__ = ["Layer", "layers_of"]

_TEXT_CLASSES = {"text_encoder": transformers.CLIPTextModel, "text_encoder_2": transformers.CLIPTextModelWithProjection}
_KOHYA = {"text_encoder": "lora_te1_", "text_encoder_2": "lora_te2_"}
# Diffusers' names inside a block → sgm's, which kohya's trainers and most published files use.
_RESNET = {
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
_TOP = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_out": "out.2",
}


@dataclass(frozen=True)
class Layer:
    """component: `unet`, `text_encoder` or `text_encoder_2`. path: of the module in it. shape: of its weight."""

    component: str
    path: str
    shape: tuple[int, ...]

    @property
    def is_convolution(self) -> bool:
        return len(self.shape) == 4


def layers_of(configs: Mapping[str, Mapping[str, object]]) -> dict[str, Layer]:
    """Name in a LoRA file → layer, of a base whose components have these configurations. Nothing is loaded."""
    names: dict[str, Layer] = {}
    for component in ("unet", *_TEXT_CLASSES):
        if component in configs:
            names |= _layers_of(component, _frozen(configs[component]))
    return names


def _frozen(config: Mapping[str, object]) -> str:
    return json.dumps(config, sort_keys=True, default=str)


@lru_cache(maxsize=32)
def _layers_of(component: str, text: str) -> dict[str, Layer]:
    config = json.loads(text)
    names: dict[str, Layer] = {}
    for path, shape in _shapes(component, config).items():
        layer = Layer(component, path, shape)
        for name in _unet_names(path, config) if component == "unet" else _text_names(component, path):
            names[name] = layer
    return names


def _shapes(component: str, config: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    # For this thread alone: another one may load a model for a job.
    with torch.device("meta"):
        if component == "unet":
            module: Any = diffusers.UNet2DConditionModel.from_config(config)
        else:
            text = config.get("text_config") or config
            module = _TEXT_CLASSES[component](transformers.CLIPTextConfig.from_dict(dict(text)))
    return {
        path: tuple(layer.weight.shape) for path, layer in module.named_modules() if isinstance(layer, nn.Linear | nn.Conv2d)
    }


def _unet_names(path: str, config: Mapping[str, object]) -> list[str]:
    sgm = _to_sgm(path, config)
    names = [f"unet.{path}", "lora_unet_" + path.replace(".", "_")]
    if sgm is not None:
        names += [f"unet.{sgm}", "lora_unet_" + sgm.replace(".", "_")]
    # Until October 2023 diffusers kept LoRAs in attention processors.
    block, dot, own = path.partition(".attn1." if ".attn1." in path else ".attn2.")
    if dot:
        processor = f"{block}{dot}processor.{own.removesuffix('.0')}_lora"
        names += [processor, f"unet.{processor}"]
    return names


def _to_sgm(path: str, config: Mapping[str, Any]) -> str | None:
    if path in _TOP:
        return _TOP[path]
    side, _, rest = path.partition(".")
    if side == "mid_block":
        kind, number, own = rest.split(".", 2)
        return _inside(f"middle_block.{1 if kind == 'attentions' else 2 * int(number)}", kind, own)
    if side not in ("down_blocks", "up_blocks"):
        return None
    level, kind, number, own = rest.split(".", 3)
    layers = int(config.get("layers_per_block", 2))
    has_attention = "Attn" in config.get("up_block_types", [])[int(level)] if side == "up_blocks" else False
    first = int(level) * (layers + 1)
    if kind == "downsamplers":
        return f"input_blocks.{first + layers + 1}.0.op"
    if kind == "upsamplers":
        return f"output_blocks.{first + layers}.{2 if has_attention else 1}.conv"
    block = f"input_blocks.{first + 1 + int(number)}" if side == "down_blocks" else f"output_blocks.{first + int(number)}"
    return _inside(f"{block}.{1 if kind == 'attentions' else 0}", kind, own)


def _inside(block: str, kind: str, own: str) -> str | None:
    if kind == "attentions":
        return f"{block}.{own}"
    return f"{block}.{_RESNET[own]}" if own in _RESNET else None


def _text_names(component: str, path: str) -> list[str]:
    bare = path.removeprefix("text_model.")
    long = bare if bare == "text_projection" else f"text_model.{bare}"
    names = [f"{component}.{bare}", f"{component}.{long}", _KOHYA[component] + long.replace(".", "_")]
    # Until 2023 diffusers called an encoder's projections as those of its UNet.
    own = bare.rpartition(".")[2]
    old = {"q_proj": "to_q_lora", "k_proj": "to_k_lora", "v_proj": "to_v_lora", "out_proj": "to_out_lora"}.get(own)
    if old is not None:
        names += [name.removesuffix(own) + old for name in names[:2]]
    return names
