//! OpenAPI 3.1: each operation becomes two messages, what is sent and what comes back.

use contracts::pointer::{escape, unescape};
use serde_json::{Map, Value, json};

use super::Direction::{Request, Response};
use super::{Root, Side, references::target};

/// The key of the document that holds the messages.
pub(super) const MESSAGES: &str = "(messages)";

const VERBS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Adds a document with a schema for each message; its inner schemas refer to the documents.
pub(super) fn add_messages(documents: &mut Map<String, Value>) {
    let whole = json!({"$defs": documents});
    let mut messages = Map::new();
    for (key, document) in documents.iter() {
        let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
        for (path, item) in paths {
            for verb in VERBS {
                let Some(operation) = item.get(verb) else { continue };
                let name = format!("{} {path}", verb.to_ascii_uppercase());
                let at = format!("/$defs/{}/paths/{}/{verb}", escape(key), escape(path));
                let shared = at.rsplit_once('/').map_or("", |(item, _)| item);
                let operation = Operation { whole: &whole, at: &at, shared, item, operation };
                messages.insert(
                    name,
                    json!({"$defs": {"request": operation.request(), "response": operation.response()}}),
                );
            }
        }
    }
    documents.insert(MESSAGES.to_owned(), json!({"$defs": messages}));
}

struct Operation<'a> {
    whole: &'a Value,
    at: &'a str,
    shared: &'a str,
    item: &'a Value,
    operation: &'a Value,
}

impl Operation<'_> {
    /// The object at a pointer, through its reference; with the pointer of what it refers to.
    fn at(&self, location: String) -> (String, Option<&Value>) {
        let value = contracts::pointer::get(self.whole, &location);
        match value.and_then(|value| value.get("$ref")).and_then(Value::as_str) {
            Some(reference) => {
                let location = target(reference);
                let value = contracts::pointer::get(self.whole, &location);
                (location, value)
            }
            None => (location, value),
        }
    }

    fn request(&self) -> Value {
        let mut places: Map<String, Value> = Map::new();
        let mut needed: Vec<Value> = Vec::new();
        for (start, owner) in [(self.shared, self.item), (self.at, self.operation)] {
            let count = owner.get("parameters").and_then(Value::as_array).map_or(0, Vec::len);
            for index in 0..count {
                let (location, parameter) = self.at(format!("{start}/parameters/{index}"));
                let text = |name: &str| parameter.and_then(|it| it.get(name)).and_then(Value::as_str);
                let (Some(name), Some(place)) = (text("name"), text("in")) else { continue };
                let object = places.entry(place).or_insert_with(
                    // Further headers and cookies are always sent; a further query is a mistake of the caller.
                    || json!({"type": "object", "properties": {}, "required": [], "additionalProperties": place != "query"}),
                );
                object["properties"][name] = reference(&location, parameter, "schema");
                let required = parameter.and_then(|it| it.get("required")) == Some(&Value::Bool(true));
                if let (true, Value::Array(list)) = (required, &mut object["required"]) {
                    list.push(name.into());
                    needed.push(place.into());
                }
            }
        }
        let (location, body) = self.at(format!("{}/requestBody", self.at));
        if let Some(body) = body {
            places.insert("body".to_owned(), content(&location, body));
            if body.get("required") == Some(&Value::Bool(true)) {
                needed.push("body".into());
            }
        }
        needed.dedup();
        json!({"type": "object", "properties": places, "required": needed, "additionalProperties": false})
    }

    fn response(&self) -> Value {
        let mut statuses = Map::new();
        let responses = self.operation.get("responses").and_then(Value::as_object);
        for status in responses.into_iter().flat_map(Map::keys) {
            let (location, response) = self.at(format!("{}/responses/{}", self.at, escape(status)));
            if let Some(response) = response {
                statuses.insert(status.clone(), content(&location, response));
            }
        }
        json!({"type": "object", "properties": statuses, "maxProperties": 1, "additionalProperties": false})
    }
}

fn reference(location: &str, owner: Option<&Value>, keyword: &str) -> Value {
    match owner.and_then(|owner| owner.get(keyword)) {
        Some(_) => json!({"$ref": format!("#{}/{keyword}", super::references::encoded(location))}),
        None => json!({}),
    }
}

/// A body: one of its media types.
fn content(location: &str, owner: &Value) -> Value {
    let mut media = Map::new();
    for (name, value) in owner.get("content").and_then(Value::as_object).into_iter().flatten() {
        let at = format!("{location}/content/{}", escape(name));
        media.insert(name.clone(), reference(&at, Some(value), "schema"));
    }
    json!({"type": "object", "properties": media, "maxProperties": 1, "additionalProperties": false})
}

pub(super) fn roots(side: &Side) -> Vec<Root> {
    let start = format!("/$defs/{}/$defs", escape(MESSAGES));
    let operations = side.at(&start).and_then(Value::as_object).into_iter().flat_map(Map::keys);
    let both = operations.flat_map(|name| {
        [("request", Request), ("response", Response)].map(|(part, direction)| Root {
            label: format!("{name} {part}"),
            action: Some(name.clone()),
            location: format!("{start}/{}/$defs/{part}", escape(name)),
            direction,
        })
    });
    both.collect()
}

/// Where in the document the operation of a message is.
pub(super) fn origin(pointer: &str) -> String {
    let name = pointer.strip_prefix("/$defs/").and_then(|rest| rest.split('/').next()).map(unescape);
    match name.as_deref().and_then(|name| name.split_once(' ')) {
        Some((verb, path)) => format!("/paths/{}/{}", escape(path), verb.to_ascii_lowercase()),
        None => String::new(),
    }
}
