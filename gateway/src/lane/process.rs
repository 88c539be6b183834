//! The worker's process and its pipes: how it is started, heard, and buried with its group.

use std::{ffi::OsString, io, path::PathBuf, process::Stdio, time::Duration};

use contracts::framing::{Decoder, Line};
use nix::{
    errno::Errno,
    sys::{
        signal::{Signal, killpg},
        wait::{Id, WaitPidFlag, WaitStatus, waitid},
    },
    unistd::Pid,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, ChildStdin, ChildStdout, Command},
    signal::unix::{SignalKind, signal},
    sync::{mpsc, watch},
    task::JoinSet,
    time::timeout,
};

use super::{Cause, GpuId, Policy, spawner, stderr};
use crate::supervise::EXIT_CONFIG;

/// Characters kept of one line in the log.
const LINE_MAX: usize = 500;
/// Frames that wait for the worker to read; it reads ahead, so more means that it hangs.
const FRAMES_MAX: usize = 256;
/// How long the last words of a dead worker are waited for: its children may hold the pipes open.
const PIPES_DRAIN_MAX: Duration = Duration::from_millis(250);
/// How long the end of a killed process is waited for: one in the driver of an ill device may never come back.
const KILLED_WITHIN_MAX: Duration = Duration::from_secs(5);

/// How a worker is started.
#[derive(Clone, Debug, Default)]
pub struct Launch {
    /// The gateway's own binary, which becomes the program: `OWN exec-worker --parent PID -- PROGRAM ARGS…`.
    pub own: PathBuf,
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

/// Why a worker is buried, as far as its lane knows.
#[derive(Debug)]
pub(crate) enum Why {
    /// It is gone: its exit status says more.
    Gone,
    /// It closed a pipe without which it cannot serve.
    Closed(&'static str),
    /// The lane kills it.
    Kill(String),
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Gone => f.write_str("it is gone"),
            Self::Closed(pipe) => write!(f, "it closed its {pipe}"),
            Self::Kill(why) => f.write_str(why),
        }
    }
}

/// A running worker.
pub(crate) struct Process {
    pub(crate) leader: Leader,
    pub(crate) output: mpsc::Receiver<Output>,
    /// None once stdin is closed: the polite request to leave.
    frames: Option<mpsc::Sender<Vec<u8>>>,
    stderr_tail: watch::Receiver<stderr::Tail>,
    /// Its readers and its writer; they end with it.
    pipes: JoinSet<()>,
}

impl Process {
    /// Starts the worker in a process group of its own, which ends with this process.
    pub(crate) async fn start(launch: &Launch, gpu: &GpuId, policy: &Policy) -> io::Result<Self> {
        let mut command = Command::new(&launch.own);
        command.arg0("gateway").args(["exec-worker", "--parent", &std::process::id().to_string(), "--"]);
        command.arg(&launch.program).args(&launch.args);
        command.envs(launch.envs.iter().map(|(name, value)| (name, value)));
        for name in &launch.env_removes {
            command.env_remove(name);
        }
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        // Before the worker is there, so that no end of it is missed.
        let ends = signal(SignalKind::child())?;
        let mut child = spawner::spawn(command, &launch.own).await?;
        let missing = || io::Error::other("the worker's pipes are missing");
        let stdin = child.stdin.take().ok_or_else(missing)?;
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let stderr = child.stderr.take().ok_or_else(missing)?;
        let leader = Leader::new(child, ends)?;
        let (frames, frames_out) = mpsc::channel(FRAMES_MAX);
        let (lines, output) = mpsc::channel(64);
        let (tail, stderr_tail) = watch::channel(stderr::Tail::new());
        let mut pipes = JoinSet::new();
        pipes.spawn(read_lines(stdout, lines, policy.frame_bytes_max));
        pipes.spawn(write_frames(stdin, frames_out));
        pipes.spawn(stderr::log(stderr, tail, gpu.clone(), policy.stderr_lines_max));
        Ok(Self { leader, output, frames: Some(frames), stderr_tail, pipes })
    }

    /// The way to its writer; `None` once stdin is closed.
    pub(crate) fn frames(&self) -> Option<&mpsc::Sender<Vec<u8>>> {
        self.frames.as_ref()
    }

    /// Closes stdin once all frames are written.
    pub(crate) fn close_stdin(&mut self) {
        self.frames = None;
    }

