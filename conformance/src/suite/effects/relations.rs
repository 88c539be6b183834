//! Relations between jobs that noise cannot satisfy: almost the same document makes almost the same picture, what takes
//! no part changes nothing, what stands last in a list acts, and one submission is one picture by whatever action.
//!
//! Near and far are measured on the target itself: far is how much two seeds differ.

use contracts::{Action, Dialect, Form};
use serde_json::{Value, json};

use super::{
    Drawn, base,
    changes::{control_net, lora},
    draw,
};
use crate::{
    case::with,
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::{Context, half_mask_url, picture_url},
    exchange::Command,
    options::Options,
    picture::{Picture, difference, mean_difference},
    scenario::Scenario,
    sentence::Sentence,
};

/// The part of the difference of two seeds that two pictures differ by at most, to be near each other.
const NEAR: f64 = 0.25;

/// Levels of 255 that decoding, scaling and rounding may move a pixel that stays.
const STAYS: u8 = 3;

/// What two jobs must have to do with each other.
#[derive(Clone, Copy)]
enum Relation {
    /// They are the same picture, within 1/255.
    Same,
    /// They are nearly the same picture.
    Near,
    /// They are two pictures.
    Other,
}

/// Two documents, each made of the base, and what their pictures have to do with each other.
struct Pair {
    id: &'static str,
    needs: Needs,
    one: fn(Value, &Options) -> Value,
    two: fn(Value, &Options) -> Value,
    relation: Relation,
    proves: Sentence,
}

