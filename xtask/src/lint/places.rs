//! Lints of one place of a schema: required, values of enums, bounds that are the right way round, patterns.

use serde_json::{Map, Value};

use super::Lint;

/// Looks at every schema of every file, with its pointer.
pub(super) fn lint(lint: &mut Lint<'_>) {
    let schemas = lint.schemas;
    for (file, document) in schemas.documents() {
        for (name, schema) in document["$defs"].as_object().into_iter().flatten() {
            place(lint, file, &format!("/$defs/{name}"), schema);
        }
    }
    required(lint);
}

fn place(lint: &mut Lint<'_>, file: &str, pointer: &str, schema: &Value) {
    let Some(members) = schema.as_object() else { return };
    bounds(lint, file, pointer, members);
    values(lint, file, pointer, members);
    if let Some(pattern) = members.get("pattern").and_then(Value::as_str)
        && let Err(error) = jsonschema::options().build(&serde_json::json!({ "pattern": pattern }))
    {
        lint.find(file, pointer, format!("the pattern is none: {error}"), "mend it");
    }
    for (property, schema) in members.get("properties").and_then(Value::as_object).into_iter().flatten() {
        place(lint, file, &format!("{pointer}/properties/{property}"), schema);
    }
    for inner in ["items", "additionalProperties"] {
        if let Some(schema) = members.get(inner) {
            place(lint, file, &format!("{pointer}/{inner}"), schema);
        }
    }
}

fn bounds(lint: &mut Lint<'_>, file: &str, pointer: &str, members: &Map<String, Value>) {
    let number = |keyword: &str| members.get(keyword).and_then(Value::as_f64);
    let pairs = [
        (
            number("minimum").or_else(|| number("exclusiveMinimum")),
            number("maximum").or_else(|| number("exclusiveMaximum")),
        ),
        (number("minLength"), number("maxLength")),
        (number("minItems"), number("maxItems")),
    ];
    for (low, high) in pairs {
        if let (Some(low), Some(high)) = (low, high)
            && low > high
        {
            lint.find(file, pointer, format!("the lower limit {low} is above the upper {high}"), "swap them");
        }
    }
    if members.get("type").and_then(Value::as_str) == Some("integer") {
        for keyword in ["minimum", "maximum"] {
            if number(keyword).is_some_and(|bound| bound.abs() > 9_007_199_254_740_991.0) {
                lint.find(
                    file,
                    pointer,
                    format!("{keyword} is beyond 2^53 - 1"),
                    "stay where every language has the integer exactly",
                );
            }
        }
    }
}

fn values(lint: &mut Lint<'_>, file: &str, pointer: &str, members: &Map<String, Value>) {
    let Some(values) = members.get("enum").and_then(Value::as_array) else { return };
    let names: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
    let described = members.get("x-values").and_then(Value::as_object);
    if let Some(described) = described
        && described.keys().map(String::as_str).ne(names.iter().copied())
    {
        lint.find(
            file,
            &format!("{pointer}/x-values"),
            "the keys are not the values of enum, in their order",
            "write one entry for each value, in the order of enum",
        );
    }
    let mut seen: Vec<(String, &str)> = Vec::new();
    for name in &names {
        let row = described.and_then(|described| described.get(*name));
        let spellings =
            row.and_then(|row| row.get("spellings")).and_then(Value::as_array).into_iter().flatten();
        for spelling in spellings.filter_map(Value::as_str).chain([*name]) {
            let folded = spelling.to_lowercase();
            if let Some((_, other)) = seen.iter().find(|(known, other)| *known == folded && other != name) {
                lint.find(
                    file,
                    pointer,
                    format!("{spelling:?} means {name:?} and {other:?}"),
                    "spellings are read regardless of case: give it to one value",
                );
            }
            seen.push((folded, name));
        }
    }
}

/// `required` names properties, once those of a base are copied.
fn required(lint: &mut Lint<'_>) {
    let mut findings = Vec::new();
    for (name, properties) in lint.objects() {
        let required = lint.bundle.definitions[name].get("required").and_then(Value::as_array);
        for member in required.into_iter().flatten().filter_map(Value::as_str) {
            if !properties.contains_key(member) {
                findings.push((name.to_owned(), format!("{member} is required, but no property")));
            }
        }
    }
    for (name, what) in findings {
        lint.find_in(&name, "/required", what, "add the property, or take the name away");
    }
}
