//! The comparison as annotations of GitHub Actions, in the lines of the schemas.

use std::io;

use super::{failing, totals};
use crate::{
    diff::{Comparison, Severity},
    report::github::{SHOWN_MAX, data, property},
};

/// Writes the comparison.
///
/// # Errors
/// The error of the writer.
pub fn write(comparison: &Comparison, out: &mut dyn io::Write) -> io::Result<()> {
    let all = failing(comparison).count() + comparison.waiver_faults.len();
    // The last place tells of the rest.
    let shown = if all > SHOWN_MAX { SHOWN_MAX - 1 } else { all };
    let mut left = shown;
    for fault in comparison.waiver_faults.iter().take(shown) {
        left -= 1;
        writeln!(out, "::error title=waiver {}::{}", property(&fault.fingerprint), data(&fault.why))?;
    }
    for finding in failing(comparison).take(left) {
        let kind = if finding.severity == Severity::Breaking { "error" } else { "warning" };
        let at = finding
            .place()
            .map_or_else(String::new, |place| format!("file={},line={},", property(&place.file), place.line));
        let title = property(&format!("{} {}", finding.rule.id, finding.rule.title));
        let text = format!("{}\nbreaks: {}\nfix: {}", finding.what, finding.who.join(", "), finding.rule.fix);
        writeln!(out, "::{kind} {at}title={title}::{}", data(&text))?;
    }
    if all > shown {
        writeln!(out, "::error title=conformance diff::{} more findings: see the whole report", all - shown)?;
    }
    writeln!(out, "conformance diff: {}", totals(comparison))
}
