//! The fast path against the reading: what it takes, it takes alike, and it takes nothing that has a violation.

use contracts::{
    Action, Dialect, Incoming, Refusal, RouteBody,
    dictionary::dictionary,
    read_body, read_frame,
    testing::{read_body_slowly, read_frame_slowly},
    types::PromptSubmission,
};
use serde_json::{Map, Value, json};

use crate::data::lines;

/// Reads a frame both ways; says whether the fast path took it.
fn agree(frame: &[u8]) -> bool {
    alike(frame, &read_frame(frame), &read_frame_slowly(frame))
}

/// Reads a body of the route of generations both ways.
fn bodies_agree(body: &[u8]) -> bool {
    let route = RouteBody { action: Action::GenerateSdxl, bare: Some("prompt_submission") };
    alike(body, &read_body(body, route, &Map::new()), &read_body_slowly(body, route, &Map::new()))
}

fn alike(frame: &[u8], fast: &Result<Incoming, Refusal>, slow: &Result<Incoming, Refusal>) -> bool {
    let (Ok(fast), Ok(slow)) = (fast, slow) else {
        assert_eq!(fast, slow);
        return false;
    };
    assert_eq!(fast.head, slow.head);
    assert_eq!(fast.form, slow.form);
    let text = String::from_utf8_lossy(frame);
    assert_eq!(fast.reading.document(), slow.reading.document(), "{text}");
    assert_eq!(fast.reading.violations, slow.reading.violations, "{text}");
    assert_eq!(fast.reading.warnings, slow.reading.warnings, "{text}");
    assert_eq!(fast.reading.dialect, slow.reading.dialect, "{text}");
    places_agree(fast, slow);
    fast.reading.places != slow.reading.places
}

/// Every value of the document stood at the same place.
fn places_agree(fast: &Incoming, slow: &Incoming) {
    let shape = &dictionary().named(fast.head.action.info().request).shape;
    let document = fast.reading.document().cloned().unwrap_or(Value::Null);
    for pointer in pointers(&document, "") {
        assert_eq!(
            fast.reading.places.sender(&pointer, shape),
            slow.reading.places.sender(&pointer, shape),
            "{pointer}"
        );
    }
}

fn pointers(value: &Value, at: &str) -> Vec<String> {
    let inner: Vec<String> = match value {
        Value::Object(members) => members
            .iter()
            .filter(|_| !at.ends_with("/tags"))
            .flat_map(|(name, value)| pointers(value, &format!("{at}/{name}")))
            .collect(),
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(i, item)| pointers(item, &format!("{at}/{i}"))).collect()
        }
        _ => Vec::new(),
    };
    [at.to_owned()].into_iter().chain(inner).collect()
}

#[test]
fn what_csharp_wrote_is_read_alike_both_ways() {
    let (mut taken, mut all) = (0, 0);
    for row in lines("oracle/requests.jsonl") {
        for options in ["default", "ignore_null", "web", "relaxed"] {
            taken += usize::from(agree(row[options].as_str().expect("a frame").as_bytes()));
            all += 1;
        }
    }
    assert!(taken * 2 > all, "the fast path took {taken} of {all}");
}

#[test]
fn every_dialect_and_envelope_is_read_alike_both_ways() {
    let mut taken = 0;
    for row in lines("oracle/requests.jsonl") {
        for dialect in Dialect::ALL {
            let body = dialect.spell("PromptSubmission", &row["canonical"]);
            let documented = json!({"action": "generate_sdxl", "request_id": "r1", "payload": {"prompt_submission": body}});
            let direct = json!({"action": "enhanced_sdxl", "request": body, "session_id": "s1"});
            for frame in [documented, direct] {
                taken += usize::from(agree(frame.to_string().as_bytes()));
            }
        }
    }
    assert!(taken > 500, "the fast path took {taken}");
}

#[test]
fn a_body_is_read_alike_both_ways() {
    let mut taken = 0;
    for row in lines("oracle/requests.jsonl") {
        for dialect in Dialect::ALL {
            let bare = dialect.spell("PromptSubmission", &row["canonical"]);
            let fields = json!({"prompt_submission": bare});
            let documented =
                json!({"action": "generate_sdxl", "session_id": "s1", "payload": {"request": bare}});
            let foreign = json!({"action": "generate_sdxl_enhanced", "request": bare});
            taken += usize::from(bodies_agree(bare.to_string().as_bytes()));
            for body in [fields, documented, foreign] {
                bodies_agree(body.to_string().as_bytes());
            }
        }
    }
    assert!(taken > 100, "the fast path took {taken}");
}

