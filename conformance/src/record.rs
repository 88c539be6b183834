//! The members of every reply and event of a run, by which two targets are compared.

use contracts::{Action, Dialect};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    exchange, json,
    party::transcript::{Direction, Recorder},
};

/// Commands without a reply that are remembered: more than any scenario has in flight.
const PENDING_MAX: usize = 4096;

/// The kinds of JSON values that stood at each pointer. Items of lists share one: `/data/images/*`.
pub type Members = BTreeMap<String, BTreeSet<&'static str>>;

/// The members of all that was answered.
pub type Replies = BTreeMap<Answered, Members>;

/// What was answered: the replies of one scenario to one command with one outcome, or its events of one name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Answered {
    /// `suite.scenario`.
    pub scenario: String,
    /// The action, or `event.` and the name of an event.
    pub command: String,
    /// `ok`, or the code of the failure.
    pub outcome: String,
}

/// Notes the members of what a target writes. Clones share what they noted.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// A lock, because the recorders of all threads of a run share it.
    noted: Arc<Mutex<Replies>>,
    exchange: Arc<Mutex<InFlight>>,
}

/// The scenario at hand and its commands without a reply.
#[derive(Debug, Default)]
struct InFlight {
    scenario: String,
    commands: VecDeque<(Option<String>, Action)>,
}

impl Recorder for Record {
    fn another(&self) -> Arc<dyn Recorder> {
        Arc::new(Self { noted: Arc::clone(&self.noted), exchange: Arc::default() })
    }

    fn begin(&self, scenario: &str) {
        *lock(&self.exchange) = InFlight { scenario: scenario.to_owned(), commands: VecDeque::new() };
    }

    fn note(&self, direction: Direction, bytes: &[u8]) {
        // Before a body over HTTP stands the route or the status.
        let Some(begin) = bytes.iter().position(|byte| *byte == b'{') else { return };
        let Ok(document) = json::read(&bytes[begin..]) else { return };
        match direction {
            Direction::Sent => self.sent(&document),
            Direction::Received => self.received(&document, begin > 0),
        }
    }
}

impl Record {
    /// What was noted so far.
    #[must_use]
    pub fn so_far(&self) -> Replies {
        lock(&self.noted).clone()
    }

    fn sent(&self, frame: &Value) {
        let action = any(frame, "action").and_then(Value::as_str).and_then(|name| name.parse().ok());
        let Some(action) = action else { return };
        let id = any(frame, "request_id").and_then(Value::as_str).map(str::to_owned);
        let commands = &mut lock(&self.exchange).commands;
        if commands.len() == PENDING_MAX {
            commands.pop_front();
        }
        commands.push_back((id, action));
    }

    fn received(&self, frame: &Value, over_http: bool) {
        if let Some(name) = any(frame, "event").and_then(Value::as_str) {
            let command = format!("event.{name}");
            return self.add(command, "ok".to_owned(), frame);
        }
        let Some(action) = self.answered(frame, over_http) else { return };
        let mut reply = in_snake(action, frame);
        if over_http {
            exchange::drop_problem_members(&mut reply);
        }
        let code = reply["error_details"]["code"].as_str().map(str::to_owned);
        let is_success = reply["success"] == true;
        let outcome = if is_success { "ok".to_owned() } else { code.unwrap_or_else(|| "no code".to_owned()) };
        self.add(action.as_str().to_owned(), outcome, &reply);
    }

    /// The action of the command that a reply answers.
    fn answered(&self, reply: &Value, over_http: bool) -> Option<Action> {
        any(reply, "success")?;
        let id = any(reply, "request_id").and_then(Value::as_str);
        let commands = &mut lock(&self.exchange).commands;
        let own = commands.iter().position(|(own, _)| own.as_deref() == id);
        // A gateway makes an id where there was none, and answers each request for itself.
        let nameless = || commands.iter().position(|(own, _)| own.is_none());
        let last = || over_http.then(|| commands.len().checked_sub(1)).flatten();
        let at = own.or_else(nameless).or_else(last)?;
        commands.remove(at).map(|(_, action)| action)
    }

    fn add(&self, command: String, outcome: String, document: &Value) {
        let scenario = lock(&self.exchange).scenario.clone();
        // Before the first scenario the tool asks whether the target is up.
        if scenario.is_empty() {
            return;
        }
        let mut noted = lock(&self.noted);
        let members = noted.entry(Answered { scenario, command, outcome }).or_default();
        note_members(document, "", members);
    }
}

/// Nothing that may panic runs under the lock, so a poisoned one still has whole values.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A member by its name in any dialect.
fn any<'v>(document: &'v Value, snake: &str) -> Option<&'v Value> {
    Dialect::ALL.into_iter().find_map(|dialect| document.get(exchange::spelt(dialect, snake)))
}

/// A reply in snake, from the dialect in which most of its names are spelt.
fn in_snake(action: Action, reply: &Value) -> Value {
    let read = Dialect::ALL.into_iter().map(|dialect| exchange::in_snake(action, dialect, reply));
    let best = read.min_by_key(|(_, misspelt)| misspelt.len());
    best.map_or_else(|| reply.clone(), |(reply, _)| reply)
}

fn note_members(value: &Value, at: &str, members: &mut Members) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    };
    if !at.is_empty() {
        members.entry(at.to_owned()).or_default().insert(kind);
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| note_members(item, &format!("{at}/*"), members)),
        Value::Object(own) => {
            own.iter().for_each(|(name, value)| note_members(value, &format!("{at}/{name}"), members));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::Record;
    use crate::party::transcript::{Direction, Recorder as _};

    #[test]
    fn a_reply_is_of_the_command_with_its_id_in_any_dialect() {
        let recorder = Record::default();
        recorder.begin("suite.scenario");
        recorder.note(Direction::Sent, br#"{"action":"get_status","request_id":"a","payload":{}}"#);
        recorder.note(Direction::Sent, br#"POST /v1/commands {"Action":"get_queue_status","RequestId":"b"}"#);
        recorder.note(
            Direction::Received,
            br#"200 {"RequestId":"b","Success":true,"Data":{"QueuedRequests":[{"RequestId":"x"},{}]}}"#,
        );
        recorder.note(
            Direction::Received,
            br#"{"request_id":"a","success":false,"data":null,"error_details":{"code":"worker_busy"}}"#,
        );
        recorder.note(Direction::Received, br#"{"event":"heartbeat","state":"ready"}"#);
        let said: Vec<String> = recorder
            .so_far()
            .into_iter()
            .map(|(answered, members)| {
                let pointers: Vec<String> = members
                    .into_iter()
                    .map(|(at, kinds)| format!("{at} {}", kinds.into_iter().collect::<Vec<_>>().join("|")))
                    .collect();
                format!("{} {}: {}", answered.command, answered.outcome, pointers.join(", "))
            })
            .collect();
        assert_eq!(
            said,
            [
                "event.heartbeat ok: /event string, /state string",
                "get_queue_status ok: /data object, /data/queued_requests list, /data/queued_requests/* object, \
                 /data/queued_requests/*/request_id string, /request_id string, /success boolean",
                "get_status worker_busy: /data null, /error_details object, /error_details/code string, \
                 /request_id string, /success boolean",
            ]
        );
    }
}
