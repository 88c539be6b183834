//! The tool itself: a good worker passes, each fault fails its check, and the report names it.

mod agree;
mod bench;
mod ci;
mod clean;
mod compare;
mod contract;
mod csharp;
mod diff;
mod dotnet;
mod drifts;
mod faults;
mod gates;
mod hostile;
mod injection;
mod kit;
mod mutants;
mod pools;
mod processes;
mod python;
mod reading;
mod replies;
mod report;
mod review;
mod tool;

use serde_json::Value;
use std::{
    path::PathBuf,
    process::{Command, Output},
};

/// The folder of the fixtures: in a hunt of their mutants, the edited copy.
pub(crate) fn fixtures() -> PathBuf {
    let own = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures"));
    std::env::var_os(conformance::mutants::fixtures::FOLDER).map_or_else(own, PathBuf::from)
}

/// A file that the simulated worker takes as a base.
pub(crate) const PRETEND_BASE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/pretend_base.safetensors");

/// A program of the folder in CONCORD_BUILT: where only this package is built anew, others are not built beside the tool.
fn built(name: &str) -> Option<PathBuf> {
    let program = PathBuf::from(std::env::var_os("CONCORD_BUILT")?).join(name);
    assert!(program.exists(), "{} is not built", program.display());
    Some(program)
}

/// The simulated worker, built beside the tool.
pub(crate) fn simulated_worker() -> PathBuf {
    if let Some(worker) = built("worker-sim") {
        return worker;
    }
    let tool = PathBuf::from(env!("CARGO_BIN_EXE_conformance"));
    let worker = tool.with_file_name("examples").join("simulated-worker");
    assert!(worker.exists(), "{} is not built; `cargo test -p conformance` builds it", worker.display());
    worker
}

/// The gateway. It belongs to another package: commands for the whole workspace build it beside the tool.
pub(crate) fn gateway() -> PathBuf {
    if let Some(gateway) = built("gateway") {
        return gateway;
    }
    let gateway = PathBuf::from(env!("CARGO_BIN_EXE_conformance")).with_file_name("gateway");
    assert!(
        gateway.exists(),
        "{} is not built; `cargo build --workspace --bins` builds it",
        gateway.display()
    );
    gateway
}

/// Runs the tool.
pub(crate) fn tool(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_conformance"));
    command
        .args(args)
        .env_remove("CONCORD_OUTPUT_DIR")
        .env_remove("CONCORD_INPUT_ROOTS")
        .env_remove("CUDA_VISIBLE_DEVICES");
    command.output().expect("the tool starts")
}

/// Runs scenarios against a simulated worker; its exit code and report.
pub(crate) fn against(worker: &[&str], only: &[&str]) -> (i32, Value) {
    against_with(&[], worker, only)
}

/// The same with flags of the tool.
pub(crate) fn against_with(flags: &[&str], worker: &[&str], only: &[&str]) -> (i32, Value) {
    let path = simulated_worker();
    // A worker without a fault answers, however busy the machine is; some with a fault never do.
    let timeout = if worker.contains(&"--fault") { "8" } else { "60" };
    let mut args = vec!["worker", "--format", "json"];
    if !flags.contains(&"--timeout") {
        args.extend(["--timeout", timeout]);
    }
    args.extend(flags);
    for id in only {
        args.extend(["--only", id]);
    }
    args.extend(["--", path.to_str().expect("a path of the build")]);
    args.extend(["--load-ms", "0"]);
    args.extend(worker);
    run(&args)
}

/// Runs the tool with a report for programs; its exit code and report.
pub(crate) fn run(args: &[&str]) -> (i32, Value) {
    let output = tool(args);
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|err| {
        panic!(
            "{err}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )
    });
    (output.status.code().unwrap_or(-1), report)
}
