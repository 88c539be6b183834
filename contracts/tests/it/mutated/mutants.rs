//! Mutants of valid documents: each breaks one limit somewhere, or stands right on it.

use serde_json::{Map, Value, json};

use super::resolved;

/// Lists longer than this are not built item by item.
const LONG: u64 = 2_000;
/// Strings longer than this are not built for every place.
const LONG_TEXT: u64 = 70_000;

/// Every way to break, or to reach, the limits of one place; `schema` is resolved.
fn variants(schema: &'static Value, value: &Value) -> Vec<Value> {
    let mut variants = vec![
        json!(null),
        json!(true),
        json!("?"),
        json!(""),
        json!(7),
        json!(-7),
        json!(0.5),
        json!([]),
        json!({}),
        json!([null]),
        json!({ "?": null }),
    ];
    match schema.get("type").and_then(Value::as_str) {
        Some("integer") => variants.extend(integers(schema)),
        Some("number") => variants.extend(numbers(schema)),
        Some("string") => variants.extend(strings(schema, value)),
        Some("array") => variants.extend(lists(schema, value)),
        Some("object") => variants.extend(objects(schema, value)),
        _ => {}
    }
    variants
}

fn integers(schema: &Value) -> Vec<Value> {
    let (minimum, maximum) = (schema["minimum"].as_i64().unwrap(), schema["maximum"].as_i64().unwrap());
    [minimum - 1, minimum, minimum + 1, maximum - 1, maximum, maximum + 1, i64::MIN, i64::MAX]
        .into_iter()
        .map(Value::from)
        .chain([json!(u64::MAX), json!(1e300), json!(-1.5)])
        .collect()
}

fn numbers(schema: &Value) -> Vec<Value> {
    let mut variants = vec![json!(1e300), json!(-1e300)];
    for keyword in ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"] {
        if let Some(bound) = schema.get(keyword).and_then(Value::as_f64) {
            let step = (bound.abs() * 1e-9).max(1e-9);
            variants.extend([json!(bound - step), json!(bound), json!(bound + step)]);
        }
    }
    variants
}

fn strings(schema: &Value, value: &Value) -> Vec<Value> {
    let text = value.as_str().unwrap_or_default();
    let mut variants: Vec<String> = vec![
        format!("{text}\n"),
        format!("{text} "),
        format!(" {text}"),
        format!("{text}\u{0}"),
        format!("{text}é"),
        text.to_uppercase(),
        text.to_lowercase(),
        " \t\u{a0}\u{2003}".to_owned(),
        "/".to_owned(),
        "//".to_owned(),
    ];
    variants.extend(text.char_indices().take(40).map(|(index, _)| text[..index].to_owned()));
    if let Some(most) = schema.get("maxLength").and_then(Value::as_u64).filter(|most| *most <= LONG_TEXT) {
        let most = usize::try_from(most).unwrap();
        for filler in ["x", "é"] {
            variants.extend([filler.repeat(most), filler.repeat(most + 1)]);
        }
    }
    if schema.get("pattern").is_some() {
        variants.extend((1..=130).step_by(3).map(|length| "a".repeat(length)));
        variants.extend((1..=66).map(|length| "0".repeat(length)));
        variants.extend(
            ["gpu_00", "gpu_1000", "gpu_999", "cpu_1", "cuda:01", "auto ", "Auto"].map(str::to_owned),
        );
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let values = values.iter().filter_map(Value::as_str);
        variants
            .extend(values.flat_map(|value| [value.to_owned(), value.to_uppercase(), format!("{value}_")]));
    }
    variants.into_iter().map(Value::from).collect()
}

fn lists(schema: &Value, value: &Value) -> Vec<Value> {
    let items = value.as_array().cloned().unwrap_or_default();
    let mut variants = vec![json!([[]]), json!([{}]), json!([0.5]), json!({ "0": items.first() })];
    let Some(first) = items.first() else { return variants };
    let most = schema["maxItems"].as_u64().unwrap();
    variants.push(Value::Array([items.as_slice(), std::slice::from_ref(first)].concat()));
    variants.push(Value::Array([items.as_slice(), &[Value::Null]].concat()));
    if most <= LONG {
        let most = usize::try_from(most).unwrap();
        variants.extend([json!(vec![first; most]), json!(vec![first; most + 1])]);
    }
    variants
}

fn objects(schema: &'static Value, value: &Value) -> Vec<Value> {
    let members = value.as_object().cloned().unwrap_or_default();
    let with = |key: &str, value: Value| {
        let mut changed = members.clone();
        changed.insert(key.to_owned(), value);
        Value::Object(changed)
    };
    let mut variants =
        vec![with("unknown_member", json!(1)), with("", json!(null)), with("Type", json!("x"))];
    for key in members.keys() {
        let mut less = members.clone();
        less.shift_remove(key);
        variants.push(Value::Object(less));
    }
    for key in schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys) {
        variants.push(with(key, Value::Null));
    }
    // In the place of an object: an array of its members, in order.
    variants.push(Value::Array(members.values().cloned().collect()));
    if let (Some(most), Some(entry)) =
        (schema.get("maxProperties").and_then(Value::as_u64), members.values().next())
    {
        let full = |count: u64| -> Value {
            Value::Object((0..count).map(|index| (format!("key {index}"), entry.clone())).collect())
        };
        variants.extend([full(most), full(most + 1)]);
    }
    variants
}

/// Calls `visit` with every document that differs from `whole` in one place.
pub(crate) fn mutate(schema: &'static Value, whole: &Value, visit: &mut dyn FnMut(&Value)) {
    let mut path = Vec::new();
    walk(schema, whole, whole, &mut path, visit);
}

#[derive(Clone)]
enum Step {
    Key(String),
    Index(usize),
}

fn walk(
    schema: &'static Value,
    here: &Value,
    whole: &Value,
    path: &mut Vec<Step>,
    visit: &mut dyn FnMut(&Value),
) {
    let schema = open(schema, here);
    for variant in variants(schema, here) {
        let mut mutant = whole.clone();
        *at(&mut mutant, path) = variant;
        visit(&mutant);
    }
    match here {
        Value::Object(members) => {
            for (key, value) in members {
                let property = schema.get("properties").and_then(|properties| properties.get(key));
                let below = property.or_else(|| schema.get("additionalProperties"));
                if let Some(below) = below.filter(|below| below.is_object()) {
                    path.push(Step::Key(key.clone()));
                    walk(below, value, whole, path, visit);
                    path.pop();
                }
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                path.push(Step::Index(index));
                walk(&schema["items"], value, whole, path, visit);
                path.pop();
            }
        }
        _ => {}
    }
}

/// The schema behind references and, for a value that is not null, behind `oneOf` with null.
fn open(schema: &'static Value, value: &Value) -> &'static Value {
    let schema = resolved(schema);
    match schema.get("oneOf").and_then(|branches| branches.get(0)) {
        Some(inner) if !value.is_null() => open(inner, value),
        _ => schema,
    }
}

fn at<'a>(whole: &'a mut Value, path: &[Step]) -> &'a mut Value {
    path.iter().fold(whole, |value, step| match step {
        Step::Key(key) => &mut value[key.as_str()],
        Step::Index(index) => &mut value[*index],
    })
}
