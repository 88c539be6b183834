//! Accepted spellings: none of them is the spelling of something else in the same object.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Lint;
use super::names::{Name, camel, names_of};
use super::rules::place_of;
use crate::model::pascal;

/// Looks at every object.
pub(super) fn lint(lint: &mut Lint<'_>) {
    let mut findings = Vec::new();
    for (owner, properties) in lint.objects() {
        let schema = &lint.bundle.definitions[owner];
        // What each spelling means: first the canonical ones, then what else is read.
        let mut meanings: BTreeMap<String, String> = BTreeMap::new();
        for name in names_of(properties) {
            for spelling in name.spellings() {
                meanings.insert(spelling.to_owned(), name.snake.clone());
            }
        }
        for (name, meaning, below) in further(schema, properties) {
            for spelling in name.spellings() {
                match meanings.get(spelling) {
                    Some(other) if *other != meaning => findings.push((
                        owner.to_owned(),
                        below.clone(),
                        format!("{spelling} is read as {meaning}, and means {other} already"),
                        "accept another spelling, or none",
                    )),
                    _ => {
                        meanings.insert(spelling.to_owned(), meaning.clone());
                    }
                }
            }
        }
        findings.extend(additions(lint, owner, schema));
    }
    for (owner, below, what, way_out) in findings {
        lint.find_in(&owner, &below, what, way_out);
    }
}

/// Every further name that is read in an object: the name, what it means, and where that is written.
fn further(schema: &Value, properties: &Map<String, Value>) -> Vec<(Name, String, String)> {
    let mut further = Vec::new();
    for (property, schema) in properties {
        for keyword in ["x-accepted", "x-synonyms"] {
            let spellings = schema.get(keyword).and_then(Value::as_array).into_iter().flatten();
            for spelling in spellings.filter_map(Value::as_str) {
                let below = format!("/properties/{property}/{keyword}");
                further.push((spelt(spelling, None), property.clone(), below));
            }
        }
    }
    for keyword in ["x-accepted-places", "x-neutral-only", "x-flags"] {
        for (name, row) in schema.get(keyword).and_then(Value::as_object).into_iter().flatten() {
            let stated = row.get("csharp").and_then(Value::as_str);
            further.push((spelt(name, stated), format!("{keyword} {name}"), format!("/{keyword}/{name}")));
        }
    }
    further
}

/// A spelling that may be written in snake or as C# writes it.
fn spelt(spelling: &str, stated: Option<&str>) -> Name {
    if spelling.starts_with(|first: char| first.is_ascii_uppercase()) {
        return Name { snake: spelling.to_owned(), pascal: spelling.to_owned(), camel: camel(spelling) };
    }
    Name::new(spelling, stated.map_or_else(|| pascal(spelling), str::to_owned))
}

/// What a flag or a neutral-only name adds is a value of the list that it adds to.
fn additions(lint: &Lint<'_>, owner: &str, schema: &Value) -> Vec<(String, String, String, &'static str)> {
    let mut findings = Vec::new();
    let mut additions: Vec<(String, &str, &str)> = Vec::new();
    for (name, row) in schema.get("x-flags").and_then(Value::as_object).into_iter().flatten() {
        let text = |member: &str| row.get(member).and_then(Value::as_str).unwrap_or_default();
        additions.push((format!("/x-flags/{name}"), text("adds"), text("to")));
    }
    for (name, row) in schema.get("x-neutral-only").and_then(Value::as_object).into_iter().flatten() {
        for (value, to) in row.get("adds").and_then(Value::as_object).into_iter().flatten() {
            additions.push((format!("/x-neutral-only/{name}"), value, to.as_str().unwrap_or_default()));
        }
    }
    for (below, value, to) in additions {
        let values = place_of(lint.bundle, owner, &format!("/{to}/*")).and_then(|item| item.get("enum"));
        let values = values.and_then(Value::as_array).into_iter().flatten();
        if !values.filter_map(Value::as_str).any(|known| known == value) {
            let what = format!("{value} is no value of a list {to}");
            findings.push((
                owner.to_owned(),
                below,
                what,
                "name a list of this object and one of its values",
            ));
        }
    }
    findings
}
