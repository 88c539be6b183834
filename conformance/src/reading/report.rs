//! The printed forms of readings.

use serde_json::{Value, json};
use std::io::{self, Write};

use super::{Outcome, Reading, Readings, Remark};
use crate::report::html;

/// Places of one kind that a report for people lists for a party.
const LISTED_MAX: usize = 12;

/// Writes it for people: a block for each outcome, with the parties that share it.
///
/// # Errors
/// The error of the writer.
pub fn human(readings: &Readings, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{} {}", readings.file, readings.subject.sentence())?;
    for (parties, outcome) in grouped(&readings.readings) {
        writeln!(out, "\n{}: {}", parties.join(", "), word(outcome))?;
        for line in lines(outcome) {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(())
}

/// Writes it for programs, by `schemas/read.json`.
///
/// # Errors
/// The error of the writer.
pub fn json(readings: &Readings, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &document(readings))?;
    writeln!(out)
}

/// It as a document.
#[must_use]
pub fn document(readings: &Readings) -> Value {
    json!({
        "file": readings.file,
        "read": readings.subject.sentence(),
        "verdict": readings.verdict().as_str(),
        "readings": readings.readings,
    })
}

/// Writes one page with a column of facts for each group of parties.
///
/// # Errors
/// The error of the writer.
pub fn page(readings: &Readings, out: &mut dyn Write) -> io::Result<()> {
    let title = format!("{} {}", readings.file, readings.subject.sentence());
    html::begin(&title, out)?;
    writeln!(out, "<main>\n<h1>{}</h1>", html::text(&title))?;
    for (parties, outcome) in grouped(&readings.readings) {
        writeln!(out, "<section>\n<h2>{}: {}</h2>\n<ul>", html::text(&parties.join(", ")), word(outcome))?;
        for line in lines(outcome) {
            writeln!(out, "<li>{}</li>", html::text(&line))?;
        }
        writeln!(out, "</ul>")?;
        if let Outcome::Read { value: Some(value), .. } = outcome {
            writeln!(out, "<pre>{}</pre>", html::text(&format!("{value:#}")))?;
        }
        writeln!(out, "</section>")?;
    }
    writeln!(out, "</main>\n</body>\n</html>")
}

/// Parties of one outcome together, in the order of the first.
fn grouped(readings: &[Reading]) -> Vec<(Vec<&str>, &Outcome)> {
    let mut groups: Vec<(Vec<&str>, &Outcome)> = Vec::new();
    for reading in readings {
        match groups.iter_mut().find(|(_, outcome)| **outcome == reading.outcome) {
            Some((parties, _)) => parties.push(&reading.party),
            None => groups.push((vec![&reading.party], &reading.outcome)),
        }
    }
    groups
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Read { value: None, .. } => "allows it",
        Outcome::Read { .. } => "reads it",
        Outcome::Refused { .. } => "refuses it",
        Outcome::Skipped { .. } => "skipped",
    }
}

fn lines(outcome: &Outcome) -> Vec<String> {
    match outcome {
        Outcome::Skipped { why } => vec![why.clone()],
        Outcome::Refused { reasons } => listed(reasons.iter().map(remark).collect()),
        Outcome::Read { value, ignored, filled_in, warnings } => {
            let mut lines: Vec<String> = value.iter().map(|value| format!("value     {value}")).collect();
            lines.extend(listed(ignored.iter().map(|at| format!("ignored   {at}")).collect()));
            let filled = filled_in.iter().map(|filled| format!("filled in {} = {}", filled.at, filled.value));
            lines.extend(listed(filled.collect()));
            lines.extend(listed(
                warnings.iter().map(|warning| format!("warning   {}", remark(warning))).collect(),
            ));
            lines
        }
    }
}

fn remark(remark: &Remark) -> String {
    if remark.at.is_empty() { remark.why.clone() } else { format!("{}: {}", remark.at, remark.why) }
}

/// The first lines, and the number of the others.
fn listed(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(LISTED_MAX);
    lines.truncate(LISTED_MAX);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}
