//! The abilities and models of a worker. Several of its answers tell them, and must agree.

use contracts::{Action, dictionary::dictionary};
use serde_json::{Map, Value, json};

use super::{
    alone::Alone,
    each,
    interview::{column, is},
};
use crate::{
    case::with,
    check::ScenarioEnd,
    class::Class,
    context::{Context, picture_url},
    display, member,
    scenario::{Checks, Scenario},
    sentence::Sentence,
};

const TYPES: Sentence = Sentence::ControlNetCatalogue;
const SCHEDULERS: Sentence = Sentence::SchedulerCatalogue;
const CAPABILITIES: Sentence = Sentence::CapabilitiesMembers;

/// Sides are multiples of it.
const SIDE_STEP: u64 = 8;

pub(super) fn scenario() -> Scenario {
    let schedulers = ["default_steps", "recommended_steps", "recommended_scheduler"];
    let types = ["recommended_weights", "recommended_weight"];
    let capabilities =
        ["features", "max_resolution", "memory_stats", "loaded_models", "postprocessing_options"];
    let checks = [
        each(Class::Cap, SCHEDULERS, &schedulers),
        each(Class::Cap, TYPES, &types),
        each(Class::Cap, CAPABILITIES, &capabilities),
    ];
    Scenario::new("members.catalogue", checks.concat(), |context, checks| {
        let mut target = Alone::begin(context, &[])?;
        let before = target.ask(context, Action::GetCapabilities, json!({}))?.data;
        let loaded = member::list(&before, "/loaded_models")?;
        match &target {
            Alone::Worker(_) => checks.decide("loaded_models", is(&before, "/loaded_models", &json!([]))),
            // It may still have copies in host memory.
            Alone::Gateway => {
                let known = target.ask(context, Action::GetModelInfo, json!({}))?.data;
                let ids = json!({"ids": column(loaded, "model_id")});
                let known = column(member::list(&known, "/models")?, "model_id");
                checks.decide("loaded_models", is(&ids, "/ids", &known));
            }
        }
        let path = context.options.model_path.clone();
        let fields = json!({"model_path": path, "model_type": "sdxl"});
        target.ask(context, Action::LoadModel, fields)?;
        let schedulers = target.ask(context, Action::GetSchedulers, json!({}))?.data;
        let steps = by_name(&schedulers, "/schedulers", "recommended_steps")?;
        checks.decide("default_steps", is(&schedulers, "/default_steps", &steps));
        let are_some =
            steps.as_object().is_some_and(|all| all.values().all(|steps| steps.as_u64() > Some(0)));
        checks.hold("recommended_steps", are_some, || steps.to_string());
        let types = target.ask(context, Action::GetControlnetTypes, json!({}))?.data;
        let weights = by_name(&types, "/types", "recommended_weight")?;
        checks.decide("recommended_weights", is(&types, "/recommended_weights", &weights));
        let are_some =
            weights.as_object().is_some_and(|all| all.values().all(|weight| weight.as_f64() > Some(0.0)));
        checks.hold("recommended_weight", are_some, || weights.to_string());
        capable(checks, &mut target, context, &schedulers)
    })
}

/// A member of each item of a list, by the item's name.
fn by_name(document: &Value, list: &str, name: &str) -> Result<Value, ScenarioEnd> {
    let items = member::list(document, list)?;
    let entries = items.iter().map(|item| Ok((member::text(item, "/name")?.to_owned(), item[name].clone())));
    Ok(Value::Object(entries.collect::<Result<Map<_, _>, ScenarioEnd>>()?))
}

