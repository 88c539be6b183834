//! A finding: the outcome of a check and the evidence for it, as data.

pub mod evidence;

use serde::Serialize;
use std::{panic::Location, time::Duration};

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

/// A line of the suite's own sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file, from the root of the tool's repository.
    pub file: &'static str,
    /// The line, from 1.
    pub line: u32,
}

impl Place {
    /// The line of the caller.
    #[must_use]
    #[track_caller]
    pub fn here() -> Self {
        let here = Location::caller();
        Self { file: of_repository(here.file()), line: here.line() }
    }
}

/// A file from the root of the repository. The compiler names it from the root of the workspace, or, where another workspace
/// depends on this crate, by its whole path.
fn of_repository(file: &str) -> &str {
    file.rfind("conformance/src/").map_or(file, |begin| &file[begin..])
}

/// The outcome of a check and what it was decided on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The outcome.
    pub outcome: Outcome,
    /// The last messages before it was decided; empty where it passed or was skipped.
    pub transcript: Vec<Message>,
    /// The line that decided it; of a scenario that ended early, the line that declares the scenario.
    pub place: Option<Place>,
    /// From the decision before it in its scenario, or the scenario's begin, to its own.
    pub took: Duration,
}

impl From<Outcome> for Finding {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, transcript: Vec::new(), place: None, took: Duration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::of_repository;

    #[test]
    fn a_place_is_of_the_repository() {
        for file in
            ["conformance/src/live/jobs.rs", "/home/me/.cargo/git/concord/conformance/src/live/jobs.rs"]
        {
            assert_eq!(of_repository(file), "conformance/src/live/jobs.rs");
        }
        assert_eq!(of_repository("tests/it.rs"), "tests/it.rs");
    }
}
