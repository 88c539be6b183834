//! References of all documents become pointers into the bundle: any validator then finds them, and nothing is fetched.

use contracts::pointer::{escape, get, unescape};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashSet};

use super::side::{File, LoadError, Side};

/// Keywords whose values are data.
const DATA: [&str; 5] = ["enum", "const", "default", "examples", "example"];

/// Keywords whose values are schemas by names of the author.
const NAMED: [&str; 6] =
    ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "responses"];

/// A schema with an identity of its own: references below it start there.
#[derive(Clone)]
struct Resource {
    id: String,
    location: String,
}

/// Where identities and anchors are.
#[derive(Default)]
struct Index {
    resources: BTreeMap<String, String>,
    anchors: BTreeMap<(String, String), String>,
}

pub(super) fn resolve(
    documents: &mut Map<String, Value>,
    files: &BTreeMap<String, File>,
) -> Result<(), LoadError> {
    let mut index = Index::default();
    for (key, document) in documents.iter() {
        let resource = Resource { id: key.clone(), location: format!("/$defs/{}", escape(key)) };
        index.resources.insert(key.clone(), resource.location.clone());
        index.note(document, &resource, &resource.location.clone());
    }
    let whole = Value::Object(Map::from_iter([("$defs".to_owned(), Value::Object(documents.clone()))]));
    for (key, document) in documents.iter_mut() {
        let resource = Resource { id: key.clone(), location: format!("/$defs/{}", escape(key)) };
        let file = files.get(key).map_or(key.as_str(), |file| file.path.as_str());
        let start = resource.location.clone();
        rewrite(document, &Scope { file, start: &start, index: &index, whole: &whole }, &resource, &start)?;
    }
    Ok(())
}

/// Refuses references that lead to themselves and say nothing on the way: validators answer that each in their own way.
pub(super) fn check_circles(
    documents: &Map<String, Value>,
    files: &BTreeMap<String, File>,
) -> Result<(), LoadError> {
    let whole = Value::Object(Map::from_iter([("$defs".to_owned(), Value::Object(documents.clone()))]));
    let next = |schema: &Value| schema.get("$ref").and_then(Value::as_str).map(target);
    // Locations from which references come to an end.
    let mut ends: HashSet<String> = HashSet::new();
    for (key, document) in documents {
        let mut circle = None;
        each_schema(document, "", &mut |schema, at| {
            let mut followed = schema.get("$ref").and_then(Value::as_str).map(target);
            let mut passed = HashSet::new();
            while let Some(location) = followed.take().filter(|location| !ends.contains(location)) {
                followed = get(&whole, &location).and_then(next);
                if !passed.insert(location) {
                    circle = Some(at.to_owned());
                    return;
                }
            }
            ends.extend(passed);
        });
        if let Some(pointer) = circle {
            let file = files.get(key).map_or(key.as_str(), |file| file.path.as_str()).to_owned();
            return Err(LoadError::RefersToItself { file, pointer });
        }
    }
    Ok(())
}

/// Refuses references in tables that lead nowhere: a message without its schema would not be compared.
pub(super) fn check_tables(side: &Side) -> Result<(), LoadError> {
    let Some(registry) = side.tables.get("registry") else { return Ok(()) };
    for (list, members) in
        [("actions", &["request", "reply"][..]), ("resources", &["reply"]), ("parameters", &["schema"])]
    {
        let rows = registry.get(list).and_then(Value::as_array).into_iter().flatten();
        for (index, row) in rows.enumerate() {
            for member in members {
                let place = format!("/{list}/{index}/{member}");
                match row.get(*member).and_then(Value::as_str) {
                    None if list == "actions" => return Err(dangling("registry.json", place, "(nothing)")),
                    None => {}
                    Some(reference) => {
                        let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
                        if side.at(&format!("/$defs/{}{pointer}", escape(file))).is_none() {
                            return Err(dangling("registry.json", place, reference));
                        }
                    }
                }
            }
        }
    }
    Ok(())
}

/// Refuses a base or a column of a table that is not there: the definition would lose what it has from it.
pub(super) fn check_bases(
    documents: &Map<String, Value>,
    tables: &BTreeMap<String, Value>,
    files: &BTreeMap<String, File>,
) -> Result<(), LoadError> {
    for (key, document) in documents {
        let path = files.get(key).map_or(key.as_str(), |file| file.path.as_str());
        for (name, schema) in document.get("$defs").and_then(Value::as_object).into_iter().flatten() {
            let place = |keyword: &str| format!("/$defs/{}/{keyword}", escape(name));
            if let Some(base) = schema.get("x-extends").and_then(Value::as_str) {
                let (file, pointer) = base.split_once('#').unwrap_or((base, ""));
                let file = if file.is_empty() { key } else { file };
                if documents.get(file).and_then(|document| get(document, pointer)).is_none() {
                    return Err(dangling(path, place("x-extends"), base));
                }
            }
            if let Some(from) = schema.get("x-enum-from").and_then(Value::as_str) {
                let (file, pointer) = from.split_once('#').unwrap_or((from, ""));
                let (rows, column) = pointer.rsplit_once('/').unwrap_or(("", ""));
                let table = tables.get(file.trim_end_matches(".json")).and_then(|table| get(table, rows));
                let rows = table.and_then(Value::as_array).filter(|rows| !rows.is_empty());
                if !rows.is_some_and(|rows| rows.iter().all(|row| row.get(column).is_some())) {
                    return Err(dangling(path, place("x-enum-from"), from));
                }
            }
        }
    }
    Ok(())
}

