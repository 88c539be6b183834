//! A check: the sentence that it proves, and its outcome.

use crate::{
    class::Class,
    sentence::Sentence,
    target::{TargetError, transcript::Message},
};

/// A check, with a stable id.
#[derive(Clone, Debug)]
pub struct CheckDef {
    /// Its id within the scenario.
    pub id: String,
    /// The class of drift that it finds.
    pub class: Class,
    /// The sentence of the contract that it proves.
    pub proves: Sentence,
}

impl CheckDef {
    pub(crate) fn new(id: impl Into<String>, class: Class, proves: Sentence) -> Self {
        Self { id: id.into(), class, proves }
    }
}

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
}

impl From<Outcome> for Finding {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, transcript: Vec::new() }
    }
}

/// The reason of a scenario that ends early.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioEnd {
    /// The target broke the contract: every check that is not decided yet fails.
    #[error("{0}")]
    Broken(String),
    /// The target does not offer it: every check that is not decided yet is skipped.
    #[error("{0}")]
    Skip(String),
    /// The tool could not go on: every check that is not decided yet is undecided.
    #[error("{0}")]
    Undecided(String),
}

impl From<TargetError> for ScenarioEnd {
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
