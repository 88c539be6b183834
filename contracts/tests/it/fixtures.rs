//! Fixtures against our readings: C#-shaped payloads, and invalid documents each with its exact violations.

use contracts::{
    Incoming, Refusal,
    framing::{Decoder, Line},
    read_frame,
};
use serde_json::{Value, json};

use crate::data::{bytes, json_files, lines, text};

/// What was understood from a frame, as a snapshot shows it.
fn understood(frame: &[u8]) -> Value {
    match read_frame(frame) {
        Err(refusal) => json!({"refused": refusal.failure.to_details()}),
        Ok(incoming) => json!({
            "action": incoming.head.action,
            "form": format!("{:?}", incoming.form),
            "request_id": incoming.head.request_id,
            "session_id": incoming.head.session_id,
            "document": incoming.reading.reported(),
            "faults": incoming.reading.violations,
            "warnings": incoming.reading.warnings,
            "dialect": incoming.reading.dialect,
        }),
    }
}

#[test]
fn csharp_payloads_are_understood() {
    for folder in ["envelopes", "seed"] {
        for name in json_files(folder) {
            let frame = bytes(&format!("{folder}/{name}"));
            let name = format!("{folder}__{}", name.trim_end_matches(".json"));
            insta::assert_json_snapshot!(name, understood(frame.trim_ascii_end()));
        }
    }
}

/// The same C# object means the same whatever options wrote it.
#[test]
fn serialiser_options_do_not_change_the_meaning() {
    let document = |name: &str| {
        let incoming = read_frame(bytes(&format!("envelopes/{name}.json")).trim_ascii_end()).unwrap();
        incoming.reading.into_reported().unwrap()["prompt_submission"].clone()
    };
    let meant = document("enhanced-full-default");
    for name in [
        "enhanced-full-web",
        "enhanced-full-ignore-null",
        "enhanced-full-relaxed",
        "typed-command-pascal",
        "typed-command-camel",
        "documented-pascal-inside",
        "documented-pascal-outside",
        "documented-camel",
        "validate-request",
    ] {
        assert_eq!(document(name), meant, "{name}");
    }
}

struct Invalid {
    id: String,
    frame: Vec<u8>,
    /// The code of the whole, where the frame is refused as no command.
    refused: Option<String>,
    /// Code and pointer of every violation, in any order.
    violations: Vec<(String, String)>,
}

impl Invalid {
    fn of(row: &Value) -> Self {
        let text = |name: &str| row[name].as_str().map(str::to_owned);
        let frame = if let Some(submission) = row.get("submission") {
            json!({"action": "validate_request", "request": submission}).to_string().into_bytes()
        } else if let Some(frame) = row.get("frame") {
            frame.to_string().into_bytes()
        } else if let Some(frame) = text("text") {
            frame.into_bytes()
        } else {
            let hex = text("hex").unwrap_or_else(|| panic!("{row} has no document"));
            let pair = |i| hex.get(i..i + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
            let byte = |i| pair(i).unwrap_or_else(|| panic!("{row} has no bytes"));
            (0..hex.len()).step_by(2).map(byte).collect()
        };
        let word = |violation: &Value, i: usize| match &violation[i] {
            Value::String(word) => word.clone(),
            _ => panic!("{row}: a violation is a code and a pointer, and not {violation}"),
        };
        let pair = |violation: &Value| (word(violation, 0), word(violation, 1));
        Self {
            id: text("id").unwrap_or_else(|| panic!("{row} has no id")),
            frame,
            refused: text("refused"),
            violations: row["faults"].as_array().into_iter().flatten().map(pair).collect(),
        }
    }
}

/// What reading found: the code of a refusal, and every violation.
fn found(read: &Result<Incoming, Refusal>) -> (Option<String>, Vec<(String, String)>) {
    let (refused, violations) = match read {
        Ok(incoming) => (None, &incoming.reading.violations),
        Err(refusal) => (Some(refusal.failure.code.to_string()), &refusal.failure.errors),
    };
    let mut violations: Vec<_> =
        violations.iter().map(|violation| (violation.code.to_string(), violation.pointer.clone())).collect();
    violations.sort();
    (refused, violations)
}

#[test]
fn invalid_documents_have_exactly_their_faults() {
    let mut ids = std::collections::HashSet::new();
    let mut wrong = Vec::new();
    for file in ["frames", "envelopes", "submissions", "rules", "commands"] {
        for row in lines(&format!("invalid/{file}.jsonl")) {
            let invalid = Invalid::of(&row);
            assert!(ids.insert(invalid.id.clone()), "two fixtures are called {}", invalid.id);
            let mut expected = invalid.violations;
            expected.sort();
            let found = found(&read_frame(&invalid.frame));
            if found != (invalid.refused.clone(), expected.clone()) {
                wrong.push(format!(
                    "{}\n  expected {:?} {expected:?}\n  found    {:?} {:?}",
                    invalid.id, invalid.refused, found.0, found.1
                ));
            }
        }
    }
    assert!(ids.len() >= 60, "only {} invalid documents", ids.len());
    assert!(wrong.is_empty(), "{} of {} differ\n{}", wrong.len(), ids.len(), wrong.join("\n"));
}

/// Every code that a reading can give is in the invalid documents.
#[test]
fn the_invalid_documents_show_every_code_of_a_reading() {
    let rows: Vec<Value> = ["frames", "envelopes", "submissions", "rules", "commands"]
        .iter()
        .flat_map(|file| lines(&format!("invalid/{file}.jsonl")))
        .collect();
    let text = serde_json::to_string(&rows).unwrap();
    for code in [
        "bad_frame",
        "duplicate_field",
        "unknown_field",
        "missing_field",
        "unsupported_value",
        "out_of_range",
        "validation_failed",
        "unsupported_feature",
        "unknown_action",
    ] {
        assert!(text.contains(&format!("\"{code}\"")), "{code}");
    }
}

/// Frames that are unusual and right.
#[test]
fn unusual_frames_are_read() {
    for row in lines("invalid/unusual.jsonl") {
        let mut decoder = Decoder::default();
        let mut read = decoder.push(text(&row, "text").as_bytes());
        read.extend(decoder.finish());
        let [Line::Text(frame)] = read.as_slice() else { panic!("{row}: {read:?}") };
        let incoming = read_frame(frame).unwrap_or_else(|refusal| panic!("{row}: {refusal:?}"));
        assert!(incoming.reading.is_valid(), "{row}: {:?}", incoming.reading.violations);
        let mut warned: Vec<_> =
            incoming.reading.warnings.iter().map(|warning| warning.code.to_string()).collect();
        warned.sort();
        let mut expected: Vec<_> = row["warnings"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|code| code.as_str().unwrap().to_owned())
            .collect();
        expected.sort();
        assert_eq!(warned, expected, "{row}");
    }
}
