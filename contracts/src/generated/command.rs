//! Generated from schemas/registry.json by cargo xtask codegen; edit the schema instead.
//!
//! The fields of each command and the data of each reply.

use super::action::Action;
use super::types;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A command: its action and its fields beside the envelope.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Opens the conversation.
    Initialize(types::Initialize),
    /// Ends the worker or gateway politely.
    Shutdown(types::Shutdown),
    /// State of the worker or the pool.
    GetStatus(types::Nothing),
    /// Abilities of the worker or the pool.
    GetCapabilities(types::Nothing),
    /// The samplers.
    GetSchedulers(types::Nothing),
    /// The ControlNet types.
    GetControlnetTypes(types::Nothing),
    /// Models loaded or cached.
    GetModelInfo(types::GetModelInfo),
    /// Measurements since start.
    GetPerformanceMetrics(types::Nothing),
    /// The queue of jobs.
    GetQueueStatus(types::Nothing),
    /// Reads a prompt submission and says what was understood and what is wrong.
    ValidateRequest(types::SubmissionCommand),
    /// Memory and time that a job would need.
    GetPerformanceEstimate(types::SubmissionCommand),
    /// A changed request that fits.
    OptimizeRequest(types::OptimizeRequest),
    /// Loads one model to a GPU.
    LoadModel(types::LoadModel),
    /// Loads a model suite to a GPU.
    LoadSdxlSuite(types::SuiteCommand),
    /// Unloads one model, or everything on the GPU.
    UnloadModel(types::UnloadModel),
    /// Frees what nothing holds.
    CleanupMemory(types::Nothing),
    /// Loads one model to the RAM cache.
    LoadModelToCache(types::LoadModel),
    /// Loads a cached model to a GPU.
    LoadFromCache(types::LoadFromCache),
    /// Loads a model suite to the RAM cache.
    CacheSdxlSuite(types::SuiteCommand),
    /// Opens model files and says what is wrong with them.
    ValidateModelFiles(types::ValidateModelFiles),
    /// Makes pictures.
    GenerateSdxl(types::SubmissionCommand),
    /// Makes pictures; the name that the C# bridge uses.
    GenerateSdxlEnhanced(types::SubmissionCommand),
    /// Makes pictures; the name that the inference service uses.
    EnhancedSdxl(types::SubmissionCommand),
    /// Makes pictures from flat parameters.
    GenerateImage(types::ParametersCommand),
    /// Makes pictures from a model and flat parameters.
    RunInference(types::RunInference),
    /// Makes pictures, and says what was read.
    StructuredInference(types::SubmissionCommand),
    /// Several prompt submissions, one after another.
    BatchGenerate(types::BatchGenerate),
    /// Cancels a job, waiting or running.
    Cancel(types::Cancel),
    /// Starts a training.
    StartTraining(types::TrainingJob),
    /// Starts a training on an SDXL base.
    StartSdxlTraining(types::TrainingJob),
    /// Status of a training.
    GetTrainingStatus(types::TrainingCommand),
    /// The history of a training.
    GetTrainingHistory(types::TrainingCommand),
    /// Stops a training.
    StopTraining(types::StopTraining),
    /// Tests a worker by its own means.
    RunSelfTest(types::RunSelfTest),
    /// Which GPU would take a job now.
    FindBestGpu(types::FindBestGpu),
    /// Whether the pool is ready for SDXL.
    GetSdxlReadiness(types::Nothing),
    /// Moves queued work and models between GPUs.
    AutoBalance(types::AutoBalance),
    /// Sessions, newest first.
    ListSessions(types::Nothing),
    /// One session.
    GetSession(types::SessionCommand),
    /// Cancels the job of a session.
    CancelSession(types::SessionCommand),
    /// One job.
    GetJob(types::GetJob),
    /// Jobs, newest first.
    ListJobs(types::ListJobs),
    /// Forgets an upload; its file goes when no job reads it any more.
    DeleteUpload(types::DeleteUpload),
    /// The devices of the host.
    ListDevices(types::Nothing),
    /// The RAM cache of the host.
    GetCacheStatus(types::Nothing),
}

