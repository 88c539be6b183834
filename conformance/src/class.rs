//! The classes of drift that checks find, with stable codes.

/// A class of drift between two sides of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub enum Class {
    /// Command parity: names sent are names handled, unknown ones are refused with a code.
    #[serde(rename = "G-CMD")]
    Cmd,
    /// Every reply is one closed envelope.
    #[serde(rename = "G-ENV")]
    Env,
    /// Every field is declared and read.
    #[serde(rename = "G-NAMES")]
    Names,
    /// One casing rule at each boundary.
    #[serde(rename = "G-CASE")]
    Case,
    /// Types, integer widths, timestamps.
    #[serde(rename = "G-TYPE")]
    Type,
    /// Absent, null, empty, and effective defaults.
    #[serde(rename = "G-DEFAULT")]
    Default,
    /// Closed sets, never substituted.
    #[serde(rename = "G-ENUM")]
    Enum,
    /// Boundary probes.
    #[serde(rename = "G-LIMIT")]
    Limit,
    /// Units in names, and quantities that agree.
    #[serde(rename = "G-UNIT")]
    Unit,
    /// Purity of stdout, one terminal reply, events that differ from replies.
    #[serde(rename = "G-FRAME")]
    Frame,
    /// Ids of replies, in errors too.
    #[serde(rename = "G-CORR")]
    Corr,
    /// Concurrency and order.
    #[serde(rename = "G-CONC")]
    Conc,
    /// Deadlines.
    #[serde(rename = "G-TIME")]
    Time,
    /// Start, health, stop.
    #[serde(rename = "G-LIFE")]
    Life,
    /// Success has an observable effect.
    #[serde(rename = "G-EFFECT")]
    Effect,
    /// Advertised means implemented.
    #[serde(rename = "G-CAP")]
    Cap,
    /// Grammar of identifiers.
    #[serde(rename = "G-ID")]
    Id,
    /// Files that the consumer can open.
    #[serde(rename = "G-ASSET")]
    Asset,
    /// Routes, verbs, statuses.
    #[serde(rename = "G-HTTP")]
    Http,
}

impl std::fmt::Display for Class {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Cmd => "G-CMD",
            Self::Env => "G-ENV",
            Self::Names => "G-NAMES",
            Self::Case => "G-CASE",
            Self::Type => "G-TYPE",
            Self::Default => "G-DEFAULT",
            Self::Enum => "G-ENUM",
            Self::Limit => "G-LIMIT",
            Self::Unit => "G-UNIT",
            Self::Frame => "G-FRAME",
            Self::Corr => "G-CORR",
            Self::Conc => "G-CONC",
            Self::Time => "G-TIME",
            Self::Life => "G-LIFE",
            Self::Effect => "G-EFFECT",
            Self::Cap => "G-CAP",
            Self::Id => "G-ID",
            Self::Asset => "G-ASSET",
            Self::Http => "G-HTTP",
        })
    }
}
