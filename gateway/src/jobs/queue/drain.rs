//! The end of the queue: nothing more is accepted, and what has not ended when the grace is over ends with
//! `shutting_down`.

use tokio::{sync::oneshot, time::Instant};

use super::JobQueue;
use crate::lane::LaneError;

/// A drain in progress.
pub(super) struct Draining {
    /// When the grace is over.
    pub(super) until: Instant,
    pub(super) is_over: bool,
    /// The caller that waits until every command has its reply.
    done: Option<oneshot::Sender<()>>,
}

impl JobQueue {
    /// Begins to drain. On a second call the earlier end holds, and the first caller no longer waits.
    pub(super) fn drain(&mut self, until: Instant, done: oneshot::Sender<()>) {
        let before = self.draining.take();
        self.draining = Some(Draining {
            until: before.as_ref().map_or(until, |before| before.until.min(until)),
            is_over: before.is_some_and(|before| before.is_over),
            done: Some(done),
        });
    }

    /// When the grace of a drain is over, if it is not yet.
    pub(super) fn drain_deadline(&self) -> Option<Instant> {
        self.draining.as_ref().filter(|drain| !drain.is_over).map(|drain| drain.until)
    }

    /// Ends the grace when it is over, and answers the caller of the drain when nothing waits or runs.
    pub(super) fn settle_drain(&mut self) {
        let Some(drain) = &mut self.draining else { return };
        if drain.until <= Instant::now() && !drain.is_over {
            drain.is_over = true;
            self.end_grace();
        }
        if self.waiting.is_empty()
            && self.running.is_empty()
            && let Some(done) = self.draining.as_mut().and_then(|drain| drain.done.take())
        {
            // A caller that hung up needs no answer.
            done.send(()).ok();
        }
    }

    /// Refuses what waits, and cancels what runs.
    fn end_grace(&mut self) {
        while let Some(place) = self.waiting.first() {
            self.refuse(place, LaneError::Stopping.failure());
        }
        for running in self.running.values_mut().filter(|running| !running.shutting_down) {
            running.shutting_down = true;
            let lane = self.lane_loads[running.lane].lane.clone();
            let id = running.work.job.request_id().clone();
            self.cancels.spawn(async move {
                let cancelled = lane.cancel(id.clone(), id).await;
                tracing::debug!(?cancelled, "cancelled, as the gateway shuts down");
            });
        }
    }
}
