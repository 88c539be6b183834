//! The model of a report: one row a check, in the order of the suites.

use std::time::Duration;

use crate::{
    check::CheckDef,
    class::Class,
    finding::evidence,
    finding::{Finding, Outcome, Place},
    party::transcript::Message,
    record::Replies,
    replay,
    sentence::Sentence,
    verdict::{Counts, Verdict},
};

/// The scenario of the check that ends a run. No choice names it: it is of every run.
pub(crate) const ENDS_THE_RUN: &str = "target";

/// One check and its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// `suite.scenario.check`.
    pub id: String,
    /// `suite.scenario`, which `--only` chooses.
    pub scenario: String,
    /// The class of drift.
    pub class: Class,
    /// The sentence of the contract.
    pub proves: Sentence,
    /// The outcome.
    pub outcome: Outcome,
    /// The last messages before it was decided; empty where it passed or was skipped.
    pub transcript: Vec<Message>,
    /// The line of the suite that decided it.
    pub place: Option<Place>,
    /// The time that it took.
    pub took: Duration,
}

impl Row {
    /// Where in the documents of the evidence the finding is.
    #[must_use]
    pub fn pointer(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Failed(why) | Outcome::Undecided(why) => evidence::pointer(why, &self.transcript),
            Outcome::Passed | Outcome::Skipped(_) => None,
        }
    }
}

/// A whole run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The target: `worker` or `gateway`.
    pub target: String,
    /// The arguments that run all checks against the same target.
    pub replay: Vec<String>,
    /// The file of the target: relative to the working directory if it lies below it, else its name.
    pub source: String,
    /// Every check that ran.
    pub rows: Vec<Row>,
    /// The beginnings of the ids of checks that were left out, each with the reason; an empty one is of all others.
    pub left_out: Vec<(String, String)>,
    /// The members of replies, if they were asked for.
    pub replies: Option<Replies>,
    /// Number of chosen checks that did not run; [`Report::why_not_run`] says why.
    pub not_run: usize,
    /// Whether its printed forms say how long each check took: equal runs then differ.
    pub has_times: bool,
}

impl Report {
    /// Adds the checks of a scenario.
    pub fn add(&mut self, scenario: &str, defs: &[CheckDef], findings: Vec<impl Into<Finding>>) {
        for (def, finding) in defs.iter().zip(findings) {
            let Finding { outcome, transcript, place, took } = finding.into();
            self.rows.push(Row {
                id: format!("{scenario}.{}", def.id),
                scenario: scenario.to_owned(),
                class: def.class,
                proves: def.proves,
                outcome,
                transcript,
                place,
                took,
            });
        }
    }

    /// Why the checks that did not run did not.
    pub(crate) fn why_not_run(&self) -> &'static str {
        let ends = self.rows.iter().find(|row| row.scenario == ENDS_THE_RUN);
        match ends.map(|row| &row.outcome) {
            Some(Outcome::Undecided(_)) => "the time of the run was over",
            _ => "the target no longer answered",
        }
    }

    /// The command line that runs all checks again.
    #[must_use]
    pub fn replay_all(&self) -> String {
        replay::command(&self.replay, None)
    }

    /// The command line that runs the scenario of a check alone.
    #[must_use]
    pub fn replay_of(&self, row: &Row) -> String {
        replay::command(&self.replay, Some(&row.scenario).filter(|scenario| *scenario != ENDS_THE_RUN))
    }

    /// Number of checks by outcome.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts_of(|_| true)
    }

    /// Number of some checks by outcome.
    pub(crate) fn counts_of(&self, is_counted: impl Fn(&Row) -> bool) -> Counts {
        let mut counts = Counts::default();
        for row in self.rows.iter().filter(|row| is_counted(row)) {
            match row.outcome {
                Outcome::Passed => counts.passed += 1,
                Outcome::Failed(_) => counts.failed += 1,
                Outcome::Skipped(_) => counts.skipped += 1,
                Outcome::Undecided(_) => counts.undecided += 1,
            }
        }
        counts
    }

    /// The verdict.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let counts = self.counts();
        match counts {
            Counts { failed: 1.., .. } => Verdict::Broken,
            Counts { undecided: 1.., .. } => Verdict::Undecided,
            Counts { passed: 0, .. } => Verdict::CouldNotRun,
            _ => Verdict::Ok,
        }
    }
}
