//! Findings in sources: each has a file and a line, and is printed for people, programs and code scanning.

pub mod files;
pub mod report;

use serde::Serialize;
use std::{collections::BTreeSet, path::PathBuf};

use crate::{class::Class, verdict::Verdict};

/// A place in a source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
}

/// A place where a source and the contract differ.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The place.
    #[serde(flatten)]
    pub place: Place,
    /// The class of drift.
    pub class: Class,
    /// What it is about: a type with its member, a name.
    pub subject: String,
    /// The difference.
    pub why: String,
}

/// A place that a source does not decide.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Undecided {
    /// The place.
    #[serde(flatten)]
    pub place: Place,
    /// What cannot be told.
    pub why: String,
}

/// What was found in sources.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// The differences, in the order of the places.
    pub findings: Vec<Finding>,
    /// What was not decided.
    pub undecided: Vec<Undecided>,
    /// What was compared: `type as definition`, or a file.
    pub compared: Vec<String>,
    /// What was not: nothing of the contract resembles it.
    pub left_out: Vec<String>,
}

impl Judged {
    /// The verdict.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self {
            Self { findings, .. } if !findings.is_empty() => Verdict::Broken,
            Self { undecided, .. } if !undecided.is_empty() => Verdict::Undecided,
            Self { compared, .. } if compared.is_empty() => Verdict::CouldNotRun,
            _ => Verdict::Ok,
        }
    }

    /// Adds what was found elsewhere.
    pub fn extend(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.undecided.extend(other.undecided);
        self.compared.extend(other.compared);
        self.left_out.extend(other.left_out);
    }

    /// Puts everything in the order of its places, each once.
    pub fn sort(&mut self) {
        self.findings.sort();
        self.findings.dedup();
        self.undecided.sort();
        self.undecided.dedup();
        // A type that is judged under several options is one; the order of the rest is that of the sources.
        for names in [&mut self.compared, &mut self.left_out] {
            let mut seen = BTreeSet::new();
            names.retain(|name| seen.insert(name.clone()));
        }
    }
}

/// Letters to change, add or take away to make one name of another.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut line: Vec<usize> = (0..=b.len()).collect();
    for (i, one) in a.chars().enumerate() {
        let mut before = line[0];
        line[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let changed = before + usize::from(one != *other);
            before = line[j + 1];
            line[j + 1] = changed.min(before + 1).min(line[j] + 1);
        }
    }
    line[b.len()]
}
