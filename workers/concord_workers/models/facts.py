"""What a model is, read from its headers and configuration alone: its kind, sizes, layers, number format.

Nothing is loaded for it, so it answers while a job runs. Facts are remembered by the files' signature.
"""

from __future__ import annotations

import json
import re
import stat
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import diffusers

from concord_workers.core.errors import ModelInvalid
from concord_workers.models.cause import cause_of
from concord_workers.models.config_values import require_sane_values
from concord_workers.models.control_net_config import control_net_config
from concord_workers.models.foreign import foreign_name
from concord_workers.models.lora_file import alphas_of, require_finite_alphas, require_supported
from concord_workers.models.picture_processor import processor_of
from concord_workers.models.prediction import Prediction, prediction_of_config, prediction_of_file, with_prediction
from concord_workers.models.safetensors_file import CONTRACT_DTYPES, Header, TensorInfo, issues_of, read_header, read_tensors
from concord_workers.models.upscaler_file import require_net
from concord_workers.models.vocabulary import has_vocabulary
from concord_workers.models.weight_fit import checkpoint_rest, part_rest, vae_file_rest

__all__ = [
    "CHUNK_LENGTH",
    "FAMILY",
    "ModelFacts",
    "component_of",
    "config_folder",
    "describe",
    "describe_text_encoder",
    "detect_type",
    "family_of",
    "signature",
    "tensors_of",
    "weight_files",
]

CHUNK_LENGTH = 77
"""Tokens that a text encoder is given at once, with those that begin and end them."""

FAMILY = "sdxl"
"""The family of models that is run here."""

_PICKLES = {".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle"}
_PIPELINE_PARTS = ("unet", "vae", "text_encoder", "text_encoder_2")
# What quantised files hold beside their weights: fp8 with scales, and bitsandbytes.
_SCALES = re.compile(
    r"(^|\.)(scaled_fp8|scale_weight|scale_input|weight_scale(_2|_inv)?|input_scale|comfy_quant)$"
    r"|\.weight\.(absmax|nested_absmax|quant_map|nested_quant_map|quant_state\..*|SCB)$"
)
# CLIP's halves for texts and pictures have one `model_type`; what is built on the one for pictures has it too.
_TEXT_ENCODERS = {"CLIPModel", "CLIPTextModel", "CLIPTextModelWithProjection"}
_SGM_PREFIXES = {"model.diffusion_model.": "unet", "first_stage_model.": "vae", "conditioner.embedders.0.": "text_encoder"}


