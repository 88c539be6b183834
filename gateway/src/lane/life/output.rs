//! What a worker is heard to say: replies, the handshake, events and heartbeats.

use std::{borrow::Cow, sync::Arc, time::Duration};

use contracts::{
    Action, ErrorCode, Failure, Trace, framing::Line, limits::UNUSABLE_LINES_MAX, types::ProgressEvent,
};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use super::{Ending, InFlight, Leave, Life, Waiter, unreadable};
use crate::lane::{
    LaneError, LaneState, WorkerFacts,
    process::shorten,
    silence::{Doing, Watch},
};

/// What must be known of a line before its reader has it.
#[derive(Deserialize)]
struct Peek<'l> {
    #[serde(default, borrow)]
    request_id: Option<Cow<'l, str>>,
    #[serde(default, borrow)]
    event: Option<Cow<'l, str>>,
    #[serde(default)]
    success: Option<bool>,
}

/// An event of a job, as far as the lane looks into it.
struct JobEvent<'e> {
    name: &'e str,
    id: &'e str,
    attempt: u64,
    /// Its stage, and whether the first step of it is still to come.
    progress: Option<(&'e str, bool)>,
    /// Of a log.
    message: Option<&'e str>,
}

/// Whether a word stands in the line in quotes: double ones, or single ones as Python's `repr` writes them.
fn is_quoted(line: &str, word: &str) -> bool {
    ['"', '\''].iter().any(|quote| line.contains(&format!("{quote}{word}{quote}")))
}

/// Whether a worker that is asked for less may agree: it does not know a name among `features`, or does not have it.
fn refuses_a_feature(failure: &Failure) -> bool {
    matches!(
        failure.code,
        ErrorCode::UnsupportedValue | ErrorCode::UnsupportedFeature | ErrorCode::ValidationFailed
    )
}

/// How our workers begin an event.
const EVENT: &[u8] = br#"{"event""#;

