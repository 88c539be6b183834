//! A check: the sentence that it proves, and its outcome.

use crate::{class::Class, target::TargetError};

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
pub enum ScenarioEnd {
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
