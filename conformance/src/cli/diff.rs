//! `conformance diff`: two versions of a contract, and what counts of their differences.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

use super::{Invocation, Task, contract::ContractFlag, report::Reports, time_limit::TimeLimit};
use crate::diff::{Direction, Profile, Readers};

#[derive(Debug, Args)]
pub(super) struct DiffFlags {
    /// The old version: a file, a folder, or a git revision as `v1` or `v1:schemas`. With --contract it may be a revision
    /// alone, in which the contract is at the same path.
    old: String,
    /// The new version, in the same forms; default: --contract in the work tree.
    #[arg(required_unless_present = "contract")]
    new: Option<String>,
    /// An older version that is still supported, in the forms of OLD; repeatable. What it loses is found too.
    #[arg(long, value_name = "VERSION")]
    supported: Vec<String>,
    #[command(flatten)]
    contract: ContractFlag,
    /// Who sends the documents of plain JSON Schemas. A registry or an OpenAPI document has the direction itself.
    #[arg(long, value_enum, default_value_t = Way::Both)]
    direction: Way,
    /// Which differences count.
    #[arg(long, value_enum, default_value_t = Profile::Meaning)]
    profile: Profile,
    /// What old readers do with a member that they do not know; default: `drop` for a contract with a registry, else
    /// `refuse`.
    #[arg(long, value_enum)]
    readers: Option<Readers>,
    /// File of waivers: findings that are accepted, each with a reason, an owner and a last day.
    #[arg(long, value_name = "FILE")]
    waivers: Option<PathBuf>,
    /// File of what clients were seen to send (`schemas/usage.json`): each finding then names the clients that it breaks.
    #[arg(long, value_name = "FILE")]
    usage: Option<PathBuf>,
    #[command(flatten)]
    time_limit: TimeLimit,
    #[command(flatten)]
    report: Reports,
}

/// Who sends the documents of plain schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Way {
    /// Clients send them.
    Request,
    /// Clients receive them.
    Response,
    /// Both send them.
    Both,
}

/// The choice of a comparison of contracts.
#[derive(Clone, Debug, PartialEq)]
pub struct DiffChoice {
    /// The version before.
    pub old: String,
    /// The version after; none for that of the contract's path in the work tree.
    pub new: Option<String>,
    /// Older versions that are still supported.
    pub supported: Vec<String>,
    /// The path of the contract.
    pub contract: Option<PathBuf>,
    /// Which way plain documents go.
    pub direction: Direction,
    /// Which findings count.
    pub profile: Profile,
    /// What readers do with unknown members.
    pub readers: Option<Readers>,
    /// The file of waivers.
    pub waivers: Option<PathBuf>,
    /// The file of usage.
    pub usage: Option<PathBuf>,
}

impl DiffFlags {
    pub(super) fn invocation(self, replay: Vec<String>) -> Invocation {
        let Self {
            old,
            new,
            supported,
            contract,
            direction,
            profile,
            readers,
            waivers,
            usage,
            time_limit,
            report,
        } = self;
        let direction = match direction {
            Way::Request => Direction::Request,
            Way::Response => Direction::Response,
            Way::Both => Direction::Both,
        };
        let contract = contract.contract;
        let choice =
            DiffChoice { old, new, supported, contract, direction, profile, readers, waivers, usage };
        let (reports, time_limit) = (report.report, Some(time_limit.duration()));
        Invocation {
            reports,
            time_limit,
            ..Invocation::without_target(Task::Diff(choice), report.first, replay)
        }
    }
}
