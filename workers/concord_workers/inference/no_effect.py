"""The warnings `no_effect` of a submission's values, each from one function that the job and its check call.

The job calls with what it has loaded, the check with what the headers and configurations say.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from concord_workers.conditioning.prompt_encoder import PromptTexts, tokens_used
from concord_workers.contract.generated.submission import PartialPostprocessing, PartialSubmission
from concord_workers.core.job_context import JobContext
from concord_workers.core.scalar import shorten
from concord_workers.inference.denoise import Split, window_holds_a_call
from concord_workers.postprocessing.upscaler import needs_net, target_size

__all__ = [
    "LoraEntry",
    "NetWindow",
    "texts_of",
    "warn_of_embedded_guidance",
    "warn_of_idle_stage",
    "warn_of_loras",
    "warn_of_unread_tokens",
    "warn_of_upscaling",
    "warn_of_windows",
]


@dataclass(frozen=True)
class LoraEntry:
    """A LoRA of a weight other than 0. pointer: of its entry. file: equal for all entries of one file."""

    pointer: str
    weight: float
    file: Hashable
    changes_nothing: bool


@dataclass(frozen=True)
class NetWindow:
    """The share of the steps in which a ControlNet acts. pointer: of its entry."""

    pointer: str
    start: float
    end: float


def warn_of_loras(entries: Sequence[LoraEntry], context: JobContext) -> bool:
    """Warns of LoRAs that change nothing. Returns whether another one takes part."""
    of_file: dict[Hashable, list[LoraEntry]] = {}
    for entry in entries:
        of_file.setdefault(entry.file, []).append(entry)
    acts = False
    for own in of_file.values():
        # As `apply_loras` adds them.
        weight = sum(entry.weight for entry in own)
        if weight and not own[0].changes_nothing:
            acts = True
            continue
        for entry in own:
            if weight:
                text = "the alphas or weights of this LoRA are all 0, so that it changes nothing"
                context.warn("no_effect", text, entry.pointer + "/name")
            else:
                context.warn("no_effect", "the weights of this LoRA add up to 0", entry.pointer + "/weight")
    return acts


def warn_of_windows(nets: Sequence[NetWindow], split: Split, context: JobContext) -> bool:
    """Warns of ControlNets whose window holds no step of the base. Returns whether another one takes part."""
    acted = [window_holds_a_call(net.start, net.end, split) for net in nets]
    for net, took_part in zip(nets, acted, strict=True):
        if not took_part:
            message = "no step of the base lies within the ControlNet's guidance window"
            context.warn("no_effect", message, net.pointer + "/guidance_end")
    return any(acted)


def texts_of(submission: PartialSubmission, split: Split) -> PromptTexts:
    """The prompts that the job's steps read: the refiner reads the first of each pair alone."""
    conditioning = submission.conditioning
    return PromptTexts(
        conditioning.prompt or "",
        conditioning.prompt_2 if split.base else None,
        conditioning.negative_prompt,
        conditioning.negative_prompt_2 if split.base else None,
        submission.hyperparameters.prompt_weighting is not False,
        conditioning.clip_skip or 0,
    )


def warn_of_unread_tokens(
    inversions: Sequence[tuple[str, str]], tokenizers: Sequence[Any], texts: PromptTexts, context: JobContext, *, guidance: bool
) -> bool:
    """Warns of textual inversions whose token no prompt holds. Returns whether another one takes part.

    inversions: token and pointer of each entry. tokenizers: of the base, with these tokens. guidance: whether negative
    prompts are read.
    """
    used = tokens_used(tokenizers, [token for token, _ in inversions], texts, guidance=guidance)
    for token, pointer in inversions:
        if token not in used:
            context.warn("no_effect", f"no prompt holds the token {shorten(token)}", pointer + "/token")
    return bool(used)


def warn_of_upscaling(post: PartialPostprocessing, width: int, height: int, context: JobContext) -> bool:
    """Warns of an upscaler without a net that leaves the sides as they are. Returns whether it does."""
    if post.upscaler is None or post.upscaler == "none" or post.upscale_factor is None or needs_net(post.upscaler):
        return False
    if target_size(width, height, post.upscale_factor) != (width, height):
        return False
    context.warn("no_effect", f"{post.upscaler} by 1 changes nothing", "/postprocessing/upscale_factor")
    return True


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
