//! One worker's life: handshake, commands and replies, events, deadlines, and the end.

use std::{
    collections::{HashMap, VecDeque},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use contracts::{Action, framing::Line};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};

use super::{
    Cancelled, Cause, LaneError, LaneState, Order, WorkerFacts,
    actor::{Actor, answer},
    message::{Answer, Mail, Stop},
    process::{Output, Process, shorten},
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

/// What must be known of a line before its reader has it.
#[derive(Deserialize)]
struct Peek {
    #[serde(default)]
    request_id: Option<String>,
    #[serde(default)]
    event: Option<String>,
    #[serde(default)]
    success: Option<bool>,
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
            if sleep.deadline() != wake {
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
            self.started + Duration::from_secs_f64(limits.start_seconds)
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
            if self.started + Duration::from_secs_f64(limits.start_seconds) <= now {
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

    // ---- lines ----

    fn on_lines(&mut self, lines: Vec<Line>) -> Option<Leave> {
        self.watch.heard = Instant::now();
        self.actor.heard.now();
        for line in lines {
            match line {
                Line::Text(line) => {
                    if let Some(leave) = self.on_line(line) {
                        return Some(leave);
                    }
                }
                Line::TooLarge { bytes } => {
                    return Some(Leave::Kill(format!("it wrote a line of more than {bytes} bytes")));
                }
            }
        }
        None
    }

    fn on_line(&mut self, line: Vec<u8>) -> Option<Leave> {
        let gpu = &self.actor.gpu;
        let Ok(peek) = serde_json::from_slice::<Peek>(&line) else {
            let text = String::from_utf8_lossy(&line);
            tracing::warn!(%gpu, line = shorten(&text), "the worker wrote a line that is no frame");
            return None;
        };
        match (peek.event, peek.success, peek.request_id) {
            (Some(event), None, _) => return self.on_event(&event, &line),
            (None, Some(_), Some(id)) => return self.on_reply(&id, line),
            _ => {
                let text = String::from_utf8_lossy(&line);
                tracing::warn!(%gpu, line = shorten(&text), "the worker wrote a frame that answers nothing");
            }
        }
        None
    }

    fn on_reply(&mut self, id: &str, line: Vec<u8>) -> Option<Leave> {
        let gpu = &self.actor.gpu;
        let Some((id, entry)) = self.in_flight.remove_entry(id) else {
            let late = self.ended.iter().any(|ended| &**ended == id);
            let what = if late { "a second or late reply" } else { "a reply to nothing that it was asked" };
            tracing::warn!(%gpu, request_id = id, "the worker wrote {what}; it is dropped");
            return None;
        };
        self.remember(id);
        if let Waiter::Handshake = entry.waiter {
            return self.on_handshake(&line);
        }
        if entry.exclusive {
            self.on_idle();
        }
        self.actor.deaths = 0;
        match entry.ending {
            // The client was promised a timeout: an answer within the grace comes too late for it.
            Some(Ending { error: error @ LaneError::TimedOut { .. }, .. }) => {
                self.finish(InFlight { ending: None, ..entry }, Err(error));
            }
            _ => self.finish(entry, Ok(line)),
        }
        None
    }

    /// An exclusive command has ended: the worker does what its heartbeats say, at most `idle` late.
    fn on_idle(&mut self) {
        if !self.in_flight.values().any(|entry| entry.exclusive) && self.watch.doing != Doing::Training {
            self.watch.doing = Doing::Nothing;
            self.watch.idle_since = None;
        }
    }

    fn on_handshake(&mut self, line: &[u8]) -> Option<Leave> {
        let refuse = |what: String| Some(Leave::Kill(format!("its answer to initialize is no good: {what}")));
        let value: Value = match serde_json::from_slice(line) {
            Ok(value) => value,
            Err(err) => return refuse(err.to_string()),
        };
        let read = match contracts::Reply::read(Action::Initialize, &value) {
            Ok(read) => read.reply,
            Err(err) => return refuse(err.to_string()),
        };
        let data = match read.outcome {
            Ok(data) => data,
            Err(failure) => return refuse(failure.to_string()),
        };
        let has = |feature: &str| {
            data["features"].as_array().is_some_and(|all| all.iter().any(|one| one == feature))
        };
        if !has("events") || !has("out_of_order") {
            return refuse("it speaks without events or out_of_order, which a lane needs".to_owned());
        }
        let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
        let gpu = &self.actor.gpu;
        if data["gpu_id"] != gpu.as_str() {
            return refuse(format!("it is {}, and its lane is {gpu}", data["gpu_id"]));
        }
        let facts = WorkerFacts {
            worker: text("worker"),
            version: text("worker_version"),
            device_name: text("device_name"),
            pid: data["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok()).unwrap_or_default(),
        };
        tracing::info!(%gpu, worker = facts.worker, version = facts.version, device = facts.device_name, pid = facts.pid, "worker ready");
        self.ready = true;
        self.watch = Watch::new(Instant::now());
        self.actor.update(|view| {
            view.state = LaneState::Ready;
            view.facts = Some(Arc::new(facts));
            view.worker_state = "ready".to_owned();
            true
        });
        for (order, waiter) in std::mem::take(&mut self.actor.held) {
            self.send(order, waiter);
        }
        None
    }

    fn on_event(&mut self, name: &str, line: &[u8]) -> Option<Leave> {
        let gpu = &self.actor.gpu;
        let event: Value = match serde_json::from_slice(line) {
            Ok(event) => event,
            Err(err) => {
                tracing::warn!(%gpu, %err, "the worker wrote an event that cannot be read");
                return None;
            }
        };
        match contracts::event::faults(&event) {
            Some(faults) if faults.is_empty() => {}
            Some(faults) => {
                let fault = &faults[0];
                tracing::warn!(%gpu, event = name, pointer = fault.pointer, fault = fault.message, "the worker wrote an event that breaks the contract; it is dropped");
                return None;
            }
            None => {
                tracing::warn!(%gpu, event = name, "the worker wrote an unknown event; it is dropped");
                return None;
            }
        }
        match name {
            "heartbeat" => self.on_heartbeat(&event),
            "training_progress" => {
                self.watch.progressed = Instant::now();
                // Nobody may be listening.
                self.actor.news.send(Arc::new(event)).ok();
                None
            }
            _ => {
                self.on_job_event(name, event);
                None
            }
        }
    }

    fn on_job_event(&mut self, name: &str, event: Value) {
        let gpu = &self.actor.gpu;
        let id = event["request_id"].as_str().unwrap_or_default();
        // Events of one request of a batch belong to the batch.
        let entry = match self.in_flight.get(id) {
            Some(entry) => Some(entry),
            None => id.rsplit_once('.').and_then(|(batch, _)| self.in_flight.get(batch)),
        };
        let Some(entry) = entry.filter(|entry| event["attempt"] == entry.attempt) else {
            tracing::warn!(%gpu, event = name, request_id = id, "the worker wrote an event of nothing in flight; it is dropped");
            return;
        };
        if name == "progress" {
            self.watch.progressed = Instant::now();
            self.watch.idle_since = None;
            let stage = event["stage"].as_str().unwrap_or_default();
            self.watch.doing = Doing::Stage(stage.to_owned(), event["step"] == 0);
        }
        match &entry.feed {
            Some(feed) => feed.push(event),
            None if name == "log" => {
                tracing::info!(target: "worker", %gpu, request_id = id, "{}", event["message"])
            }
            None => {}
        }
    }

    fn on_heartbeat(&mut self, event: &Value) -> Option<Leave> {
        let now = Instant::now();
        let state = event["state"].as_str().unwrap_or_default();
        let stalled = event["last_progress_seconds"].as_f64().unwrap_or_default();
        let runs = event.get("running_request_id").is_some();
        let memory = event["memory_used_mb"].as_f64().unwrap_or_default();
        self.actor.update(|view| {
            let changed = view.worker_state != state;
            if changed {
                state.clone_into(&mut view.worker_state);
            }
            view.memory_used_mb = memory;
            view.last_progress_seconds = stalled;
            changed
        });
        self.note_doing(event, state, runs);
        // A start up to now: a huge number of a broken worker must not overflow.
        if self.watch.doing != Doing::Nothing
            && let Some(progressed) = now.checked_sub(Duration::from_secs_f64(stalled.clamp(0.0, 1e6)))
        {
            self.watch.progressed = self.watch.progressed.max(progressed);
        }
        self.find_unanswered(now, state == "ready" && !runs)
    }

    fn note_doing(&mut self, event: &Value, state: &str, runs: bool) {
        self.watch.doing = match (state, event.get("stage").and_then(Value::as_str)) {
            (_, Some(stage)) => {
                let first = match &self.watch.doing {
                    Doing::Stage(known, first) if known == stage => *first,
                    _ => true,
                };
                Doing::Stage(stage.to_owned(), first)
            }
            ("training", None) => Doing::Training,
            ("loading", None) => Doing::Stage("loading".to_owned(), false),
            _ if runs || self.in_flight.values().any(|entry| entry.exclusive) => Doing::Unsaid,
            _ => Doing::Nothing,
        };
    }

    /// A worker that has a command, and says for the idle limit that it does nothing, has lost its reply.
    fn find_unanswered(&mut self, now: Instant, idle: bool) -> Option<Leave> {
        let oldest = self.in_flight.values().filter(|entry| entry.exclusive).map(|entry| entry.sent).min();
        let (true, Some(sent)) = (idle, oldest) else {
            self.watch.idle_since = None;
            return None;
        };
        let since = *self.watch.idle_since.get_or_insert(now);
        let limit = Duration::from_secs_f64(self.actor.policy.limits.idle_seconds);
        if now - since < limit || now - sent < limit {
            return None;
        }
        let what = format!(
            "it says that it has nothing to do, and has not answered a command of {:.1} s ago",
            (now - sent).as_secs_f64()
        );
        let lost: Vec<Arc<str>> =
            self.in_flight.iter().filter(|(_, entry)| entry.exclusive).map(|(id, _)| id.clone()).collect();
        for id in lost {
            if let Some(entry) = self.in_flight.remove(&id) {
                self.finish(entry, Err(LaneError::Protocol { what: what.clone() }));
            }
        }
        Some(Leave::Kill(what))
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
                tracing::debug!(gpu = %self.actor.gpu, "the cancel of an expired command has ended")
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
