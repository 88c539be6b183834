//! The record of a job: the `Job` of the contract.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, SecondsFormat, Utc};
use contracts::{Dialect, ErrorCode, Reply};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Job;
use crate::{
    events::{EventLog, JobEvents},
    gpu::GpuId,
};

/// The status of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It waits.
    Queued,
    /// A worker has it.
    Running,
    /// It succeeded.
    Completed,
    /// It ended in an error.
    Failed,
    /// It was cancelled.
    Cancelled,
    /// It timed out.
    Timeout,
}

impl Status {
    /// Its name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Timeout => "timeout",
        }
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_end(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }

    pub(crate) fn of(reply: &Reply) -> Self {
        match &reply.outcome {
            Ok(_) => Self::Completed,
            Err(failure) => match failure.code {
                ErrorCode::Cancelled => Self::Cancelled,
                ErrorCode::Timeout => Self::Timeout,
                _ => Self::Failed,
            },
        }
    }
}

/// Names and values that the sender attached to the job.
pub type Tags = BTreeMap<String, String>;

/// The record of one job, as plain data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its id.
    #[serde(with = "crate::shared")]
    pub request_id: Arc<str>,
    /// Its session.
    pub session_id: Option<String>,
    /// The model that it named, or that the worker used.
    pub model: Option<String>,
    /// Its status.
    pub status: Status,
    /// The GPU that has or had it.
    pub gpu: Option<GpuId>,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// When it was accepted.
    pub queued_at: DateTime<Utc>,
    /// When the present attempt began.
    pub started_at: Option<DateTime<Utc>>,
    /// When a client first asked to cancel it.
    pub cancel_requested_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
    /// The dialect of its reply.
    pub dialect: Dialect,
    /// Its tags.
    #[serde(with = "crate::shared")]
    pub tags: Arc<Tags>,
}

impl Record {
    /// The record of a job that begins to wait.
    pub(super) fn queued(job: &Job) -> Self {
        Self {
            request_id: job.request_id().clone(),
            session_id: job.context.session_id.clone(),
            model: job.need.model.clone(),
            status: Status::Queued,
            gpu: None,
            attempt: 1,
            queued_at: job.accepted_at,
            started_at: None,
            cancel_requested_at: None,
            completed_at: None,
            dialect: job.dialect,
            tags: job.tags.clone(),
        }
    }
}

/// A record with what belongs to this process alone.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) record: Record,
    pub(super) events: JobEvents,
    /// Bytes of its reply that are kept.
    pub(super) reply_bytes: usize,
}

impl Entry {
    pub(super) fn view(&self, queue_position: Option<usize>) -> JobView {
        JobView { record: self.record.clone(), events: self.events.clone(), queue_position }
    }
}

/// A job at this moment.
#[derive(Clone, Debug)]
pub struct JobView {
    /// Its record.
    pub record: Record,
    /// Its events and its reply.
    pub events: JobEvents,
    /// Its position in the queue: 1 and the jobs that wait before it; `None` once it has begun.
    pub queue_position: Option<usize>,
}

impl JobView {
    /// The `Job` of the contract, in snake.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let record = &self.record;
        let mut job = Map::new();
        let mut put = |name: &str, value: Value| {
            if !value.is_null() {
                job.insert(name.to_owned(), value);
            }
        };
        put("session_id", record.session_id.clone().into());
        put("request_id", (*record.request_id).into());
        put("worker_id", record.gpu.as_ref().map(GpuId::as_str).into());
        put("model_id", record.model.clone().into());
        put("status", record.status.as_str().into());
        put("queued_at", timestamp(record.queued_at).into());
        put("started_at", record.started_at.map(timestamp).into());
        put("cancel_requested_at", record.cancel_requested_at.map(timestamp).into());
        put("completed_at", record.completed_at.map(timestamp).into());
        put("queue_position", self.queue_position.into());
        let listener = self.events.subscribe();
        let log = listener.borrow();
        put("progress", if record.status == Status::Completed { 1.0.into() } else { progress(&log) });
        put("attempt", record.attempt.into());
        let reply = log.reply();
        match reply.as_ref().map(|reply| &reply.outcome) {
            Some(Ok(data)) => put("result", data.clone()),
            Some(Err(failure)) => put("error_details", failure.to_details()),
            None => {}
        }
        job.into()
    }
}

fn progress(log: &EventLog) -> Value {
    log.last().map(|event| event["progress"].clone()).unwrap_or_default()
}

/// RFC 3339, UTC, milliseconds, `Z`.
#[must_use]
pub(crate) fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
