//! The members of the events of a job and of heartbeats, against the command, the clock, the status and the reply.

use contracts::Action;
use serde_json::{Value, json};

use super::{
    alone::{Alone, Heard},
    each,
    interview::{Moment, is, lies, within},
};
use crate::{
    case::{long_submission, with},
    check::ScenarioEnd,
    class::Class,
    context::{Context, picture_url},
    display,
    exchange::Command,
    member,
    party::worker::is_event,
    scenario::{Checks, Scenario},
    sentence::Sentence,
};

/// Why heartbeats of a gateway over HTTP are left out.
pub(in crate::live) const NO_HEARTBEATS: &str =
    "over HTTP no heartbeats are sent: who wants to know asks for the status";

const STEPS: u64 = 5;
const ATTEMPT: u64 = 3;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![progress(), heartbeat()]
}

fn progress() -> Scenario {
    let members = [
        "request_id",
        "attempt",
        "sequence",
        "timestamp",
        "stage",
        "step",
        "total_steps",
        "progress",
        "image_index",
        "eta_seconds",
    ];
    Scenario::new(
        "members.progress",
        each(Class::Unit, Sentence::ProgressMembers, &members),
        |context, checks| {
            // A gateway counts attempts itself.
            let attempt = if context.is_pool()? { 1 } else { ATTEMPT };
            let mut target = Alone::begin(context, &["events"])?;
            let id = context.fresh_id();
            let document = with(context.small_submission(), "/scheduler/steps", STEPS.into());
            let document = with(document, "/hyperparameters/batch_size", 2.into());
            let mut frame =
                Command::new(Action::GenerateSdxl, json!({"prompt_submission": document})).frame();
            frame["attempt"] = ATTEMPT.into();
            let begun = Moment::now();
            let Heard { reply, events, .. } = target.job(context, &id, frame)?;
            let ended = Moment::now();
            if reply["success"] != true {
                return Err(ScenarioEnd::Broken(reply.to_string()));
            }
            let sequences: Vec<u64> = events.iter().filter_map(|event| event["sequence"].as_u64()).collect();
            let counted =
                sequences.windows(2).all(|pair| pair[0] + 1 == pair[1]) && sequences.len() == events.len();
            checks.hold("sequence", counted && sequences.first() == Some(&0), || display::json(&sequences));
            let own: Vec<&Value> = events.iter().filter(|event| event["event"] == "progress").collect();
            for event in &own {
                checks.decide("request_id", is(event, "/request_id", &json!(id)));
                checks.decide("attempt", is(event, "/attempt", &json!(attempt)));
                checks.decide("timestamp", within(event, "/timestamp", begun, ended));
                let step = member::integer(event, "/step")? as f64;
                checks.decide("total_steps", lies(event, "/total_steps", step, f64::MAX));
                if event.get("eta_seconds").is_some() {
                    let most = context.options.timeout.as_secs_f64();
                    checks.decide("eta_seconds", lies(event, "/eta_seconds", 0.0, most));
                }
            }
            stages(checks, &own)?;
            let id = context.fresh_id();
            let document = with(context.small_submission(), "/scheduler/steps", STARTED.0.into());
            let document = with(document, "/conditioning/init_image", picture_url(200).into());
            let document = with(document, "/hyperparameters/strength", 0.5.into());
            let frame = Command::new(Action::GenerateSdxl, json!({"prompt_submission": document})).frame();
            let Heard { reply, events, .. } = target.job(context, &id, frame)?;
            if reply["success"] != true {
                return Err(ScenarioEnd::Broken(reply.to_string()));
            }
            checks.decide("total_steps", left_by_strength(&events));
            Ok(())
        },
    )
}

/// The steps of a job that starts from an image with the strength 0.5, and those of them that run.
const STARTED: (u64, u64) = (6, 3);

/// The total is of the steps that run, of which the strength leaves a part.
fn left_by_strength(events: &[Value]) -> Result<(), String> {
    let totals: Vec<Option<u64>> = events
        .iter()
        .filter(|event| event["event"] == "progress" && event["stage"] == "denoising")
        .map(|event| event["total_steps"].as_u64())
        .collect();
    let (steps, run) = STARTED;
    let are = !totals.is_empty() && totals.iter().all(|total| *total == Some(run));
    are.then_some(()).ok_or_else(|| {
        format!("of {steps} steps the strength 0.5 leaves {run}; the totals are {}", display::json(&totals))
    })
}

