//! The worker's process and its pipes: its start, the tasks that read and write them, and its end with its whole group.

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

/// Characters of one line that go into the log: a few lines on a screen.
const LINE_MAX: usize = 500;
/// Frames that wait for the worker to read them. Workers read ahead, so that a full channel means that it hangs.
const FRAMES_MAX: usize = 256;
/// Pieces of output that wait for the lane, each of 64 KiB at most unless a line is longer. A full channel leaves the
/// rest in the pipe, which slows the worker down.
pub(super) const OUTPUT_MAX: usize = 64;
/// How long the pipes of a dead worker are read to their end. They are drained in milliseconds, unless a child of the
/// worker holds them open: then no end comes.
const PIPES_DRAIN_MAX: Duration = Duration::from_millis(250);
/// How long the end of a killed process is awaited. One that is stuck in the driver of a failing device may never end.
const KILLED_WITHIN_MAX: Duration = Duration::from_secs(5);

/// How a worker is started.
#[derive(Clone, Debug, Default)]
pub struct Launch {
    /// The gateway's own binary, which becomes the program: `OWN exec-worker --parent PID -- PROGRAM ARGS…`. This
    /// detour asks for the parent-death signal, for which `Command` has no safe API.
    pub own: PathBuf,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Environment variables beside the gateway's own.
    pub envs: Vec<(OsString, OsString)>,
    /// Variables that the worker must not inherit.
    pub env_removes: Vec<OsString>,
}

/// The output of a worker.
pub(crate) enum Output {
    Lines(Vec<Line>),
    Closed,
}

/// Why a worker is reaped, as far as its lane knows.
#[derive(Debug)]
pub(crate) enum Why {
    /// It has exited; its exit status says more.
    Gone,
    /// It closed this pipe, without which it cannot serve.
    Closed(&'static str),
    /// The lane kills it for this reason.
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
    /// `None` once stdin is closed, which asks the worker to leave.
    frames: Option<mpsc::Sender<Vec<u8>>>,
    stderr_tail: watch::Receiver<stderr::Tail>,
    /// The tasks that read and write its pipes. The lane never awaits a pipe itself: a worker that prints before it
    /// reads would block it for ever.
    pipes: JoinSet<()>,
}

impl Process {
    /// Starts the worker in a process group of its own, so that its children can be killed with it. The group ends with
    /// this process.
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
        // Before the spawn, so that an early exit of the worker is not missed.
        let ends = signal(SignalKind::child())?;
        let mut child = spawner::spawn(command, &launch.own).await?;
        let missing = || io::Error::other("the worker's pipes are missing");
        let stdin = child.stdin.take().ok_or_else(missing)?;
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let stderr = child.stderr.take().ok_or_else(missing)?;
        let leader = Leader::new(child, ends)?;
        let (frames, frames_out) = mpsc::channel(FRAMES_MAX);
        let (lines, output) = mpsc::channel(OUTPUT_MAX);
        let (tail, stderr_tail) = watch::channel(stderr::Tail::new());
        let mut pipes = JoinSet::new();
        pipes.spawn(read_lines(stdout, lines, policy.frame_bytes_max));
        pipes.spawn(write_frames(stdin, frames_out));
        pipes.spawn(stderr::log(stderr, tail, gpu.clone(), policy.stderr_lines_max));
        Ok(Self { leader, output, frames: Some(frames), stderr_tail, pipes })
    }

    /// The channel to its stdin; `None` once stdin is closed.
    pub(crate) fn frames(&self) -> Option<&mpsc::Sender<Vec<u8>>> {
        self.frames.as_ref()
    }

    /// Closes stdin after the frames that wait are written.
    pub(crate) fn close_stdin(&mut self) {
        self.frames = None;
    }

    /// Kills the group, reaps the leader, passes on its last lines, and returns why it ended.
    pub(crate) async fn reap(&mut self, why: Why, mut last: impl FnMut(Line)) -> Cause {
        self.frames = None;
        // A worker that closes its stdout is mostly about to exit, and its status says more than the closed pipe.
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
            // Until stderr has ended, too, so that the cause has its last lines.
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
        // If the lane killed it, the reason is the lane's and not the exit status.
        let misconfigured = expected.is_none() && exit_code == Some(EXIT_CONFIG.into());
        let what = expected.unwrap_or_else(|| {
            let said = stderr_tail.last().map(|line| format!(": {line}")).unwrap_or_default();
            match (exit_code, signal) {
                (Some(code), _) if misconfigured => {
                    format!("it cannot start as it is configured (exit code {code}){said}")
                }
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

/// The worker's own process, which leads its group. Its exit is noticed without reaping it: until it is reaped no other
/// process can get its number, so that the group can still be killed by that number.
pub(crate) struct Leader {
    child: Child,
    pid: Pid,
    ends: tokio::signal::unix::Signal,
    gone: bool,
    /// Another process may have its number by now.
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

    /// Waits for its exit without reaping it.
    ///
    /// # Cancel safety
    /// `recv` is cancel safe, and its result is stored before the next await.
    pub(crate) async fn gone(&mut self) {
        while !self.gone {
            if self.ends.recv().await.is_none() {
                // The runtime's signal driver is gone, so that the runtime is ending.
                return std::future::pending().await;
            }
            self.gone = has_ended(self.pid);
        }
    }

    /// Kills all that is left of the group, and reaps the leader.
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
    /// Kills the group of a lane that is dropped without its end: after a second signal, or a panic. `kill_on_drop`
    /// alone would kill only the leader.
    fn drop(&mut self) {
        if !self.reaped {
            self.kill_group();
            spawner::group_died(self.pid);
            spawner::reaped(self.pid);
        }
    }
}

/// Whether a child of this process has ended. `WNOWAIT` leaves it to be reaped later.
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
    // A last line without LF is no frame: the worker died while it wrote it.
    if let Some(Line::Text(line)) = decoder.finish() {
        let line = String::from_utf8_lossy(&line);
        tracing::warn!(line = shorten(&line), "the worker died within a line");
    }
    // An error means that the lane is gone already.
    output.send(Output::Closed).await.ok();
}

async fn write_frames(mut stdin: ChildStdin, mut frames: mpsc::Receiver<Vec<u8>>) {
    while let Some(frame) = frames.recv().await {
        if let Err(err) = stdin.write_all(&frame).await {
            // The lane notices the exit itself and answers the waiters.
            tracing::debug!(%err, "the worker reads no more");
            return;
        }
    }
}

/// The first characters of a line, for the log.
pub(crate) fn shorten(line: &str) -> &str {
    match line.char_indices().nth(LINE_MAX) {
        Some((end, _)) => &line[..end],
        None => line,
    }
}
