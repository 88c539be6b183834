//! One command that a worker does alone, with all that its way needs.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use contracts::{Action, Dialect, Reply, Trace};
use tokio::time::Instant;

use super::{
    faults::{self, Spot},
    record::Tags,
};
use crate::lane::{GpuId, LaneError};

/// The order in which jobs that wait are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// First.
    High,
    /// In the order of acceptance.
    Normal,
    /// Last.
    Low,
}

/// Turns a lane's answer into the client's reply.
pub trait Finisher: Send + Sync {
    /// Reads the worker's answer.
    fn reply(&self, answer: Result<&[u8], &LaneError>) -> Reply;
    /// A reply that no worker had a part in.
    fn failure(&self, failure: contracts::Failure) -> Reply;
    /// Whether [`Self::reply`] may wait long for a disk: the pictures lie on another machine, or nobody knows where.
    fn may_wait(&self) -> bool;
}

/// One command that a worker does alone: jobs, trainings, loads, cleanup.
pub struct Ticket {
    /// What is asked.
    pub action: Action,
    /// Its id; the client's, or made at acceptance.
    pub request_id: Arc<str>,
    /// The session.
    pub session_id: Option<String>,
    /// Its trace, under our own span.
    pub trace: Option<Trace>,
    /// The document for the worker, as JSON.
    pub payload: Arc<str>,
    /// The only lane that may have it.
    pub pin: Option<GpuId>,
    /// The model that it wants.
    pub model: Option<String>,
    /// Its place among those that wait.
    pub priority: Priority,
    /// When and after how long it times out.
    pub deadline: Option<(Instant, Duration)>,
    /// Whether its first step may compile the model first.
    pub compiles: bool,
    /// Whether a record is kept of it: jobs and trainings.
    pub recorded: bool,
    /// Whether it may be repeated after a crash: jobs.
    pub repeatable: bool,
    /// Whether it makes pictures: such a job without a model uses the one that is loaded.
    pub uses_model: bool,
    /// Whether a seed was chosen for it: then its seeds are none of its sender's.
    pub seeded: bool,
    /// The requests of a batch; 0 where it is none.
    pub batch: usize,
    /// The dialect of its reply.
    pub dialect: Dialect,
    /// Its tags.
    pub tags: Arc<Tags>,
    /// Makes its reply.
    pub finisher: Arc<dyn Finisher>,
}

impl Ticket {
    /// Makes the reply. A bug of ours in it costs this one command, not the desk.
    pub(crate) fn reply(&self, answer: Result<&[u8], &LaneError>) -> Reply {
        let made = catch_unwind(AssertUnwindSafe(|| {
            faults::strike(Spot::Reply, &self.request_id);
            self.finisher.reply(answer)
        }));
        made.unwrap_or_else(|_| Reply {
            action: Some(self.action),
            request_id: Some((*self.request_id).to_owned()),
            session_id: self.session_id.clone(),
            outcome: Err(Box::new(crate::log::bug())),
            warnings: Vec::new(),
            more_warnings: 0,
        })
    }

    /// The id of its trace, for the log.
    pub(crate) fn trace_id(&self) -> Option<&str> {
        self.trace.as_ref().map(Trace::id)
    }

    /// The documented envelope in snake, with its LF.
    pub(crate) fn frame(&self, attempt: u32) -> Vec<u8> {
        frame(self.action, &self.request_id, self.session_id.as_deref(), attempt, &self.payload)
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
