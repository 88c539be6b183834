"""Stretches a picture's contrast to the full range."""

from __future__ import annotations

from PIL import Image, ImageOps

__all__ = ["auto_contrast"]


def auto_contrast(picture: Image.Image) -> Image.Image:
    """Darkest to 0 and brightest to 255, by one map for all channels, so that hues stay."""
    return ImageOps.autocontrast(picture, preserve_tone=True)
