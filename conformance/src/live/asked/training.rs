//! Fields of a training: each decides how much is learnt, at which rate, or what.

use std::{fs, path::Path};

use contracts::Action;
use serde_json::{Value, json};

use super::check;
use crate::{
    case::{self, with},
    check::ScenarioEnd,
    context::{Context, picture_bytes},
    display,
    live::training::{wait_for_end, wait_for_ready},
    member,
    scenario::{Checks, Scenario},
};

/// The result of a training has the name that was asked for.
pub(super) fn output_name() -> Scenario {
    Scenario::new("asked.training", vec![check("output_name")], |context, checks| {
        let name = format!("asked_{}", context.fresh_id().replace('-', "_"));
        let learnt = learn(context, &[("/output_name", name.clone().into())])?;
        checks.hold("output_name", learnt.output.contains(&name), || {
            format!("{name} was asked for, and the result is {}", learnt.output)
        });
        Ok(())
    })
}

/// A rank that no other size of a LoRA is by chance.
const RANK: u64 = 13;

/// Losses of two equal trainings on one device differ by less than this share: kernels of a GPU add up in any order.
const EQUAL: f64 = 0.01;

/// Fields that decide the weights, each with a value unlike that of the small training. After two steps the loss shows it.
const FIELDS: [(&str, f64); 5] =
    [("seed", 8.0), ("learning_rate", 0.1), ("resolution", 128.0), ("alpha", 64.0), ("rank", RANK as f64)];

pub(super) fn numbers() -> Scenario {
    let own = [
        "repeat",
        "epochs",
        "batch_size",
        "gradient_accumulation",
        "lr_scheduler",
        "training_data",
        "rank-of-file",
        "max_steps",
    ];
    let checks = own.into_iter().chain(FIELDS.map(|(name, _)| name)).map(check).collect();
    Scenario::new("asked.training-numbers", checks, |context, checks| {
        let first = learn(context, &[])?;
        let again = learn(context, &[])?;
        let unlike = first.unlike(&again);
        checks.hold("repeat", unlike < EQUAL, || {
            format!("two equal trainings have the losses {} and {}", first.said(), again.said())
        });
        // A field must change the losses more than chance does.
        let least = (unlike * 10.0).max(1e-6);
        let differs = |checks: &mut Checks<'_>, name: &str, other: &Learnt| {
            checks.hold(name, first.unlike(other) > least, || {
                format!("{name}: with another value the losses are {}, as before", other.said())
            });
        };
        for (name, value) in FIELDS {
            let other = learn(context, &[(&format!("/hyperparameters/{name}"), number(value))])?;
            differs(checks, name, &other);
            if name == "rank" {
                rank(checks, &other);
            }
        }
        let linear = learn(context, &[("/hyperparameters/lr_scheduler", json!("linear"))])?;
        let (flat, falls) = (
            first.rates.windows(2).all(|pair| pair[0] == pair[1]),
            linear.rates.last() < linear.rates.first(),
        );
        checks.hold("lr_scheduler", flat && falls, || {
            format!(
                "the rates of `constant` are {}, of `linear` {}",
                display::json(&first.rates),
                display::json(&linear.rates)
            )
        });
        rounds(context, checks)?;
        by_either_action(context, checks, least)?;
        let Some(root) = context.options.input_root.clone() else {
            checks.skip("training_data", "needs --input-root");
            return Ok(());
        };
        let folder = root.join("conformance-training-other");
        write_pictures(&folder, Some("a red mill"))?;
        let other = learn(context, &[("/training_data", folder.display().to_string().into())])?;
        differs(checks, "training_data", &other);
        Ok(())
    })
}

