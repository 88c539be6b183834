"""From noise to latents: which pipeline a job runs, how its steps are split between base and refiner, and the steps.

Pipelines are put together for each job from modules that stay loaded, which costs less than a millisecond. Both stages
end in latents; `decode` makes pictures of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from diffusers import (
    StableDiffusionXLControlNetImg2ImgPipeline,
    StableDiffusionXLControlNetInpaintPipeline,
    StableDiffusionXLControlNetPipeline,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLInpaintPipeline,
    StableDiffusionXLPipeline,
)
from PIL import Image

from concord_workers.conditioning.controlnet import ControlUse, control_arguments
from concord_workers.conditioning.prompt_encoder import Embeddings
from concord_workers.core.job_context import JobContext
from concord_workers.inference.decode import preview_url

__all__ = [
    "Canvas",
    "Split",
    "Stage",
    "StepCounter",
    "base_pipeline",
    "refiner_pipeline",
    "run_base",
    "run_refiner",
    "split_steps",
    "starting_noise",
    "window_holds_a_call",
]

_PLAIN = {
    "text": StableDiffusionXLPipeline,
    "image": StableDiffusionXLImg2ImgPipeline,
    "mask": StableDiffusionXLInpaintPipeline,
}
_CONTROLLED = {
    "text": StableDiffusionXLControlNetPipeline,
    "image": StableDiffusionXLControlNetImg2ImgPipeline,
    "mask": StableDiffusionXLControlNetInpaintPipeline,
}


class _HandOver(Exception):
    """Leaves a pipeline's loop after the base's steps. Pipelines have no other way out; it is no error."""

    def __init__(self, latents: torch.Tensor) -> None:
        super().__init__()
        self.latents = latents


@dataclass(frozen=True)
class Split:
    """Model calls of each stage. order: calls of one step (2 for Heun and its like)."""

    base: int
    refiner: int
    order: int

    @property
    def total(self) -> int:
        return self.base + self.refiner


class StepCounter:
    """Counts the steps that ran. A sampler of order 2 calls the model twice a step, but for the last."""

    def __init__(self, order: int) -> None:
        self._order = order
        self._calls = 0
        self._timesteps: list[Any] = []

    def add(self, timestep: Any) -> None:
        """timestep: a number, or a tensor on the device, which is read at the end, as reading it waits for the device."""
        self._calls += 1
        self._timesteps.append(timestep)

    @property
    def calls(self) -> int:
        return self._calls

    @property
    def steps(self) -> int:
        # PNDM calls twice at one timestep within its first step.
        return -(-self._calls // 2) if self._order == 2 else len({float(timestep) for timestep in self._timesteps})


def split_steps(scheduler: Any, steps: int, strength: float | None, refiner_start: float | None) -> Split:
    """How many model calls base and refiner make.

    strength: of img2img, None without an image. refiner_start: share of the schedule that the base does; None: all.
    """
    scheduler.set_timesteps(steps)
    timesteps = scheduler.timesteps
    skipped = 0
    if strength is not None:
        skipped = max(steps - min(int(steps * strength), steps), 0) * scheduler.order
    total = len(timesteps) - skipped
    if refiner_start is None:
        return Split(total, 0, scheduler.order)
    # The formula of the refiner's pipeline; the base makes the other calls.
    trained = scheduler.config.num_train_timesteps
    refiner = int((timesteps < int(round(trained - refiner_start * trained))).sum())
    if refiner and scheduler.order == 2 and refiner % 2 == 0:
        refiner += 1
    refiner = min(refiner, total)
    return Split(total - refiner, refiner, scheduler.order)


def base_pipeline(
    components: dict[str, Any], config: Any, scheduler: Any, *, image: bool, mask: bool, controls: Sequence[ControlUse]
) -> tuple[Any, dict[str, Any]]:
    """The pipeline for a job, and the arguments that its ControlNets add to the call."""
    mode = "mask" if mask else "image" if image else "text"
    parts = {name: components[name] for name in components if name not in ("image_encoder", "feature_extractor")}
    parts["scheduler"] = scheduler
    arguments: dict[str, Any] = {}
    cls = _PLAIN[mode]
    if controls:
        net, arguments = control_arguments(controls, "image" if mode == "text" else "control_image")
        parts["controlnet"] = net
        cls = _CONTROLLED[mode]
    zeros = bool(config.force_zeros_for_empty_prompt)
    pipeline = cls(**parts, force_zeros_for_empty_prompt=zeros, add_watermarker=False)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline, arguments


def refiner_pipeline(components: dict[str, Any], config: Any, scheduler: Any, vae: Any) -> Any:
    parts = {name: components[name] for name in components if name not in ("image_encoder", "feature_extractor")}
    parts |= {"scheduler": scheduler, "vae": vae}
    pipeline = StableDiffusionXLImg2ImgPipeline(
        **parts,
        requires_aesthetics_score=bool(config.requires_aesthetics_score),
        force_zeros_for_empty_prompt=bool(config.force_zeros_for_empty_prompt),
        add_watermarker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def window_holds_a_call(start: float, end: float, split: Split) -> bool:
    """Whether a ControlNet's window holds any call of the base; diffusers cuts the window this way."""
    return any(index / split.total >= start and (index + 1) / split.total <= end for index in range(split.base))


