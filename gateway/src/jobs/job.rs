//! One command that a worker does alone, as plain data: all that its way needs can be written down, and read again by
//! another process. What cannot (who waits, files that are held, moments of this process's clock) lies beside it.

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
    lane::LaneError,
    placement::Need,
    reply::ReplyContext,
};

/// The order in which jobs that wait are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// First.
    High,
    /// In the order of acceptance.
    Normal,
    /// Last.
    Low,
}

/// One command that a worker does alone: jobs, trainings, loads, cleanup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// What it needs of a lane.
    pub need: Need,
    /// The document for the worker, as JSON.
    #[serde(with = "crate::shared")]
    pub payload: Arc<str>,
    /// Its place among those that wait.
    pub priority: Priority,
    /// When it was accepted, by the wall clock.
    pub accepted_at: DateTime<Utc>,
    /// How long after that it times out.
    pub timeout: Option<Duration>,
    /// Whether its first step may compile the model first.
    pub compiles: bool,
    /// Whether a record is kept of it: jobs and trainings.
    pub recorded: bool,
    /// The requests of a batch; 0 where it is none.
    pub batch: usize,
    /// The dialect of its reply.
    pub dialect: Dialect,
    /// Its tags.
    #[serde(with = "crate::shared")]
    pub tags: Arc<Tags>,
    /// What makes its reply of a worker's answer.
    pub context: ReplyContext,
}

impl Job {
    /// What is asked.
    #[must_use]
    pub fn action(&self) -> Action {
        self.need.action
    }

    /// Its id; the client's, or made at acceptance.
    #[must_use]
    pub fn request_id(&self) -> &Arc<str> {
        &self.context.request_id
    }

    /// ReplyOrder a lane's answer into the client's reply. A bug of ours in it costs this one command, not the queue. Blocks on
    /// the disk where the answer says that there are pictures.
    pub(crate) fn reply(&self, answer: Result<&[u8], &LaneError>) -> Reply {
        let made = catch_unwind(AssertUnwindSafe(|| {
            faults::strike(FaultPoint::Reply, self.request_id());
            self.context.reply(answer)
        }));
        made.unwrap_or_else(|_| self.context.with(Err(Box::new(crate::log::internal_failure()))))
    }

    /// Its trace, under our own span.
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

/// The documented envelope in snake, with its LF. Ids need no escapes: the contract allows none that would.
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

/// A job that makes a picture.
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
    use crate::{gpu::GpuId, jobs::Record};

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
