//! Which types stand for which definitions of the schemas; each is then compared (`compare`).

use contracts::dictionary::{Def, Dictionary, ObjectSpec, Property, Shape};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{TypeRows, compare};
use crate::{
    class::Class,
    contract::Tables,
    source::{Finding, Judged, Undecided},
};

/// The least members that a type and a message share to be taken for the same. A part of a message, as a width and a height,
/// needs more: many programs have such a type for other ends, and that of a message is reached by its member.
const SHARED_MIN: usize = 2;

/// The least that a type shares with a definition of which it has a small part.
const MANY: usize = 3;

/// Steps from a type to the types of its members: definitions nest less deep.
const STEPS_MAX: usize = 8;

/// A definition that is an object.
pub(super) struct Object<'d> {
    pub(super) spec: &'d ObjectSpec,
    /// Its properties by their folded names.
    pub(super) index: HashMap<String, &'d Property>,
}

/// The contract, and who reads what of it.
pub(super) struct Roles<'d> {
    pub(super) tables: &'d Tables,
    pub(super) dictionary: &'d Dictionary,
    /// Definitions that C# reads: replies with all that they hold.
    received: BTreeSet<String>,
    /// Definitions that C# writes: commands with all that they hold.
    sent: BTreeSet<String>,
    /// Definitions of integers that count things.
    counts: BTreeSet<String>,
    /// Definitions whose names are snake in every dialect, as those of RFC 9457.
    snake: BTreeSet<String>,
    /// The definitions that are objects.
    objects: BTreeMap<&'d str, Object<'d>>,
    /// Definitions that a command or a reply is.
    roots: BTreeSet<String>,
    /// Definitions of commands, beside whose members those of the envelope may stand.
    commands: BTreeSet<String>,
}

impl<'d> Roles<'d> {
    /// The roles of a contract's definitions.
    pub(super) fn of(tables: &'d Tables) -> Self {
        let dictionary = tables.dictionary;
        let has = |name: &&str| dictionary.defs().any(|def| def.name == *name);
        let replies = tables.actions.iter().map(|row| row.reply.as_str());
        let replies: Vec<&str> = replies.chain(["Reply"].into_iter().filter(has)).collect();
        let requests = tables.actions.iter().map(|row| row.request.as_str());
        let requests: Vec<&str> =
            requests.chain(["PromptSubmission", "EnvelopeHead"].into_iter().filter(has)).collect();
        let is_count = |(_, def): &(&String, &Value)| def["type"] == "integer" && def["x-unit"] == "count";
        let is_snake = |(_, def): &(&String, &Value)| def["x-wire-names"] == "snake";
        let defs = || tables.definitions();
        Self {
            tables,
            dictionary,
            roots: requests.iter().chain(&replies).map(|&name| name.to_owned()).collect(),
            commands: tables.actions.iter().map(|row| row.request.clone()).collect(),
            received: closure(dictionary, replies),
            sent: closure(dictionary, requests),
            counts: defs().filter(is_count).map(|(name, _)| name.clone()).collect(),
            snake: defs().filter(is_snake).map(|(name, _)| name.clone()).collect(),
            objects: dictionary.defs().filter_map(object).collect(),
        }
    }

    /// Whether C# reads it; else C# writes it. Events and documents of HTTP are in no command.
    pub(super) fn is_received(&self, definition: &str) -> bool {
        self.received.contains(definition) || !self.sent.contains(definition)
    }

