//! `conformance review`: the changed snapshots of a repository.

use clap::Args;
use std::path::PathBuf;

use super::{
    Format, Invocation, Task,
    report::{Output, Report},
};

#[derive(Debug, Args)]
pub(super) struct ReviewFlags {
    /// The revision to compare with.
    #[arg(long, value_name = "REVISION", default_value = "HEAD")]
    base: String,
    /// A folder of the repository.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,
    #[command(flatten)]
    output: Output,
}

impl ReviewFlags {
    pub(super) fn invocation(self, replay: Vec<String>) -> Invocation {
        let Self { base, folder, output } = self;
        let report = Report { format: Format::Human, output };
        Invocation::without_target(Task::Review { base, folder }, report, replay)
    }
}
