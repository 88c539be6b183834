//! The files below a folder, links followed.

use std::{
    collections::BTreeSet,
    fs::{self, Metadata},
    io,
    path::{Path, PathBuf},
};

/// One entry below a folder.
pub(crate) struct Below {
    /// As it is reached.
    pub(crate) path: PathBuf,
    /// Of what it leads to.
    pub(crate) about: Metadata,
}

/// Everything below a folder that is no folder, in the order of the names. Links may lead in a circle: each folder is
/// entered once. What a link leads to nowhere, and a folder that may not be listed, are passed over, as a loader finds
/// nothing there either.
pub(crate) fn below(folder: &Path) -> io::Result<Vec<Below>> {
    let mut walk = Walk { entered: BTreeSet::new(), found: Vec::new() };
    walk.entered.insert(folder.canonicalize()?);
    walk.enter(folder)?;
    Ok(walk.found)
}

struct Walk {
    entered: BTreeSet<PathBuf>,
    found: Vec<Below>,
}

impl Walk {
    fn enter(&mut self, folder: &Path) -> io::Result<()> {
        let mut inside: Vec<PathBuf> =
            fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
        inside.sort();
        for path in inside {
            match fs::metadata(&path) {
                Ok(about) if about.is_dir() => {
                    if self.entered.insert(path.canonicalize()?) {
                        self.enter(&path).or_else(|err| match err.kind() {
                            io::ErrorKind::PermissionDenied => Ok(()),
                            _ => Err(err),
                        })?;
                    }
                }
                Ok(about) => self.found.push(Below { path, about }),
                Err(err) if leads_nowhere(&err) => {}
                Err(err) => return Err(err),
            }
        }
        Ok(())
    }
}

/// What the system says of a link to nothing, to itself, or through a file.
fn leads_nowhere(err: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound};
    matches!(err.kind(), NotFound | NotADirectory)
        || err.raw_os_error() == Some(nix::errno::Errno::ELOOP as i32)
}

/// The first link below a folder that leads to something outside of these real paths.
pub(crate) fn link_out(folder: &Path, inside: &[PathBuf]) -> io::Result<Option<PathBuf>> {
    let is_inside = |path: &Path| inside.iter().any(|root| path.starts_with(root));
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Err(err) if err.kind() == io::ErrorKind::PermissionDenied => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_symlink()
                && let Ok(real) = entry.path().canonicalize()
                && !is_inside(&real)
            {
                return Ok(Some(entry.path()));
            }
        }
    }
    Ok(None)
}
