//! A check: the sentence that it proves, and the ways in which a scenario of checks ends early.

use crate::{class::Class, party::TargetError, sentence::Sentence};

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
