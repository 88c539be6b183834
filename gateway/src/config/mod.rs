//! The configuration: flags take precedence over the environment, and that over a TOML file.

mod edge;
mod environment;
mod error;
mod flags;
mod keep;
mod listen;
mod web;
mod workers;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use contracts::{framing::FRAME_BYTES_MAX, limits, types::OnDisconnect};
use serde::Deserialize;

use crate::{
    gpu::{Gpu, GpuError, GpuId, Gpus},
    jobs::QueueConfig,
    lane::{Launch, Limits, Policy},
    units::{Bytes, Count, FrameBytes, Many, Seconds, SecondsFromZero, SimWorkers},
};
pub use edge::{Edge, Http};
pub use environment::owned;
pub use error::ConfigError;
pub use flags::{PoolFlags, WorkerKind};
pub use keep::Keep;
pub use listen::{Listen, ListenError};
pub use web::{Host, Origin, Proxy, PublicUrl, WebNameError, is_prefix};
use workers::{Choice, common_args};

/// What the gateway's envelope may add to a body on its way to a worker: two ids, a trace, and paths in place of
/// uploads.
const ENVELOPE_BYTES_MAX: usize = 64 << 10;

/// Default of `queue_max`: an hour of jobs for ten GPUs at 4 s each.
const QUEUE_MAX: usize = 10_000;
/// Default of `records_max`: as many as may wait, so that a full queue forgets no job before its client has asked.
const RECORDS_MAX: usize = 10_000;
/// Default of `records_bytes_max`: a reply has some kilobytes, so that this is reached only by long ones.
const RECORDS_BYTES_MAX: usize = 256 << 20;
/// Commands that wait for the start of a worker: a burst of queries fits, and all of it is answered within their
/// timeout.
const HELD_MAX: usize = 1024;
/// Default of `drain_seconds`: what Kubernetes gives a pod by default.
const DRAIN: Duration = Duration::from_secs(30);

/// Default of `deaths_max`.
const DEATHS_MAX: u32 = limits::DEATHS_MAX as u32;

/// The configuration file. Each member is optional.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct File {
    /// `address:port`, or `localhost:port`.
    pub listen: Option<Listen>,
    /// The kind of workers.
    pub workers: Option<WorkerKind>,
    /// How many simulated workers.
    pub sim_workers: Option<SimWorkers>,
    /// The Python interpreter, absolute.
    pub python: Option<PathBuf>,
    /// `workers/main.py`.
    pub worker_main: Option<PathBuf>,
    /// Further arguments of every worker.
    pub worker_args: Vec<String>,
    /// The GPUs to use; empty: all.
    pub gpus: Vec<String>,
    /// Folders of models.
    pub model_roots: Vec<PathBuf>,
    /// Folders of images and data sets.
    pub input_roots: Vec<PathBuf>,
    /// The folder for pictures.
    pub output_dir: Option<PathBuf>,
    /// The longest frame and body, in bytes.
    pub frame_bytes_max: Option<FrameBytes>,
    /// Commands that may wait.
    pub queue_max: Option<Many>,
    /// Records of ended jobs that are kept.
    pub records_max: Option<Many>,
    /// Bytes of the replies of ended jobs that are kept.
    pub records_bytes_max: Option<Bytes>,
    /// What becomes of a job when its client leaves and said nothing about it: `cancel` or `finish`.
    pub on_disconnect: Option<OnDisconnect>,
    /// What is kept, and how much of it.
    pub keep: Keep,
    /// Seconds that a drain may take.
    pub drain_seconds: Option<SecondsFromZero>,
    /// The address by which clients reach this gateway, if not its listener's.
    pub public_url: Option<PublicUrl>,
    /// Hosts that requests may name besides the listener's address and `localhost`.
    pub allowed_hosts: Vec<Host>,
    /// Origins of pages that may use the gateway from a browser.
    pub cors_origins: Vec<Origin>,
    /// Proxies whose `X-Forwarded-Prefix` is used.
    pub trusted_proxies: Vec<Proxy>,
    /// Limits of connections.
    pub http: Http,
    /// Lines of a worker's stderr that are logged per second, and as many warnings about lines of its stdout.
    pub stderr_lines_max: Option<Many>,
    /// How long a worker may make no progress.
    pub limits: Limits,
    /// Restarts of workers.
    pub restart: Restart,
}

