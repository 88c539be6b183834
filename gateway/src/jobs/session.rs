//! Sessions: a client's inference in progress. Each is the newest job that named it.

use std::collections::HashMap;

use contracts::limits::SESSION_KEPT;
use tokio::time::Instant;

use super::record::Entry;

/// Which record a session stands for, by its place in the order of acceptance.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    newest: HashMap<String, u64>,
}

impl Sessions {
    pub(crate) fn open(&mut self, session_id: &str, record: u64) {
        self.newest.insert(session_id.to_owned(), record);
    }

    pub(crate) fn record(&self, session_id: &str) -> Option<u64> {
        self.newest.get(session_id).copied()
    }

    /// Places of the sessions' records.
    pub(crate) fn records(&self) -> impl Iterator<Item = u64> {
        self.newest.values().copied()
    }

    /// Forgets a session whose record is gone, unless it has a newer one: so there are no more sessions than records,
    /// whether or not anybody asks for them.
    pub(crate) fn lose(&mut self, session_id: &str, record: u64) {
        if self.newest.get(session_id) == Some(&record) {
            self.newest.remove(session_id);
        }
    }

    /// Forgets those whose time is over.
    pub(crate) fn forget(&mut self, is_readable: impl Fn(u64) -> bool) {
        self.newest.retain(|_, record| is_readable(*record));
    }
}

/// Whether a session of this record can still be read.
pub(super) fn is_readable(entry: &Entry, now: Instant) -> bool {
    entry.ended.is_none_or(|ended| now.duration_since(ended) < SESSION_KEPT)
}

#[cfg(test)]
mod tests {
    use super::Sessions;

    #[test]
    fn a_session_goes_with_its_record_unless_a_newer_one_stands_for_it() {
        let mut sessions = Sessions::default();
        sessions.open("a", 1);
        sessions.open("b", 2);
        sessions.open("a", 3);
        sessions.lose("a", 1);
        sessions.lose("b", 2);
        assert_eq!((sessions.record("a"), sessions.record("b")), (Some(3), None));
        sessions.lose("a", 3);
        assert_eq!(sessions.records().count(), 0, "nobody asked");
    }
}
