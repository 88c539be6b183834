//! Commands that stand on a bound, break one, or have a value of another kind in its place; generated from the
//! dictionary, so that no field is forgotten. The gateway and worker-sim are sent every one of them as a real command.

use contracts::{
    Action, BUNDLE, Dialect,
    checked::{IntegerLimits, NumberLimits},
    dictionary::{Shape, dictionary},
};
use serde_json::{Map, Value, json};
use std::{collections::HashSet, sync::LazyLock};

/// One command as a frame, without its LF, and its id.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) id: String,
    pub(crate) frame: String,
    pub(crate) action: Action,
}

/// Where the raw text of a value is put: no JSON value could stand for `1e400` or `-0`.
const RAW: &str = "@raw@";

/// Every command. One that is valid names a model that nobody has, so that it costs nothing.
pub(crate) fn commands() -> Vec<Sent> {
    let mut sent: Vec<Sent> = Vec::new();
    let mut known = HashSet::new();
    for action in Action::ALL {
        let definition = action.info().request;
        let shape = &dictionary().named(definition).shape;
        let base = minimal(definition, shape);
        let first = known.insert(definition);
        places(shape, &mut Vec::new(), &mut |path, shape| {
            for raw in raws(shape, first) {
                let mut fields = base.clone();
                set(&mut fields, definition, path, json!(RAW));
                let id = format!("b-{}", sent.len());
                let mut command = json!({"action": action.as_str(), "request_id": id});
                if sent.len().is_multiple_of(2) || fields.get("attempt").is_some() {
                    command["payload"] = fields;
                } else if let (Value::Object(command), Value::Object(fields)) = (&mut command, fields) {
                    command.extend(fields);
                }
                let frame = command.to_string().replace(&format!("\"{RAW}\""), &raw);
                sent.push(Sent { id, frame, action });
            }
        });
    }
    sent
}

/// Values at, near and far beyond the bounds of a shape. `all`: those of other kinds too.
fn raws(shape: &Shape, all: bool) -> Vec<String> {
    let mut raws: Vec<String> = match shape {
        Shape::Integer(spec) => integers(*spec),
        Shape::Number(spec) => numbers(*spec),
        _ => Vec::new(),
    };
    if matches!(shape, Shape::Integer(_) | Shape::Number(_)) {
        let far = ["-5", "0", "-0", "0.5", "3e1", "1e300", "-1e300", "18446744073709551616", "\"NaN\""];
        raws.extend(far.map(str::to_owned));
    }
    if all {
        let kinds = ["null", "true", "\"?\"", "\"\"", "7", "[]", "{}", "[null]", "{\"?\":null}", "\" \""];
        raws.extend(kinds.map(str::to_owned));
        if let Shape::List(spec) = shape {
            raws.push(json!(vec![Value::Null; spec.limits.maximum.min(2000) as usize + 1]).to_string());
        }
    }
    raws
}

fn integers(limits: IntegerLimits) -> Vec<String> {
    let IntegerLimits { minimum: min, maximum: max, .. } = limits;
    [min.saturating_sub(1), min, min.saturating_add(1), max, max.saturating_add(1), i64::MIN, i64::MAX]
        .map(|integer| integer.to_string())
        .into()
}

fn numbers(limits: NumberLimits) -> Vec<String> {
    let step = |bound: f64| (bound.abs() * 1e-9).max(1e-9);
    let around = |bound: f64| [bound - step(bound), bound, bound + step(bound)];
    let bounds =
        [limits.minimum.value(), limits.maximum.value()].into_iter().filter(|bound| bound.abs() < f64::MAX);
    bounds.flat_map(around).map(|number| format!("{number:?}")).collect()
}

/// Calls `visit` with the path of every place of a definition; items of lists are looked at once.
fn places(shape: &'static Shape, path: &mut Vec<String>, visit: &mut dyn FnMut(&[String], &'static Shape)) {
    let shape = dictionary().resolve(shape);
    if !path.is_empty() {
        visit(path, shape);
    }
    match shape {
        Shape::Object(spec) => {
            for property in &spec.properties {
                path.push(property.snake.clone());
                places(&property.shape, path, visit);
                path.pop();
            }
        }
        Shape::List(list) => {
            path.push("0".to_owned());
            places(&list.item, path, visit);
            path.pop();
        }
        _ => {}
    }
}

/// Puts a value at a path, with what must stand around it.
fn set(fields: &mut Value, definition: &str, path: &[String], value: Value) {
    let mut shape = dictionary().resolve(&dictionary().named(definition).shape);
    let mut at = fields;
    for (depth, token) in path.iter().enumerate() {
        let (inner, name) = match shape {
            Shape::Object(spec) => {
                let property = spec.property(token).expect("a property");
                (&property.shape, name_of(&property.shape))
            }
            Shape::List(list) => (&list.item, name_of(&list.item)),
            other => panic!("{path:?} leads into {other:?}"),
        };
        shape = dictionary().resolve(inner);
        let last = depth + 1 == path.len();
        let filler = || if last { Value::Null } else { minimal(name, inner) };
        at = match at {
            Value::Object(members) => members.entry(token.clone()).or_insert_with(filler),
            Value::Array(items) => {
                if items.is_empty() {
                    items.push(filler());
                }
                &mut items[0]
            }
            other => panic!("{path:?} leads into {other}"),
        };
    }
    *at = value;
}

