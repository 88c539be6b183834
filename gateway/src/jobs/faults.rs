//! Bugs of our own that tests bring about: what becomes of the gateway then is part of what it promises.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

/// Where a bug strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// Where a command is taken.
    Front,
    /// In the desk's own task.
    Desk,
    /// Where a worker's answer becomes a reply.
    Reply,
}

/// Whether any is planted: all that this costs elsewhere.
static ANY: AtomicBool = AtomicBool::new(false);
static PLANTED: Mutex<Vec<(Spot, String)>> = Mutex::new(Vec::new());

/// Makes the gateway panic there, with the command of this id.
pub fn plant(spot: Spot, request_id: &str) {
    PLANTED.lock().unwrap_or_else(PoisonError::into_inner).push((spot, request_id.to_owned()));
    ANY.store(true, Ordering::Release);
}

/// Panics where a test asked for it.
pub(crate) fn strike(spot: Spot, request_id: &str) {
    if !ANY.load(Ordering::Acquire) {
        return;
    }
    let planted = PLANTED.lock().unwrap_or_else(PoisonError::into_inner);
    let here = planted.iter().any(|(at, id)| *at == spot && id == request_id);
    drop(planted);
    assert!(!here, "a test asked for a panic at {spot:?}");
}
