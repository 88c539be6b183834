//! The composition root: what is started, in which order, and how it ends.

use std::sync::Arc;

use tokio::{
    sync::Notify,
    task::JoinSet,
    time::{Duration, Instant},
};

use crate::{config::Config, front::Front, gpu::Gpus, jobs, pool::Pool};

/// A running gateway: its front, and the tasks behind it.
pub struct App {
    front: Front,
    tasks: JoinSet<()>,
}

impl App {
    /// Starts the workers and the desk. `urls`: whether pictures get URLs.
    #[must_use]
    pub fn start(config: Config, gpus: Option<Arc<dyn Gpus>>, urls: bool) -> Self {
        let mut tasks = JoinSet::new();
        let changed = Arc::new(Notify::new());
        let pool = Pool::start(config.workers.clone(), &config.policy, &changed, &mut tasks);
        let desk = jobs::start(pool.lanes().to_vec(), config.desk.clone(), changed, &mut tasks);
        let front = Front::new(config, pool, desk, gpus, urls);
        Self { front, tasks }
    }

    /// The front.
    #[must_use]
    pub fn front(&self) -> &Front {
        &self.front
    }

    /// Drains: what is not done after `grace` ends with `shutting_down`; workers are killed half a second later.
    pub async fn stop(mut self, grace: Duration) {
        let until = Instant::now() + grace;
        end(&self.front, until, until + Duration::from_millis(500)).await;
        self.tasks.shutdown().await;
    }
}

/// Drains the desk until then, and stops the workers by the time they are killed.
pub(crate) async fn end(front: &Front, until: Instant, kill_at: Instant) {
    if let Err(failure) = front.desk().drain(until).await {
        tracing::error!(%failure, "the desk did not drain");
    }
    front.pool().stop(kill_at).await;
}
