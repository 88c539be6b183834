//! The report for people: what is broken first, then what was left out, then the numbers.

use std::{collections::BTreeMap, io};

use super::{Report, Row, Verdict};
use crate::check::Outcome;

/// Writes the report.
///
/// # Errors
/// Where the writer fails.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    for row in &report.rows {
        match &row.outcome {
            Outcome::Failed(why) => fault(out, "broken   ", row, why)?,
            Outcome::Undecided(why) => fault(out, "undecided", row, why)?,
            Outcome::Passed | Outcome::Skipped(_) => {}
        }
    }
    skipped(report, out)?;
    let counts = report.counts();
    let verdict = match report.verdict() {
        Verdict::Ok => "the target keeps the contract",
        Verdict::Broken => "the target breaks the contract",
        Verdict::Undecided => "it could not be decided",
        Verdict::CouldNotRun => "nothing was checked",
    };
    writeln!(
        out,
        "{} checks: {} passed, {} broken, {} undecided, {} skipped: {verdict}",
        report.rows.len(),
        counts.passed,
        counts.failed,
        counts.undecided,
        counts.skipped
    )
}

fn fault(out: &mut dyn io::Write, word: &str, row: &Row, why: &str) -> io::Result<()> {
    writeln!(out, "{word} {} [{}]\n          {why}\n          contract: {}", row.id, row.class, row.proves)
}

fn skipped(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &report.rows {
        if let Outcome::Skipped(why) = &row.outcome {
            *reasons.entry(why).or_default() += 1;
        }
    }
    for (why, count) in reasons {
        writeln!(out, "skipped   {count}: {why}")?;
    }
    Ok(())
}
