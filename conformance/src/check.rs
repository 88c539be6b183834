//! Checks and scenarios: what is proved, and how a run of it came out.

use crate::{class::Class, context::Context, target::TargetError};

/// One thing that is proved, with a stable id.
#[derive(Clone, Debug)]
pub struct CheckDef {
    /// Its id within the scenario.
    pub id: String,
    /// The class of drift that it looks for.
    pub class: Class,
    /// The sentence of the contract that it proves.
    pub proves: &'static str,
}

impl CheckDef {
    pub(crate) fn new(id: impl Into<String>, class: Class, proves: &'static str) -> Self {
        Self { id: id.into(), class, proves }
    }
}

/// How a check came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It does not; why.
    Failed(String),
    /// The target does not offer what it needs; what.
    Skipped(String),
    /// Neither could be told; why.
    Undecided(String),
}

/// Why a scenario ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// The target broke the contract on the way: every check that is left fails.
    #[error("{0}")]
    Broken(String),
    /// The target does not offer it: every check that is left is skipped.
    #[error("{0}")]
    Skip(String),
    /// The tool itself could not go on: every check that is left is undecided.
    #[error("{0}")]
    Undecided(String),
}

impl From<TargetError> for Stop {
    fn from(err: TargetError) -> Self {
        match err {
            TargetError::Tool(_) => Self::Undecided(err.to_string()),
            TargetError::Silent { .. }
            | TargetError::Ended { .. }
            | TargetError::Gone(_)
            | TargetError::NoFrame(_)
            | TargetError::NoReply(_) => Self::Broken(err.to_string()),
        }
    }
}

type Body = Box<dyn Fn(&mut Context, &mut Checks<'_>) -> Result<(), Stop>>;

/// A course of talk with the target, in which several things are checked.
pub struct Scenario {
    /// Its id: `suite.scenario`.
    pub id: String,
    /// What it checks; ids of checks are `suite.scenario.check`.
    pub checks: Vec<CheckDef>,
    body: Body,
}

impl Scenario {
    pub(crate) fn new(
        id: impl Into<String>,
        checks: Vec<CheckDef>,
        body: impl Fn(&mut Context, &mut Checks<'_>) -> Result<(), Stop> + 'static,
    ) -> Self {
        Self { id: id.into(), checks, body: Box::new(body) }
    }

    /// Runs it; one outcome for each of its checks, in their order.
    pub fn run(&self, context: &mut Context) -> Vec<Outcome> {
        let mut checks = Checks { defs: &self.checks, outcomes: vec![None; self.checks.len()] };
        let left = match (self.body)(context, &mut checks) {
            Ok(()) => Outcome::Undecided("the scenario ended without deciding it".to_owned()),
            Err(Stop::Broken(why)) => Outcome::Failed(why),
            Err(Stop::Skip(why)) => Outcome::Skipped(why),
            Err(Stop::Undecided(why)) => Outcome::Undecided(why),
        };
        checks.outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| left.clone())).collect()
    }
}

/// Takes down how the checks of a scenario come out.
pub struct Checks<'s> {
    defs: &'s [CheckDef],
    outcomes: Vec<Option<Outcome>>,
}

impl Checks<'_> {
    /// Decides a check. A check decided twice keeps its first failure.
    pub(crate) fn decide(&mut self, id: &str, verdict: Result<(), String>) {
        self.set(id, verdict.map_or_else(Outcome::Failed, |()| Outcome::Passed));
    }

    /// Decides a check by a condition.
    pub(crate) fn hold(&mut self, id: &str, holds: bool, why_not: impl FnOnce() -> String) {
        self.decide(id, if holds { Ok(()) } else { Err(why_not()) });
    }

    /// Skips a check.
    pub(crate) fn skip(&mut self, id: &str, why: impl Into<String>) {
        self.set(id, Outcome::Skipped(why.into()));
    }

    fn set(&mut self, id: &str, outcome: Outcome) {
        let at = self.defs.iter().position(|def| def.id == id);
        let at = at.unwrap_or_else(|| panic!("the scenario does not declare the check `{id}`"));
        if !matches!(self.outcomes[at], Some(Outcome::Failed(_))) {
            self.outcomes[at] = Some(outcome);
        }
    }
}
