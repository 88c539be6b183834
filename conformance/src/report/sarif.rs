//! The report as SARIF 2.1.0, which code scanning shows: a rule for each class of drift, a result for each finding.
//!
//! A finding of a running process is in no line of a file, but code scanning refuses the whole report if one result has no
//! file: each stands in the first line of the target's own. The line of the suite that decided it is a related location.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::io;

use super::{
    Report, Row,
    cause::{firsts, printable},
};
use crate::{
    class::Class,
    finding::{Outcome, Place},
    verdict::Verdict,
};

/// The schema of the whole format.
pub(crate) const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What the files of the suite are relative to: they need not be in the repository that is judged.
const OWN_BASE: &str = "CONFORMANCE";

/// The report as a document.
#[must_use]
pub fn document(report: &Report) -> Value {
    let rules: Vec<Value> = Class::ALL.iter().map(|class| rule(*class)).collect();
    let firsts = firsts(report);
    let results = report.rows.iter().filter_map(|row| result(report, row, firsts.contains(row.id.as_str())));
    let results: Vec<Value> = results.collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "conformance",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "originalUriBaseIds": {OWN_BASE: {"description": {"text": "The repository of the conformance suite."}}},
            "columnKind": "unicodeCodePoints",
            "invocations": [invocation(report)],
            "results": results,
            "properties": {"target": report.target, "counts": report.counts(), "not_run": report.not_run},
        }],
    })
}

/// Writes the report.
///
/// # Errors
/// The error of the writer.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &document(report))?;
    writeln!(out)
}

fn rule(class: Class) -> Value {
    json!({
        "id": class.code(),
        "shortDescription": {"text": class.means()},
        "defaultConfiguration": {"level": "error"},
    })
}

fn invocation(report: &Report) -> Value {
    let verdict = report.verdict();
    let mut invocation = json!({
        "commandLine": report.replay_all(),
        "executionSuccessful": verdict != Verdict::CouldNotRun && report.not_run == 0,
        "exitCode": verdict.exit_code(),
        "exitCodeDescription": verdict.sentence(),
    });
    if report.not_run > 0 {
        let text = format!("{} checks did not run: {}", report.not_run, report.why_not_run());
        invocation["toolExecutionNotifications"] = json!([{"level": "error", "message": {"text": text}}]);
    }
    invocation
}

/// The result of a check that neither passed nor was skipped.
fn result(report: &Report, row: &Row, has_transcript: bool) -> Option<Value> {
    let (kind, level, why) = match &row.outcome {
        Outcome::Failed(why) => ("fail", "error", why),
        // The standard has a word for it, and no level for what is not known to be a fault.
        Outcome::Undecided(why) => ("open", "none", why),
        Outcome::Passed | Outcome::Skipped(_) => return None,
    };
    let mut places = vec![json!({"name": row.id, "fullyQualifiedName": row.id})];
    let mut properties = json!({
        "sentence": row.proves.id(),
        "proves": row.proves.text(),
        "replay": report.replay_of(row),
    });
    if has_transcript {
        properties["transcript"] = json!(row.transcript);
    }
    if let Some(pointer) = row.pointer() {
        places.push(json!({"fullyQualifiedName": pointer, "kind": "value"}));
        properties["pointer"] = pointer.into();
    }
    let mut result = json!({
        "ruleId": row.class.code(),
        "ruleIndex": Class::ALL.iter().position(|class| *class == row.class),
        "kind": kind,
        "level": level,
        "message": {"text": plain(&format!("{}: {why}\ncontract: {}", row.id, row.proves.text()))},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": relative_uri(&report.source), "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 1},
            },
            "logicalLocations": places,
        }],
        // All findings stand in one line, where code scanning would take those of one rule for one.
        "partialFingerprints": {"primaryLocationLineHash": fingerprint(row)},
        "properties": properties,
    });
    if let Some(place) = row.place {
        result["relatedLocations"] = json!([related(place)]);
    }
    Some(result)
}

/// The line of the suite that decided it, in the repository of the tool.
fn related(Place { file, line }: Place) -> Value {
    json!({
        "id": 1,
        "physicalLocation": {
            "artifactLocation": {"uri": relative_uri(file), "uriBaseId": OWN_BASE},
            "region": {"startLine": line},
        },
        "message": {"text": "the line of the suite that decided it"},
    })
}

/// The same in every run, whatever the reason is.
fn fingerprint(row: &Row) -> String {
    let hash = Sha256::digest(row.id.as_bytes());
    let hex: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{hex}:1")
}

/// A text that no viewer takes for a link, which `[text](target)` is, nor a terminal for a command.
pub(crate) fn plain(text: &str) -> String {
    let text = printable(text);
    if text.contains("](") { text.replace('[', "\\[").replace(']', "\\]") } else { text }
}

/// A path as a relative reference.
pub(crate) fn relative_uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}
