//! The composition root: starts the parts of the gateway in order, watches their tasks, and ends them.

use std::{pin::pin, sync::Arc};

use tokio::{
    sync::Notify,
    task::{JoinError, JoinSet},
    time::{Duration, Instant, timeout, timeout_at},
};

use crate::{config::Config, dispatch::Dispatcher, gpu::Gpus, jobs, outputs::Outputs, pool::Pool};

/// How long workers have after the grace to obey a cancel and exit. With the grace of stdio (4 s) this stays below the
/// 5 s after which the C# bridge kills.
const KILL_AFTER: Duration = Duration::from_millis(500);

/// How long idle workers have to exit. Container runtimes give a process 10 s at least by default, so that half of that
/// leaves room for the rest of the end.
const IDLE_TASKS_END_MAX: Duration = Duration::from_millis(4500);

/// How long the tasks have to return when nothing is left to do. They need milliseconds; a task that takes longer
/// hangs.
const TASKS_END_MAX: Duration = Duration::from_secs(1);

/// The exit code of a gateway of which a task failed: `EX_SOFTWARE` of sysexits.h.
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
    /// Tasks without an end of their own: sweeps of the uploads, checks of the output folder. Aborted when the app is
    /// dropped.
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

    /// Waits until the dispatcher stops, and drains. Commands that have not ended after the grace end with
    /// `shutting_down`, and workers are killed half a second later. An earlier end that is given meanwhile holds. When
    /// this returns, every accepted command has its reply, and the job queue still answers queries.
    pub async fn drain(&mut self) {
        loop {
            let until = self.dispatcher.stopped().await;
            tokio::select! {
                () = end(&self.dispatcher, until, until + KILL_AFTER) => return,
                // Drain again: the job queue and the lanes replace their end by an earlier one.
                () = self.dispatcher.stops_sooner(until) => tracing::info!("the grace was shortened"),
            }
        }
    }

    /// Ends the tasks, after a drain.
    pub async fn end_tasks(mut self) {
        self.dispatcher.queue().close().await;
        let left = timeout(TASKS_END_MAX, async { while self.tasks.join_next().await.is_some() {} });
        if left.await.is_err() {
            tracing::error!(tasks = self.tasks.len(), "tasks did not return and are dropped");
        }
    }

    /// Drains and ends the tasks.
    pub async fn stop(mut self, grace: Duration) {
        self.dispatcher.stop(Some(grace));
        self.drain().await;
        self.end_tasks().await;
    }
}

/// Drains the job queue until `until`, and stops the workers, which are killed at `kill_at`.
pub(crate) async fn end(dispatcher: &Dispatcher, until: Instant, kill_at: Instant) {
    let mut drained = pin!(dispatcher.queue().drain(until));
    // Stopped now and not after the drain: a training needs the whole grace for its checkpoint, and its worker runs
    // nothing else meanwhile.
    let (in_time, ()) =
        futures::join!(timeout_at(kill_at, &mut drained), dispatcher.pool().stop_trainings(kill_at));
    // Every command has its reply, so that a worker that hangs now delays only the exit.
    let kill_at = if in_time.is_ok() { kill_at.min(Instant::now() + IDLE_TASKS_END_MAX) } else { kill_at };
    dispatcher.pool().stop(kill_at).await;
    let drained = match in_time {
        Ok(drained) => drained,
        // The workers are gone, so that the commands that they had are answered now.
        Err(_) => drained.await,
    };
    if let Err(failure) = drained {
        tracing::error!(%failure, "the queue did not drain");
    }
}
