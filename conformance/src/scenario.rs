//! A scenario: one exchange with the target, and the outcomes of its checks.

use std::{
    process::ExitStatus,
    time::{Duration, Instant},
};

use crate::{
    check::{CheckDef, ScenarioEnd},
    context::Context,
    display,
    finding::{Finding, Outcome, Place},
    party::{TargetError, transcript::Transcript},
};

type Body = Box<dyn Fn(&mut Context, &mut Checks<'_>) -> Result<(), ScenarioEnd>>;

/// An exchange with the target that decides several checks.
pub struct Scenario {
    /// Its id: `suite.scenario`.
    pub id: String,
    /// Its checks; their full ids are `suite.scenario.check`.
    pub checks: Vec<CheckDef>,
    place: Place,
    body: Body,
}

impl Scenario {
    #[track_caller]
    pub(crate) fn new(
        id: impl Into<String>,
        checks: Vec<CheckDef>,
        body: impl Fn(&mut Context, &mut Checks<'_>) -> Result<(), ScenarioEnd> + 'static,
    ) -> Self {
        Self { id: id.into(), checks, place: Place::here(), body: Box::new(body) }
    }

    /// Runs it and returns one finding for each of its checks, in their order.
    pub fn run(&self, context: &mut Context) -> Vec<Finding> {
        let transcript = context.transcript();
        transcript.begin(&self.id);
        let findings = vec![None; self.checks.len()];
        let mut checks = Checks { defs: &self.checks, findings, transcript, decided: Instant::now() };
        let left = match (self.body)(context, &mut checks) {
            Ok(()) => Outcome::Undecided("the scenario ended without deciding it".to_owned()),
            Err(ScenarioEnd::Broken(why)) => Outcome::Failed(why),
            Err(ScenarioEnd::Skip(why)) => Outcome::Skipped(why),
            Err(ScenarioEnd::Undecided(why)) => Outcome::Undecided(why),
        };
        let mut left = checks.finding(left, self.place);
        let finding = |decided: Option<Finding>| {
            decided.unwrap_or_else(|| {
                let first = left.clone();
                // What is decided together takes its time once.
                left.took = Duration::ZERO;
                first
            })
        };
        checks.findings.into_iter().map(finding).collect()
    }
}

/// The findings of a scenario while it runs.
pub struct Checks<'s> {
    defs: &'s [CheckDef],
    findings: Vec<Option<Finding>>,
    transcript: Transcript,
    /// The moment of the last decision, or the begin.
    decided: Instant,
}

impl Checks<'_> {
    /// Decides a check. A check that is decided again keeps its first failure: scenarios decide one check in a loop.
    #[track_caller]
    pub(crate) fn decide(&mut self, id: &str, verdict: Result<(), String>) {
        self.set(id, verdict.map_or_else(Outcome::Failed, |()| Outcome::Passed));
    }

    /// Decides a check by a condition.
    #[track_caller]
    pub(crate) fn hold(&mut self, id: &str, holds: bool, why_not: impl FnOnce() -> String) {
        self.decide(id, if holds { Ok(()) } else { Err(why_not()) });
    }

    /// Decides whether a process ended well.
    #[track_caller]
    pub(crate) fn exits_with_0(&mut self, id: &str, exit: &Result<ExitStatus, TargetError>) {
        match exit {
            Err(TargetError::Tool(why)) => self.set(id, Outcome::Undecided(why.to_string())),
            exit => self.hold(id, exit.as_ref().is_ok_and(ExitStatus::success), || display::result(exit)),
        }
    }

    /// Decides whether a process runs on after the wait for its end.
    #[track_caller]
    pub(crate) fn lives(&mut self, id: &str, exit: &Result<ExitStatus, TargetError>) {
        match exit {
            Err(TargetError::Tool(why)) => self.set(id, Outcome::Undecided(why.to_string())),
            exit => self.hold(id, exit.is_err(), || display::result(exit)),
        }
    }

    /// Skips a check.
    #[track_caller]
    pub(crate) fn skip(&mut self, id: &str, why: impl Into<String>) {
        self.set(id, Outcome::Skipped(why.into()));
    }

    #[track_caller]
    fn set(&mut self, id: &str, outcome: Outcome) {
        let at = self.defs.iter().position(|def| def.id == id);
        let at = at.unwrap_or_else(|| panic!("the scenario does not declare the check `{id}`"));
        let mut finding = self.finding(outcome, Place::here());
        match &mut self.findings[at] {
            Some(first @ Finding { outcome: Outcome::Failed(_), .. }) => first.took += finding.took,
            decided => {
                finding.took += decided.as_ref().map_or(Duration::ZERO, |earlier| earlier.took);
                *decided = Some(finding);
            }
        }
    }

    fn finding(&mut self, outcome: Outcome, place: Place) -> Finding {
        let now = Instant::now();
        let took = now - std::mem::replace(&mut self.decided, now);
        let transcript = match outcome {
            Outcome::Passed | Outcome::Skipped(_) => Vec::new(),
            Outcome::Failed(_) | Outcome::Undecided(_) => self.transcript.so_far(),
        };
        Finding { outcome, transcript, place: Some(place), took }
    }
}
