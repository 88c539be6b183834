//! Jobs: the queue of what a worker does alone, the records of jobs and sessions, and which lane gets what.
//!
//! One task, the [`desk`], owns all of it. Nothing here outlives the process; the durable queue gets a room of its own.

mod desk;
mod handle;
mod job;
mod page;
mod record;
mod session;

pub use desk::DeskConfig;
pub(crate) use handle::gone;
pub use handle::{Accepted, DeskHandle, start};
pub(crate) use job::frame;
pub use job::{Job, Priority};
pub use page::{Cursor, Filter, Page};
pub(crate) use record::timestamp;
pub use record::{JobView, Record, Status, Tags};
