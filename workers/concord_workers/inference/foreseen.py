"""Warnings that a check foresees and the job gives: weights of model files and values that the job leaves unused."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

from concord_workers.contract.generated.submission import PartialSubmission
from concord_workers.core.errors import ContractError
from concord_workers.core.inference_settings import InferenceSettings
from concord_workers.core.job_context import JobContext
from concord_workers.inference.conditioning_checks import control_net_facts
from concord_workers.inference.denoise import Split, split_steps
from concord_workers.models.facts import describe, describe_text_encoder
from concord_workers.models.model_configs import base_scheduler
from concord_workers.models.model_facts import ModelFacts
from concord_workers.models.model_loader import ModelLoader
from concord_workers.postprocessing.safety_checker import locate_checker
from concord_workers.schedulers.scheduler_factory import choose_scheduler, make_scheduler

__all__ = ["NO_CHANGE", "warn_of_embedded_guidance", "warn_of_idle_stage", "warn_of_unused"]

log = logging.getLogger(__name__)

NO_CHANGE = "the alphas or weights of this LoRA are all 0, so that it changes nothing"


def warn_of_unused(
    submission: PartialSubmission, loader: ModelLoader, settings: InferenceSettings, context: JobContext
) -> None:
    """Warns of what the job's model files leave unused: weights, a LoRA without a change, negative prompts; as the job does."""
    split: Split | None = None
    # The violations have the errors of files, here and below.
    with suppress(ContractError):
        split = _warn_of_stages(submission, loader, context)
    for index, lora in enumerate(submission.conditioning.loras if split is None or split.base else ()):
        with suppress(ContractError):
            if lora.name is not None and lora.weight != 0 and loader.describe(lora.name).changes_nothing:
                context.warn("no_effect", NO_CHANGE, f"/conditioning/loras/{index}/name")
    for field, facts_of in _named_models(submission, loader, settings):
        with suppress(ContractError):
            if (text := facts_of().unused_text) is not None:
                context.warn("weights_unused", text, field)


def _warn_of_stages(submission: PartialSubmission, loader: ModelLoader, context: JobContext) -> Split | None:
    """Warns of what takes no effect by the steps of base and refiner. Returns them; None where they are not known."""
    model = submission.model
    if model.base is None:
        return None
    base = loader.describe(model.base)
    refiner = None if model.refiner is None else loader.describe(model.refiner)
    split = None if refiner is None else _split_of(submission, base)
    if base.embeds_guidance:
        reads = refiner is not None and not refiner.embeds_guidance and (split is None or split.refiner > 0)
        warn_of_embedded_guidance(submission, context, refiner_reads=reads)
    if split is not None:
        guidance = (submission.hyperparameters.guidance_scale or 0) > 1 and not base.embeds_guidance
        warn_of_idle_stage(submission, split, context, guidance=guidance)
    return split


def _split_of(submission: PartialSubmission, base: ModelFacts) -> Split | None:
    """The steps of base and refiner; None where the submission does not say them. Raises as `choose_scheduler`."""
    scheduler, parameters = submission.scheduler, submission.hyperparameters
    if scheduler.type is None or scheduler.steps is None or parameters.refiner_start is None:
        return None
    karras = scheduler.karras_sigmas is True
    choice = choose_scheduler(scheduler.type, scheduler.steps, karras=karras, spacing=scheduler.timestep_spacing)
    config = base_scheduler(base)
    try:
        made = make_scheduler(choice, config, [0])
        return split_steps(made, scheduler.steps, parameters.strength, parameters.refiner_start)
    except Exception as error:
        # A value of the base's configuration can raise any error in the library; the job names it.
        log.info("no steps can be made of the scheduler's configuration: %r", error)
        return None


def warn_of_idle_stage(submission: PartialSubmission, split: Split, context: JobContext, *, guidance: bool) -> None:
    """Warns of a base or a refiner that does no step beside the other, and of what only such a base would use.

    guidance: whether the base's steps would read the negative prompts.
    """
    if submission.model.refiner is None or (split.base and split.refiner):
        return
    stage = "base" if not split.base else "refiner"
    context.warn("no_effect", f"refiner_start leaves the {stage} no step", "/hyperparameters/refiner_start")
    if split.base:
        return
    model, conditioning = submission.model, submission.conditioning
    if any(lora.weight != 0 for lora in conditioning.loras):
        context.warn("no_effect", "the base, which LoRAs act on, does no step", "/conditioning/loras")
    parts = {"tokenizer": model.tokenizer, "text_encoder": model.text_encoder, "text_encoder_2": model.text_encoder_2}
    for name, reference in parts.items():
        if reference is not None:
            context.warn("no_effect", f"the base, which uses the {name}, does no step", f"/model/{name}")
    texts = {"prompt_2": conditioning.prompt_2}
    if guidance:
        texts["negative_prompt_2"] = conditioning.negative_prompt_2
    for name, text in texts.items():
        if text is not None:
            context.warn("no_effect", f"the base, which reads {name}, does no step", f"/conditioning/{name}")


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
            yield field + "/model", partial(control_net_facts, loader, settings, net, field)
    for index, inversion in enumerate(conditioning.textual_inversions):
        if inversion.path is not None:
            yield f"/conditioning/textual_inversions/{index}/path", partial(_inversion_facts, loader, inversion.path)
    if submission.postprocessing.safety_checker:
        yield "/postprocessing/safety_checker", lambda: describe(locate_checker(loader, settings).path)


def _encoder_facts(loader: ModelLoader, reference: str, name: str) -> ModelFacts:
    return describe_text_encoder(loader.resolve(reference).path, name)


def _inversion_facts(loader: ModelLoader, path: str) -> ModelFacts:
    return describe(loader.resolve_path(path))
