//! What is kept of a job: the `Job` of the contract.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, SecondsFormat, Utc};
use contracts::{Dialect, ErrorCode, Reply};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::Job;
use crate::{
    events::{EventLog, JobEvents},
    gpu::GpuId,
};

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It waits.
    Queued,
    /// A worker has it.
    Running,
    /// Done.
    Completed,
    /// Ended in an error.
    Failed,
    /// Cancelled.
    Cancelled,
    /// Its time was over.
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

    /// Whether nothing more happens.
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

/// Words of a sender, kept with the job.
pub type Tags = BTreeMap<String, String>;

/// What is written down of one job: plain data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its id.
    #[serde(with = "crate::shared")]
    pub request_id: Arc<str>,
    /// Its session.
    pub session_id: Option<String>,
    /// The model that it named.
    pub model: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// The GPU that has or had it.
    pub gpu: Option<GpuId>,
    /// Which try.
    pub attempt: u32,
    /// When it was accepted.
    pub queued_at: DateTime<Utc>,
    /// When a worker got it.
    pub started_at: Option<DateTime<Utc>>,
    /// When somebody asked to cancel it, for the first time.
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
    /// Of a job that waits.
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

/// A record with what lies beside it in this process, as the queue keeps it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) record: Record,
    pub(super) events: JobEvents,
    /// When it ended, by the clock that never jumps.
    pub(super) ended: Option<Instant>,
    /// Bytes that are kept of its reply.
    pub(super) reply_bytes: usize,
}

impl Entry {
    pub(super) fn view(&self, queue_position: Option<usize>) -> JobView {
        JobView { record: self.record.clone(), events: self.events.clone(), queue_position }
    }
}

/// A job as it stands now.
#[derive(Clone, Debug)]
pub struct JobView {
    /// What is written down of it.
    pub record: Record,
    /// Its events and its reply.
    pub events: JobEvents,
    /// Jobs before it, while it waits.
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
        let heard = listener.borrow();
        put("progress", if record.status == Status::Completed { 1.0.into() } else { progress(&heard) });
        put("attempt", record.attempt.into());
        let reply = heard.reply();
        match reply.as_ref().map(|reply| &reply.outcome) {
            Some(Ok(data)) => put("result", data.clone()),
            Some(Err(failure)) => put("error_details", failure.to_details()),
            None => {}
        }
        job.into()
    }
}

fn progress(heard: &EventLog) -> Value {
    heard.last().map(|event| event["progress"].clone()).unwrap_or_default()
}

/// RFC 3339, UTC, milliseconds, `Z`.
#[must_use]
pub(crate) fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
