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
pub(super) const ROUNDING_SECONDS: f64 = 0.001;

/// An answer, and the time in which it was given.
pub(super) struct Told {
    /// The id of the command.
    pub(super) id: String,
    pub(super) data: Value,
    pub(super) asked: Moment,
    pub(super) answered: Moment,
}

/// A moment, by the clock that only goes forward and by the one that timestamps are of.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) instant: Instant,
    wall: SystemTime,
}

impl Moment {
    pub(super) fn now() -> Self {
        Self { instant: Instant::now(), wall: SystemTime::now() }
    }

    /// The time from another moment to this one.
    pub(super) fn since(self, other: Self) -> Duration {
        self.instant - other.instant
    }
}

impl Told {
    /// The time between question and answer.
    pub(super) fn took(&self) -> Duration {
        self.answered.instant - self.asked.instant
    }
}

/// Asks the target that scenarios share.
pub(super) fn ask_shared(context: &mut Context, action: Action, fields: Value) -> Result<Told, ScenarioEnd> {
    let id = context.fresh_id();
    let asked = Moment::now();
    let reading = context.ask(&Command::new(action, fields).id(&id))?;
    let answered = Moment::now();
    let data = reading.data().map_err(|why| ScenarioEnd::Broken(format!("{action}: {why}")))?.clone();
    Ok(Told { id, data, asked, answered })
}

/// Asks a worker that has agreed on no dialect, or on snake.
pub(super) fn ask(
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
pub(super) fn try_to_ask(
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
    let (data, result) = match reading.data() {
        Ok(data) => (data.clone(), Ok(())),
        Err(why) => (Value::Null, Err(why)),
    };
    Ok((Told { id, data, asked, answered }, result))
}

/// Whether the timestamp at a pointer lies between two moments.
pub(super) fn within(document: &Value, pointer: &str, from: Moment, to: Moment) -> Result<(), String> {
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
pub(super) fn is(document: &Value, pointer: &str, expected: &Value) -> Result<(), String> {
    match document.pointer(pointer) {
        Some(value) if crate::exchange::same(value, expected) => Ok(()),
        Some(value) => Err(format!("{pointer} is {value}, and not {expected}")),
        None => Err(format!("{pointer} is absent, and not {expected}")),
    }
}

/// Whether the number at a pointer lies between two others.
pub(super) fn lies(document: &Value, pointer: &str, from: f64, to: f64) -> Result<(), String> {
    let number = member::number(document, pointer).map_err(|end| end.to_string())?;
    if (from..=to).contains(&number) {
        Ok(())
    } else {
        Err(format!("{pointer} is {number}, and not from {from} to {to}"))
    }
}

/// The members of a list of objects under one name.
pub(super) fn column(rows: &[Value], name: &str) -> Value {
    rows.iter().map(|row| row[name].clone()).collect()
}
