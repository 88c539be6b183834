"""The models of one job, brought to the device, and the replacements of single components."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from concord_workers.conditioning.controlnet import model_for_type
from concord_workers.conditioning.lora import LoraUse
from concord_workers.contract.generated.submission import EffectiveSubmission
from concord_workers.core.device_manager import Device, is_out_of_memory
from concord_workers.core.errors import ContractError, ModelInvalid
from concord_workers.core.inference_settings import InferenceSettings
from concord_workers.core.job_context import JobContext
from concord_workers.inference.model_checks import require_widths
from concord_workers.inference.plan import dtype_of, offload_of
from concord_workers.models.cause import cause_of
from concord_workers.models.device_models import LoadedModel
from concord_workers.models.facts import describe_text_encoder
from concord_workers.models.model_finder import Located
from concord_workers.models.model_loader import Lease, ModelLoader
from concord_workers.models.readers import Inversion, read_text_encoder, read_tokenizer
from concord_workers.postprocessing.safety_checker import locate_checker
from concord_workers.postprocessing.upscaler import locate_net, needs_net

__all__ = ["JobModels", "require_fitting", "take_models"]


@dataclass
class JobModels:
    """The models of a job. overrides: components of the base that the job replaces. nets: index of the entry → net.

    changing: the job adds layers to its modules at this moment; an error now leaves them half changed.
    """

    base: LoadedModel
    base_id: str
    dtype: str
    refiner: LoadedModel | None = None
    vae: LoadedModel | None = None
    loras: list[LoraUse] = field(default_factory=list)
    nets: dict[int, LoadedModel] = field(default_factory=dict)
    inversions: list[tuple[str, Inversion, str]] = field(default_factory=list)
    upscaler: LoadedModel | None = None
    checker: LoadedModel | None = None
    overrides: dict[str, Any] = field(default_factory=dict)
    changing: bool = False


def take_models(
    submission: EffectiveSubmission,
    device: Device,
    loader: ModelLoader,
    settings: InferenceSettings,
    lease: Lease,
    context: JobContext,
) -> JobModels:
    """Loads the models that the job names, unless they are loaded. An entry of weight 0 loads nothing."""
    model, conditioning, post = submission.model, submission.conditioning, submission.postprocessing
    dtype, offload = dtype_of(submission, device), offload_of(submission)
    total = _count(submission)
    done = 0
    context.progress("loading", 0, total)

    def take(located: Located, model_type: str, pointer: str, *, may_offload: bool = True) -> LoadedModel:
        nonlocal done
        taken = lease.take(located, model_type, dtype, field=pointer, offload=offload and may_offload)
        done += 1
        context.progress("loading", done, total)
        return taken

    located = loader.resolve(model.base, "/model/base")
    models = JobModels(take(located, "sdxl", "/model/base"), located.model_id, dtype)
    if model.refiner is not None:
        models.refiner = take(loader.resolve(model.refiner, "/model/refiner"), "sdxl_refiner", "/model/refiner")
    if model.vae is not None:
        models.vae = take(loader.resolve(model.vae, "/model/vae"), "vae", "/model/vae")
    models.overrides = _read_overrides(submission, device, loader, dtype, offload, context)
    for index, lora in enumerate(conditioning.loras):
        pointer = f"/conditioning/loras/{index}"
        if lora.weight == 0:
            continue
        taken = take(loader.resolve(lora.name, pointer + "/name"), "lora", pointer + "/name", may_offload=False)
        models.loras.append(LoraUse(taken, lora.weight, pointer))
    for index, net in enumerate(conditioning.control_nets):
        pointer = f"/conditioning/control_nets/{index}"
        if net.weight == 0:
            continue
        reference = net.model if net.model is not None else model_for_type(settings, net.type)
        models.nets[index] = take(loader.resolve(reference, pointer + "/model"), "controlnet", pointer + "/model")
    for index, inversion in enumerate(conditioning.textual_inversions):
        pointer = f"/conditioning/textual_inversions/{index}"
        named = loader.locate(inversion.path, pointer + "/path")
        taken = take(named, "textual_inversion", pointer + "/path", may_offload=False)
        models.inversions.append((inversion.token, taken.value, pointer))
    if post.upscaler != "none":
        weights = locate_net(loader, settings, post.upscaler)
        if weights is not None:
            models.upscaler = take(weights, "upscaler", "/postprocessing/upscaler", may_offload=False)
    if post.safety_checker:
        where = locate_checker(loader, settings)
        models.checker = take(where, "safety_checker", "/postprocessing/safety_checker", may_offload=False)
    return models


def _count(submission: EffectiveSubmission) -> int:
    """How many models a job loads, which is the total of its progress."""
    model, conditioning, post = submission.model, submission.conditioning, submission.postprocessing
    count = sum(part is not None for part in (model.base, model.refiner, model.vae))
    count += sum(lora.weight != 0 for lora in conditioning.loras) + sum(net.weight != 0 for net in conditioning.control_nets)
    return count + len(conditioning.textual_inversions) + needs_net(post.upscaler) + post.safety_checker


def _read_overrides(
    submission: EffectiveSubmission, device: Device, loader: ModelLoader, dtype: str, offload: bool, context: JobContext
) -> dict[str, Any]:
    """The components that a job replaces, read for this job alone."""
    model = submission.model
    found: dict[str, Any] = {}
    named = {"tokenizer": model.tokenizer, "text_encoder": model.text_encoder, "text_encoder_2": model.text_encoder_2}
    for name, reference in named.items():
        if reference is None:
            continue
        pointer = f"/model/{name}"
        path = loader.resolve(reference, pointer).path
        try:
            if name == "tokenizer":
                found[name] = read_tokenizer(path)
            else:
                facts = describe_text_encoder(path, name)
                if (text := facts.unused_text) is not None:
                    context.warn("weights_unused", text, pointer)
                encoder = read_text_encoder(path, facts, dtype, second=name == "text_encoder_2")
                target = torch.device("cpu") if offload else device.torch_device
                found[name] = encoder.requires_grad_(False).to(target)
        except ContractError as error:
            error.field = error.field or pointer
            raise
        except Exception as error:
            # The libraries raise many kinds of errors for unreadable files.
            if is_out_of_memory(error):
                raise
            raise ModelInvalid(f"{path.name} is no {name}: {cause_of(error, path)}", field=pointer) from error
    return found


def require_fitting(components: dict[str, Any], overrides: dict[str, Any]) -> None:
    """Raises ModelInvalid where a replaced component has other sizes than the one that it replaces."""
    for name in ("text_encoder", "text_encoder_2"):
        if name in overrides:
            require_widths(name, components[name].config.to_dict(), overrides[name].config.to_dict())
    tokenizer = overrides.get("tokenizer")
    encoder = overrides.get("text_encoder", components.get("text_encoder"))
    if tokenizer is not None and encoder is not None and len(tokenizer) > encoder.config.vocab_size:
        raise ModelInvalid(
            f"the tokenizer has {len(tokenizer)} tokens, the text encoder {encoder.config.vocab_size}", field="/model/tokenizer"
        )
