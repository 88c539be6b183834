//! Random schemas: in the manner of ours, and beyond it.

use serde_json::{Map, Value, json};

/// xorshift64*; equal seeds give equal schemas.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5DEE_CE66)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.max(1);
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound.max(1)
    }

    pub(crate) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn pick<'v, T>(&mut self, values: &'v [T]) -> &'v T {
        &values[self.below(values.len())]
    }
}

const NAMES: [&str; 8] = ["steps", "seed", "prompt", "device", "scale", "loras", "batch_size", "mode"];
const WORDS: [&str; 6] = ["auto", "cpu", "cuda", "fp16", "bf16", "none"];

/// A document with definitions, whose root is an object.
pub(crate) fn document(random: &mut Random) -> Value {
    let mut definitions = Map::new();
    for name in ["Small", "Mode", "Item"] {
        definitions.insert(name.to_owned(), schema(random, 2, false));
    }
    let mut root = object(random, 0);
    root["$defs"] = definitions.into();
    root
}

fn schema(random: &mut Random, depth: usize, refers: bool) -> Value {
    if refers && random.one_in(4) {
        return json!({"$ref": format!("#/$defs/{}", random.pick(&["Small", "Mode", "Item"]))});
    }
    match random.below(if depth > 2 { 5 } else { 9 }) {
        0 => {
            let least = random.below(10);
            json!({"type": "integer", "minimum": least, "maximum": least + 1 + random.below(100)})
        }
        1 => json!({"type": "number", "minimum": 0, "exclusiveMaximum": 1 + random.below(8)}),
        2 => {
            let least = random.below(3);
            json!({"type": "string", "minLength": least, "maxLength": least + 1 + random.below(20)})
        }
        3 => {
            let count = 2 + random.below(4);
            json!({"type": "string", "enum": WORDS[..count]})
        }
        4 => json!({"type": "boolean"}),
        5 | 6 => object(random, depth),
        7 => {
            let least = random.below(2);
            let items = schema(random, depth + 1, true);
            json!({"type": "array", "items": items, "minItems": least, "maxItems": least + 1 + random.below(4)})
        }
        _ => match random.below(4) {
            0 => {
                json!({"type": "object", "additionalProperties": schema(random, depth + 1, true), "maxProperties": 3})
            }
            1 => json!({"type": ["integer", "null"], "minimum": 0}),
            2 => json!({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "maxLength": 9}]}),
            _ => json!({"type": "string", "pattern": "^[a-z]{1,6}$"}),
        },
    }
}

fn object(random: &mut Random, depth: usize) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for _ in 0..1 + random.below(5) {
        let name = *random.pick(&NAMES);
        properties.insert(name.to_owned(), schema(random, depth + 1, depth < 2));
        if random.one_in(3) && !required.contains(&name) {
            required.push(name);
        }
    }
    let mut object = json!({"type": "object", "properties": properties, "required": required});
    if !random.one_in(3) {
        object["additionalProperties"] = false.into();
    }
    object
}

/// Pointers to all schemas of a document.
pub(crate) fn places(document: &Value) -> Vec<String> {
    fn walk(schema: &Value, at: &str, found: &mut Vec<String>) {
        if !schema.is_object() {
            return;
        }
        found.push(at.to_owned());
        for name in ["properties", "$defs"] {
            for (inner, value) in schema.get(name).and_then(Value::as_object).into_iter().flatten() {
                walk(value, &format!("{at}/{name}/{inner}"), found);
            }
        }
        for name in ["items", "additionalProperties"] {
            walk(schema.get(name).unwrap_or(&Value::Null), &format!("{at}/{name}"), found);
        }
    }
    let mut found = Vec::new();
    walk(document, "", &mut found);
    found
}

/// One edit of a random schema of a document; what it was.
pub(crate) fn edit(document: &mut Value, random: &mut Random) -> String {
    let places = places(document);
    for _ in 0..40 {
        let place = random.pick(&places).clone();
        let Some(Value::Object(schema)) = document.pointer_mut(&place) else { continue };
        if let Some(what) = one_edit(schema, random) {
            return format!("{place}: {what}");
        }
    }
    "nothing".to_owned()
}

fn one_edit(schema: &mut Map<String, Value>, random: &mut Random) -> Option<String> {
    let numbers = [
        "minimum",
        "maximum",
        "exclusiveMaximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "maxProperties",
    ];
    let has: Vec<&str> = numbers.into_iter().filter(|name| schema.contains_key(*name)).collect();
    match random.below(10) {
        0..=2 if !has.is_empty() => {
            let name = *random.pick(&has);
            let value = schema[name].as_i64()?;
            if random.one_in(5) {
                schema.remove(name);
                return Some(format!("{name} removed"));
            }
            let by = 1 + random.below(3) as i64;
            let new = if random.one_in(2) { value + by } else { (value - by).max(0) };
            schema.insert(name.to_owned(), new.into());
            (new != value).then(|| format!("{name} {value} → {new}"))
        }
        3 => {
            let list = schema.get_mut("required")?.as_array_mut()?;
            if list.is_empty() {
                return None;
            }
            let at = random.below(list.len());
            Some(format!("required {} dropped", list.remove(at)))
        }
        4 => {
            let names: Vec<String> = schema.get("properties")?.as_object()?.keys().cloned().collect();
            let name = random.pick(&names).clone();
            let list = schema.entry("required").or_insert_with(|| json!([])).as_array_mut()?;
            if list.contains(&json!(name)) {
                return None;
            }
            list.push(name.clone().into());
            Some(format!("{name} required"))
        }
        5 => {
            let name = *random.pick(&["added_one", "added_two"]);
            let value = json!({"type": *random.pick(&["string", "integer", "boolean"])});
            let known = schema.get_mut("properties")?.as_object_mut()?.insert(name.to_owned(), value);
            known.is_none().then(|| format!("{name} added"))
        }
        6 => {
            let properties = schema.get_mut("properties")?.as_object_mut()?;
            let names: Vec<String> = properties.keys().cloned().collect();
            let name = random.pick(&names).clone();
            properties.remove(&name);
            if let Some(Value::Array(list)) = schema.get_mut("required") {
                list.retain(|other| *other != name);
            }
            Some(format!("{name} removed"))
        }
        7 => {
            let list = schema.get_mut("enum")?.as_array_mut()?;
            if random.one_in(2) {
                list.push("another".into());
                return Some("enum value added".to_owned());
            }
            (list.len() > 1).then(|| format!("enum value {} removed", list.remove(0)))
        }
        8 => match schema.remove("additionalProperties") {
            Some(Value::Bool(false)) => Some("opened".to_owned()),
            Some(other) => {
                schema.insert("additionalProperties".to_owned(), other);
                None
            }
            None if schema.contains_key("properties") => {
                schema.insert("additionalProperties".to_owned(), false.into());
                Some("closed".to_owned())
            }
            None => None,
        },
        _ => {
            let of = schema.get("type")?.as_str()?.to_owned();
            let new = match of.as_str() {
                "integer" => json!("number"),
                "boolean" => json!(["boolean", "null"]),
                "array" => {
                    schema.insert("uniqueItems".to_owned(), true.into());
                    return Some("unique".to_owned());
                }
                "string" if !schema.contains_key("enum") => {
                    schema.insert("pattern".to_owned(), "^[a-f]*$".into());
                    return Some("pattern".to_owned());
                }
                _ => return None,
            };
            schema.insert("type".to_owned(), new);
            Some(format!("type {of} widened"))
        }
    }
}
