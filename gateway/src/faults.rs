//! Bugs of our own that tests bring about: what becomes of the gateway then is part of what it promises.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

/// Where a bug strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultPoint {
    /// Where a command is taken.
    Dispatcher,
    /// In the job queue's own task.
    JobQueue,
    /// In the loop that reads stdin.
    StdioClient,
    /// Where a worker's answer becomes a reply.
    Reply,
    /// Where a picture is looked for in place: on a file system of this machine.
    LocalDisk,
    /// Where the output folder is looked at; its path is the id.
    Disk,
}

/// Whether any is planted: all that this costs elsewhere.
static ANY: AtomicBool = AtomicBool::new(false);
static PLANTED: Mutex<Vec<(FaultPoint, String)>> = Mutex::new(Vec::new());
static HANGING: Mutex<Vec<(FaultPoint, String, mpsc::Receiver<()>)>> = Mutex::new(Vec::new());

/// Longer than any test waits.
const RESUME_WITHIN_MAX: Duration = Duration::from_secs(60);

/// Makes the gateway panic there, with the command of this id.
pub fn plant(spot: FaultPoint, request_id: &str) {
    PLANTED.lock().unwrap_or_else(PoisonError::into_inner).push((spot, request_id.to_owned()));
    ANY.store(true, Ordering::Release);
}

/// Makes the gateway's thread wait there once, with the command of this id, until the sender sends or is dropped: a disk
/// that does not answer.
#[must_use]
pub fn hang(spot: FaultPoint, request_id: &str) -> mpsc::Sender<()> {
    let (resume, resumed) = mpsc::channel();
    HANGING.lock().unwrap_or_else(PoisonError::into_inner).push((spot, request_id.to_owned(), resumed));
    ANY.store(true, Ordering::Release);
    resume
}

/// Whether a test makes a thread wait there, with the command of this id.
pub(crate) fn hangs(spot: FaultPoint, request_id: &str) -> bool {
    ANY.load(Ordering::Acquire)
        && HANGING
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .any(|(at, id, _)| *at == spot && id == request_id)
}

/// Panics, or waits, where a test asked for it.
pub(crate) fn strike(spot: FaultPoint, request_id: &str) {
    if !ANY.load(Ordering::Acquire) {
        return;
    }
    let mut hanging = HANGING.lock().unwrap_or_else(PoisonError::into_inner);
    let found = hanging.iter().position(|(at, id, _)| *at == spot && id == request_id);
    let found = found.map(|index| hanging.swap_remove(index));
    drop(hanging);
    if let Some((_, _, resumed)) = found {
        let waited = resumed.recv_timeout(RESUME_WITHIN_MAX);
        assert_ne!(waited, Err(mpsc::RecvTimeoutError::Timeout), "nothing went on while {spot:?} hung");
    }
    let planted = PLANTED.lock().unwrap_or_else(PoisonError::into_inner);
    let here = planted.iter().any(|(at, id)| *at == spot && id == request_id);
    drop(planted);
    assert!(!here, "a test asked for a panic at {spot:?}");
}
