//! Members without which a scenario cannot go on: a reply that lacks one is broken, not empty.

use serde_json::{Map, Value};

use crate::{check::ScenarioEnd, display};

fn lacks(kind: &str, pointer: &str, document: &Value) -> ScenarioEnd {
    ScenarioEnd::Broken(format!("no {kind} at {pointer} of {}", display::shorten(&document.to_string())))
}

/// The string at a pointer.
pub(crate) fn text<'v>(document: &'v Value, pointer: &str) -> Result<&'v str, ScenarioEnd> {
    let found = document.pointer(pointer).and_then(Value::as_str);
    found.ok_or_else(|| lacks("string", pointer, document))
}

/// The number at a pointer.
pub(crate) fn number(document: &Value, pointer: &str) -> Result<f64, ScenarioEnd> {
    let found = document.pointer(pointer).and_then(Value::as_f64);
    found.ok_or_else(|| lacks("number", pointer, document))
}

/// The integer from 0 at a pointer.
pub(crate) fn integer(document: &Value, pointer: &str) -> Result<u64, ScenarioEnd> {
    let found = document.pointer(pointer).and_then(Value::as_u64);
    found.ok_or_else(|| lacks("integer from 0", pointer, document))
}

/// The items at a pointer.
pub(crate) fn list<'v>(document: &'v Value, pointer: &str) -> Result<&'v [Value], ScenarioEnd> {
    let found = document.pointer(pointer).and_then(Value::as_array);
    found.map(Vec::as_slice).ok_or_else(|| lacks("list", pointer, document))
}

/// The members of the object at a pointer.
pub(crate) fn object<'v>(document: &'v Value, pointer: &str) -> Result<&'v Map<String, Value>, ScenarioEnd> {
    let found = document.pointer(pointer).and_then(Value::as_object);
    found.ok_or_else(|| lacks("object", pointer, document))
}

/// A reply of a list of replies, by its id.
pub(crate) fn reply<'v>(replies: &'v [Value], id: &str) -> Result<&'v Value, ScenarioEnd> {
    let found = replies.iter().find(|reply| reply["request_id"] == id);
    found.ok_or_else(|| ScenarioEnd::Broken(format!("no reply to {id} in {}", display::json(&replies))))
}
