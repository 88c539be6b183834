//! One worker's life: handshake, commands, deadlines, and the end. What it says is heard in [`hear`].

mod hear;

use std::{
    collections::{HashMap, VecDeque},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use contracts::{Action, framing::Line};
use serde_json::{Value, json};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};

use super::{
    Cancelled, Cause, LaneError, Order,
    actor::{Actor, answer},
    message::{Answer, Mail, Stop},
    process::{Output, Process},
    silence::{Doing, Watch},
};

/// Ids of ended commands that are remembered, to name a late or second reply.
const ENDED_MAX: usize = 64;

/// How a life ended.
pub(super) enum End {
    /// It was told to stop; whoever told it waits here.
    Stopped(oneshot::Sender<()>),
    Died(Arc<Cause>),
}

/// Why the loop was left.
enum Leave {
    /// Its stdout is closed or its process is gone.
    Gone,
    /// The lane kills it, and why.
    Kill(String),
}

pub(super) struct Life<'a> {
    actor: &'a mut Actor,
    process: Process,
    in_flight: HashMap<Arc<str>, InFlight>,
    ended: VecDeque<Arc<str>>,
    ready: bool,
    started: Instant,
    watch: Watch,
    /// The time at which it is killed, once it was told to stop.
    stopping: Option<Stop>,
}

struct InFlight {
    waiter: Waiter,
    attempt: u32,
    exclusive: bool,
    compiles: bool,
    feed: Option<crate::jobs::Feed>,
    sent: Instant,
    deadline: Option<(Instant, Duration)>,
    ending: Option<Ending>,
}

enum Waiter {
    Order(oneshot::Sender<Answer>),
    Cancel(oneshot::Sender<Cancelled>),
    Handshake,
    /// A cancel that the lane sent by itself.
    Nobody,
}

/// What an answer in time would have been overtaken by.
struct Ending {
    kill_at: Instant,
    error: LaneError,
}

enum Input {
    Output(Option<Output>),
    Mail(Option<Mail>),
}

/// Either, without preference, so that a worker that floods its stdout cannot starve the mailbox.
///
/// # Cancel safety
/// Both are `recv`.
async fn next_input(
    output: &mut mpsc::Receiver<Output>,
    mailbox: &mut mpsc::Receiver<Mail>,
    open: bool,
) -> Input {
    tokio::select! {
        output = output.recv() => Input::Output(output),
        mail = mailbox.recv(), if open => Input::Mail(mail),
    }
}

impl<'a> Life<'a> {
    pub(super) fn new(actor: &'a mut Actor, process: Process) -> Self {
        let started = Instant::now();
        Self {
            actor,
            process,
            in_flight: HashMap::new(),
            ended: VecDeque::new(),
            ready: false,
            started,
            watch: Watch::new(started),
            stopping: None,
        }
    }

    pub(super) async fn run(mut self) -> End {
        self.shake_hands();
        let mut sleep = pin!(sleep_until(self.started));
        let leave = loop {
            let wake = self.next_wake();
            // Nearly everything that is heard puts it off: a wake-up that comes too early looks again, and costs less.
            if wake < sleep.deadline() || sleep.is_elapsed() {
                sleep.as_mut().reset(wake);
            }
            let open = self.stopping.is_none();
            tokio::select! {
                biased;
                // Time and stops first: no flood of lines may delay them.
                () = &mut sleep => if let Some(leave) = self.on_time() { break leave },
                Some(stop) = self.actor.stops.recv(), if open => {
                    self.process.close_stdin();
                    self.stopping = Some(stop);
                }
                input = next_input(&mut self.process.output, &mut self.actor.mailbox, open) => match input {
                    Input::Output(Some(Output::Lines(lines))) => {
                        if let Some(leave) = self.on_lines(lines) { break leave }
                    }
                    Input::Output(Some(Output::Closed) | None) => break Leave::Gone,
                    Input::Mail(Some(mail)) => self.on_mail(mail),
                    // The gateway is gone: its tasks are being dropped.
                    Input::Mail(None) => break Leave::Kill("the gateway is gone".to_owned()),
                },
                // A worker that is gone may leave children that hold its stdout open.
                _ = self.process.child.wait() => break Leave::Gone,
            }
        };
        self.end(leave).await
    }

