//! Members of the schemas against `data/members.json`: each member of each reply and event has a check that holds it against
//! something else, or a reason for having none.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{
    Action,
    dictionary::{Def, Shape, dictionary},
    event,
};
use serde_json::Value;

use crate::{
    check::{CheckDef, ScenarioEnd},
    class::Class,
    scenario::Scenario,
    sentence::Sentence,
};

/// The check of each member, by definition and name.
const TABLE: &str = include_str!("../../../data/members.json");

/// The id of a check, or an object whose `unprobed` says why there is none; by definition and member.
type Table = BTreeMap<String, BTreeMap<String, Value>>;

pub(super) fn scenario() -> Scenario {
    let checks = vec![CheckDef::new("every-member", Class::Names, Sentence::RepliesAreClosed)];
    Scenario::new("members.probed", checks, |_, checks| {
        let table: Table = serde_json::from_str(TABLE)
            .map_err(|err| ScenarioEnd::Undecided(format!("members.json: {err}")))?;
        let faults = faults(&members(), &table);
        checks.hold("every-member", faults.is_empty(), || faults.join("; "));
        Ok(())
    })
}

/// Every member that a worker can write, as `Definition.member`.
fn members() -> BTreeSet<(String, String)> {
    let mut walk = Walk::default();
    walk.definition(dictionary().named("Reply"));
    for action in Action::ALL.into_iter().filter(|action| action.info().worker_module.is_some()) {
        walk.definition(dictionary().named(action.info().reply));
    }
    for definition in event::names().into_iter().filter_map(event::definition) {
        walk.definition(dictionary().named(definition));
    }
    walk.members
}

#[derive(Default)]
struct Walk {
    members: BTreeSet<(String, String)>,
    seen: BTreeSet<String>,
}

impl Walk {
    fn definition(&mut self, def: &'static Def) {
        if !self.seen.insert(def.name.clone()) {
            return;
        }
        if let Shape::Object(spec) = &def.shape {
            for property in &spec.properties {
                self.members.insert((def.name.clone(), property.snake.clone()));
                if !property.verbatim {
                    self.shape(&property.shape);
                }
            }
        } else {
            self.shape(&def.shape);
        }
    }

    fn shape(&mut self, shape: &'static Shape) {
        match shape {
            Shape::Ref(id) => self.definition(dictionary().def(*id)),
            Shape::List(list) => self.shape(&list.item),
            Shape::Map(map) => self.shape(&map.value),
            Shape::Nullable(inner) => self.shape(inner),
            _ => {}
        }
    }
}

/// Members without a row, and rows without a member.
fn faults(members: &BTreeSet<(String, String)>, table: &Table) -> Vec<String> {
    let rows: BTreeSet<(String, String)> = table
        .iter()
        .flat_map(|(definition, rows)| rows.keys().map(|member| (definition.clone(), member.clone())))
        .collect();
    let without = members.difference(&rows).map(|(definition, member)| {
        format!("{definition}.{member} is held by no check: name one in conformance/data/members.json")
    });
    let stale = rows.difference(members).map(|(definition, member)| {
        format!("{definition}.{member} of conformance/data/members.json is no member of a reply or an event")
    });
    without.chain(stale).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{TABLE, Table, faults, members};
    use crate::live;

    #[test]
    fn each_member_has_a_row_and_each_row_a_check() {
        let table: Table = serde_json::from_str(TABLE).unwrap();
        assert_eq!(faults(&members(), &table), Vec::<String>::new());
        let suites = live::all(1);
        let scenarios = suites.iter().flat_map(|suite| &suite.scenarios);
        let ids: BTreeSet<String> = scenarios
            .flat_map(|scenario| scenario.checks.iter().map(|check| format!("{}.{}", scenario.id, check.id)))
            .collect();
        for (definition, rows) in &table {
            for (member, probe) in rows {
                match probe.as_str() {
                    Some(id) => assert!(ids.contains(id), "{definition}.{member}: there is no check {id}"),
                    None => assert!(
                        probe["unprobed"].is_string(),
                        "{definition}.{member}: neither check nor reason"
                    ),
                }
            }
        }
    }

    #[test]
    fn a_new_member_and_a_row_of_none_are_named() {
        let mut table: Table = serde_json::from_str(TABLE).unwrap();
        let probe = table.get_mut("LoadResult").and_then(|rows| rows.remove("from_cache")).unwrap();
        table.get_mut("LoadResult").unwrap().insert("gone".to_owned(), probe);
        assert_eq!(
            faults(&members(), &table),
            [
                "LoadResult.from_cache is held by no check: name one in conformance/data/members.json",
                "LoadResult.gone of conformance/data/members.json is no member of a reply or an event",
            ]
        );
    }
}
