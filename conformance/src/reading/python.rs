//! Python as a party: the workers' generated types and their reading, in a process of their own.

use serde_json::Value;
use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{Outcome, Subject, refused};

/// Reads a document of a definition from stdin by the workers' package.
const SCRIPT: &str = include_str!("read.py");

/// Reads the bytes with the Python of the choice. Python reads canonical documents alone.
pub(super) fn read(bytes: &[u8], subject: &Subject, python: Option<&Path>) -> Outcome {
    let Some(python) = python else {
        return Outcome::Skipped {
            why: "no Python with the workers' package: name one with --python".to_owned(),
        };
    };
    let (definition, place) = match subject {
        Subject::Definition(name) => (name.as_str(), ""),
        Subject::Reply { data, .. } => (data.as_str(), "data"),
    };
    match asked(bytes, definition, place, python) {
        Ok(answer) => outcome(&answer),
        Err(err) => Outcome::Skipped { why: err.to_string() },
    }
}

/// Why Python gives no answer.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error("{}: {cause}", .python.display())]
    NotStarted { python: PathBuf, cause: io::Error },
    #[error("{0}")]
    NotEnded(io::Error),
    /// The last line of its stderr.
    #[error("{0}")]
    Failed(String),
    #[error("{} gave no answer", .0.display())]
    Silent(PathBuf),
    #[error("{} did not read the document: {cause}", .python.display())]
    NotRead { python: PathBuf, cause: io::Error },
}

fn asked(bytes: &[u8], definition: &str, place: &str, python: &Path) -> Result<Value, NoAnswer> {
    let own = || python.to_owned();
    let mut command = Command::new(python);
    command.args(["-c", SCRIPT, definition, place]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|cause| NoAnswer::NotStarted { python: own(), cause })?;
    let written = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(bytes));
    let output = child.wait_with_output().map_err(NoAnswer::NotEnded)?;
    let last = || String::from_utf8_lossy(&output.stderr).lines().last().map(str::to_owned);
    // A process that ends early says why on stderr, which tells more than the broken pipe.
    let answer = serde_json::from_slice(&output.stdout)
        .map_err(|_| last().map_or_else(|| NoAnswer::Silent(own()), NoAnswer::Failed))?;
    // An answer to a part of the document is none.
    written.map_err(|cause| NoAnswer::NotRead { python: own(), cause })?;
    Ok(answer)
}

fn outcome(answer: &Value) -> Outcome {
    match answer["refused"].as_str() {
        Some(why) => refused("", why),
        None => Outcome::Read {
            value: Some(answer["value"].clone()),
            ignored: Vec::new(),
            filled_in: Vec::new(),
            warnings: Vec::new(),
        },
    }
}
