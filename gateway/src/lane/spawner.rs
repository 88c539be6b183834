//! The thread that starts workers, and the only place that does.
//!
//! The kernel sends the parent-death signal when the *thread* that started a child ends, so that this thread must live
//! as long as the process. It also keeps the guard of the process groups, and reaps orphans if this process adopts
//! them.

use std::{
    collections::BTreeSet,
    io::{self, Write},
    os::unix::process::CommandExt,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::{ChildStdin, Command as Plain, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    time::Duration,
};

use nix::{
    errno::Errno,
    sys::{
        prctl,
        wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid},
    },
    unistd::Pid,
};
use tokio::{
    process::{Child, Command},
    runtime::Handle,
    sync::oneshot,
};

/// The interval between two looks for orphans. A zombie costs one entry of the process table, so that half a second is
/// soon enough; SIGCHLD is not used, because tokio owns its handler.
const REAP_EVERY: Duration = Duration::from_millis(500);

/// Whether this process reaps the orphans of its workers. `Relaxed`: the request that follows wakes the thread, and its
/// channel orders the two.
static ADOPTS: AtomicBool = AtomicBool::new(false);
/// The channel to the thread, once it runs. A lock, because any lane may be the first; held for one `send` alone.
static REQUESTS: Mutex<Option<Sender<Request>>> = Mutex::new(None);

enum Request {
    /// Start this process; `own` is the gateway's own binary.
    Spawn { command: Box<Command>, own: PathBuf, runtime: Handle, answer: oneshot::Sender<io::Result<Child>> },
    /// This group is dead, and its number may soon be that of another.
    GroupDied(Pid),
    /// This leader has been reaped, or nothing waits for its exit status any more.
    Reaped(Pid),
    /// Look for orphans from now on.
    Adopt,
}

/// Starts a process on the thread that lives as long as this process.
///
/// # Errors
/// [`io::Error`] if the process or the thread cannot be started.
pub(super) async fn spawn(command: Command, own: &Path) -> io::Result<Child> {
    let (answer, spawned) = oneshot::channel();
    let runtime = Handle::current();
    send(Request::Spawn { command: Box::new(command), own: own.to_owned(), runtime, answer })?;
    spawned.await.map_err(|_| io::Error::other("the thread that starts workers has ended"))?
}

/// Notes that a group is dead. Call it before its leader is reaped: from then on another group can get its number.
pub(super) fn group_died(group: Pid) {
    notify(Request::GroupDied(group));
}

/// Notes that a leader has been reaped, or that nothing waits for it.
pub(super) fn reaped(leader: Pid) {
    notify(Request::Reaped(leader));
}

/// Makes this process the parent of the orphans of its workers, and reaps them. The gateway may be PID 1 of a
/// container, where no one else would.
///
/// Only for a program whose children are all workers: it reaps every child that no lane waits for.
///
/// # Errors
/// [`io::Error`] if the kernel refuses the subreaper attribute.
pub fn adopt_orphans() -> io::Result<()> {
    prctl::set_child_subreaper(true)?;
    reap_orphans();
    Ok(())
}

/// Reaps orphans from now on.
fn reap_orphans() {
    ADOPTS.store(true, Ordering::Relaxed);
    notify(Request::Adopt);
}

fn notify(request: Request) {
    if let Err(err) = send(request) {
        tracing::error!(%err, "the thread that starts workers cannot be told");
    }
}

fn send(request: Request) -> io::Result<()> {
    let mut requests = REQUESTS.lock().unwrap_or_else(PoisonError::into_inner);
    let request = match &*requests {
        Some(sender) => match sender.send(request) {
            Ok(()) => return Ok(()),
            // The thread has panicked: the next one starts with empty tables.
            Err(lost) => lost.0,
        },
        None => request,
    };
    let (sender, receiver) = channel();
    std::thread::Builder::new()
        .name("spawner".to_owned())
        .spawn(move || Spawner::default().run(&receiver))?;
    sender.send(request).map_err(|_| io::Error::other("the thread that starts workers ended at once"))?;
    *requests = Some(sender);
    Ok(())
}

/// tokio registers the pipes of the child with its runtime. It panics if that is being dropped, which must not end this
/// thread: every worker would die with it.
fn spawn_on(runtime: &Handle, command: &mut Command) -> io::Result<Child> {
    let _runtime = runtime.enter();
    catch_unwind(AssertUnwindSafe(|| command.spawn()))
        .unwrap_or_else(|_| Err(io::Error::other("the runtime of the lane is gone")))
}

