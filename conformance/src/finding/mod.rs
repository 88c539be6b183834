//! A finding: the outcome of a check and the evidence for it, as data.

pub mod evidence;

use std::time::Duration;

use crate::party::transcript::Message;

/// The outcome of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The sentence holds.
    Passed,
    /// The sentence is broken; the reason.
    Failed(String),
    /// The target lacks a thing that the check needs; the reason.
    Skipped(String),
    /// The tool could not decide; the reason.
    Undecided(String),
}

/// The outcome of a check and what it was decided on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The outcome.
    pub outcome: Outcome,
    /// The last messages before it was decided; empty where it passed or was skipped.
    pub transcript: Vec<Message>,
    /// From the decision before it in its scenario, or the scenario's begin, to its own.
    pub took: Duration,
}

impl From<Outcome> for Finding {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, transcript: Vec::new(), took: Duration::ZERO }
    }
}
