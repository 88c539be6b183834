//! Replies as text: the short way to JSON writes what the long way writes.

use contracts::{Action, Dialect, Reply, Warning, WarningCode, framing::FRAME_BYTES_MAX};
use serde_json::json;
use std::collections::HashMap;

use crate::generated::documents::documents;

#[test]
fn both_ways_to_json_write_the_same_bytes() {
    let mut of: HashMap<&str, Vec<_>> = HashMap::new();
    for (name, document) in documents() {
        of.entry(name).or_default().push(document);
    }
    let warning = Warning {
        code: WarningCode::NoEffect,
        pointer: Some("/payload".to_owned()),
        message: "`steps` takes no effect here".to_owned(),
        hint: None,
    };
    let mut compared = 0;
    for action in Action::ALL {
        for document in of.get(action.info().reply).into_iter().flatten() {
            // As a worker repeats them in its data, where the data has a place for them; as it came; and not at all.
            let mut repeated = document.clone();
            if repeated.get("warnings").is_some() {
                repeated["warnings"] = json!([warning.message]);
            }
            for (data, warnings) in [
                (repeated, vec![warning.clone()]),
                (document.clone(), vec![warning.clone()]),
                (document.clone(), vec![]),
            ] {
                let session_id = (compared % 2 == 0).then(|| "s1".to_owned());
                let request_id = Some("r1".to_owned());
                let reply = Reply {
                    action: Some(action),
                    request_id,
                    session_id,
                    outcome: Ok(data),
                    warnings,
                    more_warnings: 0,
                };
                for dialect in Dialect::ALL {
                    let long = serde_json::to_vec(&reply.to_value(dialect)).expect("it has string keys");
                    assert_eq!(reply.to_json(dialect), long, "{action}");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared >= 10_000, "{compared} replies were written");
}

#[test]
fn a_reply_too_long_for_a_frame_becomes_a_failure() {
    let reply = |length: usize| Reply {
        action: Some(Action::ValidateRequest),
        request_id: Some("r1".to_owned()),
        session_id: None,
        outcome: Ok(json!({"normalized": "x".repeat(length)})),
        warnings: vec![],
        more_warnings: 0,
    };
    let short = reply(10);
    assert_eq!(
        short.to_frame_or_failure(Dialect::Snake),
        short.to_frame(Dialect::Snake).expect("it is short")
    );

    let frame = reply(FRAME_BYTES_MAX).to_frame_or_failure(Dialect::Pascal);
    assert_eq!(frame.last(), Some(&b'\n'));
    let said: serde_json::Value = serde_json::from_slice(&frame).expect("a frame is JSON");
    assert_eq!(said["RequestId"], "r1");
    assert_eq!(said["ErrorDetails"]["Code"], "frame_too_large");
}
