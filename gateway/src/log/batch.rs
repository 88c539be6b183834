//! Lines in one buffer, so that many of them cost one write.
//!
//! A pipe may have other writers (a worker's stderr, another gateway's log). The system writes up to PIPE_BUF bytes in
//! one piece, so that a pipe gets whole lines of at most that many bytes at a time. Another writer may cut a single
//! longer line; nothing prevents that.

use std::io;

/// Lines with their LFs, one after the other.
#[derive(Debug, Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    /// The end of each line in `bytes`. A line may contain LFs of its own, so that LFs do not mark the ends.
    ends: Vec<usize>,
}

/// The result of writing a batch.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    /// Lines that could not be written.
    pub(super) failed: u64,
    /// The error of the last one.
    pub(super) why: String,
    /// Whether the last line of the batch is written.
    pub(super) last: bool,
}

impl Batch {
    pub(super) fn push(&mut self, line: &[u8]) {
        self.bytes.extend_from_slice(line);
        self.ends.push(self.bytes.len());
    }

    /// Its length in bytes.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Empties it. Keeps its memory for the next lines, unless a flood made it large.
    pub(super) fn clear(&mut self, bytes_kept_max: usize) {
        if self.bytes.capacity() > bytes_kept_max {
            *self = Self::default();
        }
        self.bytes.clear();
        self.ends.clear();
    }

    /// Writes all lines at once. After an error it continues behind the line that failed: a full disk may have room for
    /// a shorter one.
    pub(super) fn write(&self, out: &mut Out<impl io::Write>) -> Written {
        let mut written = Written::default();
        let (mut from, mut index) = (0, 0);
        while index < self.ends.len() {
            let next = self.piece(from, index, out.at_once);
            let (count, result) = out.write(&self.bytes[from..self.ends[next - 1]]);
            match result {
                Ok(()) => {
                    (from, index) = (self.ends[next - 1], next);
                    written.last = index == self.ends.len();
                }
                Err(err) => {
                    let at = from + count;
                    index = self.ends.partition_point(|&end| end <= at);
                    let begin = index.checked_sub(1).map_or(0, |before| self.ends[before]);
                    out.torn |= at > begin.max(from);
                    from = self.ends[index];
                    index += 1;
                    written.failed += 1;
                    written.why = err.to_string();
                }
            }
        }
        written
    }

    /// The index behind the last line that fits into `at_once` bytes from `from` on; at least one behind `index`.
    fn piece(&self, from: usize, index: usize, at_once: usize) -> usize {
        let until = from.saturating_add(at_once);
        self.ends.partition_point(|&end| end <= until).max(index + 1)
    }
}

/// The destination of the lines.
#[derive(Debug)]
pub(super) struct Out<W> {
    pub(super) to: W,
    /// Whether the last line was written in part, so that the next one must begin with an LF.
    pub(super) torn: bool,
    /// How many bytes the system writes in one piece.
    pub(super) at_once: usize,
    /// Called while a pipe has no room. That happens if another process that shares it has made it non-blocking.
    pub(super) wait: fn(),
}

impl<W: io::Write> Out<W> {
    /// Writes the bytes. Returns how many were written, and the error if not all.
    fn write(&mut self, bytes: &[u8]) -> (usize, io::Result<()>) {
        if self.torn {
            if let (_, Err(err)) = self.write_all(b"\n") {
                return (0, Err(err));
            }
            self.torn = false;
        }
        self.write_all(bytes)
    }

