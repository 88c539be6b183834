//! Members of replies: the presence and the type of each, by scenario, command and outcome.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Comparison, Place,
    read::{Reply, Side},
};

type Kinds = BTreeMap<String, BTreeSet<String>>;
type Key<'r> = (&'r str, &'r str, &'r str);

/// Adds the members that differ. Only replies of the same scenario, to the same command and with the same outcome are
/// compared: whether a command succeeds is what checks decide.
pub(super) fn compare(sides: &[Side], compared: &mut Comparison) {
    let replies: Vec<BTreeMap<Key<'_>, &Kinds>> =
        sides.iter().map(|side| side.replies.iter().map(keyed).collect()).collect();
    let keys: BTreeSet<Key<'_>> = replies.iter().flat_map(|own| own.keys().copied()).collect();
    for key in keys {
        let own: Vec<Option<&Kinds>> = replies.iter().map(|replies| replies.get(&key).copied()).collect();
        if own.iter().flatten().count() > 1 {
            compared.replies += 1;
            add(key, &own, compared);
        }
    }
}

fn keyed(reply: &Reply) -> (Key<'_>, &Kinds) {
    ((&reply.scenario, &reply.command, &reply.outcome), &reply.members)
}

fn add((scenario, command, outcome): Key<'_>, own: &[Option<&Kinds>], compared: &mut Comparison) {
    let pointers: BTreeSet<&String> = own.iter().flatten().flat_map(|kinds| kinds.keys()).collect();
    for pointer in pointers {
        let kinds: Vec<Option<BTreeSet<String>>> =
            own.iter().map(|kinds| kinds.map(|kinds| at(kinds, pointer))).collect();
        let distinct: BTreeSet<&BTreeSet<String>> = kinds.iter().flatten().collect();
        if distinct.len() == 1 || is_below_a_missing_one(pointer, own) {
            continue;
        }
        let pointer = pointer.clone();
        let place = Place { command: command.to_owned(), outcome: outcome.to_owned(), pointer, kinds };
        compared.members.entry(place).or_default().scenarios.insert(scenario.to_owned());
    }
}

fn at(kinds: &Kinds, pointer: &str) -> BTreeSet<String> {
    kinds.get(pointer).cloned().unwrap_or_else(BTreeSet::new)
}

/// Whether the object or list around a member is absent in a target that lacks the member, or empty in all its replies: then
/// the one around it is what differs, or nothing is.
fn is_below_a_missing_one(pointer: &str, own: &[Option<&Kinds>]) -> bool {
    let Some((around, name)) = pointer.rsplit_once('/') else { return false };
    let lacks = |kinds: &&Kinds| !kinds.contains_key(pointer);
    let is_around = |kinds: &Kinds| around.is_empty() || kinds.get(around).is_some_and(holds);
    // An empty list says nothing of its items.
    own.iter().flatten().filter(|kinds| lacks(kinds)).any(|kinds| !is_around(kinds) || name == "*")
}

fn holds(kinds: &BTreeSet<String>) -> bool {
    kinds.contains("object") || kinds.contains("list")
}
