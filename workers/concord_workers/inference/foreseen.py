"""Warnings that a check foresees and the job gives: weights of model files and values that the job leaves unused."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from concord_workers.conditioning.textual_inversion import add_token
from concord_workers.contract.generated.submission import PartialSubmission
from concord_workers.core.errors import ContractError
from concord_workers.core.inference_settings import InferenceSettings
from concord_workers.core.job_context import JobContext
from concord_workers.inference.conditioning_checks import control_net_facts
from concord_workers.inference.denoise import Split, split_steps
from concord_workers.inference.no_effect import (
    LoraEntry,
    NetWindow,
    texts_of,
    warn_of_embedded_guidance,
    warn_of_idle_stage,
    warn_of_loras,
    warn_of_unread_tokens,
    warn_of_upscaling,
    warn_of_windows,
)
from concord_workers.models.facts import describe, describe_text_encoder, signature
from concord_workers.models.model_configs import base_scheduler
from concord_workers.models.model_facts import ModelFacts
from concord_workers.models.model_loader import ModelLoader
from concord_workers.models.own_tokenizers import require_own_tokenizers
from concord_workers.models.readers import read_tokenizer
from concord_workers.postprocessing.safety_checker import locate_checker
from concord_workers.schedulers.scheduler_factory import choose_scheduler, make_scheduler

__all__ = ["warn_of_unused"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Stages:
    """Base and refiner of a submission. split: their steps. guidance: whether the steps of either read a negative prompt."""

    base: ModelFacts
    split: Split
    guidance: bool


def warn_of_unused(
    submission: PartialSubmission, loader: ModelLoader, settings: InferenceSettings, context: JobContext
) -> None:
    """Warns of what the job leaves unused: weights of its model files, and values that change no picture; as the job does."""
    stages: _Stages | None = None
    # The violations have the errors of files, here and below.
    with suppress(ContractError):
        stages = _warn_of_stages(submission, loader, context)
    if stages is None or stages.split.base:
        warn_of_loras(list(_lora_entries(submission, loader)), context)
    if stages is not None:
        warn_of_windows(list(_windows(submission)), stages.split, context)
        with suppress(ContractError):
            _warn_of_tokens(submission, loader, stages, context)
    dimensions = submission.hyperparameters.dimensions
    if dimensions.width is not None and dimensions.height is not None:
        warn_of_upscaling(submission.postprocessing, dimensions.width, dimensions.height, context)
    for field, facts_of in _named_models(submission, loader, settings):
        with suppress(ContractError):
            if (text := facts_of().unused_text) is not None:
                context.warn("weights_unused", text, field)


def _warn_of_stages(submission: PartialSubmission, loader: ModelLoader, context: JobContext) -> _Stages | None:
    """Warns of what takes no effect by the steps of base and refiner. Returns these; None where they are not known."""
    model = submission.model
    if model.base is None:
        return None
    base = loader.describe(model.base)
    refiner = None if model.refiner is None else loader.describe(model.refiner)
    split = _split_of(submission, base)
    scales = (submission.hyperparameters.guidance_scale or 0) > 1
    base_reads = scales and not base.embeds_guidance
    refiner_reads = refiner is not None and not refiner.embeds_guidance and (split is None or split.refiner > 0)
    if base.embeds_guidance:
        warn_of_embedded_guidance(submission, context, refiner_reads=refiner_reads)
    if split is None:
        return None
    warn_of_idle_stage(submission, split, context, guidance=base_reads)
    return _Stages(base, split, base_reads or (scales and refiner_reads))


def _split_of(submission: PartialSubmission, base: ModelFacts) -> Split | None:
    """The steps of base and refiner; None where the submission does not say them. Raises as `choose_scheduler`."""
    scheduler, parameters = submission.scheduler, submission.hyperparameters
    start = parameters.refiner_start if submission.model.refiner is not None else None
    if scheduler.type is None or scheduler.steps is None or (submission.model.refiner is not None and start is None):
        return None
    karras = scheduler.karras_sigmas is True
    choice = choose_scheduler(scheduler.type, scheduler.steps, karras=karras, spacing=scheduler.timestep_spacing)
    config = base_scheduler(base)
    try:
        made = make_scheduler(choice, config, [0])
        return split_steps(made, scheduler.steps, parameters.strength, start)
    except Exception as error:
        # A value of the base's configuration can raise any error in the library; the job names it.
        log.info("no steps can be made of the scheduler's configuration: %r", error)
        return None


def _lora_entries(submission: PartialSubmission, loader: ModelLoader) -> Iterator[LoraEntry]:
    for index, lora in enumerate(submission.conditioning.loras):
        if lora.name is None or not lora.weight:
            continue
        with suppress(ContractError):
            facts = loader.describe(lora.name)
            yield LoraEntry(f"/conditioning/loras/{index}", lora.weight, signature(facts.path), facts.changes_nothing)


def _windows(submission: PartialSubmission) -> Iterator[NetWindow]:
    for index, net in enumerate(submission.conditioning.control_nets):
        if net.weight and net.guidance_start is not None and net.guidance_end is not None:
            yield NetWindow(f"/conditioning/control_nets/{index}", net.guidance_start, net.guidance_end)


def _warn_of_tokens(submission: PartialSubmission, loader: ModelLoader, stages: _Stages, context: JobContext) -> None:
    named = [
        (inversion.token, f"/conditioning/textual_inversions/{index}")
        for index, inversion in enumerate(submission.conditioning.textual_inversions)
        if inversion.token is not None
    ]
    if not named or submission.conditioning.prompt is None:
        return
    folders = require_own_tokenizers(stages.base)
    if submission.model.tokenizer is not None:
        folders["text_encoder"] = loader.resolve(submission.model.tokenizer).path
    tokenizers = [read_tokenizer(folder) for folder in folders.values()]
    # A token that a tokenizer has already is refused, and compared with nothing.
    named = [(token, at) for token, at in named if all([add_token(tokenizer, token) for tokenizer in tokenizers])]
    texts = texts_of(submission, stages.split)
    warn_of_unread_tokens(named, tokenizers, texts, context, guidance=stages.guidance)


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
