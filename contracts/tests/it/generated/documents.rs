//! Documents that a generator makes of the schemas: the types take them and give them back.

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::{Map, Value, json};

use super::{VALIDATORS, definitions, read, same, typed};

/// One seed decides every document.
const SEED: u64 = 20_260_102;

/// Documents of one definition.
const EACH: usize = 40;

/// Documents of every definition, by a seeded generator: short strings and lists, everything else as it comes.
pub(crate) fn documents() -> Vec<(&'static str, Value)> {
    let mut rng = StdRng::seed_from_u64(SEED);
    let small: Map<String, Value> =
        definitions().iter().map(|(name, schema)| (name.clone(), small(schema))).collect();
    let mut documents = Vec::new();
    for (name, _) in typed() {
        let schema = json!({ "$ref": format!("#/$defs/{name}"), "$defs": small });
        let mut made = 0;
        for _ in 0..EACH * 10 {
            let value = match noson::generate(&schema, &mut rng) {
                Ok(value) => value,
                // A definition that contains itself, drawn too deep.
                Err(noson::Error::MaxDepthExceeded) => continue,
                Err(error) => panic!("{name}: the generator gives up: {error}"),
            };
            // The generator knows neither x-not-blank nor every pattern.
            if VALIDATORS[name].is_valid(&value) {
                documents.push((name, value));
                made += 1;
            }
            if made == EACH {
                break;
            }
        }
        assert_eq!(made, EACH, "{name}: too few valid documents");
    }
    documents
}

/// The schema with lower upper limits, so that a document stays a page long.
fn small(schema: &Value) -> Value {
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

/// A valid value of a schema.
pub(super) fn sample(schema: &Value) -> Value {
    let mut rng = StdRng::seed_from_u64(SEED);
    let small: Map<String, Value> =
        definitions().iter().map(|(name, schema)| (name.clone(), small(schema))).collect();
    let mut schema = self::small(schema);
    schema["$defs"] = Value::Object(small);
    noson::generate(&schema, &mut rng).expect("the generator makes a value")
}

#[test]
fn generated_documents_are_accepted_and_round_trip() {
    let documents = documents();
    assert!(documents.len() >= 2_000, "{}", documents.len());
    for (name, document) in &documents {
        let back = read(name, document).unwrap_or_else(|error| panic!("{name} refuses {document}: {error}"));
        assert!(same(&back, document), "{name}: {document}\nbecame {back}");
        assert!(VALIDATORS[name].is_valid(&back), "{name}: {back}");
    }
}
