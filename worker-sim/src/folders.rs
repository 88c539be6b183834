//! The folders that a worker needs before it starts: an operator's mistake is said at once, not job by job.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    log::write_stderr,
    roots::{PRETEND_ROOT, Roots},
};

/// A folder that a worker cannot start with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FolderError {
    #[error("the root {} is no folder", .0.display())]
    NoFolder(PathBuf),
    #[error("the root {} cannot be read: {cause}", .root.display())]
    Unreadable { root: PathBuf, cause: io::Error },
    #[error("the output directory {} cannot be written: {cause}", .folder.display())]
    Unwritable { folder: PathBuf, cause: io::Error },
}

/// Checks that the roots that exist are folders, and that the output directory can be written.
///
/// A root that does not exist may be mounted later. A full disk is not a mistake of the configuration: jobs report it.
///
/// # Errors
/// - `NoFolder`, `Unreadable`: a root exists and is not a folder that can be read;
/// - `Unwritable`: no file can be made in the output directory.
pub(crate) fn require(roots: &Roots) -> Result<(), FolderError> {
    for root in roots.models.iter().chain(&roots.inputs).filter(|root| *root != Path::new(PRETEND_ROOT)) {
        match fs::read_dir(root) {
            Ok(_) => {}
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            Err(cause) if cause.kind() == io::ErrorKind::NotADirectory => {
                return Err(FolderError::NoFolder(root.clone()));
            }
            Err(cause) => return Err(FolderError::Unreadable { root: root.clone(), cause }),
        }
    }
    let folder = &roots.output;
    let probed = fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder));
    match probed {
        Ok(_) => Ok(()),
        Err(cause) if matches!(cause.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {
            write_stderr(&format!(
                "worker-sim: error: the output directory {} is full: jobs will be storage_full",
                folder.display()
            ));
            Ok(())
        }
        Err(cause) => Err(FolderError::Unwritable { folder: folder.clone(), cause }),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{FolderError, require};
    use crate::roots::Roots;

    #[test]
    fn what_cannot_be_read_or_written_is_refused_and_what_is_absent_is_not() {
        let home = tempfile::tempdir().expect("a folder");
        let file = home.path().join("file");
        std::fs::write(&file, "").expect("a file");
        let (absent, output) = (home.path().join("absent"), home.path().join("output"));
        let roots = |model: &PathBuf, input: &PathBuf, output: &PathBuf| Roots {
            models: vec![model.clone()],
            inputs: vec![input.clone()],
            output: output.clone(),
        };
        assert!(require(&roots(&absent, &absent, &output)).is_ok());
        assert!(output.is_dir());
        assert!(
            matches!(require(&roots(&file, &absent, &output)), Err(FolderError::NoFolder(root)) if root == file)
        );
        assert!(
            matches!(require(&roots(&absent, &file, &output)), Err(FolderError::NoFolder(root)) if root == file)
        );
        for unwritable in [&file, &file.join("below"), &PathBuf::from("/dev/null")] {
            assert!(matches!(
                require(&roots(&absent, &absent, unwritable)),
                Err(FolderError::Unwritable { .. })
            ));
        }
    }
}
