//! The composition root: what is started, in which order, and how it ends.

use std::{pin::pin, sync::Arc};

use tokio::{
    sync::Notify,
    task::{JoinError, JoinSet},
    time::{Duration, Instant, timeout, timeout_at},
};

use crate::{config::Config, dispatch::Dispatcher, gpu::Gpus, jobs, outputs::Outputs, pool::Pool};

/// How long workers have to obey a cancel and leave, after the grace.
const KILL_AFTER: Duration = Duration::from_millis(500);

/// How long workers that have nothing to do have to leave: the shortest time that anybody gives a container is 10 s.
const IDLE_LEAVE_MAX: Duration = Duration::from_millis(4500);

/// How long the tasks have to return, once nothing is left to do.
const LEAVE_MAX: Duration = Duration::from_secs(1);

/// The exit code of a gateway of which a task broke.
pub const BROKEN: u8 = 70;

/// How a task of the gateway ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum TaskFailure {
    /// It panicked.
    #[error("a task of the gateway broke")]
    Broke {
        /// The panic.
        #[source]
        source: JoinError,
    },
    /// It returned.
    #[error("a task of the gateway ended by itself")]
    Ended,
    /// There is none to wait for.
    #[error("the gateway has no task left")]
    NoneLeft,
}

/// A running gateway: its dispatcher, and the tasks behind it.
pub struct App {
    dispatcher: Dispatcher,
    tasks: JoinSet<()>,
    /// What goes on for ever: sweeps of the uploads, looks at the output folder. Dropped with the app.
    _chores: JoinSet<()>,
}

impl App {
    /// Starts the workers and the job queue.
    #[must_use]
    pub fn start(config: Config, gpus: Option<Arc<dyn Gpus>>) -> Self {
        let mut tasks = JoinSet::new();
        let changed = Arc::new(Notify::new());
        let pool = Pool::start(config.workers.clone(), &config.policy, &changed, &mut tasks);
        let outputs = Outputs::new(&config.output_dir, config.keep.disk_free_bytes_min.get());
        let lanes = pool.lanes().to_vec();
        let queue = jobs::start(lanes, config.queue.clone(), outputs.clone(), changed, &mut tasks);
        let dispatcher = Dispatcher::new(config, pool, queue, outputs, gpus);
        let mut chores = JoinSet::new();
        chores.spawn(dispatcher.uploads().clone().keep_swept());
        chores.spawn(dispatcher.outputs().clone().watch());
        Self { dispatcher, tasks, _chores: chores }
    }

    /// The dispatcher.
    #[must_use]
    pub fn dispatcher(&self) -> &Dispatcher {
        &self.dispatcher
    }

    /// Waits until a task ends before its time, and returns how. A gateway without its job queue or a lane accepts
    /// commands that it never answers, so that its caller must end it.
    ///
    /// # Cancel safety
    /// `join_next` loses nothing.
    pub async fn failed(&mut self) -> TaskFailure {
        match self.tasks.join_next().await {
            Some(Err(source)) => TaskFailure::Broke { source },
            Some(Ok(())) => TaskFailure::Ended,
            None => TaskFailure::NoneLeft,
        }
    }

    /// Drains, once the dispatcher is told to stop: what is not done after its grace ends with `shutting_down`, workers are
    /// killed half a second later. Who tells it again, with an earlier end, is heeded. When it returns every accepted
    /// command has its reply; the job queue still says what became of each.
    pub async fn drain(&mut self) {
        loop {
            let until = self.dispatcher.stopped().await;
            tokio::select! {
                () = end(&self.dispatcher, until, until + KILL_AFTER) => return,
                // The job queue and the lanes take the earlier end in place of the one before.
                () = self.dispatcher.stops_sooner(until) => tracing::info!("told to end sooner"),
            }
        }
    }

    /// Ends the tasks, after a drain.
    pub async fn leave(mut self) {
        self.dispatcher.queue().leave().await;
        let left = timeout(LEAVE_MAX, async { while self.tasks.join_next().await.is_some() {} });
        if left.await.is_err() {
            tracing::error!(tasks = self.tasks.len(), "tasks did not return and are dropped");
        }
    }

    /// Drains and leaves.
    pub async fn stop(mut self, grace: Duration) {
        self.dispatcher.stop(Some(grace));
        self.drain().await;
        self.leave().await;
    }
}

/// Drains the job queue until then, and stops the workers by the time they are killed.
pub(crate) async fn end(dispatcher: &Dispatcher, until: Instant, kill_at: Instant) {
    let mut drained = pin!(dispatcher.queue().drain(until));
    // A training needs the whole grace for its checkpoint; nothing else could run beside it.
    let (in_time, ()) =
        futures::join!(timeout_at(kill_at, &mut drained), dispatcher.pool().stop_trainings(kill_at));
    // Nothing is owed any more: a worker that hangs is not waited for as long as a job might be.
    let kill_at = if in_time.is_ok() { kill_at.min(Instant::now() + IDLE_LEAVE_MAX) } else { kill_at };
    dispatcher.pool().stop(kill_at).await;
    let drained = match in_time {
        Ok(drained) => drained,
        // The workers are gone: whatever they had is answered now.
        Err(_) => drained.await,
    };
    if let Err(failure) = drained {
        tracing::error!(%failure, "the queue did not drain");
    }
}
