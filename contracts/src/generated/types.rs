//! Generated from schemas/*_schema.json by cargo xtask codegen; edit the schema instead.
//!
//! The objects and enums of the contract, made by typify.

pub use super::checked::*;
pub use super::error_code::ErrorCode;
pub use super::warning_code::WarningCode;

/// Opens the conversation; optional.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Initialize")]
pub struct Initialize {
    /// The host's GPU N that the worker must be.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub device_index: Option<InitializeDeviceIndex>,
    /// Versions of the protocol that the sender has.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub protocol_versions: Option<InitializeProtocolVersions>,
    /// Features that the sender wants.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub features: Option<InitializeFeatures>,
    /// Dialect of replies and events from now on.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub dialect: Option<DialectName>,
}

crate::strict::object!(Initialize);

/// Ends the worker politely.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Shutdown")]
pub struct Shutdown {
    /// Time that the work in progress may take. Absent: 4.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub grace_seconds: Option<ShutdownGraceSeconds>,
}

crate::strict::object!(Shutdown);

/// No fields.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Nothing")]
pub struct Nothing {}
crate::strict::object!(Nothing);

/// Which models are there.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "GetModelInfo")]
pub struct GetModelInfo {
    /// One model; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub model_id: Option<ModelName>,
}

crate::strict::object!(GetModelInfo);

/// A command about one prompt submission.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "SubmissionCommand")]
pub struct SubmissionCommand {
    /// The prompt submission.
    pub prompt_submission: PromptSubmission,
}

crate::strict::object!(SubmissionCommand);

/// The goal of an optimisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum OptimizationPriority {
    /// `speed`
    #[schemars(rename = "speed")]
    Speed,
    /// `quality`
    #[schemars(rename = "quality")]
    Quality,
    /// `memory`
    #[schemars(rename = "memory")]
    Memory,
    /// `balanced`
    #[schemars(rename = "balanced")]
    Balanced,
}

crate::strict::string_enum!(
    OptimizationPriority,
    Speed = "speed",
    Quality = "quality",
    Memory = "memory",
    Balanced = "balanced"
);

/// The targets of an optimisation.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "OptimizationPreferences")]
pub struct OptimizationPreferences {
    /// The goal that counts most. Absent: "balanced".
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub priority: Option<OptimizationPriority>,
    /// Memory to stay under.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub target_vram_usage_mb: Option<OptimizationPreferencesTargetVramUsageMb>,
    /// Time to stay under.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub target_time_seconds: Option<OptimizationPreferencesTargetTimeSeconds>,
    /// Change nothing that lowers the quality. Absent: true.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub preserve_quality: Option<bool>,
}

crate::strict::object!(OptimizationPreferences);

/// Asks for a changed request that fits.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "OptimizeRequest")]
pub struct OptimizeRequest {
    /// The prompt submission.
    pub prompt_submission: PromptSubmission,
    /// The targets that the changed request should reach.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub preferences: Option<OptimizationPreferences>,
}

crate::strict::object!(OptimizeRequest);

/// Loads one model.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "LoadModel")]
pub struct LoadModel {
    /// Path or id of the model.
    pub model_path: ModelName,
    /// Kind of the model.
    pub model_type: ModelType,
    /// Its id from now on; absent: the file's stem or the folder's name.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub model_id: Option<ModelId>,
}

crate::strict::object!(LoadModel);

/// Loads or caches the parts of a model suite, all or nothing.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "SuiteCommand")]
pub struct SuiteCommand {
    /// Name of the suite.
    pub suite_name: SuiteCommandSuiteName,
    /// The base.
    pub base_model_path: ModelName,
    /// The refiner.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub refiner_model_path: Option<ModelName>,
    /// The autoencoder.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub vae_model_path: Option<ModelName>,
}

crate::strict::object!(SuiteCommand);

/// Unloads one model, or everything on the GPU.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "UnloadModel")]
pub struct UnloadModel {
    /// The model; absent: everything.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub model_id: Option<ModelName>,
}

crate::strict::object!(UnloadModel);

/// Loads a model from the RAM cache to the GPU.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "LoadFromCache")]
pub struct LoadFromCache {
    /// The cached model.
    pub model_id: ModelName,
}

crate::strict::object!(LoadFromCache);

/// Opens model files and says what is wrong with them, as a job would find by their headers and configuration; exactly one of `model_paths` and `suite`.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "ValidateModelFiles")]
pub struct ValidateModelFiles {
    /// Files or folders.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub model_paths: Option<ValidateModelFilesModelPaths>,
    /// A suite name.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub suite: Option<ValidateModelFilesSuite>,
    /// Read and hash every byte too: values that are not finite are found by this alone, here and not in `validate_request`. Absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub deep: Option<bool>,
}

crate::strict::object!(ValidateModelFiles);

/// One picture from flat parameters.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "ParametersCommand")]
pub struct ParametersCommand {
    /// The flat form of a prompt submission.
    pub parameters: Parameters,
}

crate::strict::object!(ParametersCommand);

/// General inference: a model and flat parameters.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "RunInference")]
pub struct RunInference {
    /// The base model; here or in `parameters`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub model_id: Option<ModelName>,
    /// The flat form of a prompt submission.
    pub parameters: Parameters,
}

crate::strict::object!(RunInference);

/// Several prompt submissions, one after another.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "BatchGenerate")]
pub struct BatchGenerate {
    /// The prompt submissions.
    pub requests: BatchGenerateRequests,
    /// Go on after a failure; false: the rest are cancelled. Absent: true.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub continue_on_error: Option<bool>,
    /// For the whole batch; absent: 600 × requests.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub timeout_seconds: Option<BatchGenerateTimeoutSeconds>,
}

crate::strict::object!(BatchGenerate);

/// Cancels a job, waiting or running.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Cancel")]
pub struct Cancel {
    /// The job; `<id>.<n>` is one request of a batch.
    pub target_request_id: Id,
    /// Only if it is this attempt.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub attempt: Option<Attempt>,
}

crate::strict::object!(Cancel);

/// About one training.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "TrainingCommand")]
pub struct TrainingCommand {
    /// The training.
    pub training_id: Id,
}

crate::strict::object!(TrainingCommand);

/// Stops a training.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "StopTraining")]
pub struct StopTraining {
    /// The training.
    pub training_id: Id,
    /// Save, so that it can be resumed. Absent: true.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub save_checkpoint: Option<bool>,
}

crate::strict::object!(StopTraining);

/// The scope of a self test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum SelfTestScope {
    /// `commands`
    #[schemars(rename = "commands")]
    Commands,
    /// `sdxl`
    #[schemars(rename = "sdxl")]
    Sdxl,
    /// `models`
    #[schemars(rename = "models")]
    Models,
    /// `benchmark`
    #[schemars(rename = "benchmark")]
    Benchmark,
}

crate::strict::string_enum!(
    SelfTestScope,
    Commands = "commands",
    Sdxl = "sdxl",
    Models = "models",
    Benchmark = "benchmark"
);

/// Tests this worker by its own means.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "RunSelfTest")]
pub struct RunSelfTest {
    /// The scope of the test.
    pub scope: SelfTestScope,
}

crate::strict::object!(RunSelfTest);

/// Which GPU would take a job now.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "FindBestGpu")]
pub struct FindBestGpu {
    /// A kind of model it must hold.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub model_type: Option<ModelType>,
    /// A model it should have.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub model_id: Option<ModelName>,
}

crate::strict::object!(FindBestGpu);

/// Moves queued work and models between GPUs.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "AutoBalance")]
pub struct AutoBalance {
    /// Only say what would be moved. Absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub dry_run: Option<bool>,
}

crate::strict::object!(AutoBalance);

/// About one session; its id is the envelope's `session_id`.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "SessionCommand")]
pub struct SessionCommand {}
crate::strict::object!(SessionCommand);

/// About one job.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "GetJob")]
pub struct GetJob {
    /// The job.
    pub target_request_id: Id,
}

crate::strict::object!(GetJob);

/// Jobs, newest first; those of one session, where the envelope names a `session_id`.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "ListJobs")]
pub struct ListJobs {
    /// Only these.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub status: Option<JobStatus>,
    /// Only jobs whose `metadata.tags` have all of these, with these values; `tag.<name>=<value>` in a query.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub tags: Option<ListJobsTags>,
    /// Most entries of the answer. Absent: 100.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub limit: Option<ListJobsLimit>,
    /// `next_cursor` of the page before. What is newer than the first page never moves a later one.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub cursor: Option<ListJobsCursor>,
}

crate::strict::object!(ListJobs);

/// About one upload.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "DeleteUpload")]
pub struct DeleteUpload {
    /// The upload.
    pub upload_id: Id,
}

crate::strict::object!(DeleteUpload);

/// Spelling of property names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum DialectName {
    /// `snake`
    #[schemars(rename = "snake")]
    Snake,
    /// `pascal`
    #[schemars(rename = "pascal")]
    Pascal,
    /// `camel`
    #[schemars(rename = "camel")]
    Camel,
}

crate::strict::string_enum!(DialectName, Snake = "snake", Pascal = "pascal", Camel = "camel");

/// A feature that `initialize` can negotiate. `trace`: a command's `traceparent` is repeated in its events, and the gateway writes it to such a worker alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum FeatureName {
    /// `events`
    #[schemars(rename = "events")]
    Events,
    /// `out_of_order`
    #[schemars(rename = "out_of_order")]
    OutOfOrder,
    /// `previews`
    #[schemars(rename = "previews")]
    Previews,
    /// `trace`
    #[schemars(rename = "trace")]
    Trace,
}

crate::strict::string_enum!(
    FeatureName,
    Events = "events",
    OutOfOrder = "out_of_order",
    Previews = "previews",
    Trace = "trace"
);

/// The format of the image files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum OutputFormat {
    /// `png`
    #[schemars(rename = "png")]
    Png,
    /// `jpeg`
    #[schemars(rename = "jpeg")]
    Jpeg,
    /// `webp`
    #[schemars(rename = "webp")]
    Webp,
}

crate::strict::string_enum!(OutputFormat, Png = "png", Jpeg = "jpeg", Webp = "webp");

/// Status of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum JobStatus {
    /// `queued`
    #[schemars(rename = "queued")]
    Queued,
    /// `running`
    #[schemars(rename = "running")]
    Running,
    /// `completed`
    #[schemars(rename = "completed")]
    Completed,
    /// `failed`
    #[schemars(rename = "failed")]
    Failed,
    /// `cancelled`
    #[schemars(rename = "cancelled")]
    Cancelled,
    /// `timeout`
    #[schemars(rename = "timeout")]
    Timeout,
}

