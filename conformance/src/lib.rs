//! Drives workers and gateways from outside and checks that they keep the contract.
//!
//! A [`suite::Suite`] has [`scenario::Scenario`]s, a scenario has checks with stable ids (`suite.scenario.check`), each with its
//! class of drift and the sentence of the contract that it proves. A run gives a [`report::Report`]; its verdict is the exit code.
//!
//! For authors of workers in Rust:
//! ```no_run
//! conformance::assert_worker_conforms(["python3", "main.py", "--worker", "pipeline_manager"].map(Into::into).to_vec());
//! ```

// A report is read by people: values stand in it as JSON, not as Rust prints them for debugging.
#![cfg_attr(not(test), deny(clippy::use_debug))]

pub mod bench;
pub mod case;
pub mod check;
pub mod class;
pub mod cli;
pub mod context;
pub(crate) mod display;
pub mod evidence;
pub mod exchange;
pub mod generate;
pub mod interrupt;
pub mod json;
mod member;
pub mod mutants;
pub mod options;
pub mod picture;
pub mod plan;
mod probe;
pub mod replay;
pub mod report;
pub mod run;
pub mod scenario;
pub mod sentence;
pub mod suite;
pub mod target;

use std::ffi::OsString;

use plan::{Plan, TargetPlan};

/// Runs every suite for workers against a command.
///
/// # Panics
/// If the worker does not conform; the message is the report.
pub fn assert_worker_conforms(command: Vec<OsString>) {
    let plan = Plan::all(TargetPlan::Worker(command));
    let report = run::run(&plan, &mut |_, _, _| ()).unwrap_or_else(|err| panic!("{err}"));
    let mut text = Vec::new();
    report::human::write(&report, &mut text).expect("memory takes it");
    assert_eq!(report.verdict(), report::Verdict::Ok, "{}", String::from_utf8_lossy(&text));
}
