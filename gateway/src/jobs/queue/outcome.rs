//! What a lane's answer to a command means for the queue: the command ends, runs again, or waits on.

use contracts::{ErrorCode, Reply, limits};
use serde_json::Value;

use crate::{gpu::GpuId, jobs::Job, lane::LaneError};

/// The end of one attempt.
pub(super) enum Outcome {
    /// The command ends with this reply.
    Reply {
        reply: Reply,
        /// The lane has judged its worker itself, so that the queue must not count this failure a second time.
        is_judged: bool,
    },
    /// The worker crashed, and the job may be repeated; `started`: the worker had begun it.
    Crashed { reply: Reply, started: bool, is_judged: bool },
    /// The worker is training.
    Busy(Reply),
    /// The lane lost its worker, or its breaker opened, before a worker had the command.
    NotTaken(Reply),
}

impl Outcome {
    /// Reads the answer of a lane. A job's answer names picture files, whose metadata is read: this blocks on the disk.
    pub(super) fn of(job: &Job, gpu: &GpuId, attempt: u32, answer: Result<Vec<u8>, LaneError>) -> Self {
        let may_repeat = job.need.repeatable && u64::from(attempt) < limits::ATTEMPTS_MAX;
        match answer {
            Ok(line) => Self::of_reply(job, may_repeat, job.reply(gpu, Ok(&line))),
            Err(error) => Self::of_error(may_repeat, job.reply(gpu, Err(&error)), &error),
        }
    }

    fn of_error(may_repeat: bool, reply: Reply, error: &LaneError) -> Self {
        let is_judged = !matches!(error, LaneError::Protocol { .. });
        match error {
            LaneError::WorkerCrashed { .. } if may_repeat => {
                Self::Crashed { reply, started: true, is_judged }
            }
            LaneError::Open { .. } | LaneError::Resting { .. } => Self::NotTaken(reply),
            _ => Self::Reply { reply, is_judged },
        }
    }

    fn of_reply(job: &Job, may_repeat: bool, reply: Reply) -> Self {
        let Err(failure) = &reply.outcome else { return Self::Reply { reply, is_judged: false } };
        match failure.code {
            ErrorCode::WorkerCrashed => {
                let started = failure.details.as_ref().and_then(|details| details.get("started"));
                let started = started != Some(&Value::Bool(false));
                // A command that the device ended before its start costs no attempt.
                if may_repeat || (job.need.repeatable && !started) {
                    Self::Crashed { reply, started, is_judged: false }
                } else {
                    Self::Reply { reply, is_judged: false }
                }
            }
            ErrorCode::WorkerBusy => Self::Busy(reply),
            _ => Self::Reply { reply, is_judged: false },
        }
    }
}
