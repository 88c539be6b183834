//! The lane's task: starts workers one after another, rests between them as the breaker says, and holds commands that
//! must wait.

use std::{collections::VecDeque, sync::Arc};

use chrono::Utc;
use tokio::{
    sync::{Notify, mpsc, oneshot, watch},
    time::{Instant, sleep_until},
};

use super::{
    BreakerState, Cancelled, Cause, GpuId, LaneError, LaneState, LaneView, Launch, Order, Policy, PoolEvents,
    Verdict,
    breaker::{Breaker, Death},
    handle::{BreakerView, LastSeen},
    life::{End, Life},
    message::{Answer, Cancelling, HeldOrder, Mail, Stop},
    process::Process,
};
use crate::supervise::is_configuration;

pub(crate) struct Actor {
    pub(super) gpu: GpuId,
    pub(super) policy: Arc<Policy>,
    pub(super) inbox: Inbox,
    pub(super) last_seen: Arc<LastSeen>,
    /// Commands that wait for a worker.
    pub(super) held: VecDeque<HeldOrder>,
    pub(super) breaker: Breaker,
    /// Why the last worker ended; `None` once the next one is ready.
    pub(super) last_death: Option<Arc<Cause>>,
    /// Where events go that belong to no command.
    pub(super) pool_events: PoolEvents,
    launch: Launch,
    view: watch::Sender<LaneView>,
    pub(super) changed: Arc<Notify>,
}

/// The receivers of a lane. Stops have a channel of their own, so that a full mailbox cannot delay them; verdicts too,
/// so that the next job finds the breaker as the last one left it.
pub(crate) struct Inbox {
    pub(super) mailbox: mpsc::Receiver<Mail>,
    pub(super) stops: mpsc::Receiver<Stop>,
    pub(super) verdicts: mpsc::Receiver<Verdict>,
}

/// How a rest ended.
enum RestEnd {
    /// The next worker starts now; the caller that asked for it.
    Start(Option<oneshot::Sender<()>>),
    Stop,
}

impl Actor {
    #[expect(clippy::too_many_arguments, reason = "the ends of its channels")]
    pub(super) fn new(
        gpu: GpuId,
        launch: Launch,
        policy: Arc<Policy>,
        inbox: Inbox,
        view: watch::Sender<LaneView>,
        last_seen: Arc<LastSeen>,
        changed: Arc<Notify>,
        pool_events: PoolEvents,
    ) -> Self {
        let (held, breaker) = (VecDeque::new(), Breaker::new());
        let last_death = None;
        Self { gpu, policy, inbox, last_seen, held, breaker, last_death, pool_events, launch, view, changed }
    }

    pub(super) async fn run(mut self) {
        let mut asked = None;
        loop {
            match self.live_once(asked.take()).await {
                End::Stopped => break,
                End::Died { cause, death, was_ready } => {
                    let until = self.note_death(&cause, death, was_ready);
                    match self.rest(until).await {
                        Some(RestEnd::Start(starting)) => asked = starting,
                        Some(RestEnd::Stop) | None => break,
                    }
                }
            }
        }
        self.set_state(LaneState::Stopped);
        self.inbox.mailbox.close();
        self.refuse_held(&LaneError::Stopping);
        while let Ok(mail) = self.inbox.mailbox.try_recv() {
            refuse(mail, &LaneError::Stopping);
        }
        // Dropping `self` closes the channel of stops, on which `LaneHandle::stop` waits.
    }

    async fn live_once(&mut self, asked: Option<oneshot::Sender<()>>) -> End {
        self.breaker.on_start();
        let breaker = self.breaker.clone();
        self.view.send_modify(|view| {
            view.state = LaneState::Starting;
            view.worker_state = "starting".to_owned();
            view.running = None;
            view.starts += 1;
            view.breaker.state = breaker.state();
            view.breaker.next_try = None;
        });
        self.changed.notify_one();
        if let Some(asked) = asked {
            // A caller that hung up needs no answer.
            asked.send(()).ok();
        }
        match Process::start(&self.launch, &self.gpu, &self.policy).await {
            Ok(process) => {
                tracing::debug!(gpu = %self.gpu, pid = %process.leader.pid(), "worker started");
                Life::new(self, process).run().await
            }
            Err(err) => {
                let misconfigured = is_configuration(&err);
                let what = format!("{} could not be started: {err}", self.launch.own.display());
                End::Died {
                    cause: Arc::new(Cause { what, misconfigured, ..Cause::default() }),
                    death: if misconfigured { Death::Misconfigured } else { Death::Idle },
                    was_ready: false,
                }
            }
        }
    }

