//! The counters of a worker. They are compared with the commands that it was sent.

use contracts::Action;
use serde_json::json;

use super::{
    each,
    interview::{ROUNDING_SECONDS, ask, is, lies, try_to_ask},
};
use crate::{case::with, check::ScenarioEnd, class::Class, member, scenario::Scenario, sentence::Sentence};

const METRICS: Sentence = Sentence::PerformanceMetrics;
const QUEUE: Sentence = Sentence::QueueCounts;

/// A peak is looked at from time to time, so that it may be a little more than a job was told; another unit is 1.049 times it.
const PEAK_MAX: f64 = 1.03;

/// A job with two pictures, and one that is refused, on a worker of its own.
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
        context.need_one_worker(
            "a pool's figures are sums of what its workers answered, refusals of its own apart",
        )?;
        let mut worker = context.start()?;
        let before = ask(&mut worker, context, Action::GetPerformanceMetrics, json!({}))?.data;
        let two = with(context.small_submission(), "/hyperparameters/batch_size", 2.into());
        let job = ask(&mut worker, context, Action::GenerateSdxl, json!({"prompt_submission": two}))?;
        let refused = with(context.small_submission(), "/scheduler/steps", 0.into());
        let refused = json!({"prompt_submission": refused});
        let (_, result) = try_to_ask(&mut worker, context, Action::GenerateSdxl, refused)?;
        if result.is_ok() {
            return Err(ScenarioEnd::Broken("a job of 0 steps succeeds".to_owned()));
        }
        let queue = ask(&mut worker, context, Action::GetQueueStatus, json!({}))?.data;
        let after = ask(&mut worker, context, Action::GetPerformanceMetrics, json!({}))?.data;
        // Two jobs, the question about the queue, and one of the two about the metrics.
        for (member, all) in
            [("commands_total", 4), ("commands_failed", 1), ("jobs_completed", 1), ("images_generated", 2)]
        {
            let pointer = format!("/{member}");
            checks.decide(member, is(&before, &pointer, &json!(0)));
            checks.decide(member, is(&after, &pointer, &json!(all)));
        }
        let own = member::number(&job.data, "/generation_time_seconds")?;
        let (least, most) = (own - ROUNDING_SECONDS, own + ROUNDING_SECONDS);
        for member in ["average_generation_time_seconds", "p95_generation_time_seconds"] {
            checks.decide(member, lies(&after, &format!("/{member}"), least, most));
        }
        let status = ask(&mut worker, context, Action::GetStatus, json!({}))?.data;
        checks.decide("active_inference_sessions", is(&status, "/active_inference_sessions", &json!(0)));
        let peak = member::number(&job.data, "/memory_used_mb")?;
        // One job has run: the peak is its own.
        checks.decide("peak_memory_used_mb", lies(&after, "/peak_memory_used_mb", peak, peak * PEAK_MAX));
        let ended = [("completed", json!(1)), ("failed", json!(1)), ("cancelled", json!(0))];
        let idle =
            [("total_queued", json!(0)), ("currently_processing", json!(0)), ("queued_requests", json!([]))];
        for (member, expected) in ended.into_iter().chain(idle) {
            checks.decide(member, is(&queue, &format!("/{member}"), &expected));
        }
        let most = job.took().as_secs_f64() + ROUNDING_SECONDS;
        let pointer = "/average_processing_time_seconds";
        checks.decide("average_processing_time_seconds", lies(&queue, pointer, least, most));
        Ok(())
    })
}
