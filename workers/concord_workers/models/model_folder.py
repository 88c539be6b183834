"""A model in a folder, in diffusers' or transformers' layout: its files, shards and variants, and its facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from concord_workers.core.errors import ModelInvalid
from concord_workers.core.scalar import shorten
from concord_workers.models.model_configs import (
    PIPELINE_PARTS,
    configs_in,
    read_json,
    require_length,
    require_scheduler,
    scheduler_config,
)
from concord_workers.models.model_facts import ModelFacts
from concord_workers.models.noise_tables import other_scale, other_tables
from concord_workers.models.picture_processor import processor_of
from concord_workers.models.prediction import prediction_of_config
from concord_workers.models.safetensors_file import Header, TensorInfo
from concord_workers.models.unwritten import require_written
from concord_workers.models.weight_fit import part_fit
from concord_workers.models.weight_headers import PICKLES, main_dtype, refuse_pickles, require_float_weights, sound_header

__all__ = ["describe_folder", "tensors_of"]

_VARIANTS = (None, "fp16")  # those that are published; the library is given the same one for all parts of a pipeline


def describe_folder(path: Path) -> ModelFacts:
    index = path / "model_index.json"
    if index.is_file():
        return _describe_pipeline(path, read_json(index))
    if not (path / "config.json").is_file():
        raise _no_model_folder(path)
    config = read_json(path / "config.json")
    stem = _DIFFUSERS if "_class_name" in config else _TRANSFORMERS
    variant = _variant_of({path: stem})
    files = _weight_files(path, stem, variant, path.name, config)
    class_name = config.get("_class_name") or (config.get("architectures") or [None])[0]
    model_type = {
        "AutoencoderKL": "vae",
        "ControlNetModel": "controlnet",
        "StableDiffusionSafetyChecker": "safety_checker",
    }.get(str(class_name))
    headers = [sound_header(file) for file in files]
    elements = sum(tensor.elements for header in headers for tensor in header.tensors.values())
    size = sum(header.file_bytes for header in headers)
    unused: tuple[str, ...] = ()
    if model_type is not None:
        fit = part_fit(model_type, config, tensors_of(headers), path.name)
        require_float_weights(headers, fit.used)
        require_written(headers, model_type, fit.used)
        unused = fit.rest
    if model_type == "safety_checker":
        processor_of(path, config)
    return ModelFacts(
        path,
        model_type,
        tuple(files),
        size,
        {"model": elements},
        main_dtype(headers),
        None,
        {"model": config},
        variant,
        unused=unused,
        contradicted=other_scale(headers, config) if model_type == "vae" else (),
    )


def _describe_pipeline(path: Path, index: dict[str, Any]) -> ModelFacts:
    if "XL" not in str(index.get("_class_name")):
        raise ModelInvalid(f"{path.name} is a {index.get('_class_name')}, not an SDXL pipeline")
    parts = [part for part in PIPELINE_PARTS if index.get(part, [None, None])[1] is not None]
    refiner = "text_encoder" not in parts
    configs = configs_in(path)
    stems = {part: _TRANSFORMERS if part.startswith("text_encoder") else _DIFFUSERS for part in parts}
    variant = _variant_of({path / part: stem for part, stem in stems.items()})
    files: list[Path] = []
    elements: dict[str, int] = {}
    headers: dict[str, list[Header]] = {}
    unused: list[str] = []
    used: list[tuple[list[Header], frozenset[str]]] = []
    for part in parts:
        if not (path / part).is_dir() or part not in configs:
            raise ModelInvalid(f"{path.name} lacks its {part}")
        require_length(part, configs[part], path.name)
        own = _weight_files(path / part, stems[part], variant, f"{path.name}/{part}", configs[part])
        own_headers = [sound_header(file) for file in own]
        if not (refiner and part == "vae"):  # the base's VAE decodes both stages
            fit = part_fit(part, configs[part], tensors_of(own_headers), f"{path.name}/{part}")
            unused += [f"{part}/{name}" for name in fit.rest]
            used.append((own_headers, fit.used))
        headers[part] = own_headers
        files += own
        elements[part] = sum(tensor.elements for header in own_headers for tensor in header.tensors.values())
    layers = [configs[part].get("num_hidden_layers") for part in parts if part.startswith("text_encoder")]
    known = [layer for layer in layers if isinstance(layer, int)]
    scheduler = scheduler_config(path)
    prediction = prediction_of_config(scheduler, path.name)
    require_scheduler(scheduler, index.get("scheduler", [None, None])[1], prediction, path.name)
    for own_headers, names in used:
        require_float_weights(own_headers, names)
        require_written(own_headers, "sdxl", names)
    contradicted = other_tables(headers.get("unet", []), scheduler, prediction) + other_scale(
        headers.get("vae", []), configs.get("vae", {})
    )
    every = [header for own_headers in headers.values() for header in own_headers]
    return ModelFacts(
        path,
        "sdxl_refiner" if refiner else "sdxl",
        tuple(files),
        sum(header.file_bytes for header in every),
        elements,
        main_dtype(every),
        min(known) if known else None,
        configs,
        variant,
        prediction,
        tuple(unused),
        contradicted,
    )


_DIFFUSERS, _TRANSFORMERS = "diffusion_pytorch_model", "model"
"""How the files begin that each library reads; it reads no others, however many lie beside them."""


def tensors_of(headers: Sequence[Header]) -> dict[str, TensorInfo]:
    """The weights of a component, of all its files."""
    return {name: tensor for header in headers for name, tensor in header.tensors.items()}


def _variant_of(stems: Mapping[Path, str]) -> str | None:
    """The variant that the most components have, the plain one first. stems: folder → how its files begin."""
    return min(_VARIANTS, key=lambda variant: sum(_entry(folder, stem, variant) is None for folder, stem in stems.items()))


def _entry(folder: Path, stem: str, variant: str | None) -> Path | None:
    """The weight file or the index of shards that the library of a component opens; None where there is none."""
    whole = f"{stem}.{variant}.safetensors" if variant else f"{stem}.safetensors"
    index = f"{stem}.safetensors.index.{variant}.json" if variant else f"{stem}.safetensors.index.json"
    # diffusers opens the index where both are there, transformers the whole file.
    names = (index, whole) if stem == _DIFFUSERS else (whole, index)
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _weight_files(folder: Path, stem: str, variant: str | None, name: str, config: Mapping[str, Any]) -> list[Path]:
    """The files that the library reads for a component. Raises ModelInvalid where there are none, or some are missing."""
    entry = _named_entry(folder, name, config) if stem == _TRANSFORMERS else None
    entry = entry or _entry(folder, stem, variant)
    if entry is None:
        raise _no_weights(folder, f"{stem}.{variant}.safetensors" if variant else f"{stem}.safetensors", name)
    return [entry] if entry.suffix == ".safetensors" else _shards(entry, name)


def _named_entry(folder: Path, name: str, config: Mapping[str, Any]) -> Path | None:
    """The file that a configuration of transformers names; it comes before all others, and has no variants."""
    if "StableDiffusionSafetyChecker" not in (config.get("architectures") or []):
        config = config.get("text_config") or config  # the encoder of a folder with both halves of CLIP
    named = config.get("transformers_weights")
    if named is None:
        return None
    if not isinstance(named, str) or "/" in named or not named.endswith((".safetensors", ".safetensors.index.json")):
        raise ModelInvalid(f"the configuration of {name} names {shorten(str(named))} as its weights, which is no file to read")
    if not (folder / named).is_file():
        raise ModelInvalid(f"{name} lacks {shorten(named)}, which its configuration names as its weights")
    return folder / named


def _no_weights(folder: Path, wanted: str, name: str) -> ModelInvalid:
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    others = [file.name for file in files if file.suffix == ".safetensors"]
    if others:
        return ModelInvalid(
            f"{name} has no weights under the name that is read: it lacks {wanted}, and holds {shorten(others[0])}",
            hint=f"rename the file that is meant to {wanted}, or download shards with their index",
        )
    for file in files:
        if file.suffix in PICKLES:
            refuse_pickles(file)
    return ModelInvalid(f"{name} holds no .safetensors file")


def _no_model_folder(path: Path) -> ModelInvalid:
    files = sorted(file.name for file in path.glob("*.safetensors"))
    message = f"{path.name} is no model folder: it has neither model_index.json nor config.json"
    hint = f"name the file in it: {path.name}/{files[0]}" if files else None
    return ModelInvalid(message, hint=hint)


def _shards(index: Path, name: str) -> list[Path]:
    """The files that an index names. Raises ModelInvalid where some are not there, as after a download that stopped."""
    named = read_json(index).get("weight_map")
    if not isinstance(named, dict) or not named:
        raise ModelInvalid(f"{name}/{index.name} has no weight_map")
    if strange := [str(file) for file in named.values() if "/" in str(file) or "\\" in str(file)]:
        raise ModelInvalid(f"{name}/{index.name} names {shorten(strange[0])}, a file of another folder")
    files = sorted({str(file) for file in named.values()})
    if missing := [file for file in files if not (index.parent / file).is_file()]:
        raise ModelInvalid(
            f"{name} lacks {len(missing)} of the files that {index.name} names, {missing[0]} first",
            hint="download it again",
            details={"missing": missing[:100]},
        )
    return [index.parent / file for file in files]
