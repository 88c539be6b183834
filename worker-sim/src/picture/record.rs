//! The record inside a picture: the effective submission with its seed, and nothing that differs between equal jobs.

use contracts::dictionary::Effect;
use serde_json::{Map, Value};
use std::collections::HashMap;

use super::recipe::file_name;
use crate::account::unmeant;

/// JSON text, keys sorted. `hashes`: image reference to `sha256:<hex>`.
pub(crate) fn record(effective: &Value, seed: u64, hashes: &HashMap<String, String>) -> String {
    let mut document = effective.clone();
    if let Value::Object(members) = &mut document {
        members.remove("metadata");
    }
    // Of the metadata only what decides the picture, its file or this record; priority and tags are the queue's.
    for set in unmeant(effective).filter(|set| !matches!(set.leaf.effect, Effect::Time | Effect::Place)) {
        if let Some(name) = set.pointer.strip_prefix("/metadata/") {
            document["metadata"][name] = set.value.clone();
        }
    }
    document["hyperparameters"]["seed"] = seed.into();
    let in_model = document["model"].as_object_mut().into_iter().flat_map(Map::values_mut);
    in_model.for_each(shorten);
    for (list, name) in [("loras", "name"), ("textual_inversions", "path"), ("control_nets", "model")] {
        each(&mut document, list, name, &shorten);
    }
    let hash = |value: &mut Value| {
        if let Some(hash) = value.as_str().and_then(|reference| hashes.get(reference)) {
            *value = hash.clone().into();
        }
    };
    each(&mut document, "control_nets", "image", &hash);
    for name in ["init_image", "inpaint_mask"] {
        if let Some(value) = document["conditioning"].get_mut(name) {
            hash(value);
        }
    }
    sorted(document).to_string()
}

fn each(document: &mut Value, list: &str, name: &str, change: &dyn Fn(&mut Value)) {
    let items = document["conditioning"].get_mut(list).and_then(Value::as_array_mut);
    items.into_iter().flatten().filter_map(|item| item.get_mut(name)).for_each(change);
}

fn shorten(value: &mut Value) {
    if let Value::String(reference) = value {
        *reference = file_name(reference);
    }
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> =
                members.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::Object(members.into_iter().collect())
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}
