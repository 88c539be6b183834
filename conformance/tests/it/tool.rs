//! The command line: what it lists, and the exit code of whatever goes wrong with the tool itself.

use crate::{against, simulated_worker, tool};
use std::collections::HashSet;

fn code(args: &[&str]) -> Option<i32> {
    tool(args).status.code()
}

#[test]
fn every_check_has_an_id_of_its_own() {
    for target in ["worker", "gateway"] {
        let listed = tool(&[target, "--list"]);
        assert!(listed.status.success());
        let text = String::from_utf8(listed.stdout).unwrap();
        let (checks, last) = text.trim_end().rsplit_once('\n').unwrap();
        let ids: Vec<&str> = checks.lines().filter_map(|line| line.split('\t').next()).collect();
        assert_eq!(last, format!("{} checks", ids.len()));
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "two checks have one id");
        assert!(ids.len() > 2_000, "only {} checks", ids.len());
    }
}

#[test]
fn what_cannot_run_is_30() {
    assert_eq!(code(&["worker", "--", "/no/such/worker"]), Some(30));
    assert_eq!(code(&["gateway", "--only", "http", "http://127.0.0.1:1"]), Some(30));
    assert_eq!(code(&["gateway", "no address"]), Some(30));
    assert_eq!(code(&["worker"]), Some(30));
    assert_eq!(code(&["juggle"]), Some(30));
    let worker = simulated_worker();
    let worker = worker.to_str().unwrap();
    assert_eq!(code(&["worker", "--output", "/no/such/folder/report", "--", worker]), Some(30));
    assert_eq!(
        code(&["worker", "--only", "no-such-suite", "--", worker]),
        Some(30),
        "no check run is never 0"
    );
}

/// What needs a model that nobody named is skipped, says so, and is counted.
#[test]
fn what_the_target_lacks_is_skipped_with_its_reason() {
    let (code, report) = against(&[], &["models.suite", "models.caching"]);
    assert_eq!(code, 0);
    assert_eq!(report["counts"]["skipped"], 4);
    let skipped =
        report["checks"].as_array().unwrap().iter().find(|check| check["outcome"] == "skipped").unwrap();
    assert_eq!(skipped["why"], "needs --refiner and --vae");
}

/// A worker that is no worker breaks the contract; it does not make the tool fail.
#[test]
fn a_program_that_is_no_worker_is_broken() {
    assert_eq!(code(&["worker", "--only", "lifecycle.first-words", "--", "true"]), Some(10));
    assert_eq!(code(&["worker", "--only", "lifecycle.first-words", "--", "echo", "hello"]), Some(10));
    assert_eq!(
        code(&["worker", "--timeout", "1", "--only", "lifecycle.first-words", "--", "sleep", "60"]),
        Some(10)
    );
}

/// The whole suite passes on the worker that keeps the contract.
#[test]
fn the_simulated_worker_conforms() {
    let path = simulated_worker();
    let output = tool(&[
        "worker",
        "--refiner",
        "sdxl_refiner",
        "--vae",
        "sdxl_vae",
        "--lora",
        "/models/style.safetensors",
        "--control-net",
        "/models/canny.safetensors",
        "--",
        path.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}
