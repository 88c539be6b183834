//! Generated from schemas/*_schema.json by cargo xtask codegen; edit the schema instead.
//!
//! Every type by its name, for whoever has the name only at run time.

use super::types;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// The names of all types: the definitions of the schemas, and the types hoisted out of their properties
/// (`HyperparametersStrength`).
pub const NAMES: &[&str] = &[
    "ProtocolVersion",
    "InitializeDeviceIndex",
    "InitializeProtocolVersions",
    "InitializeFeatures",
    "Initialize",
    "ShutdownGraceSeconds",
    "Shutdown",
    "Nothing",
    "GetModelInfo",
    "SubmissionCommand",
    "OptimizationPriority",
    "OptimizationPreferencesTargetVramUsageMb",
    "OptimizationPreferencesTargetTimeSeconds",
    "OptimizationPreferences",
    "OptimizeRequest",
    "LoadModel",
    "SuiteCommandSuiteName",
    "SuiteCommand",
    "UnloadModel",
    "LoadFromCache",
    "ValidateModelFilesModelPaths",
    "ValidateModelFilesSuite",
    "ValidateModelFiles",
    "ParametersCommand",
    "RunInference",
    "BatchGenerateRequests",
    "BatchGenerateTimeoutSeconds",
    "BatchGenerate",
    "Cancel",
    "TrainingCommand",
    "StopTraining",
    "SelfTestScope",
    "RunSelfTest",
    "FindBestGpu",
    "AutoBalance",
    "SessionCommand",
    "GetJob",
    "ListJobsTagsValue",
    "ListJobsTags",
    "ListJobsLimit",
    "ListJobsCursor",
    "ListJobs",
    "DeleteUpload",
    "Id",
    "Action",
    "GpuId",
    "Attempt",
    "Timestamp",
    "Count",
    "Bytes",
    "Seconds",
    "Mebibytes",
    "Ratio",
    "ModelName",
    "ModelId",
    "Path",
    "Text",
    "Name",
    "Sha256",
    "Traceparent",
    "TraceparentHeader",
    "ImageRef",
    "DialectName",
    "FeatureName",
    "OutputFormat",
    "JobStatus",
    "WorkerState",
    "ModelType",
    "PrecisionName",
    "OnDisconnect",
    "Preference",
    "IdempotencyKey",
    "ErrorCode",
    "WarningCode",
    "Pointer",
    "FaultAllowed",
    "FaultMinimum",
    "FaultMaximum",
    "Fault",
    "ErrorDetailsDetails",
    "ErrorDetailsErrors",
    "ErrorDetails",
    "WarningDetail",
    "EnvelopeHead",
    "ReplyWarnings",
    "ReplyWarningDetails",
    "Reply",
    "ReplyData",
    "ProblemWarnings",
    "ProblemWarningDetails",
    "ProblemType",
    "ProblemStatus",
    "Problem",
    "Stage",
    "ProgressEventEvent",
    "ProgressEvent",
    "PreviewEventEvent",
    "PreviewEvent",
    "LogLevel",
    "LogEventEvent",
    "LogEvent",
    "HeartbeatEventEvent",
    "HeartbeatEvent",
    "TrainingProgressEventEvent",
    "TrainingProgressEventLoss",
    "TrainingProgressEvent",
    "PromptSubmission",
    "Prompt",
    "OptionalPrompt",
    "Steps",
    "GuidanceScale",
    "Seed",
    "ImageSide",
    "BatchSize",
    "SchedulerType",
    "TimestepSpacing",
    "MaskChannel",
    "ControlNetType",
    "Optimization",
    "DeviceName",
    "UpscalerName",
    "Priority",
    "Model",
    "Scheduler",
    "Dimensions",
    "HyperparametersStrength",
    "HyperparametersRefinerStart",
    "Hyperparameters",
    "LoraWeight",
    "LoraAdapterName",
    "Lora",
    "ControlNetWeight",
    "ControlNetGuidanceStart",
    "ControlNetGuidanceEnd",
    "ControlNet",
    "TextualInversionToken",
    "TextualInversion",
    "ConditioningClipSkip",
    "ConditioningLoras",
    "ConditioningControlNets",
    "ConditioningTextualInversions",
    "ConditioningMaskBlur",
    "ConditioningReferenceImages",
    "Conditioning",
    "PerformanceOptimizations",
    "Performance",
    "PostprocessingUpscaleFactor",
    "PostprocessingQuality",
    "Postprocessing",
    "MetadataTimeoutSeconds",
    "MetadataTagsValue",
    "MetadataTags",
    "Metadata",
    "Parameters",
    "InitializeResultWorker",
    "InitializeResultFeatures",
    "InitializeResultPid",
    "InitializeResult",
    "Empty",
    "MemoryStats",
    "WorkerStatusGpus",
    "WorkerStatus",
    "CapabilityLimits",
    "WorkerCapabilitiesFeatures",
    "WorkerCapabilitiesSupportedSchedulers",
    "WorkerCapabilitiesSupportedFormats",
    "WorkerCapabilitiesMemoryOptimizations",
    "WorkerCapabilitiesPostprocessingOptions",
    "WorkerCapabilitiesLoadedModels",
    "WorkerCapabilitiesControlNetTypes",
    "WorkerCapabilitiesActions",
    "WorkerCapabilitiesDtypes",
    "WorkerCapabilitiesGpus",
    "WorkerCapabilitiesFamilies",
    "WorkerCapabilities",
    "SchedulerInfo",
    "SchedulersSchedulers",
    "SchedulersDefaultSteps",
    "Schedulers",
    "ControlNetTypeInfoRecommendedWeight",
    "ControlNetTypeInfoSupportedFormats",
    "ControlNetTypeInfo",
    "ControlNetTypesTypes",
    "ControlNetTypesRecommendedWeightsValue",
    "ControlNetTypesRecommendedWeights",
    "ControlNetTypes",
    "ModelLocation",
    "ModelInfo",
    "ModelsModels",
    "ModelsGpus",
    "Models",
    "PerformanceMetricsGpus",
    "PerformanceMetrics",
    "QueuedRequest",
    "QueueStatusQueuedRequests",
    "QueueStatus",
    "ValidationDetailsValue",
    "ValidationDetails",
    "CanonicalDocument",
    "ValidationReportErrors",
    "ValidationReportWarnings",
    "ValidationReport",
    "EstimateBasis",
    "PerformanceEstimateEstimatedVramUsageMb",
    "PerformanceEstimateDetailedBreakdownValue",
    "PerformanceEstimateDetailedBreakdown",
    "PerformanceEstimate",
    "OptimizationChangePath",
    "OptimizationChange",
    "OptimizationResultChanges",
    "OptimizationResult",
    "LoadResult",
    "SuiteComponent",
    "ComponentResult",
    "SuiteResultComponentResults",
    "SuiteResult",
    "UnloadResultModelIds",
    "UnloadResult",
    "CleanupResult",
    "FileFormat",
    "ModelComponent",
    "FileResultDtypes",
    "FileResultIssues",
    "FileResult",
    "FileResultsResults",
    "FileResults",
    "ImageDetailWidth",
    "ImageDetailHeight",
    "ImageDetailSeed",
    "ImageDetail",
    "SdxlResultImages",
    "SdxlResultImageDetails",
    "SdxlResultSeedUsed",
    "SdxlResultFeaturesUsed",
    "SdxlResultWarnings",
    "SdxlResult",
    "ImageResultImages",
    "ImageResultImageDetails",
    "ImageResultSeedUsed",
    "ImageResultFeaturesUsed",
    "ImageResultWarnings",
    "ImageResultSeed",
    "ImageResultWidth",
    "ImageResultHeight",
    "ImageResult",
    "StructuredResultImages",
    "StructuredResultImageDetails",
    "StructuredResultSeedUsed",
    "StructuredResultFeaturesUsed",
    "StructuredResultWarnings",
    "StructuredResult",
    "BatchItem",
    "BatchResultResults",
    "BatchResult",
    "CancelledFrom",
    "CancelResult",
    "TrainingStarted",
    "TrainingHistoryRows",
    "TrainingHistory",
    "TrainingStopped",
    "SelfTestCheck",
    "SelfTestReportChecks",
    "SelfTestReport",
    "BestGpuReasons",
    "BestGpu",
    "GpuReadinessReasons",
    "GpuReadinessBreaker",
    "GpuReadiness",
    "SdxlReadinessReadinessPercent",
    "SdxlReadinessGpus",
    "SdxlReadiness",
    "BalanceMoveAction",
    "BalanceMove",
    "BalanceResultMoves",
    "BalanceResult",
    "JobResult",
    "Job",
    "JobUrlsImages",
    "JobUrls",
    "JobsJobs",
    "JobsNextCursor",
    "Jobs",
    "SessionsSessions",
    "Sessions",
    "DeviceType",
    "DeviceInfoUuid",
    "DeviceInfoFamilies",
    "DeviceInfo",
    "DevicesDevices",
    "Devices",
    "CacheStatusModels",
    "CacheStatus",
    "Accepted",
    "UploadWidth",
    "UploadHeight",
    "Upload",
    "LivenessStatus",
    "Liveness",
    "GpuHealth",
    "ReadinessStatus",
    "ReadinessGpus",
    "Readiness",
    "ModelFamily",
    "TrainingType",
    "DreamboothMode",
    "LrScheduler",
    "TrainingState",
    "TrainingHyperparametersLearningRate",
    "TrainingHyperparametersBatchSize",
    "TrainingHyperparametersEpochs",
    "TrainingHyperparametersMaxSteps",
    "TrainingHyperparametersResolution",
    "TrainingHyperparametersRank",
    "TrainingHyperparametersAlpha",
    "TrainingHyperparametersGradientAccumulation",
    "TrainingHyperparametersCheckpointEvery",
    "TrainingHyperparameters",
    "TrainingJobInstancePrompt",
    "TrainingJobPlaceholderToken",
    "TrainingJobInitializerToken",
    "TrainingJobValidationPrompt",
    "TrainingJobValidationEvery",
    "TrainingJob",
    "TrainingStatusLoss",
    "TrainingStatusLearningRate",
    "TrainingStatus",
    "TrainingHistoryRowLoss",
    "TrainingHistoryRowLearningRate",
    "TrainingHistoryRowValidationImages",
    "TrainingHistoryRow",
];
/// Reads a canonical value as the type of that name, and writes it back; none: no such type.
///
/// # Errors
/// [`serde_json::Error`] if the type refuses the value.
#[must_use]
pub fn round_trip(name: &str, value: &Value) -> Option<Result<Value, serde_json::Error>> {
    Some(match name {
        "ProtocolVersion" => read::<types::ProtocolVersion>(value),
        "InitializeDeviceIndex" => read::<types::InitializeDeviceIndex>(value),
        "InitializeProtocolVersions" => read::<types::InitializeProtocolVersions>(value),
        "InitializeFeatures" => read::<types::InitializeFeatures>(value),
        "Initialize" => read::<types::Initialize>(value),
        "ShutdownGraceSeconds" => read::<types::ShutdownGraceSeconds>(value),
        "Shutdown" => read::<types::Shutdown>(value),
        "Nothing" => read::<types::Nothing>(value),
        "GetModelInfo" => read::<types::GetModelInfo>(value),
        "SubmissionCommand" => read::<types::SubmissionCommand>(value),
        "OptimizationPriority" => read::<types::OptimizationPriority>(value),
        "OptimizationPreferencesTargetVramUsageMb" => {
            read::<types::OptimizationPreferencesTargetVramUsageMb>(value)
        }
        "OptimizationPreferencesTargetTimeSeconds" => {
            read::<types::OptimizationPreferencesTargetTimeSeconds>(value)
        }
        "OptimizationPreferences" => read::<types::OptimizationPreferences>(value),
        "OptimizeRequest" => read::<types::OptimizeRequest>(value),
        "LoadModel" => read::<types::LoadModel>(value),
        "SuiteCommandSuiteName" => read::<types::SuiteCommandSuiteName>(value),
        "SuiteCommand" => read::<types::SuiteCommand>(value),
        "UnloadModel" => read::<types::UnloadModel>(value),
        "LoadFromCache" => read::<types::LoadFromCache>(value),
        "ValidateModelFilesModelPaths" => read::<types::ValidateModelFilesModelPaths>(value),
        "ValidateModelFilesSuite" => read::<types::ValidateModelFilesSuite>(value),
        "ValidateModelFiles" => read::<types::ValidateModelFiles>(value),
        "ParametersCommand" => read::<types::ParametersCommand>(value),
        "RunInference" => read::<types::RunInference>(value),
        "BatchGenerateRequests" => read::<types::BatchGenerateRequests>(value),
        "BatchGenerateTimeoutSeconds" => read::<types::BatchGenerateTimeoutSeconds>(value),
        "BatchGenerate" => read::<types::BatchGenerate>(value),
        "Cancel" => read::<types::Cancel>(value),
        "TrainingCommand" => read::<types::TrainingCommand>(value),
        "StopTraining" => read::<types::StopTraining>(value),
        "SelfTestScope" => read::<types::SelfTestScope>(value),
        "RunSelfTest" => read::<types::RunSelfTest>(value),
        "FindBestGpu" => read::<types::FindBestGpu>(value),
        "AutoBalance" => read::<types::AutoBalance>(value),
        "SessionCommand" => read::<types::SessionCommand>(value),
        "GetJob" => read::<types::GetJob>(value),
        "ListJobsTagsValue" => read::<types::ListJobsTagsValue>(value),
        "ListJobsTags" => read::<types::ListJobsTags>(value),
        "ListJobsLimit" => read::<types::ListJobsLimit>(value),
        "ListJobsCursor" => read::<types::ListJobsCursor>(value),
        "ListJobs" => read::<types::ListJobs>(value),
        "DeleteUpload" => read::<types::DeleteUpload>(value),
        "Id" => read::<types::Id>(value),
        "Action" => read::<types::Action>(value),
        "GpuId" => read::<types::GpuId>(value),
        "Attempt" => read::<types::Attempt>(value),
        "Timestamp" => read::<types::Timestamp>(value),
        "Count" => read::<types::Count>(value),
        "Bytes" => read::<types::Bytes>(value),
        "Seconds" => read::<types::Seconds>(value),
        "Mebibytes" => read::<types::Mebibytes>(value),
        "Ratio" => read::<types::Ratio>(value),
        "ModelName" => read::<types::ModelName>(value),
        "ModelId" => read::<types::ModelId>(value),
        "Path" => read::<types::Path>(value),
        "Text" => read::<types::Text>(value),
        "Name" => read::<types::Name>(value),
        "Sha256" => read::<types::Sha256>(value),
        "Traceparent" => read::<types::Traceparent>(value),
        "TraceparentHeader" => read::<types::TraceparentHeader>(value),
        "ImageRef" => read::<types::ImageRef>(value),
        "DialectName" => read::<types::DialectName>(value),
        "FeatureName" => read::<types::FeatureName>(value),
        "OutputFormat" => read::<types::OutputFormat>(value),
        "JobStatus" => read::<types::JobStatus>(value),
        "WorkerState" => read::<types::WorkerState>(value),
        "ModelType" => read::<types::ModelType>(value),
        "PrecisionName" => read::<types::PrecisionName>(value),
        "OnDisconnect" => read::<types::OnDisconnect>(value),
        "Preference" => read::<types::Preference>(value),
        "IdempotencyKey" => read::<types::IdempotencyKey>(value),
        "ErrorCode" => read::<types::ErrorCode>(value),
        "WarningCode" => read::<types::WarningCode>(value),
        "Pointer" => read::<types::Pointer>(value),
        "FaultAllowed" => read::<types::FaultAllowed>(value),
        "FaultMinimum" => read::<types::FaultMinimum>(value),
        "FaultMaximum" => read::<types::FaultMaximum>(value),
        "Fault" => read::<types::Fault>(value),
        "ErrorDetailsDetails" => read::<types::ErrorDetailsDetails>(value),
        "ErrorDetailsErrors" => read::<types::ErrorDetailsErrors>(value),
        "ErrorDetails" => read::<types::ErrorDetails>(value),
        "WarningDetail" => read::<types::WarningDetail>(value),
        "EnvelopeHead" => read::<types::EnvelopeHead>(value),
        "ReplyWarnings" => read::<types::ReplyWarnings>(value),
        "ReplyWarningDetails" => read::<types::ReplyWarningDetails>(value),
        "Reply" => read::<types::Reply>(value),
        "ReplyData" => read::<types::ReplyData>(value),
        "ProblemWarnings" => read::<types::ProblemWarnings>(value),
        "ProblemWarningDetails" => read::<types::ProblemWarningDetails>(value),
        "ProblemType" => read::<types::ProblemType>(value),
        "ProblemStatus" => read::<types::ProblemStatus>(value),
        "Problem" => read::<types::Problem>(value),
        "Stage" => read::<types::Stage>(value),
        "ProgressEventEvent" => read::<types::ProgressEventEvent>(value),
        "ProgressEvent" => read::<types::ProgressEvent>(value),
        "PreviewEventEvent" => read::<types::PreviewEventEvent>(value),
        "PreviewEvent" => read::<types::PreviewEvent>(value),
        "LogLevel" => read::<types::LogLevel>(value),
        "LogEventEvent" => read::<types::LogEventEvent>(value),
        "LogEvent" => read::<types::LogEvent>(value),
        "HeartbeatEventEvent" => read::<types::HeartbeatEventEvent>(value),
        "HeartbeatEvent" => read::<types::HeartbeatEvent>(value),
        "TrainingProgressEventEvent" => read::<types::TrainingProgressEventEvent>(value),
        "TrainingProgressEventLoss" => read::<types::TrainingProgressEventLoss>(value),
        "TrainingProgressEvent" => read::<types::TrainingProgressEvent>(value),
        "PromptSubmission" => read::<types::PromptSubmission>(value),
        "Prompt" => read::<types::Prompt>(value),
        "OptionalPrompt" => read::<types::OptionalPrompt>(value),
        "Steps" => read::<types::Steps>(value),
        "GuidanceScale" => read::<types::GuidanceScale>(value),
        "Seed" => read::<types::Seed>(value),
        "ImageSide" => read::<types::ImageSide>(value),
        "BatchSize" => read::<types::BatchSize>(value),
        "SchedulerType" => read::<types::SchedulerType>(value),
        "TimestepSpacing" => read::<types::TimestepSpacing>(value),
        "MaskChannel" => read::<types::MaskChannel>(value),
        "ControlNetType" => read::<types::ControlNetType>(value),
        "Optimization" => read::<types::Optimization>(value),
        "DeviceName" => read::<types::DeviceName>(value),
        "UpscalerName" => read::<types::UpscalerName>(value),
        "Priority" => read::<types::Priority>(value),
        "Model" => read::<types::Model>(value),
        "Scheduler" => read::<types::Scheduler>(value),
        "Dimensions" => read::<types::Dimensions>(value),
        "HyperparametersStrength" => read::<types::HyperparametersStrength>(value),
        "HyperparametersRefinerStart" => read::<types::HyperparametersRefinerStart>(value),
        "Hyperparameters" => read::<types::Hyperparameters>(value),
        "LoraWeight" => read::<types::LoraWeight>(value),
        "LoraAdapterName" => read::<types::LoraAdapterName>(value),
        "Lora" => read::<types::Lora>(value),
        "ControlNetWeight" => read::<types::ControlNetWeight>(value),
        "ControlNetGuidanceStart" => read::<types::ControlNetGuidanceStart>(value),
        "ControlNetGuidanceEnd" => read::<types::ControlNetGuidanceEnd>(value),
        "ControlNet" => read::<types::ControlNet>(value),
        "TextualInversionToken" => read::<types::TextualInversionToken>(value),
        "TextualInversion" => read::<types::TextualInversion>(value),
        "ConditioningClipSkip" => read::<types::ConditioningClipSkip>(value),
        "ConditioningLoras" => read::<types::ConditioningLoras>(value),
        "ConditioningControlNets" => read::<types::ConditioningControlNets>(value),
        "ConditioningTextualInversions" => read::<types::ConditioningTextualInversions>(value),
        "ConditioningMaskBlur" => read::<types::ConditioningMaskBlur>(value),
        "ConditioningReferenceImages" => read::<types::ConditioningReferenceImages>(value),
        "Conditioning" => read::<types::Conditioning>(value),
        "PerformanceOptimizations" => read::<types::PerformanceOptimizations>(value),
        "Performance" => read::<types::Performance>(value),
        "PostprocessingUpscaleFactor" => read::<types::PostprocessingUpscaleFactor>(value),
        "PostprocessingQuality" => read::<types::PostprocessingQuality>(value),
        "Postprocessing" => read::<types::Postprocessing>(value),
        "MetadataTimeoutSeconds" => read::<types::MetadataTimeoutSeconds>(value),
        "MetadataTagsValue" => read::<types::MetadataTagsValue>(value),
        "MetadataTags" => read::<types::MetadataTags>(value),
        "Metadata" => read::<types::Metadata>(value),
        "Parameters" => read::<types::Parameters>(value),
        "InitializeResultWorker" => read::<types::InitializeResultWorker>(value),
        "InitializeResultFeatures" => read::<types::InitializeResultFeatures>(value),
        "InitializeResultPid" => read::<types::InitializeResultPid>(value),
        "InitializeResult" => read::<types::InitializeResult>(value),
        "Empty" => read::<types::Empty>(value),
        "MemoryStats" => read::<types::MemoryStats>(value),
        "WorkerStatusGpus" => read::<types::WorkerStatusGpus>(value),
        "WorkerStatus" => read::<types::WorkerStatus>(value),
        "CapabilityLimits" => read::<types::CapabilityLimits>(value),
        "WorkerCapabilitiesFeatures" => read::<types::WorkerCapabilitiesFeatures>(value),
        "WorkerCapabilitiesSupportedSchedulers" => {
            read::<types::WorkerCapabilitiesSupportedSchedulers>(value)
        }
        "WorkerCapabilitiesSupportedFormats" => read::<types::WorkerCapabilitiesSupportedFormats>(value),
        "WorkerCapabilitiesMemoryOptimizations" => {
            read::<types::WorkerCapabilitiesMemoryOptimizations>(value)
        }
        "WorkerCapabilitiesPostprocessingOptions" => {
            read::<types::WorkerCapabilitiesPostprocessingOptions>(value)
        }
        "WorkerCapabilitiesLoadedModels" => read::<types::WorkerCapabilitiesLoadedModels>(value),
        "WorkerCapabilitiesControlNetTypes" => read::<types::WorkerCapabilitiesControlNetTypes>(value),
        "WorkerCapabilitiesActions" => read::<types::WorkerCapabilitiesActions>(value),
        "WorkerCapabilitiesDtypes" => read::<types::WorkerCapabilitiesDtypes>(value),
        "WorkerCapabilitiesGpus" => read::<types::WorkerCapabilitiesGpus>(value),
        "WorkerCapabilitiesFamilies" => read::<types::WorkerCapabilitiesFamilies>(value),
        "WorkerCapabilities" => read::<types::WorkerCapabilities>(value),
        "SchedulerInfo" => read::<types::SchedulerInfo>(value),
        "SchedulersSchedulers" => read::<types::SchedulersSchedulers>(value),
        "SchedulersDefaultSteps" => read::<types::SchedulersDefaultSteps>(value),
        "Schedulers" => read::<types::Schedulers>(value),
        "ControlNetTypeInfoRecommendedWeight" => read::<types::ControlNetTypeInfoRecommendedWeight>(value),
        "ControlNetTypeInfoSupportedFormats" => read::<types::ControlNetTypeInfoSupportedFormats>(value),
        "ControlNetTypeInfo" => read::<types::ControlNetTypeInfo>(value),
        "ControlNetTypesTypes" => read::<types::ControlNetTypesTypes>(value),
        "ControlNetTypesRecommendedWeightsValue" => {
            read::<types::ControlNetTypesRecommendedWeightsValue>(value)
        }
        "ControlNetTypesRecommendedWeights" => read::<types::ControlNetTypesRecommendedWeights>(value),
        "ControlNetTypes" => read::<types::ControlNetTypes>(value),
        "ModelLocation" => read::<types::ModelLocation>(value),
        "ModelInfo" => read::<types::ModelInfo>(value),
        "ModelsModels" => read::<types::ModelsModels>(value),
        "ModelsGpus" => read::<types::ModelsGpus>(value),
        "Models" => read::<types::Models>(value),
        "PerformanceMetricsGpus" => read::<types::PerformanceMetricsGpus>(value),
        "PerformanceMetrics" => read::<types::PerformanceMetrics>(value),
        "QueuedRequest" => read::<types::QueuedRequest>(value),
        "QueueStatusQueuedRequests" => read::<types::QueueStatusQueuedRequests>(value),
        "QueueStatus" => read::<types::QueueStatus>(value),
        "ValidationDetailsValue" => read::<types::ValidationDetailsValue>(value),
        "ValidationDetails" => read::<types::ValidationDetails>(value),
        "CanonicalDocument" => read::<types::CanonicalDocument>(value),
        "ValidationReportErrors" => read::<types::ValidationReportErrors>(value),
        "ValidationReportWarnings" => read::<types::ValidationReportWarnings>(value),
        "ValidationReport" => read::<types::ValidationReport>(value),
        "EstimateBasis" => read::<types::EstimateBasis>(value),
        "PerformanceEstimateEstimatedVramUsageMb" => {
            read::<types::PerformanceEstimateEstimatedVramUsageMb>(value)
        }
        "PerformanceEstimateDetailedBreakdownValue" => {
            read::<types::PerformanceEstimateDetailedBreakdownValue>(value)
        }
        "PerformanceEstimateDetailedBreakdown" => read::<types::PerformanceEstimateDetailedBreakdown>(value),
        "PerformanceEstimate" => read::<types::PerformanceEstimate>(value),
        "OptimizationChangePath" => read::<types::OptimizationChangePath>(value),
        "OptimizationChange" => read::<types::OptimizationChange>(value),
        "OptimizationResultChanges" => read::<types::OptimizationResultChanges>(value),
        "OptimizationResult" => read::<types::OptimizationResult>(value),
        "LoadResult" => read::<types::LoadResult>(value),
        "SuiteComponent" => read::<types::SuiteComponent>(value),
        "ComponentResult" => read::<types::ComponentResult>(value),
        "SuiteResultComponentResults" => read::<types::SuiteResultComponentResults>(value),
        "SuiteResult" => read::<types::SuiteResult>(value),
        "UnloadResultModelIds" => read::<types::UnloadResultModelIds>(value),
        "UnloadResult" => read::<types::UnloadResult>(value),
        "CleanupResult" => read::<types::CleanupResult>(value),
        "FileFormat" => read::<types::FileFormat>(value),
        "ModelComponent" => read::<types::ModelComponent>(value),
        "FileResultDtypes" => read::<types::FileResultDtypes>(value),
        "FileResultIssues" => read::<types::FileResultIssues>(value),
        "FileResult" => read::<types::FileResult>(value),
        "FileResultsResults" => read::<types::FileResultsResults>(value),
        "FileResults" => read::<types::FileResults>(value),
        "ImageDetailWidth" => read::<types::ImageDetailWidth>(value),
        "ImageDetailHeight" => read::<types::ImageDetailHeight>(value),
        "ImageDetailSeed" => read::<types::ImageDetailSeed>(value),
        "ImageDetail" => read::<types::ImageDetail>(value),
        "SdxlResultImages" => read::<types::SdxlResultImages>(value),
        "SdxlResultImageDetails" => read::<types::SdxlResultImageDetails>(value),
        "SdxlResultSeedUsed" => read::<types::SdxlResultSeedUsed>(value),
        "SdxlResultFeaturesUsed" => read::<types::SdxlResultFeaturesUsed>(value),
        "SdxlResultWarnings" => read::<types::SdxlResultWarnings>(value),
        "SdxlResult" => read::<types::SdxlResult>(value),
        "ImageResultImages" => read::<types::ImageResultImages>(value),
        "ImageResultImageDetails" => read::<types::ImageResultImageDetails>(value),
        "ImageResultSeedUsed" => read::<types::ImageResultSeedUsed>(value),
        "ImageResultFeaturesUsed" => read::<types::ImageResultFeaturesUsed>(value),
        "ImageResultWarnings" => read::<types::ImageResultWarnings>(value),
        "ImageResultSeed" => read::<types::ImageResultSeed>(value),
        "ImageResultWidth" => read::<types::ImageResultWidth>(value),
        "ImageResultHeight" => read::<types::ImageResultHeight>(value),
        "ImageResult" => read::<types::ImageResult>(value),
        "StructuredResultImages" => read::<types::StructuredResultImages>(value),
        "StructuredResultImageDetails" => read::<types::StructuredResultImageDetails>(value),
        "StructuredResultSeedUsed" => read::<types::StructuredResultSeedUsed>(value),
        "StructuredResultFeaturesUsed" => read::<types::StructuredResultFeaturesUsed>(value),
        "StructuredResultWarnings" => read::<types::StructuredResultWarnings>(value),
        "StructuredResult" => read::<types::StructuredResult>(value),
        "BatchItem" => read::<types::BatchItem>(value),
        "BatchResultResults" => read::<types::BatchResultResults>(value),
        "BatchResult" => read::<types::BatchResult>(value),
        "CancelledFrom" => read::<types::CancelledFrom>(value),
        "CancelResult" => read::<types::CancelResult>(value),
        "TrainingStarted" => read::<types::TrainingStarted>(value),
        "TrainingHistoryRows" => read::<types::TrainingHistoryRows>(value),
        "TrainingHistory" => read::<types::TrainingHistory>(value),
        "TrainingStopped" => read::<types::TrainingStopped>(value),
        "SelfTestCheck" => read::<types::SelfTestCheck>(value),
        "SelfTestReportChecks" => read::<types::SelfTestReportChecks>(value),
        "SelfTestReport" => read::<types::SelfTestReport>(value),
        "BestGpuReasons" => read::<types::BestGpuReasons>(value),
        "BestGpu" => read::<types::BestGpu>(value),
        "GpuReadinessReasons" => read::<types::GpuReadinessReasons>(value),
        "GpuReadinessBreaker" => read::<types::GpuReadinessBreaker>(value),
        "GpuReadiness" => read::<types::GpuReadiness>(value),
        "SdxlReadinessReadinessPercent" => read::<types::SdxlReadinessReadinessPercent>(value),
        "SdxlReadinessGpus" => read::<types::SdxlReadinessGpus>(value),
        "SdxlReadiness" => read::<types::SdxlReadiness>(value),
        "BalanceMoveAction" => read::<types::BalanceMoveAction>(value),
        "BalanceMove" => read::<types::BalanceMove>(value),
        "BalanceResultMoves" => read::<types::BalanceResultMoves>(value),
        "BalanceResult" => read::<types::BalanceResult>(value),
        "JobResult" => read::<types::JobResult>(value),
        "Job" => read::<types::Job>(value),
        "JobUrlsImages" => read::<types::JobUrlsImages>(value),
        "JobUrls" => read::<types::JobUrls>(value),
        "JobsJobs" => read::<types::JobsJobs>(value),
        "JobsNextCursor" => read::<types::JobsNextCursor>(value),
        "Jobs" => read::<types::Jobs>(value),
        "SessionsSessions" => read::<types::SessionsSessions>(value),
        "Sessions" => read::<types::Sessions>(value),
        "DeviceType" => read::<types::DeviceType>(value),
        "DeviceInfoUuid" => read::<types::DeviceInfoUuid>(value),
        "DeviceInfoFamilies" => read::<types::DeviceInfoFamilies>(value),
        "DeviceInfo" => read::<types::DeviceInfo>(value),
        "DevicesDevices" => read::<types::DevicesDevices>(value),
        "Devices" => read::<types::Devices>(value),
        "CacheStatusModels" => read::<types::CacheStatusModels>(value),
        "CacheStatus" => read::<types::CacheStatus>(value),
        "Accepted" => read::<types::Accepted>(value),
        "UploadWidth" => read::<types::UploadWidth>(value),
        "UploadHeight" => read::<types::UploadHeight>(value),
        "Upload" => read::<types::Upload>(value),
        "LivenessStatus" => read::<types::LivenessStatus>(value),
        "Liveness" => read::<types::Liveness>(value),
        "GpuHealth" => read::<types::GpuHealth>(value),
        "ReadinessStatus" => read::<types::ReadinessStatus>(value),
        "ReadinessGpus" => read::<types::ReadinessGpus>(value),
        "Readiness" => read::<types::Readiness>(value),
        "ModelFamily" => read::<types::ModelFamily>(value),
        "TrainingType" => read::<types::TrainingType>(value),
        "DreamboothMode" => read::<types::DreamboothMode>(value),
        "LrScheduler" => read::<types::LrScheduler>(value),
        "TrainingState" => read::<types::TrainingState>(value),
        "TrainingHyperparametersLearningRate" => read::<types::TrainingHyperparametersLearningRate>(value),
        "TrainingHyperparametersBatchSize" => read::<types::TrainingHyperparametersBatchSize>(value),
        "TrainingHyperparametersEpochs" => read::<types::TrainingHyperparametersEpochs>(value),
        "TrainingHyperparametersMaxSteps" => read::<types::TrainingHyperparametersMaxSteps>(value),
        "TrainingHyperparametersResolution" => read::<types::TrainingHyperparametersResolution>(value),
        "TrainingHyperparametersRank" => read::<types::TrainingHyperparametersRank>(value),
        "TrainingHyperparametersAlpha" => read::<types::TrainingHyperparametersAlpha>(value),
        "TrainingHyperparametersGradientAccumulation" => {
            read::<types::TrainingHyperparametersGradientAccumulation>(value)
        }
        "TrainingHyperparametersCheckpointEvery" => {
            read::<types::TrainingHyperparametersCheckpointEvery>(value)
        }
        "TrainingHyperparameters" => read::<types::TrainingHyperparameters>(value),
        "TrainingJobInstancePrompt" => read::<types::TrainingJobInstancePrompt>(value),
        "TrainingJobPlaceholderToken" => read::<types::TrainingJobPlaceholderToken>(value),
        "TrainingJobInitializerToken" => read::<types::TrainingJobInitializerToken>(value),
        "TrainingJobValidationPrompt" => read::<types::TrainingJobValidationPrompt>(value),
        "TrainingJobValidationEvery" => read::<types::TrainingJobValidationEvery>(value),
        "TrainingJob" => read::<types::TrainingJob>(value),
        "TrainingStatusLoss" => read::<types::TrainingStatusLoss>(value),
        "TrainingStatusLearningRate" => read::<types::TrainingStatusLearningRate>(value),
        "TrainingStatus" => read::<types::TrainingStatus>(value),
        "TrainingHistoryRowLoss" => read::<types::TrainingHistoryRowLoss>(value),
        "TrainingHistoryRowLearningRate" => read::<types::TrainingHistoryRowLearningRate>(value),
        "TrainingHistoryRowValidationImages" => read::<types::TrainingHistoryRowValidationImages>(value),
        "TrainingHistoryRow" => read::<types::TrainingHistoryRow>(value),
        _ => return None,
    })
}

