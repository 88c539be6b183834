//! The report as annotations of GitHub Actions: one line a cause, the first of which say how many there are.

use std::io;

use super::{
    Report,
    cause::{Cause, causes, printable},
};

/// Annotations of one kind that GitHub shows of a step.
pub(crate) const SHOWN_MAX: usize = 10;

/// Writes the annotations, and the verdict as the last line. Causes of more checks come first.
///
/// # Errors
/// The error of the writer.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let mut causes = causes(report);
    // A stable sort: causes of equally many checks stay in the order of the suites.
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.rows.len()));
    let left = causes.len().saturating_sub(SHOWN_MAX);
    // The last place tells of the rest.
    let shown = if left == 0 { causes.len() } else { SHOWN_MAX - 1 };
    for cause in &causes[..shown] {
        annotate(cause, out)?;
    }
    if left > 0 {
        let rest = causes.len() - shown;
        writeln!(out, "::error title=conformance::{rest} more causes: see the whole report")?;
    }
    let counts = report.counts();
    writeln!(
        out,
        "conformance: {} broken, {} undecided, {} passed, {} skipped, {} not run: {}",
        counts.failed,
        counts.undecided,
        counts.passed,
        counts.skipped,
        report.not_run,
        report.verdict().sentence()
    )
}

fn annotate(cause: &Cause<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let Some((first, others)) = cause.rows.split_first() else { return Ok(()) };
    let kind = if cause.word == "broken" { "error" } else { "warning" };
    let more = if others.is_empty() { String::new() } else { format!(" (and {} more)", others.len()) };
    let message = format!("{}\ncontract: {}", cause.why, first.proves.text());
    writeln!(
        out,
        "::{kind} title={}::{}",
        property(&format!("{} [{}]{more}", first.id, first.class)),
        data(&message)
    )
}

/// A message: a line of its own would end the annotation.
pub(crate) fn data(text: &str) -> String {
    printable(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A value of a property, which a colon or a comma would end.
pub(crate) fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