crate::strict::string_enum!(
    JobStatus,
    Queued = "queued",
    Running = "running",
    Completed = "completed",
    Failed = "failed",
    Cancelled = "cancelled",
    Timeout = "timeout"
);

/// Activity of a worker. A pool reports the first one, in this order, that any of its lanes has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum WorkerState {
    /// `ready`
    #[schemars(rename = "ready")]
    Ready,
    /// `running`
    #[schemars(rename = "running")]
    Running,
    /// `training`
    #[schemars(rename = "training")]
    Training,
    /// `loading`
    #[schemars(rename = "loading")]
    Loading,
    /// `starting`
    #[schemars(rename = "starting")]
    Starting,
    /// `draining`
    #[schemars(rename = "draining")]
    Draining,
    /// `error`
    #[schemars(rename = "error")]
    Error,
}

crate::strict::string_enum!(
    WorkerState,
    Ready = "ready",
    Running = "running",
    Training = "training",
    Loading = "loading",
    Starting = "starting",
    Draining = "draining",
    Error = "error"
);

/// Kind of a model file. A number is refused: write the name (JsonStringEnumConverter in C#).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum ModelType {
    /// `sdxl`
    #[schemars(rename = "sdxl")]
    Sdxl,
    /// `sdxl_refiner`
    #[schemars(rename = "sdxl_refiner")]
    SdxlRefiner,
    /// `vae`
    #[schemars(rename = "vae")]
    Vae,
    /// `lora`
    #[schemars(rename = "lora")]
    Lora,
    /// `controlnet`
    #[schemars(rename = "controlnet")]
    Controlnet,
    /// `textual_inversion`
    #[schemars(rename = "textual_inversion")]
    TextualInversion,
    /// `upscaler`
    #[schemars(rename = "upscaler")]
    Upscaler,
    /// `safety_checker`
    #[schemars(rename = "safety_checker")]
    SafetyChecker,
}

crate::strict::string_enum!(
    ModelType,
    Sdxl = "sdxl",
    SdxlRefiner = "sdxl_refiner",
    Vae = "vae",
    Lora = "lora",
    Controlnet = "controlnet",
    TextualInversion = "textual_inversion",
    Upscaler = "upscaler",
    SafetyChecker = "safety_checker"
);

/// The number format that the model runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum PrecisionName {
    /// `fp16`
    #[schemars(rename = "fp16")]
    Fp16,
    /// `bf16`
    #[schemars(rename = "bf16")]
    Bf16,
    /// `fp32`
    #[schemars(rename = "fp32")]
    Fp32,
}

crate::strict::string_enum!(PrecisionName, Fp16 = "fp16", Bf16 = "bf16", Fp32 = "fp32");

/// The fate of a job whose client leaves before the reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum OnDisconnect {
    /// `cancel`
    #[schemars(rename = "cancel")]
    Cancel,
    /// `finish`
    #[schemars(rename = "finish")]
    Finish,
}

crate::strict::string_enum!(OnDisconnect, Cancel = "cancel", Finish = "finish");

/// One fault of a document.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Fault")]
pub struct Fault {
    /// The place, as the sender wrote it.
    pub pointer: Pointer,
    /// Kind of the fault.
    pub code: ErrorCode,
    /// One sentence.
    pub message: Text,
    /// The values allowed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub allowed: Option<FaultAllowed>,
    /// The lower limit.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub minimum: Option<FaultMinimum>,
    /// The upper limit.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub maximum: Option<FaultMaximum>,
    /// The nearest known name or value.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub nearest: Option<Text>,
}

crate::strict::object!(Fault);

/// The failure of a command, for programs.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "ErrorDetails")]
pub struct ErrorDetails {
    /// Kind of the failure; `validation_failed` if there are several faults.
    pub code: ErrorCode,
    /// The first fault's place.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub field: Option<Pointer>,
    /// Whether the same command may succeed later.
    pub retryable: bool,
    /// Time after which to try again.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub retry_after_seconds: Option<Seconds>,
    /// The way out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub hint: Option<Text>,
    /// Numbers and names of the case.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub details: Option<ErrorDetailsDetails>,
    /// One per fault, all at once; of more than a reply has room for, the first.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub errors: Option<ErrorDetailsErrors>,
    /// Number of all faults, if `errors` has only the first.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub errors_total: Option<Count>,
}

crate::strict::object!(ErrorDetails);

/// One warning, for programs.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "WarningDetail")]
pub struct WarningDetail {
    /// Kind of the warning.
    pub code: WarningCode,
    /// The place, as the sender wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub pointer: Option<Pointer>,
    /// One sentence.
    pub message: Text,
    /// The way out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub hint: Option<Text>,
}

crate::strict::object!(WarningDetail);

/// The envelope's own members, beside which stand `payload` (documented form) or the command's fields (direct form).
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "EnvelopeHead")]
pub struct EnvelopeHead {
    /// The action of the command.
    pub action: Action,
    /// Matches the reply.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub request_id: Option<Id>,
    /// The session.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub session_id: Option<Id>,
    /// Which GPU it is meant for.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub gpu_id: Option<GpuId>,
    /// Which try. Absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub attempt: Option<Attempt>,
    /// The trace that the command belongs to; over HTTP the header of that name wins. It is in log lines and events, no part of what an Idempotency-Key stands for, and in no picture. There is no `tracestate`: it is dropped.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub traceparent: Option<Traceparent>,
}

crate::strict::object!(EnvelopeHead);

/// The one terminal answer to a command.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Reply")]
pub struct Reply {
    /// The id of the command; null if it had none.
    #[serde(deserialize_with = "crate::strict::nullable")]
    #[schemars(required, schema_with = "crate::strict::nullable_schema::<Id>")]
    pub request_id: Option<Id>,
    /// The command's.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub session_id: Option<Id>,
    /// Whether the command succeeded.
    pub success: bool,
    /// The action's reply; null in a failure.
    #[serde(deserialize_with = "crate::strict::nullable")]
    #[schemars(required, schema_with = "crate::strict::nullable_schema::<ReplyData>")]
    pub data: Option<ReplyData>,
    /// One sentence; null in a success.
    #[serde(deserialize_with = "crate::strict::nullable")]
    #[schemars(required, schema_with = "crate::strict::nullable_schema::<Text>")]
    pub error: Option<Text>,
    /// Null in a success.
    #[serde(deserialize_with = "crate::strict::nullable")]
    #[schemars(required, schema_with = "crate::strict::nullable_schema::<ErrorDetails>")]
    pub error_details: Option<ErrorDetails>,
    /// Sentences; of more than a reply has room for, the first.
    pub warnings: ReplyWarnings,
    /// One for each of `warnings`.
    pub warning_details: ReplyWarningDetails,
    /// Number of all warnings, if `warnings` has only the first.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub warnings_total: Option<Count>,
}

crate::strict::object!(Reply);

/// A failed reply over HTTP (application/problem+json, RFC 9457) carries these members beside those of the reply.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Problem")]
pub struct Problem {
    /// The id of the command; null if it had none.
    #[serde(deserialize_with = "crate::strict::nullable")]
    #[schemars(required, schema_with = "crate::strict::nullable_schema::<Id>")]
    pub request_id: Option<Id>,
    /// The command's.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub session_id: Option<Id>,
    /// Whether the command succeeded.
    pub success: bool,
    /// The action's reply; null in a failure.
    #[serde(deserialize_with = "crate::strict::nullable")]
    #[schemars(required, schema_with = "crate::strict::nullable_schema::<ReplyData>")]
    pub data: Option<ReplyData>,
    /// One sentence; null in a success.
    #[serde(deserialize_with = "crate::strict::nullable")]
    #[schemars(required, schema_with = "crate::strict::nullable_schema::<Text>")]
    pub error: Option<Text>,
    /// Null in a success.
    #[serde(deserialize_with = "crate::strict::nullable")]
    #[schemars(required, schema_with = "crate::strict::nullable_schema::<ErrorDetails>")]
    pub error_details: Option<ErrorDetails>,
    /// Sentences; of more than a reply has room for, the first.
    pub warnings: ProblemWarnings,
    /// One for each of `warnings`.
    pub warning_details: ProblemWarningDetails,
    /// Number of all warnings, if `warnings` has only the first.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub warnings_total: Option<Count>,
    /// The code as a URN.
    #[serde(rename = "type")]
    pub type_: ProblemType,
    /// Meaning of the code.
    pub title: Text,
    /// The HTTP status.
    pub status: ProblemStatus,
    /// This case.
    pub detail: Text,
    /// The request.
    pub instance: Text,
}

crate::strict::object!(Problem);

/// Activity of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum Stage {
    /// `loading`
    #[schemars(rename = "loading")]
    Loading,
    /// `preprocessing`
    #[schemars(rename = "preprocessing")]
    Preprocessing,
    /// `denoising`
    #[schemars(rename = "denoising")]
    Denoising,
    /// `refining`
    #[schemars(rename = "refining")]
    Refining,
    /// `decoding`
    #[schemars(rename = "decoding")]
    Decoding,
    /// `postprocessing`
    #[schemars(rename = "postprocessing")]
    Postprocessing,
    /// `saving`
    #[schemars(rename = "saving")]
    Saving,
}

crate::strict::string_enum!(
    Stage,
    Loading = "loading",
    Preprocessing = "preprocessing",
    Denoising = "denoising",
    Refining = "refining",
    Decoding = "decoding",
    Postprocessing = "postprocessing",
    Saving = "saving"
);

/// Which event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, schemars::JsonSchema)]
pub enum ProgressEventEvent {
    /// `progress`
    #[schemars(rename = "progress")]
    #[default]
    Progress,
}

crate::strict::string_enum!(ProgressEventEvent, Progress = "progress");

/// A job went on.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "ProgressEvent")]
pub struct ProgressEvent {
    /// Which event.
    pub event: ProgressEventEvent,
    /// The job.
    pub request_id: Id,
    /// Which try.
    pub attempt: Attempt,
    /// Counts this worker's events, from 0.
    pub sequence: Count,
    /// Time of the event.
    pub timestamp: Timestamp,
    /// The command's trace, if it has one; over stdio only if `trace` was negotiated.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub traceparent: Option<Traceparent>,
    /// Activity of the job.
    pub stage: Stage,
    /// Step of this stage, from 0.
    pub step: Count,
    /// Steps of this stage.
    pub total_steps: Count,
    /// Share of the whole job.
    pub progress: Ratio,
    /// The picture.
    pub image_index: Count,
    /// Until the end.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub eta_seconds: Option<Seconds>,
}