/// Restarts of workers.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Restart {
    /// Deaths in a row that open a lane's breaker.
    pub deaths_max: Many,
    /// Rest after the first death; doubled by each further one.
    pub backoff_min_seconds: SecondsFromZero,
    /// The longest rest.
    pub backoff_max_seconds: SecondsFromZero,
    /// Rest of an open lane before its first try; doubled by each try that fails.
    pub open_min_seconds: Seconds,
    /// The longest rest of an open lane.
    pub open_max_seconds: Seconds,
    /// The time between a cancel and the kill of a worker that ignores it.
    pub cancel_grace_seconds: SecondsFromZero,
}

impl Default for Restart {
    fn default() -> Self {
        Self {
            deaths_max: Many::of(DEATHS_MAX),
            backoff_min_seconds: Seconds::of(0.05),
            backoff_max_seconds: Seconds::of(10.0),
            open_min_seconds: Seconds::of(limits::BREAKER_OPEN_SECONDS_MIN),
            open_max_seconds: Seconds::of(limits::BREAKER_OPEN_SECONDS_MAX),
            cancel_grace_seconds: Seconds::of(limits::CANCEL_GRACE_SECONDS),
        }
    }
}

/// The configuration, with everything decided.
#[derive(Clone)]
pub struct Config {
    /// The workers to start.
    pub workers: Vec<(GpuId, Launch)>,
    /// Whether they are simulated.
    pub simulated: bool,
    /// One sentence about the workers and the reason for them, for the operator.
    pub about_workers: String,
    /// GPUs that NVML found; `None` without NVML.
    pub gpus: Option<Vec<Gpu>>,
    /// The folder for pictures, uploads and inputs; absolute.
    pub output_dir: PathBuf,
    /// The rules of the lanes.
    pub policy: Arc<Policy>,
    /// Limits of the queue.
    pub queue: QueueConfig,
    /// The longest frame and body, in bytes.
    pub frame_bytes_max: usize,
    /// What becomes of a job when its client leaves and said nothing about it.
    pub on_disconnect: OnDisconnect,
    /// What is kept, and how much of it.
    pub keep: Keep,
    /// How long a drain may take.
    pub drain: Duration,
    /// The address to listen on, if the file has one.
    pub listen: Option<Listen>,
    /// The HTTP edge.
    pub edge: Arc<Edge>,
}

impl Config {
    /// Decides the configuration by flags, environment and file.
    ///
    /// `owned` are the GPUs that the environment gives to this gateway (`CUDA_VISIBLE_DEVICES`, `GPU_ID`), as it names
    /// them.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn decide(flags: &PoolFlags, owned: &[String], nvml: Option<&dyn Gpus>) -> Result<Self, ConfigError> {
        let file = match &flags.config {
            Some(path) => File::read(path)?,
            None => File::default(),
        };
        let output_dir = make_output_dir(flags, &file)?;
        let choice = Choice::of(flags, &file, owned, nvml.map_or(Err(GpuError::Absent), Gpus::list))?;
        let frame_bytes_max =
            flags.frame_bytes_max.or(file.frame_bytes_max).map_or(FRAME_BYTES_MAX, Count::size);
        let worker_frame_bytes_max = frame_bytes_max + ENVELOPE_BYTES_MAX;
        let common = common_args(flags, &file, &output_dir, worker_frame_bytes_max)?;
        let workers = choice.launches(flags, &file, &common)?;
        if workers.is_empty() {
            return Err(ConfigError::NoWorker);
        }
        Ok(Self {
            simulated: choice.kind == WorkerKind::Sim,
            about_workers: choice.about(&workers),
            workers,
            gpus: choice.host,
            output_dir,
            policy: Arc::new(file.policy(worker_frame_bytes_max)),
            queue: file.queue(),
            on_disconnect: file.on_disconnect.unwrap_or(OnDisconnect::Cancel),
            keep: file.keep,
            frame_bytes_max,
            drain: file.drain_seconds.map_or(DRAIN, Seconds::duration),
            listen: file.listen,
            edge: Arc::new(Edge {
                public_url: file.public_url,
                allowed_hosts: file.allowed_hosts,
                cors_origins: file.cors_origins,
                trusted_proxies: file.trusted_proxies,
                ..Edge::of(file.http)
            }),
        })
    }
}

