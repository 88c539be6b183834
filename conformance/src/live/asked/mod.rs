//! Fields of commands beside the submission: each decides what is done, and the reply or another answer shows it.

mod texts;
mod training;

use contracts::Action;
use serde_json::{Value, json};

use crate::{
    case::{self, with},
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::Context,
    display, member,
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
        flat(),
        preferences(),
        training::output_name(),
        training::numbers(),
        texts::texts(),
        texts::base(),
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
