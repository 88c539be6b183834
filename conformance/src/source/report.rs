//! The printed forms of findings in sources.

use serde_json::{Value, json};
use std::{
    io::{self, Write},
    path::Path,
};

use super::{Judged, Place};
use crate::{class::Class, report::lines};

/// Writes it for people.
///
/// # Errors
/// The error of the writer.
pub fn human(judged: &Judged, out: &mut dyn Write) -> io::Result<()> {
    for finding in &judged.findings {
        let (place, subject, class) = (at(&finding.place), &finding.subject, finding.class);
        lines::first(out, "broken", format_args!("{place}: {subject} [{class}]"))?;
        lines::further(out, &finding.why)?;
    }
    for undecided in &judged.undecided {
        lines::first(out, "undecided", format_args!("{}: {}", at(&undecided.place), undecided.why))?;
    }
    for name in judged.compared.iter().filter(|name| name.contains(" as ")) {
        lines::first(out, "compared", name)?;
    }
    if !judged.left_out.is_empty() {
        let names = judged.left_out.join(", ");
        lines::first(out, "left out", format_args!("{names}: nothing of the contract resembles them"))?;
    }
    let (broken, undecided) = (judged.findings.len(), judged.undecided.len());
    writeln!(out, "{} compared: {broken} broken, {undecided} undecided", judged.compared.len())
}

/// Writes it for programs, by `schemas/sources.json`.
///
/// # Errors
/// The error of the writer.
pub fn json(judged: &Judged, out: &mut dyn Write) -> io::Result<()> {
    let mut document = json!(judged);
    document["verdict"] = judged.verdict().as_str().into();
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

/// Writes it as SARIF 2.1.0: a result in its own line for each finding.
///
/// # Errors
/// The error of the writer.
pub fn sarif(judged: &Judged, out: &mut dyn Write) -> io::Result<()> {
    let rules: Vec<Value> = Class::ALL
        .iter()
        .map(|class| json!({"id": class.code(), "shortDescription": {"text": class.means()}}))
        .collect();
    let broken = judged.findings.iter().map(|finding| {
        json!({
            "ruleId": finding.class.code(),
            "kind": "fail",
            "level": "error",
            "message": {"text": format!("{}: {}", finding.subject, finding.why)},
            "locations": [location(&finding.place)],
        })
    });
    let undecided = judged.undecided.iter().map(|one| {
        json!({
            "kind": "open",
            "level": "none",
            "message": {"text": one.why},
            "locations": [location(&one.place)],
        })
    });
    let document = json!({
        "$schema": crate::report::sarif::SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "conformance",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": broken.chain(undecided).collect::<Vec<_>>(),
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn location(place: &Place) -> Value {
    let uri = crate::report::sarif::relative_uri(&shown(&place.file));
    json!({"physicalLocation": {
        "artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": place.line},
    }})
}

fn at(place: &Place) -> String {
    format!("{}:{}", shown(&place.file), place.line)
}

fn shown(path: &Path) -> String {
    path.strip_prefix("./").unwrap_or(path).display().to_string()
}
