"""A model in a folder, in diffusers' or transformers' layout: its files, shards and variants, and its facts."""

from __future__ import annotations

from collections.abc import Sequence
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
from concord_workers.models.picture_processor import processor_of
from concord_workers.models.prediction import prediction_of_config
from concord_workers.models.safetensors_file import Header, TensorInfo
from concord_workers.models.weight_fit import part_rest
from concord_workers.models.weight_headers import PICKLES, main_dtype, refuse_pickles, sound_header

__all__ = ["describe_folder", "tensors_of", "weight_files"]


def describe_folder(path: Path) -> ModelFacts:
    index = path / "model_index.json"
    if index.is_file():
        return _describe_pipeline(path, read_json(index))
    if not (path / "config.json").is_file():
        raise _no_model_folder(path)
    config = read_json(path / "config.json")
    files = weight_files(path, None) or weight_files(path, "fp16")
    _require_shards(path, None if weight_files(path, None) else "fp16", path.name)
    if not files:
        _require_no_pickles(path, path.name)
    class_name = config.get("_class_name") or (config.get("architectures") or [None])[0]
    model_type = {
        "AutoencoderKL": "vae",
        "ControlNetModel": "controlnet",
        "StableDiffusionSafetyChecker": "safety_checker",
    }.get(str(class_name))
    headers = [sound_header(file) for file in files]
    elements = sum(tensor.elements for header in headers for tensor in header.tensors.values())
    variant = "fp16" if ".fp16" in files[0].suffixes else None
    size = sum(header.file_bytes for header in headers)
    unused = part_rest(model_type, config, tensors_of(path, headers), path.name) if model_type is not None else []
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
        unused=tuple(unused),
    )


def _describe_pipeline(path: Path, index: dict[str, Any]) -> ModelFacts:
    if "XL" not in str(index.get("_class_name")):
        raise ModelInvalid(f"{path.name} is a {index.get('_class_name')}, not an SDXL pipeline")
    parts = [part for part in PIPELINE_PARTS if index.get(part, [None, None])[1] is not None]
    refiner = "text_encoder" not in parts
    configs = configs_in(path)
    plain = all(weight_files(path / part, None) or _has_index(path / part) for part in parts if (path / part).is_dir())
    variant = None if plain else "fp16"
    files: list[Path] = []
    elements: dict[str, int] = {}
    headers: list[Header] = []
    unused: list[str] = []
    for part in parts:
        if not (path / part).is_dir() or part not in configs:
            raise ModelInvalid(f"{path.name} lacks its {part}")
        require_length(part, configs[part], path.name)
        _require_shards(path / part, variant, f"{path.name}/{part}")
        own = weight_files(path / part, variant)
        if not own:
            _require_no_pickles(path / part, f"{path.name}/{part}")
        own_headers = [sound_header(file) for file in own]
        if not (refiner and part == "vae"):  # the base's VAE decodes both stages
            rest = part_rest(part, configs[part], tensors_of(path / part, own_headers), f"{path.name}/{part}")
            unused += [f"{part}/{name}" for name in rest]
        headers += own_headers
        files += own
        elements[part] = sum(tensor.elements for header in own_headers for tensor in header.tensors.values())
    layers = [configs[part].get("num_hidden_layers") for part in parts if part.startswith("text_encoder")]
    known = [layer for layer in layers if isinstance(layer, int)]
    scheduler = scheduler_config(path)
    prediction = prediction_of_config(scheduler, path.name)
    require_scheduler(scheduler, index.get("scheduler", [None, None])[1], prediction, path.name)
    return ModelFacts(
        path,
        "sdxl_refiner" if refiner else "sdxl",
        tuple(files),
        sum(header.file_bytes for header in headers),
        elements,
        main_dtype(headers),
        min(known) if known else None,
        configs,
        variant,
        prediction,
        tuple(unused),
    )


def weight_files(folder: Path, variant: str | None) -> list[Path]:
    """The `.safetensors` files of one component's folder, without those of another variant."""
    files = sorted(folder.glob("*.safetensors"))
    of_variant = [file for file in files if ".fp16" in file.suffixes or ".fp16-" in file.name]
    return of_variant if variant == "fp16" else [file for file in files if file not in of_variant]


def tensors_of(folder: Path, headers: Sequence[Header]) -> dict[str, TensorInfo]:
    """The weights that a reader takes from a component's files: those that an index names, else all.

    Of files that hold the same names (`…non_ema.safetensors` beside the plain one) the one with the shortest name counts.
    """
    named = {
        str(file)
        for index in folder.glob("*.safetensors.index*.json")
        for file in read_json(index).get("weight_map", {}).values()
    }
    taken = [header for header in headers if header.path.name in named] or headers
    longest_first = sorted(taken, key=lambda header: -len(header.path.name))
    return {name: tensor for header in longest_first for name, tensor in header.tensors.items()}


def _has_index(folder: Path) -> bool:
    return any(".fp16." not in index.name for index in folder.glob("*.safetensors.index*.json"))


def _no_model_folder(path: Path) -> ModelInvalid:
    files = sorted(file.name for file in path.glob("*.safetensors"))
    message = f"{path.name} is no model folder: it has neither model_index.json nor config.json"
    hint = f"name the file in it: {path.name}/{files[0]}" if files else None
    return ModelInvalid(message, hint=hint)


def _require_shards(folder: Path, variant: str | None, name: str) -> None:
    """Raises ModelInvalid where an index names files that are not there, as after a download that stopped."""
    for index in sorted(folder.glob("*.safetensors.index*.json")):
        if (".fp16." in index.name) != (variant == "fp16"):
            continue
        whole = folder / (index.name.split(".safetensors")[0] + ".safetensors")
        if whole.is_file() and not index.name.startswith("diffusion_pytorch_model"):
            continue  # transformers takes the whole file, diffusers the index
        named = read_json(index).get("weight_map")
        if not isinstance(named, dict):
            raise ModelInvalid(f"{name}/{index.name} has no weight_map")
        if strange := [str(file) for file in named.values() if "/" in str(file) or "\\" in str(file)]:
            raise ModelInvalid(f"{name}/{index.name} names {shorten(strange[0])}, a file of another folder")
        missing = sorted({str(file) for file in named.values() if not (folder / str(file)).is_file()})
        if missing:
            raise ModelInvalid(
                f"{name} lacks {len(missing)} of the files that {index.name} names, {missing[0]} first",
                hint="download it again",
                details={"missing": missing[:100]},
            )


def _require_no_pickles(folder: Path, name: str) -> None:
    for file in folder.iterdir():
        if file.suffix in PICKLES:
            refuse_pickles(file)
    raise ModelInvalid(f"{name} holds no .safetensors file")
