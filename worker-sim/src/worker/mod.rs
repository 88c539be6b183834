//! The worker: its state and its decisions. It touches no pipe; it takes lines, moments and finished tasks, and
//! gives effects.

mod answer;
mod batch;
mod control;
mod events;
mod job;
mod load;
mod plan;
mod query;
mod read;
mod run;
mod stop;
#[cfg(test)]
mod tests;
mod training;

use contracts::{Action, Dialect, Failure, Refusal};
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use crate::{
    clock::Now,
    command::{Command, Outcome},
    cost::{SECONDS_A_PIXEL, Speed},
    executor::{Finished, Task},
    faults::{Faults, Kind},
    models::Registry,
    picture::rng::Rng,
    report::Metrics,
    settings::{LogLevel, Settings},
    suites::Suite,
    training::{Trainings, spec::Spec},
    vram::Memory,
};

/// Something that the process must do for the worker.
pub(crate) enum Effect {
    /// Bytes for stdout.
    Write(Vec<u8>),
    /// A task for the executor.
    Run(Task),
    /// A line for stderr.
    Log(LogLevel, String),
    /// Everything is answered.
    Exit,
    /// The fault `crash`.
    Crash,
    /// The fault `hang`.
    Hang,
}

/// What `initialize` negotiates.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Features {
    pub(crate) events: bool,
    pub(crate) out_of_order: bool,
    pub(crate) previews: bool,
    pub(crate) trace: bool,
}

/// The place of a reply line, in the order of the commands.
struct Slot {
    ticket: u64,
    pending: PendingReply,
}

enum PendingReply {
    /// The command is at work, or waits for its turn.
    Running,
    /// A query is computed when its line is due.
    Query(Box<Command>),
    /// So is a refusal: its dialect is that of the reply before it.
    Refusal(u64, Box<Refusal>),
    /// The bytes.
    Ready(Vec<u8>),
}

/// The command that has the device.
struct Running {
    command: Command,
    started: Now,
    /// Why it is to end.
    end: Option<Box<Failure>>,
    /// Tells the executor to stop. `Relaxed` throughout: the flag stands for itself, and results come through a channel.
    halt: Arc<AtomicBool>,
    activity: Activity,
}

enum Activity {
    Load(load::Loading),
    Picture(Box<job::Job>),
    Batch(Box<batch::Batch>),
    /// Files, a self test or a data set, in the executor.
    Executing,
    /// The fault `hang:job`.
    Stuck,
}

/// The polite end.
struct Stopping {
    /// When unfinished commands are cancelled; `None` with `--on-eof finish`.
    deadline: Option<Duration>,
    /// The `shutdown` whose reply is the last line.
    shutdown: Option<Command>,
}

/// A simulated worker.
pub(crate) struct Worker {
    settings: Settings,
    registry: Registry,
    gpu: Memory,
    ram: Memory,
    suites: BTreeMap<String, Suite>,
    /// The base model loaded or used last: its id.
    current: Option<String>,
    pub(crate) faults: Faults,
    /// The data of the first replies, for the fault `first_reply`.
    first_replies: HashMap<(Option<Action>, Dialect), Value>,
    seeds: Rng,
    features: Features,
    is_initialized: bool,
    /// What `initialize` chose.
    dialect: Option<Dialect>,
    event_dialect: Dialect,
    last_dialect: Option<Dialect>,
    started: Now,
    last_activity: Now,
    last_progress: Now,
    stage: Option<&'static str>,
    frames: u64,
    tickets: u64,
    sequence: u64,
    slots: VecDeque<Slot>,
    queue: VecDeque<Command>,
    running: Option<Running>,
    /// Cancels that are answered after their targets.
    cancels: Vec<control::Cancelling>,
    trainings: Trainings,
    /// The training whose data set is being read.
    pending_training: Option<Spec>,
    metrics: Metrics,
    stopping: Option<Stopping>,
    /// Replies that the fault `slow` holds back.
    delayed: Vec<(Duration, u64, bool, Vec<u8>)>,
    next_heartbeat: Option<Duration>,
    effects: Vec<Effect>,
    /// The fault `device_lost` has struck.
    device_lost: bool,
}

