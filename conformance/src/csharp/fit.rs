//! Forms of C# beside shapes of the schemas.

use contracts::{
    checked::IntegerLimits,
    dictionary::{EnumSpec, Shape},
};
use serde_json::Value;

use super::{form::Form, judge::Roles};
use crate::{
    class::Class,
    dotnet::{
        Options, bind,
        clr::{Clr, Integer, Types},
    },
};

/// Why a form does not hold the values of a shape. A reader must hold each value of the contract; of a writer the contract must
/// know each.
pub(super) fn unlike(
    roles: &Roles<'_>,
    form: &Form,
    shape: &Shape,
    is_received: bool,
) -> Option<(Class, String)> {
    let within = |of: &Form, shape: &Shape, what: &str| {
        unlike(roles, of, shape, is_received).map(|(class, why)| (class, format!("of its {what}: {why}")))
    };
    let (fits, wanted) = match (roles.dictionary.resolve(shape), form) {
        (Shape::Nullable(of), form) => return unlike(roles, form, of, is_received),
        (Shape::Ref(_) | Shape::Null | Shape::Any, _) | (_, Form::Any | Form::Unknown { .. }) => return None,
        (Shape::List(list), Form::List { of }) => return within(of, &list.item, "items"),
        (Shape::Map(map), Form::Map { of }) => return within(of, &map.value, "values"),
        (Shape::Enum(_) | Shape::Text(_), Form::NumberOfEnum { name }) => {
            let why = format!("the enum {name} is written as a number, and the contract has a string");
            return Some((Class::Enum, why));
        }
        (Shape::Enum(spec), Form::Enum { name, values }) => {
            return unlike_values(spec, name, values, is_received).map(|why| (Class::Enum, why));
        }
        (Shape::Integer(limits), Form::Integer { name }) => {
            return unlike_width(roles, shape, limits, name).map(|why| (Class::Type, why));
        }
        (Shape::Text(_) | Shape::Enum(_), Form::Text { name }) => {
            let example = roles.dictionary.example_of(shape).filter(|_| is_received);
            return example.and_then(|example| unlike_grammar(name, example)).map(|why| (Class::Type, why));
        }
        (Shape::Text(_) | Shape::Enum(_), form) => (matches!(form, Form::Enum { .. }), "a string"),
        (Shape::Integer(_), _) => (false, "an integer"),
        (Shape::Number(_), form) => (matches!(form, Form::Integer { .. } | Form::Number), "a number"),
        (Shape::Boolean, form) => (*form == Form::Boolean, "true or false"),
        (Shape::List(_), _) => (false, "a list"),
        (Shape::Map(_), form) => (matches!(form, Form::Object { .. }), "a map"),
        (Shape::Object(_), form) => (matches!(form, Form::Object { .. } | Form::Map { .. }), "an object"),
    };
    (!fits).then(|| (Class::Type, format!("it is {}, and the contract has {wanted}", said(form))))
}

/// A count of things fits 32 bits, whatever else its limits allow: the contract has services read it into an `int`.
fn unlike_width(roles: &Roles<'_>, shape: &Shape, limits: &IntegerLimits, name: &str) -> Option<String> {
    let integer = Integer::of_keyword(name)?;
    let maximum =
        if roles.is_count(shape) { i64::from(i32::MAX).min(limits.maximum) } else { limits.maximum };
    let holds = integer.holds(maximum.into()) && integer.holds(limits.minimum.into());
    (!holds).then(|| format!("{name} does not hold {} to {}", limits.minimum, limits.maximum))
}

/// Types with a grammar of their own read no other strings: an example of the contract shows it.
fn unlike_grammar(name: &str, example: &Value) -> Option<String> {
    let clr = match name {
        "Guid" => Clr::Guid,
        "DateTime" => Clr::DateTime,
        "DateTimeOffset" => Clr::DateTimeOffset,
        "DateOnly" => Clr::DateOnly,
        "TimeSpan" => Clr::TimeSpan,
        "char" => Clr::Char,
        "byte[]" => Clr::Bytes,
        _ => return None,
    };
    let bound = bind::bind(&Types::default(), &clr, &Options::new("default"), &example.to_string());
    bound.is_err().then(|| format!("a {name} is not read from {example}"))
}

/// Values are read regardless of case, by both sides.
fn unlike_values(spec: &EnumSpec, name: &str, values: &[String], is_received: bool) -> Option<String> {
    if is_received {
        let has = |value: &&String| values.iter().any(|other| other.eq_ignore_ascii_case(value));
        let missing = spec.values.iter().filter(|value| !has(value));
        let missing: Vec<String> = missing.map(|value| format!("{value:?}")).collect();
        return (!missing.is_empty())
            .then(|| format!("{name} has no {}: a reply with it is refused", missing.join(", ")));
    }
    let unknown = values.iter().filter(|value| !spec.spellings.contains_key(&value.to_lowercase()));
    let unknown: Vec<String> = unknown.map(|value| format!("{value:?}")).collect();
    (!unknown.is_empty()).then(|| format!("the contract has no value {} of {name}", unknown.join(", ")))
}

fn said(form: &Form) -> String {
    match form {
        Form::Integer { name } => format!("an integer ({name})"),
        Form::Number => "a number".to_owned(),
        Form::Boolean => "true or false".to_owned(),
        Form::Text { name } if name != "string" => format!("a string ({name})"),
        Form::Text { .. } => "a string".to_owned(),
        Form::Enum { name, .. } => format!("a string of {name}"),
        Form::NumberOfEnum { name } => format!("a number of {name}"),
        Form::List { .. } => "a list".to_owned(),
        Form::Map { .. } => "a map".to_owned(),
        Form::Object { name } => format!("an object ({name})"),
        Form::Any => "any JSON".to_owned(),
        Form::Unknown { name } => format!("what {name} makes of it"),
    }
}

/// Whether a literal of C# or JSON is a value of JSON.
pub(super) fn is_same(value: &Value, literal: &str) -> bool {
    match value {
        Value::Number(number) => {
            number.as_f64() == literal.trim_end_matches(['f', 'd', 'm', 'L', 'F', 'D', 'M']).parse().ok()
        }
        Value::Bool(value) => literal == if *value { "true" } else { "false" } || (!value && literal == "0"),
        Value::String(text) => literal.trim_matches('"').eq_ignore_ascii_case(text),
        _ => false,
    }
}
