//! A worker process on stdin and stdout. Every wait is bounded; whatever happens, the process and its children are gone at the end.

use contracts::framing::{Decoder, Line};
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use serde_json::Value;
use std::{
    ffi::OsString,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::process::CommandExt as _,
    process::{Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use super::TargetError;
use crate::{interrupt, json};

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

/// A line longer than this is cut in messages.
const SHOWN: usize = 240;

/// A running worker.
pub struct Worker {
    pid: Pid,
    stdin: Option<Sender<Vec<u8>>>,
    lines: Receiver<(Instant, Line)>,
    exit: Receiver<ExitStatus>,
    exited: Option<ExitStatus>,
    stderr: Arc<Mutex<Vec<String>>>,
    silent: Arc<AtomicBool>,
}

impl Launcher {
    /// Starts one.
    ///
    /// # Errors
    /// Where the program cannot be started.
    pub fn start(&self) -> Result<Worker, TargetError> {
        let program =
            self.command.first().ok_or_else(|| TargetError::Tool("no command was given".to_owned()))?;
        let mut command = Command::new(program);
        command.args(&self.command[1..]).envs(self.env.iter().cloned()).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .map_err(|err| TargetError::Tool(format!("cannot start {}: {err}", program.display())))?;
        let pid = Pid::from_raw(child.id().cast_signed());
        interrupt::kill_at_interrupt(pid);
        let (mut stdin, mut stdout, stderr) = (
            child.stdin.take().expect("piped"),
            child.stdout.take().expect("piped"),
            child.stderr.take().expect("piped"),
        );
        let (input, inputs) = channel::<Vec<u8>>();
        thread::spawn(move || {
            // A worker that is gone is seen by its exit; what was not written is of no use to it.
            inputs.into_iter().all(|bytes| stdin.write_all(&bytes).and_then(|()| stdin.flush()).is_ok())
        });
        let (line, lines) = channel();
        thread::spawn(move || {
            let mut decoder = Decoder::default();
            let mut buffer = vec![0; 1 << 16];
            while let Ok(read @ 1..) = stdout.read(&mut buffer) {
                for text in decoder.push(&buffer[..read]) {
                    if line.send((Instant::now(), text)).is_err() {
                        return;
                    }
                }
            }
            if let Some(last) = decoder.finish() {
                // The receiver may be gone already: then nobody wants the line.
                let _: Result<_, _> = line.send((Instant::now(), last));
            }
        });
        let kept = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&kept);
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut kept = keep.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() == STDERR_LINES_KEPT {
                    kept.remove(0);
                }
                kept.push(line);
            }
        });
        let (ended, exit) = channel();
        thread::spawn(move || {
            let status = child.wait();
            // Before anybody learns of the end: afterwards the number may be another process's.
            interrupt::has_ended(pid);
            status.map(|status| ended.send(status))
        });
        let silent = Arc::clone(&self.silent);
        Ok(Worker { pid, stdin: Some(input), lines, exit, exited: None, stderr: kept, silent })
    }
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

    /// The next line, whatever it is; `None` at the end of stdout.
    ///
    /// # Errors
    /// Silence.
    pub fn line(&mut self, within: Duration, what: &str) -> Result<Option<Line>, TargetError> {
        match self.lines.recv_timeout(within) {
            Ok((_, line)) => Ok(Some(line)),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => {
                self.silent.store(true, Ordering::Relaxed);
                Err(TargetError::Silent { what: what.to_owned(), within })
            }
        }
    }

    /// The next frame: a reply or an event.
    ///
    /// # Errors
    /// Silence, an end, or a line that is no frame.
    pub fn frame(&mut self, within: Duration, what: &str) -> Result<Value, TargetError> {
        match self.line(within, what)? {
            None => Err(self.ended()),
            Some(Line::TooLarge { bytes }) => {
                Err(TargetError::NoFrame(format!("over the limit ({bytes} bytes)")))
            }
            Some(Line::Text(text)) => {
                let shown = || shorten(&String::from_utf8_lossy(&text));
                match json::read(&text) {
                    Ok(value @ Value::Object(_)) => Ok(value),
                    Ok(_) => Err(TargetError::NoFrame(format!("no JSON object: {}", shown()))),
                    Err(why) => Err(TargetError::NoFrame(format!("{why}: {}", shown()))),
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
        let until = Instant::now() + within;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let frame = self.frame(left, what).map_err(|err| match err {
                TargetError::Silent { what, .. } => TargetError::Silent { what, within },
                other => other,
            })?;
            if !is_event(&frame) {
                return Ok(frame);
            }
            on_event(frame);
        }
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
        let status = match self.exit(Duration::from_secs(2)) {
            Ok(status) => status.to_string(),
            Err(_) => "stdout closed, still running".to_owned(),
        };
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
    }
}

/// Whether a frame is an event, in any dialect.
#[must_use]
pub fn is_event(frame: &Value) -> bool {
    frame.get("event").is_some() || frame.get("Event").is_some()
}

/// A text as a message shows it.
#[must_use]
pub fn shorten(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
