//! `conformance compare`: the reports of several targets.

use clap::Args;
use std::path::PathBuf;

use super::{Invocation, Task, report::Report};

#[derive(Debug, Args)]
pub(super) struct CompareFlags {
    /// JSON reports, two or more. A target is called as its file is.
    #[arg(required = true, num_args = 2.., value_name = "REPORT")]
    reports: Vec<PathBuf>,
    /// Further reasons for members that differ, in a file like `data/expected_differences.json`; repeatable.
    #[arg(long, value_name = "FILE")]
    reasons: Vec<PathBuf>,
    #[command(flatten)]
    report: Report,
}

impl CompareFlags {
    pub(super) fn invocation(self, replay: Vec<String>) -> Invocation {
        let Self { reports, reasons, report } = self;
        Invocation::without_target(Task::Compare { reports, reasons }, report, replay)
    }
}