crate::strict::object!(ProgressEvent);

/// Which event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, schemars::JsonSchema)]
pub enum PreviewEventEvent {
    /// `preview`
    #[schemars(rename = "preview")]
    #[default]
    Preview,
}

crate::strict::string_enum!(PreviewEventEvent, Preview = "preview");

/// A rough picture.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "PreviewEvent")]
pub struct PreviewEvent {
    /// Which event.
    pub event: PreviewEventEvent,
    /// The job.
    pub request_id: Id,
    /// Which try.
    pub attempt: Attempt,
    /// Counts this worker's events, from 0.
    pub sequence: Count,
    /// Time of the event.
    pub timestamp: Timestamp,
    /// The command's trace, if it has one; over stdio only if `trace` was negotiated.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub traceparent: Option<Traceparent>,
    /// Path or `data:`.
    pub image: ImageRef,
    /// Step.
    pub step: Count,
}

crate::strict::object!(PreviewEvent);

/// Level of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum LogLevel {
    /// `debug`
    #[schemars(rename = "debug")]
    Debug,
    /// `info`
    #[schemars(rename = "info")]
    Info,
    /// `warning`
    #[schemars(rename = "warning")]
    Warning,
    /// `error`
    #[schemars(rename = "error")]
    Error,
}

crate::strict::string_enum!(LogLevel, Debug = "debug", Info = "info", Warning = "warning", Error = "error");

/// Which event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, schemars::JsonSchema)]
pub enum LogEventEvent {
    /// `log`
    #[schemars(rename = "log")]
    #[default]
    Log,
}

crate::strict::string_enum!(LogEventEvent, Log = "log");

/// Words for people.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "LogEvent")]
pub struct LogEvent {
    /// Which event.
    pub event: LogEventEvent,
    /// The job.
    pub request_id: Id,
    /// Which try.
    pub attempt: Attempt,
    /// Counts this worker's events, from 0.
    pub sequence: Count,
    /// Time of the event.
    pub timestamp: Timestamp,
    /// The command's trace, if it has one; over stdio only if `trace` was negotiated.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub traceparent: Option<Traceparent>,
    /// Level of the log line.
    pub level: LogLevel,
    /// The words.
    pub message: Text,
}

crate::strict::object!(LogEvent);

/// Which event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, schemars::JsonSchema)]
pub enum HeartbeatEventEvent {
    /// `heartbeat`
    #[schemars(rename = "heartbeat")]
    #[default]
    Heartbeat,
}

crate::strict::string_enum!(HeartbeatEventEvent, Heartbeat = "heartbeat");

/// The worker lives.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "HeartbeatEvent")]
pub struct HeartbeatEvent {
    /// Which event.
    pub event: HeartbeatEventEvent,
    /// None.
    pub request_id: crate::strict::Null,
    /// Which try.
    pub attempt: Attempt,
    /// Counts this worker's events, from 0.
    pub sequence: Count,
    /// Time of the event.
    pub timestamp: Timestamp,
    /// Activity of the worker.
    pub state: WorkerState,
    /// Of the job that runs.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub stage: Option<Stage>,
    /// The job that runs.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub running_request_id: Option<Id>,
    /// Since the work last went on.
    pub last_progress_seconds: Seconds,
    /// Device memory now.
    pub memory_used_mb: Mebibytes,
}

crate::strict::object!(HeartbeatEvent);

/// Which event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, schemars::JsonSchema)]
pub enum TrainingProgressEventEvent {
    /// `training_progress`
    #[schemars(rename = "training_progress")]
    #[default]
    TrainingProgress,
}

crate::strict::string_enum!(TrainingProgressEventEvent, TrainingProgress = "training_progress");

/// A training went on.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "TrainingProgressEvent")]
pub struct TrainingProgressEvent {
    /// Which event.
    pub event: TrainingProgressEventEvent,
    /// None.
    pub request_id: crate::strict::Null,
    /// Which try.
    pub attempt: Attempt,
    /// Counts this worker's events, from 0.
    pub sequence: Count,
    /// Time of the event.
    pub timestamp: Timestamp,
    /// The training.
    pub training_id: Id,
    /// Status of the training.
    pub state: TrainingState,
    /// Round.
    pub epoch: Count,
    /// Optimiser step.
    pub step: Count,
    /// Optimiser steps in all.
    pub total_steps: Count,
    /// Loss of the last step; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub loss: Option<TrainingProgressEventLoss>,
}

crate::strict::object!(TrainingProgressEvent);

/// The full description of one image job.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "PromptSubmission")]
pub struct PromptSubmission {
    /// Which models take part.
    pub model: Model,
    /// Settings of the sampler.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub scheduler: Option<Scheduler>,
    /// Numbers of the sampling.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub hyperparameters: Option<Hyperparameters>,
    /// Prompts, images and networks that steer the picture.
    pub conditioning: Conditioning,
    /// Device and memory settings.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub performance: Option<Performance>,
    /// Steps after the picture is drawn.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub postprocessing: Option<Postprocessing>,
    /// About the job rather than the picture.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub metadata: Option<Metadata>,
}

crate::strict::object!(PromptSubmission);

/// The sampler. Never substituted: anything else is `unsupported_value` with the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum SchedulerType {
    /// `DPM++ 2M`
    #[schemars(rename = "DPM++ 2M")]
    Dpm2m,
    /// `DPM++ 2M Karras`
    #[schemars(rename = "DPM++ 2M Karras")]
    Dpm2mKarras,
    /// `DPM++ 2M SDE`
    #[schemars(rename = "DPM++ 2M SDE")]
    Dpm2mSde,
    /// `DPM++ 2M SDE Karras`
    #[schemars(rename = "DPM++ 2M SDE Karras")]
    Dpm2mSdeKarras,
    /// `DPM++ 2S`
    #[schemars(rename = "DPM++ 2S")]
    Dpm2s,
    /// `DPM++ SDE`
    #[schemars(rename = "DPM++ SDE")]
    DpmSde,
    /// `DPM++ SDE Karras`
    #[schemars(rename = "DPM++ SDE Karras")]
    DpmSdeKarras,
    /// `Euler`
    #[schemars(rename = "Euler")]
    Euler,
    /// `Euler a`
    #[schemars(rename = "Euler a")]
    EulerA,
    /// `Heun`
    #[schemars(rename = "Heun")]
    Heun,
    /// `LMS`
    #[schemars(rename = "LMS")]
    Lms,
    /// `DDIM`
    #[schemars(rename = "DDIM")]
    Ddim,
    /// `PNDM`
    #[schemars(rename = "PNDM")]
    Pndm,
    /// `UniPC`
    #[schemars(rename = "UniPC")]
    UniPc,
    /// `DEIS`
    #[schemars(rename = "DEIS")]
    Deis,
    /// `KDPM2`
    #[schemars(rename = "KDPM2")]
    Kdpm2,
    /// `KDPM2 a`
    #[schemars(rename = "KDPM2 a")]
    Kdpm2A,
    /// `LCM`
    #[schemars(rename = "LCM")]
    Lcm,
    /// `TCD`
    #[schemars(rename = "TCD")]
    Tcd,
    /// `DDPM`
    #[schemars(rename = "DDPM")]
    Ddpm,
}

crate::strict::string_enum!(
    SchedulerType,
    Dpm2m = "DPM++ 2M",
    Dpm2mKarras = "DPM++ 2M Karras",
    Dpm2mSde = "DPM++ 2M SDE",
    Dpm2mSdeKarras = "DPM++ 2M SDE Karras",
    Dpm2s = "DPM++ 2S",
    DpmSde = "DPM++ SDE",
    DpmSdeKarras = "DPM++ SDE Karras",
    Euler = "Euler",
    EulerA = "Euler a",
    Heun = "Heun",
    Lms = "LMS",
    Ddim = "DDIM",
    Pndm = "PNDM",
    UniPc = "UniPC",
    Deis = "DEIS",
    Kdpm2 = "KDPM2",
    Kdpm2A = "KDPM2 a",
    Lcm = "LCM",
    Tcd = "TCD",
    Ddpm = "DDPM"
);

/// Spacing of the timesteps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum TimestepSpacing {
    /// `leading`
    #[schemars(rename = "leading")]
    Leading,
    /// `trailing`
    #[schemars(rename = "trailing")]
    Trailing,
    /// `linspace`
    #[schemars(rename = "linspace")]
    Linspace,
}

crate::strict::string_enum!(
    TimestepSpacing,
    Leading = "leading",
    Trailing = "trailing",
    Linspace = "linspace"
);

/// Where a mask says what is repainted: `luminance` (white is repainted), `alpha` (opaque is repainted) or `alpha_inverted` (transparent is repainted, as OpenAI's edit masks and ComfyUI's mask editor have it). The alpha channels need a mask that has one. A mask of one colour whose alpha varies has its shape in the alpha channel: with `luminance` it is `image_invalid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum MaskChannel {
    /// `luminance`
    #[schemars(rename = "luminance")]
    Luminance,
    /// `alpha`
    #[schemars(rename = "alpha")]
    Alpha,
    /// `alpha_inverted`
    #[schemars(rename = "alpha_inverted")]
    AlphaInverted,
}

crate::strict::string_enum!(
    MaskChannel,
    Luminance = "luminance",
    Alpha = "alpha",
    AlphaInverted = "alpha_inverted"
);

/// Kind of the control image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum ControlNetType {
    /// `canny`
    #[schemars(rename = "canny")]
    Canny,
    /// `depth`
    #[schemars(rename = "depth")]
    Depth,
    /// `openpose`
    #[schemars(rename = "openpose")]
    Openpose,
    /// `lineart`
    #[schemars(rename = "lineart")]
    Lineart,
    /// `scribble`
    #[schemars(rename = "scribble")]
    Scribble,
    /// `softedge`
    #[schemars(rename = "softedge")]
    Softedge,
    /// `normal`
    #[schemars(rename = "normal")]
    Normal,
    /// `mlsd`
    #[schemars(rename = "mlsd")]
    Mlsd,
    /// `segmentation`
    #[schemars(rename = "segmentation")]
    Segmentation,
    /// `tile`
    #[schemars(rename = "tile")]
    Tile,
    /// `inpaint`
    #[schemars(rename = "inpaint")]
    Inpaint,
}

crate::strict::string_enum!(
    ControlNetType,
    Canny = "canny",
    Depth = "depth",
    Openpose = "openpose",
    Lineart = "lineart",
    Scribble = "scribble",
    Softedge = "softedge",
    Normal = "normal",
    Mlsd = "mlsd",
    Segmentation = "segmentation",
    Tile = "tile",
    Inpaint = "inpaint"
);

