//! Idempotency keys: one key, one job.

use std::{collections::HashMap, sync::Arc};

use contracts::{ErrorCode, Failure, generated::limits::UPLOAD_KEPT};
use tokio::{
    sync::{Mutex, MutexGuard},
    time::Instant,
};

use crate::jobs::Accepted;

/// All keys. The lock is held while a command is accepted, so that two of one key cannot both be.
#[derive(Debug, Default)]
pub(super) struct Keys(Mutex<Known>);

#[derive(Debug, Default)]
pub(super) struct Known(HashMap<String, Entry>);

#[derive(Debug)]
struct Entry {
    request: [u8; 32],
    request_id: Arc<str>,
    accepted: Accepted,
    until: Instant,
}

impl Keys {
    pub(super) async fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().await
    }
}

impl Known {
    /// What a key was used for.
    ///
    /// # Errors
    /// `conflict` where that was another request.
    pub(super) fn known(
        &self,
        key: &str,
        request: &[u8; 32],
    ) -> Result<Option<(Arc<str>, Accepted)>, Box<Failure>> {
        match self.0.get(key).filter(|entry| entry.until > Instant::now()) {
            None => Ok(None),
            Some(entry) if entry.request == *request => {
                Ok(Some((entry.request_id.clone(), entry.accepted.clone())))
            }
            Some(entry) => {
                let message = format!("Idempotency-Key {key} was used with another request");
                let failure = Failure::new(ErrorCode::Conflict, message);
                Err(Box::new(failure.detail("request_id", &*entry.request_id)))
            }
        }
    }

    pub(super) fn note(&mut self, key: String, request: [u8; 32], request_id: Arc<str>, accepted: Accepted) {
        let now = Instant::now();
        self.0.retain(|_, entry| entry.until > now);
        let until = now + UPLOAD_KEPT;
        self.0.insert(key, Entry { request, request_id, accepted, until });
    }
}
