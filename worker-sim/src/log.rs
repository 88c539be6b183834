//! The log of the process: lines on stderr, and in a file if one is named. Never waits for a reader.

use nix::{
    errno::Errno,
    fcntl::OFlag,
    poll::{PollFd, PollFlags, PollTimeout, poll},
};
use std::{
    fs::File,
    io::{self, Write as _},
    os::{fd::AsFd, unix::fs::OpenOptionsExt},
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::settings::{LogLevel, Settings};

/// A pipe that poll calls writable takes this much without blocking: PIPE_BUF of Linux.
pub(crate) const PIECE_BYTES: usize = 4096;

/// stderr, and a file where one is named.
pub(crate) struct Log {
    level: LogLevel,
    file: Option<File>,
    /// Lines that found no room in the file, which may be a pipe.
    lost: u64,
}

impl Log {
    pub(crate) fn open(settings: &Settings) -> io::Result<Self> {
        let file = settings.log_file.as_deref().map(open).transpose()?;
        Ok(Self { level: settings.log_level, file, lost: 0 })
    }

    pub(crate) fn write(&mut self, level: LogLevel, text: &str) {
        if level < self.level {
            return;
        }
        let line = format!("worker-sim: {}: {text}", level.as_str());
        write_stderr(&line);
        let Some(file) = &mut self.file else { return };
        let mut text = lost_lines(self.lost, "in the log file");
        text.push_str(&line);
        text.push('\n');
        match file.write_all(text.as_bytes()) {
            Ok(()) => self.lost = 0,
            // A pipe whose reader is slow; a line that it took in part stays so.
            Err(err) if err.kind() == io::ErrorKind::WouldBlock => self.lost += 1,
            Err(err) => {
                self.file = None;
                write_stderr(&format!("worker-sim: error: the log file cannot be written any more: {err}"));
            }
        }
    }
}

/// Opens a log file to append to; never waits for the reader of a pipe.
fn open(path: &Path) -> io::Result<File> {
    let opened = File::options().append(true).create(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path);
    opened.map_err(|err| {
        let why = match err.raw_os_error().map(Errno::from_raw) {
            Some(Errno::ENXIO) => "it is a FIFO that nobody reads: start its reader first".to_owned(),
            _ => err.to_string(),
        };
        io::Error::new(err.kind(), format!("--log-file {}: {why}", path.display()))
    })
}

/// Says how many lines were lost, if any were.
fn lost_lines(lost: u64, place: &str) -> String {
    match lost {
        0 => String::new(),
        lost => format!("worker-sim: warning: {lost} lines found no room {place}\n"),
    }
}

/// Lines that found no room on stderr. `Relaxed`: a count alone, which the next line that is written reports.
static LOST: AtomicU64 = AtomicU64::new(0);

/// Writes a line to stderr without waiting: a parent that does not read stderr must not stop the work. Lines that find
/// no room are counted, and the next line that does says how many. If the reader is gone, the count is never printed.
pub(crate) fn write_stderr(line: &str) {
    let stderr = io::stderr();
    let mut ready = [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)];
    if poll(&mut ready, PollTimeout::ZERO) != Ok(1) {
        LOST.fetch_add(1, Ordering::Relaxed);
        return;
    }
    let lost = LOST.swap(0, Ordering::Relaxed);
    let mut text = lost_lines(lost, "on stderr");
    text.push_str(line);
    if text.len() >= PIECE_BYTES {
        text.truncate(text.floor_char_boundary(PIECE_BYTES - '…'.len_utf8() - 1));
        text.push('…');
    }
    text.push('\n');
    if stderr.lock().write_all(text.as_bytes()).is_err() {
        LOST.fetch_add(lost + 1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{Log, PIECE_BYTES};
    use crate::settings::LogLevel;
    use nix::fcntl::{FcntlArg, OFlag, fcntl};
    use std::{
        fs::File,
        io::{self, Read as _, Write as _},
        os::fd::OwnedFd,
    };

    #[test]
    fn every_line_that_is_lost_is_counted() {
        let (mut reader, writer) = io::pipe().expect("a pipe");
        fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).expect("it does not block");
        let mut file = File::from(OwnedFd::from(writer));
        let mut filled = 0;
        while let Ok(length) = file.write(&[b'.'; PIECE_BYTES]) {
            filled += length;
        }
        let mut log = Log { level: LogLevel::Info, file: Some(file), lost: 0 };
        for text in ["one", "two", "three"] {
            log.write(LogLevel::Info, text);
        }
        reader.read_exact(&mut vec![0; filled]).expect("what fills the pipe");
        log.write(LogLevel::Info, "four");
        log.write(LogLevel::Info, "five");
        drop(log);
        let mut said = String::new();
        reader.read_to_string(&mut said).expect("text");
        assert_eq!(
            said,
            "worker-sim: warning: 3 lines found no room in the log file\nworker-sim: info: four\nworker-sim: info: five\n"
        );
    }
}
