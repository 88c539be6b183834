//! Values that take no effect where they stand.

use serde_json::Value;

use super::reader::Reader;
use crate::{
    dictionary::{Def, Dictionary, Property, Shape},
    generated::warning_code::WarningCode,
};

impl<'d> Reader<'d> {
    /// Warns of each value that was set where it has no effect, unless it equals its default.
    pub(super) fn find_no_effect(
        &mut self,
        def: &'d Def,
        at: &str,
        said: &Value,
        effective: &Value,
        shape: &'d Shape,
    ) {
        let mut idle = Vec::new();
        walk(said, shape, self.dictionary, &mut String::new(), &mut |pointer, property, value| {
            let Some(condition) = &property.takes_effect_when else {
                return;
            };
            let default = property.default.clone().or_else(|| self.dictionary.default_of(&property.shape));
            let is_default = default.is_some_and(|default| equal(&default, value));
            if !condition.holds(effective, shape, self.dictionary) && !is_default {
                idle.push((pointer.to_owned(), property.snake.clone()));
            }
        });
        for (pointer, name) in idle {
            let canonical = format!("{at}{pointer}");
            if self.is_faulty(&canonical) {
                continue;
            }
            let sender = self.places.sender(&canonical, &def.shape);
            self.warn(
                WarningCode::NoEffect,
                &sender,
                format!("`{name}` takes no effect here"),
                Some("leave it out".to_owned()),
            );
        }
    }
}

fn walk<'d>(
    value: &Value,
    shape: &'d Shape,
    dictionary: &'d Dictionary,
    pointer: &mut String,
    found: &mut dyn FnMut(&str, &'d Property, &Value),
) {
    let length = pointer.len();
    match (dictionary.resolve(shape), value) {
        (Shape::Object(spec), Value::Object(members)) => {
            for property in &spec.properties {
                if let Some(member) = members.get(&property.snake) {
                    pointer.push('/');
                    pointer.push_str(&property.snake);
                    found(pointer, property, member);
                    walk(member, &property.shape, dictionary, pointer, found);
                    pointer.truncate(length);
                }
            }
        }
        (Shape::List(list), Value::Array(items)) => {
            for (i, item) in items.iter().enumerate() {
                pointer.push_str(&format!("/{i}"));
                walk(item, &list.item, dictionary, pointer, found);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

/// Equal as values: `2` and `2.0` are.
fn equal(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}
