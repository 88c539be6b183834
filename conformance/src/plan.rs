//! The plan of a run: its target, its options, and the choice of scenarios.

use std::ffi::OsString;

use crate::options::Options;

/// The target of a run.
#[derive(Clone, Debug)]
pub enum TargetPlan {
    /// The command line of a worker.
    Worker(Vec<OsString>),
    /// The URL of a gateway.
    Gateway(String),
}

/// A run to be made.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is under test.
    pub target: TargetPlan,
    /// What the tool must know about it.
    pub options: Options,
    /// Which scenarios run.
    pub selection: Selection,
}

impl Plan {
    /// All scenarios against a target, with default options.
    #[must_use]
    pub fn all(target: TargetPlan) -> Self {
        Self { target, options: Options::default(), selection: Selection::default() }
    }
}

/// A choice of scenarios, by whole first parts of their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only scenarios whose id begins with one of these; all, if there are none.
    pub only: Vec<String>,
    /// No scenario whose id begins with one of these.
    pub skip: Vec<String>,
}

impl Selection {
    /// Whether it takes a scenario.
    #[must_use]
    pub fn takes(&self, id: &str) -> bool {
        let any = |prefixes: &[String]| prefixes.iter().any(|prefix| begins(id, prefix));
        (self.only.is_empty() || any(&self.only)) && !any(&self.skip)
    }
}

/// Whether `prefix` is an id, or whole first parts of one.
pub(crate) fn begins(id: &str, prefix: &str) -> bool {
    id.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
