//! A worker of the scenario's own, and the times at which it was asked and has answered.

use std::time::{Duration, Instant, SystemTime};

use contracts::{Action, Dialect};
use serde_json::Value;

use crate::{
    check::ScenarioEnd,
    context::Context,
    exchange::{Command, StrictReading},
    member,
    party::{Answer, worker::Worker},
};

/// A timestamp has milliseconds: it may be a millisecond before the moment that it names.
const RESOLUTION: Duration = Duration::from_millis(1);

/// Figures are rounded, to three digits behind the point at most.
pub(in crate::live) const ROUNDING_SECONDS: f64 = 0.001;

/// An answer, and the time in which it was given.
pub(in crate::live) struct Told {
    /// The id of the command.
    pub(in crate::live) id: String,
    pub(in crate::live) data: Value,
    pub(in crate::live) asked: Moment,
    pub(in crate::live) answered: Moment,
}

/// A moment, by the clock that only goes forward and by the one that timestamps are of.
#[derive(Clone, Copy)]
pub(in crate::live) struct Moment {
    pub(in crate::live) instant: Instant,
    wall: SystemTime,
}

impl Moment {
    pub(in crate::live) fn now() -> Self {
        Self { instant: Instant::now(), wall: SystemTime::now() }
    }

    /// The time from another moment to this one.
    pub(in crate::live) fn since(self, other: Self) -> Duration {
        self.instant - other.instant
    }
}

impl Told {
    /// The time between question and answer.
    pub(in crate::live) fn took(&self) -> Duration {
        self.answered.instant - self.asked.instant
    }
}

/// Asks the target that scenarios share.
pub(in crate::live) fn ask_shared(
    context: &mut Context,
    action: Action,
    fields: Value,
) -> Result<Told, ScenarioEnd> {
    let (told, result) = try_to_ask_shared(context, action, fields)?;
    result.map_err(|why| ScenarioEnd::Broken(format!("{action}: {why}")))?;
    Ok(told)
}

/// The same for a command that may fail.
pub(in crate::live) fn try_to_ask_shared(
    context: &mut Context,
    action: Action,
    fields: Value,
) -> Result<(Told, Result<(), String>), ScenarioEnd> {
    let id = context.fresh_id();
    let asked = Moment::now();
    let reading = context.ask(&Command::new(action, fields).id(&id))?;
    Ok(told(id, &reading, asked, Moment::now()))
}

fn told(id: String, reading: &StrictReading, asked: Moment, answered: Moment) -> (Told, Result<(), String>) {
    let (data, result) = match reading.data() {
        Ok(data) => (data.clone(), Ok(())),
        Err(why) => (Value::Null, Err(why)),
    };
    (Told { id, data, asked, answered }, result)
}

/// Asks a worker that has agreed on no dialect, or on snake.
pub(in crate::live) fn ask(
    worker: &mut Worker,
    context: &Context,
    action: Action,
    fields: Value,
) -> Result<Told, ScenarioEnd> {
    let (told, result) = try_to_ask(worker, context, action, fields)?;
    result.map_err(|why| ScenarioEnd::Broken(format!("{action}: {why}")))?;
    Ok(told)
}

/// The same for a command that may fail.
pub(in crate::live) fn try_to_ask(
    worker: &mut Worker,
    context: &Context,
    action: Action,
    fields: Value,
) -> Result<(Told, Result<(), String>), ScenarioEnd> {
    let id = format!("members-{action}");
    let command = Command::new(action, fields).id(&id);
    let asked = Moment::now();
    worker.send(&command.frame())?;
    let value = worker.reply(context.options.timeout, action.as_str(), &mut |_| ())?;
    let answered = Moment::now();
    let reading = StrictReading::of(action, Dialect::Snake, &Answer { value, http: None });
    Ok(told(id, &reading, asked, answered))
}

/// Whether the timestamp at a pointer lies between two moments.
pub(in crate::live) fn within(
    document: &Value,
    pointer: &str,
    from: Moment,
    to: Moment,
) -> Result<(), String> {
    let text = member::text(document, pointer).map_err(|end| end.to_string())?;
    let time = chrono::DateTime::parse_from_rfc3339(text).map_err(|err| format!("{text}: {err}"))?;
    let time = SystemTime::from(time);
    if from.wall - RESOLUTION <= time && time <= to.wall + RESOLUTION {
        return Ok(());
    }
    let shown = |wall: SystemTime| chrono::DateTime::<chrono::Utc>::from(wall).to_rfc3339();
    Err(format!("{text} is not between {} and {}", shown(from.wall), shown(to.wall)))
}

/// Whether the value at a pointer is another one.
pub(in crate::live) fn is(document: &Value, pointer: &str, expected: &Value) -> Result<(), String> {
    match document.pointer(pointer) {
        Some(value) if crate::exchange::same(value, expected) => Ok(()),
        Some(value) => Err(format!("{pointer} is {value}, and not {expected}")),
        None => Err(format!("{pointer} is absent, and not {expected}")),
    }
}

/// Whether the number at a pointer lies between two others.
pub(in crate::live) fn lies(document: &Value, pointer: &str, from: f64, to: f64) -> Result<(), String> {
    let number = member::number(document, pointer).map_err(|end| end.to_string())?;
    if (from..=to).contains(&number) {
        Ok(())
    } else {
        Err(format!("{pointer} is {number}, and not from {from} to {to}"))
    }
}

/// The members of a list of objects under one name.
pub(in crate::live) fn column(rows: &[Value], name: &str) -> Value {
    rows.iter().map(|row| row[name].clone()).collect()
}
