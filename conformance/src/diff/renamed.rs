//! Pointers that follow a renamed property: conditions, places and rules that name it say the same as before.

use contracts::pointer::escape;
use serde_json::Value;

use super::{value::equal, walk::Edit};

/// Rules of a renamed property, whose values are the old and the new name.
const RENAMES: [&str; 2] = ["P10", "P23"];

/// Drops edits of keywords and tables that only follow a rename.
pub(super) fn follow(edits: Vec<Edit>) -> Vec<Edit> {
    let name = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).map(str::to_owned);
    let renames: Vec<(String, String)> = edits
        .iter()
        .filter(|edit| RENAMES.contains(&edit.rule.id.as_str()))
        .filter_map(|edit| Some((name(&edit.before)?, name(&edit.after)?)))
        .collect();
    if renames.is_empty() {
        return edits;
    }
    let only_follows = |edit: &Edit| match (&edit.before, &edit.after) {
        (Some(before), Some(after)) if !RENAMES.contains(&edit.rule.id.as_str()) => {
            let mut followed = before.clone();
            rename(&mut followed, &renames);
            !equal(&followed, before) && equal(&followed, after)
        }
        _ => false,
    };
    edits.into_iter().filter(|edit| !only_follows(edit)).collect()
}

fn rename(value: &mut Value, renames: &[(String, String)]) {
    match value {
        Value::String(pointer) if pointer.starts_with('/') => {
            let segments = pointer.split('/').map(|segment| {
                let renamed = renames.iter().find(|(old, _)| escape(old) == segment);
                renamed.map_or_else(|| segment.to_owned(), |(_, new)| escape(new))
            });
            *pointer = segments.collect::<Vec<_>>().join("/");
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, renames)),
        Value::Object(members) => members.values_mut().for_each(|member| rename(member, renames)),
        _ => {}
    }
}
