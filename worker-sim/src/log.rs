//! The log of the process: lines on stderr, and in a file if one is named. Never waits for a reader.

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::{
    fs::File,
    io::{self, Write as _},
    os::fd::AsFd,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::settings::{LogLevel, Settings};

/// A pipe that poll calls writable takes this much without blocking: PIPE_BUF of Linux.
pub(crate) const PIECE_BYTES: usize = 4096;

/// stderr, and a file where one is named.
pub(crate) struct Log {
    level: LogLevel,
    file: Option<File>,
}

impl Log {
    pub(crate) fn open(settings: &Settings) -> io::Result<Self> {
        let open = |path| File::options().append(true).create(true).open(path);
        Ok(Self { level: settings.log_level, file: settings.log_file.as_ref().map(open).transpose()? })
    }

    pub(crate) fn write(&mut self, level: LogLevel, text: &str) {
        if level < self.level {
            return;
        }
        let line = format!("worker-sim: {}: {text}", level.as_str());
        write_stderr(&line);
        if let Some(file) = &mut self.file
            && let Err(err) = writeln!(file, "{line}")
        {
            self.file = None;
            write_stderr(&format!("worker-sim: error: the log file cannot be written any more: {err}"));
        }
    }
}

/// Lines that found no room on stderr.
static LOST: AtomicU64 = AtomicU64::new(0);

/// Writes a line to stderr without waiting: a parent that does not read stderr must not stop the work. Lines that find
/// no room are counted, and the next line that does says how many; where nobody reads any more, nobody misses them.
pub(crate) fn write_stderr(line: &str) {
    let stderr = io::stderr();
    let mut ready = [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)];
    if poll(&mut ready, PollTimeout::ZERO) != Ok(1) {
        LOST.fetch_add(1, Ordering::Relaxed);
        return;
    }
    let mut text = match LOST.swap(0, Ordering::Relaxed) {
        0 => String::new(),
        lost => format!("worker-sim: warning: {lost} lines found no room on stderr\n"),
    };
    text.push_str(line);
    if text.len() >= PIECE_BYTES {
        text.truncate(text.floor_char_boundary(PIECE_BYTES - '…'.len_utf8() - 1));
        text.push('…');
    }
    text.push('\n');
    stderr.lock().write_all(text.as_bytes()).ok();
}