fn read<T: DeserializeOwned + Serialize>(value: &Value) -> Result<Value, serde_json::Error> {
    serde_json::to_value(T::deserialize(value)?)
}

/// The schemas that the types describe themselves by, as the definitions of one document.
#[must_use]
pub fn schemas() -> Value {
    let mut generator = schemars::generate::SchemaSettings::draft2020_12().into_generator();
    generator.subschema_for::<types::ProtocolVersion>();
    generator.subschema_for::<types::InitializeDeviceIndex>();
    generator.subschema_for::<types::InitializeProtocolVersions>();
    generator.subschema_for::<types::InitializeFeatures>();
    generator.subschema_for::<types::Initialize>();
    generator.subschema_for::<types::ShutdownGraceSeconds>();
    generator.subschema_for::<types::Shutdown>();
    generator.subschema_for::<types::Nothing>();
    generator.subschema_for::<types::GetModelInfo>();
    generator.subschema_for::<types::SubmissionCommand>();
    generator.subschema_for::<types::OptimizationPriority>();
    generator.subschema_for::<types::OptimizationPreferencesTargetVramUsageMb>();
    generator.subschema_for::<types::OptimizationPreferencesTargetTimeSeconds>();
    generator.subschema_for::<types::OptimizationPreferences>();
    generator.subschema_for::<types::OptimizeRequest>();
    generator.subschema_for::<types::LoadModel>();
    generator.subschema_for::<types::SuiteCommandSuiteName>();
    generator.subschema_for::<types::SuiteCommand>();
    generator.subschema_for::<types::UnloadModel>();
    generator.subschema_for::<types::LoadFromCache>();
    generator.subschema_for::<types::ValidateModelFilesModelPaths>();
    generator.subschema_for::<types::ValidateModelFilesSuite>();
    generator.subschema_for::<types::ValidateModelFiles>();
    generator.subschema_for::<types::ParametersCommand>();
    generator.subschema_for::<types::RunInference>();
    generator.subschema_for::<types::BatchGenerateRequests>();
    generator.subschema_for::<types::BatchGenerateTimeoutSeconds>();
    generator.subschema_for::<types::BatchGenerate>();
    generator.subschema_for::<types::Cancel>();
    generator.subschema_for::<types::TrainingCommand>();
    generator.subschema_for::<types::StopTraining>();
    generator.subschema_for::<types::SelfTestScope>();
    generator.subschema_for::<types::RunSelfTest>();
    generator.subschema_for::<types::FindBestGpu>();
    generator.subschema_for::<types::AutoBalance>();
    generator.subschema_for::<types::SessionCommand>();
    generator.subschema_for::<types::GetJob>();
    generator.subschema_for::<types::ListJobsTagsValue>();
    generator.subschema_for::<types::ListJobsTags>();
    generator.subschema_for::<types::ListJobsLimit>();
    generator.subschema_for::<types::ListJobsCursor>();
    generator.subschema_for::<types::ListJobs>();
    generator.subschema_for::<types::DeleteUpload>();
    generator.subschema_for::<types::Id>();
    generator.subschema_for::<types::Action>();
    generator.subschema_for::<types::GpuId>();
    generator.subschema_for::<types::Attempt>();
    generator.subschema_for::<types::Timestamp>();
    generator.subschema_for::<types::Count>();
    generator.subschema_for::<types::Bytes>();
    generator.subschema_for::<types::Seconds>();
    generator.subschema_for::<types::Mebibytes>();
    generator.subschema_for::<types::Ratio>();
    generator.subschema_for::<types::ModelName>();
    generator.subschema_for::<types::ModelId>();
    generator.subschema_for::<types::Path>();
    generator.subschema_for::<types::Text>();
    generator.subschema_for::<types::Name>();
    generator.subschema_for::<types::Sha256>();
    generator.subschema_for::<types::Traceparent>();
    generator.subschema_for::<types::TraceparentHeader>();
    generator.subschema_for::<types::ImageRef>();
    generator.subschema_for::<types::DialectName>();
    generator.subschema_for::<types::FeatureName>();
    generator.subschema_for::<types::OutputFormat>();
    generator.subschema_for::<types::JobStatus>();
    generator.subschema_for::<types::WorkerState>();
    generator.subschema_for::<types::ModelType>();
    generator.subschema_for::<types::PrecisionName>();
    generator.subschema_for::<types::OnDisconnect>();
    generator.subschema_for::<types::Preference>();
    generator.subschema_for::<types::IdempotencyKey>();
    generator.subschema_for::<types::ErrorCode>();
    generator.subschema_for::<types::WarningCode>();
    generator.subschema_for::<types::Pointer>();
    generator.subschema_for::<types::FaultAllowed>();
    generator.subschema_for::<types::FaultMinimum>();
    generator.subschema_for::<types::FaultMaximum>();
    generator.subschema_for::<types::Fault>();
    generator.subschema_for::<types::ErrorDetailsDetails>();
    generator.subschema_for::<types::ErrorDetailsErrors>();
    generator.subschema_for::<types::ErrorDetails>();
    generator.subschema_for::<types::WarningDetail>();
    generator.subschema_for::<types::EnvelopeHead>();
    generator.subschema_for::<types::ReplyWarnings>();
    generator.subschema_for::<types::ReplyWarningDetails>();
    generator.subschema_for::<types::Reply>();
    generator.subschema_for::<types::ReplyData>();
    generator.subschema_for::<types::ProblemWarnings>();
    generator.subschema_for::<types::ProblemWarningDetails>();
    generator.subschema_for::<types::ProblemType>();
    generator.subschema_for::<types::ProblemStatus>();
    generator.subschema_for::<types::Problem>();
    generator.subschema_for::<types::Stage>();
    generator.subschema_for::<types::ProgressEventEvent>();
    generator.subschema_for::<types::ProgressEvent>();
    generator.subschema_for::<types::PreviewEventEvent>();
    generator.subschema_for::<types::PreviewEvent>();
    generator.subschema_for::<types::LogLevel>();
    generator.subschema_for::<types::LogEventEvent>();
    generator.subschema_for::<types::LogEvent>();
    generator.subschema_for::<types::HeartbeatEventEvent>();
    generator.subschema_for::<types::HeartbeatEvent>();
    generator.subschema_for::<types::TrainingProgressEventEvent>();
    generator.subschema_for::<types::TrainingProgressEventLoss>();
    generator.subschema_for::<types::TrainingProgressEvent>();
    generator.subschema_for::<types::PromptSubmission>();
    generator.subschema_for::<types::Prompt>();
    generator.subschema_for::<types::OptionalPrompt>();
    generator.subschema_for::<types::Steps>();
    generator.subschema_for::<types::GuidanceScale>();
    generator.subschema_for::<types::Seed>();
    generator.subschema_for::<types::ImageSide>();
    generator.subschema_for::<types::BatchSize>();
    generator.subschema_for::<types::SchedulerType>();
    generator.subschema_for::<types::TimestepSpacing>();
    generator.subschema_for::<types::MaskChannel>();
    generator.subschema_for::<types::ControlNetType>();
    generator.subschema_for::<types::Optimization>();
    generator.subschema_for::<types::DeviceName>();
    generator.subschema_for::<types::UpscalerName>();
    generator.subschema_for::<types::Priority>();
    generator.subschema_for::<types::Model>();
    generator.subschema_for::<types::Scheduler>();
    generator.subschema_for::<types::Dimensions>();
    generator.subschema_for::<types::HyperparametersStrength>();
    generator.subschema_for::<types::HyperparametersRefinerStart>();
    generator.subschema_for::<types::Hyperparameters>();
    generator.subschema_for::<types::LoraWeight>();
    generator.subschema_for::<types::LoraAdapterName>();
    generator.subschema_for::<types::Lora>();
    generator.subschema_for::<types::ControlNetWeight>();
    generator.subschema_for::<types::ControlNetGuidanceStart>();
    generator.subschema_for::<types::ControlNetGuidanceEnd>();
    generator.subschema_for::<types::ControlNet>();
    generator.subschema_for::<types::TextualInversionToken>();
    generator.subschema_for::<types::TextualInversion>();
    generator.subschema_for::<types::ConditioningClipSkip>();
    generator.subschema_for::<types::ConditioningLoras>();
    generator.subschema_for::<types::ConditioningControlNets>();
    generator.subschema_for::<types::ConditioningTextualInversions>();
    generator.subschema_for::<types::ConditioningMaskBlur>();
    generator.subschema_for::<types::ConditioningReferenceImages>();
    generator.subschema_for::<types::Conditioning>();
    generator.subschema_for::<types::PerformanceOptimizations>();
    generator.subschema_for::<types::Performance>();
    generator.subschema_for::<types::PostprocessingUpscaleFactor>();
    generator.subschema_for::<types::PostprocessingQuality>();
    generator.subschema_for::<types::Postprocessing>();
    generator.subschema_for::<types::MetadataTimeoutSeconds>();
    generator.subschema_for::<types::MetadataTagsValue>();
    generator.subschema_for::<types::MetadataTags>();
    generator.subschema_for::<types::Metadata>();
    generator.subschema_for::<types::Parameters>();
    generator.subschema_for::<types::InitializeResultWorker>();
    generator.subschema_for::<types::InitializeResultFeatures>();
    generator.subschema_for::<types::InitializeResultPid>();
    generator.subschema_for::<types::InitializeResult>();
    generator.subschema_for::<types::Empty>();
    generator.subschema_for::<types::MemoryStats>();
    generator.subschema_for::<types::WorkerStatusGpus>();
    generator.subschema_for::<types::WorkerStatus>();
    generator.subschema_for::<types::CapabilityLimits>();
    generator.subschema_for::<types::WorkerCapabilitiesFeatures>();
    generator.subschema_for::<types::WorkerCapabilitiesSupportedSchedulers>();
    generator.subschema_for::<types::WorkerCapabilitiesSupportedFormats>();
    generator.subschema_for::<types::WorkerCapabilitiesMemoryOptimizations>();
    generator.subschema_for::<types::WorkerCapabilitiesPostprocessingOptions>();
    generator.subschema_for::<types::WorkerCapabilitiesLoadedModels>();
    generator.subschema_for::<types::WorkerCapabilitiesControlNetTypes>();
    generator.subschema_for::<types::WorkerCapabilitiesActions>();
    generator.subschema_for::<types::WorkerCapabilitiesDtypes>();
    generator.subschema_for::<types::WorkerCapabilitiesGpus>();
    generator.subschema_for::<types::WorkerCapabilitiesFamilies>();
    generator.subschema_for::<types::WorkerCapabilities>();
    generator.subschema_for::<types::SchedulerInfo>();
    generator.subschema_for::<types::SchedulersSchedulers>();
    generator.subschema_for::<types::SchedulersDefaultSteps>();
    generator.subschema_for::<types::Schedulers>();
    generator.subschema_for::<types::ControlNetTypeInfoRecommendedWeight>();
    generator.subschema_for::<types::ControlNetTypeInfoSupportedFormats>();
    generator.subschema_for::<types::ControlNetTypeInfo>();
    generator.subschema_for::<types::ControlNetTypesTypes>();
    generator.subschema_for::<types::ControlNetTypesRecommendedWeightsValue>();
    generator.subschema_for::<types::ControlNetTypesRecommendedWeights>();
    generator.subschema_for::<types::ControlNetTypes>();
    generator.subschema_for::<types::ModelLocation>();
    generator.subschema_for::<types::ModelInfo>();
    generator.subschema_for::<types::ModelsModels>();
    generator.subschema_for::<types::ModelsGpus>();
    generator.subschema_for::<types::Models>();
    generator.subschema_for::<types::PerformanceMetricsGpus>();
    generator.subschema_for::<types::PerformanceMetrics>();
    generator.subschema_for::<types::QueuedRequest>();
    generator.subschema_for::<types::QueueStatusQueuedRequests>();
    generator.subschema_for::<types::QueueStatus>();
    generator.subschema_for::<types::ValidationDetailsValue>();
    generator.subschema_for::<types::ValidationDetails>();
    generator.subschema_for::<types::CanonicalDocument>();
    generator.subschema_for::<types::ValidationReportErrors>();
    generator.subschema_for::<types::ValidationReportWarnings>();
    generator.subschema_for::<types::ValidationReport>();
    generator.subschema_for::<types::EstimateBasis>();
    generator.subschema_for::<types::PerformanceEstimateEstimatedVramUsageMb>();
    generator.subschema_for::<types::PerformanceEstimateDetailedBreakdownValue>();
    generator.subschema_for::<types::PerformanceEstimateDetailedBreakdown>();
    generator.subschema_for::<types::PerformanceEstimate>();
    generator.subschema_for::<types::OptimizationChangePath>();
    generator.subschema_for::<types::OptimizationChange>();
    generator.subschema_for::<types::OptimizationResultChanges>();
    generator.subschema_for::<types::OptimizationResult>();
    generator.subschema_for::<types::LoadResult>();
    generator.subschema_for::<types::SuiteComponent>();
    generator.subschema_for::<types::ComponentResult>();
    generator.subschema_for::<types::SuiteResultComponentResults>();
    generator.subschema_for::<types::SuiteResult>();
    generator.subschema_for::<types::UnloadResultModelIds>();
    generator.subschema_for::<types::UnloadResult>();
    generator.subschema_for::<types::CleanupResult>();
    generator.subschema_for::<types::FileFormat>();
    generator.subschema_for::<types::ModelComponent>();
    generator.subschema_for::<types::FileResultDtypes>();
    generator.subschema_for::<types::FileResultIssues>();
    generator.subschema_for::<types::FileResult>();
    generator.subschema_for::<types::FileResultsResults>();
    generator.subschema_for::<types::FileResults>();
    generator.subschema_for::<types::ImageDetailWidth>();
    generator.subschema_for::<types::ImageDetailHeight>();
    generator.subschema_for::<types::ImageDetailSeed>();
    generator.subschema_for::<types::ImageDetail>();
    generator.subschema_for::<types::SdxlResultImages>();
    generator.subschema_for::<types::SdxlResultImageDetails>();
    generator.subschema_for::<types::SdxlResultSeedUsed>();
    generator.subschema_for::<types::SdxlResultFeaturesUsed>();
    generator.subschema_for::<types::SdxlResultWarnings>();
    generator.subschema_for::<types::SdxlResult>();
    generator.subschema_for::<types::ImageResultImages>();
    generator.subschema_for::<types::ImageResultImageDetails>();
    generator.subschema_for::<types::ImageResultSeedUsed>();
    generator.subschema_for::<types::ImageResultFeaturesUsed>();
    generator.subschema_for::<types::ImageResultWarnings>();
    generator.subschema_for::<types::ImageResultSeed>();
    generator.subschema_for::<types::ImageResultWidth>();
    generator.subschema_for::<types::ImageResultHeight>();
    generator.subschema_for::<types::ImageResult>();
    generator.subschema_for::<types::StructuredResultImages>();
    generator.subschema_for::<types::StructuredResultImageDetails>();
    generator.subschema_for::<types::StructuredResultSeedUsed>();
    generator.subschema_for::<types::StructuredResultFeaturesUsed>();
    generator.subschema_for::<types::StructuredResultWarnings>();
    generator.subschema_for::<types::StructuredResult>();
    generator.subschema_for::<types::BatchItem>();
    generator.subschema_for::<types::BatchResultResults>();
    generator.subschema_for::<types::BatchResult>();
    generator.subschema_for::<types::CancelledFrom>();
    generator.subschema_for::<types::CancelResult>();
    generator.subschema_for::<types::TrainingStarted>();
    generator.subschema_for::<types::TrainingHistoryRows>();
    generator.subschema_for::<types::TrainingHistory>();
    generator.subschema_for::<types::TrainingStopped>();
    generator.subschema_for::<types::SelfTestCheck>();
    generator.subschema_for::<types::SelfTestReportChecks>();
    generator.subschema_for::<types::SelfTestReport>();
    generator.subschema_for::<types::BestGpuReasons>();
    generator.subschema_for::<types::BestGpu>();
    generator.subschema_for::<types::GpuReadinessReasons>();
    generator.subschema_for::<types::GpuReadinessBreaker>();
    generator.subschema_for::<types::GpuReadiness>();
    generator.subschema_for::<types::SdxlReadinessReadinessPercent>();
    generator.subschema_for::<types::SdxlReadinessGpus>();
    generator.subschema_for::<types::SdxlReadiness>();
    generator.subschema_for::<types::BalanceMoveAction>();
    generator.subschema_for::<types::BalanceMove>();
    generator.subschema_for::<types::BalanceResultMoves>();
    generator.subschema_for::<types::BalanceResult>();
    generator.subschema_for::<types::JobResult>();
    generator.subschema_for::<types::Job>();
    generator.subschema_for::<types::JobUrlsImages>();
    generator.subschema_for::<types::JobUrls>();
    generator.subschema_for::<types::JobsJobs>();
    generator.subschema_for::<types::JobsNextCursor>();
    generator.subschema_for::<types::Jobs>();
    generator.subschema_for::<types::SessionsSessions>();
    generator.subschema_for::<types::Sessions>();
    generator.subschema_for::<types::DeviceType>();
    generator.subschema_for::<types::DeviceInfoUuid>();
    generator.subschema_for::<types::DeviceInfoFamilies>();
    generator.subschema_for::<types::DeviceInfo>();
    generator.subschema_for::<types::DevicesDevices>();
    generator.subschema_for::<types::Devices>();
    generator.subschema_for::<types::CacheStatusModels>();
    generator.subschema_for::<types::CacheStatus>();
    generator.subschema_for::<types::Accepted>();
    generator.subschema_for::<types::UploadWidth>();
    generator.subschema_for::<types::UploadHeight>();
    generator.subschema_for::<types::Upload>();
    generator.subschema_for::<types::LivenessStatus>();
    generator.subschema_for::<types::Liveness>();
    generator.subschema_for::<types::GpuHealth>();
    generator.subschema_for::<types::ReadinessStatus>();
    generator.subschema_for::<types::ReadinessGpus>();
    generator.subschema_for::<types::Readiness>();
    generator.subschema_for::<types::ModelFamily>();
    generator.subschema_for::<types::TrainingType>();
    generator.subschema_for::<types::DreamboothMode>();
    generator.subschema_for::<types::LrScheduler>();
    generator.subschema_for::<types::TrainingState>();
    generator.subschema_for::<types::TrainingHyperparametersLearningRate>();
    generator.subschema_for::<types::TrainingHyperparametersBatchSize>();
    generator.subschema_for::<types::TrainingHyperparametersEpochs>();
    generator.subschema_for::<types::TrainingHyperparametersMaxSteps>();
    generator.subschema_for::<types::TrainingHyperparametersResolution>();
    generator.subschema_for::<types::TrainingHyperparametersRank>();
    generator.subschema_for::<types::TrainingHyperparametersAlpha>();
    generator.subschema_for::<types::TrainingHyperparametersGradientAccumulation>();
    generator.subschema_for::<types::TrainingHyperparametersCheckpointEvery>();
    generator.subschema_for::<types::TrainingHyperparameters>();
    generator.subschema_for::<types::TrainingJobInstancePrompt>();
    generator.subschema_for::<types::TrainingJobPlaceholderToken>();
    generator.subschema_for::<types::TrainingJobInitializerToken>();
    generator.subschema_for::<types::TrainingJobValidationPrompt>();
    generator.subschema_for::<types::TrainingJobValidationEvery>();
    generator.subschema_for::<types::TrainingJob>();
    generator.subschema_for::<types::TrainingStatusLoss>();
    generator.subschema_for::<types::TrainingStatusLearningRate>();
    generator.subschema_for::<types::TrainingStatus>();
    generator.subschema_for::<types::TrainingHistoryRowLoss>();
    generator.subschema_for::<types::TrainingHistoryRowLearningRate>();
    generator.subschema_for::<types::TrainingHistoryRowValidationImages>();
    generator.subschema_for::<types::TrainingHistoryRow>();
    Value::Object(generator.take_definitions(true))
}