/// `start_sdxl_training` does with each number what `start_training` does. Which number it does not is looked for only where
/// the two differ with all of them.
fn by_either_action(context: &mut Context, checks: &mut Checks<'_>, chance: f64) -> Result<(), ScenarioEnd> {
    let numbers: Vec<(&str, String, Value)> = FIELDS
        .iter()
        // At the rate of the other trainings the losses of several steps might be no numbers.
        .map(|(name, value)| (*name, if *name == "learning_rate" { 0.02 } else { *value }))
        .map(|(name, value)| (name, format!("/hyperparameters/{name}"), number(value)))
        .chain([("max_steps", "/hyperparameters/max_steps".to_owned(), json!(3))])
        .collect();
    let alike = |context: &mut Context, changes: &[(&str, Value)]| -> Result<Option<String>, ScenarioEnd> {
        let one = learn_by(Action::StartTraining, context, changes)?;
        let other = learn_by(Action::StartSdxlTraining, context, changes)?;
        let differs = || {
            format!(
                "the losses by start_training are {}, by start_sdxl_training {}",
                one.said(),
                other.said()
            )
        };
        Ok((one.unlike(&other) > chance).then(differs))
    };
    let all: Vec<(&str, Value)> =
        numbers.iter().map(|(_, pointer, value)| (pointer.as_str(), value.clone())).collect();
    checks.decide("max_steps", Ok(()));
    if alike(context, &all)?.is_none() {
        return Ok(());
    }
    for (name, pointer, value) in &numbers {
        if let Some(differs) = alike(context, &[(pointer.as_str(), value.clone())])? {
            checks.decide(name, Err(format!("{name} of {value}: {differs}")));
        }
    }
    Ok(())
}

/// The steps of whole epochs follow from the number of pictures, which is the tool's own.
fn rounds(context: &mut Context, checks: &mut Checks<'_>) -> Result<(), ScenarioEnd> {
    if context.options.training_data.is_some() {
        for check in ["epochs", "batch_size", "gradient_accumulation"] {
            checks.skip(check, "the data of --training-data is the user's, and may be long");
        }
        return Ok(());
    }
    // Two pictures.
    for (check, epochs, batch, accumulation, steps) in
        [("epochs", 2, 1, 1, 4), ("batch_size", 2, 2, 1, 2), ("gradient_accumulation", 2, 1, 2, 2)]
    {
        let numbers = json!({
            "epochs": epochs, "batch_size": batch, "gradient_accumulation": accumulation,
            "resolution": 64, "rank": 4, "alpha": 4, "seed": 7,
        });
        let learnt = learn(context, &[("/hyperparameters", numbers)])?;
        checks.hold(check, learnt.steps == steps, || {
            format!(
                "{epochs} epochs of 2 pictures, {batch} a batch and {accumulation} batches a step, are {steps} steps, and not {}",
                learnt.steps
            )
        });
    }
    Ok(())
}

/// The figures that a training told, and the file that it left.
#[derive(Debug)]
pub(super) struct Learnt {
    losses: Vec<f64>,
    rates: Vec<f64>,
    steps: u64,
    pub(super) output: String,
    /// The validation pictures of each step.
    pub(super) pictures: Vec<Vec<String>>,
}

impl Learnt {
    /// Its losses, as JSON.
    pub(super) fn said(&self) -> String {
        display::json(&self.losses)
    }

    /// The largest share by which a loss differs from that of the same step; 1 where there are more or fewer steps.
    pub(super) fn unlike(&self, other: &Self) -> f64 {
        if self.losses.len() != other.losses.len() {
            return 1.0;
        }
        let shares =
            self.losses.iter().zip(&other.losses).map(|(one, two)| (one - two).abs() / one.abs().max(1e-9));
        shares.fold(0.0, f64::max)
    }
}

/// A small training, of a LoRA unless the fields that are set say otherwise.
pub(super) fn learn(context: &mut Context, changes: &[(&str, Value)]) -> Result<Learnt, ScenarioEnd> {
    learn_by(Action::StartTraining, context, changes)
}

