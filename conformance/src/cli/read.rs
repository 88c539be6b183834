//! `conformance read`: a document, and the parties that read it.

use clap::Args;
use std::path::PathBuf;

use super::{
    Invocation, Task, contract::ContractFlag, parties::PartyFlags, report::Report, time_limit::TimeLimit,
};

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
    #[command(flatten)]
    parties: PartyFlags,
    #[command(flatten)]
    time_limit: TimeLimit,
    #[command(flatten)]
    report: Report,
}

impl ReadFlags {
    pub(super) fn invocation(self, replay: Vec<String>) -> Invocation {
        let Self { file, action, schema: definition, contract, parties, time_limit, report } = self;
        let contract = contract.contract;
        let task = Task::Read { file, definition, action, contract, choice: parties.choice() };
        let time_limit = Some(time_limit.duration());
        Invocation { time_limit, ..Invocation::without_target(task, report, replay) }
    }
}