fn name_of(shape: &Shape) -> &'static str {
    match shape {
        Shape::Ref(id) => &dictionary().def(*id).name,
        _ => "",
    }
}

/// The least value of a shape: what is required and nothing else, of models that nobody has.
fn minimal(name: &str, shape: &Shape) -> Value {
    static BUNDLED: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(BUNDLE).expect("it is JSON"));
    let name = if name.is_empty() { name_of(shape) } else { name };
    match dictionary().resolve(shape) {
        Shape::Object(spec) => {
            let required = spec.properties.iter().filter(|property| property.required);
            let example = |property: &contracts::dictionary::Property| {
                let schema = &BUNDLED["$defs"][name]["properties"][&property.snake];
                let of_ref = &BUNDLED["$defs"][name_of(&property.shape)];
                let found =
                    [&schema["examples"][0], &of_ref["examples"][0]].into_iter().find(|v| !v.is_null());
                match dictionary().resolve(&property.shape) {
                    Shape::Object(_) => minimal("", &property.shape),
                    _ => found.cloned().unwrap_or_else(|| minimal("", &property.shape)),
                }
            };
            let members: Map<String, Value> =
                required.map(|property| (property.snake.clone(), of_nobody(example(property)))).collect();
            members.into()
        }
        Shape::List(list) => (0..list.limits.minimum).map(|_| minimal("", &list.item)).collect(),
        Shape::Map(_) => json!({}),
        _ => Value::Null,
    }
}

fn of_nobody(value: Value) -> Value {
    match value {
        Value::String(text) if text.starts_with("sdxl_") || text.starts_with("/models") => json!("nobody"),
        Value::Array(items) => items.into_iter().map(of_nobody).collect(),
        other => other,
    }
}

/// Whether a command may be sent to what must live on: a valid one may end it, or choose another dialect.
pub(crate) fn is_harmless(sent: &Sent) -> bool {
    let ends = matches!(sent.action, Action::Shutdown | Action::Initialize | Action::RunSelfTest);
    !ends || contracts::read_frame(sent.frame.as_bytes()).is_ok_and(|incoming| !incoming.reading.is_valid())
}

/// What the library says of a frame: the code of its failure, if it fails.
pub(crate) fn verdict(frame: &[u8]) -> Option<&'static str> {
    match contracts::read_frame(frame) {
        Ok(incoming) => incoming.refusal().map(|failure| failure.code.as_str()),
        Err(refusal) => Some(refusal.failure.code.as_str()),
    }
}

/// The member of a reply in any dialect.
fn member<'r>(reply: &'r Value, name: &str) -> &'r Value {
    let property = dictionary().object("Reply").property(name).expect("a member of the reply");
    let spelt = Dialect::ALL.into_iter().find_map(|dialect| reply.get(dialect.name(property)));
    spelt.unwrap_or(&Value::Null)
}

/// The id of a reply in any dialect.
pub(crate) fn id(reply: &Value) -> &Value {
    member(reply, "request_id")
}

/// The code of a failed reply in any dialect; none of a success.
pub(crate) fn code(reply: &Value) -> Option<&str> {
    let details = member(reply, "error_details");
    details.get("code").or_else(|| details.get("Code"))?.as_str()
}

/// The place of a failed reply in any dialect.
pub(crate) fn field(reply: &Value) -> Option<&str> {
    let details = member(reply, "error_details");
    details.get("field").or_else(|| details.get("Field"))?.as_str()
}

/// The frames of the invalid fixtures that are one line each.
pub(crate) fn fixtures() -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/invalid");
    let mut frames = Vec::new();
    for name in ["commands", "envelopes", "frames", "rules", "submissions"] {
        let text = std::fs::read_to_string(format!("{folder}/{name}.jsonl")).expect("a fixture");
        for line in text.lines() {
            let row: Value = serde_json::from_str(line).expect("a row");
            let frame = frame_of(&row);
            // Blank lines are no frames, and a line with LF in it is several.
            if !frame.trim_ascii().is_empty() && !frame.contains(&b'\n') {
                frames.push(frame);
            }
        }
    }
    frames
}

fn frame_of(row: &Value) -> Vec<u8> {
    let byte = |pair: &[u8]| u8::from_str_radix(&String::from_utf8_lossy(pair), 16).expect("hex");
    match (&row["hex"], &row["text"], &row["submission"]) {
        (Value::String(hex), ..) => hex.as_bytes().chunks(2).map(byte).collect(),
        (_, Value::String(text), _) => text.clone().into_bytes(),
        (_, _, Value::Null) => row["frame"].to_string().into_bytes(),
        (_, _, submission) => {
            json!({"action": "generate_sdxl_enhanced", "request": submission}).to_string().into_bytes()
        }
    }
}
