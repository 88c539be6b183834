//! Actions, their aliases, classes and routes; parameters and resources of HTTP.

use serde_json::Value;
use std::collections::BTreeSet;

use super::{Row, Tables};
use crate::contract::{
    Direction::{Both, Request},
    template,
};

/// Members of an action, the keyword of their rules and whom they concern.
const MEMBERS: [(&str, &str); 7] = [
    ("class", "action.class"),
    ("timeout_seconds", "action.timeout_seconds"),
    ("class_when", "action.class_when"),
    ("wrapped_in", "action.wrapped_in"),
    ("request_id_max", "action.request_id_max"),
    ("worker_module", "action.worker_module"),
    ("service_methods", "action.service_methods"),
];

/// Members of an action that are compared elsewhere.
const ELSEWHERE: [&str; 6] = ["action", "aliases", "routes", "request", "reply", "summary"];

fn named(name: &'static str) -> impl Fn(&Value) -> Option<String> {
    move |row| row.get(name).and_then(Value::as_str).map(str::to_owned)
}

impl<'s> Tables<'s> {
    pub(super) fn registry(&mut self) {
        let old = Self::rows(self.old, "registry", "actions", named("action"));
        let new = Self::rows(self.new, "registry", "actions", named("action"));
        for (name, row) in &old {
            match new.iter().find(|(other, _)| other == name) {
                Some((_, other)) => self.action(name, row, other),
                // A new action that has it as an alias still answers.
                None if new
                    .iter()
                    .any(|(_, other)| strings(other.value, "aliases").contains(name.as_str())) => {}
                None => {
                    let noted = self.note("action", "removed", &format!("action {name}"), Request);
                    noted.old = Some(row.place.clone());
                }
            }
        }
        for (name, row) in &new {
            if !old.iter().any(|(other, _)| other == name) {
                self.note("action", "added", &format!("action {name}"), Request).new =
                    Some(row.place.clone());
            }
        }
        self.routes(&old, &new);
        self.classes();
        self.parameters();
        self.resources();
    }

    fn action(&mut self, name: &str, old: &Row<'s>, new: &Row<'s>) {
        let rows = (Some(old), Some(new));
        for (member, keyword) in MEMBERS {
            let direction = if member == "request_id_max" { Request } else { Both };
            self.member(keyword, &format!("{member} of {name}"), rows, member, direction);
        }
        let (before, after) = (strings(old.value, "aliases"), strings(new.value, "aliases"));
        for alias in before.difference(&after) {
            let noted = self.note("action.aliases", "removed", alias, Request);
            (noted.old, noted.new) =
                (Some(format!("{}/aliases", old.place)), Some(format!("{}/aliases", new.place)));
        }
        for alias in after.difference(&before) {
            let noted = self.note("action.aliases", "added", alias, Request);
            noted.new = Some(format!("{}/aliases", new.place));
        }
        self.words(&format!("action {name}"), rows, "summary");
        self.others(name, rows);
    }

    fn words(&mut self, name: &str, rows: (Option<&Row<'s>>, Option<&Row<'s>>), member: &str) {
        let of = |row: Option<&Row<'s>>| row.and_then(|row| row.value.get(member)).cloned();
        if of(rows.0) != of(rows.1) {
            let noted = self.note("words", "changed", name, Both);
            (noted.old, noted.new) =
                (rows.0.map(|row| row.place.clone()), rows.1.map(|row| row.place.clone()));
        }
    }

