"""Tells a VAE of SDXL's latents from one of Stable Diffusion 1.x, where its file has no configuration that says which.

Both have the same names and shapes, and their latents mean different things. VAEs for one base begin from the same trained
weights, so that the decoder's first weights point the same way; those of two trainings are no more alike than chance.
"""

from __future__ import annotations

import math
from typing import Any

from concord_workers.core.errors import ModelInvalid
from concord_workers.core.model_files import config_beside
from concord_workers.models.model_facts import ModelFacts
from concord_workers.models.safetensors_file import read_header, read_tensors

__all__ = ["require_same_latents"]

_WEIGHT = "decoder.conv_in.weight"
# Cosine of the angle between two weights of 18432 numbers. By chance it is about 0.007; further training of one of them should
# leave it near 1. The bound lies between and is not measured on published weights.
_COSINE_MIN = 0.25


def require_same_latents(vae: ModelFacts, base: ModelFacts) -> None:
    """Raises ModelInvalid for a VAE in a file without a configuration that does not decode the base's latents.

    A base whose own VAE is zero or not finite says nothing about another one.
    """
    if not vae.path.is_file() or config_beside(vae.path).is_dir():
        return
    own, bases = _weight_of(vae), _weight_of(base)
    if own is None or bases is None or own.shape != bases.shape:
        return
    own, bases = own.double().flatten(), bases.double().flatten()
    own_length, bases_length = float(own.norm()), float(bases.norm())
    if not math.isfinite(bases_length) or bases_length == 0:
        return
    if not math.isfinite(own_length):
        raise ModelInvalid(f"{vae.path.name} has values that are not finite in {_WEIGHT}", field="/model/vae")
    cosine = float(own @ bases) / (own_length * bases_length) if own_length else 0.0
    if abs(cosine) < _COSINE_MIN:
        raise ModelInvalid(
            f"{vae.path.name} does not decode the latents of {base.path.name}; it may be a VAE of Stable Diffusion 1.x",
            field="/model/vae",
            hint=f"if it does decode them, put a folder {config_beside(vae.path).name} with its config.json beside it",
        )


def _weight_of(facts: ModelFacts) -> Any:
    """The decoder's first weights, (width, latent channels, 3, 3); None where no file has them."""
    for file in facts.files:
        name = next((name for name in read_header(file).tensors if name.endswith(_WEIGHT)), None)
        if name is not None:
            return read_tensors(file, [name])[name]
    return None
