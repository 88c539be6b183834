//! The flags that ask further parties.

use clap::Args;
use std::path::PathBuf;

use crate::reading;

#[derive(Debug, Args)]
pub(super) struct PartyFlags {
    /// Also asks real .NET, by this `Peer.dll`, built from `conformance/dotnet`.
    #[arg(long, value_name = "FILE")]
    dotnet: Option<PathBuf>,
    /// Also asks Python, by an interpreter that has the workers' package.
    #[arg(long, value_name = "FILE")]
    python: Option<PathBuf>,
}

impl PartyFlags {
    pub(super) fn choice(self) -> reading::Choice {
        let Self { dotnet, python } = self;
        reading::Choice { dotnet, python }
    }
}
