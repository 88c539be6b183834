//! The report for programs; its schema is `conformance/schemas/report.json`.

use serde_json::{Value, json};
use std::io;

use super::Report;
use crate::{finding::Outcome, record::Answered};

/// The schema of the report.
pub const SCHEMA: &str = include_str!("../../schemas/report.json");

/// The report as a document.
#[must_use]
pub fn document(report: &Report) -> Value {
    let rows = report.rows.iter().map(|row| {
        let (outcome, why) = match &row.outcome {
            Outcome::Passed => ("passed", None),
            Outcome::Failed(why) => ("failed", Some(why)),
            Outcome::Skipped(why) => ("skipped", Some(why)),
            Outcome::Undecided(why) => ("undecided", Some(why)),
        };
        let mut check = json!({"id": row.id, "class": row.class, "sentence": row.proves.id(), "proves": row.proves.text(), "outcome": outcome});
        if let Some(why) = why {
            check["why"] = why.clone().into();
        }
        if matches!(row.outcome, Outcome::Failed(_) | Outcome::Undecided(_)) {
            if let Some(pointer) = row.pointer() {
                check["pointer"] = pointer.into();
            }
            check["replay"] = report.replay_of(row).into();
            if let Some(place) = row.place {
                check["decided_at"] = json!(place);
            }
        }
        if report.has_times {
            check["seconds"] = row.took.as_secs_f64().into();
        }
        if !row.transcript.is_empty() {
            check["transcript"] = json!(row.transcript);
        }
        check
    });
    let left_out = report.left_out.iter().map(|(begins, why)| json!({"begins": begins, "why": why}));
    let mut document = json!({
        "format": "concord-conformance/1",
        "target": report.target,
        "target_file": report.source,
        "verdict": report.verdict().as_str(),
        "exit_code": report.verdict().exit_code(),
        "counts": report.counts(),
        "not_run": report.not_run,
        "left_out": left_out.collect::<Vec<_>>(),
        "checks": rows.collect::<Vec<_>>(),
    });
    if let Some(replies) = &report.replies {
        let replies = replies.iter().map(|(Answered { scenario, command, outcome }, members)| {
            json!({"scenario": scenario, "command": command, "outcome": outcome, "members": members})
        });
        document["replies"] = replies.collect();
    }
    document
}

/// Writes the report.
///
/// # Errors
/// The error of the writer.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &document(report))?;
    writeln!(out)
}

/// Writes the checks of a report without their outcomes, for `--list`.
///
/// # Errors
/// The error of the writer.
pub fn list(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let checks =
        report.rows.iter().map(|row| json!({"id": row.id, "class": row.class, "sentence": row.proves.id(), "proves": row.proves.text()}));
    let document = json!({"format": "concord-conformance-list/1", "checks": checks.collect::<Vec<_>>()});
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}
