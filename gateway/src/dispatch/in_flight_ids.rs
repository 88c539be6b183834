//! Which request ids are in flight: one that is may not be used again before its end.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

/// All ids in flight. A lock, not a task: it is held for one look-up, never over an await.
#[derive(Clone, Debug, Default)]
pub(crate) struct InFlightIds(Arc<Mutex<HashSet<Arc<str>>>>);

/// An id in flight, until the last who holds the claim lets go: the reply's maker, and every lane that has a command of
/// this id. A client that goes away frees nothing that a worker still works on.
#[derive(Debug)]
pub(crate) struct InFlightId {
    id: Arc<str>,
    in_flight_ids: InFlightIds,
}

impl InFlightIds {
    /// InFlightIds an id; `None` where it is in flight already.
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
