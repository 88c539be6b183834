//! Flags, environment and configuration file: all that an operator may say at start.

use clap::Parser;
use contracts::{Submission, framing::FRAME_BYTES_MAX};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    ffi::OsString,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use crate::{
    device::{Device, DeviceError},
    faults::{self, Fault},
    roots::{PRETEND_ROOT, Roots},
    settings::{LogLevel, OnEof, Settings},
};

/// Allowed sizes of a pretend memory, MiB: a pebibyte is more than any host has, and its bytes fit a number.
const MEBIBYTES: RangeInclusive<u64> = 1..=1 << 30;
/// Allowed times of a step or a load, ms: up to a day.
const MILLISECONDS: RangeInclusive<u64> = 0..=86_400_000;

/// A worker without a GPU that speaks the whole contract on stdin and stdout.
#[derive(Debug, Parser)]
#[command(name = "worker-sim", version, args_override_self = true, after_long_help = faults::help())]
struct Flags {
    /// The worker to start; there is one.
    #[arg(long, value_name = "NAME", default_value = "pipeline_manager", value_parser = ["pipeline_manager"])]
    worker: String,
    /// The least level of log lines on stderr: debug, info, warning or error, in any case.
    #[arg(long, value_name = "LEVEL", default_value = "info", ignore_case = true)]
    log_level: LogLevel,
    /// Appends the log lines to this file too.
    #[arg(long, value_name = "FILE")]
    log_file: Option<PathBuf>,
    /// JSON file with any of: model_roots, input_roots, output_dir, models (id to path), vram_mb, ram_mb, step_ms,
    /// load_ms, seed. Flags win.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The prompt submission's schema; it must be the one built in.
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Folder of real models, beside the pretend ones under /models; repeatable.
    #[arg(long = "model-root", value_name = "DIR", env = "CONCORD_MODEL_ROOTS", value_delimiter = ':')]
    model_roots: Vec<PathBuf>,
    /// Folder of images and data sets; repeatable.
    #[arg(long = "input-root", value_name = "DIR", env = "CONCORD_INPUT_ROOTS", value_delimiter = ':')]
    input_roots: Vec<PathBuf>,
    /// Folder of pictures and trainings.
    #[arg(long, value_name = "DIR", env = "CONCORD_OUTPUT_DIR")]
    output_dir: Option<PathBuf>,
    /// The GPU to simulate: an index, gpu_N or cpu_0. Default: CUDA_VISIBLE_DEVICES or GPU_ID, else gpu_0.
    #[arg(long, value_name = "GPU")]
    gpu: Option<String>,
    /// `cpu` simulates cpu_0.
    #[arg(long, value_name = "DEVICE", default_value = "auto", value_parser = ["auto", "cpu"])]
    device: String,
    /// Pretend device memory, MiB.
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(MEBIBYTES))]
    vram_mb: Option<u64>,
    /// Pretend host memory for cached models, MiB.
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(MEBIBYTES))]
    ram_mb: Option<u64>,
    /// Milliseconds of a denoising or training step; 0: at once.
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(MILLISECONDS))]
    step_ms: Option<u64>,
    /// Milliseconds to load a base model; others in proportion to their size, cached ones in a tenth; 0: at once.
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(MILLISECONDS))]
    load_ms: Option<u64>,
    /// Seed of all random choices: seeds of jobs, and faults.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// At the end of stdin `stop` cancels commands that are not done in 4 s, `finish` waits for them.
    #[arg(long, value_name = "HOW", default_value = "stop")]
    on_eof: OnEof,
    /// Only deterministic kernels; the simulator has no others.
    #[arg(long)]
    deterministic: bool,
    /// Processor threads of torch; the simulator has no torch.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Option<u32>,
    /// Longest frame, without its LF, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = FRAME_BYTES_MAX as u64, value_parser = clap::value_parser!(u64).range(64..=1 << 30))]
    frame_bytes_max: u64,
    /// A fault of the table below; repeatable.
    #[arg(long = "fault", value_name = "NAME[:PARAM][~RATIO][@WHEN]...")]
    faults: Vec<Fault>,
    /// All faults are healed after this many frames.
    #[arg(long, value_name = "FRAMES")]
    heal_after: Option<u64>,
}

