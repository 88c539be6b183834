//! The messages of a lane: commands, cancels, stops, and verdicts on its worker.

use std::{any::Any, sync::Arc, time::Duration};

use contracts::{Action, Trace};
use tokio::{sync::oneshot, time::Instant};

use super::LaneError;
use crate::{events::JobEvents, trace};

/// The line of the worker that answers a command: a reply in snake, not read yet.
pub(crate) type Answer = Result<Vec<u8>, LaneError>;

/// What the sender of a command holds until the worker is done with it: the claim of its id, the files that it reads.
/// The lane only keeps it alive; dropping it frees them.
pub type ResourceGuard = Arc<dyn Any + Send + Sync>;

/// A command for the worker.
#[derive(Debug)]
pub struct Order {
    /// Its action.
    pub action: Action,
    /// Matches the reply; unique among the commands that this lane has in flight.
    pub request_id: Arc<str>,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// The frame with its LF, without its trace.
    pub frame: Vec<u8>,
    /// Its trace, for workers that have the feature `trace`.
    pub trace: Option<Trace>,
    /// When it times out, and the timeout itself.
    pub deadline: Option<(Instant, Duration)>,
    /// Whether the worker runs it alone: jobs, loads, cleanup. When such a command times out it is cancelled, and its
    /// worker is killed if that does not help. A query that times out is only given up.
    pub exclusive: bool,
    /// Whether its first step may compile the model, which takes minutes.
    pub compiles: bool,
    /// The requests of the batch; 0 if it is none.
    pub requests: usize,
    /// Where its events go.
    pub events: Option<JobEvents>,
    /// ResourceGuard until the worker is done with the command, whether or not a client still waits for the answer.
    pub guard: Option<ResourceGuard>,
}

impl Order {
    /// Takes the frame out, with its trace if the worker has that feature.
    pub(crate) fn take_frame(&mut self, tells_trace: bool) -> Vec<u8> {
        let mut frame = std::mem::take(&mut self.frame);
        if let (true, Some(trace)) = (tells_trace, &self.trace) {
            // Right after the opening brace.
            frame.splice(1..1, trace::member(trace).into_bytes());
        }
        frame
    }
}

/// How a cancel ended. The target has its own reply by then.
#[derive(Debug)]
pub enum Cancelled {
    /// The worker answered: a reply in snake, not read yet.
    Answered(Vec<u8>),
    /// The worker did not obey in time, or died; the target's reply says so.
    Replaced,
    /// The target still waited for the worker's start.
    Waiting,
    /// The worker did not answer the cancel of one request of a batch within so many seconds.
    Unanswered(f64),
    /// The lane has no such command.
    NotHere,
}

/// What the end of a job shows about the worker that ran it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It succeeded, or the worker refused it as it should.
    Good,
    /// It failed in a way that counts against the worker.
    Bad(String),
    /// The worker must be replaced; that counts as a death.
    Replace(String),
}

/// The caller of a cancel.
pub(crate) type Cancelling = oneshot::Sender<Cancelled>;

/// A command that waits for a worker, and the cancels of its requests if it is a batch.
pub(crate) struct HeldOrder {
    pub(crate) order: Order,
    pub(crate) waiter: oneshot::Sender<Answer>,
    pub(crate) cancels: Vec<(Arc<str>, Cancelling)>,
}

pub(crate) enum Mail {
    Run(Order, oneshot::Sender<Answer>),
    /// `holder` is the command in flight. `target` is the same, or one request of the batch `holder`.
    Cancel {
        holder: Arc<str>,
        target: Arc<str>,
        done: Cancelling,
    },
    /// Starts the next worker now instead of after the rest; answered when it is starting.
    Try(oneshot::Sender<()>),
}

/// Stops the lane. The sender waits until the lane has dropped the receiver.
pub(crate) struct Stop {
    pub(crate) kill_at: Instant,
}
