//! One worker's life: handshake, commands, deadlines, and the end. What it says is heard in [`hear`].

mod output;
mod unreadable;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use contracts::{Action, Trace, framing::Line, limits::UNUSABLE_LINES_MAX};
use serde_json::{Value, json};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use super::{
    Cancelled, Cause, Kept, LaneError, LaneState, Order, Verdict,
    actor::{Actor, answer},
    breaker::Death,
    message::{Answer, Cancelling, Held, Mail, Stop},
    meter::Meter,
    process::{Output, Process, Why},
    silence::{Doing, Watch},
    timer::Timer,
};

/// Ids of ended commands that are remembered, to name a late or second reply.
const ENDED_MAX: usize = 64;
/// A timer that is later than this says that this process was held up itself, not its worker.
const LATE_MIN: Duration = Duration::from_millis(250);
/// From here on that is worth a warning: a busy machine is late by less.
const LATE_TOLD: Duration = Duration::from_secs(1);
/// Pieces of output that are taken before a worker is judged: as many as its reader can have put aside.
const ASIDE_MAX: usize = 64;

/// Queries that were given up and that the worker may still answer: what is kept for them stays kept.
const GIVEN_UP_MAX: usize = 1024;

/// How a life ended.
pub(super) enum End {
    /// It was told to stop.
    Stopped,
    Died {
        cause: Arc<Cause>,
        death: Death,
        was_ready: bool,
    },
}

/// Why the loop was left.
struct Leave {
    why: Why,
    /// The worker is not to blame: a cancelled command did not stop.
    spared: bool,
}

impl Leave {
    fn kill(why: impl Into<String>) -> Self {
        Self { why: Why::Kill(why.into()), spared: false }
    }

    fn closed(pipe: &'static str) -> Self {
        Self { why: Why::Closed(pipe), spared: false }
    }

    fn gone() -> Self {
        Self { why: Why::Gone, spared: false }
    }
}

pub(super) struct Life<'a> {
    actor: &'a mut Actor,
    process: Process,
    in_flight: HashMap<Arc<str>, InFlight>,
    ended: VecDeque<Arc<str>>,
    /// Queries that were given up, oldest first, until the worker answers them after all.
    given_up: VecDeque<(Arc<str>, Option<Kept>)>,
    ready: bool,
    started: Instant,
    watch: Watch,
    /// The time at which it is killed, once it was told to stop.
    stopping: Option<Stop>,
    /// Frames of the lane itself that the writer had no room for.
    unsent: VecDeque<Vec<u8>>,
    /// Deadlines are not judged before this: the worker's answers may lie in its pipe.
    caught_up: Instant,
    /// Whether it is asked for the feature `trace`: not again, once it has refused it.
    asks_trace: bool,
    /// Whether it has that feature.
    tells_trace: bool,
    /// Why the last line that was no frame was none, since the last exclusive command was sent.
    unreadable: Option<String>,
    /// Lines in a row that nothing could be made of.
    unusable: u64,
    /// What is said in the log about its lines.
    complaints: Meter,
}

struct InFlight {
    waiter: Waiter,
    attempt: u32,
    exclusive: bool,
    compiles: bool,
    events: Option<crate::events::JobEvents>,
    trace: Option<Trace>,
    sent: Instant,
    deadline: Option<(Instant, Duration)>,
    ending: Option<Ending>,
    kept: Option<Kept>,
}

enum Waiter {
    Order(oneshot::Sender<Answer>),
    Cancel(Cancelling),
    Handshake,
    /// A cancel that the lane sent by itself.
    Nobody,
}

/// The failure already decided for a command, and when its worker is killed if the cancel does not help.
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

/// Waits for room for a frame where one is waiting; `None` where the worker's stdin is closed at its end.
///
/// # Cancel safety
/// A permit that is not taken goes back.
async fn room(frames: Option<mpsc::Sender<Vec<u8>>>, wanted: bool) -> Option<mpsc::OwnedPermit<Vec<u8>>> {
    match frames {
        // We closed it: nothing more is sent.
        None => std::future::pending().await,
        Some(frames) if wanted => frames.reserve_owned().await.ok(),
        Some(frames) => {
            frames.closed().await;
            None
        }
    }
}

