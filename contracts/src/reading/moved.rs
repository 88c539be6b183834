//! Values at accepted places: read where the sender wrote them, and set where they belong.

use serde_json::{Map, Value};

use super::reader::{At, Moved, Reader};
use crate::{
    dictionary::{Def, Dictionary, Shape},
    pointer::escape,
    tree::Tree,
};

impl<'d> Reader<'d> {
    pub(super) fn place(&mut self, to: &str, name: &str, tree: &Tree, at: &At<'d>) {
        let sender = format!("{}/{}", at.sender, escape(name));
        let (base, def) = at.document.clone();
        let shape = self
            .dictionary
            .shape_at(&def.shape, to)
            .unwrap_or_else(|| panic!("`{to}` is no place of `{}`", def.name));
        let example = self.dictionary.property_at(&def.shape, to).and_then(|at| self.dictionary.example(at));
        let to =
            At { canonical: format!("{base}{to}"), sender: sender.clone(), document: (base, def), example };
        if self.is_absent(self.dictionary.resolve(shape), tree) {
            return;
        }
        self.accepted(name, &to.canonical, &to.canonical, &sender);
        if let Some(value) = self.value(shape, tree, &to) {
            self.moved.push(Moved { to: to.canonical, value, from: sender });
        } else {
            self.places.set(&to.canonical, &sender);
        }
    }

    pub(super) fn place_moved(&mut self, def: &'d Def, root: &mut Value) {
        for Moved { to, value, from } in std::mem::take(&mut self.moved) {
            let at = At {
                canonical: to.clone(),
                sender: from.clone(),
                document: (String::new(), def),
                example: None,
            };
            if let Some(known) = root.pointer(&to) {
                let same = *known == value;
                let first = self.places.sender(&to, &def.shape);
                self.twice(same, &first, &at);
                continue;
            }
            self.places.set(&to, &from);
            insert(root, &to, value, &def.shape, self.dictionary);
        }
    }
}

/// Sets a value at a pointer, making the objects on the way, each in the schema's order.
fn insert(value: &mut Value, pointer: &str, new: Value, shape: &Shape, dictionary: &Dictionary) {
    let Some(rest) = pointer.strip_prefix('/') else {
        *value = new;
        return;
    };
    let (token, rest) = rest.find('/').map_or((rest, ""), |end| rest.split_at(end));
    if let Value::Array(items) = value {
        if let (Some(item), Some(inner)) =
            (token.parse::<usize>().ok().and_then(|i| items.get_mut(i)), dictionary.shape_at(shape, "/0"))
        {
            insert(item, rest, new, inner, dictionary);
        }
        return;
    }
    let (Value::Object(members), Shape::Object(spec)) = (value, dictionary.resolve(shape)) else {
        return;
    };
    let Some(property) = spec.property(token) else {
        return;
    };
    let member = members.entry(token).or_insert_with(|| Value::Object(Map::new()));
    insert(member, rest, new, &property.shape, dictionary);
    let mut ordered = Map::new();
    for property in &spec.properties {
        if let Some(member) = members.remove(&property.snake) {
            ordered.insert(property.snake.clone(), member);
        }
    }
    *members = ordered;
}
