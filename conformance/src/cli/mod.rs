//! The command line: a file for each command, and the invocation that they give.

mod agree;
mod bench;
mod compare;
mod contract;
mod csharp;
mod diff;
mod mutants;
mod parties;
mod python;
mod read;
mod report;
mod review;
mod suite;
mod time_limit;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand, error::ErrorKind};
use std::{ffi::OsString, path::PathBuf, time::Duration};

pub use bench::BenchChoice;
pub use diff::DiffChoice;
pub use report::Format;

use crate::{
    dotnet,
    mutants::hunt::Choice,
    plan::{Plan, TargetPlan},
    reading, replay,
};
use report::{Output, Report};

/// Drives a worker or a gateway from outside and checks that it keeps the contract.
///
/// Exit codes: 0 ok, 10 broken (of a comparison: slower, or another verdict), 20 undecided, 30 could not run, 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "conformance", version)]
struct Flags {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A worker process on stdin and stdout: `conformance worker -- worker-sim`.
    Worker(suite::WorkerFlags),
    /// A gateway: one that runs, `conformance gateway http://127.0.0.1:8080`, or a command that starts one,
    /// `conformance gateway -- gateway serve --listen {address}`.
    Gateway(suite::GatewayFlags),
    /// Every sentence of the contract with the checks that prove it, or with the reason why none does.
    Trace(Output),
    /// What the changed snapshots of a repository mean, and for whom: wording, compatible or breaking (exit 10).
    Review(review::ReviewFlags),
    /// Compares reports of several targets: each check whose verdict differs, what only some of them ran, and members that
    /// differ (exit 10 if one differs for no reason): `conformance compare worker.json gateway.json`.
    Compare(compare::CompareFlags),
    /// Shows what each party reads in a document: bound values, ignored names, defaults, refusals.
    ///
    /// Exit codes: 0 the contract accepts the document, 10 it refuses it, 30 could not run.
    Read(read::ReadFlags),
    /// Asks the schemas, Rust, C# and Python about payloads made from the schemas: each must give the same verdict, the same
    /// violations and equal values.
    ///
    /// Exit codes: 0 all agree, 10 two parties disagree, or no payload tested a field, bound or rule, 30 could not run.
    Agree(agree::AgreeFlags),
    /// Compares C# sources or assemblies with the contract: names, types, limits, defaults and commands that the schemas do not
    /// have.
    ///
    /// Builds no source; what sources do not show (a converter, options) is undecided. An assembly (`.dll`) is loaded
    /// and described by real .NET. Exit codes: 0 no difference, 10 a difference, 20 undecided, 30 could not run.
    Csharp(csharp::CsharpFlags),
    /// Compares Python sources with the contract: names that they read from payloads or write to them and that the schemas
    /// do not have.
    ///
    /// Nothing is run. A name that is computed is undecided. Exit codes: 0 no difference, 10 a difference, 20 undecided, 30
    /// could not run.
    Python(python::PythonFlags),
    /// Shows what a change of a contract breaks, for whom, and a document that proves it: `conformance diff HEAD schemas`.
    ///
    /// Exit codes: 0 compatible, 10 breaking, 20 undecided, 30 could not run.
    Diff(diff::DiffFlags),
    /// Measures this build and a worker, as ratios against baselines of the same run: `conformance bench -- worker-sim`.
    Bench(bench::BenchFlags),
    /// Breaks each member that a good worker writes, one at a time, and says which check finds it:
    /// `conformance mutants -- worker-sim`.
    Mutants(mutants::MutantsFlags),
}

