//! Puts at one place of a payload what a goal asks for: a missing member, a bound, another type.

use contracts::dictionary::{Property, Shape, TextSpec, dictionary};
use serde_json::{Value, json};

use super::{
    document::{Documents, first_multiple, last_multiple, respelt},
    goal::{Kind, LONG},
};

/// Forms of numbers that `serde_json` has no value for: a payload's text gets them in the place of these strings.
pub(super) const FORMS: [(&str, &str); 2] = [("\"form -0\"", "-0"), ("\"form 1e1\"", "1e1")];

/// The value of a goal at its member, or at the item or entry below it; `None`: there is none.
pub(super) fn value(
    documents: &mut Documents,
    property: &'static Property,
    below: &str,
    kind: &Kind,
    turn: usize,
) -> Option<Value> {
    let mut shape = resolved(&property.shape);
    match (below, shape) {
        ("/0", Shape::List(list)) => shape = resolved(&list.item),
        ("/key", Shape::Map(map)) => shape = resolved(&map.value),
        _ => {}
    }
    Some(match kind {
        Kind::Absent | Kind::Missing => return None,
        Kind::Null => Value::Null,
        Kind::Empty => json!(""),
        Kind::OtherType => other_type(shape, turn),
        Kind::OtherForm => other_form(turn),
        Kind::Blank => json!([" ", "\t\n", "\u{3000} "][turn % 3]),
        Kind::UnknownValue => json!(["no such value", "?", "nullable"][turn % 3]),
        kind => of_kind(documents, shape, kind, turn).unwrap_or_else(|| documents.value(shape, 3)),
    })
}

fn resolved(shape: &'static Shape) -> &'static Shape {
    match dictionary().resolve(shape) {
        Shape::Nullable(inner) => dictionary().resolve(inner),
        other => other,
    }
}

/// The value of a kind that its shape decides; `None`: any sound one.
fn of_kind(documents: &mut Documents, shape: &'static Shape, kind: &Kind, turn: usize) -> Option<Value> {
    match shape {
        Shape::Integer(limits) => {
            let (least, most, step) = (first_multiple(*limits), last_multiple(*limits), limits.multiple_of);
            match kind {
                Kind::Least => Some(json!(least)),
                Kind::Most => Some(json!(most)),
                Kind::TooLittle => Some(json!(least - step)),
                Kind::TooMuch if turn % 3 == 2 => Some(json!(9_223_372_036_854_775_808_u64)),
                Kind::TooMuch => Some(json!(most + step)),
                Kind::NoMultiple => Some(json!(least + 1)),
                _ => None,
            }
        }
        Shape::Number(limits) => {
            let (least, most) = (limits.minimum.value(), limits.maximum.value());
            let (above, below) = (limits.minimum.is_exclusive(), limits.maximum.is_exclusive());
            let inside = (most - least) / 1_048_576.0;
            match kind {
                Kind::Least => Some(json!(if above { least + inside } else { least })),
                Kind::Most => Some(json!(if below { most - inside } else { most })),
                Kind::TooLittle => Some(json!(if above { least } else { least - least.abs().max(1.0) })),
                Kind::TooMuch => Some(json!(if below { most } else { most + most.abs().max(1.0) })),
                _ => None,
            }
        }
        Shape::Text(spec) => text(documents, spec, kind, turn).map(Value::from),
        Shape::Enum(spec) => match kind {
            Kind::OtherCase => Some(respelt(spec, false, turn).into()),
            Kind::Spelling => Some(respelt(spec, true, turn).into()),
            _ => None,
        },
        Shape::List(list) => {
            let item = documents.value(&list.item, 3);
            match kind {
                Kind::TooMuch => Some(vec![item; list.limits.maximum as usize + 1].into()),
                Kind::TooLittle => Some(vec![item; list.limits.minimum as usize - 1].into()),
                Kind::Twice => Some(vec![item; 2].into()),
                Kind::Least => Some(different(documents, &list.item, list.limits.minimum as usize).into()),
                _ => None,
            }
        }
        Shape::Map(map) if *kind == Kind::TooMuch => {
            let value = documents.value(&map.value, 3);
            Some((0..=map.limits.maximum).map(|index| (format!("k{index}"), value.clone())).collect())
        }
        _ => None,
    }
}

/// So many different items.
fn different(documents: &mut Documents, item: &'static Shape, count: usize) -> Vec<Value> {
    let mut items = Vec::new();
    while items.len() < count {
        let item = documents.value(item, 3);
        if !items.contains(&item) {
            items.push(item);
        }
    }
    items
}

fn text(documents: &mut Documents, spec: &'static TextSpec, kind: &Kind, turn: usize) -> Option<String> {
    let long = |length: u64| "a".repeat(length as usize);
    match kind {
        // A text with a pattern, or without an end, has no longest form that could be made.
        Kind::Most if spec.limits.form.pattern().is_some() || spec.limits.maximum > LONG => None,
        Kind::Most => Some(long(spec.limits.maximum)),
        Kind::TooMuch => Some(long(spec.limits.maximum + 1)),
        Kind::OffPattern => {
            let pattern = regex_of(spec)?;
            let sound = documents.text(spec);
            let tries =
                [format!("{sound}\n"), "?".to_owned(), format!("{sound} "), "é".to_owned(), "-".to_owned()];
            let off = |text: &&String| {
                let length = text.chars().count() as u64;
                !pattern.is_match(text) && (spec.limits.minimum..=spec.limits.maximum).contains(&length)
            };
            let off: Vec<&String> = tries.iter().filter(off).collect();
            (!off.is_empty()).then(|| off[turn % off.len()].clone())
        }
        Kind::Alias if turn.is_multiple_of(2) => Some(format!("gpu_{turn}")),
        Kind::Alias => Some(documents.text(spec).to_uppercase()),
        _ => None,
    }
}

fn regex_of(spec: &TextSpec) -> Option<regex::Regex> {
    regex::Regex::new(spec.limits.form.pattern()?).ok()
}

/// A value of another JSON type.
fn other_type(shape: &Shape, turn: usize) -> Value {
    let all = [json!("x"), json!(7), json!(true), json!([]), json!({}), json!(1.5)];
    let is_right = |value: &Value| match shape {
        Shape::Integer(_) | Shape::Number(_) => value.is_number(),
        Shape::Text(_) | Shape::Enum(_) => value.is_string(),
        Shape::Boolean => value.is_boolean(),
        Shape::List(_) => value.is_array(),
        Shape::Map(_) | Shape::Object(_) => value.is_object(),
        _ => value.is_null(),
    };
    let wrong: Vec<&Value> = all.iter().filter(|value| !is_right(value)).collect();
    wrong[turn % wrong.len()].clone()
}

fn other_form(turn: usize) -> Value {
    [json!("form -0"), json!("form 1e1"), json!(8.0), json!(1.5), json!(-0.0)][turn % 5].clone()
}
