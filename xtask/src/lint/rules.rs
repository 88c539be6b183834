//! Rules over several fields and conditions: their ids, codes and pointers.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Lint;
use crate::model::nullable_of;
use crate::schemas::{Bundle, reference_name};

/// The schema at a pointer below a definition; `*` is an item or a value. References are followed.
pub(super) fn place_of<'a>(bundle: &'a Bundle, definition: &str, pointer: &str) -> Option<&'a Value> {
    let mut schema = resolved(bundle, bundle.definitions.get(definition)?)?;
    for segment in pointer.split('/').skip(1) {
        let below = match segment {
            "*" => schema.get("items").or_else(|| schema.get("additionalProperties"))?,
            name => schema.get("properties")?.get(name)?,
        };
        schema = resolved(bundle, below)?;
    }
    Some(schema)
}

fn resolved<'a>(bundle: &'a Bundle, schema: &'a Value) -> Option<&'a Value> {
    if let Some(inner) = nullable_of(schema) {
        return resolved(bundle, inner);
    }
    match schema.get("$ref").and_then(Value::as_str) {
        None => Some(schema),
        Some(reference) => resolved(bundle, bundle.definitions.get(reference_name(reference)?)?),
    }
}

/// Looks at `rules.json`, at the conditions in the schemas, and at the codes of both tables.
pub(super) fn lint(lint: &mut Lint<'_>) {
    codes(lint);
    let rules = lint.bundle.rules.as_array().cloned().unwrap_or_default();
    let mut ids = BTreeSet::new();
    let mut roots = BTreeSet::new();
    for (index, rule) in rules.iter().enumerate() {
        let place = format!("/rules/{index}");
        let text = |member: &str| rule.get(member).and_then(Value::as_str).unwrap_or_default();
        let (id, on) = (text("id"), text("on"));
        if !ids.insert(id.to_owned()) {
            lint.find(
                "rules.json",
                &place,
                format!("the id {id} is taken"),
                "give each rule an id of its own",
            );
        }
        if !lint.bundle.definitions.contains_key(on) {
            lint.find(
                "rules.json",
                &place,
                format!("there is no definition {on}"),
                "name one of the schemas",
            );
            continue;
        }
        roots.insert(on.to_owned());
        for pointer in pointers(rule) {
            if place_of(lint.bundle, on, &pointer).is_none() {
                let what = format!("rule {id}: {on} has nothing at {pointer}");
                lint.find("rules.json", &place, what, "point at a property");
            }
        }
        code(lint, &place, rule);
    }
    conditions(lint, &roots);
}

/// A warning's rule has a code of `warnings.json`, any other one of `errors.json`.
fn code(lint: &mut Lint<'_>, place: &str, rule: &Value) {
    let text = |member: &str| rule.get(member).and_then(Value::as_str).unwrap_or_default();
    let warns = matches!(text("kind"), "no_effect" | "weight_zero");
    let (file, table) =
        if warns { ("warnings.json", &lint.bundle.warnings) } else { ("errors.json", &lint.bundle.errors) };
    if !has_code(table, text("code")) {
        let what = format!("rule {}: {} is no code of {file}", text("id"), text("code"));
        lint.find("rules.json", place, what, "name a code of that table");
    }
}

fn has_code(table: &Value, code: &str) -> bool {
    let rows = table.as_array().into_iter().flatten();
    rows.filter_map(|row| row.get("code")).any(|known| known == code)
}

/// Codes and sentences stand once.
fn codes(lint: &mut Lint<'_>) {
    let tables = [
        ("errors.json", "errors", "code", lint.bundle.errors.clone()),
        ("warnings.json", "warnings", "code", lint.bundle.warnings.clone()),
        ("sentences.json", "sentences", "id", lint.bundle.sentences.clone()),
    ];
    for (file, list, member, table) in tables {
        let mut seen = BTreeSet::new();
        for (index, row) in table.as_array().into_iter().flatten().enumerate() {
            let code = row.get(member).and_then(Value::as_str).unwrap_or_default();
            if !seen.insert(code.to_owned()) {
                let place = format!("/{list}/{index}");
                lint.find(
                    file,
                    &place,
                    format!("the {member} {code} is taken"),
                    &format!("write each {member} once"),
                );
            }
        }
    }
}

/// Every pointer of a rule.
fn pointers(rule: &Value) -> Vec<String> {
    let mut pointers = Vec::new();
    let fields = rule.get("fields").and_then(Value::as_array).into_iter().flatten();
    pointers.extend(fields.filter_map(Value::as_str).map(str::to_owned));
    pointers.extend(rule.get("requires").and_then(Value::as_str).map(str::to_owned));
    for member in ["when", "forbidden"] {
        if let Some(condition) = rule.get(member) {
            condition_pointers(condition, &mut pointers);
        }
    }
    pointers
}

fn condition_pointers(condition: &Value, pointers: &mut Vec<String>) {
    for (kind, of) in condition.as_object().into_iter().flatten() {
        if kind == "all" {
            of.as_array().into_iter().flatten().for_each(|inner| condition_pointers(inner, pointers));
        } else if let Some(pointer) = of.as_str().or_else(|| of.get(0).and_then(Value::as_str)) {
            pointers.push(pointer.to_owned());
        }
    }
}

/// Pointers in the schemas start at a document that rules are about.
fn conditions(lint: &mut Lint<'_>, roots: &BTreeSet<String>) {
    let mut findings = Vec::new();
    for (owner, properties) in lint.objects() {
        let mut found = Vec::new();
        object_pointers(&lint.bundle.definitions[owner], properties, &mut found);
        for (below, pointer) in found {
            if !roots.iter().any(|root| place_of(lint.bundle, root, &pointer).is_some()) {
                findings.push((owner.to_owned(), below, format!("nothing stands at {pointer}")));
            }
        }
    }
    let known: Vec<_> = roots.iter().map(String::as_str).collect();
    let way_out = format!("point into one of {}", known.join(", "));
    for (owner, below, what) in findings {
        lint.find_in(&owner, &below, what, &way_out);
    }
}

fn object_pointers(schema: &Value, properties: &Map<String, Value>, found: &mut Vec<(String, String)>) {
    for (name, row) in schema.get("x-accepted-places").and_then(Value::as_object).into_iter().flatten() {
        let to = row.get("to").and_then(Value::as_str).unwrap_or_default();
        found.push((format!("/x-accepted-places/{name}"), to.to_owned()));
    }
    for (property, schema) in properties {
        let below = format!("/properties/{property}");
        let mut pointers = Vec::new();
        if let Some(condition) = schema.get("x-takes-effect-when") {
            condition_pointers(condition, &mut pointers);
        }
        pointers.extend(schema.pointer("/x-default-by/field").and_then(Value::as_str).map(str::to_owned));
        pointers.extend(schema.get("x-maps-to").and_then(Value::as_str).map(str::to_owned));
        found.extend(pointers.into_iter().map(|pointer| (below.clone(), pointer)));
    }
}
