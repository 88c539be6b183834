//! Jobs: the queue of what a worker does alone, the records of jobs and sessions, and which lane gets what.
//!
//! One task, the [`job queue`], owns all of it. Nothing here outlives the process; the durable queue gets a room of its own.

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