@dataclass(frozen=True)
class ModelFacts:
    """Facts of one model.

    model_type: the contract's name of its kind; None: unknown. files: its weight files. file_bytes: their size.
    component_elements: component → numbers in it; a model of one part has the component "model".
    dtype: the number format that most of it is stored in, in the contract's spelling; None: another.
    clip_layers: layers of its shortest text encoder; None: it has none.
    configs: component → its configuration, as far as there are files of it.
    prediction: what its UNet predicts; None: it has none.
    unused: names of weights in its files that belong to nothing, but for those that are known to change no picture.
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

    @cached_property
    def real(self) -> Path:
        """Its path with links followed: the same for every name that a model has."""
        return self.path.resolve()

    @property
    def unused_text(self) -> str | None:
        """What the warning `weights_unused` says; None: everything is used."""
        if not self.unused:
            return None
        first = ", ".join(name[:100] for name in self.unused[:3])
        return f"{self.path.name} holds {len(self.unused)} weights that belong to nothing and are not used: {first}" + (
            ", …" if len(self.unused) > 3 else ""
        )

    @cached_property
    def elements(self) -> int:
        return sum(self.component_elements.values())

    def bytes_at(self, dtype: str) -> int:
        """Memory that its weights take in a number format, in bytes."""
        return self.elements * (4 if dtype == "fp32" else 2)


# What configurations and tensors of forms that no model has raise, each in another line.
_SHAPELESS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


def _not_laid_out(path: Path, error: Exception) -> ModelInvalid:
    return ModelInvalid(f"{path.name} is not laid out as a model: {type(error).__name__}: {cause_of(error, path)}")


_remembered: dict[Path, tuple[tuple[Any, ...], ModelFacts]] = {}


def signature(path: Path) -> tuple[Any, ...]:
    """Changes whenever a file of the model is replaced: names, sizes, times and inodes of its files.

    Raises ModelInvalid for a pipe, a device or a socket, whose reader could wait for good.
    """
    files = sorted(p for p in (path, *path.rglob("*")) if p.exists() and not p.is_dir())
    stats = [(file, file.stat()) for file in files]
    for file, found in stats:
        if not stat.S_ISREG(found.st_mode):
            raise ModelInvalid(f"{file.name} is no regular file")
    # Without the model's own path: by every name of a link it is the same model.
    return tuple(
        (str(file.relative_to(path)), found.st_size, found.st_mtime_ns, found.st_dev, found.st_ino) for file, found in stats
    )


def describe(path: Path) -> ModelFacts:
    """The facts of the model at a path. Raises ModelInvalid for pickles, broken files and what is no regular file."""
    now = signature(path)
    known = _remembered.get(path)
    if known is not None and known[0] == now:
        return known[1]
    try:
        facts = _describe_folder(path) if path.is_dir() else _describe_file(path)
    except _SHAPELESS as error:
        raise _not_laid_out(path, error) from error
    _remembered[path] = (now, facts)
    return facts


def component_of(path: Path) -> str | None:
    """The part of a model that a folder is, where a job may name it in place of the base's; None: none such."""
    if not path.is_dir() or (path / "model_index.json").is_file():
        return None
    # CLIP's published folders hold both, and are named for their weights.
    if (path / "config.json").is_file() and _is_text_encoder(_read_json(path / "config.json")):
        return "text_encoder"
    return "tokenizer" if has_vocabulary(path) else None


def _is_text_encoder(config: dict[str, Any]) -> bool:
    architectures = config.get("architectures")
    named = set(map(str, architectures)) if isinstance(architectures, list) else set()
    kind = config.get("model_type")
    return kind == "clip_text_model" or bool(named & _TEXT_ENCODERS) or (kind == "clip" and not named)


def describe_text_encoder(path: Path, name: str | None = None) -> ModelFacts:
    """The facts of a text encoder's own folder. name: the component that it replaces; None: by its architecture.

    Raises ModelInvalid where it is none, or lacks weights.
    """
    facts = describe(path)
    config = facts.configs.get("model", {})
    if not path.is_dir() or not _is_text_encoder(config):
        raise ModelInvalid(f"{path.name} is no text encoder", hint="SDXL takes CLIP's")
    if name is None:
        name = "text_encoder_2" if "CLIPTextModelWithProjection" in (config.get("architectures") or []) else "text_encoder"
    _require_length(name, config, path.name)
    try:
        tensors = tensors_of(path, [read_header(file) for file in facts.files])
        return replace(facts, unused=tuple(part_rest(name, config, tensors, path.name)))
    except _SHAPELESS as error:
        raise _not_laid_out(path, error) from error


def weight_files(folder: Path, variant: str | None) -> list[Path]:
    """The `.safetensors` files of one component's folder, without those of another variant."""
    files = sorted(folder.glob("*.safetensors"))
    of_variant = [file for file in files if ".fp16" in file.suffixes or ".fp16-" in file.name]
    return of_variant if variant == "fp16" else [file for file in files if file not in of_variant]


def config_folder(path: Path, facts_type: str | None, header: Header) -> Path:
    """The configuration folder for a single-file model: `<stem>.config` beside it, else the real SDXL's.

    Raises ModelInvalid where the file is of another size than SDXL and has no folder beside it.
    """
    beside = path.with_name(f"{path.stem}.config")
    if beside.is_dir():
        return beside
    real = Path(sys.prefix) / "share" / "sdxl-config" / ("refiner" if facts_type == "sdxl_refiner" else "base")
    widths = {
        "sdxl": ("model.diffusion_model.input_blocks.0.0.weight", 320),
        "sdxl_refiner": ("model.diffusion_model.input_blocks.0.0.weight", 384),
        "vae": ("encoder.conv_in.weight", 128),
    }
    if facts_type in widths and real.is_dir():
        key, width = widths[facts_type]
        tensor = header.tensors.get(key) or header.tensors.get("first_stage_model." + key)
        if tensor is not None and tensor.shape[0] == width:
            return real / "vae" if facts_type == "vae" else real
    raise ModelInvalid(
        f"{path.name} is not of SDXL's size and has no configuration",
        hint=f"put a folder {beside.name} with the model's configuration beside it",
    )