    /// Counts a death. Returns when the next worker starts.
    fn note_death(&mut self, cause: &Arc<Cause>, death: Death, was_ready: bool) -> Instant {
        let rest = self.breaker.on_death(death, was_ready, &self.policy);
        let (deaths, breaker) = (self.breaker.deaths(), self.breaker.state());
        let until = Instant::now() + rest;
        let (code, signal) = (cause.exit_code, cause.signal);
        let gpu = self.gpu.clone();
        self.last_death = Some(cause.clone());
        let state = if breaker == BreakerState::Open {
            let seconds = rest.as_secs_f64();
            let reason: Arc<str> = if self.breaker.is_misconfigured() {
                format!("{cause}").into()
            } else {
                format!("its workers died {deaths} times in a row; the last time {cause}").into()
            };
            tracing::error!(%gpu, %reason, exit_code = code, signal, next_try_seconds = seconds, "lane opened");
            // A job goes back to the queue and waits there. No other command waits for an open lane: its client gets an
            // answer now.
            self.refuse_held(&LaneError::Open {
                gpu: self.gpu.clone(),
                reason: reason.clone(),
                retry_after: rest,
                misconfigured: cause.misconfigured,
            });
            LaneState::Open(reason)
        } else {
            tracing::warn!(%gpu, %cause, deaths, exit_code = code, signal, breaker = breaker.as_str(), "worker died");
            LaneState::Resting(cause.what.clone().into())
        };
        let shown = BreakerView {
            state: breaker,
            next_try: (breaker == BreakerState::Open).then(|| (until, Utc::now() + rest)),
            starts_failed: self.breaker.starts_failed(),
            misconfigured: self.breaker.is_misconfigured(),
        };
        self.update(|view| {
            view.state = state;
            view.breaker = shown;
            view.last_death = Some(cause.what.clone().into());
            true
        });
        until
    }

    /// Rests until then; `None` if every handle is gone.
    async fn rest(&mut self, until: Instant) -> Option<RestEnd> {
        loop {
            let expiry = self.held.iter().filter_map(|held| Some(held.order.deadline?.0)).min();
            let wake = expiry.map_or(until, |expiry| expiry.min(until));
            tokio::select! {
                // Stops first, then expiries, then verdicts: a flood of mail delays none of them, and the breaker knows the
                // last job's verdict when the next job arrives.
                biased;
                Some(Stop { .. }) = self.inbox.stops.recv() => return Some(RestEnd::Stop),
                () = sleep_until(wake) => {
                    self.expire_held();
                    if until <= Instant::now() {
                        return Some(RestEnd::Start(None));
                    }
                }
                Some(verdict) = self.inbox.verdicts.recv() => match verdict {
                    Verdict::Good => self.breaker.on_good_job(),
                    // The worker that it is about is gone, so that there is none to replace.
                    Verdict::Bad(_) | Verdict::Replace(_) => _ = self.breaker.on_bad_job(),
                },
                mail = self.inbox.mailbox.recv() => match mail {
                    None => return None,
                    Some(Mail::Try(starting)) => return Some(RestEnd::Start(Some(starting))),
                    Some(Mail::Run(order, waiter)) => {
                        let open = self.view.borrow().open(&self.gpu);
                        match open {
                            Some(error) => answer(waiter, Err(error)),
                            // The queue places it on another lane, or keeps it until this one is ready: it must not
                            // wait here, unseen.
                            None if order.exclusive => answer(waiter, Err(self.resting())),
                            None => self.hold(order, waiter),
                        }
                    }
                    Some(Mail::Cancel { holder, target, done }) => {
                        if let Some(done) = self.cancel_held(&holder, &target, done) {
                            done.send(Cancelled::NotHere).ok();
                        }
                    }
                },
            }
        }
    }

