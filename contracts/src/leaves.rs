//! The leaves of the prompt submission, with what each decides (`x-effect`): the walk by which a worker or a check
//! accounts for every one of them, those of a later schema included.

use serde_json::Value;
use std::sync::LazyLock;

use crate::{
    dictionary::{Dictionary, Effect, Property, Shape, dictionary},
    pointer,
};

/// The definition that has the leaves.
const ROOT: &str = "PromptSubmission";
/// The segment of a leaf's pointer that stands for any item of a list.
const ANY_ITEM: &str = "*";

/// A property of the prompt submission that has no properties of its own.
#[derive(Debug)]
pub struct Leaf {
    /// Its canonical pointer; `*` is any item of a list.
    pub pointer: String,
    /// Its row of the dictionary.
    pub property: &'static Property,
    /// The part of the job that it decides.
    pub effect: Effect,
    /// The pointer's segments.
    segments: Vec<String>,
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
    static LEAVES: LazyLock<Vec<Leaf>> = LazyLock::new(|| leaves_of(dictionary()));
    &LEAVES
}

/// All leaves of a dictionary, in the order of its schema.
#[must_use]
pub fn leaves_of(dictionary: &'static Dictionary) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    add_leaves(dictionary, &dictionary.named(ROOT).shape, "", &mut leaves);
    leaves
}

fn add_leaves(dictionary: &'static Dictionary, shape: &'static Shape, at: &str, leaves: &mut Vec<Leaf>) {
    let Shape::Object(object) = dictionary.resolve(shape) else { return };
    for property in &object.properties {
        let pointer = format!("{at}/{}", property.snake);
        match property.effect {
            Some(effect) => leaves.push(Leaf::new(pointer, property, effect)),
            None => match dictionary.resolve(&property.shape) {
                Shape::List(list) => add_leaves(dictionary, &list.item, &format!("{pointer}/*"), leaves),
                inner => add_leaves(dictionary, inner, &pointer, leaves),
            },
        }
    }
}

/// The leaves of an effective submission that differ from their defaults and can take effect, in the order of the schema.
#[must_use]
pub fn set_leaves(effective: &Value) -> Vec<Set<'_>> {
    set_among(leaves(), effective)
}

/// Those of some leaves that differ from their defaults and can take effect, in the order of the leaves.
#[must_use]
pub fn set_among(leaves: impl IntoIterator<Item = &'static Leaf>, effective: &Value) -> Vec<Set<'_>> {
    let mut found = Found { effective, indices: Vec::new(), set: Vec::new() };
    for leaf in leaves {
        found.add(leaf, &leaf.segments, effective);
    }
    found.set
}

/// The walk to the leaves of one submission.
struct Found<'v> {
    effective: &'v Value,
    /// The item of each list on the way.
    indices: Vec<usize>,
    set: Vec<Set<'v>>,
}

impl<'v> Found<'v> {
    fn add(&mut self, leaf: &'static Leaf, segments: &[String], value: &'v Value) {
        match (segments.split_first(), value) {
            // The default first: most leaves are at theirs, and a condition is a walk of its own.
            (None, value)
                if !is_default(leaf.property, value, self.effective, dictionary())
                    && self.takes_effect(leaf) =>
            {
                self.set.push(Set { leaf, pointer: leaf.pointer_of(&self.indices), value });
            }
            (Some((segment, rest)), Value::Array(items)) if segment == ANY_ITEM => {
                for (index, item) in items.iter().enumerate() {
                    self.indices.push(index);
                    self.add(leaf, rest, item);
                    self.indices.pop();
                }
            }
            (Some((segment, rest)), Value::Object(members)) => {
                if let Some(member) = members.get(segment) {
                    self.add(leaf, rest, member);
                }
            }
            _ => {}
        }
    }

    fn takes_effect(&self, leaf: &Leaf) -> bool {
        leaf.property.takes_effect_when.as_ref().is_none_or(|condition| {
            condition.holds(self.effective, &dictionary().named(ROOT).shape, dictionary())
        })
    }
}

impl Leaf {
    fn new(pointer: String, property: &'static Property, effect: Effect) -> Self {
        let segments = pointer.split('/').skip(1).map(str::to_owned).collect();
        Self { pointer, property, effect, segments }
    }

    /// Its pointer in a submission: with the index of an item for each `*`, in their order.
    fn pointer_of(&self, indices: &[usize]) -> String {
        let pointer = self.pointer.clone();
        indices.iter().fold(pointer, |pointer, index| pointer.replacen(ANY_ITEM, &index.to_string(), 1))
    }
}

/// Whether a value is the default of its property.
fn is_default(property: &Property, value: &Value, effective: &Value, dictionary: &Dictionary) -> bool {
    let by_device = property.default_by_device.iter().flat_map(|defaults| defaults.values());
    let by_field = property
        .default_by
        .iter()
        .filter_map(|(field, defaults)| defaults.get(pointer::get(effective, field)?.as_str()?));
    let of_shape = dictionary.default_of(&property.shape);
    let plain = property.default.as_ref().or(of_shape.as_ref());
    let is_it = |default: &Value| match (default.as_f64(), value.as_f64()) {
        (Some(default), Some(value)) => default == value,
        _ => default == value,
    };
    by_device.chain(by_field).chain(plain).any(is_it)
}
