//! `conformance read`: a document, and the parties that read it.

use clap::Args;
use std::path::PathBuf;

use super::{Invocation, Task, contract::ContractFlag, report::Report, time_limit::TimeLimit};
use crate::reading;

#[derive(Debug, Args)]
pub(super) struct ReadFlags {
    /// The document; `-` is stdin.
    file: PathBuf,
    /// Reads it as a reply to this action, in its envelope.
    #[arg(long = "as", value_name = "ACTION", conflicts_with = "schema")]
    action: Option<String>,
    /// Reads it as this definition of the schemas; default: `PromptSubmission`, and of a plain schema the whole document.
    #[arg(long, value_name = "NAME")]
    schema: Option<String>,
    #[command(flatten)]
    contract: ContractFlag,
    /// Also asks real .NET, by this `Peer.dll`, built from `conformance/dotnet`.
    #[arg(long, value_name = "FILE")]
    dotnet: Option<PathBuf>,
    /// Also asks Python, by an interpreter that has the workers' package.
    #[arg(long, value_name = "FILE")]
    python: Option<PathBuf>,
    #[command(flatten)]
    time_limit: TimeLimit,
    #[command(flatten)]
    report: Report,
}

impl ReadFlags {
    pub(super) fn invocation(self, replay: Vec<String>) -> Invocation {
        let Self { file, action, schema: definition, contract, dotnet, python, time_limit, report } = self;
        let contract = contract.contract;
        let choice = reading::Choice { dotnet, python };
        let task = Task::Read { file, definition, action, contract, choice };
        let time_limit = Some(time_limit.duration());
        Invocation { time_limit, ..Invocation::without_target(task, report, replay) }
    }
}