    fn write_all(&mut self, bytes: &[u8]) -> (usize, io::Result<()>) {
        let mut count = 0;
        while count < bytes.len() {
            match self.to.write(&bytes[count..]) {
                Ok(0) => return (count, Err(io::ErrorKind::WriteZero.into())),
                Ok(more) => count += more,
                Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => (self.wait)(),
                Err(err) => return (count, Err(err)),
            }
        }
        (count, Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};

    use proptest::prelude::*;

    use super::{Batch, Out, Written};

    /// A disk that takes a few bytes at a time, and refuses some calls.
    #[derive(Debug)]
    struct Disk {
        written: Vec<u8>,
        /// The result of each call, last first: the bytes that it takes, or an error.
        calls: Vec<Option<usize>>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self.calls.pop() {
                None => {
                    self.written.extend_from_slice(bytes);
                    Ok(bytes.len())
                }
                Some(Some(count)) => {
                    let count = count.clamp(1, bytes.len());
                    self.written.extend_from_slice(&bytes[..count]);
                    Ok(count)
                }
                Some(None) => Err(io::ErrorKind::StorageFull.into()),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn batch(lines: &[Vec<u8>]) -> Batch {
        let mut batch = Batch::default();
        lines.iter().for_each(|line| batch.push(line));
        batch
    }

    fn out(calls: Vec<Option<usize>>) -> Out<Disk> {
        Out {
            to: Disk { written: Vec::new(), calls },
            torn: false,
            at_once: usize::MAX,
            wait: || unreachable!("never asked to wait"),
        }
    }

    #[test]
    fn many_lines_are_one_write() {
        let mut out = out(vec![None, Some(usize::MAX)]);
        let written = batch(&[b"one\n".to_vec(), b"two\n".to_vec()]).write(&mut out);
        assert_eq!(written, Written { failed: 0, why: String::new(), last: true });
        assert_eq!((out.to.written, out.to.calls.len()), (b"one\ntwo\n".to_vec(), 1));
    }

    /// A pipe that keeps the bytes of each call.
    #[derive(Default)]
    struct Pipe(Vec<Vec<u8>>);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_pipe_gets_whole_lines_in_pieces_that_no_other_writer_can_cut() {
        let mut out =
            Out { to: Pipe::default(), torn: false, at_once: 8, wait: || unreachable!("it has room") };
        let lines = ["one\n", "two\n", "three\n", "longer than it\n", "4\n"];
        let written = batch(&lines.map(|line| line.as_bytes().to_vec())).write(&mut out);
        assert_eq!(written, Written { failed: 0, why: String::new(), last: true });
        let pieces: Vec<String> =
            out.to.0.into_iter().map(|piece| String::from_utf8(piece).unwrap()).collect();
        assert_eq!(pieces, ["one\ntwo\n", "three\n", "longer than it\n", "4\n"]);
    }

    proptest! {
        /// Whatever a disk does, each line is written whole once, or counted; nothing follows a torn line on the same
        /// line.
        #[test]
        fn each_line_is_written_whole_or_counted(
            lengths in proptest::collection::vec(0_usize..6, 0..8),
            calls in proptest::collection::vec(proptest::option::weighted(0.7, 1_usize..9), 0..20),
            at_once in prop_oneof![Just(usize::MAX), 1_usize..12],
        ) {
            // The number of the line, and a mark at its end that a torn line lacks.
            let line = |(n, length): (usize, &usize)| format!("{n}{}!\n", "x".repeat(*length)).into_bytes();
            let lines: Vec<Vec<u8>> = lengths.iter().enumerate().map(line).collect();
            let refused = |calls: &[Option<usize>]| calls.iter().filter(|call| call.is_none()).count() as u64;
            let (planned, mut out) = (refused(&calls), Out { at_once, ..out(calls) });
            let written = batch(&lines).write(&mut out);
            let text = String::from_utf8(out.to.written.clone()).unwrap();
            let whole = lines.iter().filter(|line| {
                let line = std::str::from_utf8(line).unwrap().trim_end();
                text.lines().filter(|found| *found == line).count() == 1
            });
            // A line that lacks only its LF is counted as failed, and reads like a whole one.
            prop_assert!(whole.count() as u64 + written.failed >= lines.len() as u64);
            prop_assert_eq!(written.failed, planned - refused(&out.to.calls));
            for found in text.lines() {
                let number: usize = found[..1].parse().unwrap();
                prop_assert!(lines[number].starts_with(found.as_bytes()), "{:?}", found);
            }
            prop_assert_eq!(written.last, lines.last().is_some_and(|line| text.as_bytes().ends_with(line)));
        }
    }
}
