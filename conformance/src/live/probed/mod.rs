//! Fields of commands and members of replies and events against the checks of the suite: each has a check that holds its
//! meaning, or a reason for having none. `data/fields.json` and `data/members.json` say which.
//!
//! Leaves of the prompt submission are not among them: `effects.probed` computes those from `x-effect`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use contracts::{
    Action,
    dictionary::{Def, Dictionary, Shape, dictionary},
    event,
};
use serde_json::Value;

use crate::{
    check::{CheckDef, ScenarioEnd},
    class::Class,
    scenario::Scenario,
    sentence::Sentence,
};

/// The definition whose leaves have probes of their own.
const SUBMISSION: &str = "PromptSubmission";

/// A table of probes, and what its rows are of.
struct Probes {
    /// The file below `conformance/data/`.
    file: &'static str,
    /// Its text.
    table: &'static str,
    /// The name of a row in messages: a field or a member.
    kind: &'static str,
    /// The definitions where the walk begins.
    roots: fn() -> Vec<&'static str>,
}

/// The fields of commands.
const FIELDS: Probes = Probes {
    file: "fields.json",
    table: include_str!("../../../data/fields.json"),
    kind: "field of a command",
    roots: || Action::ALL.into_iter().map(|action| action.info().request).collect(),
};

/// The members of replies and events.
const MEMBERS: Probes = Probes {
    file: "members.json",
    table: include_str!("../../../data/members.json"),
    kind: "member of a reply or an event",
    roots: || {
        let replies = Action::ALL.into_iter().map(|action| action.info().reply);
        let events = event::names().into_iter().filter_map(event::definition);
        ["Reply"].into_iter().chain(replies).chain(events).collect()
    },
};

/// The id of a check, or an object whose `unprobed` says why there is none; by definition and property.
type Table = BTreeMap<String, BTreeMap<String, Value>>;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario("probed.fields", "every-field", Sentence::NothingSilent, &FIELDS),
        scenario("probed.members", "every-member", Sentence::RepliesAreClosed, &MEMBERS),
    ]
}

fn scenario(id: &str, check: &'static str, proves: Sentence, probes: &'static Probes) -> Scenario {
    Scenario::new(id, vec![CheckDef::new(check, Class::Names, proves)], move |_, checks| {
        let table = probes.read().map_err(ScenarioEnd::Undecided)?;
        let faults = probes.faults(dictionary(), &table);
        checks.hold(check, faults.is_empty(), || faults.join("; "));
        Ok(())
    })
}

/// The check that holds a property of a definition, by the tables.
#[must_use]
pub(crate) fn check_of(definition: &str, property: &str) -> Option<&'static str> {
    static TABLES: LazyLock<[Table; 2]> =
        LazyLock::new(|| [FIELDS, MEMBERS].map(|probes| probes.read().expect("the tables are tested")));
    TABLES.iter().find_map(|table| table.get(definition)?.get(property)?.as_str())
}

impl Probes {
    fn read(&self) -> Result<Table, String> {
        serde_json::from_str(self.table).map_err(|err| format!("{}: {err}", self.file))
    }

    /// Properties without a row, and rows without a property.
    fn faults(&self, dictionary: &'static Dictionary, table: &Table) -> Vec<String> {
        let Self { file, kind, .. } = self;
        let mut walk = Walk { dictionary, properties: BTreeSet::new(), seen: BTreeSet::new() };
        for root in (self.roots)() {
            walk.definition(dictionary.named(root));
        }
        let rows: BTreeSet<(String, String)> = table
            .iter()
            .flat_map(|(definition, rows)| rows.keys().map(|name| (definition.clone(), name.clone())))
            .collect();
        let without = walk.properties.difference(&rows).map(|(definition, name)| {
            format!("{definition}.{name} is held by no check: name one in conformance/data/{file}")
        });
        let stale = rows
            .difference(&walk.properties)
            .map(|(definition, name)| format!("{definition}.{name} of conformance/data/{file} is no {kind}"));
        without.chain(stale).collect()
    }
}

/// The properties that lie below some definitions, each with its definition.
struct Walk {
    dictionary: &'static Dictionary,
    properties: BTreeSet<(String, String)>,
    seen: BTreeSet<String>,
}

impl Walk {
    fn definition(&mut self, def: &'static Def) {
        if def.name == SUBMISSION || !self.seen.insert(def.name.clone()) {
            return;
        }
        if let Shape::Object(spec) = &def.shape {
            for property in &spec.properties {
                self.properties.insert((def.name.clone(), property.snake.clone()));
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
            Shape::Ref(id) => self.definition(self.dictionary.def(*id)),
            Shape::List(list) => self.shape(&list.item),
            Shape::Map(map) => self.shape(&map.value),
            Shape::Nullable(inner) => self.shape(inner),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
