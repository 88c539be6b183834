//! Generated from schemas/errors.json by cargo xtask codegen; edit the schema instead.
//!
//! The codes of errors.

use std::fmt;
use std::str::FromStr;

/// A code of `schemas/errors.json`; on the wire its snake name.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
pub enum ErrorCode {
    /// The line is not one valid JSON object.
    #[serde(rename = "bad_frame")]
    BadFrame,
    /// A property is given twice, with different values.
    #[serde(rename = "duplicate_field")]
    DuplicateField,
    /// The request breaks a rule of HTTP itself.
    #[serde(rename = "bad_request")]
    BadRequest,
    /// The schema has no property of this name.
    #[serde(rename = "unknown_field")]
    UnknownField,
    /// A required property is absent, null or empty.
    #[serde(rename = "missing_field")]
    MissingField,
    /// A value of the wrong type, form or spelling.
    #[serde(rename = "unsupported_value")]
    UnsupportedValue,
    /// A number, length or count outside its limits.
    #[serde(rename = "out_of_range")]
    OutOfRange,
    /// The document has several faults, or breaks a rule between its fields.
    #[serde(rename = "validation_failed")]
    ValidationFailed,
    /// There is no such action.
    #[serde(rename = "unknown_action")]
    UnknownAction,
    /// Understood, but not implemented here.
    #[serde(rename = "unsupported_feature")]
    UnsupportedFeature,
    /// The frame is longer than allowed.
    #[serde(rename = "frame_too_large")]
    FrameTooLarge,
    /// The route does not take this method.
    #[serde(rename = "method_not_allowed")]
    MethodNotAllowed,
    /// The Content-Type of the body is not supported.
    #[serde(rename = "unsupported_media_type")]
    UnsupportedMediaType,
    /// The Accept header excludes the format that the job makes.
    #[serde(rename = "not_acceptable")]
    NotAcceptable,
    /// The request has no valid API key.
    #[serde(rename = "unauthorized")]
    Unauthorized,
    /// The API key does not allow this command.
    #[serde(rename = "forbidden")]
    Forbidden,
    /// The real path is outside the allowed roots.
    #[serde(rename = "path_not_allowed")]
    PathNotAllowed,
    /// No model of that id or path.
    #[serde(rename = "model_not_found")]
    ModelNotFound,
    /// No such session.
    #[serde(rename = "session_not_found")]
    SessionNotFound,
    /// No such training.
    #[serde(rename = "training_not_found")]
    TrainingNotFound,
    /// No such job, or it has ended.
    #[serde(rename = "job_not_found")]
    JobNotFound,
    /// No such GPU here.
    #[serde(rename = "gpu_not_found")]
    GpuNotFound,
    /// No such upload, or it has expired.
    #[serde(rename = "upload_not_found")]
    UploadNotFound,
    /// No such route.
    #[serde(rename = "route_not_found")]
    RouteNotFound,
    /// The model file is broken or of the wrong kind.
    #[serde(rename = "model_invalid")]
    ModelInvalid,
    /// The image is absent, unreadable or not allowed.
    #[serde(rename = "image_invalid")]
    ImageInvalid,
    /// The job names no model and none is loaded.
    #[serde(rename = "model_not_loaded")]
    ModelNotLoaded,
    /// The command conflicts with something that exists already.
    #[serde(rename = "conflict")]
    Conflict,
    /// The worker trains, or waits to be started again.
    #[serde(rename = "worker_busy")]
    WorkerBusy,
    /// Every worker that could run the command is misconfigured.
    #[serde(rename = "no_gpu_available")]
    NoGpuAvailable,
    /// The queue is full.
    #[serde(rename = "queue_full")]
    QueueFull,
    /// Too many requests.
    #[serde(rename = "rate_limited")]
    RateLimited,
    /// The device has too little memory.
    #[serde(rename = "out_of_memory")]
    OutOfMemory,
    /// The disk is full, or the output directory cannot be written.
    #[serde(rename = "storage_full")]
    StorageFull,
    /// The worker died.
    #[serde(rename = "worker_crashed")]
    WorkerCrashed,
    /// The worker broke the contract.
    #[serde(rename = "worker_protocol_error")]
    WorkerProtocolError,
    /// The command took longer than allowed.
    #[serde(rename = "timeout")]
    Timeout,
    /// The command was cancelled.
    #[serde(rename = "cancelled")]
    Cancelled,
    /// The worker or the gateway is shutting down.
    #[serde(rename = "shutting_down")]
    ShuttingDown,
    /// A bug of the worker or the gateway.
    #[serde(rename = "internal")]
    Internal,
}

