"""Finds, reads and checks the configuration files of a model."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import diffusers

from concord_workers.core.errors import ModelInvalid
from concord_workers.core.model_files import config_beside
from concord_workers.core.scalar import shorten
from concord_workers.models.cause import cause_of
from concord_workers.models.config_values import require_sane_values
from concord_workers.models.model_facts import CHUNK_LENGTH, ModelFacts
from concord_workers.models.prediction import Prediction, with_prediction
from concord_workers.models.safetensors_file import Header, read_header

__all__ = [
    "PIPELINE_PARTS",
    "base_scheduler",
    "config_folder",
    "configs_in",
    "read_json",
    "require_length",
    "require_parts",
    "require_scheduler",
    "scheduler_config",
]

PIPELINE_PARTS = ("unet", "vae", "text_encoder", "text_encoder_2")


def config_folder(path: Path, facts_type: str | None, header: Header) -> Path:
    """The configuration folder for a single-file model: `<stem>.config` beside it, else the real SDXL's.

    Raises ModelInvalid where the file is of another size than SDXL and has no folder beside it.
    """
    beside = config_beside(path)
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


def read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelInvalid(f"{path.parent.name}/{path.name} cannot be read: {cause_of(error, path)}") from error
    if not isinstance(document, dict):
        raise ModelInvalid(f"{path.parent.name}/{path.name} is no JSON object")
    require_sane_values(document, f"{path.parent.name}/{path.name}")
    return document


def configs_in(folder: Path) -> dict[str, dict[str, Any]]:
    return {
        part: read_json(folder / part / "config.json") for part in PIPELINE_PARTS if (folder / part / "config.json").is_file()
    }


def scheduler_config(folder: Path) -> dict[str, Any]:
    file = folder / "scheduler" / "scheduler_config.json"
    if not file.is_file():
        raise ModelInvalid(f"{folder.name} lacks its scheduler/scheduler_config.json")
    return read_json(file)


def base_scheduler(facts: ModelFacts) -> dict[str, Any]:
    """The scheduler's configuration that jobs with this base start from. Raises ModelInvalid where it cannot be read."""
    path = facts.path
    config = scheduler_config(path if path.is_dir() else config_folder(path, facts.model_type, read_header(path)))
    return config if facts.prediction is None else with_prediction(config, facts.prediction)


def require_scheduler(config: dict[str, Any], class_name: Any, prediction: Prediction, name: str) -> None:
    """Raises ModelInvalid for a scheduler that cannot be made, as the job that loads the model would find."""
    cls = getattr(diffusers, class_name, None) if isinstance(class_name, str) else None
    if not (isinstance(cls, type) and issubclass(cls, diffusers.SchedulerMixin)):
        raise ModelInvalid(f"{name} names {shorten(str(class_name))} as its scheduler, which is none of diffusers")
    scheduler: Any = cls
    try:
        scheduler.from_config(with_prediction(config, prediction))
    except Exception as error:
        # A bad value of a configuration can raise any error in the library.
        cause = cause_of(error, Path(name))
        raise ModelInvalid(f"the scheduler of {name} cannot be made of its configuration: {cause}") from error


def require_length(part: str, config: Mapping[str, Any], name: str) -> None:
    """Raises ModelInvalid where a text encoder reads fewer tokens at once than a prompt's chunk has."""
    length = (config.get("text_config") or config).get("max_position_embeddings") or CHUNK_LENGTH
    if part.startswith("text_encoder") and length < CHUNK_LENGTH:
        raise ModelInvalid(f"the {part} of {name} reads {length} tokens at once, SDXL's read {CHUNK_LENGTH}")


def require_parts(configs: dict[str, Any], folder: Path, *, refiner: bool) -> None:
    wanted = ("unet", "text_encoder_2") if refiner else PIPELINE_PARTS
    if absent := [part for part in wanted if part not in configs]:
        raise ModelInvalid(f"{folder.name} lacks {absent[0]}/config.json")
    for part, config in configs.items():
        require_length(part, config, folder.name)
