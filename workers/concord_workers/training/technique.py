"""The interface between the training loop and the three kinds of training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import torch
from diffusers import StableDiffusionXLPipeline, UNet2DConditionModel
from torch import nn

__all__ = ["Technique", "restore"]


class Technique(Protocol):
    """One way to train. Built on a Base; changes nothing in it."""

    unet: UNet2DConditionModel

    def trained(self) -> dict[str, nn.Parameter]:
        """The trained weights by a stable name, in a stable order, float32, on the device."""

    def conditioning(self, pictures: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Hidden states (batch, tokens, width) and pooled projections (batch, projection) of a batch of pictures."""

    def pipeline(self) -> StableDiffusionXLPipeline:
        """The model as trained so far, for a validation picture."""

    def save(self, path: Path) -> None:
        """Writes the output at a path of its own: a file, or a folder for full DreamBooth."""


def restore(technique: Technique, tensors: dict[str, torch.Tensor]) -> None:
    """Loads the weights of a checkpoint, which must have the same names."""
    trained = technique.trained()
    if trained.keys() != tensors.keys():
        raise ValueError(f"the checkpoint holds other weights: {_first(trained.keys() ^ tensors.keys())}")
    with torch.no_grad():
        for name, weight in trained.items():
            weight.copy_(tensors[name])


def _first(names: set[str]) -> str:
    ordered: Iterator[str] = iter(sorted(names))
    return next(ordered)
