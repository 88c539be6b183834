//! A run: the chosen scenarios of the suites, one after another, into a report.

use std::{ffi::OsString, path::Path, sync::Arc, time::Instant};

use tempfile::TempDir;

use crate::{
    check::CheckDef,
    class::Class,
    context::{Context, Subject},
    finding::{Finding, Outcome, Place},
    interrupt,
    live::{self, Suite},
    options::Options,
    party::{
        TargetError, ToolError,
        gateway::Gateway,
        launch::{GatewayLauncher, OwnGateway},
        tap::Tap,
        transcript::Transcript,
        worker::Launcher,
    },
    plan::{Plan, TargetPlan},
    probe,
    record::Record,
    replay,
    report::{ENDS_THE_RUN, Report},
    run_threads::{self, Done, Progress, RunThread},
    sentence::Sentence,
};

/// A target that has been started, and the scenarios for it.
pub(crate) struct Prepared {
    /// The chosen scenarios.
    pub(crate) suites: Vec<Suite>,
    /// The state that they share.
    pub(crate) context: Context,
    /// `worker` or `gateway`.
    pub(crate) target: &'static str,
    /// Removed when it is dropped: who takes the others apart keeps it.
    pub(crate) _scratch: TempDir,
}

/// Starts what the plan names. `tap` stands before every worker.
///
/// # Errors
/// As [`run`].
pub(crate) fn prepare(plan: &Plan, tap: Option<Arc<dyn Tap>>) -> Result<Prepared, TargetError> {
    let scratch =
        tempfile::Builder::new().prefix("concord-conformance-").tempdir().map_err(ToolError::NoScratch)?;
    interrupt::remove_at_interrupt(scratch.path());
    let mut options = plan.options.clone();
    let (subject, own, target) = match &plan.target {
        TargetPlan::Worker(command) => {
            let env = folders(command, &mut options, scratch.path())?;
            let launcher = Launcher {
                command: command.clone(),
                env,
                silent: Arc::default(),
                tap,
                transcript: Transcript::default(),
            };
            (Subject::Worker(launcher), None, "worker")
        }
        TargetPlan::Gateway(url) => {
            let gateway = Gateway::new(url, options.timeout)?;
            probe::is_a_gateway(&gateway, options.start_timeout)?;
            (Subject::Gateway(gateway), None, "gateway")
        }
        TargetPlan::OwnGateway(command) => {
            let env = folders(command, &mut options, scratch.path())?;
            let Options { timeout, start_timeout, .. } = options;
            let launcher = GatewayLauncher { command: command.clone(), env, timeout, start_timeout };
            let OwnGateway { gateway, process, .. } = launcher.start()?;
            probe::is_a_gateway(&gateway, options.start_timeout)?;
            (Subject::Gateway(gateway), Some((launcher, process)), "gateway")
        }
    };
    let context = Context::new(subject, own, options);
    Ok(Prepared { suites: live::chosen(plan), context, target, _scratch: scratch })
}

/// Runs the plan.
///
/// # Errors
/// [`TargetError`] if nothing could run: a folder cannot be made, a command does not start, no gateway answers at the URL.
pub fn run(plan: &Plan, progress: Progress<'_>) -> Result<Report, TargetError> {
    let Prepared { suites, mut context, target, _scratch } = prepare(plan, None)?;
    let record = plan.options.records.then(Record::default);
    if let Some(record) = &record {
        context.record(Arc::new(record.clone()));
    }
    let defs: Vec<(String, Vec<CheckDef>)> = suites
        .iter()
        .flat_map(|suite| &suite.scenarios)
        .map(|scenario| (scenario.id.clone(), scenario.checks.clone()))
        .collect();
    let (replay, source) = (replay::of_target(&plan.target), replay::source(&plan.target));
    let has_times = plan.options.times;
    let mut report = Report { target: target.to_owned(), replay, source, has_times, ..Report::default() };
    report.left_out = live::left_out(plan);
    progress(0, defs.len(), ANSWERS);
    let began = Instant::now();
    let within = context.options.start_timeout;
    let Done { findings, end } = match probe::probe(&context.subject, within) {
        // A program that does not start is not judged.
        Err(err @ TargetError::Tool(_)) => return Err(err),
        Err(why) => {
            let finding = Finding {
                outcome: Outcome::Failed(why.to_string()),
                transcript: context.transcript().so_far(),
                place: Some(Place::here()),
                took: began.elapsed(),
            };
            Done { findings: Vec::new(), end: Some(finding) }
        }
        Ok(()) => run_threads::run(plan, RunThread { context, suites }, progress),
    };
    let mut findings = findings.into_iter();
    for (id, checks) in &defs {
        match findings.next().flatten() {
            Some(findings) => report.add(id, checks, findings),
            None => report.not_run += checks.len(),
        }
    }
    report.replies = record.map(|record| record.so_far());
    if let Some(finding) = end {
        report.add(ENDS_THE_RUN, &[answers_check()], vec![finding]);
    }
    Ok(report)
}

/// The check that ends a run. A report has it only if it fails.
pub(crate) const ANSWERS: &str = "target.answers";

fn answers_check() -> CheckDef {
    CheckDef::new("answers", Class::Life, Sentence::OneLineInOrder)
}

/// Variables that name folders of the tool for output and input, unless the environment or the caller names others. Flags
/// of the command win over them.
fn folders(
    command: &[OsString],
    options: &mut Options,
    scratch: &Path,
) -> Result<Vec<(OsString, OsString)>, ToolError> {
    let mut env: Vec<(OsString, OsString)> = Vec::new();
    let make = |name: &str| {
        let folder = scratch.join(name);
        match std::fs::create_dir_all(&folder) {
            Ok(()) => Ok(folder),
            Err(cause) => Err(ToolError::Unwritable { path: folder, cause }),
        }
    };
    if std::env::var_os("CONCORD_OUTPUT_DIR").is_none() {
        env.push(("CONCORD_OUTPUT_DIR".into(), make("outputs")?.into()));
    }
    let has_input_root =
        command.iter().any(|arg| arg.to_str().is_some_and(|arg| arg.starts_with("--input-root")));
    if options.input_root.is_none() && !has_input_root && std::env::var_os("CONCORD_INPUT_ROOTS").is_none() {
        let inputs = make("inputs")?;
        env.push(("CONCORD_INPUT_ROOTS".into(), inputs.clone().into()));
        options.input_root = Some(inputs);
    }
    Ok(env)
}
