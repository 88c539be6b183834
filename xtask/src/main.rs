//! `cargo xtask`: what CI does, by hand.
//!
//! `test` runs every check.
//! `codegen` writes everything that comes from `schemas/`; `codegen --check` says which file is stale; `lint` says what
//! is wrong with the schemas.

mod codegen;
mod lint;
mod model;
mod schemas;
mod test;

use std::io::Write as _;
use std::path::PathBuf;
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
    /// Run every check there is, each with what it needs set up first.
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
    let outcome = match task {
        Task::Codegen { check } => codegen::run(&root, check, &mut std::io::stdout().lock()),
        Task::Lint => schemas::Schemas::load(&root.join("schemas"))
            .and_then(|schemas| codegen::secured(&schemas))
            .map(|()| codegen::Outcome::Fresh),
        Task::Test { list: true, .. } => {
            test::list(&mut std::io::stdout()).map(|()| codegen::Outcome::Fresh).map_err(Into::into)
        }
        Task::Test { steps, .. } => {
            test::run(&root, &steps, &mut std::io::stdout()).map(|()| codegen::Outcome::Fresh)
        }
    };
    match outcome {
        Ok(codegen::Outcome::Fresh) => ExitCode::SUCCESS,
        Ok(codegen::Outcome::Stale) => ExitCode::from(STALE),
        Err(error) => {
            if let Err(failure) = writeln!(std::io::stderr(), "failed: {error:#}") {
                // Nobody can be told: the exit code still says it.
                drop(failure);
            }
            ExitCode::from(BROKEN)
        }
    }
}

/// The repository that this was built in, whatever the working directory.
fn own_root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, PathBuf::from)
}
