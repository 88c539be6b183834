//! Properties: added, removed, renamed, required; and what an object takes beside them.

use contracts::{naming::pascal, pointer::escape};
use serde_json::Value;
use std::collections::BTreeMap;

use super::{Edit, Hint, Pair, Step, Walk, edit_of};
use crate::contract::{EXTENDED, target};
use crate::diff::{
    judge::name_of,
    shape::says_nothing,
    value::Types,
    view::{View, is_everything},
};

const NAMES: &[&str] = &["additionalProperties", "unevaluatedProperties", "falseSchema"];

/// What an object takes beside its properties.
enum Rest {
    Open,
    Closed,
    /// The pointer of a schema.
    Schema(String),
}

impl Rest {
    fn of(view: &View<'_>) -> Self {
        match view.keywords.get("additionalProperties") {
            None => Self::Open,
            Some(keyword) => match &*keyword.value {
                Value::Bool(false) => Self::Closed,
                value if is_everything(value) => Self::Open,
                _ => Self::Schema(keyword.location.clone()),
            },
        }
    }
}

/// Where a property is written: in the definition that this one extends, if it comes from there.
fn written(view: &View<'_>, place: &str) -> String {
    let owner = place.rsplit_once("/properties/").map_or(place, |(owner, _)| owner);
    let extended = view.side.at(owner).is_some_and(|owner| owner.get(EXTENDED).is_some());
    let reference =
        view.side.at(place).and_then(Value::as_object).filter(|schema| extended && schema.len() == 1);
    let reference = reference.and_then(|schema| schema.get("$ref")).and_then(Value::as_str);
    reference.map_or_else(|| place.to_owned(), target)
}

