//! `cargo xtask`: what CI does, by hand.
//!
//! `test` runs every check; `long` those that take long or need tools of users, `fuzz` one of them for a given time.
//! `codegen` writes everything that comes from `schemas/`; `codegen --check` says which file is stale; `lint` says what
//! is wrong with the schemas; `tidy` checks the house rules over the files.

mod check;
mod codegen;
mod lint;
mod long;
mod model;
mod schemas;
mod steps;
mod test;
mod tidy;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "What CI does, by hand")]
struct Arguments {
    /// The repository; by default the one that this was built in.
    #[arg(long, global = true)]
    root: Option<PathBuf>,
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Write the generated files from schemas/.
    Codegen {
        /// Write nothing; exit 0 when every file is fresh, 4 when one is stale, 100 when the schemas are broken.
        #[arg(long)]
        check: bool,
    },
    /// Say what is wrong with schemas/; exit 0 when nothing is, 100 otherwise.
    Lint,
    /// Run checks that take long, or need tools that the test command does without.
    Long {
        /// Only these checks.
        checks: Vec<String>,
        /// Print the checks instead.
        #[arg(long)]
        list: bool,
    },
    /// Feed every reader of bytes with random bytes.
    Fuzz {
        /// Only these targets; an unknown name prints the list.
        targets: Vec<String>,
        /// How long each target runs.
        #[arg(long, value_name = "N", default_value_t = 60)]
        seconds: u64,
        /// The same seed makes the same inputs.
        #[arg(long, value_name = "N", default_value_t = 1)]
        seed: u64,
    },
    /// Run what a developer needs after each change: quick checks, lints, unit tests of the crates that changed.
    Check {
        /// Only these steps.
        steps: Vec<String>,
        /// Print the steps instead.
        #[arg(long)]
        list: bool,
    },
    /// Run the unit tests of the crates that changed.
    Unit {
        /// The commit that they changed since.
        #[arg(long, value_name = "REVISION", default_value = "HEAD")]
        since: String,
    },
    /// Check the house rules: no circle of rooms, a true map, documented files, threads only where allowed.
    Tidy {
        /// Print which room of each crate names which other, and the circles, instead.
        #[arg(long)]
        graph: bool,
        /// Print the ten longest functions and files instead.
        #[arg(long, conflicts_with = "graph")]
        longest: bool,
    },
    /// Run every check except those of `cargo xtask long`, each with what it needs set up first.
    Test {
        /// Only these steps.
        steps: Vec<String>,
        /// Print the steps instead.
        #[arg(long)]
        list: bool,
    },
}

/// Exit code for stale files.
const STALE: u8 = 4;
/// Exit code for schemas from which nothing can be generated.
const BROKEN: u8 = 100;

fn main() -> ExitCode {
    let Arguments { root, task } = Arguments::parse();
    let root = root.unwrap_or_else(own_root);
    match run(&root, task, &mut std::io::stdout()) {
        Ok(codegen::Outcome::Fresh) => ExitCode::SUCCESS,
        Ok(codegen::Outcome::Stale) => ExitCode::from(STALE),
        Err(error) => {
            if let Err(failure) = writeln!(std::io::stderr(), "failed: {error:#}") {
                // stdout is gone: the exit code still reports it.
                drop(failure);
            }
            ExitCode::from(BROKEN)
        }
    }
}

fn run(root: &Path, task: Task, out: &mut dyn Write) -> anyhow::Result<codegen::Outcome> {
    match task {
        Task::Codegen { check } => return codegen::run(root, check, out),
        Task::Lint => codegen::secured(&schemas::Schemas::load(&root.join("schemas"))?)?,
        Task::Long { list: true, .. } => steps::list(long::LONG, out)?,
        Task::Long { checks, .. } => steps::run(root, "long", long::LONG, &[], &checks, out)?,
        Task::Fuzz { targets, seconds, seed } => long::fuzz(root, seconds, seed, &targets)?,
        Task::Check { list: true, .. } => steps::list(&check::steps(), out)?,
        Task::Check { steps, .. } => steps::run(root, "check", &check::steps(), &[], &steps, out)?,
        Task::Unit { since } => check::unit(root, &since, out)?,
        Task::Tidy { graph: true, .. } => tidy::graph(root, out)?,
        Task::Tidy { longest: true, .. } => tidy::longest(root, out)?,
        Task::Tidy { .. } => tidy::run(root, out)?,
        Task::Test { list: true, .. } => steps::list(test::STEPS, out)?,
        Task::Test { steps, .. } => steps::run(root, "test", test::STEPS, test::CLIPPY_BUILDS, &steps, out)?,
    }
    Ok(codegen::Outcome::Fresh)
}

/// The repository that this was built in, whatever the working directory.
fn own_root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, PathBuf::from)
}
