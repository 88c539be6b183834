"""Checks a job before anything is loaded: features of this worker, models, images, bounds of the model.

`violations_of` finds all violations at once; it reads headers and nothing more, so `validate_request` answers with it while a
job runs. The reading has checked the schema and the rules before.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar

import torch

from concord_workers.conditioning.controlnet import model_for_type, require_preprocessor
from concord_workers.conditioning.lora_fit import fit, require_scales
from concord_workers.conditioning.prompt import parse_prompt
from concord_workers.contract.generated.submission import (
    EffectiveScheduler,
    PartialConditioning,
    PartialControlNet,
    PartialScheduler,
    PartialSubmission,
)
from concord_workers.core.device_manager import DTYPES, Device
from concord_workers.core.errors import (
    ContractError,
    ModelInvalid,
    ModelNotFound,
    OutOfRange,
    UnsupportedFeature,
    UnsupportedValue,
)
from concord_workers.core.inference_settings import InferenceSettings
from concord_workers.core.job_context import JobContext
from concord_workers.core.roots import Roots
from concord_workers.core.scalar import shorten
from concord_workers.images.image_input import ImageRef, check_image, check_mask, image_bytes
from concord_workers.models.facts import describe, describe_text_encoder
from concord_workers.models.lora_file import LoraFile
from concord_workers.models.model_facts import ModelFacts
from concord_workers.models.model_loader import ModelLoader
from concord_workers.models.own_tokenizers import require_ids_fit, require_own_tokenizers
from concord_workers.models.safetensors_file import read_header, read_tensors
from concord_workers.models.upscaler_file import is_known_net
from concord_workers.models.vae_kinship import require_kin
from concord_workers.models.vocabulary import has_word, require_vocabulary
from concord_workers.postprocessing.safety_checker import locate_checker
from concord_workers.postprocessing.upscaler import locate_net
from concord_workers.schedulers.scheduler_factory import SchedulerChoice, choose_scheduler, require_zero_terminal_snr

__all__ = [
    "NO_CHANGE",
    "clip_skip_max",
    "dtype_of",
    "offload_of",
    "require_widths",
    "scheduler_of",
    "violations_of",
    "warn_of_embedded_guidance",
    "warn_of_unused",
]


_P = ParamSpec("_P")
_T = TypeVar("_T")


class _Attempt(Protocol):
    """Runs one check and returns its result; notes its violation and returns None where it raises one."""

    def __call__(self, check: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T | None: ...


def scheduler_of(scheduler: EffectiveScheduler) -> SchedulerChoice:
    """The sampler of a submission. Raises UnsupportedFeature, OutOfRange."""
    return choose_scheduler(scheduler.type, scheduler.steps, karras=scheduler.karras_sigmas, spacing=scheduler.timestep_spacing)


def dtype_of(submission: PartialSubmission, device: Device) -> str:
    """The number format that a job runs in."""
    return submission.performance.dtype or device.default_dtype


def offload_of(submission: PartialSubmission) -> bool:
    """Whether the job's models stay in host memory and are moved to the device in turn."""
    return any(name in submission.performance.optimizations for name in ("model_cpu_offload", "sequential_cpu_offload"))


def clip_skip_max(facts: ModelFacts) -> int:
    """Most layers that can be skipped: one less than the shortest text encoder has."""
    return (facts.clip_layers or 1) - 1


