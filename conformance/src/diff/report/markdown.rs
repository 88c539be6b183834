//! The comparison as Markdown, for the summary of a CI job or a comment on a change.

use std::io;

use super::{at, totals};
use crate::diff::{Comparison, Severity};

/// Writes the comparison.
///
/// # Errors
/// The error of the writer.
pub fn write(comparison: &Comparison, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(
        out,
        "## Contract: {}\n\n{} → {}: {}\n",
        comparison.sentence(),
        code(&comparison.old),
        code(&comparison.new),
        totals(comparison)
    )?;
    let shown: Vec<_> =
        comparison.findings.iter().filter(|finding| finding.severity > Severity::Info).collect();
    if !shown.is_empty() {
        writeln!(out, "| | rule | where | what | breaks | way out |\n|---|---|---|---|---|---|")?;
    }
    for finding in shown {
        let word = if finding.waived.is_some() { "waived" } else { finding.severity.as_str() };
        writeln!(
            out,
            "| {word} | {} | {} | {} | {} | {} |",
            finding.rule.id,
            code(&at(finding)),
            cell(&finding.what),
            cell(&finding.who.join(", ")),
            cell(&finding.rule.fix)
        )?;
    }
    for fault in &comparison.waiver_faults {
        writeln!(out, "\nwaiver {}: {}", code(&fault.fingerprint), cell(&fault.why))?;
    }
    Ok(())
}

fn code(text: &str) -> String {
    format!("`{}`", cell(text).replace('`', "'"))
}

/// A text in one cell: without ends of lines, columns and tags.
fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|").replace('<', "&lt;")
}
