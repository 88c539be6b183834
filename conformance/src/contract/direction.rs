//! Which way messages go.

use std::fmt;

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From a client: what the new version no longer takes breaks.
    Request,
    /// To a client: what the old version did not write breaks.
    Response,
    /// Nothing is known of it, or it goes both ways.
    Both,
}

impl Direction {
    pub(crate) fn has_requests(self) -> bool {
        self != Self::Response
    }

    pub(crate) fn has_responses(self) -> bool {
        self != Self::Request
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Request => "request",
            Self::Response => "response",
            Self::Both => "both",
        })
    }
}
