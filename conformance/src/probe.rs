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
    options::START_TIMEOUT_SECONDS,
    party::{
        ReplyError, TargetError, ToolError,
        gateway::Gateway,
        worker::{Launcher, Worker},
    },
};

/// Asks the target for its status.
///
/// # Errors
/// [`TargetError::Tool`] if no target was reached; any other error if the target is at fault.
pub(crate) fn probe(subject: &Subject, within: Duration) -> Result<(), TargetError> {
    match subject {
        Subject::Worker(launcher) => worker(launcher, within),
        Subject::Gateway(gateway) => status(gateway, within),
    }
}

/// Whether a command stayed unanswered since the last call.
pub(crate) fn was_silent(subject: &Subject) -> bool {
    match subject {
        Subject::Worker(launcher) => launcher.silent.swap(false, Ordering::Relaxed),
        Subject::Gateway(gateway) => gateway.was_silent(),
    }
}

/// How long the first worker is waited for alone: an eighth of its time. A silent target then costs little more than that time.
const ALONE: u32 = 8;

/// With default options a silent worker ends the run within 15 s, of which the rest is for the start of the tool.
const _: () = assert!(START_TIMEOUT_SECONDS + START_TIMEOUT_SECONDS / ALONE as u64 <= 12);

/// A worker answers queries while it still loads. Two queries are tried, of a new worker each, which has the whole time to
/// start: a worker that fails one of them is still judged by all other checks. The second starts beside a silent first one.
fn worker(launcher: &Launcher, within: Duration) -> Result<(), TargetError> {
    let another = || Asked::new(launcher, Action::GetSchedulers, within);
    let answered = match Asked::new(launcher, Action::GetStatus, within) {
        Ok(mut first) => match first.look(within / ALONE) {
            None => {
                let second = another();
                first.result().map_err(|why| (why, second))
            }
            Some(answered) => answered.map_err(|why| (why, another())),
        },
        Err(why) => Err((why, another())),
    };
    match answered {
        Ok(()) => Ok(()),
        Err((why @ TargetError::Tool(_), _)) => Err(why),
        Err((why, second)) => second.and_then(|mut second| second.result()).map_err(|_| why),
    }
}

/// A new worker that was asked a query.
struct Asked {
    worker: Worker,
    action: Action,
    begun: Instant,
    within: Duration,
    /// The first line that is no reply.
    other: Option<TargetError>,
}

impl Asked {
    const ID: &str = "conf-probe";

    fn new(launcher: &Launcher, action: Action, within: Duration) -> Result<Self, TargetError> {
        let begun = Instant::now();
        let mut worker = launcher.start()?;
        worker.send(&Command::new(action, json!({})).id(Self::ID).frame())?;
        Ok(Self { worker, action, begun, within, other: None })
    }

    /// Whether it answers in this time after its start; `None` if it has not yet. Other lines are ignored here; the suites
    /// judge them.
    fn look(&mut self, within: Duration) -> Option<Result<(), TargetError>> {
        let until = self.begun + within;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.worker.frame(left, self.action.as_str()) {
                Ok(frame) if is_reply(&frame, Self::ID) => return Some(Ok(())),
                Ok(frame) => {
                    let other = || TargetError::NoReply(other_frame(self.action, &frame));
                    self.other.get_or_insert_with(other);
                }
                Err(err @ TargetError::NoFrame(_)) => {
                    self.other.get_or_insert(err);
                }
                Err(TargetError::Silent { .. }) => return None,
                Err(err) => return Some(Err(self.other.take().unwrap_or(err))),
            }
        }
    }

    /// Whether it answers in its whole time.
    fn result(&mut self) -> Result<(), TargetError> {
        let (within, what) = (self.within, self.action.as_str().to_owned());
        self.look(within)
            .unwrap_or_else(|| Err(self.other.take().unwrap_or(TargetError::Silent { what, within })))
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
pub(crate) fn is_a_gateway(gateway: &Gateway, within: Duration) -> Result<(), TargetError> {
    let live = gateway.get_within("/health/live", within)?;
    let is_live = live.status == 200
        && live.answer().is_ok_and(|answer| answer.value.get("status") == Some(&"live".into()));
    if is_live {
        return Ok(());
    }
    Err(ToolError::NoGateway { base: gateway.base().to_owned(), status: live.status }.into())
}

fn status(gateway: &Gateway, within: Duration) -> Result<(), TargetError> {
    let action = Action::GetStatus;
    let frame = Command::new(action, json!({})).frame().to_string().into_bytes();
    gateway.command_within(frame, action.as_str(), within).map(|_| ())
}
