//! Pipes that a process under test must bear as its stderr.

use std::{
    io::{self, PipeReader, PipeWriter, Write as _},
    sync::mpsc::channel,
    thread,
    time::Duration,
};

/// A pipe that takes no byte for this long is full: a write into a pipe with room takes microseconds.
const FULL_AFTER: Duration = Duration::from_millis(100);

/// A pipe without room for a byte.
pub(super) fn full_pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = io::pipe()?;
    let mut filler = writer.try_clone()?;
    let (wrote, written) = channel();
    // The thread waits in its last write, and ends when the reader is dropped.
    thread::spawn(move || while filler.write_all(b"x").is_ok() && wrote.send(()).is_ok() {});
    while written.recv_timeout(FULL_AFTER).is_ok() {}
    Ok((reader, writer))
}

/// A pipe whose reader is gone: a write fails, and its writer gets SIGPIPE.
pub(super) fn closed_pipe() -> io::Result<PipeWriter> {
    io::pipe().map(|(_, writer)| writer)
}
