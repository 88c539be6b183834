//! The worker's process and its pipes. The only place that spawns and kills.

use std::{collections::VecDeque, ffi::OsString, io, path::PathBuf, process::Stdio, time::Duration};

use contracts::framing::{Decoder, Line};
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    sync::{mpsc, watch},
    task::JoinSet,
    time::timeout,
};

use super::{Cause, GpuId};

/// Lines of stderr that are kept for the cause of a death.
const STDERR_TAIL_MAX: usize = 20;
/// Characters kept of one line of stderr.
const STDERR_LINE_MAX: usize = 500;
/// A longer line of stderr is only counted.
const STDERR_BYTES_MAX: usize = 256 << 10;
/// Frames that wait for the worker to read; it reads ahead, so more means that it hangs.
const FRAMES_MAX: usize = 256;
/// How long the last words of a dead worker are waited for: its children may hold the pipes open.
const LAST_WORDS: Duration = Duration::from_millis(250);

/// How a worker is started.
#[derive(Clone, Debug, Default)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Environment beside the gateway's own.
    pub envs: Vec<(OsString, OsString)>,
    /// Variables that the worker must not inherit.
    pub env_removes: Vec<OsString>,
}

/// What a worker lets the lane hear.
pub(crate) enum Output {
    Lines(Vec<Line>),
    Closed,
}

/// A running worker.
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) output: mpsc::Receiver<Output>,
    /// None once stdin is closed: the polite request to leave.
    frames: Option<mpsc::Sender<Vec<u8>>>,
    group: Option<Pid>,
    stderr_tail: watch::Receiver<VecDeque<String>>,
    /// Its readers and its writer; they end with it.
    pipes: JoinSet<()>,
}

