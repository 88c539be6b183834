"""Makes the live object of a model from its files; one function for each kind.

Weights come memory-mapped from `.safetensors` files and go to the device in the job's dtype. Nothing is fetched, no
missing weight is initialised at random, and no pickle is read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")

import diffusers
import torch
import transformers
from accelerate import init_empty_weights
from safetensors.torch import load_file

from concord_workers.core.device_manager import DTYPES
from concord_workers.core.errors import ModelInvalid
from concord_workers.models.device_copy import to_device
from concord_workers.models.lora_file import LoraFile
from concord_workers.models.model_configs import config_folder
from concord_workers.models.model_facts import ModelFacts
from concord_workers.models.own_tokenizers import require_own_tokenizers
from concord_workers.models.picture_processor import processor_of
from concord_workers.models.prediction import with_prediction
from concord_workers.models.safetensors_file import read_header
from concord_workers.models.upscaler_file import net_of
from concord_workers.models.vocabulary import require_vocabulary

__all__ = ["READERS", "Inversion", "read_text_encoder", "read_tokenizer", "set_end_of_text"]

for _logging in (diffusers.utils.logging, transformers.utils.logging):
    _logging.disable_progress_bar()
    _logging.set_verbosity_error()


@dataclass(frozen=True)
class Inversion:
    """A textual inversion: vectors for the first and the second text encoder, (n, width) each."""

    clip_l: torch.Tensor
    clip_g: torch.Tensor


def _require_complete(info: dict[str, Any], name: str) -> None:
    missing = sorted(info.get("missing_keys", []))
    # position_ids is a buffer, which newer code computes.
    missing = [key for key in missing if not key.endswith("position_ids")]
    mismatched = info.get("mismatched_keys", [])
    if missing:
        raise ModelInvalid(f"{name} lacks {len(missing)} weights, {missing[0]} first", details={"missing": missing[:100]})
    if mismatched:
        raise ModelInvalid(f"{name} has weights of other shapes than its configuration says: {list(mismatched)[0]}")


def _part(cls: Any, facts: ModelFacts, dtype: str, subfolder: str | None) -> Any:
    """One module of a folder, complete or ModelInvalid."""
    where = {"subfolder": subfolder} if subfolder else {}
    module, info = cls.from_pretrained(
        facts.path,
        dtype=DTYPES[dtype],
        variant=facts.variant,
        use_safetensors=True,
        local_files_only=True,
        output_loading_info=True,
        **where,
    )
    _require_complete(info, f"{facts.path.name}/{subfolder}" if subfolder else facts.path.name)
    return module.eval()


def read_tokenizer(folder: Path, subfolder: str | None = None) -> Any:
    """The tokenizer of a folder, or of one of a pipeline's. Raises ModelInvalid where it has no vocabulary."""
    own = folder / subfolder if subfolder else folder
    require_vocabulary(own)
    return transformers.CLIPTokenizer.from_pretrained(own, local_files_only=True)


def read_text_encoder(folder: Path, facts: ModelFacts, dtype: str, *, second: bool) -> Any:
    """A text encoder's own folder, on the processor."""
    cls = transformers.CLIPTextModelWithProjection if second else transformers.CLIPTextModel
    return _part(cls, facts, dtype, None)


def _pipeline_index(path: Path) -> dict[str, Any]:
    index: dict[str, Any] = diffusers.DiffusionPipeline.load_config(path, local_files_only=True)
    return index


def set_end_of_text(text_encoder: Any, tokenizer: Any) -> None:
    """Sets the tokenizer's eos_token_id. The published SDXL value of 2 pools a prompt with an inversion's token wrongly."""
    if text_encoder is not None and tokenizer is not None:
        text_encoder.config.eos_token_id = tokenizer.eos_token_id
        # The second encoder pools in a model inside it, which has its own copy of the number.
        for module in text_encoder.modules():
            if hasattr(module, "eos_token_id"):
                module.eos_token_id = tokenizer.eos_token_id


