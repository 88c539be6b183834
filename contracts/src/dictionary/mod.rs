//! The schemas as tables: every definition with its properties, spellings, bounds, defaults, conditions and rules.
//!
//! Compiled once from the bundle that `cargo xtask codegen` makes of `schemas/`. Readings, replies in other dialects
//! and effective documents all walk these tables, so a name or a limit is written nowhere else. Conditions and rules are
//! data here; `judge` evaluates them.

mod compile;
mod condition;
mod effect;
mod names;
mod object;
mod rule;
mod shape;

use foldhash::fast::FixedState;
use serde_json::Value;
use std::{collections::HashMap, sync::LazyLock};

use crate::generated::BUNDLE;

pub use condition::Condition;
pub use effect::Effect;
pub use object::{Extra, Name, ObjectSpec, Property, Spelling};
pub(crate) use rule::Kind;
pub use rule::{Outcome, Rule};
pub use shape::{Def, EnumSpec, ListSpec, MapSpec, Shape, TextAlias, TextSpec};

/// A table by name. Its keys come from the schemas alone, so no sender can choose keys that collide: it needs none of the
/// protection that makes the standard library's hash slow.
pub type Table<V> = HashMap<String, V, FixedState>;

/// Index of a definition in the dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DefId(usize);

/// All definitions.
#[derive(Debug)]
pub struct Dictionary {
    defs: Vec<Def>,
    by_name: Table<DefId>,
}

/// The dictionary of this version of the contract.
#[must_use]
pub fn dictionary() -> &'static Dictionary {
    static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| {
        let bundle = serde_json::from_str(BUNDLE).expect("the bundle is generated and tested");
        Dictionary::compile(&bundle)
    });
    &DICTIONARY
}

impl Dictionary {
    /// The definition of a name.
    ///
    /// # Panics
    /// If there is none; names come from the registry and from this crate.
    #[must_use]
    pub fn id(&self, name: &str) -> DefId {
        *self.by_name.get(name).unwrap_or_else(|| panic!("no definition `{name}` in the bundle"))
    }

    /// The definition.
    #[must_use]
    pub fn def(&self, id: DefId) -> &Def {
        &self.defs[id.0]
    }

    /// The definition of a name.
    #[must_use]
    pub fn named(&self, name: &str) -> &Def {
        self.def(self.id(name))
    }

    /// All definitions, in no particular order.
    pub fn defs(&self) -> impl Iterator<Item = &Def> {
        self.defs.iter()
    }

    /// The object behind a name.
    ///
    /// # Panics
    /// If the definition has another shape.
    #[must_use]
    pub fn object(&self, name: &str) -> &ObjectSpec {
        match self.resolve(&self.named(name).shape) {
            Shape::Object(object) => object,
            _ => panic!("`{name}` is no object"),
        }
    }

    /// The enum behind a name.
    ///
    /// # Panics
    /// If the definition has another shape.
    #[must_use]
    pub fn enumeration(&self, name: &str) -> &EnumSpec {
        match self.resolve(&self.named(name).shape) {
            Shape::Enum(spec) => spec,
            _ => panic!("`{name}` is no enum"),
        }
    }

    /// The shape behind references.
    #[must_use]
    pub fn resolve<'s>(&'s self, mut shape: &'s Shape) -> &'s Shape {
        while let Shape::Ref(id) = shape {
            shape = &self.def(*id).shape;
        }
        shape
    }

    /// The default of the definition that a shape refers to.
    #[must_use]
    pub fn default_of(&self, shape: &Shape) -> Option<Value> {
        match shape {
            Shape::Ref(id) => {
                let def = self.def(*id);
                def.default.clone().or_else(|| self.default_of(&def.shape))
            }
            _ => None,
        }
    }

    /// An example of the definition that a shape refers to.
    #[must_use]
    pub fn example_of<'s>(&'s self, mut shape: &'s Shape) -> Option<&'s Value> {
        while let Shape::Ref(id) = shape {
            let def = self.def(*id);
            if def.example.is_some() {
                return def.example.as_ref();
            }
            shape = &def.shape;
        }
        None
    }

    /// An example of a property: its own, else that of the definition that it refers to.
    #[must_use]
    pub fn example<'s>(&'s self, property: &'s Property) -> Option<&'s Value> {
        property.example.as_ref().or_else(|| self.example_of(&property.shape))
    }

    /// The shape of the value at a canonical pointer below an object; indices and `*` are items.
    #[must_use]
    pub fn shape_at<'s>(&'s self, mut shape: &'s Shape, pointer: &str) -> Option<&'s Shape> {
        for token in pointer.split('/').skip(1) {
            shape = match self.resolve(shape) {
                Shape::Object(object) => &object.property(token)?.shape,
                Shape::List(list) => &list.item,
                _ => return None,
            };
        }
        Some(shape)
    }

    /// The property at a canonical pointer below an object.
    #[must_use]
    pub fn property_at<'s>(&'s self, shape: &'s Shape, pointer: &str) -> Option<&'s Property> {
        let (parent, name) = pointer.rsplit_once('/')?;
        match self.resolve(self.shape_at(shape, parent)?) {
            Shape::Object(object) => object.property(name),
            _ => None,
        }
    }
}
