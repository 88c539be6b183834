"""Checks the models of a job against each other: base, refiner, VAE, text encoders, tokenizers.

No model is loaded. Of weights it reads the beginnings, a LoRA's alphas, and the first layer of two VAEs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar

from concord_workers.contract.generated.submission import PartialSubmission
from concord_workers.core.errors import (
    ContractError,
    ModelInvalid,
)
from concord_workers.core.scalar import shorten
from concord_workers.models.facts import describe_text_encoder
from concord_workers.models.model_facts import ModelFacts
from concord_workers.models.model_loader import ModelLoader
from concord_workers.models.own_tokenizers import require_ids_fit, require_own_tokenizers
from concord_workers.models.vae_latents import require_same_latents
from concord_workers.models.vocabulary import require_vocabulary

__all__ = ["Attempt", "Parts", "at", "facts_of", "model_violations", "require_type", "require_widths"]


_P = ParamSpec("_P")
_T = TypeVar("_T")


class Attempt(Protocol):
    """Runs one check and returns its result; notes its violation and returns None where it raises one."""

    def __call__(self, check: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T | None: ...


def facts_of(loader: ModelLoader, reference: str, model_type: str, field: str) -> ModelFacts:
    return require_type(loader.describe(reference, field), model_type, field)


def require_type(facts: ModelFacts, model_type: str, field: str) -> ModelFacts:
    """Raises ModelInvalid where the files are of another kind."""
    if facts.model_type != model_type:
        what = f"a {facts.model_type}" if facts.model_type else "nothing that is known here"
        raise ModelInvalid(f"{facts.path.name} is {what}, not a {model_type}", field=field)
    return facts


@dataclasses.dataclass
class Parts:
    """The base and the replacements of its parts that passed their own checks. A refused part is compared with nothing.

    base: None where it was refused. configs: component → its configuration; None where the base or a text encoder was
    refused. tokenizers: folders of the words that the job's prompts are read with; a refused one is not among them.
    """

    base: ModelFacts | None = None
    configs: dict[str, dict[str, Any]] | None = None
    tokenizers: list[Path] = dataclasses.field(default_factory=list)


def model_violations(submission: PartialSubmission, loader: ModelLoader, attempt: Attempt) -> Parts:
    model = submission.model
    base: ModelFacts | None = None
    if model.base is not None:
        base = attempt(facts_of, loader, model.base, "sdxl", "/model/base")
    for name, model_type, reference in (("refiner", "sdxl_refiner", model.refiner), ("vae", "vae", model.vae)):
        if reference is not None:
            field = f"/model/{name}"
            facts = attempt(facts_of, loader, reference, model_type, field)
            if facts is not None and name == "refiner":
                attempt(at, field, require_own_tokenizers, facts)
            if facts is not None and base is not None:
                fits = _require_same_prediction if name == "refiner" else _require_vae_fits
                attempt(fits, facts, base)
    parts = Parts(base, dict(base.configs) if base is not None else None)
    own = attempt(at, "/model/base", require_own_tokenizers, base) if base is not None else None
    tokenizers: dict[str, Path | None] = dict(own or {})
    if model.tokenizer is not None:
        tokenizers["text_encoder"] = attempt(_require_tokenizer, loader, model.tokenizer)
    parts.tokenizers = [folder for folder in tokenizers.values() if folder is not None]
    encoders = {"text_encoder": model.text_encoder, "text_encoder_2": model.text_encoder_2}
    for name, reference in encoders.items():
        if reference is None:
            continue
        config = attempt(_require_text_encoder, loader, reference, name, base)
        if config is None:
            parts.configs = None
        elif parts.configs is not None:
            parts.configs[name] = config
    for name, folder in tokenizers.items():
        replaced = "tokenizer" if name == "text_encoder" and model.tokenizer is not None else name
        is_named = replaced == "tokenizer" or encoders[name] is not None
        if folder is not None and parts.configs is not None and is_named:
            attempt(at, f"/model/{replaced}", require_ids_fit, folder, name, parts.configs[name])
    return parts


def _require_same_prediction(refiner: ModelFacts, base: ModelFacts) -> None:
    """Raises ModelInvalid where the refiner cannot go on from the base's latents: both stages follow one sampler."""
    if refiner.prediction != base.prediction:
        raise ModelInvalid(
            f"{refiner.path.name} predicts {refiner.prediction}, {base.path.name} {base.prediction}",
            field="/model/refiner",
            hint="use a refiner that was trained for this base, or none",
        )


def _require_vae_fits(vae: ModelFacts, base: ModelFacts) -> None:
    """Raises ModelInvalid for a VAE of other latents than the base's."""
    own, bases = vae.configs.get("model", {}), base.configs.get("vae", {})
    for size, default in (("latent_channels", 4), ("scaling_factor", 0.18215)):
        new, old = own.get(size, default), bases.get(size, default)
        if own and bases and new != old:
            raise ModelInvalid(
                f"{vae.path.name} is for other latents: its {size} is {new}, the base's {old}", field="/model/vae"
            )
    require_same_latents(vae, base)


def _require_folder(loader: ModelLoader, reference: str, field: str) -> Path:
    path = loader.resolve(reference, field).path
    if not path.is_dir():
        raise ModelInvalid(f"{shorten(reference)} is no folder", field=field, hint="name a folder in transformers' layout")
    return path


def _require_tokenizer(loader: ModelLoader, reference: str) -> Path:
    folder = _require_folder(loader, reference, "/model/tokenizer")
    at("/model/tokenizer", require_vocabulary, folder)
    return folder


def at(field: str, check: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Runs a check of a model and returns its result; an error that names no field is about this one."""
    try:
        return check(*args, **kwargs)
    except ContractError as error:
        error.field = error.field or field
        raise


def _require_text_encoder(loader: ModelLoader, reference: str, name: str, base: ModelFacts | None) -> dict[str, Any]:
    """The configuration of a text encoder's folder.

    Raises ModelInvalid where it is of another kind or size than the base's.
    """
    field = f"/model/{name}"
    folder = _require_folder(loader, reference, field)
    try:
        config = describe_text_encoder(folder, name).configs["model"]
    except ModelInvalid as error:
        error.field = field
        raise
    if base is not None:
        require_widths(name, base.configs.get(name, {}), config.get("text_config") or config)
    return config


def require_widths(name: str, own: Mapping[str, object], new: Mapping[str, object]) -> None:
    """Raises ModelInvalid where a text encoder's configuration says other widths than the one that it replaces."""
    for width in ("hidden_size", "projection_dim"):
        if width in own and width in new and new[width] != own[width]:
            raise ModelInvalid(f"the {name} has the {width} {new[width]}, the base takes {own[width]}", field=f"/model/{name}")
