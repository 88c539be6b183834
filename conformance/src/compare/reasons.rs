//! Members that may differ between targets, each with the reason: `data/expected_differences.json`.

use serde::Deserialize;
use std::{fs, io, path::PathBuf};

use super::{Comparison, Place};

/// The table.
const TABLE: &str = include_str!("../../data/expected_differences.json");

/// Why reasons cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReasonsError {
    /// A file cannot be read.
    #[error("{}: {cause}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A file is no table of reasons.
    #[error("{} is no list of reasons with members: {cause}", .path.display())]
    NoTable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: serde_json::Error,
    },
}

/// A reason of the caller explains nothing: what differed no longer does, and must not be lost again.
#[derive(Debug, thiserror::Error)]
#[error("{0} differs in no target: take it out of the reasons")]
pub struct Unused(String);

/// A reason and the members that have it: a command or `*`, a blank, and the beginning of a pointer in whole parts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    reason: String,
    members: Vec<String>,
}

/// The table, and the reasons of the caller.
#[derive(Clone, Debug)]
pub struct Reasons {
    table: Vec<Row>,
    further: Vec<Row>,
}

/// Reads the table and the files of further reasons.
///
/// # Errors
/// [`ReasonsError`] names the file.
pub fn read(further: &[PathBuf]) -> Result<Reasons, ReasonsError> {
    let mut rows = Vec::new();
    for path in further {
        let text = fs::read(path).map_err(|cause| ReasonsError::Unreadable { path: path.clone(), cause })?;
        let read: Result<Vec<Row>, _> = serde_json::from_slice(&text);
        rows.extend(read.map_err(|cause| ReasonsError::NoTable { path: path.clone(), cause })?);
    }
    Ok(Reasons {
        table: serde_json::from_str(TABLE).expect("expected_differences.json is tested"),
        further: rows,
    })
}

impl Reasons {
    /// Explains members that differ.
    ///
    /// # Errors
    /// [`Unused`] names a member of the caller's that differs nowhere.
    pub(super) fn explain(&self, compared: &mut Comparison) -> Result<(), Unused> {
        let rows = || self.table.iter().chain(&self.further);
        for (place, difference) in &mut compared.members {
            let found = rows().find(|row| row.members.iter().any(|member| is_at(member, place)));
            difference.reason = found.map(|row| row.reason.clone());
        }
        let differs = |member: &&String| compared.members.keys().any(|place| is_at(member, place));
        match self.further.iter().flat_map(|row| &row.members).find(|member| !differs(member)) {
            Some(member) => Err(Unused(member.clone())),
            None => Ok(()),
        }
    }
}

fn is_at(member: &str, place: &Place) -> bool {
    let Some((command, pointer)) = member.split_once(' ') else { return false };
    let rest = place.pointer.strip_prefix(pointer);
    (command == "*" || command == place.command)
        && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::{Reasons, read};

    #[test]
    fn each_row_names_members_of_a_command() {
        let Reasons { table, .. } = read(&[]).unwrap();
        for row in &table {
            assert!(row.reason.len() > 20 && !row.members.is_empty(), "{row:?}");
            for member in &row.members {
                let (command, pointer) = member.split_once(' ').unwrap();
                let is_event = command.strip_prefix("event.").is_some();
                let is_command = command == "*" || is_event || command.parse::<contracts::Action>().is_ok();
                assert!(is_command && pointer.starts_with('/'), "{member}");
            }
        }
    }
}
