//! The components: the definitions of the bundle, in the form that generators of clients understand.

use std::collections::BTreeSet;

use contracts::{Action, BUNDLE, registry::ActionInfo};
use serde_json::{Map, Value, json};

use super::{camel, codes, schema};

/// The largest 32-bit integer: a larger maximum needs 64 bits in most languages.
const INT32_MAX: f64 = i32::MAX as f64;
/// Members of the envelope that may stand beside an action's fields. The action is in the path, and the gateway counts
/// attempts.
const BESIDE: [&str; 3] = ["request_id", "session_id", "gpu_id"];
/// Statuses that operations list; all others are under `default`.
pub(super) const STATUSES: [u16; 6] = [400, 404, 406, 413, 415, 422];

/// The components of the document, while it is built.
pub(super) struct Components {
    bundle: Map<String, Value>,
    made: Map<String, Value>,
}

impl Components {
    /// Every definition of the bundle that is a component.
    pub(super) fn read() -> Self {
        let mut bundle: Value = serde_json::from_str(BUNDLE).expect("the bundle is generated and tested");
        let Value::Object(bundle) = bundle["$defs"].take() else { panic!("the bundle has definitions") };
        let mut all = Self { bundle, made: Map::new() };
        let requests = all.requests();
        let names: Vec<String> = all.bundle.keys().cloned().collect();
        for name in names.iter().filter(|name| !is_inlined(&all.bundle[*name])) {
            let mut written = all.written(&all.bundle[name]);
            if requests.contains(name) {
                nullable_options(&mut written);
            }
            all.made.insert(name.clone(), written);
        }
        all.made.insert("Problem".to_owned(), all.problem());
        all
    }

    /// The definitions that requests use, where null means absent.
    fn requests(&self) -> BTreeSet<String> {
        let mut reached: BTreeSet<String> = BTreeSet::new();
        let mut next: Vec<String> =
            Action::ALL.iter().map(|action| action.info().request.to_owned()).collect();
        while let Some(name) = next.pop() {
            if let Some(definition) = self.bundle.get(&name)
                && reached.insert(name)
            {
                references(definition, "#/$defs/", &mut |name| next.push(name.to_owned()));
            }
        }
        reached
    }

    /// Rewrites a schema of the bundle for the document: references point to components, and scalars are inlined.
    pub(super) fn written(&self, value: &Value) -> Value {
        let Value::Object(members) = value else { return value.clone() };
        if let Some(target) = members.get("$ref").and_then(Value::as_str) {
            let name = target.trim_start_matches("#/$defs/");
            let beside = members.iter().filter(|(key, _)| *key != "$ref");
            let mut written = match self.bundle.get(name) {
                Some(definition) if is_inlined(definition) => self.written(definition),
                _ => schema(name),
            };
            for (key, member) in beside {
                written[key.as_str()] = member.clone();
            }
            return written;
        }
        if let Some(inner) = or_null(members) {
            let mut written = self.written(inner);
            for (key, member) in members.iter().filter(|(key, _)| *key != "oneOf") {
                written[key.as_str()] = member.clone();
            }
            return nullable(written);
        }
        let mut written: Map<String, Value> =
            members.iter().map(|(key, member)| (key.clone(), self.member(key, member))).collect();
        if is_wide(members) {
            written.insert("format".to_owned(), "int64".into());
        }
        Value::Object(written)
    }

    fn member(&self, key: &str, member: &Value) -> Value {
        match (key, member) {
            ("properties", Value::Object(properties)) => {
                properties.iter().map(|(name, property)| (name.clone(), self.written(property))).collect()
            }
            ("items" | "additionalProperties", schema) => self.written(schema),
            _ => member.clone(),
        }
    }

    /// The schema of a parameter: a scalar definition, or a property.
    pub(super) fn parameter(&self, definition: &str, property: Option<&str>) -> Value {
        let definition = &self.bundle[definition];
        match property {
            None => self.written(definition),
            Some(property) => self.written(&definition["properties"][property]),
        }
    }

