//! The report of a hunt: rows that each form prints, and the verdict on the suite.

pub mod human;
pub mod json;
pub mod junit;

use super::{
    expected::Expected,
    hunt::{Fate, Hunt, Hunted},
};
use crate::verdict::Verdict;

/// A mutant, its fate, and the reason why the suite need not kill it.
#[derive(Clone, Debug)]
pub struct Row<'h> {
    /// The mutant and its fate.
    pub hunted: &'h Hunted,
    /// The reason, of one that was not killed and need not be.
    pub expected: Option<String>,
}

/// How many mutants fared how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// All of them.
    pub mutants: usize,
    /// A check failed that names the member.
    pub killed: usize,
    /// Others failed only.
    pub noticed: usize,
    /// None failed.
    pub survived: usize,
    /// The edit changed nothing.
    pub unmade: usize,
    /// Noticed or survived, with a reason.
    pub expected: usize,
    /// Members that no scenario ever saw.
    pub unseen: usize,
}

/// The rows, in the order of the hunt.
#[must_use]
pub fn rows(hunt: &Hunt) -> Vec<Row<'_>> {
    let expected = Expected::read();
    let rows = hunt.hunted.iter().map(|hunted| {
        let need_not = matches!(hunted.fate, Fate::Noticed(_) | Fate::Survived);
        Row { hunted, expected: expected.reason(&hunted.name).filter(|_| need_not).map(str::to_owned) }
    });
    rows.collect()
}

/// The numbers of some rows.
#[must_use]
pub fn counts(hunt: &Hunt, rows: &[Row<'_>]) -> Counts {
    let mut counts = Counts { mutants: rows.len(), unseen: hunt.unseen.len(), ..Counts::default() };
    for row in rows {
        let count = match row.hunted.fate {
            _ if row.expected.is_some() => &mut counts.expected,
            Fate::Killed(_) => &mut counts.killed,
            Fate::Noticed(_) => &mut counts.noticed,
            Fate::Survived => &mut counts.survived,
            Fate::Unmade => &mut counts.unmade,
        };
        *count += 1;
    }
    counts
}

/// The verdict on the suite: it is broken if a mutant survives, or if its finding does not say what is wrong, unless that is
/// expected.
#[must_use]
pub fn verdict(hunt: &Hunt) -> Verdict {
    let counts = counts(hunt, &rows(hunt));
    match counts {
        Counts { mutants: 0, .. } => Verdict::CouldNotRun,
        Counts { noticed: 0, survived: 0, unseen: 0, .. } => Verdict::Ok,
        _ => Verdict::Broken,
    }
}