fn dangling(file: &str, pointer: String, reference: &str) -> LoadError {
    LoadError::Dangling { file: file.to_owned(), pointer, reference: reference.to_owned() }
}

impl Index {
    fn note(&mut self, schema: &Value, within: &Resource, location: &str) {
        let mut resource = within.clone();
        if let Some(id) = schema.get("$id").and_then(Value::as_str) {
            resource = Resource { id: joined(&within.id, id), location: location.to_owned() };
            self.resources.insert(resource.id.clone(), location.to_owned());
        }
        for keyword in ["$anchor", "$dynamicAnchor"] {
            if let Some(anchor) = schema.get(keyword).and_then(Value::as_str) {
                self.anchors.insert((resource.location.clone(), anchor.to_owned()), location.to_owned());
            }
        }
        each_inner(schema, location, &mut |inner, at| self.note(inner, &resource, at));
    }

    /// The pointer of a reference.
    fn find(&self, reference: &str, within: &Resource) -> Option<String> {
        let (uri, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let start = if uri.is_empty() {
            within.location.clone()
        } else {
            let last = uri.rsplit('/').next().unwrap_or(uri);
            let known = |id: &str| self.resources.get(id).cloned();
            known(&joined(&within.id, uri)).or_else(|| known(uri)).or_else(|| known(last))?
        };
        let fragment = decoded(fragment);
        match fragment.as_str() {
            "" => Some(start),
            pointer if pointer.starts_with('/') => Some(start + pointer),
            anchor => self.anchors.get(&(start, anchor.to_owned())).cloned(),
        }
    }
}

fn each_inner(schema: &Value, location: &str, visit: &mut dyn FnMut(&Value, &str)) {
    match schema {
        Value::Object(object) => {
            for (name, value) in object {
                let at = format!("{location}/{}", escape(name));
                if NAMED.contains(&name.as_str()) && value.is_object() {
                    for (name, value) in value.as_object().into_iter().flatten() {
                        visit(value, &format!("{at}/{}", escape(name)));
                    }
                } else if !DATA.contains(&name.as_str()) && !name.starts_with("x-") {
                    visit(value, &at);
                }
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                visit(value, &format!("{location}/{index}"));
            }
        }
        _ => {}
    }
}

/// Visits a schema and all schemas within it.
pub(super) fn each_schema(schema: &Value, location: &str, visit: &mut dyn FnMut(&Map<String, Value>, &str)) {
    if let Value::Object(object) = schema {
        visit(object, location);
    }
    each_inner(schema, location, &mut |inner, at| each_schema(inner, at, visit));
}

struct Scope<'a> {
    file: &'a str,
    start: &'a str,
    index: &'a Index,
    whole: &'a Value,
}

fn rewrite(
    schema: &mut Value,
    scope: &Scope<'_>,
    within: &Resource,
    location: &str,
) -> Result<(), LoadError> {
    match schema {
        Value::Object(object) => {
            let mut resource = within.clone();
            if let Some(Value::String(id)) = object.get("$id") {
                resource = Resource { id: joined(&within.id, id), location: location.to_owned() };
            }
            // The pointers are the whole identity from here on.
            for keyword in ["$id", "$schema", "$anchor", "$dynamicAnchor"] {
                object.shift_remove(keyword);
            }
            if let Some(reference) = object.shift_remove("$dynamicRef") {
                object.entry("$ref").or_insert(reference);
            }
            for (name, value) in object.iter_mut() {
                let at = format!("{location}/{}", escape(name));
                if let ("$ref", Value::String(reference)) = (name.as_str(), &mut *value) {
                    let found = scope.index.find(reference, &resource);
                    let found = found.filter(|location| get(scope.whole, location).is_some());
                    let Some(found) = found else {
                        return Err(LoadError::Dangling {
                            file: scope.file.to_owned(),
                            pointer: location.strip_prefix(scope.start).unwrap_or(location).to_owned(),
                            reference: reference.clone(),
                        });
                    };
                    *reference = format!("#{}", encoded(&found));
                } else if NAMED.contains(&name.as_str()) && value.is_object() {
                    for (name, value) in value.as_object_mut().into_iter().flatten() {
                        rewrite(value, scope, &resource, &format!("{at}/{}", escape(name)))?;
                    }
                } else if !DATA.contains(&name.as_str()) && !name.starts_with("x-") {
                    rewrite(value, scope, &resource, &at)?;
                }
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter_mut().enumerate() {
                rewrite(value, scope, within, &format!("{location}/{index}"))?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// A relative identity at its base: the last segment is replaced.
fn joined(base: &str, id: &str) -> String {
    let id = id.trim_end_matches('#');
    if id.contains(':') || id.is_empty() {
        return id.to_owned();
    }
    match (base.contains(':'), base.rsplit_once('/')) {
        (true, Some((folder, _))) => format!("{folder}/{id}"),
        _ => id.to_owned(),
    }
}

/// The pointer that a rewritten reference holds.
pub(crate) fn target(reference: &str) -> String {
    decoded(reference.strip_prefix('#').unwrap_or(reference))
}

fn decoded(fragment: &str) -> String {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A pointer as a fragment.
pub(crate) fn encoded(pointer: &str) -> String {
    let mut fragment = String::with_capacity(pointer.len());
    for byte in pointer.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/$!&'()*+,;=:@".contains(&byte) {
            fragment.push(char::from(byte));
        } else {
            fragment.push_str(&format!("%{byte:02X}"));
        }
    }
    fragment
}

/// The name that ends a pointer.
pub(crate) fn last_name(pointer: &str) -> String {
    unescape(pointer.rsplit('/').next().unwrap_or(pointer))
}
