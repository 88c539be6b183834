"""One training picture: decoded, cut square, and turned into pixels with SDXL's size conditioning."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from concord_workers.core.job_context import JobContext
from concord_workers.images.image_input import read_image_file
from concord_workers.images.image_input import read_picture as decode_picture

__all__ = ["read_picture", "square"]


def read_picture(path: Path, field: str, context: JobContext | None = None) -> Image.Image:
    """Decodes a picture whole, by the rules of image references: formats, size, EXIF orientation, colours, alpha.

    context: gets the warnings about its colours. Raises `image_invalid`.
    """
    return decode_picture(read_image_file(path, field), field, context or JobContext())


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
