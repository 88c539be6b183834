//! Loads, caches, suites, unloads and cleanup.

use contracts::{Action, ErrorCode, Failure, WarningCode, shorten};
use serde_json::{Value, json};
use std::{collections::VecDeque, time::Duration};

use super::{Command, Outcome, Worker, events::Progress, read::warning};
use crate::{clock::Now, cost::load_seconds, models::Model, suites::Suite};

/// A load that runs: of one model, or of a suite.
pub(super) struct Loading {
    /// When the first of `queue` is there.
    pub(super) due: Duration,
    queue: VecDeque<Model>,
    /// Model, seconds, and whether its bytes came from the cache.
    done: Vec<(Model, f64, bool)>,
    suite: Option<Suite>,
    to_ram: bool,
    began: Now,
    pretend: bool,
}

impl Worker {
    /// Checks a load and makes room for it.
    pub(super) fn open_load(&mut self, command: &mut Command, now: Now) -> Result<Loading, Box<Failure>> {
        let action = command.action();
        let to_ram = matches!(action, Action::LoadModelToCache | Action::CacheSdxlSuite);
        let mut suite = None;
        let models = match action {
            Action::LoadFromCache => {
                let id = command.required("model_id");
                let cached = self.ram.by_id(id).map(|held| held.model.clone()).ok_or_else(|| {
                    let failure =
                        Failure::new(ErrorCode::ModelNotFound, format!("{} is not cached", shorten(id)));
                    command.fail_at(failure.hint("load_model_to_cache"), "model_id")
                })?;
                vec![cached]
            }
            Action::LoadSdxlSuite | Action::CacheSdxlSuite => {
                suite.insert(Suite::of(command, &self.registry)?).models()
            }
            _ => {
                let kind = command.required("model_type");
                let model =
                    self.registry.name(command.required("model_path"), kind, command.text("model_id"));
                vec![model.map_err(|failure| command.fail_at(failure, "model_path"))?]
            }
        };
        let memory = if to_ram { &mut self.ram } else { &mut self.gpu };
        // A file that is here already is loaded once, whatever its ids.
        let more = models.iter().filter(|model| !memory.has(model)).map(|model| model.bytes).sum();
        let keep: Vec<Model> = memory
            .held
            .iter()
            .filter(|held| {
                let is_it = |model: &Model| {
                    model.id == held.model.id
                        || (model.path == held.model.path && model.kind == held.model.kind)
                };
                models.iter().any(is_it)
            })
            .map(|held| held.model.clone())
            .collect();
        let evicted = memory.make_room(&keep, more, 0)?;
        self.forget_unheld();
        if !evicted.is_empty() {
            let names: Vec<_> = evicted.iter().map(|model| model.id.as_str()).collect();
            let message = format!("{} was evicted to make room", names.join(", "));
            command.warnings.push(warning(WarningCode::ModelSwapped, None, message));
        }
        let pretend = self.is_without_effect(command);
        let mut loading = Loading {
            due: now.mono,
            queue: models.into(),
            done: Vec::new(),
            suite,
            to_ram,
            began: now,
            pretend,
        };
        self.next_load(&mut loading, now);
        Ok(loading)
    }

    fn next_load(&self, loading: &mut Loading, now: Now) {
        let Some(next) = loading.queue.front() else { return };
        let memory = if loading.to_ram { &self.ram } else { &self.gpu };
        let here = memory.has(next);
        let cached = !loading.to_ram && self.ram.has(next);
        let seconds = load_seconds(next, self.speed().load) * if cached { 0.1 } else { 1.0 };
        loading.began = now;
        loading.due = now.after(if here { 0.0 } else { seconds });
    }