impl Command {
    /// The action.
    #[must_use]
    pub const fn action(&self) -> Action {
        match self {
            Self::Initialize(_) => Action::Initialize,
            Self::Shutdown(_) => Action::Shutdown,
            Self::GetStatus(_) => Action::GetStatus,
            Self::GetCapabilities(_) => Action::GetCapabilities,
            Self::GetSchedulers(_) => Action::GetSchedulers,
            Self::GetControlnetTypes(_) => Action::GetControlnetTypes,
            Self::GetModelInfo(_) => Action::GetModelInfo,
            Self::GetPerformanceMetrics(_) => Action::GetPerformanceMetrics,
            Self::GetQueueStatus(_) => Action::GetQueueStatus,
            Self::ValidateRequest(_) => Action::ValidateRequest,
            Self::GetPerformanceEstimate(_) => Action::GetPerformanceEstimate,
            Self::OptimizeRequest(_) => Action::OptimizeRequest,
            Self::LoadModel(_) => Action::LoadModel,
            Self::LoadSdxlSuite(_) => Action::LoadSdxlSuite,
            Self::UnloadModel(_) => Action::UnloadModel,
            Self::CleanupMemory(_) => Action::CleanupMemory,
            Self::LoadModelToCache(_) => Action::LoadModelToCache,
            Self::LoadFromCache(_) => Action::LoadFromCache,
            Self::CacheSdxlSuite(_) => Action::CacheSdxlSuite,
            Self::ValidateModelFiles(_) => Action::ValidateModelFiles,
            Self::GenerateSdxl(_) => Action::GenerateSdxl,
            Self::GenerateSdxlEnhanced(_) => Action::GenerateSdxlEnhanced,
            Self::EnhancedSdxl(_) => Action::EnhancedSdxl,
            Self::GenerateImage(_) => Action::GenerateImage,
            Self::RunInference(_) => Action::RunInference,
            Self::StructuredInference(_) => Action::StructuredInference,
            Self::BatchGenerate(_) => Action::BatchGenerate,
            Self::Cancel(_) => Action::Cancel,
            Self::StartTraining(_) => Action::StartTraining,
            Self::StartSdxlTraining(_) => Action::StartSdxlTraining,
            Self::GetTrainingStatus(_) => Action::GetTrainingStatus,
            Self::GetTrainingHistory(_) => Action::GetTrainingHistory,
            Self::StopTraining(_) => Action::StopTraining,
            Self::RunSelfTest(_) => Action::RunSelfTest,
            Self::FindBestGpu(_) => Action::FindBestGpu,
            Self::GetSdxlReadiness(_) => Action::GetSdxlReadiness,
            Self::AutoBalance(_) => Action::AutoBalance,
            Self::ListSessions(_) => Action::ListSessions,
            Self::GetSession(_) => Action::GetSession,
            Self::CancelSession(_) => Action::CancelSession,
            Self::GetJob(_) => Action::GetJob,
            Self::ListJobs(_) => Action::ListJobs,
            Self::DeleteUpload(_) => Action::DeleteUpload,
            Self::ListDevices(_) => Action::ListDevices,
            Self::GetCacheStatus(_) => Action::GetCacheStatus,
        }
    }

