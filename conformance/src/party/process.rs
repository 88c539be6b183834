//! A process under test: its start in a group of its own, its signals, the last lines of its stderr, and its end.

use contracts::framing::{Decoder, Line};
use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};
use std::{
    collections::BTreeSet,
    convert::Infallible,
    io::{self, Read},
    process::{Child, ChildStdin, ChildStdout, Command, ExitStatus},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel},
    },
    thread,
    time::Duration,
};

use super::{TargetError, ToolError, tree};
use crate::{display::shorten, interrupt};

/// Lines of stderr that are kept for messages: enough for a traceback, little enough for memory.
const STDERR_LINES_KEPT: usize = 20;

/// A longer line of stderr is only counted, so that a process that writes no LF takes no memory.
const STDERR_LINE_BYTES_MAX: usize = 1 << 16;

/// Time that a process without an answer has to end, and its last lines to be read.
const ENDS_WITHIN: Duration = Duration::from_secs(2);

/// Time for the kernel to end a killed process.
const KILLED_WITHIN: Duration = Duration::from_secs(5);

/// Bytes of a read: what a pipe holds.
const CHUNK: usize = 1 << 16;

/// Numbers the processes of this run; part of [`tree::MARK`]'s value.
static STARTED: AtomicU64 = AtomicU64::new(0);

/// A process that was started here. When it is dropped, its whole group is killed.
pub struct Process {
    pid: Pid,
    mark: String,
    exit: Receiver<Exit>,
    exited: Option<Exit>,
    /// Its last lines. A lock, because a thread of its own reads them.
    stderr: Arc<Mutex<Vec<String>>>,
    /// Disconnected once stderr was read to its end.
    stderr_read: Receiver<Infallible>,
}

/// How a process ended; why that is not known.
type Exit = Result<ExitStatus, Unknown>;

/// Why the end of a process is not known.
#[derive(Clone, Debug)]
enum Unknown {
    /// The system does not tell.
    System(Arc<io::Error>),
    /// The thread that waits for it ended without a word.
    NoWaiter,
}

/// The pipes of a process, as far as its command asked for them.
pub(super) struct Pipes {
    pub(super) stdin: Option<ChildStdin>,
    pub(super) stdout: Option<ChildStdout>,
}

impl Process {
    /// Starts a command whose standard streams are chosen.
    ///
    /// # Errors
    /// [`ToolError::Start`] if the program cannot be started.
    pub(super) fn start(command: &mut Command) -> Result<(Self, Pipes), ToolError> {
        // Relaxed: only uniqueness matters, nothing is published with the number.
        let mark = format!("{}-{}", std::process::id(), STARTED.fetch_add(1, Ordering::Relaxed));
        command.env(tree::MARK, &mark);
        let mut child = interrupt::spawn(command)
            .map_err(|cause| ToolError::Start { program: command.get_program().into(), cause })?;
        let pid = Pid::from_raw(child.id().cast_signed());
        let pipes = Pipes { stdin: child.stdin.take(), stdout: child.stdout.take() };
        let stderr = Arc::new(Mutex::new(Vec::new()));
        let (reads_stderr, stderr_read) = channel();
        if let Some(pipe) = child.stderr.take() {
            let kept = Arc::clone(&stderr);
            thread::spawn(move || {
                keep_last(pipe, &kept);
                drop(reads_stderr);
            });
        }
        Ok((Self { pid, mark, exit: reap(child, pid), exited: None, stderr, stderr_read }, pipes))
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.pid.as_raw().unsigned_abs()
    }

    /// Sends a signal to the process alone, not to its group.
    ///
    /// # Errors
    /// [`TargetError::Ended`] if it has ended.
    pub fn signal(&mut self, signal: Signal) -> Result<(), TargetError> {
        // Asked first: the number of a reaped process may be another process's.
        if !self.is_running() || kill(self.pid, signal).is_err() {
            return Err(self.ended());
        }
        Ok(())
    }

    /// Whether a line of its stderr, among the last that were read, has all these words.
    #[must_use]
    pub fn has_line(&self, words: &[&str]) -> bool {
        let lines = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().any(|line| words.iter().all(|word| line.contains(word)))
    }

    /// All processes that it started, and those that these started.
    ///
    /// # Errors
    /// [`ToolError::Processes`] if the system does not list its processes.
    pub fn descendants(&self) -> Result<Vec<tree::Seen>, ToolError> {
        tree::descendants(self.pid, &self.mark)
    }

    /// Resident memory of it and of all processes that it started.
    ///
    /// # Errors
    /// [`ToolError::Processes`] if it has ended, or the system does not list its processes.
    pub fn resident_bytes(&self) -> Result<u64, ToolError> {
        let below = self.descendants()?;
        // A child that ended meanwhile has no memory.
        let children = below.iter().filter_map(|seen| tree::resident_bytes(seen.pid).ok());
        Ok(tree::resident_bytes(self.pid)? + children.sum::<u64>())
    }

