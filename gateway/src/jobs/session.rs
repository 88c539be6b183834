//! Sessions: a client's inference in progress. A session stands for the newest job that named it.

use std::collections::HashMap;

use contracts::limits::SESSION_KEPT;
use tokio::time::Instant;

use super::record::Entry;

/// The record of each session, by its place in the order of acceptance.
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

    /// The places of all these records.
    pub(crate) fn records(&self) -> impl Iterator<Item = u64> {
        self.newest.values().copied()
    }

    /// Forgets a session whose record is gone, unless it stands for a newer one. This bounds the sessions by the
    /// records, even if no client ever queries them.
    pub(crate) fn lose(&mut self, session_id: &str, record: u64) {
        if self.newest.get(session_id) == Some(&record) {
            self.newest.remove(session_id);
        }
    }

    /// Forgets the sessions whose record is not readable any more.
    pub(crate) fn forget(&mut self, is_readable: impl Fn(u64) -> bool) {
        self.newest.retain(|_, record| is_readable(*record));
    }
}

/// Whether clients may still read the session of this record.
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