    /// Reads the fields of an action.
    ///
    /// # Errors
    /// Fields that the action's schema refuses.
    pub fn decode<'de, D: Deserializer<'de>>(action: Action, deserializer: D) -> Result<Self, D::Error> {
        match action {
            Action::Initialize => Deserialize::deserialize(deserializer).map(Self::Initialize),
            Action::Shutdown => Deserialize::deserialize(deserializer).map(Self::Shutdown),
            Action::GetStatus => Deserialize::deserialize(deserializer).map(Self::GetStatus),
            Action::GetCapabilities => Deserialize::deserialize(deserializer).map(Self::GetCapabilities),
            Action::GetSchedulers => Deserialize::deserialize(deserializer).map(Self::GetSchedulers),
            Action::GetControlnetTypes => {
                Deserialize::deserialize(deserializer).map(Self::GetControlnetTypes)
            }
            Action::GetModelInfo => Deserialize::deserialize(deserializer).map(Self::GetModelInfo),
            Action::GetPerformanceMetrics => {
                Deserialize::deserialize(deserializer).map(Self::GetPerformanceMetrics)
            }
            Action::GetQueueStatus => Deserialize::deserialize(deserializer).map(Self::GetQueueStatus),
            Action::ValidateRequest => Deserialize::deserialize(deserializer).map(Self::ValidateRequest),
            Action::GetPerformanceEstimate => {
                Deserialize::deserialize(deserializer).map(Self::GetPerformanceEstimate)
            }
            Action::OptimizeRequest => Deserialize::deserialize(deserializer).map(Self::OptimizeRequest),
            Action::LoadModel => Deserialize::deserialize(deserializer).map(Self::LoadModel),
            Action::LoadSdxlSuite => Deserialize::deserialize(deserializer).map(Self::LoadSdxlSuite),
            Action::UnloadModel => Deserialize::deserialize(deserializer).map(Self::UnloadModel),
            Action::CleanupMemory => Deserialize::deserialize(deserializer).map(Self::CleanupMemory),
            Action::LoadModelToCache => Deserialize::deserialize(deserializer).map(Self::LoadModelToCache),
            Action::LoadFromCache => Deserialize::deserialize(deserializer).map(Self::LoadFromCache),
            Action::CacheSdxlSuite => Deserialize::deserialize(deserializer).map(Self::CacheSdxlSuite),
            Action::ValidateModelFiles => {
                Deserialize::deserialize(deserializer).map(Self::ValidateModelFiles)
            }
            Action::GenerateSdxl => Deserialize::deserialize(deserializer).map(Self::GenerateSdxl),
            Action::GenerateSdxlEnhanced => {
                Deserialize::deserialize(deserializer).map(Self::GenerateSdxlEnhanced)
            }
            Action::EnhancedSdxl => Deserialize::deserialize(deserializer).map(Self::EnhancedSdxl),
            Action::GenerateImage => Deserialize::deserialize(deserializer).map(Self::GenerateImage),
            Action::RunInference => Deserialize::deserialize(deserializer).map(Self::RunInference),
            Action::StructuredInference => {
                Deserialize::deserialize(deserializer).map(Self::StructuredInference)
            }
            Action::BatchGenerate => Deserialize::deserialize(deserializer).map(Self::BatchGenerate),
            Action::Cancel => Deserialize::deserialize(deserializer).map(Self::Cancel),
            Action::StartTraining => Deserialize::deserialize(deserializer).map(Self::StartTraining),
            Action::StartSdxlTraining => Deserialize::deserialize(deserializer).map(Self::StartSdxlTraining),
            Action::GetTrainingStatus => Deserialize::deserialize(deserializer).map(Self::GetTrainingStatus),
            Action::GetTrainingHistory => {
                Deserialize::deserialize(deserializer).map(Self::GetTrainingHistory)
            }
            Action::StopTraining => Deserialize::deserialize(deserializer).map(Self::StopTraining),
            Action::RunSelfTest => Deserialize::deserialize(deserializer).map(Self::RunSelfTest),
            Action::FindBestGpu => Deserialize::deserialize(deserializer).map(Self::FindBestGpu),
            Action::GetSdxlReadiness => Deserialize::deserialize(deserializer).map(Self::GetSdxlReadiness),
            Action::AutoBalance => Deserialize::deserialize(deserializer).map(Self::AutoBalance),
            Action::ListSessions => Deserialize::deserialize(deserializer).map(Self::ListSessions),
            Action::GetSession => Deserialize::deserialize(deserializer).map(Self::GetSession),
            Action::CancelSession => Deserialize::deserialize(deserializer).map(Self::CancelSession),
            Action::GetJob => Deserialize::deserialize(deserializer).map(Self::GetJob),
            Action::ListJobs => Deserialize::deserialize(deserializer).map(Self::ListJobs),
            Action::DeleteUpload => Deserialize::deserialize(deserializer).map(Self::DeleteUpload),
            Action::ListDevices => Deserialize::deserialize(deserializer).map(Self::ListDevices),
            Action::GetCacheStatus => Deserialize::deserialize(deserializer).map(Self::GetCacheStatus),
        }
    }
}

