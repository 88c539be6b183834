//! Rules over several fields.

use serde_json::Value;

use super::{Row, Tables};
use crate::contract::Direction::Request;

/// Members whose text is for people.
const WORDS: [&str; 3] = ["message", "description", "hint"];

impl<'s> Tables<'s> {
    pub(super) fn rules(&mut self) {
        let id = |row: &Value| row.get("id").and_then(Value::as_str).map(str::to_owned);
        let old = Self::rows(self.old, "rules", "rules", id);
        let new = Self::rows(self.new, "rules", "rules", id);
        for (name, row) in &old {
            let other = new.iter().find(|(other, _)| other == name).map(|(_, row)| row);
            self.rule(name, Some(row), other);
        }
        for (name, row) in new.iter().filter(|(name, _)| !old.iter().any(|(other, _)| other == name)) {
            self.rule(name, None, Some(row));
        }
    }

    fn rule(&mut self, name: &str, old: Option<&Row<'s>>, new: Option<&Row<'s>>) {
        let plain = |row: Option<&Row<'s>>| {
            let mut value = row?.value.clone();
            if let Value::Object(row) = &mut value {
                WORDS.iter().for_each(|name| drop(row.shift_remove(*name)));
            }
            Some(value)
        };
        let (before, after) = (plain(old), plain(new));
        let same_words = old.map(|row| row.value) == new.map(|row| row.value);
        if before == after && same_words {
            return;
        }
        let warns = |row: &Option<Value>| row.as_ref().is_none_or(is_warning);
        let (keyword, edit) = match (&before, &after) {
            (before, after) if before == after => ("words", "changed"),
            (before, after) if warns(before) && warns(after) => ("rules", "warns"),
            (None, _) => ("rules", "added"),
            (_, None) => ("rules", "removed"),
            (Some(before), Some(after)) => ("rules", bound_edit(before, after)),
        };
        let noted = self.note(keyword, edit, name, Request);
        (noted.before, noted.after) = (before, after);
        (noted.old, noted.new) = (old.map(|row| row.place.clone()), new.map(|row| row.place.clone()));
    }
}

fn is_warning(rule: &Value) -> bool {
    rule.get("kind").and_then(Value::as_str).is_some_and(|kind| matches!(kind, "no_effect" | "weight_zero"))
}

/// Rules that differ in their limit alone are tighter or looser.
fn bound_edit(before: &Value, after: &Value) -> &'static str {
    for (name, tighter_is_less) in [("maximum", true), ("minimum", false)] {
        let without = |rule: &Value| {
            let mut rule = rule.clone();
            rule.as_object_mut().and_then(|rule| rule.shift_remove(name));
            rule
        };
        let of = |rule: &Value| rule.get(name).and_then(Value::as_f64);
        if let (Some(old), Some(new)) = (of(before), of(after))
            && old != new
            && without(before) == without(after)
        {
            return if (new < old) == tighter_is_less { "tightened" } else { "loosened" };
        }
    }
    "changed"
}
