//! The lines of a worker: which of them are replies, which are events, and what becomes of those that are neither.

use std::{borrow::Cow, sync::Arc};

use contracts::{framing::Line, limits::UNUSABLE_LINES_MAX, types::ProgressEvent};
use serde::Deserialize;
use tokio::time::Instant;

use super::{Ending, Exit, InFlight, Life, Waiter, events::JobEvent, unreadable};
use crate::lane::{LaneError, ProtocolBreach, process::shorten, silence::Activity};

/// The members that decide which kind of line it is.
#[derive(Deserialize)]
struct Peek<'l> {
    #[serde(default, borrow)]
    request_id: Option<Cow<'l, str>>,
    #[serde(default, borrow)]
    event: Option<Cow<'l, str>>,
    #[serde(default)]
    success: Option<bool>,
}

/// Whether a line has a word in quotes: double ones, or single ones as Python's `repr` writes them.
fn is_quoted(line: &str, word: &str) -> bool {
    ['"', '\''].iter().any(|quote| line.contains(&format!("{quote}{word}{quote}")))
}

/// The id that a line in lower case gives as its `request_id`, in any dialect, though the line cannot be read.
fn named_id(line: &str) -> Option<&str> {
    let after = |name: &str| {
        let quoted = ['"', '\''].map(|quote| format!("{quote}{name}{quote}"));
        quoted.iter().find_map(|name| Some(line.find(name)? + name.len()))
    };
    let at = ["request_id", "requestid"].into_iter().filter_map(after).min()?;
    let value = line[at..].trim_start().strip_prefix(':')?.trim_start();
    let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    value[1..].split(quote).next()
}

/// How the workers of this project begin an event.
const EVENT: &[u8] = br#"{"event""#;

