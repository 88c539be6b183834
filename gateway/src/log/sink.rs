//! A bounded queue of lines and the thread that writes them.

use std::{
    cell::Cell,
    fs::{File, OpenOptions},
    io::{self, Write},
    os::{
        fd::AsFd,
        unix::fs::{FileTypeExt as _, OpenOptionsExt as _},
    },
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tracing_subscriber::fmt::MakeWriter;

use super::batch::{Batch, Out};

/// Bytes that may wait to be written; further lines are dropped and counted. Some 30 000 lines: a burst of a busy
/// gateway fits.
const BYTES_MAX: usize = 4 << 20;
/// Bytes of memory that a buffer keeps between batches: a usual batch fits without an allocation.
const BYTES_KEPT_MAX: usize = 64 << 10;
/// How long the writer rests between batches: a busy gateway then wakes it once for many lines. Shorter, a wake-up for
/// each third job took 4 % of a job's processor time; longer, a killed gateway would lose more of its last lines.
const REST: Duration = Duration::from_millis(20);

/// How long the writer rests where a pipe that another holder made non-blocking is full: a reader empties its 64 KiB in less.
const FULL_PIPE_REST: Duration = Duration::from_millis(2);

thread_local! {
    /// Whether this thread is the writer of a sink. Its own lines, which report the lost ones, are never dropped.
    static WRITES: Cell<bool> = const { Cell::new(false) };
}

/// A destination of lines; a cheap clone.
#[derive(Clone)]
pub(super) struct Sink {
    shared: Arc<Shared>,
}

struct Shared {
    /// A lock of the standard library, as the writer is a thread; held to move lines, and never while one is written.
    state: Mutex<State>,
    /// Wakes the writer.
    wake: Condvar,
    /// Wakes the callers of `flush`.
    empty: Condvar,
}

#[derive(Default)]
struct State {
    lines: Batch,
    /// Lines that were dropped because the queue was full.
    dropped: u64,
    /// Whether the writer waits for `wake`. Only then does a new line notify it, which saves a system call for each
    /// line.
    idle: bool,
    /// Whether the writer has taken lines and not written them yet.
    writing: bool,
    reopen: bool,
}

/// The destination of the writer.
struct Place {
    out: Out<File>,
    /// The path of a file, to open it again.
    path: Option<PathBuf>,
    /// Lines that could not be written.
    failed: u64,
    why: String,
}

impl Sink {
    /// The sink on stderr. Without a stderr its lines go nowhere.
    pub(super) fn stderr() -> Self {
        // A handle of its own: a write through the standard library's would hold its lock for as long as the pipe is
        // full.
        let out = io::stderr().as_fd().try_clone_to_owned().map(File::from);
        match out.or_else(|_| OpenOptions::new().write(true).open("/dev/null")) {
            Ok(out) => Self::start(out, None),
            Err(_) => Self { shared: Arc::new(Shared::new()) },
        }
    }

    pub(super) fn file(path: &Path) -> io::Result<Self> {
        Ok(Self::start(open(path)?, Some(path.to_owned())))
    }

    fn start(out: File, path: Option<PathBuf>) -> Self {
        let shared = Arc::new(Shared::new());
        let at_once = bytes_at_once(&out);
        let out = Out { to: out, torn: false, at_once, wait: || std::thread::sleep(FULL_PIPE_REST) };
        let place = Place { out, path, failed: 0, why: String::new() };
        let writer = shared.clone();
        // Without a thread lines are dropped and counted, and the gateway runs on.
        let thread = std::thread::Builder::new().name("log".to_owned()).spawn(move || writer.write(place));
        drop(thread);
        Self { shared }
    }

    /// Queues a line, with its LF. Never waits for a write: the lock is held only to append or to swap buffers.
    pub(super) fn line(&self, line: &[u8]) {
        let mut state = self.shared.lock();
        if state.lines.len() + line.len() > BYTES_MAX && !WRITES.get() {
            state.dropped += 1;
            return;
        }
        state.lines.push(line);
        if std::mem::take(&mut state.idle) {
            self.shared.wake.notify_one();
        }
    }

    pub(super) fn reopen(&self) {
        let mut state = self.shared.lock();
        state.reopen = true;
        state.idle = false;
        self.shared.wake.notify_one();
    }

    /// Waits until all lines are written, or `at_most` is over.
    pub(super) fn flush(&self, at_most: Duration) {
        let until = Instant::now() + at_most;
        let mut state = self.shared.lock();
        while !state.lines.is_empty() || state.writing {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.shared.empty.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Shared {
    fn new() -> Self {
        Self { state: Mutex::default(), wake: Condvar::new(), empty: Condvar::new() }
    }

    /// Ignores poison: no code under the lock can panic in the middle of a change.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The writer's thread.
    fn write(&self, mut place: Place) {
        WRITES.set(true);
        let mut lines = Batch::default();
        loop {
            let (dropped, reopen) = self.next(&mut lines);
            if reopen {
                place.reopen();
            }
            let is_written = place.write(&lines);
            let mut state = self.lock();
            state.writing = false;
            if is_written {
                // This thread's own lines are never dropped, so that the report is not lost.
                state.dropped -= dropped;
                drop(state);
                place.report_lost(dropped);
                state = self.lock();
            }
            if state.lines.is_empty() {
                self.empty.notify_all();
            }
            drop(state);
            std::thread::sleep(REST);
        }
    }

    /// Waits for lines, and moves all of them to `lines`. Returns how many were dropped so far, and whether to open the
    /// file again. The two buffers are swapped, so that no line needs an allocation.
    fn next(&self, lines: &mut Batch) -> (u64, bool) {
        lines.clear(BYTES_KEPT_MAX);
        let mut state = self.lock();
        while state.lines.is_empty() && !state.reopen {
            state.idle = true;
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.idle = false;
        state.writing = true;
        let reopen = std::mem::take(&mut state.reopen);
        std::mem::swap(&mut state.lines, lines);
        (state.dropped, reopen)
    }
}

impl Place {
    fn reopen(&mut self) {
        let Some(path) = &self.path else { return };
        match open(path) {
            Ok(out) => {
                self.out.at_once = bytes_at_once(&out);
                self.out.to = out;
                self.out.torn = false;
                tracing::info!(path = %path.display(), "the log file was opened again");
            }
            Err(err) => {
                tracing::error!(path = %path.display(), %err, "the log file cannot be opened again; the old one is used on");
            }
        }
    }

    /// Writes as many lines as it can. Returns whether the last one was written.
    fn write(&mut self, lines: &Batch) -> bool {
        let written = lines.write(&mut self.out);
        if written.failed > 0 {
            self.failed += written.failed;
            self.why = written.why;
        }
        written.last
    }

    /// Reports the lost lines, now that a write has succeeded.
    fn report_lost(&mut self, dropped: u64) {
        if dropped > 0 {
            tracing::warn!(target: "log", lines = dropped, "lines of the log were dropped: they came faster than they could be written");
        }
        let failed = std::mem::take(&mut self.failed);
        if failed > 0 {
            let why = std::mem::take(&mut self.why);
            tracing::warn!(target: "log", lines = failed, why, "lines of the log could not be written");
        }
    }
}

/// Returns how many bytes the system writes in one piece beside other writers: PIPE_BUF for a pipe. An appended file
/// has no such limit; a destination of unknown kind counts as a pipe.
fn bytes_at_once(out: &File) -> usize {
    match out.metadata() {
        Ok(meta) if !meta.file_type().is_fifo() => usize::MAX,
        _ => nix::libc::PIPE_BUF,
    }
}

fn open(path: &Path) -> io::Result<File> {
    // Opening a FIFO without a reader would block the start of the gateway, signals included. The flag does nothing for
    // a file.
    let nonblocking = nix::fcntl::OFlag::O_NONBLOCK.bits();
    let opened = OpenOptions::new().create(true).append(true).custom_flags(nonblocking).open(path);
    opened.map_err(|err| match err.raw_os_error() {
        Some(nix::libc::ENXIO) => io::Error::other("it is a FIFO that nobody reads: start its reader first"),
        _ => err,
    })
}

/// One event of `tracing`, which writes each event as one buffer.
pub(super) struct Line<'s>(&'s Sink);

impl Write for Line<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0.line(buffer);
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for &'static Sink {
    type Writer = Line<'w>;

    fn make_writer(&'w self) -> Self::Writer {
        Line(self)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{PipeReader, Read},
        os::fd::OwnedFd,
        time::Duration,
    };

    use super::{BYTES_MAX, File, OpenOptions, Sink, bytes_at_once};

    const PATIENCE: Duration = Duration::from_secs(20);

    fn pipe() -> (PipeReader, Sink) {
        let (reader, writer) = std::io::pipe().unwrap();
        (reader, Sink::start(File::from(OwnedFd::from(writer)), None))
    }

    #[test]
    fn a_pipe_that_nobody_reads_holds_up_nobody_and_what_was_dropped_is_counted() {
        let (mut reader, sink) = pipe();
        let line = [&[b'x'; 999][..], b"\n"].concat();
        let lines = 2 * BYTES_MAX / line.len();
        for _ in 0..lines {
            sink.line(&line);
        }
        let dropped = sink.shared.lock().dropped;
        assert!(dropped > 0);
        sink.flush(Duration::from_millis(1));
        let read = std::thread::spawn(move || {
            let mut all = vec![0; (lines - usize::try_from(dropped).unwrap()) * 1000];
            reader.read_exact(&mut all).unwrap();
        });
        sink.flush(PATIENCE);
        read.join().unwrap();
    }

    #[test]
    fn a_pipe_is_told_from_a_file() {
        let (_reader, writer) = std::io::pipe().unwrap();
        assert_eq!(bytes_at_once(&File::from(OwnedFd::from(writer))), 4096);
        assert_eq!(bytes_at_once(&tempfile::tempfile().unwrap()), usize::MAX);
    }

    #[test]
    fn a_reader_that_is_gone_and_a_full_disk_cost_lines_alone() {
        let (reader, sink) = pipe();
        drop(reader);
        let full = Sink::start(OpenOptions::new().write(true).open("/dev/full").unwrap(), None);
        for sink in [sink, full] {
            for _ in 0..3 {
                sink.line(b"lost\n");
                sink.flush(PATIENCE);
            }
            assert!(sink.shared.lock().lines.is_empty());
        }
    }

    #[test]
    fn a_file_that_was_moved_away_is_opened_again_by_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("gateway.log");
        let sink = Sink::file(&path).unwrap();
        sink.line(b"old\n");
        sink.flush(PATIENCE);
        let old = dir.path().join("gateway.log.1");
        std::fs::rename(&path, &old).unwrap();
        sink.reopen();
        sink.line(b"new\n");
        sink.flush(PATIENCE);
        assert_eq!(std::fs::read_to_string(&old).unwrap(), "old\n");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new\n");
    }
}
