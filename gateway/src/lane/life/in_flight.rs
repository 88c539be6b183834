//! A command that the worker has.

use std::time::Duration;

use contracts::{Action, Trace};
use tokio::{sync::oneshot, time::Instant};

use crate::{
    events::JobEvents,
    lane::{
        LaneError, ResourceGuard,
        message::{Answer, Cancelling},
    },
};

/// A command that was sent and has no reply yet.
pub(super) struct InFlight {
    pub(super) action: Action,
    pub(super) waiter: Waiter,
    pub(super) attempt: u32,
    /// Whether the worker runs it alone.
    pub(super) exclusive: bool,
    /// Whether its first step may compile the model.
    pub(super) compiles: bool,
    /// The requests of the batch; 0 if it is none.
    pub(super) requests: usize,
    pub(super) events: Option<JobEvents>,
    pub(super) trace: Option<Trace>,
    pub(super) sent: Instant,
    /// When it times out, and the timeout itself.
    pub(super) deadline: Option<(Instant, Duration)>,
    pub(super) ending: Option<Ending>,
    pub(super) guard: Option<ResourceGuard>,
}

/// The receiver of a reply.
pub(super) enum Waiter {
    Order(oneshot::Sender<Answer>),
    Cancel(Cancelling),
    Handshake,
    /// The lane sent it by itself: a cancel of a command that timed out.
    Lane,
}

/// The failure already decided for a command, and when its worker is killed if the cancel does not help.
pub(super) struct Ending {
    pub(super) kill_at: Instant,
    pub(super) error: LaneError,
}
