//! Documents that a generator makes of the schemas.

use rand::rngs::StdRng;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

use super::{VALIDATORS, definitions};

/// So many documents of one definition.
pub(crate) fn of_definition(
    name: &'static str,
    count: usize,
    rng: &mut StdRng,
) -> Vec<(&'static str, Value)> {
    let schema = json!({ "$ref": format!("#/$defs/{name}"), "$defs": *SMALL });
    let mut documents = Vec::with_capacity(count);
    for _ in 0..count * 10 {
        let value = match noson::generate(&schema, rng) {
            Ok(value) => value,
            // A definition that contains itself, drawn too deep.
            Err(noson::Error::MaxDepthExceeded) => continue,
            Err(error) => panic!("{name}: the generator gives up: {error}"),
        };
        // The generator knows neither x-not-blank nor every pattern.
        if VALIDATORS[name].is_valid(&value) {
            documents.push((name, value));
        }
        if documents.len() == count {
            break;
        }
    }
    assert_eq!(documents.len(), count, "{name}: too few valid documents");
    documents
}

/// Every definition with lower upper limits.
static SMALL: LazyLock<Map<String, Value>> =
    LazyLock::new(|| definitions().iter().map(|(name, schema)| (name.clone(), small(schema))).collect());

/// The schema with lower upper limits, so that a document stays a page long.
pub(crate) fn small(schema: &Value) -> Value {
    let Some(members) = schema.as_object() else { return schema.clone() };
    let mut small = Map::new();
    for (key, value) in members {
        let value = match key.as_str() {
            "maxLength" => json!(value.as_u64().unwrap_or(0).min(24)),
            "maxItems" => {
                let least = members.get("minItems").and_then(Value::as_u64).unwrap_or(0);
                json!(value.as_u64().unwrap_or(0).min(2.max(least)))
            }
            "maxProperties" => json!(value.as_u64().unwrap_or(0).min(3)),
            "properties" => Value::Object(
                value
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(name, schema)| (name.clone(), self::small(schema)))
                    .collect(),
            ),
            "items" | "additionalProperties" => self::small(value),
            _ if key.starts_with("x-") || matches!(key.as_str(), "default" | "examples" | "description") => {
                continue;
            }
            _ => value.clone(),
        };
        small.insert(key.clone(), value);
    }
    Value::Object(small)
}
