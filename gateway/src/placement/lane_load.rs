//! The load of one lane, as the job queue knows it: what its worker runs, and which models it has.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use contracts::{Action, Reply, WarningCode};
use serde_json::Value;
use tokio::time::Instant;

use super::{LaneLoadView, Need};
use crate::lane::{LaneHandle, LaneState};

/// How long a lane gets nothing after `worker_busy`. A heartbeat, which reports the training, comes sooner than this.
const BLOCKED: Duration = Duration::from_secs(1);

/// The classes of commands that a lane can begin now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Availability {
    trainings: bool,
    others: bool,
}

impl Availability {
    pub(crate) fn is_none(self) -> bool {
        self == Self::default()
    }

    pub(crate) fn takes(self, action: Action) -> bool {
        let trains = matches!(action, Action::StartTraining | Action::StartSdxlTraining);
        if trains { self.trainings } else { self.others }
    }
}

/// One lane and its load.
#[derive(Debug)]
pub(crate) struct LaneLoad {
    pub(crate) lane: LaneHandle,
    /// The sequence of the command that it runs.
    pub(crate) busy: Option<u64>,
    pub(crate) blocked_until: Option<Instant>,
    /// When it last began a command, as a sequence: smaller is longer ago.
    pub(crate) last_begun: u64,
    ended: u64,
    /// The ids of loaded models, by each name that a command used for them.
    models: HashMap<String, String>,
    current: Option<String>,
    /// Ids of models in its RAM.
    cached: HashSet<String>,
    starts: u64,
}

impl LaneLoad {
    pub(crate) fn new(lane: LaneHandle) -> Self {
        Self {
            lane,
            busy: None,
            blocked_until: None,
            last_begun: 0,
            ended: 0,
            models: HashMap::new(),
            current: None,
            cached: HashSet::new(),
            starts: 0,
        }
    }

    /// Forgets the models of a worker that has been replaced.
    pub(crate) fn refresh(&mut self) {
        let starts = self.lane.view().starts;
        if starts != self.starts {
            self.starts = starts;
            self.models.clear();
            self.current = None;
            self.cached.clear();
        }
    }

    pub(crate) fn begin(&mut self, seq: u64) {
        self.busy = Some(seq);
        self.last_begun = seq + 1;
    }

    pub(crate) fn end(&mut self) {
        self.busy = None;
        self.ended += 1;
    }

    pub(crate) fn block(&mut self) {
        self.blocked_until = Some(Instant::now() + BLOCKED);
    }

    pub(crate) fn has_model(&self, model: &str) -> bool {
        self.models.contains_key(model)
    }

    /// Whether a job that names no model finds one.
    pub(crate) fn has_current(&self) -> bool {
        self.current.is_some()
    }

    pub(crate) fn has_cached(&self, model: &str) -> bool {
        self.cached.contains(model)
    }

    /// What it can begin now. The worker queues trainings behind a training, but nothing else.
    pub(crate) fn availability(&self) -> Availability {
        if self.busy.is_some() || self.blocked_until.is_some() {
            return Availability::default();
        }
        Availability { trainings: self.lane.view().state == LaneState::Ready, others: self.lane.is_ready() }
    }

    pub(crate) fn load(&mut self) -> LaneLoadView {
        self.refresh();
        LaneLoadView {
            busy: self.busy.is_some(),
            ended: self.ended,
            models: self.models.keys().cloned().collect(),
            current_model: self.current.clone(),
        }
    }

    /// Notes the models that a reply shows the worker to have.
    pub(crate) fn learn(&mut self, need: &Need, reply: &Reply) {
        let Ok(data) = &reply.outcome else { return };
        if reply.warnings.iter().any(|warning| warning.code == WarningCode::ModelSwapped) {
            // The warning does not name the model that was replaced, so that only the one that is loaded now is known.
            self.models.clear();
            self.current = None;
        }
        match need.action {
            Action::UnloadModel => self.forget(data),
            Action::CleanupMemory => {}
            Action::LoadModelToCache => {
                self.cached.extend(data["model_id"].as_str().map(str::to_owned));
            }
            Action::CacheSdxlSuite => {
                let parts = data["component_results"].as_array().into_iter().flatten();
                self.cached.extend(parts.filter_map(|part| Some(part["model_id"].as_str()?.to_owned())));
            }
            Action::LoadSdxlSuite => {
                for part in data["component_results"].as_array().into_iter().flatten() {
                    if let Some(id) = part["model_id"].as_str() {
                        self.note(id, id, part["component_type"] == "base");
                    }
                }
            }
            _ => {
                if let Some(id) = data["model_id"].as_str() {
                    self.note(id, need.model.as_deref().unwrap_or(id), true);
                }
            }
        }
    }

    fn note(&mut self, id: &str, name: &str, is_base: bool) {
        self.models.insert(id.to_owned(), id.to_owned());
        self.models.insert(name.to_owned(), id.to_owned());
        if is_base {
            self.current = Some(id.to_owned());
        }
    }

    fn forget(&mut self, data: &Value) {
        let gone: Vec<&str> =
            data["model_ids"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        self.models.retain(|_, id| !gone.contains(&id.as_str()));
        self.current = self.current.take().filter(|id| !gone.contains(&id.as_str()));
    }
}
