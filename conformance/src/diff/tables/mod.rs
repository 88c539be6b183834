//! Compares the tables of two contracts: actions, routes, codes, limits, rules over several fields.

mod codes;
mod limits;
mod registry;
mod rules;

use contracts::pointer::escape;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

use super::{rule, walk::Edit};
use crate::contract::{Direction, Root, Side, events};

/// Notes edits of tables.
pub(super) struct Tables<'s> {
    old: &'s Side,
    new: &'s Side,
    pub(super) edits: Vec<Edit>,
}

/// A row of a table on each side, with its place.
struct Row<'s> {
    value: &'s Value,
    place: String,
}

impl<'s> Tables<'s> {
    pub(super) fn compare(old: &'s Side, new: &'s Side) -> Vec<Edit> {
        let mut tables = Self { old, new, edits: Vec::new() };
        tables.registry();
        tables.codes();
        tables.limits();
        tables.rules();
        tables.events();
        tables.documents();
        tables.definitions();
        tables.operations();
        tables.edits
    }

    /// Notes an edit of an entry of a table.
    fn note(&mut self, keyword: &str, edit: &str, name: &str, direction: Direction) -> &mut Edit {
        self.edits.push(Edit {
            rule: rule::of_any(keyword, edit),
            name: name.to_owned(),
            before: None,
            after: None,
            old: None,
            new: None,
            key: None,
            nodes: Vec::new(),
            told: Some(direction),
            rejects: &[],
            hints: Vec::new(),
            harmless: None,
        });
        let last = self.edits.len() - 1;
        &mut self.edits[last]
    }

    /// Notes a change of a member of a row.
    fn member(
        &mut self,
        keyword: &str,
        label: &str,
        rows: (Option<&Row<'s>>, Option<&Row<'s>>),
        member: &str,
        direction: Direction,
    ) {
        let of = |row: Option<&Row<'s>>| row.and_then(|row| row.value.get(member)).cloned();
        let (before, after) = (of(rows.0), of(rows.1));
        if before == after {
            return;
        }
        let edit = match (before.as_ref().and_then(Value::as_f64), after.as_ref().and_then(Value::as_f64)) {
            (Some(old), Some(new)) if rule::of_edit(keyword, "raised").is_some() => {
                if new > old {
                    "raised"
                } else {
                    "lowered"
                }
            }
            _ => edit_of(before.as_ref(), after.as_ref()),
        };
        let place = |row: Option<&Row<'s>>| row.map(|row| format!("{}/{}", row.place, escape(member)));
        let (old, new) = (place(rows.0), place(rows.1));
        let noted = self.note(keyword, edit, label, direction);
        (noted.before, noted.after, noted.old, noted.new) = (before, after, old, new);
    }

    /// The rows of a list of a table, by the text that names each.
    fn rows(
        side: &'s Side,
        table: &str,
        list: &str,
        name: impl Fn(&Value) -> Option<String>,
    ) -> Vec<(String, Row<'s>)> {
        let rows = side.tables.get(table).and_then(|table| table.get(list)).and_then(Value::as_array);
        rows.into_iter()
            .flatten()
            .enumerate()
            .filter_map(|(index, value)| {
                let place = format!("/$defs/{table}.json/{list}/{index}");
                Some((name(value)?, Row { value, place }))
            })
            .collect()
    }

    /// Event kinds that only one side has.
    fn events(&mut self) {
        let (old, new) = (events(self.old), events(self.new));
        for (name, place) in old.iter().filter(|(name, _)| !new.iter().any(|(other, _)| other == name)) {
            self.note("event", "removed", name, Direction::Response).old = Some(place.clone());
        }
        for (name, place) in new.iter().filter(|(name, _)| !old.iter().any(|(other, _)| other == name)) {
            self.note("event", "added", name, Direction::Response).new = Some(place.clone());
        }
    }

