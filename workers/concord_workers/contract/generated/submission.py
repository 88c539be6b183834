"""The prompt submission after its defaults, in two types for each of its objects.

`Effective…`: a complete document without violations, which is what a job runs on; the limits are those of `types`.
`Partial…`: one whose faulty values were taken out, which is what validation looks at; anything may be absent, and a
faulty item of a list is None, so that the others keep their places. Each effective type is a partial one too.
The members are described in `types`.

Generated from schemas/*_schema.json by cargo xtask codegen; edit the schema instead.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from concord_workers.contract.checks import check_blank, check_once
from concord_workers.contract.generated import types


class PartialModel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which models take part."""

    base: str | None = None
    refiner: str | None = None
    vae: str | None = None
    tokenizer: str | None = None
    text_encoder: str | None = None
    text_encoder_2: str | None = None


class EffectiveModel(PartialModel, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which models take part."""

    base: types.ModelName
    refiner: types.ModelName | None = None
    vae: types.ModelName | None = None
    tokenizer: types.ModelName | None = None
    text_encoder: types.ModelName | None = None
    text_encoder_2: types.ModelName | None = None


class PartialScheduler(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Settings of the sampler."""

    type: str | None = None
    steps: int | None = None
    karras_sigmas: bool | None = None
    timestep_spacing: str | None = None


class EffectiveScheduler(PartialScheduler, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Settings of the sampler."""

    type: types.SchedulerType
    steps: types.Steps
    karras_sigmas: bool
    timestep_spacing: types.TimestepSpacing | None = None


class PartialDimensions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The size of the picture before upscaling."""

    width: int | None = None
    height: int | None = None


class EffectiveDimensions(PartialDimensions, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The size of the picture before upscaling."""

    width: types.ImageSide
    height: types.ImageSide


class PartialHyperparameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Numbers of the sampling."""

    guidance_scale: float | None = None
    seed: int | None = None
    dimensions: PartialDimensions = field(default_factory=PartialDimensions)
    batch_size: int | None = None
    strength: float | None = None
    refiner_start: float | None = None
    prompt_weighting: bool | None = None


class EffectiveHyperparameters(PartialHyperparameters, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Numbers of the sampling."""

    guidance_scale: types.GuidanceScale
    seed: types.Seed
    dimensions: EffectiveDimensions
    batch_size: types.BatchSize
    strength: types.HyperparametersStrength | None = None
    refiner_start: types.HyperparametersRefinerStart | None = None
    prompt_weighting: bool


class PartialLora(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One LoRA."""

    name: str | None = None
    weight: float | None = None
    adapter_name: str | None = None


class EffectiveLora(PartialLora, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One LoRA."""

    name: types.ModelName
    weight: types.LoraWeight
    adapter_name: types.LoraAdapterName | None = None


class PartialControlNet(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One ControlNet."""

    type: str | None = None
    image: str | None = None
    model: str | None = None
    weight: float | None = None
    guidance_start: float | None = None
    guidance_end: float | None = None
    preprocess: bool | None = None


class EffectiveControlNet(PartialControlNet, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One ControlNet."""

    type: types.ControlNetType
    image: types.ImageRef
    model: types.ModelName | None = None
    weight: types.ControlNetWeight
    guidance_start: types.ControlNetGuidanceStart
    guidance_end: types.ControlNetGuidanceEnd
    preprocess: bool


class PartialTextualInversion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One textual inversion."""

    path: str | None = None
    token: str | None = None


class EffectiveTextualInversion(PartialTextualInversion, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One textual inversion."""

    path: types.Path
    token: types.TextualInversionToken


class PartialConditioning(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Prompts, images and networks that steer the picture."""

    prompt: str | None = None
    prompt_2: str | None = None
    negative_prompt: str | None = None
    negative_prompt_2: str | None = None
    clip_skip: int | None = None
    loras: tuple[PartialLora, ...] = ()
    control_nets: tuple[PartialControlNet, ...] = ()
    textual_inversions: tuple[PartialTextualInversion, ...] = ()
    init_image: str | None = None
    inpaint_mask: str | None = None
    mask_channel: str | None = None
    mask_blur: int | None = None
    reference_images: tuple[str | None, ...] = ()


class EffectiveConditioning(PartialConditioning, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Prompts, images and networks that steer the picture."""

    prompt: types.Prompt
    prompt_2: types.OptionalPrompt | None = None
    negative_prompt: types.OptionalPrompt | None = None
    negative_prompt_2: types.OptionalPrompt | None = None
    clip_skip: types.ConditioningClipSkip
    loras: Annotated[tuple[EffectiveLora, ...], Meta(max_length=16)]
    control_nets: Annotated[tuple[EffectiveControlNet, ...], Meta(max_length=8)]
    textual_inversions: Annotated[tuple[EffectiveTextualInversion, ...], Meta(max_length=16)]
    init_image: types.ImageRef | None = None
    inpaint_mask: types.ImageRef | None = None
    mask_channel: types.MaskChannel | None = None
    mask_blur: types.ConditioningMaskBlur | None = None
    reference_images: Annotated[tuple[types.ImageRef, ...], Meta(max_length=4)]

    def __post_init__(self) -> None:
        """Checks the limits that msgspec lacks."""
        check_blank("prompt", self.prompt)


class PartialPerformance(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Device and memory settings."""

    device: str | None = None
    dtype: str | None = None
    optimizations: tuple[str | None, ...] = ()


class EffectivePerformance(PartialPerformance, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Device and memory settings."""

    device: types.DeviceName
    dtype: types.PrecisionName
    optimizations: Annotated[tuple[types.Optimization, ...], Meta(max_length=8)]

    def __post_init__(self) -> None:
        """Checks the limits that msgspec lacks."""
        check_once("optimizations", self.optimizations)


class PartialPostprocessing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Steps after the picture is drawn."""

    safety_checker: bool | None = None
    upscaler: str | None = None
    upscale_factor: float | None = None
    output_format: str | None = None
    quality: int | None = None
    auto_contrast: bool | None = None


class EffectivePostprocessing(PartialPostprocessing, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Steps after the picture is drawn."""

    safety_checker: bool
    upscaler: types.UpscalerName
    upscale_factor: types.PostprocessingUpscaleFactor | None = None
    output_format: types.OutputFormat
    quality: types.PostprocessingQuality | None = None
    auto_contrast: bool


class PartialMetadata(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """About the job rather than the picture."""

    priority: str | None = None
    timeout_seconds: float | None = None
    tags: dict[str, str] | None = None


class EffectiveMetadata(PartialMetadata, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """About the job rather than the picture."""

    priority: types.Priority
    timeout_seconds: types.MetadataTimeoutSeconds
    tags: types.MetadataTags


class PartialSubmission(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The full description of one image job."""

    model: PartialModel = field(default_factory=PartialModel)
    scheduler: PartialScheduler = field(default_factory=PartialScheduler)
    hyperparameters: PartialHyperparameters = field(default_factory=PartialHyperparameters)
    conditioning: PartialConditioning = field(default_factory=PartialConditioning)
    performance: PartialPerformance = field(default_factory=PartialPerformance)
    postprocessing: PartialPostprocessing = field(default_factory=PartialPostprocessing)
    metadata: PartialMetadata = field(default_factory=PartialMetadata)


class EffectiveSubmission(PartialSubmission, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The full description of one image job."""

    model: EffectiveModel
    scheduler: EffectiveScheduler
    hyperparameters: EffectiveHyperparameters
    conditioning: EffectiveConditioning
    performance: EffectivePerformance
    postprocessing: EffectivePostprocessing
    metadata: EffectiveMetadata
