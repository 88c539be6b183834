//! Generated from schemas/registry.json by cargo xtask codegen; edit the schema instead.
//!
//! The registry of actions.

use std::fmt;
use std::str::FromStr;

/// The registry's row of one action.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ActionInfo {
    /// The action.
    pub action: Action,
    /// Further names that are read, never written.
    pub aliases: &'static [&'static str],
    /// How it is scheduled.
    pub class: Class,
    /// One sentence.
    pub summary: &'static str,
    /// Name of the definition of its fields beside the envelope.
    pub request: &'static str,
    /// Name of the definition of its reply's `data`.
    pub reply: &'static str,
    /// The module of the Python worker; `None` for the gateway's own actions.
    pub worker_module: Option<&'static str>,
    /// The C# methods that send it.
    pub service_methods: &'static [&'static str],
    /// Its routes over HTTP; without one it is sent through `/v1/commands`.
    pub routes: &'static [Route],
    /// Its timeout, seconds, unless the command's metadata sets one; `None`: no timeout.
    pub timeout_seconds: Option<f64>,
    /// The name of the object that its fields may stand in, beside the envelope.
    pub wrapped_in: Option<&'static str>,
    /// The most characters of its `request_id`, where that is fewer than of any id.
    pub request_id_max: Option<usize>,
    /// When it belongs to another class.
    pub class_when: Option<ClassWhen>,
}

/// A field whose value moves an action to another class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassWhen {
    /// The field.
    pub field: &'static str,
    /// Its value.
    pub equals: bool,
    /// The class for this value.
    pub class: Class,
    /// The timeout for this value, seconds.
    pub timeout_seconds: Option<f64>,
}

/// One way to send an action over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// `GET`, `POST` or `DELETE`.
    pub verb: &'static str,
    /// The path, parameters in braces.
    pub path: &'static str,
    /// `(path parameter, field)`, of those whose names differ.
    pub params: &'static [(&'static str, &'static str)],
    /// The field whose value the body may be.
    pub bare: Option<&'static str>,
    /// `(field, value)` that the route sets.
    pub fixed: &'static [(&'static str, &'static str)],
}

/// How an action is scheduled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum Class {
    /// Class query.
    #[serde(rename = "query")]
    Query,
    /// Class control.
    #[serde(rename = "control")]
    Control,
    /// Class job.
    #[serde(rename = "job")]
    Job,
    /// Class training.
    #[serde(rename = "training")]
    Training,
    /// Class gateway.
    #[serde(rename = "gateway")]
    Gateway,
}

impl Class {
    /// The name in the registry.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Control => "control",
            Self::Job => "job",
            Self::Training => "training",
            Self::Gateway => "gateway",
        }
    }

    /// The default timeout of its actions, seconds; `None`: no timeout.
    #[must_use]
    pub const fn timeout_seconds(self) -> Option<f64> {
        match self {
            Self::Query => Some(10.0),
            Self::Control => Some(300.0),
            Self::Job => Some(600.0),
            Self::Training => None,
            Self::Gateway => Some(10.0),
        }
    }
}

