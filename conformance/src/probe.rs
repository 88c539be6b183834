//! Probes of the target: before the first scenario, and after each silence.

use contracts::Action;
use serde_json::{Value, json};
use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use crate::{
    context::Subject,
    exchange::Command,
    target::{ReplyError, TargetError, ToolError, gateway::Gateway, worker::Launcher},
};

/// Asks the target for its status.
///
/// # Errors
/// [`TargetError::Tool`] if no target was reached; any other error if the target is at fault.
pub(crate) fn probe(subject: &Subject, within: Duration) -> Result<(), TargetError> {
    match subject {
        Subject::Worker(launcher) => worker(launcher, within),
        Subject::Gateway(gateway) => status(gateway),
    }
}

/// Whether a command stayed unanswered since the last call.
pub(crate) fn was_silent(subject: &Subject) -> bool {
    match subject {
        Subject::Worker(launcher) => launcher.silent.swap(false, Ordering::Relaxed),
        Subject::Gateway(gateway) => gateway.was_silent(),
    }
}

/// A worker answers queries while it still loads. Two queries are tried, of a new worker each, which has the whole time to
/// start: a worker that fails one of them is still judged by all other checks.
fn worker(launcher: &Launcher, within: Duration) -> Result<(), TargetError> {
    let first = answers(launcher, Action::GetStatus, within);
    match first {
        Ok(()) | Err(TargetError::Tool(_)) => first,
        Err(first) => answers(launcher, Action::GetSchedulers, within).map_err(|_| first),
    }
}

/// Whether a new worker answers a query. Other lines are ignored here; the suites judge them.
fn answers(launcher: &Launcher, action: Action, within: Duration) -> Result<(), TargetError> {
    const ID: &str = "conf-probe";
    let mut worker = launcher.start()?;
    worker.send(&Command::new(action, json!({})).id(ID).frame())?;
    let until = Instant::now() + within;
    let mut other = None;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match worker.frame(left, action.as_str()) {
            Ok(frame) if is_reply(&frame, ID) => return Ok(()),
            Ok(frame) => other = other.or(Some(TargetError::NoReply(other_frame(action, &frame)))),
            Err(err @ TargetError::NoFrame(_)) => other = other.or(Some(err)),
            Err(TargetError::Silent { what, .. }) => {
                return Err(other.unwrap_or(TargetError::Silent { what, within }));
            }
            Err(err) => return Err(other.unwrap_or(err)),
        }
    }
}

fn other_frame(action: Action, frame: &Value) -> ReplyError {
    ReplyError::OtherFrame { action, frame: crate::display::shorten(&frame.to_string()) }
}

fn is_reply(frame: &Value, id: &str) -> bool {
    let of = |member: &str, pascal: &str| frame.get(member).or_else(|| frame.get(pascal)).cloned();
    of("request_id", "RequestId") == Some(id.into())
        && of("success", "Success").is_some_and(|success| success.is_boolean())
}

/// `/health/live` tells a gateway from any other server.
pub(crate) fn is_a_gateway(gateway: &Gateway) -> Result<(), TargetError> {
    let live = gateway.send("GET", "/health/live", &[], None)?;
    let is_live = live.status == 200
        && live.answer().is_ok_and(|answer| answer.value.get("status") == Some(&"live".into()));
    if is_live {
        return Ok(());
    }
    Err(ToolError::NoGateway { base: gateway.base().to_owned(), status: live.status }.into())
}

fn status(gateway: &Gateway) -> Result<(), TargetError> {
    let frame = Command::new(Action::GetStatus, json!({})).frame().to_string().into_bytes();
    gateway.command(frame).map(|_| ())
}
