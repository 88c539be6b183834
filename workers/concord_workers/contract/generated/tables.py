"""The tables of the contract: errors, warnings, actions, enum values, limits.

Generated from schemas/*.json by cargo xtask codegen; edit the schema instead.
"""

from typing import Any, Final, NamedTuple


class ErrorRow(NamedTuple):
    """One error code."""

    status: int
    retryable: bool
    csharp_exception: str
    meaning: str
    hint: str
    retry_after: bool


class ActionRow(NamedTuple):
    """One action; `action_class` is query, control, job, training or gateway; timeouts are seconds, None: no timeout."""

    aliases: tuple[str, ...]
    action_class: str
    summary: str
    request: str
    reply: str
    worker_module: str | None
    timeout_seconds: float | None
    wrapped_in: str | None
    request_id_max: int | None
    class_when: dict[str, Any] | None


ERRORS: Final[dict[str, ErrorRow]] = {
    "bad_frame": ErrorRow(status=400, retryable=False, csharp_exception="JsonException", meaning="The line is not one valid JSON object.", hint="send one JSON object per line, UTF-8, at most 64 levels deep, with finite numbers", retry_after=False),
    "duplicate_field": ErrorRow(status=400, retryable=False, csharp_exception="JsonException", meaning="A property is given twice, with different values.", hint="write each property once", retry_after=False),
    "bad_request": ErrorRow(status=400, retryable=False, csharp_exception="ArgumentException", meaning="The request breaks a rule of HTTP itself.", hint="send exactly one Host header, and write the path and the headers as HTTP requires", retry_after=False),
    "unknown_field": ErrorRow(status=422, retryable=False, csharp_exception="ArgumentException", meaning="The schema has no property of this name.", hint="remove it or spell it as the schema does", retry_after=False),
    "missing_field": ErrorRow(status=422, retryable=False, csharp_exception="ArgumentException", meaning="A required property is absent, null or empty.", hint="write it", retry_after=False),
    "unsupported_value": ErrorRow(status=422, retryable=False, csharp_exception="ArgumentException", meaning="A value of the wrong type, form or spelling.", hint="write one of the allowed values", retry_after=False),
    "out_of_range": ErrorRow(status=422, retryable=False, csharp_exception="ArgumentOutOfRangeException", meaning="A number, length or count outside its limits.", hint="stay within the limits that the message names", retry_after=False),
    "validation_failed": ErrorRow(status=422, retryable=False, csharp_exception="ArgumentException", meaning="The document has several faults, or breaks a rule between its fields.", hint="see errors[]", retry_after=False),
    "unknown_action": ErrorRow(status=404, retryable=False, csharp_exception="NotSupportedException", meaning="There is no such action.", hint="see the actions of get_capabilities", retry_after=False),
    "unsupported_feature": ErrorRow(status=501, retryable=False, csharp_exception="NotSupportedException", meaning="Understood, but not implemented here.", hint="see get_capabilities", retry_after=False),
    "frame_too_large": ErrorRow(status=413, retryable=False, csharp_exception="ArgumentException", meaning="The frame is longer than allowed.", hint="send images as paths or uploads", retry_after=False),
    "method_not_allowed": ErrorRow(status=405, retryable=False, csharp_exception="NotSupportedException", meaning="The route does not take this method.", hint="see the Allow header", retry_after=False),
    "unsupported_media_type": ErrorRow(status=415, retryable=False, csharp_exception="NotSupportedException", meaning="The Content-Type of the body is not supported.", hint="send application/json", retry_after=False),
    "not_acceptable": ErrorRow(status=406, retryable=False, csharp_exception="NotSupportedException", meaning="The Accept header excludes the format that the job makes.", hint="ask for the output_format of the job, or accept application/json", retry_after=False),
    "unauthorized": ErrorRow(status=401, retryable=False, csharp_exception="UnauthorizedAccessException", meaning="The request has no valid API key.", hint="send an API key", retry_after=False),
    "forbidden": ErrorRow(status=403, retryable=False, csharp_exception="UnauthorizedAccessException", meaning="The API key does not allow this command.", hint="use a key with the scope", retry_after=False),
    "path_not_allowed": ErrorRow(status=403, retryable=False, csharp_exception="UnauthorizedAccessException", meaning="The real path is outside the allowed roots.", hint="use a path below a root that is configured for this kind of file", retry_after=False),
    "model_not_found": ErrorRow(status=404, retryable=False, csharp_exception="FileNotFoundException", meaning="No model of that id or path.", hint="see get_model_info, or load it", retry_after=False),
    "session_not_found": ErrorRow(status=404, retryable=False, csharp_exception="KeyNotFoundException", meaning="No such session.", hint="see list_sessions", retry_after=False),
    "training_not_found": ErrorRow(status=404, retryable=False, csharp_exception="KeyNotFoundException", meaning="No such training.", hint="use the id that start_training answered", retry_after=False),
    "job_not_found": ErrorRow(status=404, retryable=False, csharp_exception="KeyNotFoundException", meaning="No such job, or it has ended.", hint="see list_jobs", retry_after=False),
    "gpu_not_found": ErrorRow(status=404, retryable=False, csharp_exception="KeyNotFoundException", meaning="No such GPU here.", hint="see list_devices", retry_after=False),
    "upload_not_found": ErrorRow(status=404, retryable=False, csharp_exception="KeyNotFoundException", meaning="No such upload, or it has expired.", hint="upload it again", retry_after=False),
    "route_not_found": ErrorRow(status=404, retryable=False, csharp_exception="KeyNotFoundException", meaning="No such route.", hint="see /openapi.json", retry_after=False),
    "model_invalid": ErrorRow(status=422, retryable=False, csharp_exception="InvalidDataException", meaning="The model file is broken or of the wrong kind.", hint="see validate_model_files", retry_after=False),
    "image_invalid": ErrorRow(status=422, retryable=False, csharp_exception="InvalidDataException", meaning="The image is absent, unreadable or not allowed.", hint="send PNG, JPEG or WebP of at most 64 megapixels", retry_after=False),
    "model_not_loaded": ErrorRow(status=409, retryable=False, csharp_exception="InvalidOperationException", meaning="The job names no model and none is loaded.", hint="name a model, or load one", retry_after=False),
    "conflict": ErrorRow(status=409, retryable=False, csharp_exception="InvalidOperationException", meaning="The command conflicts with something that exists already.", hint="see details", retry_after=False),
    "worker_busy": ErrorRow(status=503, retryable=True, csharp_exception="InvalidOperationException", meaning="The worker trains, or waits to be started again.", hint="try again later, or on another GPU", retry_after=False),
    "no_gpu_available": ErrorRow(status=503, retryable=False, csharp_exception="InvalidOperationException", meaning="Every worker that could run the command is misconfigured.", hint="correct what details.lanes names; the gateway starts the workers again by itself", retry_after=False),
    "queue_full": ErrorRow(status=429, retryable=True, csharp_exception="InvalidOperationException", meaning="The queue is full.", hint="try again after Retry-After", retry_after=True),
    "rate_limited": ErrorRow(status=429, retryable=True, csharp_exception="InvalidOperationException", meaning="Too many requests.", hint="try again after Retry-After", retry_after=True),
    "out_of_memory": ErrorRow(status=507, retryable=False, csharp_exception="OutOfMemoryException", meaning="The device has too little memory.", hint="free memory first: cleanup_memory, or see optimize_request", retry_after=False),
    "storage_full": ErrorRow(status=507, retryable=True, csharp_exception="IOException", meaning="The disk is full, or the output directory cannot be written.", hint="free disk space, or make the output directory writable", retry_after=False),
    "worker_crashed": ErrorRow(status=502, retryable=True, csharp_exception="IOException", meaning="The worker died.", hint="try again", retry_after=False),
    "worker_protocol_error": ErrorRow(status=502, retryable=True, csharp_exception="IOException", meaning="The worker broke the contract.", hint="see the gateway's log", retry_after=False),
    "timeout": ErrorRow(status=504, retryable=True, csharp_exception="TimeoutException", meaning="The command took longer than allowed.", hint="allow more time", retry_after=False),
    "cancelled": ErrorRow(status=409, retryable=False, csharp_exception="OperationCanceledException", meaning="The command was cancelled.", hint="send it again if it is still wanted", retry_after=False),
    "shutting_down": ErrorRow(status=503, retryable=True, csharp_exception="OperationCanceledException", meaning="The worker or the gateway is shutting down.", hint="try again later", retry_after=False),
    "internal": ErrorRow(status=500, retryable=False, csharp_exception="InvalidOperationException", meaning="A bug of the worker or the gateway.", hint="report it with the request id", retry_after=False),
}