def violations_of(
    submission: PartialSubmission, device: Device, loader: ModelLoader, roots: Roots, settings: InferenceSettings
) -> list[ContractError]:
    """Every violation of a submission on this worker, in the schema's order.

    Absent values are not checked: the reading refused missing required values and those out of bounds.
    """
    violations: list[ContractError] = []

    def attempt(check: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T | None:
        try:
            return check(*args, **kwargs)
        except ContractError as error:
            violations.append(error)
            return None

    parts = _model_violations(submission, loader, attempt)
    base = parts.base
    choice = attempt(_scheduler_of, submission.scheduler)
    if choice is not None and base is not None and base.prediction is not None and base.prediction.zero_snr:
        attempt(require_zero_terminal_snr, choice)
    _prompt_violations(submission, dtype_of(submission, device), attempt)
    _conditioning_violations(submission, parts, loader, roots, settings, attempt)
    _performance_violations(submission, device, attempt)
    _postprocessing_violations(submission, loader, settings, attempt)
    return violations


def _scheduler_of(scheduler: PartialScheduler) -> SchedulerChoice | None:
    """None where its name is absent. Absent steps are compared with nothing."""
    if scheduler.type is None:
        return None
    karras = scheduler.karras_sigmas is True
    return choose_scheduler(scheduler.type, scheduler.steps, karras=karras, spacing=scheduler.timestep_spacing)


NO_CHANGE = "the alphas or weights of this LoRA are all 0, so that it changes nothing"


def warn_of_unused(
    submission: PartialSubmission, loader: ModelLoader, settings: InferenceSettings, context: JobContext
) -> None:
    """Warns of what the job's model files leave unused: weights, a LoRA without a change, negative prompts; as the job does."""
    for index, lora in enumerate(submission.conditioning.loras):
        with suppress(ContractError):
            if lora.name is not None and lora.weight != 0 and loader.describe(lora.name).changes_nothing:
                context.warn("no_effect", NO_CHANGE, f"/conditioning/loras/{index}/name")
    with suppress(ContractError):
        if submission.model.base is not None and loader.describe(submission.model.base).embeds_guidance:
            warn_of_embedded_guidance(submission, context, refiner_reads=submission.model.refiner is not None)
    for field, facts_of in _named_models(submission, loader, settings):
        # The violations have the errors of files.
        with suppress(ContractError):
            if (text := facts_of().unused_text) is not None:
                context.warn("weights_unused", text, field)


def warn_of_embedded_guidance(submission: PartialSubmission, context: JobContext, *, refiner_reads: bool) -> None:
    """Warns of negative prompts beside a base that takes the guidance scale as an input.

    refiner_reads: steps of a refiner that takes none read the first negative prompt.
    """
    conditioning = submission.conditioning
    names = {"negative_prompt_2": conditioning.negative_prompt_2}
    if not refiner_reads:
        names["negative_prompt"] = conditioning.negative_prompt
    for name, prompt in names.items():
        if prompt is not None and (submission.hyperparameters.guidance_scale or 0) > 1:
            message = "the base takes the guidance scale as an input, and reads no negative prompt"
            context.warn("no_effect", message, f"/conditioning/{name}")


def _named_models(
    submission: PartialSubmission, loader: ModelLoader, settings: InferenceSettings
) -> Iterator[tuple[str, Callable[[], ModelFacts]]]:
    """Pointer and facts of every model that takes part in the job."""
    model, conditioning = submission.model, submission.conditioning
    for name, reference in (("base", model.base), ("refiner", model.refiner), ("vae", model.vae)):
        if reference is not None:
            yield f"/model/{name}", partial(loader.describe, reference)
    for name, reference in (("text_encoder", model.text_encoder), ("text_encoder_2", model.text_encoder_2)):
        if reference is not None:
            yield f"/model/{name}", partial(_encoder_facts, loader, reference, name)
    for index, net in enumerate(conditioning.control_nets):
        if net.weight != 0 and (net.model is not None or net.type is not None):
            field = f"/conditioning/control_nets/{index}"
            yield field + "/model", partial(_control_net_facts, loader, settings, net, field)
    for index, inversion in enumerate(conditioning.textual_inversions):
        if inversion.path is not None:
            yield f"/conditioning/textual_inversions/{index}/path", partial(_inversion_facts, loader, inversion.path)
    if submission.postprocessing.safety_checker:
        yield "/postprocessing/safety_checker", lambda: describe(locate_checker(loader, settings).path)


def _encoder_facts(loader: ModelLoader, reference: str, name: str) -> ModelFacts:
    return describe_text_encoder(loader.resolve(reference).path, name)


def _inversion_facts(loader: ModelLoader, path: str) -> ModelFacts:
    return describe(loader.resolve_path(path))


def _facts_of(loader: ModelLoader, reference: str, model_type: str, field: str) -> ModelFacts:
    return _require_type(loader.describe(reference, field), model_type, field)


def _require_type(facts: ModelFacts, model_type: str, field: str) -> ModelFacts:
    """Raises ModelInvalid where the files are of another kind."""
    if facts.model_type != model_type:
        what = f"a {facts.model_type}" if facts.model_type else "nothing that is known here"
        raise ModelInvalid(f"{facts.path.name} is {what}, not a {model_type}", field=field)
    return facts


@dataclasses.dataclass
class _Parts:
    """The base and the replacements of its parts that passed their own checks. A refused part is compared with nothing.

    base: None where it was refused. configs: component → its configuration; None where the base or a text encoder was
    refused. tokenizers: folders of the words that the job's prompts are read with; a refused one is not among them.
    """

    base: ModelFacts | None = None
    configs: dict[str, dict[str, Any]] | None = None
    tokenizers: list[Path] = dataclasses.field(default_factory=list)


def _model_violations(submission: PartialSubmission, loader: ModelLoader, attempt: _Attempt) -> _Parts:
    model = submission.model
    base: ModelFacts | None = None
    if model.base is not None:
        base = attempt(_facts_of, loader, model.base, "sdxl", "/model/base")
    for name, model_type, reference in (("refiner", "sdxl_refiner", model.refiner), ("vae", "vae", model.vae)):
        if reference is not None:
            field = f"/model/{name}"
            facts = attempt(_facts_of, loader, reference, model_type, field)
            if facts is not None and name == "refiner":
                attempt(_at, field, require_own_tokenizers, facts)
            if facts is not None and base is not None:
                fits = _require_same_prediction if name == "refiner" else _require_vae_fits
                attempt(fits, facts, base)
    parts = _Parts(base, dict(base.configs) if base is not None else None)
    own = attempt(_at, "/model/base", require_own_tokenizers, base) if base is not None else None
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
            attempt(_at, f"/model/{replaced}", require_ids_fit, folder, name, parts.configs[name])
    return parts


def _require_same_prediction(refiner: ModelFacts, base: ModelFacts) -> None:
    """Raises ModelInvalid where the refiner cannot go on from the base's latents: both stages follow one sampler."""
    if refiner.prediction != base.prediction:
        raise ModelInvalid(
            f"{refiner.path.name} predicts {refiner.prediction}, {base.path.name} {base.prediction}",
            field="/model/refiner",
            hint="use a refiner that was trained for this base, or none",
        )


def _require_folder(loader: ModelLoader, reference: str, field: str) -> Path:
    path = loader.resolve(reference, field).path
    if not path.is_dir():
        raise ModelInvalid(f"{shorten(reference)} is no folder", field=field, hint="name a folder in transformers' layout")
    return path


def _require_tokenizer(loader: ModelLoader, reference: str) -> Path:
    folder = _require_folder(loader, reference, "/model/tokenizer")
    _at("/model/tokenizer", require_vocabulary, folder)
    return folder


def _at(field: str, check: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
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


def _prompt_violations(submission: PartialSubmission, dtype: str, attempt: _Attempt) -> None:
    weighting = submission.hyperparameters.prompt_weighting is not False
    conditioning = submission.conditioning
    prompts = {
        "prompt": conditioning.prompt,
        "prompt_2": conditioning.prompt_2,
        "negative_prompt": conditioning.negative_prompt,
        "negative_prompt_2": conditioning.negative_prompt_2,
    }
    for name, prompt in prompts.items():
        if prompt is not None:
            attempt(_require_finite_weights, prompt, weighting, dtype, f"/conditioning/{name}")


def _require_finite_weights(prompt: str, weighting: bool, dtype: str, field: str) -> None:
    most = torch.finfo(DTYPES[dtype]).max
    if not all(abs(fragment.weight) <= most for fragment in parse_prompt(prompt, weighting=weighting)):
        raise OutOfRange(f"a weight of the prompt is no finite number in {dtype}", maximum=most, field=field)


def _conditioning_violations(
    submission: PartialSubmission,
    parts: _Parts,
    loader: ModelLoader,
    roots: Roots,
    settings: InferenceSettings,
    attempt: _Attempt,
) -> None:
    conditioning, base = submission.conditioning, parts.base
    if base is not None:
        attempt(_require_clip_skip, conditioning.clip_skip or 0, base)
    for index, lora in enumerate(conditioning.loras):
        field = f"/conditioning/loras/{index}/name"
        if lora.name is None:
            continue
        facts = attempt(_facts_of, loader, lora.name, "lora", field)
        if facts is not None and parts.configs is not None and lora.weight != 0:
            attempt(_require_lora_fits, facts, parts.configs, field)
    for index, net in enumerate(conditioning.control_nets):
        _control_net_violations(net, f"/conditioning/control_nets/{index}", base, loader, roots, settings, attempt)
    _inversion_violations(submission, parts, loader, attempt)
    if conditioning.init_image is not None:
        attempt(_require_image, roots, ImageRef(conditioning.init_image, "/conditioning/init_image"))
    if conditioning.inpaint_mask is not None:
        mask = ImageRef(conditioning.inpaint_mask, "/conditioning/inpaint_mask")
        attempt(_require_mask, roots, mask, conditioning.mask_channel or "luminance")
    if conditioning.reference_images:
        attempt(_refuse_references)
    if base is not None:
        attempt(_require_input_channels, base, conditioning)
        attempt(_require_guidance, base, conditioning)


def _control_net_violations(
    net: PartialControlNet,
    field: str,
    base: ModelFacts | None,
    loader: ModelLoader,
    roots: Roots,
    settings: InferenceSettings,
    attempt: _Attempt,
) -> None:
    place = field + ("/model" if net.model is not None else "/type")
    if net.model is not None or net.type is not None:
        found = attempt(_require_control_net, loader, settings, net, field, place)
        if found is not None and base is not None:
            attempt(_require_net_fits, found, base, place)
    if net.image is not None:
        attempt(_require_image, roots, ImageRef(net.image, field + "/image"))
    if net.preprocess and net.type is not None:
        attempt(require_preprocessor, net.type, field + "/preprocess")


def _require_control_net(
    loader: ModelLoader, settings: InferenceSettings, net: PartialControlNet, field: str, place: str
) -> ModelFacts:
    return _require_type(_control_net_facts(loader, settings, net, field), "controlnet", place)


def _require_image(roots: Roots, image: ImageRef) -> None:
    check_image(image_bytes(roots, image), image.field)


def _require_mask(roots: Roots, mask: ImageRef, channel: str) -> None:
    check_mask(image_bytes(roots, mask), mask.field, channel)


def _require_lora_fits(lora: ModelFacts, configs: dict[str, dict[str, Any]], field: str) -> None:
    header = read_header(lora.path)
    try:
        fitted = fit(header.tensors, header.metadata, configs, lora.path.name)
        alphas = read_tensors(lora.path, [entry.names["alpha"] for _, entry in fitted if "alpha" in entry.names])
        require_scales(fitted, header.tensors, LoraFile(alphas, header.metadata), lora.path.name)
    except ModelInvalid as error:
        error.field = field
        raise


def _inversion_violations(submission: PartialSubmission, parts: _Parts, loader: ModelLoader, attempt: _Attempt) -> None:
    seen: set[str] = set()
    for index, inversion in enumerate(submission.conditioning.textual_inversions):
        field = f"/conditioning/textual_inversions/{index}"
        if inversion.path is not None:
            attempt(_require_inversion, loader, inversion.path, parts.base, field + "/path")
        if inversion.token is not None:
            attempt(_require_new_token, inversion.token, seen, parts.tokenizers, field + "/token")
            seen.add(inversion.token.lower())


def _require_inversion(loader: ModelLoader, path: str, base: ModelFacts | None, field: str) -> None:
    try:
        facts = _require_type(describe(loader.resolve_path(path, field)), "textual_inversion", field)
        if base is not None:
            _require_vectors_fit(facts, base)
    except ContractError as error:
        error.field = error.field or field
        raise


def _require_vectors_fit(inversion: ModelFacts, base: ModelFacts) -> None:
    tensors = read_header(inversion.path).tensors
    for name, encoder in (("clip_l", "text_encoder"), ("clip_g", "text_encoder_2")):
        width, wanted = tensors[name].shape[-1], base.configs.get(encoder, {}).get("hidden_size")
        if wanted is not None and width != wanted:
            raise ModelInvalid(
                f"the {name} of {inversion.path.name} has {width} numbers a vector, the base's {encoder} {wanted}"
            )


def _require_new_token(token: str, seen: set[str], folders: Sequence[Path], field: str) -> None:
    # The tokenizers fold case: tokens that differ in it alone are one.
    if token.lower() in seen:
        raise UnsupportedValue(f"{shorten(token)} is the token of another inversion", field=field, hint="choose another token")
    if any(has_word(folder, token) for folder in folders):
        raise UnsupportedValue(f"{shorten(token)} is a token of the model already", field=field, hint="choose another token")


def _require_clip_skip(clip_skip: int, base: ModelFacts) -> None:
    if clip_skip > clip_skip_max(base):
        most = clip_skip_max(base)
        raise OutOfRange(
            f"clip_skip is {clip_skip}; the shortest text encoder of {base.path.name} allows {most}",
            maximum=most,
            field="/conditioning/clip_skip",
        )


def _refuse_references() -> None:
    raise UnsupportedFeature("there is no IP-Adapter here", field="/conditioning/reference_images")


def _require_input_channels(base: ModelFacts, conditioning: PartialConditioning) -> None:
    """Raises where the base cannot make this picture by the channels that its UNet takes."""
    channels = base.configs.get("unet", {}).get("in_channels", 4)
    if channels not in (4, 9):
        raise ModelInvalid(
            f"the UNet of {base.path.name} takes {channels} channels; pictures are made with 4, or repainted with 9",
            field="/model/base",
        )
    if channels == 9 and conditioning.inpaint_mask is None:
        raise UnsupportedFeature(
            "this base only repaints masked pictures", field="/model/base", hint="send init_image and inpaint_mask"
        )


def _require_guidance(base: ModelFacts, conditioning: PartialConditioning) -> None:
    """Raises where the library would not give the UNet the guidance scale that it takes as an input."""
    if (
        base.embeds_guidance
        and conditioning.init_image is not None
        and any(net.weight != 0 for net in conditioning.control_nets)
    ):
        raise UnsupportedFeature(
            "this base takes the guidance scale as an input, which is not supported beside ControlNets and an initial image",
            field="/conditioning/control_nets",
            hint="leave out the ControlNets or the initial image",
        )


def _require_net_fits(net: ModelFacts, base: ModelFacts, field: str) -> None:
    """Raises ModelInvalid for a ControlNet that was made for a UNet of other sizes."""
    own, unet = net.configs.get("model", {}), base.configs.get("unet", {})
    for size in ("cross_attention_dim", "block_out_channels"):
        if size in own and size in unet and own[size] != unet[size]:
            raise ModelInvalid(
                f"{net.path.name} is for another model: its {size} is {own[size]}, the base's {unet[size]}", field=field
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
    require_kin(vae, base)


def _control_net_facts(loader: ModelLoader, settings: InferenceSettings, net: PartialControlNet, field: str) -> ModelFacts:
    """Facts of a ControlNet entry's model: its own, else the one registered for its type. The entry has one of both."""
    if net.model is not None:
        return loader.describe(net.model, field + "/model")
    assert net.type is not None
    try:
        return loader.describe(model_for_type(settings, net.type), field + "/type")
    except ModelNotFound as error:
        raise ModelNotFound(
            f"no ControlNet is registered for {net.type}", field=field + "/type", hint="name one in `model`"
        ) from error


def _performance_violations(submission: PartialSubmission, device: Device, attempt: _Attempt) -> None:
    performance = submission.performance
    attempt(_require_device, performance.device or "auto", device)
    attempt(_require_dtype, dtype_of(submission, device), device)
    for index, name in enumerate(performance.optimizations):
        if name is not None:
            attempt(device.require, name, f"/performance/optimizations/{index}")
    if {"model_cpu_offload", "sequential_cpu_offload"} <= set(performance.optimizations):
        attempt(_refuse_both_offloads)


def _require_device(name: str, device: Device) -> None:
    if not device.is_own_name(name):
        raise UnsupportedFeature(f"this worker is {device.gpu_id}, not {name}", field="/performance/device")


def _require_dtype(dtype: str, device: Device) -> None:
    if dtype not in device.dtypes:
        raise UnsupportedFeature(f"{device.gpu_id} has no {dtype}", field="/performance/dtype", hint="see get_capabilities")


def _refuse_both_offloads() -> None:
    raise UnsupportedFeature(
        "model_cpu_offload and sequential_cpu_offload exclude each other", field="/performance/optimizations"
    )


def _postprocessing_violations(
    submission: PartialSubmission, loader: ModelLoader, settings: InferenceSettings, attempt: _Attempt
) -> None:
    post = submission.postprocessing
    if post.safety_checker:
        attempt(_require_checker, loader, settings)
    if post.upscaler is not None and post.upscaler != "none":
        attempt(_require_upscaler, loader, settings, post.upscaler)


def _require_checker(loader: ModelLoader, settings: InferenceSettings) -> None:
    field = "/postprocessing/safety_checker"
    path = locate_checker(loader, settings).path
    _require_type(_at(field, describe, path), "safety_checker", field)


def _require_upscaler(loader: ModelLoader, settings: InferenceSettings, name: str) -> None:
    located = locate_net(loader, settings, name)
    if located is None:
        return
    field = "/postprocessing/upscaler"
    facts = _at(field, describe, located.path)
    # Upscaling nets have many architectures; names of tensors tell most of them, and the library all that it runs.
    if facts.model_type is not None or not located.path.is_file() or not is_known_net(read_header(located.path).tensors):
        _require_type(facts, "upscaler", field)
