//! What the job queue says of its queue and its records, and how it drains.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Counts, JobQueue};
use crate::{
    jobs::{
        Filter, JobView, Status,
        handle::Found,
        record::{Entry, timestamp},
        session,
    },
    lane::LaneError,
};

impl JobQueue {
    pub(super) fn view(&self, seq: u64) -> Option<JobView> {
        let entry = self.records.get(&seq)?;
        let waits = entry.record.status == Status::Queued;
        let position = || self.place_of(seq).map(|(_, place)| self.waiting.range(..place).count());
        Some(entry.view(if waits { position() } else { None }))
    }

    /// The jobs of a page; how many the filter admits in all; whether there are more behind them.
    pub(super) fn page(&self, filter: &Filter, before: Option<u64>, limit: usize) -> Found {
        let mut found = Found::default();
        let mut places = Vec::new();
        for (seq, _) in self.records.iter().rev().filter(|(_, job)| filter.admits(&job.record)) {
            found.total += 1;
            if before.is_none_or(|before| *seq < before) {
                if places.len() < limit {
                    places.push(*seq);
                } else {
                    found.next = places.last().copied();
                }
            }
        }
        found.jobs = self.views_of(&places);
        found
    }

    /// Records with their positions in the queue, which is walked once for all of them.
    pub(super) fn views_of(&self, seqs: &[u64]) -> Vec<JobView> {
        let queued = |seq: &u64| self.records.get(seq).is_some_and(|job| job.record.status == Status::Queued);
        let wanted: HashSet<u64> = seqs.iter().copied().filter(queued).collect();
        let mut positions = HashMap::with_capacity(wanted.len());
        if !wanted.is_empty() {
            let waiting = self.waiting.keys().enumerate();
            positions.extend(
                waiting
                    .filter(|(_, (_, seq))| wanted.contains(seq))
                    .map(|(position, (_, seq))| (*seq, position))
                    .take(wanted.len()),
            );
        }
        let view = |seq: &u64| Some(self.records.get(seq)?.view(positions.get(seq).copied()));
        seqs.iter().filter_map(view).collect()
    }

    pub(super) fn forget_sessions(&mut self) {
        let now = Instant::now();
        let records = &self.records;
        self.sessions.forget(|seq| records.get(&seq).is_some_and(|record| session::is_readable(record, now)));
    }

    pub(super) fn queue(&self) -> Value {
        let Counts { completed, failed, cancelled, seconds } = self.counts;
        let average = if completed == 0 { 0.0 } else { seconds / precise(completed) };
        let mut requests = Vec::new();
        let mut row = |seq: u64, position: usize| {
            let Some(Entry { record: job, .. }) = self.records.get(&seq) else { return };
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
        let queued: Vec<u64> = self
            .waiting
            .iter()
            .filter(|(_, waiting)| waiting.work.job.recorded)
            .map(|((_, seq), _)| *seq)
            .collect();
        queued.iter().enumerate().for_each(|(position, seq)| row(*seq, position));
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

    pub(super) fn settle_drain(&mut self) {
        let Some(drain) = &mut self.draining else { return };
        if drain.until <= Instant::now() && !drain.over {
            drain.over = true;
            self.refuse_rest();
        }
        if self.waiting.is_empty()
            && self.running.is_empty()
            && let Some(done) = self.draining.as_mut().and_then(|drain| drain.done.take())
        {
            // Whoever asked may have gone.
            done.send(()).ok();
        }
    }

    /// The grace is over.
    fn refuse_rest(&mut self) {
        while let Some((place, _)) = self.waiting.first_key_value() {
            let place = *place;
            self.refuse(place, LaneError::Stopping.failure());
        }
        for running in self.running.values_mut().filter(|running| !running.shutting_down) {
            running.shutting_down = true;
            let lane = self.lane_loads[running.lane].lane.clone();
            let id = running.work.job.request_id().clone();
            self.errands.spawn(async move {
                let cancelled = lane.cancel(id.clone(), id).await;
                tracing::debug!(?cancelled, "cancelled, as the gateway shuts down");
            });
        }
    }
}

/// Counts stay far below 2^52.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn precise(count: u64) -> f64 {
    count as f64
}
