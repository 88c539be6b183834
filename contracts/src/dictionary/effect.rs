//! The part of a job that a leaf of the prompt submission decides (`x-effect`).

/// The part of a job that a leaf of the prompt submission decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// The pixels.
    Picture,
    /// How many files, and how they are encoded.
    File,
    /// The record of the job alone.
    Record,
    /// When the job runs, and how fast.
    Time,
    /// On which device it runs.
    Place,
}

impl Effect {
    /// The effect of a keyword's value.
    pub(super) fn of(keyword: &str) -> Option<Self> {
        match keyword {
            "picture" => Some(Self::Picture),
            "file" => Some(Self::File),
            "record" => Some(Self::Record),
            "time" => Some(Self::Time),
            "place" => Some(Self::Place),
            _ => None,
        }
    }
}
