//! The violations of a document: the first of them are kept, all of them are counted.
//!
//! A document of 16 MiB can have a million violations, and a reply has room for a hundred: the sentences of the others
//! are not even made.

use crate::{
    shown::{ERRORS_MAX, POINTER_BYTES_MAX, reachable},
    violation::Violation,
};

/// The violations found so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    kept: Vec<Violation>,
    total: usize,
    /// Of the pointers that are kept.
    pointer_bytes: usize,
}

impl Tally {
    /// Counts a violation, and makes it where it is kept.
    pub(crate) fn add(&mut self, violation: impl FnOnce() -> Violation) {
        self.total += 1;
        if self.is_full() {
            return;
        }
        let mut violation = violation();
        violation.pointer.truncate(reachable(&violation.pointer).len());
        let bytes = self.pointer_bytes + violation.pointer.len();
        if bytes <= POINTER_BYTES_MAX {
            self.pointer_bytes = bytes;
            self.kept.push(violation);
        } else {
            // Full from now on: later violations are only counted, so that the kept ones are the first ones.
            self.pointer_bytes = usize::MAX;
        }
    }

    /// Whether further violations are only counted.
    pub(crate) fn is_full(&self) -> bool {
        self.kept.len() >= ERRORS_MAX || self.pointer_bytes > POINTER_BYTES_MAX
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.total == 0
    }

    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// Forgets the kept violations that do not fit.
    pub(crate) fn retain(&mut self, keep: impl Fn(&Violation) -> bool) {
        let before = self.kept.len();
        self.kept.retain(keep);
        self.total -= before - self.kept.len();
    }

    /// Adds the violations of a later tally.
    pub(crate) fn append(&mut self, other: Self) {
        let total = self.total + other.total;
        for violation in other.kept {
            self.add(|| violation);
        }
        self.total = total;
    }

    /// The same of a part of the document.
    pub(crate) fn append_below(&mut self, at: &str, other: Self) {
        let below = other
            .kept
            .into_iter()
            .map(|violation| Violation { pointer: format!("{at}{}", violation.pointer), ..violation });
        self.append(Self { kept: below.collect(), ..other });
    }

    pub(crate) fn into_kept(self) -> Vec<Violation> {
        self.kept
    }
}
