"""DreamBooth on the whole UNet: the output is a model folder that `model.base` loads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from diffusers import StableDiffusionXLPipeline
from torch import nn

from .base import Base, copy_of
from .prompts import CachedCaptions

__all__ = ["FullTechnique"]


class FullTechnique:
    """Trains a float32 copy of the UNet; the folder's UNet is written in the dtype in which the base was loaded."""

    def __init__(self, base: Base, captions: CachedCaptions) -> None:
        self.unet = copy_of(base.unet, torch.float32).requires_grad_(True)
        self._base = base
        self._captions = captions

    def trained(self) -> dict[str, nn.Parameter]:
        return dict(self.unet.named_parameters())

    def conditioning(self, pictures: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        return self._captions.of(pictures)

    def pipeline(self) -> StableDiffusionXLPipeline:
        return self._base.pipeline(unet=self.unet)

    def save(self, path: Path) -> None:
        unet = copy_of(self.unet, self._base.dtype)
        self._base.pipeline(unet=unet).save_pretrained(path, safe_serialization=True)
