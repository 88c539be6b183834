//! A worker process on stdin and stdout. Every wait is bounded; whatever happens, the process and its children are gone at the end.

use contracts::framing::{Decoder, Line};
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use serde_json::Value;
use std::{
    collections::VecDeque,
    convert::Infallible,
    ffi::OsString,
    io::{self, PipeReader, PipeWriter, Read, Write as _},
    process::{Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use super::{FrameError, ReplyError, TargetError, ToolError};
use crate::{display::shorten, interrupt, json};

/// How to start a worker.
#[derive(Clone, Debug)]
pub struct Launcher {
    /// Program and arguments.
    pub command: Vec<OsString>,
    /// Variables added to the environment.
    pub env: Vec<(OsString, OsString)>,
    /// Whether a worker left a wait without an answer since this was last asked.
    pub silent: Arc<AtomicBool>,
}

/// Lines of stderr that are kept for messages.
const STDERR_LINES_KEPT: usize = 20;

/// A longer line of stderr is only counted.
const STDERR_LINE_BYTES_MAX: usize = 1 << 16;

/// How long a worker that answers no more has to end, and its last lines to be read.
const ENDS_WITHIN: Duration = Duration::from_secs(2);

/// Bytes of a read.
const CHUNK: usize = 1 << 16;

/// Reads of stdout that wait for a scenario: a worker that writes more than anybody wants has to wait, and takes no memory.
const CHUNKS_MAX: usize = 1024;

/// Bytes of other frames on the way to the one that a wait is for. Ten thousand events are a sixth of it.
const ASIDE_BYTES_MAX: usize = 16 << 20;

/// A running worker.
pub struct Worker {
    pid: Pid,
    stdin: Option<Sender<Vec<u8>>>,
    chunks: Receiver<Vec<u8>>,
    decoder: Decoder,
    lines: VecDeque<Line>,
    /// Bytes of all frames that were taken.
    taken: usize,
    exit: Receiver<ExitStatus>,
    exited: Option<ExitStatus>,
    stderr: Arc<Mutex<Vec<String>>>,
    /// Disconnected once stderr was read to its end.
    stderr_read: Receiver<Infallible>,
    /// The end of a full stderr that nobody reads; held open until the worker is gone.
    unread: Option<PipeReader>,
    silent: Arc<AtomicBool>,
}

impl Launcher {
    /// Starts one.
    ///
    /// # Errors
    /// Where the program cannot be started.
    pub fn start(&self) -> Result<Worker, TargetError> {
        self.start_with(Stdio::piped())
    }

    /// Starts one whose stderr is full, and nobody reads it.
    ///
    /// # Errors
    /// As [`Launcher::start`].
    pub fn start_unread(&self) -> Result<Worker, TargetError> {
        let (unread, full) = full_pipe().map_err(ToolError::FullPipe)?;
        let mut worker = self.start_with(full.into())?;
        worker.unread = Some(unread);
        Ok(worker)
    }

    fn start_with(&self, stderr: Stdio) -> Result<Worker, TargetError> {
        let program = self.command.first().ok_or(ToolError::NoCommand)?;
        let mut command = Command::new(program);
        command.args(&self.command[1..]).envs(self.env.iter().cloned());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr);
        let mut child = interrupt::spawn(&mut command)
            .map_err(|cause| ToolError::Start { program: program.into(), cause })?;
        let pid = Pid::from_raw(child.id().cast_signed());
        let (mut stdin, mut stdout) =
            (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        let (input, inputs) = channel::<Vec<u8>>();
        thread::spawn(move || {
            // A worker that is gone is seen by its exit; what was not written is of no use to it.
            inputs.into_iter().all(|bytes| stdin.write_all(&bytes).and_then(|()| stdin.flush()).is_ok())
        });
        let (chunk, chunks) = sync_channel(CHUNKS_MAX);
        thread::spawn(move || each_chunk(&mut stdout, |bytes| chunk.send(bytes.to_vec()).is_ok()));
        let kept = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&kept);
        let (reads_stderr, stderr_read) = channel();
        if let Some(stderr) = child.stderr.take() {
            thread::spawn(move || {
                keep_last(stderr, &keep);
                drop(reads_stderr);
            });
        }
        let (ended, exit) = channel();
        thread::spawn(move || {
            let status = child.wait();
            // Before anybody learns of the end: afterwards the number may be another process's.
            interrupt::has_ended(pid);
            status.map(|status| ended.send(status))
        });
        let silent = Arc::clone(&self.silent);
        Ok(Worker {
            pid,
            stdin: Some(input),
            chunks,
            decoder: Decoder::default(),
            lines: VecDeque::new(),
            taken: 0,
            exit,
            exited: None,
            stderr: kept,
            stderr_read,
            unread: None,
            silent,
        })
    }
}

/// How long a pipe takes no more until it counts as full.
const FULL_AFTER: Duration = Duration::from_millis(100);

/// A pipe without room for a byte.
fn full_pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = io::pipe()?;
    let mut filler = writer.try_clone()?;
    let (wrote, written) = channel();
    // It waits in its last write for good, and ends with the reader.
    thread::spawn(move || while filler.write_all(b"x").is_ok() && wrote.send(()).is_ok() {});
    while written.recv_timeout(FULL_AFTER).is_ok() {}
    Ok((reader, writer))
}

