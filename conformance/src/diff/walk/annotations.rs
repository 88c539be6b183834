//! Keywords that validation does not see: defaults, words, units, and those of ours.

use contracts::naming::pascal;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

use super::{
    Pair, Walk, edit_of,
    lifecycle::{RESERVED, STABILITY, SUNSET},
};
use crate::{
    contract::EXTENDED,
    diff::{value::equal, view::View},
};

/// Keywords that other parts of the walk compare.
const VALIDATION: [&str; 40] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "if",
    "items",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "oneOf",
    "pattern",
    "patternProperties",
    "prefixItems",
    "properties",
    "propertyNames",
    "required",
    "then",
    "type",
    "unevaluatedItems",
    "unevaluatedProperties",
    "uniqueItems",
    "$defs",
];

/// Keywords of this room, and those whose content other rules tell of.
const SILENT: [&str; 7] = [EXTENDED, "x-extends", "x-enum-from", "x-csharp", "definitions", "$schema", "$id"];

/// Keywords of ours whose value is a list of spellings.
const SPELLINGS: [&str; 3] = ["x-accepted", "x-synonyms", RESERVED];

/// Keywords of ours whose value is data by name.
const BY_NAME: [&str; 3] = ["x-accepted-places", "x-neutral-only", "x-flags"];

