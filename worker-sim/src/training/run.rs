//! One training that waits or runs: its steps, checkpoints and end.

use contracts::{DeviceKind, ErrorCode, Failure, effective};
use serde_json::{Map, Value, json};
use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    Stop,
    spec::Spec,
    store::{Record, Store},
};
use crate::{
    clock::Now,
    picture::{
        self, Recipe,
        encode::encode,
        file::write_failure,
        recipe::Images,
        rng::{Rng, mix},
    },
};

/// Side of a validation picture, pixels: a simulated one need not be large.
const VALIDATION_SIDE: u64 = 128;

/// A training that runs.
#[derive(Debug)]
pub(crate) struct Run {
    record: Record,
    spec: Spec,
    status: Value,
    /// When its next step is due.
    pub(crate) due: Duration,
    /// Rows not yet written.
    rows: Vec<Value>,
}

impl Run {
    /// A new training's run, or that of one that goes on from its last checkpoint.
    pub(crate) fn start(store: &Store, spec: Spec, now: Now) -> Result<Self, Failure> {
        let mut status = json!({
            "training_id": spec.id,
            "training_type": spec.text("training_type"),
            "state": "queued",
            "progress": 0.0,
            "epoch": 0,
            "total_epochs": spec.total_steps().div_ceil(spec.steps_per_epoch()),
            "step": 0,
            "total_steps": spec.total_steps(),
            "learning_rate": spec.number("learning_rate"),
            "started_at": now.stamp(),
            "updated_at": now.stamp(),
        });
        if !spec.is_resumed {
            let record = store.create(&spec, &status)?;
            return Ok(Self { record, spec, status, due: now.mono, rows: Vec::new() });
        }
        let mut record = store.find(&spec.id)?;
        let folder = record.folder().to_owned();
        let failed = |err: io::Error| write_failure(&folder, &err);
        if !record.take().map_err(failed)? {
            return Err(Failure::new(
                ErrorCode::Conflict,
                format!("training {} runs in another worker", spec.id),
            ));
        }
        let before = record.status().map_err(failed)?;
        let (step, checkpoint) = record.checkpoint().map_err(failed)?.unzip();
        let step = step.unwrap_or_default();
        if step >= spec.total_steps() {
            let message =
                format!("training {} has done {step} steps, and the job has {}", spec.id, spec.total_steps());
            let failure = Failure::new(ErrorCode::Conflict, message).at("/resume_from");
            return Err(failure.hint("give more epochs or max_steps"));
        }
        record.cut_history(step).map_err(failed)?;
        let rows = record.history().map_err(failed)?;
        status["started_at"] = before["started_at"].clone();
        status["step"] = step.into();
        status["epoch"] = step.div_ceil(spec.steps_per_epoch()).into();
        status["progress"] = (step as f64 / spec.total_steps() as f64).into();
        if let Some(row) = rows.last() {
            status["loss"] = row["loss"].clone();
        }
        if let Some(path) = checkpoint {
            status["checkpoint_path"] = path.to_string_lossy().into();
        }
        record.write_job(&spec.to_record()).map_err(failed)?;
        record.write_status(&status).map_err(failed)?;
        Ok(Self { record, spec, status, due: now.mono, rows: Vec::new() })
    }

    pub(crate) fn id(&self) -> &str {
        &self.spec.id
    }

    pub(crate) fn folder(&self) -> &Path {
        self.record.folder()
    }