/// Reads until the end, or until `take` wants no more.
fn each_chunk(from: &mut impl Read, mut take: impl FnMut(&[u8]) -> bool) {
    let mut buffer = vec![0; CHUNK];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if !take(&buffer[..read]) {
            return;
        }
    }
}

/// Reads stderr to its end, whatever it is, and keeps its last lines.
fn keep_last(mut stderr: impl Read, kept: &Mutex<Vec<String>>) {
    let keep = |line: Line| {
        let text = match line {
            Line::Text(text) => String::from_utf8_lossy(&text).into_owned(),
            Line::TooLarge { bytes } => format!("(a line of more than {bytes} bytes)"),
        };
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == STDERR_LINES_KEPT {
            kept.remove(0);
        }
        kept.push(text);
    };
    let mut decoder = Decoder::new(STDERR_LINE_BYTES_MAX);
    each_chunk(&mut stderr, |bytes| {
        decoder.push(bytes).into_iter().for_each(keep);
        true
    });
    decoder.finish().into_iter().for_each(keep);
}

impl Worker {
    /// Writes bytes as they are.
    ///
    /// # Errors
    /// Where stdin was closed, by us or by a worker that ended.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), TargetError> {
        let sent = self.stdin.as_ref().is_some_and(|stdin| stdin.send(bytes.to_vec()).is_ok());
        if sent { Ok(()) } else { Err(self.ended()) }
    }

    /// Writes one frame.
    ///
    /// # Errors
    /// As [`Worker::write`].
    pub fn send(&mut self, frame: &Value) -> Result<(), TargetError> {
        self.write(format!("{frame}\n").as_bytes())
    }

    /// Ends stdin.
    pub fn end_input(&mut self) {
        self.stdin = None;
    }

    /// The next line, whatever it is; `None` at the end of stdout. Where no time is left nothing is taken, however much the
    /// worker has written: so every wait for something else ends, also on a worker that never stops talking.
    ///
    /// # Errors
    /// Silence.
    pub fn line(&mut self, within: Duration, what: &str) -> Result<Option<Line>, TargetError> {
        let until = Instant::now() + within;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(self.is_silent(within, what));
            }
            if let Some(line) = self.lines.pop_front() {
                return Ok(Some(line));
            }
            match self.chunks.recv_timeout(left) {
                Ok(bytes) => self.lines.extend(self.decoder.push(&bytes)),
                Err(RecvTimeoutError::Disconnected) => return Ok(self.decoder.finish()),
                Err(RecvTimeoutError::Timeout) => return Err(self.is_silent(within, what)),
            }
        }
    }

    fn is_silent(&self, within: Duration, what: &str) -> TargetError {
        self.silent.store(true, Ordering::Relaxed);
        TargetError::Silent { what: what.to_owned(), within }
    }

    /// The next frame that is `wanted`; the others on the way are dropped.
    ///
    /// # Errors
    /// As [`Worker::frame`]; `within` holds for the whole wait. [`TargetError::NoReply`] where too much comes first: who keeps
    /// the others must not keep without end.
    pub fn frame_that(
        &mut self,
        within: Duration,
        what: &str,
        wanted: &mut dyn FnMut(&Value) -> bool,
    ) -> Result<Value, TargetError> {
        let until = Instant::now() + within;
        let begun = self.taken;
        loop {
            if self.taken - begun > ASIDE_BYTES_MAX {
                let others = ReplyError::OtherFrames { what: what.to_owned(), bytes: ASIDE_BYTES_MAX };
                return Err(TargetError::NoReply(others));
            }
            let left = until.saturating_duration_since(Instant::now());
            let frame = self.frame(left, what).map_err(|err| match err {
                TargetError::Silent { what, .. } => TargetError::Silent { what, within },
                other => other,
            })?;
            if wanted(&frame) {
                return Ok(frame);
            }
        }
    }

    /// All lines until stdout ends, at most so many more than `wanted`: one is enough to tell that there are too many.
    ///
    /// # Errors
    /// As [`Worker::line`]; `within` holds for the whole wait.
    pub fn last_lines(&mut self, wanted: usize, within: Duration) -> Result<Vec<Line>, TargetError> {
        let until = Instant::now() + within;
        let mut lines = Vec::new();
        while lines.len() <= wanted {
            let left = until.saturating_duration_since(Instant::now());
            match self.line(left, "the end of stdout") {
                Ok(Some(line)) => lines.push(line),
                Ok(None) => break,
                Err(TargetError::Silent { what, .. }) => return Err(TargetError::Silent { what, within }),
                Err(err) => return Err(err),
            }
        }
        Ok(lines)
    }

    /// The next frame: a reply or an event.
    ///
    /// # Errors
    /// Silence, an end, or a line that is no frame.
    pub fn frame(&mut self, within: Duration, what: &str) -> Result<Value, TargetError> {
        match self.line(within, what)? {
            None => Err(self.ended()),
            Some(Line::TooLarge { bytes }) => Err(TargetError::NoFrame(FrameError::TooLong { bytes })),
            Some(Line::Text(text)) => {
                self.taken += text.len();
                let line = || shorten(&String::from_utf8_lossy(&text));
                match json::read(&text) {
                    Ok(value @ Value::Object(_)) => Ok(value),
                    Ok(_) => Err(TargetError::NoFrame(FrameError::NoObject { line: line() })),
                    Err(cause) => Err(TargetError::NoFrame(FrameError::NoJson { cause, line: line() })),
                }
            }
        }
    }

    /// The next reply; events on the way are given to `on_event`.
    ///
    /// # Errors
    /// As [`Worker::frame`]; `within` holds for the whole wait.
    pub fn reply(
        &mut self,
        within: Duration,
        what: &str,
        on_event: &mut dyn FnMut(Value),
    ) -> Result<Value, TargetError> {
        self.frame_that(within, what, &mut |frame| {
            let is_event = is_event(frame);
            if is_event {
                on_event(frame.clone());
            }
            !is_event
        })
    }

    /// Its exit status, once it ends.
    ///
    /// # Errors
    /// Where it does not.
    pub fn exit(&mut self, within: Duration) -> Result<ExitStatus, TargetError> {
        if let Some(status) = self.exited {
            return Ok(status);
        }
        let status = self
            .exit
            .recv_timeout(within)
            .map_err(|_| TargetError::Silent { what: "the end of the process".to_owned(), within })?;
        self.exited = Some(status);
        Ok(status)
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        if self.exited.is_none() {
            self.exited = self.exit.try_recv().ok();
        }
        self.exited.is_none()
    }

    fn ended(&mut self) -> TargetError {
        let status = self.exit(ENDS_WITHIN).ok();
        // The exit may be seen before the last lines are read. A child of its own may hold stderr open for ever: then what
        // was read by now has to do.
        let _: Result<Infallible, _> = self.stderr_read.recv_timeout(ENDS_WITHIN);
        let stderr = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        let last = stderr.iter().rev().take(3).rev().cloned().collect::<Vec<_>>().join(" | ");
        TargetError::Ended { status, stderr: shorten(&last) }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stdin = None;
        if self.exit(Duration::ZERO).is_err() {
            // The group is ours alone. An error means that it is gone already.
            let _: Result<_, _> = killpg(self.pid, Signal::SIGKILL);
            let _: Result<_, _> = self.exit(Duration::from_secs(5));
        }
        self.unread = None;
    }
}

/// Whether a frame is an event, in any dialect.
#[must_use]
pub fn is_event(frame: &Value) -> bool {
    frame.get("event").is_some() || frame.get("Event").is_some()
}
