//! The schemas that the types describe themselves by, compared with the schemas they come from: names, required,
//! types, enums, nullability, and the limits of the checked newtypes.

use contracts::testing::definition;
use serde_json::{Map, Value, json};

use crate::mutated::{definitions, typed};

/// What matters of a schema, in one form for both sides: references resolved but those to structs.
fn skeleton(schema: &Value, definitions: &Map<String, Value>) -> Value {
    if let Some(name) = reference(schema) {
        let target = &definitions[name];
        return if is_struct(target) { json!({ "struct": name }) } else { skeleton(target, definitions) };
    }
    if let Some(branches) = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array) {
        return branch_skeleton(branches, definitions);
    }
    let mut kept = Map::new();
    for (key, value) in schema.as_object().into_iter().flatten() {
        let value = match key.as_str() {
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => json!(value.as_f64()),
            "type" | "enum" | "pattern" | "minLength" | "maxLength" | "minItems" | "maxItems"
            | "uniqueItems" | "maxProperties" | "multipleOf" => value.clone(),
            "items" => skeleton(value, definitions),
            "additionalProperties" if value != &json!(true) => skeleton_or_false(value, definitions),
            "properties" => Value::Object(
                value
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(name, schema)| (name.clone(), skeleton(schema, definitions)))
                    .collect(),
            ),
            "required" => sorted(value),
            _ => continue,
        };
        kept.insert(key.clone(), value);
    }
    // Said by default.
    if kept.get("minItems") == Some(&json!(0)) {
        kept.shift_remove("minItems");
    }
    if kept.get("minLength") == Some(&json!(0)) {
        kept.shift_remove("minLength");
    }
    if kept.get("required") == Some(&json!([])) {
        kept.shift_remove("required");
    }
    if kept.get("properties") == Some(&json!({})) {
        kept.shift_remove("properties");
    }
    Value::Object(kept)
}

fn skeleton_or_false(schema: &Value, definitions: &Map<String, Value>) -> Value {
    if schema.is_boolean() { schema.clone() } else { skeleton(schema, definitions) }
}

fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

fn is_struct(schema: &Value) -> bool {
    schema.get("additionalProperties") == Some(&json!(false))
}

/// `[X, null]` is a nullable X; one-value enums, as schemars writes documented variants, are one enum.
fn branch_skeleton(branches: &[Value], definitions: &Map<String, Value>) -> Value {
    let null = |branch: &&Value| branch.get("type") == Some(&json!("null"));
    if branches.iter().any(|branch| null(&branch)) {
        let inner = branches.iter().find(|branch| !null(branch)).expect("a branch beside null");
        return json!({ "nullable": skeleton(inner, definitions) });
    }
    let values: Vec<&Value> = branches.iter().filter_map(|branch| branch.get("const")).collect();
    json!({ "type": "string", "enum": values })
}

fn sorted(list: &Value) -> Value {
    let mut names: Vec<&str> = list.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    names.sort_unstable();
    json!(names)
}

/// schemars writes an optional member as nullable; the strict readers make it "may be left out" again.
fn optional_members_are_not_nullable(skeleton: &mut Value) {
    let required = skeleton.get("required").cloned().unwrap_or_default();
    let required: Vec<&str> = required.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if let Some(properties) = skeleton.get_mut("properties").and_then(Value::as_object_mut) {
        for (name, schema) in properties {
            if required.contains(&name.as_str()) {
                continue;
            }
            if let Some(inner) = schema.get_mut("nullable") {
                *schema = inner.take();
            } else if let Some(list) = schema.get("type").and_then(Value::as_array) {
                schema["type"] = list[0].clone();
            }
        }
    }
}

/// Where the two sides differ.
fn differences(source: &Map<String, Value>, described: &Map<String, Value>) -> Vec<String> {
    let mut differences = Vec::new();
    for (name, schema) in source.iter().filter(|(_, schema)| schema.get("oneOf").is_none()) {
        let Some(other) = described.get(name) else {
            differences.push(format!("{name}: no type describes itself by this name"));
            continue;
        };
        let expected = skeleton(schema, source);
        let mut found = skeleton(other, described);
        optional_members_are_not_nullable(&mut found);
        if expected != found {
            differences.push(format!("{name}:\n  schema {expected}\n  type   {found}"));
        }
    }
    differences
}

fn described() -> Map<String, Value> {
    definition::schemas().as_object().cloned().expect("definitions")
}

#[test]
fn the_types_describe_themselves_as_the_schemas_do() {
    let differences = differences(definitions(), &described());
    assert!(
        differences.is_empty(),
        "{} of {}:\n{}",
        differences.len(),
        typed().count(),
        differences.join("\n")
    );
}

#[test]
fn drift_of_the_generator_shows() {
    let described = described();
    type Change = fn(&mut Value);
    let doctored: [(&str, Change); 8] = [
        ("Scheduler", |schema| schema["properties"]["stride"] = json!({ "type": "boolean" })),
        ("Scheduler", |schema| schema["properties"]["steps"] = json!({ "type": "boolean" })),
        ("Lora", |schema| schema["required"] = json!(["name", "weight"])),
        ("Steps", |schema| schema["maximum"] = json!(151)),
        ("SchedulerType", |schema| schema["enum"][0] = json!("DPM")),
        ("BatchItem", |schema| schema["properties"]["error"] = json!({ "$ref": "#/$defs/Text" })),
        ("Performance", |schema| schema["properties"]["optimizations"]["uniqueItems"] = json!(false)),
        ("ProgressEvent", |schema| schema["properties"]["event"]["enum"] = json!(["preview"])),
    ];
    for (name, change) in doctored {
        let mut source = definitions().clone();
        change(source.get_mut(name).expect("a definition"));
        let differences = differences(&source, &described);
        assert!(differences.iter().any(|difference| difference.starts_with(name)), "{name}: unnoticed");
    }
}