/// A way to save memory or time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum Optimization {
    /// `attention_slicing`
    #[schemars(rename = "attention_slicing")]
    AttentionSlicing,
    /// `vae_slicing`
    #[schemars(rename = "vae_slicing")]
    VaeSlicing,
    /// `vae_tiling`
    #[schemars(rename = "vae_tiling")]
    VaeTiling,
    /// `model_cpu_offload`
    #[schemars(rename = "model_cpu_offload")]
    ModelCpuOffload,
    /// `sequential_cpu_offload`
    #[schemars(rename = "sequential_cpu_offload")]
    SequentialCpuOffload,
    /// `xformers`
    #[schemars(rename = "xformers")]
    Xformers,
    /// `channels_last`
    #[schemars(rename = "channels_last")]
    ChannelsLast,
    /// `torch_compile`
    #[schemars(rename = "torch_compile")]
    TorchCompile,
}

crate::strict::string_enum!(
    Optimization,
    AttentionSlicing = "attention_slicing",
    VaeSlicing = "vae_slicing",
    VaeTiling = "vae_tiling",
    ModelCpuOffload = "model_cpu_offload",
    SequentialCpuOffload = "sequential_cpu_offload",
    Xformers = "xformers",
    ChannelsLast = "channels_last",
    TorchCompile = "torch_compile"
);

/// Method of enlarging the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum UpscalerName {
    /// `none`
    #[schemars(rename = "none")]
    None,
    /// `Lanczos`
    #[schemars(rename = "Lanczos")]
    Lanczos,
    /// `Bicubic`
    #[schemars(rename = "Bicubic")]
    Bicubic,
    /// `Real-ESRGAN`
    #[schemars(rename = "Real-ESRGAN")]
    RealEsrgan,
    /// `ESRGAN`
    #[schemars(rename = "ESRGAN")]
    Esrgan,
}

crate::strict::string_enum!(
    UpscalerName,
    None = "none",
    Lanczos = "Lanczos",
    Bicubic = "Bicubic",
    RealEsrgan = "Real-ESRGAN",
    Esrgan = "ESRGAN"
);

/// Place in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum Priority {
    /// `low`
    #[schemars(rename = "low")]
    Low,
    /// `normal`
    #[schemars(rename = "normal")]
    Normal,
    /// `high`
    #[schemars(rename = "high")]
    High,
}

crate::strict::string_enum!(Priority, Low = "low", Normal = "normal", High = "high");

/// Which models take part.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Model")]
pub struct Model {
    /// The base model.
    pub base: ModelName,
    /// The refiner; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub refiner: Option<ModelName>,
    /// An autoencoder in place of the base's own.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub vae: Option<ModelName>,
    /// A tokenizer in place of the base's own.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub tokenizer: Option<ModelName>,
    /// A first text encoder in place of the base's own.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub text_encoder: Option<ModelName>,
    /// A second text encoder in place of the base's own.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub text_encoder_2: Option<ModelName>,
}

crate::strict::object!(Model);

/// Settings of the sampler.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Scheduler")]
pub struct Scheduler {
    /// The sampler. Absent: "DPM++ 2M".
    #[serde(rename = "type")]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub type_: Option<SchedulerType>,
    /// Denoising steps. Absent: 30.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub steps: Option<Steps>,
    /// Sample on Karras sigmas. Absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub karras_sigmas: Option<bool>,
    /// Spacing of the timesteps. Absent: "leading".
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub timestep_spacing: Option<TimestepSpacing>,
}

crate::strict::object!(Scheduler);

/// The size of the picture before upscaling.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Dimensions")]
pub struct Dimensions {
    /// Width. Absent: 1024.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub width: Option<ImageSide>,
    /// Height. Absent: 1024.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub height: Option<ImageSide>,
}

crate::strict::object!(Dimensions);

/// Numbers of the sampling.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Hyperparameters")]
pub struct Hyperparameters {
    /// Classifier-free guidance. Absent: 7.5.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub guidance_scale: Option<GuidanceScale>,
    /// Seed of the noise. Absent: -1.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub seed: Option<Seed>,
    /// Width and height.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub dimensions: Option<Dimensions>,
    /// Pictures of one job. Absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub batch_size: Option<BatchSize>,
    /// Share of the init image that is repainted; floor(steps·strength) must be at least 1. Absent: 0.75.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub strength: Option<HyperparametersStrength>,
    /// Share of the steps after which the refiner takes over. Absent: 0.8.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub refiner_start: Option<HyperparametersRefinerStart>,
    /// Read `(text:1.2)` as a weight; `\(` escapes, other parentheses are text. Absent: true.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub prompt_weighting: Option<bool>,
}

crate::strict::object!(Hyperparameters);

/// One LoRA.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Lora")]
pub struct Lora {
    /// Id or path of the LoRA.
    pub name: ModelName,
    /// Strength of its effect; 0 leaves it out. Absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub weight: Option<LoraWeight>,
    /// A label for people: it stands in the effective request and in the picture's metadata, and changes no pixel.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub adapter_name: Option<LoraAdapterName>,
}

crate::strict::object!(Lora);

/// One ControlNet.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "ControlNet")]
pub struct ControlNet {
    /// Kind of the control image.
    #[serde(rename = "type")]
    pub type_: ControlNetType,
    /// The control image.
    pub image: ImageRef,
    /// Id or path of the ControlNet; absent: the one registered for the type.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub model: Option<ModelName>,
    /// Strength of its effect; 0 leaves it out. Absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub weight: Option<ControlNetWeight>,
    /// Share of the steps at which it begins to act; below `guidance_end`. Absent: 0.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub guidance_start: Option<ControlNetGuidanceStart>,
    /// Share of the steps at which it stops acting. Absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub guidance_end: Option<ControlNetGuidanceEnd>,
    /// Make the control image from an ordinary picture first. Absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub preprocess: Option<bool>,
}

crate::strict::object!(ControlNet);

/// One textual inversion.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "TextualInversion")]
pub struct TextualInversion {
    /// Path of the embedding file.
    pub path: Path,
    /// The word in the prompt that stands for it.
    pub token: TextualInversionToken,
}

crate::strict::object!(TextualInversion);

/// Prompts, images and networks that steer the picture.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Conditioning")]
pub struct Conditioning {
    /// The content of the picture.
    pub prompt: Prompt,
    /// Prompt of the second text encoder; absent: `prompt`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub prompt_2: Option<OptionalPrompt>,
    /// Content to avoid.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub negative_prompt: Option<OptionalPrompt>,
    /// Content to avoid, for the second text encoder; absent: `negative_prompt`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub negative_prompt_2: Option<OptionalPrompt>,
    /// Last layers of the text encoders to leave out; the model at hand may allow fewer. Absent: 0.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub clip_skip: Option<ConditioningClipSkip>,
    /// LoRAs, applied together. Absent: [].
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub loras: Option<ConditioningLoras>,
    /// ControlNets, applied together. Absent: [].
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub control_nets: Option<ConditioningControlNets>,
    /// Textual inversions. Absent: [].
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub textual_inversions: Option<ConditioningTextualInversions>,
    /// The picture to start from (img2img).
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub init_image: Option<ImageRef>,
    /// The area that is repainted, white by default (`mask_channel`); needs `init_image`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub inpaint_mask: Option<ImageRef>,
    /// Which channel of `inpaint_mask` says what is repainted. Absent: "luminance".
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub mask_channel: Option<MaskChannel>,
    /// Blur of the mask's edge. Absent: 0.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub mask_blur: Option<ConditioningMaskBlur>,
    /// Reference images (IP-Adapter); `unsupported_feature` where the worker has none. Absent: [].
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub reference_images: Option<ConditioningReferenceImages>,
}

crate::strict::object!(Conditioning);

/// Device and memory settings.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Performance")]
pub struct Performance {
    /// Device of the job. Absent: "auto".
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub device: Option<DeviceName>,
    /// Number format; absent: fp16 on a GPU, fp32 on the processor.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub dtype: Option<PrecisionName>,
    /// Ways to save memory or time, each once; order has no meaning. Absent: [].
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub optimizations: Option<PerformanceOptimizations>,
}

crate::strict::object!(Performance);

/// Steps after the picture is drawn.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Postprocessing")]
pub struct Postprocessing {
    /// Blacken flagged pictures, and say so. Absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub safety_checker: Option<bool>,
    /// Method of enlarging the picture. Absent: "none".
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub upscaler: Option<UpscalerName>,
    /// Factor by which each side grows. Absent: 2.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub upscale_factor: Option<PostprocessingUpscaleFactor>,
    /// The format of the image files. Absent: "png".
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub output_format: Option<OutputFormat>,
    /// Quality of jpeg and webp files. Absent: 95.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub quality: Option<PostprocessingQuality>,
    /// Stretch the contrast to the full range. Absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub auto_contrast: Option<bool>,
}

crate::strict::object!(Postprocessing);

/// About the job rather than the picture.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Metadata")]
pub struct Metadata {
    /// Place in the queue. Absent: "normal".
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub priority: Option<Priority>,
    /// From acceptance to reply, queue included. Absent: 600.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub timeout_seconds: Option<MetadataTimeoutSeconds>,
    /// Words of the sender, kept with the job. Absent: {}.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub tags: Option<MetadataTags>,
}

crate::strict::object!(Metadata);

/// The flat form of a prompt submission that `generate_image` and `run_inference` take.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Parameters")]
pub struct Parameters {
    /// The content of the picture.
    pub prompt: Prompt,
    /// Content to avoid.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub negative_prompt: Option<OptionalPrompt>,
    /// Width. Absent: 1024.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub width: Option<ImageSide>,
    /// Height. Absent: 1024.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub height: Option<ImageSide>,
    /// Denoising steps. Absent: 30.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub steps: Option<Steps>,
    /// Classifier-free guidance. Absent: 7.5.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub guidance_scale: Option<GuidanceScale>,
    /// Seed of the noise. Absent: -1.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub seed: Option<Seed>,
    /// The sampler. Absent: "DPM++ 2M".
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub scheduler: Option<SchedulerType>,
    /// Pictures of one job. Absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub num_images: Option<BatchSize>,
    /// The base model; absent: the one loaded or used last.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub model_id: Option<ModelName>,
}

crate::strict::object!(Parameters);

