//! What a lane is told.

use std::{any::Any, sync::Arc, time::Duration};

use contracts::{Action, Trace};
use tokio::{sync::oneshot, time::Instant};

use super::LaneError;
use crate::{events::JobEvents, trace};

/// A line of the worker that answers a command: a snake reply, not read yet.
pub(crate) type Answer = Result<Vec<u8>, LaneError>;

/// What its sender keeps for a command until the lane is done with it: its id, the files that it reads. The lane only
/// holds it; it is let go as it is dropped.
pub type Kept = Arc<dyn Any + Send + Sync>;

/// A command for the worker.
#[derive(Debug)]
pub struct Order {
    /// What is asked.
    pub action: Action,
    /// Matches the reply; unique among what this lane has in flight.
    pub request_id: Arc<str>,
    /// Which try.
    pub attempt: u32,
    /// The frame with its LF, without its trace.
    pub frame: Vec<u8>,
    /// Its trace, which a worker that knows of traces is told.
    pub trace: Option<Trace>,
    /// When it counts as timed out, and after how long that is.
    pub deadline: Option<(Instant, Duration)>,
    /// Whether the worker does it alone: jobs, loads, cleanup. Such a command is cancelled when its time is over, and
    /// its worker killed where that does not help; a query is only given up.
    pub exclusive: bool,
    /// Whether its first step may compile the model first.
    pub compiles: bool,
    /// Where its events go.
    pub events: Option<JobEvents>,
    /// What is kept until the worker is done with the command, whether or not anybody still waits for its answer.
    pub kept: Option<Kept>,
}

impl Order {
    /// The frame as a worker takes it.
    pub(crate) fn take_frame(&mut self, tells_trace: bool) -> Vec<u8> {
        let mut frame = std::mem::take(&mut self.frame);
        if let (true, Some(trace)) = (tells_trace, &self.trace) {
            // Behind the brace that opens it.
            frame.splice(1..1, trace::member(trace).into_bytes());
        }
        frame
    }
}

/// How a cancel ended; by then the target has its own reply.
#[derive(Debug)]
pub enum Cancelled {
    /// The worker answered: a snake reply, not read yet.
    Answered(Vec<u8>),
    /// The worker did not obey in time, or died: the target's reply says so.
    Replaced,
    /// The target still waited for the worker's start.
    Waiting,
    /// The worker did not answer the cancel of one request of a batch within so many seconds.
    Unanswered(f64),
    /// The lane has no such command.
    NotHere,
}

/// What a job said about the worker that ran it, as its reader found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It succeeded, or the worker refused it as it should.
    Good,
    /// It ended in a way that speaks against the worker.
    Bad(String),
    /// The worker must be replaced, which counts as a death.
    Replace(String),
}

/// Who waits for the end of a cancel.
pub(crate) type Cancelling = oneshot::Sender<Cancelled>;

/// A command that waits for a worker that takes it, and the cancels of requests of that batch.
pub(crate) struct Held {
    pub(crate) order: Order,
    pub(crate) waiter: oneshot::Sender<Answer>,
    pub(crate) cancels: Vec<(Arc<str>, Cancelling)>,
}

pub(crate) enum Mail {
    Run(Order, oneshot::Sender<Answer>),
    /// `holder` is the command in flight; `target` itself, or one request of the batch `holder`.
    Cancel {
        holder: Arc<str>,
        target: Arc<str>,
        done: Cancelling,
    },
    /// Starts the next worker now, whatever rest is left; answered as soon as it is starting.
    Try(oneshot::Sender<()>),
}

/// The end of a lane. Whoever tells it waits until the lane takes no more of these.
pub(crate) struct Stop {
    pub(crate) kill_at: Instant,
}
