//! Validation pictures of a training: which prompt is drawn, and after which steps.

use image::RgbImage;
use serde_json::json;

use super::{
    check,
    training::{Learnt, learn},
};
use crate::{
    check::ScenarioEnd,
    context::Context,
    display,
    scenario::{Checks, Scenario},
};

const STEPS: usize = 2;

pub(super) fn scenario() -> Scenario {
    let checks = ["none", "validation_every", "validation_prompt"].map(check);
    Scenario::new("asked.training-validation", checks.into(), |context, checks| {
        let steps = ("/hyperparameters/max_steps", json!(STEPS));
        let none = learn(context, std::slice::from_ref(&steps))?;
        drawn_after(checks, "none", &none, &[0, 0]);
        let train = |context: &mut Context, prompt: &str, every: usize| {
            let asked = [("/validation_prompt", json!(prompt)), ("/validation_every", json!(every))];
            learn(context, &[&asked[..], std::slice::from_ref(&steps)].concat())
        };
        let each = train(context, "a red mill", 1)?;
        drawn_after(checks, "validation_every", &each, &[1, 1]);
        let second = train(context, "a red mill", 2)?;
        drawn_after(checks, "validation_every", &second, &[0, 1]);
        let other = train(context, "stormy blue waves at night", 2)?;
        compare(checks, &each, &second, &other)
    })
}

/// Numbers of pictures after each step.
fn drawn_after(checks: &mut Checks<'_>, id: &str, learnt: &Learnt, expected: &[usize]) {
    let counts: Vec<usize> = learnt.pictures.iter().map(Vec::len).collect();
    checks.hold(id, counts == expected, || {
        format!(
            "{id}: the steps have {} validation pictures, and not {}",
            display::json(&counts),
            display::json(&expected)
        )
    });
}

/// The last pictures: of one prompt alike, of another one not.
fn compare(checks: &mut Checks<'_>, one: &Learnt, same: &Learnt, other: &Learnt) -> Result<(), ScenarioEnd> {
    let mut pictures = Vec::new();
    for learnt in [one, same, other] {
        let Some(path) = learnt.pictures.iter().flatten().next_back() else { return Ok(()) };
        match std::fs::read(path) {
            Ok(bytes) => match image::load_from_memory(&bytes) {
                Ok(picture) => pictures.push(picture.to_rgb8()),
                Err(err) => return Err(ScenarioEnd::Broken(format!("the validation picture {path}: {err}"))),
            },
            Err(err) => {
                checks.skip("validation_prompt", format!("{path} cannot be read here: {err}"));
                return Ok(());
            }
        }
    }
    let [one, same, other] = &pictures[..] else { return Ok(()) };
    let (repeat, changed) = (most(one, same), most(one, other));
    // Two trainings differ a little by chance, or as their names do; a worker that draws noise differs as much by either.
    let holds = match (repeat, changed) {
        (Some(repeat), Some(changed)) => u32::from(changed) > 2 * u32::from(repeat),
        _ => false,
    };
    checks.hold("validation_prompt", holds, || {
        format!(
            "validation_prompt: pictures of one prompt differ by {} of 255, of two prompts by {}",
            display::json(&repeat),
            display::json(&changed)
        )
    });
    Ok(())
}

/// The largest difference of a channel; none where the sizes differ.
fn most(one: &RgbImage, other: &RgbImage) -> Option<u8> {
    if one.dimensions() != other.dimensions() {
        return None;
    }
    one.as_raw().iter().zip(other.as_raw()).map(|(a, b)| a.abs_diff(*b)).max()
}