/// Kind of the worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum InitializeResultWorker {
    /// `concord-python`
    #[schemars(rename = "concord-python")]
    ConcordPython,
    /// `worker-sim`
    #[schemars(rename = "worker-sim")]
    WorkerSim,
    /// `gateway`
    #[schemars(rename = "gateway")]
    Gateway,
}

crate::strict::string_enum!(
    InitializeResultWorker,
    ConcordPython = "concord-python",
    WorkerSim = "worker-sim",
    Gateway = "gateway"
);

/// Name of the worker, and the terms that `initialize` agreed on.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "InitializeResult")]
pub struct InitializeResult {
    /// Kind of the worker.
    pub worker: InitializeResultWorker,
    /// Its version.
    pub worker_version: Name,
    /// The version spoken.
    pub protocol_version: ProtocolVersion,
    /// Features agreed.
    pub features: InitializeResultFeatures,
    /// Dialect of replies and events.
    pub dialect: DialectName,
    /// The GPU.
    pub gpu_id: GpuId,
    /// Name of the device.
    pub device_name: Name,
    /// Process id.
    pub pid: InitializeResultPid,
}

crate::strict::object!(InitializeResult);

/// Nothing to say.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Empty")]
pub struct Empty {}
crate::strict::object!(Empty);

/// Memory of the device and of this process.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "MemoryStats")]
pub struct MemoryStats {
    /// Used on the device.
    pub vram_used_bytes: Bytes,
    /// All of the device.
    pub vram_total_bytes: Bytes,
    /// Free on the device.
    pub vram_available_bytes: Bytes,
    /// Resident memory of the worker.
    pub ram_used_bytes: Bytes,
}

crate::strict::object!(MemoryStats);

/// State of a worker, or of a pool.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "WorkerStatus")]
pub struct WorkerStatus {
    /// The GPU.
    pub gpu_id: GpuId,
    /// Activity of the worker.
    pub state: WorkerState,
    /// Whether `initialize` was answered.
    pub is_initialized: bool,
    /// Whether a model is on the device.
    pub has_model_loaded: bool,
    /// The base loaded or used last.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub current_model_id: Option<ModelName>,
    /// Time of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub model_loaded_at: Option<Timestamp>,
    /// Its size.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub model_size_bytes: Option<Bytes>,
    /// Jobs running.
    pub active_inference_sessions: Count,
    /// Last command or progress.
    pub last_activity: Timestamp,
    /// Since start.
    pub uptime_seconds: Seconds,
    /// The job that runs.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub running_request_id: Option<Id>,
    /// Memory; absent if no worker measures it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub memory_stats: Option<MemoryStats>,
    /// The problem.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub error_message: Option<Text>,
    /// Each worker's own status; only from a pool.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub gpus: Option<WorkerStatusGpus>,
}

crate::strict::object!(WorkerStatus);

/// Bounds of this worker and its model.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "CapabilityLimits")]
pub struct CapabilityLimits {
    /// Pixels a side.
    pub side_max: Count,
    /// Pixels of a picture.
    pub pixels_max: Count,
    /// Pictures of one job.
    pub batch_size_max: Count,
    /// Steps.
    pub steps_max: Count,
    /// Layers that can be skipped.
    pub clip_skip_max: Count,
    /// Steps of LCM and TCD.
    pub lcm_steps_max: Count,
    /// Pixels a side after upscaling.
    pub output_side_max: Count,
    /// Pixels after upscaling.
    pub output_pixels_max: Count,
}

crate::strict::object!(CapabilityLimits);

/// Abilities of a worker, or of a pool; every ability in it is implemented.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "WorkerCapabilities")]
pub struct WorkerCapabilities {
    /// text2img and the keys of `features_used`.
    pub features: WorkerCapabilitiesFeatures,
    /// Samplers.
    pub supported_schedulers: WorkerCapabilitiesSupportedSchedulers,
    /// Image formats.
    pub supported_formats: WorkerCapabilitiesSupportedFormats,
    /// The largest square side, in pixels.
    pub max_resolution: Count,
    /// Pictures of one job.
    pub max_batch_size: Count,
    /// Optimizations.
    pub memory_optimizations: WorkerCapabilitiesMemoryOptimizations,
    /// auto_contrast, safety_checker and the upscalers.
    pub postprocessing_options: WorkerCapabilitiesPostprocessingOptions,
    /// The GPU.
    pub gpu_id: GpuId,
    /// Name of the device.
    pub device_name: Name,
    /// Memory.
    pub memory_stats: MemoryStats,
    /// Models loaded or cached.
    pub loaded_models: WorkerCapabilitiesLoadedModels,
    /// ControlNet types with a model here.
    pub control_net_types: WorkerCapabilitiesControlNetTypes,
    /// Actions that it answers.
    pub actions: WorkerCapabilitiesActions,
    /// Number formats.
    pub dtypes: WorkerCapabilitiesDtypes,
    /// Bounds.
    pub limits: CapabilityLimits,
    /// Each worker's own; only from a pool.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub gpus: Option<WorkerCapabilitiesGpus>,
    /// Families of models that it runs.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub families: Option<WorkerCapabilitiesFamilies>,
}

crate::strict::object!(WorkerCapabilities);

/// One sampler.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "SchedulerInfo")]
pub struct SchedulerInfo {
    /// Its name.
    pub name: SchedulerType,
    /// Kind of the model.
    pub description: Text,
    /// Its class.
    pub diffusers_class: Name,
    /// Steps to begin with.
    pub recommended_steps: Count,
}

crate::strict::object!(SchedulerInfo);

/// The samplers.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Schedulers")]
pub struct Schedulers {
    /// The samplers.
    pub schedulers: SchedulersSchedulers,
    /// A good default.
    pub recommended_scheduler: SchedulerType,
    /// Steps to begin with, by name.
    pub default_steps: SchedulersDefaultSteps,
}

crate::strict::object!(Schedulers);

/// One ControlNet type.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "ControlNetTypeInfo")]
pub struct ControlNetTypeInfo {
    /// Its name.
    pub name: ControlNetType,
    /// Kind of the control image.
    pub description: Text,
    /// Weight to begin with.
    pub recommended_weight: ControlNetTypeInfoRecommendedWeight,
    /// Formats of the control image.
    pub supported_formats: ControlNetTypeInfoSupportedFormats,
    /// The detector that `preprocess` runs; absent: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub preprocessor_model: Option<Name>,
}

crate::strict::object!(ControlNetTypeInfo);

/// The ControlNet types.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "ControlNetTypes")]
pub struct ControlNetTypes {
    /// The types.
    pub types: ControlNetTypesTypes,
    /// Weights to begin with, by name.
    pub recommended_weights: ControlNetTypesRecommendedWeights,
}

crate::strict::object!(ControlNetTypes);

/// Place of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum ModelLocation {
    /// `gpu`
    #[schemars(rename = "gpu")]
    Gpu,
    /// `ram`
    #[schemars(rename = "ram")]
    Ram,
}

crate::strict::string_enum!(ModelLocation, Gpu = "gpu", Ram = "ram");

/// One model.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "ModelInfo")]
pub struct ModelInfo {
    /// Its id.
    pub model_id: ModelName,
    /// Kind of the model.
    pub model_type: ModelType,
    /// Its path.
    pub model_path: Path,
    /// Its size.
    pub model_size_bytes: Bytes,
    /// Its number format.
    pub dtype: PrecisionName,
    /// Place of the model.
    pub location: ModelLocation,
    /// Since when.
    pub loaded_at: Timestamp,
    /// On which GPU; only from a pool.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub gpu_id: Option<GpuId>,
    /// Its family, if its kind has one.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub family: Option<ModelFamily>,
}

crate::strict::object!(ModelInfo);

/// Models.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Models")]
pub struct Models {
    /// Models loaded or cached.
    pub models: ModelsModels,
    /// Each worker's own; only from a pool.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub gpus: Option<ModelsGpus>,
}

crate::strict::object!(Models);

/// Measurements since start.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "PerformanceMetrics")]
pub struct PerformanceMetrics {
    /// Commands answered.
    pub commands_total: Count,
    /// Of these, failures.
    pub commands_failed: Count,
    /// Jobs that ended well.
    pub jobs_completed: Count,
    /// Pictures.
    pub images_generated: Count,
    /// Mean over jobs; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub average_generation_time_seconds: Option<Seconds>,
    /// 95th percentile over jobs; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub p95_generation_time_seconds: Option<Seconds>,
    /// Highest peak; absent before anything was measured.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub peak_memory_used_mb: Option<Mebibytes>,
    /// Each worker's own; only from a pool.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub gpus: Option<PerformanceMetricsGpus>,
}

crate::strict::object!(PerformanceMetrics);

/// One job in the queue.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "QueuedRequest")]
pub struct QueuedRequest {
    /// The job.
    pub request_id: Id,
    /// Status of the job.
    pub status: JobStatus,
    /// 0 runs, 1 is next.
    pub queue_position: Count,
    /// Time at which it was queued.
    pub queued_at: Timestamp,
    /// Time at which it began.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub started_at: Option<Timestamp>,
    /// Until it begins.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub estimated_start_seconds: Option<Seconds>,
}

crate::strict::object!(QueuedRequest);

/// The queue of jobs.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "QueueStatus")]
pub struct QueueStatus {
    /// Waiting.
    pub total_queued: Count,
    /// Running.
    pub currently_processing: Count,
    /// Ended well.
    pub completed: Count,
    /// Failed.
    pub failed: Count,
    /// Cancelled.
    pub cancelled: Count,
    /// Mean over ended jobs; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub average_processing_time_seconds: Option<Seconds>,
    /// Until the queue is empty.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub estimated_queue_clear_seconds: Option<Seconds>,
    /// Running and waiting jobs.
    pub queued_requests: QueueStatusQueuedRequests,
}

crate::strict::object!(QueueStatus);

/// The document as this party read it, and its faults.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "ValidationReport")]
pub struct ValidationReport {
    /// Whether a job of this document would be accepted.
    pub valid: bool,
    /// The first fault's sentence.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub error: Option<Text>,
    /// All faults; of more than a reply has room for, the first.
    pub errors: ValidationReportErrors,
    /// Number of all faults, if `errors` has only the first.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub errors_total: Option<Count>,
    /// The reply's warnings again.
    pub warnings: ValidationReportWarnings,
    /// The reply's, again.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub warnings_total: Option<Count>,
    /// The sender's document, canonical.
    #[serde(deserialize_with = "crate::strict::nullable")]
    #[schemars(required, schema_with = "crate::strict::nullable_schema::<CanonicalDocument>")]
    pub normalized: Option<CanonicalDocument>,
    /// The same with every default that applies.
    #[serde(deserialize_with = "crate::strict::nullable")]
    #[schemars(required, schema_with = "crate::strict::nullable_schema::<CanonicalDocument>")]
    pub effective: Option<CanonicalDocument>,
    /// Numbers about the job.
    pub validation_details: ValidationDetails,
}

