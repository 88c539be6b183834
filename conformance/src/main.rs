//! The command line: runs the plan, prints the report, exits with its verdict.

use anyhow::Context as _;
use conformance::{
    agree, bench,
    cli::{self, BenchChoice, DiffChoice, Format, Invocation, Task},
    compare,
    contract::Contract,
    csharp, deadline, diff,
    finding::Outcome,
    input, interrupt, live, mutants, options, python, reading,
    report::{self, Report},
    review, run, source,
    verdict::Verdict,
};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    fs,
    io::{self, BufWriter, Write},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
};
use tempfile::NamedTempFile;

fn main() -> ExitCode {
    let invocation = match cli::read(std::env::args_os()) {
        Ok(invocation) => invocation,
        Err(err) => {
            let asked = err.exit_code() == 0;
            let printed = err.print();
            return exit(if asked && printed.is_ok() { Verdict::Ok } else { Verdict::CouldNotRun });
        }
    };
    let done = match invocation.time_limit {
        None => go(&invocation),
        Some(limit) => match deadline::within(limit, move || go(&invocation)) {
            Ok(Some(done)) => done,
            Ok(None) => {
                let why = format!(
                    "error: not done within {} s, so nothing was judged; --time-limit allows more",
                    limit.as_secs()
                );
                interrupt::end(&why, Verdict::CouldNotRun.exit_code().into())
            }
            Err(err) => Err(err).context("no thread to work on"),
        },
    };
    match done {
        Ok(verdict) => exit(verdict),
        Err(err) => {
            // Where stderr is gone too, the exit code says it.
            drop(writeln!(io::stderr(), "conformance: error: {err:#}"));
            exit(Verdict::CouldNotRun)
        }
    }
}

fn exit(verdict: Verdict) -> ExitCode {
    ExitCode::from(verdict.exit_code())
}

fn go(invocation: &Invocation) -> anyhow::Result<Verdict> {
    // Opened before the run: a path that cannot be written must not cost a whole run.
    let output = invocation.output.as_deref().map(Output::create).transpose()?;
    interrupt::install().context("no handler for SIGINT")?;
    match &invocation.task {
        Task::List => {
            put(output, |out| list(invocation, out))?;
            Ok(Verdict::Ok)
        }
        Task::Trace => {
            let trace = report::trace::Trace::of(&live::all(options::SEED));
            put(output, |out| report::trace::write(&trace, out))?;
            Ok(if trace.faults().is_empty() { Verdict::Ok } else { Verdict::Broken })
        }
        Task::Review { base, folder, contract } => {
            judge_snapshots(base, folder, contract.as_deref(), invocation.format, output)
        }
        Task::Compare { reports, reasons } => compare_reports(reports, reasons, invocation.format, output),
        Task::Csharp { paths, options, maps, dotnet, contract } => {
            let contract = judging(contract.as_deref())?;
            let tables = contract.tables()?;
            for (_, definition) in maps {
                reading::Subject::definition(contract, definition)?;
                anyhow::ensure!(tables.is_object(definition), "{definition} is no object, as a type is");
            }
            let judged = csharp::judge(paths, dotnet.as_deref(), tables, options, maps)?;
            put_sources(&judged, invocation.format, output)
        }
        Task::Python { folder, python, contract } => {
            let contract = judging(contract.as_deref())?;
            put_sources(&python::judge(folder, python, contract.tables()?)?, invocation.format, output)
        }
        Task::Read { file, definition, action, contract, choice } => {
            let contract = judging(contract.as_deref())?;
            let subject = reading::Subject::of(contract, definition.as_deref(), action.as_deref())?;
            let bytes = bytes_of(file).with_context(|| file.display().to_string())?;
            let readings = reading::read(&file.display().to_string(), &bytes, contract, &subject, choice);
            put_readings(&readings, invocation.format, output)
        }
        Task::Agree(choice) => {
            let agreement = agree::run(choice)?;
            put(output, |out| match invocation.format {
                Format::Json => agree::report::json(&agreement, out),
                // The command line takes no other form.
                _ => agree::report::human(&agreement, out),
            })?;
            Ok(agreement.verdict())
        }
        Task::Diff(choice) => judge_change(invocation, choice, output),
        Task::Run => run(invocation, output),
        Task::Mutants(choice) => hunt(invocation, choice, output),
        Task::Bench(choice) => measure(invocation, choice, output),
    }
}

fn judge_snapshots(
    base: &str,
    folder: &Path,
    contract: Option<&Path>,
    format: Format,
    output: Option<Output>,
) -> anyhow::Result<Verdict> {
    let reviewed = review::review(folder, base)?;
    let compared = contract.map(|contract| compare_with_base(contract, base)).transpose()?;
    put(output, |out| match format {
        Format::Html => review::html::write(&reviewed, compared.as_ref(), out),
        // The command line takes no other form.
        _ => {
            compared.iter().try_for_each(|compared| diff::report::human::write(compared, out))?;
            review::write(&reviewed, out)
        }
    })?;
    let verdicts = compared.map(|compared| compared.verdict()).into_iter();
    Ok(verdicts.fold(review::verdict(&reviewed), worse))
}

