//! One picture job: models loaded, images read, steps taken in their time, pictures made by the executor.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use contracts::{
    Action, ErrorCode, Failure, Submission, Warning, WarningCode, limits::CHOSEN_SEED_MAX, pointer,
};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use super::{
    Command, Effect, Outcome, Worker,
    events::Progress,
    plan::{self, Painting},
    read::warning,
};
use crate::{
    clock::Now,
    cost::{Cost, load_seconds, mebibytes},
    executor::{Output, Prepared, Task},
    faults::Kind,
    models::Model,
    picture::{self, Recipe, encode::encode, file::Name, recipe::scheduler_used},
};

/// Denoising steps between two previews.
const PREVIEW_EVERY: u64 = 5;
const PREVIEW_SIDE: u32 = 64;

/// Where a job's submission stands in its command.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Command(Submission),
    /// Of a batch.
    Request(usize),
}

impl Place {
    /// The submission as its sender wrote it, canonical.
    fn written<'c>(&'c self, command: &'c Command) -> &'c Value {
        match self {
            Self::Command(submission) => &submission.document,
            Self::Request(index) => &command.fields["requests"][index],
        }
    }

    pub(super) fn sender(&self, command: &Command, pointer: &str) -> String {
        match self {
            Self::Command(submission) => command.of_submission(submission, pointer),
            Self::Request(index) => command.sender(&format!("/requests/{index}{pointer}")),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Loading,
    Preparing,
    Denoising,
    Painting,
}

/// A job that runs.
pub(super) struct Job {
    place: Place,
    /// Effective, its seed chosen.
    whole: Value,
    seed: u64,
    batch: u64,
    base: Model,
    loads: VecDeque<Model>,
    /// Of its models that lies on the device.
    share: f64,
    state: State,
    /// When it goes on by itself; `None` while the executor has it.
    pub(super) due: Option<Duration>,
    cost: Cost,
    done: u64,
    prepared: Prepared,
    recipe: Option<Arc<Recipe>>,
    name: Name,
    pretend: bool,
    /// The fault `noise`.
    noise: bool,
    began: Now,
    prepare: Now,
    denoise: Now,
    paint: Now,
    load_seconds: f64,
    peak_mb: f64,
    pub(super) warnings: Vec<Warning>,
}

/// The keys of `features_used`.
pub(super) fn feature_names() -> impl Iterator<Item = String> {
    Recipe::default().features_used(1).into_iter().map(|(name, _)| name)
}

impl Job {
    pub(super) fn is_executing(&self) -> bool {
        self.due.is_none()
    }
}

impl Worker {
    /// Checks a submission and makes room for it.
    pub(super) fn open_job(
        &mut self,
        command: &Command,
        mut whole: Value,
        place: Place,
        request_id: Option<String>,
        now: Now,
    ) -> Result<Job, Box<Failure>> {
        let models = self.models_of(command, &whole, &place)?;
        let missing: Vec<Model> = models.iter().filter(|model| !self.gpu.has(model)).cloned().collect();
        let cost = Cost::of(&whole, &models, &missing, self.speed());
        // Offloaded weights wait in host memory: `cost` counts the others, which lie on the device.
        let all: u64 = models.iter().map(|model| model.bytes).sum();
        let share = cost.weights as f64 / all.max(1) as f64;
        let more = missing.iter().map(|model| (model.bytes as f64 * share) as u64).sum();
        self.gpu.keep_share(&models, share);
        let warnings = self.make_room(&models, more, cost.workspace)?;
        let seed = pointer::get(&whole, "/hyperparameters/seed").and_then(Value::as_u64);
        let seed = seed.unwrap_or_else(|| self.seeds.below(CHOSEN_SEED_MAX + 1));
        whole["hyperparameters"]["seed"] = seed.into();
        let folder = self.settings.roots.output.join(now.wall.format("%Y-%m-%d").to_string());
        Ok(Job {
            place,
            seed,
            batch: pointer::get(&whole, "/hyperparameters/batch_size").and_then(Value::as_u64).unwrap_or(1),
            whole,
            base: models[0].clone(),
            loads: missing.into(),
            share,
            state: State::Loading,
            due: Some(now.mono),
            cost,
            done: 0,
            prepared: Prepared::default(),
            recipe: None,
            name: Name { folder, request_id, attempt: command.head.attempt, index: 0 },
            pretend: self.is_without_effect(command),
            noise: self.faults.strike(Kind::Noise, command.moment()).is_some(),
            began: now,
            prepare: now,
            denoise: now,
            paint: now,
            load_seconds: 0.0,
            peak_mb: mebibytes(self.gpu.used() + more),
            warnings,
        })
    }

    /// The models of a submission that this worker can run, the base first.
    fn models_of(&self, command: &Command, whole: &Value, place: &Place) -> Result<Vec<Model>, Box<Failure>> {
        let needs = crate::check::needs(whole, &self.registry, &self.settings.device);
        let mut violations = needs.violations;
        if violations.is_empty() {
            let written = place.written(command);
            let unfit = crate::check::fit(written, whole, &needs.models, self.speed(), self.gpu.total);
            violations.extend(unfit);
        }
        if violations.is_empty() {
            return Ok(needs.models);
        }
        for violation in &mut violations {
            violation.pointer = place.sender(command, &violation.pointer);
        }
        Err(Box::new(Failure::of_violations(violations)))
    }

    /// Makes room on the device for `more` bytes of weights and the workspace of a job. Warns of the models that went.
    fn make_room(
        &mut self,
        models: &[Model],
        more: u64,
        workspace: u64,
    ) -> Result<Vec<Warning>, Box<Failure>> {
        let evicted = self.gpu.make_room(models, more, workspace)?;
        self.forget_unheld();
        self.gpu.workspace = workspace;
        for model in models {
            self.gpu.touch(model);
        }
        if evicted.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<_> = evicted.iter().map(|model| model.id.as_str()).collect();
        let message = format!("{} was evicted to load this job's models", names.join(", "));
        Ok(vec![warning(WarningCode::ModelSwapped, None, message)])
    }

    /// Takes all steps that are due; the outcome, once there is one.
    pub(super) fn step_job(
        &mut self,
        command: &Command,
        job: &mut Job,
        halt: &Arc<AtomicBool>,
        now: Now,
    ) -> Option<Outcome> {
        while job.due.is_some_and(|due| due <= now.mono) {
            match job.state {
                State::Loading => self.step_loading(command, job, halt, now),
                State::Denoising if job.done == job.cost.steps => {
                    self.start_painting(command, job, halt, now);
                }
                State::Denoising => {
                    if let Some(failure) = self.step_denoising(command, job, now) {
                        return Some(Err(failure));
                    }
                }
                State::Preparing | State::Painting => return None,
            }
        }
        None
    }

    fn step_loading(&mut self, command: &Command, job: &mut Job, halt: &Arc<AtomicBool>, now: Now) {
        if job.done > 0
            && let Some(model) = job.loads.pop_front()
        {
            self.gpu.put(model.clone(), job.share, None, now);
            self.registry.loaded_ids.insert(model.id.clone(), model);
        }
        let Some(next) = job.loads.front() else {
            job.load_seconds = if job.done > 0 { now.seconds_since(job.began) } else { 0.0 };
            job.done = 0;
            job.prepare = now;
            let base = self
                .gpu
                .held
                .iter()
                .find(|held| held.model.path == job.base.path && held.model.kind == "sdxl");
            self.current = base.map(|held| held.model.id.clone());
            self.start_preparing(command, job, halt, now);
            return;
        };
        let cached = if self.ram.has(next) { 0.1 } else { 1.0 };
        let seconds = load_seconds(next, self.speed().load) * cached;
        job.due = Some(now.after(seconds));
        job.done += 1;
        let total = job.done + job.loads.len() as u64 - 1;
        let progress = Progress {
            stage: "loading",
            step: job.done - 1,
            total,
            share: 0.0,
            image: 0,
            eta: Some(job.cost.seconds()),
        };
        self.place_progress(command, job, progress, now);
    }

    fn start_preparing(&mut self, command: &Command, job: &mut Job, halt: &Arc<AtomicBool>, now: Now) {
        let progress =
            Progress { stage: "preprocessing", step: 0, total: 1, share: 0.0, image: 0, eta: None };
        self.place_progress(command, job, progress, now);
        if !plan::has_images(&job.whole) {
            self.start_denoising(job, Prepared::default(), now);
            return;
        }
        job.state = State::Preparing;
        job.due = None;
        let (whole, roots, halt) = (job.whole.clone(), self.registry.roots.clone(), Arc::clone(halt));
        let run = Box::new(move || plan::prepare(&whole, &roots, &halt));
        self.effects.push(Effect::Run(Task { ticket: command.ticket, run }));
    }

    fn start_denoising(&mut self, job: &mut Job, prepared: Prepared, now: Now) {
        job.prepared = prepared;
        let images = std::mem::take(&mut job.prepared.images);
        job.recipe = Some(Arc::new(Recipe::of(&job.whole, images)));
        job.state = State::Denoising;
        job.denoise = now;
        job.due = Some(now.after(job.cost.step));
    }

    fn step_denoising(&mut self, command: &Command, job: &mut Job, now: Now) -> Option<Box<Failure>> {
        job.done += 1;
        let left = job.cost.steps - job.done;
        // Kept to the plan, not to when we came by: late ticks do not add up.
        let due = Now { mono: job.due.unwrap_or(now.mono), ..now }.after(job.cost.step);
        job.due = Some(if left == 0 { now.mono } else { due });
        let refines = pointer::get(&job.whole, "/hyperparameters/refiner_start").and_then(Value::as_f64);
        let refining = refines.is_some_and(|start| job.done as f64 > job.cost.steps as f64 * start);
        let progress = Progress {
            stage: if refining { "refining" } else { "denoising" },
            step: job.done,
            total: job.cost.steps,
            share: job.done as f64 / (job.cost.steps + 1) as f64,
            image: 0,
            eta: Some(left as f64 * job.cost.step + job.cost.post),
        };
        self.place_progress(command, job, progress, now);
        if job.done == 1 && !self.faults.is_empty() {
            self.storm(command, now);
            if self.faults.strike(Kind::OutOfMemory, command.moment()).is_some() {
                return Some(Box::new(self.gpu.out_of_memory(self.gpu.total + job.cost.workspace)));
            }
            if self.faults.strike(Kind::Internal, command.moment()).is_some() {
                return Some(Box::new(Failure::new(ErrorCode::Internal, "the fault internal")));
            }
            if self.faults.strike(Kind::DeviceLost, command.moment()).is_some() {
                return Some(self.lose_device(now));
            }
        }
        if self.features.previews && (job.done.is_multiple_of(PREVIEW_EVERY) || left == 0) {
            self.preview(command, job, now);
        }
        None
    }

    /// The device can no longer compute: nothing that waits will start here. The process ends once all is answered.
    fn lose_device(&mut self, now: Now) -> Box<Failure> {
        let lost = || Failure::new(ErrorCode::WorkerCrashed, "the device can no longer compute");
        for waiting in std::mem::take(&mut self.queue) {
            self.answer(waiting, Err(Box::new(lost().detail("started", false))), now);
        }
        self.device_lost = true;
        Box::new(lost())
    }

    fn preview(&mut self, command: &Command, job: &Job, now: Now) {
        let Some(recipe) = &job.recipe else { return };
        let small = Recipe {
            width: PREVIEW_SIDE,
            height: PREVIEW_SIDE,
            steps: job.done,
            controls: Vec::new(),
            init: None,
            mask: None,
            ..(**recipe).clone()
        };
        match encode(&picture::paint(&small, job.seed), "png", 0, "{}") {
            Ok(png) => {
                let image = format!("data:image/png;base64,{}", STANDARD.encode(png));
                self.event_of(command, json!({"event": "preview", "image": image, "step": job.done}), now);
            }
            Err(err) => {
                self.log(crate::settings::LogLevel::Error, format!("a preview cannot be encoded: {err:#}"));
            }
        }
    }

    fn start_painting(&mut self, command: &Command, job: &mut Job, halt: &Arc<AtomicBool>, now: Now) {
        job.state = State::Painting;
        job.due = None;
        job.paint = now;
        let progress = Progress {
            stage: "decoding",
            step: 0,
            total: job.batch,
            share: job.cost.steps as f64 / (job.cost.steps + 1) as f64,
            image: 0,
            eta: Some(job.cost.post),
        };
        self.place_progress(command, job, progress, now);
        let Some(recipe) = job.recipe.clone() else { return };
        let painting = Painting {
            whole: job.whole.clone(),
            recipe,
            hashes: std::mem::take(&mut job.prepared.hashes),
            seed: job.seed,
            batch: job.batch,
            name: job.name.clone(),
            pretend: job.pretend,
            noise: job.noise,
        };
        let halt = Arc::clone(halt);
        let run = Box::new(move || painting.paint(&halt));
        self.effects.push(Effect::Run(Task { ticket: command.ticket, run }));
    }

    /// The executor has finished a task of the job. Returns the outcome of the job if this was its last task.
    pub(super) fn job_finished(
        &mut self,
        command: &Command,
        job: &mut Job,
        done: Result<Output, Box<Failure>>,
        now: Now,
    ) -> Option<Outcome> {
        match done {
            Ok(Output::Prepared(prepared)) => {
                for mut warning in prepared.warnings.iter().cloned() {
                    warning.pointer = warning.pointer.map(|pointer| job.place.sender(command, &pointer));
                    job.warnings.push(warning);
                }
                self.start_denoising(job, *prepared, now);
                None
            }
            Ok(Output::Pictures(details)) => {
                let last = details.len() as u64;
                let progress = Progress {
                    stage: "saving",
                    step: last,
                    total: last,
                    share: 1.0,
                    image: last.saturating_sub(1),
                    eta: Some(0.0),
                };
                self.place_progress(command, job, progress, now);
                Some(Ok(self.result(command, job, details, now)))
            }
            Ok(_) => None,
            Err(mut failure) => {
                if let Some(pointer) = failure.field.take() {
                    let pointer = job.place.sender(command, &pointer);
                    failure = Box::new(Failure {
                        hint: failure.hint,
                        ..Failure::of_violations(vec![contracts::Violation::new(
                            pointer,
                            failure.code,
                            failure.message,
                        )])
                    });
                }
                Some(Err(failure))
            }
        }
    }

    fn result(&mut self, command: &Command, job: &mut Job, details: Vec<Value>, now: Now) -> Value {
        let Some(recipe) = &job.recipe else { return Value::Null };
        let used = recipe.features_used(job.batch);
        let post = now.seconds_since(job.paint);
        let generation = now.seconds_since(job.prepare);
        let pixels: f64 = details
            .iter()
            .map(|detail| {
                detail["width"].as_f64().unwrap_or_default() * detail["height"].as_f64().unwrap_or_default()
            })
            .sum();
        self.metrics.generated(details.len() as u64, generation, job.peak_mb, pixels, post);
        let flagged = details.iter().enumerate().filter(|(_, detail)| detail["flagged"] == true);
        for (i, _) in flagged {
            let message = format!("picture {i} was blackened by the safety checker");
            job.warnings.push(warning(WarningCode::ImageFlagged, None, message));
        }
        let images: Vec<&Value> = details.iter().map(|detail| &detail["path"]).collect();
        let mut data = json!({
            "images": images,
            "image_details": details,
            "generation_time_seconds": generation,
            "preprocessing_time_seconds": job.denoise.seconds_since(job.prepare),
            "postprocessing_time_seconds": post,
            "load_time_seconds": job.load_seconds,
            "memory_used_mb": job.peak_mb,
            "seed_used": job.seed,
            "features_used": used,
            "scheduler_used": scheduler_used(&job.whole),
            "steps_used": job.cost.steps,
            "model_id": job.base.id,
            "device": self.settings.device.contract_name(),
            "gpu_id": self.settings.device.gpu_id,
            "warnings": [],
        });
        if let Some(session_id) = &command.head.session_id {
            data["session_id"] = session_id.as_str().into();
        }
        if command.action() == Action::GenerateImage {
            let first = data["image_details"][0].clone();
            data["output_path"] = first["path"].clone();
            for name in ["seed", "width", "height"] {
                data[name] = first[name].clone();
            }
        }
        data
    }

    fn place_progress(&mut self, command: &Command, job: &Job, progress: Progress, now: Now) {
        let progress = match job.place {
            Place::Command(_) => progress,
            Place::Request(index) => {
                let all = command.fields["requests"].as_array().map_or(1, Vec::len).max(1);
                Progress {
                    share: (index as f64 + progress.share) / all as f64,
                    image: index as u64,
                    ..progress
                }
            }
        };
        self.progress(command, progress, now);
    }
}
