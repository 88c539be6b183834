//! The handle of a lane: a cheap clone through which the rest of the gateway sends it mail and reads its view.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use tokio::{
    sync::{Notify, mpsc, oneshot, watch},
    task::JoinSet,
    time::Instant,
};

use super::{
    BreakerState, Cancelled, GpuId, LaneError, Launch, Order, Policy, PoolEvents, Verdict,
    actor::{Actor, Inbox},
    message::{Answer, Mail, Stop},
};

/// Messages that wait for the lane's task. It handles one in microseconds; a full mailbox means that clients send
/// faster than that, and they get `queue_full`.
const MAILBOX_MAX: usize = 1024;
/// Verdicts that wait for the lane's task. The queue gives a lane one job at a time and its verdict before the next
/// one, so that more than a few mean a lane that hangs.
const VERDICTS_MAX: usize = 16;

/// The state of a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LaneState {
    /// Its worker has not answered `initialize` yet.
    Starting,
    /// It takes commands.
    Ready,
    /// Its worker died for this reason; the next one starts soon.
    Resting(Arc<str>),
    /// Its breaker is open, for this reason.
    Open(Arc<str>),
    /// It has stopped.
    Stopped,
}

/// What the worker reported about itself in the handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerFacts {
    /// `worker-sim` or `concord-python`.
    pub worker: String,
    /// Its version.
    pub version: String,
    /// The device that it runs on.
    pub device_name: String,
    /// Its process id.
    pub pid: u32,
}

/// The breaker of a lane, as clients see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerView {
    /// Its state.
    pub state: BreakerState,
    /// When an open lane is tried again.
    pub next_try: Option<(Instant, DateTime<Utc>)>,
    /// Starts in a row whose worker did not become ready.
    pub starts_failed: u32,
    /// Whether the last worker could not start as it is configured.
    pub misconfigured: bool,
}

/// A lane, as the rest of the gateway sees it.
#[derive(Clone, Debug)]
pub struct LaneView {
    /// Its state.
    pub state: LaneState,
    /// Its worker, once one has answered the handshake; kept after the death of that worker.
    pub facts: Option<Arc<WorkerFacts>>,
    /// The state of the worker in its last heartbeat.
    pub worker_state: String,
    /// The command that runs, and its stage, in the last heartbeat.
    pub running: Option<RunningJob>,
    /// The device memory in the last heartbeat, in MiB.
    pub memory_used_mb: f64,
    /// The time without progress in the last heartbeat, in seconds.
    pub last_progress_seconds: f64,
    /// Workers started so far.
    pub starts: u64,
    /// Its breaker.
    pub breaker: BreakerView,
    /// Why its last worker ended; `None` once the next one is ready.
    pub last_death: Option<Arc<str>>,
}

/// What a heartbeat says of the command that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningJob {
    /// Its id.
    pub request_id: String,
    /// Its stage.
    pub stage: Option<String>,
}

impl LaneView {
    /// The failure of a command that does not wait for an open lane; `None` if the lane is not open.
    pub(super) fn open(&self, gpu: &GpuId) -> Option<LaneError> {
        let LaneState::Open(reason) = &self.state else { return None };
        let retry_after = self
            .breaker
            .next_try
            .map_or(Duration::ZERO, |(at, _)| at.saturating_duration_since(Instant::now()));
        Some(LaneError::Open {
            gpu: gpu.clone(),
            reason: reason.clone(),
            retry_after,
            misconfigured: self.breaker.misconfigured,
        })
    }
}

/// When the worker last wrote a line. Not in the view: it changes with every line, and would wake each watcher of the
/// view.
///
/// `Relaxed` throughout: the number stands for itself, and no other memory depends on it.
#[derive(Debug)]
pub(crate) struct LastSeen {
    since: Instant,
    millis: AtomicU64,
}

impl LastSeen {
    pub(crate) fn touch(&self) {
        let millis = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.millis.store(millis, Ordering::Relaxed);
    }

    /// How long ago that was.
    pub(crate) fn silent_for(&self) -> Duration {
        self.since.elapsed().saturating_sub(Duration::from_millis(self.millis.load(Ordering::Relaxed)))
    }
}

/// The handle of a lane; a cheap clone.
#[derive(Clone, Debug)]
pub struct LaneHandle {
    /// Its GPU.
    pub gpu: GpuId,
    mailbox: mpsc::Sender<Mail>,
    stops: mpsc::Sender<Stop>,
    verdicts: mpsc::Sender<Verdict>,
    view: watch::Receiver<LaneView>,
    last_seen: Arc<LastSeen>,
    silence_max: Duration,
}

/// Starts a lane on `tasks`. It notifies `changed` whenever its view changes, and sends `news` the events that belong
/// to no command.
pub fn start(
    gpu: GpuId,
    launch: Launch,
    policy: Arc<Policy>,
    changed: Arc<Notify>,
    pool_events: PoolEvents,
    tasks: &mut JoinSet<()>,
) -> LaneHandle {
    let (mailbox, mail) = mpsc::channel(MAILBOX_MAX);
    let (stops, stop) = mpsc::channel(1);
    let (verdicts, verdict) = mpsc::channel(VERDICTS_MAX);
    let (view_out, view) = watch::channel(LaneView {
        state: LaneState::Starting,
        facts: None,
        worker_state: "starting".to_owned(),
        running: None,
        memory_used_mb: 0.0,
        last_progress_seconds: 0.0,
        starts: 0,
        breaker: BreakerView {
            state: BreakerState::Closed,
            next_try: None,
            starts_failed: 0,
            misconfigured: false,
        },
        last_death: None,
    });
    let last_seen = Arc::new(LastSeen { since: Instant::now(), millis: AtomicU64::new(0) });
    let silence_max = policy.limits.idle_seconds.duration();
    let inbox = Inbox { mailbox: mail, stops: stop, verdicts: verdict };
    let actor =
        Actor::new(gpu.clone(), launch, policy, inbox, view_out, last_seen.clone(), changed, pool_events);
    tasks.spawn(actor.run());
    LaneHandle { gpu, mailbox, stops, verdicts, view, last_seen, silence_max }
}

