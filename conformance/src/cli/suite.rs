//! `conformance worker` and `conformance gateway`: the target, facts about it, the choice of checks.

use clap::{
    Args,
    builder::{NonEmptyStringValueParser, PossibleValuesParser},
    error::ErrorKind,
};
use contracts::dictionary::dictionary;
use std::{
    ffi::OsString,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{Format, Invocation, Task, refused, report::Reports};
use crate::{
    live,
    options::{self, Options},
    plan::{Plan, Selection, TargetPlan},
};

#[derive(Debug, Args)]
pub(super) struct WorkerFlags {
    #[command(flatten)]
    suite: SuiteFlags,
    /// Number of scenarios run at once. Only suites that start their own workers run in parallel, because they mostly wait;
    /// each needs the memory of one more worker.
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    jobs: NonZeroUsize,
    /// The worker's command line.
    #[arg(last = true, required_unless_present = "list")]
    command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(super) struct GatewayFlags {
    #[command(flatten)]
    suite: SuiteFlags,
    /// Address of a running gateway.
    #[arg(required_unless_present_any = ["list", "command"], conflicts_with = "command")]
    url: Option<String>,
    /// A command line that starts it; `{address}` in it becomes 127.0.0.1 and a free port. Only such a gateway is ended,
    /// held up and killed by checks.
    #[arg(last = true)]
    command: Vec<OsString>,
}

impl WorkerFlags {
    pub(super) fn invocation(self, replay: Vec<String>) -> Result<Invocation, clap::Error> {
        self.suite.run(TargetPlan::Worker(self.command), self.jobs, replay)
    }
}

impl GatewayFlags {
    pub(super) fn invocation(self, replay: Vec<String>) -> Result<Invocation, clap::Error> {
        // Without a URL there is a command, or only a list is asked for, which is the same for both.
        let target = self.url.map_or(TargetPlan::OwnGateway(self.command), TargetPlan::Gateway);
        self.suite.run(target, NonZeroUsize::MIN, replay)
    }
}

#[derive(Debug, Args)]
pub(super) struct SuiteFlags {
    /// The base model of jobs: an id, or a path.
    #[arg(long, default_value = options::MODEL, value_parser = NonEmptyStringValueParser::new())]
    model: String,
    /// Path or id of a base model to load; default: --model.
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
    /// An embedding that the target has, for textual inversions.
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    embedding: Option<String>,
    /// A ControlNet that the target has.
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    control_net: Option<String>,
    /// The type of that ControlNet.
    #[arg(long, default_value = options::CONTROL_NET_TYPE, value_parser = control_net_types())]
    control_net_type: String,
    /// A folder that the target may read and this tool may write. A target that the tool starts gets one.
    #[arg(long)]
    input_root: Option<PathBuf>,
    /// A folder below a model root of the target, in which this tool may write: it writes files that users have there.
    #[arg(long, requires = "base_file")]
    scratch_models: Option<PathBuf>,
    /// A base in one .safetensors file that the target can use, with its configuration beside it in <stem>.config where the
    /// target needs one. Broken files are made of it.
    #[arg(long, requires = "scratch_models")]
    base_file: Option<PathBuf>,
    /// A folder of pictures with captions, by its path on the target; default: a new one below the input root.
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    training_data: Option<String>,
    /// Longest wait for one answer, seconds.
    #[arg(long, default_value_t = options::TIMEOUT_SECONDS, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
    /// Longest wait for the first answer of a target, seconds; at most --timeout.
    #[arg(long, default_value_t = options::START_TIMEOUT_SECONDS, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    start_timeout: u64,
    /// Longest time of the whole run, seconds: after it no scenario begins, and the run is undecided at best.
    #[arg(long, default_value_t = options::DEADLINE_SECONDS, value_parser = clap::value_parser!(u64).range(1..=604_800))]
    deadline: u64,
    /// Seed of the generated documents.
    #[arg(long, default_value_t = options::SEED)]
    seed: u64,
    /// Runs only scenarios whose id begins so (`effects`, `errors.frames`); repeatable.
    #[arg(long)]
    only: Vec<String>,
    /// Leaves out scenarios whose id begins so; repeatable.
    #[arg(long)]
    skip: Vec<String>,
    /// Reports say how long each check took, and name the slowest scenarios. Reports of equal runs then differ.
    #[arg(long, conflicts_with = "list")]
    times: bool,
    /// The JSON report has the members of each reply, which `conformance compare` compares.
    #[arg(long, conflicts_with = "list")]
    record: bool,
    /// Prints the id, class and sentence of every check, and runs nothing.
    #[arg(long)]
    pub(super) list: bool,
    #[command(flatten)]
    pub(super) report: Reports,
}

impl SuiteFlags {
    fn run(
        self,
        target: TargetPlan,
        jobs: NonZeroUsize,
        replay: Vec<String>,
    ) -> Result<Invocation, clap::Error> {
        if self.list && !self.report.report.is_empty() {
            return Err(refused(REPORT_OF_A_RUN));
        }
        let task = if self.list { Task::List } else { Task::Run };
        self.plan(target, jobs).map(|(plan, report)| {
            let Reports { first, report: reports } = report;
            Invocation {
                plan,
                task,
                format: first.format,
                output: first.output.output,
                reports,
                replay,
                time_limit: None,
            }
        })
    }

    /// The plan of the flags, and the report that they ask for.
    pub(super) fn plan(self, target: TargetPlan, jobs: NonZeroUsize) -> Result<(Plan, Reports), clap::Error> {
        if self.list && !matches!(self.report.first.format, Format::Human | Format::Json) {
            return Err(refused("--list prints for people or as JSON: use --format human or --format json"));
        }
        let options = Options {
            model_path: self.model_path.clone().unwrap_or_else(|| self.model.clone()),
            model: self.model.clone(),
            refiner: self.refiner.clone(),
            vae: self.vae.clone(),
            lora: self.lora.clone(),
            embedding: self.embedding.clone(),
            control_net: self.control_net.clone(),
            control_net_type: self.control_net_type.clone(),
            input_root: self.input_root.clone(),
            scratch_models: self.scratch_models.clone(),
            base_file: self.base_file.clone(),
            training_data: self.training_data.clone(),
            timeout: Duration::from_secs(self.timeout),
            start_timeout: Duration::from_secs(self.start_timeout),
            deadline: Duration::from_secs(self.deadline),
            seed: self.seed,
            times: self.times,
            records: self.record,
            jobs,
        };
        let Self { only, skip, report, .. } = self;
        let plan = Plan { target, options, selection: Selection { only, skip } };
        check_prefixes(&plan)?;
        let Options { input_root, scratch_models, base_file, .. } = &plan.options;
        for (flag, folder) in [("--input-root", input_root), ("--scratch-models", scratch_models)] {
            folder.as_deref().map_or(Ok(()), |folder| check_writable(flag, folder))?;
        }
        base_file.as_deref().map_or(Ok(()), check_base_file)?;
        Ok((plan, report))
    }
}

/// Said of `--report` where no checks run.
pub(super) const REPORT_OF_A_RUN: &str = "--report is of a run of the suite: leave it off";

/// Refuses a prefix that chooses nothing: the run would check less, or more, than its user expects.
fn check_prefixes(plan: &Plan) -> Result<(), clap::Error> {
    let Selection { only, skip } = &plan.selection;
    let prefixes = only.iter().map(|only| ("--only", only));
    for (flag, prefix) in prefixes.chain(skip.iter().map(|skip| ("--skip", skip))) {
        if !live::is_prefix(&plan.target, plan.options.seed, prefix) {
            let suites: Vec<&str> = live::ids(&plan.target).collect();
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

/// The values of the contract: another value is the user's mistake, and no check must blame the target.
fn control_net_types() -> PossibleValuesParser {
    dictionary().enumeration("ControlNetType").values.iter().map(String::as_str).into()
}

/// Refuses a folder in which no file can be written: a check would otherwise blame the target.
fn check_writable(flag: &str, folder: &Path) -> Result<(), clap::Error> {
    let written = tempfile::tempfile_in(folder);
    written.map(|_| ()).map_err(|err| {
        clap::Error::raw(
            ErrorKind::InvalidValue,
            format!(
                "{flag} {}: no file can be written there: {err}\n\
                 hint: make the folder, and let the target read it\n",
                folder.display()
            ),
        )
    })
}

/// Refuses a file that no broken one can be made of.
fn check_base_file(path: &Path) -> Result<(), clap::Error> {
    live::sound_base(path).map_err(|err| {
        let text = format!(
            "--base-file {}: {err}\nhint: a base in one .safetensors file, of two tensors or more\n",
            path.display()
        );
        clap::Error::raw(ErrorKind::InvalidValue, text)
    })
}