    /// Members that no rule knows.
    fn others(&mut self, name: &str, rows: (Option<&Row<'s>>, Option<&Row<'s>>)) {
        let names = |row: Option<&Row<'s>>| -> BTreeSet<String> {
            row.and_then(|row| row.value.as_object())
                .into_iter()
                .flat_map(|row| row.keys().cloned())
                .collect()
        };
        let known =
            |member: &str| ELSEWHERE.contains(&member) || MEMBERS.iter().any(|(known, _)| *known == member);
        for member in names(rows.0).union(&names(rows.1)).filter(|member| !known(member)) {
            let before = self.edits.len();
            self.member("action.other", &format!("{member} of {name}"), rows, member, Both);
            for edit in &mut self.edits[before..] {
                edit.rule = crate::diff::rule::of_any("action.other", "changed");
            }
        }
    }

    /// A route is its verb and path; its action may have moved.
    fn routes(&mut self, old: &[(String, Row<'s>)], new: &[(String, Row<'s>)]) {
        let of = |rows: &[(String, Row<'s>)]| -> Vec<(String, String, Value, String)> {
            let mut routes = Vec::new();
            for (action, row) in rows {
                for (index, route) in
                    row.value.get("routes").and_then(Value::as_array).into_iter().flatten().enumerate()
                {
                    let text = |name: &str| route.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
                    let place = format!("{}/routes/{index}", row.place);
                    let mut rest = route.clone();
                    let path = template(&text("path"));
                    if let Value::Object(rest) = &mut rest {
                        rest.insert("action".to_owned(), action.as_str().into());
                        rest.insert("path".to_owned(), path.as_str().into());
                        rest.insert("params".to_owned(), fields_of_path(route));
                    }
                    routes.push((format!("{} {path}", text("verb")), action.clone(), rest, place));
                }
            }
            routes
        };
        let (old, new) = (of(old), of(new));
        for (name, _, before, place) in &old {
            let Some((_, _, after, other)) = new.iter().find(|(other, ..)| other == name) else {
                let noted = self.note("route", "removed", name, Request);
                (noted.before, noted.old) = (Some(before.clone()), Some(place.clone()));
                continue;
            };
            if before != after {
                let noted = self.note("route", "changed", name, Request);
                (noted.before, noted.after) = (Some(before.clone()), Some(after.clone()));
                (noted.old, noted.new) = (Some(place.clone()), Some(other.clone()));
            }
        }
        for (name, _, _, place) in
            new.iter().filter(|(name, ..)| !old.iter().any(|(other, ..)| other == name))
        {
            self.note("route", "added", &format!("route {name}"), Request).new = Some(place.clone());
        }
    }

    fn classes(&mut self) {
        let of = |side: &'s crate::contract::Side| {
            side.tables.get("registry").and_then(|table| table.get("classes")).and_then(Value::as_object)
        };
        let (old, new) = (of(self.old), of(self.new));
        let names: BTreeSet<&String> =
            old.into_iter().chain(new).flat_map(|classes| classes.keys()).collect();
        for name in names {
            let (before, after) = (old.and_then(|it| it.get(name)), new.and_then(|it| it.get(name)));
            if before != after {
                let noted = self.note("class", super::edit_of(before, after), &format!("class {name}"), Both);
                (noted.before, noted.after) = (before.cloned(), after.cloned());
                let place = || Some(format!("/$defs/registry.json/classes/{name}"));
                (noted.old, noted.new) = (place(), place());
            }
        }
    }

    fn parameters(&mut self) {
        let of = |side| Self::rows(side, "registry", "parameters", named("name"));
        self.listed("parameter", &of(self.old), &of(self.new), &["description", "schema"]);
    }

    fn resources(&mut self) {
        let of = |side| Self::rows(side, "registry", "resources", named("id"));
        self.listed("resource", &of(self.old), &of(self.new), &["summary", "description", "reply"]);
    }

    /// Rows that are compared whole, but for some members.
    fn listed(&mut self, keyword: &str, old: &[(String, Row<'s>)], new: &[(String, Row<'s>)], but: &[&str]) {
        let plain = |row: &Value| {
            let mut row = row.clone();
            if let Value::Object(row) = &mut row {
                but.iter().for_each(|name| drop(row.shift_remove(*name)));
            }
            row
        };
        for (name, row) in old {
            let other = new.iter().find(|(other, _)| other == name);
            let (before, after) = (plain(row.value), other.map(|(_, row)| plain(row.value)));
            if after.as_ref() == Some(&before) {
                if let Some((_, other)) = other {
                    let member = if keyword == "parameter" { "description" } else { "summary" };
                    self.words(&format!("{keyword} {name}"), (Some(row), Some(other)), member);
                }
                continue;
            }
            let noted =
                self.note(keyword, if other.is_some() { "changed" } else { "removed" }, name, Request);
            (noted.before, noted.after) = (Some(before), after);
            (noted.old, noted.new) = (Some(row.place.clone()), other.map(|(_, row)| row.place.clone()));
        }
        for (name, row) in new.iter().filter(|(name, _)| !old.iter().any(|(other, _)| other == name)) {
            self.note(keyword, "added", &format!("{keyword} {name}"), Request).new = Some(row.place.clone());
        }
    }
}

/// The fields that the parameters of a path give, in their order: the names in the path are not on the wire.
fn fields_of_path(route: &Value) -> Value {
    let segments = route.get("path").and_then(Value::as_str).into_iter().flat_map(|path| path.split('/'));
    let names = segments.filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let field = |name: &str| {
        let mapped = route.get("params").and_then(|params| params.get(name));
        mapped.cloned().unwrap_or_else(|| name.into())
    };
    names.map(field).collect()
}

fn strings<'v>(row: &'v Value, name: &str) -> BTreeSet<&'v str> {
    row.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}
