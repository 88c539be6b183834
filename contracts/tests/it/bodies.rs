//! Bodies of routes: envelopes, the action's fields, bare values, and what the path and the query give.

use contracts::{Action, Dialect, ErrorCode, Form, RouteBody, read_body};
use serde_json::{Map, Value, json};

const GENERATE: RouteBody<'static> =
    RouteBody { action: Action::GenerateSdxl, bare: Some("prompt_submission") };

#[test]
fn a_bare_body_tells_its_own_dialect() {
    let dialect = |body: &str| read_body(body.as_bytes(), GENERATE, &Map::new()).unwrap().reading.dialect;
    assert_eq!(dialect(r#"{"Model":{"Base":"a"},"Conditioning":{"Prompt":"p"}}"#), Some(Dialect::Pascal));
    let camel =
        r#"{"model":{"base":"a"},"hyperparameters":{"guidanceScale":7},"conditioning":{"prompt":"p"}}"#;
    assert_eq!(dialect(camel), Some(Dialect::Camel));
    assert_eq!(dialect(r#"{"model":{"base":"a"},"conditioning":{"prompt":"p"}}"#), None);
    let fields = r#"{"prompt_submission":{"Model":{"Base":"a"},"Conditioning":{"Prompt":"p"}}}"#;
    assert_eq!(dialect(fields), Some(Dialect::Pascal), "the name around the fields is the envelope's");
}

#[test]
fn pointers_of_a_bare_body_begin_at_the_body() {
    let body = br#"{"Model":{},"Scheduler":{"Steps":151},"Conditioning":{"Prompt":"p"}}"#;
    let incoming = read_body(body, GENERATE, &Map::new()).unwrap();
    assert_eq!(incoming.form, Form::Bare);
    let pointers: Vec<&str> =
        incoming.reading.violations.iter().map(|violation| violation.pointer.as_str()).collect();
    assert_eq!(pointers, ["/Scheduler/Steps", "/Model/Base"]);
}

#[test]
fn the_envelope_of_another_action_is_refused() {
    let body = br#"{"action":"get_status"}"#;
    let refusal = read_body(body, GENERATE, &Map::new()).unwrap_err();
    assert_eq!(refusal.failure.code, ErrorCode::UnsupportedValue);
    assert_eq!(refusal.failure.field.as_deref(), Some("/action"));
}

#[test]
fn an_empty_body_is_no_frame_where_fields_are_required() {
    let refusal = read_body(b"", GENERATE, &Map::new()).unwrap_err();
    assert_eq!(refusal.failure.code, ErrorCode::BadFrame);
    let cleanup = RouteBody { action: Action::CleanupMemory, bare: None };
    assert!(read_body(b" \n", cleanup, &Map::new()).unwrap().reading.is_valid());
    // A form feed is white space to C, and not to JSON.
    let refusal = read_body(b"\x0c", cleanup, &Map::new()).unwrap_err();
    assert_eq!(refusal.failure.code, ErrorCode::BadFrame);
}

#[test]
fn the_path_and_the_query_count_as_written() {
    let given = Map::from_iter([
        ("gpu_id".to_owned(), Value::from("gpu_1")),
        ("target_request_id".to_owned(), Value::from("r1")),
    ]);
    let incoming = read_body(b"", RouteBody { action: Action::Cancel, bare: None }, &given).unwrap();
    assert_eq!(incoming.head.gpu_id.as_deref(), Some("gpu_1"));
    assert_eq!(incoming.reading.document(), Some(&json!({"target_request_id": "r1"})));
}

#[test]
fn the_sentence_of_two_spellings_names_no_place_that_the_sender_did_not_write() {
    let body = br#"{"model": {"base": "a"}, "conditioning": {"prompt": "x"},
        "hyperparameters": {"dimensions": {"width": 64, "height": 64}, "width": 128}}"#;
    let incoming = read_body(body, GENERATE, &Map::new()).unwrap();
    let [violation] = incoming.reading.violations.as_slice() else {
        panic!("{:?}", incoming.reading.violations)
    };
    assert_eq!(violation.pointer, "/hyperparameters/width");
    assert_eq!(
        violation.message,
        "`dimensions/width` and `width` name the same property, with different values"
    );
}
