//! The comparison for people: what breaks first, each with its place, whom it breaks, its witness and the way out.

use std::io::{self, Write};

use super::{at, messages, totals};
use crate::{
    diff::{
        Comparison, Finding, Severity,
        usage::{self, Use},
        waiver,
    },
    display::shorten,
    report::lines,
};

/// Writes the comparison.
///
/// # Errors
/// The error of the writer.
pub fn write(comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    for finding in &comparison.findings {
        one(finding, comparison.has_usage, out)?;
    }
    for fault in &comparison.waiver_faults {
        lines::first(out, "waiver", format_args!("{}: {}", fault.fingerprint, fault.why))?;
    }
    for path in &comparison.left_out {
        lines::first(
            out,
            "left out",
            format_args!("{path}: only the JSON files of the folder itself are read"),
        )?;
    }
    writeln!(out, "{}", totals(comparison))
}

fn one(finding: &Finding, has_usage: bool, out: &mut dyn Write) -> io::Result<()> {
    let word = if finding.waived.is_some() { "waived" } else { finding.severity.as_str() };
    lines::first(out, word, format_args!("{} {}: {}", finding.rule.id, at(finding), finding.what))?;
    if finding.severity == Severity::Info {
        return Ok(());
    }
    if !finding.messages.is_empty() {
        let place = if finding.at.is_empty() { String::new() } else { format!(" at {}", finding.at) };
        lines::further(out, format_args!("in: {}{place}", messages(finding)))?;
    }
    if !finding.who.is_empty() {
        lines::further(out, format_args!("breaks: {}", finding.who.join(", ")))?;
    }
    for witness in &finding.witnesses {
        let (takes, refuses) = if witness.old_takes { ("old", "new") } else { ("new", "old") };
        let (message, document) = (&witness.message, shorten(&witness.document.to_string()));
        lines::further(out, format_args!("witness: {message} that the {takes} version takes: {document}"))?;
        lines::further(out, format_args!("the {refuses} one refuses it: {}", witness.refusal))?;
    }
    if let Some(open) = &finding.open {
        lines::further(out, format_args!("undecided: {open}"))?;
    }
    if has_usage && finding.request.is_some_and(|severity| severity > Severity::Info) {
        used(finding, out)?;
    }
    lines::further(out, format_args!("fix: {}", finding.rule.fix))?;
    match &finding.waived {
        Some(why) => lines::further(out, format_args!("waived: {why}")),
        None if finding.severity >= Severity::Undecided => {
            lines::further(out, format_args!("waive: {}", waiver::text(finding)))
        }
        None => Ok(()),
    }
}

fn used(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    for Use { client, action, count, last_seen } in &finding.users {
        let does = if usage::is_of_absence(finding) { "does not send it" } else { "sends it" };
        let seen = format_args!("seen: {client} {does} in {action}, {count} times, last {last_seen}");
        lines::further(out, seen)?;
    }
    match &finding.usage_open {
        Some(why) => lines::further(out, format_args!("seen: the usage cannot tell who else: {why}")),
        None if finding.users.is_empty() => lines::further(out, "seen: no client sends it"),
        None => Ok(()),
    }
}
