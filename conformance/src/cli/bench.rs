//! `conformance bench`: what is measured, and with what it is compared.

use clap::{Args, builder::NonEmptyStringValueParser};
use std::{ffi::OsString, path::PathBuf, time::Duration};

use super::{Format, Invocation, Task};
use crate::{
    bench,
    options::{self, Options},
    plan::{Plan, TargetPlan},
};

#[derive(Debug, Args)]
pub(super) struct BenchFlags {
    /// The base model of the jobs: an id, or a path.
    #[arg(long, default_value = options::MODEL, value_parser = NonEmptyStringValueParser::new())]
    model: String,
    /// Longest wait for one answer, seconds.
    #[arg(long, default_value_t = options::TIMEOUT_SECONDS, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
    /// Longest wait for the first answer of the worker, seconds.
    #[arg(long, default_value_t = options::START_TIMEOUT_SECONDS, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    start_timeout: u64,
    /// Rounds of each figure.
    #[arg(long, default_value_t = bench::ROUNDS, value_parser = rounds)]
    rounds: usize,
    /// Saves the run in a file.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Compares with a saved run: a figure that is worse by more than --threshold is exit 10.
    #[arg(long, value_name = "FILE")]
    compare: Option<PathBuf>,
    /// How much worse a figure may be: 0.25 is a quarter.
    #[arg(long, default_value_t = bench::THRESHOLD, value_parser = threshold, requires = "compare")]
    threshold: f64,
    /// The worker's command line.
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

/// The choice of a measurement: its rounds, and the saved run to compare with.
#[derive(Clone, Debug, PartialEq)]
pub struct BenchChoice {
    /// Rounds of each figure.
    pub rounds: usize,
    /// The file of a saved run.
    pub compare: Option<PathBuf>,
    /// How much worse a figure may be.
    pub threshold: f64,
}

impl BenchFlags {
    /// A run that measures. What it saves is its output.
    pub(super) fn invocation(self, replay: Vec<String>) -> Invocation {
        let Self { model, timeout, start_timeout, rounds, save, compare, threshold, command } = self;
        let (timeout, start_timeout) = (Duration::from_secs(timeout), Duration::from_secs(start_timeout));
        let options = Options { model, timeout, start_timeout, ..Options::default() };
        let plan = Plan { options, ..Plan::all(TargetPlan::Worker(command)) };
        let task = Task::Bench(BenchChoice { rounds, compare, threshold });
        Invocation {
            plan,
            task,
            format: Format::Human,
            output: save,
            reports: Vec::new(),
            replay,
            time_limit: None,
        }
    }
}

fn rounds(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(rounds @ 1..=1000) => Ok(rounds),
        _ => Err("a number from 1 to 1000".to_owned()),
    }
}

fn threshold(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(threshold) if (0.0..=1000.0).contains(&threshold) => Ok(threshold),
        _ => Err("a number from 0 to 1000".to_owned()),
    }
}