/// The file of `--config`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Config {
    model_roots: Vec<PathBuf>,
    input_roots: Vec<PathBuf>,
    output_dir: Option<PathBuf>,
    models: BTreeMap<String, String>,
    vram_mb: Option<u64>,
    ram_mb: Option<u64>,
    step_ms: Option<u64>,
    load_ms: Option<u64>,
    seed: Option<u64>,
}

impl Config {
    /// The file keeps the limits of the flags.
    fn check(&self) -> Result<(), CliError> {
        let numbers = [
            ("vram_mb", self.vram_mb, MEBIBYTES),
            ("ram_mb", self.ram_mb, MEBIBYTES),
            ("step_ms", self.step_ms, MILLISECONDS),
            ("load_ms", self.load_ms, MILLISECONDS),
        ];
        for (name, value, range) in numbers {
            if let Some(value) = value.filter(|value| !range.contains(value)) {
                return Err(CliError::OutOfRange { name, value, range });
            }
        }
        Ok(())
    }
}

/// `EX_CONFIG`: it cannot start as it is configured. A gateway that sees it starts it no more (contract-changes A5).
pub(crate) const MISCONFIGURED: u8 = 78;

/// Reads the arguments of `run`. For `--help` and for mistakes it prints a text and returns the exit code.
pub(crate) fn settings(args: impl IntoIterator<Item = OsString>) -> Result<Settings, ExitCode> {
    let flags = Flags::try_parse_from(args).map_err(|err| {
        // To stdout for --help, to stderr for mistakes. If that fails, only the exit code can report it.
        let printed = err.print();
        if err.use_stderr() || printed.is_err() { ExitCode::from(MISCONFIGURED) } else { ExitCode::SUCCESS }
    })?;
    check(flags).map_err(|err| {
        crate::log::write_stderr(&format!("worker-sim: error: {err}"));
        ExitCode::from(MISCONFIGURED)
    })
}

fn check(flags: Flags) -> Result<Settings, CliError> {
    let config: Config = flags.config.as_deref().map_or_else(|| Ok(Config::default()), read_json)?;
    if let Some(path) = &flags.schema {
        let schema: serde_json::Value = read_json(path)?;
        if !Submission::is_schema(&schema) {
            return Err(CliError::OtherSchema { path: path.clone() });
        }
    }
    let (device, warnings) = Device::find(
        flags.gpu.as_deref(),
        flags.device == "cpu",
        variable("CUDA_VISIBLE_DEVICES")?.as_deref(),
        variable("GPU_ID")?.as_deref(),
    )?;
    let mut notes: Vec<_> = warnings.into_iter().map(|warning| (LogLevel::Warning, warning)).collect();
    for fault in &flags.faults {
        notes.push((LogLevel::Warning, format!("this worker misbehaves: {fault}: {}", fault.meaning())));
    }
    config.check()?;
    let megabytes =
        |flag: Option<u64>, config: Option<u64>, default: u64| flag.or(config).unwrap_or(default) << 20;
    let milliseconds = |flag: Option<u64>, config: Option<u64>, default: u64| {
        Duration::from_millis(flag.or(config).unwrap_or(default))
    };
    let output = flags.output_dir.or(config.output_dir).unwrap_or_else(|| "outputs".into());
    Ok(Settings {
        device,
        roots: Roots {
            models: absolute(first_given(flags.model_roots, config.model_roots, "models"))?
                .into_iter()
                .filter(|root| root != Path::new(PRETEND_ROOT))
                .collect(),
            inputs: absolute(first_given(flags.input_roots, config.input_roots, "inputs"))?,
            output: absolute(vec![output])?.remove(0),
        },
        models: config.models,
        vram_bytes: megabytes(flags.vram_mb, config.vram_mb, 24 << 10),
        ram_bytes: megabytes(flags.ram_mb, config.ram_mb, 64 << 10),
        step: milliseconds(flags.step_ms, config.step_ms, 20),
        load: milliseconds(flags.load_ms, config.load_ms, 250),
        seed: flags.seed.or(config.seed).unwrap_or(0),
        on_eof: flags.on_eof,
        frame_bytes_max: usize::try_from(flags.frame_bytes_max).unwrap_or(usize::MAX),
        faults: flags.faults,
        heal_after: flags.heal_after,
        log_level: flags.log_level,
        log_file: flags.log_file,
        notes,
    })
}

