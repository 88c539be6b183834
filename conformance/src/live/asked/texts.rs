//! What a training is told in words: on which base, which prompt, which token. No reply repeats them; the losses, the file and
//! a refusal show them.

use std::path::Path;

use contracts::Action;
use serde_json::{Value, json};

use super::{
    check,
    training::{Learnt, learn, write_pictures},
};
use crate::{
    case::{self, with},
    check::ScenarioEnd,
    context::Context,
    display,
    exchange::Command,
    live::{files, training},
    picture::{Picture, difference},
    scenario::{Checks, Scenario},
};

const TOKEN: &str = "<mill>";

/// Losses that differ by more than this share are of two trainings: two equal ones differ by less than a tenth of it, which
/// `asked.training-numbers.repeat` holds.
const UNLIKE: f64 = 1e-5;

pub(super) fn texts() -> Scenario {
    let checks =
        ["instance_prompt", "dreambooth_mode", "placeholder_token", "initializer_token", "embedding"];
    Scenario::new("asked.training-texts", checks.into_iter().map(check).collect(), |context, checks| {
        let Some(root) = context.options.input_root.clone() else {
            return Err(ScenarioEnd::Skip("needs --input-root".to_owned()));
        };
        let bare = root.join("conformance-training-bare");
        write_pictures(&bare, None)?;
        dream_booth(context, checks, &bare)?;
        let told = root.join("conformance-training-token");
        write_pictures(&told, Some(&format!("a photo of {TOKEN}")))?;
        inversion(context, checks, &told)
    })
}

/// Without captions the prompt of the subject is each picture's, and a whole model is a folder.
fn dream_booth(context: &mut Context, checks: &mut Checks<'_>, data: &Path) -> Result<(), ScenarioEnd> {
    let data: Value = data.display().to_string().into();
    let mut train = |prompt: &str, mode: &str| {
        let changes = [
            ("/training_type", json!("DreamBooth")),
            ("/training_data", data.clone()),
            ("/instance_prompt", json!(prompt)),
            ("/dreambooth_mode", json!(mode)),
        ];
        learn(context, &changes)
    };
    let red = train("a photo of a red mill", "lora")?;
    let blue = train("stormy blue waves at night", "lora")?;
    differs(checks, "instance_prompt", &red, &blue);
    let whole = train("a photo of a red mill", "full")?;
    let is_told = red.output.ends_with(".safetensors") && !whole.output.ends_with(".safetensors");
    checks.hold("dreambooth_mode", is_told, || {
        format!("`lora` left {}, which is a file, and `full` {}, which is a folder", red.output, whole.output)
    });
    Ok(())
}

/// Each caption holds the new token; with another one no caption does. What it starts from decides what is learnt.
fn inversion(context: &mut Context, checks: &mut Checks<'_>, data: &Path) -> Result<(), ScenarioEnd> {
    let changes = |token: &str, from: &str| {
        [
            ("/training_type", json!("Textual Inversion")),
            ("/training_data", json!(data.display().to_string())),
            ("/placeholder_token", json!(token)),
            ("/initializer_token", json!(from)),
        ]
    };
    let one = learn(context, &changes(TOKEN, "a"))?;
    let other = learn(context, &changes(TOKEN, "b"))?;
    differs(checks, "initializer_token", &one, &other);
    embedding(context, checks, [&one, &other])?;
    let mut fields = case::fields(Action::StartTraining, context, "")?;
    for (pointer, value) in changes("<harbour>", "a") {
        fields = with(fields, pointer, value);
    }
    let id = context.fresh_id();
    let reading = context.ask(&Command::new(Action::StartTraining, fields).id(id))?;
    checks.hold("placeholder_token", reading.code() == Ok("validation_failed"), || {
        format!(
            "the captions hold {TOKEN}, and a training of <harbour>: {}",
            display::result(&reading.code())
        )
    });
    match reading.snake["data"]["training_id"].as_str() {
        Some(accepted) => training::end(context, accepted),
        None => Ok(()),
    }
}

/// Of two embeddings for one token the path decides which is drawn.
fn embedding(
    context: &mut Context,
    checks: &mut Checks<'_>,
    trained: [&Learnt; 2],
) -> Result<(), ScenarioEnd> {
    let plain =
        with(context.small_submission(), "/conditioning/prompt", format!("a photo of {TOKEN}").into());
    let mut draw = |learnt: &Learnt| {
        let list = json!([{"path": learnt.output, "token": TOKEN}]);
        let fields =
            json!({"prompt_submission": with(plain.clone(), "/conditioning/textual_inversions", list)});
        let drawn = context.get(Action::GenerateSdxl, fields)?;
        Picture::open(context, &drawn["image_details"][0])
    };
    let (one, again, other) = (draw(trained[0])?, draw(trained[0])?, draw(trained[1])?);
    let (repeat, changed) = (difference(&one, &again), difference(&one, &other));
    let holds =
        repeat.is_some_and(|most| most <= 1) && changed.is_some_and(|most| most > 0) && changed > repeat;
    checks.hold("embedding", holds, || {
        format!(
            "textual_inversions path: one embedding twice differs by {} of 255, another one by {}",
            display::json(&repeat),
            display::json(&changed)
        )
    });
    Ok(())
}

/// Two checkpoints that differ in one tensor: another base is another training.
pub(super) fn base() -> Scenario {
    Scenario::new("asked.training-base", vec![check("base_model")], |context, checks| {
        let paths = files::two_bases(context)?;
        let [one, other] = paths.map(|path| learn(context, &[("/base_model", path.into())]));
        differs(checks, "base_model", &one?, &other?);
        Ok(())
    })
}

fn differs(checks: &mut Checks<'_>, name: &str, one: &Learnt, other: &Learnt) {
    checks.hold(name, one.unlike(other) > UNLIKE, || {
        format!("{name}: with another value the losses are {}, as before", other.said())
    });
}
