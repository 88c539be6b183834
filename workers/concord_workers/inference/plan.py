"""What a job needs, checked before anything is loaded: features of this worker, models, images, bounds of the model.

`violations_of` finds all violations at once; it reads headers and nothing more, so `validate_request` answers with it while a
job runs. Schema and cross-field rules were checked before, by the generated types.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import torch

from concord_workers.conditioning.controlnet import model_for_type, require_preprocessor
from concord_workers.conditioning.lora_fit import fit, require_scales
from concord_workers.conditioning.prompt import parse_prompt
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
from concord_workers.images.image_input import ImageRef, check_image, check_mask, image_bytes
from concord_workers.models.facts import ModelFacts, describe, describe_text_encoder
from concord_workers.models.lora_file import LoraFile
from concord_workers.models.model_loader import ModelLoader
from concord_workers.models.own_tokenizers import require_ids_fit, require_own_tokenizers
from concord_workers.models.safetensors_file import read_header, read_tensors
from concord_workers.models.upscaler_file import is_known_net
from concord_workers.models.vocabulary import has_word, require_vocabulary
from concord_workers.postprocessing.safety_checker import locate_checker
from concord_workers.postprocessing.upscaler import locate_net
from concord_workers.schedulers.scheduler_factory import SchedulerChoice, choose_scheduler, require_zero_terminal_snr

__all__ = ["clip_skip_max", "dtype_of", "offload_of", "require_widths", "scheduler_of", "violations_of", "warn_of_unused"]


def scheduler_of(submission: Any) -> SchedulerChoice:
    """The sampler that a submission asks for. Raises UnsupportedFeature, OutOfRange."""
    scheduler = submission.scheduler
    return choose_scheduler(
        scheduler.type, scheduler.steps, karras=bool(scheduler.karras_sigmas), spacing=scheduler.timestep_spacing
    )


def dtype_of(submission: Any, device: Device) -> str:
    """The number format that a job runs in."""
    dtype: str | None = submission.performance.dtype
    return dtype or device.default_dtype


def offload_of(submission: Any) -> bool:
    """Whether the job's models wait in host memory."""
    return any(name in (submission.performance.optimizations or []) for name in ("model_cpu_offload", "sequential_cpu_offload"))


def clip_skip_max(facts: ModelFacts) -> int:
    """Most layers that can be skipped: one less than the shortest text encoder has."""
    return (facts.clip_layers or 1) - 1


def violations_of(
    submission: Any, device: Device, loader: ModelLoader, roots: Roots, settings: InferenceSettings
) -> list[ContractError]:
    """All that stands against running the (effective) submission here, in the schema's order.

    What is absent is not checked: a required value that nobody wrote, or one out of its bounds, was refused by the reading.
    """
    violations: list[ContractError] = []

    def attempt(check: Callable[[], object]) -> Any:
        try:
            return check()
        except ContractError as error:
            violations.append(error)
            return None

    parts = _model_violations(submission, loader, attempt)
    base = parts.base
    choice = attempt(lambda: scheduler_of(submission)) if submission.scheduler.type is not None else None
    if choice is not None and base is not None and base.prediction is not None and base.prediction.zero_snr:
        attempt(lambda: require_zero_terminal_snr(choice))
    _prompt_violations(submission, dtype_of(submission, device), attempt)
    _conditioning_violations(submission, parts, loader, roots, settings, attempt)
    _performance_violations(submission, device, attempt)
    _postprocessing_violations(submission, loader, settings, attempt)
    return violations


def warn_of_unused(submission: Any, loader: ModelLoader, settings: InferenceSettings, context: JobContext) -> None:
    """Warns of what the job's model files hold and nothing uses, at the entries that name them, as loading them does."""
    for field, facts_of in _named_models(submission, loader, settings):
        # What stands against a file is among the violations.
        with suppress(ContractError):
            if (text := facts_of().unused_text) is not None:
                context.warn("weights_unused", text, field)


