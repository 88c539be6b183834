//! Measurements since start.

use contracts::{Class, ErrorCode};
use serde_json::{Value, json};
use std::collections::VecDeque;

use crate::command::{Command, Outcome};

/// Ended jobs whose status is remembered.
const ENDED_MAX: usize = 1000;
/// Jobs that percentiles are taken of: the newest.
const TIMES_MAX: usize = 10_000;

/// Counts and times.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) commands_total: u64,
    pub(crate) commands_failed: u64,
    jobs_completed: u64,
    jobs_failed: u64,
    jobs_cancelled: u64,
    images_generated: u64,
    peak_mb: f64,
    generation_seconds: VecDeque<f64>,
    pixels: f64,
    pixel_seconds: f64,
    ended: VecDeque<(String, &'static str)>,
}

impl Metrics {
    pub(crate) fn count(&mut self, command: &Command, outcome: &Outcome) {
        self.commands_total += 1;
        self.commands_failed += u64::from(outcome.is_err());
        if command.class != Class::Job {
            return;
        }
        match outcome {
            Ok(_) => self.jobs_completed += 1,
            Err(failure) if matches!(failure.code, ErrorCode::Cancelled | ErrorCode::ShuttingDown) => {
                self.jobs_cancelled += 1;
            }
            Err(_) => self.jobs_failed += 1,
        }
    }

    /// A generation was made. `pixels`: painted, in `seconds` of them.
    pub(crate) fn generated(
        &mut self,
        images: u64,
        generation: f64,
        peak_mb: f64,
        pixels: f64,
        seconds: f64,
    ) {
        self.images_generated += images;
        self.peak_mb = self.peak_mb.max(peak_mb);
        self.pixels += pixels;
        self.pixel_seconds += seconds;
        if self.generation_seconds.len() == TIMES_MAX {
            self.generation_seconds.pop_front();
        }
        self.generation_seconds.push_back(generation);
    }

    pub(crate) fn seconds_a_pixel(&self) -> Option<f64> {
        (self.pixels > 0.0).then(|| self.pixel_seconds / self.pixels)
    }

    pub(crate) fn ended(&mut self, id: &str, status: &'static str) {
        if self.ended.len() == ENDED_MAX {
            self.ended.pop_front();
        }
        self.ended.push_back((id.to_owned(), status));
    }

    pub(crate) fn status_of(&self, id: &str) -> Option<&'static str> {
        self.ended.iter().rev().find(|(ended, _)| ended == id).map(|(_, status)| *status)
    }

    /// Mean of the jobs so far; `None` before the first.
    pub(crate) fn average_seconds(&self) -> Option<f64> {
        let count = self.generation_seconds.len() as f64;
        (count > 0.0).then(|| self.generation_seconds.iter().sum::<f64>() / count)
    }

    /// `PerformanceMetrics`.
    pub(crate) fn performance(&self) -> Value {
        let mut times: Vec<f64> = self.generation_seconds.iter().copied().collect();
        times.sort_by(f64::total_cmp);
        let mut metrics = json!({
            "commands_total": self.commands_total,
            "commands_failed": self.commands_failed,
            "jobs_completed": self.jobs_completed,
            "images_generated": self.images_generated,
        });
        if let Some(average) = self.average_seconds() {
            metrics["average_generation_time_seconds"] = average.into();
            metrics["p95_generation_time_seconds"] = times[(times.len() * 95).div_ceil(100) - 1].into();
            metrics["peak_memory_used_mb"] = self.peak_mb.into();
        }
        metrics
    }

    /// The counts of `QueueStatus`.
    pub(crate) fn queue_counts(&self) -> Value {
        let mut counts = json!({
            "completed": self.jobs_completed,
            "failed": self.jobs_failed,
            "cancelled": self.jobs_cancelled,
        });
        if let Some(average) = self.average_seconds() {
            counts["average_processing_time_seconds"] = average.into();
        }
        counts
    }
}