impl<'a> Life<'a> {
    pub(super) fn new(actor: &'a mut Actor, process: Process) -> Self {
        let started = Instant::now();
        let complaints = Meter::new(actor.policy.stderr_lines_max, started);
        Self {
            actor,
            process,
            in_flight: HashMap::new(),
            ended: VecDeque::new(),
            given_up: VecDeque::new(),
            ready: false,
            started,
            watch: Watch::new(started),
            stopping: None,
            unsent: VecDeque::new(),
            caught_up: started,
            asks_trace: true,
            tells_trace: false,
            unreadable: None,
            unusable: 0,
            complaints,
        }
    }

    pub(super) async fn run(mut self) -> End {
        self.shake_hands();
        let mut timer = Timer::new(self.started);
        let leave = loop {
            timer.arm(self.next_wake());
            let open = self.stopping.is_none();
            let waits = !self.unsent.is_empty() || (self.ready && !self.actor.held.is_empty());
            let room = room(self.process.frames().cloned(), waits);
            let told = &mut self.actor.told;
            tokio::select! {
                biased;
                // Time and stops first: no flood of lines may delay them.
                due = timer.due() => {
                    if let Some(leave) = self.on_time(due) { break leave }
                }
                Some(stop) = told.stops.recv() => self.on_stop(stop),
                // Before the mail: the next job must find the breaker as the last one left it.
                Some(verdict) = told.verdicts.recv() => {
                    if let Some(leave) = self.on_verdict(verdict) { break leave }
                }
                permit = room => match permit {
                    Some(permit) => self.send_next(permit),
                    None => break Leave::closed("stdin"),
                },
                input = next_input(&mut self.process.output, &mut told.mailbox, open) => match input {
                    Input::Output(Some(Output::Lines(lines))) => {
                        if let Some(leave) = self.on_lines(lines) { break leave }
                    }
                    Input::Output(Some(Output::Closed) | None) => break Leave::closed("stdout"),
                    Input::Mail(Some(mail)) => self.on_mail(mail),
                    // The gateway is gone: its tasks are being dropped.
                    Input::Mail(None) => break Leave::kill("the gateway is gone"),
                },
                // A worker that is gone may leave children that hold its stdout open.
                () = self.process.leader.gone() => break Leave::gone(),
            }
        };
        self.end(leave).await
    }

    /// Told again, the earlier end holds.
    fn on_stop(&mut self, stop: Stop) {
        self.process.close_stdin();
        let told = self.stopping.as_ref().map_or(stop.kill_at, |told| told.kill_at);
        self.stopping = Some(Stop { kill_at: stop.kill_at.min(told) });
    }

    fn shake_hands(&mut self) {
        let mut features = vec!["events", "out_of_order"];
        if self.actor.policy.previews {
            features.push("previews");
        }
        if self.asks_trace {
            features.push("trace");
        }
        let payload = json!({"protocol_versions": ["1"], "features": features, "dialect": "snake"});
        self.send_own(Action::Initialize, &payload, Waiter::Handshake, None);
    }

    fn send_own(
        &mut self,
        action: Action,
        payload: &Value,
        waiter: Waiter,
        deadline: Option<(Instant, Duration)>,
    ) {
        let id: Arc<str> = uuid::Uuid::now_v7().to_string().into();
        let frame = json!({"action": action, "request_id": &*id, "attempt": 1, "payload": payload});
        let mut frame = frame.to_string().into_bytes();
        frame.push(b'\n');
        let entry = InFlight {
            waiter,
            attempt: 1,
            exclusive: false,
            compiles: false,
            events: None,
            trace: None,
            sent: Instant::now(),
            deadline,
            ending: None,
            kept: None,
        };
        self.in_flight.insert(id, entry);
        // A cancel must not be lost because much else waits: it goes as soon as the writer has room.
        let sent = self.unsent.is_empty()
            && self.process.frames().is_some_and(|frames| match frames.try_reserve() {
                Ok(permit) => {
                    permit.send(std::mem::take(&mut frame));
                    true
                }
                Err(_) => false,
            });
        if !sent {
            self.unsent.push_back(frame);
        }
    }

