//! The bytes of commands whose replies are not written yet, bounded.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// The bytes in use, and their limit. `Relaxed` throughout: the counter orders no other memory, and the loop alone
/// reads it.
pub(super) struct ReadAhead {
    bytes: Arc<AtomicUsize>,
    bytes_max: usize,
}

/// The share of one command, until it is dropped.
pub(super) struct ReadAheadPermit {
    all: Arc<AtomicUsize>,
    bytes: usize,
}

impl ReadAhead {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { bytes: Arc::default(), bytes_max }
    }

    /// Whether a further command may be read, however long it is: else the longest could never be.
    pub(super) fn has_room(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) < self.bytes_max
    }

    pub(super) fn take(&self, bytes: usize) -> ReadAheadPermit {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        ReadAheadPermit { all: self.bytes.clone(), bytes }
    }
}

impl Drop for ReadAheadPermit {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::ReadAhead;

    #[test]
    fn there_is_room_until_the_bytes_are_taken_and_again_when_they_are_given_back() {
        let ahead = ReadAhead::new(10);
        let long = ahead.take(1000);
        assert!(!ahead.has_room());
        let short = ahead.take(9);
        drop(long);
        assert!(ahead.has_room());
        let last = ahead.take(1);
        assert!(!ahead.has_room());
        drop((short, last));
        assert!(ahead.has_room());
    }
}
