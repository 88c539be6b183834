//! The files of sources: those that are named, and those of one suffix below folders, but for what tools leave there.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

/// A file or a folder that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {cause}", path.display())]
pub struct Unreadable {
    /// It.
    pub path: PathBuf,
    /// The cause.
    pub cause: io::Error,
}

/// Which files of a folder are sources.
pub(crate) struct Kind {
    /// The end of their names: `.cs`.
    pub(crate) suffix: &'static str,
    /// Folders that are left out, beside hidden ones.
    pub(crate) without: &'static [&'static str],
}

/// All sources at the paths and below them, each once and in order. A file that is named is one, whatever its suffix is.
pub(crate) fn find(paths: &[PathBuf], kind: &Kind) -> Result<Vec<PathBuf>, Unreadable> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            below(path, kind, &mut BTreeSet::new(), &mut files)?;
        } else {
            path.metadata().map_err(unreadable(path))?;
            files.push(path.clone());
        }
    }
    files.sort();
    files.dedup();
    Ok(files)
}

fn below(
    folder: &Path,
    kind: &Kind,
    seen: &mut BTreeSet<PathBuf>,
    files: &mut Vec<PathBuf>,
) -> Result<(), Unreadable> {
    // A link may lead to a folder above it.
    if !seen.insert(folder.canonicalize().map_err(unreadable(folder))?) {
        return Ok(());
    }
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = entry.map_err(unreadable(folder))?.path();
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        if path.is_dir() {
            if !kind.without.contains(&name.as_str()) && !name.starts_with('.') {
                below(&path, kind, seen, files)?;
            }
        } else if name.ends_with(kind.suffix) {
            files.push(path);
        }
    }
    Ok(())
}

/// Puts the path to an error of the file system.
pub(crate) fn unreadable(path: &Path) -> impl Fn(io::Error) -> Unreadable + '_ {
    |cause| Unreadable { path: path.to_owned(), cause }
}
