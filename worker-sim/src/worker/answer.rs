//! Replies out, each once and in its place; and the faults that spoil them on the way.

use contracts::{Class, Dialect, ErrorCode, Failure, Refusal, Reply};
use serde_json::{Map, Value};
use std::time::Duration;

use super::{Command, Effect, Outcome, PendingReply, Worker};
use crate::{
    clock::Now,
    faults::{Kind, Moment, number_field},
};

impl Worker {
    /// The one reply to a command that was taken; what waits for its end is answered after it.
    pub(super) fn answer(&mut self, command: Command, outcome: Outcome, now: Now) {
        let (id, class, moment) = (command.head.request_id.clone(), command.class, command.moment());
        if let (Some(id), Class::Job | Class::Control) = (&id, class) {
            self.metrics.ended(id, status(&outcome));
        }
        self.reply(command, outcome, now);
        let Some(id) = id else { return };
        if class == Class::Job {
            self.event_after_reply(&id, moment, now);
        }
        self.answer_cancels(&id, now);
    }

    /// The one reply to a command, whose id may be another's.
    pub(super) fn reply(&mut self, command: Command, outcome: Outcome, now: Now) {
        self.metrics.count(&command, &outcome);
        let moment = command.moment();
        let (ticket, ordered, dialect) = (command.ticket, command.ordered, command.dialect);
        let reply = Reply {
            action: Some(command.head.action),
            request_id: command.head.request_id,
            session_id: command.head.session_id,
            outcome,
            warnings: command.warnings,
            more_warnings: 0,
        };
        let bytes = self.reply_bytes(&reply, dialect, moment);
        if let Some(late) = self.faults.strike(Kind::Slow, moment) {
            let late = Duration::from_millis(late.and_then(|late| late.parse().ok()).unwrap_or(1000));
            self.delayed.push((now.mono + late, ticket, ordered, bytes));
        } else {
            self.deliver(ticket, ordered, bytes);
        }
    }

    /// A refusal's reply.
    pub(super) fn refusal_bytes(&mut self, index: u64, refusal: &Refusal) -> Vec<u8> {
        let own = refusal.stdio_dialect();
        let dialect = self.dialect.or(own).or(self.last_dialect).unwrap_or(Dialect::Pascal);
        self.metrics.commands_total += 1;
        self.metrics.commands_failed += 1;
        let reply = Reply {
            session_id: refusal.session_id.clone(),
            ..Reply::failed(None, refusal.request_id.clone(), (*refusal.failure).clone())
        };
        self.reply_bytes(&reply, dialect, Moment { index, action: None, attempt: 1 })
    }

    fn reply_bytes(&mut self, reply: &Reply, dialect: Dialect, moment: Moment) -> Vec<u8> {
        self.last_dialect = Some(dialect);
        if self.faults.is_empty() {
            return reply.to_frame_or_failure(dialect);
        }
        self.corrupted(reply, dialect, moment)
    }

    /// Hands the bytes of a reply to its place, or writes them.
    pub(super) fn deliver(&mut self, ticket: u64, ordered: bool, bytes: Vec<u8>) {
        let slot = self.slots.iter_mut().find(|slot| ordered && slot.ticket == ticket);
        match slot {
            Some(slot) => slot.pending = PendingReply::Ready(bytes),
            None if bytes.is_empty() => {}
            None => self.effects.push(Effect::Write(bytes)),
        }
    }

    /// Writes the lines that are due; queries among them are computed now.
    pub(super) fn flush(&mut self, now: Now) {
        while let Some(slot) = self.slots.front_mut() {
            match std::mem::replace(&mut slot.pending, PendingReply::Running) {
                PendingReply::Running => return,
                PendingReply::Ready(bytes) => {
                    self.slots.pop_front();
                    if !bytes.is_empty() {
                        self.effects.push(Effect::Write(bytes));
                    }
                }
                // Its answer lands in its slot, which the next round finds ready.
                PendingReply::Query(command) => self.query(*command, now),
                PendingReply::Refusal(index, refusal) => {
                    self.slots.pop_front();
                    let bytes = self.refusal_bytes(index, &refusal);
                    self.effects.push(Effect::Write(bytes));
                }
            }
        }
    }

