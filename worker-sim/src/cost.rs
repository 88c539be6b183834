//! The cost of a job: pretend memory and time, from the sizes of its models and pictures and from its settings.
//!
//! The worker keeps to these figures itself, so that an estimate can be measured.

use contracts::{dictionary::Effect, pointer};
use serde_json::{Map, Value};

use crate::{
    account::unmeant_of,
    models::{BASE_BYTES, Model},
    picture::recipe::{self, steps_used},
};

/// Device memory of one megapixel being made in fp16, bytes.
const PIXEL_BYTES: f64 = 40.0 * 1_048_576.0;
/// Memory of a process without models, bytes.
const CONTEXT_BYTES: f64 = 256.0 * 1_048_576.0;
/// Painting and encoding a pixel, seconds, until it was measured.
pub(crate) const SECONDS_A_PIXEL: f64 = 3e-7;

/// How a leaf that decides the time, and has no meaning of its own, changes the time of a step.
const UNMEANT_TIME: f64 = 1.0625;

/// How an optimization changes activations, weights on the device, and the time of a step.
const OPTIMIZATIONS: &[(&str, f64, f64, f64)] = &[
    ("attention_slicing", 0.75, 1.0, 1.15),
    ("vae_slicing", 0.85, 1.0, 1.02),
    ("vae_tiling", 0.7, 1.0, 1.05),
    ("model_cpu_offload", 1.0, 0.6, 1.3),
    ("sequential_cpu_offload", 1.0, 0.15, 3.0),
    ("xformers", 0.8, 1.0, 0.9),
    ("channels_last", 1.0, 1.0, 0.97),
    ("torch_compile", 1.0, 1.0, 0.85),
];

/// The speed of this worker.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Speed {
    /// One step of a plain job, seconds.
    pub(crate) step: f64,
    /// Loading a base model, seconds.
    pub(crate) load: f64,
    /// Painting and encoding a pixel, seconds.
    pub(crate) pixel: f64,
    /// Whether `pixel` was measured here.
    pub(crate) measured: bool,
}

/// The cost of one job.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// Bytes of its models on the device.
    pub(crate) weights: u64,
    /// Bytes it works in.
    pub(crate) workspace: u64,
    /// Seconds of one step.
    pub(crate) step: f64,
    pub(crate) steps: u64,
    /// Seconds to paint and write its pictures.
    pub(crate) post: f64,
    /// Seconds to load the missing models.
    pub(crate) load: f64,
}

impl Cost {
    /// The cost of an effective submission. `missing`: those of its models that are yet to be loaded.
    pub(crate) fn of(effective: &Value, models: &[Model], missing: &[Model], speed: Speed) -> Self {
        let number = |pointer: &str| pointer::get(effective, pointer).and_then(Value::as_f64);
        let pixels = number("/hyperparameters/dimensions/width").unwrap_or_default()
            * number("/hyperparameters/dimensions/height").unwrap_or_default();
        let batch = number("/hyperparameters/batch_size").unwrap_or(1.0);
        let guided = number("/hyperparameters/guidance_scale").unwrap_or_default() > 1.0;
        let wide = effective["performance"]["dtype"] == "fp32";
        let mut activations = PIXEL_BYTES * pixels / 1e6 * batch;
        activations *= if wide { 2.0 } else { 1.0 } * if guided { 1.0 } else { 0.6 };
        let mut weights = models.iter().map(|model| model.bytes as f64).sum::<f64>();
        let mut step = speed.step * if guided { 1.0 } else { 0.6 };
        for asked in recipe::items(effective, "/performance/optimizations").filter_map(Value::as_str) {
            if let Some((_, activation, weight, time)) = OPTIMIZATIONS.iter().find(|row| row.0 == asked) {
                activations *= activation;
                weights *= weight;
                step *= time;
            }
        }
        step *= UNMEANT_TIME.powi(unmeant_of(effective, Effect::Time).count() as i32);
        let scale = number("/postprocessing/upscale_factor").unwrap_or(1.0);
        Self {
            weights: weights as u64,
            workspace: (activations + CONTEXT_BYTES) as u64,
            step,
            steps: steps_used(effective),
            post: pixels * scale * scale * batch * speed.pixel,
            load: missing.iter().map(|model| load_seconds(model, speed.load)).sum(),
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.weights.saturating_add(self.workspace)
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.load + self.step * self.steps as f64 + self.post
    }

    /// Its members of a validation report.
    pub(crate) fn figures(&self) -> [(String, Value); 2] {
        [("estimated_vram_mb", mebibytes(self.bytes())), ("estimated_time_seconds", self.seconds())]
            .map(|(name, figure)| (name.to_owned(), figure.into()))
    }

    /// `PerformanceEstimate`. `total`: bytes of the device.
    pub(crate) fn report(&self, total: u64, speed: Speed) -> Value {
        let mut breakdown = Map::new();
        let mut put = |name: &str, value: f64| breakdown.insert(name.to_owned(), value.into());
        put("weights_mb", mebibytes(self.weights));
        put("activations_mb", mebibytes(self.workspace));
        put("load_seconds", self.load);
        put("denoising_seconds", self.step * self.steps as f64);
        put("postprocessing_seconds", self.post);
        serde_json::json!({
            "estimated_vram_usage_mb": self.bytes().div_ceil(1 << 20),
            "estimated_time_seconds": self.seconds(),
            "detailed_breakdown": breakdown,
            "basis": if speed.measured { "measured" } else { "model_sizes" },
            "fits": self.bytes() <= total,
        })
    }
}

/// Seconds to load a model from its file.
pub(crate) fn load_seconds(model: &Model, base: f64) -> f64 {
    base * model.bytes as f64 / BASE_BYTES as f64
}

/// Mebibytes, rounded to 0.001 so that replies are stable.
pub(crate) fn mebibytes(bytes: u64) -> f64 {
    (bytes as f64 / 1_048.576).round() / 1000.0
}
