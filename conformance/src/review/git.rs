//! Snapshots of two states of a repository, by git itself.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// A snapshot before and after; none where it is not there.
pub(super) struct Snapshot {
    pub(super) file: String,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

/// Why two states cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// git does not run.
    #[error("git does not run: {0}")]
    NoGit(#[source] io::Error),
    /// git refuses.
    #[error(
        "git {command}: {why}\nhint: run it in the repository of the snapshots, with a revision that git knows"
    )]
    Refused {
        /// Its arguments.
        command: String,
        /// Its last words.
        why: String,
    },
    /// A file cannot be read.
    #[error("{}: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        cause: io::Error,
    },
}

/// The suffix of a snapshot that waits for a look.
const PENDING: &str = ".new";

/// The snapshots that differ from those of a revision.
pub(super) fn changed(folder: &Path, base: &str) -> Result<Vec<Snapshot>, GitError> {
    let root = PathBuf::from(git(folder, &["rev-parse", "--show-toplevel"])?.trim());
    let revision = git(&root, &["rev-parse", "--verify", "--quiet", &format!("{base}^{{commit}}")])?;
    let revision = revision.trim();
    let pattern = ["--", "*.snap", "*.snap.new"];
    let tracked =
        git(&root, &[&["diff", "--name-only", "-z", "--no-renames", revision], &pattern[..]].concat())?;
    let new = git(&root, &[&["ls-files", "--others", "-z"], &pattern[..]].concat())?;
    let files: BTreeSet<String> = tracked
        .split('\0')
        .chain(new.split('\0'))
        .filter(|file| !file.is_empty() && !file.split('/').any(|part| part == "target"))
        .map(|file| file.strip_suffix(PENDING).unwrap_or(file).to_owned())
        .collect();
    files
        .into_iter()
        .map(|file| {
            let pending = root.join(format!("{file}{PENDING}"));
            let after = match read(&pending)? {
                None => read(&root.join(&file))?,
                pending => pending,
            };
            // A file that the revision does not have is new.
            let listed = git(&root, &["ls-tree", "--name-only", "-z", revision, "--", &file])?;
            let before = !listed.is_empty();
            let before = before.then(|| git(&root, &["show", &format!("{revision}:{file}")])).transpose()?;
            Ok(Snapshot { file, before, after })
        })
        .collect()
}

fn read(path: &Path) -> Result<Option<String>, GitError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(GitError::Unreadable { path: path.to_owned(), cause }),
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String, GitError> {
    let output = Command::new("git").current_dir(folder).args(arguments).output().map_err(GitError::NoGit)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let why = if why.is_empty() { "git gave no reason".to_owned() } else { why };
    Err(GitError::Refused { command: arguments.join(" "), why })
}