crate::strict::object!(ValidationReport);

/// Source of an estimate: jobs measured on this device, or the sizes of the models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum EstimateBasis {
    /// `measured`
    #[schemars(rename = "measured")]
    Measured,
    /// `model_sizes`
    #[schemars(rename = "model_sizes")]
    ModelSizes,
}

crate::strict::string_enum!(EstimateBasis, Measured = "measured", ModelSizes = "model_sizes");

/// Memory and time that a job would need.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "PerformanceEstimate")]
pub struct PerformanceEstimate {
    /// Peak device memory.
    pub estimated_vram_usage_mb: PerformanceEstimateEstimatedVramUsageMb,
    /// Without queue and load.
    pub estimated_time_seconds: Seconds,
    /// Parts, in MiB or seconds as named.
    pub detailed_breakdown: PerformanceEstimateDetailedBreakdown,
    /// Source of the estimate.
    pub basis: EstimateBasis,
    /// Whether it fits this device.
    pub fits: bool,
}

crate::strict::object!(PerformanceEstimate);

/// One change.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "OptimizationChange")]
pub struct OptimizationChange {
    /// Pointer into the canonical document.
    pub path: OptimizationChangePath,
    /// The old value; null: absent.
    pub from: serde_json::Value,
    /// The new value.
    pub to: serde_json::Value,
    /// The reason.
    pub reason: Text,
}

crate::strict::object!(OptimizationChange);

/// A changed request that fits.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "OptimizationResult")]
pub struct OptimizationResult {
    /// The changed prompt submission.
    pub optimized_request: CanonicalDocument,
    /// The changes and their reasons.
    pub changes: OptimizationResultChanges,
    /// Before.
    pub estimate_before: PerformanceEstimate,
    /// After.
    pub estimate_after: PerformanceEstimate,
}

crate::strict::object!(OptimizationResult);

/// A model that was loaded or cached.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "LoadResult")]
pub struct LoadResult {
    /// Its id.
    pub model_id: ModelName,
    /// Duration.
    pub load_time_seconds: Seconds,
    /// Its size.
    pub model_size_bytes: Bytes,
    /// The GPU.
    pub gpu_id: GpuId,
    /// Whether it came from the RAM cache.
    pub from_cache: bool,
    /// Memory that it holds now, on the device or in RAM.
    pub memory_used_bytes: Bytes,
}

crate::strict::object!(LoadResult);

/// A part of a model suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum SuiteComponent {
    /// `base`
    #[schemars(rename = "base")]
    Base,
    /// `refiner`
    #[schemars(rename = "refiner")]
    Refiner,
    /// `vae`
    #[schemars(rename = "vae")]
    Vae,
}

crate::strict::string_enum!(SuiteComponent, Base = "base", Refiner = "refiner", Vae = "vae");

/// One part of a suite.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "ComponentResult")]
pub struct ComponentResult {
    /// Which part.
    pub component_type: SuiteComponent,
    /// `sdxl_<suite>_<component>`.
    pub model_id: ModelName,
    /// Whether the model was loaded.
    pub success: bool,
    /// Its size.
    pub model_size_bytes: Bytes,
    /// Duration.
    pub load_time_seconds: Seconds,
    /// The failure, if it was not loaded.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub error: Option<Text>,
}

crate::strict::object!(ComponentResult);

/// A model suite that was loaded or cached.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "SuiteResult")]
pub struct SuiteResult {
    /// Its name.
    pub suite_name: Name,
    /// Its parts.
    pub component_results: SuiteResultComponentResults,
    /// Together.
    pub total_size_bytes: Bytes,
    /// Together.
    pub total_load_time_seconds: Seconds,
}

crate::strict::object!(SuiteResult);

/// The models that were unloaded.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "UnloadResult")]
pub struct UnloadResult {
    /// The models.
    pub model_ids: UnloadResultModelIds,
    /// Device memory freed.
    pub freed_bytes: Bytes,
}

crate::strict::object!(UnloadResult);

/// Memory that was freed.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "CleanupResult")]
pub struct CleanupResult {
    /// On the device.
    pub freed_gpu_bytes: Bytes,
    /// In RAM.
    pub freed_ram_bytes: Bytes,
}

crate::strict::object!(CleanupResult);

/// Storage of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum FileFormat {
    /// `safetensors`
    #[schemars(rename = "safetensors")]
    Safetensors,
    /// `diffusers_folder`
    #[schemars(rename = "diffusers_folder")]
    DiffusersFolder,
    /// `unknown`
    #[schemars(rename = "unknown")]
    Unknown,
}

crate::strict::string_enum!(
    FileFormat,
    Safetensors = "safetensors",
    DiffusersFolder = "diffusers_folder",
    Unknown = "unknown"
);

/// A part of a model that a job may replace by a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum ModelComponent {
    /// `text_encoder`
    #[schemars(rename = "text_encoder")]
    TextEncoder,
    /// `tokenizer`
    #[schemars(rename = "tokenizer")]
    Tokenizer,
}

crate::strict::string_enum!(ModelComponent, TextEncoder = "text_encoder", Tokenizer = "tokenizer");

/// One model file.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "FileResult")]
pub struct FileResult {
    /// As asked.
    pub model_path: Path,
    /// Whether it can be loaded, by its headers and configuration; with deep by its values too.
    pub is_valid: bool,
    /// Its storage.
    pub format: FileFormat,
    /// Kind of the model; absent: unknown, or not a whole model.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub detected_model_type: Option<ModelType>,
    /// The part of a model that it is, if a job may replace this part.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub detected_component: Option<ModelComponent>,
    /// Tensors.
    pub tensor_count: Count,
    /// Number formats found.
    pub dtypes: FileResultDtypes,
    /// Its size.
    pub file_size_bytes: Bytes,
    /// Only with deep.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub sha256: Option<Sha256>,
    /// The problems found.
    pub issues: FileResultIssues,
}

crate::strict::object!(FileResult);

/// Model files.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "FileResults")]
pub struct FileResults {
    /// In the order asked.
    pub results: FileResultsResults,
}

crate::strict::object!(FileResults);

/// One picture.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "ImageDetail")]
pub struct ImageDetail {
    /// Absolute path.
    pub path: Path,
    /// Address of the image at the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub url: Option<Path>,
    /// Width of the file.
    pub width: ImageDetailWidth,
    /// Height of the file.
    pub height: ImageDetailHeight,
    /// Its format.
    pub format: OutputFormat,
    /// Its size.
    pub bytes: Bytes,
    /// Of the file.
    pub sha256: Sha256,
    /// Its seed.
    pub seed: ImageDetailSeed,
    /// Whether the safety checker blackened it.
    pub flagged: bool,
}

crate::strict::object!(ImageDetail);

/// Pictures, and what it took to make them.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "SdxlResult")]
pub struct SdxlResult {
    /// Absolute paths of the pictures.
    pub images: SdxlResultImages,
    /// The same pictures, with what they are.
    pub image_details: SdxlResultImageDetails,
    /// Preprocessing + denoising + postprocessing, without queue and load.
    pub generation_time_seconds: Seconds,
    /// Part of the above.
    pub preprocessing_time_seconds: Seconds,
    /// Part of the above.
    pub postprocessing_time_seconds: Seconds,
    /// Loading of models for this job.
    pub load_time_seconds: Seconds,
    /// Peak device memory of the command; on the processor, peak resident memory.
    pub memory_used_mb: Mebibytes,
    /// Seed of the first picture.
    pub seed_used: SdxlResultSeedUsed,
    /// The features that were used.
    pub features_used: SdxlResultFeaturesUsed,
    /// The sampler; its Karras form where Karras was on and there is one.
    pub scheduler_used: SchedulerType,
    /// Denoising steps run, base + refiner.
    pub steps_used: Count,
    /// The base model.
    pub model_id: ModelName,
    /// Device of the job.
    pub device: DeviceName,
    /// The GPU.
    pub gpu_id: GpuId,
    /// The session.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub session_id: Option<Id>,
    /// The reply's warnings again.
    pub warnings: SdxlResultWarnings,
    /// The reply's, again.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub warnings_total: Option<Count>,
}

crate::strict::object!(SdxlResult);

/// SDXLResult with what the C# bridge binds for `generate_image`.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "ImageResult")]
pub struct ImageResult {
    /// Absolute paths of the pictures.
    pub images: ImageResultImages,
    /// The same pictures, with what they are.
    pub image_details: ImageResultImageDetails,
    /// Preprocessing + denoising + postprocessing, without queue and load.
    pub generation_time_seconds: Seconds,
    /// Part of the above.
    pub preprocessing_time_seconds: Seconds,
    /// Part of the above.
    pub postprocessing_time_seconds: Seconds,
    /// Loading of models for this job.
    pub load_time_seconds: Seconds,
    /// Peak device memory of the command; on the processor, peak resident memory.
    pub memory_used_mb: Mebibytes,
    /// Seed of the first picture.
    pub seed_used: ImageResultSeedUsed,
    /// The features that were used.
    pub features_used: ImageResultFeaturesUsed,
    /// The sampler; its Karras form where Karras was on and there is one.
    pub scheduler_used: SchedulerType,
    /// Denoising steps run, base + refiner.
    pub steps_used: Count,
    /// The base model.
    pub model_id: ModelName,
    /// Device of the job.
    pub device: DeviceName,
    /// The GPU.
    pub gpu_id: GpuId,
    /// The session.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub session_id: Option<Id>,
    /// The reply's warnings again.
    pub warnings: ImageResultWarnings,
    /// The reply's, again.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub warnings_total: Option<Count>,
    /// The first picture.
    pub output_path: Path,
    /// Its seed.
    pub seed: ImageResultSeed,
    /// Its width.
    pub width: ImageResultWidth,
    /// Its height.
    pub height: ImageResultHeight,
}

crate::strict::object!(ImageResult);