impl Walk<'_> {
    pub(super) fn annotations(&mut self, pair: &Pair<'_, '_>) {
        let both = pair.old.reference.is_some() && pair.new.reference.is_some();
        let names = pair.old.keywords.keys().chain(pair.new.keywords.keys()).copied();
        let names: BTreeSet<&str> = names
            .filter(|name| !VALIDATION.contains(name) && !SILENT.contains(name))
            // What both refer to is compared where it stands.
            .filter(|name| !both || pair.old.own.contains(name) || pair.new.own.contains(name))
            .collect();
        for name in names {
            let (old, new) = (pair.old.get(name).cloned(), pair.new.get(name).cloned());
            match (&old, &new) {
                (Some(old), Some(new)) if equal(old, new) => {}
                _ if SPELLINGS.contains(&name) => self.spellings(pair, name),
                _ if BY_NAME.contains(&name) => self.by_name(pair, name, old.as_ref(), new.as_ref()),
                _ if name == "x-values" => self.meanings(pair, old.as_ref(), new.as_ref()),
                _ if name == "x-aliases" => self.aliases(pair, old.as_ref(), new.as_ref()),
                _ if [SUNSET, STABILITY].contains(&name) => self.ordered(pair, name),
                _ if name == "deprecated" => {
                    let on = new == Some(Value::Bool(true));
                    self.note(pair, name, if on { "added" } else { "removed" });
                }
                _ => drop(self.note(pair, name, edit_of(old.as_ref(), new.as_ref())).rejects),
            }
        }
        self.csharp(pair);
    }

    /// A spelling that moved between the two lists is still read.
    fn spellings(&mut self, pair: &Pair<'_, '_>, keyword: &str) {
        let of = |view: &View<'_>, keyword: &str| -> BTreeSet<String> {
            let list = view.get(keyword).and_then(Value::as_array).into_iter().flatten();
            list.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let other = match keyword {
            "x-accepted" => "x-synonyms",
            RESERVED => RESERVED,
            _ => "x-accepted",
        };
        let (old, new) = (of(pair.old, keyword), of(pair.new, keyword));
        let (old_other, new_other) = (of(pair.old, other), of(pair.new, other));
        for spelling in old.difference(&new) {
            let moved = new_other.contains(spelling);
            let noted = if moved {
                self.note(pair, "x-synonyms", "warned")
            } else {
                self.note(pair, keyword, "removed")
            };
            (noted.name, noted.before, noted.after) =
                (spelling.clone(), Some(spelling.as_str().into()), None);
        }
        for spelling in new.difference(&old).filter(|spelling| !old_other.contains(*spelling)) {
            let noted = self.note(pair, keyword, "added");
            (noted.name, noted.before, noted.after) =
                (spelling.clone(), None, Some(spelling.as_str().into()));
        }
    }

    fn by_name(&mut self, pair: &Pair<'_, '_>, keyword: &str, old: Option<&Value>, new: Option<&Value>) {
        let rows =
            |value: Option<&Value>| value.and_then(Value::as_object).map_or_else(Map::new, Clone::clone);
        let (old, new) = (rows(old), rows(new));
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for name in names {
            let (before, after) = (old.get(name), new.get(name));
            if before.map(meaning) == after.map(meaning) {
                continue;
            }
            let noted = self.note(pair, keyword, edit_of(before, after));
            noted.name.clone_from(name);
            (noted.before, noted.after) = (before.cloned(), after.cloned());
        }
    }

    fn aliases(&mut self, pair: &Pair<'_, '_>, old: Option<&Value>, new: Option<&Value>) {
        let rows =
            |value: Option<&Value>| value.and_then(Value::as_array).map_or_else(Vec::new, Clone::clone);
        let (old, new) = (rows(old), rows(new));
        let find = |rows: &[Value], pattern: &Value| {
            rows.iter().find(|row| row.get("pattern") == Some(pattern)).cloned()
        };
        let patterns: Vec<Value> =
            old.iter().chain(&new).filter_map(|row| row.get("pattern")).cloned().collect();
        for (index, pattern) in patterns.iter().enumerate() {
            let (before, after) = (find(&old, pattern), find(&new, pattern));
            if before != after && !patterns[..index].contains(pattern) {
                let noted = self.note(pair, "x-aliases", edit_of(before.as_ref(), after.as_ref()));
                noted.name = pattern.to_string();
                (noted.before, noted.after) = (before, after);
            }
        }
    }

    /// What is said of the values that are on both sides.
    fn meanings(&mut self, pair: &Pair<'_, '_>, old: Option<&Value>, new: Option<&Value>) {
        let empty = Value::Object(Map::new());
        let row =
            |side: Option<&Value>, name: &str| side.and_then(|side| side.get(name)).unwrap_or(&empty).clone();
        let names = |side: Option<&Value>| -> BTreeSet<String> {
            side.and_then(Value::as_object).into_iter().flat_map(|rows| rows.keys().cloned()).collect()
        };
        let listed = |view: &View<'_>, name: &str| {
            view.values().is_none_or(|values| values.iter().any(|value| value.as_str() == Some(name)))
        };
        let all: BTreeSet<String> = names(old).union(&names(new)).cloned().collect();
        for name in all.iter().filter(|name| listed(pair.old, name) && listed(pair.new, name)) {
            let (before, after) = (row(old, name), row(new, name));
            let spellings = |row: &Value| -> BTreeSet<String> {
                let list = row.get("spellings").and_then(Value::as_array).into_iter().flatten();
                list.filter_map(Value::as_str).map(str::to_lowercase).collect()
            };
            let (read_before, read_after) = (spellings(&before), spellings(&after));
            for (edit, spelling) in (read_before.difference(&read_after).map(|it| ("removed", it)))
                .chain(read_after.difference(&read_before).map(|it| ("added", it)))
            {
                let noted = self.note(pair, "x-values.spellings", edit);
                noted.name = format!("spelling {spelling} of {name}");
                (noted.before, noted.after) = (None, None);
                (noted.old, noted.new) = (Some(pair.old.place("x-values")), Some(pair.new.place("x-values")));
            }
            let data = |row: &Value| {
                let mut row = meaning(row);
                if let Value::Object(row) = &mut row {
                    row.shift_remove("spellings");
                }
                row
            };
            // Recommended values are for people: they decide nothing.
            let (advised, decided) = (split(&data(&before), true), split(&data(&before), false));
            let (now_advised, now_decided) = (split(&data(&after), true), split(&data(&after), false));
            if decided == now_decided && advised != now_advised {
                let noted = self.note(pair, "x-values.recommended", "changed");
                noted.name.clone_from(name);
                (noted.before, noted.after) = (Some(advised), Some(now_advised));
            } else if data(&before) != data(&after) {
                let edit = if keeps(&data(&before), &data(&after)) { "added" } else { "changed" };
                let noted = self.note(pair, "x-values", edit);
                noted.name.clone_from(name);
                (noted.before, noted.after) = (Some(data(&before)), Some(data(&after)));
            } else if before.get("description") != after.get("description") {
                self.note(pair, "words", "changed").name = format!("value {name}");
            }
        }
    }

    /// The C# names of properties that both sides have: as they are written, or by the rule.
    fn csharp(&mut self, pair: &Pair<'_, '_>) {
        for (name, old) in &pair.old.properties {
            let Some(new) = pair.new.properties.get(name) else { continue };
            let said = |side: &crate::contract::Side, at: &str| {
                side.at(at)
                    .and_then(|schema| schema.get("x-csharp"))
                    .and_then(Value::as_str)
                    .map(str::to_owned)
            };
            let (before, after) = (said(self.old, old), said(self.new, new));
            let by_rule = |said: Option<String>| said.unwrap_or_else(|| pascal(name));
            let (before, after) = (by_rule(before), by_rule(after));
            if before == after {
                continue;
            }
            let noted = self.note(pair, "x-csharp", "changed");
            (noted.old, noted.new) = (Some(old.clone()), Some(new.clone()));
            (*name).clone_into(&mut noted.name);
            (noted.before, noted.after) = (Some(before.into()), Some(after.into()));
        }
    }
}

/// The members that recommend something, or the others.
fn split(row: &Value, advice: bool) -> Value {
    let members = row.as_object().into_iter().flatten();
    let wanted = members.filter(|(name, _)| name.starts_with("recommended") == advice);
    wanted.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>().into()
}

/// Whether all that was said is still said.
fn keeps(before: &Value, after: &Value) -> bool {
    let members = before.as_object().into_iter().flatten();
    members.into_iter().all(|(name, value)| after.get(name) == Some(value))
}

/// Data without its words.
fn meaning(row: &Value) -> Value {
    let mut row = row.clone();
    if let Value::Object(row) = &mut row {
        row.shift_remove("description");
    }
    row
}
