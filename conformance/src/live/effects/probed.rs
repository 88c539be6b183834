//! Leaves of the prompt submission against the probes of this suite: each leaf of the schema has a probe.

use contracts::{
    DeviceKind,
    checked::IntegerLimits,
    dictionary::{Effect, Shape, dictionary},
    effective,
    leaves::{Leaf, leaves},
};
use serde_json::Value;

use super::{base, changes, draw};
use crate::{
    case::with,
    check::{CheckDef, ScenarioEnd},
    class::Class,
    exchange::same,
    options::Options,
    picture::difference,
    scenario::Scenario,
    sentence::Sentence,
};

const PROVES: Sentence = Sentence::NothingSilent;

/// Leaves without a probe in this suite, each with its reason.
const UNPROBED: &[(&str, &str)] = &[
    ("/model/base", "no option names a second base model"),
    ("/model/tokenizer", "no option names a tokenizer"),
    ("/model/text_encoder", "no option names a text encoder"),
    ("/model/text_encoder_2", "no option names a text encoder"),
    ("/conditioning/loras/*/adapter_name", "no reply and no picture shows it"),
    (
        "/conditioning/textual_inversions/*/path",
        "asked.training-texts.embedding draws with two embeddings that it trained",
    ),
    ("/performance/device", "a target has one device; capabilities probes the others"),
    ("/performance/dtype", "it decides time and memory; a device may have one"),
    ("/performance/optimizations", "they decide time and memory; errors probes those that are not there"),
    ("/postprocessing/safety_checker", "it changes only what it flags, and no picture must be flagged"),
    ("/metadata/timeout_seconds", "ordering and hostile probe it"),
];

/// Every leaf of the schema has a probe, or a reason for having none.
pub(super) fn every_leaf(by_hand: &[&'static str]) -> Scenario {
    let checks = vec![CheckDef::new("every-leaf", Class::Names, PROVES)];
    let by_hand = by_hand.to_vec();
    Scenario::new("effects.probed", checks, move |_, checks| {
        let faults = faults(leaves(), &by_hand, UNPROBED);
        checks.hold("every-leaf", faults.is_empty(), || faults.join("; "));
        Ok(())
    })
}

fn faults(leaves: &[Leaf], by_hand: &[&str], unprobed: &[(&str, &str)]) -> Vec<String> {
    let has_probe = |leaf: &Leaf| is_probed(&leaf.pointer, by_hand) || other_value(leaf).is_some();
    let excused = |pointer: &str| unprobed.iter().any(|(excused, _)| *excused == pointer);
    let without = leaves
        .iter()
        .filter(|leaf| !excused(&leaf.pointer) && !has_probe(leaf))
        .map(|leaf| format!("{} has no probe in the suite effects", leaf.pointer));
    let stale = unprobed
        .iter()
        .filter(|(pointer, _)| {
            !leaves.iter().any(|leaf| leaf.pointer == *pointer && !is_probed(pointer, by_hand))
        })
        .map(|(pointer, _)| {
            format!("{pointer} has a probe, or is no leaf: it needs no reason for having none")
        });
    without.chain(stale).collect()
}

fn is_probed(pointer: &str, by_hand: &[&str]) -> bool {
    by_hand.contains(&pointer) || changes::probes(pointer)
}

/// A probe for each leaf that decides the picture and has none by hand: another value of the schema must change the picture.
pub(super) fn generated(by_hand: &[&str]) -> Option<Scenario> {
    let probes = generated_of(leaves(), by_hand);
    if probes.is_empty() {
        return None;
    }
    let checks = probes.iter().map(|(leaf, _)| CheckDef::new(id(leaf), Class::Names, PROVES)).collect();
    Some(Scenario::new("effects.generated", checks, move |context, checks| {
        let base = base(&context.options);
        let plain = draw(context, base.clone())?;
        for (leaf, value) in &probes {
            match draw(context, with(base.clone(), &leaf.pointer, value.clone())) {
                Ok(drawn) => {
                    let differs = difference(&plain.pictures[0], &drawn.pictures[0]);
                    checks.hold(&id(leaf), differs != Some(0), || {
                        format!("{} of {value} changes nothing in the picture", leaf.pointer)
                    });
                }
                Err(ScenarioEnd::Broken(why)) => checks.decide(&id(leaf), Err(why)),
                Err(end) => return Err(end),
            }
        }
        Ok(())
    }))
}

/// Those of some leaves for which a probe is generated, each with the other value.
fn generated_of<'l>(leaves: &'l [Leaf], by_hand: &[&str]) -> Vec<(&'l Leaf, Value)> {
    let without = leaves
        .iter()
        .filter(|leaf| !is_probed(&leaf.pointer, by_hand))
        .filter(|leaf| !UNPROBED.iter().any(|(excused, _)| *excused == leaf.pointer));
    without.filter_map(|leaf| Some((leaf, other_value(leaf)?))).collect()
}

