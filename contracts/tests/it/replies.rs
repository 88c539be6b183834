//! Replies as text: the short way to JSON writes what the long way writes.

use contracts::{Action, Dialect, Reply, Warning, WarningCode, framing::FRAME_BYTES_MAX};
use proptest::{prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};
use std::collections::HashMap;

use crate::generated::documents::documents;

#[test]
fn both_ways_to_json_write_the_same_bytes() {
    let mut of: HashMap<&str, Vec<_>> = HashMap::new();
    for &(name, ref document) in documents() {
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
            let mut repeated = Value::clone(document);
            if repeated.get("warnings").is_some() {
                repeated["warnings"] = json!([warning.message]);
            }
            for (data, warnings) in [
                (repeated, vec![warning.clone()]),
                (Value::clone(document), vec![warning.clone()]),
                (Value::clone(document), vec![]),
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
    assert!(compared >= 6_000, "{compared} replies were written");
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

/// Each reply of the documents, as it stands and with one thing wrong or unusual.
fn variants(reply: &Value) -> Vec<String> {
    let mut variants = vec![reply.to_string()];
    let with = |change: &dyn Fn(&mut Value)| {
        let mut changed = reply.clone();
        change(&mut changed);
        changed.to_string()
    };
    for name in ["request_id", "success", "data", "error", "error_details", "warnings", "warning_details"] {
        variants.push(with(&|reply| drop(reply.as_object_mut().expect("an object").shift_remove(name))));
        for value in [json!(null), json!(""), json!(1), json!(true), json!([]), json!([1]), json!({})] {
            variants.push(with(&|reply| reply[name] = value.clone()));
        }
        let twice = format!(r#"{{"{name}":null,"#);
        variants.push(reply.to_string().replacen('{', &twice, 1));
    }
    for (name, value) in
        [("session_id", json!("s1")), ("session_id", json!(null)), ("warnings_total", json!(0))]
    {
        variants.push(with(&|reply| reply[name] = value.clone()));
    }
    variants.push(with(&|reply| reply["unknown"] = json!(1)));
    variants.push(with(&|reply| reply["data"]["unknown"] = json!({"a": 1})));
    variants.push(reply.to_string().replacen(r#""data":{"#, r#""data":{"a":1,"a":1,"#, 1));
    variants.push(reply.to_string().replacen(
        r#""data":{"#,
        r#""data":{"a":123456789012345678901234567890,"#,
        1,
    ));
    variants.push(format!("{reply} x"));
    variants.push(json!(["r1", true, reply["data"], null, null, [], []]).to_string());
    variants.push(json!(["r1", "s1", true, reply["data"], null, null, [], []]).to_string());
    variants
}

#[test]
fn both_ways_from_json_read_the_same_reply() {
    let (mut quick, mut refused) = (0, 0);
    let mut of: HashMap<&str, Vec<_>> = HashMap::new();
    for &(name, ref document) in documents() {
        of.entry(name).or_default().push(document);
    }
    for action in Action::ALL {
        for document in of.get(action.info().reply).into_iter().flatten().copied().take(2) {
            let reply =
                Reply::succeeded(action, Some("r1".to_owned()), document.clone()).to_value(Dialect::Snake);
            for text in variants(&reply) {
                let whole = contracts::unique(text.as_bytes())
                    .map_err(|err| err.to_string())
                    .and_then(|value| Reply::take(action, value).map_err(|err| err.to_string()));
                let read = Reply::from_json(action, text.as_bytes()).map_err(|err| err.to_string());
                assert_eq!(read, whole, "{text}");
                quick += usize::from(contracts::testing::read_reply_quickly(action, text.as_bytes()));
                refused += usize::from(whole.is_err());
            }
        }
    }
    assert!(quick >= 100 && refused >= 1000, "{quick} read quickly, {refused} refused");
}

proptest! {
    /// A member of a newer worker is passed on digit by digit, or its reply is refused.
    #[test]
    fn an_integer_of_an_unknown_member_loses_no_digit(digits in "-?[1-9][0-9]{0,39}") {
        let data = format!(r#"{{"freed_gpu_bytes":1,"freed_ram_bytes":2,"new":{digits}}}"#);
        let reply = Reply::succeeded(Action::CleanupMemory, Some("r1".to_owned()), json!({}));
        let line = reply.to_value(Dialect::Snake).to_string().replacen("{}", &data, 1);
        let fits = digits.parse::<i64>().is_ok() || digits.parse::<u64>().is_ok();
        match Reply::from_json(Action::CleanupMemory, line.as_bytes()) {
            Ok(read) => {
                prop_assert!(fits, "{line}");
                prop_assert_eq!(read.reply.outcome.expect("a success").to_string(), data);
                prop_assert_eq!(read.unknown_members, ["/data/new"]);
            }
            Err(err) => {
                prop_assert!(!fits, "{line}");
                let said = format!("the integer {digits} has more than 64 bits");
                prop_assert!(err.to_string().contains(&said), "{err}");
            }
        }
    }
}

#[test]
fn a_failure_without_its_sentence_is_no_reply() {
    let with = |error: Value| {
        json!({"request_id": "r1", "success": false, "data": null, "error": error,
               "error_details": {"code": "model_not_found", "retryable": false},
               "warnings": [], "warning_details": []})
    };
    let read = |reply: Value| Reply::from_json(Action::GetStatus, reply.to_string().as_bytes());
    assert!(read(with("no model x".into())).is_ok());
    let err = read(with(Value::Null)).expect_err("C# shows `Error`").to_string();
    assert!(err.contains("/error"), "{err}");
}