#[derive(Clone, Copy)]
enum Needs {
    Nothing,
    Lora,
    ControlNet,
    Refiner,
    Feature(&'static str),
}

impl Needs {
    /// Whether the target has it; the reason why not.
    fn missing(self, context: &mut Context) -> Result<Option<String>, ScenarioEnd> {
        let options = &context.options;
        let flag = match self {
            Self::Nothing => return Ok(None),
            Self::Lora => (options.lora.is_none(), "--lora"),
            Self::ControlNet => (options.control_net.is_none(), "--control-net"),
            Self::Refiner => (options.refiner.is_none(), "--refiner"),
            Self::Feature(feature) => {
                return match context.need_feature(feature) {
                    Ok(()) => Ok(None),
                    Err(ScenarioEnd::Skip(why)) => Ok(Some(why)),
                    Err(end) => Err(end),
                };
            }
        };
        Ok(flag.0.then(|| format!("needs {}", flag.1)))
    }
}

fn plain(document: Value, _: &Options) -> Value {
    document
}

fn prompt(document: Value, text: &str) -> Value {
    with(document, "/conditioning/prompt", text.into())
}

/// A prompt of three chunks, which ends with a word.
fn long_prompt(document: Value, last: &str) -> Value {
    prompt(document, &format!("{}{last}", "a lighthouse at dusk, ".repeat(40)))
}

/// LoRAs of these weights: the same file under several names.
fn loras(document: Value, options: &Options, weights: &[(&str, f64)]) -> Value {
    let items: Vec<Value> = weights
        .iter()
        .map(|(name, weight)| json!({"name": options.lora, "weight": weight, "adapter_name": name}))
        .collect();
    with(document, "/conditioning/loras", items.into())
}

fn controls(document: Value, options: &Options, levels: &[(u8, f64)]) -> Value {
    let item = |(level, weight): &(u8, f64)| {
        let mut item = control_net(options, *weight)[0].clone();
        item["image"] = picture_url(*level).into();
        item
    };
    with(document, "/conditioning/control_nets", levels.iter().map(item).collect::<Vec<_>>().into())
}

fn started(document: Value, level: u8, strength: f64) -> Value {
    let document = with(document, "/conditioning/init_image", picture_url(level).into());
    with(document, "/hyperparameters/strength", strength.into())
}

fn refined(document: Value, options: &Options, start: f64) -> Value {
    let refined = with(document, "/model/refiner", json!(options.refiner));
    with(refined, "/hyperparameters/refiner_start", start.into())
}

fn guided(document: Value, scale: f64) -> Value {
    with(document, "/hyperparameters/guidance_scale", scale.into())
}

fn pairs() -> Vec<Pair> {
    let pair = |id, needs, one, two, relation, proves| Pair { id, needs, one, two, relation, proves };
    [of_numbers(pair), of_lists(pair), of_prompts(pair), of_samplers(pair)].into_iter().flatten().collect()
}

type Make = fn(
    &'static str,
    Needs,
    fn(Value, &Options) -> Value,
    fn(Value, &Options) -> Value,
    Relation,
    Sentence,
) -> Pair;

fn of_numbers(pair: Make) -> Vec<Pair> {
    use Relation::{Near, Other, Same};
    vec![
        pair(
            "guidance-almost",
            Needs::Nothing,
            plain,
            |d, _| guided(d, 7.501),
            Near,
            Sentence::NumbersAreNumbers,
        ),
        pair(
            "guidance-off",
            Needs::Nothing,
            |d, _| guided(d, 1.0),
            |d, _| guided(d, 0.0),
            Same,
            Sentence::GuidanceOff,
        ),
        pair(
            "lora-of-almost-no-weight",
            Needs::Lora,
            plain,
            |d, o| with(d, "/conditioning/loras", lora(o, 0.001)),
            Near,
            Sentence::SmallWeightIsNearNone,
        ),
        pair(
            "control-net-of-almost-no-weight",
            Needs::ControlNet,
            plain,
            |d, o| controls(d, o, &[(120, 0.001)]),
            Near,
            Sentence::SmallWeightIsNearNone,
        ),
        pair(
            "control-net-above-one",
            Needs::ControlNet,
            |d, o| controls(d, o, &[(120, 1.0)]),
            |d, o| controls(d, o, &[(120, 2.0)]),
            Other,
            Sentence::NumbersAreNumbers,
        ),
        pair(
            "lora-above-one",
            Needs::Lora,
            |d, o| loras(d, o, &[("one", 1.0)]),
            |d, o| loras(d, o, &[("one", 2.0)]),
            Other,
            Sentence::NumbersAreNumbers,
        ),
        pair(
            "lora-below-zero",
            Needs::Lora,
            |d, o| loras(d, o, &[("one", 1.0)]),
            |d, o| loras(d, o, &[("one", -1.0)]),
            Other,
            Sentence::NumbersAreNumbers,
        ),
        pair(
            "guidance-at-its-end",
            Needs::Nothing,
            |d, _| guided(d, 25.0),
            |d, _| guided(d, 50.0),
            Other,
            Sentence::NumbersAreNumbers,
        ),
        pair(
            "early-refiner",
            Needs::Refiner,
            |d, o| refined(d, o, 0.25),
            |d, o| refined(d, o, 0.75),
            Other,
            Sentence::RefinerStart,
        ),
        pair(
            "late-refiner",
            Needs::Refiner,
            plain,
            |d, o| refined(d, o, 0.999),
            Near,
            Sentence::RefinerStart,
        ),
    ]
}

fn of_lists(pair: Make) -> Vec<Pair> {
    use Relation::{Other, Same};
    vec![
        pair(
            "loras-in-either-order",
            Needs::Lora,
            |d, o| loras(d, o, &[("one", 0.9), ("two", 0.3)]),
            |d, o| loras(d, o, &[("two", 0.3), ("one", 0.9)]),
            Same,
            Sentence::LorasAddUp,
        ),
        pair(
            "last-lora-acts",
            Needs::Lora,
            |d, o| loras(d, o, &[("one", 0.9), ("two", 0.1), ("three", 0.1)]),
            |d, o| loras(d, o, &[("one", 0.9), ("two", 0.1), ("three", 1.5)]),
            Other,
            Sentence::LorasAddUp,
        ),
        pair(
            "last-control-net-acts",
            Needs::ControlNet,
            |d, o| controls(d, o, &[(120, 1.0), (40, 0.2)]),
            |d, o| controls(d, o, &[(120, 1.0), (40, 1.5)]),
            Other,
            Sentence::FeaturesUsed,
        ),
        pair(
            "control-image-acts",
            Needs::ControlNet,
            |d, o| controls(d, o, &[(20, 1.5)]),
            |d, o| controls(d, o, &[(230, 1.5)]),
            Other,
            Sentence::FeaturesUsed,
        ),
    ]
}

fn of_prompts(pair: Make) -> Vec<Pair> {
    use Relation::{Other, Same};
    vec![
        pair(
            "end-of-a-long-prompt",
            Needs::Nothing,
            |d, _| long_prompt(d, "in fog"),
            |d, _| long_prompt(d, "in red"),
            Other,
            Sentence::PromptNeverCut,
        ),
        pair(
            "weight-of-one",
            Needs::Nothing,
            |d, _| prompt(d, "a red pier"),
            |d, _| prompt(d, "a (red:1.0) pier"),
            Same,
            Sentence::PromptWeighting,
        ),
        pair(
            "escaped-parentheses",
            Needs::Nothing,
            |d, _| with(prompt(d, "a (red:1.4) pier"), "/hyperparameters/prompt_weighting", false.into()),
            |d, _| prompt(d, r"a \(red:1.4\) pier"),
            Same,
            Sentence::PromptWeighting,
        ),
        pair(
            "negative-prompt-without-guidance",
            Needs::Nothing,
            |d, _| guided(d, 1.0),
            |d, _| with(guided(d, 1.0), "/conditioning/negative_prompt", "fog".into()),
            Same,
            Sentence::GuidanceOff,
        ),
        pair(
            "init-image-acts",
            Needs::Feature("img2img"),
            |d, _| started(d, 20, 0.5),
            |d, _| started(d, 230, 0.5),
            Other,
            Sentence::StrengthKeepsTheImage,
        ),
    ]
}

fn of_samplers(pair: Make) -> Vec<Pair> {
    vec![pair(
        "karras-by-flag-or-name",
        Needs::Nothing,
        |d, _| with(d, "/scheduler/karras_sigmas", true.into()),
        |d, _| with(d, "/scheduler/type", "DPM++ 2M Karras".into()),
        Relation::Same,
        Sentence::Karras,
    )]
}

/// The relations that need more than two pictures compared as wholes.
const OTHERS: [(&str, Sentence); 8] = [
    ("unmasked-stays", Sentence::UnmaskedStays),
    ("small-strength-keeps", Sentence::StrengthKeepsTheImage),
    ("last-of-a-batch", Sentence::BatchItemIsSingleRun),
    ("actions", Sentence::ActionsAreOneJob),
    ("dialects", Sentence::DialectsMeanTheSame),
    ("samplers", Sentence::SchedulerNeverSubstituted),
    ("flat-parameters", Sentence::ActionsAreOneJob),
    ("large-seed", Sentence::FieldSeed),
];

pub(super) fn scenario() -> Scenario {
    let pairs = pairs();
    let ids = pairs.iter().map(|pair| (pair.id, pair.proves)).chain(OTHERS);
    let checks = ids.map(|(id, proves)| CheckDef::new(id, Class::Effect, proves)).collect();
    Scenario::new("effects.relations", checks, move |context, checks| {
        let options = context.options.clone();
        let base = base(&options);
        let plain = draw(context, base.clone())?;
        let seeded = draw(context, with(base.clone(), "/hyperparameters/seed", 8.into()))?;
        let far = mean(&plain, &seeded)?;
        for pair in &pairs {
            if let Some(why) = pair.needs.missing(context)? {
                checks.skip(pair.id, why);
                continue;
            }
            checks.decide(pair.id, relate(context, pair, &base, &options, far)?);
        }
        for (id, judge) in [
            ("unmasked-stays", unmasked as fn(&mut Context, &Value) -> Judged),
            ("small-strength-keeps", small_strength),
        ] {
            match context.need_feature(if id == "unmasked-stays" { "inpaint" } else { "img2img" }) {
                Ok(()) => checks.decide(id, judge(context, &base)?),
                Err(ScenarioEnd::Skip(why)) => checks.skip(id, why),
                Err(end) => return Err(end),
            }
        }
        checks.decide("last-of-a-batch", last_of_a_batch(context, &base)?);
        checks.decide("actions", actions(context, &base, &plain)?);
        checks.decide("dialects", dialects(context, &base, &plain)?);
        checks.decide("samplers", samplers(context, &base)?);
        checks.decide("flat-parameters", flat_parameters(context, &base)?);
        checks.decide("large-seed", large_seed(context, &base, &plain)?);
        Ok(())
    })
}

type Judged = Result<Result<(), String>, ScenarioEnd>;

fn mean(one: &Drawn, two: &Drawn) -> Result<f64, ScenarioEnd> {
    mean_difference(&one.pictures[0], &two.pictures[0])
        .ok_or_else(|| ScenarioEnd::Broken("two jobs of one size made pictures of two sizes".to_owned()))
}

fn relate(context: &mut Context, pair: &Pair, base: &Value, options: &Options, far: f64) -> Judged {
    let mut drawn = |make: fn(Value, &Options) -> Value| match draw(context, make(base.clone(), options)) {
        Ok(drawn) => Ok(Ok(drawn)),
        Err(ScenarioEnd::Broken(why)) => Ok(Err(why)),
        Err(end) => Err(end),
    };
    let (one, two) = match (drawn(pair.one)?, drawn(pair.two)?) {
        (Ok(one), Ok(two)) => (one, two),
        (Err(why), _) | (_, Err(why)) => return Ok(Err(why)),
    };
    let by = mean(&one, &two)?;
    let most = difference(&one.pictures[0], &two.pictures[0]);
    let measured = format!("they differ by {by:.3} of 255 in the mean; two seeds by {far:.3}");
    Ok(match pair.relation {
        Relation::Same if most.is_none_or(|most| most > 1) => {
            Err(format!("the same picture twice is wanted: {measured}"))
        }
        Relation::Near if by > NEAR * far => Err(format!("almost the same picture is wanted: {measured}")),
        Relation::Other if most == Some(0) => Err("another picture is wanted, and it is the same".to_owned()),
        _ => Ok(()),
    })
}

/// The part that the mask keeps is that of the image that the job starts from.
fn unmasked(context: &mut Context, base: &Value) -> Judged {
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
fn small_strength(context: &mut Context, base: &Value) -> Judged {
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
fn last_of_a_batch(context: &mut Context, base: &Value) -> Judged {
    let offered = context.capabilities()?["max_batch_size"].as_u64().unwrap_or(1).min(4);
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
fn samplers(context: &mut Context, base: &Value) -> Judged {
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
fn flat_parameters(context: &mut Context, base: &Value) -> Judged {
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
fn large_seed(context: &mut Context, base: &Value, plain: &Drawn) -> Judged {
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
fn actions(context: &mut Context, base: &Value, plain: &Drawn) -> Judged {
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
fn dialects(context: &mut Context, base: &Value, plain: &Drawn) -> Judged {
    let mut wrong = Vec::new();
    for dialect in [Dialect::Pascal, Dialect::Camel] {
        for form in [Form::Documented, Form::Direct] {
            let command = Command::new(Action::GenerateSdxl, json!({"prompt_submission": base}));
            match result_of(context, Command { dialect, form, ..command }, "") {
                Ok((_, picture)) if difference(&picture, &plain.pictures[0]).is_none_or(|most| most > 1) => {
                    wrong.push(format!("{dialect} in the {form:?} envelope makes another picture"));
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