@dataclass(frozen=True)
class Canvas:
    """The canvas of a job: sides in pixels, the initial picture and the mask, both of that size."""

    width: int
    height: int
    image: Image.Image | None
    mask: Image.Image | None
    strength: float | None


@dataclass(frozen=True)
class Stage:
    """The run of one pipeline of a job. calls: its model calls. steps: of the whole schedule. generators: one a picture.

    preview_every: model calls between previews.
    """

    name: Literal["denoising", "refining"]
    pipeline: Any
    embeddings: Embeddings
    calls: int
    steps: int
    guidance_scale: float
    generators: list[torch.Generator]
    counter: StepCounter
    context: JobContext
    preview_every: int

    def run(self, *, hands_over: bool = False, **arguments: Any) -> torch.Tensor:
        """Runs the calls; latents (batch, 4, height / 8, width / 8). Raises the errors of `context.check`.

        hands_over: the pipeline's loop ends after these calls, although its schedule goes on.
        """
        try:
            result = self.pipeline(
                **arguments,
                **self.embeddings.arguments(),
                num_inference_steps=self.steps,
                guidance_scale=self.guidance_scale,
                num_images_per_prompt=len(self.generators),
                generator=self.generators,
                output_type="latent",
                callback_on_step_end=_step_end(self, hands_over),
            )
        except _HandOver as done:
            # The pipeline's own end would have done this: offloaded models leave the device.
            self.pipeline.maybe_free_model_hooks()
            return done.latents
        latents: torch.Tensor = result.images
        return latents


def run_base(stage: Stage, arguments: dict[str, Any], canvas: Canvas, *, hands_over: bool) -> torch.Tensor:
    """Runs the base's calls. arguments: those of its ControlNets. hands_over: the refiner does the rest of the schedule."""
    call = dict(arguments)
    if canvas.image is None:
        call |= {"width": canvas.width, "height": canvas.height}
    else:
        call |= {"image": canvas.image, "strength": canvas.strength}
    if canvas.mask is not None:
        call |= {"mask_image": canvas.mask, "width": canvas.width, "height": canvas.height}
    return stage.run(hands_over=hands_over, **call)


def starting_noise(pipeline: Any, canvas: Canvas, steps: int, generators: list[torch.Generator]) -> torch.Tensor:
    """The latents that a base without any step of its own hands to the refiner."""
    pipeline.scheduler.set_timesteps(steps)
    latents: torch.Tensor = pipeline.prepare_latents(
        len(generators), 4, canvas.height, canvas.width, pipeline.unet.dtype, pipeline._execution_device, generators
    )
    return latents


def run_refiner(
    stage: Stage, image: Image.Image | torch.Tensor, *, start: float | None, strength: float | None
) -> torch.Tensor:
    """Runs the refiner's calls on the base's latents from `start` on, or on a picture with `strength`."""
    where = {"denoising_start": start} if start is not None else {"strength": strength}
    return stage.run(image=image, **where)


class _Pace:
    """Lets the processor prepare one step while the device runs the one before, and not more.

    With a wait after each step the device idles while the next one is prepared. Without any wait the processor reports
    progress of steps that have not begun.
    """

    def __init__(self) -> None:
        self._before: torch.cuda.Event | None = None

    def ended(self, launched: int, total: int, latents: torch.Tensor) -> int:
        """How many steps have ended, once all but the `launched`th have; all of `total` when it is the last."""
        if not latents.is_cuda:
            return launched
        end = torch.cuda.Event()  # type: ignore[no-untyped-call]
        end.record(torch.cuda.current_stream(latents.device))
        before, self._before = self._before, end
        awaited = end if launched == total else before
        if awaited is None:
            return 0
        awaited.synchronize()
        return launched if awaited is end else launched - 1


def _step_end(stage: Stage, hands_over: bool) -> Callable[[Any, int, Any, dict[str, Any]], dict[str, Any]]:
    """The pipelines' callback after each model call: counts, reports, previews, stops, hands over."""
    launched = reported = 0
    context, total = stage.context, stage.calls
    pace = _Pace()

    def on_step_end(_pipeline: Any, _index: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        nonlocal launched, reported
        launched += 1
        stage.counter.add(timestep)
        ended = pace.ended(launched, total, tensors["latents"])
        while reported < ended:
            reported += 1
            context.progress(stage.name, reported, total)
        if context.wants_previews and launched % stage.preview_every == 0:
            context.preview(preview_url(tensors["latents"]), launched)
        context.check()
        if hands_over and launched == total:
            raise _HandOver(tensors["latents"])
        return tensors

    return on_step_end
