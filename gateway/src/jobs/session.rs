//! Sessions: a client's inference in progress. A session stands for the newest job that named it.

use std::collections::{HashMap, VecDeque};

use contracts::limits::SESSION_KEPT;
use tokio::time::Instant;

/// The record of each session, by its place in the order of acceptance.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    newest: HashMap<String, u64>,
    /// The jobs of sessions by their end, oldest first.
    ended: VecDeque<(Instant, String, u64)>,
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

    /// Notes that the job of a session has ended. Forgets the sessions whose time is over, and those that ended first
    /// where more than `ended_max` have.
    pub(crate) fn end(&mut self, session_id: &str, record: u64, now: Instant, ended_max: usize) {
        self.ended.push_back((now, session_id.to_owned(), record));
        self.expire(now);
        while self.ended.len() > ended_max.max(1) {
            self.lose_oldest();
        }
    }

    /// Forgets the sessions that ended too long ago to be read.
    pub(crate) fn expire(&mut self, now: Instant) {
        while self.ended.front().is_some_and(|(ended, ..)| now.duration_since(*ended) >= SESSION_KEPT) {
            self.lose_oldest();
        }
    }

    fn lose_oldest(&mut self) {
        if let Some((_, session_id, record)) = self.ended.pop_front() {
            self.lose(&session_id, record);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Instant, SESSION_KEPT, Sessions};

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

    #[test]
    fn an_ended_session_goes_by_its_age_and_by_the_number_of_newer_ones() {
        let (mut sessions, now) = (Sessions::default(), Instant::now());
        for (name, record) in [("a", 1), ("b", 2), ("c", 3), ("d", 4)] {
            sessions.open(name, record);
        }
        sessions.end("a", 1, now, 2);
        sessions.open("a", 5);
        sessions.end("b", 2, now, 2);
        sessions.end("c", 3, now, 2);
        assert_eq!((sessions.record("a"), sessions.record("b")), (Some(5), Some(2)), "a runs again");
        sessions.end("d", 4, now + SESSION_KEPT, 2);
        let left: Vec<_> = ["a", "b", "c", "d"].map(|name| sessions.record(name)).into();
        assert_eq!(left, [Some(5), None, None, Some(4)], "nobody asked for them");
        sessions.expire(now + 2 * SESSION_KEPT);
        assert_eq!((sessions.record("a"), sessions.ended.len()), (Some(5), 0), "what runs is kept");
    }
}
