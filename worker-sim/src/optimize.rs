//! A changed request that fits its targets, and why each change was made.

use contracts::{DeviceKind, dictionary::dictionary, effective, pointer};
use serde_json::{Value, json};

use crate::{
    cost::{Cost, Speed},
    device::Device,
    models::Model,
};

/// The goals of an optimisation.
#[derive(Debug)]
pub(crate) struct Goals {
    priority: String,
    vram_bytes: Option<u64>,
    seconds: Option<f64>,
    preserve_quality: bool,
}

impl Goals {
    pub(crate) fn of(preferences: &Value) -> Self {
        Self {
            priority: preferences["priority"].as_str().unwrap_or("balanced").to_owned(),
            vram_bytes: preferences["target_vram_usage_mb"].as_u64().map(|mb| mb << 20),
            seconds: preferences["target_time_seconds"].as_f64(),
            preserve_quality: preferences["preserve_quality"].as_bool().unwrap_or(true),
        }
    }
}

/// Memory, speed and optimizations of this worker.
pub(crate) struct Bounds<'w> {
    pub(crate) total: u64,
    pub(crate) speed: Speed,
    pub(crate) optimizations: Vec<&'w str>,
}

/// One step that may be taken.
struct Step {
    pointer: &'static str,
    to: Value,
    reason: String,
    /// Whether it lowers the quality.
    lossy: bool,
}

impl Step {
    /// Whether it costs neither quality nor much time.
    fn is_free(&self) -> bool {
        !self.lossy && !self.to.as_str().is_some_and(|name| name.ends_with("offload"))
    }
}

/// `OptimizationResult` of a canonical submission.
pub(crate) fn optimize(
    written: &Value,
    device: &Device,
    models: &[Model],
    missing: &[Model],
    goals: &Goals,
    bounds: &Bounds<'_>,
) -> Value {
    let mut draft =
        Draft { document: written.clone(), changes: Vec::new(), device, models, missing, goals, bounds };
    let before = draft.cost();
    let target = goals.vram_bytes.unwrap_or(bounds.total).min(bounds.total);
    // Without a number to reach, a priority takes every step that costs no quality.
    let greedy = goals.vram_bytes.is_none() && goals.seconds.is_none();
    if goals.priority == "quality"
        && let Some(step) = recommended(&draft.document, device, true)
    {
        draft.take(step);
    }
    let saves_memory = greedy && goals.priority == "memory";
    for step in memory_steps(&draft.document, device, bounds) {
        if draft.cost().bytes() > target || (saves_memory && step.is_free()) {
            draft.take(merged(&draft.document, step));
        }
    }
    let saves_time = greedy && goals.priority == "speed";
    if saves_time && let Some(step) = recommended(&draft.document, device, false) {
        draft.take(step);
    }
    for step in time_steps(&draft.document, device, bounds) {
        let is_late = goals.seconds.is_some_and(|seconds| draft.cost().seconds() > seconds);
        if is_late || (saves_time && step.is_free()) {
            draft.take(merged(&draft.document, step));
        }
    }
    let after = draft.cost();
    json!({
        "optimized_request": draft.document,
        "changes": draft.changes,
        "estimate_before": before.report(bounds.total, bounds.speed),
        "estimate_after": after.report(bounds.total, bounds.speed),
    })
}

/// A request, and the changes made to it so far.
struct Draft<'d> {
    document: Value,
    changes: Vec<Value>,
    device: &'d Device,
    models: &'d [Model],
    missing: &'d [Model],
    goals: &'d Goals,
    bounds: &'d Bounds<'d>,
}

impl Draft<'_> {
    fn cost(&self) -> Cost {
        let whole = effective(&self.document, self.device.kind());
        let takes_refiner = pointer::get(&whole, "/model/refiner").is_some();
        let kept = |list: &[Model]| -> Vec<Model> {
            list.iter().filter(|model| takes_refiner || model.kind != "sdxl_refiner").cloned().collect()
        };
        Cost::of(&whole, &kept(self.models), &kept(self.missing), self.bounds.speed)
    }

    /// Takes a step that changes something, unless it lowers a quality that must be preserved.
    fn take(&mut self, step: Step) {
        let whole = effective(&self.document, self.device.kind());
        let from = pointer::get(&whole, step.pointer).cloned().unwrap_or(Value::Null);
        if from == step.to || (step.lossy && self.goals.preserve_quality) {
            return;
        }
        let is_set = pointer::set(&mut self.document, step.pointer, step.to.clone());
        assert!(is_set, "{} is a place of every submission", step.pointer);
        self.changes.push(json!({"path": step.pointer, "from": from, "to": step.to, "reason": step.reason}));
    }
}

