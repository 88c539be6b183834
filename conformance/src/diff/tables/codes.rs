//! The tables of errors and warnings.

use serde_json::Value;
use std::collections::BTreeSet;

use super::{Row, Tables};
use crate::{contract::Direction::Response, diff::rule};

/// Members whose text is for people.
const WORDS: [&str; 4] = ["meaning", "hint", "title", "description"];

impl<'s> Tables<'s> {
    pub(super) fn codes(&mut self) {
        for table in ["errors", "warnings"] {
            let code = |row: &Value| row.get("code").and_then(Value::as_str).map(str::to_owned);
            let old = Self::rows(self.old, table, table, code);
            let new = Self::rows(self.new, table, table, code);
            for (name, row) in &old {
                match new.iter().find(|(other, _)| other == name) {
                    Some((_, other)) => self.code(table, name, row, other),
                    None => {
                        let noted = self.note(table, "removed", name, Response);
                        (noted.before, noted.old) = (Some(name.as_str().into()), Some(row.place.clone()));
                    }
                }
            }
            for (name, row) in new.iter().filter(|(name, _)| !old.iter().any(|(other, _)| other == name)) {
                let noted = self.note(table, "added", name, Response);
                (noted.after, noted.new) = (Some(name.as_str().into()), Some(row.place.clone()));
            }
        }
    }

    fn code(&mut self, table: &str, name: &str, old: &Row<'s>, new: &Row<'s>) {
        let members = |row: &Row<'s>| -> BTreeSet<String> {
            row.value.as_object().into_iter().flat_map(|row| row.keys().cloned()).collect()
        };
        for member in members(old).union(&members(new)) {
            let before = self.edits.len();
            let keyword = format!("{table}.{member}");
            self.member(&keyword, name, (Some(old), Some(new)), member, Response);
            for edit in &mut self.edits[before..] {
                if WORDS.contains(&member.as_str()) {
                    edit.rule = rule::of_any("words", "changed");
                    edit.name = format!("{member} of {name}");
                } else if rule::of_edit(&keyword, "changed").is_none() {
                    edit.rule = rule::of_any(&format!("{table}.other"), "changed");
                    edit.name = format!("{member} of {name}");
                }
            }
        }
    }
}
