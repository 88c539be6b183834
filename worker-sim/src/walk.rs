//! The files below a folder, links followed.

use std::{
    collections::BTreeSet,
    fs::{self, Metadata},
    io,
    path::{Path, PathBuf},
    vec,
};

/// One entry below a folder.
pub(crate) struct Below {
    /// As it is reached.
    pub(crate) path: PathBuf,
    /// Of what it leads to.
    pub(crate) about: Metadata,
    is_link: bool,
}

/// Everything below a folder that is no folder, in the order of the names.
pub(crate) fn below(folder: &Path) -> io::Result<Vec<Below>> {
    Walk::of(folder)?.filter(|found| !matches!(found, Ok(below) if below.about.is_dir())).collect()
}

/// The first link below a folder that leads to something outside of these real paths.
pub(crate) fn link_out(folder: &Path, inside: &[PathBuf]) -> io::Result<Option<PathBuf>> {
    for found in Walk::of(folder)? {
        let Below { path, is_link, .. } = found?;
        if is_link {
            let real = path.canonicalize()?;
            if !inside.iter().any(|root| real.starts_with(root)) {
                return Ok(Some(path));
            }
        }
    }
    Ok(None)
}

/// Yields everything below a folder, a link before what lies behind it, so that a caller can stop at one that leads out
/// of the roots. Links may lead in a circle: each folder is entered once, and none that the walk began in. What a link
/// leads to nowhere, and a folder that may not be listed, are passed over, as a loader finds nothing there either.
struct Walk {
    entered: BTreeSet<PathBuf>,
    /// The folders that the walk is in, each with what it has not visited yet.
    open: Vec<vec::IntoIter<PathBuf>>,
    /// The folder that was yielded last. It is entered only if the caller goes on.
    pending: Option<PathBuf>,
}

impl Walk {
    fn of(folder: &Path) -> io::Result<Self> {
        let real = folder.canonicalize()?;
        let entered = real.ancestors().map(Path::to_owned).collect();
        Ok(Self { entered, open: vec![listed(folder)?], pending: None })
    }

    fn enter(&mut self, folder: &Path) -> io::Result<()> {
        if self.entered.insert(folder.canonicalize()?) {
            match listed(folder) {
                Ok(inside) => self.open.push(inside),
                Err(err) if err.kind() == io::ErrorKind::PermissionDenied => {}
                Err(err) => return Err(err),
            }
        }
        Ok(())
    }

    fn advance(&mut self) -> io::Result<Option<Below>> {
        if let Some(folder) = self.pending.take() {
            self.enter(&folder)?;
        }
        while let Some(inside) = self.open.last_mut() {
            let Some(path) = inside.next() else {
                self.open.pop();
                continue;
            };
            match fs::metadata(&path) {
                Ok(about) => {
                    let is_link = fs::symlink_metadata(&path)?.is_symlink();
                    self.pending = about.is_dir().then(|| path.clone());
                    return Ok(Some(Below { path, about, is_link }));
                }
                Err(err) if leads_nowhere(&err) => {}
                Err(err) => return Err(err),
            }
        }
        Ok(None)
    }
}

impl Iterator for Walk {
    type Item = io::Result<Below>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}

/// What lies in a folder, in the order of the names.
fn listed(folder: &Path) -> io::Result<vec::IntoIter<PathBuf>> {
    let mut inside: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    inside.sort();
    Ok(inside.into_iter())
}

/// Whether an error means that a link leads to nothing, to itself, or through a file.
fn leads_nowhere(err: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound};
    matches!(err.kind(), NotFound | NotADirectory)
        || err.raw_os_error() == Some(nix::errno::Errno::ELOOP as i32)
}
