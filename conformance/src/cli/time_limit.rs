//! `--time-limit`: how long a command may take whose input decides it.

use clap::Args;
use std::time::Duration;

#[derive(Debug, Args)]
pub(super) struct TimeLimit {
    /// Gives up after this time, with exit code 30: schemas and sources can be written that take hours to judge.
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..))]
    time_limit: u32,
}

impl TimeLimit {
    pub(super) fn duration(&self) -> Duration {
        Duration::from_secs(self.time_limit.into())
    }
}
