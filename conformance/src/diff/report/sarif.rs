//! The comparison as SARIF 2.1.0: a result for each finding, in the line of its schema.

use serde_json::{Value, json};
use std::io;

use crate::{
    diff::{Comparison, Finding, Severity, rule},
    report::sarif::{SCHEMA, plain, relative_uri},
};

/// Writes the comparison.
///
/// # Errors
/// The error of the writer.
pub fn write(comparison: &Comparison, out: &mut dyn io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &document(comparison))?;
    writeln!(out)
}

fn document(comparison: &Comparison) -> Value {
    let rules: Vec<Value> = rule::all()
        .iter()
        .map(|rule| {
            json!({
                "id": rule.id,
                "shortDescription": {"text": rule.title},
                "help": {"text": rule.fix},
                "defaultConfiguration": {"level": level(rule.request.max(rule.response))},
            })
        })
        .collect();
    let shown = comparison.findings.iter().filter(|finding| finding.severity > Severity::Info);
    let mut results: Vec<Value> = shown.map(result).collect();
    results.extend(comparison.waiver_faults.iter().map(|fault| {
        json!({"kind": "fail", "level": "error", "message": {"text": format!("waiver {}: {}", fault.fingerprint, fault.why)}})
    }));
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "conformance diff", "semanticVersion": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": true,
                "exitCode": comparison.verdict().exit_code(),
                "exitCodeDescription": comparison.sentence(),
            }],
            "results": results,
        }],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "note",
        Severity::Dangerous => "warning",
        Severity::Undecided | Severity::Breaking | Severity::Policy => "error",
    }
}

fn result(finding: &Finding) -> Value {
    let (kind, level) = match finding.severity {
        Severity::Undecided => ("open", "none"),
        severity => ("fail", level(severity)),
    };
    let place = finding.place();
    let uri = place.map_or_else(String::new, |place| relative_uri(place.file.trim_start_matches("./")));
    let mut result = json!({
        "ruleId": finding.rule.id,
        "ruleIndex": rule::all().iter().position(|rule| rule.id == finding.rule.id),
        "kind": kind,
        "level": level,
        "message": {"text": plain(&format!("{}\nbreaks: {}\nfix: {}", finding.what, finding.who.join(", "), finding.rule.fix))},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": place.map_or(1, |place| place.line)},
            },
            "logicalLocations": [{"fullyQualifiedName": place.map_or("", |place| place.pointer.as_str()), "kind": "value"}],
        }],
        "partialFingerprints": {"primaryLocationLineHash": format!("{}:1", finding.fingerprint)},
        "properties": {"witnesses": finding.witnesses.iter().map(|witness| witness.document.clone()).collect::<Vec<_>>()},
    });
    if let Some(why) = &finding.waived {
        result["suppressions"] = json!([{"kind": "external", "justification": plain(why)}]);
    }
    result
}