    pub(super) fn release_delayed(&mut self, now: Now) {
        let (due, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.delayed).into_iter().partition(|delayed| delayed.0 <= now.mono);
        self.delayed = rest;
        for (_, ticket, ordered, bytes) in due {
            self.deliver(ticket, ordered, bytes);
        }
    }

    /// The bytes of a reply with the faults that strike: first in its members, then in its text, then in its lines.
    fn corrupted(&mut self, reply: &Reply, dialect: Dialect, moment: Moment) -> Vec<u8> {
        if self.faults.strike(Kind::MissingReply, moment).is_some() {
            return Vec::new();
        }
        let value = self.corrupted_value(reply, dialect, moment);
        let text = self.corrupted_text(value, moment);
        self.corrupted_lines(text, moment)
    }

    fn corrupted_value(&mut self, reply: &Reply, dialect: Dialect, moment: Moment) -> Value {
        let mut strike = |kind| self.faults.strike(kind, moment);
        let dialect = if strike(Kind::SnakeForPascal).is_some() { Dialect::Snake } else { dialect };
        let is_stale = strike(Kind::FirstReply).is_some();
        let mut value = match &reply.outcome {
            Err(failure) if strike(Kind::VagueFailure).is_some() => {
                let vague =
                    Failure { hint: None, message: failure.code.meaning().to_owned(), ..(**failure).clone() };
                Reply { outcome: Err(Box::new(vague)), ..reply.clone() }.to_value(dialect)
            }
            _ => reply.to_value(dialect),
        };
        let data = if dialect == Dialect::Pascal { "Data" } else { "data" };
        if is_stale && !value[data].is_null() {
            // By name and dialect: the data of another dialect would be seen at once.
            let first =
                self.first_replies.entry((moment.action, dialect)).or_insert_with(|| value[data].clone());
            value[data] = first.clone();
        }
        let mut strike = |kind| self.faults.strike(kind, moment);
        if let Some(id) = strike(Kind::WrongId) {
            let name = if dialect == Dialect::Pascal { "RequestId" } else { "request_id" };
            let name = if dialect == Dialect::Camel { "requestId" } else { name };
            value[name] = id.unwrap_or_else(|| "somebody-else".to_owned()).into();
        }
        if let Some(field) = strike(Kind::DroppedField) {
            let (members, name) = corrupt(&mut value, field.as_deref(), "warnings");
            members.shift_remove(&name);
        }
        if let Some(param) = strike(Kind::RenamedField) {
            let (from, to) = param.as_deref().and_then(|param| param.split_once('=')).unzip();
            let (members, name) = corrupt(&mut value, from, "warnings");
            if let Some(member) = members.shift_remove(&name) {
                members.insert(to.map_or_else(|| format!("{name}_2"), str::to_owned), member);
            }
        }
        if let Some(field) = strike(Kind::WrongType) {
            let (members, name) = corrupt(&mut value, field.as_deref(), "success");
            let wrong = if members.get(&name).is_some_and(Value::is_string) {
                42.into()
            } else {
                Value::from("forty-two")
            };
            members.insert(name, wrong);
        }
        if let Some(param) = strike(Kind::WrongNumber) {
            let (field, number) = param.as_deref().and_then(number_field).unzip();
            let (members, name) = corrupt(&mut value, field, "success");
            members.insert(name, number.unwrap_or(0).into());
        }
        value
    }

    fn corrupted_text(&mut self, mut value: Value, moment: Moment) -> String {
        let mut strike = |kind| self.faults.strike(kind, moment);
        let nan = strike(Kind::Nan).map(|field| mark_number(&mut value, field));
        let mut text = value.to_string();
        if nan.is_some() {
            text = text.replace(&Value::from(NAN_MARK).to_string(), "NaN");
        }
        if let Some(place) = strike(Kind::DuplicateName) {
            text = with_a_name_twice(&value, &text, place.as_deref() == Some("data"));
        }
        text
    }