impl Serialize for Command {
    /// Writes the fields, canonical; the action stands in the envelope.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Initialize(fields) => Serialize::serialize(fields, serializer),
            Self::Shutdown(fields) => Serialize::serialize(fields, serializer),
            Self::GetStatus(fields) => Serialize::serialize(fields, serializer),
            Self::GetCapabilities(fields) => Serialize::serialize(fields, serializer),
            Self::GetSchedulers(fields) => Serialize::serialize(fields, serializer),
            Self::GetControlnetTypes(fields) => Serialize::serialize(fields, serializer),
            Self::GetModelInfo(fields) => Serialize::serialize(fields, serializer),
            Self::GetPerformanceMetrics(fields) => Serialize::serialize(fields, serializer),
            Self::GetQueueStatus(fields) => Serialize::serialize(fields, serializer),
            Self::ValidateRequest(fields) => Serialize::serialize(fields, serializer),
            Self::GetPerformanceEstimate(fields) => Serialize::serialize(fields, serializer),
            Self::OptimizeRequest(fields) => Serialize::serialize(fields, serializer),
            Self::LoadModel(fields) => Serialize::serialize(fields, serializer),
            Self::LoadSdxlSuite(fields) => Serialize::serialize(fields, serializer),
            Self::UnloadModel(fields) => Serialize::serialize(fields, serializer),
            Self::CleanupMemory(fields) => Serialize::serialize(fields, serializer),
            Self::LoadModelToCache(fields) => Serialize::serialize(fields, serializer),
            Self::LoadFromCache(fields) => Serialize::serialize(fields, serializer),
            Self::CacheSdxlSuite(fields) => Serialize::serialize(fields, serializer),
            Self::ValidateModelFiles(fields) => Serialize::serialize(fields, serializer),
            Self::GenerateSdxl(fields) => Serialize::serialize(fields, serializer),
            Self::GenerateSdxlEnhanced(fields) => Serialize::serialize(fields, serializer),
            Self::EnhancedSdxl(fields) => Serialize::serialize(fields, serializer),
            Self::GenerateImage(fields) => Serialize::serialize(fields, serializer),
            Self::RunInference(fields) => Serialize::serialize(fields, serializer),
            Self::StructuredInference(fields) => Serialize::serialize(fields, serializer),
            Self::BatchGenerate(fields) => Serialize::serialize(fields, serializer),
            Self::Cancel(fields) => Serialize::serialize(fields, serializer),
            Self::StartTraining(fields) => Serialize::serialize(fields, serializer),
            Self::StartSdxlTraining(fields) => Serialize::serialize(fields, serializer),
            Self::GetTrainingStatus(fields) => Serialize::serialize(fields, serializer),
            Self::GetTrainingHistory(fields) => Serialize::serialize(fields, serializer),
            Self::StopTraining(fields) => Serialize::serialize(fields, serializer),
            Self::RunSelfTest(fields) => Serialize::serialize(fields, serializer),
            Self::FindBestGpu(fields) => Serialize::serialize(fields, serializer),
            Self::GetSdxlReadiness(fields) => Serialize::serialize(fields, serializer),
            Self::AutoBalance(fields) => Serialize::serialize(fields, serializer),
            Self::ListSessions(fields) => Serialize::serialize(fields, serializer),
            Self::GetSession(fields) => Serialize::serialize(fields, serializer),
            Self::CancelSession(fields) => Serialize::serialize(fields, serializer),
            Self::GetJob(fields) => Serialize::serialize(fields, serializer),
            Self::ListJobs(fields) => Serialize::serialize(fields, serializer),
            Self::DeleteUpload(fields) => Serialize::serialize(fields, serializer),
            Self::ListDevices(fields) => Serialize::serialize(fields, serializer),
            Self::GetCacheStatus(fields) => Serialize::serialize(fields, serializer),
        }
    }
}

