//! Lists and maps.

use serde_json::{Map, Value};

use super::reader::{At, Reader};
use crate::{
    checked::LimitError,
    dictionary::{EnumSpec, ListSpec, MapSpec, Shape},
    nearest::written_by,
    pointer::escape,
    scalar,
    shown::valued,
    tree::Tree,
};

impl<'d> Reader<'d> {
    pub(super) fn list(
        &mut self,
        shape: &Shape,
        spec: &'d ListSpec,
        tree: &Tree,
        at: &At<'d>,
    ) -> Option<Value> {
        let Tree::List(trees) = tree else {
            self.no_list(shape, tree, at);
            return None;
        };
        let count = spec.limits.count(trees.len());
        if trees.len() as u64 > spec.limits.maximum {
            return self.too_many(at, count, "items");
        }
        let order = match self.dictionary.resolve(&spec.item) {
            Shape::Enum(of) if spec.sorted => Some(&**of),
            _ => None,
        };
        let mut items: Vec<(Value, String)> = Vec::with_capacity(trees.len());
        for (i, tree) in trees.iter().enumerate() {
            if self.is_done() {
                return None;
            }
            let at = At {
                example: self.dictionary.example_of(&spec.item),
                ..at.down(&i.to_string(), &i.to_string())
            };
            if order.is_none() {
                self.places.set(&at.canonical, &at.sender);
            }
            if let Some(item) = self.item(spec, tree, &at) {
                if spec.limits.unique && items.iter().any(|(known, _)| *known == item) {
                    let message = format!("{} stands in the list twice", valued(&item));
                    self.unreadable(&at, message, "write each item once".to_owned());
                }
                items.push((item, at.sender));
            }
        }
        if let Some(violation) = scalar::count(count, "items") {
            self.scalar_violation(at, violation);
        }
        if let Some(order) = order {
            self.sort(order, &mut items, at);
        }
        Some(items.into_iter().map(|(item, _)| item).collect())
    }

    fn item(&mut self, spec: &'d ListSpec, tree: &Tree, at: &At<'d>) -> Option<Value> {
        if *tree == Tree::Null && !matches!(spec.item, Shape::Any) {
            let message = "a list must not contain null".to_owned();
            self.unreadable(at, message, "leave it out of the list".to_owned());
            return None;
        }
        self.value(&spec.item, tree, at)
    }

    /// Sorts a list whose order has no meaning, and notes where each of its items stood.
    fn sort(&mut self, order: &EnumSpec, items: &mut [(Value, String)], at: &At<'d>) {
        items.sort_by_key(|(item, _)| order.values.iter().position(|value| item == value));
        for (i, (_, sender)) in items.iter().enumerate() {
            self.places.set(&format!("{}/{i}", at.canonical), sender);
        }
    }

    /// A value of another type in the place of a list.
    fn no_list(&mut self, shape: &Shape, tree: &Tree, at: &At<'d>) {
        let why = match tree {
            Tree::Map(members) => members.iter().find_map(|(name, _)| written_by(name)),
            _ => None,
        };
        let message = format!("expected a list, not {}", tree.kind());
        match why {
            Some(why) => self.unreadable(at, format!("{message}; {why}"), why.to_owned()),
            None => self.unreadable(at, message, self.hints(at).of_type(shape, tree)),
        }
    }

    pub(super) fn map(
        &mut self,
        shape: &Shape,
        spec: &'d MapSpec,
        tree: &Tree,
        at: &At<'d>,
    ) -> Option<Value> {
        let Tree::Map(members) = tree else {
            self.another_type(shape, "an object", tree, at);
            return None;
        };
        let count = spec.limits.check(members.len());
        if count.is_err() {
            return self.too_many(at, count, "entries");
        }
        let mut map = Map::new();
        for (key, tree) in members {
            let at = at.down(&escape(key), key);
            self.places.set(&at.canonical, &at.sender);
            if let Some(value) = self.value(&spec.value, tree, &at) {
                map.insert(key.clone(), value);
            }
        }
        Some(map.into())
    }

    /// A list or map that is too long is one violation, and is not looked into: what stands in it could cost more than
    /// the contract has room for.
    fn too_many(&mut self, at: &At<'d>, count: Result<(), LimitError>, of: &str) -> Option<Value> {
        if let Some(violation) = scalar::count(count, of) {
            self.unread = true;
            self.scalar_violation(at, violation);
        }
        None
    }
}
