//! Rust: the reading of `contracts`, which the gateway and worker-sim act by.

use contracts::{
    DeviceKind, Writer,
    dictionary::{Shape, dictionary},
    tree,
};
use serde_json::json;
use std::collections::BTreeSet;

use crate::agree::{
    answer::{Answer, Found, plain, warnings_in},
    payload::Payload,
};

/// Its answer to a payload.
pub(crate) fn read(payload: &Payload) -> Answer {
    let parsed = match tree::parse(payload.text_for_canonical().as_bytes()) {
        Ok(parsed) => parsed,
        Err(err) => return Answer { refuses: true, why: err.to_string(), ..Answer::default() },
    };
    let writer = if payload.is_sender { Writer::Sender } else { Writer::Canonical };
    let reading = contracts::read(&payload.definition, &parsed.tree, writer);
    let found = reading.violations.iter().map(|violation| Found {
        at: plain(&violation.pointer),
        code: violation.code.to_string(),
        rule: violation.rule.clone(),
    });
    let why: Vec<String> = reading
        .violations
        .iter()
        .map(|violation| format!("{}: {}", violation.pointer, violation.message))
        .collect();
    let value = reading.document().cloned();
    let effective = value
        .as_ref()
        .filter(|_| starts_there(&payload.definition))
        .map(|value| contracts::effective_of(&payload.definition, value, DeviceKind::Gpu));
    Answer {
        refuses: !reading.is_valid(),
        why: why.join("; "),
        found: Some(found.collect()),
        is_all: reading.violations_total == reading.violations.len(),
        warnings: payload.is_sender.then(|| warnings_in(&json!(reading.warnings))),
        value,
        effective,
    }
}

/// Whether the pointers of conditions in a definition start at its documents. Those of a part, or of what holds a whole, do not,
/// and nobody asks for its defaults.
fn starts_there(definition: &str) -> bool {
    let def = dictionary().named(definition);
    !def.rules.is_empty() || !has_conditions(&def.shape, &mut BTreeSet::new())
}

fn has_conditions(shape: &'static Shape, seen: &mut BTreeSet<&'static str>) -> bool {
    match shape {
        Shape::Ref(id) => {
            let def = dictionary().def(*id);
            seen.insert(&def.name) && has_conditions(&def.shape, seen)
        }
        Shape::Object(spec) => spec.properties.iter().any(|property| {
            property.takes_effect_when.is_some()
                || property.default_by.is_some()
                || has_conditions(&property.shape, seen)
        }),
        Shape::Nullable(inner) => has_conditions(inner, seen),
        Shape::List(list) => has_conditions(&list.item, seen),
        Shape::Map(map) => has_conditions(&map.value, seen),
        _ => false,
    }
}
