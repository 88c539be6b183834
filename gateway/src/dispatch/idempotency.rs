//! Idempotency keys: one key stands for one job. Only the id of the job is kept here; its record is the queue's.

use std::{
    collections::{BTreeSet, HashMap, hash_map},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use contracts::{ErrorCode, Failure, limits::UPLOAD_KEPT};
use tokio::{sync::watch, time::Instant};

/// All keys. A lock and not a task, because it is held for one look-up and never across an await.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    known: Arc<Mutex<Known>>,
    keys_max: usize,
}

#[derive(Debug, Default)]
struct Known {
    entries: HashMap<Arc<str>, Entry>,
    /// When each key is forgotten, soonest first, so that expiry reads no key that is not due.
    expiry: BTreeSet<(Instant, Arc<str>)>,
}

#[derive(Debug)]
struct Entry {
    /// Hash of the request that the key stands for.
    request: [u8; 32],
    state: State,
    until: Instant,
}

#[derive(Debug)]
enum State {
    /// A command with it is being accepted. The channel closes when that is decided.
    Accepting(watch::Receiver<()>),
    /// Notes that the command became this job.
    Job(KeyedJob),
}

/// The job of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyedJob {
    pub(super) request_id: Arc<str>,
    /// Its place in the order of acceptance. A client may use an id again; a place is never used again.
    pub(super) seq: u64,
}

/// What a key stands for when it is claimed.
#[derive(Debug)]
pub(super) enum Claimed {
    /// Nothing so far: the caller accepts its command.
    New(Slot),
    /// A command that is being accepted: claim again when this closes.
    Accepting(watch::Receiver<()>),
    /// A job.
    Job(KeyedJob),
}

/// A key whose command is being accepted. Dropping it without a job frees the key: a command that was refused, or whose
/// acceptance panicked, has not used it.
#[derive(Debug)]
pub(super) struct Slot {
    key: Arc<str>,
    keys: Keys,
    noted: bool,
    _decided: watch::Sender<()>,
}

impl Keys {
    pub(super) fn new(keys_max: usize) -> Self {
        Self { known: Arc::default(), keys_max }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what a key stands for. A key that stands for nothing is claimed by that.
    ///
    /// # Errors
    /// `conflict` if it was used with another request, `rate_limited` if `keys_max` keys are kept.
    pub(super) fn claim(&self, key: &str, request: &[u8; 32]) -> Result<Claimed, Box<Failure>> {
        self.claim_at(Instant::now(), key, request)
    }

    fn claim_at(&self, now: Instant, key: &str, request: &[u8; 32]) -> Result<Claimed, Box<Failure>> {
        let mut known = self.known();
        known.expire(now);
        if let Some(entry) = known.entries.get(key) {
            return entry.claimed(key, request);
        }
        if known.entries.len() >= self.keys_max {
            let oldest = known.expiry.first().map_or(now, |(until, _)| *until);
            return Err(full(self.keys_max, oldest.saturating_duration_since(now)));
        }
        let (decided, deciding) = watch::channel(());
        let key: Arc<str> = key.into();
        let until = now + UPLOAD_KEPT;
        let entry = Entry { request: *request, state: State::Accepting(deciding), until };
        known.entries.insert(key.clone(), entry);
        known.expiry.insert((until, key.clone()));
        Ok(Claimed::New(Slot { key, keys: self.clone(), noted: false, _decided: decided }))
    }

    /// Calls `act` if the key still stands for this job; `None` if not. Under the lock: between the check and `act` the
    /// last client of the job could else leave and free the key.
    pub(super) fn while_it_is<T>(&self, key: &str, job: &KeyedJob, act: impl FnOnce() -> T) -> Option<T> {
        let known = self.known();
        known.is(key, job).then(act)
    }

    /// Frees the key of a job if `abandoned` returns true, and returns that. Under the lock, for the reason of
    /// [`Self::while_it_is`].
    pub(super) fn free_if(&self, key: &str, job: &KeyedJob, abandoned: impl FnOnce() -> bool) -> bool {
        let mut known = self.known();
        let is_over = abandoned();
        if is_over && known.is(key, job) {
            known.remove(key);
        }
        is_over
    }
}

impl Known {
    fn is(&self, key: &str, job: &KeyedJob) -> bool {
        matches!(self.entries.get(key).map(|entry| &entry.state), Some(State::Job(known)) if known == job)
    }

    fn remove(&mut self, key: &str) {
        if let Some((key, entry)) = self.entries.remove_entry(key) {
            self.expiry.remove(&(entry.until, key));
        }
    }

