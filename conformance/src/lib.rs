//! Drives workers and gateways from outside and checks that they keep the contract.
//!
//! A [`live::Suite`] has [`scenario::Scenario`]s, a scenario has checks with stable ids (`suite.scenario.check`), each with its
//! class of drift and the sentence of the contract that it proves. A run gives a [`report::Report`]; its verdict is the exit code.
//!
//! For authors of workers in Rust:
//! ```no_run
//! let command = ["python3", "main.py", "--worker", "pipeline_manager"].map(Into::into).to_vec();
//! // It has no refiner, no VAE and no folder of models to write in: the checks that need them may be skipped, and no others.
//! conformance::assert_worker_conforms(command, &["models.suite", "files"]);
//! ```

// A report is read by people: values stand in it as JSON, not as Rust prints them for debugging.
#![cfg_attr(not(test), deny(clippy::use_debug))]

pub mod agree;
pub mod bench;
pub mod case;
pub mod check;
pub mod class;
pub mod cli;
pub mod compare;
pub mod context;
pub mod contract;
pub mod csharp;
pub mod deadline;
pub mod diff;
pub(crate) mod display;
pub mod dotnet;
pub mod exchange;
pub mod finding;
pub mod generate;
pub mod input;
pub mod interrupt;
pub mod json;
mod kit;
pub mod live;
mod member;
pub mod mutants;
pub mod options;
pub mod party;
pub mod picture;
pub mod plan;
mod probe;
pub mod python;
pub mod reading;
pub mod record;
pub mod replay;
pub mod report;
pub mod review;
pub mod run;
pub mod run_threads;
pub mod scenario;
mod schema;
pub mod sentence;
pub mod source;
mod strategy;
pub mod verdict;

pub use kit::{assert_conforms, assert_worker_conforms};
