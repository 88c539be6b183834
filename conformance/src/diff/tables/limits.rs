//! Limits and times of the protocol.

use contracts::pointer::escape;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

use super::Tables;
use crate::contract::Direction::{self, Both, Request};

/// Limits of a frame: both sides read frames.
const FRAME: [&str; 2] = ["frame_bytes_max", "depth_max"];

impl<'s> Tables<'s> {
    pub(super) fn limits(&mut self) {
        let of = |side: &'s crate::contract::Side| side.tables.get("limits").and_then(Value::as_object);
        let empty = Map::new();
        let (old, new) = (of(self.old).unwrap_or(&empty), of(self.new).unwrap_or(&empty));
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for name in names.into_iter().filter(|name| *name != "description") {
            match (old.get(name), new.get(name)) {
                (before, after) if before == after => {}
                (before, after) if name == "protocol_versions" => self.versions(before, after),
                (Some(before), Some(after)) => self.limit(name, before, after),
                (before, after) => {
                    self.limit_edit(
                        "limits",
                        if before.is_some() { "removed" } else { "added" },
                        name,
                        before,
                        after,
                        Request,
                    );
                }
            }
        }
    }

    fn limit_edit(
        &mut self,
        keyword: &str,
        edit: &str,
        name: &str,
        before: Option<&Value>,
        after: Option<&Value>,
        direction: Direction,
    ) {
        let place = format!("/$defs/limits.json/{}", escape(name));
        let noted = self.note(keyword, edit, name, direction);
        noted.old = before.is_some().then(|| place.clone());
        noted.new = after.is_some().then_some(place);
        (noted.before, noted.after) = (before.cloned(), after.cloned());
    }

    fn limit(&mut self, name: &str, before: &Value, after: &Value) {
        let part = |value: &Value, member: &str| value.get(member).cloned();
        if part(before, "unit") != part(after, "unit") {
            let (before, after) = (part(before, "unit"), part(after, "unit"));
            self.limit_edit("limits.unit", "changed", name, before.as_ref(), after.as_ref(), Both);
        }
        let (old, new) = (part(before, "value"), part(after, "value"));
        if old != new {
            let raised = old.as_ref().and_then(Value::as_f64) < new.as_ref().and_then(Value::as_f64);
            let edit = if raised { "raised" } else { "lowered" };
            let keyword = match name {
                name if FRAME.contains(&name) => "limits.frame",
                name if name.ends_with("_kept_seconds") => "limits.kept",
                name if name.ends_with("_seconds") || name.contains("_seconds_") => "limits.time",
                _ => "limits",
            };
            // A least value that is lowered takes more.
            let edit = match (keyword, name.ends_with("_min")) {
                ("limits", true) if raised => "lowered",
                ("limits", true) => "raised",
                _ => edit,
            };
            self.limit_edit(keyword, edit, name, old.as_ref(), new.as_ref(), Both);
        }
        let rest = |value: &Value| {
            let mut value = value.clone();
            if let Value::Object(value) = &mut value {
                ["unit", "value", "description"].iter().for_each(|name| drop(value.shift_remove(*name)));
            }
            value
        };
        if rest(before) != rest(after) {
            let keyword = if name.ends_with("_seconds") { "limits.time" } else { "limits.other" };
            self.limit_edit(keyword, "changed", name, Some(&rest(before)), Some(&rest(after)), Both);
        }
        if part(before, "description") != part(after, "description") {
            self.limit_edit("words", "changed", name, None, Some(after), Both);
        }
    }

    fn versions(&mut self, before: Option<&Value>, after: Option<&Value>) {
        let of = |value: Option<&Value>| -> BTreeSet<String> {
            value
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect()
        };
        let (old, new) = (of(before), of(after));
        for version in old.difference(&new) {
            self.limit_edit("limits.protocol_versions", "removed", version, before, after, Both);
        }
        for version in new.difference(&old) {
            self.limit_edit(
                "limits.protocol_versions",
                "added",
                &format!("version {version}"),
                before,
                after,
                Both,
            );
        }
    }
}
