//! Sentences and hints: a number is quoted as its sender wrote it, and a value of the wrong JSON type is told what to write.

use contracts::{ErrorCode, Failure, RouteBody, Writer, read, read_body, read_frame, tree};
use serde_json::{Map, json};

/// The failure of a submission.
fn failure(submission: &str) -> Failure {
    let frame = format!(r#"{{"action":"generate_sdxl","request":{submission}}}"#);
    read_frame(frame.as_bytes()).expect("a frame").failure().expect("it is refused")
}

#[test]
fn a_number_is_quoted_as_it_was_written() {
    // More would be beyond every float: no frame at all.
    let digits = "1234567890".repeat(30);
    let fraction = format!("0.{}", digits.repeat(2));
    let cut_fraction = format!("not as {}…", &fraction[..64]);
    let cut = format!("{}…", &digits[..64]);
    let rows = [
        ("-0", "exponent or the sign of a zero, not as -0"),
        ("3e1", "not as 3e1"),
        ("30.0", "not as 30.0"),
        ("1.50", "not as 1.50"),
        ("18446744073709551616", "18446744073709551616 is outside"),
        ("-9223372036854775809", "-9223372036854775809 is outside"),
        ("1e300", "1e300 is outside"),
        (&digits, &format!("{cut} is outside")),
        (&fraction, &cut_fraction),
    ];
    for (said, quoted) in rows {
        let submission = format!(
            r#"{{"model":{{"base":"a"}},"conditioning":{{"prompt":"a"}},"hyperparameters":{{"seed":{said}}}}}"#
        );
        let failure = failure(&submission);
        assert!(failure.message.contains(quoted), "{said}: {}", failure.message);
        assert!(failure.message.len() < 200, "{}", failure.message);
    }
    for said in ["1e3", "50.10", "99.000000000000000000001"] {
        let submission = format!(
            r#"{{"model":{{"base":"a"}},"conditioning":{{"prompt":"a"}},"hyperparameters":{{"guidance_scale":{said}}}}}"#
        );
        let message = failure(&submission).message;
        assert!(message.starts_with(&format!("{said} is outside")), "{said}: {message}");
    }
}

#[test]
fn an_integer_that_no_reader_holds_is_not_reported_as_another() {
    let document = r#"{"model":{"base":"a"},"conditioning":{"prompt":"a"},"hyperparameters":{"seed":18446744073709551616}}"#;
    let reading =
        read("PromptSubmission", &tree::parse(document.as_bytes()).expect("JSON").tree, Writer::Sender);
    assert_eq!((reading.violations[0].code, reading.reported()), (ErrorCode::OutOfRange, None));
}

#[test]
fn a_wrong_json_type_is_told_what_to_write() {
    let rows = [
        (r#"{"scheduler":{"steps":"30"}}"#, "write an integer without quotes, such as 30"),
        (r#"{"Metadata":{"TimeoutSeconds":"00:10:00"}}"#, "write a number without quotes, such as 600"),
        (r#"{"scheduler":{"steps":true}}"#, "write an integer, such as 30"),
        (r#"{"scheduler":{"karras_sigmas":"true"}}"#, "write true or false without quotes"),
        (r#"{"scheduler":{"karras_sigmas":1}}"#, "write true or false"),
        (r#"{"hyperparameters":[]}"#, "write an object {…}"),
        (r#"{"conditioning":{"loras":"a"}}"#, "write a list […]"),
        (
            r#"{"conditioning":{"prompt":7}}"#,
            "write a string in quotes, such as \"a lighthouse at dusk, oil painting\"",
        ),
        (r#"{"model":{"base":["a"]}}"#, "write a string in quotes, such as \"sdxl_base\""),
        (
            r#"{"scheduler":{"steps":3e1}}"#,
            "write it without fraction, exponent or the sign of a zero, such as 30",
        ),
        (r#"{"performance":{"device":"tpu"}}"#, "write it in that form, such as"),
        (r#"{"scheduler":{"type":true}}"#, "write one of the allowed names in quotes, such as \"DPM++ 2M\""),
        (r#"{"Scheduler":{"Type":5}}"#, "add JsonStringEnumConverter to the C# options"),
        (r#"{"$id":"1"}"#, "ReferenceHandler.Preserve writes it: leave that out of the C# options"),
        (r#"{"performance":{"optimizations":[null]}}"#, "leave it out of the list"),
        (r#"{"conditioning":{"prompt":" "}}"#, "write more than white space"),
    ];
    for (submission, hint) in rows {
        let details = failure(submission).to_details();
        let said = details["hint"].as_str().expect("a hint");
        assert!(said.starts_with(hint), "{submission}: {said}");
        // The entries have the members of the contract alone.
        let entries = details["errors"].as_array().expect("entries");
        assert!(entries.iter().all(|entry| entry.get("hint").is_none()), "{details}");
    }
}

#[test]
fn an_envelope_is_told_what_to_write() {
    let rows = [
        (r#"{"action":5}"#, "write a string in quotes, such as \"get_status\""),
        (r#"{"action":"get_status","payload":[]}"#, "write an object {…}"),
        (r#"{"action":"get_status","request_id":5}"#, "write a string in quotes, such as"),
        (r#"{"action":"get_status","attempt":"2"}"#, "write an integer without quotes, such as"),
    ];
    for (frame, hint) in rows {
        let failure = match read_frame(frame.as_bytes()) {
            Ok(incoming) => incoming.failure().expect("it is refused"),
            Err(refusal) => *refusal.failure,
        };
        let said = failure.hint.expect("a hint of its own");
        assert!(said.starts_with(hint), "{frame}: {said}");
    }
}

#[test]
fn a_query_has_no_quotes_to_leave_out() {
    let given = Map::from_iter([("limit".to_owned(), json!("abc"))]);
    let body = RouteBody { action: contracts::Action::ListJobs, bare: None };
    let failure = read_body(b"{}", body, &given).expect("a command").failure().expect("it is refused");
    assert_eq!(failure.field.as_deref(), Some("/limit"));
    let said = failure.hint.expect("a hint of its own");
    assert!(said.starts_with("write an integer, such as"), "{said}");
}

#[test]
fn the_last_seed_of_a_batch_is_said_exactly() {
    let submission = r#"{"model":{"base":"a"},"conditioning":{"prompt":"a"},"hyperparameters":{"seed":9007199254740991,"batch_size":13}}"#;
    let message = failure(submission).message;
    assert!(message.contains("is 9007199254741003,"), "{message}");
}

#[test]
fn a_rule_says_numbers_as_the_schema_writes_them() {
    for (start, end, said) in [
        ("1", "1", "guidance_start 1 is not below guidance_end 1"),
        ("1.0", "1e0", "guidance_start 1 is not below guidance_end 1"),
        ("0.75", "0.5", "guidance_start 0.75 is not below guidance_end 0.5"),
    ] {
        let net =
            format!(r#"{{"type":"canny","image":"a.png","guidance_start":{start},"guidance_end":{end}}}"#);
        let submission =
            format!(r#"{{"model":{{"base":"a"}},"conditioning":{{"prompt":"a","control_nets":[{net}]}}}}"#);
        assert_eq!(failure(&submission).message, said);
    }
}

#[test]
fn a_limit_stands_in_its_entry_as_the_schema_writes_it() {
    for (submission, minimum, maximum) in [
        (r#"{"scheduler":{"steps":0}}"#, json!(1), json!(150)),
        (r#"{"hyperparameters":{"guidance_scale":99}}"#, json!(0), json!(50)),
    ] {
        let entry = &failure(submission).to_details()["errors"][0];
        // As numbers 1 and 1.0 are one; what is written differs.
        assert_eq!((&entry["minimum"], &entry["maximum"]), (&minimum, &maximum), "{entry}");
    }
}
