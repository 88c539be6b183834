//! The request ids in flight. An id must not be used again before its command has ended, or replies could not be
//! matched.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

/// All ids in flight. A lock and not a task, because it is held for one look-up and never across an await.
#[derive(Clone, Debug, Default)]
pub(crate) struct InFlightIds(Arc<Mutex<HashSet<Arc<str>>>>);

/// A claim of an id, which is in flight until the last clone of the claim is dropped. The maker of the reply holds one,
/// and each lane that has a command with this id: a client that leaves must not free an id that a worker still answers.
#[derive(Debug)]
pub(crate) struct InFlightId {
    id: Arc<str>,
    in_flight_ids: InFlightIds,
}

impl InFlightIds {
    /// Claims an id; `None` if it is in flight.
    pub(crate) fn claim(&self, id: &Arc<str>) -> Option<Arc<InFlightId>> {
        let fresh = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone());
        fresh.then(|| Arc::new(InFlightId { id: id.clone(), in_flight_ids: self.clone() }))
    }
}

impl Drop for InFlightId {
    fn drop(&mut self) {
        self.in_flight_ids.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}