def family_of(model_type: str) -> dict[str, str]:
    """`family` of a model's row; upscalers and safety checkers belong to none."""
    return {} if model_type in ("upscaler", "safety_checker") else {"family": FAMILY}


def detect_type(tensors: dict[str, Any]) -> str | None:
    """The contract's name for what a file with these tensor names is; None: nothing known."""
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


def _refuse_pickles(path: Path) -> None:
    raise ModelInvalid(
        f"{path.name} is pickled; pickled weights are refused everywhere", hint="convert it to .safetensors with a trusted tool"
    )


def _sound_header(path: Path) -> Header:
    header = read_header(path)
    if issues := issues_of(header):
        raise ModelInvalid(f"{path.name} is broken: {issues[0]}", details={"issues": issues[:100]})
    if scales := [name for name in header.tensors if _SCALES.search(name)]:
        # Read without them, the weights would be other numbers than those that were trained.
        raise ModelInvalid(
            f"{path.name} has scaled weights: {len(scales)} of its {len(header.tensors)} tensors are scales, {scales[0]} first",
            hint="use a file in fp16, bf16 or fp32",
            details={"names": scales[:100]},
        )
    # Integers in place of weights are quantised; without their scales they would be read as they stand.
    tensors = header.tensors
    whole = [name for name, tensor in tensors.items() if not tensor.is_float and len(tensor.shape) > 1]
    if quantised := [name for name in whole if not name.endswith("position_ids")]:
        raise ModelInvalid(
            f"{path.name} has weights that are no floating-point numbers: {len(quantised)} of its {len(tensors)} tensors, "
            f"{quantised[0]} ({tensors[quantised[0]].dtype}) first",
            hint="use a file in fp16, bf16 or fp32",
            details={"names": quantised[:100]},
        )
    return header


def _main_dtype(headers: list[Header]) -> str | None:
    counts: Counter[str] = Counter()
    for header in headers:
        for tensor in header.tensors.values():
            counts[tensor.dtype] += tensor.elements
    return CONTRACT_DTYPES.get(counts.most_common(1)[0][0]) if counts else None


def _describe_file(path: Path) -> ModelFacts:
    if path.suffix in _PICKLES:
        _refuse_pickles(path)
    if path.suffix != ".safetensors":
        raise ModelInvalid(f"{path.name} is no .safetensors file")
    header = _sound_header(path)
    model_type = detect_type(header.tensors)
    if model_type == "lora":
        require_supported(header.tensors, header.metadata, path.name)
        require_finite_alphas(read_tensors(path, alphas_of(header.tensors)), path.name)
    elif (foreign := foreign_name(header.tensors)) is not None:
        raise ModelInvalid(f"{path.name} is {foreign}", hint="use a file for SDXL with all of its parts")
    if model_type == "textual_inversion":
        _require_inversion(header)
    if model_type == "upscaler":
        require_net(header.tensors, path)
    elements: Counter[str] = Counter()
    layers: dict[str, int] = {}
    for name, tensor in header.tensors.items():
        component = "model"
        if model_type in ("sdxl", "sdxl_refiner"):
            component = next((part for prefix, part in _SGM_PREFIXES.items() if name.startswith(prefix)), "text_encoder_2")
            if component == "text_encoder" and model_type == "sdxl_refiner":
                component = "text_encoder_2"
            for marker in (".layers.", ".resblocks."):
                if component.startswith("text_encoder") and marker in name:
                    number = int(name.split(marker)[1].split(".")[0])
                    layers[component] = max(layers.get(component, 0), number + 1)
        elements[component] += tensor.elements
    configs: dict[str, dict[str, Any]] = {}
    prediction = None
    unused: list[str] = []
    if model_type in ("sdxl", "sdxl_refiner"):
        folder = config_folder(path, model_type, header)
        configs = _configs_in(folder)
        _require_parts(configs, folder, refiner=model_type == "sdxl_refiner")
        channels = _input_channels(header)
        if channels is not None:
            configs["unet"] = configs["unet"] | {"in_channels": channels}
        unused = checkpoint_rest(configs, header.tensors, path.name, refiner=model_type == "sdxl_refiner")
        scheduler = _scheduler_config(folder)
        prediction = prediction_of_file(header, scheduler)
        _require_scheduler(scheduler, "EulerDiscreteScheduler", prediction, path.name)
    if model_type == "controlnet":
        configs = {"model": _control_net_config(path, header)}
        unused = part_rest("controlnet", configs["model"], header.tensors, path.name)
    if model_type == "vae":
        configs = {"model": _read_json(config_folder(path, "vae", header) / "config.json")}
        unused = vae_file_rest(configs["model"], header.tensors, path.name)
    if model_type == "textual_inversion":
        unused = sorted(header.tensors.keys() - {"clip_l", "clip_g"})
    return ModelFacts(
        path,
        model_type,
        (path,),
        header.file_bytes,
        dict(elements),
        _main_dtype([header]),
        min(layers.values()) if layers else None,
        configs,
        prediction=prediction,
        unused=tuple(unused),
    )