impl ErrorCode {
    /// Every code, in the order of the table.
    pub const ALL: [Self; 40usize] = [
        Self::BadFrame,
        Self::DuplicateField,
        Self::BadRequest,
        Self::UnknownField,
        Self::MissingField,
        Self::UnsupportedValue,
        Self::OutOfRange,
        Self::ValidationFailed,
        Self::UnknownAction,
        Self::UnsupportedFeature,
        Self::FrameTooLarge,
        Self::MethodNotAllowed,
        Self::UnsupportedMediaType,
        Self::NotAcceptable,
        Self::Unauthorized,
        Self::Forbidden,
        Self::PathNotAllowed,
        Self::ModelNotFound,
        Self::SessionNotFound,
        Self::TrainingNotFound,
        Self::JobNotFound,
        Self::GpuNotFound,
        Self::UploadNotFound,
        Self::RouteNotFound,
        Self::ModelInvalid,
        Self::ImageInvalid,
        Self::ModelNotLoaded,
        Self::Conflict,
        Self::WorkerBusy,
        Self::NoGpuAvailable,
        Self::QueueFull,
        Self::RateLimited,
        Self::OutOfMemory,
        Self::StorageFull,
        Self::WorkerCrashed,
        Self::WorkerProtocolError,
        Self::Timeout,
        Self::Cancelled,
        Self::ShuttingDown,
        Self::Internal,
    ];
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadFrame => "bad_frame",
            Self::DuplicateField => "duplicate_field",
            Self::BadRequest => "bad_request",
            Self::UnknownField => "unknown_field",
            Self::MissingField => "missing_field",
            Self::UnsupportedValue => "unsupported_value",
            Self::OutOfRange => "out_of_range",
            Self::ValidationFailed => "validation_failed",
            Self::UnknownAction => "unknown_action",
            Self::UnsupportedFeature => "unsupported_feature",
            Self::FrameTooLarge => "frame_too_large",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::NotAcceptable => "not_acceptable",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::PathNotAllowed => "path_not_allowed",
            Self::ModelNotFound => "model_not_found",
            Self::SessionNotFound => "session_not_found",
            Self::TrainingNotFound => "training_not_found",
            Self::JobNotFound => "job_not_found",
            Self::GpuNotFound => "gpu_not_found",
            Self::UploadNotFound => "upload_not_found",
            Self::RouteNotFound => "route_not_found",
            Self::ModelInvalid => "model_invalid",
            Self::ImageInvalid => "image_invalid",
            Self::ModelNotLoaded => "model_not_loaded",
            Self::Conflict => "conflict",
            Self::WorkerBusy => "worker_busy",
            Self::NoGpuAvailable => "no_gpu_available",
            Self::QueueFull => "queue_full",
            Self::RateLimited => "rate_limited",
            Self::OutOfMemory => "out_of_memory",
            Self::StorageFull => "storage_full",
            Self::WorkerCrashed => "worker_crashed",
            Self::WorkerProtocolError => "worker_protocol_error",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::ShuttingDown => "shutting_down",
            Self::Internal => "internal",
        }
    }

    /// Its meaning.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::BadFrame => "The line is not one valid JSON object.",
            Self::DuplicateField => "A property is given twice, with different values.",
            Self::BadRequest => "The request breaks a rule of HTTP itself.",
            Self::UnknownField => "The schema has no property of this name.",
            Self::MissingField => "A required property is absent, null or empty.",
            Self::UnsupportedValue => "A value of the wrong type, form or spelling.",
            Self::OutOfRange => "A number, length or count outside its limits.",
            Self::ValidationFailed => "The document has several faults, or breaks a rule between its fields.",
            Self::UnknownAction => "There is no such action.",
            Self::UnsupportedFeature => "Understood, but not implemented here.",
            Self::FrameTooLarge => "The frame is longer than allowed.",
            Self::MethodNotAllowed => "The route does not take this method.",
            Self::UnsupportedMediaType => "The Content-Type of the body is not supported.",
            Self::NotAcceptable => "The Accept header excludes the format that the job makes.",
            Self::Unauthorized => "The request has no valid API key.",
            Self::Forbidden => "The API key does not allow this command.",
            Self::PathNotAllowed => "The real path is outside the allowed roots.",
            Self::ModelNotFound => "No model of that id or path.",
            Self::SessionNotFound => "No such session.",
            Self::TrainingNotFound => "No such training.",
            Self::JobNotFound => "No such job, or it has ended.",
            Self::GpuNotFound => "No such GPU here.",
            Self::UploadNotFound => "No such upload, or it has expired.",
            Self::RouteNotFound => "No such route.",
            Self::ModelInvalid => "The model file is broken or of the wrong kind.",
            Self::ImageInvalid => "The image is absent, unreadable or not allowed.",
            Self::ModelNotLoaded => "The job names no model and none is loaded.",
            Self::Conflict => "The command conflicts with something that exists already.",
            Self::WorkerBusy => "The worker trains, or waits to be started again.",
            Self::NoGpuAvailable => "Every worker that could run the command is misconfigured.",
            Self::QueueFull => "The queue is full.",
            Self::RateLimited => "Too many requests.",
            Self::OutOfMemory => "The device has too little memory.",
            Self::StorageFull => "The disk is full, or the output directory cannot be written.",
            Self::WorkerCrashed => "The worker died.",
            Self::WorkerProtocolError => "The worker broke the contract.",
            Self::Timeout => "The command took longer than allowed.",
            Self::Cancelled => "The command was cancelled.",
            Self::ShuttingDown => "The worker or the gateway is shutting down.",
            Self::Internal => "A bug of the worker or the gateway.",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A text that is not a code of the table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no code of schemas/errors.json")]