/// Stages come in the order of a job; the steps of denoising are those that were asked for.
fn stages(checks: &mut Checks<'_>, own: &[&Value]) -> Result<(), ScenarioEnd> {
    const ORDER: [&str; 7] =
        ["loading", "preprocessing", "denoising", "refining", "decoding", "postprocessing", "saving"];
    let places: Vec<Option<usize>> =
        own.iter().map(|event| ORDER.iter().position(|stage| event["stage"] == *stage)).collect();
    checks.hold("stage", places.is_sorted() && !places.contains(&None) && !places.is_empty(), || {
        own.iter().map(|event| event["stage"].to_string()).collect::<Vec<_>>().join(", ")
    });
    let denoising: Vec<&&Value> = own.iter().filter(|event| event["stage"] == "denoising").collect();
    let steps: Vec<Option<u64>> = denoising.iter().map(|event| event["step"].as_u64()).collect();
    let ends = steps.last() == Some(&Some(STEPS)) && steps.is_sorted();
    checks.hold("step", ends, || display::json(&steps));
    let total = denoising.iter().find(|event| event["total_steps"] != STEPS);
    checks.hold("total_steps", total.is_none(), || {
        format!("{STEPS} steps were asked for: {total}", total = display::json(&total))
    });
    let shares: Vec<f64> = own.iter().filter_map(|event| event["progress"].as_f64()).collect();
    let grows = shares.is_sorted() && shares.iter().all(|share| (0.0..=1.0).contains(share));
    let moves = shares.first() < shares.last() && shares.last().is_some_and(|last| *last > 0.5);
    checks.hold("progress", grows && moves && shares.len() == own.len(), || display::json(&shares));
    let indices: Vec<Option<u64>> = own.iter().map(|event| event["image_index"].as_u64()).collect();
    let known = indices.iter().all(|index| matches!(index, Some(0 | 1)));
    checks
        .hold("image_index", known, || format!("two pictures: {indices}", indices = display::json(&indices)));
    let left: Vec<f64> = denoising.iter().filter_map(|event| event["eta_seconds"].as_f64()).collect();
    // The estimate may rise between two steps, so only the first and the last are compared.
    let falls = left.last() <= left.first();
    checks.hold("eta_seconds", falls, || display::json(&left));
    Ok(())
}

fn heartbeat() -> Scenario {
    let members =
        ["state", "running_request_id", "last_progress_seconds", "memory_used_mb", "timestamp", "idle-state"];
    Scenario::new(
        "members.heartbeat",
        each(Class::Life, Sentence::HeartbeatMembers, &members),
        |context, checks| {
            let largest = match context.is_gateway() {
                true => return Err(ScenarioEnd::Skip(NO_HEARTBEATS.to_owned())),
                false => {
                    member::integer(&context.get(Action::GetCapabilities, json!({}))?, "/max_batch_size")?
                }
            };
            let several = context.workers()? > 1;
            let (mut worker, _) = context.start_with(&["events", "out_of_order"])?;
            let begun = Moment::now();
            let idle = beat(&mut worker, context, None)?;
            checks.decide("memory_used_mb", holds_the_model(&mut worker, context)?);
            // It may still load its libraries.
            let state = idle["state"].as_str();
            checks.hold("idle-state", matches!(state, Some("ready" | "starting")), || idle.to_string());
            let mut submission = long_submission(context);
            // Of a worker whose steps take next to nothing the job is still there at the next heartbeat.
            submission["hyperparameters"]["batch_size"] = largest.into();
            submission["hyperparameters"]["dimensions"] = json!({"width": 512, "height": 512});
            let job = Command::new(Action::GenerateSdxl, json!({"prompt_submission": submission})).id("job");
            worker.send(&job.frame())?;
            let busy = beat(&mut worker, context, Some("job"))?;
            let ended = Moment::now();
            // The first job loads its model.
            let state = busy["state"].as_str();
            let is_busy = match state {
                Some("running" | "loading") => true,
                // A pool with a free worker takes a job at once.
                Some("ready") => several,
                _ => false,
            };
            checks.hold("state", is_busy, || busy.to_string());
            checks.decide("running_request_id", is(&busy, "/running_request_id", &json!("job")));
            for heartbeat in [&idle, &busy] {
                checks.decide("timestamp", within(heartbeat, "/timestamp", begun, ended));
            }
            let most = ended.since(begun).as_secs_f64();
            checks.decide("last_progress_seconds", lies(&busy, "/last_progress_seconds", 0.0, most));
            checks.decide("memory_used_mb", lies(&busy, "/memory_used_mb", 1.0, MEMORY_MB_MAX));
            Ok(())
        },
    )
}

/// The part of a model's file that its weights take at least: files of 32 bits a number are used with 16, or in parts.
const WEIGHTS_MIN: f64 = 0.25;

/// A worker that has loaded a model uses memory for its weights. Another unit would be a thousand times less.
fn holds_the_model(
    worker: &mut crate::party::worker::Worker,
    context: &Context,
) -> Result<Result<(), String>, ScenarioEnd> {
    let fields = json!({"model_path": context.options.model_path, "model_type": "sdxl"});
    worker.send(&Command::new(Action::LoadModel, fields).id("load").frame())?;
    let reply = worker.reply(context.options.timeout, "load_model", &mut |_| ())?;
    let bytes = member::number(&reply, "/data/model_size_bytes")?;
    // It is sent after the reply: those before it are read already.
    let heartbeat = beat(worker, context, None)?;
    let least = bytes / f64::from(1 << 20) * WEIGHTS_MIN;
    Ok(lies(&heartbeat, "/memory_used_mb", least, MEMORY_MB_MAX))
}

/// No host has as much, in MiB.
const MEMORY_MB_MAX: f64 = 4_194_304.0;

/// The next heartbeat, with a running job or without one.
fn beat(
    worker: &mut crate::party::worker::Worker,
    context: &Context,
    running: Option<&str>,
) -> Result<Value, ScenarioEnd> {
    let wanted = running.map_or(Value::Null, Into::into);
    let frame = worker.frame_that(context.options.timeout, "a heartbeat", &mut |frame| {
        let is_it =
            frame["event"] == "heartbeat" && (running.is_none() || frame["running_request_id"] == wanted);
        is_it || !is_event(frame)
    })?;
    if is_event(&frame) {
        Ok(frame)
    } else {
        Err(ScenarioEnd::Broken(format!("a job ended before a heartbeat: {frame}")))
    }
}
