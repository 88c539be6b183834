"""One training picture: decoded, cut square, and turned into pixels with SDXL's size conditioning."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps

__all__ = ["PictureFault", "read_picture", "square"]

FORMATS = ("PNG", "JPEG", "WEBP")
PIXELS_MAX = 64_000_000


class PictureFault(Exception):
    """Why a file is no usable picture."""


def read_picture(path: Path) -> Image.Image:
    """Decodes a PNG, JPEG or WebP of at most 64 megapixels whole; EXIF orientation applied, alpha dropped."""
    try:
        with Image.open(path, formats=FORMATS) as image:
            if image.width * image.height > PIXELS_MAX:
                raise PictureFault(f"it has {image.width}x{image.height} pixels, more than 64 megapixels")
            return ImageOps.exif_transpose(image).convert("RGB")
    except PictureFault:
        raise
    except Exception as exc:  # Pillow raises SyntaxError, struct.error and more for torn files.
        raise PictureFault(f"it cannot be read as PNG, JPEG or WebP: {exc}") from exc


def square(image: Image.Image, size: int) -> tuple[torch.Tensor, list[int]]:
    """Resizes the short side to `size` pixels and cuts the middle out.

    Returns pixels (3, size, size), float32, cpu, -1..1, and SDXL's time ids: original height and width, top and left of
    the cut, target height and width.
    """
    width, height = image.size
    scale = size / min(width, height)
    resized = image.resize((max(size, round(width * scale)), max(size, round(height * scale))), Image.Resampling.LANCZOS)
    left, top = (resized.width - size) // 2, (resized.height - size) // 2
    cut = resized.crop((left, top, left + size, top + size))
    pixels = torch.from_numpy(np.array(cut)).float().permute(2, 0, 1) / 127.5 - 1
    return pixels, [height, width, top, left, size, size]
