//! Relations that need more than two pictures compared: parts of pictures, several actions, every sampler.

use contracts::{Action, Dialect, Form};
use serde_json::{Value, json};

use super::{
    Drawn, draw,
    relations::{Judged, mean, started},
};
use crate::{
    case::with,
    check::ScenarioEnd,
    context::{Context, half_mask_url},
    exchange::Command,
    member,
    picture::{Picture, difference},
};

/// Levels of 255 that decoding, scaling and rounding may move a pixel that stays.
const STAYS: u8 = 3;

/// The part that the mask keeps is that of the image that the job starts from.
pub(super) fn unmasked(context: &mut Context, base: &Value) -> Judged {
    let kept = started(base.clone(), 60, 1.0);
    let masked = with(kept, "/conditioning/inpaint_mask", half_mask_url().into());
    let drawn = draw(context, masked)?;
    let init = image::load_from_memory(&crate::context::picture_bytes(60)).expect("a picture of our own");
    let moved = most_moved(&drawn.pictures[0], &init.to_rgb8(), |x| x >= 40);
    let painted = most_moved(&drawn.pictures[0], &init.to_rgb8(), |x| x < 24);
    Ok(match (moved, painted) {
        (moved, _) if moved > STAYS => Err(format!("a pixel far from the mask moved by {moved} of 255")),
        (_, painted) if painted <= STAYS => Err("nothing under the mask was repainted".to_owned()),
        _ => Ok(()),
    })
}

/// The greatest difference of a channel in some columns.
fn most_moved(picture: &Picture, other: &image::RgbImage, columns: fn(u32) -> bool) -> u8 {
    let pixels = picture.pixels().enumerate_pixels().filter(|(x, ..)| columns(*x));
    pixels
        .flat_map(|(x, y, pixel)| {
            let other = other.get_pixel_checked(x, y).map_or([0; 3], |other| other.0);
            pixel.0.into_iter().zip(other).map(|(a, b)| a.abs_diff(b)).collect::<Vec<_>>()
        })
        .max()
        .unwrap_or(u8::MAX)
}

/// The image says more at a small strength than at the whole.
pub(super) fn small_strength(context: &mut Context, base: &Value) -> Judged {
    let base = with(base.clone(), "/scheduler/steps", 10.into());
    let mut by_image = |strength: f64| {
        let dark = draw(context, started(base.clone(), 20, strength))?;
        mean(&dark, &draw(context, started(base.clone(), 230, strength))?)
    };
    let (small, whole) = (by_image(0.1)?, by_image(1.0)?);
    Ok(if whole < 0.5 * small {
        Ok(())
    } else {
        Err(format!(
            "two images make pictures that differ by {small:.3} of 255 at strength 0.1, by {whole:.3} at 1.0"
        ))
    })
}

/// The last picture of a batch is that of a job with its seed.
pub(super) fn last_of_a_batch(context: &mut Context, base: &Value) -> Judged {
    let offered = member::integer(&context.capabilities()?, "/max_batch_size")?.min(4);
    let batch = draw(context, with(base.clone(), "/hyperparameters/batch_size", offered.into()))?;
    let single = draw(context, with(base.clone(), "/hyperparameters/seed", (7 + offered - 1).into()))?;
    let last = batch.pictures.last().and_then(|last| difference(last, &single.pictures[0]));
    Ok(match last {
        Some(most) if most <= 1 && batch.pictures.len() as u64 == offered => Ok(()),
        most => Err(format!(
            "of {offered} pictures asked for {} came; the last differs from its single run by {}",
            batch.pictures.len(),
            super::distance(most)
        )),
    })
}

/// The result of a command, whatever it is called, and its first picture.
fn result_of(context: &mut Context, command: Command, at: &str) -> Result<(Value, Picture), ScenarioEnd> {
    let id = context.fresh_id();
    let action = command.action;
    let reading = context.ask(&command.id(id))?;
    let data = reading.data().map_err(|why| ScenarioEnd::Broken(format!("{action}: {why}")))?.clone();
    let result = data.pointer(at).cloned();
    let detail = result.as_ref().and_then(|result| result.pointer("/image_details/0"));
    let detail = detail.ok_or_else(|| ScenarioEnd::Broken(format!("{action}: no image_details")))?;
    let picture = Picture::open(context, detail)?;
    Ok((result.unwrap_or(Value::Null), picture))
}

fn picture_of(context: &mut Context, command: Command, at: &str) -> Result<Picture, ScenarioEnd> {
    Ok(result_of(context, command, at)?.1)
}

/// Samplers that are one in theory: ancestral steps of Euler's are those of DDPM.
const TWINS: [[&str; 2]; 1] = [["Euler a", "DDPM"]];

/// No two samplers that are advertised draw the same picture: one of them would stand for the other.
pub(super) fn samplers(context: &mut Context, base: &Value) -> Judged {
    let told = context.capabilities()?["supported_schedulers"].clone();
    let base = with(base.clone(), "/scheduler/steps", 8.into());
    let mut drawn: Vec<(String, Picture)> = Vec::new();
    for name in told.as_array().into_iter().flatten().filter_map(Value::as_str) {
        let mut one = draw(context, with(base.clone(), "/scheduler/type", name.into()))?;
        let picture = one.pictures.swap_remove(0);
        let are_twins = |other: &str| TWINS.iter().any(|pair| pair.contains(&name) && pair.contains(&other));
        let same =
            |(other, drawn): &&(String, Picture)| difference(drawn, &picture) == Some(0) && !are_twins(other);
        if let Some((other, _)) = drawn.iter().find(same) {
            return Ok(Err(format!("{name} draws the picture of {other}")));
        }
        drawn.push((name.to_owned(), picture));
    }
    Ok(Ok(()))
}

