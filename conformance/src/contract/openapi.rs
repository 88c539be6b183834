//! OpenAPI 3.1: each operation becomes two messages, what is sent and what comes back. Those of a webhook go the other way:
//! the service sends the request, and the client answers.

use contracts::pointer::{escape, unescape};
use serde_json::{Map, Value, json};

use super::Direction::{Request, Response};
use std::collections::BTreeMap;

use super::{
    Root, Side,
    references::target,
    side::{File, LoadError},
};

/// The key of the document that holds the messages.
pub(super) const MESSAGES: &str = "(messages)";

/// The lists of operations: those that clients call, and those that the service calls.
const LISTS: [&str; 2] = ["paths", WEBHOOKS];
const WEBHOOKS: &str = "webhooks";

/// The prefix of a webhook in the name of an operation. No path begins so: a path starts with `/`.
const WEBHOOK: &str = "webhook ";

const VERBS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Refuses documents of other versions: 3.0 has another kind of schema.
pub(super) fn check_version(file: &File, document: &Value) -> Result<(), LoadError> {
    let Some(version) = document.get("openapi") else { return Ok(()) };
    if version.as_str().is_some_and(|version| version == "3.1" || version.starts_with("3.1.")) {
        return Ok(());
    }
    let version = version.to_string();
    Err(LoadError::OtherOpenApi { file: file.path.clone(), version })
}

/// Members that are words, or that the comparison of messages tells of.
const TOLD: [&str; 10] = [
    "description",
    "summary",
    "operationId",
    "tags",
    "externalDocs",
    "example",
    "examples",
    "schema",
    "title",
    "deprecated",
];

/// The member whose operations are compared whole, not as messages: their addresses are expressions over other messages, so that
/// no name tells which of two versions belong together.
const WHOLE: &str = "callbacks";

/// Members of `components` that are compared as messages or as definitions, or that say nothing on the wire.
const COMPARED: [&str; 2] = ["schemas", "examples"];

/// The parts of an OpenAPI document outside of schemas (security, servers, forms of parameters, callbacks), by pointer.
pub(crate) fn beside_schemas(document: &Value) -> BTreeMap<String, Value> {
    let mut beside = Beside { document, found: BTreeMap::new() };
    for name in ["servers", "security"] {
        beside.member(document, "", name);
    }
    let components = document.get("components").unwrap_or(&Value::Null);
    let names = components.as_object().into_iter().flat_map(Map::keys);
    for name in names.filter(|name| !COMPARED.contains(&name.as_str())) {
        beside.member(components, "/components", name);
    }
    for list in LISTS {
        for (path, item) in document.get(list).and_then(Value::as_object).into_iter().flatten() {
            beside.walk(item, &format!("/{list}/{}", escape(&template(path))));
        }
    }
    beside.found
}

struct Beside<'d> {
    document: &'d Value,
    found: BTreeMap<String, Value>,
}

impl Beside<'_> {
    fn member(&mut self, owner: &Value, at: &str, name: &str) {
        let Some(value) = owner.get(name) else { return };
        let at = format!("{at}/{}", escape(name));
        if name != WHOLE {
            return self.walk(value, &at);
        }
        for (name, item) in value.as_object().into_iter().flatten() {
            self.found.insert(format!("{at}/{}", escape(name)), self.whole(item));
        }
    }

    fn walk(&mut self, value: &Value, at: &str) {
        match value {
            // No headers are said as none.
            Value::Object(members) if members.is_empty() && at.ends_with("/headers") => {}
            Value::Object(members) if !members.is_empty() => {
                for name in members.keys().filter(|name| {
                    !TOLD.contains(&name.as_str()) && !is_extension(at, name) && !is_message(at, name)
                }) {
                    self.member(value, at, name);
                }
            }
            Value::Array(items) if !items.is_empty() => {
                for (index, item) in items.iter().enumerate() {
                    self.walk(item, &format!("{at}/{index}"));
                }
            }
            value => drop(self.found.insert(at.to_owned(), value.clone())),
        }
    }

    /// A part of the document, with all that it refers to there.
    fn whole(&self, item: &Value) -> Value {
        let mut targets = Map::new();
        self.refer(item, &mut targets);
        if targets.is_empty() { item.clone() } else { json!({"item": item, "refers_to": targets}) }
    }

    fn refer(&self, value: &Value, targets: &mut Map<String, Value>) {
        match value {
            Value::Object(members) => {
                if let Some(reference) = members.get("$ref").and_then(Value::as_str)
                    && !targets.contains_key(reference)
                    && let Some(target) = self.document.pointer(&target(reference))
                {
                    targets.insert(reference.to_owned(), target.clone());
                    self.refer(target, targets);
                }
                members.values().for_each(|member| self.refer(member, targets));
            }
            Value::Array(items) => items.iter().for_each(|item| self.refer(item, targets)),
            _ => {}
        }
    }
}

