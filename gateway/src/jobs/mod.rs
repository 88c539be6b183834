//! Jobs: the queue of what a worker does alone, the records of jobs and sessions, and which lane gets what.
//!
//! One task, the [`desk`], owns all of it. Nothing here outlives the process; the durable queue gets a room of its own.

mod desk;
#[doc(hidden)]
pub mod faults;
mod feed;
mod handle;
mod page;
mod record;
mod session;
mod ticket;

pub use desk::DeskConfig;
pub use feed::{Feed, Heard};
pub(crate) use handle::gone;
pub use handle::{Accepted, DeskHandle, Load, start};
pub use page::{Cursor, Filter, Page};
pub(crate) use record::timestamp;
pub use record::{Record, Status, Tags};
pub(crate) use ticket::frame;
pub use ticket::{Finisher, Priority, Ticket};
