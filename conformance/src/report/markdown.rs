//! The report as Markdown: the summary of a CI job.

use std::io;

use super::{
    Report,
    cause::{causes, printable},
};

/// Causes in the summary: a page of a browser.
const SHOWN_MAX: usize = 20;

/// Writes the verdict, the numbers, and a table of causes.
///
/// # Errors
/// The error of the writer.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let counts = report.counts();
    writeln!(out, "### conformance: {}\n", report.verdict().sentence())?;
    writeln!(out, "| passed | broken | undecided | skipped | not run |\n|--:|--:|--:|--:|--:|")?;
    writeln!(
        out,
        "| {} | {} | {} | {} | {} |",
        counts.passed, counts.failed, counts.undecided, counts.skipped, report.not_run
    )?;
    let causes = causes(report);
    if causes.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n| outcome | check | checks | why | contract |\n|---|---|--:|---|---|")?;
    for cause in causes.iter().take(SHOWN_MAX) {
        let Some(first) = cause.rows.first() else { continue };
        writeln!(
            out,
            "| {} | `{}` {} | {} | {} | {} |",
            cause.word,
            first.id,
            first.class,
            cause.rows.len(),
            cell(cause.why),
            cell(first.proves.text())
        )?;
    }
    match causes.len().saturating_sub(SHOWN_MAX) {
        0 => Ok(()),
        more => writeln!(out, "\n{more} more causes: see the whole report."),
    }
}

/// Escapes a text, so that it stays within its cell and is not read as markup.
fn cell(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    for character in printable(text).chars() {
        match character {
            '\n' | '\r' => cell.push(' '),
            '|' | '<' | '>' | '`' | '*' | '_' | '[' | ']' | '\\' => cell.extend(['\\', character]),
            other => cell.push(other),
        }
    }
    cell
}
