//! Assertions for the tests of other crates: a target conforms, and what was skipped is what its author named.

use std::ffi::OsString;

use crate::{
    finding::Outcome,
    plan::{Plan, TargetPlan, begins},
    report::{Report, human},
    run,
    verdict::Verdict,
};

/// Runs every suite for workers against a command, with default options.
///
/// `may_skip` names the checks that may be skipped, by their ids or the beginnings of these in whole parts (`models.suite`).
/// A worker that lacks a LoRA, for instance, skips the checks that need one.
///
/// # Panics
/// As [`assert_conforms`].
pub fn assert_worker_conforms(command: Vec<OsString>, may_skip: &[&str]) {
    assert_conforms(&Plan::all(TargetPlan::Worker(command)), may_skip);
}

/// Runs a plan: a worker or a gateway, with options, by a part of the suite.
///
/// # Panics
/// The message is the report, if
/// - a check fails or is undecided, or none passes;
/// - a check is skipped that `may_skip` does not name;
/// - an entry of `may_skip` names no skipped check: what was lacking is there now, and its checks must not be lost again;
/// - nothing could run.
pub fn assert_conforms(plan: &Plan, may_skip: &[&str]) {
    let report = run::run(plan, &mut |_, _, _| ()).unwrap_or_else(|err| panic!("{err}"));
    let faults = faults(&report, may_skip);
    if !faults.is_empty() {
        let mut text = Vec::new();
        human::write(&report, &mut text).expect("memory takes it");
        panic!("{}\n{}", faults.join("\n"), String::from_utf8_lossy(&text));
    }
}

fn faults(report: &Report, may_skip: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    if report.verdict() != Verdict::Ok {
        faults.push(report.verdict().sentence().to_owned());
    }
    let skipped: Vec<(&str, &str)> = report
        .rows
        .iter()
        .filter_map(|row| match &row.outcome {
            Outcome::Skipped(why) => Some((row.id.as_str(), why.as_str())),
            _ => None,
        })
        .collect();
    for (id, why) in &skipped {
        if !may_skip.iter().any(|prefix| begins(id, prefix)) {
            faults.push(format!("{id} is skipped, and may_skip does not name it: {why}"));
        }
    }
    for prefix in may_skip {
        if !skipped.iter().any(|(id, _)| begins(id, prefix)) {
            faults.push(format!("may_skip names {prefix}, and no such check is skipped: take it out"));
        }
    }
    faults
}
