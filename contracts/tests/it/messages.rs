//! One snapshot for each message and dialect: every command, reply and event of the schemas with every member it can have.
//!
//! The values are the examples of the schemas, so that a snapshot changes only with the contract or with how it is spelt.

use contracts::{
    Action, Dialect, ErrorCode, Failure, Reply, Violation, Warning, WarningCode, Writer, event, read,
    read_frame, tree::Tree,
};
use serde_json::{Map, Value, json};

use crate::{
    data::same,
    mutated::{definitions, resolved},
};

/// A value of a schema: an object with all of its members, a list and a map with one item, else an example. `None` inside
/// itself.
fn whole(schema: &'static Value, around: &mut Vec<*const Value>) -> Option<Value> {
    let schema = resolved(schema);
    if let Some(branches) = schema["oneOf"].as_array() {
        return branches
            .iter()
            .find(|branch| branch["type"] != "null")
            .and_then(|branch| whole(branch, around));
    }
    let address = std::ptr::from_ref(schema);
    if around.contains(&address) {
        return None;
    }
    around.push(address);
    let value = if schema["type"] == "null" {
        Some(Value::Null)
    } else if let Some(properties) = schema["properties"].as_object() {
        let members =
            properties.iter().filter_map(|(name, schema)| Some((name.clone(), example(schema, around)?)));
        Some(Value::Object(members.collect()))
    } else if let Some(items) = schema.get("items") {
        example(items, around).map(|item| json!([item]))
    } else if let Some(example) = schema["examples"].get(0) {
        Some(example.clone())
    } else if let Some(values) = schema.get("additionalProperties").filter(|values| values.is_object()) {
        example(values, around).map(|value| json!({ "name": value }))
    } else {
        schema["enum"].get(0).cloned()
    };
    around.pop();
    value
}

/// The example of a single value where the schema has one at this place; a document is composed of all of its members.
fn example(schema: &'static Value, around: &mut Vec<*const Value>) -> Option<Value> {
    let own = schema["examples"].get(0).filter(|example| !example.is_object() && !example.is_array());
    own.cloned().or_else(|| whole(schema, around))
}

/// The document of a definition with all members.
fn document(definition: &str) -> Value {
    whole(&definitions()[definition], &mut Vec::new())
        .unwrap_or_else(|| panic!("{definition} has no example"))
}

/// Asserts the snapshot of a message in a dialect.
fn shown(kind: &str, name: &str, dialect: Dialect, message: &Value) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/messages");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_json_snapshot!(format!("{kind}.{name}.{dialect}"), message));
}

/// What a document of a definition says when it is read back from a dialect.
fn read_back(definition: &str, spelt: &Value) -> Value {
    let reading = read(definition, &Tree::of(spelt), Writer::Sender);
    let is_allowed = |violation: &&Violation| match violation.code {
        // A document with every member breaks rules over several fields; each of its values is valid.
        ErrorCode::ValidationFailed | ErrorCode::UnsupportedFeature => true,
        // To a reader of commands a null is no value; the one member that must be null is of an event.
        ErrorCode::MissingField => spelt.pointer(&violation.pointer) == Some(&Value::Null),
        _ => false,
    };
    let broken = reading.violations.iter().find(|violation| !is_allowed(violation));
    assert_eq!(broken, None, "{definition}: {spelt}");
    reading.reported().cloned().unwrap_or_else(|| panic!("{definition}: {spelt} is unread"))
}

#[test]
fn every_command_has_a_snapshot_in_every_dialect() {
    for action in Action::ALL {
        let fields = document(action.info().request);
        for dialect in Dialect::ALL {
            let head = json!({"action": action.as_str(), "request_id": "req-1", "session_id": "s-1"});
            let Value::Object(mut frame) = dialect.spell("EnvelopeHead", &head) else {
                panic!("a head is an object")
            };
            let payload = if dialect == Dialect::Pascal { "Payload" } else { "payload" };
            frame.insert(payload.to_owned(), dialect.spell(action.info().request, &fields));
            let frame = Value::Object(frame);
            let incoming = read_frame(frame.to_string().as_bytes());
            let incoming = incoming.unwrap_or_else(|refusal| panic!("{action} in {dialect}: {refusal:?}"));
            assert_eq!(incoming.head.action, action, "{frame}");
            assert!(incoming.reading.dialect.is_none_or(|read| read == dialect), "{frame}");
            shown("command", action.as_str(), dialect, &frame);
            let again = read_back(action.info().request, &dialect.spell(action.info().request, &fields));
            assert!(same(&again, &fields), "{action} in {dialect}\nread {again}\nof   {fields}");
        }
    }
}

fn warning() -> Warning {
    Warning {
        code: WarningCode::NoEffect,
        pointer: Some("/payload/steps".to_owned()),
        message: "`steps` takes no effect here".to_owned(),
        hint: Some("leave it out".to_owned()),
    }
}

#[test]
fn every_reply_has_a_snapshot_in_every_dialect() {
    for action in Action::ALL {
        let definition = action.info().reply;
        let mut data = document(definition);
        if data.get("warnings").is_some() {
            data["warnings"] = json!([warning().message]);
        }
        let reply = Reply {
            session_id: Some("s-1".to_owned()),
            warnings: vec![warning()],
            ..Reply::succeeded(action, Some("req-1".to_owned()), data.clone())
        };
        for dialect in Dialect::ALL {
            let spelt = reply.to_value(dialect);
            shown("reply", action.as_str(), dialect, &spelt);
            let again = read_back(definition, &dialect.spell(definition, &data));
            assert!(same(&again, &data), "{action} in {dialect}\nread {again}\nof   {data}");
        }
    }
}

#[test]
fn the_failed_reply_has_a_snapshot_in_every_dialect() {
    let mut violation = document("Fault");
    violation["code"] = "out_of_range".into();
    let failure = Failure {
        details: Some(Map::from_iter([("step".to_owned(), json!(3))])),
        retry_after_seconds: Some(2.5),
        errors: vec![serde_json::from_value(violation).expect("a violation")],
        ..Failure::new(ErrorCode::OutOfRange, "`steps` is 151, and at most 150").hint("write at most 150")
    };
    let reply = Reply {
        session_id: Some("s-1".to_owned()),
        warnings: vec![warning()],
        ..Reply::failed(None, Some("req-1".to_owned()), failure)
    };
    for dialect in Dialect::ALL {
        shown("reply", "failure", dialect, &reply.to_value(dialect));
    }
}

#[test]
fn every_event_has_a_snapshot_in_every_dialect() {
    for name in event::names() {
        let definition = event::definition(name).expect("an event has a definition");
        let mut whole = document(definition);
        assert_eq!(event::violations(&whole), Some(vec![]), "{whole}");
        let spelt = Dialect::ALL.map(|dialect| (dialect, event::spell(&whole, dialect)));
        whole.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        for (dialect, spelt) in spelt {
            shown("event", name, dialect, &spelt);
            let again = read_back(definition, &spelt);
            assert!(same(&again, &whole), "{name} in {dialect}\nread {again}\nof   {whole}");
        }
    }
}
