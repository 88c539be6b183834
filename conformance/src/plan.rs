//! The plan of a run: its target, its options, and the choice of scenarios.

use std::ffi::OsString;

use crate::options::Options;

/// The target of a run.
#[derive(Clone, Debug)]
pub enum TargetPlan {
    /// The command line of a worker.
    Worker(Vec<OsString>),
    /// The URL of a gateway that runs.
    Gateway(String),
    /// The command line of a gateway, which the tool starts; an argument has [`ADDRESS`](crate::party::launch::ADDRESS).
    OwnGateway(Vec<OsString>),
}

/// A run to be made.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The target.
    pub target: TargetPlan,
    /// Facts about the target that no reply gives.
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

/// A choice of scenarios by the beginnings of their ids, in whole parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only scenarios whose id begins with one of these; all, if there are none.
    pub only: Vec<String>,
    /// No scenario whose id begins with one of these.
    pub skip: Vec<String>,
}

impl Selection {
    /// Whether a scenario runs.
    #[must_use]
    pub fn takes(&self, id: &str) -> bool {
        let any = |prefixes: &[String]| prefixes.iter().any(|prefix| begins(id, prefix));
        (self.only.is_empty() || any(&self.only)) && !any(&self.skip)
    }

    /// Whether a scenario of a suite may run.
    pub(crate) fn may_take(&self, suite: &str) -> bool {
        let is_named = |only: &String| begins(suite, only) || begins(only, suite);
        (self.only.is_empty() || self.only.iter().any(is_named))
            && !self.skip.iter().any(|skip| skip == suite)
    }
}

/// Whether `prefix` is the id, or its beginning in whole parts.
pub(crate) fn begins(id: &str, prefix: &str) -> bool {
    id.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
