//! Fields changed alone: each changes the picture, or keeps it, by its row.

use contracts::leaves::leaves;
use serde_json::{Value, json};

use super::{Drawn, base, distance, draw};
use crate::{
    case::with,
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::{Context, picture_url},
    display,
    options::Options,
    picture::difference,
    scenario::Scenario,
    sentence::Sentence,
};

/// The effect of a change on the picture.
#[derive(Clone, Copy, PartialEq)]
enum Effect {
    /// The pixels are others.
    Changes,
    /// The pixels are equal.
    Keeps,
}

/// One field, changed alone.
struct Change {
    id: &'static str,
    needs: Needs,
    /// The document before the change, made of the base; the base itself, if none.
    from: Option<fn(Value, &Options) -> Value>,
    set: fn(Value, &Options) -> Value,
    effect: Effect,
    /// The key of `features_used` that must be true (or false for `Keeps`).
    feature: Option<&'static str>,
    warning: Option<&'static str>,
    proves: Sentence,
}

#[derive(Clone, Copy)]
enum Needs {
    Nothing,
    Feature(&'static str),
    Lora,
    ControlNet,
    Refiner,
    Vae,
}

const fn change(
    id: &'static str,
    effect: Effect,
    set: fn(Value, &Options) -> Value,
    proves: Sentence,
) -> Change {
    Change { id, needs: Needs::Nothing, from: None, set, effect, feature: None, warning: None, proves }
}

pub(super) fn lora(options: &Options, weight: f64) -> Value {
    json!([{"name": options.lora, "weight": weight}])
}

pub(super) fn control_net(options: &Options, weight: f64) -> Value {
    json!([{"type": options.control_net_type, "model": options.control_net, "image": picture_url(120), "weight": weight}])
}

fn guided(document: Value, options: &Options) -> Value {
    with(document, "/conditioning/control_nets", control_net(options, 1.5))
}

fn weighted(document: Value, _: &Options) -> Value {
    with(document, "/conditioning/prompt", "a (lighthouse:1.5) at dusk".into())
}

fn masked(document: Value, _: &Options) -> Value {
    let image = with(document, "/conditioning/init_image", picture_url(60).into());
    with(image, "/conditioning/inpaint_mask", picture_url(220).into())
}

/// A ControlNet that guides only a part of the steps.
fn part_of_steps(id: &'static str, set: fn(Value, &Options) -> Value) -> Change {
    Change {
        from: Some(guided),
        needs: Needs::ControlNet,
        feature: Some("controlnet"),
        ..change(id, Effect::Changes, set, Sentence::FieldGuidanceInterval)
    }
}

/// A field that changes the picture and needs nothing but the base.
const fn set(id: &'static str, set: fn(Value, &Options) -> Value, proves: Sentence) -> Change {
    change(id, Effect::Changes, set, proves)
}

const SAME_PICTURE: Sentence = Sentence::PictureRecord;
const TAKES_PART: Sentence = Sentence::FeaturesUsed;
const WEIGHT_ZERO: Sentence = Sentence::WeightZero;

/// All of them, in the order of their checks.
fn changes() -> Vec<Change> {
    [
        of_the_scheduler(),
        of_the_prompt(),
        of_the_file(),
        of_loras(),
        of_control_nets(),
        of_models(),
        of_images(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn of_the_scheduler() -> Vec<Change> {
    vec![
        set("seed", |d, _| with(d, "/hyperparameters/seed", 8.into()), Sentence::FieldSeed),
        set("steps", |d, _| with(d, "/scheduler/steps", 5.into()), Sentence::FieldSteps),
        set(
            "guidance",
            |d, _| with(d, "/hyperparameters/guidance_scale", 3.0.into()),
            Sentence::FieldGuidanceScale,
        ),
        set(
            "scheduler",
            |d, _| with(d, "/scheduler/type", "Euler".into()),
            Sentence::SchedulerNeverSubstituted,
        ),
        set("karras", |d, _| with(d, "/scheduler/karras_sigmas", true.into()), Sentence::Karras),
    ]
}

fn of_the_prompt() -> Vec<Change> {
    vec![
        set("prompt", |d, _| with(d, "/conditioning/prompt", "a red car".into()), Sentence::FieldPrompt),
        set(
            "negative-prompt",
            |d, _| with(d, "/conditioning/negative_prompt", "fog".into()),
            Sentence::FieldNegativePrompt,
        ),
        set("weighted-prompt", weighted, Sentence::PromptWeighting),
        set("prompt-2", |d, _| with(d, "/conditioning/prompt_2", "a red car".into()), Sentence::FieldPrompt2),
        set(
            "negative-prompt-2",
            |d, _| with(d, "/conditioning/negative_prompt_2", "fog".into()),
            Sentence::FieldNegativePrompt2,
        ),
        Change {
            from: Some(weighted),
            ..set(
                "prompt-weighting",
                |d, o| with(weighted(d, o), "/hyperparameters/prompt_weighting", false.into()),
                Sentence::PromptWeighting,
            )
        },
        set("clip-skip", |d, _| with(d, "/conditioning/clip_skip", 1.into()), Sentence::FieldClipSkip),
    ]
}

fn of_the_file() -> Vec<Change> {
    vec![
        set(
            "auto-contrast",
            |d, _| with(d, "/postprocessing/auto_contrast", true.into()),
            Sentence::FieldAutoContrast,
        ),
        change(
            "labels",
            Effect::Keeps,
            |d, _| {
                with(with(d, "/metadata/tags", json!({"team": "cats"})), "/metadata/priority", "high".into())
            },
            SAME_PICTURE,
        ),
    ]
}

fn of_loras() -> Vec<Change> {
    vec![
        Change {
            needs: Needs::Lora,
            feature: Some("lora"),
            ..set("lora", |d, c| with(d, "/conditioning/loras", lora(c, 1.5)), TAKES_PART)
        },
        Change {
            needs: Needs::Lora,
            feature: Some("lora"),
            warning: Some("weight_zero"),
            ..change(
                "lora-weight-zero",
                Effect::Keeps,
                |d, c| with(d, "/conditioning/loras", lora(c, 0.0)),
                WEIGHT_ZERO,
            )
        },
    ]
}

fn of_control_nets() -> Vec<Change> {
    vec![
        Change {
            needs: Needs::ControlNet,
            feature: Some("controlnet"),
            ..set(
                "control-net",
                |d, c| with(d, "/conditioning/control_nets", control_net(c, 1.5)),
                TAKES_PART,
            )
        },
        Change {
            needs: Needs::ControlNet,
            feature: Some("controlnet"),
            warning: Some("weight_zero"),
            ..change(
                "control-net-weight-zero",
                Effect::Keeps,
                |d, c| with(d, "/conditioning/control_nets", control_net(c, 0.0)),
                WEIGHT_ZERO,
            )
        },
        part_of_steps("control-net-start", |d, o| {
            with(guided(d, o), "/conditioning/control_nets/0/guidance_start", 0.5.into())
        }),
        part_of_steps("control-net-end", |d, o| {
            with(guided(d, o), "/conditioning/control_nets/0/guidance_end", 0.5.into())
        }),
        Change {
            from: Some(guided),
            needs: Needs::ControlNet,
            feature: Some("controlnet"),
            ..set(
                "control-net-preprocess",
                |d, o| with(guided(d, o), "/conditioning/control_nets/0/preprocess", true.into()),
                Sentence::FieldPreprocess,
            )
        },
    ]
}

fn of_models() -> Vec<Change> {
    vec![
        Change {
            needs: Needs::Refiner,
            feature: Some("refiner"),
            ..set(
                "refiner",
                |d, c| {
                    with(
                        with(d, "/model/refiner", json!(c.refiner)),
                        "/hyperparameters/refiner_start",
                        0.5.into(),
                    )
                },
                TAKES_PART,
            )
        },
        Change {
            needs: Needs::Vae,
            feature: Some("custom_vae"),
            ..set("vae", |d, c| with(d, "/model/vae", json!(c.vae)), TAKES_PART)
        },
    ]
}

fn of_images() -> Vec<Change> {
    vec![
        Change {
            needs: Needs::Feature("img2img"),
            feature: Some("img2img"),
            ..set(
                "init-image",
                |d, _| with(d, "/conditioning/init_image", picture_url(60).into()),
                TAKES_PART,
            )
        },
        Change {
            needs: Needs::Feature("inpaint"),
            feature: Some("inpaint"),
            ..set("mask", masked, TAKES_PART)
        },
        Change {
            from: Some(masked),
            needs: Needs::Feature("inpaint"),
            feature: Some("inpaint"),
            ..set(
                "mask-blur",
                |d, o| with(masked(d, o), "/conditioning/mask_blur", 8.into()),
                Sentence::FieldMaskBlur,
            )
        },
    ]
}

/// The leaves that a change probes: those with another value after it.
pub(super) fn probes(leaf: &str) -> bool {
    changes().iter().any(|change| is_changed(change, leaf))
}

fn is_changed(change: &Change, leaf: &str) -> bool {
    let options = Options::default();
    let base = base(&options);
    let before = change.from.map_or_else(|| base.clone(), |from| from(base.clone(), &options));
    let after = (change.set)(base, &options);
    values_at(&before, leaf) != values_at(&after, leaf)
}

/// A reason with the leaves that are changed: the id of a check is a short word for them.
fn naming(change: &Change, why: &str) -> String {
    let changed = leaves().iter().map(|leaf| leaf.pointer.as_str()).filter(|leaf| is_changed(change, leaf));
    format!("{}: {why}", changed.collect::<Vec<_>>().join(", "))
}

/// The values at a pointer; `*` is each item of a list.
fn values_at<'v>(document: &'v Value, pointer: &str) -> Vec<&'v Value> {
    pointer.split('/').skip(1).fold(vec![document], |values, token| match token {
        "*" => values.into_iter().filter_map(Value::as_array).flatten().collect(),
        name => values.into_iter().filter_map(|value| value.get(name)).collect(),
    })
}

/// A field that changes nothing was not read, or its value was taken for another one.
fn class(change: &Change) -> Class {
    match change.effect {
        Effect::Changes if change.id == "scheduler" => Class::Enum,
        Effect::Changes => Class::Names,
        Effect::Keeps => Class::Effect,
    }
}

/// Every change, each against the document before it.
pub(super) fn scenario() -> Scenario {
    let changes = changes();
    let checks = changes.iter().map(|change| CheckDef::new(change.id, class(change), change.proves));
    Scenario::new("effects.fields", checks.collect(), move |context, checks| {
        let options = context.options.clone();
        let plain = draw(context, base(&options))?;
        for change in &changes {
            if let Err(why) = available(context, change)? {
                checks.skip(change.id, why);
                continue;
            }
            let other = change.from.map(|from| draw(context, from(base(&options), &options))).transpose()?;
            match draw(context, (change.set)(base(&options), &options)) {
                Ok(drawn) => {
                    let judged = judge(change, other.as_ref().unwrap_or(&plain), &drawn);
                    checks.decide(change.id, judged.map_err(|why| naming(change, &why)));
                }
                Err(ScenarioEnd::Broken(why)) => checks.decide(change.id, Err(naming(change, &why))),
                Err(end) => return Err(end),
            }
        }
        Ok(())
    })
}

fn available(context: &mut Context, change: &Change) -> Result<Result<(), String>, ScenarioEnd> {
    let needed = |there: bool, flag: &str| if there { Ok(()) } else { Err(format!("needs {flag}")) };
    let options = context.options.clone();
    let available = match change.needs {
        Needs::Nothing => Ok(()),
        Needs::Lora => needed(options.lora.is_some(), "--lora"),
        Needs::ControlNet => needed(options.control_net.is_some(), "--control-net"),
        Needs::Refiner => needed(options.refiner.is_some(), "--refiner"),
        Needs::Vae => needed(options.vae.is_some(), "--vae"),
        Needs::Feature(feature) => match context.need_feature(feature) {
            Ok(()) => Ok(()),
            Err(ScenarioEnd::Skip(why)) => Err(why),
            Err(end) => return Err(end),
        },
    };
    if change.id == "clip-skip" && context.capabilities()?["limits"]["clip_skip_max"].as_u64() < Some(1) {
        return Ok(Err("the model at hand has no layer to skip".to_owned()));
    }
    Ok(available)
}

fn judge(change: &Change, plain: &Drawn, drawn: &Drawn) -> Result<(), String> {
    let differs = difference(&plain.pictures[0], &drawn.pictures[0]);
    match change.effect {
        Effect::Changes if differs == Some(0) => return Err("it changes nothing in the picture".to_owned()),
        Effect::Keeps if differs.is_none_or(|most| most > 1) => {
            return Err(format!("it changes the picture (by {} of 255)", distance(differs)));
        }
        _ => {}
    }
    if let Some(feature) = change.feature {
        let took_part = &drawn.result["features_used"][feature];
        if *took_part != (change.effect == Effect::Changes) {
            return Err(format!("features_used.{feature} is {took_part}"));
        }
    }
    if let Some(warning) = change.warning
        && !drawn.reading.warnings().contains(&warning)
    {
        return Err(format!("no warning {warning}: {}", display::json(&drawn.reading.warnings())));
    }
    match change.id {
        "scheduler" if drawn.result["scheduler_used"] != "Euler" => {
            Err(format!("scheduler_used is {}", drawn.result["scheduler_used"]))
        }
        "karras" if drawn.result["scheduler_used"] != "DPM++ 2M Karras" => {
            Err(format!("scheduler_used is {}", drawn.result["scheduler_used"]))
        }
        "steps" if drawn.result["steps_used"] != 5 => {
            Err(format!("steps_used is {}", drawn.result["steps_used"]))
        }
        _ => Ok(()),
    }
}
