//! Jobs: the queue of commands that a worker runs alone, and the records of jobs and sessions.
//!
//! One task, the job queue, owns all of it, and [`JobQueueHandle`] sends it mail. `placement` decides which lane gets a
//! job. Nothing here outlives the process; the durable queue will be a room of its own.

mod handle;
mod job;
mod page;
mod queue;
mod record;
mod session;

pub(crate) use handle::gone;
pub use handle::{Accepted, JobQueueHandle, start};
pub(crate) use job::frame;
pub use job::{Job, Priority};
pub use page::{Cursor, Filter, Page};
pub use queue::QueueConfig;
pub(crate) use record::timestamp;
pub use record::{JobView, Record, Status, Tags};