impl File {
    fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        let file: Self = toml::from_str(&text)
            .map_err(|source| ConfigError::NoConfig { path: path.to_owned(), source: Box::new(source) })?;
        let restart = &file.restart;
        let pairs = [
            ("backoff", restart.backoff_min_seconds.duration(), restart.backoff_max_seconds.duration()),
            ("open", restart.open_min_seconds.duration(), restart.open_max_seconds.duration()),
        ];
        if let Some((name, min, max)) = pairs.into_iter().find(|(_, min, max)| min > max) {
            let (min, max) = (min.as_secs_f64(), max.as_secs_f64());
            return Err(ConfigError::RestAboveMax { path: path.to_owned(), name, min, max });
        }
        Ok(file)
    }

    fn policy(&self, worker_frame_bytes_max: usize) -> Policy {
        Policy {
            limits: self.limits.clone(),
            deaths_max: self.restart.deaths_max.get(),
            backoff_min: self.restart.backoff_min_seconds.duration(),
            backoff_max: self.restart.backoff_max_seconds.duration(),
            open_min: self.restart.open_min_seconds.duration(),
            open_max: self.restart.open_max_seconds.duration(),
            cancel_grace: self.restart.cancel_grace_seconds.duration(),
            cancel_answer: contracts::schedule(contracts::Action::Cancel, None).1,
            held_max: HELD_MAX,
            // A worker may always write a frame of the contract, however short a client's may be.
            frame_bytes_max: worker_frame_bytes_max.max(FRAME_BYTES_MAX + ENVELOPE_BYTES_MAX),
            stderr_lines_max: self
                .stderr_lines_max
                .map_or(limits::STDERR_LINES_MAX, |lines| lines.get().into()),
            previews: false,
        }
    }

    fn queue(&self) -> QueueConfig {
        QueueConfig {
            queue_max: self.queue_max.map_or(QUEUE_MAX, Count::size),
            records_max: self.records_max.map_or(RECORDS_MAX, Count::size),
            records_bytes_max: self.records_bytes_max.map_or(RECORDS_BYTES_MAX, Bytes::size),
            events_bytes_max: self.keep.events_bytes_max.size(),
            events_ended_bytes_max: self.keep.events_ended_bytes_max.size(),
        }
    }
}

fn make_output_dir(flags: &PoolFlags, file: &File) -> Result<PathBuf, ConfigError> {
    let given = flags.output_dir.as_ref().or(file.output_dir.as_ref());
    let path = absolute(given.map_or(Path::new("outputs"), PathBuf::as_path))?;
    std::fs::create_dir_all(&path).map_err(|source| ConfigError::NoOutput { path: path.clone(), source })?;
    Ok(path)
}

/// The folders that a flag names, else a variable of the environment, else the file.
fn folders(flags: &[PathBuf], file: &[PathBuf], variable: &str, default: &str) -> Vec<PathBuf> {
    if !flags.is_empty() {
        return flags.to_vec();
    }
    match std::env::var_os(variable) {
        Some(paths) if !paths.is_empty() => std::env::split_paths(&paths).collect(),
        _ if !file.is_empty() => file.to_vec(),
        _ => vec![default.into()],
    }
}

