"""Facts of a model by its headers and configuration: its kind, sizes, layers and number format.

Of the weights only the beginning of each matrix and a LoRA's alphas are read, and more only where they are zeros; nothing is
loaded onto the device, so that queries can ask while a job runs. Facts and refusals are remembered by the signature of the
model's files.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from concord_workers.core.errors import ModelInvalid
from concord_workers.core.model_files import files_of, stamp
from concord_workers.models.cause import cause_of
from concord_workers.models.model_configs import read_json, require_length
from concord_workers.models.model_facts import ModelFacts
from concord_workers.models.model_folder import describe_folder, tensors_of
from concord_workers.models.safetensors_file import read_header
from concord_workers.models.single_file import describe_file
from concord_workers.models.unwritten import require_written
from concord_workers.models.vocabulary import has_vocabulary
from concord_workers.models.weight_fit import part_fit
from concord_workers.models.weight_headers import require_float_weights

__all__ = ["component_of", "describe", "describe_text_encoder", "signature"]

# CLIP's encoders of texts and of pictures share one `model_type`, and so do models built on the latter.
_TEXT_ENCODERS = {"CLIPModel", "CLIPTextModel", "CLIPTextModelWithProjection"}

# Errors of the code below at configurations and tensors of impossible forms, each from another line.
_SHAPELESS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)

# By path and the component that a text encoder is described as.
_remembered: dict[tuple[Path, str | None], tuple[tuple[object, ...], ModelFacts | ModelInvalid]] = {}


def describe(path: Path) -> ModelFacts:
    """The facts of the model at a path. Raises ModelInvalid for pickles, broken files and special files."""
    return _once(path, None, lambda: describe_folder(path) if path.is_dir() else describe_file(path))


def describe_text_encoder(path: Path, name: str | None = None) -> ModelFacts:
    """The facts of a text encoder's own folder. name: the component that it replaces; None: by its architecture.

    Raises ModelInvalid for another model, or one that lacks weights.
    """
    facts = describe(path)
    config = facts.configs.get("model", {})
    if not path.is_dir() or not _is_text_encoder(config):
        raise ModelInvalid(f"{path.name} is no text encoder", hint="SDXL takes CLIP's")
    if name is None:
        name = "text_encoder_2" if "CLIPTextModelWithProjection" in (config.get("architectures") or []) else "text_encoder"
    require_length(name, config, path.name)
    return _once(path, name, lambda: _describe_text_encoder(facts, name, config))


def _describe_text_encoder(facts: ModelFacts, name: str, config: dict[str, Any]) -> ModelFacts:
    headers = [read_header(file) for file in facts.files]
    fit = part_fit(name, config, tensors_of(headers), facts.path.name)
    require_float_weights(headers, fit.used)
    require_written(headers, None, fit.used)
    return replace(facts, unused=fit.rest)


def _once(path: Path, component: str | None, describe_now: Callable[[], ModelFacts]) -> ModelFacts:
    """What `describe_now` returned or raised for these files, the first time that it was asked."""
    now = signature(path)
    known = _remembered.get((path, component))
    if known is not None and known[0] == now:
        if isinstance(known[1], ModelInvalid):
            raise deepcopy(known[1])  # callers add the field to it
        return known[1]
    try:
        facts = describe_now()
    except ModelInvalid as error:
        # An error with a cause may come from the system, as a file that cannot be read now, and is not remembered.
        if error.__cause__ is None:
            _remembered[path, component] = (now, deepcopy(error))
        raise
    except _SHAPELESS as error:
        raise _not_laid_out(path, error) from error
    _remembered[path, component] = (now, facts)
    return facts


def component_of(path: Path) -> str | None:
    """The component in a folder that a job may name in place of the base's; None where it is another model."""
    if not path.is_dir() or (path / "model_index.json").is_file():
        return None
    # CLIP's published folders hold a tokenizer too; the weights count.
    if (path / "config.json").is_file() and _is_text_encoder(read_json(path / "config.json")):
        return "text_encoder"
    return "tokenizer" if has_vocabulary(path) else None


def signature(path: Path) -> tuple[object, ...]:
    """Changes whenever a file that a load of the model reads is replaced: names, sizes, times and inodes of its files.

    Raises ModelInvalid for a pipe, a device or a socket: reading one may block for ever.
    """
    # Names within the model, so that a model has one signature by all links to it.
    return tuple((name, *stamp(file)) for name, file in files_of(path))


def _is_text_encoder(config: dict[str, Any]) -> bool:
    architectures = config.get("architectures")
    named = set(map(str, architectures)) if isinstance(architectures, list) else set()
    kind = config.get("model_type")
    return kind == "clip_text_model" or bool(named & _TEXT_ENCODERS) or (kind == "clip" and not named)


def _not_laid_out(path: Path, error: Exception) -> ModelInvalid:
    return ModelInvalid(f"{path.name} is not laid out as a model: {type(error).__name__}: {cause_of(error, path)}")
