//! The report of a hunt for programs; its schema is `conformance/schemas/mutants.json`.

use serde_json::{Value, json};
use std::io;

use super::{
    super::hunt::{Fate, Hunt},
    Row, counts, rows, verdict,
};

/// The schema of the report.
pub const SCHEMA: &str = include_str!("../../../schemas/mutants.json");

/// The report as a document.
#[must_use]
pub fn document(hunt: &Hunt) -> Value {
    let rows = rows(hunt);
    let verdict = verdict(hunt);
    json!({
        "format": "concord-conformance-mutants/1",
        "verdict": verdict.as_str(),
        "exit_code": verdict.exit_code(),
        "counts": counts(hunt, &rows),
        "mutants": rows.iter().map(mutant).collect::<Vec<_>>(),
        "unseen": hunt.unseen,
    })
}

fn mutant(row: &Row<'_>) -> Value {
    let hunted = row.hunted;
    let (fate, check) = match &hunted.fate {
        Fate::Killed(id) => ("killed", Some(id)),
        Fate::Noticed(id) => ("noticed", Some(id)),
        Fate::Survived => ("survived", None),
        Fate::Unmade => ("unmade", None),
    };
    let mut document = json!({
        "mutant": hunted.name,
        "edit": hunted.edit,
        "site": hunted.site,
        "fate": fate,
        "scenarios": hunted.scenarios,
    });
    if let Some(check) = check {
        document["check"] = check.as_str().into();
    }
    if let Some(reason) = &row.expected {
        document["expected"] = reason.as_str().into();
    }
    document
}

/// Writes the report.
///
/// # Errors
/// The error of the writer.
pub fn write(hunt: &Hunt, out: &mut dyn io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &document(hunt))?;
    writeln!(out)
}
