//! A run: the chosen scenarios of the suites, one after another, into a report.

use std::{ffi::OsString, path::Path};

use crate::{
    cli::{Plan, TargetPlan},
    context::{Context, Options, Subject},
    report::Report,
    suite::{self, Suite, Targets},
    target::{TargetError, gateway::Gateway, worker::Launcher},
};

/// Told before each scenario: how many are done, how many there are, and the id of the next.
pub type Progress<'p> = &'p mut dyn FnMut(usize, usize, &str);

/// The suites for a target, without the scenarios that were not chosen.
#[must_use]
pub fn chosen(plan: &Plan) -> Vec<Suite> {
    let mut suites = suite::all(plan.options.seed);
    let unfit =
        if matches!(plan.target, TargetPlan::Gateway(_)) { Targets::Worker } else { Targets::Gateway };
    suites.retain(|suite| suite.targets != unfit);
    for suite in &mut suites {
        suite.scenarios.retain(|scenario| plan.wants(&scenario.id));
    }
    suites.retain(|suite| !suite.scenarios.is_empty());
    suites
}

/// Runs the plan.
///
/// # Errors
/// Where nothing could be run at all: a folder that cannot be made, a command that does not start, a URL that nobody answers.
pub fn run(plan: &Plan, progress: Progress<'_>) -> Result<Report, TargetError> {
    let scratch = tempfile::Builder::new()
        .prefix("concord-conformance-")
        .tempdir()
        .map_err(|err| TargetError::Tool(format!("no folder for pictures: {err}")))?;
    let mut options = plan.options.clone();
    let (subject, target) = match &plan.target {
        TargetPlan::Worker(command) => {
            (Subject::Worker(launcher(command, &mut options, scratch.path())?), "worker")
        }
        TargetPlan::Gateway(url) => {
            let gateway = Gateway::new(url, options.timeout)?;
            gateway.send("GET", "/health/live", &[], None)?;
            (Subject::Gateway(gateway), "gateway")
        }
    };
    let mut context = Context::new(subject, options);
    let mut report = Report { target: target.to_owned(), rows: Vec::new() };
    let suites = chosen(plan);
    let scenarios: Vec<_> = suites.iter().flat_map(|suite| &suite.scenarios).collect();
    for (done, scenario) in scenarios.iter().enumerate() {
        progress(done, scenarios.len(), &scenario.id);
        let outcomes = scenario.run(&mut context);
        report.add(&scenario.id, &scenario.checks, outcomes);
    }
    Ok(report)
}

/// The worker's own folders, unless the environment or the caller says others; flags of the command win.
fn launcher(command: &[OsString], options: &mut Options, scratch: &Path) -> Result<Launcher, TargetError> {
    let mut env: Vec<(OsString, OsString)> = Vec::new();
    let make = |name: &str| {
        let folder = scratch.join(name);
        std::fs::create_dir_all(&folder)
            .map_err(|err| TargetError::Tool(format!("{}: {err}", folder.display())))
            .map(|()| folder)
    };
    if std::env::var_os("CONCORD_OUTPUT_DIR").is_none() {
        env.push(("CONCORD_OUTPUT_DIR".into(), make("outputs")?.into()));
    }
    let said = command.iter().any(|arg| arg.to_str().is_some_and(|arg| arg.starts_with("--input-root")));
    if options.input_root.is_none() && !said && std::env::var_os("CONCORD_INPUT_ROOTS").is_none() {
        let inputs = make("inputs")?;
        env.push(("CONCORD_INPUT_ROOTS".into(), inputs.clone().into()));
        options.input_root = Some(inputs);
    }
    let launcher = Launcher { command: command.to_vec(), env };
    // Started once for nothing, so that a command that does not exist is told from a worker that breaks the contract.
    launcher.start()?;
    Ok(launcher)
}