/// The `data` of a reply.
#[derive(Debug, Clone, PartialEq)]
pub enum ReplyData {
    /// Of [`Action::AutoBalance`].
    BalanceResult(types::BalanceResult),
    /// Of [`Action::BatchGenerate`].
    BatchResult(types::BatchResult),
    /// Of [`Action::FindBestGpu`].
    BestGpu(types::BestGpu),
    /// Of [`Action::GetCacheStatus`].
    CacheStatus(types::CacheStatus),
    /// Of [`Action::Cancel`].
    CancelResult(types::CancelResult),
    /// Of [`Action::CleanupMemory`].
    CleanupResult(types::CleanupResult),
    /// Of [`Action::GetControlnetTypes`].
    ControlNetTypes(types::ControlNetTypes),
    /// Of [`Action::ListDevices`].
    Devices(types::Devices),
    /// Of [`Action::Shutdown`], [`Action::DeleteUpload`].
    Empty(types::Empty),
    /// Of [`Action::ValidateModelFiles`].
    FileResults(types::FileResults),
    /// Of [`Action::GenerateImage`].
    ImageResult(types::ImageResult),
    /// Of [`Action::Initialize`].
    InitializeResult(types::InitializeResult),
    /// Of [`Action::GetSession`], [`Action::CancelSession`], [`Action::GetJob`].
    Job(types::Job),
    /// Of [`Action::ListJobs`].
    Jobs(types::Jobs),
    /// Of [`Action::LoadModel`], [`Action::LoadModelToCache`], [`Action::LoadFromCache`].
    LoadResult(types::LoadResult),
    /// Of [`Action::GetModelInfo`].
    Models(types::Models),
    /// Of [`Action::OptimizeRequest`].
    OptimizationResult(types::OptimizationResult),
    /// Of [`Action::GetPerformanceEstimate`].
    PerformanceEstimate(types::PerformanceEstimate),
    /// Of [`Action::GetPerformanceMetrics`].
    PerformanceMetrics(types::PerformanceMetrics),
    /// Of [`Action::GetQueueStatus`].
    QueueStatus(types::QueueStatus),
    /// Of [`Action::GetSchedulers`].
    Schedulers(types::Schedulers),
    /// Of [`Action::GetSdxlReadiness`].
    SdxlReadiness(types::SdxlReadiness),
    /// Of [`Action::GenerateSdxl`], [`Action::GenerateSdxlEnhanced`], [`Action::EnhancedSdxl`], [`Action::RunInference`].
    SdxlResult(types::SdxlResult),
    /// Of [`Action::RunSelfTest`].
    SelfTestReport(types::SelfTestReport),
    /// Of [`Action::ListSessions`].
    Sessions(types::Sessions),
    /// Of [`Action::StructuredInference`].
    StructuredResult(types::StructuredResult),
    /// Of [`Action::LoadSdxlSuite`], [`Action::CacheSdxlSuite`].
    SuiteResult(types::SuiteResult),
    /// Of [`Action::GetTrainingHistory`].
    TrainingHistory(types::TrainingHistory),
    /// Of [`Action::StartTraining`], [`Action::StartSdxlTraining`].
    TrainingStarted(types::TrainingStarted),
    /// Of [`Action::GetTrainingStatus`].
    TrainingStatus(types::TrainingStatus),
    /// Of [`Action::StopTraining`].
    TrainingStopped(types::TrainingStopped),
    /// Of [`Action::UnloadModel`].
    UnloadResult(types::UnloadResult),
    /// Of [`Action::ValidateRequest`].
    ValidationReport(types::ValidationReport),
    /// Of [`Action::GetCapabilities`].
    WorkerCapabilities(types::WorkerCapabilities),
    /// Of [`Action::GetStatus`].
    WorkerStatus(types::WorkerStatus),
}