    /// The writer has room for the next frame that waits.
    fn send_next(&mut self, permit: mpsc::OwnedPermit<Vec<u8>>) {
        if let Some(frame) = self.unsent.pop_front() {
            permit.send(frame);
        } else if let Some(Held { order, waiter, cancels }) = self.actor.held.pop_front() {
            let id = order.request_id.clone();
            self.send(order, waiter, |frame| _ = permit.send(frame));
            for (target, done) in cancels {
                self.cancel(&id, &target, done);
            }
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
            self.watch.hung_at(limits, self.compiles()).max(self.caught_up)
        } else {
            (self.started + limits.start_seconds.duration()).max(self.caught_up)
        };
        let entries = self.in_flight.values().filter_map(|entry| self.due(entry));
        let held = self.actor.held.iter().filter_map(|held| Some(held.order.deadline?.0));
        entries.chain(held).chain(self.complaints.owes()).fold(silence, Instant::min)
    }

    /// When something is decided about a command.
    fn due(&self, entry: &InFlight) -> Option<Instant> {
        let at = entry.ending.as_ref().map(|ending| ending.kill_at).or(entry.deadline.map(|(at, _)| at));
        Some(at?.max(self.caught_up))
    }

    /// `due` is when this was to be called: a deadline that was over when it was armed was due then.
    fn on_time(&mut self, due: Instant) -> Option<Leave> {
        let now = Instant::now();
        self.actor.expire_held();
        let late = now.saturating_duration_since(due);
        if late >= LATE_MIN {
            self.forgive(late, now);
        }
        if let Some(leave) = self.take_aside() {
            return Some(leave);
        }
        let left_out = self.complaints.roll(now);
        self.say_left_out(left_out);
        let limits = &self.actor.policy.limits;
        if let Some(stop) = &self.stopping {
            if stop.kill_at <= now {
                return Some(Leave::kill("it did not leave within its grace"));
            }
        } else if now < self.caught_up {
            // What it wrote while nobody listened is still being read.
        } else if !self.ready {
            if self.started + limits.start_seconds.duration() <= now {
                return Some(Leave::kill(format!(
                    "it did not answer within {} s of its start",
                    limits.start_seconds
                )));
            }
        } else if self.watch.hung_at(limits, self.compiles()) <= now {
            return Some(Leave::kill(self.watch.complaint(limits, self.compiles())));
        }
        self.expire(now)
    }

    /// This process was held up for so long, and could not hear its worker: the worker gets that much more time.
    fn forgive(&mut self, late: Duration, now: Instant) {
        let (gpu, seconds) = (&self.actor.gpu, late.as_secs_f64());
        if late >= LATE_TOLD {
            tracing::warn!(%gpu, seconds, "the gateway was held up; its worker gets that much more time");
        } else {
            tracing::debug!(%gpu, seconds, "the gateway was held up; its worker gets that much more time");
        }
        self.watch.forgive(late);
        if !self.ready {
            self.started += late;
        }
        for entry in self.in_flight.values_mut() {
            entry.sent += late;
            if let Some(ending) = &mut entry.ending {
                ending.kill_at += late;
            }
        }
        // What the worker has written meanwhile must be read first.
        self.caught_up = now + LATE_MIN;
    }

    /// Hears what the reader has put aside, before the worker is judged.
    fn take_aside(&mut self) -> Option<Leave> {
        for _ in 0..ASIDE_MAX {
            match self.process.output.try_recv() {
                Ok(Output::Lines(lines)) => {
                    if let Some(leave) = self.on_lines(lines) {
                        return Some(leave);
                    }
                }
                Ok(Output::Closed) | Err(mpsc::error::TryRecvError::Disconnected) => {
                    return Some(Leave::closed("stdout"));
                }
                Err(mpsc::error::TryRecvError::Empty) => break,
            }
        }
        None
    }