    /// The names of its program and of all programs that it started and that run.
    ///
    /// # Errors
    /// [`ToolError::Processes`] if it has ended, or the system does not list its processes.
    pub fn programs(&self) -> Result<BTreeSet<String>, ToolError> {
        let below = self.descendants()?;
        Ok(below.into_iter().chain([tree::process(self.pid)?]).map(|seen| seen.name).collect())
    }

    /// Its exit status, once it ends.
    ///
    /// # Errors
    /// - [`TargetError::Silent`] if it still runs after that time;
    /// - [`ToolError::Wait`] if the system does not tell how it ended;
    /// - [`ToolError::NoWaiter`] if the tool's own thread that waits for it is gone.
    pub fn exit(&mut self, within: Duration) -> Result<ExitStatus, TargetError> {
        if self.exited.is_none() {
            self.exited = match self.exit.recv_timeout(within) {
                Ok(exit) => Some(exit),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => Some(Err(Unknown::NoWaiter)),
            };
        }
        match &self.exited {
            Some(Ok(status)) => Ok(*status),
            Some(Err(Unknown::System(cause))) => {
                Err(ToolError::Wait { pid: self.pid, cause: Arc::clone(cause) }.into())
            }
            Some(Err(Unknown::NoWaiter)) => Err(ToolError::NoWaiter { pid: self.pid }.into()),
            None => Err(TargetError::Silent { what: "the end of the process".to_owned(), within }),
        }
    }

    /// Whether it still runs; false where that is not known.
    pub fn is_running(&mut self) -> bool {
        if self.exited.is_none() {
            self.exited = match self.exit.try_recv() {
                Ok(exit) => Some(exit),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => Some(Err(Unknown::NoWaiter)),
            };
        }
        self.exited.is_none()
    }

    /// The error of a process that ended, or is about to end, without its answer.
    pub(crate) fn ended(&mut self) -> TargetError {
        let status = match self.exit(ENDS_WITHIN) {
            Ok(status) => Some(status),
            // The end is unknown: the process is neither known to run nor to have ended.
            Err(err @ TargetError::Tool(_)) => return err,
            Err(_) => None,
        };
        // The exit may be seen before the last lines are read. A child of the process may hold stderr open for ever;
        // the wait is bounded, and what was read by then is shown.
        let _: Result<Infallible, _> = self.stderr_read.recv_timeout(ENDS_WITHIN);
        let stderr = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        let last = stderr.iter().rev().take(3).rev().cloned().collect::<Vec<_>>().join(" | ");
        TargetError::Ended { status, stderr: shorten(&last) }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.is_running() {
            // The group has this process as its leader and nobody else's processes. Once the leader is reaped its number may
            // be another group's. An error means that it has ended meanwhile.
            let _: Result<_, _> = killpg(self.pid, Signal::SIGKILL);
            let _: Result<_, _> = self.exit(KILLED_WITHIN);
        }
        // Children outlive a leader that ended by itself, and some have groups of their own. Where the system lists no
        // processes nothing else can be done.
        if let Ok(left) = self.descendants() {
            left.iter().for_each(tree::Seen::kill);
        }
    }
}

/// Waits for the end of a process on a thread of its own, as `wait` has no time limit.
fn reap(mut child: Child, pid: Pid) -> Receiver<Exit> {
    let (ended, exit) = channel();
    thread::spawn(move || {
        let status = child.wait();
        // Before anybody learns of the end: afterwards the number may be another process's.
        interrupt::has_ended(pid);
        // An error means that the process was dropped: no caller is left.
        let _: Result<_, _> = ended.send(status.map_err(|cause| Unknown::System(Arc::new(cause))));
    });
    exit
}

/// Reads until the end, or until `take` returns false.
pub(super) fn each_chunk(from: &mut impl Read, mut take: impl FnMut(&[u8]) -> bool) {
    let mut buffer = vec![0; CHUNK];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if !take(&buffer[..read]) {
            return;
        }
    }
}

/// Reads stderr to its end, whatever its bytes are, and keeps its last lines.
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

#[cfg(test)]
mod tests {
    use std::{
        process::{Command, Stdio},
        sync::mpsc::channel,
        time::Duration,
    };

    use nix::sys::signal::Signal;

    use super::{Process, TargetError, ToolError};

    /// A tool whose thread is gone knows nothing of the process: it is neither silent nor running.
    #[test]
    fn a_process_that_nobody_waits_for_has_an_unknown_end() {
        let mut command = Command::new("sleep");
        command.arg("1000").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let (mut process, _) = Process::start(&mut command).unwrap();
        let (_, nobody) = channel();
        let waiter = std::mem::replace(&mut process.exit, nobody);
        let is_unknown = |err: &TargetError| matches!(err, TargetError::Tool(ToolError::NoWaiter { .. }));
        assert!(process.exit(Duration::from_secs(60)).is_err_and(|err| is_unknown(&err)));
        assert!(process.signal(Signal::SIGTERM).is_err_and(|err| is_unknown(&err)));
        process.exited = None;
        assert!(!process.is_running());
        assert!(is_unknown(&process.ended()));
        // The process itself is ended as any other.
        (process.exit, process.exited) = (waiter, None);
    }
}