    fn shake_hands(&mut self) {
        let mut features = vec!["events", "out_of_order"];
        if self.actor.policy.previews {
            features.push("previews");
        }
        let payload = json!({"protocol_versions": ["1"], "features": features, "dialect": "snake"});
        self.send_own(Action::Initialize, &payload, Waiter::Handshake);
    }

    fn send_own(&mut self, action: Action, payload: &Value, waiter: Waiter) {
        let id: Arc<str> = uuid::Uuid::now_v7().to_string().into();
        let frame = json!({"action": action, "request_id": &*id, "attempt": 1, "payload": payload});
        let mut frame = frame.to_string().into_bytes();
        frame.push(b'\n');
        let entry = InFlight {
            waiter,
            attempt: 1,
            exclusive: false,
            compiles: false,
            feed: None,
            sent: Instant::now(),
            deadline: None,
            ending: None,
        };
        if self.process.send(frame) {
            self.in_flight.insert(id, entry);
        } else {
            self.finish(entry, Err(LaneError::Full { capacity: self.actor.policy.held_max }));
        }
    }

    // ---- time ----

    fn compiles(&self) -> bool {
        self.in_flight.values().any(|entry| entry.compiles)
    }

    fn next_wake(&self) -> Instant {
        let limits = &self.actor.policy.limits;
        let silence = if let Some(stop) = &self.stopping {
            stop.kill_at
        } else if self.ready {
            self.watch.hung_at(limits, self.compiles())
        } else {
            self.started + limits.start_seconds.duration()
        };
        let entries = self.in_flight.values().filter_map(|entry| match &entry.ending {
            Some(ending) => Some(ending.kill_at),
            None => entry.deadline.map(|(at, _)| at),
        });
        let held = self.actor.held.iter().filter_map(|(order, _)| Some(order.deadline?.0));
        entries.chain(held).fold(silence, Instant::min)
    }

    fn on_time(&mut self) -> Option<Leave> {
        let now = Instant::now();
        self.actor.expire_held();
        let limits = &self.actor.policy.limits;
        if let Some(stop) = &self.stopping {
            if stop.kill_at <= now {
                return Some(Leave::Kill("it did not leave within its grace".to_owned()));
            }
        } else if !self.ready {
            if self.started + limits.start_seconds.duration() <= now {
                return Some(Leave::Kill(format!(
                    "it did not answer within {} s of its start",
                    limits.start_seconds
                )));
            }
        } else if self.watch.hung_at(limits, self.compiles()) <= now {
            return Some(Leave::Kill(self.watch.complaint(limits, self.compiles())));
        }
        self.expire(now)
    }

    /// Ends what is over its time: cancel first, then the worker is killed.
    fn expire(&mut self, now: Instant) -> Option<Leave> {
        if let Some(entry) = self
            .in_flight
            .values()
            .find(|entry| entry.ending.as_ref().is_some_and(|ending| ending.kill_at <= now))
        {
            let why = match &entry.ending {
                Some(Ending { error: LaneError::TimedOut { .. }, .. }) => "its command timed out",
                _ => "its command was cancelled",
            };
            return Some(Leave::Kill(format!("{why}, and it did not obey the cancel in time")));
        }
        let over: Vec<Arc<str>> = self
            .in_flight
            .iter()
            .filter(|(_, entry)| entry.ending.is_none() && entry.deadline.is_some_and(|(at, _)| at <= now))
            .map(|(id, _)| id.clone())
            .collect();
        for id in over {
            let Some(entry) = self.in_flight.get_mut(&id) else { continue };
            let seconds = entry.deadline.map_or(0.0, |(_, timeout)| timeout.as_secs_f64());
            let error = LaneError::TimedOut { seconds };
            if entry.exclusive {
                entry.ending = Some(Ending { kill_at: now + self.actor.policy.cancel_grace, error });
                let payload = json!({"target_request_id": &*id});
                self.send_own(Action::Cancel, &payload, Waiter::Nobody);
            } else if let Some(entry) = self.in_flight.remove(&id) {
                tracing::warn!(gpu = %self.actor.gpu, request_id = &*id, seconds, "the worker did not answer in time");
                self.remember(id);
                self.finish(entry, Err(error));
            }
        }
        None
    }