    /// Ends what is over its time: cancel first, then the worker is killed.
    fn expire(&mut self, now: Instant) -> Option<Leave> {
        if let Some(entry) = self
            .in_flight
            .values()
            .find(|entry| entry.ending.is_some() && self.due(entry).is_some_and(|due| due <= now))
        {
            let timed_out = matches!(&entry.ending, Some(Ending { error: LaneError::TimedOut { .. }, .. }));
            let why = if timed_out { "its command timed out" } else { "its command was cancelled" };
            let why = format!("{why}, and it did not obey the cancel in time");
            return Some(Leave { why: Why::Kill(why), spared: !timed_out });
        }
        let over: Vec<Arc<str>> = self
            .in_flight
            .iter()
            .filter(|(_, entry)| entry.ending.is_none() && self.due(entry).is_some_and(|due| due <= now))
            .map(|(id, _)| id.clone())
            .collect();
        for id in over {
            let Some(entry) = self.in_flight.get_mut(&id) else { continue };
            let seconds = entry.deadline.map_or(0.0, |(_, timeout)| timeout.as_secs_f64());
            let error = LaneError::TimedOut { seconds };
            if entry.exclusive {
                entry.ending = Some(Ending { kill_at: now + self.actor.policy.cancel_grace, error });
                let payload = json!({"target_request_id": &*id});
                self.send_own(Action::Cancel, &payload, Waiter::Nobody, None);
            } else if let Some(entry) = self.in_flight.remove(&id) {
                let trace_id = entry.trace.as_ref().map(Trace::id);
                tracing::warn!(gpu = %self.actor.gpu, request_id = &*id, trace_id, seconds, "the worker did not answer in time");
                self.give_up(id, entry, error);
            }
        }
        None
    }

    // ---- mail ----

    fn on_mail(&mut self, mail: Mail) {
        match mail {
            // Whatever waits already goes first.
            Mail::Run(order, waiter) if !self.ready || !self.actor.held.is_empty() => {
                self.actor.hold(order, waiter);
            }
            Mail::Run(order, waiter) => {
                match self.process.frames().and_then(|frames| frames.clone().try_reserve_owned().ok()) {
                    Some(permit) => self.send(order, waiter, |frame| _ = permit.send(frame)),
                    None => self.actor.hold(order, waiter),
                }
            }
            Mail::Cancel { holder, target, done } => self.cancel(&holder, &target, done),
            // It has a worker already: whoever asked waits for its handshake.
            Mail::Try(starting) => drop(starting),
        }
    }

    /// What a job said about this worker.
    fn on_verdict(&mut self, verdict: Verdict) -> Option<Leave> {
        let breaker = &mut self.actor.breaker;
        let leave = match verdict {
            Verdict::Good => {
                breaker.on_good_job();
                None
            }
            Verdict::Bad(what) => breaker
                .on_bad_job()
                .then(|| Leave::kill(format!("its first job after a rest failed: {what}"))),
            Verdict::Replace(why) => {
                breaker.on_bad_job();
                Some(Leave::kill(why))
            }
        };
        self.actor.show_breaker();
        leave
    }

    fn send(&mut self, mut order: Order, waiter: oneshot::Sender<Answer>, write: impl FnOnce(Vec<u8>)) {
        if self.in_flight.contains_key(&order.request_id) {
            return answer(waiter, Err(LaneError::InFlight { id: order.request_id }));
        }
        write(order.take_frame(self.tells_trace));
        let now = Instant::now();
        if order.exclusive {
            self.watch.idle_since = None;
            self.watch.progressed = now;
            self.unreadable = None;
            if self.watch.doing == Doing::Nothing {
                self.watch.doing = Doing::Unsaid;
            }
        }
        let entry = InFlight {
            waiter: Waiter::Order(waiter),
            attempt: order.attempt,
            exclusive: order.exclusive,
            compiles: order.compiles,
            events: order.events,
            trace: order.trace,
            sent: now,
            deadline: order.deadline,
            ending: None,
            kept: order.kept,
        };
        self.in_flight.insert(order.request_id, entry);
    }

    fn cancel(&mut self, holder: &Arc<str>, target: &Arc<str>, done: Cancelling) {
        let Some(entry) = self.in_flight.get_mut(holder) else {
            if let Some(done) = self.actor.cancel_held(holder, target, done) {
                done.send(Cancelled::NotHere).ok();
            }
            return;
        };
        let mut payload = json!({"target_request_id": &**target});
        let mut deadline = None;
        if holder == target {
            payload["attempt"] = entry.attempt.into();
            if entry.ending.is_none() {
                let kill_at = Instant::now() + self.actor.policy.cancel_grace;
                entry.ending = Some(Ending { kill_at, error: LaneError::Cancelled });
            }
        } else {
            // One request of a batch that does not obey leaves the others alone; its cancel is given up in time.
            let answer_within = self.actor.policy.cancel_answer;
            deadline = answer_within.map(|timeout| (Instant::now() + timeout, timeout));
        }
        self.send_own(Action::Cancel, &payload, Waiter::Cancel(done), deadline);
    }

