"""The base model that a training starts from, and the two ways to use a module of it without changing it.

The modules belong to the model loader, and inference uses them before and after. A training never writes into them: it
works on views (own module objects over the same frozen tensors, without further memory) or on copies.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from diffusers import AutoencoderKL, DDPMScheduler, StableDiffusionXLPipeline, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

__all__ = ["Base", "copy_of", "view_of"]

_ModuleT = TypeVar("_ModuleT", bound=nn.Module)


@dataclass(frozen=True)
class Base:
    """The parts of an SDXL base. dtype: of the frozen weights. scheduler: any diffusers scheduler of the model.

    zero_negative: an empty negative prompt is conditioned with zeros instead of its encoding.
    """

    unet: UNet2DConditionModel
    vae: AutoencoderKL
    text_encoder: CLIPTextModel
    text_encoder_2: CLIPTextModelWithProjection
    tokenizer: CLIPTokenizer
    tokenizer_2: CLIPTokenizer
    scheduler: Any
    zero_negative: bool
    device: torch.device
    dtype: torch.dtype

    def noise_scheduler(self) -> DDPMScheduler:
        """The forward process that the model was trained with."""
        return DDPMScheduler.from_config(self.scheduler.config)

    def pipeline(self, **parts: Any) -> StableDiffusionXLPipeline:
        """A pipeline over these parts, some of them replaced."""
        own = {
            "unet": self.unet,
            "vae": self.vae,
            "text_encoder": self.text_encoder,
            "text_encoder_2": self.text_encoder_2,
            "tokenizer": self.tokenizer,
            "tokenizer_2": self.tokenizer_2,
            "scheduler": type(self.scheduler).from_config(self.scheduler.config),
        }
        pipeline = StableDiffusionXLPipeline(
            **{**own, **parts}, force_zeros_for_empty_prompt=self.zero_negative, add_watermarker=False
        )
        pipeline.set_progress_bar_config(disable=True)
        return pipeline


def view_of(module: _ModuleT) -> _ModuleT:
    """New module objects over the same tensors, frozen: submodules may be replaced and flags set, weights only read."""
    memo: dict[int, Any] = {id(weight): nn.Parameter(weight.data, requires_grad=False) for weight in module.parameters()}
    memo.update({id(buffer): buffer for buffer in module.buffers()})
    return copy.deepcopy(module, memo)


def copy_of(module: _ModuleT, dtype: torch.dtype) -> _ModuleT:
    """A copy with its own weights, in the given dtype, on the module's device."""
    own = copy.deepcopy(module)
    # diffusers' own `to` warns of modules that are to stay in float32, of which these models have none.
    nn.Module.to(own, dtype=dtype)
    return own
