"""Decodes latents to pictures, and makes cheap previews of them."""

from __future__ import annotations

import base64
import io
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from PIL import Image

from concord_workers.core.device_manager import Device, is_out_of_memory
from concord_workers.core.errors import ModelInvalid
from concord_workers.core.job_context import JobContext

__all__ = ["TILE_SIDE", "decode_latents", "decode_within_memory", "preview_url"]

TILE_SIDE = 512  # pixels; of the tiles that a picture is decoded in where memory does not suffice for the whole

# A linear map from SDXL's four latent channels to RGB, fitted by the community. Exact enough for a preview.
_PREVIEW_RGB = torch.tensor(
    [[0.3920, 0.4054, 0.4549], [-0.2634, -0.0196, 0.0653], [0.0568, 0.1687, -0.0755], [-0.3112, -0.2359, -0.2076]]
)


def decode_latents(vae: Any, latents: torch.Tensor, dtype: str) -> list[Image.Image]:
    """Decodes (batch, 4, height / 8, width / 8) latents to RGB pictures.

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


def decode_within_memory(
    vae: Any, latents: torch.Tensor, dtype: str, device: Device, evict: Callable[[], object], context: JobContext
) -> list[Image.Image]:
    """Decodes as `decode_latents` does, and in leaner ways where memory runs out, so that the denoising is not lost.

    First without the idle models on the device, then picture by picture, neither of which changes a pixel; then in tiles,
    with the warning `decoded_in_tiles`. evict: takes the idle models off the device.
    """

    def attempt() -> list[Image.Image] | None:
        context.check()
        try:
            return decode_latents(vae, latents, dtype)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            traceback.clear_frames(error.__traceback__)  # the frames hold the tensors that filled the memory
        device.empty_cache()
        return None

    if (pictures := attempt()) is not None:
        return pictures
    if evict() and (pictures := attempt()) is not None:
        return pictures
    with _picture_by_picture(vae):
        if len(latents) > 1 and (pictures := attempt()) is not None:
            return pictures
        with _in_tiles(vae) as side:
            context.check()
            pictures = decode_latents(vae, latents, dtype)
    context.warn(
        "decoded_in_tiles",
        f"memory did not suffice to decode the picture whole; it was decoded in tiles of {side} pixels a side",
        "/hyperparameters/dimensions",
        "ask for fewer pixels, or free memory on the device",
    )
    return pictures


@contextmanager
def _picture_by_picture(vae: Any) -> Iterator[None]:
    before = vae.use_slicing
    vae.use_slicing = True
    try:
        yield
    finally:
        vae.use_slicing = before


@contextmanager
def _in_tiles(vae: Any) -> Iterator[int]:
    """Decodes in tiles of at most TILE_SIDE; yields their side.

    The VAE's own tiles have the size of its training, 1024 pixels for SDXL, so that most pictures would stay whole.
    """
    before = (vae.use_tiling, vae.tile_sample_min_size, vae.tile_latent_min_size)
    scale = 2 ** (len(vae.config.block_out_channels) - 1)
    side = min(int(vae.tile_sample_min_size), TILE_SIDE)
    vae.use_tiling, vae.tile_sample_min_size, vae.tile_latent_min_size = True, side, side // scale
    try:
        yield side
    finally:
        vae.use_tiling, vae.tile_sample_min_size, vae.tile_latent_min_size = before


def preview_url(latents: torch.Tensor) -> str:
    """The first picture's latents as a small PNG in a `data:` URL; one pixel for eight of the picture."""
    linear = torch.einsum("chw,cr->hwr", latents[0].float().cpu(), _PREVIEW_RGB)
    array = ((linear / 2 + 0.5).clamp(0, 1) * 255.0).round().to(torch.uint8).numpy()
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
