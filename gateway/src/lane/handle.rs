//! A cheap clone through which the rest of the gateway reaches a lane.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, mpsc, oneshot, watch},
    task::JoinSet,
    time::Instant,
};

use super::{
    Cancelled, GpuId, LaneError, Launch, News, Order, Policy,
    actor::Actor,
    message::{Answer, Mail, Stop},
};

/// Commands that wait for the lane's task to look at them.
const MAILBOX_MAX: usize = 1024;

/// Where a lane stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LaneState {
    /// Its worker has not answered `initialize` yet.
    Starting,
    /// It takes commands.
    Ready,
    /// Its worker died; the next one comes soon.
    Resting(Arc<str>),
    /// Its workers died too often; the reason.
    Quarantined(Arc<str>),
    /// It was told to stop.
    Stopped,
}

/// What the worker said of itself in the handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerFacts {
    /// `worker-sim` or `concord-python`.
    pub worker: String,
    /// Its version.
    pub version: String,
    /// What it runs on.
    pub device_name: String,
    /// Its process id.
    pub pid: u32,
}

/// What can be seen of a lane from outside.
#[derive(Clone, Debug)]
pub struct LaneView {
    /// Where it stands.
    pub state: LaneState,
    /// Its worker, once it has answered.
    pub facts: Option<Arc<WorkerFacts>>,
    /// The worker's own state, of the last heartbeat.
    pub worker_state: String,
    /// Device memory of the last heartbeat, in MiB.
    pub memory_used_mb: f64,
    /// How long the work has made no progress, of the last heartbeat, in seconds.
    pub last_progress_seconds: f64,
    /// Workers started so far.
    pub starts: u64,
}

/// When the worker was last heard.
#[derive(Debug)]
pub(crate) struct Heard {
    since: Instant,
    millis: AtomicU64,
}

impl Heard {
    pub(crate) fn now(&self) {
        let millis = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.millis.store(millis, Ordering::Relaxed);
    }
}

/// A lane, as others see it.
#[derive(Clone, Debug)]
pub struct LaneHandle {
    /// Its GPU.
    pub gpu: GpuId,
    mailbox: mpsc::Sender<Mail>,
    stops: mpsc::Sender<Stop>,
    view: watch::Receiver<LaneView>,
    heard: Arc<Heard>,
    silence_max: Duration,
}

/// Starts a lane on `tasks`; `changed` is told whenever its view changes, `news` whatever concerns no command.
pub fn start(
    gpu: GpuId,
    launch: Launch,
    policy: Arc<Policy>,
    changed: Arc<Notify>,
    news: News,
    tasks: &mut JoinSet<()>,
) -> LaneHandle {
    let (mailbox, mail) = mpsc::channel(MAILBOX_MAX);
    let (stops, stop) = mpsc::channel(1);
    let (view_out, view) = watch::channel(LaneView {
        state: LaneState::Starting,
        facts: None,
        worker_state: "starting".to_owned(),
        memory_used_mb: 0.0,
        last_progress_seconds: 0.0,
        starts: 0,
    });
    let heard = Arc::new(Heard { since: Instant::now(), millis: AtomicU64::new(0) });
    let silence_max = policy.limits.idle_seconds.duration();
    let actor = Actor::new(gpu.clone(), launch, policy, mail, stop, view_out, heard.clone(), changed, news);
    tasks.spawn(actor.run());
    LaneHandle { gpu, mailbox, stops, view, heard, silence_max }
}

impl LaneHandle {
    /// Gives the worker a command and waits for its answer: a snake reply, not read yet.
    ///
    /// # Errors
    /// [`LaneError`]; every command ends in one or the other, whatever dies.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the command with the worker; its reply is dropped.
    pub async fn run(&self, order: Order) -> Result<Vec<u8>, LaneError> {
        self.give(order).await
    }

    /// The same, but the command is in the mailbox before the future is polled: a cancel sent after it comes after it.
    pub(crate) fn give(&self, order: Order) -> impl Future<Output = Answer> + use<> {
        let (waiter, answer) = oneshot::channel::<Answer>();
        let given = self.mailbox.try_send(Mail::Run(order, waiter)).map_err(|err| self.refused(&err));
        async move {
            given?;
            answer.await.unwrap_or(Err(LaneError::Stopping))
        }
    }

    /// Cancels `target`: the command `holder` in flight, or one request of the batch `holder`. Answers after the
    /// target's own terminal reply.
    pub async fn cancel(&self, holder: Arc<str>, target: Arc<str>) -> Cancelled {
        let (done, cancelled) = oneshot::channel();
        // A full mailbox must not lose a cancel, so this waits; a closed one has nothing left to cancel.
        if self.mailbox.send(Mail::Cancel { holder, target, done }).await.is_err() {
            return Cancelled::NotHere;
        }
        cancelled.await.unwrap_or(Cancelled::NotHere)
    }

    /// Ends a quarantine.
    pub fn revive(&self) {
        if self.mailbox.try_send(Mail::Revive).is_err() {
            tracing::warn!(gpu = %self.gpu, "the lane could not be revived: it is full or gone");
        }
    }

    /// Closes the worker's stdin, kills it at `kill_at`, and returns when it is gone.
    pub async fn stop(&self, kill_at: Instant) {
        let (done, stopped) = oneshot::channel();
        if self.stops.send(Stop { kill_at, done }).await.is_ok() {
            // An error means that the lane is gone too.
            stopped.await.ok();
        }
    }

    /// What can be seen of it now.
    #[must_use]
    pub fn view(&self) -> watch::Ref<'_, LaneView> {
        self.view.borrow()
    }

    /// A receiver of its views, for those who wait for a change.
    #[must_use]
    pub fn views(&self) -> watch::Receiver<LaneView> {
        self.view.clone()
    }

    /// How long ago the worker was last heard.
    #[must_use]
    pub fn silent_for(&self) -> Duration {
        let heard = Duration::from_millis(self.heard.millis.load(Ordering::Relaxed));
        self.heard.since.elapsed().saturating_sub(heard)
    }

    /// Why it takes no job now; `None` where it does. Judged by the last sign of life, not by a flag.
    #[must_use]
    pub fn unready(&self) -> Option<String> {
        let view = self.view();
        match &view.state {
            LaneState::Starting => Some("its worker is starting".to_owned()),
            LaneState::Resting(why) => Some(format!("its worker is restarted: {why}")),
            LaneState::Quarantined(why) => Some(format!("it is in quarantine: {why}")),
            LaneState::Stopped => Some("it has stopped".to_owned()),
            LaneState::Ready if view.worker_state == "training" => Some("it trains".to_owned()),
            LaneState::Ready => {
                let silent = self.silent_for();
                (silent > self.silence_max && matches!(view.worker_state.as_str(), "ready" | "running"))
                    .then(|| format!("its worker was last heard {:.1} s ago", silent.as_secs_f64()))
            }
        }
    }

    fn refused(&self, err: &mpsc::error::TrySendError<Mail>) -> LaneError {
        match err {
            mpsc::error::TrySendError::Full(_) => LaneError::Full { capacity: self.mailbox.max_capacity() },
            mpsc::error::TrySendError::Closed(_) => LaneError::Stopping,
        }
    }
}