/// A variable of the environment. A value that is not UTF-8 is an error: taken for absent, it would choose another device.
fn variable(name: &'static str) -> Result<Option<String>, CliError> {
    std::env::var_os(name)
        .map(|value| value.into_string().map_err(|value| CliError::NotText { name, value }))
        .transpose()
}

fn first_given(flag: Vec<PathBuf>, config: Vec<PathBuf>, default: &str) -> Vec<PathBuf> {
    match (flag.is_empty(), config.is_empty()) {
        (false, _) => flag,
        (true, false) => config,
        (true, true) => vec![default.into()],
    }
}

fn absolute(paths: Vec<PathBuf>) -> Result<Vec<PathBuf>, CliError> {
    let whole =
        |path: PathBuf| std::path::absolute(&path).map_err(|cause| CliError::Unreadable { path, cause });
    paths.into_iter().map(whole).collect()
}

fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, CliError> {
    let text = std::fs::read_to_string(path)
        .map_err(|cause| CliError::Unreadable { path: path.to_owned(), cause })?;
    serde_json::from_str(&text).map_err(|cause| CliError::NotRead { path: path.to_owned(), cause })
}

/// Why a worker cannot start with its flags, its environment and its configuration file. Causes stand in the sentence.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error("{}: {cause}", .path.display())]
    Unreadable { path: PathBuf, cause: std::io::Error },
    #[error("{}: {cause}", .path.display())]
    NotRead { path: PathBuf, cause: serde_json::Error },
    #[error("--config: {name} is {value}; it must be {} to {}", .range.start(), .range.end())]
    OutOfRange { name: &'static str, value: u64, range: RangeInclusive<u64> },
    #[error("{} is not {}, the schema built in", .path.display(), Submission::SCHEMA_ID)]
    OtherSchema { path: PathBuf },
    #[error("{name}={} is no UTF-8, and names no GPU", .value.display())]
    NotText { name: &'static str, value: OsString },
    #[error(transparent)]
    Device(#[from] DeviceError),
}

#[cfg(test)]
mod tests {
    use super::{Config, settings};

    #[test]
    fn numbers_of_the_file_keep_the_limits_of_the_flags() {
        for (text, right) in [
            (r#"{"vram_mb": 1, "ram_mb": 1073741824, "step_ms": 0, "load_ms": 86400000}"#, true),
            (r#"{"vram_mb": 0}"#, false),
            (r#"{"vram_mb": 1073741825}"#, false),
            (r#"{"vram_mb": 18446744073709551615}"#, false),
            (r#"{"ram_mb": 17592186044416}"#, false),
            (r#"{"step_ms": 86400001}"#, false),
            (r#"{"load_ms": 18446744073709551615}"#, false),
        ] {
            let config: Config = serde_json::from_str(text).expect("JSON");
            assert_eq!(config.check().is_ok(), right, "{text}");
        }
    }

    #[test]
    fn a_file_over_the_limits_is_refused_at_start() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("config.json");
        std::fs::write(&path, r#"{"vram_mb": 18446744073709551615}"#).expect("a file");
        let refused = settings(["worker-sim".into(), "--config".into(), path.into()]);
        assert!(refused.is_err());
    }
}