    /// Documents that only one of two folders has. Two that have none in common are not two versions of one set.
    fn documents(&mut self) {
        if self.old.kind != super::Kind::Schemas || !(self.old.has_several() || self.new.has_several()) {
            return;
        }
        let documents = |side: &'s Side| -> BTreeMap<&'s str, Direction> {
            side.roots.iter().filter_map(|root| Some((root.document.as_deref()?, root.direction))).collect()
        };
        let (old, new) = (documents(self.old), documents(self.new));
        if old.keys().all(|key| !new.contains_key(key)) {
            return;
        }
        let place = |key: &str| Some(format!("/$defs/{}", escape(key)));
        for (key, direction) in old.iter().filter(|(key, _)| !new.contains_key(*key)) {
            self.note("document", "removed", &format!("document {key}"), *direction).old = place(key);
        }
        for (key, direction) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
            self.note("document", "added", &format!("document {key}"), *direction).new = place(key);
        }
    }

    /// Names of definitions, which generated types have; and files.
    fn definitions(&mut self) {
        let old = definitions(self.old);
        let new = definitions(self.new);
        for (name, place) in &old {
            match new.get(name) {
                None => {
                    let noted = self.note("definition", "removed", name, Direction::Both);
                    (noted.before, noted.old) = (Some(name.as_str().into()), Some(text(place)));
                }
                Some(other) if other != place && definition_file(place) != definition_file(other) => {
                    let noted = self.note("definition", "moved", name, Direction::Both);
                    (noted.old, noted.new) = (Some(text(place)), Some(text(other)));
                    (noted.before, noted.after) =
                        (Some(definition_file(place).into()), Some(definition_file(other).into()));
                }
                Some(_) => {}
            }
        }
        for (name, place) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
            self.note("definition", "added", name, Direction::Both).new = Some(text(place));
        }
    }

    /// Operations of OpenAPI documents that only one side has. One of a webhook goes the way of events.
    fn operations(&mut self) {
        if self.old.kind != super::Kind::OpenApi {
            return;
        }
        let operations = |side: &'s Side| -> BTreeMap<&'s str, &'s Root> {
            let requests = side.roots.iter().filter(|root| root.label.ends_with(" request"));
            requests.filter_map(|root| Some((root.action.as_deref()?, root))).collect()
        };
        let (old, new) = (operations(self.old), operations(self.new));
        let keyword = |root: &Root| match root.direction {
            Direction::Response => "webhook",
            _ => "operation",
        };
        for (name, root) in old.iter().filter(|(name, _)| !new.contains_key(*name)) {
            self.note(keyword(root), "removed", name, root.direction).old = Some(root.location.clone());
        }
        for (name, root) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
            self.note(keyword(root), "added", name, root.direction).new = Some(root.location.clone());
        }
        self.beside_schemas();
    }

    /// What OpenAPI documents say beside their schemas. No rule knows what it breaks, and it must not pass in silence.
    fn beside_schemas(&mut self) {
        let (old, new) = (self.old.beside_schemas(), self.new.beside_schemas());
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for name in names {
            let (before, after) = (old.get(name), new.get(name));
            if before.map(|(_, value)| value) == after.map(|(_, value)| value) {
                continue;
            }
            let noted = self.note("openapi", "changed", name, Direction::Both);
            let value = |side: Option<&(String, Value)>| side.map(|(_, value)| value.clone());
            let place = |side: Option<&(String, Value)>| side.map(|(location, _)| location.clone());
            (noted.before, noted.after) = (value(before), value(after));
            (noted.old, noted.new) = (place(before), place(after));
        }
    }
}

/// Definitions of all documents, with their places.
fn definitions(side: &Side) -> Map<String, Value> {
    let mut found = Map::new();
    let documents = side.at("/$defs").and_then(Value::as_object).into_iter().flatten();
    for (key, document) in documents.filter(|(key, _)| side.files.contains_key(*key)) {
        for list in ["$defs", "definitions"] {
            for name in document.get(list).and_then(Value::as_object).into_iter().flat_map(Map::keys) {
                found.insert(name.clone(), format!("/$defs/{}/{list}/{}", escape(key), escape(name)).into());
            }
        }
    }
    found
}

fn text(place: &Value) -> String {
    place.as_str().map_or_else(|| place.to_string(), str::to_owned)
}

fn definition_file(place: &Value) -> String {
    let text = text(place);
    text.split('/').nth(2).map_or_else(String::new, str::to_owned)
}

fn edit_of(old: Option<&Value>, new: Option<&Value>) -> &'static str {
    match (old, new) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "changed",
    }
}