    /// Kills the group, reaps the leader, hears its last words and says why it went.
    pub(crate) async fn reap(&mut self, why: Why, mut last: impl FnMut(Line)) -> Cause {
        self.frames = None;
        // Where its exit status says more, that is told.
        let went = match why {
            Why::Kill(_) => false,
            Why::Gone | Why::Closed(_) => timeout(PIPES_DRAIN_MAX, self.leader.gone()).await.is_ok(),
        };
        let expected = match why {
            Why::Kill(why) => Some(why),
            _ if went => None,
            Why::Closed(pipe) => Some(format!("it closed its {pipe} and stayed, and was killed for that")),
            Why::Gone => Some("it is gone, and its exit status did not come".to_owned()),
        };
        let status = self.leader.end().await;
        let drained = timeout(PIPES_DRAIN_MAX, async {
            while let Some(Output::Lines(lines)) = self.output.recv().await {
                lines.into_iter().for_each(&mut last);
            }
            // stderr is read until its end, so that the cause has the last lines.
            while self.pipes.join_next().await.is_some() {}
        });
        if drained.await.is_err() {
            tracing::warn!("a process that left the dead worker's group holds its pipes open");
        }
        self.pipes.shutdown().await;
        self.cause(status, expected)
    }

    fn cause(&self, status: io::Result<std::process::ExitStatus>, expected: Option<String>) -> Cause {
        use std::os::unix::process::ExitStatusExt;
        let stderr_tail: Vec<String> = self.stderr_tail.borrow().iter().cloned().collect();
        let status = match status {
            Ok(status) => status,
            Err(err) => {
                let what = expected.unwrap_or_else(|| format!("its exit status is unknown: {err}"));
                return Cause { what, stderr_tail, ..Cause::default() };
            }
        };
        let (exit_code, signal) = (status.code(), status.signal());
        // A lane that killed it knows better than its exit status why it went.
        let misconfigured = expected.is_none() && exit_code == Some(EXIT_CONFIG.into());
        let what = expected.unwrap_or_else(|| {
            let said = stderr_tail.last().map(|line| format!(": {line}")).unwrap_or_default();
            match (exit_code, signal) {
                (Some(code), _) if misconfigured => {
                    format!("it cannot start as it is configured (exit code {code}){said}")
                }
                (Some(0), _) => "it left with exit code 0".to_owned(),
                (Some(code), _) => format!("it left with exit code {code}{said}"),
                (_, Some(signal)) => match Signal::try_from(signal) {
                    Ok(name) => format!("it was killed by {name}"),
                    Err(_) => format!("it was killed by signal {signal}"),
                },
                _ => "it is gone".to_owned(),
            }
        });
        Cause { what, exit_code, signal, stderr_tail, misconfigured }
    }
}

/// The worker itself, the leader of its group. Its end is seen before it is reaped: until then no other process can
/// have its number, and the group can be killed by it.
pub(crate) struct Leader {
    child: Child,
    pid: Pid,
    ends: tokio::signal::unix::Signal,
    gone: bool,
    /// Its number may be another's.
    reaped: bool,
}

impl Leader {
    fn new(child: Child, ends: tokio::signal::unix::Signal) -> io::Result<Self> {
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).map(Pid::from_raw);
        let pid = pid.ok_or_else(|| io::Error::other("the worker has no process id"))?;
        Ok(Self { child, pid, ends, gone: has_ended(pid), reaped: false })
    }

    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    /// Waits for its end, and does not reap it.
    ///
    /// # Cancel safety
    /// `recv` is, and what it says is kept before the next await.
    pub(crate) async fn gone(&mut self) {
        while !self.gone {
            if self.ends.recv().await.is_none() {
                // The signal driver is gone, and with it the runtime.
                return std::future::pending().await;
            }
            self.gone = has_ended(self.pid);
        }
    }

    /// Kills the whole group, whoever of it is left, and reaps the leader.
    async fn end(&mut self) -> io::Result<std::process::ExitStatus> {
        self.kill_group();
        spawner::group_died(self.pid);
        let status = timeout(KILLED_WITHIN_MAX, self.child.wait()).await.unwrap_or_else(|_| {
            let what = format!("process {} does not end, although it was killed", self.pid);
            tracing::error!("{what}");
            Err(io::Error::other(what))
        });
        self.reaped = status.is_ok();
        if self.reaped {
            spawner::reaped(self.pid);
        }
        status
    }

    fn kill_group(&self) {
        match killpg(self.pid, Signal::SIGKILL) {
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(err) => {
                tracing::warn!(%err, pid = %self.pid, "the worker's process group could not be killed");
            }
        }
    }
}

impl Drop for Leader {
    /// Where a lane is dropped without an end of its worker (a second signal, a panic), the whole group dies.
    fn drop(&mut self) {
        if !self.reaped {
            self.kill_group();
            spawner::group_died(self.pid);
            spawner::reaped(self.pid);
        }
    }
}

/// Whether a child of ours has ended; it is not reaped by that.
fn has_ended(pid: Pid) -> bool {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    match waitid(Id::Pid(pid), flags) {
        Ok(WaitStatus::StillAlive) => false,
        Ok(_) | Err(Errno::ECHILD) => true,
        Err(err) => {
            tracing::warn!(%err, %pid, "it is not known whether a worker has ended");
            false
        }
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

/// The first characters of a line, for logs.
pub(crate) fn shorten(line: &str) -> &str {
    match line.char_indices().nth(LINE_MAX) {
        Some((end, _)) => &line[..end],
        None => line,
    }
}
