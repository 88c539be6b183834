//! The pool: all lanes.

use std::sync::Arc;

use tokio::{sync::Notify, task::JoinSet, time::Instant};

use crate::{
    gpu::GpuId,
    lane::{self, LaneHandle, LaneState, Launch, Policy, PoolEvents},
};

/// All lanes.
#[derive(Clone, Debug)]
pub struct Pool {
    lanes: Arc<[LaneHandle]>,
    pool_events: PoolEvents,
}

/// Pool events that a slow subscriber may be behind, before it loses the oldest: minutes of a training's progress.
const POOL_EVENTS_MAX: usize = 256;

/// States of workers, the most useful first.
const STATES: [&str; 7] = ["ready", "running", "training", "loading", "starting", "draining", "error"];

/// Returns the state of a pool whose workers are in these: the most useful one; `None` if none is known.
pub(crate) fn state_of<'s>(states: impl Iterator<Item = &'s str>) -> Option<&'static str> {
    let rank = |state: &str| STATES.iter().position(|known| *known == state);
    states.filter_map(rank).min().map(|rank| STATES[rank])
}

impl Pool {
    /// Starts a lane for each GPU on `tasks`. The lanes notify `changed` whenever one changes.
    pub fn start(
        workers: Vec<(GpuId, Launch)>,
        policy: &Arc<Policy>,
        changed: &Arc<Notify>,
        tasks: &mut JoinSet<()>,
    ) -> Self {
        let pool_events = PoolEvents::new(POOL_EVENTS_MAX);
        let lanes = workers
            .into_iter()
            .map(|(gpu, launch)| {
                lane::start(gpu, launch, policy.clone(), changed.clone(), pool_events.clone(), tasks)
            })
            .collect();
        Self { lanes, pool_events }
    }

    /// Subscribes to the events that belong to no command, from now on.
    #[must_use]
    pub fn pool_events(&self) -> tokio::sync::broadcast::Receiver<Arc<serde_json::Value>> {
        self.pool_events.subscribe()
    }

    /// The lanes, in the order of their GPUs.
    #[must_use]
    pub fn lanes(&self) -> &[LaneHandle] {
        &self.lanes
    }

    /// The lane of a GPU.
    #[must_use]
    pub fn lane(&self, gpu: &str) -> Option<&LaneHandle> {
        self.lanes.iter().find(|lane| lane.gpu.as_str() == gpu)
    }

    /// The lane of a device of a prompt submission (`cuda:N`, `cpu`).
    #[must_use]
    pub fn lane_of_device(&self, device: &str) -> Option<&LaneHandle> {
        self.lanes.iter().find(|lane| lane.gpu.is_device(device))
    }

    /// Waits until no lane is starting any more.
    pub async fn settled(&self) {
        for lane in self.lanes.iter() {
            let mut views = lane.views();
            // An error means that the lane has stopped, so that it is not starting.
            views.wait_for(|view| view.state != LaneState::Starting).await.ok();
        }
    }

    /// Stops the workers that train, as [`Self::stop`] does. They save a checkpoint first.
    pub async fn stop_trainings(&self, kill_at: Instant) {
        let train = self.lanes.iter().filter(|lane| lane.view().worker_state == "training");
        futures::future::join_all(train.map(|lane| lane.stop(kill_at))).await;
    }

    /// Stops all workers: closes their stdin now, and kills them at `kill_at`.
    pub async fn stop(&self, kill_at: Instant) {
        futures::future::join_all(self.lanes.iter().map(|lane| lane.stop(kill_at))).await;
    }
}
