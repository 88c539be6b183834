//! The faults of a document: the first of them are kept, all of them are counted.
//!
//! A document of 16 MiB can have a million faults, and a reply has room for a hundred: the sentences of the others are
//! not even made.

use crate::{
    fault::Fault,
    shown::{ERRORS_MAX, POINTER_BYTES_MAX},
};

/// The faults found so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    kept: Vec<Fault>,
    total: usize,
    /// Of the pointers that are kept: a pointer may be as long as the document.
    pointer_bytes: usize,
}

impl Tally {
    /// Counts a fault, and makes it where it is kept.
    pub(crate) fn add(&mut self, fault: impl FnOnce() -> Fault) {
        self.total += 1;
        if self.is_full() {
            return;
        }
        let fault = fault();
        let bytes = self.pointer_bytes + fault.pointer.len();
        if self.kept.is_empty() || bytes <= POINTER_BYTES_MAX {
            self.pointer_bytes = bytes;
            self.kept.push(fault);
        } else {
            // Full: what comes after it is only counted, so that the kept ones are the first ones.
            self.pointer_bytes = usize::MAX;
        }
    }

    /// Whether further faults are only counted.
    pub(crate) fn is_full(&self) -> bool {
        self.kept.len() >= ERRORS_MAX || self.pointer_bytes > POINTER_BYTES_MAX
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.total == 0
    }

    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// Forgets the kept faults that do not fit.
    pub(crate) fn retain(&mut self, keep: impl Fn(&Fault) -> bool) {
        let before = self.kept.len();
        self.kept.retain(keep);
        self.total -= before - self.kept.len();
    }

    /// Takes over what another has found after this.
    pub(crate) fn append(&mut self, other: Self) {
        let total = self.total + other.total;
        for fault in other.kept {
            self.add(|| fault);
        }
        self.total = total;
    }

    /// The same of a part of the document.
    pub(crate) fn append_below(&mut self, at: &str, other: Self) {
        let below =
            other.kept.into_iter().map(|fault| Fault { pointer: format!("{at}{}", fault.pointer), ..fault });
        self.append(Self { kept: below.collect(), ..other });
    }

    pub(crate) fn into_kept(self) -> Vec<Fault> {
        self.kept
    }
}