def _read_pipeline_folder(facts: ModelFacts, dtype: str, *, refiner: bool) -> dict[str, Any]:
    path = facts.path
    index = _pipeline_index(path)
    parts: dict[str, Any] = {
        "unet": _part(diffusers.UNet2DConditionModel, facts, dtype, "unet"),
        "text_encoder_2": _part(transformers.CLIPTextModelWithProjection, facts, dtype, "text_encoder_2"),
        "tokenizer_2": read_tokenizer(path, "tokenizer_2"),
        "scheduler": getattr(diffusers, index["scheduler"][1]).from_pretrained(
            path, subfolder="scheduler", local_files_only=True
        ),
        "force_zeros_for_empty_prompt": bool(index.get("force_zeros_for_empty_prompt", not refiner)),
    }
    if refiner:
        # One VAE decodes the pictures of both stages: the base's, or the job's.
        parts |= {"vae": None, "text_encoder": None, "tokenizer": None}
        parts["requires_aesthetics_score"] = bool(index.get("requires_aesthetics_score", True))
    else:
        parts["vae"] = _part(diffusers.AutoencoderKL, facts, dtype, "vae")
        parts["text_encoder"] = _part(transformers.CLIPTextModel, facts, dtype, "text_encoder")
        parts["tokenizer"] = read_tokenizer(path, "tokenizer")
    return parts


def _unet_of_other_channels(facts: ModelFacts, config: Path, dtype: str) -> dict[str, Any]:
    """The UNet of a single file with other input channels than its configuration folder has; `{}` where they are equal."""
    channels = facts.configs["unet"]["in_channels"]
    configured = diffusers.UNet2DConditionModel.load_config(config, subfolder="unet", local_files_only=True)["in_channels"]
    if channels == configured:
        return {}
    unet = diffusers.UNet2DConditionModel.from_single_file(
        str(facts.path), config=str(config), subfolder="unet", in_channels=channels, dtype=DTYPES[dtype], local_files_only=True
    )
    return {"unet": unet}


def _read_pipeline_file(facts: ModelFacts, dtype: str, *, refiner: bool) -> dict[str, Any]:
    config = config_folder(facts.path, facts.model_type, read_header(facts.path))
    cls = diffusers.StableDiffusionXLImg2ImgPipeline if refiner else diffusers.StableDiffusionXLPipeline
    unet = {} if refiner else _unet_of_other_channels(facts, config, dtype)
    pipeline = cls.from_single_file(
        str(facts.path), config=str(config), dtype=DTYPES[dtype], local_files_only=True, add_watermarker=False, **unet
    )
    parts: dict[str, Any] = dict(pipeline.components)
    parts = {name: parts[name] for name in parts if name not in ("image_encoder", "feature_extractor")}
    index = _pipeline_index(config)
    parts["force_zeros_for_empty_prompt"] = bool(index.get("force_zeros_for_empty_prompt", not refiner))
    for name, part in parts.items():
        if isinstance(part, torch.nn.Module):
            part.eval()
            if any(parameter.is_meta for parameter in part.parameters()):
                raise ModelInvalid(f"{facts.path.name} lacks weights of its {name}")
    if refiner:
        parts["vae"] = None
        parts["requires_aesthetics_score"] = bool(index.get("requires_aesthetics_score", True))
    return parts


def _scheduler_of(own: Any, facts: ModelFacts) -> Any:
    """The scheduler whose configuration jobs and trainings start from, with the model's prediction."""
    if facts.prediction is None:
        raise ValueError(f"{facts.path.name} was not described as a base")
    config = with_prediction(own.config, facts.prediction)
    # A class without zero terminal SNR would ignore it silently.
    cls = diffusers.EulerDiscreteScheduler if facts.prediction.zero_snr else type(own)
    return cls.from_config(config)


def _read_pipeline(facts: ModelFacts, dtype: str, device: torch.device, *, refiner: bool) -> Any:
    require_own_tokenizers(facts)
    read = _read_pipeline_file if facts.path.is_file() else _read_pipeline_folder
    parts = read(facts, dtype, refiner=refiner)
    set_end_of_text(parts["text_encoder"], parts["tokenizer"])
    set_end_of_text(parts["text_encoder_2"], parts["tokenizer_2"])
    parts["scheduler"] = _scheduler_of(parts["scheduler"], facts)
    cls = diffusers.StableDiffusionXLImg2ImgPipeline if refiner else diffusers.StableDiffusionXLPipeline
    pipeline = cls(**parts, add_watermarker=False)
    pipeline.set_progress_bar_config(disable=True)
    for part in pipeline.components.values():
        if isinstance(part, torch.nn.Module):
            to_device(part.requires_grad_(False), device)
    return pipeline


