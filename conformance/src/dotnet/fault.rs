//! A `JsonException`: its path and the exception inside it.

use std::fmt;

/// The exception inside a `JsonException`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inner {
    /// `JsonReaderException`: the text is not JSON.
    JsonReader,
    /// `FormatException`: a value does not have the form that the type needs.
    Format,
    /// `InvalidOperationException`: a value of another kind than the type needs.
    InvalidOperation,
}

impl Inner {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::JsonReader => "JsonReaderException",
            Self::Format => "FormatException",
            Self::InvalidOperation => "InvalidOperationException",
        }
    }
}

/// Why `Deserialize` gives no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Fault {
    /// `JsonException.Path`.
    pub path: String,
    /// The name of `InnerException`.
    pub inner: Option<Inner>,
    /// The reason, for people.
    pub why: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JsonException at {}: {}", self.path, self.why)
    }
}

/// A fault that does not know its path yet.
#[derive(Debug)]
pub(super) struct Stop {
    pub(super) inner: Option<Inner>,
    pub(super) why: String,
}

impl Stop {
    /// A `JsonException` of a converter.
    pub(super) fn json(why: impl Into<String>) -> Self {
        Self { inner: None, why: why.into() }
    }

    pub(super) fn syntax(why: impl Into<String>) -> Self {
        Self { inner: Some(Inner::JsonReader), why: why.into() }
    }

    pub(super) fn format(why: impl Into<String>) -> Self {
        Self { inner: Some(Inner::Format), why: why.into() }
    }

    pub(super) fn kind(why: impl Into<String>) -> Self {
        Self { inner: Some(Inner::InvalidOperation), why: why.into() }
    }
}
