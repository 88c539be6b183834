//! The lane's task between lives: starts workers, rests after deaths, quarantines, and holds what must wait.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::{
    sync::{Notify, mpsc, oneshot, watch},
    time::{Instant, sleep_until},
};

use super::{
    Cancelled, Cause, GpuId, LaneError, LaneState, LaneView, Launch, News, Order, Policy,
    handle::Heard,
    life::{End, Life},
    message::{Answer, Mail, Stop},
    process::Process,
};

pub(crate) struct Actor {
    pub(super) gpu: GpuId,
    pub(super) policy: Arc<Policy>,
    pub(super) mailbox: mpsc::Receiver<Mail>,
    pub(super) stops: mpsc::Receiver<Stop>,
    pub(super) heard: Arc<Heard>,
    /// Commands that wait for a worker that is ready.
    pub(super) held: VecDeque<(Order, oneshot::Sender<Answer>)>,
    /// Deaths with no command answered between.
    pub(super) deaths: u32,
    /// Where events go that are of no command.
    pub(super) news: News,
    launch: Launch,
    view: watch::Sender<LaneView>,
    changed: Arc<Notify>,
}

/// How a rest ended.
enum Rested {
    Start,
    Stop(Stop),
}

impl Actor {
    #[expect(clippy::too_many_arguments, reason = "the ends of its channels")]
    pub(super) fn new(
        gpu: GpuId,
        launch: Launch,
        policy: Arc<Policy>,
        mailbox: mpsc::Receiver<Mail>,
        stops: mpsc::Receiver<Stop>,
        view: watch::Sender<LaneView>,
        heard: Arc<Heard>,
        changed: Arc<Notify>,
        news: News,
    ) -> Self {
        let held = VecDeque::new();
        Self { gpu, policy, mailbox, stops, heard, held, deaths: 0, news, launch, view, changed }
    }

    pub(super) async fn run(mut self) {
        let stop = loop {
            match self.live_once().await {
                End::Stopped(stop) => break Some(stop),
                End::Died(cause) => {
                    let until = self.note_death(&cause);
                    match self.rest(until).await {
                        Some(Rested::Start) => {}
                        Some(Rested::Stop(stop)) => break Some(stop.done),
                        None => break None,
                    }
                }
            }
        };
        self.set_state(LaneState::Stopped);
        self.mailbox.close();
        self.refuse_held(&LaneError::Stopping);
        while let Ok(mail) = self.mailbox.try_recv() {
            refuse(mail, &LaneError::Stopping);
        }
        if let Some(done) = stop {
            // Whoever asked for the stop may have gone.
            done.send(()).ok();
        }
    }

    async fn live_once(&mut self) -> End {
        self.view.send_modify(|view| {
            view.state = LaneState::Starting;
            view.worker_state = "starting".to_owned();
            view.starts += 1;
        });
        self.changed.notify_one();
        match Process::start(&self.launch, &self.gpu, self.policy.frame_bytes_max) {
            Ok(process) => {
                tracing::debug!(gpu = %self.gpu, pid = process.pid(), "worker started");
                Life::new(self, process).run().await
            }
            Err(err) => {
                let program = self.launch.program.display();
                End::Died(Arc::new(Cause {
                    what: format!("{program} could not be started: {err}"),
                    ..Cause::default()
                }))
            }
        }
    }

    /// Counts a death; says when the next worker starts, `None` for a quarantine.
    fn note_death(&mut self, cause: &Arc<Cause>) -> Option<Instant> {
        self.deaths += 1;
        tracing::warn!(gpu = %self.gpu, %cause, deaths = self.deaths, "worker died");
        if self.deaths >= self.policy.deaths_max {
            let reason: Arc<str> =
                format!("{} deaths with no command answered between; the last: {cause}", self.deaths).into();
            tracing::error!(gpu = %self.gpu, %reason, "lane in quarantine");
            self.set_state(LaneState::Quarantined(reason.clone()));
            self.refuse_held(&LaneError::Quarantined { reason });
            return None;
        }
        self.set_state(LaneState::Resting(cause.what.clone().into()));
        Some(Instant::now() + self.backoff())
    }

    fn backoff(&self) -> Duration {
        let doublings = self.deaths.saturating_sub(1).min(16);
        self.policy.backoff_min.saturating_mul(1 << doublings).min(self.policy.backoff_max)
    }

    /// Rests until then, or for ever; `None` where the gateway is gone.
    async fn rest(&mut self, until: Option<Instant>) -> Option<Rested> {
        loop {
            let expiry = self.held.iter().filter_map(|(order, _)| Some(order.deadline?.0)).min();
            let wake = [until, expiry].into_iter().flatten().min();
            tokio::select! {
                biased;
                Some(stop) = self.stops.recv() => return Some(Rested::Stop(stop)),
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {
                    self.expire_held();
                    if until.is_some_and(|until| until <= Instant::now()) {
                        return Some(Rested::Start);
                    }
                }
                mail = self.mailbox.recv() => match mail {
                    None => return None,
                    Some(Mail::Revive) => {
                        self.deaths = 0;
                        return Some(Rested::Start);
                    }
                    Some(Mail::Run(order, waiter)) => match &self.view.borrow().state {
                        LaneState::Quarantined(reason) => {
                            answer(waiter, Err(LaneError::Quarantined { reason: reason.clone() }));
                        }
                        _ => hold(&mut self.held, self.policy.held_max, order, waiter),
                    },
                    Some(other) => refuse(other, &LaneError::Stopping),
                },
            }
        }
    }

    pub(super) fn hold(&mut self, order: Order, waiter: oneshot::Sender<Answer>) {
        hold(&mut self.held, self.policy.held_max, order, waiter);
    }

    pub(super) fn expire_held(&mut self) {
        let now = Instant::now();
        let is_over = |order: &Order| order.deadline.is_some_and(|(at, _)| at <= now);
        while let Some(index) = self.held.iter().position(|(order, _)| is_over(order)) {
            if let Some((order, waiter)) = self.held.remove(index) {
                let seconds = order.deadline.map_or(0.0, |(_, timeout)| timeout.as_secs_f64());
                answer(waiter, Err(LaneError::TimedOut { seconds }));
            }
        }
    }

    fn refuse_held(&mut self, error: &LaneError) {
        for (_, waiter) in self.held.drain(..) {
            answer(waiter, Err(error.clone()));
        }
    }

    pub(super) fn set_state(&self, state: LaneState) {
        self.update(|view| {
            view.state = state;
            true
        });
    }

    /// Changes the view; tells others only where `change` says that it matters to them.
    pub(super) fn update(&self, change: impl FnOnce(&mut LaneView) -> bool) {
        if self.view.send_if_modified(change) {
            self.changed.notify_one();
        }
    }
}

fn hold(
    held: &mut VecDeque<(Order, oneshot::Sender<Answer>)>,
    held_max: usize,
    order: Order,
    waiter: oneshot::Sender<Answer>,
) {
    if held.len() >= held_max {
        answer(waiter, Err(LaneError::Full { capacity: held_max }));
    } else {
        held.push_back((order, waiter));
    }
}

/// Answers a waiter; one that has gone does not mind.
pub(super) fn answer(waiter: oneshot::Sender<Answer>, with: Answer) {
    waiter.send(with).ok();
}

fn refuse(mail: Mail, error: &LaneError) {
    match mail {
        Mail::Run(_, waiter) => answer(waiter, Err(error.clone())),
        Mail::Cancel { done, .. } => {
            done.send(Cancelled::NotHere).ok();
        }
        Mail::Revive => {}
    }
}
