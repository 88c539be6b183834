//! `conformance mutants`: which members of a good worker are broken.

use clap::Args;
use std::{ffi::OsString, num::NonZeroUsize, path::PathBuf};

use super::{
    Invocation, Task, refused,
    report::Reports,
    suite::{REPORT_OF_A_RUN, SuiteFlags},
};
use crate::{
    mutants::{Edit, Side, hunt::Choice},
    plan::TargetPlan,
};

#[derive(Debug, Args)]
pub(super) struct MutantsFlags {
    #[command(flatten)]
    suite: SuiteFlags,
    #[command(flatten)]
    choice: ChoiceFlags,
    /// The command line of a worker that passes the suite.
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

#[derive(Debug, Args)]
struct ChoiceFlags {
    /// What is edited: what the worker writes, what the suite sends, or the fixtures of tests. The command is then one that
    /// runs the tests, which read the folder in CONCORD_FIXTURES.
    #[arg(long, value_enum, default_value_t = Side::Replies)]
    side: Side,
    /// Only mutants whose name contains this, as `scale event.progress/step`.
    #[arg(long, value_name = "TEXT")]
    mutant: Option<String>,
    /// Only this edit; repeatable.
    #[arg(long = "edit", value_enum, value_name = "EDIT")]
    edits: Vec<Edit>,
    /// At most so many, chosen by --seed.
    #[arg(long, value_name = "NUMBER")]
    sample: Option<NonZeroUsize>,
    /// The folder of the fixtures, for `--side fixtures`.
    #[arg(long, value_name = "FOLDER", default_value = "fixtures")]
    fixtures: PathBuf,
    /// Mutants at the same time.
    #[arg(long, value_name = "NUMBER", default_value = "2")]
    jobs: NonZeroUsize,
}

impl MutantsFlags {
    pub(super) fn invocation(self, replay: Vec<String>) -> Result<Invocation, clap::Error> {
        let list = self.suite.list;
        if !self.suite.report.report.is_empty() {
            return Err(refused(REPORT_OF_A_RUN));
        }
        let (plan, report) = self.suite.plan(TargetPlan::Worker(self.command), NonZeroUsize::MIN)?;
        let ChoiceFlags { side, mutant: only, edits, sample, fixtures, jobs } = self.choice;
        let sample = sample.map(NonZeroUsize::get);
        let choice = Choice { side, only, edits, sample, fixtures, jobs: jobs.get() };
        let task = if list { Task::List } else { Task::Mutants(choice) };
        let Reports { first, .. } = report;
        let (format, output) = (first.format, first.output.output);
        Ok(Invocation { plan, task, format, output, reports: Vec::new(), replay, time_limit: None })
    }
}
