//! `conformance review`: the changed snapshots of a repository.

use clap::Args;
use std::path::PathBuf;

use super::{Invocation, Task, report::Report, time_limit::TimeLimit};

#[derive(Debug, Args)]
pub(super) struct ReviewFlags {
    /// The revision to compare with.
    #[arg(long, value_name = "REVISION", default_value = "HEAD")]
    base: String,
    /// A folder of the repository.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,
    /// Also compares this contract with that of the revision, as `conformance diff` does: beside the snapshots stands what the
    /// contract says. The worse verdict of the two is the exit code.
    #[arg(long, value_name = "PATH")]
    contract: Option<PathBuf>,
    #[command(flatten)]
    time_limit: TimeLimit,
    #[command(flatten)]
    report: Report,
}

impl ReviewFlags {
    pub(super) fn invocation(self, replay: Vec<String>) -> Invocation {
        let Self { base, folder, contract, time_limit, report } = self;
        let time_limit = Some(time_limit.duration());
        Invocation {
            time_limit,
            ..Invocation::without_target(Task::Review { base, folder, contract }, report, replay)
        }
    }
}