impl Walk<'_> {
    pub(super) fn objects(&mut self, pair: &Pair<'_, '_>) {
        if !pair.old.types().and(pair.new.types()).has(Types::OBJECT) {
            return;
        }
        let renamed = self.renames(pair);
        for (name, old) in &pair.old.properties {
            match pair.new.properties.get(name) {
                Some(new) => {
                    self.child(pair.node, Step::Property((*name).to_owned()), old, new);
                    self.required(pair, name);
                }
                None if renamed.contains_key(*name) => self.removal(pair, name, old),
                None => {
                    self.removed(pair, name, old);
                    self.removal(pair, name, old);
                }
            }
        }
        for (name, new) in &pair.new.properties {
            if pair.old.properties.contains_key(name) {
                continue;
            }
            self.reuse(pair, name, new);
            if !renamed.values().any(|other| other == name) {
                self.added(pair, name, new);
            }
        }
        self.names_of_neither(pair);
        self.rest(pair);
        self.clashes(pair);
        self.dependent(pair);
    }

    /// Names of `required` that are no property on either side.
    fn names_of_neither(&mut self, pair: &Pair<'_, '_>) {
        let is_property =
            |name: &str| pair.old.properties.contains_key(name) || pair.new.properties.contains_key(name);
        let names = pair.old.required.keys().chain(pair.new.required.keys());
        let mut names: Vec<&str> = names.copied().filter(|name| !is_property(name)).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            self.required(pair, name);
        }
    }

    fn required(&mut self, pair: &Pair<'_, '_>, name: &str) {
        let edit = match (pair.old.required.get(name), pair.new.required.get(name)) {
            (None, Some(_)) => "added",
            (Some(_), None) => "removed",
            _ => return,
        };
        let place = |view: &View<'_>| {
            view.required.get(name).or_else(|| view.properties.get(name)).unwrap_or(&view.location).clone()
        };
        let (old, new) = (place(pair.old), place(pair.new));
        let noted = self.note(pair, "required", edit);
        noted.name = name.to_owned();
        (noted.before, noted.after) = (None, None);
        (noted.old, noted.new) = (Some(old), Some(new));
        noted.rejects = &["required"];
        noted.hints = vec![Hint::Without(name.to_owned())];
    }

    fn property(&mut self, pair: &Pair<'_, '_>, edit: &str, name: &str) -> &mut Edit {
        let place = |view: &View<'_>| view.properties.get(name).map(|place| written(view, place));
        let (old, new) = (place(pair.old), place(pair.new));
        let noted = self.note(pair, "properties", edit);
        noted.name = name.to_owned();
        (noted.before, noted.after) = (None, None);
        if let (Some(place), None) | (None, Some(place)) = (&old, &new) {
            noted.key = Some(place.clone());
        }
        noted.old = old.or_else(|| Some(pair.old.location.clone()));
        noted.new = new.or_else(|| Some(pair.new.location.clone()));
        noted
    }

    fn added(&mut self, pair: &Pair<'_, '_>, name: &str, new: &str) {
        let default = View::of(self.new, new).get("default").cloned();
        let required = pair.new.required.contains_key(name) && !pair.old.required.contains_key(name);
        let rest = Rest::of(pair.old);
        if required {
            let edit = match (&rest, &default) {
                (Rest::Open | Rest::Schema(_), _) => "added-required-open",
                (Rest::Closed, Some(_)) => "added-required-default",
                (Rest::Closed, None) => "added-required",
            };
            let noted = self.property(pair, edit, name);
            noted.after = default;
            noted.rejects = &["required", "additionalProperties", "unevaluatedProperties"];
            noted.hints = vec![Hint::Without(name.to_owned()), Hint::With(name.to_owned())];
            return;
        }
        match rest {
            Rest::Closed => {
                let noted = self.property(pair, "added-closed", name);
                noted.rejects = NAMES;
                noted.hints = vec![Hint::With(name.to_owned())];
            }
            Rest::Open => {
                let free = is_everything(self.new.at(new).unwrap_or(&Value::Null));
                if !free {
                    self.property(pair, "added-open", name);
                }
            }
            Rest::Schema(old) => self.child(pair.node, Step::Property(name.to_owned()), &old, new),
        }
    }

    fn removed(&mut self, pair: &Pair<'_, '_>, name: &str, old: &str) {
        let required = pair.old.required.contains_key(name);
        match Rest::of(pair.new) {
            Rest::Closed => {
                let noted =
                    self.property(pair, if required { "removed-required" } else { "removed-closed" }, name);
                noted.rejects = &["additionalProperties", "required", "unevaluatedProperties", "falseSchema"];
                noted.hints = vec![Hint::With(name.to_owned()), Hint::Without(name.to_owned())];
            }
            rest => {
                if let Rest::Schema(new) = rest {
                    self.child(pair.node, Step::Property(name.to_owned()), old, &new);
                }
                self.property(pair, "removed-open", name);
                if required && !pair.new.required.contains_key(name) {
                    self.required(pair, name);
                }
            }
        }
    }

    /// Names that are gone, by the new names that have their shapes.
    fn renames(&mut self, pair: &Pair<'_, '_>) -> BTreeMap<String, String> {
        let mut renamed = BTreeMap::new();
        let gone = pair.old.properties.iter().filter(|(name, _)| !pair.new.properties.contains_key(*name));
        let come = pair.new.properties.iter().filter(|(name, _)| !pair.old.properties.contains_key(*name));
        let come: Vec<(&&str, &String)> = come.collect();
        if come.is_empty()
            || !matches!((Rest::of(pair.old), Rest::of(pair.new)), (Rest::Closed, Rest::Closed))
        {
            return renamed;
        }
        for (name, old) in gone {
            let shape = self.old_shapes.of(old);
            let reads = |new: &str| {
                let view = View::of(self.new, new);
                ["x-accepted", "x-synonyms"].iter().any(|keyword| {
                    let spellings = view.get(keyword).and_then(Value::as_array).into_iter().flatten();
                    spellings.filter_map(Value::as_str).any(|known| pascal(known) == pascal(name))
                })
            };
            let alike: Vec<(&str, &String)> = come
                .iter()
                .filter(|(other, new)| {
                    let same_need =
                        pair.old.required.contains_key(name) == pair.new.required.contains_key(**other);
                    self.new_shapes.of(new) == shape
                        && same_need
                        && !renamed.values().any(|known| known == **other)
                })
                .map(|(other, new)| (**other, *new))
                .collect();
            let read = alike.iter().find(|(_, new)| reads(new));
            let Some((other, new)) = read.or(if let [one] = alike.as_slice() { Some(one) } else { None })
            else {
                continue;
            };
            let still = reads(new);
            let noted = self.property(pair, if still { "respelt" } else { "renamed" }, other);
            noted.old = Some((*old).clone());
            (noted.before, noted.after) = (Some((*name).into()), Some((*other).into()));
            noted.rejects = &["additionalProperties", "required", "unevaluatedProperties"];
            noted.hints = vec![Hint::With((*name).to_owned()), Hint::With((*other).to_owned())];
            renamed.insert((*name).to_owned(), (*other).to_owned());
            // What else changed of it is said as of one property.
            self.child(pair.node, Step::Renamed((*name).to_owned(), (*other).to_owned()), old, new);
        }
        renamed
    }

    fn rest(&mut self, pair: &Pair<'_, '_>) {
        let edit = match (Rest::of(pair.old), Rest::of(pair.new)) {
            (Rest::Open, Rest::Open) | (Rest::Closed, Rest::Closed) => return,
            (Rest::Schema(old), Rest::Schema(new)) => {
                return self.child(pair.node, Step::AnyProperty, &old, &new);
            }
            (Rest::Open, Rest::Closed) => "added",
            (Rest::Closed, Rest::Open) => "removed",
            (Rest::Schema(_), Rest::Closed) => "closed",
            (Rest::Closed, Rest::Schema(_)) => "opened",
            (Rest::Open, Rest::Schema(_)) => "narrowed",
            (Rest::Schema(_), Rest::Open) => "widened",
        };
        self.note(pair, "additionalProperties", edit);
    }

    /// Two names of the new side that are one in PascalCase.
    fn clashes(&mut self, pair: &Pair<'_, '_>) {
        if pair.old.properties.keys().eq(pair.new.properties.keys()) {
            return;
        }
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for name in pair.new.properties.keys() {
            let csharp = pascal(name).to_lowercase();
            let Some(other) = seen.insert(csharp, name) else { continue };
            let noted = self.note(pair, "names", "clash");
            (noted.before, noted.after) = (Some(other.into()), Some((*name).into()));
            noted.name = pascal(name);
        }
    }

    fn dependent(&mut self, pair: &Pair<'_, '_>) {
        for keyword in ["dependentRequired", "dependentSchemas", "patternProperties", "propertyNames"] {
            let (old, new) = (pair.old.get(keyword), pair.new.get(keyword));
            let says = |value: Option<&Value>| value.is_some_and(|value| !says_nothing(keyword, value));
            if !says(old) && !says(new) {
                continue;
            }
            if self.same_keyword(pair, keyword) {
                continue;
            }
            if let (Some(Value::Object(old)), Some(Value::Object(new))) = (old, new)
                && keyword == "patternProperties"
                && old.keys().eq(new.keys())
            {
                let places = (pair.old.place(keyword), pair.new.place(keyword));
                for name in new.keys() {
                    let at = |place: &str| format!("{place}/{}", escape(name));
                    // A pattern that no name is made of is left to the search for further names.
                    let step = name_of(name).map_or(Step::AnyProperty, Step::Property);
                    self.child(pair.node, step, &at(&places.0), &at(&places.1));
                }
                continue;
            }
            let closed = [pair.old, pair.new].iter().any(|view| !matches!(Rest::of(view), Rest::Open));
            if keyword == "patternProperties" && closed {
                // A name of a pattern is none of the further names.
                self.note(pair, keyword, edit_of(old, new));
            } else {
                self.conjunct(pair, keyword, edit_of(old, new));
            }
        }
    }
}
