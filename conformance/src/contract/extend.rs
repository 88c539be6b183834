//! Expands the two keywords of ours that stand for others: `x-extends` and `x-enum-from`.

use contracts::pointer::{escape, get};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

use super::references::encoded;

/// Marks a definition whose properties are those of its base too.
pub(crate) const EXTENDED: &str = "x-extended-by-the-tool";

/// How deep definitions extend each other at most: ours are one deep.
const DEPTH_MAX: usize = 8;

pub(super) fn expand(documents: &mut Map<String, Value>, tables: &BTreeMap<String, Value>) {
    for _ in 0..DEPTH_MAX {
        let before = documents.clone();
        let whole = json!({"$defs": before});
        let mut changed = false;
        for (key, document) in documents.iter_mut() {
            each_object(document, &mut |schema| {
                changed |= extend(schema, key, &whole);
                enumerate(schema, tables);
            });
        }
        if !changed {
            return;
        }
    }
}

fn each_object(value: &mut Value, visit: &mut dyn FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            visit(object);
            object.values_mut().for_each(|value| each_object(value, visit));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| each_object(value, visit)),
        _ => {}
    }
}

/// The properties of the base come first, as references: a change of one is found where it is written, and once.
fn extend(schema: &mut Map<String, Value>, key: &str, whole: &Value) -> bool {
    let Some(Value::String(reference)) = schema.get("x-extends") else { return false };
    if schema.contains_key(EXTENDED) {
        return false;
    }
    let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
    let file = if file.is_empty() { key } else { file };
    let base = format!("/$defs/{}{pointer}", escape(file));
    let Some(object) = get(whole, &base) else { return false };
    // Its own base must be there first.
    if object.get("x-extends").is_some() && object.get(EXTENDED).is_none() {
        return true;
    }
    let mut properties = Map::new();
    for name in object.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys) {
        let at = encoded(&format!("{base}/properties/{}", escape(name)));
        properties.insert(name.clone(), json!({"$ref": format!("#{at}")}));
    }
    let required = object.get("required").and_then(Value::as_array).cloned();
    let own = schema.entry("properties").or_insert_with(|| json!({}));
    if let Value::Object(own) = own {
        for (name, value) in std::mem::replace(own, properties) {
            own.insert(name, value);
        }
    }
    if let Some(mut all) = required {
        let own = schema.entry("required").or_insert_with(|| json!([]));
        if let Value::Array(own) = own {
            all.retain(|name| !own.contains(name));
            all.append(own);
            *own = all;
        }
    }
    schema.insert(EXTENDED.to_owned(), true.into());
    true
}

/// `errors.json#/errors/code`: the column `code` of the rows of `errors`.
fn enumerate(schema: &mut Map<String, Value>, tables: &BTreeMap<String, Value>) {
    let Some(Value::String(from)) = schema.get("x-enum-from") else { return };
    let Some((file, pointer)) = from.split_once('#') else { return };
    let Some((rows, column)) = pointer.rsplit_once('/') else { return };
    let table = tables.get(file.trim_end_matches(".json")).and_then(|table| get(table, rows));
    let Some(rows) = table.and_then(Value::as_array) else { return };
    let values: Vec<Value> = rows.iter().filter_map(|row| row.get(column)).cloned().collect();
    schema.insert("enum".to_owned(), values.into());
}
