//! A queue of three jobs, as the worker tells it while the first of them runs, and their cancels.

use contracts::Action;
use serde_json::{Value, json};

use super::{
    alone::poll,
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
        context.need_no_other_worker("a pool of several workers runs several jobs at a time")?;
        let mut line = Line::begin(context)?;
        let jobs = JOBS.map(|name| if context.is_gateway() { context.fresh_id() } else { name.to_owned() });
        let before = line.ask(context, Action::GetQueueStatus, json!({}))?;
        let sent = Moment::now();
        for id in &jobs {
            let fields = json!({"prompt_submission": case::long_submission(context)});
            line.submit(context, &Command::new(Action::GenerateSdxl, fields).id(id))?;
        }
        line.wait_for_step(context)?;
        let queue = line.ask(context, Action::GetQueueStatus, json!({}))?;
        let status = line.ask(context, Action::GetStatus, json!({}))?;
        let now = Moment::now();
        waiting(checks, &queue, &jobs, sent, now)?;
        checks.decide("state", is(&status, "/state", &json!("running")));
        checks.decide("active_inference_sessions", is(&status, "/active_inference_sessions", &json!(1)));
        checks.decide("running_request_id", is(&status, "/running_request_id", &json!(jobs[0])));
        // The last first: one that begins to run would no longer wait.
        for (id, was) in [(&jobs[2], "queued"), (&jobs[1], "queued"), (&jobs[0], "running")] {
            let cancelled = line.ask(context, Action::Cancel, json!({"target_request_id": id}))?;
            checks.decide("target_request_id", is(&cancelled, "/target_request_id", &json!(id)));
            checks.decide("was", is(&cancelled, "/was", &json!(was)));
        }
        let queue = line.ask(context, Action::GetQueueStatus, json!({}))?;
        let cancelled = member::integer(&before, "/cancelled")? + jobs.len() as u64;
        checks.decide("cancelled", is(&queue, "/cancelled", &json!(cancelled)));
        Ok(())
    })
}

fn waiting(
    checks: &mut Checks<'_>,
    queue: &Value,
    jobs: &[String],
    sent: Moment,
    now: Moment,
) -> Result<(), ScenarioEnd> {
    checks.decide("total_queued", is(queue, "/total_queued", &json!(2)));
    checks.decide("currently_processing", is(queue, "/currently_processing", &json!(1)));
    let rows = member::list(queue, "/queued_requests")?;
    let told = json!({
        "request_id": column(rows, "request_id"),
        "status": column(rows, "status"),
        "queue_position": column(rows, "queue_position"),
    });
    checks.decide("request_id", is(&told, "/request_id", &json!(jobs)));
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

/// A target that takes commands while jobs run: a worker of the scenario's own, or the gateway.
enum Line {
    Worker(Box<Worker>),
    Gateway,
}

impl Line {
    fn begin(context: &mut Context) -> Result<Self, ScenarioEnd> {
        if context.is_gateway() {
            return Ok(Self::Gateway);
        }
        Ok(Self::Worker(Box::new(context.start_with(&["events", "out_of_order"])?.0)))
    }

    /// Hands a job in, and does not wait for its reply.
    fn submit(&mut self, context: &Context, job: &Command) -> Result<(), ScenarioEnd> {
        match self {
            Self::Worker(worker) => Ok(worker.send(&job.frame())?),
            Self::Gateway => {
                let frame = job.frame().to_string().into_bytes();
                let later = [("prefer", "respond-async")];
                let accepted = context.gateway()?.send("POST", "/v1/commands", &later, Some(frame))?;
                if accepted.status == 202 {
                    return Ok(());
                }
                let why = format!("a job with Prefer: respond-async is answered {}", accepted.status);
                Err(ScenarioEnd::Broken(why))
            }
        }
    }

    /// Waits until a job runs.
    fn wait_for_step(&mut self, context: &mut Context) -> Result<(), ScenarioEnd> {
        let Self::Worker(worker) = self else {
            let runs = |queue: &Value| queue["currently_processing"] == 1;
            poll(context, "a job that runs", Action::GetQueueStatus, &json!({}), runs)?;
            // Its worker may load the model first.
            let is_loaded = |status: &Value| status["state"] != "loading";
            return poll(context, "the end of a load", Action::GetStatus, &json!({}), is_loaded).map(|_| ());
        };
        let runs = worker.frame_that(context.options.timeout, "the first step of a job", &mut |frame| {
            frame["stage"] == "denoising" || frame.get("success").is_some()
        })?;
        if runs.get("success").is_some() {
            return Err(ScenarioEnd::Broken(format!("a job has ended before the others wait: {runs}")));
        }
        Ok(())
    }

    /// `data` of the reply to a command, beside the events and replies of jobs.
    fn ask(&mut self, context: &mut Context, action: Action, fields: Value) -> Result<Value, ScenarioEnd> {
        let Self::Worker(worker) = self else { return context.get(action, fields) };
        let id = context.fresh_id();
        worker.send(&Command::new(action, fields).id(&id).frame())?;
        let reply = worker.frame_that(context.options.timeout, action.as_str(), &mut |frame| {
            frame["request_id"] == id.as_str() && frame.get("success").is_some()
        })?;
        if reply["success"] == true {
            return Ok(reply["data"].clone());
        }
        Err(ScenarioEnd::Broken(format!("{action}: {reply}")))
    }
}
