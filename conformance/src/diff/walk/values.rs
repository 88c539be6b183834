//! Types, enums and constants.

use serde_json::{Value, json};

use super::{Hint, Pair, Step, Walk};
use crate::diff::value::{Types, canonical_number};

const TYPES: &[&str] = &["type", "enum", "const", "anyOf", "oneOf", "falseSchema"];

impl Walk<'_> {
    /// Compares the types. True where they have none in common: nothing else is then to be said.
    pub(super) fn types(&mut self, pair: &Pair<'_, '_>) -> bool {
        let (old, new) = (pair.old.types(), pair.new.types());
        let (lost, gained) = (old.without(new), new.without(old));
        if old == new {
            return false;
        }
        let shared = old.and(new) != Types::NONE;
        let listed = pair.old.values().is_some() || pair.new.values().is_some();
        // The enum tells of the values themselves.
        if listed && shared && lost.or(gained) != Types::NULL {
            return false;
        }
        let edit = |lost: Types, null: &'static str, other: &'static str| match lost {
            Types::NULL => null,
            _ => other,
        };
        let union = |view: &super::View<'_>| view.get("anyOf").is_some() || view.get("oneOf").is_some();
        if shared && (union(pair.old) || union(pair.new)) {
            // The branches tell of it.
            return false;
        }
        if !shared {
            self.type_edit(pair, "changed", old, new);
            return true;
        }
        if lost != Types::NONE {
            self.type_edit(pair, edit(lost, "non-nullable", "narrowed"), old, new);
        }
        if gained != Types::NONE {
            self.type_edit(pair, edit(gained, "nullable", "widened"), old, new);
        }
        false
    }

    fn type_edit(&mut self, pair: &Pair<'_, '_>, edit: &str, old: Types, new: Types) {
        let noted = self.note(pair, "type", edit);
        noted.before = Some(old.keyword());
        noted.after = Some(new.keyword());
        noted.rejects = TYPES;
        noted.hints.extend(samples(old.without(new)));
        noted.hints.extend(samples(new.without(old)));
    }

    pub(super) fn values(&mut self, pair: &Pair<'_, '_>) {
        let from = |view: &super::View<'_>| view.get("x-enum-from").cloned();
        // The tables tell of these values.
        if from(pair.old).is_some() && from(pair.old) == from(pair.new) {
            if pair.old.values() != pair.new.values() {
                self.note(pair, "enum", "from-table");
            }
            return;
        }
        let keyword = |view: &super::View<'_>| if view.get("const").is_some() { "const" } else { "enum" };
        match (pair.old.values(), pair.new.values()) {
            (None, None) => {}
            (None, Some(_)) => {
                let noted = self.note(pair, keyword(pair.new), "added");
                noted.rejects = TYPES;
            }
            (Some(_), None) => {
                let noted = self.note(pair, keyword(pair.old), "removed");
                noted.rejects = TYPES;
            }
            (Some(old), Some(new)) => self.listed(pair, &old, &new),
        }
    }

    fn listed(&mut self, pair: &Pair<'_, '_>, old: &[Value], new: &[Value]) {
        if let ([before], [after]) = (old, new) {
            if before != after {
                let constant = pair.old.get("const").is_some() || pair.new.get("const").is_some();
                let noted = self.note(
                    pair,
                    if constant { "const" } else { "enum" },
                    if constant { "changed" } else { "tag" },
                );
                noted.before = Some(before.clone());
                noted.after = Some(after.clone());
                noted.rejects = TYPES;
                noted.hints = vec![Hint::Value(before.clone()), Hint::Value(after.clone())];
            }
            return;
        }
        for value in old.iter().filter(|value| !new.contains(value)) {
            let reader = spelling_of(pair, value);
            let noted = self.note(pair, "enum", if reader.is_some() { "respelt" } else { "removed-value" });
            noted.name = value.to_string();
            (noted.before, noted.after) = (Some(value.clone()), reader);
            noted.rejects = TYPES;
            noted.hints = vec![Hint::Value(value.clone())];
        }
        for value in new.iter().filter(|value| !old.contains(value)) {
            let noted = self.note(pair, "enum", "added-value");
            noted.name = value.to_string();
            (noted.before, noted.after) = (None, Some(value.clone()));
            noted.rejects = TYPES;
            noted.hints = vec![Hint::Value(value.clone())];
        }
        let kept = |of: &[Value], by: &[Value]| -> Vec<Value> {
            of.iter().filter(|value| by.contains(value)).cloned().collect()
        };
        if kept(old, new) != kept(new, old) {
            self.note(pair, "enum", "order");
        }
    }
}

/// The value whose spellings have an old value, of any case.
fn spelling_of(pair: &Pair<'_, '_>, value: &Value) -> Option<Value> {
    let text = value.as_str()?;
    let rows = pair.new.get("x-values")?.as_object()?;
    let row = rows.iter().find(|(_, row)| {
        let spellings = row.get("spellings").and_then(Value::as_array).into_iter().flatten();
        spellings.filter_map(Value::as_str).any(|known| known.eq_ignore_ascii_case(text))
    });
    row.map(|(name, _)| json!(name))
}

/// Values of types.
fn samples(types: Types) -> impl Iterator<Item = Hint> {
    let values = [json!(null), json!(true), json!(7), json!(0.5), json!("a"), json!([]), json!({})];
    values
        .into_iter()
        .filter(move |value| types.has(Types::of_value(value)))
        .map(|value| Hint::Value(canonical_number(&value)))
}

impl Walk<'_> {
    /// A child that is the same value in another form.
    pub(super) fn same(&mut self, pair: &Pair<'_, '_>, old: &str, new: &str) {
        self.child(pair.node, Step::Branch, old, new);
    }
}