    fn corrupted_lines(&mut self, mut text: String, moment: Moment) -> Vec<u8> {
        let mut strike = |kind| self.faults.strike(kind, moment);
        let mut bytes = Vec::new();
        if let Some(text) = strike(Kind::Garbage) {
            bytes.extend(
                text.unwrap_or_else(|| "Traceback (most recent call last): not a frame".to_owned()).bytes(),
            );
            bytes.push(b'\n');
        }
        let pad = strike(Kind::HugeLine);
        let times = if strike(Kind::DoubleReply).is_some() { 2 } else { 1 };
        let half = strike(Kind::PartialLine).is_some();
        if let Some(length) = pad {
            let length =
                length.and_then(|length| length.parse().ok()).unwrap_or(self.settings.frame_bytes_max + 1);
            text.extend(std::iter::repeat_n(' ', length.saturating_sub(text.len())));
        }
        for _ in 0..times {
            if half {
                bytes.extend_from_slice(&text.as_bytes()[..text.len() / 2]);
            } else {
                bytes.extend_from_slice(text.as_bytes());
                bytes.push(b'\n');
            }
        }
        if self.faults.strike_at(Kind::Crash, "reply", "run", moment) {
            self.effects.push(Effect::Crash);
        }
        bytes
    }
}

/// The reply with the first name of it, or of its data, once more in front and another value behind it.
fn with_a_name_twice(value: &Value, text: &str, in_data: bool) -> String {
    let data = || ["data", "Data"].iter().find_map(|name| value.get(*name)).filter(|data| data.is_object());
    let object = if in_data { data() } else { None }.unwrap_or(value);
    let Some(first) = object.as_object().and_then(|members| members.keys().next()) else {
        return text.to_owned();
    };
    let head = format!("{{{}:", Value::from(first.as_str()));
    text.replacen(&head, &format!("{}\"another\",{}", head, &head[1..]), 1)
}

/// The status of an ended job.
fn status(outcome: &Outcome) -> &'static str {
    match outcome {
        Ok(_) => "completed",
        Err(failure) => match failure.code {
            ErrorCode::Cancelled | ErrorCode::ShuttingDown => "cancelled",
            ErrorCode::Timeout => "timeout",
            _ => "failed",
        },
    }
}

const NAN_MARK: &str = "\u{1}nan\u{1}";

/// The object and the name that a fault spoils: a field of `data` by any spelling, its first, else a member of the reply.
fn corrupt<'v>(
    value: &'v mut Value,
    field: Option<&str>,
    fallback: &str,
) -> (&'v mut Map<String, Value>, String) {
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    let named = |members: &Map<String, Value>, wanted: &str| {
        members.keys().find(|name| plain(name) == plain(wanted)).cloned()
    };
    let data = data_name(value);
    let inside = value[data].as_object().and_then(|members| match field {
        Some(field) => named(members, field),
        None => members.keys().next().cloned(),
    });
    let is_inside = inside.is_some();
    let at_top = || value.as_object().and_then(|members| named(members, field.unwrap_or(fallback)));
    let name = inside.or_else(at_top).unwrap_or_else(|| fallback.to_owned());
    match if is_inside { &mut value[data] } else { value } {
        Value::Object(members) => (members, name),
        other => unreachable!("a reply is an object, and so is its data: {other}"),
    }
}

fn data_name(value: &Value) -> &'static str {
    if value.get("Data").is_some() { "Data" } else { "data" }
}

/// Marks the number that becomes NaN.
fn mark_number(value: &mut Value, field: Option<String>) {
    let data = data_name(value);
    let first = field.or_else(|| {
        value[data].as_object()?.iter().find(|(_, member)| member.is_number()).map(|(name, _)| name.clone())
    });
    match first {
        Some(field) => {
            let (members, name) = corrupt(value, Some(&field), data);
            members.insert(name, NAN_MARK.into());
        }
        None => value[data] = NAN_MARK.into(),
    }
}

impl Worker {
    /// Whether the fault `success_without_effect` strikes a command.
    pub(super) fn is_without_effect(&mut self, command: &Command) -> bool {
        self.faults.strike(Kind::NoEffect, command.moment()).is_some()
    }
}
