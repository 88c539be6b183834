//! Rewrites that keep the meaning find nothing: other orders, references, definitions, words.

use conformance::diff::Direction;
use serde_json::{Map, Value, json};

use super::{
    compared, is_long,
    random::{Random, document, places},
};

/// Rewrites of one run of the tests, and those of `xtask long`.
const REWRITES: u64 = 120;
const REWRITES_LONG: u64 = 1000;

#[test]
fn rewrites_that_keep_the_meaning_find_nothing() {
    for seed in 0..if is_long() { REWRITES_LONG } else { REWRITES } {
        let mut random = Random::new(seed);
        let old = document(&mut random);
        let mut new = old.clone();
        let done: Vec<&str> = (0..1 + random.below(3)).map(|_| rewrite(&mut new, &mut random)).collect();
        let compared = compared(&old, &new, Direction::Both);
        let found: Vec<&str> = compared.findings.iter().map(|finding| finding.rule.id.as_str()).collect();
        assert!(found.is_empty(), "seed {seed} {done:?}: {found:?}\n{old}\n{new}");
    }
}

#[test]
fn a_document_and_itself_find_nothing() {
    for seed in 0..60 {
        let document = document(&mut Random::new(seed));
        assert!(compared(&document, &document, Direction::Both).findings.is_empty(), "{document}");
    }
}

fn rewrite(document: &mut Value, random: &mut Random) -> &'static str {
    match random.below(7) {
        0 => {
            *document = shuffled(document, random);
            "members in another order"
        }
        1 => {
            inline(document, random);
            "a reference inlined"
        }
        2 => {
            extract(document, random);
            "a schema moved into a definition"
        }
        3 => {
            rename(document);
            "a definition renamed"
        }
        4 => {
            describe(document, random);
            "another description"
        }
        5 => {
            trivial(document, random);
            "a keyword that takes everything"
        }
        _ => {
            split(document, random);
            "a schema in allOf"
        }
    }
}

fn shuffled(value: &Value, random: &mut Random) -> Value {
    match value {
        Value::Object(object) => {
            let mut members: Vec<(String, Value)> =
                object.iter().map(|(name, value)| (name.clone(), shuffled(value, random))).collect();
            for at in (1..members.len()).rev() {
                members.swap(at, random.below(at + 1));
            }
            // The order of `required` has no meaning either.
            if let Some((_, Value::Array(list))) = members.iter_mut().find(|(name, _)| name == "required") {
                list.reverse();
            }
            members.into_iter().collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(|item| shuffled(item, random)).collect(),
        other => other.clone(),
    }
}

fn inline(document: &mut Value, random: &mut Random) {
    let refers: Vec<String> = places(document)
        .into_iter()
        .filter(|place| document.pointer(place).is_some_and(|schema| schema.get("$ref").is_some()))
        .collect();
    if refers.is_empty() {
        return;
    }
    let place = random.pick(&refers).clone();
    let target = document.pointer(&place).unwrap()["$ref"].as_str().unwrap()[1..].to_owned();
    let target = document.pointer(&target).unwrap().clone();
    *document.pointer_mut(&place).unwrap() = target;
}

fn extract(document: &mut Value, random: &mut Random) {
    let inner: Vec<String> =
        places(document).into_iter().filter(|place| place.contains("/properties/")).collect();
    if inner.is_empty() {
        return;
    }
    let place = random.pick(&inner).clone();
    let schema = document.pointer(&place).unwrap().clone();
    let name = format!("Extracted{}", document["$defs"].as_object().unwrap().len());
    *document.pointer_mut(&place).unwrap() =
        json!({"$ref": format!("#/$defs/{name}"), "description": "moved"});
    document["$defs"][name] = schema;
}

fn rename(document: &mut Value) {
    let text = document
        .to_string()
        .replace("#/$defs/Small", "#/$defs/Renamed")
        .replace("\"Small\":", "\"Renamed\":");
    *document = serde_json::from_str(&text).unwrap();
}

fn describe(document: &mut Value, random: &mut Random) {
    let places = places(document);
    let place = random.pick(&places);
    document.pointer_mut(place).unwrap()["description"] = "other words".into();
}

fn trivial(document: &mut Value, random: &mut Random) {
    let places = places(document);
    let place = random.pick(&places).clone();
    let schema = document.pointer_mut(&place).unwrap();
    let of = schema.get("type").and_then(Value::as_str).unwrap_or("").to_owned();
    let (name, value) = match of.as_str() {
        "array" => ("uniqueItems", json!(false)),
        "object" => ("minProperties", json!(0)),
        "integer" => ("multipleOf", json!(1)),
        "string" if schema.get("minLength").is_none() => ("minLength", json!(0)),
        _ => return,
    };
    schema.as_object_mut().unwrap().entry(name).or_insert(value);
}

fn split(document: &mut Value, random: &mut Random) {
    let inner: Vec<String> =
        places(document).into_iter().filter(|place| place.contains("/properties/")).collect();
    if inner.is_empty() {
        return;
    }
    let place = random.pick(&inner).clone();
    let schema = document.pointer_mut(&place).unwrap();
    let whole = schema.take();
    *schema = json!({"allOf": [whole]});
}