def _read_base(facts: ModelFacts, dtype: str, device: torch.device) -> Any:
    return _read_pipeline(facts, dtype, device, refiner=False)


def _read_refiner(facts: ModelFacts, dtype: str, device: torch.device) -> Any:
    return _read_pipeline(facts, dtype, device, refiner=True)


def _read_vae(facts: ModelFacts, dtype: str, device: torch.device) -> Any:
    if facts.path.is_dir():
        return to_device(_part(diffusers.AutoencoderKL, facts, dtype, None).requires_grad_(False), device)
    header = read_header(facts.path)
    config = config_folder(facts.path, "vae", header)
    vae = diffusers.AutoencoderKL.from_single_file(
        str(facts.path), config=str(config), dtype=DTYPES[dtype], local_files_only=True
    )
    return to_device(vae.eval().requires_grad_(False), device)


def _read_control_net(facts: ModelFacts, dtype: str, device: torch.device) -> Any:
    if facts.path.is_dir():
        return to_device(_part(diffusers.ControlNetModel, facts, dtype, None).requires_grad_(False), device)
    with init_empty_weights():
        net = diffusers.ControlNetModel.from_config(facts.configs["model"])
    wanted = net.state_dict().keys()
    # Unused weights are reported as `unused`; missing ones raise here.
    net.load_state_dict({name: t for name, t in load_file(facts.path).items() if name in wanted}, assign=True)
    return to_device(net.to(DTYPES[dtype]).eval().requires_grad_(False), device)


def _require_finite(tensors: Mapping[str, torch.Tensor], name: str, dtype: str) -> None:
    """Raises ModelInvalid for weights that are not finite. Later the base would seem to be at fault."""
    bad = [key for key, t in tensors.items() if t.is_floating_point() and t.ndim and not bool(torch.isfinite(t.float()).all())]
    if bad:
        raise ModelInvalid(
            f"{name} has values that are not finite in {dtype} in {len(bad)} of its {len(tensors)} tensors, {bad[0]} first",
            details={"names": bad[:100]},
        )


def _read_lora(facts: ModelFacts, dtype: str, device: torch.device) -> LoraFile:
    weights = load_file(facts.path, device=str(device))
    # A number for a layer (its alpha) keeps its precision.
    tensors = {name: (t.to(DTYPES[dtype]) if t.is_floating_point() and t.ndim > 1 else t) for name, t in weights.items()}
    _require_finite(tensors, facts.path.name, dtype)
    return LoraFile(tensors, read_header(facts.path).metadata)


def _read_inversion(facts: ModelFacts, dtype: str, device: torch.device) -> Inversion:
    weights = load_file(facts.path, device=str(device))
    vectors = {name: weights[name].to(DTYPES[dtype]) for name in ("clip_l", "clip_g")}
    _require_finite(vectors, facts.path.name, dtype)
    shaped = {name: (t.unsqueeze(0) if t.ndim == 1 else t) for name, t in vectors.items()}
    return Inversion(**shaped)


def _read_upscaler(facts: ModelFacts, dtype: str, device: torch.device) -> Any:
    model = net_of(load_file(facts.path), facts.path)
    # Nets that cannot run in half precision say so; they then run in fp32.
    can = {"fp32": True, "fp16": model.supports_half, "bf16": model.supports_bfloat16}[dtype]
    model.to(device, DTYPES[dtype] if can else torch.float32)
    model.model.eval().requires_grad_(False)
    return model


def _read_safety_checker(facts: ModelFacts, dtype: str, device: torch.device) -> Any:
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker

    checker = _part(StableDiffusionSafetyChecker, facts, dtype, None).requires_grad_(False).to(device)
    # A comparison with such weights would flag no picture.
    _require_finite(checker.state_dict(), facts.path.name, dtype)
    return checker, processor_of(facts.path, facts.configs["model"])


READERS: dict[str, Callable[[ModelFacts, str, torch.device], Any]] = {
    "sdxl": _read_base,
    "sdxl_refiner": _read_refiner,
    "vae": _read_vae,
    "lora": _read_lora,
    "controlnet": _read_control_net,
    "textual_inversion": _read_inversion,
    "upscaler": _read_upscaler,
    "safety_checker": _read_safety_checker,
}