fn absolute(path: &Path) -> Result<PathBuf, ConfigError> {
    std::path::absolute(path).map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Config, File};
    use crate::{
        config::{PoolFlags, WorkerKind},
        gpu::{BrokenGpus, GpuError},
    };

    fn read(text: &str) -> Result<File, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("gateway.toml");
        std::fs::write(&path, text).unwrap();
        File::read(&path).map_err(|err| format!("{:#}", anyhow::Error::new(err)))
    }

    #[test]
    fn numbers_out_of_range_are_told_with_key_value_and_range() {
        for (text, value, range) in [
            ("drain_seconds = -1", "-1", "0, or 0.001 to 2678400"),
            ("drain_seconds = nan", "NaN", "0, or 0.001 to 2678400"),
            ("drain_seconds = 1e300", "1e300", "0, or 0.001 to 2678400"),
            ("queue_max = 0", "0", "1 to 10000000"),
            ("records_max = 0", "0", "1 to 10000000"),
            ("frame_bytes_max = 0", "0", "1024 to 1073676288"),
            ("frame_bytes_max = -5", "-5", "1024 to 1073676288"),
            ("sim_workers = 65", "65", "1 to 64"),
            ("[limits]\nidle_seconds = 0", "0", "give 0.001 to 2678400"),
            ("[limits]\nstart_seconds = inf", "inf", "give 0.001 to 2678400"),
            ("[limits]\ndenoising_seconds = nan", "NaN", "give 0.001 to 2678400"),
            ("[restart]\ndeaths_max = 0", "0", "1 to 10000000"),
            ("[restart]\ncancel_grace_seconds = -0.1", "-0.1", "0, or 0.001 to 2678400"),
        ] {
            let message = read(text).unwrap_err();
            let key = text.lines().last().unwrap();
            assert!(message.contains(key) && message.contains("out of range"), "{text}: {message}");
            assert!(message.contains(value) && message.contains(range), "{text}: {message}");
        }
        let message = read("[restart]\nbackoff_min_seconds = 20").unwrap_err();
        assert!(message.contains("backoff_min_seconds = 20 is above backoff_max_seconds = 10"), "{message}");
    }

    #[test]
    fn the_longest_frame_reaches_lanes_and_workers_with_room_for_its_envelope() {
        let dir = tempfile::tempdir().unwrap();
        let flags = PoolFlags {
            workers: Some(WorkerKind::Sim),
            output_dir: Some(dir.path().to_owned()),
            frame_bytes_max: Some("33554432".parse().unwrap()),
            ..PoolFlags::default()
        };
        let config = Config::decide(&flags, &[], None).unwrap();
        assert_eq!(config.frame_bytes_max, 33_554_432);
        assert_eq!(config.policy.frame_bytes_max, 33_619_968);
        for (_, launch) in &config.workers {
            let flag = launch.args.windows(2).find(|args| args[0] == "--frame-bytes-max").unwrap();
            assert_eq!(flag[1], "33619968");
        }
    }

    #[test]
    fn nvml_that_does_not_work_is_told_and_simulates_nothing_unasked() {
        let dir = tempfile::tempdir().unwrap();
        let broken =
            BrokenGpus(GpuError::Nvml { reason: Arc::new(std::io::Error::other("driver mismatch")) });
        let decide = |workers| {
            let output_dir = Some(dir.path().to_owned());
            let flags = PoolFlags { workers, output_dir, ..PoolFlags::default() };
            Config::decide(&flags, &[], Some(&broken)).map(|config| config.about_workers)
        };
        let message = decide(None).unwrap_err().to_string();
        assert!(message.contains("driver mismatch") && message.contains("--workers sim"), "{message}");
        let message = decide(Some(WorkerKind::Sim)).unwrap();
        assert!(message.contains("driver mismatch") && message.contains("2 simulated workers"), "{message}");
    }

    #[test]
    fn numbers_in_range_are_taken() {
        let file = read("drain_seconds = 0\nqueue_max = 1\n[limits]\nidle_seconds = 2\n").unwrap();
        assert_eq!(file.drain_seconds.unwrap().duration().as_secs(), 0);
        assert_eq!(file.queue_max.unwrap().size(), 1);
        assert_eq!(file.limits.idle_seconds.duration().as_secs(), 2);
    }
}