/// The scheduler's recommended number of steps, where the request has fewer (`raise`) or more.
fn recommended(document: &Value, device: &Device, raise: bool) -> Option<Step> {
    let whole = effective(document, device.kind());
    let name = whole["scheduler"]["type"].as_str()?;
    let steps = whole["scheduler"]["steps"].as_u64()?;
    let best = dictionary().enumeration("SchedulerType").data.get(name)?["recommended_steps"].as_u64()?;
    let better = if raise { steps < best } else { steps > best };
    better.then(|| Step {
        pointer: "/scheduler/steps",
        to: best.into(),
        reason: format!("{name} is recommended with {best} steps"),
        // Fewer steps are another picture, and no better one.
        lossy: !raise,
    })
}

const OPTIMIZATIONS: &str = "/performance/optimizations";

fn optimization(name: &str, reason: &str) -> Step {
    Step { pointer: OPTIMIZATIONS, to: name.into(), reason: reason.to_owned(), lossy: false }
}

fn memory_steps(document: &Value, device: &Device, bounds: &Bounds<'_>) -> Vec<Step> {
    let has = |name: &str| bounds.optimizations.contains(&name);
    let asked = [
        ("vae_tiling", "decoding in tiles takes less memory"),
        ("vae_slicing", "decoding picture by picture takes less memory"),
        ("attention_slicing", "attention in slices takes less memory"),
        ("model_cpu_offload", "models wait in host memory until they run"),
        ("sequential_cpu_offload", "layers wait in host memory until they run"),
    ];
    let mut steps: Vec<Step> =
        asked.iter().filter(|(name, _)| has(name)).map(|(name, reason)| optimization(name, reason)).collect();
    let whole = effective(document, device.kind());
    let halved =
        |pointer: &str| pointer::get(&whole, pointer).and_then(Value::as_u64).map(|value| (value / 2).max(1));
    if pointer::get(&whole, "/performance/dtype") == Some(&json!("fp32")) && device.kind() == DeviceKind::Gpu
    {
        let reason = "half precision takes half the memory".to_owned();
        steps.insert(0, Step { pointer: "/performance/dtype", to: "fp16".into(), reason, lossy: true });
    }
    if let Some(batch) = halved("/hyperparameters/batch_size") {
        let reason = "fewer pictures at once take less memory".to_owned();
        steps.push(Step { pointer: "/hyperparameters/batch_size", to: batch.into(), reason, lossy: true });
    }
    steps
}

fn time_steps(document: &Value, device: &Device, bounds: &Bounds<'_>) -> Vec<Step> {
    let has = |name: &str| bounds.optimizations.contains(&name);
    let asked = [
        ("xformers", "memory-efficient attention is faster"),
        ("channels_last", "this memory layout is faster"),
        ("torch_compile", "a compiled UNet is faster"),
    ];
    let mut steps: Vec<Step> = recommended(document, device, false).into_iter().collect();
    steps.extend(asked.iter().filter(|(name, _)| has(name)).map(|(name, reason)| optimization(name, reason)));
    let whole = effective(document, device.kind());
    let strength = pointer::get(&whole, "/hyperparameters/strength").and_then(Value::as_f64).unwrap_or(1.0);
    // One step must be left for an image that is started from.
    let steps_halved =
        pointer::get(&whole, "/scheduler/steps").and_then(Value::as_u64).map(|count| (count / 2).max(1));
    if let Some(count) = steps_halved.filter(|count| *count as f64 * strength >= 1.0) {
        let reason = "fewer steps take less time".to_owned();
        steps.push(Step { pointer: "/scheduler/steps", to: count.into(), reason, lossy: true });
    }
    steps
}

/// An optimization joins those that are asked for already, in the schema's order.
fn merged(document: &Value, mut step: Step) -> Step {
    if step.pointer != OPTIMIZATIONS {
        return step;
    }
    let known: Vec<&Value> =
        pointer::get(document, OPTIMIZATIONS).and_then(Value::as_array).into_iter().flatten().collect();
    let order = dictionary().enumeration("Optimization").values.iter();
    let list = order.filter(|name| known.iter().any(|known| *known == *name) || step.to == **name);
    step.to = list.map(|name| Value::from(name.clone())).collect();
    step
}
