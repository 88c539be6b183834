//! The flags of the pool and the log, which several modes share.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Deserialize;

use crate::{
    log::LogFormat,
    units::{FrameBytes, SimWorkers},
};

/// The kind of workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WorkerKind {
    /// Python if NVML finds a GPU or `--python` is given, else simulated.
    Auto,
    /// Simulated.
    Sim,
    /// Python, on every GPU, or on the processor if there is none.
    Python,
}

/// The flags of the pool and the log.
#[derive(Clone, Debug, Default, Args)]
pub struct PoolFlags {
    /// Configuration file (TOML); flags and environment take precedence. Relative paths start at the working directory.
    #[arg(long, env = "CONCORD_CONFIG")]
    pub config: Option<PathBuf>,
    /// The kind of workers.
    #[arg(long, value_enum, env = "CONCORD_WORKERS")]
    pub workers: Option<WorkerKind>,
    /// How many simulated workers [default: 2].
    #[arg(long, value_name = "N")]
    pub sim_workers: Option<SimWorkers>,
    /// The Python interpreter of the workers [default: workers/.venv/bin/python].
    #[arg(long, env = "CONCORD_PYTHON")]
    pub python: Option<PathBuf>,
    /// The main file of the Python workers [default: workers/main.py].
    #[arg(long, env = "CONCORD_WORKER_MAIN")]
    pub worker_main: Option<PathBuf>,
    /// A further argument of every worker; repeatable.
    #[arg(long = "worker-arg", value_name = "ARG", allow_hyphen_values = true)]
    pub worker_args: Vec<String>,
    /// A further argument of every simulated worker (`gateway worker-sim --help`); repeatable.
    #[arg(long = "sim-arg", value_name = "ARG", allow_hyphen_values = true)]
    pub sim_args: Vec<String>,
    /// The program that is started as `PROGRAM worker-sim` [default: this binary].
    #[arg(long, hide = true)]
    pub sim_program: Option<PathBuf>,
    /// The gateway's own binary, which starts workers [default: this binary].
    #[arg(long, hide = true)]
    pub own_program: Option<PathBuf>,
    /// A GPU to use: gpu_N, N, a UUID, or cpu; repeatable [default: all].
    #[arg(long = "gpu", value_name = "GPU")]
    pub gpus: Vec<String>,
    /// One worker on this device: cpu, gpu_N or cuda:N; auto: on those of --gpu, the environment or the file.
    #[arg(long, value_name = "DEVICE", conflicts_with = "gpus")]
    pub device: Option<String>,
    /// Folder of models; repeatable [env: CONCORD_MODEL_ROOTS] [default: models].
    #[arg(long = "model-root", value_name = "DIR")]
    pub model_roots: Vec<PathBuf>,
    /// Folder of images and data sets; repeatable [env: CONCORD_INPUT_ROOTS] [default: inputs].
    #[arg(long = "input-root", value_name = "DIR")]
    pub input_roots: Vec<PathBuf>,
    /// Folder for pictures [default: outputs].
    #[arg(long, value_name = "DIR", env = "CONCORD_OUTPUT_DIR")]
    pub output_dir: Option<PathBuf>,
    /// Equal pixels for equal requests, on CUDA too.
    #[arg(long)]
    pub deterministic: bool,
    /// Processor threads of each worker [default: the worker's own choice].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub threads: Option<u32>,
    /// Longest frame or body, in bytes.
    #[arg(long, value_name = "BYTES")]
    pub frame_bytes_max: Option<FrameBytes>,
    /// error, warning, info, debug or trace; `RUST_LOG` takes precedence, and may have targets: `access=off,info`.
    #[arg(long, default_value = "info", env = "CONCORD_LOG_LEVEL")]
    pub log_level: String,
    /// Write the log to this file instead of stderr; SIGHUP opens it again by its name.
    #[arg(long)]
    pub log_file: Option<PathBuf>,
    /// The format of the log.
    #[arg(long, value_enum, default_value_t = LogFormat::Text, env = "CONCORD_LOG_FORMAT")]
    pub log_format: LogFormat,
}
