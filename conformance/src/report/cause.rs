//! Causes: the failures of a report, each reason once.

use std::collections::{HashMap, HashSet};

use super::{Report, Row};
use crate::finding::Outcome;

/// Checks with one outcome and one reason. They stand where the first of them does.
pub(super) struct Cause<'r> {
    /// `broken` or `undecided`.
    pub(super) word: &'static str,
    pub(super) why: &'r str,
    pub(super) rows: Vec<&'r Row>,
}

/// The causes, in the order of their first checks.
pub(super) fn causes(report: &Report) -> Vec<Cause<'_>> {
    let mut causes: Vec<Cause<'_>> = Vec::new();
    let mut known: HashMap<(&str, &str), usize> = HashMap::new();
    for row in &report.rows {
        let (word, why) = match &row.outcome {
            Outcome::Failed(why) => ("broken", why.as_str()),
            Outcome::Undecided(why) => ("undecided", why.as_str()),
            Outcome::Passed | Outcome::Skipped(_) => continue,
        };
        let at = *known.entry((word, why)).or_insert_with(|| {
            causes.push(Cause { word, why, rows: Vec::new() });
            causes.len() - 1
        });
        causes[at].rows.push(row);
    }
    causes
}

/// The ids of the first checks of all causes: these have the messages, which are mostly the same for the others.
pub(super) fn firsts(report: &Report) -> HashSet<&str> {
    causes(report).iter().filter_map(|cause| cause.rows.first().map(|row| row.id.as_str())).collect()
}

/// Text whose control characters are written out: what a target wrote must not command a terminal. Ends of lines stay.
pub(super) fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && !matches!(character, '\n' | '\r') {
            printable.extend(character.escape_unicode());
        } else {
            printable.push(character);
        }
    }
    printable
}
