//! What is kept of a job: the `Job` of the contract.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, SecondsFormat, Utc};
use contracts::{Dialect, ErrorCode, Reply};
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::Feed;
use crate::lane::GpuId;

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
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

/// One job.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its id.
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
    /// The same by the clock that never jumps.
    pub(crate) ended: Option<Instant>,
    /// Bytes that are kept of its reply.
    pub(crate) reply_bytes: usize,
    /// Its events and its reply.
    pub feed: Feed,
    /// The dialect of its reply.
    pub dialect: Dialect,
    /// Its tags.
    pub tags: Arc<Tags>,
    /// Jobs before it, while it waits.
    pub queue_position: Option<usize>,
}

impl Record {
    /// The `Job` of the contract, in snake.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut job = Map::new();
        let mut put = |name: &str, value: Value| {
            if !value.is_null() {
                job.insert(name.to_owned(), value);
            }
        };
        put("session_id", self.session_id.clone().into());
        put("request_id", (*self.request_id).into());
        put("worker_id", self.gpu.as_ref().map(GpuId::as_str).into());
        put("model_id", self.model.clone().into());
        put("status", self.status.as_str().into());
        put("queued_at", timestamp(self.queued_at).into());
        put("started_at", self.started_at.map(timestamp).into());
        put("cancel_requested_at", self.cancel_requested_at.map(timestamp).into());
        put("completed_at", self.completed_at.map(timestamp).into());
        put("queue_position", self.queue_position.into());
        let listener = self.feed.listen();
        let heard = listener.borrow();
        put("progress", if self.status == Status::Completed { 1.0.into() } else { progress(&heard) });
        put("attempt", self.attempt.into());
        let reply = heard.reply();
        match reply.as_ref().map(|reply| &reply.outcome) {
            Some(Ok(data)) => put("result", data.clone()),
            Some(Err(failure)) => put("error_details", failure.to_details()),
            None => {}
        }
        job.into()
    }
}

fn progress(heard: &super::Heard) -> Value {
    heard.last().map(|event| event["progress"].clone()).unwrap_or_default()
}

/// RFC 3339, UTC, milliseconds, `Z`.
#[must_use]
pub(crate) fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