def _named_models(
    submission: Any, loader: ModelLoader, settings: InferenceSettings
) -> Iterator[tuple[str, Callable[[], ModelFacts]]]:
    """Pointer and facts of every model that takes part in the job."""
    model, conditioning = submission.model, submission.conditioning
    for name in ("base", "refiner", "vae"):
        if (reference := getattr(model, name)) is not None:
            yield f"/model/{name}", partial(loader.describe, reference)
    for name in ("text_encoder", "text_encoder_2"):
        if (reference := getattr(model, name)) is not None:
            yield f"/model/{name}", partial(_encoder_facts, loader, reference, name)
    for index, net in enumerate(conditioning.control_nets or []):
        if net.weight != 0 and (net.model is not None or net.type is not None):
            field = f"/conditioning/control_nets/{index}"
            yield field + "/model", partial(_control_net_facts, loader, settings, net, field)
    for index, inversion in enumerate(conditioning.textual_inversions or []):
        if inversion.path is not None:
            yield f"/conditioning/textual_inversions/{index}/path", partial(_inversion_facts, loader, inversion.path)
    if submission.postprocessing.safety_checker:
        yield "/postprocessing/safety_checker", lambda: describe(locate_checker(loader, settings).path)


def _encoder_facts(loader: ModelLoader, reference: str, name: str) -> ModelFacts:
    return describe_text_encoder(loader.resolve(reference).path, name)


def _inversion_facts(loader: ModelLoader, path: str) -> ModelFacts:
    return describe(loader.resolve_path(path))


def _require_type(facts: ModelFacts, model_type: str, field: str) -> ModelFacts:
    """Raises ModelInvalid where the files are of another kind."""
    if facts.model_type != model_type:
        what = f"a {facts.model_type}" if facts.model_type else "nothing that is known here"
        raise ModelInvalid(f"{facts.path.name} is {what}, not a {model_type}", field=field)
    return facts


@dataclasses.dataclass
class _Parts:
    """The base and what replaces parts of it, as far as their own checks held; nothing is compared with the others.

    base: None where it was refused. configs: component → its configuration; None where the base or a text encoder was
    refused. tokenizers: folders of the words that the job's prompts are read with; a refused one is not among them.
    """

    base: ModelFacts | None = None
    configs: dict[str, dict[str, Any]] | None = None
    tokenizers: list[Path] = dataclasses.field(default_factory=list)


def _model_violations(submission: Any, loader: ModelLoader, attempt: Callable[..., Any]) -> _Parts:
    model = submission.model
    base: ModelFacts | None = None
    if model.base is not None:
        base = attempt(lambda: _require_type(loader.describe(model.base, "/model/base"), "sdxl", "/model/base"))
    for name, model_type in (("refiner", "sdxl_refiner"), ("vae", "vae")):
        reference = getattr(model, name)
        if reference is not None:
            field = f"/model/{name}"
            facts = attempt(lambda r=reference, t=model_type, f=field: _require_type(loader.describe(r, f), t, f))
            if facts is not None and name == "refiner":
                attempt(lambda own=facts, f=field: _at(f, lambda: require_own_tokenizers(own)))
            if facts is not None and base is not None:
                fits = _require_same_prediction if name == "refiner" else _require_vae_fits
                attempt(lambda check=fits, own=facts, b=base: check(own, b))
    parts = _Parts(base, dict(base.configs) if base is not None else None)
    own = attempt(lambda: _at("/model/base", lambda: require_own_tokenizers(base))) if base is not None else None
    tokenizers: dict[str, Path | None] = dict(own or {})
    if model.tokenizer is not None:
        tokenizers["text_encoder"] = attempt(lambda: _require_tokenizer(loader, model.tokenizer))
    parts.tokenizers = [folder for folder in tokenizers.values() if folder is not None]
    for name in ("text_encoder", "text_encoder_2"):
        reference = getattr(model, name)
        if reference is None:
            continue
        config = attempt(lambda r=reference, n=name: _require_text_encoder(loader, r, n, base))
        if config is None:
            parts.configs = None
        elif parts.configs is not None:
            parts.configs[name] = config
    for name, folder in tokenizers.items():
        replaced = "tokenizer" if name == "text_encoder" and model.tokenizer is not None else name
        if folder is not None and parts.configs is not None and getattr(model, replaced) is not None:
            config = parts.configs[name]
            attempt(lambda f=folder, n=name, c=config, r=replaced: _at(f"/model/{r}", lambda: require_ids_fit(f, n, c)))
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
        raise ModelInvalid(f"{reference!r} is no folder", field=field, hint="name a folder in transformers' layout")
    return path