    /// The reply whose `data` is a definition, as one closed component.
    pub(super) fn reply(&mut self, data: &str) -> Value {
        // `ReplyData` is the data of any action.
        let name = if data == "ReplyData" { "CommandReply".to_owned() } else { format!("{data}Reply") };
        if !self.made.contains_key(&name) {
            let mut reply = self.written(&self.bundle["Reply"]);
            reply["description"] = format!("A success that carries {data}.").into();
            let properties = &mut reply["properties"];
            // Only the reply to a line that is not a command has none, and that is a failure.
            properties["request_id"] = self.parameter("Id", None);
            properties["request_id"]["description"] =
                "The command's; one that the gateway made where it had none.".into();
            properties["success"]["description"] = "True: it was done.".into();
            properties["data"] = schema(data);
            properties["error"] = nothing(&["string", "null"], "Null: it is a success.");
            properties["error_details"] = nothing(&["object", "null"], "Null: it is a success.");
            self.made.insert(name.clone(), reply);
        }
        schema(&name)
    }

    fn problem(&self) -> Value {
        let mut problem = self.written(&self.bundle["Problem"]);
        let properties = &mut problem["properties"];
        properties["success"]["description"] = "False: it was not done.".into();
        properties["success"]["examples"] = json!([false]);
        properties["data"] = nothing(&["object", "null"], "Null: it is a failure.");
        properties["error"] = self.parameter("Text", None);
        properties["error"]["description"] = "One sentence.".into();
        properties["error_details"] = schema("ErrorDetails");
        properties["error_details"]["description"] = "Why, for programs.".into();
        problem
    }

    /// The body of a route: the bare value if the route takes one, else the action's fields. Only one form, because
    /// generators do not understand a choice; the description says that envelopes are read, too. `given` are fields in
    /// the path or the route, which the body must not have.
    pub(super) fn body(&mut self, info: &ActionInfo, bare: Option<&str>, given: &[&str]) -> Value {
        let bare = bare.map(|field| self.parameter(info.request, Some(field)));
        // The members beside the reference describe the field and not the body.
        match bare.as_ref().and_then(|bare| bare.get("$ref")) {
            Some(reference) => json!({"$ref": reference}),
            None => self.fields(info, given),
        }
    }

    /// The action's fields, and the members of the envelope that may stand beside them.
    fn fields(&mut self, info: &ActionInfo, given: &[&str]) -> Value {
        let without: String = given
            .iter()
            .filter(|field| self.bundle[info.request]["properties"].get(**field).is_some())
            .map(|field| format!("Without{}", camel(field)))
            .collect();
        let on_gpu = if given.contains(&"gpu_id") { "OnGpu" } else { "" };
        let name = format!("{}Body{on_gpu}{without}", camel(info.action.as_str()));
        if !self.made.contains_key(&name) {
            let mut body = self.made[info.request].clone();
            body["description"] = format!("{} The fields of `{}`.", info.summary, info.action).into();
            let mut head = self.written(&self.bundle["EnvelopeHead"]);
            nullable_options(&mut head);
            for member in BESIDE {
                if body["properties"].get(member).is_none() {
                    body["properties"][member] = head["properties"][member].clone();
                }
            }
            leave_out(&mut body, given);
            self.made.insert(name.clone(), body);
        }
        schema(&name)
    }

    /// The responses that operations share.
    #[allow(clippy::unused_self, reason = "they refer to components")]
    pub(super) fn responses(&self) -> Value {
        let one = |status: Option<u16>| {
            json!({
                "description": codes(status),
                "headers": {"Retry-After": {
                    "description": "Where another try later may do: after how many seconds.",
                    "schema": {"type": "string"},
                }},
                "content": {"application/problem+json": {"schema": schema("Problem")}},
            })
        };
        let mut responses = json!({"Problem": one(None)});
        for status in STATUSES {
            responses[format!("Problem{status}")] = one(Some(status));
        }
        responses
    }