/// The same, started by an action.
fn learn_by(action: Action, context: &mut Context, changes: &[(&str, Value)]) -> Result<Learnt, ScenarioEnd> {
    let mut fields = case::fields(Action::StartTraining, context, "")?;
    // A rate at which the second loss already shows what the first step did.
    fields["hyperparameters"]["learning_rate"] = json!(0.01);
    for (pointer, value) in changes {
        fields = with(fields, pointer, value.clone());
    }
    let started = context.get(action, fields)?;
    let id = member::text(&started, "/training_id")?;
    let status = wait_for_end(context, id)?;
    if status["state"] != "completed" {
        return Err(ScenarioEnd::Broken(format!(
            "a training with {changes} does not complete: {status}",
            changes = display::json(&changes)
        )));
    }
    let history = context.get(Action::GetTrainingHistory, json!({"training_id": id}))?;
    let column = |name: &str| -> Result<Vec<f64>, ScenarioEnd> {
        member::list(&history, "/rows")?.iter().map(|row| member::number(row, &format!("/{name}"))).collect()
    };
    let (losses, rates) = (column("loss")?, column("learning_rate")?);
    let paths = |row: &Value| {
        let paths = row["validation_images"].as_array().into_iter().flatten();
        paths.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let pictures = member::list(&history, "/rows")?.iter().map(paths).collect();
    let steps = member::integer(&status, "/total_steps")?;
    let output = member::text(&status, "/output_path")?.to_owned();
    wait_for_ready(context)?;
    Ok(Learnt { losses, rates, steps, output, pictures })
}

/// Some matrix of the file is of that rank.
fn rank(checks: &mut Checks<'_>, learnt: &Learnt) {
    match header(Path::new(&learnt.output)) {
        Ok(Err(why)) => {
            checks.decide("rank-of-file", Err(format!("{} is no .safetensors file: {why}", learnt.output)));
        }
        Ok(Ok(header)) => {
            let is_of_rank = |tensor: &Value| {
                tensor["shape"].as_array().is_some_and(|shape| shape.iter().any(|side| *side == RANK))
            };
            let has_one = header.as_object().is_some_and(|all| all.values().any(is_of_rank));
            checks.hold("rank-of-file", has_one, || {
                format!("rank: {RANK} was asked for, and no matrix of {} has such a side", learnt.output)
            });
        }
        // `training.whole` holds that it can be opened where it is on this host.
        Err(why) => checks.skip("rank-of-file", format!("the result cannot be read here: {why}")),
    }
}

/// The header of a .safetensors file, or what is wrong with the file; an error where it cannot be read.
fn header(path: &Path) -> std::io::Result<Result<Value, String>> {
    let bytes = fs::read(path)?;
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else {
        return Ok(Err("it has no header".to_owned()));
    };
    let text = usize::try_from(u64::from_le_bytes(*length)).ok().and_then(|length| rest.get(..length));
    let Some(text) = text else { return Ok(Err("its header is longer than it".to_owned())) };
    Ok(serde_json::from_slice(text).map_err(|err| err.to_string()))
}

/// A whole number as an integer.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 { json!(value as u64) } else { json!(value) }
}

/// Two pictures unlike those of [`Context::training_data`], with one caption or none.
pub(super) fn write_pictures(folder: &Path, caption: Option<&str>) -> Result<(), ScenarioEnd> {
    let write = |name: &str, bytes: &[u8]| {
        fs::write(folder.join(name), bytes)
            .map_err(|err| ScenarioEnd::Undecided(format!("{}: {err}", folder.join(name).display())))
    };
    fs::create_dir_all(folder)
        .map_err(|err| ScenarioEnd::Undecided(format!("{}: {err}", folder.display())))?;
    for (number, level) in [90, 250].into_iter().enumerate() {
        write(&format!("picture_{number}.png"), &picture_bytes(level))?;
        if let Some(caption) = caption {
            write(&format!("picture_{number}.txt"), caption.as_bytes())?;
        }
    }
    Ok(())
}
