//! A saved run; its schema is `conformance/schemas/bench.json`.

use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{Bench, Figure};

/// The schema of a saved run.
pub const SCHEMA: &str = include_str!("../../schemas/bench.json");

const FORMAT: &str = "concord-conformance-bench/1";

/// A saved run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    format: String,
    /// The profile of the tool's build.
    pub profile: String,
    /// The figures.
    pub figures: Vec<Figure>,
}

/// Why a run cannot be compared with a saved one.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// The file cannot be read.
    #[error("{}: {cause}\nhint: --save writes one", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        cause: io::Error,
    },
    /// The file is not a saved run.
    #[error("{} is not a saved run: {why}\nhint: --save writes one", .path.display())]
    NoRun {
        /// The file.
        path: PathBuf,
        /// The fault.
        why: String,
    },
    /// It is of another build.
    #[error(
        "the saved run is of a {saved} build of this tool, and this is a {this} build\nhint: --save one with this build"
    )]
    OtherProfile {
        /// Its profile.
        saved: String,
        /// This one.
        this: &'static str,
    },
    /// It has other figures.
    #[error("the saved run has other figures: {0}\nhint: --save one with this build")]
    OtherFigures(String),
}

/// Reads a saved run.
///
/// # Errors
/// [`SavedError`] if there is none that this build can be compared with.
pub fn read(path: &Path) -> Result<Saved, SavedError> {
    let no_run = |why| SavedError::NoRun { path: path.to_owned(), why };
    let text = fs::read(path).map_err(|cause| SavedError::Unreadable { path: path.to_owned(), cause })?;
    let saved: Saved = serde_json::from_slice(&text).map_err(|err| no_run(err.to_string()))?;
    if saved.format != FORMAT {
        return Err(no_run(format!("its format is {}", saved.format)));
    }
    let is_sound = |figure: &Figure| {
        !figure.samples.is_empty()
            && figure.samples.is_sorted()
            && figure.samples.iter().all(|sample| sample.is_finite() && *sample > 0.0)
    };
    if let Some(figure) = saved.figures.iter().find(|figure| !is_sound(figure)) {
        return Err(no_run(format!("{} has no ascending ratios above 0", figure.name)));
    }
    let this = super::profile();
    if saved.profile != this {
        return Err(SavedError::OtherProfile { saved: saved.profile, this });
    }
    let names = |names: Vec<&str>| -> BTreeSet<String> { names.into_iter().map(str::to_owned).collect() };
    let there = names(saved.figures.iter().map(|figure| figure.name.as_str()).collect());
    let here = names(super::BASELINES.iter().map(|(name, _)| *name).collect());
    let other: Vec<&str> = there.symmetric_difference(&here).map(String::as_str).collect();
    if !other.is_empty() || saved.figures.len() != here.len() {
        return Err(SavedError::OtherFigures(other.join(", ")));
    }
    Ok(saved)
}

/// Writes a run.
///
/// # Errors
/// The error of the writer.
pub fn write(bench: &Bench, out: &mut dyn Write) -> io::Result<()> {
    let (profile, figures) = (bench.profile.to_owned(), bench.figures.clone());
    serde_json::to_writer_pretty(&mut *out, &Saved { format: FORMAT.to_owned(), profile, figures })?;
    writeln!(out)
}
