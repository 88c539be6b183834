//! The report for people: broken checks first, then skipped ones, then the numbers.

use std::{collections::BTreeMap, io, time::Duration};

use super::{
    Report,
    cause::{Cause, causes},
};
use crate::finding::Outcome;

/// Writes the report.
///
/// # Errors
/// The error of the writer.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    for cause in causes(report) {
        fault(out, &cause)?;
    }
    skipped(report, out)?;
    if report.not_run > 0 {
        writeln!(out, "not run   {}: {}", report.not_run, report.why_not_run())?;
    }
    if report.has_times {
        slowest(report, out)?;
    }
    let counts = report.counts();
    let verdict = report.verdict().sentence();
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

/// Writes the checks of a report without their outcomes, for `--list`.
///
/// # Errors
/// The error of the writer.
pub fn list(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    for row in &report.rows {
        writeln!(out, "{}\t{}\t{}", row.id, row.class, row.proves.text())?;
    }
    writeln!(out, "{} checks", report.rows.len())
}

/// Ids that are printed for one cause: five fit into a few lines.
const IDS_SHOWN: usize = 5;

fn fault(out: &mut dyn io::Write, cause: &Cause<'_>) -> io::Result<()> {
    let Some((first, others)) = cause.rows.split_first() else { return Ok(()) };
    writeln!(out, "{:<9} {} [{}]\n          {}", cause.word, first.id, first.class, cause.why)?;
    if !others.is_empty() {
        let ids: Vec<&str> = others.iter().take(IDS_SHOWN).map(|row| row.id.as_str()).collect();
        let more = match others.len().saturating_sub(IDS_SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        writeln!(out, "          the same: {}{more}", ids.join(", "))?;
    }
    writeln!(out, "          contract: {}", first.proves.text())
}

/// Scenarios that are named for their time: what to look at first.
const SLOWEST_SHOWN: usize = 20;

fn slowest(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let mut scenarios: BTreeMap<&str, Duration> = BTreeMap::new();
    for row in &report.rows {
        *scenarios.entry(&row.scenario).or_default() += row.took;
    }
    let all: Duration = scenarios.values().sum();
    let mut scenarios: Vec<_> = scenarios.into_iter().collect();
    scenarios.sort_by_key(|&(_, took)| std::cmp::Reverse(took));
    for (scenario, took) in scenarios.iter().take(SLOWEST_SHOWN) {
        writeln!(out, "{:7.1} s {scenario}", took.as_secs_f64())?;
    }
    writeln!(out, "{:7.1} s {} scenarios in all", all.as_secs_f64(), scenarios.len())
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
