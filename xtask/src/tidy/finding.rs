//! What a check found.

use std::fmt;

/// One broken house rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    /// The file, with its line where there is one, or the crate.
    pub(super) place: String,
    /// The rule that is broken, and the way out.
    pub(super) fault: String,
}

impl Finding {
    pub(super) fn new(place: impl Into<String>, fault: impl Into<String>) -> Self {
        Self { place: place.into(), fault: fault.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.fault)
    }
}