/// Whether a member is an extension of OpenAPI. Beside headers stand their names, which may begin alike.
fn is_extension(at: &str, name: &str) -> bool {
    name.starts_with("x-") && !at.ends_with("/headers")
}

/// Whether a member is compared as a part of a message: the names and needs of parameters, the types of contents.
fn is_message(at: &str, name: &str) -> bool {
    match name {
        "name" | "in" => at.contains("/parameters/"),
        "required" => at.contains("/parameters/") || at.contains("/headers/") || at.ends_with("/requestBody"),
        "content" => true,
        "$ref" => true,
        _ => false,
    }
}

/// A path with its parameters by number: their names are not on the wire.
pub(crate) fn template(path: &str) -> String {
    let mut number = 0;
    let segments = path.split('/').map(|segment| {
        if segment.starts_with('{') && segment.ends_with('}') {
            number += 1;
            format!("{{{number}}}")
        } else {
            segment.to_owned()
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

/// The number of a parameter in a path.
fn number_of(path: &str, name: &str) -> Option<String> {
    let names = path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    names.enumerate().find(|(_, other)| *other == name).map(|(index, _)| format!("{{{}}}", index + 1))
}

/// Adds a document with a schema for each message; its inner schemas refer to the documents.
pub(super) fn add_messages(documents: &mut Map<String, Value>) {
    let whole = json!({"$defs": documents});
    let mut messages = Map::new();
    for (key, document) in documents.iter() {
        for list in LISTS {
            for path in document.get(list).and_then(Value::as_object).into_iter().flat_map(Map::keys) {
                let (shared, item) =
                    resolved(&whole, format!("/$defs/{}/{list}/{}", escape(key), escape(path)));
                let Some(item) = item else { continue };
                for verb in VERBS {
                    let Some(operation) = item.get(verb) else { continue };
                    let at = format!("{shared}/{verb}");
                    let operation =
                        Operation { whole: &whole, path, at: &at, shared: &shared, item, operation };
                    messages.insert(
                        format!("{} {}", verb.to_ascii_uppercase(), address(list, path)),
                        json!({"$defs": {"request": operation.request(), "response": operation.response()}}),
                    );
                }
            }
        }
    }
    documents.insert(MESSAGES.to_owned(), json!({"$defs": messages}));
}

/// The part of an operation's name after its verb: a path, or a webhook.
fn address(list: &str, path: &str) -> String {
    if list == WEBHOOKS { format!("{WEBHOOK}{path}") } else { template(path) }
}

/// The object at a pointer, through its reference; with the pointer of what it refers to.
fn resolved(whole: &Value, location: String) -> (String, Option<&Value>) {
    let value = contracts::pointer::get(whole, &location);
    match value.and_then(|value| value.get("$ref")).and_then(Value::as_str) {
        Some(reference) => {
            let location = target(reference);
            let value = contracts::pointer::get(whole, &location);
            (location, value)
        }
        None => (location, value),
    }
}

struct Operation<'a> {
    whole: &'a Value,
    path: &'a str,
    at: &'a str,
    shared: &'a str,
    item: &'a Value,
    operation: &'a Value,
}

impl Operation<'_> {
    fn request(&self) -> Value {
        let mut places: Map<String, Value> = Map::new();
        let mut needed: Vec<Value> = Vec::new();
        for (start, owner) in [(self.shared, self.item), (self.at, self.operation)] {
            let count = owner.get("parameters").and_then(Value::as_array).map_or(0, Vec::len);
            for index in 0..count {
                let (location, parameter) = resolved(self.whole, format!("{start}/parameters/{index}"));
                let text = |name: &str| parameter.and_then(|it| it.get(name)).and_then(Value::as_str);
                let (Some(name), Some(place)) = (text("name"), text("in")) else { continue };
                let by_number = number_of(self.path, name).filter(|_| place == "path");
                let name = by_number.as_deref().unwrap_or(name);
                let object = places.entry(place).or_insert_with(
                    // Further headers and cookies are always sent; a further query is a mistake of the caller.
                    || json!({"type": "object", "properties": {}, "required": [], "additionalProperties": place != "query"}),
                );
                object["properties"][name] = carried(&location, parameter);
                let required = parameter.and_then(|it| it.get("required")) == Some(&Value::Bool(true));
                if let (true, Value::Array(list)) = (required, &mut object["required"]) {
                    list.push(name.into());
                    needed.push(place.into());
                }
            }
        }
        let (location, body) = resolved(self.whole, format!("{}/requestBody", self.at));
        if let Some(body) = body {
            places.insert("body".to_owned(), content(&location, body));
            if body.get("required") == Some(&Value::Bool(true)) {
                needed.push("body".into());
            }
        }
        needed.dedup();
        let mut request = json!({"type": "object", "properties": places, "required": needed, "additionalProperties": false});
        // Generated clients name their method by it.
        if let Some(name) = self.operation.get("operationId") {
            request["operationId"] = name.clone();
        }
        request
    }

    fn response(&self) -> Value {
        let mut statuses = Map::new();
        let responses = self.operation.get("responses").and_then(Value::as_object);
        for status in responses.into_iter().flat_map(Map::keys) {
            let (location, response) =
                resolved(self.whole, format!("{}/responses/{}", self.at, escape(status)));
            if let Some(response) = response {
                let parts = json!({"headers": self.headers(&location, response), "content": content(&location, response)});
                statuses.insert(
                    status.clone(),
                    json!({"type": "object", "properties": parts, "additionalProperties": false}),
                );
            }
        }
        json!({"type": "object", "properties": statuses, "maxProperties": 1, "additionalProperties": false})
    }

    /// The headers of a response, by their names in lower case, as these are the same in any case. Others always come too.
    fn headers(&self, location: &str, response: &Value) -> Value {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        let named = response.get("headers").and_then(Value::as_object);
        for name in named.into_iter().flat_map(Map::keys) {
            let key = name.to_ascii_lowercase();
            // OpenAPI ignores this one: the media types say it.
            if key == "content-type" {
                continue;
            }
            let (location, header) = resolved(self.whole, format!("{location}/headers/{}", escape(name)));
            if header.and_then(|header| header.get("required")) == Some(&Value::Bool(true)) {
                required.push(Value::from(key.as_str()));
            }
            properties.insert(key, carried(&location, header));
        }
        json!({"type": "object", "properties": properties, "required": required})
    }
}

/// The value of a parameter or a header: by a schema, or as a body of one media type.
fn carried(location: &str, owner: Option<&Value>) -> Value {
    match owner {
        Some(owner) if owner.get("schema").is_none() && owner.get("content").is_some() => {
            content(location, owner)
        }
        _ => reference(location, owner, "schema"),
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
        // The service sends the request of a webhook.
        let is_webhook = name.split_once(' ').is_some_and(|(_, address)| address.starts_with(WEBHOOK));
        let (asked, answered) = if is_webhook { (Response, Request) } else { (Request, Response) };
        [("request", asked), ("response", answered)].map(|(part, direction)| Root {
            label: format!("{name} {part}"),
            document: None,
            action: Some(name.clone()),
            location: format!("{start}/{}/$defs/{part}", escape(name)),
            direction,
        })
    });
    both.collect()
}

/// Where in the document the operation of a message is.
pub(super) fn origin<'d>(pointer: &str, mut documents: impl Iterator<Item = &'d Value>) -> String {
    let name = pointer.strip_prefix("/$defs/").and_then(|rest| rest.split('/').next()).map(unescape);
    let Some((verb, wanted)) = name.as_deref().and_then(|name| name.split_once(' ')) else {
        return String::new();
    };
    let found = documents.find_map(|document| {
        LISTS.into_iter().find_map(|list| {
            let mut paths = document.get(list)?.as_object()?.keys();
            let path = paths.find(|path| address(list, path) == wanted)?;
            Some(format!("/{list}/{}", escape(path)))
        })
    });
    // An operation that is gone from the documents has the name that it had.
    let item = found.unwrap_or_else(|| format!("/paths/{}", escape(wanted)));
    format!("{item}/{}", verb.to_ascii_lowercase())
}