/// Ids of the checks that are generated for some leaves, and the faults of the others.
#[cfg(test)]
pub(super) fn what_names(leaves: &[Leaf], by_hand: &[&str]) -> Vec<String> {
    let generated = generated_of(leaves, by_hand).into_iter().map(|(leaf, _)| id(leaf));
    generated.chain(faults(leaves, by_hand, UNPROBED)).collect()
}

/// The id of a generated check: the leaf's pointer, as ids are written.
fn id(leaf: &Leaf) -> String {
    leaf.pointer.trim_start_matches('/').replace('/', ".")
}

/// A value that must change the picture of the base job: of a number, an enum or a boolean that decides the picture and
/// can take effect there; `None` for every other leaf.
fn other_value(leaf: &Leaf) -> Option<Value> {
    let base = base(&Options::default());
    let whole = effective(&base, DeviceKind::Cpu);
    let root = &dictionary().named("PromptSubmission").shape;
    let takes_effect = leaf
        .property
        .takes_effect_when
        .as_ref()
        .is_none_or(|condition| condition.holds(&whole, root, dictionary()));
    if leaf.effect != Effect::Picture || leaf.pointer.contains('*') || !takes_effect {
        return None;
    }
    let now = whole.pointer(&leaf.pointer);
    let is_other = |value: &Value| now.is_none_or(|now| !same(now, value));
    let candidates: Vec<Value> = match dictionary().resolve(&leaf.property.shape) {
        Shape::Boolean => vec![true.into(), false.into()],
        Shape::Enum(spec) => spec.values.iter().rev().map(|value| value.as_str().into()).collect(),
        &Shape::Integer(IntegerLimits { minimum, maximum, multiple_of }) => {
            let middle = minimum + (maximum - minimum) / 2 / multiple_of * multiple_of;
            vec![middle.into(), maximum.into()]
        }
        Shape::Number(limits) => {
            let (minimum, maximum) = (limits.minimum.value(), limits.maximum.value());
            [0.5, 0.25].map(|share| (minimum + (maximum - minimum) * share).into()).to_vec()
        }
        _ => Vec::new(),
    };
    candidates.into_iter().find(is_other)
}

#[cfg(test)]
mod tests {
    use contracts::leaves::leaves;

    use super::{UNPROBED, faults};
    use crate::live::effects::own_probes;

    #[test]
    fn a_leaf_without_a_probe_and_a_stale_reason_are_named() {
        let own = own_probes();
        let by_hand: Vec<&str> = own.iter().flat_map(|probe| probe.leaves).copied().collect();
        assert_eq!(faults(leaves(), &by_hand, UNPROBED), Vec::<String>::new());

        let without = |left_out: &str| {
            let by_hand: Vec<&str> = by_hand.iter().copied().filter(|leaf| *leaf != left_out).collect();
            faults(leaves(), &by_hand, UNPROBED)
        };
        let quality = "/postprocessing/quality";
        assert_eq!(without(quality), [format!("{quality} has no probe in the suite effects")]);

        let stale = [UNPROBED, &[(quality, "none"), ("/gone", "none")]].concat();
        let said = |pointer: &str| {
            format!("{pointer} has a probe, or is no leaf: it needs no reason for having none")
        };
        assert_eq!(faults(leaves(), &by_hand, &stale), [said(quality), said("/gone")]);
    }
}
