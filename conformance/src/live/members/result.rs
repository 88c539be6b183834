//! The result of a job, against what was asked, the time that it took, its files, and what the worker says of itself.

use contracts::Action;
use serde_json::{Value, json};

use super::{
    each,
    interview::{ROUNDING_SECONDS, Told, ask_shared as ask, column, is, lies},
};
use crate::{
    case::with,
    check::ScenarioEnd,
    class::Class,
    context::Context,
    display,
    exchange::{Command, difference},
    member,
    picture::Picture,
    scenario::{Checks, Scenario},
    sentence::Sentence,
};

const RESULT: Sentence = Sentence::ResultMembers;

const STEPS: u32 = 3;
const SEED: u32 = 7;
const SAMPLER: &str = "Euler";

/// The actions whose `data` is an SDXLResult, or has one for each of its items.
const ACTIONS: [Action; 7] = [
    Action::GenerateSdxl,
    Action::GenerateSdxlEnhanced,
    Action::EnhancedSdxl,
    Action::StructuredInference,
    Action::BatchGenerate,
    Action::GenerateImage,
    Action::RunInference,
];

pub(super) fn scenario() -> Scenario {
    let members = [
        "images",
        "image_details",
        "seed",
        "flagged",
        "generation_time_seconds",
        "preprocessing_time_seconds",
        "postprocessing_time_seconds",
        "load_time_seconds",
        "memory_used_mb",
        "seed_used",
        "features_used",
        "scheduler_used",
        "steps_used",
        "model_id",
        "device",
        "gpu_id",
        "warnings",
        "results",
        "succeeded",
        "failed",
        "cancelled",
        "request_id",
        "item-success",
        "item-error",
        "validation",
    ];
    let order = each(Class::Conc, RESULT, &["index"]);
    Scenario::new(
        "members.result",
        [each(Class::Effect, RESULT, &members), order].concat(),
        |context, checks| {
            let capabilities = ask(context, Action::GetCapabilities, json!({}))?.data;
            // Flat parameters name a model by its id.
            let by_path = context.options.model.contains('/');
            let is_flat = |action: &Action| matches!(action, Action::GenerateImage | Action::RunInference);
            for action in ACTIONS.into_iter().filter(|action| !(by_path && is_flat(action))) {
                let fields = fields(action, context);
                let told = ask(context, action, fields.clone())?;
                let result = match action {
                    Action::BatchGenerate => batch(checks, &told)?,
                    _ => told.data.clone(),
                };
                pictures(checks, context, &result)?;
                times(checks, &told, &result)?;
                if action == Action::StructuredInference {
                    let report = ask(context, Action::ValidateRequest, fields)?.data;
                    for member in ["valid", "errors", "warnings", "normalized", "effective"] {
                        let pointer = format!("/validation/{member}");
                        checks.decide("validation", is(&told.data, &pointer, &report[member]));
                    }
                    let pixels = "/validation_details/pixel_count";
                    let own = report.pointer(pixels).unwrap_or(&Value::Null);
                    checks.decide("validation", is(&told.data["validation"], pixels, own));
                }
                choices(checks, context, &result, &capabilities)?;
            }
            single(checks, context)?;
            failed_item(checks, context)
        },
    )
}

/// Two pictures, and everything said that has another default.
fn submission(context: &Context) -> Value {
    let document = with(context.small_submission(), "/hyperparameters/batch_size", 2.into());
    with(with(document, "/scheduler/steps", STEPS.into()), "/scheduler/type", SAMPLER.into())
}

/// The same as flat parameters.
fn parameters(context: &Context) -> Value {
    json!({
        "prompt": "a lighthouse at dusk", "width": 64, "height": 64, "steps": STEPS, "seed": SEED, "scheduler": SAMPLER,
        "num_images": 2, "model_id": context.options.model,
    })
}

fn fields(action: Action, context: &Context) -> Value {
    match action {
        Action::BatchGenerate => json!({"requests": [context.small_submission(), submission(context)]}),
        Action::GenerateImage => json!({"parameters": parameters(context)}),
        Action::RunInference => json!({"model_id": context.options.model, "parameters": parameters(context)}),
        _ => json!({"prompt_submission": submission(context)}),
    }
}

/// The last item of a batch, which fails as a job of its own does.
fn failed_item(checks: &mut Checks<'_>, context: &mut Context) -> Result<(), ScenarioEnd> {
    let good = context.small_submission();
    let bad = with(good.clone(), "/model/base", "no_such_model".into());
    let id = context.fresh_id();
    let alone = Command::new(Action::GenerateSdxl, json!({"prompt_submission": bad})).id(id);
    let alone = context.ask(&alone)?.snake;
    let told = ask(context, Action::BatchGenerate, json!({"requests": [good, bad]}))?.data;
    let Some(item) = told.pointer("/results/1") else {
        return Err(ScenarioEnd::Broken(format!("results of two requests: {told}")));
    };
    checks.decide("item-success", is(item, "/success", &json!(false)));
    for member in ["error", "error_details"] {
        // Alone it stands at another place.
        let own = relocated(&alone[member], "/payload/prompt_submission", "/payload/requests/1");
        let differs = difference(&own, &item[member], &format!("/{member}"));
        checks.hold("item-error", differs.is_none(), || {
            format!("{} of the same job alone", display::json(&differs))
        });
    }
    Ok(())
}

