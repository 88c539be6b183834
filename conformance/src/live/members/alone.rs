//! A target as if the scenario had it for itself: a worker of its own, or the gateway with nothing on its devices.

use contracts::Action;
use serde_json::{Value, json};
use std::time::Instant;

use super::interview::{Told, ask, ask_shared, try_to_ask, try_to_ask_shared};
use crate::{check::ScenarioEnd, context::Context, exchange::Command, live::stream, party::worker::Worker};

/// The target.
pub(in crate::live) enum Alone {
    /// A new worker.
    Worker(Box<Worker>),
    /// The gateway, over HTTP, that all scenarios share.
    Gateway,
}

/// A job: what came before its reply, and what after it.
pub(in crate::live) struct Heard {
    pub(in crate::live) reply: Value,
    /// Its events, and those of nobody.
    pub(in crate::live) events: Vec<Value>,
    /// What was heard of it after its reply.
    pub(in crate::live) late: Vec<Value>,
}

impl Alone {
    /// A worker that has agreed on these features and on the dialect snake, or on nothing; a gateway agrees on nothing.
    pub(in crate::live) fn begin(context: &mut Context, features: &[&str]) -> Result<Self, ScenarioEnd> {
        if context.is_gateway() {
            context.get(Action::UnloadModel, json!({}))?;
            context.get(Action::CleanupMemory, json!({}))?;
            return Ok(Self::Gateway);
        }
        let worker = match features {
            [] => context.start()?,
            features => context.start_with(features)?.0,
        };
        Ok(Self::Worker(Box::new(worker)))
    }

    /// Asks it.
    pub(in crate::live) fn ask(
        &mut self,
        context: &mut Context,
        action: Action,
        fields: Value,
    ) -> Result<Told, ScenarioEnd> {
        match self {
            Self::Worker(worker) => ask(worker, context, action, fields),
            Self::Gateway => ask_shared(context, action, fields),
        }
    }

    /// The same for a command that may fail.
    pub(in crate::live) fn try_to_ask(
        &mut self,
        context: &mut Context,
        action: Action,
        fields: Value,
    ) -> Result<(Told, Result<(), String>), ScenarioEnd> {
        match self {
            Self::Worker(worker) => try_to_ask(worker, context, action, fields),
            Self::Gateway => try_to_ask_shared(context, action, fields),
        }
    }

    /// Runs a job under an id and listens until something else is answered.
    pub(in crate::live) fn job(
        &mut self,
        context: &mut Context,
        id: &str,
        mut frame: Value,
    ) -> Result<Heard, ScenarioEnd> {
        frame["request_id"] = id.into();
        match self {
            Self::Worker(worker) => by_pipe(worker, context, id, &frame),
            Self::Gateway => over_http(context, id, &frame),
        }
    }
}

fn by_pipe(worker: &mut Worker, context: &Context, id: &str, frame: &Value) -> Result<Heard, ScenarioEnd> {
    let timeout = context.options.timeout;
    worker.send(frame)?;
    let (mut events, mut late) = (Vec::new(), Vec::new());
    let reply = worker.reply(timeout, "a job with events", &mut |event| events.push(event))?;
    worker.send(&Command::new(Action::GetStatus, json!({})).id("after-the-job").frame())?;
    let after = worker.reply(timeout, "get_status", &mut |event| late.push(event))?;
    late.push(after);
    late.retain(|frame| frame["request_id"] == id);
    Ok(Heard { reply, events, late })
}

/// The stream tells the events again, and last the reply.
fn over_http(context: &Context, id: &str, frame: &Value) -> Result<Heard, ScenarioEnd> {
    let answer = context.gateway()?.command(frame.to_string().into_bytes())?;
    let mut events = stream::of_job(context, id)?;
    let end = events.iter().position(|event| event.name == "reply");
    let end = end.ok_or_else(|| ScenarioEnd::Broken(format!("the events of {id} end without its reply")))?;
    let late = events.split_off(end).into_iter().skip(1);
    let data = |sent: stream::Sent| sent.data;
    Ok(Heard {
        reply: answer.value,
        events: events.into_iter().map(data).collect(),
        late: late.map(data).collect(),
    })
}

/// Asks until an answer is as wanted.
pub(in crate::live) fn poll(
    context: &mut Context,
    what: &str,
    action: Action,
    fields: &Value,
    is_wanted: impl Fn(&Value) -> bool,
) -> Result<Value, ScenarioEnd> {
    let until = Instant::now() + context.options.timeout;
    loop {
        let answer = context.get(action, fields.clone())?;
        if is_wanted(&answer) {
            return Ok(answer);
        }
        if Instant::now() > until {
            return Err(ScenarioEnd::Broken(format!("{what} did not come in time: {answer}")));
        }
    }
}
