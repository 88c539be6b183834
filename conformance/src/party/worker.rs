//! A worker process on stdin and stdout. Every wait has a time limit.

use contracts::framing::{Decoder, Line};
use serde_json::Value;
use std::{
    collections::VecDeque,
    ffi::OsString,
    io::{PipeReader, Write as _},
    process::{Command, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    FrameError, ReplyError, TargetError, ToolError,
    pipe::full_pipe,
    process::{Process, each_chunk},
    tap::{Conversation, Tap},
    transcript::{Direction, Transcript},
};
use crate::{display::shorten, json};

/// How to start a worker.
#[derive(Clone, Debug)]
pub struct Launcher {
    /// Program and arguments.
    pub command: Vec<OsString>,
    /// Variables added to the environment.
    pub env: Vec<(OsString, OsString)>,
    /// Whether a worker left a command unanswered since the last probe. `Relaxed`: the flag stands for itself.
    pub silent: Arc<AtomicBool>,
    /// Edits or notes what each worker writes; none in a run that judges the worker itself.
    pub tap: Option<Arc<dyn Tap>>,
    /// The messages with it.
    pub transcript: Transcript,
}

/// Reads of stdout that wait for a scenario. A worker that writes more has to wait, and takes no memory of the tool.
const CHUNKS_MAX: usize = 1024;

/// Bytes of other frames before the awaited one. Ten thousand events take a sixth of it.
const ASIDE_BYTES_MAX: usize = 16 << 20;

/// A running worker. Its process is killed when it is dropped.
pub struct Worker {
    stdin: Option<Sender<Vec<u8>>>,
    /// The process that it is.
    pub process: Process,
    chunks: Receiver<Vec<u8>>,
    decoder: Decoder,
    lines: VecDeque<Line>,
    /// Bytes of all frames that were taken.
    taken: usize,
    /// The reading end of a full stderr. Dropped after `process`: a closed pipe would end the worker's waiting write.
    unread: Option<PipeReader>,
    silent: Arc<AtomicBool>,
    conversation: Option<Box<dyn Conversation>>,
    transcript: Transcript,
}

impl Launcher {
    /// Starts one.
    ///
    /// # Errors
    /// [`TargetError::Tool`] if the program cannot be started.
    pub fn start(&self) -> Result<Worker, TargetError> {
        self.start_with(Stdio::piped())
    }

    /// Starts one whose stderr is a full pipe that nobody reads.
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
        let (process, pipes) = Process::start(&mut command)?;
        let (mut stdin, mut stdout) = (pipes.stdin.expect("piped"), pipes.stdout.expect("piped"));
        // Pipes block without a time limit: each has a thread.
        let (input, inputs) = channel::<Vec<u8>>();
        thread::spawn(move || {
            // A write fails once the worker has ended, which its exit status shows.
            inputs.into_iter().all(|bytes| stdin.write_all(&bytes).and_then(|()| stdin.flush()).is_ok())
        });
        let (chunk, chunks) = sync_channel(CHUNKS_MAX);
        thread::spawn(move || each_chunk(&mut stdout, |bytes| chunk.send(bytes.to_vec()).is_ok()));
        Ok(Worker {
            stdin: Some(input),
            process,
            chunks,
            decoder: Decoder::default(),
            lines: VecDeque::new(),
            taken: 0,
            unread: None,
            silent: Arc::clone(&self.silent),
            conversation: self.tap.clone().map(Tap::conversation),
            transcript: self.transcript.clone(),
        })
    }
}

impl Worker {
    /// Writes bytes as they are.
    ///
    /// # Errors
    /// [`TargetError::Ended`] if stdin was closed, here or by the worker's end.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), TargetError> {
        self.transcript.note(Direction::Sent, bytes);
        let edited = self.conversation.as_mut().and_then(|conversation| conversation.sent(bytes));
        let bytes = edited.unwrap_or_else(|| bytes.to_vec());
        let sent = self.stdin.as_ref().is_some_and(|stdin| stdin.send(bytes).is_ok());
        if sent { Ok(()) } else { Err(self.process.ended()) }
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

    /// The next line; `None` at the end of stdout. When the time is over no line is taken, even if one is there: a caller
    /// that waits for another line would otherwise never end on a worker that writes without end.
    ///
    /// # Errors
    /// [`TargetError::Silent`] if no line comes in time.
    pub fn line(&mut self, within: Duration, what: &str) -> Result<Option<Line>, TargetError> {
        let line = self.line_as_written(within, what)?;
        let line = match (&mut self.conversation, line) {
            (Some(conversation), Some(line)) => Some(conversation.received(line)),
            (_, line) => line,
        };
        match &line {
            Some(Line::Text(text)) => self.transcript.note(Direction::Received, text),
            Some(Line::TooLarge { .. }) | None => {
                self.transcript.note(Direction::Received, crate::display::line(line.as_ref()).as_bytes());
            }
        }
        Ok(line)
    }

    fn line_as_written(&mut self, within: Duration, what: &str) -> Result<Option<Line>, TargetError> {
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

    /// The next frame for which `wanted` is true; frames before it are dropped.
    ///
    /// # Errors
    /// As [`Worker::frame`]; `within` holds for the whole wait. [`TargetError::NoReply`] after more than 16 MiB of other
    /// frames: a caller that keeps them must not fill the memory.
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

    /// All lines until stdout ends, at most one more than `wanted`: it is enough to see that there are too many.
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
    /// [`TargetError::Silent`], [`TargetError::Ended`], or [`TargetError::NoFrame`] for any other line.
    pub fn frame(&mut self, within: Duration, what: &str) -> Result<Value, TargetError> {
        match self.line(within, what)? {
            None => Err(self.process.ended()),
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

    /// The next reply; `on_event` gets the events before it.
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
    /// [`TargetError::Silent`] if it still runs after that time.
    pub fn exit(&mut self, within: Duration) -> Result<ExitStatus, TargetError> {
        self.process.exit(within)
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.process.is_running()
    }
}

/// Whether a frame is an event, in any dialect.
#[must_use]
pub fn is_event(frame: &Value) -> bool {
    frame.get("event").is_some() || frame.get("Event").is_some()
}
