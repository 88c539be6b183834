//! Pages of jobs, newest first.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use super::{JobView, Record, Status};

/// The jobs that a query asks for.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only with this status.
    pub status: Option<Status>,
    /// Only of this session.
    pub session_id: Option<String>,
    /// Only with all of these tags.
    pub tags: Vec<(String, String)>,
}

impl Filter {
    pub(super) fn admits(&self, job: &Record) -> bool {
        self.status.is_none_or(|status| job.status == status)
            && self.session_id.as_ref().is_none_or(|id| job.session_id.as_ref() == Some(id))
            && self.tags.iter().all(|(name, value)| job.tags.get(name) == Some(value))
    }
}

/// A page of jobs.
#[derive(Debug)]
pub struct Page {
    /// Newest first.
    pub jobs: Vec<JobView>,
    /// How many jobs the filter admits in all.
    pub total: usize,
    /// The beginning of the next page, if there is one.
    pub next: Option<Cursor>,
}

/// A place in the order of acceptance; the next page has the jobs accepted before it. An offset would shift when new
/// jobs arrive; a place does not, because they are newer than every page behind the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The run of the gateway that counted: each run counts from 0.
    run: u32,
    pub(super) before: u64,
}

impl Cursor {
    pub(super) fn new(run: u32, before: u64) -> Self {
        Self { run, before }
    }

    /// Reads the text of a cursor; `None` if it is not one that [`Self::to_text`] wrote in the same run.
    pub(super) fn read(text: &str, run: u32) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (of, before) = bytes.split_first_chunk::<4>()?;
        let cursor =
            Self { run: u32::from_be_bytes(*of), before: u64::from_be_bytes(before.try_into().ok()?) };
        (cursor.run == run).then_some(cursor)
    }

    /// The text that clients get and send back.
    #[must_use]
    pub fn to_text(self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode([&self.run.to_be_bytes()[..], &self.before.to_be_bytes()].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::Cursor;

    #[test]
    fn a_cursor_is_read_by_the_run_that_wrote_it() {
        for before in [0, 1, 77, u64::MAX] {
            let cursor = Cursor::new(7, before);
            assert_eq!(Cursor::read(&cursor.to_text(), 7), Some(cursor));
            assert_eq!(Cursor::read(&cursor.to_text(), 8), None);
        }
        for wrong in ["", "x", "MTox", "AAAABwAAAAAAAAAB=", "AAAABwAAAAAAAAABAA", "\u{e9}"] {
            assert_eq!(Cursor::read(wrong, 7), None, "{wrong}");
        }
    }
}