def _require_tokenizer(loader: ModelLoader, reference: str) -> Path:
    folder = _require_folder(loader, reference, "/model/tokenizer")
    _at("/model/tokenizer", lambda: require_vocabulary(folder))
    return folder


def _at(field: str, check: Callable[[], Any]) -> Any:
    """What a check of a model gives; what it raises is about this field."""
    try:
        return check()
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


def require_widths(name: str, own: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Raises ModelInvalid where a text encoder's configuration says other widths than the one that it replaces."""
    for width in ("hidden_size", "projection_dim"):
        if width in own and width in new and new[width] != own[width]:
            raise ModelInvalid(f"the {name} has the {width} {new[width]}, the base takes {own[width]}", field=f"/model/{name}")


def _prompt_violations(submission: Any, dtype: str, attempt: Callable[..., Any]) -> None:
    weighting = submission.hyperparameters.prompt_weighting is not False
    for name in ("prompt", "prompt_2", "negative_prompt", "negative_prompt_2"):
        prompt = getattr(submission.conditioning, name)
        if prompt is not None:
            attempt(lambda p=prompt, n=name: _require_finite_weights(p, weighting, dtype, f"/conditioning/{n}"))


def _require_finite_weights(prompt: str, weighting: bool, dtype: str, field: str) -> None:
    most = torch.finfo(DTYPES[dtype]).max
    if not all(abs(fragment.weight) <= most for fragment in parse_prompt(prompt, weighting=weighting)):
        raise OutOfRange(f"a weight of the prompt is no finite number in {dtype}", maximum=most, field=field)


def _conditioning_violations(
    submission: Any,
    parts: _Parts,
    loader: ModelLoader,
    roots: Roots,
    settings: InferenceSettings,
    attempt: Callable[..., Any],
) -> None:
    conditioning, base = submission.conditioning, parts.base
    if base is not None:
        attempt(lambda: _require_clip_skip(conditioning.clip_skip or 0, base))
    for index, lora in enumerate(conditioning.loras or []):
        field = f"/conditioning/loras/{index}/name"
        if lora.name is None:
            continue
        facts = attempt(lambda r=lora.name, f=field: _require_type(loader.describe(r, f), "lora", f))
        if facts is not None and parts.configs is not None and lora.weight != 0:
            attempt(lambda configs=parts.configs, own=facts, f=field: _require_lora_fits(own, configs, f))
    for index, net in enumerate(conditioning.control_nets or []):
        _control_net_violations(net, f"/conditioning/control_nets/{index}", base, loader, roots, settings, attempt)
    _inversion_violations(submission, parts, loader, attempt)
    if (init := conditioning.init_image) is not None:
        field = "/conditioning/init_image"
        attempt(lambda f=field: check_image(image_bytes(roots, ImageRef(init, f)), f))
    if (mask := conditioning.inpaint_mask) is not None:
        field = "/conditioning/inpaint_mask"
        channel = conditioning.mask_channel or "luminance"
        attempt(lambda f=field: check_mask(image_bytes(roots, ImageRef(mask, f)), f, channel))
    if conditioning.reference_images:
        attempt(_refuse_references)
    if base is not None:
        attempt(lambda: _require_input_channels(base, conditioning))


def _control_net_violations(
    net: Any,
    field: str,
    base: ModelFacts | None,
    loader: ModelLoader,
    roots: Roots,
    settings: InferenceSettings,
    attempt: Callable[..., Any],
) -> None:
    place = field + ("/model" if net.model is not None else "/type")
    if net.model is not None or net.type is not None:
        found = attempt(lambda: _require_type(_control_net_facts(loader, settings, net, field), "controlnet", place))
        if found is not None and base is not None:
            attempt(lambda: _require_net_fits(found, base, place))
    if net.image is not None:
        attempt(lambda: check_image(image_bytes(roots, ImageRef(net.image, field + "/image")), field + "/image"))
    if net.preprocess and net.type is not None:
        attempt(lambda: require_preprocessor(net.type, field + "/preprocess"))


def _require_lora_fits(lora: ModelFacts, configs: dict[str, dict[str, Any]], field: str) -> None:
    header = read_header(lora.path)
    try:
        fitted = fit(header.tensors, header.metadata, configs, lora.path.name)
        alphas = read_tensors(lora.path, [entry.names["alpha"] for _, entry in fitted if "alpha" in entry.names])
        require_scales(fitted, header.tensors, LoraFile(alphas, header.metadata), lora.path.name)
    except ModelInvalid as error:
        error.field = field
        raise


def _inversion_violations(submission: Any, parts: _Parts, loader: ModelLoader, attempt: Callable[..., Any]) -> None:
    seen: set[str] = set()
    for index, inversion in enumerate(submission.conditioning.textual_inversions or []):
        field = f"/conditioning/textual_inversions/{index}"
        if inversion.path is not None:
            attempt(lambda p=inversion.path, f=field: _require_inversion(loader, p, parts.base, f + "/path"))
        if inversion.token is not None:
            attempt(lambda t=inversion.token, f=field: _require_new_token(t, seen, parts.tokenizers, f + "/token"))
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
        raise UnsupportedValue(f"{token!r} is the token of another inversion", field=field, hint="choose another token")
    if any(has_word(folder, token) for folder in folders):
        raise UnsupportedValue(f"{token!r} is a token of the model already", field=field, hint="choose another token")


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


def _require_input_channels(base: ModelFacts, conditioning: Any) -> None:
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


def _control_net_facts(loader: ModelLoader, settings: InferenceSettings, net: Any, field: str) -> ModelFacts:
    """Facts of a ControlNet entry's model: its own, else the one registered for its type."""
    if net.model is not None:
        return loader.describe(net.model, field + "/model")
    try:
        return loader.describe(model_for_type(settings, net.type), field + "/type")
    except ModelNotFound as error:
        raise ModelNotFound(
            f"no ControlNet is registered for {net.type}", field=field + "/type", hint="name one in `model`"
        ) from error


def _performance_violations(submission: Any, device: Device, attempt: Callable[..., Any]) -> None:
    performance = submission.performance
    attempt(lambda: _require_device(performance.device or "auto", device))
    attempt(lambda: _require_dtype(dtype_of(submission, device), device))
    asked = performance.optimizations or []
    for index, name in enumerate(asked):
        attempt(lambda n=name, i=index: device.require(n, f"/performance/optimizations/{i}"))
    if {"model_cpu_offload", "sequential_cpu_offload"} <= set(asked):
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
    submission: Any, loader: ModelLoader, settings: InferenceSettings, attempt: Callable[..., Any]
) -> None:
    post = submission.postprocessing
    if post.safety_checker:
        attempt(lambda: _require_checker(loader, settings))
    if post.upscaler is not None and post.upscaler != "none":
        attempt(lambda: _require_upscaler(loader, settings, post.upscaler))


def _require_checker(loader: ModelLoader, settings: InferenceSettings) -> None:
    field = "/postprocessing/safety_checker"
    path = locate_checker(loader, settings).path
    _require_type(_at(field, lambda: describe(path)), "safety_checker", field)


def _require_upscaler(loader: ModelLoader, settings: InferenceSettings, name: str) -> None:
    located = locate_net(loader, settings, name)
    if located is None:
        return
    field = "/postprocessing/upscaler"
    facts = _at(field, lambda: describe(located.path))
    # Upscaling nets have many architectures; names of tensors tell most of them, and the library all that it runs.
    if facts.model_type is not None or not located.path.is_file() or not is_known_net(read_header(located.path).tensors):
        _require_type(facts, "upscaler", field)
