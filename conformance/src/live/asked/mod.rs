//! Fields of commands beside the submission: each decides what is done, and the reply or another answer shows it.

mod texts;
mod training;
mod validation;

use contracts::{
    Action,
    dictionary::{Shape, dictionary},
};
use serde_json::{Value, json};

use crate::{
    case::{self, with},
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::Context,
    display, member,
    picture::{Picture, difference},
    scenario::Scenario,
    sentence::Sentence,
};

const PROVES: Sentence = Sentence::NothingSilent;

/// A name that no target has.
const NO_MODEL: &str = "no_such_model";

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        models(),
        batch(),
        largest_batch(),
        flat(),
        preferences(),
        training::output_name(),
        training::numbers(),
        texts::texts(),
        texts::base(),
        validation::scenario(),
    ]
}

fn check(id: &str) -> CheckDef {
    CheckDef::new(id, Class::Effect, PROVES)
}

/// One model is asked for, and the others are not told.
fn models() -> Scenario {
    Scenario::new("asked.models", vec![check("model_id")], |context, checks| {
        let Some(vae) = context.options.vae.clone() else {
            return Err(ScenarioEnd::Skip("no --vae is named, and two models are needed".to_owned()));
        };
        let path = context.options.model_path.clone();
        context.get(Action::LoadModel, json!({"model_path": path, "model_type": "sdxl"}))?;
        let loaded = context.get(Action::LoadModel, json!({"model_path": vae, "model_type": "vae"}))?;
        let id = member::text(&loaded, "/model_id")?.to_owned();
        let told = context.get(Action::GetModelInfo, json!({"model_id": id}))?;
        let rows = member::list(&told, "/models")?;
        let is_alone = !rows.is_empty() && rows.iter().all(|row| row["model_id"] == id.as_str());
        checks.hold("model_id", is_alone, || format!("{id} was asked for, and told are {told}"));
        context.get(Action::UnloadModel, json!({"model_id": id}))?;
        Ok(())
    })
}

/// The first of three requests names no model: the others run, or are cancelled.
fn batch() -> Scenario {
    Scenario::new("asked.batch", vec![check("continue_on_error")], |context, checks| {
        for goes_on in [true, false] {
            let good = context.small_submission();
            let bad = with(good.clone(), "/model/base", NO_MODEL.into());
            let fields = json!({"requests": [bad, good, good], "continue_on_error": goes_on});
            let told = context.get(Action::BatchGenerate, fields)?;
            let counts = ["succeeded", "failed", "cancelled"].map(|name| told[name].as_u64());
            let expected = if goes_on { [2, 1, 0] } else { [0, 1, 2] };
            checks.hold("continue_on_error", counts == expected.map(Some), || {
                format!("continue_on_error {goes_on}: succeeded, failed, cancelled are {counts}, expected {expected}", counts = display::json(&counts), expected = display::json(&expected))
            });
        }
        Ok(())
    })
}

/// As many requests as a batch may have, each with a seed of its own.
fn largest_batch() -> Scenario {
    let checks = vec![check("requests"), check("last")];
    Scenario::new("asked.largest-batch", checks, |context, checks| {
        let property = dictionary().object(Action::BatchGenerate.info().request).property("requests");
        let Some(Shape::List(list)) = property.map(|property| dictionary().resolve(&property.shape)) else {
            return Err(ScenarioEnd::Undecided("the schema has no list of requests".to_owned()));
        };
        let most = list.limits.maximum;
        let quick = with(context.small_submission(), "/scheduler/steps", 1.into());
        let of_seed = |seed: u64| with(quick.clone(), "/hyperparameters/seed", seed.into());
        let requests: Vec<Value> = (1..=most).map(of_seed).collect();
        let told = context.get(Action::BatchGenerate, json!({"requests": requests}))?;
        let items = member::list(&told, "/results")?;
        let seeds: Vec<Option<u64>> = items.iter().map(|item| item["data"]["seed_used"].as_u64()).collect();
        checks.hold("requests", seeds.iter().copied().eq((1..=most).map(Some)), || {
            format!("{most} requests with the seeds from 1 have the seeds {}", display::json(&seeds))
        });
        let last = items.last().ok_or_else(|| ScenarioEnd::Broken("a batch without results".to_owned()))?;
        let fields = json!({"prompt_submission": of_seed(most)});
        let alone = context.get(Action::GenerateSdxl, fields)?;
        let (batch, alone) = (&last["data"]["image_details"][0], &alone["image_details"][0]);
        let (batch, alone) = (Picture::open(context, batch)?, Picture::open(context, alone)?);
        let differs = difference(&batch, &alone);
        checks.hold("last", differs.is_some_and(|most| most <= 1), || {
            format!("the last picture differs from that of its request alone by {}", display::json(&differs))
        });
        Ok(())
    })
}

/// Two pictures are asked for by flat parameters.
fn flat() -> Scenario {
    Scenario::new("asked.flat", vec![check("num_images")], |context, checks| {
        let mut fields = case::fields(Action::GenerateImage, context, "")?;
        fields["parameters"]["num_images"] = 2.into();
        let told = context.get(Action::GenerateImage, fields)?;
        let images = member::list(&told, "/images")?;
        checks.hold("num_images", images.len() == 2, || {
            format!("2 were asked for, and told are {images}", images = display::json(&images))
        });
        Ok(())
    })
}

/// Preferences decide the changes: none that lowers the quality where it is preserved, and no goal is missed on purpose.
fn preferences() -> Scenario {
    let checks = vec![check("preserve_quality"), check("priority")];
    Scenario::new("asked.preferences", checks, |context, checks| {
        let side = json!({"width": 1024, "height": 1024});
        let large = with(context.small_submission(), "/hyperparameters/dimensions", side);
        let large = with(large, "/scheduler/steps", 100.into());
        let optimized = |context: &mut Context, preferences: Value| {
            let fields = json!({"prompt_submission": large, "preferences": preferences});
            context.get(Action::OptimizeRequest, fields)
        };
        for priority in ["speed", "memory", "balanced"] {
            let told = optimized(context, json!({"priority": priority, "preserve_quality": true}))?;
            let lowers = |path: &str| {
                ["/scheduler", "/hyperparameters", "/postprocessing"]
                    .iter()
                    .any(|part| path.starts_with(part))
            };
            // Nothing changed lowers nothing.
            checks.decide("preserve_quality", Ok(()));
            for change in member::list(&told, "/changes")? {
                let path = member::text(change, "/path")?;
                checks.hold("preserve_quality", !lowers(path), || format!("{priority}: {change}"));
            }
        }
        let quality = optimized(context, json!({"priority": "quality", "preserve_quality": false}))?;
        let speed = optimized(context, json!({"priority": "speed", "preserve_quality": false}))?;
        checks.hold("priority", quality["changes"] != speed["changes"], || {
            format!("quality and speed have the same changes: {}", speed["changes"])
        });
        Ok(())
    })
}
