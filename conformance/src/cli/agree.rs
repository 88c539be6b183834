//! `conformance agree`: the payloads, and the parties that read them.

use clap::Args;
use std::num::NonZeroUsize;

use super::{Invocation, Task, parties::PartyFlags, report::Report};
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
    #[command(flatten)]
    parties: PartyFlags,
    #[command(flatten)]
    report: Report,
}

impl AgreeFlags {
    pub(super) fn invocation(self, replay: Vec<String>) -> Invocation {
        let Self { seed, sample, payload, parties, report } = self;
        let sample = sample.map(NonZeroUsize::get);
        let choice = Choice { seed, sample, payload, parties: parties.choice() };
        Invocation::without_target(Task::Agree(choice), report, replay)
    }
}
