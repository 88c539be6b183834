//! The counters of a target. They are compared with the commands that it was sent.

use contracts::Action;
use serde_json::{Value, json};

use super::{
    alone::Alone,
    each,
    interview::{ROUNDING_SECONDS, Told, is, lies},
};
use crate::{
    case::with,
    check::ScenarioEnd,
    class::Class,
    member,
    scenario::{Checks, Scenario},
    sentence::Sentence,
};

const METRICS: Sentence = Sentence::PerformanceMetrics;
const QUEUE: Sentence = Sentence::QueueCounts;

/// The checks of figures that every job changes.
const FIGURES: [&str; 4] = [
    "average_generation_time_seconds",
    "p95_generation_time_seconds",
    "peak_memory_used_mb",
    "average_processing_time_seconds",
];

/// A peak is looked at from time to time, so that it may be a little more than a job was told; another unit is 1.049 times it.
const PEAK_MAX: f64 = 1.03;

/// A job with two pictures, and one that is refused.
pub(super) fn scenario() -> Scenario {
    let metrics = [
        "commands_total",
        "commands_failed",
        "jobs_completed",
        "images_generated",
        "average_generation_time_seconds",
        "p95_generation_time_seconds",
    ];
    let queue = [
        "completed",
        "failed",
        "cancelled",
        "total_queued",
        "currently_processing",
        "queued_requests",
        "average_processing_time_seconds",
        "active_inference_sessions",
        "peak_memory_used_mb",
    ];
    let checks = [each(Class::Unit, METRICS, &metrics), each(Class::Unit, QUEUE, &queue)].concat();
    Scenario::new("members.counters", checks, |context, checks| {
        let is_pool = context.is_pool()?;
        let mut target = Alone::begin(context, &[])?;
        // One that was started for this has done nothing yet.
        let had = matches!(target, Alone::Worker(_)).then_some(0);
        let metrics_before = target.ask(context, Action::GetPerformanceMetrics, json!({}))?.data;
        let queue_before = target.ask(context, Action::GetQueueStatus, json!({}))?.data;
        let two = with(context.small_submission(), "/hyperparameters/batch_size", 2.into());
        let job = target.ask(context, Action::GenerateSdxl, json!({"prompt_submission": two}))?;
        let refused = with(context.small_submission(), "/scheduler/steps", 0.into());
        let refused = json!({"prompt_submission": refused});
        if target.try_to_ask(context, Action::GenerateSdxl, refused)?.1.is_ok() {
            return Err(ScenarioEnd::Broken("a job of 0 steps succeeds".to_owned()));
        }
        let queue = target.ask(context, Action::GetQueueStatus, json!({}))?.data;
        let metrics = target.ask(context, Action::GetPerformanceMetrics, json!({}))?.data;
        // Two jobs, two questions about the queue, and one of the two about the metrics.
        let commands = [("commands_total", 5), ("commands_failed", 1)];
        for (member, more) in commands {
            match is_pool {
                true => checks.skip(
                    member,
                    "a pool counts what its workers were sent, and answers some commands itself",
                ),
                false => checks.decide(member, grows(had, &metrics_before, &metrics, member, more)),
            }
        }
        for (member, more) in [("jobs_completed", 1), ("images_generated", 2)] {
            checks.decide(member, grows(had, &metrics_before, &metrics, member, more));
        }
        // A gateway refuses a faulty document before it is a job.
        for (member, more) in [("completed", 1), ("failed", u64::from(!is_pool)), ("cancelled", 0)] {
            checks.decide(member, grows(had, &queue_before, &queue, member, more));
        }
        for (member, idle) in
            [("total_queued", json!(0)), ("currently_processing", json!(0)), ("queued_requests", json!([]))]
        {
            checks.decide(member, is(&queue, &format!("/{member}"), &idle));
        }
        let status = target.ask(context, Action::GetStatus, json!({}))?.data;
        checks.decide("active_inference_sessions", is(&status, "/active_inference_sessions", &json!(0)));
        match target {
            // Its figures are of this job alone.
            Alone::Worker(_) => figures(checks, &job, &metrics, &queue),
            Alone::Gateway => {
                FIGURES.iter().for_each(|check| checks.skip(check, "others have run jobs on this gateway"));
                Ok(())
            }
        }
    })
}

/// Whether a counter grows by so many, from `had` where that is known: one that is always too large grows alike.
fn grows(had: Option<u64>, before: &Value, after: &Value, member: &str, more: u64) -> Result<(), String> {
    let pointer = format!("/{member}");
    if let Some(had) = had {
        is(before, &pointer, &json!(had))?;
    }
    let had = member::integer(before, &pointer).map_err(|end| end.to_string())?;
    is(after, &pointer, &json!(had + more))
}

/// Averages and peaks after one job are the job's own.
fn figures(checks: &mut Checks<'_>, job: &Told, metrics: &Value, queue: &Value) -> Result<(), ScenarioEnd> {
    let own = member::number(&job.data, "/generation_time_seconds")?;
    let (least, most) = (own - ROUNDING_SECONDS, own + ROUNDING_SECONDS);
    for member in ["average_generation_time_seconds", "p95_generation_time_seconds"] {
        checks.decide(member, lies(metrics, &format!("/{member}"), least, most));
    }
    let peak = member::number(&job.data, "/memory_used_mb")?;
    checks.decide("peak_memory_used_mb", lies(metrics, "/peak_memory_used_mb", peak, peak * PEAK_MAX));
    let most = job.took().as_secs_f64() + ROUNDING_SECONDS;
    let pointer = "/average_processing_time_seconds";
    checks.decide("average_processing_time_seconds", lies(queue, pointer, least, most));
    Ok(())
}
