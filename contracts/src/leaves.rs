//! The leaves of the prompt submission, with what each decides (`x-effect`): the walk by which a worker or a check
//! accounts for every one of them, those of a later schema included.

use serde_json::Value;
use std::sync::LazyLock;

use crate::dictionary::{Dictionary, Effect, Property, Shape, dictionary};

/// The definition that has the leaves.
const ROOT: &str = "PromptSubmission";

/// A property of the prompt submission that has no properties of its own.
#[derive(Debug)]
pub struct Leaf {
    /// Its canonical pointer; `*` is any item of a list.
    pub pointer: String,
    /// Its row of the dictionary.
    pub property: &'static Property,
    /// What it decides.
    pub effect: Effect,
}

/// A leaf in one effective submission.
#[derive(Clone, Debug)]
pub struct Set<'v> {
    /// The leaf.
    pub leaf: &'static Leaf,
    /// Its canonical pointer, with the indices of items.
    pub pointer: String,
    /// Its value.
    pub value: &'v Value,
}

/// All leaves, in the order of the schema.
///
/// ```
/// use contracts::{dictionary::Effect, leaves::leaves};
/// let steps = leaves().iter().find(|leaf| leaf.pointer == "/scheduler/steps").unwrap();
/// assert_eq!(steps.effect, Effect::Picture);
/// ```
#[must_use]
pub fn leaves() -> &'static [Leaf] {
    static LEAVES: LazyLock<Vec<Leaf>> = LazyLock::new(|| {
        let mut leaves = Vec::new();
        add_leaves(&dictionary().named(ROOT).shape, "", &mut leaves);
        leaves
    });
    &LEAVES
}

fn add_leaves(shape: &'static Shape, at: &str, leaves: &mut Vec<Leaf>) {
    let Shape::Object(object) = dictionary().resolve(shape) else { return };
    for property in &object.properties {
        let pointer = format!("{at}/{}", property.snake);
        match property.effect {
            Some(effect) => leaves.push(Leaf { pointer, property, effect }),
            None => match dictionary().resolve(&property.shape) {
                Shape::List(list) => add_leaves(&list.item, &format!("{pointer}/*"), leaves),
                inner => add_leaves(inner, &pointer, leaves),
            },
        }
    }
}

/// The leaves of an effective submission that differ from their defaults and can take effect, in the order of the schema.
#[must_use]
pub fn set_leaves(effective: &Value) -> Vec<Set<'_>> {
    let mut set = Vec::new();
    for leaf in leaves() {
        let segments: Vec<&str> = leaf.pointer.split('/').skip(1).collect();
        let can = leaf.property.takes_effect_when.as_ref().is_none_or(|condition| {
            condition.holds(effective, &dictionary().named(ROOT).shape, dictionary())
        });
        if can {
            add_set(leaf, &segments, effective, String::new(), effective, &mut set);
        }
    }
    set
}

fn add_set<'v>(
    leaf: &'static Leaf,
    segments: &[&str],
    value: &'v Value,
    at: String,
    effective: &Value,
    set: &mut Vec<Set<'v>>,
) {
    match (segments, value) {
        ([], value) if !is_default(leaf.property, value, effective, dictionary()) => {
            set.push(Set { leaf, pointer: at, value });
        }
        (["*", rest @ ..], Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                add_set(leaf, rest, item, format!("{at}/{index}"), effective, set);
            }
        }
        ([name, rest @ ..], Value::Object(members)) => {
            if let Some(member) = members.get(*name) {
                add_set(leaf, rest, member, format!("{at}/{name}"), effective, set);
            }
        }
        _ => {}
    }
}

/// Whether a value is what absence means.
fn is_default(property: &Property, value: &Value, effective: &Value, dictionary: &Dictionary) -> bool {
    let by_device = property.default_by_device.iter().flat_map(|defaults| defaults.values());
    let by_field = property
        .default_by
        .iter()
        .filter_map(|(field, defaults)| defaults.get(effective.pointer(field)?.as_str()?));
    let of_shape = dictionary.default_of(&property.shape);
    let plain = property.default.as_ref().or(of_shape.as_ref());
    let is_it = |default: &Value| match (default.as_f64(), value.as_f64()) {
        (Some(default), Some(value)) => default == value,
        _ => default == value,
    };
    by_device.chain(by_field).chain(plain).any(is_it)
}
