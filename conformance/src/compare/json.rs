//! The comparison for programs; its schema is `conformance/schemas/comparison.json`.

use serde_json::{Map, Value, json};
use std::io;

use super::{Comparison, Difference, MemberDifference, Place};

/// The schema of the comparison.
pub const SCHEMA: &str = include_str!("../../schemas/comparison.json");

/// The comparison as a document.
#[must_use]
pub fn document(compared: &Comparison) -> Value {
    let targets = compared.targets.iter().map(
        |target| json!({"name": target.name, "target": target.kind, "target_file": target.file, "checks": target.checks}),
    );
    json!({
        "format": "concord-conformance-comparison/1",
        "verdict": compared.verdict().as_str(),
        "exit_code": compared.verdict().exit_code(),
        "targets": targets.collect::<Vec<_>>(),
        "agree": compared.agree,
        "replies": compared.replies,
        "unexplained": compared.unexplained(),
        "checks": compared.checks.iter().map(|(id, check)| self::check(compared, id, check)).collect::<Vec<_>>(),
        "members": compared.members.iter().map(|(place, member)| self::member(compared, place, member)).collect::<Vec<_>>(),
    })
}

fn check(compared: &Comparison, id: &str, difference: &Difference) -> Value {
    with_reason(json!({"id": id, "said": by_target(compared, &difference.said)}), difference.reason.as_ref())
}

fn member(compared: &Comparison, place: &Place, difference: &MemberDifference) -> Value {
    let Place { command, outcome, pointer, kinds } = place;
    let member = json!({
        "command": command, "outcome": outcome, "pointer": pointer, "kinds": by_target(compared, kinds),
        "scenarios": difference.scenarios,
    });
    with_reason(member, difference.reason.as_ref())
}

/// A value for each target that has one, by its name.
fn by_target(compared: &Comparison, values: &[Option<impl serde::Serialize>]) -> Value {
    let named = compared.targets.iter().zip(values);
    let present = named.filter_map(|(target, value)| Some((target.name.clone(), json!(value.as_ref()?))));
    Value::Object(present.collect::<Map<_, _>>())
}

fn with_reason(mut difference: Value, reason: Option<&String>) -> Value {
    if let Some(reason) = reason {
        difference["reason"] = reason.clone().into();
    }
    difference
}

/// Writes the comparison.
///
/// # Errors
/// The error of the writer.
pub fn write(compared: &Comparison, out: &mut dyn io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &document(compared))?;
    writeln!(out)
}
