//! Members that are not a property: neutral ones, flags, and the list items that both add.

use serde_json::{Map, Value};

use super::reader::{Added, At, Members, Reader};
use crate::{
    dictionary::{Extra, ObjectSpec, Shape},
    generated::error_code::ErrorCode,
    tree::Tree,
};

impl<'d> Reader<'d> {
    pub(super) fn neutral(
        &mut self,
        extra: &Extra,
        name: &str,
        tree: &Tree,
        at: &At<'d>,
        members: &mut Members,
    ) {
        let at = at.down(&extra.snake, name);
        if let Tree::Text(text) = tree
            && let Some((list, value)) = extra.adds.get(&text.to_lowercase())
        {
            self.accepted(name, value, value, &at.sender);
            members.adds.push(Added { list: *list, value: value.clone(), from: at.sender });
        } else if !is_neutral(tree) {
            self.unread = true;
            self.violation(
                &at,
                ErrorCode::UnsupportedFeature,
                format!("no worker supports `{name}`; leave it out, or write null, false, 0, \"none\" or an empty value"),
                format!("leave `{name}` out"),
            );
        }
    }

    pub(super) fn flag(
        &mut self,
        extra: &Extra,
        name: &str,
        tree: &Tree,
        at: &At<'d>,
        members: &mut Members,
    ) {
        let at = at.down(&extra.snake, name);
        match tree {
            Tree::Null | Tree::Bool(false) => {}
            Tree::Bool(true) => {
                let (list, value) = &extra.adds["true"];
                self.accepted(name, value, value, &at.sender);
                members.adds.push(Added { list: *list, value: value.clone(), from: at.sender });
            }
            other => {
                let message = format!("`{name}` is true or false, not {}", other.kind());
                self.unreadable(&at, message, self.hints(&at).of_type(&Shape::Boolean, other));
            }
        }
    }

    /// The canonical object, in the schema's order.
    pub(super) fn collect(&mut self, spec: &'d ObjectSpec, mut members: Members, at: &str) -> Value {
        for added in std::mem::take(&mut members.adds) {
            self.add(spec, &mut members, added, at);
        }
        let mut object = Map::new();
        for (index, property) in spec.properties.iter().enumerate() {
            if let Some((value, _)) = members.values.remove(&index) {
                object.insert(property.snake.clone(), value);
            }
        }
        object.into()
    }

    /// Adds an item to its list; one that stands there already keeps its place.
    pub(super) fn add(&mut self, spec: &'d ObjectSpec, members: &mut Members, added: Added, at: &str) {
        let property = &spec.properties[added.list];
        let canonical = format!("{at}/{}", property.snake);
        let (list, written) =
            members.values.entry(added.list).or_insert_with(|| (Value::Array(Vec::new()), String::new()));
        if written.is_empty() {
            // The sender did not write the list, so a violation of the list points at its last item.
            self.places.replace(canonical.clone(), added.from.clone());
        }
        let Value::Array(items) = list else { return };
        if items.iter().any(|item| *item == added.value) {
            return;
        }
        let noted = |i: usize| {
            self.places.noted(&format!("{canonical}/{i}")).expect("a list notes each of its items").to_owned()
        };
        let mut placed: Vec<(Value, String)> =
            std::mem::take(items).into_iter().enumerate().map(|(i, item)| (item, noted(i))).collect();
        placed.push((added.value.into(), added.from));
        if let Shape::List(list) = self.dictionary.resolve(&property.shape)
            && let Shape::Enum(of) = self.dictionary.resolve(&list.item)
        {
            placed.sort_by_key(|(item, _)| of.values.iter().position(|value| item == value));
        }
        for (i, (item, from)) in placed.into_iter().enumerate() {
            self.places.replace(format!("{canonical}/{i}"), from);
            items.push(item);
        }
    }
}

/// The values that a neutral-only property may have.
fn is_neutral(tree: &Tree) -> bool {
    match tree {
        Tree::Null | Tree::Bool(false) | Tree::Integer(0) => true,
        Tree::Number(number) => number.value() == 0.0,
        Tree::Text(text) => text.is_empty() || text.eq_ignore_ascii_case("none"),
        Tree::List(items) => items.is_empty(),
        Tree::Map(members) => members.is_empty(),
        _ => false,
    }
}
