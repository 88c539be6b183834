//! The schemas of a revision, by git itself.

use std::{
    io::{self, Seek as _, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::side::{File, LoadError};

/// Where schemas are in a revision that names no folder.
const FOLDER: &str = "schemas";

/// Why git has no schemas of a name.
#[derive(Debug, thiserror::Error)]
pub enum RevisionError {
    /// The name has not the form of a revision.
    #[error("no file of this name")]
    NoRevision,
    /// git is missing, or its pipes broke.
    #[error("git does not run: {0}")]
    NotRun(io::Error),
    /// git refused, with the text that it wrote to stderr.
    #[error("{0}")]
    Refused(String),
    /// git wrote something else than UTF-8.
    #[error("a file is not UTF-8")]
    NotText,
    /// The revision has no schemas at the path.
    #[error("{revision} has no JSON file at {path}")]
    NoJson {
        /// The revision.
        revision: String,
        /// The path in it.
        path: String,
    },
    /// git listed a file and did not write all of it.
    #[error("git does not give {path}")]
    Cut {
        /// The file.
        path: String,
    },
    /// A path of the work tree cannot be resolved.
    #[error("{0}")]
    Unresolved(io::Error),
    /// A path of the work tree lies in no repository.
    #[error("it is outside of the repository")]
    Outside,
}

/// The files of `REVISION` or `REVISION:PATH`.
pub(super) fn revision(name: &str) -> Result<Vec<File>, LoadError> {
    let (revision, path) = name.split_once(':').unwrap_or((name, FOLDER));
    files(revision, path.trim_end_matches('/'))
        .map_err(|cause| LoadError::NoSuchSide { name: name.to_owned(), cause })
}

fn files(revision: &str, path: &str) -> Result<Vec<File>, RevisionError> {
    if revision.is_empty() || revision.starts_with('-') {
        return Err(RevisionError::NoRevision);
    }
    let root = git(&["rev-parse", "--show-toplevel"], None)?;
    let root = root.trim();
    let listed = listed(root, revision, path)?;
    let mut objects = Vec::new();
    for entry in listed.split('\0') {
        let Some((head, file)) = entry.split_once('\t') else { continue };
        let object = ["100644 blob ", "100755 blob "].iter().find_map(|kind| head.strip_prefix(kind));
        if let Some(object) = object.filter(|_| file.ends_with(".json")) {
            objects.push((object, file));
        }
    }
    if objects.is_empty() {
        return Err(RevisionError::NoJson { revision: revision.to_owned(), path: path.to_owned() });
    }
    texts(root, &objects)
}

/// The entries of a path: those of a folder are its files.
fn listed(root: &str, revision: &str, path: &str) -> Result<String, RevisionError> {
    let in_root = ["-C", root, "ls-tree", "-z", revision];
    let listed = git(&[&in_root[..], &[path]].concat(), None)?;
    if listed.contains(" tree ") {
        return git(&[&in_root[..], &[&format!("{path}/")]].concat(), None);
    }
    Ok(listed)
}

/// The texts of objects, each with its path.
fn texts(root: &str, objects: &[(&str, &str)]) -> Result<Vec<File>, RevisionError> {
    let asked: String = objects.iter().map(|(object, _)| format!("{object}\n")).collect();
    let texts = git(&["-C", root, "cat-file", "--batch"], Some(&asked))?;
    let mut rest = texts.as_str();
    let mut files = Vec::new();
    for (_, path) in objects {
        let cut = || RevisionError::Cut { path: (*path).to_owned() };
        let (head, after) = rest.split_once('\n').ok_or_else(cut)?;
        let length: usize = head.rsplit(' ').next().and_then(|length| length.parse().ok()).ok_or_else(cut)?;
        let text = after.get(..length).ok_or_else(cut)?;
        // git ends each file with a line end of its own.
        rest = after.get(length + 1..).ok_or_else(cut)?;
        files.push(File { path: (*path).to_owned(), text: text.to_owned() });
    }
    Ok(files)
}

/// `REVISION:PATH` for a path of the work tree.
pub(super) fn at(revision: &str, path: &Path) -> Result<String, LoadError> {
    let inner = in_repository(path)
        .map_err(|cause| LoadError::NoSuchSide { name: format!("{revision}:{}", path.display()), cause })?;
    Ok(format!("{revision}:{}", inner.display()))
}

/// A path of the work tree, from the root of its repository.
fn in_repository(path: &Path) -> Result<PathBuf, RevisionError> {
    let root = git(&["rev-parse", "--show-toplevel"], None)?;
    let whole = path.canonicalize().map_err(RevisionError::Unresolved)?;
    let root = Path::new(root.trim()).canonicalize().map_err(RevisionError::Unresolved)?;
    whole.strip_prefix(&root).map(Path::to_owned).map_err(|_| RevisionError::Outside)
}

fn git(arguments: &[&str], input: Option<&str>) -> Result<String, RevisionError> {
    let run = || -> io::Result<_> {
        // A file, not a pipe: git answers while it reads, and the two would wait for each other over a long list.
        let stdin = match input {
            None => Stdio::null(),
            Some(input) => {
                let mut file = tempfile::tempfile()?;
                file.write_all(input.as_bytes())?;
                file.rewind()?;
                file.into()
            }
        };
        Command::new("git").args(arguments).stdin(stdin).output()
    };
    let output = run().map_err(RevisionError::NotRun)?;
    if !output.status.success() {
        return Err(RevisionError::Refused(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    String::from_utf8(output.stdout).map_err(|_| RevisionError::NotText)
}
