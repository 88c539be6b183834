"""Flags pictures that should not be shown, with a local checker model."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image

from concord_workers.core.errors import ContractError, ModelInvalid, UnsupportedFeature
from concord_workers.core.inference_settings import InferenceSettings
from concord_workers.models.model_finder import Located
from concord_workers.models.model_loader import ModelLoader

__all__ = ["check_pictures", "has_checker", "locate_checker"]


def locate_checker(loader: ModelLoader, settings: InferenceSettings) -> Located:
    """The checker's folder. Raises UnsupportedFeature where there is none."""
    try:
        return loader.resolve(settings.safety_checker)
    except ContractError as error:
        raise UnsupportedFeature(
            "there is no safety checker here",
            field="/postprocessing/safety_checker",
            hint=f"put the folder {settings.safety_checker} under a model root",
        ) from error


def has_checker(loader: ModelLoader, settings: InferenceSettings) -> bool:
    try:
        locate_checker(loader, settings)
    except UnsupportedFeature:
        return False
    return True


def check_pictures(pictures: list[Image.Image], checker: Any, device: torch.device, dtype: torch.dtype) -> list[bool]:
    """Which pictures are flagged. checker: the model and its image processor, as the loader gives them."""
    model, processor = checker
    pixels = processor(pictures, return_tensors="pt").pixel_values.to(device=device, dtype=dtype)
    # The model blackens its input; only its verdict is used.
    scratch = [np.zeros((1, 1, 3), dtype=np.float32) for _ in pictures]
    seen: list[torch.Tensor] = []
    watch = model.visual_projection.register_forward_hook(lambda module, given, made: seen.append(made))
    try:
        with torch.inference_mode():
            _, flags = model(images=scratch, clip_input=pixels)
    finally:
        watch.remove()
    if not all(bool(torch.isfinite(made).all()) for made in seen):
        # A comparison with NaN is false, so that no picture would be flagged.
        raise ModelInvalid(
            f"the safety checker gives values that are not finite in {str(dtype).removeprefix('torch.')}",
            field="/postprocessing/safety_checker",
            hint="use bf16 or fp32",
        )
    return [bool(flag) for flag in flags]
