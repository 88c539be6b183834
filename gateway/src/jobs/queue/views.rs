//! What clients see of the queue: jobs, pages of jobs, and its status.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::{JobQueue, records::Counts};
use crate::jobs::{
    Filter, JobView, Status,
    handle::Found,
    record::{Entry, timestamp},
};

impl JobQueue {
    /// A job with its position in the queue, if it waits.
    pub(super) fn view(&self, seq: u64) -> Option<JobView> {
        let entry = self.records.get(seq)?;
        let waits = entry.record.status == Status::Queued;
        let position = || self.waiting.find(seq).map(|(place, _)| self.waiting.position(place));
        Some(entry.view(if waits { position() } else { None }))
    }

    /// The jobs of a page, how many jobs the filter admits in all, and where the next page begins.
    pub(super) fn page(&self, filter: &Filter, before: Option<u64>, limit: usize) -> Found {
        let mut found = Found::default();
        let mut places = Vec::new();
        for (seq, _) in self.records.newest_first().filter(|(_, record)| filter.admits(record)) {
            found.total += 1;
            if before.is_none_or(|before| seq < before) {
                if places.len() < limit {
                    places.push(seq);
                } else {
                    found.next = places.last().copied();
                }
            }
        }
        found.jobs = self.views_of(&places);
        found
    }

    /// Records with their positions in the queue. Reads the queue once for all of them: once for each would be
    /// quadratic.
    pub(super) fn views_of(&self, seqs: &[u64]) -> Vec<JobView> {
        let queued =
            |seq: &u64| self.records.get(*seq).is_some_and(|job| job.record.status == Status::Queued);
        let wanted: HashSet<u64> = seqs.iter().copied().filter(queued).collect();
        let mut positions = HashMap::with_capacity(wanted.len());
        if !wanted.is_empty() {
            let of_them = self.waiting.positions().filter(|(seq, _)| wanted.contains(seq));
            positions.extend(of_them.take(wanted.len()));
        }
        let view = |seq: &u64| Some(self.records.get(*seq)?.view(positions.get(seq).copied()));
        seqs.iter().filter_map(view).collect()
    }

    /// The `QueueStatus` of the contract.
    pub(super) fn status(&self) -> Value {
        let Counts { completed, failed, cancelled, seconds } = self.records.counts();
        let average = if completed == 0 { 0.0 } else { seconds / precise(completed) };
        let mut requests = Vec::new();
        let mut row = |seq: u64, position: usize| {
            let Some(Entry { record: job, .. }) = self.records.get(seq) else { return };
            let mut row = json!({
                "request_id": &*job.request_id,
                "status": job.status.as_str(),
                "queue_position": position,
                "queued_at": timestamp(job.queued_at),
            });
            if let Some(at) = job.started_at {
                row["started_at"] = timestamp(at).into();
            }
            requests.push(row);
        };
        let mut running: Vec<u64> = self.running.keys().copied().collect();
        running.sort_unstable();
        running.into_iter().for_each(|seq| row(seq, 0));
        let queued: Vec<(u64, usize)> = self.waiting.positions().collect();
        queued.iter().for_each(|(seq, position)| row(*seq, *position));
        let lanes = self.lane_loads.iter().filter(|lane_load| lane_load.lane.is_ready()).count();
        let mut queue = json!({
            "total_queued": queued.len(),
            "currently_processing": self.running.values().filter(|running| running.work.job.recorded).count(),
            "completed": completed,
            "failed": failed,
            "cancelled": cancelled,
            "queued_requests": requests,
        });
        if completed > 0 {
            queue["average_processing_time_seconds"] = average.into();
        }
        if lanes > 0 && completed > 0 {
            let rounds = queued.len().div_ceil(lanes);
            queue["estimated_queue_clear_seconds"] = (precise(rounds as u64) * average).into();
        }
        queue
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn precise(count: u64) -> f64 {
    count as f64
}
