//! Suites against a pool: over HTTP, and of several workers behind one pipe.

use std::process::Command;

use serde_json::Value;

use crate::gateway;

/// The workers of a pool: fast ones, and as many.
fn workers(count: &str) -> Vec<&str> {
    let sim = ["--sim-arg", "--load-ms", "--sim-arg", "0", "--sim-arg", "--step-ms", "--sim-arg", "5"];
    [&["--workers", "sim", "--sim-workers", count][..], &sim, &["--output-dir", env!("CARGO_TARGET_TMPDIR")]]
        .concat()
}

/// The exit code and the report of a run.
fn judged(tool: &mut Command) -> (Option<i32>, Value) {
    let output = tool.env_remove("CONCORD_INPUT_ROOTS").output().expect("the tool starts");
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|err| panic!("{err}: {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), report)
}

fn over_http(fault: Option<&str>, only: &[&str]) -> (Option<i32>, Value) {
    let mut tool = Command::new(env!("CARGO_BIN_EXE_conformance"));
    tool.args(["gateway", "--format", "json", "--start-timeout", "60"]);
    tool.args(only.iter().flat_map(|id| ["--only", *id])).arg("--");
    match fault {
        None => tool.arg(gateway()).args(["serve", "--listen", "{address}"]),
        Some(fault) => {
            let proxy = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faulty/over_http.py");
            let serve = ["serve", "--listen", "{inner}"];
            tool.env("FAULT", fault).args(["python3", proxy, "{address}"]).arg(gateway()).args(serve)
        }
    };
    judged(tool.args(workers("1")))
}

/// The ids of the checks with an outcome, and their reasons.
fn with<'r>(report: &'r Value, outcome: &str) -> Vec<(&'r str, &'r str)> {
    let checks = report["checks"].as_array().unwrap().iter().filter(|check| check["outcome"] == outcome);
    checks.map(|check| (check["id"].as_str().unwrap(), check["why"].as_str().unwrap_or("passed"))).collect()
}

/// What holds of a gateway is asked of it; what it has not over HTTP says so.
#[test]
fn members_and_events_are_judged_over_http() {
    let (code, report) = over_http(None, &["members", "events"]);
    assert_eq!((code, with(&report, "failed")), (Some(0), Vec::new()));
    let skipped = with(&report, "skipped");
    let reasons = [
        "over HTTP no heartbeats are sent: who wants to know asks for the status",
        "over HTTP a training sends no events: its status is asked for",
        "others have run jobs on this gateway",
        "a pool counts what its workers were sent, and answers some commands itself",
    ];
    let other = skipped.iter().find(|(_, why)| !reasons.contains(why));
    assert_eq!((other, skipped.len()), (None, 24));
    assert!(with(&report, "passed").len() > 180, "{}", report["counts"]);
}

/// A member that is wrong over HTTP is found by the check of its name.
#[test]
fn a_wrong_member_over_http_is_found() {
    for (fault, check) in [
        ("steps_used", "members.result.steps_used"),
        ("jobs_completed", "members.counters.jobs_completed"),
        ("uptime_seconds", "members.status.uptime_seconds"),
        ("was", "members.queue.was"),
        ("training_type", "members.training.training_type"),
    ] {
        let (scenario, _) = check.rsplit_once('.').unwrap();
        let (code, report) = over_http(Some(fault), &[scenario]);
        let failed = with(&report, "failed");
        assert!(code == Some(10) && failed.iter().any(|(id, _)| *id == check), "{fault}: {failed:?}");
    }
}

/// Two workers behind one pipe run two jobs at a time: no check takes them for a broken worker.
#[test]
fn two_workers_behind_a_pipe_break_nothing() {
    let mut tool = Command::new(env!("CARGO_BIN_EXE_conformance"));
    tool.args(["worker", "--format", "json", "--start-timeout", "60"]);
    tool.args(["ordering", "members", "properties.states", "memory"].iter().flat_map(|id| ["--only", *id]));
    let (code, report) = judged(tool.arg("--").arg(gateway()).arg("stdio").args(workers("2")));
    assert_eq!((code, with(&report, "failed")), (Some(0), Vec::new()));
}
