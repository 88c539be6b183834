"""The objects, enums and limits of the contract, as msgspec reads them.

Generated from schemas/*_schema.json by cargo xtask codegen; edit the schema instead.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from concord_workers.contract.checks import check_blank, check_once

ProtocolVersion = Annotated[str, Meta(min_length=1, max_length=16)]
"""A version of this protocol."""

InitializeDeviceIndex = Annotated[int, Meta(ge=0, le=999)]
"""The host's GPU N that the worker must be. Unit: index."""

ShutdownGraceSeconds = Annotated[float, Meta(ge=0.0, le=3600.0)]
"""Time that the work in progress may take. Unit: seconds."""

OptimizationPriority = Literal["speed", "quality", "memory", "balanced"]
"""The goal of an optimisation."""

OptimizationPreferencesTargetVramUsageMb = Annotated[int, Meta(ge=1, le=1048576)]
"""Memory to stay under. Unit: MiB."""

OptimizationPreferencesTargetTimeSeconds = Annotated[float, Meta(ge=0.001, le=86400.0)]
"""Time to stay under. Unit: seconds."""

SuiteCommandSuiteName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")]
"""Name of the suite."""

ValidateModelFilesSuite = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")]
"""A suite name."""

BatchGenerateTimeoutSeconds = Annotated[float, Meta(ge=1.0, le=86400.0)]
"""For the whole batch; absent: 600 × requests. Unit: seconds."""

SelfTestScope = Literal["commands", "sdxl", "models", "benchmark"]
"""The scope of a self test."""

ListJobsTagsValue = Annotated[str, Meta(max_length=1024)]
"""A value."""

ListJobsLimit = Annotated[int, Meta(ge=1, le=1000)]
"""Most entries of the answer. Unit: count."""

ListJobsCursor = Annotated[str, Meta(min_length=1, max_length=64)]
"""`next_cursor` of the page before. What is newer than the first page never moves a later one."""

Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}\Z")]
"""A request, session or training id: 1..128 characters, the first alphanumeric."""

Action = Annotated[str, Meta(min_length=1, max_length=64)]
"""The name of an action, or an alias of one (schemas/registry.json)."""

GpuId = Annotated[str, Meta(pattern=r"^(gpu_(0|[1-9][0-9]{0,2})|cpu_0)\Z")]
"""The name of a GPU: `gpu_N` is the host's GPU N in NVML (PCI bus) order; `cpu_0` is the processor."""

Attempt = Annotated[int, Meta(ge=1, le=1000)]
"""Which try this is; written by the gateway, used in events and file names. Unit: count."""

Timestamp = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z\Z")]
"""RFC 3339, UTC, milliseconds, `Z`."""

Count = Annotated[int, Meta(ge=0, le=9007199254740991)]
"""A number of things. Unit: count."""

Bytes = Annotated[int, Meta(ge=0, le=9007199254740991)]
"""A size in bytes. Unit: bytes."""

Seconds = Annotated[float, Meta(ge=0.0, le=1000000000000.0)]
"""A duration, measured. Unit: seconds."""

Mebibytes = Annotated[float, Meta(ge=0.0, le=1000000000000.0)]
"""A size in units of 2^20 bytes. Unit: MiB."""

Ratio = Annotated[float, Meta(ge=0.0, le=1.0)]
"""A share of the whole. Unit: 1."""

ModelName = Annotated[str, Meta(min_length=1, max_length=512)]
"""A registered model id, or a path under an allowed model root (`/`, `\\` or `.safetensors` make it a path)."""

ModelId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z")]
"""A model id: given by a load, cache or suite command, by the configuration, or by a file's name directly under a model root."""

Path = Annotated[str, Meta(min_length=1, max_length=4096)]
"""A path on the worker's host; relative ones resolve under the first allowed root that has them."""

Text = Annotated[str, Meta(max_length=65536)]
"""Words for people."""

Name = Annotated[str, Meta(min_length=1, max_length=512)]
"""A name."""

Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
"""SHA-256 of the bytes, in lower-case hex."""

Traceparent = Annotated[str, Meta(pattern=r"^00-(?:[1-9a-f][0-9a-f]{31}|0[1-9a-f][0-9a-f]{30}|0{2}[1-9a-f][0-9a-f]{29}|0{3}[1-9a-f][0-9a-f]{28}|0{4}[1-9a-f][0-9a-f]{27}|0{5}[1-9a-f][0-9a-f]{26}|0{6}[1-9a-f][0-9a-f]{25}|0{7}[1-9a-f][0-9a-f]{24}|0{8}[1-9a-f][0-9a-f]{23}|0{9}[1-9a-f][0-9a-f]{22}|0{10}[1-9a-f][0-9a-f]{21}|0{11}[1-9a-f][0-9a-f]{20}|0{12}[1-9a-f][0-9a-f]{19}|0{13}[1-9a-f][0-9a-f]{18}|0{14}[1-9a-f][0-9a-f]{17}|0{15}[1-9a-f][0-9a-f]{16}|0{16}[1-9a-f][0-9a-f]{15}|0{17}[1-9a-f][0-9a-f]{14}|0{18}[1-9a-f][0-9a-f]{13}|0{19}[1-9a-f][0-9a-f]{12}|0{20}[1-9a-f][0-9a-f]{11}|0{21}[1-9a-f][0-9a-f]{10}|0{22}[1-9a-f][0-9a-f]{9}|0{23}[1-9a-f][0-9a-f]{8}|0{24}[1-9a-f][0-9a-f]{7}|0{25}[1-9a-f][0-9a-f]{6}|0{26}[1-9a-f][0-9a-f]{5}|0{27}[1-9a-f][0-9a-f]{4}|0{28}[1-9a-f][0-9a-f]{3}|0{29}[1-9a-f][0-9a-f]{2}|0{30}[1-9a-f][0-9a-f]|0{31}[1-9a-f])-(?:[1-9a-f][0-9a-f]{15}|0[1-9a-f][0-9a-f]{14}|0{2}[1-9a-f][0-9a-f]{13}|0{3}[1-9a-f][0-9a-f]{12}|0{4}[1-9a-f][0-9a-f]{11}|0{5}[1-9a-f][0-9a-f]{10}|0{6}[1-9a-f][0-9a-f]{9}|0{7}[1-9a-f][0-9a-f]{8}|0{8}[1-9a-f][0-9a-f]{7}|0{9}[1-9a-f][0-9a-f]{6}|0{10}[1-9a-f][0-9a-f]{5}|0{11}[1-9a-f][0-9a-f]{4}|0{12}[1-9a-f][0-9a-f]{3}|0{13}[1-9a-f][0-9a-f]{2}|0{14}[1-9a-f][0-9a-f]|0{15}[1-9a-f])-[0-9a-f]{2}\Z")]
"""The place of a command in a trace (W3C Trace Context, version 00): `00-<trace id>-<parent id>-<flags>` in lower-case hex. Neither id is all zeros, which is what the alternatives of the pattern are for."""

TraceparentHeader = Annotated[str, Meta(min_length=1, max_length=1024)]
"""The header `traceparent` (W3C Trace Context), of this version or a later one."""

ImageRef = Annotated[str, Meta(min_length=1, max_length=16777216)]
"""A path under an allowed input root, `upload:<id>`, or `data:image/...;base64,...`; never a URL that a worker would fetch. PNG, JPEG or WebP, at most 64 megapixels."""

DialectName = Literal["snake", "pascal", "camel"]
"""Spelling of property names."""

FeatureName = Literal["events", "out_of_order", "previews", "trace"]
"""A feature that `initialize` can negotiate. `trace`: a command's `traceparent` is repeated in its events, and the gateway writes it to such a worker alone."""

OutputFormat = Literal["png", "jpeg", "webp"]
"""The format of the image files."""

JobStatus = Literal["queued", "running", "completed", "failed", "cancelled", "timeout"]
"""Status of a job."""

WorkerState = Literal["ready", "running", "training", "loading", "starting", "draining", "error"]
"""Activity of a worker. A pool reports the first one, in this order, that any of its lanes has."""

ModelType = Literal["sdxl", "sdxl_refiner", "vae", "lora", "controlnet", "textual_inversion", "upscaler", "safety_checker"]
"""Kind of a model file. A number is refused: write the name (JsonStringEnumConverter in C#)."""

PrecisionName = Literal["fp16", "bf16", "fp32"]
"""The number format that the model runs in."""

OnDisconnect = Literal["cancel", "finish"]
"""The fate of a job whose client leaves before the reply."""

Preference = Annotated[str, Meta(min_length=1, max_length=1024)]
"""Preferences of RFC 7240, comma-separated; `respond-async` is the one that is known."""

IdempotencyKey = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[!-~]+\Z")]
"""1..255 visible ASCII characters that stand for one request."""

ErrorCode = Literal["bad_frame", "duplicate_field", "bad_request", "unknown_field", "missing_field", "unsupported_value", "out_of_range", "validation_failed", "unknown_action", "unsupported_feature", "frame_too_large", "method_not_allowed", "unsupported_media_type", "not_acceptable", "unauthorized", "forbidden", "path_not_allowed", "model_not_found", "session_not_found", "training_not_found", "job_not_found", "gpu_not_found", "upload_not_found", "route_not_found", "model_invalid", "image_invalid", "model_not_loaded", "conflict", "worker_busy", "no_gpu_available", "queue_full", "rate_limited", "out_of_memory", "storage_full", "worker_crashed", "worker_protocol_error", "timeout", "cancelled", "shutting_down", "internal"]
"""A code of schemas/errors.json."""

WarningCode = Literal["accepted_spelling", "duplicate_equal", "no_effect", "image_resized", "colour_converted", "colour_profile_ignored", "decoded_in_tiles", "weights_unused", "image_flagged", "model_swapped", "device_alias", "weight_zero", "unknown_member", "gpu_left_out"]
"""A code of schemas/warnings.json."""

Pointer = Annotated[str, Meta(max_length=4096)]
"""RFC 6901, from the frame (stdio) or the body (HTTP), as the sender spelt it."""

FaultMinimum = Annotated[float, Meta(ge=-1000000000000000.0, le=1e16)]
"""The lower limit. Unit: as the value."""

FaultMaximum = Annotated[float, Meta(ge=-1000000000000000.0, le=1e16)]
"""The upper limit. Unit: as the value."""

ProblemType = Annotated[str, Meta(pattern=r"^urn:concord:error:[a-z_]+\Z")]
"""The code as a URN."""

ProblemStatus = Annotated[int, Meta(ge=400, le=599)]
"""The HTTP status. Unit: status."""

Stage = Literal["loading", "preprocessing", "denoising", "refining", "decoding", "postprocessing", "saving"]
"""Activity of a job."""

ProgressEventEvent = Literal["progress"]
"""Which event."""

PreviewEventEvent = Literal["preview"]
"""Which event."""

LogLevel = Literal["debug", "info", "warning", "error"]
"""Level of a log line."""

LogEventEvent = Literal["log"]
"""Which event."""

HeartbeatEventEvent = Literal["heartbeat"]
"""Which event."""

TrainingProgressEventEvent = Literal["training_progress"]
"""Which event."""

TrainingProgressEventLoss = Annotated[float, Meta(ge=0.0, le=1000000000000.0)]
"""Loss of the last step; absent before the first. Unit: 1."""

Prompt = Annotated[str, Meta(min_length=1, max_length=8192)]
"""The content of the picture. Not blank; encoded in chunks of 75 tokens, never cut."""

OptionalPrompt = Annotated[str, Meta(min_length=1, max_length=8192)]
"""A further prompt; absent, null and "" mean none."""

Steps = Annotated[int, Meta(ge=1, le=150)]
"""Denoising steps. Unit: steps."""

GuidanceScale = Annotated[float, Meta(ge=0.0, le=50.0)]
"""Classifier-free guidance; 0..1 turns guidance off. Unit: 1."""

Seed = Annotated[int, Meta(ge=-1, le=9007199254740991)]
"""Seed of the noise; -1 means "choose one and tell me"; image i of a batch uses seed + i. Unit: seed."""

ImageSide = Annotated[int, Meta(ge=64, le=4096, multiple_of=8)]
"""A side of the picture. Unit: pixels."""

BatchSize = Annotated[int, Meta(ge=1, le=16)]
"""Pictures of one job. Unit: images."""