/// An action of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub enum Action {
    /// Opens the conversation.
    #[serde(rename = "initialize")]
    Initialize,
    /// Ends the worker or gateway politely.
    #[serde(rename = "shutdown")]
    Shutdown,
    /// State of the worker or the pool.
    #[serde(rename = "get_status")]
    GetStatus,
    /// Abilities of the worker or the pool.
    #[serde(rename = "get_capabilities")]
    GetCapabilities,
    /// The samplers.
    #[serde(rename = "get_schedulers")]
    GetSchedulers,
    /// The ControlNet types.
    #[serde(rename = "get_controlnet_types")]
    GetControlnetTypes,
    /// Models loaded or cached.
    #[serde(rename = "get_model_info")]
    GetModelInfo,
    /// Measurements since start.
    #[serde(rename = "get_performance_metrics")]
    GetPerformanceMetrics,
    /// The queue of jobs.
    #[serde(rename = "get_queue_status")]
    GetQueueStatus,
    /// Reads a prompt submission and says what was understood and what is wrong.
    #[serde(rename = "validate_request")]
    ValidateRequest,
    /// Memory and time that a job would need.
    #[serde(rename = "get_performance_estimate")]
    GetPerformanceEstimate,
    /// A changed request that fits.
    #[serde(rename = "optimize_request")]
    OptimizeRequest,
    /// Loads one model to a GPU.
    #[serde(rename = "load_model")]
    LoadModel,
    /// Loads a model suite to a GPU.
    #[serde(rename = "load_sdxl_suite")]
    LoadSdxlSuite,
    /// Unloads one model, or everything on the GPU.
    #[serde(rename = "unload_model")]
    UnloadModel,
    /// Frees what nothing holds.
    #[serde(rename = "cleanup_memory")]
    CleanupMemory,
    /// Loads one model to the RAM cache.
    #[serde(rename = "load_model_to_cache")]
    LoadModelToCache,
    /// Loads a cached model to a GPU.
    #[serde(rename = "load_from_cache")]
    LoadFromCache,
    /// Loads a model suite to the RAM cache.
    #[serde(rename = "cache_sdxl_suite")]
    CacheSdxlSuite,
    /// Opens model files and says what is wrong with them.
    #[serde(rename = "validate_model_files")]
    ValidateModelFiles,
    /// Makes pictures.
    #[serde(rename = "generate_sdxl")]
    GenerateSdxl,
    /// Makes pictures; the name that the C# bridge uses.
    #[serde(rename = "generate_sdxl_enhanced")]
    GenerateSdxlEnhanced,
    /// Makes pictures; the name that the inference service uses.
    #[serde(rename = "enhanced_sdxl")]
    EnhancedSdxl,
    /// Makes pictures from flat parameters.
    #[serde(rename = "generate_image")]
    GenerateImage,
    /// Makes pictures from a model and flat parameters.
    #[serde(rename = "run_inference")]
    RunInference,
    /// Makes pictures, and says what was read.
    #[serde(rename = "structured_inference")]
    StructuredInference,
    /// Several prompt submissions, one after another.
    #[serde(rename = "batch_generate")]
    BatchGenerate,
    /// Cancels a job, waiting or running.
    #[serde(rename = "cancel")]
    Cancel,
    /// Starts a training.
    #[serde(rename = "start_training")]
    StartTraining,
    /// Starts a training on an SDXL base.
    #[serde(rename = "start_sdxl_training")]
    StartSdxlTraining,
    /// Status of a training.
    #[serde(rename = "get_training_status")]
    GetTrainingStatus,
    /// The history of a training.
    #[serde(rename = "get_training_history")]
    GetTrainingHistory,
    /// Stops a training.
    #[serde(rename = "stop_training")]
    StopTraining,
    /// Tests a worker by its own means.
    #[serde(rename = "run_self_test")]
    RunSelfTest,
    /// Which GPU would take a job now.
    #[serde(rename = "find_best_gpu")]
    FindBestGpu,
    /// Whether the pool is ready for SDXL.
    #[serde(rename = "get_sdxl_readiness")]
    GetSdxlReadiness,
    /// Moves queued work and models between GPUs.
    #[serde(rename = "auto_balance")]
    AutoBalance,
    /// Sessions, newest first.
    #[serde(rename = "list_sessions")]
    ListSessions,
    /// One session.
    #[serde(rename = "get_session")]
    GetSession,
    /// Cancels the job of a session.
    #[serde(rename = "cancel_session")]
    CancelSession,
    /// One job.
    #[serde(rename = "get_job")]
    GetJob,
    /// Jobs, newest first.
    #[serde(rename = "list_jobs")]
    ListJobs,
    /// Forgets an upload; its file goes when no job reads it any more.
    #[serde(rename = "delete_upload")]
    DeleteUpload,
    /// The devices of the host.
    #[serde(rename = "list_devices")]
    ListDevices,
    /// The RAM cache of the host.
    #[serde(rename = "get_cache_status")]
    GetCacheStatus,
}

