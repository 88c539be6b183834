"""LoRA on the UNet's attention; DreamBooth's `lora` mode is the same with other captions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from diffusers import StableDiffusionXLPipeline
from diffusers.training_utils import cast_training_params
from diffusers.utils import convert_state_dict_to_diffusers
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import save_file
from torch import nn

from .base import Base, view_of
from .draws import generator
from .prompts import CachedCaptions

__all__ = ["LoraTechnique"]

ATTENTION = ["to_k", "to_q", "to_v", "to_out.0"]


class LoraTechnique:
    """rank: of the two factors. alpha: the update is scaled by alpha / rank."""

    def __init__(self, base: Base, captions: CachedCaptions, rank: int, alpha: float, seed: int) -> None:
        self.unet = view_of(base.unet)
        self._base = base
        self._captions = captions
        self._scale = alpha / rank
        # PEFT initialises from the global generator. It is seeded inside the fork alone, so that nothing else changes.
        with torch.random.fork_rng():
            torch.manual_seed(generator(seed, "lora").initial_seed())
            self.unet.add_adapter(LoraConfig(r=rank, lora_alpha=alpha, init_lora_weights="gaussian", target_modules=ATTENTION))
        cast_training_params(self.unet, dtype=torch.float32)

    def trained(self) -> dict[str, nn.Parameter]:
        return {name: weight for name, weight in self.unet.named_parameters() if weight.requires_grad}

    def conditioning(self, pictures: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        return self._captions.of(pictures)

    def pipeline(self) -> StableDiffusionXLPipeline:
        return self._base.pipeline(unet=self.unet)

    def save(self, path: Path) -> None:
        """A `.safetensors` in diffusers' layout.

        alpha / rank is multiplied into the second factor: the layout holds no alpha, and a reader that finds none takes
        alpha = rank. So every reader applies the trained change, with or without metadata.
        """
        state = {
            name: (weight * self._scale if name.endswith(".lora_B.weight") else weight).detach().cpu().contiguous()
            for name, weight in get_peft_model_state_dict(self.unet).items()
        }
        tensors = {f"unet.{name}": weight for name, weight in convert_state_dict_to_diffusers(state).items()}
        save_file(tensors, path, metadata={"format": "pt"})
