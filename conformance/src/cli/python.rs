//! `conformance python`: Python sources, and the Python that parses them.

use clap::Args;
use std::path::PathBuf;

use super::{Invocation, Task, contract::ContractFlag, report::Report, time_limit::TimeLimit};

#[derive(Debug, Args)]
pub(super) struct PythonFlags {
    /// A file or a folder.
    folder: PathBuf,
    /// The interpreter whose `ast` parses the sources; it runs none of them.
    #[arg(long, value_name = "FILE", default_value = "python3")]
    python: PathBuf,
    #[command(flatten)]
    contract: ContractFlag,
    #[command(flatten)]
    time_limit: TimeLimit,
    #[command(flatten)]
    report: Report,
}

impl PythonFlags {
    pub(super) fn invocation(self, replay: Vec<String>) -> Invocation {
        let Self { folder, python, contract, time_limit, report } = self;
        let task = Task::Python { folder, python, contract: contract.contract };
        let time_limit = Some(time_limit.duration());
        Invocation { time_limit, ..Invocation::without_target(task, report, replay) }
    }
}