fn capable(
    checks: &mut Checks<'_>,
    target: &mut Alone,
    context: &mut Context,
    schedulers: &Value,
) -> Result<(), ScenarioEnd> {
    let job = json!({"prompt_submission": context.small_submission()});
    let result = target.ask(context, Action::GenerateSdxl, job)?.data;
    // The submission names none, so that the worker's own choice is used.
    checks
        .decide("recommended_scheduler", is(schedulers, "/recommended_scheduler", &result["scheduler_used"]));
    let capabilities = target.ask(context, Action::GetCapabilities, json!({}))?.data;
    let models = target.ask(context, Action::GetModelInfo, json!({}))?.data;
    let mut used: Vec<&String> = member::object(&result, "/features_used")?.keys().collect();
    let mut features: Vec<&String> = member::object(&capabilities, "/features")?.keys().collect();
    features.retain(|name| *name != "text2img");
    used.sort_unstable();
    features.sort_unstable();
    checks.hold("features", used == features, || {
        format!(
            "features has {}, and features_used {}",
            crate::display::json(&features),
            crate::display::json(&used)
        )
    });
    let side = member::integer(&capabilities, "/max_resolution")?;
    let more = side.saturating_add(SIDE_STEP);
    let is_largest = more > member::integer(&capabilities, "/limits/side_max")?
        || more.saturating_mul(more) > member::integer(&capabilities, "/limits/pixels_max")?;
    checks.hold("max_resolution", is_largest, || {
        format!("{more}×{more} is within the limits, and max_resolution {side}")
    });
    let total = "/memory_stats/vram_total_bytes";
    let status = target.ask(context, Action::GetStatus, json!({}))?.data;
    checks.decide("memory_stats", is(&capabilities, total, &member::integer(&status, total)?.into()));
    postprocessing(checks, target, context, &capabilities)?;
    features_told(checks, target, context, &capabilities)?;
    let loaded = match target {
        Alone::Worker(_) => is(&capabilities, "/loaded_models", &models["models"]),
        // It names the worker of a copy in host memory in one of the two lists alone.
        Alone::Gateway => {
            let ids = json!({"ids": column(member::list(&capabilities, "/loaded_models")?, "model_id")});
            is(&ids, "/ids", &column(member::list(&models, "/models")?, "model_id"))
        }
    };
    checks.decide("loaded_models", loaded);
    Ok(())
}

/// A worker refuses exactly the postprocessing that it does not advertise.
fn postprocessing(
    checks: &mut Checks<'_>,
    target: &mut Alone,
    context: &mut Context,
    capabilities: &Value,
) -> Result<(), ScenarioEnd> {
    let told = member::list(capabilities, "/postprocessing_options")?;
    let upscalers = dictionary().enumeration("UpscalerName").values.iter().filter(|name| *name != "none");
    let all = upscalers.map(|name| (name.as_str(), "/postprocessing/upscaler", json!(name)));
    let flags = ["auto_contrast", "safety_checker"].map(|name| (name, name, json!(true)));
    for (name, field, value) in all.chain(flags) {
        let pointer =
            if field.starts_with('/') { field.to_owned() } else { format!("/postprocessing/{field}") };
        let document = with(context.small_submission(), &pointer, value);
        let report =
            target.ask(context, Action::ValidateRequest, json!({"prompt_submission": document}))?.data;
        let is_told = told.iter().any(|option| option == name);
        checks.hold("postprocessing_options", is_told == (report["valid"] == true), || {
            format!(
                "{name} is in {told}: {is_told}; a submission with it: {}",
                report["errors"],
                told = display::json(&told)
            )
        });
    }
    Ok(())
}

/// A feature is told true if and only if a submission with it is not refused.
fn features_told(
    checks: &mut Checks<'_>,
    target: &mut Alone,
    context: &mut Context,
    capabilities: &Value,
) -> Result<(), ScenarioEnd> {
    let small = context.small_submission();
    let image = with(small.clone(), "/conditioning/init_image", picture_url(60).into());
    let options = context.options.clone();
    let named = |name: &Option<String>, pointer: &str, small: &Value| {
        name.as_ref().map(|name| with(small.clone(), pointer, name.clone().into()))
    };
    let documents = [
        ("text2img", Some(small.clone())),
        ("batch", Some(with(small.clone(), "/hyperparameters/batch_size", 2.into()))),
        ("inpaint", Some(with(image.clone(), "/conditioning/inpaint_mask", picture_url(220).into()))),
        ("img2img", Some(image)),
        ("upscaler", Some(with(small.clone(), "/postprocessing/upscaler", "Lanczos".into()))),
        ("safety_checker", Some(with(small.clone(), "/postprocessing/safety_checker", true.into()))),
        ("lora", named(&options.lora, "/conditioning/loras/0/name", &small)),
        ("refiner", named(&options.refiner, "/model/refiner", &small)),
        ("custom_vae", named(&options.vae, "/model/vae", &small)),
    ];
    for (feature, document) in documents {
        let Some(document) = document else { continue };
        let report =
            target.ask(context, Action::ValidateRequest, json!({"prompt_submission": document}))?.data;
        let told = &capabilities["features"][feature];
        checks.hold("features", *told == report["valid"], || {
            format!("features.{feature} is {told}; a submission with it: {}", report["errors"])
        });
    }
    Ok(())
}
