"""A model in one `.safetensors` file: its kind by the names of its tensors, its sizes, its configuration."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from concord_workers.core.errors import ModelInvalid
from concord_workers.core.model_files import config_beside
from concord_workers.models.control_net_config import control_net_config
from concord_workers.models.foreign import foreign_name
from concord_workers.models.lora_file import alphas_of, require_finite_alphas, require_supported
from concord_workers.models.lora_scale import require_own_scales
from concord_workers.models.model_configs import (
    config_folder,
    configs_in,
    read_json,
    require_parts,
    require_scheduler,
    scheduler_config,
)
from concord_workers.models.model_facts import ModelFacts
from concord_workers.models.noise_tables import other_scale, other_tables
from concord_workers.models.prediction import Prediction, prediction_of_file
from concord_workers.models.safetensors_file import Header, TensorInfo, read_tensors
from concord_workers.models.unwritten import changes_nothing, require_written
from concord_workers.models.upscaler_file import require_net
from concord_workers.models.weight_fit import Fit, checkpoint_fit, part_fit, vae_file_fit
from concord_workers.models.weight_headers import PICKLES, main_dtype, refuse_pickles, require_float_weights, sound_header

__all__ = ["describe_file", "detect_type"]

_SGM_PREFIXES = {"model.diffusion_model.": "unet", "first_stage_model.": "vae", "conditioner.embedders.0.": "text_encoder"}
_CHECKPOINTS = frozenset({"sdxl", "sdxl_refiner"})
_VECTORS = frozenset({"clip_l", "clip_g"})


def describe_file(path: Path) -> ModelFacts:
    """The facts of a single file. Raises ModelInvalid for a pickle, a broken file or one that no job can use."""
    if path.suffix in PICKLES:
        refuse_pickles(path)
    if path.suffix != ".safetensors":
        raise ModelInvalid(f"{path.name} is no .safetensors file")
    header = sound_header(path)
    model_type = detect_type(header.tensors)
    _require_kind(path, header, model_type)
    elements, layers = _sizes(header, model_type)
    configs, prediction, fit = _configuration(path, header, model_type)
    require_float_weights([header], fit.used)
    require_written([header], model_type, fit.used)
    return ModelFacts(
        path,
        model_type,
        (path,),
        header.file_bytes,
        elements,
        main_dtype([header]),
        min(layers.values()) if layers else None,
        configs,
        prediction=prediction,
        unused=fit.rest,
        contradicted=_contradicted(header, model_type, configs, prediction, path),
        changes_nothing=model_type == "lora" and changes_nothing(header),
    )


def detect_type(tensors: dict[str, Any]) -> str | None:
    """The contract's kind of a file by its tensors' names; None where it is unknown."""
    names = set(tensors)

    def any_of(*parts: str) -> bool:
        return any(part in name for name in names for part in parts)

    if any(name.startswith("model.diffusion_model.") for name in names):
        if any(name.startswith("conditioner.embedders.1.") for name in names):
            return "sdxl"
        return "sdxl_refiner" if any(name.startswith("conditioner.embedders.0.model.") for name in names) else None
    if names & {"clip_l", "clip_g"} or "emb_params" in names:
        return "textual_inversion"
    if any_of("lora_", ".lora.", "_lora.", "lora_A", "lora_B", ".hada_", ".lokr_", ".oft_", "lycoris_", "lllite_"):
        return "lora"
    if any_of("controlnet_cond_embedding."):
        return "controlnet"
    if "concept_embeds" in names:
        return "safety_checker"
    if any(name.removeprefix("first_stage_model.").startswith("decoder.conv_in.") for name in names):
        return "vae"
    if {"conv_first.weight", "conv_last.weight"} <= names or any(name.startswith("model.1.sub.") for name in names):
        return "upscaler"
    return None


def _require_kind(path: Path, header: Header, model_type: str | None) -> None:
    """Raises ModelInvalid for a file of a kind that runs here, in a layout that does not."""
    if model_type == "lora":
        require_supported(header.tensors, header.metadata, path.name)
        alphas = read_tensors(path, alphas_of(header.tensors))
        require_finite_alphas(alphas, path.name)
        require_own_scales(header.tensors, alphas, header.metadata, path.name)
    elif (foreign := foreign_name(header.tensors)) is not None:
        raise ModelInvalid(f"{path.name} is {foreign}", hint="use a file for SDXL with all of its parts")
    if model_type == "textual_inversion":
        _require_inversion(header)
    if model_type == "upscaler":
        require_net(header.tensors, path)


def _sizes(header: Header, model_type: str | None) -> tuple[dict[str, int], dict[str, int]]:
    """Numbers in each component, and layers of each text encoder."""
    elements: Counter[str] = Counter()
    layers: dict[str, int] = {}
    for name, tensor in header.tensors.items():
        component = _component_of(name, model_type)
        elements[component] += tensor.elements
        for marker in (".layers.", ".resblocks."):
            if component.startswith("text_encoder") and marker in name:
                number = int(name.split(marker)[1].split(".")[0])
                layers[component] = max(layers.get(component, 0), number + 1)
    return dict(elements), layers


def _component_of(name: str, model_type: str | None) -> str:
    """The component of a tensor; a file that is no checkpoint has one alone."""
    if model_type not in _CHECKPOINTS:
        return "model"
    component = next((part for prefix, part in _SGM_PREFIXES.items() if name.startswith(prefix)), "text_encoder_2")
    # The refiner's only text encoder is the second one, and its file counts it as the first.
    return "text_encoder_2" if component == "text_encoder" and model_type == "sdxl_refiner" else component


def _configuration(
    path: Path, header: Header, model_type: str | None
) -> tuple[dict[str, dict[str, Any]], Prediction | None, Fit]:
    """Configurations of the components, what the UNet predicts, and how the weights fit."""
    if model_type in _CHECKPOINTS:
        return _checkpoint_configuration(path, header, is_refiner=model_type == "sdxl_refiner")
    if model_type == "controlnet":
        config = _control_net_config(path, header)
        return {"model": config}, None, part_fit("controlnet", config, header.tensors, path.name)
    if model_type == "vae":
        config = read_json(config_folder(path, "vae", header) / "config.json")
        return {"model": config}, None, vae_file_fit(config, header.tensors, path.name)
    if model_type == "textual_inversion":
        rest = sorted(header.tensors.keys() - _VECTORS)
        return {}, None, Fit(_VECTORS, tuple(rest))
    return {}, None, Fit(frozenset(header.tensors), ())


def _checkpoint_configuration(
    path: Path, header: Header, *, is_refiner: bool
) -> tuple[dict[str, dict[str, Any]], Prediction, Fit]:
    folder = config_folder(path, "sdxl_refiner" if is_refiner else "sdxl", header)
    configs = configs_in(folder)
    require_parts(configs, folder, refiner=is_refiner)
    channels = _input_channels(header)
    if channels is not None:
        configs["unet"] = configs["unet"] | {"in_channels": channels}
    fit = checkpoint_fit(configs, header.tensors, path.name, refiner=is_refiner)
    if is_refiner:  # the base's VAE decodes both stages
        fit = replace(fit, used=frozenset(name for name in fit.used if _component_of(name, "sdxl_refiner") != "vae"))
    scheduler = scheduler_config(folder)
    prediction = prediction_of_file(header, scheduler)
    require_scheduler(scheduler, "EulerDiscreteScheduler", prediction, path.name)
    return configs, prediction, fit


def _contradicted(
    header: Header, model_type: str | None, configs: dict[str, dict[str, Any]], prediction: Prediction | None, path: Path
) -> tuple[str, ...]:
    """The names of numbers of the training that contradict the configuration."""
    if model_type == "vae":
        return other_scale([header], configs["model"])
    if prediction is None:
        return ()
    scale = other_scale([header], configs["vae"]) if "vae" in configs else ()
    return scale + other_tables([header], scheduler_config(config_folder(path, model_type, header)), prediction)


def _input_channels(header: Header) -> int | None:
    """How many channels the UNet takes: 4, or 9 where it was trained to repaint."""
    tensor = header.tensors.get("model.diffusion_model.input_blocks.0.0.weight")
    return tensor.shape[1] if tensor is not None and len(tensor.shape) == 4 else None


def _control_net_config(path: Path, header: Header) -> dict[str, Any]:
    """The configuration in the folder `<stem>.config` beside the file, else what its shapes say."""
    beside = config_beside(path) / "config.json"
    return read_json(beside) if beside.is_file() else control_net_config(header.tensors, path.name)


def _require_inversion(header: Header) -> None:
    missing = sorted({"clip_l", "clip_g"} - header.tensors.keys())
    if missing:
        raise ModelInvalid(f"{header.path.name} has no {', '.join(missing)}", hint="an SDXL inversion holds clip_l and clip_g")
    for name in ("clip_l", "clip_g"):
        if not header.tensors[name].is_float:
            raise ModelInvalid(f"{header.path.name} has {header.tensors[name].dtype} numbers in {name}, which no vectors are")
        shape = header.tensors[name].shape
        if len(shape) not in (1, 2) or 0 in shape:
            raise ModelInvalid(f"{header.path.name} has no vectors in {name}, whose shape is {list(shape)}")
    counts = {name: _rows(header.tensors[name]) for name in ("clip_l", "clip_g")}
    if counts["clip_l"] != counts["clip_g"]:
        raise ModelInvalid(
            f"{header.path.name} has {counts['clip_l']} vectors for the first text encoder, {counts['clip_g']} for the second"
        )


def _rows(tensor: TensorInfo) -> int:
    return tensor.shape[0] if len(tensor.shape) > 1 else 1
