//! Flags.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::Deserialize;

use crate::config::{FrameBytes, Host, Listen, PublicUrl, SimWorkers};

/// Dispatches commands over HTTP and stdio to a pool of GPU workers.
#[derive(Debug, Parser)]
#[command(name = "gateway", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the gateway can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serves HTTP.
    Serve(Serve),
    /// Serves stdin and stdout: a drop-in for `python main.py --worker pipeline_manager`.
    Stdio(Stdio),
    /// Sends one command or bare prompt submission, shows its progress and says where the picture is.
    Submit(Submit),
    /// Says what the contract has and this gateway does not do yet.
    Pending,
    /// A simulated worker: what the gateway itself starts where there is no GPU.
    #[command(hide = true, disable_help_flag = true)]
    WorkerSim {
        /// Flags of worker-sim.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<std::ffi::OsString>,
    },
    /// Becomes a worker that ends with its gateway: how the gateway starts its workers.
    #[command(hide = true, disable_help_flag = true)]
    ExecWorker {
        /// The gateway's process id.
        #[arg(long)]
        parent: i32,
        /// The worker's program.
        program: std::ffi::OsString,
        /// Its arguments.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<std::ffi::OsString>,
    },
    /// Kills the process groups that are named on stdin, at its end: the gateway's workers and their children.
    #[command(hide = true)]
    GuardGroups,
}

/// Which workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WorkerKind {
    /// Python where NVML finds a GPU or `--python` is given, simulated elsewhere.
    Auto,
    /// Simulated.
    Sim,
    /// Python, on every GPU; on the processor where there is none.
    Python,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What concerns the pool of workers.
#[derive(Clone, Debug, Default, Args)]
pub struct PoolFlags {
    /// Configuration file (TOML); flags and environment outweigh it. Relative paths start at the working directory.
    #[arg(long, env = "CONCORD_CONFIG")]
    pub config: Option<PathBuf>,
    /// Which workers.
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
    /// The program that is started as `PROGRAM worker-sim` [default: this one].
    #[arg(long, hide = true)]
    pub sim_program: Option<PathBuf>,
    /// The gateway's own binary, which starts workers [default: this one].
    #[arg(long, hide = true)]
    pub own_program: Option<PathBuf>,
    /// A GPU to use: gpu_N, N, a UUID, or cpu; repeatable [default: all].
    #[arg(long = "gpu", value_name = "GPU")]
    pub gpus: Vec<String>,
    /// One worker, there: cpu, gpu_N or cuda:N; auto: where --gpu, the environment or the file say.
    #[arg(long, value_name = "DEVICE", conflicts_with = "gpus")]
    pub device: Option<String>,
    /// Folder of models; repeatable [env: CONCORD_MODEL_ROOTS] [default: models].
    #[arg(long = "model-root", value_name = "DIR")]
    pub model_roots: Vec<PathBuf>,
    /// Folder of images and data sets; repeatable [env: CONCORD_INPUT_ROOTS] [default: inputs].
    #[arg(long = "input-root", value_name = "DIR")]
    pub input_roots: Vec<PathBuf>,
    /// Where pictures go [default: outputs].
    #[arg(long, value_name = "DIR", env = "CONCORD_OUTPUT_DIR")]
    pub output_dir: Option<PathBuf>,
    /// Equal pixels for equal requests, on CUDA too.
    #[arg(long)]
    pub deterministic: bool,
    /// Processor threads of each worker [default: the worker's own choice].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub threads: Option<u32>,
    /// Longest frame or body, bytes.
    #[arg(long, value_name = "BYTES")]
    pub frame_bytes_max: Option<FrameBytes>,
    /// error, warning, info, debug or trace; `RUST_LOG` outweighs it, with targets: `access=off,info`.
    #[arg(long, default_value = "info", env = "CONCORD_LOG_LEVEL")]
    pub log_level: String,
    /// Write the log here instead of to stderr; SIGHUP opens it again by its name.
    #[arg(long)]
    pub log_file: Option<PathBuf>,
    /// How a line of the log is written.
    #[arg(long, value_enum, default_value_t = LogFormat::Text, env = "CONCORD_LOG_FORMAT")]
    pub log_format: LogFormat,
}

/// `gateway serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Address and port; port 0 takes a free one [default: 127.0.0.1:8080].
    #[arg(long, env = "CONCORD_LISTEN")]
    pub listen: Option<Listen>,
    /// Let other hosts in. There are no keys yet: whoever reaches the port may use it.
    #[arg(long)]
    pub allow_remote: bool,
    /// A host that requests may name besides the listener's address and localhost; repeatable.
    #[arg(long = "allowed-host", value_name = "HOST")]
    pub allowed_hosts: Vec<Host>,
    /// Where clients reach this gateway, if not at --listen: what URLs in replies begin with.
    #[arg(long, value_name = "URL", env = "CONCORD_PUBLIC_URL")]
    pub public_url: Option<PublicUrl>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "it would be the flags' help")]
    pub pool: PoolFlags,
}

/// What is done at the end of stdin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnEof {
    /// The polite stop: 4 s for what is not done.
    Stop,
    /// Wait for the work.
    Finish,
}

/// `gateway stdio`: every flag of the Python worker, and those of the pool.
#[derive(Debug, Args)]
pub struct Stdio {
    /// Which worker; there is one.
    #[arg(long, default_value = "pipeline_manager", value_parser = ["pipeline_manager"])]
    pub worker: String,
    /// The prompt submission's schema; it must be the one built in.
    #[arg(long)]
    pub schema: Option<PathBuf>,
    /// What is done at the end of stdin.
    #[arg(long, value_enum, default_value = "stop")]
    pub on_eof: OnEof,
    #[command(flatten)]
    #[expect(missing_docs, reason = "it would be the flags' help")]
    pub pool: PoolFlags,
}

/// `gateway submit`.
#[derive(Debug, Args)]
pub struct Submit {
    /// JSON: any envelope, or a bare prompt submission; `-` reads stdin.
    pub file: PathBuf,
    /// A running gateway; without it, workers are started for this one command.
    #[arg(long)]
    pub url: Option<String>,
    /// Print the whole reply, as JSON, to stdout.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "it would be the flags' help")]
    pub pool: PoolFlags,
}
