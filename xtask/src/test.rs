//! `cargo xtask test`: every check there is, each with what it needs set up first.
//!
//! The steps run in order, all of them, whatever fails; the last lines say which failed and how to run one alone.

use std::{
    io::{self, Write},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

/// Exit code of a step that cannot run here, and says why.
const SKIPPED: i32 = 77;

/// How a step ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
    Skipped,
}

/// One step: a name to call it by, what it shows, and the command.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    name: &'static str,
    shows: &'static str,
    command: &'static [&'static str],
    /// Folder below the root that it runs in.
    folder: &'static str,
    environment: &'static [(&'static str, &'static str)],
}

impl Step {
    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }
}

const PYTHON: &str = ".venv/bin/python";

pub(crate) const fn step(name: &'static str, shows: &'static str, command: &'static [&'static str]) -> Step {
    Step { name, shows, command, folder: "", environment: &[] }
}

const fn python(name: &'static str, shows: &'static str, command: &'static [&'static str]) -> Step {
    // One OpenMP thread: with more, small tensors on a busy machine take tens of times longer.
    Step { name, shows, command, folder: "workers", environment: &[("OMP_NUM_THREADS", "1")] }
}

/// The test command.
pub(crate) const STEPS: &[Step] = &[
    step("codegen", "generated files are fresh", &["cargo", "xtask", "codegen", "--check"]),
    step("tidy", "the house rules hold: rooms, the map, files' heads, threads", &["cargo", "xtask", "tidy"]),
    step("format", "Rust is formatted", &["cargo", "fmt", "--all", "--check"]),
    step(
        "lint",
        "no lint of Rust",
        &["cargo", "clippy", "--quiet", "--workspace", "--all-targets", "--", "--deny", "warnings"],
    ),
    step(
        "deny",
        "licences, bans and sources of the dependencies",
        &["bash", "xtask/deny.sh", "licenses", "bans", "sources"],
    ),
    step("workers-setup", "the locked Python environment and the tiny models", &["workers/setup.sh"]),
    Step {
        name: "rust",
        shows: "the tests of every crate",
        command: &["cargo", "test", "--workspace", "--no-fail-fast"],
        folder: "",
        environment: &[("CONCORD_REQUIRE_PYTHON", "1"), ("INSTA_UPDATE", "no"), ("OMP_NUM_THREADS", "1")],
    },
    python("workers-lint", "no lint of Python", &[PYTHON, "-m", "ruff", "check", "."]),
    python("workers-format", "Python is formatted", &[PYTHON, "-m", "ruff", "format", "--check", "."]),
    python("workers-types", "Python's types hold", &[PYTHON, "-m", "mypy", "."]),
    // A process per core; a file stays with one, as its tests share an engine.
    python(
        "workers-test",
        "the tests of the Python workers",
        &[PYTHON, "-m", "pytest", "-q", "--numprocesses", "auto", "--dist", "loadfile"],
    ),
    step(
        "csharp",
        "an unchanged C# bridge binds every reply (real .NET)",
        &["bash", "clients/bridge/check.sh"],
    ),
    step("conformance-sim", "worker-sim keeps the contract", &["bash", "conformance/sim.sh"]),
    step(
        "conformance-gateway",
        "the gateway keeps the contract over HTTP",
        &["bash", "conformance/gateway.sh"],
    ),
    step(
        "conformance-python",
        "the Python worker keeps the contract on the tiny SDXL",
        &["bash", "conformance/python.sh"],
    ),
    step(
        "conformance-gateway-python",
        "the gateway keeps it over HTTP with the Python worker",
        &["bash", "conformance/gateway.sh", "--python"],
    ),
];

/// Runs the steps of `cargo xtask <task>`; `only` names those to run, all where it is empty.
///
/// # Errors
/// A step that failed, or a name that is not a step's.
pub(crate) fn run(
    root: &Path,
    task: &str,
    steps: &[Step],
    only: &[String],
    out: &mut dyn Write,
) -> Result<()> {
    if let Some(unknown) = only.iter().find(|name| steps.iter().all(|step| step.name != **name)) {
        let names: Vec<&str> = steps.iter().map(|step| step.name).collect();
        bail!("no step `{unknown}`; there are {}", names.join(", "));
    }
    let mut rows = Vec::new();
    for step in steps.iter().filter(|step| only.is_empty() || only.iter().any(|name| name == step.name)) {
        writeln!(out, "\n==> {}: {}\n    {}", step.name, step.shows, step.command.join(" "))?;
        out.flush()?;
        let start = Instant::now();
        let verdict = run_step(root, step)?;
        rows.push((step.name, verdict, start.elapsed()));
    }
    summary(&rows, out)?;
    let failed: Vec<&str> =
        rows.iter().filter(|(_, verdict, _)| *verdict == Verdict::Failed).map(|(name, ..)| *name).collect();
    if failed.is_empty() {
        return Ok(());
    }
    bail!("{} failed; `cargo xtask {task} {}` runs that alone", failed.join(", "), failed[0])
}

/// Prints the steps.
///
/// # Errors
/// A stdout that is closed.
pub(crate) fn list(steps: &[Step], out: &mut dyn Write) -> io::Result<()> {
    steps.iter().try_for_each(|step| writeln!(out, "{:<27} {}", step.name, step.shows))
}

fn run_step(root: &Path, step: &Step) -> Result<Verdict> {
    let [program, arguments @ ..] = step.command else { bail!("{} has no command", step.name) };
    let folder = root.join(step.folder);
    // A program with a slash is a file of ours, whatever the working directory.
    let program = if program.contains('/') { folder.join(program) } else { program.into() };
    let status = Command::new(&program)
        .args(arguments)
        .current_dir(&folder)
        .envs(step.environment.iter().copied())
        .status()
        .with_context(|| format!("{}: starting {}", step.name, program.display()))?;
    Ok(match status.code() {
        Some(0) => Verdict::Passed,
        Some(SKIPPED) => Verdict::Skipped,
        _ => Verdict::Failed,
    })
}

fn summary(rows: &[(&str, Verdict, Duration)], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    for (name, verdict, took) in rows {
        let verdict = match verdict {
            Verdict::Passed => "ok",
            Verdict::Failed => "FAILED",
            Verdict::Skipped => "skipped",
        };
        writeln!(out, "{verdict:<8}{name:<28}{:>8.1} s", took.as_secs_f64())?;
    }
    let count = |wanted: Verdict| rows.iter().filter(|(_, verdict, _)| *verdict == wanted).count();
    let (passed, failed) = (count(Verdict::Passed), count(Verdict::Failed));
    writeln!(out, "steps: {passed} passed, {failed} failed, {} skipped", count(Verdict::Skipped))
}
