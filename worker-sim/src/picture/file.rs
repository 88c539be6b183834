//! Pictures on disk: written beside and linked to a name that is never taken from another file.

use contracts::{ErrorCode, Failure};
use std::{
    fs::Permissions,
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use super::encode::extension;

/// The name of a picture's file.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    /// The folder of the day.
    pub(crate) folder: PathBuf,
    pub(crate) request_id: Option<String>,
    pub(crate) attempt: u32,
    pub(crate) index: u64,
}

impl Name {
    fn path(&self, stem: &str, format: &str) -> PathBuf {
        self.folder.join(format!("{stem}_{}_{:03}.{}", self.attempt, self.index, extension(format)))
    }

    fn stem(&self) -> String {
        self.request_id.clone().unwrap_or_else(unique)
    }

    /// Where the file would be.
    pub(crate) fn pretended(&self, format: &str) -> PathBuf {
        self.path(&self.stem(), format)
    }

    /// Writes the file; where it is now.
    pub(crate) fn write(&self, format: &str, content: &[u8]) -> Result<PathBuf, Failure> {
        self.try_write(format, content).map_err(|err| write_failure(&self.folder, &err))
    }

    fn try_write(&self, format: &str, content: &[u8]) -> io::Result<PathBuf> {
        std::fs::create_dir_all(&self.folder)?;
        let mut stem = self.stem();
        let mut beside = tempfile::Builder::new()
            .prefix(".")
            .suffix(".part")
            .permissions(Permissions::from_mode(0o644))
            .tempfile_in(&self.folder)?;
        beside.write_all(content)?;
        loop {
            let path = self.path(&stem, format);
            match beside.persist_noclobber(&path) {
                Ok(_) => return Ok(path),
                Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => {
                    beside = taken.file;
                    stem = unique();
                }
                Err(other) => return Err(other.error),
            }
        }
    }
}

/// The failure that a client gets for a failed write.
pub(crate) fn write_failure(folder: &Path, err: &io::Error) -> Failure {
    match err.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Failure::new(ErrorCode::StorageFull, format!("the disk of the output directory is full: {err}"))
        }
        io::ErrorKind::FileTooLarge => {
            Failure::new(ErrorCode::StorageFull, format!("a picture of this size may not be written: {err}"))
                .hint("ask for a smaller picture, or have the operator of the host raise the limit of the size of files (ulimit -f, LimitFSIZE)")
        }
        // Read-only, forbidden, no folder: the operator's, and no fault of ours.
        _ => Failure::new(ErrorCode::StorageFull, format!("{} cannot be written: {err}", folder.display()))
            .hint("have the operator of the host make the output folder writable"),
    }
}

fn unique() -> String {
    uuid::Uuid::now_v7().to_string()
}
