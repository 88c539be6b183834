//! Dialects: how property names are spelt, and which one the names of a document tell.

use serde::{Deserialize, Serialize};

/// How property names are spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// Python, the schemas, the documented envelope: `guidance_scale`. Canonical.
    Snake,
    /// System.Text.Json with default options: `GuidanceScale`.
    Pascal,
    /// System.Text.Json with web defaults: `guidanceScale`.
    Camel,
}

impl Dialect {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Snake, Self::Pascal, Self::Camel];

    /// Its name on the wire: `snake`, `pascal`, `camel`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Snake => "snake",
            Self::Pascal => "pascal",
            Self::Camel => "camel",
        }
    }
}

/// Counts, for each dialect, the names of a document that only this dialect spells so.
///
/// Only the numbers count: JSON objects have no order, and some writers sort their members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spelt {
    snake: usize,
    pascal: usize,
    camel: usize,
}

impl Spelt {
    /// Counts a name for the only dialect that spells it so.
    pub(crate) fn count(&mut self, only: Option<Dialect>) {
        match only {
            Some(Dialect::Snake) => self.snake += 1,
            Some(Dialect::Pascal) => self.pascal += 1,
            Some(Dialect::Camel) => self.camel += 1,
            None => {}
        }
    }

    /// The dialect of the most names; of equals the first of pascal, camel, snake. `None` if no name tells a dialect.
    pub(crate) fn most(self) -> Option<Dialect> {
        let counts =
            [(Dialect::Pascal, self.pascal), (Dialect::Camel, self.camel), (Dialect::Snake, self.snake)];
        let most = counts.iter().map(|(_, count)| *count).max().filter(|most| *most > 0)?;
        counts.iter().find(|(_, count)| *count == most).map(|(dialect, _)| *dialect)
    }
}

impl std::fmt::Display for Dialect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Dialect {
    type Err = UnknownDialect;
    fn from_str(name: &str) -> Result<Self, UnknownDialect> {
        Self::ALL
            .into_iter()
            .find(|dialect| dialect.as_str() == name)
            .ok_or_else(|| UnknownDialect(name.to_owned()))
    }
}

/// A name of no dialect.
#[derive(Debug, thiserror::Error)]
#[error("unknown dialect `{0}`; snake, pascal and camel are known")]
pub struct UnknownDialect(String);
