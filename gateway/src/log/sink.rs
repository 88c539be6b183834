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

/// Bytes that wait to be written; lines beyond are dropped and counted.
const BYTES_MAX: usize = 4 << 20;
/// Bytes of memory that a buffer keeps between batches.
const BYTES_KEPT_MAX: usize = 64 << 10;
/// How long the writer rests between batches: a busy gateway then wakes it once for many lines.
const REST: Duration = Duration::from_millis(2);

thread_local! {
    /// Whether this thread writes a sink: what it says itself is never dropped.
    static WRITES: Cell<bool> = const { Cell::new(false) };
}

/// Where lines go; a cheap clone.
#[derive(Clone)]
pub(super) struct Sink {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// Wakes the writer.
    wake: Condvar,
    /// Wakes those who wait for an empty queue.
    empty: Condvar,
}

#[derive(Default)]
struct State {
    lines: Batch,
    /// Lines that found no room.
    dropped: u64,
    /// The writer waits for `wake`.
    idle: bool,
    /// The writer has lines that are not in the queue any more.
    writing: bool,
    reopen: bool,
}

/// What the writer writes to.
struct Place {
    out: Out<File>,
    /// Of a file, to open it again.
    path: Option<PathBuf>,
    /// Lines that could not be written, and why not.
    failed: u64,
    why: String,
}

impl Sink {
    /// stderr; nowhere, where there is none.
    pub(super) fn stderr() -> Self {
        // A handle of its own: the lock of the standard library's would be held for as long as the pipe is full.
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
        let out = Out { to: out, torn: false, at_once, wait: || std::thread::sleep(REST) };
        let place = Place { out, path, failed: 0, why: String::new() };
        let writer = shared.clone();
        // Without a thread nothing is written: lines are then dropped and counted, and the service goes on.
        let thread = std::thread::Builder::new().name("log".to_owned()).spawn(move || writer.write(place));
        drop(thread);
        Self { shared }
    }

    /// Queues a line, with its LF. Never waits for the writer.
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

    /// Waits until all is written, at most so long.
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

    /// No code that holds the lock can panic halfway through a change.
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
            let told = place.write(&lines);
            let mut state = self.lock();
            state.writing = false;
            if told {
                // Said by this thread, so it has room in the queue.
                state.dropped -= dropped;
                drop(state);
                place.confess(dropped);
                state = self.lock();
            }
            if state.lines.is_empty() {
                self.empty.notify_all();
            }
            drop(state);
            std::thread::sleep(REST);
        }
    }

    /// Waits for lines and moves all that wait to `lines`; how many were dropped so far, and whether to open the file
    /// again. The two buffers change places, so that nobody allocates for a line.
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

    /// Writes what it can; whether the last line was written.
    fn write(&mut self, lines: &Batch) -> bool {
        let written = lines.write(&mut self.out);
        if written.failed > 0 {
            self.failed += written.failed;
            self.why = written.why;
        }
        written.last
    }

    /// Says what was lost, now that it can be said.
    fn confess(&mut self, dropped: u64) {
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

/// What the system keeps in one piece beside other writers: PIPE_BUF bytes of a pipe. A file that is appended to has no
/// such limit, and where its kind is not known it is taken for a pipe.
fn bytes_at_once(out: &File) -> usize {
    match out.metadata() {
        Ok(meta) if !meta.file_type().is_fifo() => usize::MAX,
        _ => nix::libc::PIPE_BUF,
    }
}

fn open(path: &Path) -> io::Result<File> {
    // A FIFO that nobody reads blocks whoever opens it otherwise: no signal would be heard. A file is not concerned.
    let nonblocking = nix::fcntl::OFlag::O_NONBLOCK.bits();
    let opened = OpenOptions::new().create(true).append(true).custom_flags(nonblocking).open(path);
    opened.map_err(|err| match err.raw_os_error() {
        Some(nix::libc::ENXIO) => io::Error::other("it is a FIFO that nobody reads: start its reader first"),
        _ => err,
    })
}

/// One event of `tracing`: it writes each as one buffer.
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
