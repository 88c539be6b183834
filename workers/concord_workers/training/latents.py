"""The pictures as latents, encoded once."""

from __future__ import annotations

from collections.abc import Callable

import torch
from diffusers import AutoencoderKL

from .dataset import POINTER, DataSet
from .draws import generator
from .pictures import read_picture, square

__all__ = ["CachedLatents"]


class CachedLatents:
    """latents: (pictures, 4, size / 8, size / 8), float32, cpu, scaled. time_ids: (pictures, 6), float32, cpu."""

    def __init__(
        self,
        vae: AutoencoderKL,
        dataset: DataSet,
        size: int,
        seed: int,
        device: torch.device,
        check: Callable[[], None],
    ) -> None:
        """Encodes with a float32 VAE (SDXL's overflows in float16); the posterior is sampled once a picture, by the seed."""
        latents, time_ids = [], []
        for index, picture in enumerate(dataset.pictures):
            check()
            pixels, ids = square(read_picture(picture.path, POINTER), size)
            with torch.no_grad():
                posterior = vae.encode(pixels[None].to(device, torch.float32)).latent_dist
            noise = torch.randn(posterior.mean.shape, generator=generator(seed, "latent", index)).to(device)
            latents.append(((posterior.mean + posterior.std * noise) * vae.config.scaling_factor).cpu())
            time_ids.append(ids)
        self.latents = torch.cat(latents)
        self.time_ids = torch.tensor(time_ids, dtype=torch.float32)