def _input_channels(header: Header) -> int | None:
    """How many channels the UNet takes: 4, or 9 where it was trained to repaint."""
    tensor = header.tensors.get("model.diffusion_model.input_blocks.0.0.weight")
    return tensor.shape[1] if tensor is not None and len(tensor.shape) == 4 else None


def _require_length(part: str, config: Mapping[str, Any], name: str) -> None:
    """Raises ModelInvalid where a text encoder reads fewer tokens at once than a prompt's chunk has."""
    length = (config.get("text_config") or config).get("max_position_embeddings") or CHUNK_LENGTH
    if part.startswith("text_encoder") and length < CHUNK_LENGTH:
        raise ModelInvalid(f"the {part} of {name} reads {length} tokens at once, SDXL's read {CHUNK_LENGTH}")


def _require_parts(configs: dict[str, Any], folder: Path, *, refiner: bool) -> None:
    wanted = ("unet", "text_encoder_2") if refiner else _PIPELINE_PARTS
    if absent := [part for part in wanted if part not in configs]:
        raise ModelInvalid(f"{folder.name} lacks {absent[0]}/config.json")
    for part, config in configs.items():
        _require_length(part, config, folder.name)


def _control_net_config(path: Path, header: Header) -> dict[str, Any]:
    """The configuration in the folder `<stem>.config` beside the file, else what its shapes say."""
    beside = path.with_name(f"{path.stem}.config") / "config.json"
    return _read_json(beside) if beside.is_file() else control_net_config(header.tensors, path.name)


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


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelInvalid(f"{path.parent.name}/{path.name} cannot be read: {cause_of(error, path)}") from error
    if not isinstance(document, dict):
        raise ModelInvalid(f"{path.parent.name}/{path.name} is no JSON object")
    require_sane_values(document, f"{path.parent.name}/{path.name}")
    return document


def _configs_in(folder: Path) -> dict[str, dict[str, Any]]:
    return {
        part: _read_json(folder / part / "config.json") for part in _PIPELINE_PARTS if (folder / part / "config.json").is_file()
    }


def _scheduler_config(folder: Path) -> dict[str, Any]:
    file = folder / "scheduler" / "scheduler_config.json"
    if not file.is_file():
        raise ModelInvalid(f"{folder.name} lacks its scheduler/scheduler_config.json")
    return _read_json(file)


def _require_scheduler(config: dict[str, Any], class_name: Any, prediction: Prediction, name: str) -> None:
    """Raises ModelInvalid for a scheduler that cannot be made, as the job that loads the model would find."""
    cls = getattr(diffusers, class_name, None) if isinstance(class_name, str) else None
    if not (isinstance(cls, type) and issubclass(cls, diffusers.SchedulerMixin)):
        raise ModelInvalid(f"{name} names {class_name!r} as its scheduler, which is none of diffusers")
    scheduler: Any = cls
    try:
        scheduler.from_config(with_prediction(config, prediction))
    except Exception as error:
        # Each of its values breaks the library in a way of its own.
        raise ModelInvalid(f"the scheduler of {name} cannot be made of its configuration: {error}") from error