/// SDXLResult with the validation report.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "StructuredResult")]
pub struct StructuredResult {
    /// Absolute paths of the pictures.
    pub images: StructuredResultImages,
    /// The same pictures, with what they are.
    pub image_details: StructuredResultImageDetails,
    /// Preprocessing + denoising + postprocessing, without queue and load.
    pub generation_time_seconds: Seconds,
    /// Part of the above.
    pub preprocessing_time_seconds: Seconds,
    /// Part of the above.
    pub postprocessing_time_seconds: Seconds,
    /// Loading of models for this job.
    pub load_time_seconds: Seconds,
    /// Peak device memory of the command; on the processor, peak resident memory.
    pub memory_used_mb: Mebibytes,
    /// Seed of the first picture.
    pub seed_used: StructuredResultSeedUsed,
    /// The features that were used.
    pub features_used: StructuredResultFeaturesUsed,
    /// The sampler; its Karras form where Karras was on and there is one.
    pub scheduler_used: SchedulerType,
    /// Denoising steps run, base + refiner.
    pub steps_used: Count,
    /// The base model.
    pub model_id: ModelName,
    /// Device of the job.
    pub device: DeviceName,
    /// The GPU.
    pub gpu_id: GpuId,
    /// The session.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub session_id: Option<Id>,
    /// The reply's warnings again.
    pub warnings: StructuredResultWarnings,
    /// The reply's, again.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub warnings_total: Option<Count>,
    /// The report about the document.
    pub validation: ValidationReport,
}

crate::strict::object!(StructuredResult);

/// One request of a batch.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "BatchItem")]
pub struct BatchItem {
    /// Its place.
    pub index: Count,
    /// `<id>.<index>`; null where the batch has no id.
    #[serde(deserialize_with = "crate::strict::nullable")]
    #[schemars(required, schema_with = "crate::strict::nullable_schema::<Id>")]
    pub request_id: Option<Id>,
    /// Whether this request succeeded.
    pub success: bool,
    /// Its result.
    #[serde(deserialize_with = "crate::strict::nullable")]
    #[schemars(required, schema_with = "crate::strict::nullable_schema::<SdxlResult>")]
    pub data: Option<SdxlResult>,
    /// The sentence of its failure.
    #[serde(deserialize_with = "crate::strict::nullable")]
    #[schemars(required, schema_with = "crate::strict::nullable_schema::<Text>")]
    pub error: Option<Text>,
    /// Its failure, for programs.
    #[serde(deserialize_with = "crate::strict::nullable")]
    #[schemars(required, schema_with = "crate::strict::nullable_schema::<ErrorDetails>")]
    pub error_details: Option<ErrorDetails>,
}

crate::strict::object!(BatchItem);

/// A batch that reached its end.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "BatchResult")]
pub struct BatchResult {
    /// In the order of the requests.
    pub results: BatchResultResults,
    /// Done.
    pub succeeded: Count,
    /// Failed.
    pub failed: Count,
    /// Cancelled.
    pub cancelled: Count,
}

crate::strict::object!(BatchResult);

/// State in which a cancel found a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum CancelledFrom {
    /// `queued`
    #[schemars(rename = "queued")]
    Queued,
    /// `running`
    #[schemars(rename = "running")]
    Running,
}

crate::strict::string_enum!(CancelledFrom, Queued = "queued", Running = "running");

/// A job that was cancelled.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "CancelResult")]
pub struct CancelResult {
    /// The job.
    pub target_request_id: Id,
    /// State of the job when the cancel arrived.
    pub was: CancelledFrom,
}

crate::strict::object!(CancelResult);

/// A training that was accepted.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "TrainingStarted")]
pub struct TrainingStarted {
    /// The training.
    pub training_id: Id,
    /// Status of the training.
    pub state: TrainingState,
    /// Path of the result.
    pub output_path: Path,
}

crate::strict::object!(TrainingStarted);

/// The history of a training, oldest first.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "TrainingHistory")]
pub struct TrainingHistory {
    /// The rows.
    pub rows: TrainingHistoryRows,
}

crate::strict::object!(TrainingHistory);

/// A training that was stopped.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "TrainingStopped")]
pub struct TrainingStopped {
    /// Status of the job.
    pub state: TrainingState,
    /// The checkpoint saved.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub checkpoint_path: Option<Path>,
}

crate::strict::object!(TrainingStopped);

/// One check.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "SelfTestCheck")]
pub struct SelfTestCheck {
    /// Its id.
    pub id: Name,
    /// The subject of the check.
    pub name: Name,
    /// Whether it passed.
    pub passed: bool,
    /// Duration.
    pub seconds: Seconds,
    /// The finding.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub message: Option<Text>,
}

crate::strict::object!(SelfTestCheck);

/// The result of a self test.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "SelfTestReport")]
pub struct SelfTestReport {
    /// The checks.
    pub checks: SelfTestReportChecks,
    /// Held.
    pub passed: Count,
    /// Did not hold.
    pub failed: Count,
}

crate::strict::object!(SelfTestReport);

/// The GPU that would take a job now.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "BestGpu")]
pub struct BestGpu {
    /// The GPU.
    pub gpu_id: GpuId,
    /// The reasons.
    pub reasons: BestGpuReasons,
}

crate::strict::object!(BestGpu);

/// The circuit breaker of its lane. closed: its worker is started again as often as it dies. open: its workers died too often, or cannot start as configured; it is tried again at `next_try_at`. half_open: it is being tried, with one job at a time; the first job that succeeds or that the worker refuses closes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum GpuReadinessBreaker {
    /// `closed`
    #[schemars(rename = "closed")]
    Closed,
    /// `open`
    #[schemars(rename = "open")]
    Open,
    /// `half_open`
    #[schemars(rename = "half_open")]
    HalfOpen,
}

crate::strict::string_enum!(GpuReadinessBreaker, Closed = "closed", Open = "open", HalfOpen = "half_open");

/// Whether one GPU is ready for SDXL.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "GpuReadiness")]
pub struct GpuReadiness {
    /// The GPU.
    pub gpu_id: GpuId,
    /// Whether it is ready.
    pub ready: bool,
    /// The reasons.
    pub reasons: GpuReadinessReasons,
    /// The circuit breaker of its lane. closed: its worker is started again as often as it dies. open: its workers died too often, or cannot start as configured; it is tried again at `next_try_at`. half_open: it is being tried, with one job at a time; the first job that succeeds or that the worker refuses closes it.
    pub breaker: GpuReadinessBreaker,
    /// Time at which an open lane starts a worker again.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub next_try_at: Option<Timestamp>,
    /// Starts in a row whose worker did not become ready; 0 once one did.
    pub starts_failed: Count,
}

crate::strict::object!(GpuReadiness);

/// Whether the pool is ready for SDXL.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "SdxlReadiness")]
pub struct SdxlReadiness {
    /// GPUs.
    pub total_gpus: Count,
    /// Ready.
    pub sdxl_ready_gpus: Count,
    /// Share ready.
    pub readiness_percent: SdxlReadinessReadinessPercent,
    /// Each GPU.
    pub gpus: SdxlReadinessGpus,
}

crate::strict::object!(SdxlReadiness);

/// Kind of the move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum BalanceMoveAction {
    /// `move_job`
    #[schemars(rename = "move_job")]
    MoveJob,
    /// `load_model`
    #[schemars(rename = "load_model")]
    LoadModel,
    /// `unload_model`
    #[schemars(rename = "unload_model")]
    UnloadModel,
}

crate::strict::string_enum!(
    BalanceMoveAction,
    MoveJob = "move_job",
    LoadModel = "load_model",
    UnloadModel = "unload_model"
);

/// One move.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "BalanceMove")]
pub struct BalanceMove {
    /// Kind of the move.
    pub action: BalanceMoveAction,
    /// From.
    pub gpu_id: GpuId,
    /// To.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub target_gpu_id: Option<GpuId>,
    /// The model.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub model_id: Option<ModelName>,
    /// The job.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub request_id: Option<Id>,
    /// The reason.
    pub description: Text,
}

crate::strict::object!(BalanceMove);

/// Moves that were made, or would be.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "BalanceResult")]
pub struct BalanceResult {
    /// The moves.
    pub moves: BalanceResultMoves,
}

crate::strict::object!(BalanceResult);

/// One job, or the session around it.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Job")]
pub struct Job {
    /// The session.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub session_id: Option<Id>,
    /// The job.
    pub request_id: Id,
    /// The worker.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub worker_id: Option<GpuId>,
    /// The base model.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub model_id: Option<ModelName>,
    /// Status of the job.
    pub status: JobStatus,
    /// Time at which it was queued.
    pub queued_at: Timestamp,
    /// Time at which it began.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub started_at: Option<Timestamp>,
    /// Time of the first request to cancel it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub cancel_requested_at: Option<Timestamp>,
    /// Time at which it ended.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub completed_at: Option<Timestamp>,
    /// 0 runs, 1 is next.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub queue_position: Option<Count>,
    /// Share done.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub progress: Option<Ratio>,
    /// Which try.
    pub attempt: Attempt,
    /// The reply's data.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub result: Option<JobResult>,
    /// Its failure.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub error_details: Option<ErrorDetails>,
    /// Addresses of the job: over HTTP only, made for each request.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub urls: Option<JobUrls>,
}

crate::strict::object!(Job);

/// Addresses of a job. They begin with the public URL, with the prefix that a trusted proxy names, or with the path.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "JobUrls")]
pub struct JobUrls {
    /// The job.
    #[serde(rename = "self")]
    pub self_: Path,
    /// Its events.
    pub events: Path,
    /// Its pictures, in the order of `image_details`.
    pub images: JobUrlsImages,
}

crate::strict::object!(JobUrls);

/// Jobs.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Jobs")]
pub struct Jobs {
    /// Newest first.
    pub jobs: JobsJobs,
    /// All jobs that the filters let through, on this page or another.
    pub total: Count,
    /// `cursor` of the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub next_cursor: Option<JobsNextCursor>,
}

crate::strict::object!(Jobs);

/// Sessions.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Sessions")]
pub struct Sessions {
    /// Newest first.
    pub sessions: SessionsSessions,
}

crate::strict::object!(Sessions);

/// Kind of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum DeviceType {
    /// `gpu`
    #[schemars(rename = "gpu")]
    Gpu,
    /// `cpu`
    #[schemars(rename = "cpu")]
    Cpu,
    /// `simulated`
    #[schemars(rename = "simulated")]
    Simulated,
}

crate::strict::string_enum!(DeviceType, Gpu = "gpu", Cpu = "cpu", Simulated = "simulated");

