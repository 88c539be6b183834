//! How a command can fail in a lane, and why a worker died.

use std::{io, sync::Arc, time::Duration};

use contracts::{ErrorCode, Failure, ReplyError, ReplyJsonError};
use serde_json::Value;

use super::GpuId;

/// Why a worker ended.
#[derive(Debug, Default)]
pub struct Cause {
    /// A fragment of a sentence: `it was killed by SIGKILL`.
    pub what: String,
    /// Its exit code, if it exited.
    pub exit_code: Option<i32>,
    /// The number of the signal that ended it.
    pub signal: Option<i32>,
    /// The last lines that it wrote to stderr, oldest first.
    pub stderr_tail: Vec<String>,
    /// Whether it cannot start as it is configured. Then restarts do not help; only a change of the configuration does.
    pub misconfigured: bool,
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)
    }
}

/// How a worker broke the protocol. Each is a fragment whose subject is the worker or its reply.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ProtocolBreach {
    /// Its reply is not JSON, or has a name twice.
    #[error("{reason}")]
    NotJson {
        /// Where, and why.
        reason: Arc<serde_json::Error>,
    },
    /// Its reply breaks the schema.
    #[error(transparent)]
    Reply(#[from] ReplyError),
    /// Its reply cannot be read as a frame, or not be matched.
    #[error("its reply cannot be read: {reason}")]
    Unreadable {
        /// Why, as a sentence for the author of the worker.
        reason: String,
    },
    /// It wrote nothing else any more than lines that cannot be used.
    #[error("it wrote more than {lines_max} lines in a row that are of no use; the last: {last}")]
    Unusable {
        /// How many are tolerated.
        lines_max: u64,
        /// Why the last one cannot be used.
        last: String,
    },
    /// It reports that it is idle, and has not answered a command.
    #[error(
        "it says that it has nothing to do, and has not answered a command of {seconds:.1} s ago{}",
        .unreadable.as_ref().map(|why| format!("; it wrote a line that is no frame: {why}")).unwrap_or_default()
    )]
    LostReply {
        /// The age of the command, in seconds.
        seconds: f64,
        /// Why its last unreadable line could not be read: that may have been the reply.
        unreadable: Option<String>,
    },
    /// It says another thing than the gateway knows of the command or of the worker's GPU.
    #[error("its reply has {pointer}: {said}, and that of its command is {known}")]
    Contradiction {
        /// The member.
        pointer: String,
        /// What it says.
        said: Value,
        /// What it must say.
        known: Value,
    },
    /// It reports that it runs a command that it does not have.
    #[error("its reply has /data/running_request_id: {id:?}, and it has no such command")]
    NotRunning {
        /// The id in the reply.
        id: String,
    },
    /// A picture of a success is not there.
    #[error("it says that it wrote {path}: {reason}")]
    NoPicture {
        /// The path in the reply.
        path: String,
        /// The error of the system.
        reason: Arc<io::Error>,
    },
    /// A picture of a success has another size than its reply says.
    #[error("it says that {path} has {claimed} bytes, and it has {bytes}")]
    PictureSize {
        /// The path in the reply.
        path: String,
        /// The size in the reply.
        claimed: Value,
        /// The size of the file.
        bytes: u64,
    },
}

impl From<serde_json::Error> for ProtocolBreach {
    fn from(reason: serde_json::Error) -> Self {
        Self::NotJson { reason: Arc::new(reason) }
    }
}

impl From<ReplyJsonError> for ProtocolBreach {
    fn from(err: ReplyJsonError) -> Self {
        match err {
            ReplyJsonError::Json(reason) => reason.into(),
            ReplyJsonError::Reply(err) => err.into(),
        }
    }
}

