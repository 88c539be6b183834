//! The executor: a thread beside the worker's own, which runs what takes long: decoding, painting, hashing.

use contracts::{ErrorCode, Failure, Warning};
use serde_json::Value;
use std::{
    collections::HashMap,
    io::{PipeWriter, Write as _},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{Receiver, Sender},
};

use crate::{picture::recipe::Images, training::dataset::DataSet};

/// A task for the command of a ticket.
pub(crate) struct Task {
    pub(crate) ticket: u64,
    pub(crate) run: Box<dyn FnOnce() -> Result<Output, Box<Failure>> + Send>,
}

/// The output of a task.
pub(crate) enum Output {
    /// The images of a job.
    Prepared(Box<Prepared>),
    /// `image_details[]` of the files that were written.
    Pictures(Vec<Value>),
    /// `data` of the whole command.
    Data(Value),
    /// The data set of a training.
    DataSet(DataSet),
}

/// The images of a job, decoded.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    pub(crate) images: Images,
    /// Image reference to `sha256:<hex>`.
    pub(crate) hashes: HashMap<String, String>,
    /// With pointers of the submission.
    pub(crate) warnings: Vec<Warning>,
}

/// A task that ended.
pub(crate) struct Finished {
    pub(crate) ticket: u64,
    pub(crate) outcome: Result<Output, Box<Failure>>,
}

/// Runs tasks until the worker drops its sender; writes a byte to `wake` for each finished task.
pub(crate) fn run(tasks: &Receiver<Task>, finished: &Sender<Finished>, mut wake: PipeWriter) {
    while let Ok(Task { ticket, run }) = tasks.recv() {
        let outcome = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
            let message = panic.downcast_ref::<String>().map(String::as_str);
            let message = message.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
            Err(Box::new(Failure::new(ErrorCode::Internal, format!("the work failed: {message}"))))
        });
        if finished.send(Finished { ticket, outcome }).is_err() || wake.write_all(&[1]).is_err() {
            // The worker is gone.
            return;
        }
    }
}
