//! The settings of a worker, after all checks. Where they come from is `cli`'s.

use clap::ValueEnum;
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use crate::{device::Device, faults::Fault, roots::Roots};

/// The least level of log lines on stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum LogLevel {
    Debug,
    Info,
    #[value(alias = "warn")]
    Warning,
    #[value(alias = "critical")]
    Error,
}

impl LogLevel {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// The reaction to the end of stdin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnEof {
    Stop,
    Finish,
}

/// A worker's settings, checked.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) device: Device,
    pub(crate) roots: Roots,
    /// Ids that the operator gave to paths.
    pub(crate) models: BTreeMap<String, String>,
    pub(crate) vram_bytes: u64,
    pub(crate) ram_bytes: u64,
    pub(crate) step: Duration,
    pub(crate) load: Duration,
    pub(crate) seed: u64,
    pub(crate) on_eof: OnEof,
    pub(crate) frame_bytes_max: usize,
    pub(crate) faults: Vec<Fault>,
    pub(crate) heal_after: Option<u64>,
    pub(crate) log_level: LogLevel,
    pub(crate) log_file: Option<PathBuf>,
    /// Said on stderr at start.
    pub(crate) notes: Vec<(LogLevel, String)>,
}
