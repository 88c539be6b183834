//! Lanes: the queue in front of one worker, and the only owner of that worker's process.
//!
//! A lane starts its worker, shakes hands, matches replies by `request_id`, kills a worker that is silent for too long,
//! restarts it as a circuit breaker allows, and stops it. `dispatch` writes commands and reads replies; `jobs` decides
//! which lane gets a job.

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
pub use error::{Cause, LaneError, ProtocolBreach};
pub use handle::{BreakerView, LaneHandle, LaneState, LaneView, RunningJob, WorkerFacts, start};
pub use message::{Cancelled, Order, ResourceGuard, Verdict};
pub use process::Launch;
pub use silence::Limits;
pub use spawner::adopt_orphans;

use std::{sync::Arc, time::Duration};

use crate::gpu::GpuId;

/// Events that belong to no command: `training_progress`.
pub type PoolEvents = tokio::sync::broadcast::Sender<Arc<serde_json::Value>>;

/// The rules by which a lane treats its worker.
#[derive(Clone, Debug)]
pub struct Policy {
    /// How long the worker may be silent, by its activity.
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
    /// The time between a cancel and the kill of a worker that ignores it.
    pub cancel_grace: Duration,
    /// How long the worker may take to answer the cancel of one request of a batch. Past it the cancel fails; the
    /// worker lives.
    pub cancel_answer: Option<Duration>,
    /// Commands that may wait for the worker's start.
    pub held_max: usize,
    /// The longest line of the worker, in bytes. A worker that writes a longer one is restarted.
    pub frame_bytes_max: usize,
    /// Lines of its stderr that are logged per second, and as many warnings about lines of its stdout.
    pub stderr_lines_max: u64,
    /// Whether the handshake asks for previews.
    pub previews: bool,
}
