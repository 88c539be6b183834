//! The messages of a side: what is sent, and which way it goes.

use contracts::pointer::escape;
use serde_json::{Map, Value};

use super::Direction::{self, Request, Response};
use super::{Kind, Root, Side, openapi};

pub(super) fn of(side: &Side, direction: Direction) -> Vec<Root> {
    match side.kind {
        Kind::Contract => contract(side),
        Kind::Schemas => schemas(side, direction),
        Kind::OpenApi => openapi::roots(side),
    }
}

/// `commands_schema.json#/$defs/Initialize` as a pointer into the bundle.
fn location(reference: &str) -> String {
    let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
    format!("/$defs/{}{pointer}", escape(file))
}

fn contract(side: &Side) -> Vec<Root> {
    let mut roots = Vec::new();
    let mut add = |label: String, action: Option<&str>, location: String, direction| {
        if side.at(&location).is_some() {
            roots.push(Root {
                label,
                document: None,
                action: action.map(str::to_owned),
                location,
                direction,
            });
        }
    };
    let registry = side.tables.get("registry");
    let rows = |name: &str| {
        registry.and_then(|table| table.get(name)).and_then(Value::as_array).into_iter().flatten()
    };
    let text = |row: &Value, name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
    for row in rows("actions") {
        let Some(action) = text(row, "action") else { continue };
        if let Some(request) = text(row, "request") {
            add(format!("{action} command"), Some(&action), location(&request), Request);
        }
        if let Some(reply) = text(row, "reply") {
            add(format!("{action} reply"), Some(&action), location(&reply), Response);
        }
    }
    for row in rows("resources") {
        if let (Some(id), Some(reply)) = (text(row, "id"), text(row, "reply")) {
            add(format!("{id} reply"), None, location(&reply), Response);
        }
    }
    for row in rows("parameters") {
        if let (Some(name), Some(schema)) = (text(row, "name"), text(row, "schema")) {
            add(format!("parameter {name}"), None, location(&schema), Request);
        }
    }
    for (name, direction) in
        [("EnvelopeHead", Request), ("Reply", Response), ("ReplyData", Response), ("Problem", Response)]
    {
        add(format!("envelope {name}"), None, format!("/$defs/envelope_schema.json/$defs/{name}"), direction);
    }
    for (name, location) in events(side) {
        add(format!("event {name}"), None, location, Response);
    }
    roots
}

/// Events by their names: the one value of `event`.
pub(crate) fn events(side: &Side) -> Vec<(String, String)> {
    let file = "/$defs/events_schema.json/$defs";
    let definitions = side.at(file).and_then(Value::as_object).into_iter().flatten();
    let named = definitions.filter_map(|(definition, schema)| {
        let values = schema.pointer("/properties/event/enum").and_then(Value::as_array)?;
        let [Value::String(name)] = values.as_slice() else { return None };
        Some((name.clone(), format!("{file}/{}", escape(definition))))
    });
    named.collect()
}

/// Keywords at the root of a document that say nothing of values.
const HEAD: [&str; 7] =
    ["$defs", "definitions", "title", "description", "$comment", "examples", "$vocabulary"];

/// The document itself; each definition, where the document has nothing but definitions.
fn schemas(side: &Side, direction: Direction) -> Vec<Root> {
    let documents = side.at("/$defs").and_then(Value::as_object);
    let mut roots = Vec::new();
    for (key, document) in documents.into_iter().flatten() {
        let start = format!("/$defs/{}", escape(key));
        let mut add = |label: String, location| {
            roots.push(Root { label, document: Some(key.clone()), action: None, location, direction });
        };
        let says = document.as_object().is_none_or(|object| {
            object.keys().any(|name| !HEAD.contains(&name.as_str()) && !name.starts_with("x-"))
        });
        let definitions: Vec<(&str, &Map<String, Value>)> = ["$defs", "definitions"]
            .into_iter()
            .filter_map(|keyword| Some((keyword, document.get(keyword)?.as_object()?)))
            .collect();
        if says || definitions.is_empty() {
            add("document".to_owned(), start.clone());
        } else {
            for (keyword, definitions) in definitions {
                for name in definitions.keys() {
                    add(format!("definition {name}"), format!("{start}/{keyword}/{}", escape(name)));
                }
            }
        }
    }
    roots
}