/// How a command can fail in a lane.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LaneError {
    /// As many commands wait as may.
    #[error("the lane is full: {capacity} commands wait")]
    Full {
        /// How many may wait.
        capacity: usize,
    },
    /// The worker died while it had the command.
    #[error("the worker crashed: {cause}")]
    WorkerCrashed {
        /// Why.
        cause: Arc<Cause>,
    },
    /// The worker broke the protocol with this command.
    #[error("the worker broke the protocol: {breach}")]
    Protocol {
        /// What it did.
        breach: ProtocolBreach,
    },
    /// The worker has another command with the same id.
    #[error("request_id {id} is in flight already")]
    InFlight {
        /// The id.
        id: Arc<str>,
    },
    /// It was not answered in time.
    #[error("no answer within {seconds} s")]
    TimedOut {
        /// The timeout.
        seconds: f64,
    },
    /// It was not answered in time, and its worker was not ready: the last one had ended.
    #[error("no answer within {seconds} s: its worker is not ready, and the last one ended: {cause}")]
    NotStarted {
        /// The timeout.
        seconds: f64,
        /// Why the last worker ended.
        cause: Arc<Cause>,
    },
    /// It was cancelled, and the worker had to be killed for it.
    #[error("cancelled; the worker did not obey and was replaced")]
    Cancelled,
    /// It was cancelled while it waited for the worker's start.
    #[error("cancelled before it began")]
    CancelledEarly,
    /// The worker ended before it had the command.
    #[error("{gpu}: its worker ended before it had the command, and is restarted")]
    Resting {
        /// Its GPU.
        gpu: GpuId,
    },
    /// The lane's breaker is open.
    #[error("{gpu}: {reason}")]
    Open {
        /// Its GPU.
        gpu: GpuId,
        /// Why.
        reason: Arc<str>,
        /// The time until its next try.
        retry_after: Duration,
        /// Whether its worker cannot start as it is configured.
        misconfigured: bool,
    },
    /// The lane stops or has stopped.
    #[error("the gateway is shutting down")]
    Stopping,
}

impl LaneError {
    /// The code of the table of errors.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Full { .. } => ErrorCode::QueueFull,
            Self::WorkerCrashed { .. } => ErrorCode::WorkerCrashed,
            Self::Protocol { .. } => ErrorCode::WorkerProtocolError,
            Self::InFlight { .. } => ErrorCode::Conflict,
            Self::TimedOut { .. } | Self::NotStarted { .. } => ErrorCode::Timeout,
            Self::Cancelled | Self::CancelledEarly => ErrorCode::Cancelled,
            Self::Open { misconfigured: true, .. } => ErrorCode::NoGpuAvailable,
            Self::Resting { .. } | Self::Open { .. } => ErrorCode::WorkerBusy,
            Self::Stopping => ErrorCode::ShuttingDown,
        }
    }

    /// Whether the lane is open because its worker cannot start as it is configured.
    #[must_use]
    pub fn is_misconfigured(&self) -> bool {
        matches!(self, Self::Open { misconfigured: true, .. })
    }

    /// The failure that the client gets, with the data of this error as details.
    #[must_use]
    pub fn failure(&self) -> Failure {
        let failure = Failure::new(self.code(), self.to_string());
        match self {
            Self::WorkerCrashed { cause } | Self::NotStarted { cause, .. } => {
                let mut failure = failure.detail("cause", cause.what.clone());
                if let Some(code) = cause.exit_code {
                    failure = failure.detail("exit_code", code);
                }
                if let Some(signal) = cause.signal {
                    failure = failure.detail("signal", signal);
                }
                failure.detail("stderr_tail", cause.stderr_tail.clone())
            }
            Self::Full { .. } | Self::Resting { .. } => Failure { retry_after_seconds: Some(1.0), ..failure },
            Self::Open { gpu, reason, retry_after, misconfigured } => {
                let lanes = serde_json::json!([{"gpu_id": gpu.as_str(), "reason": &**reason}]);
                let failure = failure.detail("lanes", lanes);
                let retry_after = (!misconfigured).then(|| retry_after.as_secs_f64().max(1.0));
                Failure { retry_after_seconds: retry_after, ..failure }
            }
            _ => failure,
        }
    }
}