impl Life<'_> {
    pub(super) fn on_lines(&mut self, lines: Vec<Line>) -> Option<Exit> {
        let now = Instant::now();
        // The queue gives a silent lane no job and checks it again only when it is notified. Both must measure the silence
        // alike: `liveness.last_line` moves on by the time for which the gateway itself was held up, which the queue does
        // not know.
        let was_silent = self.actor.last_seen.silent_for() > self.actor.policy.limits.idle_seconds.duration();
        self.liveness.last_line = now;
        self.actor.last_seen.touch();
        if was_silent {
            self.actor.changed.notify_one();
        }
        for line in lines {
            match line {
                Line::Text(line) => {
                    if let Some(exit) = self.on_line(line) {
                        return Some(exit);
                    }
                }
                Line::TooLarge { bytes } => {
                    return Some(Exit::kill(format!("it wrote a line of more than {bytes} bytes")));
                }
            }
        }
        None
    }

    pub(super) fn on_line(&mut self, line: Vec<u8>) -> Option<Exit> {
        // Nearly all events are valid progress. It is read into its checked type, which is much cheaper than a tree.
        if line.starts_with(EVENT)
            && let Ok(event) = serde_json::from_slice::<ProgressEvent>(&line)
        {
            let progress = Some((event.stage.as_str(), event.step.get() == 0));
            let (id, attempt) = (event.request_id.as_ref(), event.attempt.get().into());
            let event = JobEvent { name: "progress", id, attempt, progress, message: None };
            return self.on_job_event(&event, line);
        }
        let Ok(peek) = serde_json::from_slice::<Peek<'_>>(&line) else {
            return self.on_invalid_line(&line, &unreadable::why(&line));
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
            (Some(_), Some(_), _) => self.on_invalid_line(&line, "it has both `event` and `success`"),
            (None, None, _) => self.on_invalid_line(
                &line,
                "it has neither `event` nor `success`, spelt in snake_case, with a value",
            ),
        }
    }

    /// Handles a line that is no frame. It is noise, unless it was meant as a reply: then its command fails at once,
    /// with the reason.
    fn on_invalid_line(&mut self, line: &[u8], why: &str) -> Option<Exit> {
        let text = String::from_utf8_lossy(line);
        if self.may_log() {
            let gpu = &self.actor.gpu;
            tracing::warn!(%gpu, line = shorten(&text), why, "the worker wrote a line that is no frame");
        }
        if let Some(exit) = self.on_unusable(why) {
            return Some(exit);
        }
        let text = text.to_ascii_lowercase();
        let Some(id) = self.meant(&text) else {
            self.unreadable = Some(why.to_owned());
            return None;
        };
        let shakes_hands = matches!(self.in_flight[&id].waiter, Waiter::Handshake);
        // A worker that prints the id of its command, and no `success`, is logging and not replying.
        if shakes_hands || is_quoted(&text, "success") {
            return self.on_unreadable_reply(&id, why);
        }
        self.unreadable = Some(why.to_owned());
        None
    }

    /// The command in flight that an unreadable line, in lower case, was meant for: the one that it names as its
    /// `request_id`, else the only one whose id stands in it. With several it is none's: another client's command would fail
    /// for a word that its id happens to be.
    fn meant(&self, line: &str) -> Option<Arc<str>> {
        if let Some(named) = named_id(line) {
            return self.in_flight.keys().find(|id| id.eq_ignore_ascii_case(named)).cloned();
        }
        // In quotes, as in a reply: an id may be as short as `1`, and much noise contains that.
        let mut found = self.in_flight.keys().filter(|id| is_quoted(line, &id.to_ascii_lowercase()));
        match (found.next(), found.next()) {
            (Some(id), None) => Some(id.clone()),
            _ => None,
        }
    }

    /// Whether a warning about a line may be logged. If not, it is counted.
    pub(super) fn may_log(&mut self) -> bool {
        let suppressed = self.log_meter.roll(Instant::now());
        self.log_suppressed(suppressed);
        self.log_meter.passes()
    }

    pub(super) fn log_suppressed(&self, lines: u64) {
        if lines > 0 {
            let gpu = &self.actor.gpu;
            tracing::warn!(%gpu, lines, "log lines about its stdout were left out: they came too fast");
        }
    }

    /// Counts a line that cannot be used. A worker that writes nothing else is killed: it does no work, and would fill
    /// the log.
    pub(super) fn on_unusable(&mut self, why: &str) -> Option<Exit> {
        self.unusable += 1;
        if self.unusable <= UNUSABLE_LINES_MAX {
            return None;
        }
        let breach =
            ProtocolBreach::Unusable { lines_max: UNUSABLE_LINES_MAX, last: shorten(why).to_owned() };
        self.end_all(&LaneError::Protocol { breach: breach.clone() });
        Some(Exit::kill(breach.to_string()))
    }

    /// Handles a reply without an id. If a single command is in flight, it is for that one.
    fn on_anonymous_reply(&mut self, line: &[u8]) -> Option<Exit> {
        let why = "it has no request_id";
        let mut ids = self.in_flight.keys();
        match (ids.next().cloned(), ids.next()) {
            (Some(id), None) => {
                if self.may_log() {
                    let text = String::from_utf8_lossy(line);
                    tracing::warn!(gpu = %self.actor.gpu, line = shorten(&text), why, "the worker wrote a reply that cannot be matched");
                }
                self.on_unreadable_reply(&id, why)
            }
            _ => self.on_invalid_line(line, why),
        }
    }

    /// Fails a command whose reply cannot be read, now and with the reason, instead of at its timeout.
    fn on_unreadable_reply(&mut self, id: &Arc<str>, why: &str) -> Option<Exit> {
        let entry = self.in_flight.remove(id)?;
        if let Waiter::Handshake = entry.waiter {
            return Some(Exit::kill(format!("its answer to initialize cannot be read: {why}")));
        }
        self.remember(id.clone());
        if entry.exclusive {
            self.on_idle();
        }
        let error = match entry.ending {
            Some(Ending { error, .. }) => error,
            None => LaneError::Protocol { breach: ProtocolBreach::Unreadable { reason: why.to_owned() } },
        };
        self.finish(InFlight { ending: None, ..entry }, Err(error));
        None
    }

    /// Handles a reply whose id no command in flight has.
    fn on_stray_reply(&mut self, id: &str) -> Option<Exit> {
        let may_log = self.may_log();
        let gpu = &self.actor.gpu;
        if self.ended.iter().any(|ended| &**ended == id) {
            if may_log {
                tracing::warn!(%gpu, request_id = id, "the worker wrote a second or late reply; it is dropped");
            }
            return self.on_unusable("a second or late reply");
        }
        if may_log {
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
        let exit = self.on_unusable(&why);
        self.unreadable = Some(why);
        exit
    }

    fn on_reply(&mut self, id: &str, line: Vec<u8>) -> Option<Exit> {
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
        let breach = self.learn(entry.action, &line);
        match entry.ending {
            // The timeout is decided: an answer within the grace of the cancel does not undo it.
            Some(Ending { error: error @ LaneError::TimedOut { .. }, .. }) => {
                self.finish(InFlight { ending: None, ..entry }, Err(error));
            }
            _ => self.finish(entry, breach.map_or(Ok(line), |breach| Err(LaneError::Protocol { breach }))),
        }
        None
    }

    /// Notes that an exclusive command has ended. Heartbeats correct this if the worker is not idle after all.
    fn on_idle(&mut self) {
        if !self.in_flight.values().any(|entry| entry.exclusive)
            && self.liveness.activity != Activity::Training
        {
            self.liveness.activity = Activity::Idle;
            self.liveness.idle_since = None;
        }
    }
}
