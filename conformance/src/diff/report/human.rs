//! The comparison for people: what breaks first, each with its place, whom it breaks, its witness and the way out.

use std::io::{self, Write};

use super::{at, messages, totals};
use crate::{
    diff::{Comparison, Finding, Severity, waiver},
    display::shorten,
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
        writeln!(out, "waiver     {}: {}", fault.fingerprint, fault.why)?;
    }
    writeln!(out, "{}", totals(comparison))
}

fn one(finding: &Finding, has_usage: bool, out: &mut dyn Write) -> io::Result<()> {
    let word = if finding.waived.is_some() { "waived" } else { finding.severity.as_str() };
    writeln!(out, "{word:<10} {} {}: {}", finding.rule.id, at(finding), finding.what)?;
    if finding.severity == Severity::Info {
        return Ok(());
    }
    if !finding.messages.is_empty() {
        let place = if finding.at.is_empty() { String::new() } else { format!(" at {}", finding.at) };
        writeln!(out, "           in: {}{place}", messages(finding))?;
    }
    if !finding.who.is_empty() {
        writeln!(out, "           breaks: {}", finding.who.join(", "))?;
    }
    for witness in &finding.witnesses {
        let (takes, refuses) = if witness.old_takes { ("old", "new") } else { ("new", "old") };
        writeln!(
            out,
            "           witness: {} that the {takes} version takes: {}\n           the {refuses} one refuses it: {}",
            witness.message,
            shorten(&witness.document.to_string()),
            witness.refusal
        )?;
    }
    if let Some(open) = &finding.open {
        writeln!(out, "           undecided: {open}")?;
    }
    if has_usage && finding.request.is_some_and(|severity| severity > Severity::Info) {
        used(finding, out)?;
    }
    writeln!(out, "           fix: {}", finding.rule.fix)?;
    match &finding.waived {
        Some(why) => writeln!(out, "           waived: {why}"),
        None if finding.severity >= Severity::Undecided => {
            writeln!(out, "           waive: {}", waiver::text(finding))
        }
        None => Ok(()),
    }
}

fn used(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    if finding.users.is_empty() {
        return writeln!(out, "           seen: no client sends it");
    }
    for user in &finding.users {
        writeln!(
            out,
            "           seen: {} sends it in {}, {} times, last {}",
            user.client, user.action, user.count, user.last_seen
        )?;
    }
    Ok(())
}
