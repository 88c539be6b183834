//! The forms of a comparison.

pub mod github;
pub mod html;
pub mod human;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod sarif;

use super::{Comparison, Finding, Severity};

/// Findings that fail the comparison, the worst first.
fn failing(comparison: &Comparison) -> impl Iterator<Item = &Finding> {
    comparison
        .findings
        .iter()
        .filter(|finding| finding.severity >= Severity::Undecided && finding.waived.is_none())
}

/// `file:line`, where it is.
fn at(finding: &Finding) -> String {
    finding.place().map_or_else(String::new, |place| format!("{}:{}", place.file, place.line))
}

/// The numbers of a comparison, in one line.
fn totals(comparison: &Comparison) -> String {
    let waived = comparison.findings.iter().filter(|finding| finding.waived.is_some()).count();
    format!(
        "{} messages, {} schemas compared: {} breaking, {} undecided, {} dangerous, {} of information, {waived} waived: {}",
        comparison.messages,
        comparison.schemas,
        comparison.count(Severity::Breaking),
        comparison.count(Severity::Undecided),
        comparison.count(Severity::Dangerous),
        comparison.count(Severity::Info),
        comparison.sentence(),
    )
}

/// Messages that are named of a finding: three fit into a line.
const MESSAGES_SHOWN: usize = 3;

/// The messages of a finding, and how many more there are.
fn messages(finding: &Finding) -> String {
    let shown = finding.messages.iter().take(MESSAGES_SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match finding.messages.len().saturating_sub(MESSAGES_SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