impl Worker {
    pub(crate) fn new(settings: Settings, now: Now) -> Self {
        let faults = Faults::new(settings.faults.clone(), settings.seed);
        let registry = Registry {
            roots: settings.roots.clone(),
            configured: settings.models.clone(),
            loaded_ids: BTreeMap::new(),
            takes_any_type: faults.at_start(Kind::AnyType).is_some(),
            takes_any_file: faults.at_start(Kind::AnyFile).is_some(),
        };
        let (trainings, notes) = Trainings::open(&settings.roots.output, now);
        let mut effects = vec![Effect::Log(
            LogLevel::Info,
            format!(
                "{} with {} MiB, pretend models under /models, pictures under {}",
                settings.device.name(),
                settings.vram_bytes >> 20,
                settings.roots.output.display()
            ),
        )];
        effects.extend(notes.into_iter().map(|note| Effect::Log(LogLevel::Warning, note)));
        let memory = |location, total| {
            let mut memory = Memory::new(location, total);
            memory.counts_each_id = faults.at_start(Kind::CountsEachId).is_some();
            memory
        };
        Self {
            gpu: memory("gpu", settings.vram_bytes),
            ram: memory("ram", settings.ram_bytes),
            faults,
            first_replies: HashMap::new(),
            seeds: Rng::new(settings.seed ^ settings.device.seed()),
            settings,
            registry,
            suites: BTreeMap::new(),
            current: None,
            features: Features::default(),
            is_initialized: false,
            dialect: None,
            event_dialect: Dialect::Pascal,
            last_dialect: None,
            started: now,
            last_activity: now,
            last_progress: now,
            stage: None,
            frames: 0,
            tickets: 0,
            sequence: 0,
            slots: VecDeque::new(),
            queue: VecDeque::new(),
            running: None,
            cancels: Vec::new(),
            trainings,
            pending_training: None,
            metrics: Metrics::default(),
            stopping: None,
            delayed: Vec::new(),
            next_heartbeat: None,
            effects,
            device_lost: false,
        }
    }

    /// The effects since the last call.
    pub(crate) fn take_effects(&mut self) -> Vec<Effect> {
        if self.device_lost && self.running.is_none() {
            self.effects.push(Effect::Crash);
        }
        std::mem::take(&mut self.effects)
    }

    /// When `tick` is due.
    pub(crate) fn due(&self) -> Option<Duration> {
        let running = self.running.as_ref().and_then(|running| match &running.activity {
            Activity::Load(loading) => Some(loading.due),
            Activity::Picture(job) => job.due,
            Activity::Batch(batch) => batch.job.as_ref().and_then(|job| job.due),
            Activity::Executing | Activity::Stuck => None,
        });
        let deadlines = self.queue.iter().chain(self.running.iter().map(|running| &running.command));
        let timeout = deadlines.filter_map(|command| command.deadline).min();
        let delayed = self.delayed.iter().map(|delayed| delayed.0).min();
        let stop = self.stopping.as_ref().and_then(|stopping| stopping.deadline);
        [running, timeout, delayed, stop, self.next_heartbeat, self.trainings.due()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Time has passed.
    pub(crate) fn tick(&mut self, now: Now) {
        self.heartbeat(now);
        self.release_delayed(now);
        self.end_late(now);
        self.advance(now);
        self.train(now);
        self.pump(now);
        self.end_stopping(now);
    }

    /// The executor has finished a task.
    pub(crate) fn finished(&mut self, finished: Finished, now: Now) {
        let is_ours = |running: &mut Running| running.command.ticket == finished.ticket;
        if let Some(running) = self.running.take_if(is_ours) {
            self.last_activity = now;
            self.take_finished(running, finished.outcome, now);
        }
        self.pump(now);
        self.end_stopping(now);
    }

    /// Starts the commands that can start, and writes the replies that are due.
    fn pump(&mut self, now: Now) {
        loop {
            self.flush(now);
            if self.running.is_some() {
                return;
            }
            let Some(command) = self.queue.pop_front() else { return };
            self.begin(command, now);
        }
    }

    /// How fast this worker is.
    fn speed(&self) -> Speed {
        let pixel = self.metrics.seconds_a_pixel();
        Speed {
            step: self.settings.step.as_secs_f64(),
            load: self.settings.load.as_secs_f64(),
            pixel: pixel.unwrap_or(SECONDS_A_PIXEL),
            measured: pixel.is_some(),
        }
    }

    fn log(&mut self, level: LogLevel, text: impl Into<String>) {
        self.effects.push(Effect::Log(level, text.into()));
    }
}