SchedulerType = Literal["DPM++ 2M", "DPM++ 2M Karras", "DPM++ 2M SDE", "DPM++ 2M SDE Karras", "DPM++ 2S", "DPM++ SDE", "DPM++ SDE Karras", "Euler", "Euler a", "Heun", "LMS", "DDIM", "PNDM", "UniPC", "DEIS", "KDPM2", "KDPM2 a", "LCM", "TCD", "DDPM"]
"""The sampler. Never substituted: anything else is `unsupported_value` with the list."""

TimestepSpacing = Literal["leading", "trailing", "linspace"]
"""Spacing of the timesteps."""

MaskChannel = Literal["luminance", "alpha", "alpha_inverted"]
"""Where a mask says what is repainted: `luminance` (white is repainted), `alpha` (opaque is repainted) or `alpha_inverted` (transparent is repainted, as OpenAI's edit masks and ComfyUI's mask editor have it). The alpha channels need a mask that has one. A mask of one colour whose alpha varies has its shape in the alpha channel: with `luminance` it is `image_invalid`."""

ControlNetType = Literal["canny", "depth", "openpose", "lineart", "scribble", "softedge", "normal", "mlsd", "segmentation", "tile", "inpaint"]
"""Kind of the control image."""

Optimization = Literal["attention_slicing", "vae_slicing", "vae_tiling", "model_cpu_offload", "sequential_cpu_offload", "xformers", "channels_last", "torch_compile"]
"""A way to save memory or time."""

DeviceName = Annotated[str, Meta(pattern=r"^(auto|cpu|cuda:(0|[1-9][0-9]{0,2}))\Z")]
"""Device of the job: `auto`, `cpu`, or the host's GPU N as `cuda:N`."""

UpscalerName = Literal["none", "Lanczos", "Bicubic", "Real-ESRGAN", "ESRGAN"]
"""Method of enlarging the picture."""

Priority = Literal["low", "normal", "high"]
"""Place in the queue."""

HyperparametersStrength = Annotated[float, Meta(gt=0.0, le=1.0)]
"""Share of the init image that is repainted; floor(steps·strength) must be at least 1. Unit: 1."""

HyperparametersRefinerStart = Annotated[float, Meta(gt=0.0, lt=1.0)]
"""Share of the steps after which the refiner takes over. Unit: 1."""

LoraWeight = Annotated[float, Meta(ge=-2.0, le=2.0)]
"""Strength of its effect; 0 leaves it out. Unit: 1."""

LoraAdapterName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")]
"""A label for people: it stands in the effective request and in the picture's metadata, and changes no pixel."""

ControlNetWeight = Annotated[float, Meta(ge=0.0, le=2.0)]
"""Strength of its effect; 0 leaves it out. Unit: 1."""

ControlNetGuidanceStart = Annotated[float, Meta(ge=0.0, le=1.0)]
"""Share of the steps at which it begins to act; below `guidance_end`. Unit: 1."""

ControlNetGuidanceEnd = Annotated[float, Meta(ge=0.0, le=1.0)]
"""Share of the steps at which it stops acting. Unit: 1."""

TextualInversionToken = Annotated[str, Meta(min_length=1, max_length=128)]
"""The word in the prompt that stands for it."""

ConditioningClipSkip = Annotated[int, Meta(ge=0, le=12)]
"""Last layers of the text encoders to leave out; the model at hand may allow fewer. Unit: layers."""

ConditioningMaskBlur = Annotated[int, Meta(ge=0, le=64)]
"""Blur of the mask's edge. Unit: pixels."""

PostprocessingUpscaleFactor = Annotated[float, Meta(ge=1.0, le=8.0)]
"""Factor by which each side grows. Unit: 1."""

PostprocessingQuality = Annotated[int, Meta(ge=1, le=100)]
"""Quality of jpeg and webp files. Unit: percent."""

MetadataTimeoutSeconds = Annotated[float, Meta(ge=1.0, le=86400.0)]
"""From acceptance to reply, queue included. Unit: seconds."""

MetadataTagsValue = Annotated[str, Meta(max_length=1024)]
"""A value."""

InitializeResultWorker = Literal["concord-python", "worker-sim", "gateway"]
"""Kind of the worker."""

InitializeResultPid = Annotated[int, Meta(ge=1, le=4194304)]
"""Process id. Unit: pid."""

ControlNetTypeInfoRecommendedWeight = Annotated[float, Meta(ge=0.0, le=2.0)]
"""Weight to begin with. Unit: 1."""

ControlNetTypesRecommendedWeightsValue = Annotated[float, Meta(ge=0.0, le=2.0)]
"""Weight. Unit: 1."""

ModelLocation = Literal["gpu", "ram"]
"""Place of a model."""

ValidationDetailsValue = Annotated[float, Meta(ge=0.0, le=1000000000000.0)]
"""A number. Unit: 1."""

EstimateBasis = Literal["measured", "model_sizes"]
"""Source of an estimate: jobs measured on this device, or the sizes of the models."""

PerformanceEstimateEstimatedVramUsageMb = Annotated[int, Meta(ge=0, le=9007199254740991)]
"""Peak device memory. Unit: MiB."""

PerformanceEstimateDetailedBreakdownValue = Annotated[float, Meta(ge=0.0, le=1000000000000.0)]
"""A part. Unit: 1."""

OptimizationChangePath = Annotated[str, Meta(pattern=r"^(/[^/]+)+\Z")]
"""Pointer into the canonical document."""

SuiteComponent = Literal["base", "refiner", "vae"]
"""A part of a model suite."""

FileFormat = Literal["safetensors", "diffusers_folder", "unknown"]
"""Storage of a model."""

ModelComponent = Literal["text_encoder", "tokenizer"]
"""A part of a model that a job may replace by a folder."""

ImageDetailWidth = Annotated[int, Meta(ge=1, le=16383)]
"""Width of the file. Unit: pixels."""

ImageDetailHeight = Annotated[int, Meta(ge=1, le=16383)]
"""Height of the file. Unit: pixels."""

ImageDetailSeed = Annotated[int, Meta(ge=0, le=9007199254740991)]
"""Its seed. Unit: seed."""

SdxlResultSeedUsed = Annotated[int, Meta(ge=0, le=9007199254740991)]
"""Seed of the first picture. Unit: seed."""

ImageResultSeedUsed = Annotated[int, Meta(ge=0, le=9007199254740991)]
"""Seed of the first picture. Unit: seed."""

ImageResultSeed = Annotated[int, Meta(ge=0, le=9007199254740991)]
"""Its seed. Unit: seed."""

ImageResultWidth = Annotated[int, Meta(ge=1, le=16383)]
"""Its width. Unit: pixels."""

ImageResultHeight = Annotated[int, Meta(ge=1, le=16383)]
"""Its height. Unit: pixels."""

StructuredResultSeedUsed = Annotated[int, Meta(ge=0, le=9007199254740991)]
"""Seed of the first picture. Unit: seed."""

CancelledFrom = Literal["queued", "running"]
"""State in which a cancel found a job."""

GpuReadinessBreaker = Literal["closed", "open", "half_open"]
"""The circuit breaker of its lane. closed: its worker is started again as often as it dies. open: its workers died too often, or cannot start as configured; it is tried again at `next_try_at`. half_open: it is being tried, with one job at a time; the first job that succeeds or that the worker refuses closes it."""

SdxlReadinessReadinessPercent = Annotated[float, Meta(ge=0.0, le=100.0)]
"""Share ready. Unit: percent."""

BalanceMoveAction = Literal["move_job", "load_model", "unload_model"]
"""Kind of the move."""

JobsNextCursor = Annotated[str, Meta(min_length=1, max_length=64)]
"""`cursor` of the next page; absent on the last."""

DeviceType = Literal["gpu", "cpu", "simulated"]
"""Kind of a device."""

DeviceInfoUuid = Annotated[str, Meta(min_length=1, max_length=128)]
"""Its UUID."""

UploadWidth = Annotated[int, Meta(ge=1, le=65535)]
"""Width. Unit: pixels."""

UploadHeight = Annotated[int, Meta(ge=1, le=65535)]
"""Height. Unit: pixels."""

LivenessStatus = Literal["live"]
"""Always `live`."""

ReadinessStatus = Literal["ready", "unready"]
"""`ready` where at least one worker would take a job."""

ModelFamily = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}\Z")]
"""A family of models: what a base, its LoRAs and its embeddings must share. `sdxl` today; a reader takes others too."""

TrainingType = Literal["LoRA", "DreamBooth", "Textual Inversion"]
"""The part of a model that is trained."""

DreamboothMode = Literal["lora", "full"]
"""The DreamBooth variant: adapters or the whole UNet."""

LrScheduler = Literal["constant", "linear", "cosine", "cosine_with_restarts", "polynomial"]
"""Schedule of the learning rate."""

TrainingState = Literal["queued", "preparing", "running", "checkpointing", "paused", "completed", "failed", "cancelled"]
"""Status of a training."""

TrainingHyperparametersLearningRate = Annotated[float, Meta(ge=1e-7, le=1.0)]
"""Learning rate; default 1e-4 (LoRA), 5e-6 (DreamBooth), 5e-4 (Textual Inversion). Unit: 1."""

TrainingHyperparametersBatchSize = Annotated[int, Meta(ge=1, le=64)]
"""Pictures a step. Unit: images."""

TrainingHyperparametersEpochs = Annotated[int, Meta(ge=1, le=1000)]
"""Rounds over the data; not with `max_steps`. Unit: epochs."""

TrainingHyperparametersMaxSteps = Annotated[int, Meta(ge=1, le=1000000)]
"""Optimiser steps; not with `epochs`. Unit: steps."""

TrainingHyperparametersResolution = Annotated[int, Meta(ge=64, le=2048, multiple_of=8)]
"""Side of the training pictures. Unit: pixels."""

TrainingHyperparametersRank = Annotated[int, Meta(ge=1, le=256)]
"""Rank of the LoRA. Unit: count."""

TrainingHyperparametersAlpha = Annotated[float, Meta(gt=0.0, le=1024.0)]
"""Alpha of the LoRA. Unit: 1."""

TrainingHyperparametersGradientAccumulation = Annotated[int, Meta(ge=1, le=64)]
"""Batches an optimiser step. Unit: count."""

TrainingHyperparametersCheckpointEvery = Annotated[int, Meta(ge=1, le=1000000)]
"""Optimiser steps between checkpoints. Unit: steps."""

TrainingJobInstancePrompt = Annotated[str, Meta(min_length=1, max_length=8192)]
"""The prompt of the subject (DreamBooth)."""

TrainingJobPlaceholderToken = Annotated[str, Meta(min_length=1, max_length=128)]
"""The new word (Textual Inversion)."""

TrainingJobInitializerToken = Annotated[str, Meta(min_length=1, max_length=128)]
"""The word that it starts from (Textual Inversion)."""

TrainingJobValidationPrompt = Annotated[str, Meta(min_length=1, max_length=8192)]
"""A prompt to draw while training."""

TrainingJobValidationEvery = Annotated[int, Meta(ge=1, le=1000000)]
"""Optimiser steps between validation pictures. Unit: steps."""

TrainingStatusLoss = Annotated[float, Meta(ge=0.0, le=1000000000000.0)]
"""Loss of the last step; absent before the first. Unit: 1."""

TrainingStatusLearningRate = Annotated[float, Meta(ge=0.0, le=1.0)]
"""Learning rate of the last step. Unit: 1."""

TrainingHistoryRowLoss = Annotated[float, Meta(ge=0.0, le=1000000000000.0)]
"""Loss. Unit: 1."""

TrainingHistoryRowLearningRate = Annotated[float, Meta(ge=0.0, le=1.0)]
"""Learning rate. Unit: 1."""


