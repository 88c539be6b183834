//! `conformance read`: a document, and the parties that read it.

use clap::Args;
use contracts::Action;
use std::path::PathBuf;

use super::{Invocation, Task, report::Report};
use crate::reading;

#[derive(Debug, Args)]
pub(super) struct ReadFlags {
    /// The document; `-` is stdin.
    file: PathBuf,
    /// Reads it as a reply to this action, in its envelope.
    #[arg(long = "as", value_name = "ACTION", conflicts_with = "schema")]
    action: Option<Action>,
    /// Reads it as this definition of the schemas.
    #[arg(long, value_name = "NAME", default_value = "PromptSubmission", value_parser = reading::Subject::definition)]
    schema: reading::Subject,
    /// Also asks real .NET, by this `Peer.dll`, built from `conformance/dotnet`.
    #[arg(long, value_name = "FILE")]
    dotnet: Option<PathBuf>,
    /// Also asks Python, by an interpreter that has the workers' package.
    #[arg(long, value_name = "FILE")]
    python: Option<PathBuf>,
    #[command(flatten)]
    report: Report,
}

impl ReadFlags {
    pub(super) fn invocation(self, replay: Vec<String>) -> Invocation {
        let Self { file, action, schema, dotnet, python, report } = self;
        let subject = action.map_or(schema, reading::Subject::Reply);
        let choice = reading::Choice { dotnet, python };
        Invocation::without_target(Task::Read { file, subject, choice }, report, replay)
    }
}
