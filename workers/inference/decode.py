"""Latents to pictures, and the cheap preview of latents on the way."""

from __future__ import annotations

import base64
import io
from typing import Any

import torch
from PIL import Image

from core.errors import ModelInvalid

__all__ = ["decode_latents", "preview_url"]

# A linear map from SDXL's four latent channels to RGB, fitted by the community; enough to see what becomes of a picture.
_PREVIEW_RGB = torch.tensor(
    [[0.3920, 0.4054, 0.4549], [-0.2634, -0.0196, 0.0653], [0.0568, 0.1687, -0.0755], [-0.3112, -0.2359, -0.2076]]
)


def decode_latents(vae: Any, latents: torch.Tensor, dtype: str) -> list[Image.Image]:
    """Decode (batch, 4, height / 8, width / 8) latents to RGB pictures.

    A VAE that overflows in fp16 runs in fp32 meanwhile. Raises ModelInvalid where values are not finite, which would
    otherwise be black pictures.
    """
    stored = vae.dtype
    upcast = stored == torch.float16 and bool(vae.config.force_upcast)
    if upcast:
        vae.to(dtype=torch.float32)
    try:
        scaled = latents.to(vae.dtype) / vae.config.scaling_factor
        mean, std = vae.config.get("latents_mean"), vae.config.get("latents_std")
        if mean is not None and std is not None:
            mean_tensor = torch.tensor(mean, device=scaled.device, dtype=scaled.dtype).view(1, -1, 1, 1)
            std_tensor = torch.tensor(std, device=scaled.device, dtype=scaled.dtype).view(1, -1, 1, 1)
            scaled = scaled * std_tensor + mean_tensor
        with torch.no_grad():
            pixels = vae.decode(scaled, return_dict=False)[0].float()
    finally:
        if upcast:
            vae.to(dtype=stored)
    if not bool(torch.isfinite(pixels).all()):
        full = dtype == "fp32"
        raise ModelInvalid(
            f"the model gives values that are not finite in {dtype}",
            field="/model/base" if full else "/performance/dtype",
            hint="weights of the base, or of what is put on it, are no good" if full else "use bf16 or fp32, or another VAE",
        )
    array = ((pixels / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1) * 255.0).round().to(torch.uint8).cpu().numpy()
    return [Image.fromarray(picture) for picture in array]


def preview_url(latents: torch.Tensor) -> str:
    """The first picture's latents as a small PNG in a `data:` URL; one pixel for eight of the picture."""
    linear = torch.einsum("chw,cr->hwr", latents[0].float().cpu(), _PREVIEW_RGB)
    array = ((linear / 2 + 0.5).clamp(0, 1) * 255.0).round().to(torch.uint8).numpy()
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