    pub(crate) fn status(&self) -> &Value {
        &self.status
    }

    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.status["state"].as_str(), Some("completed" | "failed" | "cancelled" | "paused"))
    }

    /// The members of its `training_progress` event.
    pub(crate) fn event(&self) -> Value {
        let mut event = json!({"event": "training_progress"});
        for name in ["training_id", "state", "epoch", "step", "total_steps", "loss"] {
            if let Some(value) = self.status.get(name) {
                event[name] = value.clone();
            }
        }
        event
    }

    pub(crate) fn output_path(&self) -> PathBuf {
        let name = &self.spec.output_name;
        let file = if self.spec.is_full() { name.clone() } else { format!("{name}.safetensors") };
        self.folder().join("output").join(file)
    }

    /// One thing: the preparation, a step with its checkpoint, or the end.
    pub(crate) fn step(&mut self, step: Duration, now: Now) -> io::Result<()> {
        self.status["updated_at"] = now.stamp().into();
        match self.status["state"].as_str() {
            Some("queued") => self.status["state"] = "preparing".into(),
            Some("preparing") => self.status["state"] = "running".into(),
            _ => self.train(step, now)?,
        }
        self.due = (self.due + step).max(now.mono.saturating_sub(step));
        Ok(())
    }

    fn train(&mut self, step: Duration, now: Now) -> io::Result<()> {
        let total = self.spec.total_steps();
        let at = self.at() + 1;
        let share = at as f64 / total as f64;
        let epoch = at.div_ceil(self.spec.steps_per_epoch());
        let noise = Rng::new(mix(self.spec.seed() ^ mix(at))).unit();
        let loss = 0.05 + 0.85 * (-3.0 * share).exp() + 0.02 * noise;
        let rate = self.spec.number("learning_rate") * self.rate(share);
        let mut row = json!({"step": at, "epoch": epoch, "loss": loss, "learning_rate": rate, "recorded_at": now.stamp()});
        if let Some(path) = self.validate(at)? {
            row["validation_images"] = json!([path.to_string_lossy()]);
        }
        self.rows.push(row);
        self.status["step"] = at.into();
        self.status["epoch"] = epoch.into();
        self.status["progress"] = share.into();
        self.status["loss"] = loss.into();
        self.status["learning_rate"] = rate.into();
        self.status["estimated_seconds_remaining"] = (step.as_secs_f64() * (total - at) as f64).into();
        let every = self.spec.count("checkpoint_every").unwrap_or(u64::MAX);
        if at.is_multiple_of(every) && at < total {
            self.checkpoint(now)?;
        }
        if at == total {
            self.complete(now)?;
        }
        Ok(())
    }

    fn at(&self) -> u64 {
        self.status["step"].as_u64().unwrap_or_default()
    }

    /// The share of the learning rate at a share of the steps.
    fn rate(&self, share: f64) -> f64 {
        use std::f64::consts::PI;
        match self.spec.job["hyperparameters"]["lr_scheduler"].as_str() {
            Some("linear") => 1.0 - share,
            Some("cosine") => (1.0 + (PI * share).cos()) / 2.0,
            Some("cosine_with_restarts") => (1.0 + (PI * (share * 3.0).fract()).cos()) / 2.0,
            Some("polynomial") => (1.0 - share).powi(2),
            _ => 1.0,
        }
    }

    fn validate(&self, step: u64) -> io::Result<Option<PathBuf>> {
        let Some(prompt) = self.spec.text("validation_prompt") else { return Ok(None) };
        let every =
            self.spec.job["validation_every"].as_u64().or_else(|| self.spec.count("checkpoint_every"));
        if !every.is_some_and(|every| step.is_multiple_of(every)) {
            return Ok(None);
        }
        let whole = effective(
            &json!({
                "model": {"base": self.spec.base}, "conditioning": {"prompt": prompt}, "scheduler": {"steps": 20},
                "hyperparameters": {"dimensions": {"width": VALIDATION_SIDE, "height": VALIDATION_SIDE}},
            }),
            DeviceKind::Gpu,
        );
        let mut recipe = Recipe::of(&whole, Images::default());
        recipe.loras.push((self.spec.output_name.clone(), step as f64 / self.spec.total_steps() as f64));
        let image = picture::paint(&recipe, self.spec.seed());
        let png = encode(&image, "png", 95, "{}").map_err(io::Error::other)?;
        self.record.write_at(&format!("validation/step_{step}.png"), &png).map(Some)
    }

    fn checkpoint(&mut self, now: Now) -> io::Result<()> {
        self.status["state"] = "checkpointing".into();
        self.flush(now)?;
        let path =
            self.record.write_at(&format!("checkpoints/step_{}.safetensors", self.at()), &self.weights())?;
        self.status["checkpoint_path"] = path.to_string_lossy().into();
        self.status["state"] = "running".into();
        Ok(())
    }

    fn complete(&mut self, now: Now) -> io::Result<()> {
        self.checkpoint(now)?;
        let output = self.output_path();
        if self.spec.is_full() {
            let index = json!({"_class_name": "StableDiffusionXLPipeline"}).to_string();
            self.record
                .write_at(&format!("output/{}/model_index.json", self.spec.output_name), index.as_bytes())?;
            let weights =
                format!("output/{}/unet/diffusion_pytorch_model.safetensors", self.spec.output_name);
            self.record.write_at(&weights, &self.weights())?;
        } else {
            self.record
                .write_at(&format!("output/{}.safetensors", self.spec.output_name), &self.weights())?;
        }
        self.status["output_path"] = output.to_string_lossy().into();
        self.end("completed", now)
    }

    /// Stops it; a pause leaves a checkpoint, where there is a step to save.
    pub(crate) fn stop(&mut self, how: Stop, now: Now) -> io::Result<()> {
        let state = if how == Stop::Pause { "paused" } else { "cancelled" };
        let at = self.at();
        let saved = self.record.checkpoint()?.map(|(step, _)| step);
        if how == Stop::Pause && at > 0 && saved != Some(at) {
            self.checkpoint(now)?;
        }
        self.end(state, now)
    }

    pub(crate) fn fail(&mut self, why: &str, now: Now) -> io::Result<()> {
        self.status["error"] = why.into();
        self.end("failed", now)
    }

    fn end(&mut self, state: &str, now: Now) -> io::Result<()> {
        self.status["state"] = state.into();
        if let Value::Object(members) = &mut self.status {
            members.remove("estimated_seconds_remaining");
        }
        if state != "paused" {
            self.status["completed_at"] = now.stamp().into();
        }
        let flushed = self.flush(now);
        self.record.release();
        flushed
    }

    /// Writes the record.
    pub(crate) fn flush(&mut self, now: Now) -> io::Result<()> {
        self.status["updated_at"] = now.stamp().into();
        let mut appended = Ok(());
        if !self.rows.is_empty() {
            appended = self.record.append_history(&self.rows);
        }
        if appended.is_ok() {
            self.rows.clear();
        }
        // In any case: the status is smaller than the rows, and says more.
        self.record.write_status(&self.status).and(appended)
    }

    /// A safetensors file of one small tensor, a function of the job and the step.
    fn weights(&self) -> Vec<u8> {
        let mut rng = Rng::new(mix(self.spec.seed() ^ mix(self.at())));
        let rank = self.spec.rank();
        let data: Vec<u8> = (0..8 * rank).flat_map(|_| ((rng.unit() - 0.5) as f32).to_le_bytes()).collect();
        let mut header = Map::new();
        let metadata =
            json!({"model_type": self.spec.output_kind(), "base_model": self.spec.base, "format": "pt"});
        header.insert("__metadata__".to_owned(), metadata);
        let tensor = json!({"dtype": "F32", "shape": [rank, 8], "data_offsets": [0, data.len()]});
        header.insert("unet.mid_block.lora_A.weight".to_owned(), tensor);
        let mut text = Value::Object(header).to_string().into_bytes();
        text.resize(text.len().next_multiple_of(8), b' ');
        let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
        bytes.extend(text);
        bytes.extend(data);
        bytes
    }
}
