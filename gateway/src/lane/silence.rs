//! How long a worker may make no progress, by its activity.

use std::time::Duration;

use contracts::limits as default;
use serde::Deserialize;
use tokio::time::Instant;

use crate::units::Seconds;

/// How long each activity may go without a sign of progress. The defaults are those of the contract.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// From the start to the answer to `initialize`.
    pub start_seconds: Seconds,
    /// Loading a model.
    pub loading_seconds: Seconds,
    /// The first step of a job that compiles its model.
    pub first_step_compiled_seconds: Seconds,
    /// A denoising step.
    pub denoising_seconds: Seconds,
    /// A refining step.
    pub refining_seconds: Seconds,
    /// A training step.
    pub training_seconds: Seconds,
    /// Every other stage.
    pub other_seconds: Seconds,
    /// Idle: only heartbeats are expected.
    pub idle_seconds: Seconds,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            start_seconds: Seconds::of(default::SILENCE_SECONDS_START),
            loading_seconds: Seconds::of(default::SILENCE_SECONDS_LOADING),
            first_step_compiled_seconds: Seconds::of(default::SILENCE_SECONDS_FIRST_STEP_COMPILED),
            denoising_seconds: Seconds::of(default::SILENCE_SECONDS_DENOISING),
            refining_seconds: Seconds::of(default::SILENCE_SECONDS_REFINING),
            training_seconds: Seconds::of(default::SILENCE_SECONDS_TRAINING),
            other_seconds: Seconds::of(default::SILENCE_SECONDS_OTHER),
            idle_seconds: Seconds::of(default::SILENCE_SECONDS_IDLE),
        }
    }
}

/// The activity of a worker, by its last events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Activity {
    /// It has no command.
    Idle,
    /// It has a command, and has not reported a stage yet.
    Unknown,
    /// A stage of a job, and whether its first step is still to come.
    Stage(String, bool),
    /// A training.
    Training,
}

/// When the worker last wrote a line, and when its work last made progress.
#[derive(Clone, Debug)]
pub(crate) struct Liveness {
    pub(crate) last_line: Instant,
    pub(crate) last_progress: Instant,
    pub(crate) activity: Activity,
    /// When its heartbeats began to report that it is idle although it has a command.
    pub(crate) idle_since: Option<Instant>,
}

impl Liveness {
    pub(crate) fn new(now: Instant) -> Self {
        Self { last_line: now, last_progress: now, activity: Activity::Idle, idle_since: None }
    }

    /// Moves all times by a stall of the gateway, during which the worker's lines could not be read.
    pub(crate) fn forgive(&mut self, late: Duration) {
        self.last_line += late;
        self.last_progress += late;
        self.idle_since = self.idle_since.map(|since| since + late);
    }

    /// Notes the stage of the job; `first`: its first step is still to come.
    pub(crate) fn note_stage(&mut self, stage: &str, first: bool) {
        match &mut self.activity {
            Activity::Stage(known, known_first) if known == stage => *known_first = first,
            activity => *activity = Activity::Stage(stage.to_owned(), first),
        }
    }

    /// How long it may go without a sign of progress now; `compiles`: the first step may compile the model.
    pub(crate) fn limit(&self, limits: &Limits, compiles: bool) -> Duration {
        let seconds = match &self.activity {
            Activity::Idle => limits.idle_seconds,
            Activity::Unknown => limits.other_seconds,
            Activity::Training => limits.training_seconds,
            Activity::Stage(stage, first) => match stage.as_str() {
                "loading" => limits.loading_seconds,
                "denoising" if *first && compiles => limits.first_step_compiled_seconds,
                "denoising" => limits.denoising_seconds,
                "refining" => limits.refining_seconds,
                _ => limits.other_seconds,
            },
        };
        seconds.duration()
    }

    /// When it counts as hung. An idle worker makes no progress, so that only its silence counts.
    pub(crate) fn hung_at(&self, limits: &Limits, compiles: bool) -> Instant {
        let limit = self.limit(limits, compiles);
        match self.activity {
            Activity::Idle => self.last_line + limit,
            _ => (self.last_line + limit).min(self.last_progress + limit),
        }
    }

    /// The cause of its end, as a fragment of a sentence.
    pub(crate) fn cause_of_silence(&self, limits: &Limits, compiles: bool) -> String {
        let limit = self.limit(limits, compiles).as_secs_f64();
        let activity = match &self.activity {
            Activity::Idle => "while idle",
            Activity::Unknown => "after it was given a command",
            Activity::Training => "while training",
            Activity::Stage(stage, _) => &format!("while {stage}"),
        };
        format!("it hung: no sign of progress for {limit} s {activity}")
    }
}