    // ---- mail ----

    fn on_mail(&mut self, mail: Mail) {
        match mail {
            Mail::Run(order, waiter) if self.ready => self.send(order, waiter),
            Mail::Run(order, waiter) => self.actor.hold(order, waiter),
            Mail::Cancel { holder, target, done } => self.cancel(&holder, &target, done),
            Mail::Revive => {}
        }
    }

    fn send(&mut self, order: Order, waiter: oneshot::Sender<Answer>) {
        if self.in_flight.contains_key(&order.request_id) {
            let what = format!("request_id {} is in flight already", order.request_id);
            return answer(waiter, Err(LaneError::Protocol { what }));
        }
        if !self.process.send(order.frame) {
            return answer(waiter, Err(LaneError::Full { capacity: self.actor.policy.held_max }));
        }
        let now = Instant::now();
        if order.exclusive {
            self.watch.idle_since = None;
            self.watch.progressed = now;
            if self.watch.doing == Doing::Nothing {
                self.watch.doing = Doing::Unsaid;
            }
        }
        let entry = InFlight {
            waiter: Waiter::Order(waiter),
            attempt: order.attempt,
            exclusive: order.exclusive,
            compiles: order.compiles,
            feed: order.feed,
            sent: now,
            deadline: order.deadline,
            ending: None,
        };
        self.in_flight.insert(order.request_id, entry);
    }

    fn cancel(&mut self, holder: &Arc<str>, target: &Arc<str>, done: oneshot::Sender<Cancelled>) {
        let Some(entry) = self.in_flight.get_mut(holder) else {
            done.send(Cancelled::NotHere).ok();
            return;
        };
        let mut payload = json!({"target_request_id": &**target});
        // One request of a batch that does not obey leaves the others alone.
        if holder == target {
            payload["attempt"] = entry.attempt.into();
            if entry.ending.is_none() {
                let kill_at = Instant::now() + self.actor.policy.cancel_grace;
                entry.ending = Some(Ending { kill_at, error: LaneError::Cancelled });
            }
        }
        self.send_own(Action::Cancel, &payload, Waiter::Cancel(done));
    }

    // ---- ends ----

    fn remember(&mut self, id: Arc<str>) {
        if self.ended.len() == ENDED_MAX {
            self.ended.pop_front();
        }
        self.ended.push_back(id);
    }

    /// Tells the waiter; one that has gone does not mind.
    fn finish(&self, entry: InFlight, with: Answer) {
        match entry.waiter {
            Waiter::Order(waiter) => answer(waiter, with),
            Waiter::Cancel(done) => {
                done.send(with.map_or(Cancelled::Replaced, Cancelled::Answered)).ok();
            }
            Waiter::Nobody => {
                tracing::debug!(gpu = %self.actor.gpu, "the cancel of an expired command has ended");
            }
            Waiter::Handshake => {}
        }
    }

    /// Buries the worker, delivers its last lines and answers everyone who waits.
    async fn end(mut self, leave: Leave) -> End {
        let expected = match leave {
            Leave::Gone => None,
            Leave::Kill(why) => Some(why),
        };
        let mut last = Vec::new();
        let cause = Arc::new(self.process.bury(expected, |line| last.push(line)).await);
        for line in last {
            // A reply that came in time is still a reply. What would end this life has no meaning any more.
            if let Line::Text(line) = line {
                self.on_line(line);
            }
        }
        let stopping = self.stopping.take();
        // Targets first: a cancel is answered after its target's own reply.
        let mut entries: Vec<InFlight> = std::mem::take(&mut self.in_flight).into_values().collect();
        entries.sort_by_key(|entry| matches!(entry.waiter, Waiter::Cancel(_)));
        for mut entry in entries {
            let error = match entry.ending.take() {
                Some(ending) => ending.error,
                None if stopping.is_some() => LaneError::Stopping,
                None => LaneError::WorkerCrashed { cause: cause.clone() },
            };
            self.finish(entry, Err(error));
        }
        match stopping {
            Some(stop) => {
                tracing::debug!(gpu = %self.actor.gpu, %cause, "worker stopped");
                End::Stopped(stop.done)
            }
            None => End::Died(cause),
        }
    }
}