    /// A definition that is an object.
    ///
    /// # Panics
    /// If the name is of no object; a map names only definitions that are.
    pub(super) fn object(&self, definition: &str) -> &Object<'d> {
        self.find(definition).unwrap_or_else(|| panic!("`{definition}` is no object"))
    }

    /// The object of a name; another contract than ours may have none.
    pub(super) fn find(&self, definition: &str) -> Option<&Object<'d>> {
        self.objects.get(definition)
    }

    pub(super) fn is_snake(&self, definition: &str) -> bool {
        self.snake.contains(definition)
    }

    pub(super) fn is_command(&self, definition: &str) -> bool {
        self.commands.contains(definition)
    }

    pub(super) fn is_count(&self, shape: &Shape) -> bool {
        matches!(shape, Shape::Ref(id) if self.counts.contains(&self.dictionary.def(*id).name))
    }

    /// The object definition in a shape: its own, or that of its items or values.
    fn object_in(&self, shape: &'d Shape) -> Option<&'d str> {
        match shape {
            Shape::Ref(id) => {
                let def = self.dictionary.def(*id);
                match &def.shape {
                    Shape::Object(_) => Some(&def.name),
                    other => self.object_in(other),
                }
            }
            Shape::Nullable(of) => self.object_in(of),
            Shape::List(list) => self.object_in(&list.item),
            Shape::Map(map) => self.object_in(&map.value),
            _ => None,
        }
    }

    /// The definition of a type's own name, if they share a member; else the one that shares most names: at least half of both, or
    /// three quarters of the type's. An abstract type is none: its derived types have its members.
    fn resembled(&self, of: &TypeRows) -> Option<&'d str> {
        if of.is_abstract {
            return None;
        }
        let names: BTreeSet<String> = of.names.iter().map(|name| folded(name)).collect();
        let score =
            |object: &Object<'_>| names.iter().filter(|&name| object.index.contains_key(name)).count();
        let scored: Vec<(usize, usize, &str)> =
            self.objects.iter().map(|(name, object)| (score(object), object.index.len(), *name)).collect();
        if let Some((.., name)) = scored.iter().find(|(shared, _, name)| *shared > 0 && *name == of.name) {
            return Some(name);
        }
        let close = scored.into_iter().filter(|(shared, all, name)| {
            let least = if self.roots.contains(*name) { SHARED_MIN } else { MANY };
            let is_half_of_both = *shared >= least && shared * 2 >= names.len() && shared * 2 >= *all;
            is_half_of_both || (*shared >= MANY && shared * 4 >= names.len() * 3)
        });
        // Of equals a message as a whole, then the smaller one, then by name: the answer must not change from run to run.
        let rank = |(shared, all, name): &(usize, usize, &'d str)| {
            (*shared, self.roots.contains(*name), std::cmp::Reverse(*all), std::cmp::Reverse(*name))
        };
        close.max_by_key(rank).map(|(_, _, name)| name)
    }
}

/// Definitions with all that they hold.
fn closure<'d>(dictionary: &'d Dictionary, mut open: Vec<&'d str>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    while let Some(name) = open.pop() {
        if found.insert(name.to_owned()) {
            refer(dictionary, &dictionary.named(name).shape, &mut open);
        }
    }
    found
}

fn refer<'d>(dictionary: &'d Dictionary, shape: &'d Shape, open: &mut Vec<&'d str>) {
    match shape {
        Shape::Ref(id) => open.push(&dictionary.def(*id).name),
        Shape::Nullable(of) => refer(dictionary, of, open),
        Shape::List(list) => refer(dictionary, &list.item, open),
        Shape::Map(map) => refer(dictionary, &map.value, open),
        Shape::Object(object) => {
            object.properties.iter().for_each(|property| refer(dictionary, &property.shape, open));
        }
        _ => {}
    }
}

/// Judges all types that resemble a definition, that a member of such a type reaches, or that a map names one for.
pub(super) fn judge(roles: &Roles<'_>, types: &[TypeRows], maps: &[(String, String)], judged: &mut Judged) {
    let definitions = definitions(roles, types, maps);
    for (of, definitions) in types.iter().zip(&definitions) {
        if definitions.is_empty() {
            judged.left_out.push(of.name.clone());
            // A converter may write any type of the contract.
            judged.undecided.extend(of.converted.clone().map(|(place, why)| Undecided { place, why }));
        }
        for definition in definitions {
            let by = of.context.as_ref().map_or_else(String::new, |context| format!(" by {context}"));
            judged.compared.push(format!("{} as {definition}{by}", of.name));
            compare::compare(roles, of, definition, judged);
        }
    }
    same_names(types, &definitions, judged);
    tags(roles, types, &definitions, judged);
}