    // ---- ends ----

    fn remember(&mut self, id: Arc<str>) {
        if self.ended.len() == ENDED_MAX {
            self.ended.pop_front();
        }
        self.ended.push_back(id);
    }

    /// Ends a query that the worker has not answered in time, and may answer yet: until then its id is not free, or the
    /// late reply would be taken for that of the next command of the same id.
    fn give_up(&mut self, id: Arc<str>, mut entry: InFlight, error: LaneError) {
        if self.given_up.len() == GIVEN_UP_MAX {
            self.given_up.pop_front();
        }
        self.given_up.push_back((id.clone(), entry.kept.take()));
        self.remember(id);
        self.finish(entry, Err(error));
    }

    /// Ends everything in flight with one error, where nothing else was decided before.
    fn end_all(&mut self, error: &LaneError) {
        // Targets first: a cancel is answered after its target's own reply.
        let mut entries: Vec<InFlight> = std::mem::take(&mut self.in_flight).into_values().collect();
        entries.sort_by_key(|entry| matches!(entry.waiter, Waiter::Cancel(_)));
        for mut entry in entries {
            let decided = entry.ending.take().map(|ending| ending.error);
            self.finish(entry, Err(decided.unwrap_or_else(|| error.clone())));
        }
    }

    /// Tells the waiter; one that hung up is ignored.
    fn finish(&self, entry: InFlight, with: Answer) {
        match entry.waiter {
            Waiter::Order(waiter) => answer(waiter, with),
            Waiter::Cancel(done) => {
                let cancelled = match with {
                    Ok(line) => Cancelled::Answered(line),
                    Err(LaneError::TimedOut { seconds }) => Cancelled::Unanswered(seconds),
                    Err(_) => Cancelled::Replaced,
                };
                done.send(cancelled).ok();
            }
            Waiter::Nobody => {
                tracing::debug!(gpu = %self.actor.gpu, "the cancel of an expired command has ended");
            }
            Waiter::Handshake => {}
        }
    }

    /// Takes the lane out of service before the burial, which takes a while where children hold the pipes: meanwhile the
    /// job queue must give it nothing, and what it was given already goes back.
    fn leave_service(&mut self, why: &Why) {
        if self.ready {
            self.actor.set_state(LaneState::Resting(why.to_string().into()));
        }
        self.actor.give_back_exclusive();
    }

    /// Buries the worker, delivers its last lines and answers everyone who waits.
    async fn end(mut self, leave: Leave) -> End {
        let Leave { why, spared } = leave;
        if self.stopping.is_none() {
            self.leave_service(&why);
        }
        let mut last = Vec::new();
        let babbles = self.unusable > UNUSABLE_LINES_MAX;
        let hear = |line| {
            // Nothing waits for a line of one that was given up for its lines.
            if !babbles {
                last.push(line);
            }
        };
        let cause = Arc::new(self.process.bury(why, hear).await);
        for line in last {
            // A reply that came in time is still a reply. What would end this life has no meaning any more.
            if let Line::Text(line) = line {
                self.on_line(line);
            }
        }
        let left_out = self.complaints.end();
        self.say_left_out(left_out);
        let stopping = self.stopping.take();
        let at_work = self.in_flight.values().any(|entry| entry.exclusive);
        self.end_all(&match stopping {
            Some(_) => LaneError::Stopping,
            None => LaneError::WorkerCrashed { cause: cause.clone() },
        });
        match stopping {
            Some(_) => {
                tracing::debug!(gpu = %self.actor.gpu, %cause, "worker stopped");
                End::Stopped
            }
            None => {
                let death = match (spared, cause.misconfigured, at_work) {
                    (true, ..) => Death::Spared,
                    (_, true, _) => Death::Misconfigured,
                    (_, _, true) => Death::AtWork,
                    _ => Death::Idle,
                };
                End::Died { cause, death, was_ready: self.ready }
            }
        }
    }
}
