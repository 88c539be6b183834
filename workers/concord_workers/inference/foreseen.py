"""Warnings about model files that a check foresees: weights and values that the job will leave unused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

from concord_workers.contract.generated.submission import PartialSubmission
from concord_workers.core.errors import ContractError
from concord_workers.core.inference_settings import InferenceSettings
from concord_workers.core.job_context import JobContext
from concord_workers.inference.conditioning_checks import control_net_facts
from concord_workers.models.facts import describe, describe_text_encoder
from concord_workers.models.model_facts import ModelFacts
from concord_workers.models.model_loader import ModelLoader
from concord_workers.postprocessing.safety_checker import locate_checker

__all__ = ["NO_CHANGE", "warn_of_embedded_guidance", "warn_of_unused"]


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
