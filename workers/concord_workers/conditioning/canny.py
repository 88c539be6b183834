"""Canny edges with scipy alone: smooth, gradient, thin to one pixel, keep weak edges that touch strong ones."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

__all__ = ["canny"]


def canny(image: Image.Image, low: float = 100.0, high: float = 200.0) -> Image.Image:
    """White edges on black, RGB, of the image's size. low, high: gradient thresholds on a scale of 8-bit Sobel sums."""
    gray = np.asarray(image.convert("L"), dtype=np.float32)
    smooth = ndimage.gaussian_filter(gray, 1.0)
    dx, dy = ndimage.sobel(smooth, axis=1), ndimage.sobel(smooth, axis=0)
    strength = np.hypot(dx, dy)
    # Along the gradient, in one of four directions, only the strongest pixel stays.
    direction = (np.round(np.arctan2(dy, dx) / (np.pi / 4)) % 4).astype(int)
    padded = np.pad(strength, 1)
    height, width = strength.shape
    thin = np.zeros(strength.shape, dtype=bool)
    for number, (row, column) in enumerate(((0, 1), (1, 1), (1, 0), (1, -1))):
        ahead = padded[1 + row : 1 + row + height, 1 + column : 1 + column + width]
        behind = padded[1 - row : 1 - row + height, 1 - column : 1 - column + width]
        thin |= (direction == number) & (strength >= ahead) & (strength > behind)
    weak = thin & (strength >= low)
    labels, count = ndimage.label(weak, structure=np.ones((3, 3)))
    keep = np.zeros(count + 1, dtype=bool)
    keep[np.unique(labels[weak & (strength >= high)])] = True
    keep[0] = False
    edges = (keep[labels] * 255).astype(np.uint8)
    return Image.fromarray(np.stack([edges] * 3, axis=-1))