impl LaneHandle {
    /// Sends the worker a command and waits for its answer: a reply in snake, not read yet.
    ///
    /// # Errors
    /// [`LaneError`]. Every command ends in an answer or an error, even if the worker or the lane dies.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the command with the worker, and drops its reply.
    pub async fn run(&self, order: Order) -> Result<Vec<u8>, LaneError> {
        self.enqueue(order).await
    }

    /// Like [`Self::run`], but the command is in the mailbox when this returns, and not when the future is first
    /// polled: a cancel that is sent afterwards finds it.
    pub(crate) fn enqueue(&self, order: Order) -> impl Future<Output = Answer> + use<> {
        let (waiter, answer) = oneshot::channel::<Answer>();
        let queued = self.mailbox.try_send(Mail::Run(order, waiter)).map_err(|err| self.refusal(&err));
        async move {
            queued?;
            answer.await.unwrap_or(Err(LaneError::Stopping))
        }
    }

    /// Cancels `target`: the command `holder` in flight, or one request of the batch `holder`. Returns after the
    /// target's own reply.
    pub async fn cancel(&self, holder: Arc<str>, target: Arc<str>) -> Cancelled {
        let (done, cancelled) = oneshot::channel();
        // `send`, not `try_send`: a full mailbox must not lose a cancel. A closed one has nothing left to cancel.
        if self.mailbox.send(Mail::Cancel { holder, target, done }).await.is_err() {
            return Cancelled::NotHere;
        }
        cancelled.await.unwrap_or(Cancelled::NotHere)
    }

    /// If the lane rests, starts the next worker now. Returns when that start has succeeded or failed.
    ///
    /// # Cancel safety
    /// Dropping the future does not stop the start.
    pub async fn try_now(&self) {
        let (starting, started) = oneshot::channel();
        // An error of either means that the lane has stopped, which is also an end of the start.
        if self.mailbox.send(Mail::Try(starting)).await.is_ok() {
            started.await.ok();
        }
        let mut views = self.views();
        views.wait_for(|view| view.state != LaneState::Starting).await.ok();
    }

    /// Sends the verdict of a job on the worker, before the next job.
    pub(crate) fn judge(&self, verdict: Verdict) {
        match self.verdicts.try_send(verdict) {
            // A lane that has stopped has no worker to judge.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => {}
            Err(mpsc::error::TrySendError::Full(verdict)) => {
                tracing::error!(gpu = %self.gpu, ?verdict, "a verdict on the worker is lost: the lane does not take any");
            }
        }
    }

    /// Closes the worker's stdin, kills it at `kill_at`, and returns when the lane has ended. Of two calls the earlier
    /// end holds.
    pub async fn stop(&self, kill_at: Instant) {
        // An error means that the lane is gone already.
        self.stops.send(Stop { kill_at }).await.ok();
        // The lane's task drops the receiver at its end, which every caller sees here.
        self.stops.closed().await;
    }

    /// Its view now. Drop the guard before an await: it holds the lock that the lane's task writes under.
    #[must_use]
    pub fn view(&self) -> watch::Ref<'_, LaneView> {
        self.view.borrow()
    }

    /// A receiver of its views, to wait for a change.
    #[must_use]
    pub fn views(&self) -> watch::Receiver<LaneView> {
        self.view.clone()
    }

    /// How long ago the worker last wrote a line.
    #[must_use]
    pub fn silent_for(&self) -> Duration {
        self.last_seen.silent_for()
    }

    /// The failure of a command that does not wait for an open lane; `None` if the lane is not open.
    #[must_use]
    pub fn open(&self) -> Option<LaneError> {
        self.view().open(&self.gpu)
    }

    /// Whether it takes a job now. The last line of the worker counts here, and not only its state: a worker that hangs
    /// keeps its state until the lane kills it.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let view = self.view();
        view.state == LaneState::Ready && view.worker_state != "training" && self.silence(&view).is_none()
    }

    /// Why it takes no job now; `None` if it does.
    #[must_use]
    pub fn unready(&self) -> Option<String> {
        let view = self.view();
        match &view.state {
            LaneState::Starting => Some(match &view.last_death {
                Some(why) => format!("its worker is started again: {why}"),
                None => "its worker is starting".to_owned(),
            }),
            LaneState::Resting(why) => Some(format!("its worker is restarted: {why}")),
            LaneState::Open(why) => Some(why.to_string()),
            LaneState::Stopped => Some("it has stopped".to_owned()),
            LaneState::Ready if view.worker_state == "training" => Some("it trains".to_owned()),
            LaneState::Ready => self
                .silence(&view)
                .map(|silent| format!("its worker was last heard {:.1} s ago", silent.as_secs_f64())),
        }
    }

    /// How long the worker has been silent, if that is too long for its state.
    fn silence(&self, view: &LaneView) -> Option<Duration> {
        let silent = self.silent_for();
        (silent > self.silence_max && matches!(view.worker_state.as_str(), "ready" | "running"))
            .then_some(silent)
    }

    fn refusal(&self, err: &mpsc::error::TrySendError<Mail>) -> LaneError {
        match err {
            mpsc::error::TrySendError::Full(_) => LaneError::Full { capacity: self.mailbox.max_capacity() },
            mpsc::error::TrySendError::Closed(_) => LaneError::Stopping,
        }
    }
}
