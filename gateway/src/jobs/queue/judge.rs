//! The verdict on a worker that the end of a job allows. Its lane gets it, and opens or closes the breaker by it.

use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hash, Hasher},
};

use contracts::{ErrorCode, Reply, limits::INTERNALS_MAX};
use serde_json::Value;

use crate::{jobs::Job, lane::Verdict};

/// Failures `internal` that are remembered, to recognize a document that fails on every lane. Far more than one client
/// retries in a row; some kilobytes.
const REMEMBERED_MAX: usize = 256;

/// The failures `internal` of all lanes, by the hash of the document.
#[derive(Debug, Default)]
pub(super) struct Internals {
    /// Hash and lane of each, oldest first.
    seen: VecDeque<(u64, usize)>,
    /// For each lane, the different documents that failed there since its last job without `internal`.
    in_a_row: Vec<Vec<u64>>,
}

impl Internals {
    pub(super) fn new(lanes: usize) -> Self {
        Self { seen: VecDeque::new(), in_a_row: vec![Vec::new(); lanes] }
    }

    /// Notes that a lane has ended a job without `internal`.
    fn clear(&mut self, lane: usize) {
        self.in_a_row[lane].clear();
    }

    /// Notes an `internal`. Returns whether the lane has had so many in a row that its worker must be replaced.
    fn note(&mut self, lane: usize, document: u64) -> bool {
        let elsewhere = self.seen.iter().any(|(seen, other)| *seen == document && *other != lane);
        if !self.seen.contains(&(document, lane)) {
            if self.seen.len() == REMEMBERED_MAX {
                self.seen.pop_front();
            }
            self.seen.push_back((document, lane));
        }
        if elsewhere {
            // It fails on more than one lane, so that it counts against none.
            self.in_a_row.iter_mut().for_each(|row| row.retain(|seen| *seen != document));
            return false;
        }
        let row = &mut self.in_a_row[lane];
        if !row.contains(&document) {
            row.push(document);
        }
        let is_enough = u64::try_from(row.len()).is_ok_and(|count| count >= INTERNALS_MAX);
        if is_enough {
            row.clear();
        }
        is_enough
    }
}

/// Returns what the reply to a job says about the worker of `lane`; `None` if it says nothing.
pub(super) fn verdict(internals: &mut Internals, lane: usize, job: &Job, reply: &Reply) -> Option<Verdict> {
    let Err(failure) = &reply.outcome else {
        internals.clear(lane);
        return Some(Verdict::Good);
    };
    let what = || format!("{}: {}", failure.code, failure.message);
    match failure.code {
        ErrorCode::Internal if internals.note(lane, document(job)) => Some(Verdict::Replace(format!(
            "it answered {INTERNALS_MAX} different documents in a row with internal; the last: {}",
            failure.message
        ))),
        // The worker reports its own end. It must take no further job, or the repeated one would crash with it.
        ErrorCode::WorkerCrashed => Some(Verdict::Replace(format!("it gave up: {}", failure.message))),
        ErrorCode::Internal | ErrorCode::WorkerProtocolError => Some(Verdict::Bad(what())),
        // The lane itself decides whether the worker had to be killed for these.
        ErrorCode::Timeout | ErrorCode::Cancelled | ErrorCode::ShuttingDown | ErrorCode::WorkerBusy => None,
        // All other codes refuse the document, which is what a good worker does.
        _ => {
            internals.clear(lane);
            Some(Verdict::Good)
        }
    }
}

/// The hash of a job's document. Seeds that the gateway chose are left out, so that each submission of one document has
/// the same hash.
fn document(job: &Job) -> u64 {
    let mut hasher = DefaultHasher::new();
    job.action().as_str().hash(&mut hasher);
    match serde_json::from_str::<Value>(&job.payload) {
        Ok(mut payload) if job.context.seeded => {
            without_seeds(&mut payload);
            payload.to_string().hash(&mut hasher);
        }
        _ => job.payload.hash(&mut hasher),
    }
    hasher.finish()
}

fn without_seeds(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.remove("seed");
            members.values_mut().for_each(without_seeds);
        }
        Value::Array(items) => items.iter_mut().for_each(without_seeds),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::Internals;

    #[test]
    fn three_different_documents_in_a_row_blame_the_worker() {
        let mut internals = Internals::new(2);
        assert!(!internals.note(0, 1));
        assert!(!internals.note(0, 1), "the same document again is no second one");
        assert!(!internals.note(0, 2));
        assert!(internals.note(0, 3));
        assert!(!internals.note(0, 4), "a new row begins");
    }

    #[test]
    fn a_good_job_ends_the_row() {
        let mut internals = Internals::new(2);
        internals.note(0, 1);
        internals.note(0, 2);
        internals.clear(0);
        assert!(!internals.note(0, 3));
    }

    #[test]
    fn a_document_that_fails_elsewhere_too_blames_itself() {
        let mut internals = Internals::new(2);
        internals.note(1, 1);
        internals.clear(1);
        assert!(!internals.note(0, 1));
        assert!(!internals.note(0, 2));
        assert!(!internals.note(0, 3));
        assert!(!internals.note(1, 2), "and is taken off the row where it stood");
        assert!(!internals.note(0, 4));
        assert!(internals.note(0, 5));
    }
}