pub struct ParseErrorCodeError(pub String);
impl FromStr for ErrorCode {
    type Err = ParseErrorCodeError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|code| code.as_str() == text)
            .ok_or_else(|| ParseErrorCodeError(text.to_owned()))
    }
}

impl ErrorCode {
    /// The HTTP status. Layers below HTTP use codes and never this.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::BadFrame => 400u16,
            Self::DuplicateField => 400u16,
            Self::BadRequest => 400u16,
            Self::UnknownField => 422u16,
            Self::MissingField => 422u16,
            Self::UnsupportedValue => 422u16,
            Self::OutOfRange => 422u16,
            Self::ValidationFailed => 422u16,
            Self::UnknownAction => 404u16,
            Self::UnsupportedFeature => 501u16,
            Self::FrameTooLarge => 413u16,
            Self::MethodNotAllowed => 405u16,
            Self::UnsupportedMediaType => 415u16,
            Self::NotAcceptable => 406u16,
            Self::Unauthorized => 401u16,
            Self::Forbidden => 403u16,
            Self::PathNotAllowed => 403u16,
            Self::ModelNotFound => 404u16,
            Self::SessionNotFound => 404u16,
            Self::TrainingNotFound => 404u16,
            Self::JobNotFound => 404u16,
            Self::GpuNotFound => 404u16,
            Self::UploadNotFound => 404u16,
            Self::RouteNotFound => 404u16,
            Self::ModelInvalid => 422u16,
            Self::ImageInvalid => 422u16,
            Self::ModelNotLoaded => 409u16,
            Self::Conflict => 409u16,
            Self::WorkerBusy => 503u16,
            Self::NoGpuAvailable => 503u16,
            Self::QueueFull => 429u16,
            Self::RateLimited => 429u16,
            Self::OutOfMemory => 507u16,
            Self::StorageFull => 507u16,
            Self::WorkerCrashed => 502u16,
            Self::WorkerProtocolError => 502u16,
            Self::Timeout => 504u16,
            Self::Cancelled => 409u16,
            Self::ShuttingDown => 503u16,
            Self::Internal => 500u16,
        }
    }

    /// Whether the same command may succeed later.
    #[must_use]
    pub const fn retryable(self) -> bool {
        matches!(
            self,
            Self::WorkerBusy
                | Self::QueueFull
                | Self::RateLimited
                | Self::StorageFull
                | Self::WorkerCrashed
                | Self::WorkerProtocolError
                | Self::Timeout
                | Self::ShuttingDown
        )
    }

    /// Whether the reply says when to try again (`Retry-After`).
    #[must_use]
    pub const fn retry_after(self) -> bool {
        matches!(self, Self::QueueFull | Self::RateLimited)
    }

    /// The exception that a C# client throws for it.
    #[must_use]
    pub const fn csharp_exception(self) -> &'static str {
        match self {
            Self::BadFrame => "JsonException",
            Self::DuplicateField => "JsonException",
            Self::BadRequest => "ArgumentException",
            Self::UnknownField => "ArgumentException",
            Self::MissingField => "ArgumentException",
            Self::UnsupportedValue => "ArgumentException",
            Self::OutOfRange => "ArgumentOutOfRangeException",
            Self::ValidationFailed => "ArgumentException",
            Self::UnknownAction => "NotSupportedException",
            Self::UnsupportedFeature => "NotSupportedException",
            Self::FrameTooLarge => "ArgumentException",
            Self::MethodNotAllowed => "NotSupportedException",
            Self::UnsupportedMediaType => "NotSupportedException",
            Self::NotAcceptable => "NotSupportedException",
            Self::Unauthorized => "UnauthorizedAccessException",
            Self::Forbidden => "UnauthorizedAccessException",
            Self::PathNotAllowed => "UnauthorizedAccessException",
            Self::ModelNotFound => "FileNotFoundException",
            Self::SessionNotFound => "KeyNotFoundException",
            Self::TrainingNotFound => "KeyNotFoundException",
            Self::JobNotFound => "KeyNotFoundException",
            Self::GpuNotFound => "KeyNotFoundException",
            Self::UploadNotFound => "KeyNotFoundException",
            Self::RouteNotFound => "KeyNotFoundException",
            Self::ModelInvalid => "InvalidDataException",
            Self::ImageInvalid => "InvalidDataException",
            Self::ModelNotLoaded => "InvalidOperationException",
            Self::Conflict => "InvalidOperationException",
            Self::WorkerBusy => "InvalidOperationException",
            Self::NoGpuAvailable => "InvalidOperationException",
            Self::QueueFull => "InvalidOperationException",
            Self::RateLimited => "InvalidOperationException",
            Self::OutOfMemory => "OutOfMemoryException",
            Self::StorageFull => "IOException",
            Self::WorkerCrashed => "IOException",
            Self::WorkerProtocolError => "IOException",
            Self::Timeout => "TimeoutException",
            Self::Cancelled => "OperationCanceledException",
            Self::ShuttingDown => "OperationCanceledException",
            Self::Internal => "InvalidOperationException",
        }
    }

    /// The way out, in general; a reply may know a better one.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::BadFrame => {
                "send one JSON object per line, UTF-8, at most 64 levels deep, with finite numbers"
            }
            Self::DuplicateField => "write each property once",
            Self::BadRequest => {
                "send exactly one Host header, and write the path and the headers as HTTP requires"
            }
            Self::UnknownField => "remove it or spell it as the schema does",
            Self::MissingField => "write it",
            Self::UnsupportedValue => "write one of the allowed values",
            Self::OutOfRange => "stay within the limits that the message names",
            Self::ValidationFailed => "see errors[]",
            Self::UnknownAction => "see the actions of get_capabilities",
            Self::UnsupportedFeature => "see get_capabilities",
            Self::FrameTooLarge => "send images as paths or uploads",
            Self::MethodNotAllowed => "see the Allow header",
            Self::UnsupportedMediaType => "send application/json",
            Self::NotAcceptable => "ask for the output_format of the job, or accept application/json",
            Self::Unauthorized => "send an API key",
            Self::Forbidden => "use a key with the scope",
            Self::PathNotAllowed => "use a path below a root that is configured for this kind of file",
            Self::ModelNotFound => "see get_model_info, or load it",
            Self::SessionNotFound => "see list_sessions",
            Self::TrainingNotFound => "use the id that start_training answered",
            Self::JobNotFound => "see list_jobs",
            Self::GpuNotFound => "see list_devices",
            Self::UploadNotFound => "upload it again",
            Self::RouteNotFound => "see /openapi.json",
            Self::ModelInvalid => "see validate_model_files",
            Self::ImageInvalid => "send PNG, JPEG or WebP of at most 64 megapixels",
            Self::ModelNotLoaded => "name a model, or load one",
            Self::Conflict => "see details",
            Self::WorkerBusy => "try again later, or on another GPU",
            Self::NoGpuAvailable => {
                "correct what details.lanes names; the gateway starts the workers again by itself"
            }
            Self::QueueFull => "try again after Retry-After",
            Self::RateLimited => "try again after Retry-After",
            Self::OutOfMemory => "free memory first: cleanup_memory, or see optimize_request",
            Self::StorageFull => "free disk space, or make the output directory writable",
            Self::WorkerCrashed => "try again",
            Self::WorkerProtocolError => "see the gateway's log",
            Self::Timeout => "allow more time",
            Self::Cancelled => "send it again if it is still wanted",
            Self::ShuttingDown => "try again later",
            Self::Internal => "report it with the request id",
        }
    }
}
