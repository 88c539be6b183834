//! A quick look at what one of us wrote: whether it is canonical and without fault, and not a word on why not.
//!
//! Replies and events are nearly always faultless, and a reading notes where each of their values stood. This walks
//! the same tables and notes nothing. What it does not vouch for, the reading judges.

use serde_json::{Map, Value};

use crate::dictionary::{
    Def, IntegerSpec, ListSpec, Name, NumberSpec, ObjectSpec, Shape, TextSpec, dictionary,
};

/// Whether a canonical document of a definition has no fault; `false` also where rules over several fields apply.
///
/// # Panics
/// Where there is no such definition.
#[doc(hidden)]
#[must_use]
pub fn is_faultless(definition: &str, document: &Value) -> bool {
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
    let known = members.iter().all(|(name, value)| match spec.names.get(name) {
        Some(Name::Property { index, spelling }) if spelling.snake => {
            fits(&spec.properties[*index].shape, value)
        }
        _ => false,
    });
    known
        && spec
            .properties
            .iter()
            .filter(|property| property.required)
            .all(|property| members.contains_key(&property.snake))
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
            members.len() <= spec.max && members.values().all(|value| fits(&spec.value, value))
        }
        (Shape::Integer(spec), Value::Number(number)) => {
            number.as_i64().is_some_and(|integer| is_integer(*spec, integer))
        }
        (Shape::Number(spec), Value::Number(number)) => {
            number.as_f64().is_some_and(|number| is_number(*spec, number))
        }
        (Shape::Text(spec), Value::String(text)) => is_text(spec, text),
        (Shape::Enum(spec), Value::String(text)) => spec.values.contains(text),
        _ => false,
    }
}

fn is_list(spec: &ListSpec, items: &[Value]) -> bool {
    // Unequal numbers may be one canonical value: only of strings it is sure here that none stands twice.
    let differ = || items.iter().enumerate().all(|(i, item)| item.is_string() && !items[..i].contains(item));
    (spec.min..=spec.max).contains(&items.len())
        && items
            .iter()
            .all(|item| (!item.is_null() || matches!(spec.item, Shape::Any)) && fits(&spec.item, item))
        && (!spec.unique || differ())
}

fn is_integer(spec: IntegerSpec, integer: i64) -> bool {
    (spec.min..=spec.max).contains(&integer) && integer % spec.multiple_of == 0
}

fn is_number(spec: NumberSpec, number: f64) -> bool {
    let low = if spec.min_exclusive { number <= spec.min } else { number < spec.min };
    let high = if spec.max_exclusive { number >= spec.max } else { number > spec.max };
    !(low || high)
}

fn is_text(spec: &TextSpec, text: &str) -> bool {
    let length = if text.is_ascii() { text.len() } else { text.chars().count() };
    (spec.min..=spec.max).contains(&length)
        && !(spec.not_blank && text.chars().all(char::is_whitespace))
        && spec.pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
}
