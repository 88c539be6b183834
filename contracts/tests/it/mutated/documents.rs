//! Documents that a generator makes of the schemas.

use contracts::dictionary::{Shape, dictionary};
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
            documents.push((name, sorted(value, &dictionary().named(name).shape)));
        }
        if documents.len() == count {
            break;
        }
    }
    assert_eq!(documents.len(), count, "{name}: too few valid documents");
    documents
}

/// The value as it is canonical: lists whose order has no meaning (`x-sorted`) in the order of their enum.
fn sorted(value: Value, shape: &Shape) -> Value {
    match (dictionary().resolve(shape), value) {
        (Shape::Nullable(inner), value) if !value.is_null() => sorted(value, inner),
        (Shape::Object(object), Value::Object(members)) => members
            .into_iter()
            .map(|(name, value)| {
                let value = match object.property(&name) {
                    Some(property) => sorted(value, &property.shape),
                    None => value,
                };
                (name, value)
            })
            .collect(),
        (Shape::List(list), Value::Array(items)) => {
            let mut items: Vec<Value> = items.into_iter().map(|item| sorted(item, &list.item)).collect();
            if let (true, Shape::Enum(spec)) = (list.sorted, dictionary().resolve(&list.item)) {
                items.sort_by_key(|item| spec.values.iter().position(|value| item == value));
            }
            items.into()
        }
        (_, value) => value,
    }
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
