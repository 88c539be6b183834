//! The command line: runs the plan, prints the report, exits with its verdict.

use conformance::{
    check::Outcome,
    cli::{self, Format, Plan},
    report::{self, Report, Verdict},
    run,
};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    fs::File,
    io::{self, BufWriter, Write},
    process::ExitCode,
};

fn main() -> ExitCode {
    let plan = match cli::plan(std::env::args_os()) {
        Ok(plan) => plan,
        Err(err) => {
            let asked = err.exit_code() == 0;
            let printed = err.print();
            return exit(if asked && printed.is_ok() { Verdict::Ok } else { Verdict::CouldNotRun });
        }
    };
    match go(&plan) {
        Ok(verdict) => exit(verdict),
        Err(err) => {
            eprintln!("conformance: error: {err}");
            exit(Verdict::CouldNotRun)
        }
    }
}

fn exit(verdict: Verdict) -> ExitCode {
    ExitCode::from(verdict.exit_code())
}

fn go(plan: &Plan) -> anyhow::Result<Verdict> {
    if plan.list {
        list(plan, &mut io::stdout().lock())?;
        return Ok(Verdict::Ok);
    }
    // Opened first: a report that cannot be written is found before the run, not after it.
    let mut out: Box<dyn Write> = match &plan.output {
        Some(path) => Box::new(BufWriter::new(
            File::create(path).map_err(|err| anyhow::anyhow!("{}: {err}", path.display()))?,
        )),
        None => Box::new(io::stdout().lock()),
    };
    let bar = bar();
    let report = run::run(plan, &mut |done, all, id| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
        bar.set_message(id.to_owned());
    })?;
    bar.finish_and_clear();
    print(plan, &report, &mut *out)?;
    out.flush()?;
    Ok(report.verdict())
}

/// A bar on stderr; nothing where that is no terminal.
fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    bar.set_style(
        ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar
}

fn print(plan: &Plan, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    match plan.format {
        Format::Human => report::human::write(report, out),
        Format::Json => report::json::write(report, out),
    }
}

fn list(plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    let mut report = Report::default();
    for suite in run::chosen(plan) {
        for scenario in &suite.scenarios {
            report.add(
                &scenario.id,
                &scenario.checks,
                vec![Outcome::Skipped(String::new()); scenario.checks.len()],
            );
        }
    }
    for row in &report.rows {
        writeln!(out, "{}\t{}\t{}", row.id, row.class, row.proves)?;
    }
    writeln!(out, "{} checks", report.rows.len())
}