/// A document whose pointers begin at another place.
fn relocated(document: &Value, from: &str, to: &str) -> Value {
    let inside = |value: &Value| relocated(value, from, to);
    match document {
        Value::String(text) => {
            text.strip_prefix(from).map_or_else(|| document.clone(), |rest| format!("{to}{rest}").into())
        }
        Value::Array(items) => items.iter().map(inside).collect(),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), inside(value))).collect())
        }
        _ => document.clone(),
    }
}

/// The counts of a batch, and its last result.
fn batch(checks: &mut Checks<'_>, told: &Told) -> Result<Value, ScenarioEnd> {
    for (member, expected) in [("succeeded", 2), ("failed", 0), ("cancelled", 0)] {
        checks.decide(member, is(&told.data, &format!("/{member}"), &json!(expected)));
    }
    let items = member::list(&told.data, "/results")?;
    checks.hold("results", items.len() == 2, || format!("{} results of 2 requests", items.len()));
    let rows = json!({"index": column(items, "index"), "request_id": column(items, "request_id")});
    checks.decide("index", is(&rows, "/index", &json!([0, 1])));
    for item in items {
        checks.decide("item-success", is(item, "/success", &json!(true)));
        for member in ["error", "error_details"] {
            checks.decide("item-error", is(item, &format!("/{member}"), &Value::Null));
        }
    }
    let ids = json!([format!("{}.0", told.id), format!("{}.1", told.id)]);
    checks.decide("request_id", is(&rows, "/request_id", &ids));
    let last = items.last().map(|item| item["data"].clone());
    last.filter(Value::is_object)
        .ok_or_else(|| ScenarioEnd::Broken("the last item of results has no data".to_owned()))
}

fn pictures(checks: &mut Checks<'_>, context: &Context, result: &Value) -> Result<(), ScenarioEnd> {
    let details = member::list(result, "/image_details")?;
    checks.hold("image_details", details.len() == 2, || format!("{} of 2 pictures", details.len()));
    let paths = is(result, "/images", &column(details, "path"));
    checks.decide("images", paths.map_err(|why| format!("{why}: each path of image_details")));
    for (number, detail) in (0..).zip(details) {
        // The size, format, bytes and hash of the file.
        Picture::open(context, detail)?;
        checks.decide("seed", is(detail, "/seed", &json!(SEED + number)));
        checks.decide("flagged", is(detail, "/flagged", &json!(false)));
    }
    Ok(())
}

fn times(checks: &mut Checks<'_>, told: &Told, result: &Value) -> Result<(), ScenarioEnd> {
    let most = told.took().as_secs_f64() + ROUNDING_SECONDS;
    let whole = member::number(result, "/generation_time_seconds")?;
    // A picture takes time, so that 0 was not measured.
    checks
        .decide("generation_time_seconds", lies(result, "/generation_time_seconds", f64::MIN_POSITIVE, most));
    checks.decide(
        "load_time_seconds",
        lies(result, "/load_time_seconds", 0.0, most - whole + ROUNDING_SECONDS),
    );
    for member in ["preprocessing_time_seconds", "postprocessing_time_seconds"] {
        // Neither is all of it: the denoising between them takes time too.
        checks.decide(member, lies(result, &format!("/{member}"), 0.0, whole.next_down()));
    }
    Ok(())
}

fn choices(
    checks: &mut Checks<'_>,
    context: &Context,
    result: &Value,
    capabilities: &Value,
) -> Result<(), ScenarioEnd> {
    checks.decide("seed_used", is(result, "/seed_used", &json!(SEED)));
    checks.decide("scheduler_used", is(result, "/scheduler_used", &json!(SAMPLER)));
    checks.decide("steps_used", is(result, "/steps_used", &json!(STEPS)));
    checks.decide("model_id", is(result, "/model_id", &json!(context.options.model)));
    checks.decide("gpu_id", is(result, "/gpu_id", &capabilities["gpu_id"]));
    checks.decide("warnings", is(result, "/warnings", &json!([])));
    let device = member::text(result, "/device")?;
    let is_cpu = capabilities["gpu_id"] == "cpu_0";
    checks.hold("device", device.starts_with("cpu") == is_cpu, || {
        format!("device is {device}, and gpu_id {}", capabilities["gpu_id"])
    });
    let total = member::number(capabilities, "/memory_stats/vram_total_bytes")?;
    checks.decide("memory_used_mb", lies(result, "/memory_used_mb", 1.0, total / f64::from(1 << 20)));
    for (feature, used) in member::object(result, "/features_used")? {
        checks.hold("features_used", *used == (feature == "batch"), || {
            format!("features_used.{feature} is {used}, and only a batch was asked for")
        });
    }
    Ok(())
}

/// The one picture of flat parameters.
fn single(checks: &mut Checks<'_>, context: &mut Context) -> Result<(), ScenarioEnd> {
    let fields = json!({"parameters": {
        "prompt": "a lighthouse at dusk", "width": 128, "height": 64, "steps": STEPS, "seed": SEED,
        "model_id": context.options.model,
    }});
    let told = ask(context, Action::GenerateImage, fields)?.data;
    checks.decide("seed", is(&told, "/seed", &json!(SEED)));
    let path = member::text(&told, "/output_path")?;
    let opened =
        image::image_dimensions(path).map_err(|err| ScenarioEnd::Broken(format!("{path}: {err}")))?;
    let said = (told["width"].as_u64(), told["height"].as_u64());
    checks.hold("images", said == (Some(128), Some(64)) && opened == (128, 64), || {
        format!(
            "128×64 was asked for, width and height are {said}, and the file is {opened}",
            said = display::json(&said),
            opened = display::json(&opened)
        )
    });
    Ok(())
}