/// One device of the host.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "DeviceInfo")]
pub struct DeviceInfo {
    /// Its name.
    pub device_id: GpuId,
    /// The product.
    pub name: Name,
    /// Its UUID.
    pub uuid: DeviceInfoUuid,
    /// Kind of the device.
    pub device_type: DeviceType,
    /// Memory; absent if it was not measured.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub total_memory_bytes: Option<Bytes>,
    /// Free memory; absent if it was not measured.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub available_memory_bytes: Option<Bytes>,
    /// Whether a worker serves it.
    pub is_available: bool,
    /// Families of models that its worker runs; absent if no worker has reported them.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub families: Option<DeviceInfoFamilies>,
}

crate::strict::object!(DeviceInfo);

/// The devices of the host.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Devices")]
pub struct Devices {
    /// The devices.
    pub devices: DevicesDevices,
}

crate::strict::object!(Devices);

/// The RAM cache of the host.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "CacheStatus")]
pub struct CacheStatus {
    /// Cached models.
    pub models: CacheStatusModels,
    /// Held.
    pub total_bytes: Bytes,
    /// Allowed.
    pub budget_bytes: Bytes,
    /// Loads served from it.
    pub hits: Count,
    /// Loads that went to disk.
    pub misses: Count,
}

crate::strict::object!(CacheStatus);

/// A job that was accepted (HTTP 202).
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Accepted")]
pub struct Accepted {
    /// The job.
    pub request_id: Id,
    /// Status of the session.
    pub status: JobStatus,
    /// 0 runs, 1 is next.
    pub queue_position: Count,
}

crate::strict::object!(Accepted);

/// An uploaded image.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Upload")]
pub struct Upload {
    /// Write `upload:<id>` where an image is wanted.
    pub upload_id: Id,
    /// Of the bytes.
    pub sha256: Sha256,
    /// Its size.
    pub bytes: Bytes,
    /// Width.
    pub width: UploadWidth,
    /// Height.
    pub height: UploadHeight,
    /// Its format.
    pub format: OutputFormat,
    /// Time at which it is forgotten.
    pub expires_at: Timestamp,
}

crate::strict::object!(Upload);

/// Always `live`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, schemars::JsonSchema)]
pub enum LivenessStatus {
    /// `live`
    #[schemars(rename = "live")]
    #[default]
    Live,
}

crate::strict::string_enum!(LivenessStatus, Live = "live");

/// The process lives.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Liveness")]
pub struct Liveness {
    /// Always `live`.
    pub status: LivenessStatus,
    /// Since the start of the gateway.
    pub uptime_seconds: Seconds,
}

crate::strict::object!(Liveness);

/// Whether the worker of a GPU would take a job now.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "GpuHealth")]
pub struct GpuHealth {
    /// The GPU.
    pub gpu_id: GpuId,
    /// Whether it would take a job.
    pub ready: bool,
    /// Since its last sign of life.
    pub silent_seconds: Seconds,
    /// The reason, if it would not.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub reason: Option<Text>,
}

crate::strict::object!(GpuHealth);

/// `ready` where at least one worker would take a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum ReadinessStatus {
    /// `ready`
    #[schemars(rename = "ready")]
    Ready,
    /// `unready`
    #[schemars(rename = "unready")]
    Unready,
}

crate::strict::string_enum!(ReadinessStatus, Ready = "ready", Unready = "unready");

/// Whether at least one worker would take a job now: 200 if one would, 503 if none would.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "Readiness")]
pub struct Readiness {
    /// `ready` where at least one worker would take a job.
    pub status: ReadinessStatus,
    /// Each GPU.
    pub gpus: ReadinessGpus,
    /// The reason why no job would be taken, whatever the workers report.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub reason: Option<Text>,
}

crate::strict::object!(Readiness);

/// The part of a model that is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum TrainingType {
    /// `LoRA`
    #[schemars(rename = "LoRA")]
    LoRa,
    /// `DreamBooth`
    #[schemars(rename = "DreamBooth")]
    DreamBooth,
    /// `Textual Inversion`
    #[schemars(rename = "Textual Inversion")]
    TextualInversion,
}

crate::strict::string_enum!(
    TrainingType,
    LoRa = "LoRA",
    DreamBooth = "DreamBooth",
    TextualInversion = "Textual Inversion"
);

/// The DreamBooth variant: adapters or the whole UNet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum DreamboothMode {
    /// `lora`
    #[schemars(rename = "lora")]
    Lora,
    /// `full`
    #[schemars(rename = "full")]
    Full,
}

crate::strict::string_enum!(DreamboothMode, Lora = "lora", Full = "full");

/// Schedule of the learning rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum LrScheduler {
    /// `constant`
    #[schemars(rename = "constant")]
    Constant,
    /// `linear`
    #[schemars(rename = "linear")]
    Linear,
    /// `cosine`
    #[schemars(rename = "cosine")]
    Cosine,
    /// `cosine_with_restarts`
    #[schemars(rename = "cosine_with_restarts")]
    CosineWithRestarts,
    /// `polynomial`
    #[schemars(rename = "polynomial")]
    Polynomial,
}

crate::strict::string_enum!(
    LrScheduler,
    Constant = "constant",
    Linear = "linear",
    Cosine = "cosine",
    CosineWithRestarts = "cosine_with_restarts",
    Polynomial = "polynomial"
);

/// Status of a training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
pub enum TrainingState {
    /// `queued`
    #[schemars(rename = "queued")]
    Queued,
    /// `preparing`
    #[schemars(rename = "preparing")]
    Preparing,
    /// `running`
    #[schemars(rename = "running")]
    Running,
    /// `checkpointing`
    #[schemars(rename = "checkpointing")]
    Checkpointing,
    /// `paused`
    #[schemars(rename = "paused")]
    Paused,
    /// `completed`
    #[schemars(rename = "completed")]
    Completed,
    /// `failed`
    #[schemars(rename = "failed")]
    Failed,
    /// `cancelled`
    #[schemars(rename = "cancelled")]
    Cancelled,
}

crate::strict::string_enum!(
    TrainingState,
    Queued = "queued",
    Preparing = "preparing",
    Running = "running",
    Checkpointing = "checkpointing",
    Paused = "paused",
    Completed = "completed",
    Failed = "failed",
    Cancelled = "cancelled"
);

/// Numbers of the training.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "TrainingHyperparameters")]
pub struct TrainingHyperparameters {
    /// Learning rate; default 1e-4 (LoRA), 5e-6 (DreamBooth), 5e-4 (Textual Inversion).
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub learning_rate: Option<TrainingHyperparametersLearningRate>,
    /// Pictures a step. Absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub batch_size: Option<TrainingHyperparametersBatchSize>,
    /// Rounds over the data; not with `max_steps`. Absent: 20.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub epochs: Option<TrainingHyperparametersEpochs>,
    /// Optimiser steps; not with `epochs`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub max_steps: Option<TrainingHyperparametersMaxSteps>,
    /// Side of the training pictures. Absent: 1024.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub resolution: Option<TrainingHyperparametersResolution>,
    /// Rank of the LoRA. Absent: 64.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub rank: Option<TrainingHyperparametersRank>,
    /// Alpha of the LoRA. Absent: 32.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub alpha: Option<TrainingHyperparametersAlpha>,
    /// Batches an optimiser step. Absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub gradient_accumulation: Option<TrainingHyperparametersGradientAccumulation>,
    /// Schedule of the learning rate. Absent: "constant".
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub lr_scheduler: Option<LrScheduler>,
    /// Seed of noise and order. Absent: -1.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub seed: Option<Seed>,
    /// Optimiser steps between checkpoints. Absent: 500.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub checkpoint_every: Option<TrainingHyperparametersCheckpointEvery>,
}

crate::strict::object!(TrainingHyperparameters);

/// One training.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "TrainingJob")]
pub struct TrainingJob {
    /// The part of the model that is trained.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub training_type: Option<TrainingType>,
    /// The base that is trained on.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub base_model: Option<ModelName>,
    /// Folder of images with `.txt` captions or a `metadata.jsonl`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub training_data: Option<Path>,
    /// The prompt of the subject (DreamBooth).
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub instance_prompt: Option<TrainingJobInstancePrompt>,
    /// Adapters or the whole UNet (DreamBooth). Absent: "lora".
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub dreambooth_mode: Option<DreamboothMode>,
    /// The new word (Textual Inversion).
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub placeholder_token: Option<TrainingJobPlaceholderToken>,
    /// The word that it starts from (Textual Inversion).
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub initializer_token: Option<TrainingJobInitializerToken>,
    /// Name of the result; absent: the training id.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub output_name: Option<ModelId>,
    /// A training id, to go on from its last checkpoint.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub resume_from: Option<Id>,
    /// A prompt to draw while training.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub validation_prompt: Option<TrainingJobValidationPrompt>,
    /// Optimiser steps between validation pictures.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub validation_every: Option<TrainingJobValidationEvery>,
    /// Numbers of the training.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub hyperparameters: Option<TrainingHyperparameters>,
}

crate::strict::object!(TrainingJob);

/// Status of a training.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "TrainingStatus")]
pub struct TrainingStatus {
    /// The training.
    pub training_id: Id,
    /// The part of the model that is trained.
    pub training_type: TrainingType,
    /// Its status.
    pub state: TrainingState,
    /// Share of the steps done.
    pub progress: Ratio,
    /// Rounds begun.
    pub epoch: Count,
    /// Rounds in all.
    pub total_epochs: Count,
    /// Optimiser steps done.
    pub step: Count,
    /// Optimiser steps in all.
    pub total_steps: Count,
    /// Loss of the last step; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub loss: Option<TrainingStatusLoss>,
    /// Learning rate of the last step.
    pub learning_rate: TrainingStatusLearningRate,
    /// Time at which it was accepted.
    pub started_at: Timestamp,
    /// Time at which this record was written.
    pub updated_at: Timestamp,
    /// Time at which it ended.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub completed_at: Option<Timestamp>,
    /// From the steps measured so far.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub estimated_seconds_remaining: Option<Seconds>,
    /// The last checkpoint.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub checkpoint_path: Option<Path>,
    /// The result.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub output_path: Option<Path>,
    /// Its failure.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub error: Option<Text>,
}

crate::strict::object!(TrainingStatus);

/// One row of the history.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(rename = "TrainingHistoryRow")]
pub struct TrainingHistoryRow {
    /// Optimiser step.
    pub step: Count,
    /// Round.
    pub epoch: Count,
    /// Loss.
    pub loss: TrainingHistoryRowLoss,
    /// Learning rate.
    pub learning_rate: TrainingHistoryRowLearningRate,
    /// Time of the row.
    pub recorded_at: Timestamp,
    /// Pictures drawn at this step.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
    pub validation_images: Option<TrainingHistoryRowValidationImages>,
}

crate::strict::object!(TrainingHistoryRow);
