//! Lines of stdin that wait to be read as commands, in their order.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
};

use contracts::{framing::Line, read_frame};
use tokio::task::JoinHandle;

use crate::aside::{self, Read};

/// A line, after it was read.
pub(super) enum Input {
    /// A command, or the refusal of one.
    Read {
        /// The result.
        read: Box<Read>,
        /// Its length.
        bytes: usize,
    },
    /// Reading it panicked.
    Broken,
    /// It is longer than the limit.
    TooLarge {
        /// The bytes of it that were read.
        bytes: usize,
    },
}

/// Lines that wait until those before them are read as commands.
#[derive(Default)]
pub(super) struct Lines {
    waiting: VecDeque<Line>,
    /// A long line that is being read on a blocking thread, and its length.
    reading: Option<(JoinHandle<Read>, usize)>,
}

impl Lines {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.reading.is_none()
    }

    pub(super) fn push(&mut self, line: Line) {
        self.waiting.push_back(line);
    }

    /// Drops the lines that were not read yet.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
        self.reading = None;
    }

    /// Returns the next line; pending for ever if there is none.
    ///
    /// # Cancel safety
    /// A long line stays in `reading` until it is returned.
    pub(super) async fn next(&mut self) -> Input {
        if self.reading.is_none() {
            match self.waiting.pop_front() {
                Some(Line::TooLarge { bytes }) => return Input::TooLarge { bytes },
                Some(Line::Text(line)) if !aside::is_long(line.len()) => {
                    return match catch_unwind(AssertUnwindSafe(|| read_frame(&line))) {
                        Ok(read) => Input::Read { read: Box::new(read), bytes: line.len() },
                        Err(_) => Input::Broken,
                    };
                }
                Some(Line::Text(line)) => {
                    let bytes = line.len();
                    self.reading = Some((aside::begin(line, read_frame), bytes));
                }
                None => {}
            }
        }
        let Some((reading, bytes)) = &mut self.reading else { return std::future::pending().await };
        let (read, bytes) = (reading.await, *bytes);
        self.reading = None;
        read.map_or(Input::Broken, |read| Input::Read { read: Box::new(read), bytes })
    }
}

#[cfg(test)]
mod tests {
    use contracts::{Action, READ_AT_ONCE_BYTES_MAX, framing::Line};
    use futures::FutureExt;

    use super::{Input, Lines};

    #[tokio::test]
    async fn a_long_line_keeps_its_place_whoever_stops_waiting_for_it() {
        let mut long = br#"{"action":"list_jobs","payload":{}}"#.to_vec();
        long.resize(READ_AT_ONCE_BYTES_MAX + 1, b' ');
        let mut lines = Lines::default();
        lines.push(Line::Text(long));
        lines.push(Line::Text(br#"{"action":"get_status"}"#.to_vec()));
        lines.push(Line::TooLarge { bytes: 7 });
        // Polled once and dropped, as by a loop in which another arm comes first.
        assert!(lines.next().now_or_never().is_none());
        let mut read = Vec::new();
        while !lines.is_empty() {
            read.push(match lines.next().await {
                Input::Read { read, .. } => Some(read.unwrap().head.action),
                Input::Broken => panic!("nothing breaks here"),
                Input::TooLarge { .. } => None,
            });
        }
        assert_eq!(read, [Some(Action::ListJobs), Some(Action::GetStatus), None]);
    }
}
