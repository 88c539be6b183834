"""Tells a VAE of SDXL's latents from one of Stable Diffusion 1.x, where its file has no configuration that says which.

Both have the same names and shapes, and their latents mean different things. VAEs for one base descend from one training, so
that the decoder's first weights point the same way; those of two trainings are no more alike than chance.
"""

from __future__ import annotations

import math
from typing import Any

from concord_workers.core.errors import ModelInvalid
from concord_workers.core.model_files import config_beside
from concord_workers.models.model_facts import ModelFacts
from concord_workers.models.safetensors_file import read_header, read_tensors

__all__ = ["require_kin"]

_WEIGHT = "decoder.conv_in.weight"
# Cosine of the angle between the weights of 18432 numbers: 0.007 is its usual size for strangers, and for kin it is near 1.
_STRANGERS_MAX = 0.25


def require_kin(vae: ModelFacts, base: ModelFacts) -> None:
    """Raises ModelInvalid for a VAE in a file without a configuration that was not trained for the base's latents."""
    if not vae.path.is_file() or config_beside(vae.path).is_dir():
        return
    own, bases = _weight_of(vae), _weight_of(base)
    if own is None or bases is None or own.shape != bases.shape:
        return
    own, bases = own.double().flatten(), bases.double().flatten()
    length = float(own.norm() * bases.norm())
    cosine = float(own @ bases) / length if length else 0.0
    if not math.isfinite(cosine) or abs(cosine) < _STRANGERS_MAX:
        raise ModelInvalid(
            f"{vae.path.name} was not trained for the latents of {base.path.name}, as one of Stable Diffusion 1.x",
            field="/model/vae",
            hint=f"if it was, put a folder {config_beside(vae.path).name} with its config.json beside it",
        )


def _weight_of(facts: ModelFacts) -> Any:
    """The decoder's first weights, (width, latent channels, 3, 3); None where no file has them."""
    for file in facts.files:
        name = next((name for name in read_header(file).tensors if name.endswith(_WEIGHT)), None)
        if name is not None:
            return read_tensors(file, [name])[name]
    return None
