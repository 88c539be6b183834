//! The comparison for programs (`schemas/diff.json`).

use serde_json::{Value, json};
use std::io;

use crate::diff::{Comparison, Finding, Place, Severity, Witness, waiver};

/// Writes the comparison.
///
/// # Errors
/// The error of the writer.
pub fn write(comparison: &Comparison, out: &mut dyn io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &document(comparison))?;
    writeln!(out)
}

fn document(comparison: &Comparison) -> Value {
    let faults = comparison.waiver_faults.iter();
    json!({
        "old": comparison.old,
        "new": comparison.new,
        "profile": comparison.profile.as_str(),
        "verdict": comparison.verdict().as_str(),
        "exit_code": comparison.verdict().exit_code(),
        "messages": comparison.messages,
        "schemas": comparison.schemas,
        "left_out": comparison.left_out,
        "counts": {
            "breaking": comparison.count(Severity::Breaking),
            "undecided": comparison.count(Severity::Undecided),
            "dangerous": comparison.count(Severity::Dangerous),
            "info": comparison.count(Severity::Info),
            "waived": comparison.findings.iter().filter(|finding| finding.waived.is_some()).count(),
        },
        "findings": comparison.findings.iter().map(finding).collect::<Vec<_>>(),
        "waiver_faults": faults.map(|fault| json!({"fingerprint": fault.fingerprint, "why": fault.why})).collect::<Vec<_>>(),
    })
}

fn finding(finding: &Finding) -> Value {
    let severity = |severity: Option<Severity>| severity.map(Severity::as_str);
    let users = finding.users.iter().map(|user| {
        json!({"client": user.client, "action": user.action, "count": user.count, "last_seen": user.last_seen})
    });
    json!({
        "rule": finding.rule.id,
        "title": finding.rule.title,
        "layer": finding.rule.layer.as_str(),
        "severity": finding.severity.as_str(),
        "request": severity(finding.request),
        "response": severity(finding.response),
        "name": finding.name,
        "what": finding.what,
        "fix": finding.rule.fix,
        "breaks": finding.who,
        "messages": finding.messages,
        "at": finding.at,
        "old": finding.old.as_ref().map(place),
        "new": finding.new.as_ref().map(place),
        "before": finding.before,
        "after": finding.after,
        "witnesses": finding.witnesses.iter().map(witness).collect::<Vec<_>>(),
        "undecided": finding.open,
        "users": users.collect::<Vec<_>>(),
        "usage_undecided": finding.usage_open,
        "fingerprint": finding.fingerprint,
        "waived": finding.waived,
        "waiver": waiver::text(finding),
    })
}

fn place(place: &Place) -> Value {
    json!({"file": place.file, "pointer": place.pointer, "line": place.line})
}

fn witness(witness: &Witness) -> Value {
    json!({
        "message": witness.message,
        "taken_by": if witness.old_takes { "old" } else { "new" },
        "refused_by": if witness.old_takes { "new" } else { "old" },
        "refusal": witness.refusal,
        "confirmed_by": witness.confirmed_by,
        "document": witness.document,
    })
}
