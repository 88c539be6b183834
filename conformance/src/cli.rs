//! Flags: what is under test, what the tool must know of it, which checks, and how the report is printed.

use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{NonEmptyStringValueParser, PossibleValuesParser},
    error::ErrorKind,
};
use contracts::dictionary::dictionary;
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    options::{self, Options},
    plan::{Plan, Selection, TargetPlan, begins},
    suite,
};

/// Drives a worker or a gateway from outside and checks that it keeps the contract.
///
/// Exit codes: 0 ok, 10 broken, 20 undecided, 30 could not run, 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "conformance", version)]
struct Flags {
    #[command(subcommand)]
    target: TargetFlags,
}

#[derive(Debug, Subcommand)]
enum TargetFlags {
    /// Any worker process on stdin and stdout: `conformance worker -- worker-sim`.
    Worker {
        #[command(flatten)]
        common: Common,
        /// The worker's command line.
        #[arg(last = true, required_unless_present = "list")]
        command: Vec<OsString>,
    },
    /// A gateway that runs: `conformance gateway http://127.0.0.1:8080`.
    Gateway {
        #[command(flatten)]
        common: Common,
        /// Its address.
        #[arg(required_unless_present = "list")]
        url: Option<String>,
    },
}

#[derive(Debug, Args)]
struct Common {
    /// The base model of jobs: an id, or a path.
    #[arg(long, default_value = options::MODEL, value_parser = NonEmptyStringValueParser::new())]
    model: String,
    /// A base model that can be loaded, by its path or id; without it: --model.
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    model_path: Option<String>,
    /// A refiner that the target has.
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    refiner: Option<String>,
    /// A VAE that the target has.
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    vae: Option<String>,
    /// A LoRA that the target has.
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    lora: Option<String>,
    /// A ControlNet that the target has.
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    control_net: Option<String>,
    /// What that ControlNet takes.
    #[arg(long, default_value = options::CONTROL_NET_TYPE, value_parser = control_net_types())]
    control_net_type: String,
    /// A folder that the target may read and this tool may write. A worker without --input-root is given one.
    #[arg(long)]
    input_root: Option<PathBuf>,
    /// A folder of pictures with captions, as the target names it; without it one is made under the input root.
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    training_data: Option<String>,
    /// Longest wait for one answer, seconds.
    #[arg(long, default_value_t = options::TIMEOUT_SECONDS, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
    /// Longest wait for a worker's first answer of all, seconds; at most --timeout.
    #[arg(long, default_value_t = options::START_TIMEOUT_SECONDS, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    start_timeout: u64,
    /// Decides every generated document.
    #[arg(long, default_value_t = options::SEED)]
    seed: u64,
    /// Only scenarios whose id begins with this (`effects`, `errors.frames`); repeatable.
    #[arg(long)]
    only: Vec<String>,
    /// No scenario whose id begins with this; repeatable.
    #[arg(long)]
    skip: Vec<String>,
    /// Prints the id, class and sentence of every check, and runs none.
    #[arg(long)]
    list: bool,
    /// How the report is printed.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Writes the report there; without it: to stdout.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// How a report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// For programs.
    Json,
}

/// A command line, read.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The run.
    pub plan: Plan,
    /// Whether checks are listed and none is run.
    pub list: bool,
    /// How the report is printed.
    pub format: Format,
    /// The report's file; stdout, if none.
    pub output: Option<PathBuf>,
}

/// Reads the flags.
///
/// # Errors
/// clap's own, help and version among them.
pub fn read(args: impl IntoIterator<Item = OsString>) -> Result<Invocation, clap::Error> {
    let flags = Flags::try_parse_from(args)?;
    let (target, common) = match flags.target {
        TargetFlags::Worker { common, command } => (TargetPlan::Worker(command), common),
        TargetFlags::Gateway { common, url } => (TargetPlan::Gateway(url.unwrap_or_default()), common),
    };
    let options = Options {
        model_path: common.model_path.clone().unwrap_or_else(|| common.model.clone()),
        model: common.model.clone(),
        refiner: common.refiner.clone(),
        vae: common.vae.clone(),
        lora: common.lora.clone(),
        control_net: common.control_net.clone(),
        control_net_type: common.control_net_type.clone(),
        input_root: common.input_root.clone(),
        training_data: common.training_data.clone(),
        timeout: Duration::from_secs(common.timeout),
        start_timeout: Duration::from_secs(common.start_timeout.min(common.timeout)),
        seed: common.seed,
    };
    let Common { only, skip, list, format, output, .. } = common;
    let plan = Plan { target, options, selection: Selection { only, skip } };
    check_prefixes(&plan)?;
    plan.options.input_root.as_deref().map_or(Ok(()), check_input_root)?;
    Ok(Invocation { plan, list, format, output })
}

/// A prefix that chooses nothing is a mistake: the run would check less, or more, than was meant.
fn check_prefixes(plan: &Plan) -> Result<(), clap::Error> {
    let suites = suite::for_target(&plan.target, plan.options.seed);
    let ids: Vec<&str> =
        suites.iter().flat_map(|suite| &suite.scenarios).map(|scenario| scenario.id.as_str()).collect();
    let Selection { only, skip } = &plan.selection;
    let prefixes = only.iter().map(|only| ("--only", only));
    for (flag, prefix) in prefixes.chain(skip.iter().map(|skip| ("--skip", skip))) {
        if !ids.iter().any(|id| begins(id, prefix)) {
            let suites: Vec<&str> = suites.iter().map(|suite| suite.id).collect();
            return Err(clap::Error::raw(
                ErrorKind::InvalidValue,
                format!(
                    "{flag} {prefix}: no scenario of this target has an id that begins so\n\
                     hint: the suites are {}; --list prints every id\n",
                    suites.join(", ")
                ),
            ));
        }
    }
    Ok(())
}

/// The values of the contract. Another value is the user's mistake, not the target's.
fn control_net_types() -> PossibleValuesParser {
    dictionary().enumeration("ControlNetType").values.iter().map(String::as_str).into()
}

/// Pictures are put there: where none can be, a check would blame the target for it.
fn check_input_root(root: &Path) -> Result<(), clap::Error> {
    let written = tempfile::tempfile_in(root);
    written.map(|_| ()).map_err(|err| {
        clap::Error::raw(
            ErrorKind::InvalidValue,
            format!(
                "--input-root {}: no file can be written there: {err}\n\
                 hint: make the folder, and let the target read it\n",
                root.display()
            ),
        )
    })
}
