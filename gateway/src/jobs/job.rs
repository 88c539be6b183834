//! A job as plain data: everything that its way through the gateway needs can be written to disk and read by another
//! process. The queue keeps beside it what cannot: waiting clients, held files, instants of this process's clock.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, Utc};
use contracts::{Action, Dialect, Reply, Trace};
use serde::{Deserialize, Serialize};

use super::record::Tags;
use crate::{
    faults::{self, FaultPoint},
    gpu::GpuId,
    lane::LaneError,
    placement::Need,
    reply::{Known, ReplyContext},
};

/// The order in which waiting jobs are offered to lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Before all others.
    High,
    /// In the order of acceptance.
    Normal,
    /// After all others.
    Low,
}

/// A command that a worker runs alone: a job, a training, a load, a cleanup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// What it needs of a lane.
    pub need: Need,
    /// The document for the worker, as JSON.
    #[serde(with = "crate::shared")]
    pub payload: Arc<str>,
    /// Its priority among waiting jobs.
    pub priority: Priority,
    /// When it was accepted, by the wall clock.
    pub accepted_at: DateTime<Utc>,
    /// It times out this long after `accepted_at`.
    pub timeout: Option<Duration>,
    /// Whether its first step may compile the model, which takes minutes.
    pub compiles: bool,
    /// Whether the queue keeps a record of it: jobs and trainings.
    pub recorded: bool,
    /// Requests in the batch; 0 if it is not a batch.
    pub batch: usize,
    /// The dialect of its reply.
    pub dialect: Dialect,
    /// Its tags.
    #[serde(with = "crate::shared")]
    pub tags: Arc<Tags>,
    /// What turns a worker's answer into its reply.
    pub context: ReplyContext,
}

impl Job {
    /// Its action.
    #[must_use]
    pub fn action(&self) -> Action {
        self.need.action
    }

    /// Its id: the client's, or one that was made when it was accepted.
    #[must_use]
    pub fn request_id(&self) -> &Arc<str> {
        &self.context.request_id
    }

    /// Turns a lane's answer into the client's reply. Blocks on the disk if the answer names pictures.
    ///
    /// A panic in here becomes `internal` for this command: it must not end the queue, which holds all others.
    pub(crate) fn reply(&self, gpu: &GpuId, answer: Result<&[u8], &LaneError>) -> Reply {
        let made = catch_unwind(AssertUnwindSafe(|| {
            faults::strike(FaultPoint::Reply, self.request_id());
            self.context.reply(Known { requests: self.batch, ..Known::of(gpu) }, answer)
        }));
        made.unwrap_or_else(|_| self.context.with(Err(Box::new(crate::log::internal_failure()))))
    }

    /// Its trace, with the gateway's span as the parent.
    pub(crate) fn trace(&self) -> Option<&Trace> {
        self.context.trace.as_ref()
    }

    /// The id of its trace, for the log.
    pub(crate) fn trace_id(&self) -> Option<&str> {
        self.trace().map(Trace::id)
    }

    /// The documented envelope in snake, with its LF.
    pub(crate) fn frame(&self, attempt: u32) -> Vec<u8> {
        let session_id = self.context.session_id.as_deref();
        frame(self.action(), self.request_id(), session_id, attempt, &self.payload)
    }
}

/// The documented envelope in snake, with its LF. Ids are written without escapes: the contract's alphabet for ids has
/// no character that needs one.
pub(crate) fn frame(
    action: Action,
    request_id: &str,
    session_id: Option<&str>,
    attempt: u32,
    payload: &str,
) -> Vec<u8> {
    let mut frame = String::with_capacity(payload.len() + 192);
    frame.push_str("{\"action\":\"");
    frame.push_str(action.as_str());
    frame.push_str("\",\"request_id\":\"");
    frame.push_str(request_id);
    if let Some(session_id) = session_id {
        frame.push_str("\",\"session_id\":\"");
        frame.push_str(session_id);
    }
    frame.push_str("\",\"attempt\":");
    frame.push_str(&attempt.to_string());
    frame.push_str(",\"payload\":");
    frame.push_str(payload);
    frame.push_str("}\n");
    frame.into_bytes()
}

/// A job that makes one picture, for tests.
#[cfg(test)]
pub(super) fn example(id: &str) -> Job {
    let action = Action::GenerateSdxl;
    let need = Need { action, pin: None, model: None, uses_model: true, repeatable: true };
    Job {
        need,
        payload: "{}".into(),
        priority: Priority::Normal,
        accepted_at: Utc::now(),
        timeout: None,
        compiles: false,
        recorded: true,
        batch: 0,
        dialect: Dialect::Snake,
        tags: Arc::default(),
        context: ReplyContext::new(action, id.into()),
    }
}

#[cfg(test)]
mod tests {
    use contracts::{Trace, read_frame};

    use super::*;
    use crate::jobs::Record;

    fn again<T: Serialize + for<'de> Deserialize<'de>>(value: &T) -> T {
        serde_json::from_str(&serde_json::to_string(value).expect("plain data")).expect("it was just written")
    }

    #[test]
    fn a_job_and_its_record_can_be_written_down_and_read_again() {
        let frame = br#"{"action":"generate_sdxl","request":{"Model":{"Base":"b"},"Conditioning":{"Prompt":"p"},"X":1}}"#;
        let reading = read_frame(frame).expect("a command").reading;
        let mut job = example("written");
        job.need.pin = Some(GpuId::gpu(3));
        job.timeout = Some(Duration::from_millis(1500));
        job.tags = Arc::new([("team".to_owned(), "cats".to_owned())].into());
        job.context.trace = Trace::of_header("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        assert!(!reading.warnings.is_empty() || !reading.violations.is_empty(), "X is not known");
        (job.context.warnings, job.context.violations) = (reading.warnings, reading.violations);
        job.context.places = reading.places;
        job.context.swapped = [("/out/a.png".to_owned(), "upload:1".to_owned())].into();
        job.context.normalized = Some(serde_json::json!({"a": 9_007_199_254_740_993_u64, "b": 0.1}));
        assert_eq!(again(&job), job);
        let record = Record::queued(&job);
        assert_eq!(again(&record), record);
    }
}