    /// Returns the components that these schemas reach, in the order of the bundle.
    pub(super) fn reached(&self, from: &[&Value]) -> Value {
        let mut reached: BTreeSet<String> = BTreeSet::new();
        let mut next: Vec<String> = Vec::new();
        let add = |value: &Value, next: &mut Vec<String>| {
            references(value, "#/components/schemas/", &mut |name| next.push(name.to_owned()));
        };
        from.iter().for_each(|value| add(value, &mut next));
        while let Some(name) = next.pop() {
            if let Some(component) = self.made.get(&name)
                && reached.insert(name)
            {
                add(component, &mut next);
            }
        }
        let kept = self.made.iter().filter(|(name, _)| reached.contains(*name));
        kept.map(|(name, component)| (name.clone(), component.clone())).collect()
    }
}

/// Calls `found` with the name of each reference. Examples and defaults are skipped, because they are data.
fn references(value: &Value, prefix: &str, found: &mut dyn FnMut(&str)) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                match (key.as_str(), member) {
                    ("examples" | "default", _) => {}
                    ("$ref", Value::String(to)) => {
                        if let Some(name) = to.strip_prefix(prefix) {
                            found(name);
                        }
                    }
                    _ => references(member, prefix, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, prefix, found)),
        _ => {}
    }
}

/// Whether a definition is inlined: a scalar that is not an enumeration, or a choice with null.
fn is_inlined(definition: &Value) -> bool {
    let scalar = matches!(definition["type"].as_str(), Some("string" | "number" | "integer" | "boolean"));
    (scalar && definition.get("enum").is_none()) || definition.get("oneOf").is_some()
}

/// Returns the other schema of a `oneOf` with null.
fn or_null(members: &Map<String, Value>) -> Option<&Value> {
    match members.get("oneOf")?.as_array()?.as_slice() {
        [inner, null] if null["type"] == "null" => Some(inner),
        _ => None,
    }
}

fn is_wide(members: &Map<String, Value>) -> bool {
    let beyond =
        |key: &str| members.get(key).and_then(Value::as_f64).is_some_and(|bound| bound.abs() > INT32_MAX);
    members.get("type").is_some_and(|kind| kind == "integer") && (beyond("maximum") || beyond("minimum"))
}

/// Lets a schema take null, too.
fn nullable(mut schema: Value) -> Value {
    let Value::Object(members) = &mut schema else { return schema };
    if let Some(reference) = members.remove("$ref") {
        let mut choice = json!({"oneOf": [{"$ref": reference}, {"type": "null"}]});
        for (key, member) in members.iter() {
            choice[key.as_str()] = member.clone();
        }
        return choice;
    }
    if let Some(Value::String(kind)) = members.get("type").cloned() {
        if matches!(kind.as_str(), "array" | "object") {
            // Generators reject a default of a type that may be null.
            members.remove("default");
        }
        members.insert("type".to_owned(), json!([kind, "null"]));
        if let Some(values) = members.get_mut("enum").and_then(Value::as_array_mut) {
            values.push(Value::Null);
        }
    }
    schema
}

/// Lets the optional members of a request be null, which means absent: so a client in a typed language leaves out a
/// number.
fn nullable_options(object: &mut Value) {
    let required: Vec<String> = object["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|name| Some(name.as_str()?.to_owned()))
        .collect();
    for (name, property) in object.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten()
    {
        if !required.contains(name) {
            *property = nullable(property.take());
        }
    }
}

fn leave_out(object: &mut Value, given: &[&str]) {
    if let Some(properties) = object["properties"].as_object_mut() {
        properties.retain(|name, _| !given.contains(&name.as_str()));
    }
    for example in object.get_mut("examples").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(members) = example.as_object_mut() {
            members.retain(|name, _| !given.contains(&name.as_str()));
        }
    }
    if let Some(required) = object.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| !given.iter().any(|given| name == given));
    }
}

/// A member that is always null, with the type that it has elsewhere: generators do not understand a bare null.
fn nothing(types: &[&str], means: &str) -> Value {
    json!({"type": types, "const": null, "description": means})
}
