//! Panics and hangs that tests cause on purpose: how the gateway survives its own bugs is part of its contract.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

/// A place in the gateway where a test can cause one.
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
    /// Where a picture on a local file system is checked on the runtime's thread.
    LocalDisk,
    /// Where the output folder is checked; its path is the id.
    Disk,
}

/// Whether a test has asked for any: one load is all that a production gateway pays. `Release` and `Acquire`, so that a
/// thread that sees `true` sees the entry in the list, too.
static ANY: AtomicBool = AtomicBool::new(false);
static PLANTED: Mutex<Vec<(FaultPoint, String)>> = Mutex::new(Vec::new());
static HANGING: Mutex<Vec<(FaultPoint, String, mpsc::Receiver<()>)>> = Mutex::new(Vec::new());

/// How long a thread hangs at most: longer than any test waits.
const RESUME_WITHIN_MAX: Duration = Duration::from_secs(60);

/// Makes the gateway panic at a place, with the command of this id.
pub fn plant(spot: FaultPoint, request_id: &str) {
    PLANTED.lock().unwrap_or_else(PoisonError::into_inner).push((spot, request_id.to_owned()));
    ANY.store(true, Ordering::Release);
}

/// Makes a thread of the gateway wait at a place once, with the command of this id, until the sender sends or is
/// dropped. It stands for a disk that does not answer.
#[must_use]
pub fn hang(spot: FaultPoint, request_id: &str) -> mpsc::Sender<()> {
    let (resume, resumed) = mpsc::channel();
    HANGING.lock().unwrap_or_else(PoisonError::into_inner).push((spot, request_id.to_owned(), resumed));
    ANY.store(true, Ordering::Release);
    resume
}

/// Whether a test makes a thread wait at a place, with the command of this id.
pub(crate) fn hangs(spot: FaultPoint, request_id: &str) -> bool {
    ANY.load(Ordering::Acquire)
        && HANGING
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .any(|(at, id, _)| *at == spot && id == request_id)
}

/// Panics or waits if a test has asked for it at this place.
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