impl Life<'_> {
    pub(super) fn on_lines(&mut self, lines: Vec<Line>) -> Option<Leave> {
        let now = Instant::now();
        // The queue gives a silent lane nothing, and looks again only when it is told to.
        let was_silent =
            now.duration_since(self.watch.heard) > self.actor.policy.limits.idle_seconds.duration();
        self.watch.heard = now;
        self.actor.heard.now();
        if was_silent {
            self.actor.changed.notify_one();
        }
        for line in lines {
            match line {
                Line::Text(line) => {
                    if let Some(leave) = self.on_line(line) {
                        return Some(leave);
                    }
                }
                Line::TooLarge { bytes } => {
                    return Some(Leave::kill(format!("it wrote a line of more than {bytes} bytes")));
                }
            }
        }
        None
    }

    pub(super) fn on_line(&mut self, line: Vec<u8>) -> Option<Leave> {
        // Nearly all events are progress, and as it should be: it goes into its checked type, and no tree is made of it.
        if line.starts_with(EVENT)
            && let Ok(event) = serde_json::from_slice::<ProgressEvent>(&line)
        {
            let progress = Some((event.stage.as_str(), event.step.get() == 0));
            let (id, attempt) = (event.request_id.as_ref(), event.attempt.get().into());
            let event = JobEvent { name: "progress", id, attempt, progress, message: None };
            return self.on_job_event(&event, line);
        }
        let Ok(peek) = serde_json::from_slice::<Peek<'_>>(&line) else {
            return self.on_no_frame(&line, &unreadable::why(&line));
        };
        match (peek.event, peek.success, peek.request_id) {
            (Some(event), None, _) => {
                let event = event.into_owned();
                self.on_event(&event, line)
            }
            (None, Some(_), Some(id)) => {
                let id = id.into_owned();
                self.on_reply(&id, line)
            }
            (None, Some(_), None) => self.on_anonymous_reply(&line),
            (Some(_), Some(_), _) => self.on_no_frame(&line, "it has both `event` and `success`"),
            (None, None, _) => self.on_no_frame(
                &line,
                "it has neither `event` nor `success`, spelt in snake_case, with a value",
            ),
        }
    }

    /// A line that is no frame: noise, unless it was to be an answer. That is judged at once, with the reason.
    fn on_no_frame(&mut self, line: &[u8], why: &str) -> Option<Leave> {
        let text = String::from_utf8_lossy(line);
        if self.may_complain() {
            let gpu = &self.actor.gpu;
            tracing::warn!(%gpu, line = shorten(&text), why, "the worker wrote a line that is no frame");
        }
        if let Some(leave) = self.on_unusable(why) {
            return Some(leave);
        }
        let text = text.to_ascii_lowercase();
        // In quotes, as a reply has them: ids may be as short as `1`, which stands in many a line of noise.
        let meant = |id: &Arc<str>| is_quoted(&text, &id.to_ascii_lowercase());
        let Some(id) = self.in_flight.keys().find(|id| meant(id)).cloned() else {
            self.unreadable = Some(why.to_owned());
            return None;
        };
        let shakes_hands = matches!(self.in_flight[&id].waiter, Waiter::Handshake);
        // A worker that only prints an id of what it does has answered nothing.
        if shakes_hands || is_quoted(&text, "success") {
            return self.on_unreadable_reply(&id, why);
        }
        self.unreadable = Some(why.to_owned());
        None
    }

    /// Whether a warning about a line goes into the log; if not, it is counted.
    fn may_complain(&mut self) -> bool {
        let left_out = self.complaints.roll(Instant::now());
        self.say_left_out(left_out);
        self.complaints.passes()
    }

    pub(super) fn say_left_out(&self, lines: u64) {
        if lines > 0 {
            let gpu = &self.actor.gpu;
            tracing::warn!(%gpu, lines, "log lines about its stdout were left out: they came too fast");
        }
    }

    /// Nothing could be made of a line. A worker that writes nothing else any more is of no use, and its log has no end.
    fn on_unusable(&mut self, why: &str) -> Option<Leave> {
        self.unusable += 1;
        if self.unusable <= UNUSABLE_LINES_MAX {
            return None;
        }
        let what = format!(
            "it wrote more than {UNUSABLE_LINES_MAX} lines in a row that are of no use; the last: {}",
            shorten(why)
        );
        self.end_all(&LaneError::Protocol { what: what.clone() });
        Some(Leave::kill(what))
    }

    /// A reply that says not to what: where one command alone is in flight, it was meant for that.
    fn on_anonymous_reply(&mut self, line: &[u8]) -> Option<Leave> {
        let why = "it has no request_id";
        let mut ids = self.in_flight.keys();
        match (ids.next().cloned(), ids.next()) {
            (Some(id), None) => {
                if self.may_complain() {
                    let text = String::from_utf8_lossy(line);
                    tracing::warn!(gpu = %self.actor.gpu, line = shorten(&text), why, "the worker wrote a reply that cannot be matched");
                }
                self.on_unreadable_reply(&id, why)
            }
            _ => self.on_no_frame(line, why),
        }
    }

    /// The answer to a command that cannot be read: the command fails now, with the reason, and no sooner or later.
    fn on_unreadable_reply(&mut self, id: &Arc<str>, why: &str) -> Option<Leave> {
        let entry = self.in_flight.remove(id)?;
        if let Waiter::Handshake = entry.waiter {
            return Some(Leave::kill(format!("its answer to initialize cannot be read: {why}")));
        }
        self.remember(id.clone());
        if entry.exclusive {
            self.on_idle();
        }
        let error = match entry.ending {
            Some(Ending { error, .. }) => error,
            None => LaneError::Protocol { what: format!("its reply cannot be read: {why}") },
        };
        self.finish(InFlight { ending: None, ..entry }, Err(error));
        None
    }

    /// A reply under an id that nothing in flight has.
    fn on_stray_reply(&mut self, id: &str) -> Option<Leave> {
        let may_complain = self.may_complain();
        let gpu = &self.actor.gpu;
        if self.ended.iter().any(|ended| &**ended == id) {
            if may_complain {
                tracing::warn!(%gpu, request_id = id, "the worker wrote a second or late reply; it is dropped");
            }
            return self.on_unusable("a second or late reply");
        }
        if may_complain {
            tracing::warn!(%gpu, request_id = id, "the worker wrote a reply to nothing that it was asked; it is dropped");
        }
        let shakes_hands = |entry: &InFlight| matches!(entry.waiter, Waiter::Handshake);
        let meant =
            self.in_flight.iter().find(|(own, entry)| shakes_hands(entry) || own.eq_ignore_ascii_case(id));
        let why = format!("it is under request_id {:?}", shorten(id));
        if let Some(meant) = meant.map(|(own, _)| own.clone()) {
            return self.on_unreadable_reply(&meant, &format!("{why}, and the command's is {meant}"));
        }
        let why = format!("a reply that nothing asked for: {why}");
        let leave = self.on_unusable(&why);
        self.unreadable = Some(why);
        leave
    }

    fn on_reply(&mut self, id: &str, line: Vec<u8>) -> Option<Leave> {
        let Some((id, entry)) = self.in_flight.remove_entry(id) else {
            self.given_up.retain(|(given_up, _)| &**given_up != id);
            return self.on_stray_reply(id);
        };
        self.unusable = 0;
        self.remember(id);
        if let Waiter::Handshake = entry.waiter {
            return self.on_handshake(&line);
        }
        if entry.exclusive {
            self.on_idle();
        }
        self.actor.breaker.on_answer();
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
        let refuse = |what: String| Some(Leave::kill(format!("its answer to initialize is no good: {what}")));
        let value = match contracts::unique(line) {
            Ok(value) => value,
            Err(err) => return refuse(err.to_string()),
        };
        let read = match contracts::Reply::read(Action::Initialize, &value) {
            Ok(read) => read.reply,
            Err(err) => return refuse(err.to_string()),
        };
        let data = match read.outcome {
            Ok(data) => data,
            Err(failure) if self.asks_trace && refuses_a_feature(&failure) => {
                // It is older than this one; all else it may have.
                tracing::info!(gpu = %self.actor.gpu, %failure, "the worker refuses initialize; it is asked again without trace");
                self.asks_trace = false;
                self.shake_hands();
                return None;
            }
            Err(failure) => return refuse(failure.to_string()),
        };
        let has = |feature: &str| {
            data["features"].as_array().is_some_and(|all| all.iter().any(|one| one == feature))
        };
        if !has("events") || !has("out_of_order") {
            return refuse("it speaks without events or out_of_order, which a lane needs".to_owned());
        }
        self.tells_trace = self.asks_trace && has("trace");
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
        self.actor.breaker.on_ready();
        let (starts_failed, misconfigured) =
            (self.actor.breaker.starts_failed(), self.actor.breaker.is_misconfigured());
        self.actor.update(|view| {
            view.breaker.starts_failed = starts_failed;
            view.breaker.misconfigured = misconfigured;
            view.state = LaneState::Ready;
            view.facts = Some(Arc::new(facts));
            view.worker_state = "ready".to_owned();
            true
        });
        // What was held goes as the writer has room.
        None
    }

    fn on_event(&mut self, name: &str, line: Vec<u8>) -> Option<Leave> {
        let event = match contracts::unique(&line) {
            Ok(event) => event,
            Err(err) => {
                if self.may_complain() {
                    tracing::warn!(gpu = %self.actor.gpu, %err, "the worker wrote an event that cannot be read");
                }
                return self.on_unusable(&err.to_string());
            }
        };
        match contracts::event::violations(&event) {
            Some(violations) if violations.is_empty() => {}
            Some(violations) => {
                let violation = &violations[0];
                if self.may_complain() {
                    tracing::warn!(gpu = %self.actor.gpu, event = name, pointer = violation.pointer, fault = violation.message, "the worker wrote an event that breaks the contract; it is dropped");
                }
                return self.on_unusable(&violation.message);
            }
            None => {
                if self.may_complain() {
                    tracing::warn!(gpu = %self.actor.gpu, event = name, "the worker wrote an unknown event; it is dropped");
                }
                return self.on_unusable("an unknown event");
            }
        }
        match name {
            "heartbeat" => {
                self.unusable = 0;
                self.on_heartbeat(&event)
            }
            "training_progress" => {
                self.unusable = 0;
                self.watch.progressed = Instant::now();
                // Nobody may be listening.
                self.actor.news.send(Arc::new(event)).ok();
                None
            }
            _ => {
                let text = |name: &str| event[name].as_str().unwrap_or_default();
                let event = JobEvent {
                    name,
                    id: text("request_id"),
                    attempt: event["attempt"].as_u64().unwrap_or_default(),
                    progress: (name == "progress").then(|| (text("stage"), event["step"] == 0)),
                    message: event["message"].as_str(),
                };
                self.on_job_event(&event, line)
            }
        }
    }

    fn on_job_event(&mut self, event: &JobEvent<'_>, line: Vec<u8>) -> Option<Leave> {
        let id = event.id;
        // Events of one request of a batch belong to the batch.
        let entry = match self.in_flight.get(id) {
            Some(entry) => Some(entry),
            None => id.rsplit_once('.').and_then(|(batch, _)| self.in_flight.get(batch)),
        };
        let Some(entry) = entry.filter(|entry| event.attempt == u64::from(entry.attempt)) else {
            if self.may_complain() {
                let gpu = &self.actor.gpu;
                tracing::warn!(%gpu, event = event.name, request_id = id, "the worker wrote an event of nothing in flight; it is dropped");
            }
            return self.on_unusable("an event of nothing in flight");
        };
        self.unusable = 0;
        if let Some((stage, first)) = event.progress {
            self.watch.progressed = Instant::now();
            self.watch.idle_since = None;
            self.watch.note_stage(stage, first);
        }
        let trace_id = entry.trace.as_ref().map(Trace::id);
        match (&entry.events, event.message) {
            (Some(events), _) => events.push(line),
            (None, Some(message)) => {
                let left_out = self.complaints.roll(Instant::now());
                self.say_left_out(left_out);
                if self.complaints.passes() {
                    let gpu = &self.actor.gpu;
                    tracing::info!(target: "worker", %gpu, request_id = id, trace_id, "{message:?}");
                }
            }
            (None, None) => {}
        }
        None
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
            && let Ok(stalled) = Duration::try_from_secs_f64(stalled)
            && let Some(progressed) = now.checked_sub(stalled)
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
        let limit = self.actor.policy.limits.idle_seconds.duration();
        if now.saturating_duration_since(since) < limit || now.saturating_duration_since(sent) < limit {
            return None;
        }
        let unreadable =
            self.unreadable.take().map(|why| format!("; it wrote a line that is no frame: {why}"));
        let what = format!(
            "it says that it has nothing to do, and has not answered a command of {:.1} s ago{}",
            now.saturating_duration_since(sent).as_secs_f64(),
            unreadable.unwrap_or_default()
        );
        let lost: Vec<Arc<str>> =
            self.in_flight.iter().filter(|(_, entry)| entry.exclusive).map(|(id, _)| id.clone()).collect();
        for id in lost {
            if let Some(entry) = self.in_flight.remove(&id) {
                self.finish(entry, Err(LaneError::Protocol { what: what.clone() }));
            }
        }
        Some(Leave::kill(what))
    }
}
