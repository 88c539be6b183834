//! Documents that a generator makes of the schemas, and their mutants. The types and the readings are held to them here;
//! the gateway and worker-sim are sent them as real commands.

pub(crate) mod commands;
pub(crate) mod documents;
pub(crate) mod mutants;

use std::{collections::BTreeMap, sync::LazyLock};

use contracts::BUNDLE;
use serde_json::{Map, Value, json};

/// The bundle of all schemas.
pub(crate) static BUNDLED: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(BUNDLE).expect("the bundle is JSON"));

pub(crate) fn definitions() -> &'static Map<String, Value> {
    BUNDLED["$defs"].as_object().expect("$defs is an object")
}

/// The definitions that have a type of their own: all but the nullable ones.
pub(crate) fn typed() -> impl Iterator<Item = (&'static str, &'static Value)> {
    definitions()
        .iter()
        .filter(|(_, schema)| schema.get("oneOf").is_none())
        .map(|(name, schema)| (name.as_str(), schema))
}

/// The definition that a schema refers to, or the schema itself.
pub(crate) fn resolved(schema: &'static Value) -> &'static Value {
    match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => {
            resolved(&definitions()[reference.strip_prefix("#/$defs/").expect("a flat reference")])
        }
        None => schema,
    }
}

/// The compiled validator of each definition, with `x-not-blank` as a keyword of its own.
pub(crate) static VALIDATORS: LazyLock<BTreeMap<&'static str, jsonschema::Validator>> = LazyLock::new(|| {
    typed()
        .map(|(name, _)| {
            let schema = json!({ "$ref": format!("#/$defs/{name}"), "$defs": definitions() });
            let validator = jsonschema::options()
                .with_keyword("x-not-blank", |_, _, _| Ok(Box::new(NotBlank)))
                .build(&schema)
                .expect("the bundle compiles");
            (name, validator)
        })
        .collect()
});

struct NotBlank;

impl<'i> jsonschema::Keyword<'i> for NotBlank {
    fn validate(&self, instance: &'i Value) -> Result<(), jsonschema::ValidationError<'i>> {
        if self.is_valid(instance) { Ok(()) } else { Err(jsonschema::ValidationError::custom("blank")) }
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        instance.as_str().is_none_or(|text| !text.trim().is_empty())
    }
}