impl ReplyData {
    /// Reads the data of an action's reply.
    ///
    /// # Errors
    /// Data that the reply's schema refuses.
    pub fn decode<'de, D: Deserializer<'de>>(action: Action, deserializer: D) -> Result<Self, D::Error> {
        match action {
            Action::AutoBalance => Deserialize::deserialize(deserializer).map(Self::BalanceResult),
            Action::BatchGenerate => Deserialize::deserialize(deserializer).map(Self::BatchResult),
            Action::FindBestGpu => Deserialize::deserialize(deserializer).map(Self::BestGpu),
            Action::GetCacheStatus => Deserialize::deserialize(deserializer).map(Self::CacheStatus),
            Action::Cancel => Deserialize::deserialize(deserializer).map(Self::CancelResult),
            Action::CleanupMemory => Deserialize::deserialize(deserializer).map(Self::CleanupResult),
            Action::GetControlnetTypes => Deserialize::deserialize(deserializer).map(Self::ControlNetTypes),
            Action::ListDevices => Deserialize::deserialize(deserializer).map(Self::Devices),
            Action::Shutdown | Action::DeleteUpload => {
                Deserialize::deserialize(deserializer).map(Self::Empty)
            }
            Action::ValidateModelFiles => Deserialize::deserialize(deserializer).map(Self::FileResults),
            Action::GenerateImage => Deserialize::deserialize(deserializer).map(Self::ImageResult),
            Action::Initialize => Deserialize::deserialize(deserializer).map(Self::InitializeResult),
            Action::GetSession | Action::CancelSession | Action::GetJob => {
                Deserialize::deserialize(deserializer).map(Self::Job)
            }
            Action::ListJobs => Deserialize::deserialize(deserializer).map(Self::Jobs),
            Action::LoadModel | Action::LoadModelToCache | Action::LoadFromCache => {
                Deserialize::deserialize(deserializer).map(Self::LoadResult)
            }
            Action::GetModelInfo => Deserialize::deserialize(deserializer).map(Self::Models),
            Action::OptimizeRequest => Deserialize::deserialize(deserializer).map(Self::OptimizationResult),
            Action::GetPerformanceEstimate => {
                Deserialize::deserialize(deserializer).map(Self::PerformanceEstimate)
            }
            Action::GetPerformanceMetrics => {
                Deserialize::deserialize(deserializer).map(Self::PerformanceMetrics)
            }
            Action::GetQueueStatus => Deserialize::deserialize(deserializer).map(Self::QueueStatus),
            Action::GetSchedulers => Deserialize::deserialize(deserializer).map(Self::Schedulers),
            Action::GetSdxlReadiness => Deserialize::deserialize(deserializer).map(Self::SdxlReadiness),
            Action::GenerateSdxl
            | Action::GenerateSdxlEnhanced
            | Action::EnhancedSdxl
            | Action::RunInference => Deserialize::deserialize(deserializer).map(Self::SdxlResult),
            Action::RunSelfTest => Deserialize::deserialize(deserializer).map(Self::SelfTestReport),
            Action::ListSessions => Deserialize::deserialize(deserializer).map(Self::Sessions),
            Action::StructuredInference => Deserialize::deserialize(deserializer).map(Self::StructuredResult),
            Action::LoadSdxlSuite | Action::CacheSdxlSuite => {
                Deserialize::deserialize(deserializer).map(Self::SuiteResult)
            }
            Action::GetTrainingHistory => Deserialize::deserialize(deserializer).map(Self::TrainingHistory),
            Action::StartTraining | Action::StartSdxlTraining => {
                Deserialize::deserialize(deserializer).map(Self::TrainingStarted)
            }
            Action::GetTrainingStatus => Deserialize::deserialize(deserializer).map(Self::TrainingStatus),
            Action::StopTraining => Deserialize::deserialize(deserializer).map(Self::TrainingStopped),
            Action::UnloadModel => Deserialize::deserialize(deserializer).map(Self::UnloadResult),
            Action::ValidateRequest => Deserialize::deserialize(deserializer).map(Self::ValidationReport),
            Action::GetCapabilities => Deserialize::deserialize(deserializer).map(Self::WorkerCapabilities),
            Action::GetStatus => Deserialize::deserialize(deserializer).map(Self::WorkerStatus),
        }
    }
}