/// Values by which derived types are told apart, against the contract's.
fn tags(roles: &Roles<'_>, types: &[TypeRows], definitions: &[BTreeSet<&str>], judged: &mut Judged) {
    for of in types {
        for tag in &of.tags {
            let derived = types.iter().zip(definitions).filter(|(one, _)| one.name == tag.of);
            for definition in derived.flat_map(|(_, definitions)| definitions) {
                let shape = roles
                    .object(definition)
                    .index
                    .get(&folded(&tag.name))
                    .map(|one| roles.dictionary.resolve(&one.shape));
                if let Some(Shape::Enum(spec)) = shape
                    && !spec.values.contains(&tag.value)
                {
                    let why = format!(
                        "{} is told by {:?}, and the contract has {}",
                        tag.of,
                        tag.value,
                        spec.values.join(", ")
                    );
                    let (place, subject) = (of.place.clone(), of.name.clone());
                    judged.findings.push(Finding { place, class: Class::Enum, subject, why });
                }
            }
        }
    }
}

/// The definitions that each type stands for.
fn definitions<'d>(
    roles: &Roles<'d>,
    types: &[TypeRows],
    maps: &'d [(String, String)],
) -> Vec<BTreeSet<&'d str>> {
    let mapped = |of: &TypeRows| maps.iter().find(|(name, _)| *name == of.name);
    let resembled: Vec<BTreeSet<&str>> = types
        .iter()
        .map(|of| match mapped(of) {
            Some((_, definition)) => BTreeSet::from([definition.as_str()]),
            None => roles.resembled(of).into_iter().collect(),
        })
        .collect();
    let mut now = resembled.clone();
    // The member that has a type tells more about it than the names in the type.
    for _ in 0..STEPS_MAX {
        let mut reached: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (of, definitions) in types.iter().zip(&now) {
            for definition in definitions {
                let index = &roles.object(definition).index;
                for row in of.members.iter().flatten() {
                    let property = index.get(&folded(&row.json));
                    let definition = property.and_then(|property| roles.object_in(&property.shape));
                    if let (Some(name), Some(definition)) = (row.form.object(), definition) {
                        reached.entry(name).or_default().insert(definition);
                    }
                }
            }
        }
        let next: Vec<BTreeSet<&str>> = types
            .iter()
            .zip(&resembled)
            .map(|(of, resembled)| match reached.get(of.name.as_str()) {
                Some(reached) if mapped(of).is_none() => reached.clone(),
                _ => resembled.clone(),
            })
            .collect();
        if next == now {
            break;
        }
        now = next;
    }
    now
}

fn object(def: &Def) -> Option<(&str, Object<'_>)> {
    let Shape::Object(spec) = &def.shape else { return None };
    let index = spec.properties.iter().map(|property| (folded(&property.snake), property)).collect();
    Some((&def.name, Object { spec, index }))
}

/// Two types of one name that stand for the contract with other members: a client made from one breaks on the other.
fn same_names(types: &[TypeRows], definitions: &[BTreeSet<&str>], judged: &mut Judged) {
    let mut first: BTreeMap<&str, &TypeRows> = BTreeMap::new();
    for (of, _) in types.iter().zip(definitions).filter(|(of, named)| !named.is_empty() && !of.is_nested) {
        let Some(other) = first.get(of.name.as_str()) else {
            first.insert(&of.name, of);
            continue;
        };
        let names = |of: &TypeRows| of.names.iter().cloned().collect::<BTreeSet<_>>();
        if names(of) != names(other) {
            let place = format!("{}:{}", other.place.file.display(), other.place.line);
            let why = format!("another type of this name has other members ({place})");
            let place = of.place.clone();
            judged.findings.push(Finding { place, class: Class::Http, subject: of.name.clone(), why });
        }
    }
}

/// A name without case and separators.
pub(super) fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