def _describe_folder(path: Path) -> ModelFacts:
    index = path / "model_index.json"
    if index.is_file():
        return _describe_pipeline(path, _read_json(index))
    if not (path / "config.json").is_file():
        raise _no_model_folder(path)
    config = _read_json(path / "config.json")
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
    headers = [_sound_header(file) for file in files]
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
        _main_dtype(headers),
        None,
        {"model": config},
        variant,
        unused=tuple(unused),
    )


def tensors_of(folder: Path, headers: Sequence[Header]) -> dict[str, TensorInfo]:
    """The weights that a reader takes from a component's files: those that an index names, else all.

    Of files that hold the same names (`…non_ema.safetensors` beside the plain one) the one with the shortest name counts.
    """
    named = {
        str(file)
        for index in folder.glob("*.safetensors.index*.json")
        for file in _read_json(index).get("weight_map", {}).values()
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
        named = _read_json(index).get("weight_map")
        if not isinstance(named, dict):
            raise ModelInvalid(f"{name}/{index.name} has no weight_map")
        if strange := [str(file) for file in named.values() if "/" in str(file) or "\\" in str(file)]:
            raise ModelInvalid(f"{name}/{index.name} names {strange[0]!r}, a file of another folder")
        missing = sorted({str(file) for file in named.values() if not (folder / str(file)).is_file()})
        if missing:
            raise ModelInvalid(
                f"{name} lacks {len(missing)} of the files that {index.name} names, {missing[0]} first",
                hint="download it again",
                details={"missing": missing[:100]},
            )


def _require_no_pickles(folder: Path, name: str) -> None:
    for file in folder.iterdir():
        if file.suffix in _PICKLES:
            _refuse_pickles(file)
    raise ModelInvalid(f"{name} holds no .safetensors file")


def _describe_pipeline(path: Path, index: dict[str, Any]) -> ModelFacts:
    if "XL" not in str(index.get("_class_name")):
        raise ModelInvalid(f"{path.name} is a {index.get('_class_name')}, not an SDXL pipeline")
    parts = [part for part in _PIPELINE_PARTS if index.get(part, [None, None])[1] is not None]
    refiner = "text_encoder" not in parts
    configs = _configs_in(path)
    plain = all(weight_files(path / part, None) or _has_index(path / part) for part in parts if (path / part).is_dir())
    variant = None if plain else "fp16"
    files: list[Path] = []
    elements: dict[str, int] = {}
    headers: list[Header] = []
    unused: list[str] = []
    for part in parts:
        if not (path / part).is_dir() or part not in configs:
            raise ModelInvalid(f"{path.name} lacks its {part}")
        _require_length(part, configs[part], path.name)
        _require_shards(path / part, variant, f"{path.name}/{part}")
        own = weight_files(path / part, variant)
        if not own:
            _require_no_pickles(path / part, f"{path.name}/{part}")
        own_headers = [_sound_header(file) for file in own]
        if not (refiner and part == "vae"):  # both stages are decoded by the base's
            rest = part_rest(part, configs[part], tensors_of(path / part, own_headers), f"{path.name}/{part}")
            unused += [f"{part}/{name}" for name in rest]
        headers += own_headers
        files += own
        elements[part] = sum(tensor.elements for header in own_headers for tensor in header.tensors.values())
    layers = [configs[part].get("num_hidden_layers") for part in parts if part.startswith("text_encoder")]
    known = [layer for layer in layers if isinstance(layer, int)]
    scheduler = _scheduler_config(path)
    prediction = prediction_of_config(scheduler, path.name)
    _require_scheduler(scheduler, index.get("scheduler", [None, None])[1], prediction, path.name)
    return ModelFacts(
        path,
        "sdxl_refiner" if refiner else "sdxl",
        tuple(files),
        sum(header.file_bytes for header in headers),
        elements,
        _main_dtype(headers),
        min(known) if known else None,
        configs,
        variant,
        prediction,
        tuple(unused),
    )
