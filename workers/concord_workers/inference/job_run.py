"""One job from its loaded models to its files: plan, prepare, denoise, decode, finish, write.

The changes of a job to its models (LoRAs, inversions, optimisations) are undone however the job ends; LoRAs may stay for
the next job.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from PIL import Image

from concord_workers.conditioning.controlnet import ControlUse
from concord_workers.conditioning.lora import apply_loras, strip_loras
from concord_workers.conditioning.prompt_encoder import Embeddings, encode_prompts, tokenizers_of
from concord_workers.conditioning.textual_inversion import inversions_in
from concord_workers.contract.generated.submission import EffectiveSubmission
from concord_workers.core.bundle import limits
from concord_workers.core.device_manager import Device
from concord_workers.core.inference_settings import InferenceSettings
from concord_workers.core.job_context import JobContext
from concord_workers.core.roots import Roots
from concord_workers.inference.cost_model import Finish, Measurement
from concord_workers.inference.decode import decode_within_memory
from concord_workers.inference.denoise import (
    Canvas,
    Split,
    Stage,
    StepCounter,
    base_pipeline,
    refiner_pipeline,
    run_base,
    run_refiner,
    split_steps,
    starting_noise,
)
from concord_workers.inference.finish import finish_pictures, write_pictures
from concord_workers.inference.job_images import JobImages, read_images
from concord_workers.inference.job_models import JobModels, require_fitting
from concord_workers.inference.no_effect import (
    LoraEntry,
    NetWindow,
    texts_of,
    warn_of_embedded_guidance,
    warn_of_idle_stage,
    warn_of_loras,
    warn_of_unread_tokens,
    warn_of_windows,
)
from concord_workers.inference.optimizations import optimized, with_compiled_unet
from concord_workers.inference.plan import offload_of, scheduler_of
from concord_workers.inference.submission_record import record_of
from concord_workers.schedulers.scheduler_factory import SchedulerChoice, make_scheduler

__all__ = ["FEATURES", "JobRun", "choose_seed"]

FEATURES = (
    "lora",
    "controlnet",
    "refiner",
    "custom_vae",
    "img2img",
    "inpaint",
    "textual_inversion",
    "upscaler",
    "safety_checker",
    "batch",
)


def choose_seed() -> int:
    """A seed for a job without one. Existing C# reads seeds into an int, which the last seed of a batch must fit."""
    return secrets.randbelow(int(limits("chosen_seed_max")) + 1)


def _noise_seed(seed: int) -> int:
    """The seed of torch's generator.

    The generator uses 32 bits alone, so that seeds which differ by 2^32 would make the same picture; their upper half is
    mixed in. Smaller seeds stay as they are, as in diffusers.
    """
    return seed if seed < 2**32 else (seed ^ (seed >> 32) * 0x9E3779B1) & 0xFFFFFFFF


@dataclass
class _Job:
    """One running job: its submission, its plan, and its counters."""

    submission: EffectiveSubmission
    models: JobModels
    images: JobImages
    choice: SchedulerChoice
    seeds: list[int]
    split: Split
    refiner_start: float | None
    features: dict[str, bool]
    counters: list[StepCounter] = field(default_factory=list)

    @property
    def guidance(self) -> bool:
        """Whether the base's steps read the negative prompt."""
        return self.submission.hyperparameters.guidance_scale > 1 and not self.models.base.facts.embeds_guidance

    @property
    def refiner_guidance(self) -> bool:
        """Whether the refiner's steps read it."""
        refiner = self.models.refiner if self.split.refiner else None
        scale = self.submission.hyperparameters.guidance_scale
        return refiner is not None and scale > 1 and not refiner.facts.embeds_guidance


