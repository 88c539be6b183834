//! The limits that capabilities tell: what is at one is read, what is beyond it is refused at its place.

use contracts::Action;
use serde_json::{Value, json};

use super::{
    each,
    interview::{ask_shared as ask, is},
};
use crate::{
    case::with,
    check::ScenarioEnd,
    class::Class,
    context::Context,
    member,
    scenario::{Checks, Scenario},
    sentence::Sentence,
};

/// A limit, and the submission that has a value of it.
type Limit = (&'static str, fn(Value, u64) -> Value);

const LIMITS: [Limit; 8] = [
    ("side_max", |d, side| sized(d, side, 64)),
    ("pixels_max", |d, pixels| sized(d, 2048, pixels / 2048)),
    ("batch_size_max", |d, size| with(d, "/hyperparameters/batch_size", size.into())),
    ("steps_max", |d, steps| with(d, "/scheduler/steps", steps.into())),
    ("clip_skip_max", |d, layers| with(d, "/conditioning/clip_skip", layers.into())),
    ("lcm_steps_max", |d, steps| {
        with(with(d, "/scheduler/type", "LCM".into()), "/scheduler/steps", steps.into())
    }),
    ("output_side_max", |d, side| upscaled(sized(d, 4096, 64), side as f64 / 4096.0)),
    ("output_pixels_max", |d, pixels| upscaled(sized(d, 2048, 2048), (pixels as f64).sqrt() / 2048.0)),
];

/// What the next larger value adds.
fn step(limit: &str) -> u64 {
    match limit {
        // Sides are multiples of 8.
        "side_max" => 8,
        "pixels_max" => 2048 * 8,
        // A factor has few digits: a step that is seen in it.
        "output_side_max" => 1,
        "output_pixels_max" => 1 << 20,
        _ => 1,
    }
}

fn sized(document: Value, width: u64, height: u64) -> Value {
    with(document, "/hyperparameters/dimensions", json!({"width": width, "height": height}))
}

fn upscaled(document: Value, factor: f64) -> Value {
    let upscaled = with(document, "/postprocessing/upscaler", "Lanczos".into());
    with(upscaled, "/postprocessing/upscale_factor", json!(factor))
}

pub(super) fn scenario() -> Scenario {
    let mut names: Vec<&'static str> = LIMITS.iter().map(|(name, _)| *name).collect();
    names.extend(["max_batch_size", "max_resolution"]);
    Scenario::new("members.limits", each(Class::Limit, Sentence::ModelLimits, &names), |context, checks| {
        let model = json!({"model_path": context.options.model_path, "model_type": "sdxl"});
        ask(context, Action::LoadModel, model)?;
        let told = ask(context, Action::GetCapabilities, json!({}))?.data;
        let limits = &told["limits"];
        checks.decide("max_batch_size", is(&told, "/max_batch_size", &limits["batch_size_max"]));
        let side = member::integer(&told, "/max_resolution")?;
        let square = sized(context.small_submission(), side, side);
        checks.decide("max_resolution", at(context, square)?);
        let more = sized(context.small_submission(), side + 8, side + 8);
        checks.decide("max_resolution", beyond(context, more)?);
        for (name, document) in LIMITS {
            let limit = member::integer(limits, &format!("/{name}"))?;
            judge(checks, context, (name, document), limit)?;
        }
        Ok(())
    })
}

fn judge(
    checks: &mut Checks<'_>,
    context: &mut Context,
    (name, document): Limit,
    limit: u64,
) -> Result<(), ScenarioEnd> {
    let small = context.small_submission();
    checks.decide(name, at(context, document(small.clone(), limit))?);
    checks.decide(name, beyond(context, document(small, limit + step(name)))?);
    Ok(())
}

/// The faults of a document that are faults of its sizes; memory that does not suffice is one of none.
fn faults(context: &mut Context, document: Value) -> Result<Vec<String>, ScenarioEnd> {
    let report = ask(context, Action::ValidateRequest, json!({"prompt_submission": document}))?.data;
    let errors = member::list(&report, "/errors")?;
    let memory = |error: &&Value| error["message"].as_str().is_some_and(|text| text.contains("MiB"));
    let sized = errors.iter().filter(|error| {
        (error["code"] == "out_of_range" || error["code"] == "validation_failed") && !memory(error)
    });
    Ok(sized
        .map(|error| format!("{} at {}: {}", error["code"], error["pointer"], error["message"]))
        .collect())
}

fn at(context: &mut Context, document: Value) -> Result<Result<(), String>, ScenarioEnd> {
    let faults = faults(context, document)?;
    Ok(if faults.is_empty() {
        Ok(())
    } else {
        Err(format!("what is at the limit is refused: {}", faults.join("; ")))
    })
}

fn beyond(context: &mut Context, document: Value) -> Result<Result<(), String>, ScenarioEnd> {
    let shown = document.to_string();
    let faults = faults(context, document)?;
    Ok(if faults.is_empty() { Err(format!("what is beyond the limit is taken: {shown}")) } else { Ok(()) })
}
