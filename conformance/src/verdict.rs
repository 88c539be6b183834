//! The verdict of a run: what the outcomes of its checks come to, and the exit code.

/// The verdict of a run; its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every check passed or was skipped, and at least one passed.
    Ok,
    /// A check failed.
    Broken,
    /// No check failed, and the tool could not decide one.
    Undecided,
    /// Nothing passed and nothing failed.
    CouldNotRun,
}

impl Verdict {
    /// The exit code: 0 ok, 10 broken, 20 undecided, 30 could not run.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Broken => 10,
            Self::Undecided => 20,
            Self::CouldNotRun => 30,
        }
    }

    /// It, for people.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Ok => "the target keeps the contract",
            Self::Broken => "the target breaks the contract",
            Self::Undecided => "it could not be decided",
            Self::CouldNotRun => "nothing was checked",
        }
    }

    /// Its name in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Broken => "broken",
            Self::Undecided => "undecided",
            Self::CouldNotRun => "could_not_run",
        }
    }
}

/// Number of checks by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Passed.
    pub passed: usize,
    /// Failed.
    pub failed: usize,
    /// The target lacks a thing that they need.
    pub skipped: usize,
    /// The tool could not decide them.
    pub undecided: usize,
}