    fn expire(&mut self, now: Instant) {
        while let Some((until, key)) = self.expiry.pop_first() {
            if until > now {
                self.expiry.insert((until, key));
                return;
            }
            // An entry with another time belongs to a later claim of the same key.
            if let hash_map::Entry::Occupied(entry) = self.entries.entry(key)
                && entry.get().until == until
            {
                entry.remove();
            }
        }
    }
}

impl Entry {
    fn claimed(&self, key: &str, request: &[u8; 32]) -> Result<Claimed, Box<Failure>> {
        match &self.state {
            _ if self.request != *request => {
                let message = format!("Idempotency-Key {key} was used with another request");
                let failure = Failure::new(ErrorCode::Conflict, message)
                    .hint("use another key for another request, or send the same bytes again");
                Err(Box::new(match &self.state {
                    State::Job(job) => failure.detail("request_id", &*job.request_id),
                    State::Accepting(_) => failure,
                }))
            }
            State::Accepting(deciding) => Ok(Claimed::Accepting(deciding.clone())),
            State::Job(job) => Ok(Claimed::Job(job.clone())),
        }
    }
}

impl Slot {
    pub(super) fn key(&self) -> &Arc<str> {
        &self.key
    }

    /// The command became a job.
    pub(super) fn note(mut self, job: KeyedJob) {
        if let Some(entry) = self.keys.known().entries.get_mut(&self.key) {
            entry.state = State::Job(job);
        }
        self.noted = true;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if !self.noted {
            self.keys.known().remove(&self.key);
        }
    }
}

fn full(keys_max: usize, wait: Duration) -> Box<Failure> {
    let message = format!("{keys_max} Idempotency-Keys are kept already, as many as may be");
    let failure = Failure::new(ErrorCode::RateLimited, message)
        .hint("send it without a key, or have the operator raise keys_max")
        .detail("keys_max", keys_max);
    Box::new(Failure { retry_after_seconds: Some(wait.as_secs_f64().max(1.0)), ..failure })
}

/// The failure of a key whose job has ended and whose record is gone.
pub(super) fn forgotten(key: &str, job: &KeyedJob) -> Failure {
    let id = &*job.request_id;
    let message =
        format!("Idempotency-Key {key} was used for job {id}, which has ended and whose record is gone");
    Failure::new(ErrorCode::JobNotFound, message)
        .hint("the job was done once; use another key to do it again, or have the operator raise records_max or records_bytes_max")
        .detail("request_id", id)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Claimed, KeyedJob, Keys};

    const ONE: [u8; 32] = [1; 32];
    const TWO: [u8; 32] = [2; 32];

    fn job(seq: u64) -> KeyedJob {
        KeyedJob { request_id: format!("job-{seq}").into(), seq }
    }

    fn new(claimed: Claimed) -> super::Slot {
        match claimed {
            Claimed::New(slot) => slot,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_key_is_one_request_and_one_job_for_a_day() {
        let (keys, now) = (Keys::new(10), Instant::now());
        new(keys.claim_at(now, "k", &ONE).unwrap()).note(job(7));
        let later = now + Duration::from_secs(86_399);
        assert!(matches!(keys.claim_at(later, "k", &ONE), Ok(Claimed::Job(known)) if known == job(7)));
        assert_eq!(keys.claim_at(later, "k", &TWO).unwrap_err().code.as_str(), "conflict");
        new(keys.claim_at(now + Duration::from_secs(86_400), "k", &TWO).unwrap()).note(job(8));
        assert_eq!(keys.known().expiry.len(), 1);
    }

    #[tokio::test]
    async fn a_second_client_waits_for_the_first_and_a_refusal_frees_the_key() {
        let keys = Keys::new(10);
        let slot = new(keys.claim("k", &ONE).unwrap());
        let Ok(Claimed::Accepting(mut deciding)) = keys.claim("k", &ONE) else {
            panic!("it is being accepted")
        };
        assert_eq!(keys.claim("k", &TWO).unwrap_err().code.as_str(), "conflict");
        drop(slot);
        deciding.changed().await.unwrap_err();
        new(keys.claim("k", &TWO).unwrap()).note(job(1));
    }

    #[test]
    fn no_more_keys_are_kept_than_may_be_and_the_refusal_says_when_there_is_room() {
        let (keys, now) = (Keys::new(2), Instant::now());
        new(keys.claim_at(now, "a", &ONE).unwrap()).note(job(1));
        let later = now + Duration::from_secs(400);
        new(keys.claim_at(later, "b", &ONE).unwrap()).note(job(2));
        let failure = keys.claim_at(later, "c", &ONE).unwrap_err();
        assert_eq!(failure.code.as_str(), "rate_limited");
        assert_eq!(failure.retry_after_seconds, Some(86_000.0));
        let day = now + Duration::from_secs(86_400);
        new(keys.claim_at(day, "c", &ONE).unwrap()).note(job(3));
        assert!(matches!(keys.claim_at(day, "b", &ONE), Ok(Claimed::Job(_))));
    }

    #[test]
    fn a_job_that_was_given_up_frees_its_own_key_alone() {
        let keys = Keys::new(10);
        new(keys.claim("k", &ONE).unwrap()).note(job(1));
        assert!(!keys.free_if("k", &job(1), || false));
        assert!(keys.free_if("k", &job(2), || true));
        assert!(keys.while_it_is("k", &job(1), || ()).is_some());
        assert!(keys.free_if("k", &job(1), || true));
        assert!(keys.while_it_is("k", &job(1), || ()).is_none());
        new(keys.claim("k", &TWO).unwrap()).note(job(3));
    }
}
