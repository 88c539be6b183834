"""Checks a safety checker's image processor against its net, before a job relies on it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import transformers
from PIL import Image

from concord_workers.core.errors import ModelInvalid
from concord_workers.models.cause import cause_of

__all__ = ["processor_of"]

_SIDE = 224  # for a net whose configuration has none


def processor_of(folder: Path, config: Mapping[str, Any]) -> Any:
    """The image processor of a checker's folder. config: of its net.

    Raises ModelInvalid where it cannot be read, or makes values that the net does not take. With values that are not
    finite no picture would ever be flagged.
    """
    try:
        processor = transformers.CLIPImageProcessor.from_pretrained(folder, local_files_only=True)
        pixels = processor([Image.new("RGB", (8, 8), "grey")], return_tensors="pt").pixel_values
    except Exception as error:
        # A bad value of its configuration can raise any error in the library.
        raise ModelInvalid(f"the image processor of {folder.name} cannot be read: {cause_of(error, folder)}") from error
    vision = config.get("vision_config")
    side = vision.get("image_size", _SIDE) if isinstance(vision, Mapping) else _SIDE
    if tuple(pixels.shape) != (1, 3, side, side):
        raise ModelInvalid(
            f"the image processor of {folder.name} gives {list(pixels.shape[1:])}, its net takes [3, {side}, {side}]"
        )
    if not bool(torch.isfinite(pixels).all()):
        raise ModelInvalid(f"the image processor of {folder.name} gives values that are not finite")
    return processor
