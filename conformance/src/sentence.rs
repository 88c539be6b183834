//! Generated from schemas/sentences.json by cargo xtask codegen; edit the schema instead.
//!
//! The sentences of the contract.

/// A sentence of the contract; a check proves one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sentence {
    /// `The actions that run a submission differ in their envelopes; the same submission makes the same picture.`
    ActionsAreOneJob,
    /// `Advertised means implemented: what get_capabilities says is what the conformance checks find.`
    AdvertisedIsImplemented,
    /// `Nothing is ever ignored. … one per fault, all faults at once.`
    AllFaultsAtOnce,
    /// `Both are accepted for every command; cancel's own field attempt? stands beside action in the direct envelope.`
    AttemptInDirectEnvelope,
    /// `Bad input: each gives its code, and the gateway goes on serving.`
    BadBodies,
    /// `bad_frame, with request_id: null, and the stream goes on. … Duplicate property names in one object, at any depth: the command fails with duplicate_field.`
    BadFrames,
    /// `Base64 without data:image/…;base64, before it is image_invalid, and the hint says what is missing`
    BareBase64,
    /// `Image i of a batch against a single run with seed + i: within 1/255.`
    BatchItemIsSingleRun,
    /// `image i of a batch uses seed + i`
    BatchSeeds,
    /// `max_batch_size; limits {batch_size_max}`
    BatchSizeLimit,
    /// `Bounds of the model at hand (… VRAM): beyond them out_of_range from the worker. validate_request checks … fit of this worker.`
    BeyondThisWorker,
    /// `Both are accepted for every command, over stdio and over HTTP.`
    BothEnvelopes,
    /// `Its classes, case-insensitive; our replies fill every one of these, under these names and types.`
    BridgeMembers,
    /// `PyTorchResponse<T> Data: T?`
    BridgeResponseData,
    /// `PyTorchResponse<T> Error: string?`
    BridgeResponseError,
    /// `PyTorchResponse<T> Success: bool`
    BridgeResponseSuccess,
    /// `cancel is answered after the target's own terminal reply.`
    CancelAfterItsTarget,
    /// `CancelResult: target_request_id, was`
    CancelMembers,
    /// `Another attempt: nothing is done, job_not_found.`
    CancelOfAnotherAttempt,
    /// `Unknown or already ended: job_not_found, with details.status where known.`
    CancelOfEnded,
    /// `Unknown or already ended: job_not_found`
    CancelOfUnknown,
    /// `cancel: target_request_id, was: queued or running`
    CancelWas,
    /// `cancel within one step`
    CancelWithinAStep,
    /// `cancelled 409`
    CancelledStatus,
    /// `WorkerCapabilities: features{}, max_resolution (the largest square side), memory_stats, loaded_models[]`
    CapabilitiesMembers,
    /// `−1 means "choose one and tell me"`
    ChosenSeedIsTold,
    /// `A seed that the worker chose is 0..2^31−17: existing C# reads SeedUsed and Seed into an int.`
    ChosenSeedRange,
    /// `After deaths_max deaths in a row a lane is open and tries again after 15 s, doubling to 5 min.`
    CircuitBreaker,
    /// `The end of the client's side of a connection before the reply cancels the job of a synchronous request, waiting or running. It ends cancelled, details.reason: client_left.`
    ClientLeft,
    /// `Which code: a name that nothing knows: unknown_field. Wrong JSON type or form of number, unknown enum spelling, pattern, blank prompt: unsupported_value.`
    CodeOfAFault,
    /// `A non-empty body without Content-Type is unsupported_media_type.`
    ContentTypeRequired,
    /// `types[] name, description, recommended_weight, supported_formats[]; recommended_weights{}`
    ControlNetCatalogue,
    /// `types[] name, description, recommended_weight, supported_formats[]`
    ControlNetTypeMembers,
    /// `The gateway repeats a job only after worker_crashed, elsewhere where it can, at most 2 attempts.`
    CrashRetries,
    /// `Each error code has the exception that a C# client throws for it.`
    CsharpExceptions,
    /// `On CUDA within 1/255 a channel, equal with --deterministic.`
    CudaDeterminism,
    /// `A device that can no longer compute: the worker answers every frame it has read with worker_crashed and exits with 70.`
    DeadDevice,
    /// `DELETE /v1/uploads/{id} (action delete_upload, class G, reply {})`
    DeleteUpload,
    /// `A bad_frame or frame_too_large reply: what initialize chose, else that of the last reply, else pascal.`
    DialectOfBadFrame,
    /// `Dialect of a reply, the first that applies: … the dialect that initialize chose.`
    DialectOfHandshake,
    /// `Its own reply is in the dialect that it chooses, and names it.`
    DialectOfInitialize,
    /// `the dialect that alone spells the most names among the command's own fields; … The order of members never decides.`
    DialectOfMostNames,
    /// `Dialect of a reply, the first that applies: the dialect query parameter (HTTP)`
    DialectOfQuery,
    /// `Dialect of a reply: on stdio snake for the documented envelope, pascal for the direct one; over HTTP the one that alone spells the most names among the command's own fields, else among the envelope's, else snake.`
    DialectOfReply,
    /// `The same bytes mean the same to every party; the same document in another dialect is the same document.`
    DialectsMeanTheSame,
    /// `effective is the same with every default of §7 that applies.`
    EffectiveHasDefaults,
    /// `End of stdin is the polite stop: every frame read is answered`
    EndOfInputAnswersAll,
    /// `End of stdin is the polite stop: every frame read is answered; what is not done 4 s later is cancelled with shutting_down`
    EndOfInputAnswersQueue,
    /// `validation_details {estimated_vram_mb, estimated_time_seconds}; estimated_vram_usage_mb (integer)`
    EstimateMembers,
    /// `the estimate within 10 % of what was measured`
    EstimateNearMeasured,
    /// `get_performance_estimate and optimize_request of a submission that no job would be made of: refused with all faults, as the job is; one that merely does not fit has its figures, fits: false.`
    EstimateOfImpossible,
    /// `{event, request_id, attempt, sequence, timestamp, …}; an event has no success.`
    EventMembers,
    /// `server-sent events, id = sequence`
    EventSequence,
    /// `jobs/{id}/events (server-sent events, id = sequence)`
    EventStream,
    /// `Features that initialize negotiates: events … Without any, exactly one line per command`
    EventsNegotiated,
    /// `X-Accel-Buffering: no.`
    EventsNotBuffered,
    /// `A command that names a model loads it, evicting the least recently used.`
    Eviction,
    /// `Every accepted job ends in exactly one reply`
    ExactlyOneReply,
    /// `0: it drained`
    ExitCodeDrained,
    /// `exit 0 within 5 s (the C# bridge kills after 5 s)`
    ExitWithinFiveSeconds,
    /// `Every failed job leaves one structured line with its request id and its code.`
    FailedJobLogged,
    /// `At most 100 errors[], warnings and warning_details a reply; where there were more, errors_total says how many.`
    FaultListsBounded,
    /// `field and each pointer: where it stands, as the sender spelt it.`
    FaultWhereItStands,
    /// `and makes normalized and effective null`
    FaultyHasNoNormalized,
    /// `features_used.x is true only if x took part.`
    FeaturesUsed,
    /// `postprocessing.auto_contrast`
    FieldAutoContrast,
    /// `hyperparameters.batch_size`
    FieldBatchSize,
    /// `conditioning.clip_skip`
    FieldClipSkip,
    /// `hyperparameters.dimensions.width, .height`
    FieldDimensions,
    /// `control_nets[].guidance_start, guidance_end`
    FieldGuidanceInterval,
    /// `hyperparameters.guidance_scale`
    FieldGuidanceScale,
    /// `conditioning.mask_blur`
    FieldMaskBlur,
    /// `conditioning.negative_prompt`
    FieldNegativePrompt,
    /// `conditioning.negative_prompt_2`
    FieldNegativePrompt2,
    /// `postprocessing.output_format`
    FieldOutputFormat,
    /// `control_nets[].preprocess`
    FieldPreprocess,
    /// `conditioning.prompt`
    FieldPrompt,
    /// `conditioning.prompt_2`
    FieldPrompt2,
    /// `postprocessing.quality: integer 1..100 (jpeg, webp)`
    FieldQuality,
    /// `hyperparameters.seed`
    FieldSeed,
    /// `scheduler.steps`
    FieldSteps,
    /// `hyperparameters.strength: number > 0..1; with init_image`
    FieldStrength,
    /// `postprocessing.upscaler, upscale_factor`
    FieldUpscaler,
    /// `sha256? (only deep)`
    FileHashWhenDeep,
    /// `a file may have several ids and is loaded once`
    FileOfSeveralIds,
    /// `results[] of files: model_path, is_valid, format, tensor_count, file_size_bytes, issues[]`
    FileResultMembers,
    /// `FileResult: model_path, as asked`
    FileResultPath,
    /// `Files: written beside and renamed, never overwritten.`
    FilesNeverOverwritten,
    /// `Scheduling in a worker: class J …: first in, first out, one at a time.`
    FirstInFirstOut,
    /// `Frame limit 16 MiB by default. Over it: error frame_too_large, then resynchronise at the next LF`
    FrameLimit,
    /// `then resynchronise at the next LF (gateway → worker)`
    FrameResynchronised,
    /// `A full disk, too few descriptors or a read-only output: a true code, and readiness false with the reason.`
    FullDisk,
    /// `G the gateway's own (a worker answers unknown_action).`
    GatewayActions,
    /// `Without request_id … the gateway makes a UUIDv7 and answers it`
    GatewayMakesIds,
    /// `generation = preprocessing + denoising + postprocessing, without queue and load; the other two are parts of it.`
    GenerationTimeParts,
    /// `gpu_id in replies is gpu_N, or cpu_0.`
    GpuNameInReplies,
    /// `A worker accepts auto, its own name in every spelling, and cpu if it is cpu_0; anything else is unsupported_feature.`
    GpuNamesAccepted,
    /// `A Python worker that is told a GPU it cannot see does not start.`
    GpuToldButUnseen,
    /// `CUDA_VISIBLE_DEVICES names the GPU by index or UUID; gpu_N is read as index N with a warning on stderr, anything else unknown is an error at start.`
    GpuVisible,
    /// `number 0..50 (0..1 turns guidance off)`
    GuidanceOff,
    /// `/health/* answers any Host`
    HealthOfAnyHost,
    /// `heartbeat: request_id: null; … every 1 s, also while a job runs`
    HeartbeatEverySecond,
    /// `heartbeat: state, stage?, running_request_id?, last_progress_seconds, memory_used_mb`
    HeartbeatMembers,
    /// `error_details.hint is the way out: of a wrong JSON type, what to write; entries of errors[] have none`
    Hints,
    /// `Host must be the listener's address, localhost, the host of public_url, or in allowed_hosts, else forbidden.`
    HostHeader,
    /// `one that is in flight already is conflict`
    IdInFlight,
    /// `images[] (absolute paths, as the C# List<string> Images binds)`
    ImagePaths,
    /// `initialize is optional; commands before it work with no features.`
    InitializeIsOptional,
    /// `initialize: worker, worker_version, protocol_version, features[], dialect, gpu_id, device_name, pid`
    InitializeMembers,
    /// `initialize: Again: it replaces the features`
    InitializeReplacesFeatures,
    /// `InitializeResult: worker, worker_version, protocol_version, features, dialect, gpu_id, device_name, pid`
    InitializeResult,
    /// `GET /v1/jobs: limit 1..1000 = 100, newest first, cursor (opaque, stable under inserts); the reply has total (exact) and next_cursor?`
    JobList,
    /// `Job: request_id, worker_id, model_id, status, queued_at, … result?`
    JobMembers,
    /// `jobs/{id} (GET, DELETE cancels)`
    JobResource,
    /// `Karras is on when the name or the flag says so, and scheduler_used then names the Karras form where there is one.`
    Karras,
    /// `Idempotency-Key is kept 24 h: a retry joins the job.`
    KeyJoinsJob,
    /// `a key of a request that was refused stands for nothing`
    KeyOfRefusedRequest,
    /// `Idempotency-Key … with another body: conflict.`
    KeyWithAnotherBody,
    /// `Idempotency-Key is kept 24 h.`
    KeysForADay,
    /// `A body that drips is cut: 64 KiB each 30 s.`
    LimitsOfBodyTime,
    /// `limits of time, configurable: head 10 s`
    LimitsOfTime,
    /// `Writers never write a BOM, NaN, Infinity, a blank line, or a raw newline inside a frame.`
    LinesWritten,
    /// `load_from_cache: LoadResult, from_cache: true`
    LoadFromCache,
    /// `LoadResult: model_id, load_time_seconds, model_size_bytes, gpu_id, from_cache, memory_used_bytes`
    LoadMembers,
    /// `LoadResult: memory_used_bytes`
    LoadMemory,
    /// `LoadResult: model_size_bytes`
    LoadSize,
    /// `LoadResult (in RAM)`
    LoadToCache,
    /// `log: level, message.`
    LogEvents,
    /// `Log writes hold up no reply: lines are lost and counted.`
    LogHoldsUpNoReply,
    /// `The log can not hurt: reader gone, disk full, pipe full.`
    LogHurtsNothing,
    /// `A list over its maxItems is one out_of_range at the list, counts as one, is not read further`
    LongListIsOneFault,
    /// `A path longer than any that can be is path_not_allowed, and costs no more than to read it`
    LongPath,
    /// `conditioning.loras[0..16]: each takes part by its own weight; their order says nothing.`
    LorasAddUp,
    /// `A malformed header starts a new trace`
    MalformedTraceHeader,
    /// `a malformed one in an envelope is unsupported_value`
    MalformedTraceInEnvelope,
    /// `mask_channel alpha: opaque is repainted`
    MaskAlpha,
    /// `mask_channel alpha_inverted: transparent is repainted`
    MaskAlphaInverted,
    /// `mask_channel without a mask: no_effect`
    MaskChannelWithoutMask,
    /// `A mask of one colour whose alpha varies, without mask_channel, is image_invalid with that hint.`
    MaskOfOneColour,
    /// `alpha… on a mask without alpha is image_invalid`
    MaskWithoutAlpha,
    /// `A reply is matched by request_id, never by order, whenever the command had one.`
    MatchedById,
    /// `max_resolution (the largest square side)`
    MaxResolution,
    /// `memory_stats {vram_used_bytes, vram_total_bytes, vram_available_bytes}; model_ids[], freed_bytes`
    MemoryAfterLoad,
    /// `Numbers are what was measured. memory_used_mb is the peak device memory of the command (on CPU: peak resident memory).`
    MemoryIsMeasured,
    /// `memory_stats {vram_used_bytes, vram_total_bytes, vram_available_bytes}`
    MemoryStats,
    /// `A file that is not there is not valid, and an issue says so.`
    MissingFileIsInvalid,
    /// `models[] gain family?, capabilities families[]`
    ModelFamilies,
    /// `model_invalid: The model file is broken or of the wrong kind.`
    ModelInvalid,
    /// `Bounds of the model at hand: in get_capabilities.limits, beyond them out_of_range from the worker.`
    ModelLimits,
    /// `ModelInfo: model_id, model_type, model_path, model_size_bytes, dtype, location, loaded_at?`
    ModelMembers,
    /// `A model of another type than its field's is model_invalid, at the field.`
    ModelOfAnotherType,
    /// `None with a request_id follows its reply.`
    NoEventAfterReply,
    /// `Figures of a value that breaks a bound, or without a model that is not there, would be of nothing.`
    NoFiguresOfFaulty,
    /// `success: true means that the thing was done. There is no placeholder success.`
    NoPlaceholderSuccess,
    /// `events of a command that names no trace have none`
    NoTraceNoMember,
    /// `Workers and their children end with the gateway; no zombies.`
    NoZombies,
    /// `normalized is what this party read: snake in every reply dialect, only what the sender said.`
    NormalizedIsWhatWasRead,
    /// `nosniff on every answer: a browser takes nothing for a script or a page that is none.`
    Nosniff,
    /// `load_from_cache of what is not cached (hint: load_model_to_cache), are model_not_found`
    NotCached,
    /// `unload_model of an id that is not loaded … are model_not_found`
    NotLoaded,
    /// `Nothing accepted is lost at the end: drain on SIGTERM and shutdown, with and without open connections.`
    NothingAcceptedIsLost,
    /// `Nothing is silently dropped, defaulted, clamped, substituted or truncated. Either it is done, or an error or a warning says so.`
    NothingSilent,
    /// `unload_model without an id and cleanup_memory succeed with nothing to free`
    NothingToFree,
    /// `A number acts by its size: almost the same number makes almost the same picture.`
    NumbersAreNumbers,
    /// `A sentence quotes a number as its sender wrote it, at most 64 characters and then …`
    NumbersQuotedAsWritten,
    /// `on_disconnect (cancel, finish) in the query`
    OnDisconnect,
    /// `Every accepted job ends in exactly one reply, whatever dies: success, failure, cancelled or timeout.`
    OneEndOfEachJob,
    /// `Without any, exactly one line per command, in the order of the commands`
    OneLineInOrder,
    /// `One JSON object per line, UTF-8, ended by LF.`
    OneObjectALine,
    /// `Every accepted job ends in exactly one reply, whatever dies.`
    OneReplyWhateverDies,
    /// `model_size_bytes of LoadResult, models[] and WorkerStatus`
    OneSizeOfAModel,
    /// `/openapi.json: this interface as OpenAPI 3.1.`
    OpenapiDocument,
    /// `Dispatch, validation, OpenAPI, docs … all come from it.`
    OpenapiFromRegistry,
    /// `OptimizationResult: estimate_before, estimate_after`
    OptimizationMembers,
    /// `an Origin that is own or in cors_origins is served; any other (also null), or Sec-Fetch-Site: cross-site without Origin, is forbidden.`
    OriginHeader,
    /// `For every method but GET, HEAD and a CORS preflight`
    OriginOfReads,
    /// `Another attempt: nothing is done`
    OtherAttemptGoesOn,
    /// `class Q is answered within 1 s while a job runs: an expensive body is no other client's wait`
    OthersAnsweredMeanwhile,
    /// `With out_of_order every command needs a request_id`
    OutOfOrderNeedsIds,
    /// `A number, length or count outside its limits, or not a multiple of 8: out_of_range.`
    OutOfRange,
    /// `Ids and paths: … else model_not_found … else path_not_allowed`
    PathNotAllowedOrNotFound,
    /// `the real path must stay under a root of its kind, else path_not_allowed`
    PathUnderARoot,
    /// `PerformanceMetrics: peak_memory_used_mb`
    PeakMemory,
    /// `PerformanceMetrics: commands_total, commands_failed, jobs_completed, images_generated, average_generation_time_seconds?, p95_generation_time_seconds?`
    PerformanceMetrics,
    /// `ETag: "<sha256>", Cache-Control: private, no-cache, Range, If-None-Match, HEAD`
    PictureCaching,
    /// `On POST /v1/generate, an Accept that names an image type and not JSON answers the picture's bytes: it must admit the job's output_format, else not_acceptable`
    PictureInsteadOfJson,
    /// `jobs/{id}/images/{n}: a picture of a job.`
    PictureOfAJob,
    /// `the metadata inside the picture: no request id, time or path, so that the same request and seed give the same bytes.`
    PictureRecord,
    /// `Pointers (RFC 6901) start at the frame (stdio) or the body (HTTP) as the sender spelt it; a missing field is named as its siblings are spelt.`
    Pointers,
    /// `Pointers (RFC 6901) start at the frame (stdio) or the body (HTTP) as the sender spelt it`
    PointersAsSpelt,
    /// `Polling goes on while it drains; the last replies reach their clients.`
    PollingWhileDraining,
    /// `preview: image (path or data:), step; only with previews.`
    PreviewEvents,
    /// `A failure is application/problem+json (RFC 9457) that also carries the members of the failed reply.`
    ProblemDocuments,
    /// `progress: stage, step, total_steps, progress 0..1, image_index, eta_seconds?`
    ProgressMembers,
    /// `progress 0..1`
    ProgressRange,
    /// `progress: step, total_steps`
    ProgressSteps,
    /// `conditioning.prompt: encoded in chunks of 75 tokens, never cut`
    PromptNeverCut,
    /// `hyperparameters.prompt_weighting: (text:1.2) weights`
    PromptWeighting,
    /// `protocol_versions: ["1"]; no common one: unsupported_value.`
    ProtocolVersion,
    /// `Class Q: without it, computed when its line is due, so that it sees what the commands before it did.`
    QueriesInOrder,
    /// `class Q is answered within 1 s while a job runs.`
    QueryWithinASecond,
    /// `QueueStatus: total_queued, currently_processing, completed, failed, cancelled, average_processing_time_seconds?`
    QueueCounts,
    /// `QueueStatus: total_queued, currently_processing, …, queued_requests[] {request_id, status, queue_position, queued_at, started_at?}`
    QueueMembers,
    /// `reference_images: image references (IP-Adapter); unsupported_feature where the worker has none.`
    ReferenceImages,
    /// `hyperparameters.refiner_start: number > 0 and < 1; the share of the steps that the base runs.`
    RefinerStart,
    /// `A refusal never counts against a worker.`
    RefusalCountsNot,
    /// `Replies are closed too: a member that the schema does not know is a failure to the conformance checks.`
    RepliesAreClosed,
    /// `Without request_id a worker answers null; exactly one line per command, in the order of the commands (the C# bridge reads one line per command)`
    RepliesWithoutIds,
    /// `reply has an id like every event; a Last-Event-ID at or after the last answers 204.`
    ReplyEventHasId,
    /// `A route beside the commands answers what its summary in the registry says.`
    ResourcesOfRegistry,
    /// `Prefer: respond-async → 202, Location, {request_id, status, queue_position}.`
    RespondAsync,
    /// `SDXLResult: images[], image_details[], generation_time_seconds, …, seed_used, features_used, scheduler_used, steps_used, model_id, device, gpu_id`
    ResultMembers,
    /// `Dispatch, validation, OpenAPI, docs and the conformance cases all come from it (the registry).`
    RoutesFromRegistry,
    /// `A rule over several fields: validation_failed, pointing at the last of these fields, in the schema's order, that the sender wrote.`
    RulesOverFields,
    /// `A flagged picture is blackened, said by image_flagged and image_details[].flagged.`
    SafetyCheckerBlackens,
    /// `Same request, resolved seed, device, versions and batch size: same pixels on CPU; on CUDA within 1/255 a channel.`
    SameRequestSamePixels,
    /// `schedulers[] name, description, diffusers_class, recommended_steps; recommended_scheduler, default_steps{}`
    SchedulerCatalogue,
    /// `Canonical name → diffusers class`
    SchedulerClasses,
    /// `schedulers[] name, description, diffusers_class, recommended_steps`
    SchedulerMembers,
    /// `Anything else: unsupported_value with the list; never a substitute.`
    SchedulerNeverSubstituted,
    /// `A bare worker keeps no sessions and only echoes the id.`
    SessionIdEchoed,
    /// `Ended sessions stay readable for 30 min.`
    SessionsForHalfAnHour,
    /// `an end of stdin meanwhile shortens a longer grace to 4 s`
    ShutdownEndsWithInput,
    /// `shutdown does the same with grace_seconds (default 4)`
    ShutdownGrace,
    /// `shutdown: nothing is read after it and its reply is the last line`
    ShutdownReplyIsLast,
    /// `SIGHUP reopens the log; it does not kill.`
    SighupReopensLog,
    /// `Nothing accepted is lost at the end: drain on SIGTERM and shutdown.`
    SigtermDrains,
    /// `A worker writes nothing before its first command.`
    SilentBeforeFirstCommand,
    /// `weight −2..2; a LoRA or ControlNet of weight 0 takes no part: one of almost no weight takes almost none.`
    SmallWeightIsNearNone,
    /// `The right picture, or a clear refusal at the entry's pointer that validate_request says too; validate_model_files agrees with what a job then finds.`
    SoundOrRefusedFiles,
    /// `The gateway judges a worker by silence and by last_progress_seconds per stage.`
    StageDeadlines,
    /// `A gateway that was itself stalled reads what lies in the pipe before it calls a worker hung.`
    StalledGatewayIsFair,
    /// `WorkerStatus: gpu_id, state, is_initialized, has_model_loaded, current_model_id?, last_activity, uptime_seconds`
    StatusMembers,
    /// `WorkerStatus: has_model_loaded, current_model_id?`
    StatusOfLoadedModel,
    /// `WorkerStatus: active_inference_sessions, running_request_id?`
    StatusOfRunningJob,
    /// `stdout is for frames alone.`
    StdoutIsForFrames,
    /// `stop_training: saved → paused, not saved → cancelled`
    StopSavedOrNot,
    /// `Bad input gives its code, and the stream goes on.`
    StreamGoesOn,
    /// `hyperparameters.strength: the smaller, the more of init_image stays.`
    StrengthKeepsTheImage,
    /// `success: true means that the thing was done.`
    SuccessMeansDone,
    /// `SuiteResult: component_results[] {component_type, model_id (sdxl_<suite>_<component>), success}`
    SuiteParts,
    /// `cache_sdxl_suite: SuiteResult`
    SuiteResult,
    /// `total_size_bytes`
    SuiteSize,
    /// `the parts of a suite stay together.`
    SuiteStaysTogether,
    /// `metadata.timeout_seconds counts from receipt to reply, queue included; on expiry: cancel, … code timeout.`
    TimeoutCode,
    /// `on expiry: cancel, 5 s grace, kill`
    TimeoutGrace,
    /// `the header wins, an envelope's with another trace id gets the warning no_effect`
    TraceHeaderWins,
    /// `Features that initialize negotiates: events, out_of_order, previews, trace`
    TraceNegotiated,
    /// `No part of the idempotency hash nor of a picture's record.`
    TraceNotInRecord,
    /// `W3C: of a later version what version 00 has is read`
    TraceOfLaterVersion,
    /// `traceparent? as HTTP header and envelope field: in log lines and events`
    TraceRepeated,
    /// `Faults of the data set (absent, empty, …): validation_failed, one entry of errors[] a file, pointer at training_data.`
    TrainingDataFaults,
    /// `History rows, oldest first: step, epoch, loss, learning_rate, recorded_at`
    TrainingHistory,
    /// `training_not_found`
    TrainingNotFound,
    /// `Output: a .safetensors that §7's loras or textual_inversions loads`
    TrainingOutput,
    /// `progress 0..1, … step, total_steps`
    TrainingProgress,
    /// `States: queued, preparing, running, checkpointing, paused, completed, failed, cancelled.`
    TrainingStates,
    /// `A T takes its turn in the queue (state queued), is answered once accepted, then runs in the background.`
    TrainingTakesItsTurn,
    /// `what is not done 4 s later is cancelled with shutting_down`
    UnfinishedAtEndOfInput,
    /// `Ids and paths: … else model_not_found`
    UnknownModel,
    /// `model_ids[], freed_bytes`
    UnloadMembers,
    /// `inpaint_mask: white is repainted.`
    UnmaskedStays,
    /// `averages, percentiles and peaks before the first job: Absent.`
    UnmeasuredIsAbsent,
    /// `null, and "" for an optional string, mean absent; spellings of enum values are read regardless of case.`
    UnsetIsAbsent,
    /// `Readers accept CRLF, a BOM before the first frame, and blank lines.`
    UnusualLinesRead,
    /// `An upload expires after 24 h.`
    UploadsExpire,
    /// `A LoRA or ControlNet of weight 0 takes no part (warning weight_zero).`
    WeightZero,
    /// `Workers and their children end with the gateway, also when it is killed.`
    WorkersEndWithGateway,
}