/// Each flat parameter does what the field of a submission does that it stands for.
pub(super) fn flat_parameters(context: &mut Context, base: &Value) -> Judged {
    let model = context.options.model.clone();
    if model.contains('/') {
        return Err(ScenarioEnd::Skip("flat parameters name a model by its id".to_owned()));
    }
    let values = [
        ("prompt", "/conditioning/prompt", json!("a red car")),
        ("negative_prompt", "/conditioning/negative_prompt", json!("fog")),
        ("width", "/hyperparameters/dimensions/width", json!(128)),
        ("height", "/hyperparameters/dimensions/height", json!(72)),
        ("steps", "/scheduler/steps", json!(3)),
        ("guidance_scale", "/hyperparameters/guidance_scale", json!(3.5)),
        ("seed", "/hyperparameters/seed", json!(11)),
        ("scheduler", "/scheduler/type", json!("Euler")),
    ];
    let common = [
        ("prompt", base["conditioning"]["prompt"].clone()),
        ("width", json!(64)),
        ("height", json!(64)),
        ("steps", base["scheduler"]["steps"].clone()),
        ("seed", base["hyperparameters"]["seed"].clone()),
        ("model_id", json!(model)),
    ];
    let mut wrong = Vec::new();
    for (name, pointer, value) in values {
        let whole = draw(context, with(base.clone(), pointer, value.clone()))?;
        let mut flat: serde_json::Map<String, Value> =
            common.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        flat.insert(name.to_owned(), value);
        for (action, fields) in [
            (Action::GenerateImage, json!({"parameters": flat})),
            (Action::RunInference, json!({"model_id": model, "parameters": flat})),
        ] {
            match picture_of(context, Command::new(action, fields), "") {
                Ok(picture) if difference(&picture, &whole.pictures[0]).is_some_and(|most| most <= 1) => {}
                Ok(_) => wrong.push(format!("{name} of {action} is not {pointer} of a submission")),
                Err(ScenarioEnd::Broken(why)) => wrong.push(why),
                Err(end) => return Err(end),
            }
        }
    }
    Ok(if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) })
}

/// The largest seed is an integer in the reply, as it was sent.
pub(super) fn large_seed(context: &mut Context, base: &Value, plain: &Drawn) -> Judged {
    const LARGEST: u64 = (1 << 53) - 1;
    let drawn = draw(context, with(base.clone(), "/hyperparameters/seed", LARGEST.into()))?;
    let told = [&drawn.result["seed_used"], &drawn.result["image_details"][0]["seed"]];
    Ok(if told.iter().any(|seed| seed.as_u64() != Some(LARGEST)) {
        Err(format!("seed {LARGEST} is told as {} and {}", told[0], told[1]))
    } else if difference(&drawn.pictures[0], &plain.pictures[0]) == Some(0) {
        Err(format!("seed {LARGEST} draws the picture of seed 7"))
    } else {
        Ok(())
    })
}

/// Every action that runs a submission makes its picture.
pub(super) fn actions(context: &mut Context, base: &Value, plain: &Drawn) -> Judged {
    let submission = json!({"prompt_submission": base});
    let flat = json!({
        "prompt": base["conditioning"]["prompt"], "width": 64, "height": 64, "steps": base["scheduler"]["steps"],
        "seed": base["hyperparameters"]["seed"],
    });
    let mut with_model = flat.clone();
    with_model["model_id"] = context.options.model.clone().into();
    let by_path = context.options.model.contains('/');
    let mut commands = vec![
        (Action::GenerateSdxlEnhanced, submission.clone(), ""),
        (Action::EnhancedSdxl, submission.clone(), ""),
        (Action::StructuredInference, submission, ""),
        (Action::BatchGenerate, json!({"requests": [base, base]}), "/results/1/data"),
    ];
    // The flat forms name a model by its id.
    if !by_path {
        commands.push((Action::GenerateImage, json!({"parameters": with_model}), ""));
        let model = context.options.model.clone();
        commands.push((Action::RunInference, json!({"model_id": model, "parameters": flat}), ""));
    }
    let mut wrong = Vec::new();
    for (action, fields, at) in commands {
        match picture_of(context, Command::new(action, fields), at) {
            Ok(picture) => {
                let most = difference(&picture, &plain.pictures[0]);
                if most.is_none_or(|most| most > 1) {
                    wrong.push(format!("{action} differs by {}", super::distance(most)));
                }
            }
            Err(ScenarioEnd::Broken(why)) => wrong.push(why),
            Err(end) => return Err(end),
        }
    }
    Ok(if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) })
}

/// The submission in every dialect and envelope makes its picture.
pub(super) fn dialects(context: &mut Context, base: &Value, plain: &Drawn) -> Judged {
    let mut wrong = Vec::new();
    for dialect in [Dialect::Pascal, Dialect::Camel] {
        for (form, envelope) in [(Form::Documented, "documented"), (Form::Direct, "direct")] {
            let command = Command::new(Action::GenerateSdxl, json!({"prompt_submission": base}));
            match result_of(context, Command { dialect, form, ..command }, "") {
                Ok((_, picture)) if difference(&picture, &plain.pictures[0]).is_none_or(|most| most > 1) => {
                    wrong.push(format!("{dialect} in the {envelope} envelope makes another picture"));
                }
                // Keys of maps are data, the same in every dialect.
                Ok((result, _)) if result["features_used"] != plain.result["features_used"] => {
                    wrong.push(format!("features_used in {dialect} is {}", result["features_used"]));
                }
                Ok(_) => {}
                Err(ScenarioEnd::Broken(why)) => wrong.push(why),
                Err(end) => return Err(end),
            }
        }
    }
    Ok(if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) })
}
