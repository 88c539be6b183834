//! The options of a run: facts about a target that no reply gives.

use serde_json::{Value, json};
use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

/// Default base model of jobs.
pub(crate) const MODEL: &str = "sdxl_base";
/// Default type of the ControlNet.
pub(crate) const CONTROL_NET_TYPE: &str = "canny";
/// Default longest wait for one answer, seconds: time for a job of the suites on a slow processor.
pub(crate) const TIMEOUT_SECONDS: u64 = 60;
/// Default longest wait for the first answer, seconds: workers answer queries before they load their libraries.
pub(crate) const START_TIMEOUT_SECONDS: u64 = 8;
/// Default longest time of a whole run, seconds: ten times what the suite takes on a worker that computes on a processor.
pub(crate) const DEADLINE_SECONDS: u64 = 7_200;
/// Default seed of generated documents.
pub const SEED: u64 = 1;

/// Facts about a target that no reply gives.
#[derive(Clone, Debug)]
pub struct Options {
    /// The base model of jobs.
    pub model: String,
    /// Path of a base model that can be loaded.
    pub model_path: String,
    /// A refiner, a VAE, a LoRA, a ControlNet and its type, where the target has one.
    pub refiner: Option<String>,
    /// A VAE.
    pub vae: Option<String>,
    /// A LoRA.
    pub lora: Option<String>,
    /// An embedding of a textual inversion.
    pub embedding: Option<String>,
    /// A ControlNet.
    pub control_net: Option<String>,
    /// Its type.
    pub control_net_type: String,
    /// A folder that the target may read and this tool may write.
    pub input_root: Option<PathBuf>,
    /// A folder below a model root of the target, in which this tool may write.
    pub scratch_models: Option<PathBuf>,
    /// A base in one file that the target can use.
    pub base_file: Option<PathBuf>,
    /// A folder of pictures and captions.
    pub training_data: Option<String>,
    /// Longest wait for one answer.
    pub timeout: Duration,
    /// Longest wait for the first answer.
    pub start_timeout: Duration,
    /// Longest time of the whole run: after it no scenario begins.
    pub deadline: Duration,
    /// Decides every generated document.
    pub seed: u64,
    /// Whether reports say how long each check took.
    pub times: bool,
    /// Whether the report has the members of each reply.
    pub records: bool,
    /// Threads that run scenarios of a worker.
    pub jobs: NonZeroUsize,
}

impl Options {
    /// A small job: 64×64, few steps, a fixed seed.
    #[must_use]
    pub fn small_submission(&self) -> Value {
        json!({
            "model": {"base": self.model},
            "scheduler": {"steps": 2},
            "hyperparameters": {"seed": 7, "dimensions": {"width": 64, "height": 64}},
            "conditioning": {"prompt": "a lighthouse at dusk"},
        })
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            model: MODEL.to_owned(),
            model_path: MODEL.to_owned(),
            refiner: None,
            vae: None,
            lora: None,
            embedding: None,
            control_net: None,
            control_net_type: CONTROL_NET_TYPE.to_owned(),
            input_root: None,
            scratch_models: None,
            base_file: None,
            training_data: None,
            timeout: Duration::from_secs(TIMEOUT_SECONDS),
            start_timeout: Duration::from_secs(START_TIMEOUT_SECONDS),
            deadline: Duration::from_secs(DEADLINE_SECONDS),
            seed: SEED,
            times: false,
            records: false,
            jobs: NonZeroUsize::MIN,
        }
    }
}
