//! Accepted names of fields, in jobs: a field takes the same effect by each name that it may have.

use contracts::dictionary::{Name, ObjectSpec, Shape, dictionary};
use serde_json::{Map, Value, json};

use super::{
    base,
    changes::{control_net, lora},
    distance, draw,
    relations::Judged,
};
use crate::{
    case::with,
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::{Context, picture_url},
    options::Options,
    picture::difference,
    scenario::Scenario,
    sentence::Sentence,
};

/// A document with fields that have further names.
struct Spelt {
    id: &'static str,
    /// The features that it needs.
    features: &'static [&'static str],
    document: fn(Value, &Options) -> Value,
}

const SPELT: [Spelt; 3] = [
    Spelt { id: "of-text", features: &[], document: of_text },
    Spelt { id: "of-images", features: &["img2img", "inpaint"], document: of_images },
    Spelt { id: "of-control-nets", features: &["controlnet"], document: of_control_nets },
];

fn of_text(document: Value, options: &Options) -> Value {
    let fields = [
        ("/scheduler/steps", json!(5)),
        ("/scheduler/karras_sigmas", json!(true)),
        ("/hyperparameters/guidance_scale", json!(3.0)),
        ("/hyperparameters/batch_size", json!(2)),
    ];
    let document = fields.into_iter().fold(document, |document, (at, value)| with(document, at, value));
    match options.lora {
        Some(_) => with(document, "/conditioning/loras", lora(options, 1.5)),
        None => document,
    }
}

fn of_images(document: Value, _: &Options) -> Value {
    let fields = [
        ("/scheduler/steps", json!(10)),
        ("/hyperparameters/strength", json!(0.5)),
        ("/conditioning/init_image", picture_url(60).into()),
        ("/conditioning/inpaint_mask", picture_url(220).into()),
    ];
    fields.into_iter().fold(document, |document, (at, value)| with(document, at, value))
}

fn of_control_nets(document: Value, options: &Options) -> Value {
    with(document, "/conditioning/control_nets", control_net(options, 1.5))
}

pub(super) fn scenario() -> Scenario {
    let checks = SPELT.iter().map(|spelt| CheckDef::new(spelt.id, Class::Names, Sentence::NothingSilent));
    Scenario::new("effects.accepted-names", checks.collect(), |context, checks| {
        for spelt in &SPELT {
            match available(context, spelt) {
                Ok(()) => checks.decide(spelt.id, judge(context, spelt)?),
                Err(ScenarioEnd::Skip(why)) => checks.skip(spelt.id, why),
                Err(end) => return Err(end),
            }
        }
        Ok(())
    })
}

fn available(context: &mut Context, spelt: &Spelt) -> Result<(), ScenarioEnd> {
    if spelt.features.contains(&"controlnet") && context.options.control_net.is_none() {
        return Err(ScenarioEnd::Skip("needs --control-net".to_owned()));
    }
    spelt.features.iter().try_for_each(|feature| context.need_feature(feature))
}

fn judge(context: &mut Context, spelt: &Spelt) -> Judged {
    let document = (spelt.document)(base(&context.options), &context.options.clone());
    let canonical = draw(context, document.clone())?;
    let mut others = Vec::new();
    rename_each(&dictionary().named("PromptSubmission").shape, &document, &mut others);
    for (name, renamed) in others {
        let drawn = match draw(context, renamed) {
            Ok(drawn) => drawn,
            Err(ScenarioEnd::Broken(why)) => return Ok(Err(format!("by the name {name}: {why}"))),
            Err(end) => return Err(end),
        };
        let differs = (drawn.pictures.len() == canonical.pictures.len())
            .then(|| difference(&canonical.pictures[0], &drawn.pictures[0]))
            .flatten();
        if differs.is_none_or(|most| most > 1) {
            return Ok(Err(format!(
                "by the name {name} the picture differs by {} of 255 from that by the canonical name",
                distance(differs)
            )));
        }
    }
    Ok(Ok(()))
}

/// The document once for each accepted name of a member that it has, with the member under that name.
fn rename_each(shape: &Shape, value: &Value, others: &mut Vec<(String, Value)>) {
    match (dictionary().resolve(shape), value) {
        (Shape::Object(spec), Value::Object(members)) => {
            for property in &spec.properties {
                let Some(inner) = members.get(&property.snake) else { continue };
                for name in accepted_names(spec, &property.snake) {
                    let renamed: Map<String, Value> = members
                        .iter()
                        .map(|(member, value)| {
                            (if *member == property.snake { &name } else { member }.clone(), value.clone())
                        })
                        .collect();
                    others.push((name.clone(), renamed.into()));
                }
                let mut below = Vec::new();
                rename_each(&property.shape, inner, &mut below);
                others.extend(below.into_iter().map(|(name, inner)| {
                    let mut whole = value.clone();
                    whole[&property.snake] = inner;
                    (name, whole)
                }));
            }
        }
        (Shape::List(list), Value::Array(items)) => {
            for (i, item) in items.iter().enumerate() {
                let mut below = Vec::new();
                rename_each(&list.item, item, &mut below);
                others.extend(below.into_iter().map(|(name, item)| {
                    let mut whole = value.clone();
                    whole[i] = item;
                    (name, whole)
                }));
            }
        }
        _ => {}
    }
}

/// The names of a property that no dialect writes, in order.
fn accepted_names(spec: &ObjectSpec, snake: &str) -> Vec<String> {
    let is_of = |meaning: &Name| match meaning {
        Name::Property { index, spelling } => {
            spec.properties[*index].snake == snake && spelling.is_accepted()
        }
        _ => false,
    };
    let mut names: Vec<String> =
        spec.names.iter().filter(|(_, meaning)| is_of(meaning)).map(|(name, _)| name.clone()).collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_accepted_name_of_a_field_of_pictures_is_tried() {
        let options =
            Options { lora: Some("l".to_owned()), control_net: Some("c".to_owned()), ..Options::default() };
        let shape = &dictionary().named("PromptSubmission").shape;
        let mut tried = Vec::new();
        for spelt in &SPELT {
            let mut others = Vec::new();
            rename_each(shape, &(spelt.document)(base(&options), &options), &mut others);
            tried.extend(others.into_iter().map(|(name, _)| name));
        }
        for name in [
            "num_inference_steps",
            "use_karras_sigmas",
            "cfg_scale",
            "num_images",
            "denoising_strength",
            "mask_image",
            "Loras",
            "scale",
            "conditioning_image",
            "control_image",
            "conditioning_scale",
            "controlnets",
        ] {
            assert!(tried.iter().any(|tried| tried == name), "{name} is not among {tried:?}");
        }
    }
}