/// The task of the tool.
#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    /// Its checks are run.
    Run,
    /// Its checks are listed.
    List,
    /// Its target is broken, one member at a time.
    Mutants(Choice),
    /// The sentences of the contract are listed with their checks.
    Trace,
    /// Changed snapshots are judged.
    Review {
        /// The revision to compare with.
        base: String,
        /// A folder of the repository.
        folder: PathBuf,
        /// The contract that is compared too.
        contract: Option<PathBuf>,
    },
    /// Reports are compared.
    Compare {
        /// Their files.
        reports: Vec<PathBuf>,
        /// Files of further reasons.
        reasons: Vec<PathBuf>,
    },
    /// All parties read payloads.
    Agree(crate::agree::Choice),
    /// Two versions of a contract are compared.
    Diff(DiffChoice),
    /// Its target is measured.
    Bench(BenchChoice),
    /// C# sources or assemblies are judged.
    Csharp {
        /// Files, folders and assemblies.
        paths: Vec<PathBuf>,
        /// The serialiser's options, as far as they are known.
        options: Vec<dotnet::Options>,
        /// Types with their definitions.
        maps: Vec<(String, String)>,
        /// The program that describes assemblies.
        dotnet: Option<PathBuf>,
        /// Another contract than Concord's.
        contract: Option<PathBuf>,
    },
    /// Python sources are judged.
    Python {
        /// A file or a folder.
        folder: PathBuf,
        /// The Python that reads them.
        python: PathBuf,
        /// Another contract than Concord's.
        contract: Option<PathBuf>,
    },
    /// A document is read by each party.
    Read {
        /// The file.
        file: PathBuf,
        /// The name of its definition.
        definition: Option<String>,
        /// The action that it is a reply to.
        action: Option<String>,
        /// Another contract than Concord's.
        contract: Option<PathBuf>,
        /// Who reads it.
        choice: reading::Choice,
    },
}

/// A parsed command line.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The run.
    pub plan: Plan,
    /// The task.
    pub task: Task,
    /// How the report is printed.
    pub format: Format,
    /// The report's file; stdout, if none.
    pub output: Option<PathBuf>,
    /// Further reports of the same run, and their files.
    pub reports: Vec<(Format, PathBuf)>,
    /// The arguments that run all checks against the same target.
    pub replay: Vec<String>,
    /// How long the task may take; none where its plan says it.
    pub time_limit: Option<Duration>,
}

impl Invocation {
    /// A task that has no target: no scenario runs.
    fn without_target(task: Task, report: Report, replay: Vec<String>) -> Self {
        let plan = Plan::all(TargetPlan::Worker(Vec::new()));
        let Report { format, output: Output { output } } = report;
        Self { plan, task, format, output, reports: Vec::new(), replay, time_limit: None }
    }
}

/// Reads the flags.
///
/// # Errors
/// The errors of clap, which include the texts of `--help` and `--version`.
pub fn read(args: impl IntoIterator<Item = OsString>) -> Result<Invocation, clap::Error> {
    let args: Vec<OsString> = args.into_iter().collect();
    let matches = report::restrict(Flags::command()).try_get_matches_from(&args)?;
    let flags = Flags::from_arg_matches(&matches)?;
    let replay = replay::of_args(&args);
    Ok(match flags.command {
        Command::Worker(flags) => flags.invocation(replay)?,
        Command::Gateway(flags) => flags.invocation(replay)?,
        Command::Mutants(flags) => flags.invocation(replay)?,
        Command::Bench(flags) => flags.invocation(replay),
        Command::Compare(flags) => flags.invocation(replay),
        Command::Agree(flags) => flags.invocation(replay),
        Command::Diff(flags) => flags.invocation(replay),
        Command::Review(flags) => flags.invocation(replay),
        Command::Csharp(flags) => flags.invocation(replay),
        Command::Python(flags) => flags.invocation(replay),
        Command::Read(flags) => flags.invocation(replay),
        Command::Trace(output) => {
            let report = Report { format: Format::Human, output };
            Invocation::without_target(Task::Trace, report, replay)
        }
    })
}

/// Two flags that do not go together.
fn refused(why: &str) -> clap::Error {
    clap::Error::raw(ErrorKind::ArgumentConflict, format!("{why}\n"))
}