fn compare_reports(
    reports: &[PathBuf],
    reasons: &[PathBuf],
    format: Format,
    output: Option<Output>,
) -> anyhow::Result<Verdict> {
    let compared = compare::compare(&compare::read::reports(reports)?, &compare::reasons::read(reasons)?)?;
    put(output, |out| match format {
        Format::Json => compare::json::write(&compared, out),
        // The command line takes no other form.
        _ => compare::human::write(&compared, out),
    })?;
    Ok(compared.verdict())
}

fn put_readings(
    readings: &reading::Readings,
    format: Format,
    output: Option<Output>,
) -> anyhow::Result<Verdict> {
    put(output, |out| match format {
        Format::Json => reading::report::json(readings, out),
        Format::Html => reading::report::page(readings, out),
        // The command line takes no other form.
        _ => reading::report::human(readings, out),
    })?;
    Ok(readings.verdict())
}

/// The contract that a command judges by: Concord's own, or the one at a path.
fn judging(path: Option<&Path>) -> anyhow::Result<&'static Contract> {
    Ok(match path {
        None => Contract::own(),
        // It lives as long as the program, as its tables do.
        Some(path) => Box::leak(Box::new(Contract::read(path)?)),
    })
}

fn put_sources(judged: &source::Judged, format: Format, output: Option<Output>) -> anyhow::Result<Verdict> {
    put(output, |out| match format {
        Format::Json => source::report::json(judged, out),
        Format::Sarif => source::report::sarif(judged, out),
        // The command line takes no other form.
        _ => source::report::human(judged, out),
    })?;
    let verdict = judged.verdict();
    if verdict == Verdict::CouldNotRun {
        eprintln!(
            "conformance: error: nothing was compared: no type, command or name of the contract is there"
        );
    }
    Ok(verdict)
}

/// The bytes of a file, or of stdin.
fn bytes_of(file: &Path) -> io::Result<Vec<u8>> {
    if file == Path::new("-") { input::bytes_of(io::stdin().lock()) } else { input::bytes(file) }
}

/// A contract of the work tree against that of a revision.
fn compare_with_base(contract: &Path, base: &str) -> anyhow::Result<diff::Comparison> {
    let side = |name: &str| diff::Side::read_at(name, Some(contract), diff::Direction::Both);
    let (old, new) = (side(base)?, side(&contract.display().to_string())?);
    let settings = diff::Settings { today: today(), ..diff::Settings::default() };
    Ok(diff::compare(&old, &new, &settings)?)
}

/// The worse of two verdicts.
fn worse(one: Verdict, other: Verdict) -> Verdict {
    let rank = |verdict| match verdict {
        Verdict::Ok => 0,
        Verdict::Undecided => 1,
        Verdict::Broken => 2,
        Verdict::CouldNotRun => 3,
    };
    if rank(other) > rank(one) { other } else { one }
}

fn today() -> String {
    chrono::Utc::now().format("%Y-%m-%d").to_string()
}

fn judge_change(
    invocation: &Invocation,
    choice: &DiffChoice,
    output: Option<Output>,
) -> anyhow::Result<Verdict> {
    let further = invocation.reports.iter();
    let further = further.map(|(format, path)| Ok((*format, Output::create(path)?)));
    let further: Vec<(Format, Output)> = further.collect::<anyhow::Result<_>>()?;
    let contract = choice.contract.as_deref();
    let side = |name: &str| diff::Side::read_at(name, contract, choice.direction);
    let old = side(&choice.old)?;
    let new = match (&choice.new, contract) {
        (Some(new), _) => side(new)?,
        (None, Some(contract)) => side(&contract.display().to_string())?,
        (None, None) => anyhow::bail!("there is no new version: name it, or a contract's path"),
    };
    let supported = choice.supported.iter().map(|name| side(name)).collect::<Result<Vec<_>, _>>()?;
    let settings = diff::Settings {
        profile: choice.profile,
        readers: choice.readers,
        waivers: choice.waivers.as_deref().map(diff::waiver::read).transpose()?.unwrap_or_else(Vec::new),
        today: today(),
        usage: choice.usage.as_deref().map(diff::usage::read).transpose()?,
    };
    let compared = diff::compare_all(&old, &supported, &new, &settings)?;
    for (format, output) in further {
        output.write(|out| print_comparison(format, &compared, out))?;
    }
    put(output, |out| print_comparison(invocation.format, &compared, out))?;
    Ok(compared.verdict())
}