impl Serialize for ReplyData {
    /// Writes the data, canonical.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::BalanceResult(data) => Serialize::serialize(data, serializer),
            Self::BatchResult(data) => Serialize::serialize(data, serializer),
            Self::BestGpu(data) => Serialize::serialize(data, serializer),
            Self::CacheStatus(data) => Serialize::serialize(data, serializer),
            Self::CancelResult(data) => Serialize::serialize(data, serializer),
            Self::CleanupResult(data) => Serialize::serialize(data, serializer),
            Self::ControlNetTypes(data) => Serialize::serialize(data, serializer),
            Self::Devices(data) => Serialize::serialize(data, serializer),
            Self::Empty(data) => Serialize::serialize(data, serializer),
            Self::FileResults(data) => Serialize::serialize(data, serializer),
            Self::ImageResult(data) => Serialize::serialize(data, serializer),
            Self::InitializeResult(data) => Serialize::serialize(data, serializer),
            Self::Job(data) => Serialize::serialize(data, serializer),
            Self::Jobs(data) => Serialize::serialize(data, serializer),
            Self::LoadResult(data) => Serialize::serialize(data, serializer),
            Self::Models(data) => Serialize::serialize(data, serializer),
            Self::OptimizationResult(data) => Serialize::serialize(data, serializer),
            Self::PerformanceEstimate(data) => Serialize::serialize(data, serializer),
            Self::PerformanceMetrics(data) => Serialize::serialize(data, serializer),
            Self::QueueStatus(data) => Serialize::serialize(data, serializer),
            Self::Schedulers(data) => Serialize::serialize(data, serializer),
            Self::SdxlReadiness(data) => Serialize::serialize(data, serializer),
            Self::SdxlResult(data) => Serialize::serialize(data, serializer),
            Self::SelfTestReport(data) => Serialize::serialize(data, serializer),
            Self::Sessions(data) => Serialize::serialize(data, serializer),
            Self::StructuredResult(data) => Serialize::serialize(data, serializer),
            Self::SuiteResult(data) => Serialize::serialize(data, serializer),
            Self::TrainingHistory(data) => Serialize::serialize(data, serializer),
            Self::TrainingStarted(data) => Serialize::serialize(data, serializer),
            Self::TrainingStatus(data) => Serialize::serialize(data, serializer),
            Self::TrainingStopped(data) => Serialize::serialize(data, serializer),
            Self::UnloadResult(data) => Serialize::serialize(data, serializer),
            Self::ValidationReport(data) => Serialize::serialize(data, serializer),
            Self::WorkerCapabilities(data) => Serialize::serialize(data, serializer),
            Self::WorkerStatus(data) => Serialize::serialize(data, serializer),
        }
    }
}

impl From<types::BalanceResult> for ReplyData {
    fn from(data: types::BalanceResult) -> Self {
        Self::BalanceResult(data)
    }
}

impl From<types::BatchResult> for ReplyData {
    fn from(data: types::BatchResult) -> Self {
        Self::BatchResult(data)
    }
}

impl From<types::BestGpu> for ReplyData {
    fn from(data: types::BestGpu) -> Self {
        Self::BestGpu(data)
    }
}

impl From<types::CacheStatus> for ReplyData {
    fn from(data: types::CacheStatus) -> Self {
        Self::CacheStatus(data)
    }
}

impl From<types::CancelResult> for ReplyData {
    fn from(data: types::CancelResult) -> Self {
        Self::CancelResult(data)
    }
}

impl From<types::CleanupResult> for ReplyData {
    fn from(data: types::CleanupResult) -> Self {
        Self::CleanupResult(data)
    }
}

impl From<types::ControlNetTypes> for ReplyData {
    fn from(data: types::ControlNetTypes) -> Self {
        Self::ControlNetTypes(data)
    }
}

impl From<types::Devices> for ReplyData {
    fn from(data: types::Devices) -> Self {
        Self::Devices(data)
    }
}

impl From<types::Empty> for ReplyData {
    fn from(data: types::Empty) -> Self {
        Self::Empty(data)
    }
}