WARNINGS: Final[dict[str, str]] = {
    "accepted_spelling": "A name or an enum value was read in another spelling than the canonical one.",
    "duplicate_equal": "A property is given twice, with equal values.",
    "no_effect": "A value was set where it can take no effect.",
    "image_resized": "An image had another size than the job and was resized.",
    "colour_converted": "An image had a colour profile other than sRGB and was converted to sRGB.",
    "colour_profile_ignored": "An image has a colour profile that cannot be used; its values were taken as sRGB.",
    "decoded_in_tiles": "The memory was too small to decode the picture whole. It was decoded in tiles, whose colours may differ a little.",
    "weights_unused": "A model's files hold weights of no part of the model; they are not used.",
    "image_flagged": "The safety checker blackened a picture.",
    "model_swapped": "Another model was evicted to load one for this job.",
    "device_alias": "`gpu_N` was read as `cuda:N`.",
    "weight_zero": "A LoRA or ControlNet of weight 0 is not used.",
    "unknown_member": "A worker's reply has a member that the schema does not know; it was passed on.",
    "gpu_left_out": "The worker of a GPU, or its driver, gave no answer. The reply is about the others, or lacks what only that one knows; the message names the GPU and the reason.",
}

ACTIONS: Final[dict[str, ActionRow]] = {
    "initialize": ActionRow(
        aliases=(), action_class="control", summary="Opens the conversation.",
        request="Initialize", reply="InitializeResult", worker_module="main.py", timeout_seconds=300,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "shutdown": ActionRow(
        aliases=(), action_class="control", summary="Ends the worker or gateway politely.",
        request="Shutdown", reply="Empty", worker_module="main.py", timeout_seconds=300,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "get_status": ActionRow(
        aliases=(), action_class="query", summary="State of the worker or the pool.",
        request="Nothing", reply="WorkerStatus", worker_module="base_worker.py", timeout_seconds=10,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "get_capabilities": ActionRow(
        aliases=(), action_class="query", summary="Abilities of the worker or the pool.",
        request="Nothing", reply="WorkerCapabilities", worker_module="device_manager.py", timeout_seconds=10,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "get_schedulers": ActionRow(
        aliases=(), action_class="query", summary="The samplers.",
        request="Nothing", reply="Schedulers", worker_module="scheduler_factory.py", timeout_seconds=10,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "get_controlnet_types": ActionRow(
        aliases=(), action_class="query", summary="The ControlNet types.",
        request="Nothing", reply="ControlNetTypes", worker_module="controlnet.py", timeout_seconds=10,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "get_model_info": ActionRow(
        aliases=(), action_class="query", summary="Models loaded or cached.",
        request="GetModelInfo", reply="Models", worker_module="model_loader.py", timeout_seconds=10,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "get_performance_metrics": ActionRow(
        aliases=(), action_class="query", summary="Measurements since start.",
        request="Nothing", reply="PerformanceMetrics", worker_module="device_manager.py", timeout_seconds=10,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "get_queue_status": ActionRow(
        aliases=(), action_class="query", summary="The queue of jobs.",
        request="Nothing", reply="QueueStatus", worker_module="pipeline_manager.py", timeout_seconds=10,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "validate_request": ActionRow(
        aliases=(), action_class="query", summary="Reads a prompt submission and says what was understood and what is wrong.",
        request="SubmissionCommand", reply="ValidationReport", worker_module="base_worker.py", timeout_seconds=10,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "get_performance_estimate": ActionRow(
        aliases=(), action_class="query", summary="Memory and time that a job would need.",
        request="SubmissionCommand", reply="PerformanceEstimate", worker_module="memory_optimizer.py", timeout_seconds=10,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "optimize_request": ActionRow(
        aliases=(), action_class="query", summary="A changed request that fits.",
        request="OptimizeRequest", reply="OptimizationResult", worker_module="memory_optimizer.py", timeout_seconds=10,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "load_model": ActionRow(
        aliases=(), action_class="control", summary="Loads one model to a GPU.",
        request="LoadModel", reply="LoadResult", worker_module="model_loader.py", timeout_seconds=300,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "load_sdxl_suite": ActionRow(
        aliases=(), action_class="control", summary="Loads a model suite to a GPU.",
        request="SuiteCommand", reply="SuiteResult", worker_module="model_loader.py", timeout_seconds=300,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "unload_model": ActionRow(
        aliases=(), action_class="control", summary="Unloads one model, or everything on the GPU.",
        request="UnloadModel", reply="UnloadResult", worker_module="model_loader.py", timeout_seconds=300,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "cleanup_memory": ActionRow(
        aliases=(), action_class="control", summary="Frees what nothing holds.",
        request="Nothing", reply="CleanupResult", worker_module="memory_optimizer.py", timeout_seconds=300,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "load_model_to_cache": ActionRow(
        aliases=(), action_class="control", summary="Loads one model to the RAM cache.",
        request="LoadModel", reply="LoadResult", worker_module="model_loader.py", timeout_seconds=300,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "load_from_cache": ActionRow(
        aliases=("load_model_from_cache",), action_class="control", summary="Loads a cached model to a GPU.",
        request="LoadFromCache", reply="LoadResult", worker_module="model_loader.py", timeout_seconds=300,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "cache_sdxl_suite": ActionRow(
        aliases=(), action_class="control", summary="Loads a model suite to the RAM cache.",
        request="SuiteCommand", reply="SuiteResult", worker_module="model_loader.py", timeout_seconds=300,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "validate_model_files": ActionRow(
        aliases=(), action_class="query", summary="Opens model files and says what is wrong with them.",
        request="ValidateModelFiles", reply="FileResults", worker_module="model_loader.py", timeout_seconds=10,
        wrapped_in=None, request_id_max=None, class_when={"field": "deep", "equals": True, "class": "job", "timeout_seconds": 3600},
    ),
    "generate_sdxl": ActionRow(
        aliases=(), action_class="job", summary="Makes pictures.",
        request="SubmissionCommand", reply="SdxlResult", worker_module="sdxl_worker.py", timeout_seconds=600,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "generate_sdxl_enhanced": ActionRow(
        aliases=(), action_class="job", summary="Makes pictures; the name that the C# bridge uses.",
        request="SubmissionCommand", reply="SdxlResult", worker_module="sdxl_worker.py", timeout_seconds=600,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "enhanced_sdxl": ActionRow(
        aliases=(), action_class="job", summary="Makes pictures; the name that the inference service uses.",
        request="SubmissionCommand", reply="SdxlResult", worker_module="sdxl_worker.py", timeout_seconds=600,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "generate_image": ActionRow(
        aliases=(), action_class="job", summary="Makes pictures from flat parameters.",
        request="ParametersCommand", reply="ImageResult", worker_module="sdxl_worker.py", timeout_seconds=600,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "run_inference": ActionRow(
        aliases=(), action_class="job", summary="Makes pictures from a model and flat parameters.",
        request="RunInference", reply="SdxlResult", worker_module="sdxl_worker.py", timeout_seconds=600,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "structured_inference": ActionRow(
        aliases=(), action_class="job", summary="Makes pictures, and says what was read.",
        request="SubmissionCommand", reply="StructuredResult", worker_module="pipeline_manager.py", timeout_seconds=600,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "batch_generate": ActionRow(
        aliases=(), action_class="job", summary="Several prompt submissions, one after another.",
        request="BatchGenerate", reply="BatchResult", worker_module="batch_processor.py", timeout_seconds=600,
        wrapped_in=None, request_id_max=125, class_when=None,
    ),
    "cancel": ActionRow(
        aliases=(), action_class="control", summary="Cancels a job, waiting or running.",
        request="Cancel", reply="CancelResult", worker_module="pipeline_manager.py", timeout_seconds=300,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "start_training": ActionRow(
        aliases=(), action_class="training", summary="Starts a training.",
        request="TrainingJob", reply="TrainingStarted", worker_module="training", timeout_seconds=None,
        wrapped_in="request", request_id_max=None, class_when=None,
    ),
    "start_sdxl_training": ActionRow(
        aliases=(), action_class="training", summary="Starts a training on an SDXL base.",
        request="TrainingJob", reply="TrainingStarted", worker_module="training", timeout_seconds=None,
        wrapped_in="request", request_id_max=None, class_when=None,
    ),
    "get_training_status": ActionRow(
        aliases=(), action_class="query", summary="Status of a training.",
        request="TrainingCommand", reply="TrainingStatus", worker_module="training", timeout_seconds=10,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "get_training_history": ActionRow(
        aliases=(), action_class="query", summary="The history of a training.",
        request="TrainingCommand", reply="TrainingHistory", worker_module="training", timeout_seconds=10,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "stop_training": ActionRow(
        aliases=(), action_class="control", summary="Stops a training.",
        request="StopTraining", reply="TrainingStopped", worker_module="training", timeout_seconds=300,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "run_self_test": ActionRow(
        aliases=(), action_class="job", summary="Tests a worker by its own means.",
        request="RunSelfTest", reply="SelfTestReport", worker_module="all", timeout_seconds=3600,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "find_best_gpu": ActionRow(
        aliases=(), action_class="gateway", summary="Which GPU would take a job now.",
        request="FindBestGpu", reply="BestGpu", worker_module=None, timeout_seconds=10,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "get_sdxl_readiness": ActionRow(
        aliases=(), action_class="gateway", summary="Whether the pool is ready for SDXL.",
        request="Nothing", reply="SdxlReadiness", worker_module=None, timeout_seconds=10,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "auto_balance": ActionRow(
        aliases=(), action_class="gateway", summary="Moves queued work and models between GPUs.",
        request="AutoBalance", reply="BalanceResult", worker_module=None, timeout_seconds=10,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "list_sessions": ActionRow(
        aliases=(), action_class="gateway", summary="Sessions, newest first.",
        request="Nothing", reply="Sessions", worker_module=None, timeout_seconds=10,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "get_session": ActionRow(
        aliases=(), action_class="gateway", summary="One session.",
        request="SessionCommand", reply="Job", worker_module=None, timeout_seconds=10,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "cancel_session": ActionRow(
        aliases=(), action_class="gateway", summary="Cancels the job of a session.",
        request="SessionCommand", reply="Job", worker_module=None, timeout_seconds=10,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "get_job": ActionRow(
        aliases=(), action_class="gateway", summary="One job.",
        request="GetJob", reply="Job", worker_module=None, timeout_seconds=10,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "list_jobs": ActionRow(
        aliases=(), action_class="gateway", summary="Jobs, newest first.",
        request="ListJobs", reply="Jobs", worker_module=None, timeout_seconds=10,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "delete_upload": ActionRow(
        aliases=(), action_class="gateway", summary="Forgets an upload; its file goes when no job reads it any more.",
        request="DeleteUpload", reply="Empty", worker_module=None, timeout_seconds=10,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "list_devices": ActionRow(
        aliases=(), action_class="gateway", summary="The devices of the host.",
        request="Nothing", reply="Devices", worker_module=None, timeout_seconds=10,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
    "get_cache_status": ActionRow(
        aliases=(), action_class="gateway", summary="The RAM cache of the host.",
        request="Nothing", reply="CacheStatus", worker_module=None, timeout_seconds=10,
        wrapped_in=None, request_id_max=None, class_when=None,
    ),
}

ALIASES: Final[dict[str, str]] = {alias: name for name, row in ACTIONS.items() for alias in row.aliases}
"""Further names of actions, to the name."""

ENUM_VALUES: Final[dict[str, dict[str, dict[str, Any]]]] = {
    "SelfTestScope": {
        "commands": {"description": "every command once"},
        "sdxl": {"description": "the features of SDXL"},
        "models": {"description": "the model files"},
        "benchmark": {"description": "timings"},
    },
    "OutputFormat": {
        "png": {"base64_starts": ["iVBORw0KGgo"]},
        "jpeg": {"spellings": ["jpg"], "base64_starts": ["/9j/"]},
        "webp": {"base64_starts": ["UklGR"]},
    },
    "ModelType": {
        "sdxl": {"spellings": ["base"], "description": "SDXL base checkpoint"},
        "sdxl_refiner": {"spellings": ["refiner"], "description": "SDXL refiner checkpoint"},
        "vae": {"description": "autoencoder"},
        "lora": {"description": "LoRA weights"},
        "controlnet": {"description": "ControlNet weights"},
        "textual_inversion": {"description": "textual inversion embeddings"},
        "upscaler": {"description": "upscaling network"},
        "safety_checker": {"description": "safety checker"},
    },
    "PrecisionName": {
        "fp16": {"spellings": ["float16"]},
        "bf16": {"spellings": ["bfloat16"]},
        "fp32": {"spellings": ["float32"]},
    },
    "SchedulerType": {
        "DPM++ 2M": {"diffusers_class": "DPMSolverMultistepScheduler", "spellings": ["DPM++", "DPMSolverMultistep", "DPMSolverMultistepScheduler"], "recommended_steps": 25, "description": "multistep DPM-Solver++ of order 2; a good default"},
        "DPM++ 2M Karras": {"diffusers_class": "DPMSolverMultistepScheduler", "recommended_steps": 25, "description": "DPM++ 2M on Karras sigmas", "karras_of": "DPM++ 2M"},
        "DPM++ 2M SDE": {"diffusers_class": "DPMSolverMultistepScheduler", "recommended_steps": 25, "description": "stochastic DPM-Solver++ of order 2", "diffusers_config": {"algorithm_type": "sde-dpmsolver++"}},
        "DPM++ 2M SDE Karras": {"diffusers_class": "DPMSolverMultistepScheduler", "recommended_steps": 25, "description": "DPM++ 2M SDE on Karras sigmas", "karras_of": "DPM++ 2M SDE", "diffusers_config": {"algorithm_type": "sde-dpmsolver++"}},
        "DPM++ 2S": {"diffusers_class": "DPMSolverSinglestepScheduler", "spellings": ["DPMSolverSinglestep", "DPMSolverSinglestepScheduler"], "recommended_steps": 25, "description": "singlestep DPM-Solver++ of order 2", "timestep_spacings": ["leading"]},
        "DPM++ SDE": {"diffusers_class": "DPMSolverSDEScheduler", "spellings": ["DPMSolverSDE", "DPMSolverSDEScheduler"], "recommended_steps": 25, "description": "stochastic DPM-Solver++ with a Brownian tree; about two model calls a step"},
        "DPM++ SDE Karras": {"diffusers_class": "DPMSolverSDEScheduler", "recommended_steps": 25, "description": "DPM++ SDE on Karras sigmas", "karras_of": "DPM++ SDE"},
        "Euler": {"diffusers_class": "EulerDiscreteScheduler", "spellings": ["EulerDiscrete", "EulerDiscreteScheduler", "EulerC"], "recommended_steps": 30, "description": "first order, deterministic"},
        "Euler a": {"diffusers_class": "EulerAncestralDiscreteScheduler", "spellings": ["EulerA", "EulerAncestral", "Euler Ancestral", "euler_a", "EulerAncestralDiscrete", "EulerAncestralDiscreteScheduler"], "recommended_steps": 30, "description": "first order with ancestral noise", "karras": False},
        "Heun": {"diffusers_class": "HeunDiscreteScheduler", "spellings": ["HeunDiscrete", "HeunDiscreteScheduler"], "recommended_steps": 20, "description": "second order; two model calls a step"},
        "LMS": {"diffusers_class": "LMSDiscreteScheduler", "spellings": ["LMSDiscrete", "LMSDiscreteScheduler"], "recommended_steps": 50, "description": "linear multistep"},
        "DDIM": {"diffusers_class": "DDIMScheduler", "spellings": ["DDIMScheduler"], "recommended_steps": 50, "description": "deterministic implicit sampling", "karras": False},
        "PNDM": {"diffusers_class": "PNDMScheduler", "spellings": ["PNDMScheduler"], "recommended_steps": 50, "description": "pseudo numerical method", "karras": False, "diffusers_config": {"skip_prk_steps": True}},
        "UniPC": {"diffusers_class": "UniPCMultistepScheduler", "spellings": ["UniPCMultistep", "UniPCMultistepScheduler"], "recommended_steps": 20, "description": "unified predictor-corrector; good at few steps"},
        "DEIS": {"diffusers_class": "DEISMultistepScheduler", "spellings": ["DEISMultistep", "DEISMultistepScheduler"], "recommended_steps": 20, "description": "exponential integrator"},
        "KDPM2": {"diffusers_class": "KDPM2DiscreteScheduler", "spellings": ["KDPM2Discrete", "KDPM2DiscreteScheduler"], "recommended_steps": 25, "description": "DPM2 of k-diffusion; two model calls a step"},
        "KDPM2 a": {"diffusers_class": "KDPM2AncestralDiscreteScheduler", "spellings": ["KDPM2Ancestral", "KDPM2AncestralDiscrete", "KDPM2AncestralDiscreteScheduler"], "recommended_steps": 25, "description": "DPM2 with ancestral noise"},
        "LCM": {"diffusers_class": "LCMScheduler", "spellings": ["LCMScheduler"], "recommended_steps": 4, "description": "latent consistency; wants an LCM model or LoRA", "karras": False, "timestep_spacings": ["leading"], "original_steps": 50},
        "TCD": {"diffusers_class": "TCDScheduler", "spellings": ["TCDScheduler"], "recommended_steps": 4, "description": "trajectory consistency; wants a TCD model or LoRA", "karras": False, "timestep_spacings": ["leading"], "original_steps": 50},
        "DDPM": {"diffusers_class": "DDPMScheduler", "spellings": ["DDPMScheduler"], "recommended_steps": 50, "description": "ancestral sampling of the training process", "karras": False},
    },
    "ControlNetType": {
        "canny": {"recommended_weight": 1.0, "description": "edges by Canny", "supported_formats": ["png", "jpeg", "webp"]},
        "depth": {"recommended_weight": 0.8, "description": "a depth map", "supported_formats": ["png", "jpeg", "webp"]},
        "openpose": {"spellings": ["pose"], "recommended_weight": 0.9, "description": "a body pose skeleton", "supported_formats": ["png", "jpeg", "webp"]},
        "lineart": {"recommended_weight": 0.9, "description": "a line drawing", "supported_formats": ["png", "jpeg", "webp"]},
        "scribble": {"recommended_weight": 0.7, "description": "a rough sketch", "supported_formats": ["png", "jpeg", "webp"]},
        "softedge": {"recommended_weight": 0.8, "description": "soft edges (HED, PiDi)", "supported_formats": ["png", "jpeg", "webp"]},
        "normal": {"recommended_weight": 0.7, "description": "a normal map", "supported_formats": ["png", "jpeg", "webp"]},
        "mlsd": {"recommended_weight": 0.8, "description": "straight lines", "supported_formats": ["png", "jpeg", "webp"]},
        "segmentation": {"spellings": ["seg"], "recommended_weight": 0.8, "description": "a segmentation map", "supported_formats": ["png", "jpeg", "webp"]},
        "tile": {"recommended_weight": 1.0, "description": "the picture itself, for detail", "supported_formats": ["png", "jpeg", "webp"]},
        "inpaint": {"recommended_weight": 1.0, "description": "the picture with a hole", "supported_formats": ["png", "jpeg", "webp"]},
    },
    "Optimization": {
        "attention_slicing": {"description": "attention in slices: slower, and no saving where attention is fused"},
        "vae_slicing": {"description": "decode a batch picture by picture"},
        "vae_tiling": {"description": "decode a large picture in tiles, whose colours may differ a little"},
        "model_cpu_offload": {"description": "move whole models to the GPU only while they run"},
        "sequential_cpu_offload": {"description": "move layers to the GPU one at a time"},
        "xformers": {"description": "memory-efficient attention by xformers"},
        "channels_last": {"description": "channels-last memory layout"},
        "torch_compile": {"description": "compile the UNet with torch.compile"},
    },
    "UpscalerName": {
        "none": {"description": "no upscaling"},
        "Lanczos": {"description": "Lanczos resampling"},
        "Bicubic": {"description": "bicubic resampling"},
        "Real-ESRGAN": {"spellings": ["realesrgan", "RealESRGAN"], "description": "the Real-ESRGAN network, from local weights", "network": True},
        "ESRGAN": {"description": "the ESRGAN network, from local weights", "network": True},
    },
    "TrainingType": {
        "LoRA": {"description": "low-rank adapters of the UNet"},
        "DreamBooth": {"description": "a subject, by a few pictures and an instance prompt"},
        "Textual Inversion": {"spellings": ["TextualInversion"], "description": "a new word for the text encoders"},
    },
}
"""What the schemas say of each value of an enum: `spellings`, `description`, and data of its own."""

SCHEDULERS: Final[dict[str, dict[str, Any]]] = ENUM_VALUES["SchedulerType"]
"""`diffusers_class`, `diffusers_config?`, `karras?` (false: has none), `karras_of?`, `timestep_spacings?`, …."""

CONTROL_NET_TYPES: Final[dict[str, dict[str, Any]]] = ENUM_VALUES["ControlNetType"]

LIMITS: Final[dict[str, Any]] = {"description": "Limits and times of the protocol, each configurable where a flag says so.", "protocol_versions": ["1"], "frame_bytes_max": {"value": 16777216, "unit": "bytes", "description": "Longest frame, without its LF."}, "depth_max": {"value": 64, "unit": "levels", "description": "Deepest nesting; System.Text.Json's limit."}, "errors_max": {"value": 100, "unit": "entries", "description": "Most entries of `errors[]`; `errors_total` counts all of them where there were more."}, "warnings_max": {"value": 100, "unit": "entries", "description": "Most entries of `warnings` and `warning_details`; `warnings_total` counts all of them where there were more."}, "pointer_bytes_max": {"value": 65536, "unit": "bytes", "description": "Length of all pointers of `errors[]` together. One name may be as long as the document: in place of a pointer longer than this stands that of the nearest container whose pointer is not."}, "chosen_seed_max": {"value": 2147483631, "unit": "seed", "description": "Largest seed that a worker chooses: C# reads it into an int, and the seeds of a batch of 16 must fit too."}, "image_pixels_max": {"value": 67108864, "unit": "pixels", "description": "Largest input image (64 megapixels)."}, "image_checked_pixels_max": {"value": 16000000, "unit": "pixels", "description": "An input image of at most this many pixels is decoded by `validate_request` too; of a larger one only the job sees the pixels. It takes a third of a second, which a query may take."}, "image_side_max": {"value": 65535, "unit": "pixels", "description": "Longest side of an input image: the longest that JPEG has. To resize a longer one would take memory without bound."}, "image_bytes_max": {"value": 536870912, "unit": "bytes", "description": "Longest file of an input image: 64 megapixels of four channels of 16 bits, not compressed."}, "bare_base64_min": {"value": 256, "unit": "characters", "description": "An image reference of at least this many characters of base64, and no other, is a picture without its `data:` head. It is no path: a file name has at most 255 bytes, and a picture has a suffix."}, "shown_characters_max": {"value": 64, "unit": "characters", "description": "Characters of a value or a name that a sentence or a hint quotes before `…`."}, "shown_pattern_characters_max": {"value": 96, "unit": "characters", "description": "Characters of a pattern that a sentence quotes before `…`; only the pattern of a trace is longer."}, "shown_pointer_characters_max": {"value": 256, "unit": "characters", "description": "Characters of a pointer that a sentence quotes before `…`; no place of the contract has a longer one."}, "path_bytes_max": {"value": 4096, "unit": "bytes", "description": "Longest path that is opened (PATH_MAX of Linux). An image reference may be as long as a frame, and following its links would take the square of its length."}, "stop_grace_seconds": {"value": 4, "unit": "seconds", "description": "After the end of stdin a worker finishes its work for this long, then cancels it."}, "stop_kill_seconds": {"value": 4.5, "unit": "seconds", "description": "After the end of stdin the gateway kills its workers at this time."}, "stop_total_seconds": {"value": 5, "unit": "seconds", "description": "After the end of stdin the process has ended by this time."}, "stderr_lines_max": {"value": 100, "unit": "lines", "description": "Lines of one worker's stderr that the gateway logs in a second, and warnings about lines of its stdout. The log says how many were left out."}, "unusable_lines_max": {"value": 10000, "unit": "lines", "description": "Unusable lines in a row on a worker's stdout: not a frame, an unknown event, or about no command in flight. After more of them the gateway restarts the worker and answers its commands with worker_protocol_error."}, "heartbeat_seconds": {"value": 1, "unit": "seconds", "description": "Time between heartbeats."}, "query_answer_seconds": {"value": 1, "unit": "seconds", "description": "With out_of_order, a query (class Q) is answered within this time while a job runs."}, "silence_seconds": {"description": "Longest time without progress of a worker, by its activity.", "start": 120, "loading": 300, "first_step_compiled": 300, "denoising": 15, "refining": 15, "training": 15, "other": 60, "idle": 5}, "attempts_max": {"value": 2, "unit": "tries", "description": "Attempts of a job; it is repeated only after worker_crashed."}, "batch_request_seconds": {"value": 600, "unit": "seconds", "description": "Default timeout of a batch, for each request."}, "cancel_grace_seconds": {"value": 5, "unit": "seconds", "description": "After a timeout, the time between cancelling the job and killing its worker."}, "session_kept_seconds": {"value": 1800, "unit": "seconds", "description": "An ended session can be read for this long."}, "upload_kept_seconds": {"value": 86400, "unit": "seconds", "description": "Uploads and idempotency keys are kept for this long."}, "deaths_max": {"value": 5, "unit": "deaths", "description": "Deaths in a row of a lane's workers that open its breaker."}, "breaker_open_seconds_min": {"value": 15, "unit": "seconds", "description": "An open lane starts a worker again after this time; it doubles with each start that fails."}, "breaker_open_seconds_max": {"value": 300, "unit": "seconds", "description": "Longest time between two starts of an open lane, which never stops trying."}, "internals_max": {"value": 3, "unit": "replies", "description": "Replies `internal` in a row, to as many different documents, after which the gateway restarts a worker as if it had died."}, "http_head_seconds": {"value": 10, "unit": "seconds", "description": "The head of a request must arrive within this time."}, "http_idle_seconds": {"value": 30, "unit": "seconds", "description": "A connection is kept for this long between two requests."}, "http_body_seconds": {"value": 30, "unit": "seconds", "description": "Each http_body_step_bytes of a body, or its end, must arrive within this time."}, "http_body_step_bytes": {"value": 65536, "unit": "bytes", "description": "Bytes of a body that must arrive within http_body_seconds."}, "http_write_seconds": {"value": 60, "unit": "seconds", "description": "A client must take a part of its reply within this time."}, "http_unread_bytes_max": {"value": 134217728, "unit": "bytes", "description": "Bytes of a refused body that are read and dropped, so that its sender reads the refusal."}, "http_connections_max": {"value": 2048, "unit": "connections", "description": "Open connections; the next one waits to be accepted."}, "idempotency_keys_max": {"value": 100000, "unit": "keys", "description": "Idempotency keys that are kept; one more is `rate_limited` until the oldest expires."}, "input_kept_seconds": {"value": 900, "unit": "seconds", "description": "An image from inside a command is kept for this long after the last command that read it: the next one may bring the same."}, "inputs_bytes_max": {"value": 8589934592, "unit": "bytes", "description": "Uploads and images that came inside commands, together, on the gateway's disk."}, "uploads_max": {"value": 100000, "unit": "uploads", "description": "Uploads that are kept, whatever their size; one more is `storage_full` until one is deleted or expires."}, "disk_free_bytes_min": {"value": 268435456, "unit": "bytes", "description": "The gateway is not ready while the disk of the output folder has less free space: the largest picture (67 108 864 pixels of three bytes) fits into this."}, "events_bytes_max": {"value": 1048576, "unit": "bytes", "description": "Events of one job that are kept for clients that connect later. The oldest are dropped first, which a gap in `sequence` shows."}, "events_ended_bytes_max": {"value": 33554432, "unit": "bytes", "description": "Events of all ended jobs that are kept. The job that ended first is cut to its last event first."}, "output_probe_seconds": {"value": 10, "unit": "seconds", "description": "Time between two checks that the output folder can be written."}, "disk_answer_seconds": {"value": 10, "unit": "seconds", "description": "Time that the disk has to answer a check of a job's pictures or of the output folder."}}
