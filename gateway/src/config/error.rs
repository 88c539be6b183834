//! Why a gateway does not start with its configuration.

use std::{io, net::SocketAddr, path::PathBuf};

use crate::gpu::GpuError;

/// Why the gateway cannot start as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path} cannot be read")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        #[source]
        source: io::Error,
    },
    /// The folder of pictures cannot be made.
    #[error("the output folder {path} cannot be made; give another with --output-dir")]
    NoOutput {
        /// The folder.
        path: PathBuf,
        /// The error of the system.
        #[source]
        source: io::Error,
    },
    /// The file is not a configuration.
    #[error("{path} is no configuration of the gateway")]
    NoConfig {
        /// The file.
        path: PathBuf,
        /// Where it is wrong.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// In the file, the first rest of a worker is longer than the longest one.
    #[error(
        "{}: [restart] {name}_min_seconds = {min} is above {name}_max_seconds = {max}; give at most that",
        .path.display()
    )]
    RestAboveMax {
        /// The file.
        path: PathBuf,
        /// `backoff` or `open`.
        name: &'static str,
        /// The first rest, in seconds.
        min: f64,
        /// The longest rest, in seconds.
        max: f64,
    },
    /// A GPU that is not there.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// NVML does not work, and neither a flag nor the file says which workers to start.
    #[error("{reason}: whether there is a GPU is not known; give --workers python or --workers sim")]
    GpusUnknown {
        /// What NVML says.
        reason: GpuError,
    },
    /// The kernel does not name the gateway's own binary, which simulated workers are started from.
    #[error("the gateway cannot find its own binary")]
    NoOwnProgram {
        /// The error of the system.
        #[source]
        source: io::Error,
    },
    /// `--device` names no device.
    #[error("--device is auto, cpu, gpu_N or cuda:N, not {device:?}")]
    UnknownDevice {
        /// What was given.
        device: String,
    },
    /// `--device cuda:N` counts further than the environment's GPUs.
    #[error("--device {device}: the environment names only {}", .owned.join(", "))]
    DeviceNotOwned {
        /// What was given.
        device: String,
        /// The GPUs that the environment names.
        owned: Vec<String>,
    },
    /// The processor is named beside a GPU.
    #[error(
        "{cpu} and {gpu} are named together, and workers are on the processor or on GPUs: name {cpu} alone, or GPUs alone"
    )]
    CpuBesideGpu {
        /// The name of the processor.
        cpu: String,
        /// The first GPU.
        gpu: String,
    },
    /// The interpreter of the Python workers, or their main file, is not there.
    #[error(
        "{} is not there: run workers/setup.sh, give --python and --worker-main, or take simulated workers with --workers sim",
        .path.display()
    )]
    NoPythonWorker {
        /// The file that is missing.
        path: PathBuf,
    },
    /// `CUDA_VISIBLE_DEVICES` and `GPU_ID` name different GPUs.
    #[error(
        "CUDA_VISIBLE_DEVICES={visible} and GPU_ID={} name different GPUs: unset one of them, or give --gpu",
        .gpu_id.join(",")
    )]
    GpusDiffer {
        /// The value of `CUDA_VISIBLE_DEVICES`.
        visible: String,
        /// The names in `GPU_ID`.
        gpu_id: Vec<String>,
    },
    /// `CUDA_VISIBLE_DEVICES` hides every GPU from workers that need one.
    #[error(
        "CUDA_VISIBLE_DEVICES={visible:?} hides every GPU: unset it, or give --device cpu, --gpu or --workers sim"
    )]
    GpusHidden {
        /// The value of `CUDA_VISIBLE_DEVICES`.
        visible: String,
    },
    /// No worker is left to start.
    #[error("no worker is left to start")]
    NoWorker,
    /// The gateway listens on every address, and no host name is allowed: every request would be refused.
    #[error(
        "{listen} is every address of this host, and nothing says by which names clients may reach it\n\
         hint: give --allowed-host NAME (or allowed_hosts in the file) for each, or listen on one address"
    )]
    NoAllowedHost {
        /// The address.
        listen: SocketAddr,
    },
}