class JobRun:
    """Runs jobs on one device, whose models are loaded already."""

    def __init__(
        self,
        device: Device,
        roots: Roots,
        settings: InferenceSettings,
        evict: Callable[[JobContext], list[str]] = lambda context: [],
    ) -> None:
        self.device = device
        self.roots = roots
        self.settings = settings
        # Takes idle models off the device, with a warning; returns their ids.
        self._evict = evict

    def run(
        self, submission: EffectiveSubmission, models: JobModels, context: JobContext
    ) -> tuple[dict[str, Any], Measurement]:
        """SDXLResult without load time, peak memory and warnings, and the job's measurement."""
        began = time.monotonic()
        context.progress("preprocessing", 0, 1)
        job = self._plan(submission, models, read_images(submission, self.roots, context))
        context.plan_denoising(job.split.total)
        with self._prepared(job, context) as (pipeline, arguments, refiner, encoded):
            context.progress("preprocessing", 1, 1)
            self.device.synchronize()
            prepared = time.monotonic()
            latents = self._denoise(job, pipeline, arguments, refiner, encoded, context)
            self.device.synchronize()
            denoised = time.monotonic()
            context.check()
            context.progress("decoding", 0, 1)
            pictures = decode_within_memory(
                pipeline.vae, latents, models.dtype, self.device, lambda: self._evict(context), context
            )
            context.progress("decoding", 1, 1)
        finished = finish_pictures(pictures, submission.postprocessing, job.images, models, self.device, self.settings, context)
        job.features["upscaler"] = any(image.upscaled for image in finished)
        written = write_pictures(
            finished,
            submission.postprocessing,
            job.seeds,
            lambda seed: record_of(submission, seed, job.images.hashes),
            self.roots.output_dir,
            context,
        )
        ended = time.monotonic()
        measurement = _measurement(job, prepared - began, denoised - prepared, ended - denoised)
        result = {
            "images": [str(file.path) for file, _, _ in written],
            "image_details": [
                {
                    "path": str(file.path),
                    "width": file.width,
                    "height": file.height,
                    "format": file.format,
                    "bytes": file.bytes,
                    "sha256": file.sha256,
                    "seed": seed,
                    "flagged": flagged,
                }
                for file, seed, flagged in written
            ],
            "generation_time_seconds": ended - began,
            "preprocessing_time_seconds": prepared - began,
            "postprocessing_time_seconds": ended - denoised,
            "load_time_seconds": 0.0,
            "memory_used_mb": 0.0,
            "seed_used": job.seeds[0],
            "features_used": job.features,
            "scheduler_used": job.choice.used,
            "steps_used": sum(counter.steps for counter in job.counters),
            "model_id": models.base_id,
            "device": self.device.contract_name,
            "gpu_id": self.device.gpu_id,
            "warnings": [],
        }
        return result, measurement

    def _plan(self, submission: EffectiveSubmission, models: JobModels, images: JobImages) -> _Job:
        parameters = submission.hyperparameters
        seed = parameters.seed if parameters.seed >= 0 else choose_seed()
        seeds = [seed + index for index in range(parameters.batch_size)]
        choice = scheduler_of(submission.scheduler)
        strength = parameters.strength
        start = parameters.refiner_start if models.refiner is not None else None
        # Both stages follow the base's schedule, so that the refiner goes on where the base stops.
        scheduler = make_scheduler(choice, models.base.value.scheduler.config, seeds)
        split = split_steps(scheduler, submission.scheduler.steps, strength, start)
        features = dict.fromkeys(FEATURES, False) | {
            "refiner": split.refiner > 0,
            "custom_vae": models.vae is not None,
            "img2img": images.init is not None and images.mask is None,
            "inpaint": images.mask is not None,
            "safety_checker": models.checker is not None,
            "batch": len(seeds) > 1,
        }
        return _Job(submission, models, images, choice, seeds, split, start, features)

    @contextmanager
    def _prepared(
        self, job: _Job, context: JobContext
    ) -> Iterator[tuple[Any, dict[str, Any], Any, tuple[Embeddings, Embeddings | None]]]:
        """The job's pipelines, with LoRAs, inversions and optimisations on, and its prompts encoded."""
        submission, models = job.submission, job.models
        models.changing = True
        wanted = submission.performance.optimizations
        base = models.base
        components = with_compiled_unet(base.value, base.extras, wanted) | models.overrides
        require_fitting(base.value.components, models.overrides)
        vae = models.vae.value if models.vae is not None else base.value.vae
        components["vae"] = vae
        controls = [
            ControlUse(models.nets[index].value, image, net.weight, net.guidance_start, net.guidance_end)
            for index, net in enumerate(submission.conditioning.control_nets)
            if (image := job.images.controls.get(index)) is not None
        ]
        warn_of_idle_stage(submission, job.split, context, guidance=job.guidance)
        self._note_loras(job, context)
        self._note_negative_prompts(job, context)
        self._note_controls(job, controls, context)
        scheduler = make_scheduler(job.choice, base.value.scheduler.config, job.seeds)
        pipeline, arguments = base_pipeline(
            components,
            base.value.config,
            scheduler,
            image=job.images.init is not None,
            mask=job.images.mask is not None,
            controls=controls,
        )
        refiner = None
        if models.refiner is not None and job.split.refiner:
            refiner = refiner_pipeline(
                models.refiner.value.components,
                models.refiner.value.config,
                make_scheduler(job.choice, base.value.scheduler.config, job.seeds),
                vae,
            )
        with ExitStack() as undo:
            self._put_on_loras(job, pipeline, undo)
            pipelines = [pipeline] if refiner is None else [pipeline, refiner]
            undo.enter_context(inversions_in(pipelines, models.inversions))
            undo.enter_context(optimized(pipeline, wanted, self.device))
            if refiner is not None:
                only_unet = [name for name in wanted if not name.startswith("vae_")]
                undo.enter_context(optimized(refiner, only_unet, self.device))
            encoded = self._encode(job, pipeline, refiner, context)
            # Every change is complete here, and `undo` reverts it: a job that fails later leaves its models as they were.
            models.changing = False
            yield pipeline, arguments, refiner, encoded

    def _put_on_loras(self, job: _Job, pipeline: Any, undo: ExitStack) -> None:
        base = job.models.base
        if not job.models.overrides:
            apply_loras(base.value, base.extras, job.models.loras, base.facts.configs)
            return
        # With other text encoders than the base's own, the LoRAs are added to the job's pipeline and removed after it.
        strip_loras(base.value, base.extras)
        extras: dict[str, Any] = {}
        undo.callback(strip_loras, pipeline, extras)
        own = {name: part.config.to_dict() for name, part in job.models.overrides.items() if name.startswith("text_encoder")}
        apply_loras(pipeline, extras, job.models.loras, base.facts.configs | own)

    def _note_loras(self, job: _Job, context: JobContext) -> None:
        if not job.split.base:
            return
        entries = [
            LoraEntry(use.pointer, use.weight, use.model.signature, use.model.facts.changes_nothing) for use in job.models.loras
        ]
        job.features["lora"] = warn_of_loras(entries, context)

    def _note_negative_prompts(self, job: _Job, context: JobContext) -> None:
        if job.models.base.facts.embeds_guidance:
            warn_of_embedded_guidance(job.submission, context, refiner_reads=job.refiner_guidance)

    def _note_controls(self, job: _Job, controls: list[ControlUse], context: JobContext) -> None:
        windows = [
            NetWindow(f"/conditioning/control_nets/{index}", use.start, use.end)
            for index, use in zip(job.models.nets, controls, strict=True)
        ]
        job.features["controlnet"] = warn_of_windows(windows, job.split, context)

    def _encode(self, job: _Job, pipeline: Any, refiner: Any, context: JobContext) -> tuple[Embeddings, Embeddings | None]:
        texts = texts_of(job.submission, job.split)
        if job.models.inversions:
            named = [(token, pointer) for token, _, pointer in job.models.inversions]
            guidance = job.guidance or job.refiner_guidance
            job.features["textual_inversion"] = warn_of_unread_tokens(
                named, tokenizers_of(pipeline), texts, context, guidance=guidance
            )
        device = self.device.torch_device
        with torch.no_grad():
            own = encode_prompts(pipeline, texts, guidance=job.guidance, device=device)
            if refiner is None:
                return own, None
            return own, encode_prompts(refiner, texts, guidance=job.refiner_guidance, device=device)

    def _denoise(
        self,
        job: _Job,
        pipeline: Any,
        arguments: dict[str, Any],
        refiner: Any,
        encoded: tuple[Embeddings, Embeddings | None],
        context: JobContext,
    ) -> torch.Tensor:
        split, parameters = job.split, job.submission.hyperparameters
        canvas = Canvas(
            parameters.dimensions.width,
            parameters.dimensions.height,
            job.images.init,
            job.images.mask,
            parameters.strength,
        )
        # Noise comes from the processor's generators, so that a seed means the same on every device.
        generators = [torch.Generator("cpu").manual_seed(_noise_seed(seed)) for seed in job.seeds]
        base = self._stage("denoising", job, pipeline, encoded[0], generators, context)
        handed: Image.Image | torch.Tensor | None = None
        if split.base:
            handed = run_base(base, arguments, canvas, hands_over=split.refiner > 0)
        elif canvas.image is None:
            handed = starting_noise(pipeline, canvas, base.steps, generators)
        if refiner is None:
            assert isinstance(handed, torch.Tensor)
            return handed
        start: float | None = job.refiner_start
        if not split.base and canvas.image is not None:
            handed, start = canvas.image, None
        assert handed is not None
        second = self._stage("refining", job, refiner, encoded[1] or encoded[0], generators, context)
        return run_refiner(second, handed, start=start, strength=canvas.strength)

    def _stage(
        self,
        name: Literal["denoising", "refining"],
        job: _Job,
        pipeline: Any,
        embeddings: Embeddings,
        generators: list[torch.Generator],
        context: JobContext,
    ) -> Stage:
        counter = StepCounter(job.split.order)
        job.counters.append(counter)
        return Stage(
            name=name,
            pipeline=pipeline,
            embeddings=embeddings,
            calls=job.split.base if name == "denoising" else job.split.refiner,
            steps=job.submission.scheduler.steps,
            guidance_scale=job.submission.hyperparameters.guidance_scale,
            generators=generators,
            counter=counter,
            context=context,
            preview_every=self.settings.preview_every,
        )


def _measurement(job: _Job, preprocessing: float, denoising: float, postprocessing: float) -> Measurement:
    dimensions = job.submission.hyperparameters.dimensions
    return Measurement(
        base=job.models.base.facts.path,
        dtype=job.models.dtype,
        pixels=dimensions.width * dimensions.height * len(job.seeds),
        calls=sum(counter.calls for counter in job.counters),
        rows=2 if job.guidance else 1,
        nets=len(job.models.nets),
        offload=offload_of(job.submission),
        preprocessing_seconds=preprocessing,
        denoising_seconds=denoising,
        postprocessing_seconds=postprocessing,
        finish=Finish.of(job.submission.postprocessing),
    )
