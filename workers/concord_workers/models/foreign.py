"""Recognises single files of other architectures by their tensors' names and shapes.

The refusal names the architecture, so that the owner of the file does not look for a fault in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from concord_workers.models.safetensors_file import TensorInfo

__all__ = ["foreign_name"]

_UNET = "model.diffusion_model."
_CROSS = re.compile(r"(attn2\.to_k|attn2_to_k)\.weight$")
_TEXT_WIDTHS = {768: "Stable Diffusion 1.x", 1024: "Stable Diffusion 2.x", 1280: "the SDXL refiner", 2048: "SDXL"}
_UNION = ("task_embedding", "control_add_embedding.", "transformer_layes.", "spatial_ch_projs.")


def foreign_name(tensors: Mapping[str, TensorInfo]) -> str | None:
    """The file's architecture, with its article; None where no foreign one is recognised."""
    names = tensors.keys()

    def starts(*prefixes: str) -> bool:
        return any(name.startswith(prefixes) for name in names)

    def holds(*parts: str) -> bool:
        return any(part in name for name in names for part in parts)

    if holds("double_blocks.", "single_blocks.", "single_transformer_blocks."):
        return "a Flux model"
    if holds("joint_blocks."):
        return "a Stable Diffusion 3 model"
    if starts(_UNET):
        return _checkpoint(tensors, starts("cond_stage_model.transformer."), starts("cond_stage_model."))
    if holds("controlnet_cond_embedding.", "input_hint_block."):
        return _control_net(tensors, holds(*_UNION), holds("input_hint_block."))
    if starts("ip_adapter.", "image_proj."):
        return "an IP-Adapter"
    if starts("adapter.body.", "body.0.resnets.", "body.0.block"):
        return "a T2I-Adapter"
    if "emb_params" in names:
        return "a textual inversion for one text encoder (emb_params), as Stable Diffusion 1.x and 2.x take it"
    if "time_embed.0.weight" in names and starts("input_blocks."):
        return f"a UNet alone, for {_width_name(tensors)}"
    if "time_embedding.linear_1.weight" in names and starts("down_blocks."):
        return f"a UNet alone in the layout of diffusers, for {_width_name(tensors)}"
    if starts("transformer_blocks.", "blocks.0.", "model.diffusion_model.blocks."):
        return "a diffusion transformer"
    if starts("text_model.encoder."):
        return "a text encoder alone"
    return _vae(tensors)


def _checkpoint(tensors: Mapping[str, TensorInfo], first_clip: bool, any_clip: bool) -> str | None:
    names = tensors.keys()
    if first_clip:
        return "a Stable Diffusion 1.x checkpoint"
    if any_clip:
        return "a Stable Diffusion 2.x checkpoint"
    if not any(name.startswith("conditioner.embedders.") for name in names):
        return f"a UNet without text encoders, for {_width_name(tensors)}"
    if not any(name.startswith("first_stage_model.") for name in names):
        return "an SDXL checkpoint without its VAE"
    return None


def _control_net(tensors: Mapping[str, TensorInfo], union: bool, original: bool) -> str | None:
    if union:
        return "a union ControlNet"
    width = _cross_width(tensors)
    model = _TEXT_WIDTHS.get(width or 0)
    if original:
        return "a ControlNet in the original layout (input_hint_block)" + (f", for {model}" if model else "")
    return f"a ControlNet for {model}" if model is not None and model != "SDXL" else None


def _vae(tensors: Mapping[str, TensorInfo]) -> str | None:
    bare = {name.removeprefix("first_stage_model.").removeprefix("vae."): tensor for name, tensor in tensors.items()}
    first = bare.get("decoder.conv_in.weight")
    if first is not None and len(first.shape) == 4 and first.shape[1] != 4:
        return f"a VAE of {first.shape[1]} latent channels, SDXL's have 4"
    if first is not None and not any(name.startswith("encoder.") for name in bare):
        return "a VAE's decoder alone"
    if first is None and any(re.match(r"(taesd_)?(decoder|encoder)\.(layers\.)?\d+\.", name) for name in bare):
        return "a tiny autoencoder (TAESD)"
    return None


def _cross_width(tensors: Mapping[str, TensorInfo]) -> int | None:
    """Width of the text that a UNet reads."""
    found = (tensor.shape[1] for name, tensor in tensors.items() if _CROSS.search(name) and len(tensor.shape) == 2)
    return next(found, None)


def _width_name(tensors: Mapping[str, TensorInfo]) -> str:
    return _TEXT_WIDTHS.get(_cross_width(tensors) or 0, "an architecture that is not known")