#[derive(Default)]
struct Spawner {
    /// The gateway's own binary.
    own: Option<PathBuf>,
    guard: Option<Guard>,
    groups: BTreeSet<i32>,
    /// Processes whose exit status a lane waits for.
    leaders: BTreeSet<i32>,
}

/// The process that kills the groups when this process is gone.
struct Guard {
    child: std::process::Child,
    pipe: ChildStdin,
}

impl Spawner {
    fn run(mut self, requests: &Receiver<Request>) {
        loop {
            let request = if ADOPTS.load(Ordering::Relaxed) {
                requests.recv_timeout(REAP_EVERY)
            } else {
                requests.recv().map_err(|_| RecvTimeoutError::Disconnected)
            };
            match request {
                Ok(Request::Spawn { mut command, own, runtime, answer }) => {
                    self.ensure_guard(&own);
                    self.own = Some(own);
                    let spawned = spawn_on(&runtime, &mut command);
                    if let Ok(child) = &spawned {
                        self.note(child);
                    }
                    if let Err(Ok(child)) = answer.send(spawned) {
                        self.drop_child(child);
                    }
                }
                Ok(Request::GroupDied(group)) => self.forget_group(group.as_raw()),
                Ok(Request::Reaped(leader)) => _ = self.leaders.remove(&leader.as_raw()),
                Ok(Request::Adopt) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if ADOPTS.load(Ordering::Relaxed) {
                self.reap();
            }
        }
    }

    fn note(&mut self, child: &Child) {
        let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) else { return };
        self.groups.insert(pid);
        self.leaders.insert(pid);
        self.write_to_guard(&format!("+{pid}\n"));
    }

    /// Drops a child whose lane has gone meanwhile: `kill_on_drop` kills it, and the runtime reaps it.
    fn drop_child(&mut self, child: Child) {
        if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
            self.leaders.remove(&pid);
            self.forget_group(pid);
        }
        drop(child);
    }

    fn forget_group(&mut self, group: i32) {
        self.groups.remove(&group);
        self.write_to_guard(&format!("-{group}\n"));
    }

    /// Starts the guard if there is none. Without one, workers still end with the gateway; only their children might
    /// not.
    fn ensure_guard(&mut self, own: &Path) {
        if let Some(guard) = &mut self.guard {
            match guard.child.try_wait() {
                Ok(None) => return,
                ended => {
                    tracing::warn!(
                        ?ended,
                        "the guard of the workers' children has ended; another is started"
                    );
                }
            }
            self.guard = None;
        }
        // In a group of its own, because Ctrl-C in a terminal must not end it before the gateway.
        let started = Plain::new(own)
            .arg0("gateway")
            .arg("guard-groups")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .process_group(0)
            .spawn();
        match started.map(|mut child| (child.stdin.take(), child)) {
            Ok((Some(pipe), child)) => {
                self.guard = Some(Guard { child, pipe });
                let known: String = self.groups.iter().map(|group| format!("+{group}\n")).collect();
                self.write_to_guard(&known);
            }
            Ok((None, _)) => tracing::error!("the guard of the workers' children has no stdin"),
            Err(err) => {
                tracing::error!(%err, "no guard of the workers' children: they outlive a gateway that is killed");
            }
        }
    }

    fn write_to_guard(&mut self, lines: &str) {
        if let Some(guard) = &mut self.guard
            && let Err(err) = guard.pipe.write_all(lines.as_bytes())
        {
            tracing::warn!(%err, "the guard of the workers' children does not listen");
        }
    }

    /// Reaps every child that no lane waits for.
    fn reap(&mut self) {
        loop {
            let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
            let ended = match waitid(Id::All, flags) {
                Ok(status) => status.pid(),
                Err(Errno::ECHILD) => None,
                Err(err) => {
                    tracing::warn!(%err, "orphans cannot be looked for");
                    None
                }
            };
            let Some(pid) = ended else { return };
            let is_guard = |guard: &Guard| i64::from(guard.child.id()) == i64::from(pid.as_raw());
            if self.guard.as_ref().is_some_and(is_guard)
                && let Some(own) = self.own.clone()
            {
                self.ensure_guard(&own);
                continue;
            }
            // Its lane reaps it in a moment. `waitid` returns this one again until then, so that others wait for the
            // next look.
            if self.leaders.contains(&pid.as_raw()) {
                return;
            }
            match waitpid(pid, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => {}
                Ok(status) => tracing::debug!(?status, "an orphan of a worker was reaped"),
                Err(err) => return tracing::warn!(%err, %pid, "an orphan could not be reaped"),
            }
        }
    }
}