    /// Takes the steps that are due. Returns the outcome once all models are loaded.
    pub(super) fn step_load(
        &mut self,
        command: &Command,
        loading: &mut Loading,
        now: Now,
    ) -> Option<Outcome> {
        while loading.due <= now.mono {
            let Some(model) = loading.queue.pop_front() else { break };
            let cached = !loading.to_ram && self.ram.has(&model);
            let total = (loading.done.len() + loading.queue.len() + 1) as u64;
            let step = loading.done.len() as u64 + 1;
            if !loading.pretend {
                let suite = loading.suite.as_ref().map(|suite| suite.name.as_str());
                let memory = if loading.to_ram { &mut self.ram } else { &mut self.gpu };
                memory.put(model.clone(), 1.0, suite, now);
                self.registry.loaded_ids.insert(model.id.clone(), model.clone());
                if !loading.to_ram && model.kind == "sdxl" {
                    self.current = Some(model.id.clone());
                }
            }
            loading.done.push((model, now.seconds_since(loading.began), cached));
            let share = step as f64 / total as f64;
            let progress = Progress { stage: "loading", step, total, share, image: 0, eta: None };
            self.progress(command, progress, now);
            self.next_load(loading, now);
        }
        loading.queue.is_empty().then(|| Ok(self.loaded(loading)))
    }

    fn loaded(&mut self, loading: &mut Loading) -> Value {
        let total: u64 = loading.done.iter().map(|(model, ..)| model.bytes).sum();
        let Some(suite) = loading.suite.take() else {
            let (model, seconds, cached) = &loading.done[0];
            return json!({
                "model_id": model.id, "load_time_seconds": seconds, "model_size_bytes": model.bytes,
                "gpu_id": self.settings.device.gpu_id, "from_cache": cached, "memory_used_bytes": model.bytes,
            });
        };
        let parts: Vec<Value> = loading
            .done
            .iter()
            .map(|(model, seconds, _)| {
                json!({
                    "component_type": suite.component(model), "model_id": model.id, "success": true,
                    "model_size_bytes": model.bytes, "load_time_seconds": seconds,
                })
            })
            .collect();
        let seconds: f64 = loading.done.iter().map(|(_, seconds, _)| seconds).sum();
        let name = suite.name.clone();
        if !loading.pretend {
            self.suites.insert(name.clone(), suite);
        }
        json!({
            "suite_name": name, "component_results": parts, "total_size_bytes": total, "total_load_time_seconds": seconds,
        })
    }

    /// Unloads the models of a load that was cut off.
    pub(super) fn roll_back(&mut self, loading: &Loading) {
        let memory = if loading.to_ram { &mut self.ram } else { &mut self.gpu };
        for (model, ..) in &loading.done {
            memory.take(Some(&model.id));
        }
        self.forget_unheld();
    }

    pub(super) fn unload(&mut self, command: &Command) -> Outcome {
        let id = command.text("model_id");
        if let Some(id) = id.filter(|id| self.gpu.by_id(id).is_none()) {
            let failure = Failure::new(ErrorCode::ModelNotFound, format!("{} is not loaded", shorten(id)));
            return Err(command.fail_at(failure, "model_id"));
        }
        let is_it = |model: &Model| id.is_none_or(|id| model.id == id);
        let models: Vec<Model> =
            self.gpu.held.iter().map(|held| held.model.clone()).filter(|model| is_it(model)).collect();
        let mut freed: Vec<&Model> = Vec::new();
        for model in &models {
            let stays = |held: &Model| held.path == model.path && held.kind == model.kind;
            let other_ids = self.gpu.held.iter().filter(|held| !models.contains(&held.model));
            let counted = freed.iter().any(|before| stays(before));
            if !counted && !other_ids.map(|held| &held.model).any(stays) {
                freed.push(model);
            }
        }
        let freed: u64 = freed.iter().map(|model| model.bytes).sum();
        if !self.is_without_effect(command) {
            self.gpu.take(id);
            self.forget_unheld();
        }
        let ids: Vec<&str> = models.iter().map(|model| model.id.as_str()).collect();
        Ok(json!({"model_ids": ids, "freed_bytes": freed}))
    }

    pub(super) fn cleanup(&mut self, command: &Command) -> Outcome {
        let freed = self.gpu.workspace;
        if !self.is_without_effect(command) {
            self.gpu.workspace = 0;
        }
        Ok(json!({"freed_gpu_bytes": freed, "freed_ram_bytes": 0}))
    }

    /// Ids that name nothing any more are free.
    pub(super) fn forget_unheld(&mut self) {
        let (gpu, ram) = (&self.gpu, &self.ram);
        self.registry.loaded_ids.retain(|id, _| gpu.by_id(id).is_some() || ram.by_id(id).is_some());
        self.current = self.current.take().filter(|id| gpu.by_id(id).is_some());
    }
}
