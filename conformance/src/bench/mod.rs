//! Figures of this build and of a worker, each a ratio against a baseline of the same run, so that a slower machine changes
//! both. A run is saved, and a later one compared with it.
//!
//! Figure and baseline take turns, and who begins changes with the round: what slows the machine slows both alike.

pub mod compare;
mod library;
pub mod report;
pub mod saved;
mod turns;
mod worker;

use serde::{Deserialize, Serialize};

use crate::{
    party::{TargetError, ToolError},
    plan::Plan,
};

/// Default rounds of each figure: enough for quartiles.
pub const ROUNDS: usize = 15;

/// Default threshold: the noise of a shared machine is below it.
pub const THRESHOLD: f64 = 0.25;

/// Which change of a ratio is for the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// A smaller ratio: times, memory.
    Lower,
    /// A larger one: rates, shares.
    Higher,
}

/// A ratio against a baseline, once for each round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// Its name.
    pub name: String,
    /// Which change is for the better.
    pub better: Better,
    /// The ratios in ascending order; at least one.
    pub samples: Vec<f64>,
}

impl Figure {
    fn new(name: &str, better: Better, mut samples: Vec<f64>) -> Self {
        samples.sort_unstable_by(f64::total_cmp);
        Self { name: name.to_owned(), better, samples }
    }

    /// The lower quartile, the median and the upper quartile.
    #[must_use]
    pub fn quartiles(&self) -> [f64; 3] {
        [1, 2, 3].map(|quarter| self.samples[(self.samples.len() - 1) * quarter / 4])
    }

    /// Its median.
    #[must_use]
    pub fn median(&self) -> f64 {
        self.quartiles()[1]
    }
}

/// The figures of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Bench {
    /// The profile of this tool's build: `debug` or `release`.
    pub profile: &'static str,
    /// The figures, in the order of measuring.
    pub figures: Vec<Figure>,
}

/// The baseline of each figure, for people.
pub(crate) const BASELINES: [(&str, &str); 9] = [
    ("decode", "a submission to checked types, against parsing it as a JSON value"),
    ("validate", "all violations of a submission with their places, against the same"),
    ("dialect", "a submission in PascalCase to checked types, against the same"),
    ("framing", "a stream of frames to lines, against parsing its frames as JSON values"),
    ("start", "the start of the worker to its first reply, against that of cat"),
    ("dispatch", "get_status to its reply, against an echo of cat"),
    ("throughput", "replies a second to commands that wait, against echoes of cat"),
    ("efficiency", "the time that a job says it took, against the wait for its reply"),
    ("memory", "resident bytes of the worker and its children, against those of cat"),
];

/// Why no figure could be measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The worker did not answer, or the tool failed.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The worker refuses what is measured.
    #[error("{action} is not done: {why}")]
    Refused {
        /// The action.
        action: contracts::Action,
        /// Its reason.
        why: String,
    },
    /// The target is not a worker.
    #[error("only a worker is measured: conformance bench -- COMMAND")]
    NoWorker,
}

impl BenchError {
    /// Whether the worker is to blame.
    #[must_use]
    pub fn is_of_the_worker(&self) -> bool {
        !matches!(self, Self::NoWorker | Self::Target(TargetError::Tool(_)))
    }
}

impl From<ToolError> for BenchError {
    fn from(err: ToolError) -> Self {
        Self::Target(err.into())
    }
}

/// Measures. `progress` is called with the name of what is measured next.
///
/// # Errors
/// [`BenchError`] if a figure cannot be measured.
pub fn run(plan: &Plan, rounds: usize, progress: &mut dyn FnMut(&str)) -> Result<Bench, BenchError> {
    progress("the library");
    let mut figures = library::figures(rounds);
    figures.extend(worker::figures(plan, rounds, progress)?);
    Ok(Bench { profile: profile(), figures })
}

fn profile() -> &'static str {
    if cfg!(debug_assertions) { "debug" } else { "release" }
}