impl Sentence {
    /// Every sentence, by id.
    pub const ALL: [Self; 268usize] = [
        Self::ActionsAreOneJob,
        Self::AdvertisedIsImplemented,
        Self::AllFaultsAtOnce,
        Self::AttemptInDirectEnvelope,
        Self::BadBodies,
        Self::BadFrames,
        Self::BareBase64,
        Self::BatchItemIsSingleRun,
        Self::BatchSeeds,
        Self::BatchSizeLimit,
        Self::BeyondThisWorker,
        Self::BothEnvelopes,
        Self::BridgeMembers,
        Self::BridgeResponseData,
        Self::BridgeResponseError,
        Self::BridgeResponseSuccess,
        Self::CancelAfterItsTarget,
        Self::CancelMembers,
        Self::CancelOfAnotherAttempt,
        Self::CancelOfEnded,
        Self::CancelOfUnknown,
        Self::CancelWas,
        Self::CancelWithinAStep,
        Self::CancelledStatus,
        Self::CapabilitiesMembers,
        Self::ChosenSeedIsTold,
        Self::ChosenSeedRange,
        Self::CircuitBreaker,
        Self::ClientLeft,
        Self::CodeOfAFault,
        Self::ContentTypeRequired,
        Self::ControlNetCatalogue,
        Self::ControlNetTypeMembers,
        Self::CrashRetries,
        Self::CsharpExceptions,
        Self::CudaDeterminism,
        Self::DeadDevice,
        Self::DeleteUpload,
        Self::DialectOfBadFrame,
        Self::DialectOfHandshake,
        Self::DialectOfInitialize,
        Self::DialectOfMostNames,
        Self::DialectOfQuery,
        Self::DialectOfReply,
        Self::DialectsMeanTheSame,
        Self::EffectiveHasDefaults,
        Self::EndOfInputAnswersAll,
        Self::EndOfInputAnswersQueue,
        Self::EstimateMembers,
        Self::EstimateNearMeasured,
        Self::EstimateOfImpossible,
        Self::EventMembers,
        Self::EventSequence,
        Self::EventStream,
        Self::EventsNegotiated,
        Self::EventsNotBuffered,
        Self::Eviction,
        Self::ExactlyOneReply,
        Self::ExitCodeDrained,
        Self::ExitWithinFiveSeconds,
        Self::FailedJobLogged,
        Self::FaultListsBounded,
        Self::FaultWhereItStands,
        Self::FaultyHasNoNormalized,
        Self::FeaturesUsed,
        Self::FieldAutoContrast,
        Self::FieldBatchSize,
        Self::FieldClipSkip,
        Self::FieldDimensions,
        Self::FieldGuidanceInterval,
        Self::FieldGuidanceScale,
        Self::FieldMaskBlur,
        Self::FieldNegativePrompt,
        Self::FieldNegativePrompt2,
        Self::FieldOutputFormat,
        Self::FieldPreprocess,
        Self::FieldPrompt,
        Self::FieldPrompt2,
        Self::FieldQuality,
        Self::FieldSeed,
        Self::FieldSteps,
        Self::FieldStrength,
        Self::FieldUpscaler,
        Self::FileHashWhenDeep,
        Self::FileOfSeveralIds,
        Self::FileResultMembers,
        Self::FileResultPath,
        Self::FilesNeverOverwritten,
        Self::FirstInFirstOut,
        Self::FrameLimit,
        Self::FrameResynchronised,
        Self::FullDisk,
        Self::GatewayActions,
        Self::GatewayMakesIds,
        Self::GenerationTimeParts,
        Self::GpuNameInReplies,
        Self::GpuNamesAccepted,
        Self::GpuToldButUnseen,
        Self::GpuVisible,
        Self::GuidanceOff,
        Self::HealthOfAnyHost,
        Self::HeartbeatEverySecond,
        Self::HeartbeatMembers,
        Self::Hints,
        Self::HostHeader,
        Self::IdInFlight,
        Self::ImagePaths,
        Self::InitializeIsOptional,
        Self::InitializeMembers,
        Self::InitializeReplacesFeatures,
        Self::InitializeResult,
        Self::JobList,
        Self::JobMembers,
        Self::JobResource,
        Self::Karras,
        Self::KeyJoinsJob,
        Self::KeyOfRefusedRequest,
        Self::KeyWithAnotherBody,
        Self::KeysForADay,
        Self::LimitsOfBodyTime,
        Self::LimitsOfTime,
        Self::LinesWritten,
        Self::LoadFromCache,
        Self::LoadMembers,
        Self::LoadMemory,
        Self::LoadSize,
        Self::LoadToCache,
        Self::LogEvents,
        Self::LogHoldsUpNoReply,
        Self::LogHurtsNothing,
        Self::LongListIsOneFault,
        Self::LongPath,
        Self::LorasAddUp,
        Self::MalformedTraceHeader,
        Self::MalformedTraceInEnvelope,
        Self::MaskAlpha,
        Self::MaskAlphaInverted,
        Self::MaskChannelWithoutMask,
        Self::MaskOfOneColour,
        Self::MaskWithoutAlpha,
        Self::MatchedById,
        Self::MaxResolution,
        Self::MemoryAfterLoad,
        Self::MemoryIsMeasured,
        Self::MemoryStats,
        Self::MissingFileIsInvalid,
        Self::ModelFamilies,
        Self::ModelInvalid,
        Self::ModelLimits,
        Self::ModelMembers,
        Self::ModelOfAnotherType,
        Self::NoEventAfterReply,
        Self::NoFiguresOfFaulty,
        Self::NoPlaceholderSuccess,
        Self::NoTraceNoMember,
        Self::NoZombies,
        Self::NormalizedIsWhatWasRead,
        Self::Nosniff,
        Self::NotCached,
        Self::NotLoaded,
        Self::NothingAcceptedIsLost,
        Self::NothingSilent,
        Self::NothingToFree,
        Self::NumbersAreNumbers,
        Self::NumbersQuotedAsWritten,
        Self::OnDisconnect,
        Self::OneEndOfEachJob,
        Self::OneLineInOrder,
        Self::OneObjectALine,
        Self::OneReplyWhateverDies,
        Self::OneSizeOfAModel,
        Self::OpenapiDocument,
        Self::OpenapiFromRegistry,
        Self::OptimizationMembers,
        Self::OriginHeader,
        Self::OriginOfReads,
        Self::OtherAttemptGoesOn,
        Self::OthersAnsweredMeanwhile,
        Self::OutOfOrderNeedsIds,
        Self::OutOfRange,
        Self::PathNotAllowedOrNotFound,
        Self::PathUnderARoot,
        Self::PeakMemory,
        Self::PerformanceMetrics,
        Self::PictureCaching,
        Self::PictureInsteadOfJson,
        Self::PictureOfAJob,
        Self::PictureRecord,
        Self::Pointers,
        Self::PointersAsSpelt,
        Self::PollingWhileDraining,
        Self::PreviewEvents,
        Self::ProblemDocuments,
        Self::ProgressMembers,
        Self::ProgressRange,
        Self::ProgressSteps,
        Self::PromptNeverCut,
        Self::PromptWeighting,
        Self::ProtocolVersion,
        Self::QueriesInOrder,
        Self::QueryWithinASecond,
        Self::QueueCounts,
        Self::QueueMembers,
        Self::ReferenceImages,
        Self::RefinerStart,
        Self::RefusalCountsNot,
        Self::RepliesAreClosed,
        Self::RepliesWithoutIds,
        Self::ReplyEventHasId,
        Self::ResourcesOfRegistry,
        Self::RespondAsync,
        Self::ResultMembers,
        Self::RoutesFromRegistry,
        Self::RulesOverFields,
        Self::SafetyCheckerBlackens,
        Self::SameRequestSamePixels,
        Self::SchedulerCatalogue,
        Self::SchedulerClasses,
        Self::SchedulerMembers,
        Self::SchedulerNeverSubstituted,
        Self::SessionIdEchoed,
        Self::SessionsForHalfAnHour,
        Self::ShutdownEndsWithInput,
        Self::ShutdownGrace,
        Self::ShutdownReplyIsLast,
        Self::SighupReopensLog,
        Self::SigtermDrains,
        Self::SilentBeforeFirstCommand,
        Self::SmallWeightIsNearNone,
        Self::SoundOrRefusedFiles,
        Self::StageDeadlines,
        Self::StalledGatewayIsFair,
        Self::StatusMembers,
        Self::StatusOfLoadedModel,
        Self::StatusOfRunningJob,
        Self::StdoutIsForFrames,
        Self::StopSavedOrNot,
        Self::StreamGoesOn,
        Self::StrengthKeepsTheImage,
        Self::SuccessMeansDone,
        Self::SuiteParts,
        Self::SuiteResult,
        Self::SuiteSize,
        Self::SuiteStaysTogether,
        Self::TimeoutCode,
        Self::TimeoutGrace,
        Self::TraceHeaderWins,
        Self::TraceNegotiated,
        Self::TraceNotInRecord,
        Self::TraceOfLaterVersion,
        Self::TraceRepeated,
        Self::TrainingDataFaults,
        Self::TrainingHistory,
        Self::TrainingNotFound,
        Self::TrainingOutput,
        Self::TrainingProgress,
        Self::TrainingStates,
        Self::TrainingTakesItsTurn,
        Self::UnfinishedAtEndOfInput,
        Self::UnknownModel,
        Self::UnloadMembers,
        Self::UnmaskedStays,
        Self::UnmeasuredIsAbsent,
        Self::UnsetIsAbsent,
        Self::UnusualLinesRead,
        Self::UploadsExpire,
        Self::WeightZero,
        Self::WorkersEndWithGateway,
    ];
    /// Its id: stable, where its wording is not.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::ActionsAreOneJob => "actions-are-one-job",
            Self::AdvertisedIsImplemented => "advertised-is-implemented",
            Self::AllFaultsAtOnce => "all-faults-at-once",
            Self::AttemptInDirectEnvelope => "attempt-in-direct-envelope",
            Self::BadBodies => "bad-bodies",
            Self::BadFrames => "bad-frames",
            Self::BareBase64 => "bare-base64",
            Self::BatchItemIsSingleRun => "batch-item-is-single-run",
            Self::BatchSeeds => "batch-seeds",
            Self::BatchSizeLimit => "batch-size-limit",
            Self::BeyondThisWorker => "beyond-this-worker",
            Self::BothEnvelopes => "both-envelopes",
            Self::BridgeMembers => "bridge-members",
            Self::BridgeResponseData => "bridge-response-data",
            Self::BridgeResponseError => "bridge-response-error",
            Self::BridgeResponseSuccess => "bridge-response-success",
            Self::CancelAfterItsTarget => "cancel-after-its-target",
            Self::CancelMembers => "cancel-members",
            Self::CancelOfAnotherAttempt => "cancel-of-another-attempt",
            Self::CancelOfEnded => "cancel-of-ended",
            Self::CancelOfUnknown => "cancel-of-unknown",
            Self::CancelWas => "cancel-was",
            Self::CancelWithinAStep => "cancel-within-a-step",
            Self::CancelledStatus => "cancelled-status",
            Self::CapabilitiesMembers => "capabilities-members",
            Self::ChosenSeedIsTold => "chosen-seed-is-told",
            Self::ChosenSeedRange => "chosen-seed-range",
            Self::CircuitBreaker => "circuit-breaker",
            Self::ClientLeft => "client-left",
            Self::CodeOfAFault => "code-of-a-fault",
            Self::ContentTypeRequired => "content-type-required",
            Self::ControlNetCatalogue => "control-net-catalogue",
            Self::ControlNetTypeMembers => "control-net-type-members",
            Self::CrashRetries => "crash-retries",
            Self::CsharpExceptions => "csharp-exceptions",
            Self::CudaDeterminism => "cuda-determinism",
            Self::DeadDevice => "dead-device",
            Self::DeleteUpload => "delete-upload",
            Self::DialectOfBadFrame => "dialect-of-bad-frame",
            Self::DialectOfHandshake => "dialect-of-handshake",
            Self::DialectOfInitialize => "dialect-of-initialize",
            Self::DialectOfMostNames => "dialect-of-most-names",
            Self::DialectOfQuery => "dialect-of-query",
            Self::DialectOfReply => "dialect-of-reply",
            Self::DialectsMeanTheSame => "dialects-mean-the-same",
            Self::EffectiveHasDefaults => "effective-has-defaults",
            Self::EndOfInputAnswersAll => "end-of-input-answers-all",
            Self::EndOfInputAnswersQueue => "end-of-input-answers-queue",
            Self::EstimateMembers => "estimate-members",
            Self::EstimateNearMeasured => "estimate-near-measured",
            Self::EstimateOfImpossible => "estimate-of-impossible",
            Self::EventMembers => "event-members",
            Self::EventSequence => "event-sequence",
            Self::EventStream => "event-stream",
            Self::EventsNegotiated => "events-negotiated",
            Self::EventsNotBuffered => "events-not-buffered",
            Self::Eviction => "eviction",
            Self::ExactlyOneReply => "exactly-one-reply",
            Self::ExitCodeDrained => "exit-code-drained",
            Self::ExitWithinFiveSeconds => "exit-within-five-seconds",
            Self::FailedJobLogged => "failed-job-logged",
            Self::FaultListsBounded => "fault-lists-bounded",
            Self::FaultWhereItStands => "fault-where-it-stands",
            Self::FaultyHasNoNormalized => "faulty-has-no-normalized",
            Self::FeaturesUsed => "features-used",
            Self::FieldAutoContrast => "field-auto-contrast",
            Self::FieldBatchSize => "field-batch-size",
            Self::FieldClipSkip => "field-clip-skip",
            Self::FieldDimensions => "field-dimensions",
            Self::FieldGuidanceInterval => "field-guidance-interval",
            Self::FieldGuidanceScale => "field-guidance-scale",
            Self::FieldMaskBlur => "field-mask-blur",
            Self::FieldNegativePrompt => "field-negative-prompt",
            Self::FieldNegativePrompt2 => "field-negative-prompt-2",
            Self::FieldOutputFormat => "field-output-format",
            Self::FieldPreprocess => "field-preprocess",
            Self::FieldPrompt => "field-prompt",
            Self::FieldPrompt2 => "field-prompt-2",
            Self::FieldQuality => "field-quality",
            Self::FieldSeed => "field-seed",
            Self::FieldSteps => "field-steps",
            Self::FieldStrength => "field-strength",
            Self::FieldUpscaler => "field-upscaler",
            Self::FileHashWhenDeep => "file-hash-when-deep",
            Self::FileOfSeveralIds => "file-of-several-ids",
            Self::FileResultMembers => "file-result-members",
            Self::FileResultPath => "file-result-path",
            Self::FilesNeverOverwritten => "files-never-overwritten",
            Self::FirstInFirstOut => "first-in-first-out",
            Self::FrameLimit => "frame-limit",
            Self::FrameResynchronised => "frame-resynchronised",
            Self::FullDisk => "full-disk",
            Self::GatewayActions => "gateway-actions",
            Self::GatewayMakesIds => "gateway-makes-ids",
            Self::GenerationTimeParts => "generation-time-parts",
            Self::GpuNameInReplies => "gpu-name-in-replies",
            Self::GpuNamesAccepted => "gpu-names-accepted",
            Self::GpuToldButUnseen => "gpu-told-but-unseen",
            Self::GpuVisible => "gpu-visible",
            Self::GuidanceOff => "guidance-off",
            Self::HealthOfAnyHost => "health-of-any-host",
            Self::HeartbeatEverySecond => "heartbeat-every-second",
            Self::HeartbeatMembers => "heartbeat-members",
            Self::Hints => "hints",
            Self::HostHeader => "host-header",
            Self::IdInFlight => "id-in-flight",
            Self::ImagePaths => "image-paths",
            Self::InitializeIsOptional => "initialize-is-optional",
            Self::InitializeMembers => "initialize-members",
            Self::InitializeReplacesFeatures => "initialize-replaces-features",
            Self::InitializeResult => "initialize-result",
            Self::JobList => "job-list",
            Self::JobMembers => "job-members",
            Self::JobResource => "job-resource",
            Self::Karras => "karras",
            Self::KeyJoinsJob => "key-joins-job",
            Self::KeyOfRefusedRequest => "key-of-refused-request",
            Self::KeyWithAnotherBody => "key-with-another-body",
            Self::KeysForADay => "keys-for-a-day",
            Self::LimitsOfBodyTime => "limits-of-body-time",
            Self::LimitsOfTime => "limits-of-time",
            Self::LinesWritten => "lines-written",
            Self::LoadFromCache => "load-from-cache",
            Self::LoadMembers => "load-members",
            Self::LoadMemory => "load-memory",
            Self::LoadSize => "load-size",
            Self::LoadToCache => "load-to-cache",
            Self::LogEvents => "log-events",
            Self::LogHoldsUpNoReply => "log-holds-up-no-reply",
            Self::LogHurtsNothing => "log-hurts-nothing",
            Self::LongListIsOneFault => "long-list-is-one-fault",
            Self::LongPath => "long-path",
            Self::LorasAddUp => "loras-add-up",
            Self::MalformedTraceHeader => "malformed-trace-header",
            Self::MalformedTraceInEnvelope => "malformed-trace-in-envelope",
            Self::MaskAlpha => "mask-alpha",
            Self::MaskAlphaInverted => "mask-alpha-inverted",
            Self::MaskChannelWithoutMask => "mask-channel-without-mask",
            Self::MaskOfOneColour => "mask-of-one-colour",
            Self::MaskWithoutAlpha => "mask-without-alpha",
            Self::MatchedById => "matched-by-id",
            Self::MaxResolution => "max-resolution",
            Self::MemoryAfterLoad => "memory-after-load",
            Self::MemoryIsMeasured => "memory-is-measured",
            Self::MemoryStats => "memory-stats",
            Self::MissingFileIsInvalid => "missing-file-is-invalid",
            Self::ModelFamilies => "model-families",
            Self::ModelInvalid => "model-invalid",
            Self::ModelLimits => "model-limits",
            Self::ModelMembers => "model-members",
            Self::ModelOfAnotherType => "model-of-another-type",
            Self::NoEventAfterReply => "no-event-after-reply",
            Self::NoFiguresOfFaulty => "no-figures-of-faulty",
            Self::NoPlaceholderSuccess => "no-placeholder-success",
            Self::NoTraceNoMember => "no-trace-no-member",
            Self::NoZombies => "no-zombies",
            Self::NormalizedIsWhatWasRead => "normalized-is-what-was-read",
            Self::Nosniff => "nosniff",
            Self::NotCached => "not-cached",
            Self::NotLoaded => "not-loaded",
            Self::NothingAcceptedIsLost => "nothing-accepted-is-lost",
            Self::NothingSilent => "nothing-silent",
            Self::NothingToFree => "nothing-to-free",
            Self::NumbersAreNumbers => "numbers-are-numbers",
            Self::NumbersQuotedAsWritten => "numbers-quoted-as-written",
            Self::OnDisconnect => "on-disconnect",
            Self::OneEndOfEachJob => "one-end-of-each-job",
            Self::OneLineInOrder => "one-line-in-order",
            Self::OneObjectALine => "one-object-a-line",
            Self::OneReplyWhateverDies => "one-reply-whatever-dies",
            Self::OneSizeOfAModel => "one-size-of-a-model",
            Self::OpenapiDocument => "openapi-document",
            Self::OpenapiFromRegistry => "openapi-from-registry",
            Self::OptimizationMembers => "optimization-members",
            Self::OriginHeader => "origin-header",
            Self::OriginOfReads => "origin-of-reads",
            Self::OtherAttemptGoesOn => "other-attempt-goes-on",
            Self::OthersAnsweredMeanwhile => "others-answered-meanwhile",
            Self::OutOfOrderNeedsIds => "out-of-order-needs-ids",
            Self::OutOfRange => "out-of-range",
            Self::PathNotAllowedOrNotFound => "path-not-allowed-or-not-found",
            Self::PathUnderARoot => "path-under-a-root",
            Self::PeakMemory => "peak-memory",
            Self::PerformanceMetrics => "performance-metrics",
            Self::PictureCaching => "picture-caching",
            Self::PictureInsteadOfJson => "picture-instead-of-json",
            Self::PictureOfAJob => "picture-of-a-job",
            Self::PictureRecord => "picture-record",
            Self::Pointers => "pointers",
            Self::PointersAsSpelt => "pointers-as-spelt",
            Self::PollingWhileDraining => "polling-while-draining",
            Self::PreviewEvents => "preview-events",
            Self::ProblemDocuments => "problem-documents",
            Self::ProgressMembers => "progress-members",
            Self::ProgressRange => "progress-range",
            Self::ProgressSteps => "progress-steps",
            Self::PromptNeverCut => "prompt-never-cut",
            Self::PromptWeighting => "prompt-weighting",
            Self::ProtocolVersion => "protocol-version",
            Self::QueriesInOrder => "queries-in-order",
            Self::QueryWithinASecond => "query-within-a-second",
            Self::QueueCounts => "queue-counts",
            Self::QueueMembers => "queue-members",
            Self::ReferenceImages => "reference-images",
            Self::RefinerStart => "refiner-start",
            Self::RefusalCountsNot => "refusal-counts-not",
            Self::RepliesAreClosed => "replies-are-closed",
            Self::RepliesWithoutIds => "replies-without-ids",
            Self::ReplyEventHasId => "reply-event-has-id",
            Self::ResourcesOfRegistry => "resources-of-registry",
            Self::RespondAsync => "respond-async",
            Self::ResultMembers => "result-members",
            Self::RoutesFromRegistry => "routes-from-registry",
            Self::RulesOverFields => "rules-over-fields",
            Self::SafetyCheckerBlackens => "safety-checker-blackens",
            Self::SameRequestSamePixels => "same-request-same-pixels",
            Self::SchedulerCatalogue => "scheduler-catalogue",
            Self::SchedulerClasses => "scheduler-classes",
            Self::SchedulerMembers => "scheduler-members",
            Self::SchedulerNeverSubstituted => "scheduler-never-substituted",
            Self::SessionIdEchoed => "session-id-echoed",
            Self::SessionsForHalfAnHour => "sessions-for-half-an-hour",
            Self::ShutdownEndsWithInput => "shutdown-ends-with-input",
            Self::ShutdownGrace => "shutdown-grace",
            Self::ShutdownReplyIsLast => "shutdown-reply-is-last",
            Self::SighupReopensLog => "sighup-reopens-log",
            Self::SigtermDrains => "sigterm-drains",
            Self::SilentBeforeFirstCommand => "silent-before-first-command",
            Self::SmallWeightIsNearNone => "small-weight-is-near-none",
            Self::SoundOrRefusedFiles => "sound-or-refused-files",
            Self::StageDeadlines => "stage-deadlines",
            Self::StalledGatewayIsFair => "stalled-gateway-is-fair",
            Self::StatusMembers => "status-members",
            Self::StatusOfLoadedModel => "status-of-loaded-model",
            Self::StatusOfRunningJob => "status-of-running-job",
            Self::StdoutIsForFrames => "stdout-is-for-frames",
            Self::StopSavedOrNot => "stop-saved-or-not",
            Self::StreamGoesOn => "stream-goes-on",
            Self::StrengthKeepsTheImage => "strength-keeps-the-image",
            Self::SuccessMeansDone => "success-means-done",
            Self::SuiteParts => "suite-parts",
            Self::SuiteResult => "suite-result",
            Self::SuiteSize => "suite-size",
            Self::SuiteStaysTogether => "suite-stays-together",
            Self::TimeoutCode => "timeout-code",
            Self::TimeoutGrace => "timeout-grace",
            Self::TraceHeaderWins => "trace-header-wins",
            Self::TraceNegotiated => "trace-negotiated",
            Self::TraceNotInRecord => "trace-not-in-record",
            Self::TraceOfLaterVersion => "trace-of-later-version",
            Self::TraceRepeated => "trace-repeated",
            Self::TrainingDataFaults => "training-data-faults",
            Self::TrainingHistory => "training-history",
            Self::TrainingNotFound => "training-not-found",
            Self::TrainingOutput => "training-output",
            Self::TrainingProgress => "training-progress",
            Self::TrainingStates => "training-states",
            Self::TrainingTakesItsTurn => "training-takes-its-turn",
            Self::UnfinishedAtEndOfInput => "unfinished-at-end-of-input",
            Self::UnknownModel => "unknown-model",
            Self::UnloadMembers => "unload-members",
            Self::UnmaskedStays => "unmasked-stays",
            Self::UnmeasuredIsAbsent => "unmeasured-is-absent",
            Self::UnsetIsAbsent => "unset-is-absent",
            Self::UnusualLinesRead => "unusual-lines-read",
            Self::UploadsExpire => "uploads-expire",
            Self::WeightZero => "weight-zero",
            Self::WorkersEndWithGateway => "workers-end-with-gateway",
        }
    }

    /// Its words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::ActionsAreOneJob => {
                "The actions that run a submission differ in their envelopes; the same submission makes the same picture."
            }
            Self::AdvertisedIsImplemented => {
                "Advertised means implemented: what get_capabilities says is what the conformance checks find."
            }
            Self::AllFaultsAtOnce => "Nothing is ever ignored. … one per fault, all faults at once.",
            Self::AttemptInDirectEnvelope => {
                "Both are accepted for every command; cancel's own field attempt? stands beside action in the direct envelope."
            }
            Self::BadBodies => "Bad input: each gives its code, and the gateway goes on serving.",
            Self::BadFrames => {
                "bad_frame, with request_id: null, and the stream goes on. … Duplicate property names in one object, at any depth: the command fails with duplicate_field."
            }
            Self::BareBase64 => {
                "Base64 without data:image/…;base64, before it is image_invalid, and the hint says what is missing"
            }
            Self::BatchItemIsSingleRun => {
                "Image i of a batch against a single run with seed + i: within 1/255."
            }
            Self::BatchSeeds => "image i of a batch uses seed + i",
            Self::BatchSizeLimit => "max_batch_size; limits {batch_size_max}",
            Self::BeyondThisWorker => {
                "Bounds of the model at hand (… VRAM): beyond them out_of_range from the worker. validate_request checks … fit of this worker."
            }
            Self::BothEnvelopes => "Both are accepted for every command, over stdio and over HTTP.",
            Self::BridgeMembers => {
                "Its classes, case-insensitive; our replies fill every one of these, under these names and types."
            }
            Self::BridgeResponseData => "PyTorchResponse<T> Data: T?",
            Self::BridgeResponseError => "PyTorchResponse<T> Error: string?",
            Self::BridgeResponseSuccess => "PyTorchResponse<T> Success: bool",
            Self::CancelAfterItsTarget => "cancel is answered after the target's own terminal reply.",
            Self::CancelMembers => "CancelResult: target_request_id, was",
            Self::CancelOfAnotherAttempt => "Another attempt: nothing is done, job_not_found.",
            Self::CancelOfEnded => {
                "Unknown or already ended: job_not_found, with details.status where known."
            }
            Self::CancelOfUnknown => "Unknown or already ended: job_not_found",
            Self::CancelWas => "cancel: target_request_id, was: queued or running",
            Self::CancelWithinAStep => "cancel within one step",
            Self::CancelledStatus => "cancelled 409",
            Self::CapabilitiesMembers => {
                "WorkerCapabilities: features{}, max_resolution (the largest square side), memory_stats, loaded_models[]"
            }
            Self::ChosenSeedIsTold => "−1 means \"choose one and tell me\"",
            Self::ChosenSeedRange => {
                "A seed that the worker chose is 0..2^31−17: existing C# reads SeedUsed and Seed into an int."
            }
            Self::CircuitBreaker => {
                "After deaths_max deaths in a row a lane is open and tries again after 15 s, doubling to 5 min."
            }
            Self::ClientLeft => {
                "The end of the client's side of a connection before the reply cancels the job of a synchronous request, waiting or running. It ends cancelled, details.reason: client_left."
            }
            Self::CodeOfAFault => {
                "Which code: a name that nothing knows: unknown_field. Wrong JSON type or form of number, unknown enum spelling, pattern, blank prompt: unsupported_value."
            }
            Self::ContentTypeRequired => "A non-empty body without Content-Type is unsupported_media_type.",
            Self::ControlNetCatalogue => {
                "types[] name, description, recommended_weight, supported_formats[]; recommended_weights{}"
            }
            Self::ControlNetTypeMembers => {
                "types[] name, description, recommended_weight, supported_formats[]"
            }
            Self::CrashRetries => {
                "The gateway repeats a job only after worker_crashed, elsewhere where it can, at most 2 attempts."
            }
            Self::CsharpExceptions => "Each error code has the exception that a C# client throws for it.",
            Self::CudaDeterminism => "On CUDA within 1/255 a channel, equal with --deterministic.",
            Self::DeadDevice => {
                "A device that can no longer compute: the worker answers every frame it has read with worker_crashed and exits with 70."
            }
            Self::DeleteUpload => "DELETE /v1/uploads/{id} (action delete_upload, class G, reply {})",
            Self::DialectOfBadFrame => {
                "A bad_frame or frame_too_large reply: what initialize chose, else that of the last reply, else pascal."
            }
            Self::DialectOfHandshake => {
                "Dialect of a reply, the first that applies: … the dialect that initialize chose."
            }
            Self::DialectOfInitialize => "Its own reply is in the dialect that it chooses, and names it.",
            Self::DialectOfMostNames => {
                "the dialect that alone spells the most names among the command's own fields; … The order of members never decides."
            }
            Self::DialectOfQuery => {
                "Dialect of a reply, the first that applies: the dialect query parameter (HTTP)"
            }
            Self::DialectOfReply => {
                "Dialect of a reply: on stdio snake for the documented envelope, pascal for the direct one; over HTTP the one that alone spells the most names among the command's own fields, else among the envelope's, else snake."
            }
            Self::DialectsMeanTheSame => {
                "The same bytes mean the same to every party; the same document in another dialect is the same document."
            }
            Self::EffectiveHasDefaults => "effective is the same with every default of §7 that applies.",
            Self::EndOfInputAnswersAll => "End of stdin is the polite stop: every frame read is answered",
            Self::EndOfInputAnswersQueue => {
                "End of stdin is the polite stop: every frame read is answered; what is not done 4 s later is cancelled with shutting_down"
            }
            Self::EstimateMembers => {
                "validation_details {estimated_vram_mb, estimated_time_seconds}; estimated_vram_usage_mb (integer)"
            }
            Self::EstimateNearMeasured => "the estimate within 10 % of what was measured",
            Self::EstimateOfImpossible => {
                "get_performance_estimate and optimize_request of a submission that no job would be made of: refused with all faults, as the job is; one that merely does not fit has its figures, fits: false."
            }
            Self::EventMembers => {
                "{event, request_id, attempt, sequence, timestamp, …}; an event has no success."
            }
            Self::EventSequence => "server-sent events, id = sequence",
            Self::EventStream => "jobs/{id}/events (server-sent events, id = sequence)",
            Self::EventsNegotiated => {
                "Features that initialize negotiates: events … Without any, exactly one line per command"
            }
            Self::EventsNotBuffered => "X-Accel-Buffering: no.",
            Self::Eviction => "A command that names a model loads it, evicting the least recently used.",
            Self::ExactlyOneReply => "Every accepted job ends in exactly one reply",
            Self::ExitCodeDrained => "0: it drained",
            Self::ExitWithinFiveSeconds => "exit 0 within 5 s (the C# bridge kills after 5 s)",
            Self::FailedJobLogged => {
                "Every failed job leaves one structured line with its request id and its code."
            }
            Self::FaultListsBounded => {
                "At most 100 errors[], warnings and warning_details a reply; where there were more, errors_total says how many."
            }
            Self::FaultWhereItStands => {
                "`field` and each `pointer`: where it stands, as the sender spelt it."
            }
            Self::FaultyHasNoNormalized => "and makes normalized and effective null",
            Self::FeaturesUsed => "features_used.x is true only if x took part.",
            Self::FieldAutoContrast => "postprocessing.auto_contrast",
            Self::FieldBatchSize => "hyperparameters.batch_size",
            Self::FieldClipSkip => "conditioning.clip_skip",
            Self::FieldDimensions => "hyperparameters.dimensions.width, .height",
            Self::FieldGuidanceInterval => "control_nets[].guidance_start, guidance_end",
            Self::FieldGuidanceScale => "hyperparameters.guidance_scale",
            Self::FieldMaskBlur => "conditioning.mask_blur",
            Self::FieldNegativePrompt => "conditioning.negative_prompt",
            Self::FieldNegativePrompt2 => "conditioning.negative_prompt_2",
            Self::FieldOutputFormat => "postprocessing.output_format",
            Self::FieldPreprocess => "control_nets[].preprocess",
            Self::FieldPrompt => "conditioning.prompt",
            Self::FieldPrompt2 => "conditioning.prompt_2",
            Self::FieldQuality => "postprocessing.quality: integer 1..100 (jpeg, webp)",
            Self::FieldSeed => "hyperparameters.seed",
            Self::FieldSteps => "scheduler.steps",
            Self::FieldStrength => "hyperparameters.strength: number > 0..1; with init_image",
            Self::FieldUpscaler => "postprocessing.upscaler, upscale_factor",
            Self::FileHashWhenDeep => "sha256? (only deep)",
            Self::FileOfSeveralIds => "a file may have several ids and is loaded once",
            Self::FileResultMembers => {
                "results[] of files: model_path, is_valid, format, tensor_count, file_size_bytes, issues[]"
            }
            Self::FileResultPath => "FileResult: model_path, as asked",
            Self::FilesNeverOverwritten => "Files: written beside and renamed, never overwritten.",
            Self::FirstInFirstOut => "Scheduling in a worker: class J …: first in, first out, one at a time.",
            Self::FrameLimit => {
                "Frame limit 16 MiB by default. Over it: error frame_too_large, then resynchronise at the next LF"
            }
            Self::FrameResynchronised => "then resynchronise at the next LF (gateway → worker)",
            Self::FullDisk => {
                "A full disk, too few descriptors or a read-only output: a true code, and readiness false with the reason."
            }
            Self::GatewayActions => "G the gateway's own (a worker answers unknown_action).",
            Self::GatewayMakesIds => "Without request_id … the gateway makes a UUIDv7 and answers it",
            Self::GenerationTimeParts => {
                "generation = preprocessing + denoising + postprocessing, without queue and load; the other two are parts of it."
            }
            Self::GpuNameInReplies => "gpu_id in replies is gpu_N, or cpu_0.",
            Self::GpuNamesAccepted => {
                "A worker accepts auto, its own name in every spelling, and cpu if it is cpu_0; anything else is unsupported_feature."
            }
            Self::GpuToldButUnseen => "A Python worker that is told a GPU it cannot see does not start.",
            Self::GpuVisible => {
                "CUDA_VISIBLE_DEVICES names the GPU by index or UUID; gpu_N is read as index N with a warning on stderr, anything else unknown is an error at start."
            }
            Self::GuidanceOff => "number 0..50 (0..1 turns guidance off)",
            Self::HealthOfAnyHost => "/health/* answers any Host",
            Self::HeartbeatEverySecond => "heartbeat: request_id: null; … every 1 s, also while a job runs",
            Self::HeartbeatMembers => {
                "heartbeat: state, stage?, running_request_id?, last_progress_seconds, memory_used_mb"
            }
            Self::Hints => {
                "error_details.hint is the way out: of a wrong JSON type, what to write; entries of errors[] have none"
            }
            Self::HostHeader => {
                "Host must be the listener's address, localhost, the host of public_url, or in allowed_hosts, else forbidden."
            }
            Self::IdInFlight => "one that is in flight already is conflict",
            Self::ImagePaths => "images[] (absolute paths, as the C# List<string> Images binds)",
            Self::InitializeIsOptional => "initialize is optional; commands before it work with no features.",
            Self::InitializeMembers => {
                "initialize: worker, worker_version, protocol_version, features[], dialect, gpu_id, device_name, pid"
            }
            Self::InitializeReplacesFeatures => "initialize: Again: it replaces the features",
            Self::InitializeResult => {
                "InitializeResult: worker, worker_version, protocol_version, features, dialect, gpu_id, device_name, pid"
            }
            Self::JobList => {
                "GET /v1/jobs: limit 1..1000 = 100, newest first, cursor (opaque, stable under inserts); the reply has total (exact) and next_cursor?"
            }
            Self::JobMembers => "Job: request_id, worker_id, model_id, status, queued_at, … result?",
            Self::JobResource => "jobs/{id} (GET, DELETE cancels)",
            Self::Karras => {
                "Karras is on when the name or the flag says so, and scheduler_used then names the Karras form where there is one."
            }
            Self::KeyJoinsJob => "Idempotency-Key is kept 24 h: a retry joins the job.",
            Self::KeyOfRefusedRequest => "a key of a request that was refused stands for nothing",
            Self::KeyWithAnotherBody => "Idempotency-Key … with another body: conflict.",
            Self::KeysForADay => "Idempotency-Key is kept 24 h.",
            Self::LimitsOfBodyTime => "A body that drips is cut: 64 KiB each 30 s.",
            Self::LimitsOfTime => "limits of time, configurable: head 10 s",
            Self::LinesWritten => {
                "Writers never write a BOM, NaN, Infinity, a blank line, or a raw newline inside a frame."
            }
            Self::LoadFromCache => "load_from_cache: LoadResult, from_cache: true",
            Self::LoadMembers => {
                "LoadResult: model_id, load_time_seconds, model_size_bytes, gpu_id, from_cache, memory_used_bytes"
            }
            Self::LoadMemory => "LoadResult: memory_used_bytes",
            Self::LoadSize => "LoadResult: model_size_bytes",
            Self::LoadToCache => "LoadResult (in RAM)",
            Self::LogEvents => "log: level, message.",
            Self::LogHoldsUpNoReply => "Log writes hold up no reply: lines are lost and counted.",
            Self::LogHurtsNothing => "The log can not hurt: reader gone, disk full, pipe full.",
            Self::LongListIsOneFault => {
                "A list over its maxItems is one out_of_range at the list, counts as one, is not read further"
            }
            Self::LongPath => {
                "A path longer than any that can be is path_not_allowed, and costs no more than to read it"
            }
            Self::LorasAddUp => {
                "conditioning.loras[0..16]: each takes part by its own weight; their order says nothing."
            }
            Self::MalformedTraceHeader => "A malformed header starts a new trace",
            Self::MalformedTraceInEnvelope => "a malformed one in an envelope is unsupported_value",
            Self::MaskAlpha => "mask_channel alpha: opaque is repainted",
            Self::MaskAlphaInverted => "mask_channel alpha_inverted: transparent is repainted",
            Self::MaskChannelWithoutMask => "mask_channel without a mask: no_effect",
            Self::MaskOfOneColour => {
                "A mask of one colour whose alpha varies, without mask_channel, is image_invalid with that hint."
            }
            Self::MaskWithoutAlpha => "alpha… on a mask without alpha is image_invalid",
            Self::MatchedById => {
                "A reply is matched by request_id, never by order, whenever the command had one."
            }
            Self::MaxResolution => "max_resolution (the largest square side)",
            Self::MemoryAfterLoad => {
                "memory_stats {vram_used_bytes, vram_total_bytes, vram_available_bytes}; model_ids[], freed_bytes"
            }
            Self::MemoryIsMeasured => {
                "Numbers are what was measured. memory_used_mb is the peak device memory of the command (on CPU: peak resident memory)."
            }
            Self::MemoryStats => "memory_stats {vram_used_bytes, vram_total_bytes, vram_available_bytes}",
            Self::MissingFileIsInvalid => "A file that is not there is not valid, and an issue says so.",
            Self::ModelFamilies => "models[] gain family?, capabilities families[]",
            Self::ModelInvalid => "model_invalid: The model file is broken or of the wrong kind.",
            Self::ModelLimits => {
                "Bounds of the model at hand: in get_capabilities.limits, beyond them out_of_range from the worker."
            }
            Self::ModelMembers => {
                "ModelInfo: model_id, model_type, model_path, model_size_bytes, dtype, location, loaded_at?"
            }
            Self::ModelOfAnotherType => {
                "A model of another type than its field's is model_invalid, at the field."
            }
            Self::NoEventAfterReply => "None with a request_id follows its reply.",
            Self::NoFiguresOfFaulty => {
                "Figures of a value that breaks a bound, or without a model that is not there, would be of nothing."
            }
            Self::NoPlaceholderSuccess => {
                "success: true means that the thing was done. There is no placeholder success."
            }
            Self::NoTraceNoMember => "events of a command that names no trace have none",
            Self::NoZombies => "Workers and their children end with the gateway; no zombies.",
            Self::NormalizedIsWhatWasRead => {
                "normalized is what this party read: snake in every reply dialect, only what the sender said."
            }
            Self::Nosniff => {
                "nosniff on every answer: a browser takes nothing for a script or a page that is none."
            }
            Self::NotCached => {
                "load_from_cache of what is not cached (hint: load_model_to_cache), are model_not_found"
            }
            Self::NotLoaded => "unload_model of an id that is not loaded … are model_not_found",
            Self::NothingAcceptedIsLost => {
                "Nothing accepted is lost at the end: drain on SIGTERM and shutdown, with and without open connections."
            }
            Self::NothingSilent => {
                "Nothing is silently dropped, defaulted, clamped, substituted or truncated. Either it is done, or an error or a warning says so."
            }
            Self::NothingToFree => {
                "unload_model without an id and cleanup_memory succeed with nothing to free"
            }
            Self::NumbersAreNumbers => {
                "A number acts by its size: almost the same number makes almost the same picture."
            }
            Self::NumbersQuotedAsWritten => {
                "A sentence quotes a number as its sender wrote it, at most 64 characters and then …"
            }
            Self::OnDisconnect => "on_disconnect (cancel, finish) in the query",
            Self::OneEndOfEachJob => {
                "Every accepted job ends in exactly one reply, whatever dies: success, failure, cancelled or timeout."
            }
            Self::OneLineInOrder => "Without any, exactly one line per command, in the order of the commands",
            Self::OneObjectALine => "One JSON object per line, UTF-8, ended by LF.",
            Self::OneReplyWhateverDies => "Every accepted job ends in exactly one reply, whatever dies.",
            Self::OneSizeOfAModel => "model_size_bytes of LoadResult, models[] and WorkerStatus",
            Self::OpenapiDocument => "/openapi.json: this interface as OpenAPI 3.1.",
            Self::OpenapiFromRegistry => "Dispatch, validation, OpenAPI, docs … all come from it.",
            Self::OptimizationMembers => "OptimizationResult: estimate_before, estimate_after",
            Self::OriginHeader => {
                "an Origin that is own or in cors_origins is served; any other (also null), or Sec-Fetch-Site: cross-site without Origin, is forbidden."
            }
            Self::OriginOfReads => "For every method but GET, HEAD and a CORS preflight",
            Self::OtherAttemptGoesOn => "Another attempt: nothing is done",
            Self::OthersAnsweredMeanwhile => {
                "class Q is answered within 1 s while a job runs: an expensive body is no other client's wait"
            }
            Self::OutOfOrderNeedsIds => "With out_of_order every command needs a request_id",
            Self::OutOfRange => {
                "A number, length or count outside its limits, or not a multiple of 8: out_of_range."
            }
            Self::PathNotAllowedOrNotFound => "Ids and paths: … else model_not_found … else path_not_allowed",
            Self::PathUnderARoot => "the real path must stay under a root of its kind, else path_not_allowed",
            Self::PeakMemory => "PerformanceMetrics: peak_memory_used_mb",
            Self::PerformanceMetrics => {
                "PerformanceMetrics: commands_total, commands_failed, jobs_completed, images_generated, average_generation_time_seconds?, p95_generation_time_seconds?"
            }
            Self::PictureCaching => {
                "ETag: \"<sha256>\", Cache-Control: private, no-cache, Range, If-None-Match, HEAD"
            }
            Self::PictureInsteadOfJson => {
                "On POST /v1/generate, an Accept that names an image type and not JSON answers the picture's bytes: it must admit the job's output_format, else not_acceptable"
            }
            Self::PictureOfAJob => "jobs/{id}/images/{n}: a picture of a job.",
            Self::PictureRecord => {
                "the metadata inside the picture: no request id, time or path, so that the same request and seed give the same bytes."
            }
            Self::Pointers => {
                "Pointers (RFC 6901) start at the frame (stdio) or the body (HTTP) as the sender spelt it; a missing field is named as its siblings are spelt."
            }
            Self::PointersAsSpelt => {
                "Pointers (RFC 6901) start at the frame (stdio) or the body (HTTP) as the sender spelt it"
            }
            Self::PollingWhileDraining => {
                "Polling goes on while it drains; the last replies reach their clients."
            }
            Self::PreviewEvents => "preview: image (path or data:), step; only with previews.",
            Self::ProblemDocuments => {
                "A failure is application/problem+json (RFC 9457) that also carries the members of the failed reply."
            }
            Self::ProgressMembers => {
                "progress: stage, step, total_steps, progress 0..1, image_index, eta_seconds?"
            }
            Self::ProgressRange => "progress 0..1",
            Self::ProgressSteps => "progress: step, total_steps",
            Self::PromptNeverCut => "conditioning.prompt: encoded in chunks of 75 tokens, never cut",
            Self::PromptWeighting => "hyperparameters.prompt_weighting: (text:1.2) weights",
            Self::ProtocolVersion => "protocol_versions: [\"1\"]; no common one: unsupported_value.",
            Self::QueriesInOrder => {
                "Class Q: without it, computed when its line is due, so that it sees what the commands before it did."
            }
            Self::QueryWithinASecond => "class Q is answered within 1 s while a job runs.",
            Self::QueueCounts => {
                "QueueStatus: total_queued, currently_processing, completed, failed, cancelled, average_processing_time_seconds?"
            }
            Self::QueueMembers => {
                "QueueStatus: total_queued, currently_processing, …, queued_requests[] {request_id, status, queue_position, queued_at, started_at?}"
            }
            Self::ReferenceImages => {
                "reference_images: image references (IP-Adapter); unsupported_feature where the worker has none."
            }
            Self::RefinerStart => {
                "hyperparameters.refiner_start: number > 0 and < 1; the share of the steps that the base runs."
            }
            Self::RefusalCountsNot => "A refusal never counts against a worker.",
            Self::RepliesAreClosed => {
                "Replies are closed too: a member that the schema does not know is a failure to the conformance checks."
            }
            Self::RepliesWithoutIds => {
                "Without request_id a worker answers null; exactly one line per command, in the order of the commands (the C# bridge reads one line per command)"
            }
            Self::ReplyEventHasId => {
                "reply has an id like every event; a Last-Event-ID at or after the last answers 204."
            }
            Self::ResourcesOfRegistry => {
                "A route beside the commands answers what its summary in the registry says."
            }
            Self::RespondAsync => {
                "Prefer: respond-async → 202, Location, {request_id, status, queue_position}."
            }
            Self::ResultMembers => {
                "SDXLResult: images[], image_details[], generation_time_seconds, …, seed_used, features_used, scheduler_used, steps_used, model_id, device, gpu_id"
            }
            Self::RoutesFromRegistry => {
                "Dispatch, validation, OpenAPI, docs and the conformance cases all come from it (the registry)."
            }
            Self::RulesOverFields => {
                "A rule over several fields: validation_failed, pointing at the last of these fields, in the schema's order, that the sender wrote."
            }
            Self::SafetyCheckerBlackens => {
                "A flagged picture is blackened, said by image_flagged and image_details[].flagged."
            }
            Self::SameRequestSamePixels => {
                "Same request, resolved seed, device, versions and batch size: same pixels on CPU; on CUDA within 1/255 a channel."
            }
            Self::SchedulerCatalogue => {
                "schedulers[] name, description, diffusers_class, recommended_steps; recommended_scheduler, default_steps{}"
            }
            Self::SchedulerClasses => "Canonical name → diffusers class",
            Self::SchedulerMembers => "schedulers[] name, description, diffusers_class, recommended_steps",
            Self::SchedulerNeverSubstituted => {
                "Anything else: unsupported_value with the list; never a substitute."
            }
            Self::SessionIdEchoed => "A bare worker keeps no sessions and only echoes the id.",
            Self::SessionsForHalfAnHour => "Ended sessions stay readable for 30 min.",
            Self::ShutdownEndsWithInput => "an end of stdin meanwhile shortens a longer grace to 4 s",
            Self::ShutdownGrace => "shutdown does the same with grace_seconds (default 4)",
            Self::ShutdownReplyIsLast => "shutdown: nothing is read after it and its reply is the last line",
            Self::SighupReopensLog => "SIGHUP reopens the log; it does not kill.",
            Self::SigtermDrains => "Nothing accepted is lost at the end: drain on SIGTERM and shutdown.",
            Self::SilentBeforeFirstCommand => "A worker writes nothing before its first command.",
            Self::SmallWeightIsNearNone => {
                "weight −2..2; a LoRA or ControlNet of weight 0 takes no part: one of almost no weight takes almost none."
            }
            Self::SoundOrRefusedFiles => {
                "The right picture, or a clear refusal at the entry's pointer that validate_request says too; validate_model_files agrees with what a job then finds."
            }
            Self::StageDeadlines => {
                "The gateway judges a worker by silence and by last_progress_seconds per stage."
            }
            Self::StalledGatewayIsFair => {
                "A gateway that was itself stalled reads what lies in the pipe before it calls a worker hung."
            }
            Self::StatusMembers => {
                "WorkerStatus: gpu_id, state, is_initialized, has_model_loaded, current_model_id?, last_activity, uptime_seconds"
            }
            Self::StatusOfLoadedModel => "WorkerStatus: has_model_loaded, current_model_id?",
            Self::StatusOfRunningJob => "WorkerStatus: active_inference_sessions, running_request_id?",
            Self::StdoutIsForFrames => "stdout is for frames alone.",
            Self::StopSavedOrNot => "stop_training: saved → paused, not saved → cancelled",
            Self::StreamGoesOn => "Bad input gives its code, and the stream goes on.",
            Self::StrengthKeepsTheImage => {
                "hyperparameters.strength: the smaller, the more of init_image stays."
            }
            Self::SuccessMeansDone => "success: true means that the thing was done.",
            Self::SuiteParts => {
                "SuiteResult: component_results[] {component_type, model_id (sdxl_<suite>_<component>), success}"
            }
            Self::SuiteResult => "cache_sdxl_suite: SuiteResult",
            Self::SuiteSize => "total_size_bytes",
            Self::SuiteStaysTogether => "the parts of a suite stay together.",
            Self::TimeoutCode => {
                "metadata.timeout_seconds counts from receipt to reply, queue included; on expiry: cancel, … code timeout."
            }
            Self::TimeoutGrace => "on expiry: cancel, 5 s grace, kill",
            Self::TraceHeaderWins => {
                "the header wins, an envelope's with another trace id gets the warning no_effect"
            }
            Self::TraceNegotiated => {
                "Features that initialize negotiates: events, out_of_order, previews, trace"
            }
            Self::TraceNotInRecord => "No part of the idempotency hash nor of a picture's record.",
            Self::TraceOfLaterVersion => "W3C: of a later version what version 00 has is read",
            Self::TraceRepeated => "traceparent? as HTTP header and envelope field: in log lines and events",
            Self::TrainingDataFaults => {
                "Faults of the data set (absent, empty, …): validation_failed, one entry of errors[] a file, pointer at training_data."
            }
            Self::TrainingHistory => {
                "History rows, oldest first: step, epoch, loss, learning_rate, recorded_at"
            }
            Self::TrainingNotFound => "training_not_found",
            Self::TrainingOutput => "Output: a .safetensors that §7's loras or textual_inversions loads",
            Self::TrainingProgress => "progress 0..1, … step, total_steps",
            Self::TrainingStates => {
                "States: queued, preparing, running, checkpointing, paused, completed, failed, cancelled."
            }
            Self::TrainingTakesItsTurn => {
                "A T takes its turn in the queue (state queued), is answered once accepted, then runs in the background."
            }
            Self::UnfinishedAtEndOfInput => "what is not done 4 s later is cancelled with shutting_down",
            Self::UnknownModel => "Ids and paths: … else model_not_found",
            Self::UnloadMembers => "model_ids[], freed_bytes",
            Self::UnmaskedStays => "inpaint_mask: white is repainted.",
            Self::UnmeasuredIsAbsent => "averages, percentiles and peaks before the first job: Absent.",
            Self::UnsetIsAbsent => {
                "null, and \"\" for an optional string, mean absent; spellings of enum values are read regardless of case."
            }
            Self::UnusualLinesRead => "Readers accept CRLF, a BOM before the first frame, and blank lines.",
            Self::UploadsExpire => "An upload expires after 24 h.",
            Self::WeightZero => "A LoRA or ControlNet of weight 0 takes no part (warning weight_zero).",
            Self::WorkersEndWithGateway => {
                "Workers and their children end with the gateway, also when it is killed."
            }
        }
    }

    /// Why no check proves it, where none does.
    #[must_use]
    pub const fn unchecked(self) -> Option<&'static str> {
        match self {
            Self::ActionsAreOneJob => None,
            Self::AdvertisedIsImplemented => None,
            Self::AllFaultsAtOnce => None,
            Self::AttemptInDirectEnvelope => None,
            Self::BadBodies => None,
            Self::BadFrames => None,
            Self::BareBase64 => None,
            Self::BatchItemIsSingleRun => None,
            Self::BatchSeeds => None,
            Self::BatchSizeLimit => None,
            Self::BeyondThisWorker => None,
            Self::BothEnvelopes => None,
            Self::BridgeMembers => None,
            Self::BridgeResponseData => None,
            Self::BridgeResponseError => None,
            Self::BridgeResponseSuccess => None,
            Self::CancelAfterItsTarget => None,
            Self::CancelMembers => None,
            Self::CancelOfAnotherAttempt => None,
            Self::CancelOfEnded => None,
            Self::CancelOfUnknown => None,
            Self::CancelWas => None,
            Self::CancelWithinAStep => None,
            Self::CancelledStatus => None,
            Self::CapabilitiesMembers => None,
            Self::ChosenSeedIsTold => None,
            Self::ChosenSeedRange => None,
            Self::CircuitBreaker => Some(
                "The tool cannot kill a worker of a gateway that it did not start, and the waits are minutes; gateway tests hold it in paused time.",
            ),
            Self::ClientLeft => None,
            Self::CodeOfAFault => None,
            Self::ContentTypeRequired => None,
            Self::ControlNetCatalogue => None,
            Self::ControlNetTypeMembers => None,
            Self::CrashRetries => Some(
                "The tool cannot make a worker of a foreign gateway crash; gateway tests do with worker-sim.",
            ),
            Self::CsharpExceptions => {
                Some("It is said by no message; clients/bridge and the generated C# hold it on real .NET.")
            }
            Self::CudaDeterminism => {
                Some("effects.repeat holds it on the device that the target has; the flag is the operator's.")
            }
            Self::DeadDevice => Some("It needs a CUDA error; workers/tests inject one."),
            Self::DeleteUpload => None,
            Self::DialectOfBadFrame => None,
            Self::DialectOfHandshake => None,
            Self::DialectOfInitialize => None,
            Self::DialectOfMostNames => None,
            Self::DialectOfQuery => None,
            Self::DialectOfReply => None,
            Self::DialectsMeanTheSame => None,
            Self::EffectiveHasDefaults => None,
            Self::EndOfInputAnswersAll => None,
            Self::EndOfInputAnswersQueue => None,
            Self::EstimateMembers => None,
            Self::EstimateNearMeasured => None,
            Self::EstimateOfImpossible => None,
            Self::EventMembers => None,
            Self::EventSequence => None,
            Self::EventStream => None,
            Self::EventsNegotiated => None,
            Self::EventsNotBuffered => None,
            Self::Eviction => Some(
                "The tool does not know how much fits on a foreign device; workers/tests hold the order of eviction.",
            ),
            Self::ExactlyOneReply => None,
            Self::ExitCodeDrained => None,
            Self::ExitWithinFiveSeconds => None,
            Self::FailedJobLogged => None,
            Self::FaultListsBounded => None,
            Self::FaultWhereItStands => None,
            Self::FaultyHasNoNormalized => None,
            Self::FeaturesUsed => None,
            Self::FieldAutoContrast => None,
            Self::FieldBatchSize => None,
            Self::FieldClipSkip => None,
            Self::FieldDimensions => None,
            Self::FieldGuidanceInterval => None,
            Self::FieldGuidanceScale => None,
            Self::FieldMaskBlur => None,
            Self::FieldNegativePrompt => None,
            Self::FieldNegativePrompt2 => None,
            Self::FieldOutputFormat => None,
            Self::FieldPreprocess => None,
            Self::FieldPrompt => None,
            Self::FieldPrompt2 => None,
            Self::FieldQuality => None,
            Self::FieldSeed => None,
            Self::FieldSteps => None,
            Self::FieldStrength => None,
            Self::FieldUpscaler => None,
            Self::FileHashWhenDeep => None,
            Self::FileOfSeveralIds => None,
            Self::FileResultMembers => None,
            Self::FileResultPath => None,
            Self::FilesNeverOverwritten => None,
            Self::FirstInFirstOut => None,
            Self::FrameLimit => None,
            Self::FrameResynchronised => None,
            Self::FullDisk => Some("The tool cannot fill the disk of a target; gateway and worker tests do."),
            Self::GatewayActions => None,
            Self::GatewayMakesIds => None,
            Self::GenerationTimeParts => None,
            Self::GpuNameInReplies => None,
            Self::GpuNamesAccepted => None,
            Self::GpuToldButUnseen => Some(
                "It is of one worker program, and exit codes at start are no words on the wire; workers/tests hold it.",
            ),
            Self::GpuVisible => Some(
                "The tool starts a worker on machines without a GPU; tests of the Python worker and of the gateway hold it with a recorded NVML.",
            ),
            Self::GuidanceOff => None,
            Self::HealthOfAnyHost => None,
            Self::HeartbeatEverySecond => None,
            Self::HeartbeatMembers => None,
            Self::Hints => None,
            Self::HostHeader => None,
            Self::IdInFlight => None,
            Self::ImagePaths => None,
            Self::InitializeIsOptional => None,
            Self::InitializeMembers => None,
            Self::InitializeReplacesFeatures => None,
            Self::InitializeResult => None,
            Self::JobList => None,
            Self::JobMembers => None,
            Self::JobResource => None,
            Self::Karras => None,
            Self::KeyJoinsJob => None,
            Self::KeyOfRefusedRequest => None,
            Self::KeyWithAnotherBody => None,
            Self::KeysForADay => {
                Some("A run is shorter; jobs.keys holds the retry, gateway tests the end in paused time.")
            }
            Self::LimitsOfBodyTime => {
                Some("It needs 30 s of waiting; gateway tests hold it with short limits.")
            }
            Self::LimitsOfTime => None,
            Self::LinesWritten => None,
            Self::LoadFromCache => None,
            Self::LoadMembers => None,
            Self::LoadMemory => None,
            Self::LoadSize => None,
            Self::LoadToCache => None,
            Self::LogEvents => Some(
                "When a worker logs is its own affair; events.progress holds every event that comes against the schema.",
            ),
            Self::LogHoldsUpNoReply => None,
            Self::LogHurtsNothing => None,
            Self::LongListIsOneFault => None,
            Self::LongPath => None,
            Self::LorasAddUp => None,
            Self::MalformedTraceHeader => None,
            Self::MalformedTraceInEnvelope => None,
            Self::MaskAlpha => None,
            Self::MaskAlphaInverted => None,
            Self::MaskChannelWithoutMask => None,
            Self::MaskOfOneColour => None,
            Self::MaskWithoutAlpha => None,
            Self::MatchedById => None,
            Self::MaxResolution => None,
            Self::MemoryAfterLoad => None,
            Self::MemoryIsMeasured => None,
            Self::MemoryStats => None,
            Self::MissingFileIsInvalid => None,
            Self::ModelFamilies => None,
            Self::ModelInvalid => None,
            Self::ModelLimits => None,
            Self::ModelMembers => None,
            Self::ModelOfAnotherType => None,
            Self::NoEventAfterReply => None,
            Self::NoFiguresOfFaulty => None,
            Self::NoPlaceholderSuccess => None,
            Self::NoTraceNoMember => None,
            Self::NoZombies => None,
            Self::NormalizedIsWhatWasRead => None,
            Self::Nosniff => None,
            Self::NotCached => None,
            Self::NotLoaded => None,
            Self::NothingAcceptedIsLost => None,
            Self::NothingSilent => None,
            Self::NothingToFree => None,
            Self::NumbersAreNumbers => None,
            Self::NumbersQuotedAsWritten => None,
            Self::OnDisconnect => None,
            Self::OneEndOfEachJob => None,
            Self::OneLineInOrder => None,
            Self::OneObjectALine => None,
            Self::OneReplyWhateverDies => None,
            Self::OneSizeOfAModel => None,
            Self::OpenapiDocument => None,
            Self::OpenapiFromRegistry => None,
            Self::OptimizationMembers => None,
            Self::OriginHeader => None,
            Self::OriginOfReads => None,
            Self::OtherAttemptGoesOn => None,
            Self::OthersAnsweredMeanwhile => None,
            Self::OutOfOrderNeedsIds => None,
            Self::OutOfRange => None,
            Self::PathNotAllowedOrNotFound => None,
            Self::PathUnderARoot => None,
            Self::PeakMemory => None,
            Self::PerformanceMetrics => None,
            Self::PictureCaching => None,
            Self::PictureInsteadOfJson => None,
            Self::PictureOfAJob => None,
            Self::PictureRecord => None,
            Self::Pointers => None,
            Self::PointersAsSpelt => None,
            Self::PollingWhileDraining => None,
            Self::PreviewEvents => Some(
                "No target offers previews yet: initialize answers without the feature, which lifecycle checks.",
            ),
            Self::ProblemDocuments => None,
            Self::ProgressMembers => None,
            Self::ProgressRange => None,
            Self::ProgressSteps => None,
            Self::PromptNeverCut => None,
            Self::PromptWeighting => None,
            Self::ProtocolVersion => None,
            Self::QueriesInOrder => None,
            Self::QueryWithinASecond => None,
            Self::QueueCounts => None,
            Self::QueueMembers => None,
            Self::ReferenceImages => Some("No target has an IP-Adapter; errors holds the refusal."),
            Self::RefinerStart => None,
            Self::RefusalCountsNot => None,
            Self::RepliesAreClosed => None,
            Self::RepliesWithoutIds => None,
            Self::ReplyEventHasId => None,
            Self::ResourcesOfRegistry => None,
            Self::RespondAsync => None,
            Self::ResultMembers => None,
            Self::RoutesFromRegistry => None,
            Self::RulesOverFields => None,
            Self::SafetyCheckerBlackens => Some(
                "No picture of a test may be one that is flagged; workers/tests use a checker that flags all.",
            ),
            Self::SameRequestSamePixels => None,
            Self::SchedulerCatalogue => None,
            Self::SchedulerClasses => None,
            Self::SchedulerMembers => None,
            Self::SchedulerNeverSubstituted => None,
            Self::SessionIdEchoed => None,
            Self::SessionsForHalfAnHour => Some("A run is shorter; gateway tests hold it in paused time."),
            Self::ShutdownEndsWithInput => None,
            Self::ShutdownGrace => None,
            Self::ShutdownReplyIsLast => None,
            Self::SighupReopensLog => None,
            Self::SigtermDrains => None,
            Self::SilentBeforeFirstCommand => None,
            Self::SmallWeightIsNearNone => None,
            Self::SoundOrRefusedFiles => None,
            Self::StageDeadlines => Some(
                "The tool cannot make a worker of a foreign gateway hang; gateway tests and the mutants of worker-sim do.",
            ),
            Self::StalledGatewayIsFair => None,
            Self::StatusMembers => None,
            Self::StatusOfLoadedModel => None,
            Self::StatusOfRunningJob => None,
            Self::StdoutIsForFrames => None,
            Self::StopSavedOrNot => None,
            Self::StreamGoesOn => None,
            Self::StrengthKeepsTheImage => None,
            Self::SuccessMeansDone => None,
            Self::SuiteParts => None,
            Self::SuiteResult => None,
            Self::SuiteSize => None,
            Self::SuiteStaysTogether => None,
            Self::TimeoutCode => None,
            Self::TimeoutGrace => None,
            Self::TraceHeaderWins => None,
            Self::TraceNegotiated => None,
            Self::TraceNotInRecord => None,
            Self::TraceOfLaterVersion => None,
            Self::TraceRepeated => None,
            Self::TrainingDataFaults => None,
            Self::TrainingHistory => None,
            Self::TrainingNotFound => None,
            Self::TrainingOutput => None,
            Self::TrainingProgress => None,
            Self::TrainingStates => None,
            Self::TrainingTakesItsTurn => None,
            Self::UnfinishedAtEndOfInput => None,
            Self::UnknownModel => None,
            Self::UnloadMembers => None,
            Self::UnmaskedStays => None,
            Self::UnmeasuredIsAbsent => None,
            Self::UnsetIsAbsent => None,
            Self::UnusualLinesRead => None,
            Self::UploadsExpire => Some("A run is shorter; gateway tests hold it in paused time."),
            Self::WeightZero => None,
            Self::WorkersEndWithGateway => None,
        }
    }
}
