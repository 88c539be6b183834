//! How long a worker may make no progress, by what it is doing.

use std::time::Duration;

use contracts::limits as default;
use serde::Deserialize;
use tokio::time::Instant;

use crate::units::Seconds;

/// The limits, seconds each in the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Before the first reply.
    pub start_seconds: Seconds,
    /// While a model loads.
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
    /// Nothing to do: the heartbeat alone.
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

/// What the worker was last heard to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Activity {
    /// Nothing.
    Idle,
    /// It was given a command and has not said what it does.
    Unknown,
    /// A stage of a job, and whether its first step is still to come.
    Stage(String, bool),
    /// A training.
    Training,
}

/// When the worker was last heard, and when its work last went on.
#[derive(Clone, Debug)]
pub(crate) struct Liveness {
    pub(crate) last_line: Instant,
    pub(crate) last_progress: Instant,
    pub(crate) activity: Activity,
    /// Since when its heartbeats say that it does nothing although it has a command.
    pub(crate) idle_since: Option<Instant>,
}

impl Liveness {
    pub(crate) fn new(now: Instant) -> Self {
        Self { last_line: now, last_progress: now, activity: Activity::Idle, idle_since: None }
    }

    /// It could not be heard for so long.
    pub(crate) fn forgive(&mut self, late: Duration) {
        self.last_line += late;
        self.last_progress += late;
        self.idle_since = self.idle_since.map(|since| since + late);
    }

    /// A job is at this stage; `first` where its first step is still to come.
    pub(crate) fn note_stage(&mut self, stage: &str, first: bool) {
        match &mut self.activity {
            Activity::Stage(known, known_first) if known == stage => *known_first = first,
            activity => *activity = Activity::Stage(stage.to_owned(), first),
        }
    }

    /// How long it may be silent or stand still now.
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

    /// When it counts as hung.
    pub(crate) fn hung_at(&self, limits: &Limits, compiles: bool) -> Instant {
        let limit = self.limit(limits, compiles);
        match self.activity {
            Activity::Idle => self.last_line + limit,
            _ => (self.last_line + limit).min(self.last_progress + limit),
        }
    }

    /// One fragment for the cause.
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
