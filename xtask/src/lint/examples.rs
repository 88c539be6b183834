//! Every property has a valid example: its own, its definition's, or one composed of the examples of its parts.
//! Every example and every default is what its schema allows.

use std::collections::BTreeMap;

use jsonschema::{Registry, Validator};
use serde_json::{Map, Value, json};

use super::Lint;
use crate::model::nullable_of;
use crate::schemas::reference_name;

/// Looks at every definition and every property.
pub(super) fn lint(lint: &mut Lint<'_>) {
    let schemas = lint.schemas;
    let document = json!({ "$defs": lint.bundle.definitions });
    let mut validators = Validators::new(&document);
    for (_, document) in schemas.documents() {
        for (name, source) in document["$defs"].as_object().into_iter().flatten() {
            let schema = &lint.bundle.definitions[name];
            samples(lint, &mut validators, name, "", schema);
            // The members of a base are looked at where they are written.
            let own = source.get("properties").and_then(Value::as_object);
            for property in own.into_iter().flat_map(Map::keys) {
                let below = format!("/properties/{property}");
                samples(lint, &mut validators, name, &below, &schema["properties"][property]);
            }
        }
    }
}

fn samples(lint: &mut Lint<'_>, validators: &mut Validators<'_>, name: &str, below: &str, schema: &Value) {
    let examples = schema.get("examples").and_then(Value::as_array).into_iter().flatten();
    for (kind, value) in examples
        .map(|example| ("example", example))
        .chain(schema.get("default").map(|default| ("default", default)))
    {
        if let Some(fault) = validators.fault(name, below, value) {
            lint.find_in(
                name,
                below,
                format!("the {kind} {value} is not valid: {fault}"),
                "mend the one or the other",
            );
        }
    }
    if schema.get("examples").is_some() {
        return;
    }
    match example(&lint.bundle.definitions, schema, &mut Vec::new()) {
        None => lint.find_in(
            name,
            below,
            "there is no example, and none can be composed of its parts",
            "add `examples` here, or to the definition it refers to",
        ),
        Some(composed) => {
            if let Some(fault) = validators.fault(name, below, &composed) {
                let what = format!("the example composed of its parts, {composed}, is not valid: {fault}");
                lint.find_in(name, below, what, "add `examples` here");
            }
        }
    }
}

/// An example of a schema: its own, or composed of the required parts'.
pub(super) fn example(
    definitions: &Map<String, Value>,
    schema: &Value,
    path: &mut Vec<String>,
) -> Option<Value> {
    if let Some(example) = schema.get("examples").and_then(|examples| examples.get(0)) {
        return Some(example.clone());
    }
    if let Some(inner) = nullable_of(schema) {
        return example(definitions, inner, path);
    }
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(reference_name) {
        if path.iter().any(|known| known == name) {
            return None;
        }
        path.push(name.to_owned());
        let found = example(definitions, definitions.get(name)?, path);
        path.pop();
        return found;
    }
    match schema.get("type").and_then(Value::as_str)? {
        "null" => Some(Value::Null),
        "string" => schema.get("enum").and_then(|values| values.get(0)).cloned(),
        "array" if schema.get("minItems").and_then(Value::as_u64).unwrap_or(0) == 0 => {
            // A list may be empty, but its items must have an example all the same.
            let item = example(definitions, &schema["items"], path);
            Some(item.map_or_else(|| json!([]), |item| json!([item])))
        }
        "array" => Some(json!([example(definitions, &schema["items"], path)?])),
        "object" => match schema.get("properties").and_then(Value::as_object) {
            None => Some(json!({ "name": example(definitions, &schema["additionalProperties"], path)? })),
            Some(properties) => {
                let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
                let members = required.filter_map(Value::as_str).map(|member| {
                    Some((member.to_owned(), example(definitions, properties.get(member)?, path)?))
                });
                members.collect::<Option<Map<String, Value>>>().map(Value::Object)
            }
        },
        _ => None,
    }
}

/// Validators by the place of their schema in the bundle.
struct Validators<'a> {
    registry: Registry<'a>,
    compiled: BTreeMap<String, Validator>,
}

impl<'a> Validators<'a> {
    fn new(document: &'a Value) -> Self {
        let registry = Registry::new().add(BUNDLE, document).and_then(jsonschema::RegistryBuilder::prepare);
        Self { registry: registry.expect("the bundle registers"), compiled: BTreeMap::new() }
    }

    /// Why a value is not valid.
    fn fault(&mut self, name: &str, below: &str, value: &Value) -> Option<String> {
        let place = format!("{BUNDLE}#/$defs/{name}{below}");
        let registry = &self.registry;
        let validator = self.compiled.entry(place).or_insert_with_key(|place| {
            let schema = json!({ "$ref": place });
            let built = jsonschema::options().with_registry(registry).build(&schema);
            built.expect("the earlier lints let only schemas pass")
        });
        validator.validate(value).err().map(|error| error.to_string().chars().take(300).collect())
    }
}

/// What the bundle is called among the validators.
const BUNDLE: &str = "urn:concord:bundle";
