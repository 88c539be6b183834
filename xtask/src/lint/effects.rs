//! `x-effect`: each leaf of the prompt submission says what it decides, and nothing else does.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Lint;
use super::rules::place_of;
use crate::schemas::Bundle;

/// The document whose leaves have an effect.
const ROOT: &str = "PromptSubmission";

/// Looks at every property of every object.
pub(super) fn lint(lint: &mut Lint<'_>) {
    let mut leaves = BTreeSet::new();
    add_leaves(lint.bundle, ROOT, &mut leaves);
    let mut findings = Vec::new();
    for (owner, properties) in lint.objects() {
        for (property, schema) in properties {
            let is_leaf = leaves.contains(&(owner.to_owned(), property.clone()));
            match (is_leaf, schema.get("x-effect").is_some()) {
                (true, false) => findings.push((
                    owner.to_owned(),
                    property.clone(),
                    "a leaf of the prompt submission without x-effect",
                    "say what it decides: picture, file, record, time or place (schemas/README.md)",
                )),
                (false, true) => findings.push((
                    owner.to_owned(),
                    property.clone(),
                    "x-effect at what is no leaf of the prompt submission",
                    "take it away",
                )),
                _ => {}
            }
        }
    }
    for (owner, property, what, way_out) in findings {
        lint.find_in(&owner, &format!("/properties/{property}"), what, way_out);
    }
}

/// The properties below a definition that have no properties of their own, with their owners.
fn add_leaves(bundle: &Bundle, owner: &str, leaves: &mut BTreeSet<(String, String)>) {
    let properties = bundle.definitions.get(owner).and_then(|schema| schema.get("properties"));
    for (property, schema) in properties.and_then(Value::as_object).into_iter().flatten() {
        match object_below(bundle, owner, property, schema) {
            Some(inner) => add_leaves(bundle, &inner, leaves),
            None => drop(leaves.insert((owner.to_owned(), property.clone()))),
        }
    }
}

/// The name of the object that a property holds, itself or as its items.
fn object_below(bundle: &Bundle, owner: &str, property: &str, schema: &Value) -> Option<String> {
    let holder = schema.get("items").unwrap_or(schema);
    let name = crate::schemas::reference_name(holder.get("$ref")?.as_str()?)?;
    let below = if schema.get("items").is_some() { "/*" } else { "" };
    let object = place_of(bundle, owner, &format!("/{property}{below}"))?;
    object.get("properties").is_some().then(|| name.to_owned())
}