    pub(super) fn hold(&mut self, order: Order, waiter: oneshot::Sender<Answer>) {
        if self.held.len() >= self.policy.held_max {
            answer(waiter, Err(LaneError::Full { capacity: self.policy.held_max }));
        } else {
            self.held.push_back(HeldOrder { order, waiter, cancels: Vec::new() });
        }
    }

    /// Cancels a command that is held, or notes the cancel of one request of a held batch. Returns `done` if neither is
    /// held.
    pub(super) fn cancel_held(
        &mut self,
        holder: &Arc<str>,
        target: &Arc<str>,
        done: Cancelling,
    ) -> Option<Cancelling> {
        let Some(index) = self.held.iter().position(|held| held.order.request_id == *holder) else {
            return Some(done);
        };
        if holder != target {
            self.held[index].cancels.push((target.clone(), done));
        } else if let Some(held) = self.held.remove(index) {
            answer_held(held, LaneError::CancelledEarly);
            done.send(Cancelled::Waiting).ok();
        }
        None
    }

    pub(super) fn expire_held(&mut self) {
        let now = Instant::now();
        let is_over = |held: &HeldOrder| held.order.deadline.is_some_and(|(at, _)| at <= now);
        while let Some(index) = self.held.iter().position(is_over) {
            if let Some(held) = self.held.remove(index) {
                let seconds = held.order.deadline.map_or(0.0, |(_, timeout)| timeout.as_secs_f64());
                answer_held(
                    held,
                    match self.last_death.clone() {
                        Some(cause) => LaneError::NotStarted { seconds, cause },
                        None => LaneError::TimedOut { seconds },
                    },
                );
            }
        }
    }

    /// Returns the commands that a worker runs alone: none has begun, and another lane may be free for it. Queries wait
    /// here.
    pub(super) fn return_exclusive(&mut self) {
        let (exclusive, others): (VecDeque<HeldOrder>, _) =
            std::mem::take(&mut self.held).into_iter().partition(|held| held.order.exclusive);
        self.held = others;
        let error = self.resting();
        for held in exclusive {
            answer_held(held, error.clone());
        }
    }

    fn resting(&self) -> LaneError {
        LaneError::Resting { gpu: self.gpu.clone() }
    }

    fn refuse_held(&mut self, error: &LaneError) {
        for held in self.held.drain(..) {
            answer_held(held, error.clone());
        }
    }

    pub(super) fn set_state(&self, state: LaneState) {
        self.update(|view| {
            view.state = state;
            true
        });
    }

    /// Publishes the state of the breaker.
    pub(super) fn show_breaker(&self) {
        let (state, starts_failed) = (self.breaker.state(), self.breaker.starts_failed());
        let misconfigured = self.breaker.is_misconfigured();
        self.update(|view| {
            let shown = BreakerView { state, starts_failed, misconfigured, ..view.breaker };
            std::mem::replace(&mut view.breaker, shown) != shown
        });
    }

    /// Changes the view. Notifies watchers only if `change` returns true: a heartbeat comes every few seconds, and the
    /// queue would else wake for each.
    pub(super) fn update(&self, change: impl FnOnce(&mut LaneView) -> bool) {
        if self.view.send_if_modified(change) {
            self.changed.notify_one();
        }
    }
}

/// Answers a held command, and then the cancels of its requests.
fn answer_held(held: HeldOrder, error: LaneError) {
    answer(held.waiter, Err(error));
    for (_, done) in held.cancels {
        done.send(Cancelled::NotHere).ok();
    }
}

/// Answers a waiter; one that hung up is ignored.
pub(super) fn answer(waiter: oneshot::Sender<Answer>, with: Answer) {
    waiter.send(with).ok();
}

fn refuse(mail: Mail, error: &LaneError) {
    match mail {
        Mail::Run(_, waiter) => answer(waiter, Err(error.clone())),
        Mail::Cancel { done, .. } => {
            done.send(Cancelled::NotHere).ok();
        }
        // The caller sees by the view that nothing starts.
        Mail::Try(starting) => drop(starting),
    }
}
