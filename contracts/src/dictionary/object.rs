//! Objects: their properties, and every spelling that is read in them.

use serde_json::{Map, Value};

use super::{Table, condition::Condition, effect::Effect, shape::Shape};
use crate::dialect::Dialect;

/// A closed object.
#[derive(Debug, Default)]
pub struct ObjectSpec {
    /// Its properties, in the schema's order.
    pub properties: Vec<Property>,
    /// Every spelling that is read here.
    pub names: Table<Name>,
    /// The dialect of each spelling that only one dialect has.
    pub(super) dialects: Table<Dialect>,
    /// Names of C# that are not properties: [`Name::Neutral`] and [`Name::Flag`] point here.
    pub extras: Vec<Extra>,
    pub(super) by_snake: Table<usize>,
    /// How many of its properties are required.
    pub(crate) required: usize,
}

/// One property of an object.
#[derive(Debug)]
pub struct Property {
    /// Canonical name.
    pub snake: String,
    /// C# name.
    pub csharp: String,
    /// Its name under the web defaults of System.Text.Json.
    pub camel: String,
    /// Whether it must be there.
    pub required: bool,
    /// The shape of its value.
    pub shape: Shape,
    /// Its value if it is absent.
    pub default: Option<Value>,
    /// A value that it allows.
    pub example: Option<Value>,
    /// The default by the kind of device (`gpu`, `cpu`).
    pub default_by_device: Option<Map<String, Value>>,
    /// The default by the value of another field.
    pub default_by: Option<(String, Map<String, Value>)>,
    /// Where it can take no effect, it is a warning, and its default does not stand.
    pub takes_effect_when: Option<Condition>,
    /// Pointer of the prompt submission that a flat parameter stands for.
    pub maps_to: Option<String>,
    /// The part of the job that it decides, if it is a leaf of the prompt submission.
    pub effect: Option<Effect>,
    /// Whether the names inside are data.
    pub verbatim: bool,
    /// Whether it holds the command, so that its own name counts as one of the envelope's.
    pub wrapper: bool,
}

/// The meaning of a spelling in an object.
#[derive(Clone, Debug)]
pub enum Name {
    /// A property.
    Property {
        /// Its index.
        index: usize,
        /// How it is spelt.
        spelling: Spelling,
    },
    /// A value that belongs elsewhere in the document.
    Place {
        /// Its canonical pointer from the document.
        to: String,
    },
    /// A property without meaning to any worker.
    Neutral {
        /// Index into `extras`.
        index: usize,
    },
    /// A boolean that adds an item to a list.
    Flag {
        /// Index into `extras`.
        index: usize,
    },
}

/// How a property is spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spelling {
    /// The dialects that spell it so; none for accepted spellings.
    pub snake: bool,
    /// In C#'s own names.
    pub pascal: bool,
    /// In web names.
    pub camel: bool,
    /// Whether it is read without a warning although no dialect writes it (a synonym).
    pub synonym: bool,
}

impl Spelling {
    /// Whether it is one that was only seen in the wild.
    #[must_use]
    pub fn is_accepted(self) -> bool {
        !(self.snake || self.pascal || self.camel || self.synonym)
    }
}

/// A neutral-only property or a flag.
#[derive(Debug)]
pub struct Extra {
    /// Its snake name.
    pub snake: String,
    /// The list that it adds to, and what, by its value in lower case (`true` for flags).
    pub adds: Table<(usize, String)>,
}

impl ObjectSpec {
    /// The property of a canonical name.
    #[must_use]
    pub fn property(&self, snake: &str) -> Option<&Property> {
        self.by_snake.get(snake).map(|&index| &self.properties[index])
    }

    /// The only dialect that spells a name so, whatever the name stands for here.
    #[must_use]
    pub fn only_dialect(&self, name: &str) -> Option<Dialect> {
        self.dialects.get(name).copied()
    }

    /// The index of the property of a canonical name.
    #[must_use]
    pub fn index(&self, snake: &str) -> Option<usize> {
        self.by_snake.get(snake).copied()
    }
}