impl Action {
    /// Every action, in the order of the registry.
    pub const ALL: [Self; 45usize] = [
        Self::Initialize,
        Self::Shutdown,
        Self::GetStatus,
        Self::GetCapabilities,
        Self::GetSchedulers,
        Self::GetControlnetTypes,
        Self::GetModelInfo,
        Self::GetPerformanceMetrics,
        Self::GetQueueStatus,
        Self::ValidateRequest,
        Self::GetPerformanceEstimate,
        Self::OptimizeRequest,
        Self::LoadModel,
        Self::LoadSdxlSuite,
        Self::UnloadModel,
        Self::CleanupMemory,
        Self::LoadModelToCache,
        Self::LoadFromCache,
        Self::CacheSdxlSuite,
        Self::ValidateModelFiles,
        Self::GenerateSdxl,
        Self::GenerateSdxlEnhanced,
        Self::EnhancedSdxl,
        Self::GenerateImage,
        Self::RunInference,
        Self::StructuredInference,
        Self::BatchGenerate,
        Self::Cancel,
        Self::StartTraining,
        Self::StartSdxlTraining,
        Self::GetTrainingStatus,
        Self::GetTrainingHistory,
        Self::StopTraining,
        Self::RunSelfTest,
        Self::FindBestGpu,
        Self::GetSdxlReadiness,
        Self::AutoBalance,
        Self::ListSessions,
        Self::GetSession,
        Self::CancelSession,
        Self::GetJob,
        Self::ListJobs,
        Self::DeleteUpload,
        Self::ListDevices,
        Self::GetCacheStatus,
    ];
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Initialize => "initialize",
            Self::Shutdown => "shutdown",
            Self::GetStatus => "get_status",
            Self::GetCapabilities => "get_capabilities",
            Self::GetSchedulers => "get_schedulers",
            Self::GetControlnetTypes => "get_controlnet_types",
            Self::GetModelInfo => "get_model_info",
            Self::GetPerformanceMetrics => "get_performance_metrics",
            Self::GetQueueStatus => "get_queue_status",
            Self::ValidateRequest => "validate_request",
            Self::GetPerformanceEstimate => "get_performance_estimate",
            Self::OptimizeRequest => "optimize_request",
            Self::LoadModel => "load_model",
            Self::LoadSdxlSuite => "load_sdxl_suite",
            Self::UnloadModel => "unload_model",
            Self::CleanupMemory => "cleanup_memory",
            Self::LoadModelToCache => "load_model_to_cache",
            Self::LoadFromCache => "load_from_cache",
            Self::CacheSdxlSuite => "cache_sdxl_suite",
            Self::ValidateModelFiles => "validate_model_files",
            Self::GenerateSdxl => "generate_sdxl",
            Self::GenerateSdxlEnhanced => "generate_sdxl_enhanced",
            Self::EnhancedSdxl => "enhanced_sdxl",
            Self::GenerateImage => "generate_image",
            Self::RunInference => "run_inference",
            Self::StructuredInference => "structured_inference",
            Self::BatchGenerate => "batch_generate",
            Self::Cancel => "cancel",
            Self::StartTraining => "start_training",
            Self::StartSdxlTraining => "start_sdxl_training",
            Self::GetTrainingStatus => "get_training_status",
            Self::GetTrainingHistory => "get_training_history",
            Self::StopTraining => "stop_training",
            Self::RunSelfTest => "run_self_test",
            Self::FindBestGpu => "find_best_gpu",
            Self::GetSdxlReadiness => "get_sdxl_readiness",
            Self::AutoBalance => "auto_balance",
            Self::ListSessions => "list_sessions",
            Self::GetSession => "get_session",
            Self::CancelSession => "cancel_session",
            Self::GetJob => "get_job",
            Self::ListJobs => "list_jobs",
            Self::DeleteUpload => "delete_upload",
            Self::ListDevices => "list_devices",
            Self::GetCacheStatus => "get_cache_status",
        }
    }

    /// Its row of the registry.
    #[must_use]
    pub const fn info(self) -> &'static ActionInfo {
        &INFOS[self as usize]
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A text that is not the name of an action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an action of schemas/registry.json")]
pub struct ParseActionError(pub String);
impl FromStr for Action {
    type Err = ParseActionError;
    /// Reads names and aliases.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "initialize" => Self::Initialize,
            "shutdown" => Self::Shutdown,
            "get_status" => Self::GetStatus,
            "get_capabilities" => Self::GetCapabilities,
            "get_schedulers" => Self::GetSchedulers,
            "get_controlnet_types" => Self::GetControlnetTypes,
            "get_model_info" => Self::GetModelInfo,
            "get_performance_metrics" => Self::GetPerformanceMetrics,
            "get_queue_status" => Self::GetQueueStatus,
            "validate_request" => Self::ValidateRequest,
            "get_performance_estimate" => Self::GetPerformanceEstimate,
            "optimize_request" => Self::OptimizeRequest,
            "load_model" => Self::LoadModel,
            "load_sdxl_suite" => Self::LoadSdxlSuite,
            "unload_model" => Self::UnloadModel,
            "cleanup_memory" => Self::CleanupMemory,
            "load_model_to_cache" => Self::LoadModelToCache,
            "load_from_cache" | "load_model_from_cache" => Self::LoadFromCache,
            "cache_sdxl_suite" => Self::CacheSdxlSuite,
            "validate_model_files" => Self::ValidateModelFiles,
            "generate_sdxl" => Self::GenerateSdxl,
            "generate_sdxl_enhanced" => Self::GenerateSdxlEnhanced,
            "enhanced_sdxl" => Self::EnhancedSdxl,
            "generate_image" => Self::GenerateImage,
            "run_inference" => Self::RunInference,
            "structured_inference" => Self::StructuredInference,
            "batch_generate" => Self::BatchGenerate,
            "cancel" => Self::Cancel,
            "start_training" => Self::StartTraining,
            "start_sdxl_training" => Self::StartSdxlTraining,
            "get_training_status" => Self::GetTrainingStatus,
            "get_training_history" => Self::GetTrainingHistory,
            "stop_training" => Self::StopTraining,
            "run_self_test" => Self::RunSelfTest,
            "find_best_gpu" => Self::FindBestGpu,
            "get_sdxl_readiness" => Self::GetSdxlReadiness,
            "auto_balance" => Self::AutoBalance,
            "list_sessions" => Self::ListSessions,
            "get_session" => Self::GetSession,
            "cancel_session" => Self::CancelSession,
            "get_job" => Self::GetJob,
            "list_jobs" => Self::ListJobs,
            "delete_upload" => Self::DeleteUpload,
            "list_devices" => Self::ListDevices,
            "get_cache_status" => Self::GetCacheStatus,
            _ => return Err(ParseActionError(text.to_owned())),
        })
    }
}

