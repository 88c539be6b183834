//! The life of a name: announced as deprecated, gone on a day, never used again.

use serde_json::Value;

use super::{Edit, Pair, Walk};
use crate::{contract::Side, diff::view::View};

/// Names that an object may not have again.
pub(super) const RESERVED: &str = "x-reserved";
/// The first day on which a member may be gone, `2026-12-31`.
pub(super) const SUNSET: &str = "x-sunset";
/// How firm a promise is.
pub(super) const STABILITY: &str = "x-stability";

/// Values of `x-stability`, the firmest last.
const STABILITIES: [&str; 4] = ["experimental", "alpha", "beta", "stable"];

/// Whether a contract announces what will go: without any `deprecated` it has no period to keep.
pub(super) fn deprecates(side: &Side) -> bool {
    fn any(value: &Value) -> bool {
        match value {
            Value::Object(members) => {
                members.get("deprecated") == Some(&Value::Bool(true)) || members.values().any(any)
            }
            Value::Array(items) => items.iter().any(any),
            _ => false,
        }
    }
    any(&side.bundle)
}

impl Walk<'_> {
    /// A property that is gone, in a contract that announces what will go.
    pub(super) fn removal(&mut self, pair: &Pair<'_, '_>, name: &str, old: &str) {
        if !self.deprecates {
            return;
        }
        let view = View::of(self.old, old);
        let sunset = view.get(SUNSET).and_then(Value::as_str);
        let edit = match (view.get("deprecated") == Some(&Value::Bool(true)), sunset) {
            (false, _) => "not-deprecated",
            // Days of this form have the order of their texts.
            (true, Some(day)) if day > self.today => "before-sunset",
            (true, _) => return,
        };
        let before = sunset.map(Value::from);
        let noted = self.of_property(pair, edit, name);
        noted.before = before;
        noted.old = Some(old.to_owned());
    }

    /// A property whose name was given up.
    pub(super) fn reuse(&mut self, pair: &Pair<'_, '_>, name: &str, new: &str) {
        let reserved = |view: &View<'_>| {
            let names = view.get(RESERVED).and_then(Value::as_array);
            names.is_some_and(|names| names.iter().any(|reserved| reserved == name))
        };
        if reserved(pair.old) || reserved(pair.new) {
            let noted = self.of_property(pair, "reused", name);
            noted.new = Some(new.to_owned());
        }
    }

    fn of_property(&mut self, pair: &Pair<'_, '_>, edit: &str, name: &str) -> &mut Edit {
        let noted = self.note(pair, "lifecycle", edit);
        noted.name = name.to_owned();
        noted
    }

    /// A keyword whose values have an order: a day, or how firm a promise is.
    pub(super) fn ordered(&mut self, pair: &Pair<'_, '_>, keyword: &str) {
        let rank = |view: &View<'_>| {
            let text = view.get(keyword)?.as_str()?;
            let stability = STABILITIES.iter().position(|known| *known == text);
            Some((keyword == STABILITY, stability, text.to_owned()))
        };
        let edit = match (rank(pair.old), rank(pair.new)) {
            (None, _) => "added",
            (_, None) => "removed",
            (Some(old), Some(new)) if new > old => "raised",
            _ => "lowered",
        };
        self.note(pair, keyword, edit);
    }
}
