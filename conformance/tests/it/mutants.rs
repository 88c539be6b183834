//! The suite is tried on workers that are wrong in one member.

use conformance::mutants::report::json;
use serde_json::Value;

use crate::{simulated_worker, tool};

fn mutants(flags: &[&str]) -> (Option<i32>, String, String) {
    let worker = simulated_worker();
    let worker = worker.to_str().expect("a path of the build");
    let output = tool(&[&["mutants"], flags, &["--", worker, "--load-ms", "0"]].concat());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_mutant_is_killed_by_a_check_that_names_it() {
    let (code, report, stderr) =
        mutants(&["--only", "envelopes.get_status", "--mutant", "null get_status/state"]);
    assert_eq!(
        (code, report.as_str()),
        (
            Some(0),
            "1 mutants: 1 killed, 0 noticed, 0 survived, 0 changed nothing, 0 expected, 0 overdue; 0 members unseen\n"
        ),
        "{stderr}"
    );
}

#[test]
fn a_survivor_with_a_reason_is_expected() {
    let (code, report, stderr) =
        mutants(&["--only", "envelopes.get_schedulers", "--edit", "next", "--mutant", "recommended_steps"]);
    assert_eq!(
        (code, report.as_str()),
        (
            Some(0),
            "1 mutants: 0 killed, 0 noticed, 0 survived, 0 changed nothing, 1 expected, 0 overdue; 0 members unseen\n"
        ),
        "{stderr}"
    );
}

#[test]
fn a_survivor_is_named_and_breaks_the_run() {
    // Nothing but the form of a status is checked there.
    let (code, report, stderr) =
        mutants(&["--only", "envelopes.get_status", "--mutant", "next get_status/uptime_seconds"]);
    assert_eq!(code, Some(10), "{report}{stderr}");
    assert!(report.starts_with("survived  next get_status/uptime_seconds: "), "{report}");
}

/// The worker does something else than it was asked, and the check of the field tells.
#[test]
fn a_command_that_is_edited_on_its_way_is_found_by_its_effect() {
    let commands = [
        "--side",
        "commands",
        "--only",
        "asked.batch",
        "--mutant",
        "command.batch_generate/continue_on_error",
    ];
    let (code, report, stderr) = mutants(&[&commands[..], &["--format", "json"]].concat());
    assert_eq!(code, Some(0), "{report}{stderr}");
    let document: Value = serde_json::from_str(&report).unwrap();
    let fates =
        document["mutants"].as_array().unwrap().iter().map(|row| (&row["edit"], &row["fate"], &row["check"]));
    let (killed, check) = (&Value::from("killed"), &Value::from("asked.batch.continue_on_error"));
    assert_eq!(fates.collect::<Vec<_>>(), [(&"drop".into(), killed, check), (&"flip".into(), killed, check)]);
}

#[test]
fn what_cannot_be_hunted_is_30() {
    let (code, _, stderr) = mutants(&["--only", "envelopes.get_status", "--mutant", "scale get_status/sate"]);
    assert_eq!(code, Some(30), "{stderr}");
    assert!(
        stderr.contains("no mutant that a chosen scenario sees has a name with `scale get_status/sate`"),
        "{stderr}"
    );
    let worker = simulated_worker();
    let worker = worker.to_str().expect("a path of the build");
    let output =
        tool(&["mutants", "--only", "envelopes.get_status", "--", worker, "--fault", "wrong_id@get_status"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(30), "{stderr}");
    assert!(stderr.contains("fails on the target as it is"), "{stderr}");
}

/// One of each fate that a form shows, of a part of the suite that decides them quickly.
const SOME: [&str; 6] = [
    "--only",
    "envelopes.get_schedulers",
    "--mutant",
    "get_schedulers/schedulers/-1/recommended_steps",
    "--jobs",
    "1",
];

#[test]
fn the_report_for_programs_follows_its_schema() {
    let (code, report, stderr) = mutants(&[&SOME[..], &["--format", "json"]].concat());
    assert_eq!(code, Some(10), "{report}{stderr}");
    let document: Value = serde_json::from_str(&report).unwrap();
    let schema = serde_json::from_str(json::SCHEMA).unwrap();
    assert!(jsonschema::is_valid(&schema, &document), "{document:#}");
    insta::assert_json_snapshot!("mutants_json", document);
}

#[test]
fn the_report_for_ci_has_a_test_for_each_mutant() {
    let (code, report, stderr) = mutants(&[&SOME[..], &["--format", "junit"]].concat());
    assert_eq!(code, Some(10), "{report}{stderr}");
    insta::assert_snapshot!("mutants_junit", report);
}

#[test]
fn a_form_that_is_of_runs_of_the_suite_is_30() {
    for form in ["github", "markdown", "sarif", "html"] {
        let (code, report, stderr) = mutants(&[&SOME[..], &["--format", form]].concat());
        assert_eq!((code, report.as_str()), (Some(30), ""), "{form}");
        assert!(stderr.contains("[possible values: human, json, junit]"), "{stderr}");
    }
}

/// There are tens of thousands of places, in files of up to a megabyte. With all files in memory this took eleven gigabytes.
#[test]
fn fixtures_are_edited_one_at_a_time() {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures");
    let output = std::process::Command::new("prlimit")
        .args(["--data=1000000000:", env!("CARGO_BIN_EXE_conformance")])
        .args(["mutants", "--side", "fixtures", "--fixtures", fixtures, "--sample", "2", "--", "true"])
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (report, stderr) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(10), "{report}{stderr}");
    assert!(report.contains("2 mutants: 0 killed, 0 noticed, 2 survived"), "{report}");
}
