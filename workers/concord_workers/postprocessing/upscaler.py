"""Makes pictures larger: Lanczos and Bicubic by Pillow, ESRGAN nets tile by tile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from PIL import Image

from concord_workers.core.errors import ContractError, ModelInvalid, UnsupportedFeature
from concord_workers.core.inference_settings import InferenceSettings
from concord_workers.core.tables import names
from concord_workers.models.model_finder import Located
from concord_workers.models.model_loader import ModelLoader

__all__ = ["available_upscalers", "locate_net", "needs_net", "target_size", "upscale_with_net", "upscale_with_pillow"]

_PILLOW = {"Lanczos": Image.Resampling.LANCZOS, "Bicubic": Image.Resampling.BICUBIC}
_OVERLAP = 16  # pixels that tiles share on each side; more than the nets' receptive field matters little


def target_size(width: int, height: int, factor: float) -> tuple[int, int]:
    """Sides after upscaling, rounded to whole pixels."""
    return round(width * factor), round(height * factor)


def needs_net(name: str) -> bool:
    """Whether an upscaler runs a net with weights."""
    return name != "none" and name not in _PILLOW


def available_upscalers(loader: ModelLoader, settings: InferenceSettings) -> list[str]:
    """The upscalers that can run here, in the contract's order."""
    found = []
    for name in names("UpscalerName"):
        if name == "none":
            continue
        if name not in _PILLOW:
            try:
                locate_net(loader, settings, name)
            except ContractError:
                continue  # without weights it is not advertised; the error of a job that names it gives the reason
        found.append(name)
    return found


def locate_net(loader: ModelLoader, settings: InferenceSettings, name: str) -> Located | None:
    """The weights of an upscaling net; None for what Pillow does. Raises UnsupportedFeature where there are none."""
    if name in _PILLOW:
        return None
    try:
        return loader.resolve(settings.upscalers.get(name, name))
    except ContractError as error:
        raise UnsupportedFeature(
            f"{name} has no weights here",
            field="/postprocessing/upscaler",
            hint=f"put {name}.safetensors under a model root",
        ) from error


def upscale_with_pillow(picture: Image.Image, name: str, size: tuple[int, int]) -> Image.Image:
    return picture.resize(size, _PILLOW[name])


def upscale_with_net(
    picture: Image.Image, net: Any, size: tuple[int, int], device: torch.device, tile: int, check: Callable[[], None]
) -> Image.Image:
    """Runs the net at its own scale, tile by tile, then Lanczos for the rest of the way to `size`.

    net: spandrel's descriptor. check: called before each tile, may raise.
    """
    pixels = torch.from_numpy(np.asarray(picture, dtype=np.float32) / 255.0).permute(2, 0, 1).unsqueeze(0)
    scale = int(net.scale)
    _, _, height, width = pixels.shape
    out = torch.empty(1, 3, height * scale, width * scale)
    for top in range(0, height, tile):
        for left in range(0, width, tile):
            check()
            bottom, right = min(top + tile, height), min(left + tile, width)
            y0, x0 = max(top - _OVERLAP, 0), max(left - _OVERLAP, 0)
            y1, x1 = min(bottom + _OVERLAP, height), min(right + _OVERLAP, width)
            piece = pixels[:, :, y0:y1, x0:x1].to(device=device, dtype=net.dtype)
            with torch.inference_mode():
                large = net(piece).float().cpu()
            _require_finite(large, net.dtype)
            inside = large[:, :, (top - y0) * scale : (bottom - y0) * scale, (left - x0) * scale : (right - x0) * scale]
            out[:, :, top * scale : bottom * scale, left * scale : right * scale] = inside
    array = (out[0].clamp(0, 1).permute(1, 2, 0) * 255.0).round().to(torch.uint8).numpy()
    large_picture = Image.fromarray(array)
    return large_picture if large_picture.size == size else large_picture.resize(size, Image.Resampling.LANCZOS)


def _require_finite(pixels: torch.Tensor, dtype: torch.dtype) -> None:
    """Raises ModelInvalid for values that would be black in a picture."""
    if not bool(torch.isfinite(pixels).all()):
        full = dtype == torch.float32
        raise ModelInvalid(
            f"the upscaling net gives values that are not finite in {str(dtype).removeprefix('torch.')}",
            field="/postprocessing/upscaler",
            hint="its weights are no good: use another upscaler" if full else "use fp32, or another upscaler",
        )