impl From<types::FileResults> for ReplyData {
    fn from(data: types::FileResults) -> Self {
        Self::FileResults(data)
    }
}

impl From<types::ImageResult> for ReplyData {
    fn from(data: types::ImageResult) -> Self {
        Self::ImageResult(data)
    }
}

impl From<types::InitializeResult> for ReplyData {
    fn from(data: types::InitializeResult) -> Self {
        Self::InitializeResult(data)
    }
}

impl From<types::Job> for ReplyData {
    fn from(data: types::Job) -> Self {
        Self::Job(data)
    }
}

impl From<types::Jobs> for ReplyData {
    fn from(data: types::Jobs) -> Self {
        Self::Jobs(data)
    }
}

impl From<types::LoadResult> for ReplyData {
    fn from(data: types::LoadResult) -> Self {
        Self::LoadResult(data)
    }
}

impl From<types::Models> for ReplyData {
    fn from(data: types::Models) -> Self {
        Self::Models(data)
    }
}

impl From<types::OptimizationResult> for ReplyData {
    fn from(data: types::OptimizationResult) -> Self {
        Self::OptimizationResult(data)
    }
}

impl From<types::PerformanceEstimate> for ReplyData {
    fn from(data: types::PerformanceEstimate) -> Self {
        Self::PerformanceEstimate(data)
    }
}

impl From<types::PerformanceMetrics> for ReplyData {
    fn from(data: types::PerformanceMetrics) -> Self {
        Self::PerformanceMetrics(data)
    }
}

impl From<types::QueueStatus> for ReplyData {
    fn from(data: types::QueueStatus) -> Self {
        Self::QueueStatus(data)
    }
}

impl From<types::Schedulers> for ReplyData {
    fn from(data: types::Schedulers) -> Self {
        Self::Schedulers(data)
    }
}

impl From<types::SdxlReadiness> for ReplyData {
    fn from(data: types::SdxlReadiness) -> Self {
        Self::SdxlReadiness(data)
    }
}

impl From<types::SdxlResult> for ReplyData {
    fn from(data: types::SdxlResult) -> Self {
        Self::SdxlResult(data)
    }
}

impl From<types::SelfTestReport> for ReplyData {
    fn from(data: types::SelfTestReport) -> Self {
        Self::SelfTestReport(data)
    }
}

impl From<types::Sessions> for ReplyData {
    fn from(data: types::Sessions) -> Self {
        Self::Sessions(data)
    }
}

impl From<types::StructuredResult> for ReplyData {
    fn from(data: types::StructuredResult) -> Self {
        Self::StructuredResult(data)
    }
}

impl From<types::SuiteResult> for ReplyData {
    fn from(data: types::SuiteResult) -> Self {
        Self::SuiteResult(data)
    }
}

impl From<types::TrainingHistory> for ReplyData {
    fn from(data: types::TrainingHistory) -> Self {
        Self::TrainingHistory(data)
    }
}

impl From<types::TrainingStarted> for ReplyData {
    fn from(data: types::TrainingStarted) -> Self {
        Self::TrainingStarted(data)
    }
}

impl From<types::TrainingStatus> for ReplyData {
    fn from(data: types::TrainingStatus) -> Self {
        Self::TrainingStatus(data)
    }
}

impl From<types::TrainingStopped> for ReplyData {
    fn from(data: types::TrainingStopped) -> Self {
        Self::TrainingStopped(data)
    }
}

impl From<types::UnloadResult> for ReplyData {
    fn from(data: types::UnloadResult) -> Self {
        Self::UnloadResult(data)
    }
}

impl From<types::ValidationReport> for ReplyData {
    fn from(data: types::ValidationReport) -> Self {
        Self::ValidationReport(data)
    }
}

impl From<types::WorkerCapabilities> for ReplyData {
    fn from(data: types::WorkerCapabilities) -> Self {
        Self::WorkerCapabilities(data)
    }
}

impl From<types::WorkerStatus> for ReplyData {
    fn from(data: types::WorkerStatus) -> Self {
        Self::WorkerStatus(data)
    }
}
