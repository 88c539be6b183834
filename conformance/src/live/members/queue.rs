//! A queue of three jobs, as the worker tells it while the first of them runs, and their cancels.

use contracts::Action;
use serde_json::{Value, json};

use super::{
    each,
    interview::{Moment, column, is, within},
};
use crate::{
    case,
    check::ScenarioEnd,
    class::Class,
    context::Context,
    exchange::Command,
    member,
    party::worker::Worker,
    scenario::{Checks, Scenario},
    sentence::Sentence,
};

const QUEUE: Sentence = Sentence::QueueMembers;
const STATUS: Sentence = Sentence::StatusOfRunningJob;
const CANCEL: Sentence = Sentence::CancelMembers;

/// In the order in which they are sent.
const JOBS: [&str; 3] = ["members-first", "members-second", "members-third"];

pub(super) fn scenario() -> Scenario {
    let queue = [
        "total_queued",
        "currently_processing",
        "request_id",
        "status",
        "queue_position",
        "queued_at",
        "started_at",
        "cancelled",
    ];
    let status = ["state", "active_inference_sessions", "running_request_id"];
    let cancel = ["target_request_id", "was"];
    let checks = [
        each(Class::Conc, QUEUE, &queue),
        each(Class::Unit, STATUS, &status),
        each(Class::Corr, CANCEL, &cancel),
    ];
    Scenario::new("members.queue", checks.concat(), |context, checks| {
        if context.get(Action::GetStatus, json!({}))?["gpus"].as_array().is_some_and(|gpus| gpus.len() > 1) {
            return Err(ScenarioEnd::Skip(
                "a pool of several workers runs several jobs at a time".to_owned(),
            ));
        }
        let (mut worker, _) = context.start_with(&["events", "out_of_order"])?;
        let sent = Moment::now();
        for id in JOBS {
            let fields = json!({"prompt_submission": case::long_submission(context)});
            worker.send(&Command::new(Action::GenerateSdxl, fields).id(id).frame())?;
        }
        let runs = worker.frame_that(context.options.timeout, "the first step of a job", &mut |frame| {
            frame["stage"] == "denoising" || frame.get("success").is_some()
        })?;
        if runs.get("success").is_some() {
            return Err(ScenarioEnd::Broken(format!("a job has ended before the others wait: {runs}")));
        }
        let query = |action| Command::new(action, json!({})).id("members-query");
        let queue = answer(&mut worker, context, &query(Action::GetQueueStatus))?;
        let status = answer(&mut worker, context, &query(Action::GetStatus))?;
        let now = Moment::now();
        waiting(checks, &queue, sent, now)?;
        checks.decide("state", is(&status, "/state", &json!("running")));
        checks.decide("active_inference_sessions", is(&status, "/active_inference_sessions", &json!(1)));
        checks.decide("running_request_id", is(&status, "/running_request_id", &json!(JOBS[0])));
        // The last first: one that begins to run would no longer wait.
        for (id, was) in [(JOBS[2], "queued"), (JOBS[1], "queued"), (JOBS[0], "running")] {
            let fields = json!({"target_request_id": id});
            let command = Command::new(Action::Cancel, fields).id(format!("cancels-{id}"));
            let cancelled = answer(&mut worker, context, &command)?;
            checks.decide("target_request_id", is(&cancelled, "/target_request_id", &json!(id)));
            checks.decide("was", is(&cancelled, "/was", &json!(was)));
        }
        let queue = answer(&mut worker, context, &query(Action::GetQueueStatus))?;
        checks.decide("cancelled", is(&queue, "/cancelled", &json!(JOBS.len())));
        Ok(())
    })
}

fn waiting(checks: &mut Checks<'_>, queue: &Value, sent: Moment, now: Moment) -> Result<(), ScenarioEnd> {
    checks.decide("total_queued", is(queue, "/total_queued", &json!(2)));
    checks.decide("currently_processing", is(queue, "/currently_processing", &json!(1)));
    let rows = member::list(queue, "/queued_requests")?;
    let told = json!({
        "request_id": column(rows, "request_id"),
        "status": column(rows, "status"),
        "queue_position": column(rows, "queue_position"),
    });
    checks.decide("request_id", is(&told, "/request_id", &json!(JOBS)));
    checks.decide("status", is(&told, "/status", &json!(["running", "queued", "queued"])));
    checks.decide("queue_position", is(&told, "/queue_position", &json!([0, 1, 2])));
    for row in rows {
        checks.decide("queued_at", within(row, "/queued_at", sent, now));
        let began = row["status"] == "running";
        let started = match (began, row.get("started_at")) {
            (true, _) => within(row, "/started_at", sent, now),
            (false, None) => Ok(()),
            (false, Some(at)) => Err(format!("{} waits, and started_at is {at}", row["request_id"])),
        };
        checks.decide("started_at", started);
    }
    Ok(())
}

/// `data` of the reply to a command, beside the events and replies of jobs.
fn answer(worker: &mut Worker, context: &Context, command: &Command) -> Result<Value, ScenarioEnd> {
    worker.send(&command.frame())?;
    let what = command.action.as_str();
    let reply = worker.frame_that(context.options.timeout, what, &mut |frame| {
        frame["request_id"].as_str() == command.request_id.as_deref() && frame.get("success").is_some()
    })?;
    if reply["success"] == true {
        return Ok(reply["data"].clone());
    }
    Err(ScenarioEnd::Broken(format!("{what}: {reply}")))
}
