//! Flags: the target, facts about it, the choice of checks, the form of the report.

use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{NonEmptyStringValueParser, PossibleValuesParser},
    error::ErrorKind,
};
use contracts::{Action, dictionary::dictionary};
use std::{
    ffi::OsString,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    bench,
    diff::{Direction, Profile, Readers},
    dotnet, live,
    mutants::{Edit, Side, hunt::Choice},
    options::{self, Options},
    plan::{Plan, Selection, TargetPlan},
    reading, replay,
};

/// Drives a worker or a gateway from outside and checks that it keeps the contract.
///
/// Exit codes: 0 ok, 10 broken (of a comparison: slower, or another verdict), 20 undecided, 30 could not run, 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "conformance", version)]
struct Flags {
    #[command(subcommand)]
    target: TargetFlags,
}

#[derive(Debug, Subcommand)]
enum TargetFlags {
    /// A worker process on stdin and stdout: `conformance worker -- worker-sim`.
    Worker {
        #[command(flatten)]
        common: Common,
        /// Number of scenarios run at once. Only suites that start their own workers run in parallel, because they mostly wait;
        /// each needs the memory of one more worker.
        #[arg(long, value_name = "NUMBER", default_value = "1")]
        jobs: NonZeroUsize,
        /// The worker's command line.
        #[arg(last = true, required_unless_present = "list")]
        command: Vec<OsString>,
    },
    /// A gateway: one that runs, `conformance gateway http://127.0.0.1:8080`, or a command that starts one,
    /// `conformance gateway -- gateway serve --listen {address}`.
    Gateway {
        #[command(flatten)]
        common: Common,
        /// Address of a running gateway.
        #[arg(required_unless_present_any = ["list", "command"], conflicts_with = "command")]
        url: Option<String>,
        /// A command line that starts it; `{address}` in it becomes 127.0.0.1 and a free port. Only such a gateway is ended,
        /// held up and killed by checks.
        #[arg(last = true)]
        command: Vec<OsString>,
    },
    /// Every sentence of the contract with the checks that prove it, or with the reason why none does.
    Trace {
        /// File of the report; default: stdout.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// What the changed snapshots of a repository mean, and for whom: wording, compatible or breaking (exit 10).
    Review {
        /// The revision to compare with.
        #[arg(long, value_name = "REVISION", default_value = "HEAD")]
        base: String,
        /// A folder of the repository.
        #[arg(long, value_name = "FOLDER", default_value = ".")]
        folder: PathBuf,
        /// File of the review; default: stdout.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Compares reports of several targets: each check whose verdict differs, what only some of them ran, and members that
    /// differ (exit 10 if one differs for no reason): `conformance compare worker.json gateway.json`.
    Compare {
        /// JSON reports, two or more. A target is called as its file is.
        #[arg(required = true, num_args = 2.., value_name = "REPORT")]
        reports: Vec<PathBuf>,
        /// Further reasons for members that differ, in a file like `data/expected_differences.json`; repeatable.
        #[arg(long, value_name = "FILE")]
        reasons: Vec<PathBuf>,
        /// Form of the comparison.
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
        /// File of the comparison; default: stdout.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// What each party understood in a document: bound values, ignored names, defaults, refusals. Exit 10 if the contract
    /// refuses it.
    Read {
        /// The file; `-` is stdin.
        file: PathBuf,
        /// It is a reply to this action, in its envelope.
        #[arg(long = "as", value_name = "ACTION", conflicts_with = "schema")]
        action: Option<Action>,
        /// It is a document of this definition of the schemas.
        #[arg(long, value_name = "NAME", default_value = "PromptSubmission", value_parser = reading::Subject::definition)]
        schema: reading::Subject,
        /// Asks real .NET too: the path of the built `conformance/dotnet`, `Peer.dll`.
        #[arg(long, value_name = "FILE")]
        dotnet: Option<PathBuf>,
        /// Asks Python too: a Python that has the workers' package.
        #[arg(long, value_name = "FILE")]
        python: Option<PathBuf>,
        /// Form of the report: human, json or html.
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
        /// File of the report; default: stdout.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// C# sources against the contract: members that System.Text.Json writes and binds under names, types or defaults that the
    /// schemas do not have. What a source cannot tell is undecided.
    Csharp {
        /// Files and folders.
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// The serialiser's options, which sources seldom tell: default, case_insensitive, web, snake_lower, strict or
        /// disallow_unmapped.
        #[arg(long, value_name = "NAME", value_parser = dotnet_options)]
        options: Option<dotnet::Options>,
        /// A type and its definition, as `ImageJob=PromptSubmission`, where names do not tell it; repeatable.
        #[arg(long, value_name = "TYPE=NAME", value_parser = type_map)]
        map: Vec<(String, String)>,
        #[command(flatten)]
        report: SourceReport,
    },
    /// Python sources against the contract: names that they read from payloads or write to them and that it does not know.
    Python {
        /// A file or a folder.
        folder: PathBuf,
        /// The Python whose `ast` reads the sources; it runs nothing of them.
        #[arg(long, value_name = "FILE", default_value = "python3")]
        python: PathBuf,
        #[command(flatten)]
        report: SourceReport,
    },
    /// What a change of a contract breaks, for whom, and a document that shows it: `conformance diff HEAD schemas`.
    ///
    /// Exit codes: 0 compatible, 10 breaking, 20 undecided, 30 could not run.
    Diff {
        #[command(flatten)]
        diff: DiffFlags,
    },
    /// Measures this build and a worker, as ratios against baselines of the same run: `conformance bench -- worker-sim`.
    Bench {
        #[command(flatten)]
        bench: BenchFlags,
        /// The worker's command line.
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
    /// Breaks one member of what a good worker writes, one after another, and says which check finds each:
    /// `conformance mutants -- worker-sim`.
    Mutants {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        choice: ChoiceFlags,
        /// The command line of a worker that passes the suite.
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
}

#[derive(Debug, Args)]
struct SourceReport {
    /// Form of the report: human, json or sarif.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// File of the report; default: stdout.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct DiffFlags {
    /// The version before: a file, a folder, or a git revision as `v1` or `v1:schemas`.
    old: String,
    /// The version after.
    new: String,
    /// Which way documents go; contracts and OpenAPI documents say it themselves.
    #[arg(long, value_enum, default_value_t = Way::Both)]
    direction: Way,
    /// Which findings count.
    #[arg(long, value_enum, default_value_t = Profile::Meaning)]
    profile: Profile,
    /// What readers of the old version do with members that they do not know; default: `drop` for a contract with a
    /// registry, else `refuse`.
    #[arg(long, value_enum)]
    readers: Option<Readers>,
    /// A file of waivers.
    #[arg(long, value_name = "FILE")]
    waivers: Option<PathBuf>,
    /// What clients were seen to send (`schemas/usage.json`).
    #[arg(long, value_name = "FILE")]
    usage: Option<PathBuf>,
    /// Form of the report.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// File of the report; default: stdout.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// A further report of the same comparison, as `sarif=report.sarif`; repeatable.
    #[arg(long, value_name = "FORM=FILE", value_parser = further_report)]
    report: Vec<(Format, PathBuf)>,
}

/// Which way the documents of plain schemas go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Way {
    /// From clients.
    Request,
    /// To clients.
    Response,
    /// Both ways.
    Both,
}

#[derive(Debug, Args)]
struct ChoiceFlags {
    /// What is edited: what the worker writes, what the suite sends, or the fixtures of tests. The command is then one that
    /// runs the tests, which read the folder in CONCORD_FIXTURES.
    #[arg(long, value_enum, default_value_t = Side::Replies)]
    side: Side,
    /// Only mutants whose name contains this, as `scale event.progress/step`.
    #[arg(long, value_name = "TEXT")]
    mutant: Option<String>,
    /// Only this edit; repeatable.
    #[arg(long = "edit", value_enum, value_name = "EDIT")]
    edits: Vec<Edit>,
    /// At most so many, chosen by --seed.
    #[arg(long, value_name = "NUMBER")]
    sample: Option<NonZeroUsize>,
    /// The folder of the fixtures, for `--side fixtures`.
    #[arg(long, value_name = "FOLDER", default_value = "fixtures")]
    fixtures: PathBuf,
    /// Mutants at the same time.
    #[arg(long, value_name = "NUMBER", default_value = "2")]
    jobs: NonZeroUsize,
}

#[derive(Debug, Args)]
struct BenchFlags {
    /// The base model of the jobs: an id, or a path.
    #[arg(long, default_value = options::MODEL, value_parser = NonEmptyStringValueParser::new())]
    model: String,
    /// Longest wait for one answer, seconds.
    #[arg(long, default_value_t = options::TIMEOUT_SECONDS, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
    /// Rounds of each figure.
    #[arg(long, default_value_t = bench::ROUNDS, value_parser = rounds)]
    rounds: usize,
    /// Saves the run in a file.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Compares with a saved run: a figure that is worse by more than --threshold is exit 10.
    #[arg(long, value_name = "FILE")]
    compare: Option<PathBuf>,
    /// How much worse a figure may be: 0.25 is a quarter.
    #[arg(long, default_value_t = bench::THRESHOLD, value_parser = threshold, requires = "compare")]
    threshold: f64,
}

#[derive(Debug, Args)]
struct Common {
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
    list: bool,
    /// Form of the report.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// File of the report; default: stdout.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// A further report of the same run, as `sarif=report.sarif`; repeatable.
    #[arg(long, value_name = "FORM=FILE", value_parser = further_report)]
    report: Vec<(Format, PathBuf)>,
}

/// How a report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// For programs.
    Json,
    /// JUnit XML, which CI systems show as tests.
    Junit,
    /// Annotations of GitHub Actions.
    Github,
    /// Markdown, for the summary of a CI job.
    Markdown,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// One page for a browser, with the evidence of each finding.
    Html,
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
    },
    /// Reports are compared.
    Compare {
        /// Their files.
        reports: Vec<PathBuf>,
        /// Files of further reasons.
        reasons: Vec<PathBuf>,
    },
    /// Two versions of a contract are compared.
    Diff(DiffChoice),
    /// Its target is measured.
    Bench(BenchChoice),
    /// C# sources are judged.
    Csharp {
        /// Files and folders.
        paths: Vec<PathBuf>,
        /// The serialiser's options, if they are known.
        options: Option<dotnet::Options>,
        /// Types with their definitions.
        maps: Vec<(String, String)>,
    },
    /// Python sources are judged.
    Python {
        /// A file or a folder.
        folder: PathBuf,
        /// The Python that reads them.
        python: PathBuf,
    },
    /// A document is read by each party.
    Read {
        /// The file.
        file: PathBuf,
        /// What it is.
        subject: reading::Subject,
        /// Who reads it.
        choice: reading::Choice,
    },
}

/// The choice of a comparison of contracts.
#[derive(Clone, Debug, PartialEq)]
pub struct DiffChoice {
    /// The version before.
    pub old: String,
    /// The version after.
    pub new: String,
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

/// The choice of a measurement: its rounds, and the saved run to compare with.
#[derive(Clone, Debug, PartialEq)]
pub struct BenchChoice {
    /// Rounds of each figure.
    pub rounds: usize,
    /// The file of a saved run.
    pub compare: Option<PathBuf>,
    /// How much worse a figure may be.
    pub threshold: f64,
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
}

/// Reads the flags.
///
/// # Errors
/// The errors of clap, which include the texts of `--help` and `--version`.
pub fn read(args: impl IntoIterator<Item = OsString>) -> Result<Invocation, clap::Error> {
    let args: Vec<OsString> = args.into_iter().collect();
    let flags = Flags::try_parse_from(&args)?;
    let replay = replay::of_args(&args);
    let mut jobs_of_worker = NonZeroUsize::MIN;
    let (target, common, choice) = match flags.target {
        TargetFlags::Worker { common, jobs, command } => {
            jobs_of_worker = jobs;
            (TargetPlan::Worker(command), common, None)
        }
        // Without a URL there is a command, or only a list is asked for, which is the same for both.
        TargetFlags::Gateway { common, url, command } => {
            (url.map_or(TargetPlan::OwnGateway(command), TargetPlan::Gateway), common, None)
        }
        TargetFlags::Mutants { common, choice, command } => {
            (TargetPlan::Worker(command), common, Some(choice))
        }
        TargetFlags::Bench { bench, command } => return Ok(measuring(bench, command, replay)),
        TargetFlags::Compare { reports, reasons, format, output } => {
            if !matches!(format, Format::Human | Format::Json) {
                let why = "conformance compare prints for people or as JSON: use --format human or json\n";
                return Err(clap::Error::raw(ErrorKind::ArgumentConflict, why));
            }
            let compared = without_target(Task::Compare { reports, reasons }, output, replay);
            return Ok(Invocation { format, ..compared });
        }
        TargetFlags::Diff { diff } => return Ok(comparing(diff, replay)),
        TargetFlags::Trace { output } => return Ok(without_target(Task::Trace, output, replay)),
        TargetFlags::Review { base, folder, output } => {
            return Ok(without_target(Task::Review { base, folder }, output, replay));
        }
        TargetFlags::Csharp { paths, options, map: maps, report } => {
            return of_sources(Task::Csharp { paths, options, maps }, report, replay);
        }
        TargetFlags::Python { folder, python, report } => {
            return of_sources(Task::Python { folder, python }, report, replay);
        }
        TargetFlags::Read { file, action, schema, dotnet, python, format, output } => {
            if !matches!(format, Format::Human | Format::Json | Format::Html) {
                let why = "conformance read prints for people, as JSON or as a page: use --format human, json or html\n";
                return Err(clap::Error::raw(ErrorKind::ArgumentConflict, why));
            }
            let subject = action.map_or(schema, reading::Subject::Reply);
            let choice = reading::Choice { dotnet, python };
            let task = Task::Read { file, subject, choice };
            return Ok(Invocation { format, ..without_target(task, output, replay) });
        }
    };
    let options = Options {
        model_path: common.model_path.clone().unwrap_or_else(|| common.model.clone()),
        model: common.model.clone(),
        refiner: common.refiner.clone(),
        vae: common.vae.clone(),
        lora: common.lora.clone(),
        embedding: common.embedding.clone(),
        control_net: common.control_net.clone(),
        control_net_type: common.control_net_type.clone(),
        input_root: common.input_root.clone(),
        scratch_models: common.scratch_models.clone(),
        base_file: common.base_file.clone(),
        training_data: common.training_data.clone(),
        timeout: Duration::from_secs(common.timeout),
        start_timeout: Duration::from_secs(common.start_timeout),
        seed: common.seed,
        times: common.times,
        records: common.record,
        jobs: jobs_of_worker,
    };
    let Common { only, skip, list, format, output, report: reports, .. } = common;
    let plan = Plan { target, options, selection: Selection { only, skip } };
    if list && !matches!(format, Format::Human | Format::Json) {
        let why = "--list prints for people or as JSON: use --format human or --format json\n";
        return Err(clap::Error::raw(ErrorKind::ArgumentConflict, why));
    }
    if choice.is_some() && !matches!(format, Format::Human | Format::Json | Format::Junit) {
        let why =
            "conformance mutants prints for people, as JSON or as JUnit: use --format human, json or junit\n";
        return Err(clap::Error::raw(ErrorKind::ArgumentConflict, why));
    }
    if !reports.is_empty() && (list || choice.is_some()) {
        let why = "--report is of a run of the suite: leave it off\n";
        return Err(clap::Error::raw(ErrorKind::ArgumentConflict, why));
    }
    check_prefixes(&plan)?;
    let Options { input_root, scratch_models, base_file, .. } = &plan.options;
    for (flag, folder) in [("--input-root", input_root), ("--scratch-models", scratch_models)] {
        folder.as_deref().map_or(Ok(()), |folder| check_writable(flag, folder))?;
    }
    base_file.as_deref().map_or(Ok(()), check_base_file)?;
    let task = match choice {
        _ if list => Task::List,
        None => Task::Run,
        Some(ChoiceFlags { side, mutant, edits, sample, fixtures, jobs }) => Task::Mutants(Choice {
            side,
            only: mutant,
            edits,
            sample: sample.map(NonZeroUsize::get),
            fixtures,
            jobs: jobs.get(),
        }),
    };
    Ok(Invocation { plan, task, format, output, reports, replay })
}

/// A run that measures. What it saves is its output.
fn measuring(flags: BenchFlags, command: Vec<OsString>, replay: Vec<String>) -> Invocation {
    let BenchFlags { model, timeout, rounds, save, compare, threshold } = flags;
    let timeout = Duration::from_secs(timeout);
    let options = Options { model, timeout, start_timeout: timeout, ..Options::default() };
    let plan = Plan { options, ..Plan::all(TargetPlan::Worker(command)) };
    let task = Task::Bench(BenchChoice { rounds, compare, threshold });
    Invocation { plan, task, format: Format::Human, output: save, reports: Vec::new(), replay }
}

fn comparing(flags: DiffFlags, replay: Vec<String>) -> Invocation {
    let DiffFlags { old, new, direction, profile, readers, waivers, usage, format, output, report } = flags;
    let direction = match direction {
        Way::Request => Direction::Request,
        Way::Response => Direction::Response,
        Way::Both => Direction::Both,
    };
    let choice = DiffChoice { old, new, direction, profile, readers, waivers, usage };
    Invocation { format, reports: report, ..without_target(Task::Diff(choice), output, replay) }
}

/// A form and a file.
fn further_report(text: &str) -> Result<(Format, PathBuf), String> {
    let (form, file) = text.split_once('=').ok_or("a form, `=` and a file: sarif=report.sarif")?;
    if file.is_empty() {
        return Err("there is no file after `=`".to_owned());
    }
    Ok((Format::from_str(form, false)?, file.into()))
}

fn rounds(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(rounds @ 1..=1000) => Ok(rounds),
        _ => Err("a number from 1 to 1000".to_owned()),
    }
}

fn threshold(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(threshold) if (0.0..=1000.0).contains(&threshold) => Ok(threshold),
        _ => Err("a number from 0 to 1000".to_owned()),
    }
}

fn dotnet_options(name: &str) -> Result<dotnet::Options, String> {
    let known = || format!("one of {}", dotnet::options::NAMES.join(", "));
    dotnet::Options::named(name).ok_or_else(known)
}

fn type_map(text: &str) -> Result<(String, String), String> {
    let (of, definition) =
        text.split_once('=').ok_or("a type, `=` and a definition: ImageJob=PromptSubmission")?;
    reading::Subject::definition(definition)?;
    Ok((of.to_owned(), definition.to_owned()))
}

fn of_sources(task: Task, report: SourceReport, replay: Vec<String>) -> Result<Invocation, clap::Error> {
    let SourceReport { format, output } = report;
    if !matches!(format, Format::Human | Format::Json | Format::Sarif) {
        let why = "findings in sources are printed for people, as JSON or as SARIF: use --format human, json or sarif\n";
        return Err(clap::Error::raw(ErrorKind::ArgumentConflict, why));
    }
    Ok(Invocation { format, ..without_target(task, output, replay) })
}

/// A task that has no target: no scenario runs.
fn without_target(task: Task, output: Option<PathBuf>, replay: Vec<String>) -> Invocation {
    let plan = Plan::all(TargetPlan::Worker(Vec::new()));
    Invocation { plan, task, format: Format::Human, output, reports: Vec::new(), replay }
}

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
