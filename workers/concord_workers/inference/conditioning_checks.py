"""Checks the conditioning of a job: LoRAs, ControlNets, inversions and images, each against the base. Nothing is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from concord_workers.conditioning.controlnet import model_for_type, require_preprocessor
from concord_workers.conditioning.lora_fit import fit, require_scales
from concord_workers.contract.generated.submission import (
    PartialConditioning,
    PartialControlNet,
    PartialSubmission,
)
from concord_workers.core.errors import (
    ContractError,
    ModelInvalid,
    ModelNotFound,
    OutOfRange,
    UnsupportedFeature,
    UnsupportedValue,
)
from concord_workers.core.inference_settings import InferenceSettings
from concord_workers.core.roots import Roots
from concord_workers.core.scalar import shorten
from concord_workers.images.image_input import ImageRef, check_image, check_mask, image_bytes
from concord_workers.inference.model_checks import Attempt, Parts, facts_of, require_type
from concord_workers.models.facts import describe
from concord_workers.models.lora_file import LoraFile
from concord_workers.models.model_facts import ModelFacts
from concord_workers.models.model_loader import ModelLoader
from concord_workers.models.safetensors_file import read_header, read_tensors
from concord_workers.models.vocabulary import has_word

__all__ = ["clip_skip_max", "conditioning_violations", "control_net_facts"]


def conditioning_violations(
    submission: PartialSubmission,
    parts: Parts,
    loader: ModelLoader,
    roots: Roots,
    settings: InferenceSettings,
    attempt: Attempt,
) -> None:
    conditioning, base = submission.conditioning, parts.base
    if base is not None:
        attempt(_require_clip_skip, conditioning.clip_skip or 0, base)
    for index, lora in enumerate(conditioning.loras):
        field = f"/conditioning/loras/{index}/name"
        if lora.name is None:
            continue
        facts = attempt(facts_of, loader, lora.name, "lora", field)
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
    attempt: Attempt,
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
    return require_type(control_net_facts(loader, settings, net, field), "controlnet", place)


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


def _inversion_violations(submission: PartialSubmission, parts: Parts, loader: ModelLoader, attempt: Attempt) -> None:
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
        facts = require_type(describe(loader.resolve_path(path, field)), "textual_inversion", field)
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


def clip_skip_max(facts: ModelFacts) -> int:
    """Most layers that can be skipped: one less than the shortest text encoder has."""
    return (facts.clip_layers or 1) - 1


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


def control_net_facts(loader: ModelLoader, settings: InferenceSettings, net: PartialControlNet, field: str) -> ModelFacts:
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