fn hunt(
    invocation: &Invocation,
    choice: &mutants::hunt::Choice,
    output: Option<Output>,
) -> anyhow::Result<Verdict> {
    let bar = bar();
    let hunt = mutants::hunt::hunt(&invocation.plan, choice, &|done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    put(output, |out| match invocation.format {
        Format::Json => mutants::report::json::write(&hunt, out),
        Format::Junit => mutants::report::junit::write(&hunt, out),
        // The command line takes no other form.
        _ => mutants::report::human::write(&hunt, out),
    })?;
    Ok(mutants::report::verdict(&hunt))
}

fn measure(invocation: &Invocation, choice: &BenchChoice, save: Option<Output>) -> anyhow::Result<Verdict> {
    // Before the run: a file that cannot be compared with must not cost one.
    let saved = choice.compare.as_deref().map(bench::saved::read).transpose()?;
    let bar = bar();
    let measured = bench::run(&invocation.plan, choice.rounds, &mut |what| bar.set_message(what.to_owned()));
    bar.finish_and_clear();
    let measured = match measured {
        Ok(measured) => measured,
        Err(err) if err.is_of_the_worker() => {
            eprintln!("conformance: the worker cannot be measured: {err}");
            return Ok(Verdict::Broken);
        }
        Err(err) => return Err(err.into()),
    };
    let changes = saved.map(|saved| bench::compare::compare(&measured, &saved, choice.threshold));
    let shown = changes.as_deref().unwrap_or(&[]);
    put(None, |out| bench::report::write(&measured, shown, out))?;
    if let Some(save) = save {
        save.write(|out| bench::saved::write(&measured, out))?;
    }
    Ok(changes.map_or(Verdict::Ok, |changes| bench::compare::verdict(&changes)))
}

fn run(invocation: &Invocation, output: Option<Output>) -> anyhow::Result<Verdict> {
    let further = invocation.reports.iter();
    let further = further.map(|(format, path)| Ok((*format, Output::create(path)?)));
    let further: Vec<(Format, Output)> = further.collect::<anyhow::Result<_>>()?;
    let bar = bar();
    let mut report = run::run(&invocation.plan, &mut |done, all, id| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
        bar.set_message(id.to_owned());
    })?;
    bar.finish_and_clear();
    report.replay.clone_from(&invocation.replay);
    for (format, output) in further {
        output.write(|out| print(format, &report, out))?;
    }
    put(output, |out| print(invocation.format, &report, out))?;
    Ok(report.verdict())
}

/// Prints to the file of `--output`, else to stdout.
fn put(output: Option<Output>, print: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> anyhow::Result<()> {
    match output {
        Some(output) => output.write(print),
        None => {
            let mut out = io::stdout().lock();
            print(&mut out)?;
            Ok(out.flush()?)
        }
    }
}

/// The file of a report. It is written under another name and renamed, so that an interrupted run leaves no half report.
struct Output {
    file: NamedTempFile,
    path: PathBuf,
    /// A device or a pipe, which is written to and not replaced by a file.
    device: Option<fs::File>,
}

impl Output {
    fn create(path: &Path) -> anyhow::Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        anyhow::ensure!(!path.is_dir(), "{} is a folder", path.display());
        let is_device = path.exists() && !path.is_file();
        let device = is_device.then(|| fs::OpenOptions::new().write(true).open(path)).transpose();
        let device = device.with_context(|| path.display().to_string())?;
        // Beside a device there may be no room for a file.
        let folder = if is_device { std::env::temp_dir() } else { folder.to_owned() };
        let file = tempfile::Builder::new()
            .prefix(".conformance-report-")
            .permissions(fs::Permissions::from_mode(0o644))
            .tempfile_in(folder)
            .with_context(|| path.display().to_string())?;
        interrupt::remove_at_interrupt(file.path());
        Ok(Self { file, path: path.to_owned(), device })
    }

    fn write(mut self, print: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> anyhow::Result<()> {
        let whole = || self.path.display().to_string();
        let mut out = BufWriter::new(&mut self.file);
        print(&mut out).and_then(|()| out.flush()).with_context(whole)?;
        drop(out);
        match &mut self.device {
            Some(device) => {
                io::copy(&mut self.file.reopen()?, device).with_context(whole)?;
            }
            None => {
                self.file.persist(&self.path).with_context(whole)?;
            }
        }
        Ok(())
    }
}

/// A bar on stderr; hidden if stderr is not a terminal.
fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    bar.set_style(
        ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar
}

fn print(format: Format, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Human => report::human::write(report, out),
        Format::Json => report::json::write(report, out),
        Format::Junit => report::junit::write(report, out),
        Format::Github => report::github::write(report, out),
        Format::Markdown => report::markdown::write(report, out),
        Format::Html => report::html::write(report, out),
        Format::Sarif => report::sarif::write(report, out),
    }
}

fn list(invocation: &Invocation, out: &mut dyn Write) -> io::Result<()> {
    let mut report = Report::default();
    for suite in live::chosen(&invocation.plan) {
        for scenario in &suite.scenarios {
            report.add(
                &scenario.id,
                &scenario.checks,
                vec![Outcome::Skipped(String::new()); scenario.checks.len()],
            );
        }
    }
    if invocation.format == Format::Json {
        return report::json::list(&report, out);
    }
    report::human::list(&report, out)
}

fn print_comparison(format: Format, compared: &diff::Comparison, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Human => diff::report::human::write(compared, out),
        Format::Json => diff::report::json::write(compared, out),
        Format::Junit => diff::report::junit::write(compared, out),
        Format::Github => diff::report::github::write(compared, out),
        Format::Markdown => diff::report::markdown::write(compared, out),
        Format::Html => diff::report::html::write(compared, out),
        Format::Sarif => diff::report::sarif::write(compared, out),
    }
}
