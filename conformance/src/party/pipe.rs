//! Pipes that a process under test must bear as its stderr.

use std::{
    io::{self, PipeReader, PipeWriter, Write as _},
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::Duration,
};

/// A pipe that takes no byte for this long is full: a write into a pipe with room takes microseconds.
const FULL_AFTER: Duration = Duration::from_millis(100);

/// A pipe without room for a byte.
pub(super) fn full_pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = io::pipe()?;
    fill(writer.try_clone()?)?;
    Ok((reader, writer))
}

/// Fills a pipe, whoever else writes to it.
pub(super) fn fill(mut writer: PipeWriter) -> io::Result<()> {
    let (wrote, written) = channel();
    // The thread waits in its last write, and ends when the reader is dropped.
    thread::spawn(move || while writer.write_all(b"x").is_ok() && wrote.send(()).is_ok() {});
    loop {
        match written.recv_timeout(FULL_AFTER) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => return Ok(()),
            Err(RecvTimeoutError::Disconnected) => return Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}