class Initialize(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Opens the conversation; optional."""

    device_index: InitializeDeviceIndex | None = None
    """The host's GPU N that the worker must be."""

    protocol_versions: InitializeProtocolVersions | None = None
    """Versions of the protocol that the sender has."""

    features: InitializeFeatures | None = None
    """Features that the sender wants."""

    dialect: DialectName | None = None
    """Dialect of replies and events from now on."""

    def __post_init__(self) -> None:
        """What msgspec has no limit for."""
        check_once("protocol_versions", self.protocol_versions)
        check_once("features", self.features)


class Shutdown(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Ends the worker politely."""

    grace_seconds: ShutdownGraceSeconds | None = None
    """Time that the work in progress may take. Absent: 4."""


class Nothing(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """No fields."""


class GetModelInfo(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which models are there."""

    model_id: ModelName | None = None
    """One model; absent: all."""


class SubmissionCommand(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A command about one prompt submission."""

    prompt_submission: PromptSubmission
    """The prompt submission."""


class OptimizationPreferences(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The targets of an optimisation."""

    priority: OptimizationPriority | None = None
    """The goal that counts most. Absent: "balanced"."""

    target_vram_usage_mb: OptimizationPreferencesTargetVramUsageMb | None = None
    """Memory to stay under."""

    target_time_seconds: OptimizationPreferencesTargetTimeSeconds | None = None
    """Time to stay under."""

    preserve_quality: bool | None = None
    """Change nothing that lowers the quality. Absent: true."""


class OptimizeRequest(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Asks for a changed request that fits."""

    prompt_submission: PromptSubmission
    """The prompt submission."""

    preferences: OptimizationPreferences | None = None
    """The targets that the changed request should reach."""


class LoadModel(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Loads one model."""

    model_path: ModelName
    """Path or id of the model."""

    model_type: ModelType
    """Kind of the model."""

    model_id: ModelId | None = None
    """Its id from now on; absent: the file's stem or the folder's name."""


class SuiteCommand(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Loads or caches the parts of a model suite, all or nothing."""

    suite_name: SuiteCommandSuiteName
    """Name of the suite."""

    base_model_path: ModelName
    """The base."""

    refiner_model_path: ModelName | None = None
    """The refiner."""

    vae_model_path: ModelName | None = None
    """The autoencoder."""


class UnloadModel(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Unloads one model, or everything on the GPU."""

    model_id: ModelName | None = None
    """The model; absent: everything."""


class LoadFromCache(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Loads a model from the RAM cache to the GPU."""

    model_id: ModelName
    """The cached model."""


class ValidateModelFiles(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Opens model files and says what is wrong with them, as a job would find by their headers and configuration; exactly one of `model_paths` and `suite`."""

    model_paths: ValidateModelFilesModelPaths | None = None
    """Files or folders."""

    suite: ValidateModelFilesSuite | None = None
    """A suite name."""

    deep: bool | None = None
    """Read and hash every byte too: values that are not finite are found by this alone, here and not in `validate_request`. Absent: false."""


class ParametersCommand(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One picture from flat parameters."""

    parameters: Parameters
    """The flat form of a prompt submission."""


class RunInference(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """General inference: a model and flat parameters."""

    model_id: ModelName | None = None
    """The base model; here or in `parameters`."""

    parameters: Parameters
    """The flat form of a prompt submission."""


class BatchGenerate(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Several prompt submissions, one after another."""

    requests: BatchGenerateRequests
    """The prompt submissions."""

    continue_on_error: bool | None = None
    """Go on after a failure; false: the rest are cancelled. Absent: true."""

    timeout_seconds: BatchGenerateTimeoutSeconds | None = None
    """For the whole batch; absent: 600 × requests."""


class Cancel(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Cancels a job, waiting or running."""

    target_request_id: Id
    """The job; `<id>.<n>` is one request of a batch."""

    attempt: Attempt | None = None
    """Only if it is this attempt."""


class TrainingCommand(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """About one training."""

    training_id: Id
    """The training."""


class StopTraining(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Stops a training."""

    training_id: Id
    """The training."""

    save_checkpoint: bool | None = None
    """Save, so that it can be resumed. Absent: true."""


class RunSelfTest(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Tests this worker by its own means."""

    scope: SelfTestScope
    """The scope of the test."""


class FindBestGpu(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which GPU would take a job now."""

    model_type: ModelType | None = None
    """A kind of model it must hold."""

    model_id: ModelName | None = None
    """A model it should have."""


class AutoBalance(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Moves queued work and models between GPUs."""

    dry_run: bool | None = None
    """Only say what would be moved. Absent: false."""


class SessionCommand(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """About one session; its id is the envelope's `session_id`."""


class GetJob(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """About one job."""

    target_request_id: Id
    """The job."""


class ListJobs(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Jobs, newest first; those of one session, where the envelope names a `session_id`."""

    status: JobStatus | None = None
    """Only these."""

    tags: ListJobsTags | None = None
    """Only jobs whose `metadata.tags` have all of these, with these values; `tag.<name>=<value>` in a query."""

    limit: ListJobsLimit | None = None
    """Most entries of the answer. Absent: 100."""

    cursor: ListJobsCursor | None = None
    """`next_cursor` of the page before. What is newer than the first page never moves a later one."""


class DeleteUpload(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """About one upload."""

    upload_id: Id
    """The upload."""


class Fault(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One fault of a document."""

    pointer: Pointer
    """The place, as the sender wrote it."""

    code: ErrorCode
    """Kind of the fault."""

    message: Text
    """One sentence."""

    allowed: FaultAllowed | None = None
    """The values allowed."""

    minimum: FaultMinimum | None = None
    """The lower limit."""

    maximum: FaultMaximum | None = None
    """The upper limit."""

    nearest: Text | None = None
    """The nearest known name or value."""


class ErrorDetails(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The failure of a command, for programs."""

    code: ErrorCode
    """Kind of the failure; `validation_failed` if there are several faults."""

    field: Pointer | None = None
    """The first fault's place."""

    retryable: bool
    """Whether the same command may succeed later."""

    retry_after_seconds: Seconds | None = None
    """Time after which to try again."""

    hint: Text | None = None
    """The way out."""

    details: ErrorDetailsDetails | None = None
    """Numbers and names of the case."""

    errors: ErrorDetailsErrors | None = None
    """One per fault, all at once; of more than a reply has room for, the first."""

    errors_total: Count | None = None
    """Number of all faults, if `errors` has only the first."""


class WarningDetail(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One warning, for programs."""

    code: WarningCode
    """Kind of the warning."""

    pointer: Pointer | None = None
    """The place, as the sender wrote it."""

    message: Text
    """One sentence."""

    hint: Text | None = None
    """The way out."""


class EnvelopeHead(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The envelope's own members, beside which stand `payload` (documented form) or the command's fields (direct form)."""

    action: Action
    """The action of the command."""

    request_id: Id | None = None
    """Matches the reply."""

    session_id: Id | None = None
    """The session."""

    gpu_id: GpuId | None = None
    """Which GPU it is meant for."""

    attempt: Attempt | None = None
    """Which try. Absent: 1."""

    traceparent: Traceparent | None = None
    """The trace that the command belongs to; over HTTP the header of that name wins. It is in log lines and events, no part of what an Idempotency-Key stands for, and in no picture. There is no `tracestate`: it is dropped."""


class Reply(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The one terminal answer to a command."""

    request_id: Id | None
    """The id of the command; null if it had none."""

    session_id: Id | None = None
    """The command's."""

    success: bool
    """Whether the command succeeded."""

    data: ReplyData | None
    """The action's reply; null in a failure."""

    error: Text | None
    """One sentence; null in a success."""

    error_details: ErrorDetails | None
    """Null in a success."""

    warnings: ReplyWarnings
    """Sentences; of more than a reply has room for, the first."""

    warning_details: ReplyWarningDetails
    """One for each of `warnings`."""

    warnings_total: Count | None = None
    """Number of all warnings, if `warnings` has only the first."""


class Problem(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A failed reply over HTTP (application/problem+json, RFC 9457) carries these members beside those of the reply."""

    request_id: Id | None
    """The id of the command; null if it had none."""

    session_id: Id | None = None
    """The command's."""

    success: bool
    """Whether the command succeeded."""

    data: ReplyData | None
    """The action's reply; null in a failure."""

    error: Text | None
    """One sentence; null in a success."""

    error_details: ErrorDetails | None
    """Null in a success."""

    warnings: ProblemWarnings
    """Sentences; of more than a reply has room for, the first."""

    warning_details: ProblemWarningDetails
    """One for each of `warnings`."""

    warnings_total: Count | None = None
    """Number of all warnings, if `warnings` has only the first."""

    type: ProblemType
    """The code as a URN."""

    title: Text
    """Meaning of the code."""

    status: ProblemStatus
    """The HTTP status."""

    detail: Text
    """This case."""

    instance: Text
    """The request."""


class ProgressEvent(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A job went on."""

    event: ProgressEventEvent
    """Which event."""

    request_id: Id
    """The job."""

    attempt: Attempt
    """Which try."""

    sequence: Count
    """Counts this worker's events, from 0."""

    timestamp: Timestamp
    """Time of the event."""

    traceparent: Traceparent | None = None
    """The command's trace, if it has one; over stdio only if `trace` was negotiated."""

    stage: Stage
    """Activity of the job."""

    step: Count
    """Step of this stage, from 0."""

    total_steps: Count
    """Steps of this stage."""

    progress: Ratio
    """Share of the whole job."""

    image_index: Count
    """The picture."""

    eta_seconds: Seconds | None = None
    """Until the end."""


class PreviewEvent(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A rough picture."""

    event: PreviewEventEvent
    """Which event."""

    request_id: Id
    """The job."""

    attempt: Attempt
    """Which try."""

    sequence: Count
    """Counts this worker's events, from 0."""

    timestamp: Timestamp
    """Time of the event."""

    traceparent: Traceparent | None = None
    """The command's trace, if it has one; over stdio only if `trace` was negotiated."""

    image: ImageRef
    """Path or `data:`."""

    step: Count
    """Step."""


class LogEvent(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Words for people."""

    event: LogEventEvent
    """Which event."""

    request_id: Id
    """The job."""

    attempt: Attempt
    """Which try."""

    sequence: Count
    """Counts this worker's events, from 0."""

    timestamp: Timestamp
    """Time of the event."""

    traceparent: Traceparent | None = None
    """The command's trace, if it has one; over stdio only if `trace` was negotiated."""

    level: LogLevel
    """Level of the log line."""

    message: Text
    """The words."""


class HeartbeatEvent(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The worker lives."""

    event: HeartbeatEventEvent
    """Which event."""

    request_id: None
    """None."""

    attempt: Attempt
    """Which try."""

    sequence: Count
    """Counts this worker's events, from 0."""

    timestamp: Timestamp
    """Time of the event."""

    state: WorkerState
    """Activity of the worker."""

    stage: Stage | None = None
    """Of the job that runs."""

    running_request_id: Id | None = None
    """The job that runs."""

    last_progress_seconds: Seconds
    """Since the work last went on."""

    memory_used_mb: Mebibytes
    """Device memory now."""


class TrainingProgressEvent(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A training went on."""

    event: TrainingProgressEventEvent
    """Which event."""

    request_id: None
    """None."""

    attempt: Attempt
    """Which try."""

    sequence: Count
    """Counts this worker's events, from 0."""

    timestamp: Timestamp
    """Time of the event."""

    training_id: Id
    """The training."""

    state: TrainingState
    """Status of the training."""

    epoch: Count
    """Round."""

    step: Count
    """Optimiser step."""

    total_steps: Count
    """Optimiser steps in all."""

    loss: TrainingProgressEventLoss | None = None
    """Loss of the last step; absent before the first."""


class PromptSubmission(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The full description of one image job."""

    model: Model
    """Which models take part."""

    scheduler: Scheduler | None = None
    """Settings of the sampler."""

    hyperparameters: Hyperparameters | None = None
    """Numbers of the sampling."""

    conditioning: Conditioning
    """Prompts, images and networks that steer the picture."""

    performance: Performance | None = None
    """Device and memory settings."""

    postprocessing: Postprocessing | None = None
    """Steps after the picture is drawn."""

    metadata: Metadata | None = None
    """About the job rather than the picture."""


class Model(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which models take part."""

    base: ModelName
    """The base model."""

    refiner: ModelName | None = None
    """The refiner; absent: none."""

    vae: ModelName | None = None
    """An autoencoder in place of the base's own."""

    tokenizer: ModelName | None = None
    """A tokenizer in place of the base's own."""

    text_encoder: ModelName | None = None
    """A first text encoder in place of the base's own."""

    text_encoder_2: ModelName | None = None
    """A second text encoder in place of the base's own."""


class Scheduler(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Settings of the sampler."""

    type: SchedulerType | None = None
    """The sampler. Absent: "DPM++ 2M"."""

    steps: Steps | None = None
    """Denoising steps. Absent: 30."""

    karras_sigmas: bool | None = None
    """Sample on Karras sigmas. Absent: false."""

    timestep_spacing: TimestepSpacing | None = None
    """Spacing of the timesteps. Absent: "leading"."""


class Dimensions(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The size of the picture before upscaling."""

    width: ImageSide | None = None
    """Width. Absent: 1024."""

    height: ImageSide | None = None
    """Height. Absent: 1024."""


class Hyperparameters(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Numbers of the sampling."""

    guidance_scale: GuidanceScale | None = None
    """Classifier-free guidance. Absent: 7.5."""

    seed: Seed | None = None
    """Seed of the noise. Absent: -1."""

    dimensions: Dimensions | None = None
    """Width and height."""

    batch_size: BatchSize | None = None
    """Pictures of one job. Absent: 1."""

    strength: HyperparametersStrength | None = None
    """Share of the init image that is repainted; floor(steps·strength) must be at least 1. Absent: 0.75."""

    refiner_start: HyperparametersRefinerStart | None = None
    """Share of the steps after which the refiner takes over. Absent: 0.8."""

    prompt_weighting: bool | None = None
    """Read `(text:1.2)` as a weight; `\\(` escapes, other parentheses are text. Absent: true."""


class Lora(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One LoRA."""

    name: ModelName
    """Id or path of the LoRA."""

    weight: LoraWeight | None = None
    """Strength of its effect; 0 leaves it out. Absent: 1."""

    adapter_name: LoraAdapterName | None = None
    """A label for people: it stands in the effective request and in the picture's metadata, and changes no pixel."""


class ControlNet(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One ControlNet."""

    type: ControlNetType
    """Kind of the control image."""

    image: ImageRef
    """The control image."""

    model: ModelName | None = None
    """Id or path of the ControlNet; absent: the one registered for the type."""

    weight: ControlNetWeight | None = None
    """Strength of its effect; 0 leaves it out. Absent: 1."""

    guidance_start: ControlNetGuidanceStart | None = None
    """Share of the steps at which it begins to act; below `guidance_end`. Absent: 0."""

    guidance_end: ControlNetGuidanceEnd | None = None
    """Share of the steps at which it stops acting. Absent: 1."""

    preprocess: bool | None = None
    """Make the control image from an ordinary picture first. Absent: false."""


class TextualInversion(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One textual inversion."""

    path: Path
    """Path of the embedding file."""

    token: TextualInversionToken
    """The word in the prompt that stands for it."""


class Conditioning(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Prompts, images and networks that steer the picture."""

    prompt: Prompt
    """The content of the picture."""

    prompt_2: OptionalPrompt | None = None
    """Prompt of the second text encoder; absent: `prompt`."""

    negative_prompt: OptionalPrompt | None = None
    """Content to avoid."""

    negative_prompt_2: OptionalPrompt | None = None
    """Content to avoid, for the second text encoder; absent: `negative_prompt`."""

    clip_skip: ConditioningClipSkip | None = None
    """Last layers of the text encoders to leave out; the model at hand may allow fewer. Absent: 0."""

    loras: ConditioningLoras | None = None
    """LoRAs, applied together. Absent: []."""

    control_nets: ConditioningControlNets | None = None
    """ControlNets, applied together. Absent: []."""

    textual_inversions: ConditioningTextualInversions | None = None
    """Textual inversions. Absent: []."""

    init_image: ImageRef | None = None
    """The picture to start from (img2img)."""

    inpaint_mask: ImageRef | None = None
    """The area that is repainted, white by default (`mask_channel`); needs `init_image`."""

    mask_channel: MaskChannel | None = None
    """Which channel of `inpaint_mask` says what is repainted. Absent: "luminance"."""

    mask_blur: ConditioningMaskBlur | None = None
    """Blur of the mask's edge. Absent: 0."""

    reference_images: ConditioningReferenceImages | None = None
    """Reference images (IP-Adapter); `unsupported_feature` where the worker has none. Absent: []."""

    def __post_init__(self) -> None:
        """What msgspec has no limit for."""
        check_blank("prompt", self.prompt)


class Performance(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Device and memory settings."""

    device: DeviceName | None = None
    """Device of the job. Absent: "auto"."""

    dtype: PrecisionName | None = None
    """Number format; absent: fp16 on a GPU, fp32 on the processor."""

    optimizations: PerformanceOptimizations | None = None
    """Ways to save memory or time, each once; order has no meaning. Absent: []."""

    def __post_init__(self) -> None:
        """What msgspec has no limit for."""
        check_once("optimizations", self.optimizations)


class Postprocessing(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Steps after the picture is drawn."""

    safety_checker: bool | None = None
    """Blacken flagged pictures, and say so. Absent: false."""

    upscaler: UpscalerName | None = None
    """Method of enlarging the picture. Absent: "none"."""

    upscale_factor: PostprocessingUpscaleFactor | None = None
    """Factor by which each side grows. Absent: 2."""

    output_format: OutputFormat | None = None
    """The format of the image files. Absent: "png"."""

    quality: PostprocessingQuality | None = None
    """Quality of jpeg and webp files. Absent: 95."""

    auto_contrast: bool | None = None
    """Stretch the contrast to the full range. Absent: false."""


class Metadata(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """About the job rather than the picture."""

    priority: Priority | None = None
    """Place in the queue. Absent: "normal"."""

    timeout_seconds: MetadataTimeoutSeconds | None = None
    """From acceptance to reply, queue included. Absent: 600."""

    tags: MetadataTags | None = None
    """Words of the sender, kept with the job. Absent: {}."""


class Parameters(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The flat form of a prompt submission that `generate_image` and `run_inference` take."""

    prompt: Prompt
    """The content of the picture."""

    negative_prompt: OptionalPrompt | None = None
    """Content to avoid."""

    width: ImageSide | None = None
    """Width. Absent: 1024."""

    height: ImageSide | None = None
    """Height. Absent: 1024."""

    steps: Steps | None = None
    """Denoising steps. Absent: 30."""

    guidance_scale: GuidanceScale | None = None
    """Classifier-free guidance. Absent: 7.5."""

    seed: Seed | None = None
    """Seed of the noise. Absent: -1."""

    scheduler: SchedulerType | None = None
    """The sampler. Absent: "DPM++ 2M"."""

    num_images: BatchSize | None = None
    """Pictures of one job. Absent: 1."""

    model_id: ModelName | None = None
    """The base model; absent: the one loaded or used last."""

    def __post_init__(self) -> None:
        """What msgspec has no limit for."""
        check_blank("prompt", self.prompt)


class InitializeResult(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Name of the worker, and the terms that `initialize` agreed on."""

    worker: InitializeResultWorker
    """Kind of the worker."""

    worker_version: Name
    """Its version."""

    protocol_version: ProtocolVersion
    """The version spoken."""

    features: InitializeResultFeatures
    """Features agreed."""

    dialect: DialectName
    """Dialect of replies and events."""

    gpu_id: GpuId
    """The GPU."""

    device_name: Name
    """Name of the device."""

    pid: InitializeResultPid
    """Process id."""

    def __post_init__(self) -> None:
        """What msgspec has no limit for."""
        check_once("features", self.features)


class Empty(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Nothing to say."""


class MemoryStats(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Memory of the device and of this process."""

    vram_used_bytes: Bytes
    """Used on the device."""

    vram_total_bytes: Bytes
    """All of the device."""

    vram_available_bytes: Bytes
    """Free on the device."""

    ram_used_bytes: Bytes
    """Resident memory of the worker."""


class WorkerStatus(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """State of a worker, or of a pool."""

    gpu_id: GpuId
    """The GPU."""

    state: WorkerState
    """Activity of the worker."""

    is_initialized: bool
    """Whether `initialize` was answered."""

    has_model_loaded: bool
    """Whether a model is on the device."""

    current_model_id: ModelName | None = None
    """The base loaded or used last."""

    model_loaded_at: Timestamp | None = None
    """Time of the answer."""

    model_size_bytes: Bytes | None = None
    """Its size."""

    active_inference_sessions: Count
    """Jobs running."""

    last_activity: Timestamp
    """Last command or progress."""

    uptime_seconds: Seconds
    """Since start."""

    running_request_id: Id | None = None
    """The job that runs."""

    memory_stats: MemoryStats | None = None
    """Memory; absent if no worker measures it."""

    error_message: Text | None = None
    """The problem."""

    gpus: WorkerStatusGpus | None = None
    """Each worker's own status; only from a pool."""


class CapabilityLimits(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Bounds of this worker and its model."""

    side_max: Count
    """Pixels a side."""

    pixels_max: Count
    """Pixels of a picture."""

    batch_size_max: Count
    """Pictures of one job."""

    steps_max: Count
    """Steps."""

    clip_skip_max: Count
    """Layers that can be skipped."""

    lcm_steps_max: Count
    """Steps of LCM and TCD."""

    output_side_max: Count
    """Pixels a side after upscaling."""

    output_pixels_max: Count
    """Pixels after upscaling."""


class WorkerCapabilities(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Abilities of a worker, or of a pool; every ability in it is implemented."""

    features: WorkerCapabilitiesFeatures
    """text2img and the keys of `features_used`."""

    supported_schedulers: WorkerCapabilitiesSupportedSchedulers
    """Samplers."""

    supported_formats: WorkerCapabilitiesSupportedFormats
    """Image formats."""

    max_resolution: Count
    """The largest square side, in pixels."""

    max_batch_size: Count
    """Pictures of one job."""

    memory_optimizations: WorkerCapabilitiesMemoryOptimizations
    """Optimizations."""

    postprocessing_options: WorkerCapabilitiesPostprocessingOptions
    """auto_contrast, safety_checker and the upscalers."""

    gpu_id: GpuId
    """The GPU."""

    device_name: Name
    """Name of the device."""

    memory_stats: MemoryStats
    """Memory."""

    loaded_models: WorkerCapabilitiesLoadedModels
    """Models loaded or cached."""

    control_net_types: WorkerCapabilitiesControlNetTypes
    """ControlNet types with a model here."""

    actions: WorkerCapabilitiesActions
    """Actions that it answers."""

    dtypes: WorkerCapabilitiesDtypes
    """Number formats."""

    limits: CapabilityLimits
    """Bounds."""

    gpus: WorkerCapabilitiesGpus | None = None
    """Each worker's own; only from a pool."""

    families: WorkerCapabilitiesFamilies | None = None
    """Families of models that it runs."""

    def __post_init__(self) -> None:
        """What msgspec has no limit for."""
        check_once("supported_schedulers", self.supported_schedulers)
        check_once("supported_formats", self.supported_formats)
        check_once("memory_optimizations", self.memory_optimizations)
        check_once("postprocessing_options", self.postprocessing_options)
        check_once("control_net_types", self.control_net_types)
        check_once("actions", self.actions)
        check_once("dtypes", self.dtypes)
        check_once("families", self.families)


class SchedulerInfo(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One sampler."""

    name: SchedulerType
    """Its name."""

    description: Text
    """Kind of the model."""

    diffusers_class: Name
    """Its class."""

    recommended_steps: Count
    """Steps to begin with."""


class Schedulers(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The samplers."""

    schedulers: SchedulersSchedulers
    """The samplers."""

    recommended_scheduler: SchedulerType
    """A good default."""

    default_steps: SchedulersDefaultSteps
    """Steps to begin with, by name."""


class ControlNetTypeInfo(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One ControlNet type."""

    name: ControlNetType
    """Its name."""

    description: Text
    """Kind of the control image."""

    recommended_weight: ControlNetTypeInfoRecommendedWeight
    """Weight to begin with."""

    supported_formats: ControlNetTypeInfoSupportedFormats
    """Formats of the control image."""

    preprocessor_model: Name | None = None
    """The detector that `preprocess` runs; absent: there is none."""

    def __post_init__(self) -> None:
        """What msgspec has no limit for."""
        check_once("supported_formats", self.supported_formats)


class ControlNetTypes(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The ControlNet types."""

    types: ControlNetTypesTypes
    """The types."""

    recommended_weights: ControlNetTypesRecommendedWeights
    """Weights to begin with, by name."""


class ModelInfo(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One model."""

    model_id: ModelName
    """Its id."""

    model_type: ModelType
    """Kind of the model."""

    model_path: Path
    """Its path."""

    model_size_bytes: Bytes
    """Its size."""

    dtype: PrecisionName
    """Its number format."""

    location: ModelLocation
    """Place of the model."""

    loaded_at: Timestamp
    """Since when."""

    gpu_id: GpuId | None = None
    """On which GPU; only from a pool."""

    family: ModelFamily | None = None
    """Its family, if its kind has one."""


class Models(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Models."""

    models: ModelsModels
    """Models loaded or cached."""

    gpus: ModelsGpus | None = None
    """Each worker's own; only from a pool."""


class PerformanceMetrics(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Measurements since start."""

    commands_total: Count
    """Commands answered."""

    commands_failed: Count
    """Of these, failures."""

    jobs_completed: Count
    """Jobs that ended well."""

    images_generated: Count
    """Pictures."""

    average_generation_time_seconds: Seconds | None = None
    """Mean over jobs; absent before the first."""

    p95_generation_time_seconds: Seconds | None = None
    """95th percentile over jobs; absent before the first."""

    peak_memory_used_mb: Mebibytes | None = None
    """Highest peak; absent before anything was measured."""

    gpus: PerformanceMetricsGpus | None = None
    """Each worker's own; only from a pool."""


class QueuedRequest(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One job in the queue."""

    request_id: Id
    """The job."""

    status: JobStatus
    """Status of the job."""

    queue_position: Count
    """0 runs, 1 is next."""

    queued_at: Timestamp
    """Time at which it was queued."""

    started_at: Timestamp | None = None
    """Time at which it began."""

    estimated_start_seconds: Seconds | None = None
    """Until it begins."""


class QueueStatus(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The queue of jobs."""

    total_queued: Count
    """Waiting."""

    currently_processing: Count
    """Running."""

    completed: Count
    """Ended well."""

    failed: Count
    """Failed."""

    cancelled: Count
    """Cancelled."""

    average_processing_time_seconds: Seconds | None = None
    """Mean over ended jobs; absent before the first."""

    estimated_queue_clear_seconds: Seconds | None = None
    """Until the queue is empty."""

    queued_requests: QueueStatusQueuedRequests
    """Running and waiting jobs."""


class ValidationReport(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The document as this party read it, and its faults."""

    valid: bool
    """Whether a job of this document would be accepted."""

    error: Text | None = None
    """The first fault's sentence."""

    errors: ValidationReportErrors
    """All faults; of more than a reply has room for, the first."""

    errors_total: Count | None = None
    """Number of all faults, if `errors` has only the first."""

    warnings: ValidationReportWarnings
    """The reply's warnings again."""

    warnings_total: Count | None = None
    """The reply's, again."""

    normalized: CanonicalDocument | None
    """The sender's document, canonical."""

    effective: CanonicalDocument | None
    """The same with every default that applies."""

    validation_details: ValidationDetails
    """Numbers about the job."""


class PerformanceEstimate(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Memory and time that a job would need."""

    estimated_vram_usage_mb: PerformanceEstimateEstimatedVramUsageMb
    """Peak device memory."""

    estimated_time_seconds: Seconds
    """Without queue and load."""

    detailed_breakdown: PerformanceEstimateDetailedBreakdown
    """Parts, in MiB or seconds as named."""

    basis: EstimateBasis
    """Source of the estimate."""

    fits: bool
    """Whether it fits this device."""


class OptimizationChange(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One change."""

    path: OptimizationChangePath
    """Pointer into the canonical document."""

    from_: Any = field(name="from")
    """The old value; null: absent."""

    to: Any
    """The new value."""

    reason: Text
    """The reason."""


class OptimizationResult(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A changed request that fits."""

    optimized_request: CanonicalDocument
    """The changed prompt submission."""

    changes: OptimizationResultChanges
    """The changes and their reasons."""

    estimate_before: PerformanceEstimate
    """Before."""

    estimate_after: PerformanceEstimate
    """After."""


class LoadResult(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A model that was loaded or cached."""

    model_id: ModelName
    """Its id."""

    load_time_seconds: Seconds
    """Duration."""

    model_size_bytes: Bytes
    """Its size."""

    gpu_id: GpuId
    """The GPU."""

    from_cache: bool
    """Whether it came from the RAM cache."""

    memory_used_bytes: Bytes
    """Memory that it holds now, on the device or in RAM."""


class ComponentResult(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One part of a suite."""

    component_type: SuiteComponent
    """Which part."""

    model_id: ModelName
    """`sdxl_<suite>_<component>`."""

    success: bool
    """Whether the model was loaded."""

    model_size_bytes: Bytes
    """Its size."""

    load_time_seconds: Seconds
    """Duration."""

    error: Text | None = None
    """The failure, if it was not loaded."""


class SuiteResult(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A model suite that was loaded or cached."""

    suite_name: Name
    """Its name."""

    component_results: SuiteResultComponentResults
    """Its parts."""

    total_size_bytes: Bytes
    """Together."""

    total_load_time_seconds: Seconds
    """Together."""


class UnloadResult(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The models that were unloaded."""

    model_ids: UnloadResultModelIds
    """The models."""

    freed_bytes: Bytes
    """Device memory freed."""


class CleanupResult(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Memory that was freed."""

    freed_gpu_bytes: Bytes
    """On the device."""

    freed_ram_bytes: Bytes
    """In RAM."""


class FileResult(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One model file."""

    model_path: Path
    """As asked."""

    is_valid: bool
    """Whether it can be loaded, by its headers and configuration; with deep by its values too."""

    format: FileFormat
    """Its storage."""

    detected_model_type: ModelType | None = None
    """Kind of the model; absent: unknown, or not a whole model."""

    detected_component: ModelComponent | None = None
    """The part of a model that it is, if a job may replace this part."""

    tensor_count: Count
    """Tensors."""

    dtypes: FileResultDtypes
    """Number formats found."""

    file_size_bytes: Bytes
    """Its size."""

    sha256: Sha256 | None = None
    """Only with deep."""

    issues: FileResultIssues
    """The problems found."""

    def __post_init__(self) -> None:
        """What msgspec has no limit for."""
        check_once("dtypes", self.dtypes)


class FileResults(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Model files."""

    results: FileResultsResults
    """In the order asked."""


class ImageDetail(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One picture."""

    path: Path
    """Absolute path."""

    url: Path | None = None
    """Address of the image at the gateway."""

    width: ImageDetailWidth
    """Width of the file."""

    height: ImageDetailHeight
    """Height of the file."""

    format: OutputFormat
    """Its format."""

    bytes: Bytes
    """Its size."""

    sha256: Sha256
    """Of the file."""

    seed: ImageDetailSeed
    """Its seed."""

    flagged: bool
    """Whether the safety checker blackened it."""


class SdxlResult(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Pictures, and what it took to make them."""

    images: SdxlResultImages
    """Absolute paths of the pictures."""

    image_details: SdxlResultImageDetails
    """The same pictures, with what they are."""

    generation_time_seconds: Seconds
    """Preprocessing + denoising + postprocessing, without queue and load."""

    preprocessing_time_seconds: Seconds
    """Part of the above."""

    postprocessing_time_seconds: Seconds
    """Part of the above."""

    load_time_seconds: Seconds
    """Loading of models for this job."""

    memory_used_mb: Mebibytes
    """Peak device memory of the command; on the processor, peak resident memory."""

    seed_used: SdxlResultSeedUsed
    """Seed of the first picture."""

    features_used: SdxlResultFeaturesUsed
    """The features that were used."""

    scheduler_used: SchedulerType
    """The sampler; its Karras form where Karras was on and there is one."""

    steps_used: Count
    """Denoising steps run, base + refiner."""

    model_id: ModelName
    """The base model."""

    device: DeviceName
    """Device of the job."""

    gpu_id: GpuId
    """The GPU."""

    session_id: Id | None = None
    """The session."""

    warnings: SdxlResultWarnings
    """The reply's warnings again."""

    warnings_total: Count | None = None
    """The reply's, again."""


class ImageResult(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """SDXLResult with what the C# bridge binds for `generate_image`."""

    images: ImageResultImages
    """Absolute paths of the pictures."""

    image_details: ImageResultImageDetails
    """The same pictures, with what they are."""

    generation_time_seconds: Seconds
    """Preprocessing + denoising + postprocessing, without queue and load."""

    preprocessing_time_seconds: Seconds
    """Part of the above."""

    postprocessing_time_seconds: Seconds
    """Part of the above."""

    load_time_seconds: Seconds
    """Loading of models for this job."""

    memory_used_mb: Mebibytes
    """Peak device memory of the command; on the processor, peak resident memory."""

    seed_used: ImageResultSeedUsed
    """Seed of the first picture."""

    features_used: ImageResultFeaturesUsed
    """The features that were used."""

    scheduler_used: SchedulerType
    """The sampler; its Karras form where Karras was on and there is one."""

    steps_used: Count
    """Denoising steps run, base + refiner."""

    model_id: ModelName
    """The base model."""

    device: DeviceName
    """Device of the job."""

    gpu_id: GpuId
    """The GPU."""

    session_id: Id | None = None
    """The session."""

    warnings: ImageResultWarnings
    """The reply's warnings again."""

    warnings_total: Count | None = None
    """The reply's, again."""

    output_path: Path
    """The first picture."""

    seed: ImageResultSeed
    """Its seed."""

    width: ImageResultWidth
    """Its width."""

    height: ImageResultHeight
    """Its height."""


class StructuredResult(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """SDXLResult with the validation report."""

    images: StructuredResultImages
    """Absolute paths of the pictures."""

    image_details: StructuredResultImageDetails
    """The same pictures, with what they are."""

    generation_time_seconds: Seconds
    """Preprocessing + denoising + postprocessing, without queue and load."""

    preprocessing_time_seconds: Seconds
    """Part of the above."""

    postprocessing_time_seconds: Seconds
    """Part of the above."""

    load_time_seconds: Seconds
    """Loading of models for this job."""

    memory_used_mb: Mebibytes
    """Peak device memory of the command; on the processor, peak resident memory."""

    seed_used: StructuredResultSeedUsed
    """Seed of the first picture."""

    features_used: StructuredResultFeaturesUsed
    """The features that were used."""

    scheduler_used: SchedulerType
    """The sampler; its Karras form where Karras was on and there is one."""

    steps_used: Count
    """Denoising steps run, base + refiner."""

    model_id: ModelName
    """The base model."""

    device: DeviceName
    """Device of the job."""

    gpu_id: GpuId
    """The GPU."""

    session_id: Id | None = None
    """The session."""

    warnings: StructuredResultWarnings
    """The reply's warnings again."""

    warnings_total: Count | None = None
    """The reply's, again."""

    validation: ValidationReport
    """The report about the document."""


class BatchItem(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One request of a batch."""

    index: Count
    """Its place."""

    request_id: Id | None
    """`<id>.<index>`; null where the batch has no id."""

    success: bool
    """Whether this request succeeded."""

    data: SdxlResult | None
    """Its result."""

    error: Text | None
    """The sentence of its failure."""

    error_details: ErrorDetails | None
    """Its failure, for programs."""


class BatchResult(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A batch that reached its end."""

    results: BatchResultResults
    """In the order of the requests."""

    succeeded: Count
    """Done."""

    failed: Count
    """Failed."""

    cancelled: Count
    """Cancelled."""


class CancelResult(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A job that was cancelled."""

    target_request_id: Id
    """The job."""

    was: CancelledFrom
    """State of the job when the cancel arrived."""


class TrainingStarted(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A training that was accepted."""

    training_id: Id
    """The training."""

    state: TrainingState
    """Status of the training."""

    output_path: Path
    """Path of the result."""


class TrainingHistory(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The history of a training, oldest first."""

    rows: TrainingHistoryRows
    """The rows."""


class TrainingStopped(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A training that was stopped."""

    state: TrainingState
    """Status of the job."""

    checkpoint_path: Path | None = None
    """The checkpoint saved."""


class SelfTestCheck(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One check."""

    id: Name
    """Its id."""

    name: Name
    """The subject of the check."""

    passed: bool
    """Whether it passed."""

    seconds: Seconds
    """Duration."""

    message: Text | None = None
    """The finding."""


class SelfTestReport(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The result of a self test."""

    checks: SelfTestReportChecks
    """The checks."""

    passed: Count
    """Held."""

    failed: Count
    """Did not hold."""


class BestGpu(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The GPU that would take a job now."""

    gpu_id: GpuId
    """The GPU."""

    reasons: BestGpuReasons
    """The reasons."""


class GpuReadiness(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whether one GPU is ready for SDXL."""

    gpu_id: GpuId
    """The GPU."""

    ready: bool
    """Whether it is ready."""

    reasons: GpuReadinessReasons
    """The reasons."""

    breaker: GpuReadinessBreaker
    """The circuit breaker of its lane. closed: its worker is started again as often as it dies. open: its workers died too often, or cannot start as configured; it is tried again at `next_try_at`. half_open: it is being tried, with one job at a time; the first job that succeeds or that the worker refuses closes it."""

    next_try_at: Timestamp | None = None
    """Time at which an open lane starts a worker again."""

    starts_failed: Count
    """Starts in a row whose worker did not become ready; 0 once one did."""


class SdxlReadiness(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whether the pool is ready for SDXL."""

    total_gpus: Count
    """GPUs."""

    sdxl_ready_gpus: Count
    """Ready."""

    readiness_percent: SdxlReadinessReadinessPercent
    """Share ready."""

    gpus: SdxlReadinessGpus
    """Each GPU."""


class BalanceMove(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One move."""

    action: BalanceMoveAction
    """Kind of the move."""

    gpu_id: GpuId
    """From."""

    target_gpu_id: GpuId | None = None
    """To."""

    model_id: ModelName | None = None
    """The model."""

    request_id: Id | None = None
    """The job."""

    description: Text
    """The reason."""


class BalanceResult(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Moves that were made, or would be."""

    moves: BalanceResultMoves
    """The moves."""


class Job(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One job, or the session around it."""

    session_id: Id | None = None
    """The session."""

    request_id: Id
    """The job."""

    worker_id: GpuId | None = None
    """The worker."""

    model_id: ModelName | None = None
    """The base model."""

    status: JobStatus
    """Status of the job."""

    queued_at: Timestamp
    """Time at which it was queued."""

    started_at: Timestamp | None = None
    """Time at which it began."""

    cancel_requested_at: Timestamp | None = None
    """Time of the first request to cancel it."""

    completed_at: Timestamp | None = None
    """Time at which it ended."""

    queue_position: Count | None = None
    """0 runs, 1 is next."""

    progress: Ratio | None = None
    """Share done."""

    attempt: Attempt
    """Which try."""

    result: JobResult | None = None
    """The reply's data."""

    error_details: ErrorDetails | None = None
    """Its failure."""

    urls: JobUrls | None = None
    """Addresses of the job: over HTTP only, made for each request."""


class JobUrls(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Addresses of a job. They begin with the public URL, with the prefix that a trusted proxy names, or with the path."""

    self: Path
    """The job."""

    events: Path
    """Its events."""

    images: JobUrlsImages
    """Its pictures, in the order of `image_details`."""


class Jobs(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Jobs."""

    jobs: JobsJobs
    """Newest first."""

    total: Count
    """All jobs that the filters let through, on this page or another."""

    next_cursor: JobsNextCursor | None = None
    """`cursor` of the next page; absent on the last."""


class Sessions(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Sessions."""

    sessions: SessionsSessions
    """Newest first."""


class DeviceInfo(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One device of the host."""

    device_id: GpuId
    """Its name."""

    name: Name
    """The product."""

    uuid: DeviceInfoUuid
    """Its UUID."""

    device_type: DeviceType
    """Kind of the device."""

    total_memory_bytes: Bytes | None = None
    """Memory; absent if it was not measured."""

    available_memory_bytes: Bytes | None = None
    """Free memory; absent if it was not measured."""

    is_available: bool
    """Whether a worker serves it."""

    families: DeviceInfoFamilies | None = None
    """Families of models that its worker runs; absent if no worker has reported them."""

    def __post_init__(self) -> None:
        """What msgspec has no limit for."""
        check_once("families", self.families)


class Devices(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The devices of the host."""

    devices: DevicesDevices
    """The devices."""


class CacheStatus(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The RAM cache of the host."""

    models: CacheStatusModels
    """Cached models."""

    total_bytes: Bytes
    """Held."""

    budget_bytes: Bytes
    """Allowed."""

    hits: Count
    """Loads served from it."""

    misses: Count
    """Loads that went to disk."""


class Accepted(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A job that was accepted (HTTP 202)."""

    request_id: Id
    """The job."""

    status: JobStatus
    """Status of the session."""

    queue_position: Count
    """0 runs, 1 is next."""


class Upload(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An uploaded image."""

    upload_id: Id
    """Write `upload:<id>` where an image is wanted."""

    sha256: Sha256
    """Of the bytes."""

    bytes: Bytes
    """Its size."""

    width: UploadWidth
    """Width."""

    height: UploadHeight
    """Height."""

    format: OutputFormat
    """Its format."""

    expires_at: Timestamp
    """Time at which it is forgotten."""


class Liveness(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The process lives."""

    status: LivenessStatus
    """Always `live`."""

    uptime_seconds: Seconds
    """Since the start of the gateway."""


class GpuHealth(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whether the worker of a GPU would take a job now."""

    gpu_id: GpuId
    """The GPU."""

    ready: bool
    """Whether it would take a job."""

    silent_seconds: Seconds
    """Since its last sign of life."""

    reason: Text | None = None
    """The reason, if it would not."""


class Readiness(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whether at least one worker would take a job now: 200 if one would, 503 if none would."""

    status: ReadinessStatus
    """`ready` where at least one worker would take a job."""

    gpus: ReadinessGpus
    """Each GPU."""

    reason: Text | None = None
    """The reason why no job would be taken, whatever the workers report."""


class TrainingHyperparameters(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Numbers of the training."""

    learning_rate: TrainingHyperparametersLearningRate | None = None
    """Learning rate; default 1e-4 (LoRA), 5e-6 (DreamBooth), 5e-4 (Textual Inversion)."""

    batch_size: TrainingHyperparametersBatchSize | None = None
    """Pictures a step. Absent: 1."""

    epochs: TrainingHyperparametersEpochs | None = None
    """Rounds over the data; not with `max_steps`. Absent: 20."""

    max_steps: TrainingHyperparametersMaxSteps | None = None
    """Optimiser steps; not with `epochs`."""

    resolution: TrainingHyperparametersResolution | None = None
    """Side of the training pictures. Absent: 1024."""

    rank: TrainingHyperparametersRank | None = None
    """Rank of the LoRA. Absent: 64."""

    alpha: TrainingHyperparametersAlpha | None = None
    """Alpha of the LoRA. Absent: 32."""

    gradient_accumulation: TrainingHyperparametersGradientAccumulation | None = None
    """Batches an optimiser step. Absent: 1."""

    lr_scheduler: LrScheduler | None = None
    """Schedule of the learning rate. Absent: "constant"."""

    seed: Seed | None = None
    """Seed of noise and order. Absent: -1."""

    checkpoint_every: TrainingHyperparametersCheckpointEvery | None = None
    """Optimiser steps between checkpoints. Absent: 500."""


class TrainingJob(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One training."""

    training_type: TrainingType | None = None
    """The part of the model that is trained."""

    base_model: ModelName | None = None
    """The base that is trained on."""

    training_data: Path | None = None
    """Folder of images with `.txt` captions or a `metadata.jsonl`."""

    instance_prompt: TrainingJobInstancePrompt | None = None
    """The prompt of the subject (DreamBooth)."""

    dreambooth_mode: DreamboothMode | None = None
    """Adapters or the whole UNet (DreamBooth). Absent: "lora"."""

    placeholder_token: TrainingJobPlaceholderToken | None = None
    """The new word (Textual Inversion)."""

    initializer_token: TrainingJobInitializerToken | None = None
    """The word that it starts from (Textual Inversion)."""

    output_name: ModelId | None = None
    """Name of the result; absent: the training id."""

    resume_from: Id | None = None
    """A training id, to go on from its last checkpoint."""

    validation_prompt: TrainingJobValidationPrompt | None = None
    """A prompt to draw while training."""

    validation_every: TrainingJobValidationEvery | None = None
    """Optimiser steps between validation pictures."""

    hyperparameters: TrainingHyperparameters | None = None
    """Numbers of the training."""


class TrainingStatus(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Status of a training."""

    training_id: Id
    """The training."""

    training_type: TrainingType
    """The part of the model that is trained."""

    state: TrainingState
    """Its status."""

    progress: Ratio
    """Share of the steps done."""

    epoch: Count
    """Rounds begun."""

    total_epochs: Count
    """Rounds in all."""

    step: Count
    """Optimiser steps done."""

    total_steps: Count
    """Optimiser steps in all."""

    loss: TrainingStatusLoss | None = None
    """Loss of the last step; absent before the first."""

    learning_rate: TrainingStatusLearningRate
    """Learning rate of the last step."""

    started_at: Timestamp
    """Time at which it was accepted."""

    updated_at: Timestamp
    """Time at which this record was written."""

    completed_at: Timestamp | None = None
    """Time at which it ended."""

    estimated_seconds_remaining: Seconds | None = None
    """From the steps measured so far."""

    checkpoint_path: Path | None = None
    """The last checkpoint."""

    output_path: Path | None = None
    """The result."""

    error: Text | None = None
    """Its failure."""


class TrainingHistoryRow(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One row of the history."""

    step: Count
    """Optimiser step."""

    epoch: Count
    """Round."""

    loss: TrainingHistoryRowLoss
    """Loss."""

    learning_rate: TrainingHistoryRowLearningRate
    """Learning rate."""

    recorded_at: Timestamp
    """Time of the row."""

    validation_images: TrainingHistoryRowValidationImages | None = None
    """Pictures drawn at this step."""


InitializeProtocolVersions = Annotated[list[ProtocolVersion], Meta(min_length=1, max_length=16)]
"""Versions of the protocol that the sender has."""

InitializeFeatures = Annotated[list[FeatureName], Meta(max_length=8)]
"""Features that the sender wants."""

ValidateModelFilesModelPaths = Annotated[list[ModelName], Meta(min_length=1, max_length=256)]
"""Files or folders."""

BatchGenerateRequests = Annotated[list[PromptSubmission], Meta(min_length=1, max_length=64)]
"""The prompt submissions."""

ListJobsTags = Annotated[dict[str, ListJobsTagsValue], Meta(max_length=32)]
"""Only jobs whose `metadata.tags` have all of these, with these values; `tag.<name>=<value>` in a query."""

FaultAllowed = Annotated[list[Text], Meta(max_length=256)]
"""The values allowed."""

ErrorDetailsDetails = Annotated[dict[str, Any], Meta(max_length=1024)]
"""Numbers and names of the case."""

ErrorDetailsErrors = Annotated[list[Fault], Meta(max_length=100)]
"""One per fault, all at once; of more than a reply has room for, the first."""

ReplyWarnings = Annotated[list[Text], Meta(max_length=100)]
"""Sentences; of more than a reply has room for, the first."""

ReplyWarningDetails = Annotated[list[WarningDetail], Meta(max_length=100)]
"""One for each of `warnings`."""

ReplyData = Annotated[dict[str, Any], Meta(max_length=1024)]
"""The action's reply: see the registry."""

ProblemWarnings = Annotated[list[Text], Meta(max_length=100)]
"""Sentences; of more than a reply has room for, the first."""

ProblemWarningDetails = Annotated[list[WarningDetail], Meta(max_length=100)]
"""One for each of `warnings`."""

ConditioningLoras = Annotated[list[Lora], Meta(max_length=16)]
"""LoRAs, applied together."""

ConditioningControlNets = Annotated[list[ControlNet], Meta(max_length=8)]
"""ControlNets, applied together."""

ConditioningTextualInversions = Annotated[list[TextualInversion], Meta(max_length=16)]
"""Textual inversions."""

ConditioningReferenceImages = Annotated[list[ImageRef], Meta(max_length=4)]
"""Reference images (IP-Adapter); `unsupported_feature` where the worker has none."""

PerformanceOptimizations = Annotated[list[Optimization], Meta(max_length=8)]
"""Ways to save memory or time, each once; order has no meaning."""

MetadataTags = Annotated[dict[str, MetadataTagsValue], Meta(max_length=32)]
"""Words of the sender, kept with the job."""

InitializeResultFeatures = Annotated[list[FeatureName], Meta(max_length=8)]
"""Features agreed."""

WorkerStatusGpus = Annotated[list[WorkerStatus], Meta(max_length=64)]
"""Each worker's own status; only from a pool."""

WorkerCapabilitiesFeatures = Annotated[dict[str, bool], Meta(max_length=64)]
"""text2img and the keys of `features_used`."""

WorkerCapabilitiesSupportedSchedulers = Annotated[list[SchedulerType], Meta(max_length=64)]
"""Samplers."""

WorkerCapabilitiesSupportedFormats = Annotated[list[OutputFormat], Meta(max_length=8)]
"""Image formats."""

WorkerCapabilitiesMemoryOptimizations = Annotated[list[Optimization], Meta(max_length=16)]
"""Optimizations."""

WorkerCapabilitiesPostprocessingOptions = Annotated[list[Name], Meta(max_length=64)]
"""auto_contrast, safety_checker and the upscalers."""

WorkerCapabilitiesLoadedModels = Annotated[list[ModelInfo], Meta(max_length=1024)]
"""Models loaded or cached."""

WorkerCapabilitiesControlNetTypes = Annotated[list[ControlNetType], Meta(max_length=32)]
"""ControlNet types with a model here."""

WorkerCapabilitiesActions = Annotated[list[Action], Meta(max_length=128)]
"""Actions that it answers."""

WorkerCapabilitiesDtypes = Annotated[list[PrecisionName], Meta(max_length=8)]
"""Number formats."""

WorkerCapabilitiesGpus = Annotated[list[WorkerCapabilities], Meta(max_length=64)]
"""Each worker's own; only from a pool."""

WorkerCapabilitiesFamilies = Annotated[list[ModelFamily], Meta(max_length=16)]
"""Families of models that it runs."""

SchedulersSchedulers = Annotated[list[SchedulerInfo], Meta(max_length=64)]
"""The samplers."""

SchedulersDefaultSteps = Annotated[dict[str, Steps], Meta(max_length=64)]
"""Steps to begin with, by name."""

ControlNetTypeInfoSupportedFormats = Annotated[list[OutputFormat], Meta(max_length=8)]
"""Formats of the control image."""

ControlNetTypesTypes = Annotated[list[ControlNetTypeInfo], Meta(max_length=64)]
"""The types."""

ControlNetTypesRecommendedWeights = Annotated[dict[str, ControlNetTypesRecommendedWeightsValue], Meta(max_length=64)]
"""Weights to begin with, by name."""

ModelsModels = Annotated[list[ModelInfo], Meta(max_length=1024)]
"""Models loaded or cached."""

ModelsGpus = Annotated[list[Models], Meta(max_length=64)]
"""Each worker's own; only from a pool."""

PerformanceMetricsGpus = Annotated[list[PerformanceMetrics], Meta(max_length=64)]
"""Each worker's own; only from a pool."""

QueueStatusQueuedRequests = Annotated[list[QueuedRequest], Meta(max_length=100000)]
"""Running and waiting jobs."""

ValidationDetails = Annotated[dict[str, ValidationDetailsValue], Meta(max_length=64)]
"""estimated_vram_mb, estimated_time_seconds, pixel_count, aspect_ratio."""

CanonicalDocument = Annotated[dict[str, Any], Meta(max_length=1024)]
"""A canonical document; stays snake in every dialect."""

ValidationReportErrors = Annotated[list[Fault], Meta(max_length=100)]
"""All faults; of more than a reply has room for, the first."""

ValidationReportWarnings = Annotated[list[Text], Meta(max_length=100)]
"""The reply's warnings again."""

PerformanceEstimateDetailedBreakdown = Annotated[dict[str, PerformanceEstimateDetailedBreakdownValue], Meta(max_length=64)]
"""Parts, in MiB or seconds as named."""

OptimizationResultChanges = Annotated[list[OptimizationChange], Meta(max_length=64)]
"""The changes and their reasons."""

SuiteResultComponentResults = Annotated[list[ComponentResult], Meta(min_length=1, max_length=3)]
"""Its parts."""

UnloadResultModelIds = Annotated[list[ModelName], Meta(max_length=1024)]
"""The models."""

FileResultDtypes = Annotated[list[Name], Meta(max_length=32)]
"""Number formats found."""

FileResultIssues = Annotated[list[Text], Meta(max_length=4096)]
"""The problems found."""

FileResultsResults = Annotated[list[FileResult], Meta(max_length=256)]
"""In the order asked."""

SdxlResultImages = Annotated[list[Path], Meta(min_length=1, max_length=64)]
"""Absolute paths of the pictures."""

SdxlResultImageDetails = Annotated[list[ImageDetail], Meta(min_length=1, max_length=64)]
"""The same pictures, with what they are."""

SdxlResultFeaturesUsed = Annotated[dict[str, bool], Meta(max_length=64)]
"""The features that were used."""

SdxlResultWarnings = Annotated[list[Text], Meta(max_length=100)]
"""The reply's warnings again."""

ImageResultImages = Annotated[list[Path], Meta(min_length=1, max_length=64)]
"""Absolute paths of the pictures."""

ImageResultImageDetails = Annotated[list[ImageDetail], Meta(min_length=1, max_length=64)]
"""The same pictures, with what they are."""

ImageResultFeaturesUsed = Annotated[dict[str, bool], Meta(max_length=64)]
"""The features that were used."""

ImageResultWarnings = Annotated[list[Text], Meta(max_length=100)]
"""The reply's warnings again."""

StructuredResultImages = Annotated[list[Path], Meta(min_length=1, max_length=64)]
"""Absolute paths of the pictures."""

StructuredResultImageDetails = Annotated[list[ImageDetail], Meta(min_length=1, max_length=64)]
"""The same pictures, with what they are."""

StructuredResultFeaturesUsed = Annotated[dict[str, bool], Meta(max_length=64)]
"""The features that were used."""

StructuredResultWarnings = Annotated[list[Text], Meta(max_length=100)]
"""The reply's warnings again."""

BatchResultResults = Annotated[list[BatchItem], Meta(min_length=1, max_length=64)]
"""In the order of the requests."""

TrainingHistoryRows = Annotated[list[TrainingHistoryRow], Meta(max_length=1000000)]
"""The rows."""

SelfTestReportChecks = Annotated[list[SelfTestCheck], Meta(max_length=1000)]
"""The checks."""

BestGpuReasons = Annotated[list[Text], Meta(max_length=4096)]
"""The reasons."""

GpuReadinessReasons = Annotated[list[Text], Meta(max_length=4096)]
"""The reasons."""

SdxlReadinessGpus = Annotated[list[GpuReadiness], Meta(max_length=64)]
"""Each GPU."""

BalanceResultMoves = Annotated[list[BalanceMove], Meta(max_length=10000)]
"""The moves."""

JobResult = Annotated[dict[str, Any], Meta(max_length=1024)]
"""The reply's data."""

JobUrlsImages = Annotated[list[Path], Meta(max_length=1024)]
"""Its pictures, in the order of `image_details`."""

JobsJobs = Annotated[list[Job], Meta(max_length=1000)]
"""Newest first."""

SessionsSessions = Annotated[list[Job], Meta(max_length=100000)]
"""Newest first."""

DeviceInfoFamilies = Annotated[list[ModelFamily], Meta(max_length=16)]
"""Families of models that its worker runs; absent if no worker has reported them."""

DevicesDevices = Annotated[list[DeviceInfo], Meta(max_length=64)]
"""The devices."""

CacheStatusModels = Annotated[list[ModelInfo], Meta(max_length=1024)]
"""Cached models."""

ReadinessGpus = Annotated[list[GpuHealth], Meta(max_length=64)]
"""Each GPU."""

TrainingHistoryRowValidationImages = Annotated[list[Path], Meta(max_length=64)]
"""Pictures drawn at this step."""

DEFINITIONS: dict[str, Any] = {
    "ProtocolVersion": ProtocolVersion,
    "InitializeDeviceIndex": InitializeDeviceIndex,
    "InitializeProtocolVersions": InitializeProtocolVersions,
    "InitializeFeatures": InitializeFeatures,
    "Initialize": Initialize,
    "ShutdownGraceSeconds": ShutdownGraceSeconds,
    "Shutdown": Shutdown,
    "Nothing": Nothing,
    "GetModelInfo": GetModelInfo,
    "SubmissionCommand": SubmissionCommand,
    "OptimizationPriority": OptimizationPriority,
    "OptimizationPreferencesTargetVramUsageMb": OptimizationPreferencesTargetVramUsageMb,
    "OptimizationPreferencesTargetTimeSeconds": OptimizationPreferencesTargetTimeSeconds,
    "OptimizationPreferences": OptimizationPreferences,
    "OptimizeRequest": OptimizeRequest,
    "LoadModel": LoadModel,
    "SuiteCommandSuiteName": SuiteCommandSuiteName,
    "SuiteCommand": SuiteCommand,
    "UnloadModel": UnloadModel,
    "LoadFromCache": LoadFromCache,
    "ValidateModelFilesModelPaths": ValidateModelFilesModelPaths,
    "ValidateModelFilesSuite": ValidateModelFilesSuite,
    "ValidateModelFiles": ValidateModelFiles,
    "ParametersCommand": ParametersCommand,
    "RunInference": RunInference,
    "BatchGenerateRequests": BatchGenerateRequests,
    "BatchGenerateTimeoutSeconds": BatchGenerateTimeoutSeconds,
    "BatchGenerate": BatchGenerate,
    "Cancel": Cancel,
    "TrainingCommand": TrainingCommand,
    "StopTraining": StopTraining,
    "SelfTestScope": SelfTestScope,
    "RunSelfTest": RunSelfTest,
    "FindBestGpu": FindBestGpu,
    "AutoBalance": AutoBalance,
    "SessionCommand": SessionCommand,
    "GetJob": GetJob,
    "ListJobsTagsValue": ListJobsTagsValue,
    "ListJobsTags": ListJobsTags,
    "ListJobsLimit": ListJobsLimit,
    "ListJobsCursor": ListJobsCursor,
    "ListJobs": ListJobs,
    "DeleteUpload": DeleteUpload,
    "Id": Id,
    "Action": Action,
    "GpuId": GpuId,
    "Attempt": Attempt,
    "Timestamp": Timestamp,
    "Count": Count,
    "Bytes": Bytes,
    "Seconds": Seconds,
    "Mebibytes": Mebibytes,
    "Ratio": Ratio,
    "ModelName": ModelName,
    "ModelId": ModelId,
    "Path": Path,
    "Text": Text,
    "Name": Name,
    "Sha256": Sha256,
    "Traceparent": Traceparent,
    "TraceparentHeader": TraceparentHeader,
    "ImageRef": ImageRef,
    "DialectName": DialectName,
    "FeatureName": FeatureName,
    "OutputFormat": OutputFormat,
    "JobStatus": JobStatus,
    "WorkerState": WorkerState,
    "ModelType": ModelType,
    "PrecisionName": PrecisionName,
    "OnDisconnect": OnDisconnect,
    "Preference": Preference,
    "IdempotencyKey": IdempotencyKey,
    "ErrorCode": ErrorCode,
    "WarningCode": WarningCode,
    "Pointer": Pointer,
    "FaultAllowed": FaultAllowed,
    "FaultMinimum": FaultMinimum,
    "FaultMaximum": FaultMaximum,
    "Fault": Fault,
    "ErrorDetailsDetails": ErrorDetailsDetails,
    "ErrorDetailsErrors": ErrorDetailsErrors,
    "ErrorDetails": ErrorDetails,
    "WarningDetail": WarningDetail,
    "EnvelopeHead": EnvelopeHead,
    "ReplyWarnings": ReplyWarnings,
    "ReplyWarningDetails": ReplyWarningDetails,
    "Reply": Reply,
    "ReplyData": ReplyData,
    "ProblemWarnings": ProblemWarnings,
    "ProblemWarningDetails": ProblemWarningDetails,
    "ProblemType": ProblemType,
    "ProblemStatus": ProblemStatus,
    "Problem": Problem,
    "Stage": Stage,
    "ProgressEventEvent": ProgressEventEvent,
    "ProgressEvent": ProgressEvent,
    "PreviewEventEvent": PreviewEventEvent,
    "PreviewEvent": PreviewEvent,
    "LogLevel": LogLevel,
    "LogEventEvent": LogEventEvent,
    "LogEvent": LogEvent,
    "HeartbeatEventEvent": HeartbeatEventEvent,
    "HeartbeatEvent": HeartbeatEvent,
    "TrainingProgressEventEvent": TrainingProgressEventEvent,
    "TrainingProgressEventLoss": TrainingProgressEventLoss,
    "TrainingProgressEvent": TrainingProgressEvent,
    "PromptSubmission": PromptSubmission,
    "Prompt": Prompt,
    "OptionalPrompt": OptionalPrompt,
    "Steps": Steps,
    "GuidanceScale": GuidanceScale,
    "Seed": Seed,
    "ImageSide": ImageSide,
    "BatchSize": BatchSize,
    "SchedulerType": SchedulerType,
    "TimestepSpacing": TimestepSpacing,
    "MaskChannel": MaskChannel,
    "ControlNetType": ControlNetType,
    "Optimization": Optimization,
    "DeviceName": DeviceName,
    "UpscalerName": UpscalerName,
    "Priority": Priority,
    "Model": Model,
    "Scheduler": Scheduler,
    "Dimensions": Dimensions,
    "HyperparametersStrength": HyperparametersStrength,
    "HyperparametersRefinerStart": HyperparametersRefinerStart,
    "Hyperparameters": Hyperparameters,
    "LoraWeight": LoraWeight,
    "LoraAdapterName": LoraAdapterName,
    "Lora": Lora,
    "ControlNetWeight": ControlNetWeight,
    "ControlNetGuidanceStart": ControlNetGuidanceStart,
    "ControlNetGuidanceEnd": ControlNetGuidanceEnd,
    "ControlNet": ControlNet,
    "TextualInversionToken": TextualInversionToken,
    "TextualInversion": TextualInversion,
    "ConditioningClipSkip": ConditioningClipSkip,
    "ConditioningLoras": ConditioningLoras,
    "ConditioningControlNets": ConditioningControlNets,
    "ConditioningTextualInversions": ConditioningTextualInversions,
    "ConditioningMaskBlur": ConditioningMaskBlur,
    "ConditioningReferenceImages": ConditioningReferenceImages,
    "Conditioning": Conditioning,
    "PerformanceOptimizations": PerformanceOptimizations,
    "Performance": Performance,
    "PostprocessingUpscaleFactor": PostprocessingUpscaleFactor,
    "PostprocessingQuality": PostprocessingQuality,
    "Postprocessing": Postprocessing,
    "MetadataTimeoutSeconds": MetadataTimeoutSeconds,
    "MetadataTagsValue": MetadataTagsValue,
    "MetadataTags": MetadataTags,
    "Metadata": Metadata,
    "Parameters": Parameters,
    "InitializeResultWorker": InitializeResultWorker,
    "InitializeResultFeatures": InitializeResultFeatures,
    "InitializeResultPid": InitializeResultPid,
    "InitializeResult": InitializeResult,
    "Empty": Empty,
    "MemoryStats": MemoryStats,
    "WorkerStatusGpus": WorkerStatusGpus,
    "WorkerStatus": WorkerStatus,
    "CapabilityLimits": CapabilityLimits,
    "WorkerCapabilitiesFeatures": WorkerCapabilitiesFeatures,
    "WorkerCapabilitiesSupportedSchedulers": WorkerCapabilitiesSupportedSchedulers,
    "WorkerCapabilitiesSupportedFormats": WorkerCapabilitiesSupportedFormats,
    "WorkerCapabilitiesMemoryOptimizations": WorkerCapabilitiesMemoryOptimizations,
    "WorkerCapabilitiesPostprocessingOptions": WorkerCapabilitiesPostprocessingOptions,
    "WorkerCapabilitiesLoadedModels": WorkerCapabilitiesLoadedModels,
    "WorkerCapabilitiesControlNetTypes": WorkerCapabilitiesControlNetTypes,
    "WorkerCapabilitiesActions": WorkerCapabilitiesActions,
    "WorkerCapabilitiesDtypes": WorkerCapabilitiesDtypes,
    "WorkerCapabilitiesGpus": WorkerCapabilitiesGpus,
    "WorkerCapabilitiesFamilies": WorkerCapabilitiesFamilies,
    "WorkerCapabilities": WorkerCapabilities,
    "SchedulerInfo": SchedulerInfo,
    "SchedulersSchedulers": SchedulersSchedulers,
    "SchedulersDefaultSteps": SchedulersDefaultSteps,
    "Schedulers": Schedulers,
    "ControlNetTypeInfoRecommendedWeight": ControlNetTypeInfoRecommendedWeight,
    "ControlNetTypeInfoSupportedFormats": ControlNetTypeInfoSupportedFormats,
    "ControlNetTypeInfo": ControlNetTypeInfo,
    "ControlNetTypesTypes": ControlNetTypesTypes,
    "ControlNetTypesRecommendedWeightsValue": ControlNetTypesRecommendedWeightsValue,
    "ControlNetTypesRecommendedWeights": ControlNetTypesRecommendedWeights,
    "ControlNetTypes": ControlNetTypes,
    "ModelLocation": ModelLocation,
    "ModelInfo": ModelInfo,
    "ModelsModels": ModelsModels,
    "ModelsGpus": ModelsGpus,
    "Models": Models,
    "PerformanceMetricsGpus": PerformanceMetricsGpus,
    "PerformanceMetrics": PerformanceMetrics,
    "QueuedRequest": QueuedRequest,
    "QueueStatusQueuedRequests": QueueStatusQueuedRequests,
    "QueueStatus": QueueStatus,
    "ValidationDetailsValue": ValidationDetailsValue,
    "ValidationDetails": ValidationDetails,
    "CanonicalDocument": CanonicalDocument,
    "ValidationReportErrors": ValidationReportErrors,
    "ValidationReportWarnings": ValidationReportWarnings,
    "ValidationReport": ValidationReport,
    "EstimateBasis": EstimateBasis,
    "PerformanceEstimateEstimatedVramUsageMb": PerformanceEstimateEstimatedVramUsageMb,
    "PerformanceEstimateDetailedBreakdownValue": PerformanceEstimateDetailedBreakdownValue,
    "PerformanceEstimateDetailedBreakdown": PerformanceEstimateDetailedBreakdown,
    "PerformanceEstimate": PerformanceEstimate,
    "OptimizationChangePath": OptimizationChangePath,
    "OptimizationChange": OptimizationChange,
    "OptimizationResultChanges": OptimizationResultChanges,
    "OptimizationResult": OptimizationResult,
    "LoadResult": LoadResult,
    "SuiteComponent": SuiteComponent,
    "ComponentResult": ComponentResult,
    "SuiteResultComponentResults": SuiteResultComponentResults,
    "SuiteResult": SuiteResult,
    "UnloadResultModelIds": UnloadResultModelIds,
    "UnloadResult": UnloadResult,
    "CleanupResult": CleanupResult,
    "FileFormat": FileFormat,
    "ModelComponent": ModelComponent,
    "FileResultDtypes": FileResultDtypes,
    "FileResultIssues": FileResultIssues,
    "FileResult": FileResult,
    "FileResultsResults": FileResultsResults,
    "FileResults": FileResults,
    "ImageDetailWidth": ImageDetailWidth,
    "ImageDetailHeight": ImageDetailHeight,
    "ImageDetailSeed": ImageDetailSeed,
    "ImageDetail": ImageDetail,
    "SdxlResultImages": SdxlResultImages,
    "SdxlResultImageDetails": SdxlResultImageDetails,
    "SdxlResultSeedUsed": SdxlResultSeedUsed,
    "SdxlResultFeaturesUsed": SdxlResultFeaturesUsed,
    "SdxlResultWarnings": SdxlResultWarnings,
    "SdxlResult": SdxlResult,
    "ImageResultImages": ImageResultImages,
    "ImageResultImageDetails": ImageResultImageDetails,
    "ImageResultSeedUsed": ImageResultSeedUsed,
    "ImageResultFeaturesUsed": ImageResultFeaturesUsed,
    "ImageResultWarnings": ImageResultWarnings,
    "ImageResultSeed": ImageResultSeed,
    "ImageResultWidth": ImageResultWidth,
    "ImageResultHeight": ImageResultHeight,
    "ImageResult": ImageResult,
    "StructuredResultImages": StructuredResultImages,
    "StructuredResultImageDetails": StructuredResultImageDetails,
    "StructuredResultSeedUsed": StructuredResultSeedUsed,
    "StructuredResultFeaturesUsed": StructuredResultFeaturesUsed,
    "StructuredResultWarnings": StructuredResultWarnings,
    "StructuredResult": StructuredResult,
    "BatchItem": BatchItem,
    "BatchResultResults": BatchResultResults,
    "BatchResult": BatchResult,
    "CancelledFrom": CancelledFrom,
    "CancelResult": CancelResult,
    "TrainingStarted": TrainingStarted,
    "TrainingHistoryRows": TrainingHistoryRows,
    "TrainingHistory": TrainingHistory,
    "TrainingStopped": TrainingStopped,
    "SelfTestCheck": SelfTestCheck,
    "SelfTestReportChecks": SelfTestReportChecks,
    "SelfTestReport": SelfTestReport,
    "BestGpuReasons": BestGpuReasons,
    "BestGpu": BestGpu,
    "GpuReadinessReasons": GpuReadinessReasons,
    "GpuReadinessBreaker": GpuReadinessBreaker,
    "GpuReadiness": GpuReadiness,
    "SdxlReadinessReadinessPercent": SdxlReadinessReadinessPercent,
    "SdxlReadinessGpus": SdxlReadinessGpus,
    "SdxlReadiness": SdxlReadiness,
    "BalanceMoveAction": BalanceMoveAction,
    "BalanceMove": BalanceMove,
    "BalanceResultMoves": BalanceResultMoves,
    "BalanceResult": BalanceResult,
    "JobResult": JobResult,
    "Job": Job,
    "JobUrlsImages": JobUrlsImages,
    "JobUrls": JobUrls,
    "JobsJobs": JobsJobs,
    "JobsNextCursor": JobsNextCursor,
    "Jobs": Jobs,
    "SessionsSessions": SessionsSessions,
    "Sessions": Sessions,
    "DeviceType": DeviceType,
    "DeviceInfoUuid": DeviceInfoUuid,
    "DeviceInfoFamilies": DeviceInfoFamilies,
    "DeviceInfo": DeviceInfo,
    "DevicesDevices": DevicesDevices,
    "Devices": Devices,
    "CacheStatusModels": CacheStatusModels,
    "CacheStatus": CacheStatus,
    "Accepted": Accepted,
    "UploadWidth": UploadWidth,
    "UploadHeight": UploadHeight,
    "Upload": Upload,
    "LivenessStatus": LivenessStatus,
    "Liveness": Liveness,
    "GpuHealth": GpuHealth,
    "ReadinessStatus": ReadinessStatus,
    "ReadinessGpus": ReadinessGpus,
    "Readiness": Readiness,
    "ModelFamily": ModelFamily,
    "TrainingType": TrainingType,
    "DreamboothMode": DreamboothMode,
    "LrScheduler": LrScheduler,
    "TrainingState": TrainingState,
    "TrainingHyperparametersLearningRate": TrainingHyperparametersLearningRate,
    "TrainingHyperparametersBatchSize": TrainingHyperparametersBatchSize,
    "TrainingHyperparametersEpochs": TrainingHyperparametersEpochs,
    "TrainingHyperparametersMaxSteps": TrainingHyperparametersMaxSteps,
    "TrainingHyperparametersResolution": TrainingHyperparametersResolution,
    "TrainingHyperparametersRank": TrainingHyperparametersRank,
    "TrainingHyperparametersAlpha": TrainingHyperparametersAlpha,
    "TrainingHyperparametersGradientAccumulation": TrainingHyperparametersGradientAccumulation,
    "TrainingHyperparametersCheckpointEvery": TrainingHyperparametersCheckpointEvery,
    "TrainingHyperparameters": TrainingHyperparameters,
    "TrainingJobInstancePrompt": TrainingJobInstancePrompt,
    "TrainingJobPlaceholderToken": TrainingJobPlaceholderToken,
    "TrainingJobInitializerToken": TrainingJobInitializerToken,
    "TrainingJobValidationPrompt": TrainingJobValidationPrompt,
    "TrainingJobValidationEvery": TrainingJobValidationEvery,
    "TrainingJob": TrainingJob,
    "TrainingStatusLoss": TrainingStatusLoss,
    "TrainingStatusLearningRate": TrainingStatusLearningRate,
    "TrainingStatus": TrainingStatus,
    "TrainingHistoryRowLoss": TrainingHistoryRowLoss,
    "TrainingHistoryRowLearningRate": TrainingHistoryRowLearningRate,
    "TrainingHistoryRowValidationImages": TrainingHistoryRowValidationImages,
    "TrainingHistoryRow": TrainingHistoryRow,
}
"""Every type by its name in the schemas; what is hoisted out of a property is `OwnerProperty`."""
