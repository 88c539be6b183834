//! `conformance agree`: the payloads, and the parties that read them.

use clap::Args;
use std::{num::NonZeroUsize, path::PathBuf};

use super::{Invocation, Task, report::Report};
use crate::{agree::Choice, options};

#[derive(Debug, Args)]
pub(super) struct AgreeFlags {
    /// Seed of the payloads.
    #[arg(long, default_value_t = options::SEED)]
    seed: u64,
    /// Asks about this many payloads at most, spread over all of them. Whether every field, bound and rule was tested is then
    /// not judged.
    #[arg(long, value_name = "NUMBER")]
    sample: Option<NonZeroUsize>,
    /// Asks about this payload alone.
    #[arg(long, value_name = "NUMBER", conflicts_with = "sample")]
    payload: Option<usize>,
    /// Also asks real .NET, by this `Peer.dll`, built from `conformance/dotnet`.
    #[arg(long, value_name = "FILE")]
    dotnet: Option<PathBuf>,
    /// Also asks Python, by an interpreter that has the workers' package.
    #[arg(long, value_name = "FILE")]
    python: Option<PathBuf>,
    #[command(flatten)]
    report: Report,
}

impl AgreeFlags {
    pub(super) fn invocation(self, replay: Vec<String>) -> Invocation {
        let Self { seed, sample, payload, dotnet, python, report } = self;
        let choice = Choice { seed, sample: sample.map(NonZeroUsize::get), payload, dotnet, python };
        Invocation::without_target(Task::Agree(choice), report, replay)
    }
}
