//! `conformance agree`: all parties read payloads alike, and one that does not is found.

use serde_json::{Value, json};
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use crate::{run, tool};

/// A program in the place of Python that accepts every document and reads nothing in it.
const CARELESS: &str = r#"#!/usr/bin/env python3
import sys
for line in sys.stdin:
    print('{"violations": [], "total": 0, "warnings": [], "value": {}, "effective": {}}', flush=True)
"#;

#[test]
fn the_schema_rust_and_the_model_agree_and_the_others_are_counted_as_skipped() {
    let (code, report) = run(&["agree", "--sample", "500", "--format", "json"]);
    assert_eq!(code, 0, "{report:#}");
    assert_eq!(report["disagreements_total"], 0, "{report:#}");
    assert_eq!(report["payloads"], 500);
    assert!(report["refused"].as_u64() > Some(200), "{report:#}");
    let skipped: Vec<&str> = report["skipped"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|row| row["party"].as_str())
        .collect();
    assert_eq!(skipped, ["dotnet", "python"]);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/agree.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).expect("the schema")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema compiles");
    let faults: Vec<String> = validator.iter_errors(&report).map(|fault| fault.to_string()).collect();
    assert_eq!(faults, [""; 0], "{report:#}");
}

#[test]
fn a_party_that_reads_otherwise_is_named_with_a_small_payload_and_its_replay() {
    let folder = tempfile::tempdir().expect("a folder");
    let careless = folder.path().join("careless");
    fs::write(&careless, CARELESS).expect("the program is written");
    fs::set_permissions(&careless, fs::Permissions::from_mode(0o755)).expect("its mode is set");
    let careless = careless.to_str().expect("a path of the test");
    let (code, report) = run(&["agree", "--sample", "20", "--python", careless, "--format", "json"]);
    assert_eq!(code, 10, "{report:#}");
    let first = &report["disagreements"][0];
    assert_eq!(first["party"], "python");
    assert_eq!(first["answers"].as_array().map(Vec::len), Some(4), "{first:#}");
    let payload: Value = serde_json::from_str(first["payload"].as_str().expect("a text")).expect("JSON");
    // Two of its members or fewer: what does not matter was taken away.
    assert!(payload.as_object().is_none_or(|members| members.len() <= 2), "{first:#}");
    let replay = first["replay"].as_str().expect("a command");
    let args: Vec<&str> = replay.split(' ').skip(1).collect();
    let again = tool(&args);
    assert_eq!(again.status.code(), Some(10), "{replay}");
    let printed = String::from_utf8_lossy(&again.stdout);
    assert!(printed.contains("1. python and rust on"), "{printed}");
}

#[test]
fn equal_seeds_make_equal_payloads() {
    let report = |seed: &str| run(&["agree", "--sample", "50", "--seed", seed, "--format", "json"]).1;
    assert_eq!(report("5"), report("5"));
    assert_ne!(json!(report("5")["refused"]), Value::Null);
}
