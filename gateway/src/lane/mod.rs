//! Lanes: the queue in dispatcher of one worker, and the only owner of that worker's process.
//!
//! A lane starts its worker, shakes hands, matches replies by `request_id`, judges silence, restarts it by a circuit
//! breaker, and stops. What is said in commands and replies is left to `dispatcher`, which lane gets a job to `jobs`.

mod actor;
mod breaker;
mod error;
mod handle;
mod life;
mod message;
mod meter;
mod process;
mod silence;
mod spawner;
mod stderr;
mod timer;

pub use breaker::BreakerState;
pub use error::{Cause, LaneError};
pub use handle::{BreakerView, LaneHandle, LaneState, LaneView, WorkerFacts, start};
pub use message::{Cancelled, Kept, Order, Verdict};
pub use process::Launch;
pub use silence::Limits;
pub use spawner::adopt_orphans;

use std::{sync::Arc, time::Duration};

use crate::gpu::GpuId;

/// Events that are of no command: `training_progress`.
pub type News = tokio::sync::broadcast::Sender<Arc<serde_json::Value>>;

/// How a lane treats its worker.
#[derive(Clone, Debug)]
pub struct Policy {
    /// How long the worker may be silent, by what it does.
    pub limits: Limits,
    /// Deaths in a row that open the breaker.
    pub deaths_max: u32,
    /// Rest after the first death; doubled by each further one.
    pub backoff_min: Duration,
    /// The longest rest.
    pub backoff_max: Duration,
    /// Rest of an open lane before its first try; doubled by each try that fails.
    pub open_min: Duration,
    /// The longest rest of an open lane.
    pub open_max: Duration,
    /// Between cancel and kill.
    pub cancel_grace: Duration,
    /// How long the worker may take to answer the cancel of one request of a batch, which kills nobody.
    pub cancel_answer: Option<Duration>,
    /// Commands that wait for the worker's start.
    pub held_max: usize,
    /// Longest line of the worker; over it, it is restarted.
    pub frame_bytes_max: usize,
    /// Lines of its stderr that are logged in a second, and as many warnings about lines of its stdout.
    pub stderr_lines_max: u64,
    /// Whether previews are asked for.
    pub previews: bool,
}
