//! `conformance compare`: reports of real runs, and its exit codes.

use serde_json::Value;
use std::path::{Path, PathBuf};

use crate::{against_with, tool};

/// A report of a simulated worker in a folder, under a name.
fn report(folder: &Path, name: &str, fault: &[&str], only: &[&str]) -> String {
    let path = folder.join(format!("{name}.json"));
    let form = format!("json={}", path.display());
    against_with(&["--record", "--report", &form], fault, only);
    path.to_str().unwrap().to_owned()
}

/// The exit code, stdout and stderr.
fn compared(args: &[&str]) -> (Option<i32>, String, String) {
    let output = tool(&[&["compare"], args].concat());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_verdict_and_a_member_that_differ_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let only = ["envelopes.get_status", "envelopes.get_capabilities"];
    let good = report(folder.path(), "good", &[], &only);
    let again = report(folder.path(), "again", &[], &only);
    let bad = report(folder.path(), "bad", &["--fault", "dropped_field:families@get_capabilities"], &only);
    let (code, text, _) = compared(&[&good, &again]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.ends_with("0 differences without one: the targets agree\n"), "{text}");
    let (code, text, _) = compared(&[&good, &bad, "--format", "json"]);
    assert_eq!(code, Some(10), "{text}");
    let document: Value = serde_json::from_str(&text).unwrap();
    let members = document["members"].as_array().unwrap();
    let families = members.iter().find(|member| member["pointer"] == "/data/families").unwrap();
    assert_eq!(families["kinds"], serde_json::json!({"good": ["list"], "bad": []}), "{text}");
    assert!(families.get("reason").is_none(), "{text}");
}

#[test]
fn what_cannot_be_compared_is_30() {
    let folder = tempfile::tempdir().unwrap();
    let good = report(folder.path(), "good", &[], &["lifecycle.initialize"]);
    let other = report(folder.path(), "other", &[], &["envelopes.get_status"]);
    let text = folder.path().join("text.json");
    std::fs::write(&text, "no report").unwrap();
    let text: PathBuf = text;
    for (args, words) in [
        (vec![good.as_str(), "/no/such.json"], "/no/such.json: No such file"),
        (vec![&good, text.to_str().unwrap()], "text.json is no JSON report"),
        (vec![&good], "2 values required"),
        (vec![&good, &good], "stands there twice"),
        (vec![&good, &other, "--reasons", "/no/such.json"], "/no/such.json: No such file"),
        (vec![&good, &other, "--format", "html"], "[possible values: human, json]"),
        (vec![&good, &other], "they have no check in common"),
    ] {
        let (code, stdout, stderr) = compared(&args);
        assert!(
            code == Some(30) && format!("{stdout}{stderr}").contains(words),
            "{args:?}: {code:?} {stdout}{stderr}"
        );
    }
}