impl<'de> serde::Deserialize<'de> for Action {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

static INFOS: [ActionInfo; 45usize] = [
    ActionInfo {
        action: Action::Initialize,
        aliases: &[],
        class: Class::Control,
        summary: "Opens the conversation.",
        request: "Initialize",
        reply: "InitializeResult",
        worker_module: Some("main.py"),
        service_methods: &["IGpuPoolService.InitializeAsync"],
        routes: &[],
        timeout_seconds: Some(300.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::Shutdown,
        aliases: &[],
        class: Class::Control,
        summary: "Ends the worker or gateway politely.",
        request: "Shutdown",
        reply: "Empty",
        worker_module: Some("main.py"),
        service_methods: &["service disposal"],
        routes: &[],
        timeout_seconds: Some(300.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::GetStatus,
        aliases: &[],
        class: Class::Query,
        summary: "State of the worker or the pool.",
        request: "Nothing",
        reply: "WorkerStatus",
        worker_module: Some("base_worker.py"),
        service_methods: &["health monitoring"],
        routes: &[Route { verb: "GET", path: "/v1/gpus", params: &[], bare: None, fixed: &[] }],
        timeout_seconds: Some(10.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::GetCapabilities,
        aliases: &[],
        class: Class::Query,
        summary: "Abilities of the worker or the pool.",
        request: "Nothing",
        reply: "WorkerCapabilities",
        worker_module: Some("device_manager.py"),
        service_methods: &[
            "IEnhancedSDXLService.GetSDXLCapabilitiesAsync",
            "IGpuPoolService.GetSDXLCapabilitiesAsync",
            "PyTorchWorkerService.GetCapabilitiesAsync",
        ],
        routes: &[Route { verb: "GET", path: "/v1/capabilities", params: &[], bare: None, fixed: &[] }],
        timeout_seconds: Some(10.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::GetSchedulers,
        aliases: &[],
        class: Class::Query,
        summary: "The samplers.",
        request: "Nothing",
        reply: "Schedulers",
        worker_module: Some("scheduler_factory.py"),
        service_methods: &["IEnhancedSDXLService.GetAvailableSchedulersAsync"],
        routes: &[Route { verb: "GET", path: "/v1/schedulers", params: &[], bare: None, fixed: &[] }],
        timeout_seconds: Some(10.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::GetControlnetTypes,
        aliases: &[],
        class: Class::Query,
        summary: "The ControlNet types.",
        request: "Nothing",
        reply: "ControlNetTypes",
        worker_module: Some("controlnet.py"),
        service_methods: &["IEnhancedSDXLService.GetControlNetTypesAsync"],
        routes: &[Route { verb: "GET", path: "/v1/controlnet-types", params: &[], bare: None, fixed: &[] }],
        timeout_seconds: Some(10.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::GetModelInfo,
        aliases: &[],
        class: Class::Query,
        summary: "Models loaded or cached.",
        request: "GetModelInfo",
        reply: "Models",
        worker_module: Some("model_loader.py"),
        service_methods: &["pool, cache"],
        routes: &[Route {
            verb: "GET",
            path: "/v1/gpus/{gpu_id}/models",
            params: &[],
            bare: None,
            fixed: &[],
        }],
        timeout_seconds: Some(10.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::GetPerformanceMetrics,
        aliases: &[],
        class: Class::Query,
        summary: "Measurements since start.",
        request: "Nothing",
        reply: "PerformanceMetrics",
        worker_module: Some("device_manager.py"),
        service_methods: &["IGpuPoolService.GetPerformanceMetricsAsync"],
        routes: &[Route { verb: "GET", path: "/v1/metrics", params: &[], bare: None, fixed: &[] }],
        timeout_seconds: Some(10.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::GetQueueStatus,
        aliases: &[],
        class: Class::Query,
        summary: "The queue of jobs.",
        request: "Nothing",
        reply: "QueueStatus",
        worker_module: Some("pipeline_manager.py"),
        service_methods: &["IEnhancedSDXLService.GetGenerationQueueStatusAsync"],
        routes: &[Route { verb: "GET", path: "/v1/queue", params: &[], bare: None, fixed: &[] }],
        timeout_seconds: Some(10.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::ValidateRequest,
        aliases: &[],
        class: Class::Query,
        summary: "Reads a prompt submission and says what was understood and what is wrong.",
        request: "SubmissionCommand",
        reply: "ValidationReport",
        worker_module: Some("base_worker.py"),
        service_methods: &[
            "IEnhancedSDXLService.ValidateSDXLRequestAsync",
            "PyTorchWorkerService.ValidateRequestAsync",
        ],
        routes: &[Route {
            verb: "POST",
            path: "/v1/validate",
            params: &[],
            bare: Some("prompt_submission"),
            fixed: &[],
        }],
        timeout_seconds: Some(10.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::GetPerformanceEstimate,
        aliases: &[],
        class: Class::Query,
        summary: "Memory and time that a job would need.",
        request: "SubmissionCommand",
        reply: "PerformanceEstimate",
        worker_module: Some("memory_optimizer.py"),
        service_methods: &["IEnhancedSDXLService.GetPerformanceEstimateAsync"],
        routes: &[Route {
            verb: "POST",
            path: "/v1/estimate",
            params: &[],
            bare: Some("prompt_submission"),
            fixed: &[],
        }],
        timeout_seconds: Some(10.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::OptimizeRequest,
        aliases: &[],
        class: Class::Query,
        summary: "A changed request that fits.",
        request: "OptimizeRequest",
        reply: "OptimizationResult",
        worker_module: Some("memory_optimizer.py"),
        service_methods: &["IEnhancedSDXLService.OptimizeSDXLRequestAsync"],
        routes: &[Route { verb: "POST", path: "/v1/optimize", params: &[], bare: None, fixed: &[] }],
        timeout_seconds: Some(10.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::LoadModel,
        aliases: &[],
        class: Class::Control,
        summary: "Loads one model to a GPU.",
        request: "LoadModel",
        reply: "LoadResult",
        worker_module: Some("model_loader.py"),
        service_methods: &[
            "IInferenceService.LoadModelAsync",
            "IGpuPoolService.LoadModelToGpuAsync",
            "PyTorchWorkerService.LoadModelAsync",
        ],
        routes: &[Route {
            verb: "POST",
            path: "/v1/gpus/{gpu_id}/models",
            params: &[],
            bare: None,
            fixed: &[],
        }],
        timeout_seconds: Some(300.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::LoadSdxlSuite,
        aliases: &[],
        class: Class::Control,
        summary: "Loads a model suite to a GPU.",
        request: "SuiteCommand",
        reply: "SuiteResult",
        worker_module: Some("model_loader.py"),
        service_methods: &["IGpuPoolService.LoadSDXLModelSuiteAsync"],
        routes: &[Route {
            verb: "POST",
            path: "/v1/gpus/{gpu_id}/suites",
            params: &[],
            bare: None,
            fixed: &[],
        }],
        timeout_seconds: Some(300.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::UnloadModel,
        aliases: &[],
        class: Class::Control,
        summary: "Unloads one model, or everything on the GPU.",
        request: "UnloadModel",
        reply: "UnloadResult",
        worker_module: Some("model_loader.py"),
        service_methods: &["PyTorchWorkerService.UnloadModelAsync"],
        routes: &[Route {
            verb: "DELETE",
            path: "/v1/gpus/{gpu_id}/models",
            params: &[],
            bare: None,
            fixed: &[],
        }],
        timeout_seconds: Some(300.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::CleanupMemory,
        aliases: &[],
        class: Class::Control,
        summary: "Frees what nothing holds.",
        request: "Nothing",
        reply: "CleanupResult",
        worker_module: Some("memory_optimizer.py"),
        service_methods: &["PyTorchWorkerService.CleanupMemoryAsync"],
        routes: &[Route {
            verb: "POST",
            path: "/v1/gpus/{gpu_id}/cleanup",
            params: &[],
            bare: None,
            fixed: &[],
        }],
        timeout_seconds: Some(300.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::LoadModelToCache,
        aliases: &[],
        class: Class::Control,
        summary: "Loads one model to the RAM cache.",
        request: "LoadModel",
        reply: "LoadResult",
        worker_module: Some("model_loader.py"),
        service_methods: &["IModelCacheService.CacheModelAsync"],
        routes: &[Route { verb: "POST", path: "/v1/cache/models", params: &[], bare: None, fixed: &[] }],
        timeout_seconds: Some(300.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::LoadFromCache,
        aliases: &["load_model_from_cache"],
        class: Class::Control,
        summary: "Loads a cached model to a GPU.",
        request: "LoadFromCache",
        reply: "LoadResult",
        worker_module: Some("model_loader.py"),
        service_methods: &["IModelCacheService.LoadCachedModelToGpuAsync"],
        routes: &[],
        timeout_seconds: Some(300.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::CacheSdxlSuite,
        aliases: &[],
        class: Class::Control,
        summary: "Loads a model suite to the RAM cache.",
        request: "SuiteCommand",
        reply: "SuiteResult",
        worker_module: Some("model_loader.py"),
        service_methods: &["IModelCacheService.CacheSDXLModelSuiteAsync"],
        routes: &[Route { verb: "POST", path: "/v1/cache/suites", params: &[], bare: None, fixed: &[] }],
        timeout_seconds: Some(300.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::ValidateModelFiles,
        aliases: &[],
        class: Class::Query,
        summary: "Opens model files and says what is wrong with them.",
        request: "ValidateModelFiles",
        reply: "FileResults",
        worker_module: Some("model_loader.py"),
        service_methods: &[
            "IModelCacheService.ValidateModelsAsync",
            "ITestingService.ValidateSDXLModelsAsync",
        ],
        routes: &[Route { verb: "POST", path: "/v1/models/validate", params: &[], bare: None, fixed: &[] }],
        timeout_seconds: Some(10.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: Some(ClassWhen {
            field: "deep",
            equals: true,
            class: Class::Job,
            timeout_seconds: Some(3600.0),
        }),
    },
    ActionInfo {
        action: Action::GenerateSdxl,
        aliases: &[],
        class: Class::Job,
        summary: "Makes pictures.",
        request: "SubmissionCommand",
        reply: "SdxlResult",
        worker_module: Some("sdxl_worker.py"),
        service_methods: &["IEnhancedSDXLService.GenerateEnhancedSDXLAsync"],
        routes: &[Route {
            verb: "POST",
            path: "/v1/generate",
            params: &[],
            bare: Some("prompt_submission"),
            fixed: &[],
        }],
        timeout_seconds: Some(600.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::GenerateSdxlEnhanced,
        aliases: &[],
        class: Class::Job,
        summary: "Makes pictures; the name that the C# bridge uses.",
        request: "SubmissionCommand",
        reply: "SdxlResult",
        worker_module: Some("sdxl_worker.py"),
        service_methods: &[
            "IEnhancedSDXLService.GenerateEnhancedSDXLAsync",
            "PyTorchWorkerService.GenerateEnhancedSDXLAsync",
        ],
        routes: &[],
        timeout_seconds: Some(600.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::EnhancedSdxl,
        aliases: &[],
        class: Class::Job,
        summary: "Makes pictures; the name that the inference service uses.",
        request: "SubmissionCommand",
        reply: "SdxlResult",
        worker_module: Some("sdxl_worker.py"),
        service_methods: &["IInferenceService.RunEnhancedSDXLAsync"],
        routes: &[],
        timeout_seconds: Some(600.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::GenerateImage,
        aliases: &[],
        class: Class::Job,
        summary: "Makes pictures from flat parameters.",
        request: "ParametersCommand",
        reply: "ImageResult",
        worker_module: Some("sdxl_worker.py"),
        service_methods: &["PyTorchWorkerService.RunInferenceAsync"],
        routes: &[],
        timeout_seconds: Some(600.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::RunInference,
        aliases: &[],
        class: Class::Job,
        summary: "Makes pictures from a model and flat parameters.",
        request: "RunInference",
        reply: "SdxlResult",
        worker_module: Some("sdxl_worker.py"),
        service_methods: &["IInferenceService.RunInferenceAsync", "IGpuPoolService.RunInferenceOnGpuAsync"],
        routes: &[Route {
            verb: "POST",
            path: "/v1/gpus/{gpu_id}/inference",
            params: &[],
            bare: None,
            fixed: &[],
        }],
        timeout_seconds: Some(600.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::StructuredInference,
        aliases: &[],
        class: Class::Job,
        summary: "Makes pictures, and says what was read.",
        request: "SubmissionCommand",
        reply: "StructuredResult",
        worker_module: Some("pipeline_manager.py"),
        service_methods: &["IInferenceService.RunStructuredInferenceAsync"],
        routes: &[],
        timeout_seconds: Some(600.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::BatchGenerate,
        aliases: &[],
        class: Class::Job,
        summary: "Several prompt submissions, one after another.",
        request: "BatchGenerate",
        reply: "BatchResult",
        worker_module: Some("batch_processor.py"),
        service_methods: &["IEnhancedSDXLService.BatchGenerateSDXLAsync"],
        routes: &[Route { verb: "POST", path: "/v1/batches", params: &[], bare: None, fixed: &[] }],
        timeout_seconds: Some(600.0),
        wrapped_in: None,
        request_id_max: Some(125),
        class_when: None,
    },
    ActionInfo {
        action: Action::Cancel,
        aliases: &[],
        class: Class::Control,
        summary: "Cancels a job, waiting or running.",
        request: "Cancel",
        reply: "CancelResult",
        worker_module: Some("pipeline_manager.py"),
        service_methods: &["job cancellation"],
        routes: &[Route {
            verb: "DELETE",
            path: "/v1/jobs/{id}",
            params: &[("id", "target_request_id")],
            bare: None,
            fixed: &[],
        }],
        timeout_seconds: Some(300.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::StartTraining,
        aliases: &[],
        class: Class::Training,
        summary: "Starts a training.",
        request: "TrainingJob",
        reply: "TrainingStarted",
        worker_module: Some("training"),
        service_methods: &["ITrainingService.StartTrainingAsync"],
        routes: &[Route { verb: "POST", path: "/v1/training", params: &[], bare: None, fixed: &[] }],
        timeout_seconds: None,
        wrapped_in: Some("request"),
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::StartSdxlTraining,
        aliases: &[],
        class: Class::Training,
        summary: "Starts a training on an SDXL base.",
        request: "TrainingJob",
        reply: "TrainingStarted",
        worker_module: Some("training"),
        service_methods: &["ITrainingService.StartSDXLTrainingAsync"],
        routes: &[Route { verb: "POST", path: "/v1/training/sdxl", params: &[], bare: None, fixed: &[] }],
        timeout_seconds: None,
        wrapped_in: Some("request"),
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::GetTrainingStatus,
        aliases: &[],
        class: Class::Query,
        summary: "Status of a training.",
        request: "TrainingCommand",
        reply: "TrainingStatus",
        worker_module: Some("training"),
        service_methods: &["ITrainingService.GetTrainingStatusAsync"],
        routes: &[Route {
            verb: "GET",
            path: "/v1/training/{training_id}",
            params: &[],
            bare: None,
            fixed: &[],
        }],
        timeout_seconds: Some(10.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::GetTrainingHistory,
        aliases: &[],
        class: Class::Query,
        summary: "The history of a training.",
        request: "TrainingCommand",
        reply: "TrainingHistory",
        worker_module: Some("training"),
        service_methods: &["ITrainingService.GetTrainingHistoryAsync"],
        routes: &[Route {
            verb: "GET",
            path: "/v1/training/{training_id}/history",
            params: &[],
            bare: None,
            fixed: &[],
        }],
        timeout_seconds: Some(10.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::StopTraining,
        aliases: &[],
        class: Class::Control,
        summary: "Stops a training.",
        request: "StopTraining",
        reply: "TrainingStopped",
        worker_module: Some("training"),
        service_methods: &["training control"],
        routes: &[Route {
            verb: "DELETE",
            path: "/v1/training/{training_id}",
            params: &[],
            bare: None,
            fixed: &[],
        }],
        timeout_seconds: Some(300.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::RunSelfTest,
        aliases: &[],
        class: Class::Job,
        summary: "Tests a worker by its own means.",
        request: "RunSelfTest",
        reply: "SelfTestReport",
        worker_module: Some("all"),
        service_methods: &[
            "ITestingService.RunEndToEndTestAsync",
            "ITestingService.RunSDXLComprehensiveTestAsync",
            "ITestingService.RunPerformanceBenchmarkAsync",
        ],
        routes: &[
            Route {
                verb: "POST",
                path: "/v1/tests/end-to-end",
                params: &[],
                bare: None,
                fixed: &[("scope", "commands")],
            },
            Route {
                verb: "POST",
                path: "/v1/tests/sdxl",
                params: &[],
                bare: None,
                fixed: &[("scope", "sdxl")],
            },
            Route {
                verb: "POST",
                path: "/v1/tests/models",
                params: &[],
                bare: None,
                fixed: &[("scope", "models")],
            },
            Route {
                verb: "POST",
                path: "/v1/tests/benchmark",
                params: &[],
                bare: None,
                fixed: &[("scope", "benchmark")],
            },
        ],
        timeout_seconds: Some(3600.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::FindBestGpu,
        aliases: &[],
        class: Class::Gateway,
        summary: "Which GPU would take a job now.",
        request: "FindBestGpu",
        reply: "BestGpu",
        worker_module: None,
        service_methods: &["IGpuPoolService.FindBestAvailableGpuAsync"],
        routes: &[Route { verb: "GET", path: "/v1/gpus/best", params: &[], bare: None, fixed: &[] }],
        timeout_seconds: Some(10.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::GetSdxlReadiness,
        aliases: &[],
        class: Class::Gateway,
        summary: "Whether the pool is ready for SDXL.",
        request: "Nothing",
        reply: "SdxlReadiness",
        worker_module: None,
        service_methods: &["IGpuPoolService.GetSDXLReadinessAsync"],
        routes: &[Route { verb: "GET", path: "/v1/readiness", params: &[], bare: None, fixed: &[] }],
        timeout_seconds: Some(10.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::AutoBalance,
        aliases: &[],
        class: Class::Gateway,
        summary: "Moves queued work and models between GPUs.",
        request: "AutoBalance",
        reply: "BalanceResult",
        worker_module: None,
        service_methods: &["IGpuPoolService.AutoBalanceWorkloadsAsync"],
        routes: &[Route { verb: "POST", path: "/v1/balance", params: &[], bare: None, fixed: &[] }],
        timeout_seconds: Some(10.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::ListSessions,
        aliases: &[],
        class: Class::Gateway,
        summary: "Sessions, newest first.",
        request: "Nothing",
        reply: "Sessions",
        worker_module: None,
        service_methods: &["IInferenceService"],
        routes: &[Route { verb: "GET", path: "/v1/sessions", params: &[], bare: None, fixed: &[] }],
        timeout_seconds: Some(10.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::GetSession,
        aliases: &[],
        class: Class::Gateway,
        summary: "One session.",
        request: "SessionCommand",
        reply: "Job",
        worker_module: None,
        service_methods: &["IInferenceService"],
        routes: &[Route {
            verb: "GET",
            path: "/v1/sessions/{session_id}",
            params: &[],
            bare: None,
            fixed: &[],
        }],
        timeout_seconds: Some(10.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::CancelSession,
        aliases: &[],
        class: Class::Gateway,
        summary: "Cancels the job of a session.",
        request: "SessionCommand",
        reply: "Job",
        worker_module: None,
        service_methods: &["IInferenceService"],
        routes: &[Route {
            verb: "DELETE",
            path: "/v1/sessions/{session_id}",
            params: &[],
            bare: None,
            fixed: &[],
        }],
        timeout_seconds: Some(10.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::GetJob,
        aliases: &[],
        class: Class::Gateway,
        summary: "One job.",
        request: "GetJob",
        reply: "Job",
        worker_module: None,
        service_methods: &["job queue"],
        routes: &[Route {
            verb: "GET",
            path: "/v1/jobs/{id}",
            params: &[("id", "target_request_id")],
            bare: None,
            fixed: &[],
        }],
        timeout_seconds: Some(10.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::ListJobs,
        aliases: &[],
        class: Class::Gateway,
        summary: "Jobs, newest first.",
        request: "ListJobs",
        reply: "Jobs",
        worker_module: None,
        service_methods: &["job queue"],
        routes: &[Route { verb: "GET", path: "/v1/jobs", params: &[], bare: None, fixed: &[] }],
        timeout_seconds: Some(10.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::DeleteUpload,
        aliases: &[],
        class: Class::Gateway,
        summary: "Forgets an upload; its file goes when no job reads it any more.",
        request: "DeleteUpload",
        reply: "Empty",
        worker_module: None,
        service_methods: &["uploads"],
        routes: &[Route {
            verb: "DELETE",
            path: "/v1/uploads/{upload_id}",
            params: &[],
            bare: None,
            fixed: &[],
        }],
        timeout_seconds: Some(10.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::ListDevices,
        aliases: &[],
        class: Class::Gateway,
        summary: "The devices of the host.",
        request: "Nothing",
        reply: "Devices",
        worker_module: None,
        service_methods: &["IDeviceService"],
        routes: &[Route { verb: "GET", path: "/v1/devices", params: &[], bare: None, fixed: &[] }],
        timeout_seconds: Some(10.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
    ActionInfo {
        action: Action::GetCacheStatus,
        aliases: &[],
        class: Class::Gateway,
        summary: "The RAM cache of the host.",
        request: "Nothing",
        reply: "CacheStatus",
        worker_module: None,
        service_methods: &["IModelCacheService"],
        routes: &[Route { verb: "GET", path: "/v1/cache/models", params: &[], bare: None, fixed: &[] }],
        timeout_seconds: Some(10.0),
        wrapped_in: None,
        request_id_max: None,
        class_when: None,
    },
];
/// A query parameter or a header that a request may have beside its command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// `query` or `header`.
    pub place: &'static str,
    /// Name of the definition of its value.
    pub schema: &'static str,
    /// The classes of the actions whose routes take it; empty: every route takes it.
    pub classes: &'static [Class],
    /// One sentence or more.
    pub description: &'static str,
}

impl Parameter {
    /// Whether the routes of an action take it.
    #[must_use]
    pub fn concerns(&self, info: &ActionInfo) -> bool {
        self.classes.is_empty()
            || self.classes.contains(&info.class)
            || info.class_when.is_some_and(|when| self.classes.contains(&when.class))
    }
}

/// All query parameters and headers.
pub static PARAMETERS: [Parameter; 5usize] = [
    Parameter {
        name: "dialect",
        place: "query",
        schema: "DialectName",
        classes: &[],
        description: "The dialect of the reply.",
    },
    Parameter {
        name: "on_disconnect",
        place: "query",
        schema: "OnDisconnect",
        classes: &[Class::Job],
        description: "What becomes of the job when the client leaves before the reply. `cancel`, over an Idempotency-Key: when the last client that waits has left, and every one of them said `cancel`. Left out: as the gateway is configured, and `finish` with an Idempotency-Key. `cancel` and `Prefer: respond-async` exclude each other. A client that half-closes its connection sends `finish`.",
    },
    Parameter {
        name: "Prefer",
        place: "header",
        schema: "Preference",
        classes: &[Class::Job, Class::Training],
        description: "`respond-async` answers 202 at once.",
    },
    Parameter {
        name: "Idempotency-Key",
        place: "header",
        schema: "IdempotencyKey",
        classes: &[Class::Job, Class::Training],
        description: "Kept 24 h: the same key and request are one job.",
    },
    Parameter {
        name: "traceparent",
        place: "header",
        schema: "TraceparentHeader",
        classes: &[],
        description: "The trace that the command belongs to (W3C Trace Context). It is in the gateway's log lines and in the job's events, whose parent id is the gateway's own. It wins over a `traceparent` in the envelope: one there of another trace has the warning `no_effect`. A malformed header, or several, start a new trace, as W3C has it; of a later version the part that version 00 has is read. Without a header there is no trace. `tracestate` is dropped.",
    },
];
/// A route that belongs to no single action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource {
    /// Its name, for generated clients.
    pub id: &'static str,
    /// `GET` or `POST`.
    pub verb: &'static str,
    /// The path, parameters in braces.
    pub path: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Name of the definition of its answer.
    pub reply: Option<&'static str>,
}

/// The routes that belong to no single action.
pub static RESOURCES: [Resource; 7usize] = [
    Resource {
        id: "run_command",
        verb: "POST",
        path: "/v1/commands",
        summary: "Any action, in any envelope and dialect.",
        reply: None,
    },
    Resource {
        id: "follow_job",
        verb: "GET",
        path: "/v1/jobs/{id}/events",
        summary: "Server-sent events of a job; `id` is the sequence.",
        reply: None,
    },
    Resource {
        id: "get_job_image",
        verb: "GET",
        path: "/v1/jobs/{id}/images/{n}",
        summary: "A picture of a job.",
        reply: None,
    },
    Resource {
        id: "upload_image",
        verb: "POST",
        path: "/v1/uploads",
        summary: "Takes a raw image.",
        reply: Some("Upload"),
    },
    Resource {
        id: "get_liveness",
        verb: "GET",
        path: "/health/live",
        summary: "The process lives.",
        reply: Some("Liveness"),
    },
    Resource {
        id: "get_readiness",
        verb: "GET",
        path: "/health/ready",
        summary: "At least one worker would take a job now.",
        reply: Some("Readiness"),
    },
    Resource {
        id: "get_openapi",
        verb: "GET",
        path: "/openapi.json",
        summary: "This interface as OpenAPI 3.1.",
        reply: None,
    },
];
/// A family of routes, as a reader of the API finds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag {
    /// Its name.
    pub name: &'static str,
    /// One sentence.
    pub description: &'static str,
    /// First segments of its paths, after `/v1`.
    pub families: &'static [&'static str],
}

/// All families of routes.
pub static TAGS: [Tag; 8usize] = [
    Tag {
        name: "pictures",
        description: "Make pictures, and ask beforehand what a submission means and needs.",
        families: &["generate", "batches", "validate", "estimate", "optimize"],
    },
    Tag {
        name: "jobs",
        description: "Jobs, their events and pictures, the queue, and sessions.",
        families: &["jobs", "queue", "sessions"],
    },
    Tag {
        name: "gpus",
        description: "GPUs and their workers: state, what they can do, what they hold, what they measured.",
        families: &[
            "gpus",
            "devices",
            "capabilities",
            "schedulers",
            "controlnet-types",
            "metrics",
            "readiness",
            "balance",
        ],
    },
    Tag { name: "models", description: "Model files, and the cache in RAM.", families: &["models", "cache"] },
    Tag { name: "training", description: "Trainings.", families: &["training"] },
    Tag { name: "uploads", description: "Images that later submissions name.", families: &["uploads"] },
    Tag { name: "tests", description: "Self tests.", families: &["tests"] },
    Tag {
        name: "gateway",
        description: "The gateway itself: any action, health, this document.",
        families: &["commands", "health", "openapi.json"],
    },
];
impl Tag {
    /// The tag of a path.
    #[must_use]
    pub fn of(path: &str) -> Option<&'static Self> {
        let family = Self::family(path);
        TAGS.iter().find(|tag| tag.families.contains(&family))
    }

    /// The segment of a path that names its family: the first after `/v1`.
    #[must_use]
    pub fn family(path: &str) -> &str {
        let path = path.strip_prefix("/v1").unwrap_or(path).trim_start_matches('/');
        path.split('/').next().unwrap_or(path)
    }
}
