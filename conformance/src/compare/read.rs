//! Reports as JSON, read for a comparison.

use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use crate::plan::begins;

/// The form that is read.
const FORMAT: &str = "concord-conformance/1";

/// Why reports cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A file cannot be read.
    #[error("{}: {cause}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A file is no report.
    #[error("{} is no JSON report of this tool: {why}\nhint: conformance worker --report json=FILE writes one", .path.display())]
    NoReport {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Two files have one name.
    #[error("{} stands there twice", .0.display())]
    Twice(PathBuf),
}

/// A check in a report.
#[derive(Clone, Debug, Deserialize)]
pub struct Check {
    id: String,
    /// `passed`, `failed`, `skipped` or `undecided`.
    pub outcome: String,
    /// The reason, where it did not pass.
    pub why: Option<String>,
}

impl Check {
    /// Its verdict and the reason.
    #[must_use]
    pub fn said(&self) -> String {
        match &self.why {
            None => self.outcome.clone(),
            Some(why) => format!("{}: {why}", self.outcome),
        }
    }
}

#[derive(Deserialize)]
struct LeftOut {
    begins: String,
    why: String,
}

/// The members of the replies to a command in a scenario.
#[derive(Clone, Debug, Deserialize)]
pub struct Reply {
    /// `suite.scenario`.
    pub scenario: String,
    /// The action, or `event.` and the name of an event.
    pub command: String,
    /// `ok`, or the code of the failure.
    pub outcome: String,
    /// The kinds of the values at each pointer.
    pub members: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Deserialize)]
struct Document {
    format: String,
    target: String,
    target_file: String,
    left_out: Vec<LeftOut>,
    not_run: usize,
    checks: Vec<Check>,
    #[serde(default)]
    replies: Vec<Reply>,
}

/// One report.
#[derive(Clone, Debug)]
pub struct Side {
    /// The stem of its file, or its path where two stems are equal.
    pub name: String,
    /// `worker` or `gateway`.
    pub kind: String,
    /// The target's own file.
    pub file: String,
    /// The checks by their ids.
    pub checks: BTreeMap<String, Check>,
    /// The members of replies; empty if they were not recorded.
    pub replies: Vec<Reply>,
    left_out: Vec<(String, String)>,
    not_run: usize,
}

impl Side {
    /// Why its run left out a check.
    #[must_use]
    pub fn left_out(&self, id: &str) -> Option<&str> {
        // A target that no longer answered did not leave anything out.
        let is_whole = self.not_run == 0;
        let found = self.left_out.iter().find(|(beginning, _)| beginning.is_empty() || begins(id, beginning));
        found.filter(|_| is_whole).map(|(_, why)| why.as_str())
    }
}

/// Reads reports.
///
/// # Errors
/// [`ReadError`] names the file.
pub fn reports(paths: &[PathBuf]) -> Result<Vec<Side>, ReadError> {
    let mut sides = paths.iter().map(|path| report(path)).collect::<Result<Vec<_>, _>>()?;
    for at in 0..sides.len() {
        if paths[..at].contains(&paths[at]) {
            return Err(ReadError::Twice(paths[at].clone()));
        }
        let stem = stem(&paths[at]);
        if paths.iter().filter(|path| self::stem(path) == stem).count() > 1 {
            sides[at].name = paths[at].display().to_string();
        }
    }
    Ok(sides)
}

fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| path.display().to_string(), |stem| stem.to_string_lossy().into_owned())
}

fn report(path: &Path) -> Result<Side, ReadError> {
    let no_report = |why: String| ReadError::NoReport { path: path.to_owned(), why };
    let text = fs::read(path).map_err(|cause| ReadError::Unreadable { path: path.to_owned(), cause })?;
    let document: Document = serde_json::from_slice(&text).map_err(|err| no_report(err.to_string()))?;
    if document.format != FORMAT {
        return Err(no_report(format!("its format is {}", document.format)));
    }
    Ok(Side {
        name: stem(path),
        kind: document.target,
        file: document.target_file,
        checks: document.checks.into_iter().map(|check| (check.id.clone(), check)).collect(),
        replies: document.replies,
        left_out: document.left_out.into_iter().map(|out| (out.begins, out.why)).collect(),
        not_run: document.not_run,
    })
}