/// A list whose order has no meaning is kept in that of the enum, so that equal requests are equal documents.
#[test]
fn a_list_in_any_order_is_read_alike_both_ways() {
    for (optimizations, is_fast) in [
        (json!(["vae_tiling", "model_cpu_offload"]), true),
        (json!(["model_cpu_offload", "vae_tiling"]), false),
        (json!(["torch_compile", "channels_last", "attention_slicing"]), false),
    ] {
        let submission = json!({
            "model": {"base": "m"},
            "conditioning": {"prompt": "a pier"},
            "performance": {"optimizations": optimizations},
        });
        let frame = json!({"action": "generate_sdxl", "payload": {"prompt_submission": submission}});
        assert_eq!(agree(frame.to_string().as_bytes()), is_fast, "{frame}");
        assert_eq!(bodies_agree(submission.to_string().as_bytes()), is_fast, "{submission}");
    }
}

#[test]
fn a_mutant_is_refused_alike_both_ways() {
    let wrong = [json!(null), json!("x"), json!(-5), json!(1e9), json!(true), json!([]), json!({"a": 1})];
    for row in lines("oracle/requests.jsonl").iter().take(60) {
        let body = Dialect::Pascal.spell("PromptSubmission", &row["canonical"]);
        for (i, pointer) in pointers(&body, "").iter().enumerate().skip(1) {
            let mut mutant = body.clone();
            *mutant.pointer_mut(pointer).expect("it is its own pointer") = wrong[i % wrong.len()].clone();
            bodies_agree(mutant.to_string().as_bytes());
            agree(json!({"action": "generate_sdxl_enhanced", "request": mutant}).to_string().as_bytes());
        }
    }
}

#[test]
fn the_rules_of_the_types_are_those_of_the_reading() {
    let mut broken = 0;
    for row in lines("oracle/requests.jsonl") {
        let submission: PromptSubmission =
            serde_json::from_value(row["canonical"].clone()).expect("each value is good by itself");
        let frame = json!({"action": Action::GenerateSdxl.as_str(), "payload": {"prompt_submission": row["canonical"]}});
        let reading = read_frame_slowly(frame.to_string().as_bytes()).expect("it is a command").reading;
        assert_eq!(submission.keeps_rules(), reading.is_valid(), "{:?}", reading.violations);
        assert_eq!(
            submission.is_plain(),
            reading.is_valid() && reading.warnings.is_empty(),
            "{:?}",
            reading.warnings
        );
        broken += usize::from(!submission.keeps_rules());
    }
    assert!(broken > 0, "no row breaks a rule");
}

/// A command without fields, and with members of the envelope as they may and may not be.
#[test]
fn a_command_without_fields_is_read_alike_both_ways() {
    let heads = [
        json!({}),
        json!({"gpu_id": "gpu_0"}),
        json!({"request_id": "r1", "session_id": "s1", "gpu_id": "gpu_1", "attempt": 2}),
        json!({"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}),
        json!({"RequestId": "r1"}),
        json!({"request_id": null}),
        json!({"request_id": ""}),
        json!({"request_id": 7}),
        json!({"gpu_id": "no gpu"}),
        json!({"attempt": 0}),
        json!({"payload": null}),
        json!({"payload": {}}),
        json!({"payload": []}),
        json!({"unknown": 1}),
        json!({"timeout_seconds": 5}),
    ];
    let mut taken = 0;
    for action in Action::ALL {
        for head in &heads {
            let mut frame = json!({"action": action.as_str()});
            frame.as_object_mut().expect("an object").extend(head.as_object().expect("an object").clone());
            taken += usize::from(agree(frame.to_string().as_bytes()));
            let body = RouteBody { action, bare: None };
            let bytes = frame.to_string().into_bytes();
            alike(
                &bytes,
                &read_body(&bytes, body, &Map::new()),
                &read_body_slowly(&bytes, body, &Map::new()),
            );
            let read = read_frame(frame.to_string().as_bytes());
            let slow = read_frame_slowly(frame.to_string().as_bytes());
            let (Ok(read), Ok(slow)) = (read, slow) else { continue };
            for property in &dictionary().object(action.info().request).properties {
                let shape = &dictionary().named(action.info().request).shape;
                let pointer = format!("/{}", property.snake);
                let places = [&read, &slow].map(|incoming| incoming.reading.places.sender(&pointer, shape));
                assert_eq!(places[0], places[1], "{frame}");
            }
        }
    }
    assert!(taken > 20, "the fast path took {taken}");
}
