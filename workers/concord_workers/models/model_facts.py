"""The facts of one model, as its files state them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from concord_workers.models.prediction import Prediction

__all__ = ["CHUNK_LENGTH", "FAMILY", "ModelFacts", "bytes_of_number", "family_of"]

CHUNK_LENGTH = 77
"""Tokens that a text encoder is given at once, with those that begin and end them."""

FAMILY = "sdxl"
"""The family of models that this worker runs."""


@dataclass(frozen=True)
class ModelFacts:
    """Facts of one model.

    model_type: the contract's name of its kind; None: unknown. files: its weight files. file_bytes: their size.
    component_elements: component → numbers in it; a model of one part has the component "model".
    dtype: the number format that most of it is stored in, in the contract's spelling; None: another.
    clip_layers: layers of its shortest text encoder; None: it has none.
    configs: component → its configuration, as far as there are files of it.
    prediction: of its UNet; None: it has none.
    unused: names of weights in its files that no component takes, without those that are known to change no picture.
    contradicted: names of numbers of its training in its files that differ from its configuration.
    changes_nothing: it is a LoRA whose every change is 0.
    """

    path: Path
    model_type: str | None
    files: tuple[Path, ...]
    file_bytes: int
    component_elements: dict[str, int]
    dtype: str | None
    clip_layers: int | None
    configs: dict[str, dict[str, Any]] = field(default_factory=dict)
    variant: str | None = None
    prediction: Prediction | None = None
    unused: tuple[str, ...] = ()
    contradicted: tuple[str, ...] = ()
    changes_nothing: bool = False

    @property
    def embeds_guidance(self) -> bool:
        """Whether its UNet takes the guidance scale as an input, as distilled ones do; it then reads no negative prompt."""
        return self.configs.get("unet", {}).get("time_cond_proj_dim") is not None

    @cached_property
    def real(self) -> Path:
        """Its path with links followed: the same for every name that a model has."""
        return self.path.resolve()

    @property
    def unused_text(self) -> str | None:
        """The text of the warning `weights_unused`; None where all weights are used."""
        kinds = (
            (self.unused, "weights that belong to nothing and are not used"),
            (self.contradicted, "numbers of its training that are not used, and differ from its configuration"),
        )
        said = [f"{self.path.name} holds {len(names)} {what}: {_first_of(names)}" for names, what in kinds if names]
        return "; ".join(said) or None

    @cached_property
    def elements(self) -> int:
        return sum(self.component_elements.values())

    def bytes_at(self, dtype: str) -> int:
        """Memory that its weights take in a number format, in bytes."""
        return self.elements * bytes_of_number(dtype)


def _first_of(names: tuple[str, ...]) -> str:
    return ", ".join(name[:100] for name in names[:3]) + (", …" if len(names) > 3 else "")


def bytes_of_number(dtype: str) -> int:
    """Bytes of one number in a format, by the contract's name."""
    return 4 if dtype == "fp32" else 2


def family_of(model_type: str) -> dict[str, str]:
    """`family` of a model's row; upscalers and safety checkers belong to none."""
    return {} if model_type in ("upscaler", "safety_checker") else {"family": FAMILY}