impl Process {
    /// Starts the worker in a process group of its own.
    pub(crate) fn start(launch: &Launch, gpu: &GpuId, frame_bytes_max: usize) -> io::Result<Self> {
        let mut command = Command::new(&launch.program);
        command.args(&launch.args).envs(launch.envs.iter().map(|(name, value)| (name, value)));
        for name in &launch.env_removes {
            command.env_remove(name);
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let missing = || io::Error::other("the worker's pipes are missing");
        let stdin = child.stdin.take().ok_or_else(missing)?;
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let stderr = child.stderr.take().ok_or_else(missing)?;
        let group = child.id().and_then(|pid| i32::try_from(pid).ok()).map(Pid::from_raw);
        let (frames, frames_out) = mpsc::channel(FRAMES_MAX);
        let (lines, output) = mpsc::channel(64);
        let (tail, stderr_tail) = watch::channel(VecDeque::new());
        let mut pipes = JoinSet::new();
        pipes.spawn(read_lines(stdout, lines, frame_bytes_max));
        pipes.spawn(write_frames(stdin, frames_out));
        pipes.spawn(log_stderr(stderr, tail, gpu.clone()));
        Ok(Self { child, output, frames: Some(frames), group, stderr_tail, pipes })
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Hands a frame to the writer; `false` where the worker does not read, or its stdin is closed.
    pub(crate) fn send(&self, frame: Vec<u8>) -> bool {
        self.frames.as_ref().is_some_and(|frames| frames.try_send(frame).is_ok())
    }

    /// Closes stdin once all frames are written.
    pub(crate) fn close_stdin(&mut self) {
        self.frames = None;
    }

    /// Kills the group, reaps the child, hears its last words and says why it went.
    ///
    /// `expected` is what the lane knows of it already; without it the exit status says it.
    pub(crate) async fn bury(&mut self, expected: Option<String>, mut last: impl FnMut(Line)) -> Cause {
        self.frames = None;
        // A leader that has left by itself may leave children behind; the group outlives it.
        if let Some(group) = self.group
            && expected.is_some()
            && let Err(err) = killpg(group, Signal::SIGKILL)
            && err != nix::errno::Errno::ESRCH
        {
            tracing::warn!(%err, "the worker's process group could not be killed");
        }
        let status = match timeout(LAST_WORDS, self.child.wait()).await {
            Ok(status) => status,
            Err(_) => {
                // It closed its stdout and stayed.
                if let Err(err) = self.child.start_kill() {
                    tracing::warn!(%err, "the worker could not be killed");
                }
                self.child.wait().await
            }
        };
        if let Some(group) = self.group
            && let Err(err) = killpg(group, Signal::SIGKILL)
            && err != nix::errno::Errno::ESRCH
        {
            tracing::warn!(%err, "the worker's children could not be killed");
        }
        let drained = timeout(LAST_WORDS, async {
            while let Some(Output::Lines(lines)) = self.output.recv().await {
                lines.into_iter().for_each(&mut last);
            }
            // stderr is read until its end, so that the cause has the last lines.
            while self.pipes.join_next().await.is_some() {}
        });
        if drained.await.is_err() {
            tracing::warn!("a child of the dead worker holds its pipes open");
        }
        self.pipes.shutdown().await;
        self.cause(status, expected)
    }

    fn cause(&self, status: io::Result<std::process::ExitStatus>, expected: Option<String>) -> Cause {
        use std::os::unix::process::ExitStatusExt;
        let stderr_tail = self.stderr_tail.borrow().iter().cloned().collect();
        let status = match status {
            Ok(status) => status,
            Err(err) => {
                let what = expected.unwrap_or_else(|| format!("its exit status is unknown: {err}"));
                return Cause { what, stderr_tail, ..Cause::default() };
            }
        };
        let (exit_code, signal) = (status.code(), status.signal());
        let what = expected.unwrap_or_else(|| match (exit_code, signal) {
            (Some(code), _) => format!("it left with exit code {code}"),
            (_, Some(signal)) => match Signal::try_from(signal) {
                Ok(name) => format!("it was killed by {name}"),
                Err(_) => format!("it was killed by signal {signal}"),
            },
            _ => "it is gone".to_owned(),
        });
        Cause { what, exit_code, signal, stderr_tail }
    }
}

async fn read_lines(mut stdout: ChildStdout, output: mpsc::Sender<Output>, frame_bytes_max: usize) {
    let mut decoder = Decoder::new(frame_bytes_max);
    let mut chunk = vec![0; 64 << 10];
    loop {
        let lines = match stdout.read(&mut chunk).await {
            Ok(0) => break,
            Ok(count) => decoder.push(&chunk[..count]),
            Err(err) => {
                tracing::warn!(%err, "the worker's stdout broke");
                break;
            }
        };
        if !lines.is_empty() && output.send(Output::Lines(lines)).await.is_err() {
            return;
        }
    }
    // A last line without LF is no frame: its writer died within it.
    if let Some(Line::Text(line)) = decoder.finish() {
        let line = String::from_utf8_lossy(&line);
        tracing::warn!(line = shorten(&line), "the worker died within a line");
    }
    // The lane may be gone already; then nobody waits for this.
    output.send(Output::Closed).await.ok();
}

async fn write_frames(mut stdin: ChildStdin, mut frames: mpsc::Receiver<Vec<u8>>) {
    while let Some(frame) = frames.recv().await {
        if let Err(err) = stdin.write_all(&frame).await {
            // Its death is seen, and told to the waiters, by the lane.
            tracing::debug!(%err, "the worker reads no more");
            return;
        }
    }
}

async fn log_stderr(mut stderr: ChildStderr, tail: watch::Sender<VecDeque<String>>, gpu: GpuId) {
    let mut decoder = Decoder::new(STDERR_BYTES_MAX);
    let mut chunk = vec![0; 8 << 10];
    loop {
        let lines = match stderr.read(&mut chunk).await {
            Ok(0) => break,
            Ok(count) => decoder.push(&chunk[..count]),
            Err(err) => {
                tracing::warn!(%gpu, %err, "the worker's stderr broke");
                break;
            }
        };
        lines.into_iter().for_each(|line| log_line(line, &tail, &gpu));
    }
    if let Some(line) = decoder.finish() {
        log_line(line, &tail, &gpu);
    }
}

fn log_line(line: Line, tail: &watch::Sender<VecDeque<String>>, gpu: &GpuId) {
    let text = match line {
        Line::Text(line) => shorten(String::from_utf8_lossy(&line).trim_end()).to_owned(),
        Line::TooLarge { bytes } => format!("(a line of more than {bytes} bytes)"),
    };
    tracing::info!(target: "worker", %gpu, "{text}");
    tail.send_modify(|tail| {
        if tail.len() == STDERR_TAIL_MAX {
            tail.pop_front();
        }
        tail.push_back(text);
    });
}

/// The first characters of a line, for logs.
pub(crate) fn shorten(line: &str) -> &str {
    match line.char_indices().nth(STDERR_LINE_MAX) {
        Some((end, _)) => &line[..end],
        None => line,
    }
}
