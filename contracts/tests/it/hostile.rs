//! Documents that are large and wrong: all violations are counted, the first are shown, and nothing is read that the
//! contract has no room for. What that costs, and that it is linear, is measured by `benches/hostile.rs` alone: a test has no clock.

use contracts::{Action, ErrorCode, Reply, read_frame};
use serde_json::{Value, json};

use crate::data::{bytes, json_files};

/// Names, items or members: far beyond what a reply shows.
const MANY: usize = 200_000;

fn command(inside: &str, beside: &str) -> Vec<u8> {
    format!(
        r#"{{"action":"generate_sdxl","request":{{"model":{{"base":"m"}},"conditioning":{{"prompt":"a"{inside}}}{beside}}}}}"#
    )
    .into_bytes()
}

fn named(count: usize) -> String {
    (0..count).map(|i| format!(r#","name{i}":1"#)).collect()
}

#[test]
fn unknown_names_are_counted_and_the_first_are_shown() {
    for (frame, first) in [
        (command("", &named(MANY)), "/request/name0"),
        (format!(r#"{{"action":"get_status","payload":{{}}{}}}"#, named(MANY)).into_bytes(), "/name0"),
    ] {
        let incoming = read_frame(&frame).unwrap();
        assert_eq!((incoming.reading.violations.len(), incoming.reading.violations_total), (100, MANY));
        let failure = incoming.failure().unwrap();
        assert_eq!(failure.field.as_deref(), Some(first));
        assert!(failure.message.starts_with("200000 faults; the first at /"), "{}", failure.message);
        assert_eq!(failure.to_details()["errors_total"], MANY);
    }
}

#[test]
fn a_hundred_faults_need_no_total() {
    let failure = read_frame(&command("", &named(100))).unwrap().failure().unwrap();
    assert_eq!(failure.to_details()["errors"].as_array().unwrap().len(), 100);
    assert_eq!(failure.to_details().get("errors_total"), None);
}

#[test]
fn a_list_or_map_that_is_too_long_is_one_fault_and_is_not_read() {
    let list = format!(r#","loras":[{}]"#, vec!["{}"; MANY].join(","));
    let entries: Vec<String> = (0..MANY).map(|i| format!(r#""t{i}":1"#)).collect();
    let map = format!(r#","metadata":{{"tags":{{{}}}}}"#, entries.join(","));
    for (frame, pointer) in
        [(command(&list, ""), "/request/conditioning/loras"), (command("", &map), "/request/metadata/tags")]
    {
        let reading = read_frame(&frame).unwrap().reading;
        let [violation] = reading.violations.as_slice() else { panic!("{:?}", reading.violations) };
        assert_eq!((violation.code, violation.pointer.as_str()), (ErrorCode::OutOfRange, pointer));
        assert_eq!((reading.violations_total, reading.reported()), (1, None));
    }
}

#[test]
fn names_that_stand_twice_are_counted_and_the_first_are_shown() {
    let twice = format!(r#","x":{{{}}}"#, vec![r#""a":1"#; MANY + 1].join(","));
    let refusal = read_frame(&command("", &twice)).unwrap_err();
    assert_eq!(refusal.failure.code, ErrorCode::DuplicateField);
    assert_eq!(refusal.failure.errors.len(), 100);
    assert_eq!(refusal.failure.to_details()["errors_total"], MANY);
}

#[test]
fn long_names_make_no_long_replies() {
    let long = "n".repeat(1 << 20);
    let twice: Vec<String> = (0..50).map(|i| format!(r#""m{i}":1,"m{i}":1"#)).collect();
    let frame = command("", &format!(r#","{long}":{{{}}}"#, twice.join(",")));
    let failure = read_frame(&frame).unwrap_err().failure;
    assert_eq!((failure.errors.len(), failure.errors_total), (50, 50));
    assert_eq!(
        (failure.field.as_deref(), failure.errors[0].pointer.as_str()),
        (Some("/request"), "/request")
    );
    let reading = read_frame(&command("", &format!(r#","{long}":1"#))).unwrap().reading;
    assert_eq!(reading.violations[0].pointer, "/request");
    assert!(reading.violations[0].message.len() < 200, "{}", reading.violations[0].message.len());
}

/// Longer than all pointers of a reply together, so that a text of a reply that repeats it whole is longer too.
const LONG: usize = contracts::limits::POINTER_BYTES_MAX as usize + 1;

/// Wherever a sender may write a text of any length, no failure and no warning repeats it whole.
#[test]
fn no_long_text_of_a_sender_is_repeated_whole() {
    let long = "n".repeat(LONG);
    let mut tried = 0;
    for name in json_files("envelopes").iter().filter(|name| !name.starts_with("enhanced")) {
        let frame: Value = serde_json::from_slice(&bytes(&format!("envelopes/{name}"))).unwrap();
        for at in places(&frame, String::new()) {
            for value in [json!(long), json!([long, long]), json!({&long: 1}), json!("1".repeat(LONG))] {
                let mut changed = frame.clone();
                let place = changed.pointer_mut(&at).unwrap();
                match (place, value) {
                    (Value::Object(members), Value::Object(more)) => members.extend(more),
                    (Value::Array(items), Value::Array(more)) => items.extend(more),
                    (place, value) => *place = value,
                }
                let repeats = repeated(changed.to_string().as_bytes());
                assert_eq!(repeats, Vec::<String>::new(), "{name} {at}");
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "only {tried} places");
}

/// The pointers of all values of a document.
fn places(value: &Value, at: String) -> Vec<String> {
    let below: Vec<String> = match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| places(value, format!("{at}/{}", contracts::pointer::escape(name))))
            .collect(),
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(i, item)| places(item, format!("{at}/{i}"))).collect()
        }
        _ => Vec::new(),
    };
    std::iter::once(at).chain(below).collect()
}

/// The beginnings of the texts of a frame's refusal, or of its violations and warnings, that are too long.
fn repeated(frame: &[u8]) -> Vec<String> {
    let said = match read_frame(frame) {
        Err(refusal) => json!([
            refusal.failure.message,
            refusal.failure.to_details(),
            refusal.request_id,
            refusal.session_id
        ]),
        Ok(incoming) => {
            let failure = incoming.failure();
            let failure = failure.map(|failure| json!([failure.message, failure.to_details()]));
            json!([failure, incoming.reading.warnings, incoming.head.request_id, incoming.head.session_id])
        }
    };
    let mut found = Vec::new();
    let mut waiting = vec![&said];
    while let Some(value) = waiting.pop() {
        match value {
            Value::String(text) if text.len() >= LONG => found.push(text.chars().take(99).collect()),
            Value::Array(items) => waiting.extend(items),
            Value::Object(members) => {
                assert!(members.keys().all(|name| name.len() < LONG));
                waiting.extend(members.values());
            }
            _ => {}
        }
    }
    found
}

#[test]
fn an_id_that_stands_twice_is_never_answered() {
    let twice: Vec<String> = (0..150).map(|i| format!(r#""m{i}":1,"m{i}":1"#)).collect();
    let frame = format!(
        r#"{{"action":"get_status","payload":{{{}}},"request_id":"a","request_id":"b"}}"#,
        twice.join(",")
    );
    assert_eq!(read_frame(frame.as_bytes()).unwrap_err().request_id, None);
}

#[test]
fn a_reply_with_many_faults_or_members_is_judged_by_the_first() {
    let mut reply = json!({
        "request_id": "r", "success": false, "data": null, "error": "no", "warnings": [], "warning_details": [],
        "error_details": {"code": "internal", "retryable": false, "errors": []},
    });
    reply["error_details"]["errors"] = vec![json!({"nothing": 1}); MANY].into();
    let violations = Reply::take(Action::GetStatus, reply.clone()).unwrap_err().violations;
    assert_eq!(violations.len(), 1, "the list is too long, and is not read");
    reply["error_details"]["errors"] = json!([]);
    if let Value::Object(members) = &mut reply {
        members.extend((0..MANY).map(|i| (format!("name{i}"), Value::Null)));
    }
    let read = Reply::take(Action::GetStatus, reply.clone()).unwrap();
    assert_eq!((read.unknown_members.len(), read.unknown_total), (100, MANY));
    reply["success"] = json!("yes");
    assert_eq!(Reply::take(Action::GetStatus, reply).unwrap_err().violations[0].pointer, "/success");
}

#[test]
fn warnings_beyond_what_a_reply_shows_are_counted() {
    let warning = contracts::Warning {
        code: contracts::WarningCode::NoEffect,
        pointer: None,
        message: "it takes no effect".to_owned(),
        hint: None,
    };
    let reply = Reply {
        action: Some(Action::CleanupMemory),
        request_id: None,
        session_id: None,
        outcome: Ok(json!({"freed_gpu_bytes": 1, "freed_ram_bytes": 2})),
        warnings: vec![warning; 120],
        more_warnings: 3,
    };
    let written = reply.to_value(contracts::Dialect::Snake);
    assert_eq!(written["warnings"].as_array().unwrap().len(), 100);
    assert_eq!((&written["warnings_total"], &written["success"]), (&json!(123), &json!(true)));
    let read = Reply::read(Action::CleanupMemory, &written).unwrap().reply;
    assert_eq!((read.warnings.len(), read.more_warnings), (100, 23));
}

#[test]
fn the_schemas_have_room_for_what_the_limits_say() {
    let bundle: Value = serde_json::from_str(contracts::BUNDLE).unwrap();
    let limit = |name: &str| bundle["limits"][name]["value"].clone();
    for (name, definition) in bundle["$defs"].as_object().unwrap() {
        for (list, most) in
            [("errors", "errors_max"), ("warnings", "warnings_max"), ("warning_details", "warnings_max")]
        {
            let schema = &definition["properties"][list];
            if schema["type"] == "array" {
                assert_eq!(schema["maxItems"], limit(most), "{name}.{list}");
            }
        }
    }
}
