//! Whether a document is canonical and without violation: yes or no, without reasons.
//!
//! Replies and events nearly always are, and a reading also notes where each value stood. This walks the same tables and
//! notes nothing; only a document that it does not vouch for is read.

use serde_json::{Map, Value};

use crate::dictionary::{Def, ListSpec, Name, ObjectSpec, Shape, dictionary};

/// Whether a canonical document of a definition has no violation; `false` also where rules over several fields apply.
///
/// # Panics
/// If there is no such definition.
pub(crate) fn is_faultless(definition: &str, document: &Value) -> bool {
    is_of(dictionary().named(definition), document)
}

fn is_of(def: &Def, value: &Value) -> bool {
    match (&def.shape, value) {
        (Shape::Object(spec), Value::Object(members)) => def.rules.is_empty() && has_members(spec, members),
        (Shape::Object(_), _) => false,
        (shape, value) => fits(shape, value),
    }
}

fn has_members(spec: &ObjectSpec, members: &Map<String, Value>) -> bool {
    // Counted, not looked up again: a map has each name once, and a look-up hashes the name.
    let mut required = 0;
    let known = members.iter().all(|(name, value)| match spec.names.get(name) {
        Some(Name::Property { index, spelling }) if spelling.snake => {
            let property = &spec.properties[*index];
            required += usize::from(property.required);
            fits(&property.shape, value)
        }
        _ => false,
    });
    known && required == spec.required
}

fn fits(shape: &Shape, value: &Value) -> bool {
    match (shape, value) {
        (Shape::Ref(id), value) => is_of(dictionary().def(*id), value),
        (Shape::Any, _)
        | (Shape::Nullable(_) | Shape::Null, Value::Null)
        | (Shape::Boolean, Value::Bool(_)) => true,
        (Shape::Nullable(inner), value) => fits(inner, value),
        (Shape::List(spec), Value::Array(items)) => is_list(spec, items),
        (Shape::Map(spec), Value::Object(members)) => {
            spec.limits.check(members.len()).is_ok() && members.values().all(|value| fits(&spec.value, value))
        }
        (Shape::Integer(limits), Value::Number(number)) => {
            number.as_i64().is_some_and(|integer| limits.check(integer.into()).is_ok())
        }
        (Shape::Number(limits), Value::Number(number)) => {
            number.as_f64().is_some_and(|number| limits.check(number).is_ok())
        }
        (Shape::Text(spec), Value::String(text)) => spec.limits.check(text).is_ok(),
        (Shape::Enum(spec), Value::String(text)) => spec.values.contains(text),
        _ => false,
    }
}

fn is_list(spec: &ListSpec, items: &[Value]) -> bool {
    // Unequal numbers may be one canonical value: only of strings it is sure here that none stands twice.
    let differ = || items.iter().enumerate().all(|(i, item)| item.is_string() && !items[..i].contains(item));
    spec.limits.count(items.len()).is_ok()
        && items
            .iter()
            .all(|item| (!item.is_null() || matches!(spec.item, Shape::Any)) && fits(&spec.item, item))
        && (!spec.limits.unique || differ())
}
