//! The output folder: checks that it can be written, writes files whole, and names failures of the disk.

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use contracts::{
    ErrorCode, Failure,
    limits::{DISK_ANSWER, OUTPUT_PROBE},
};
use nix::sys::statfs::{
    BTRFS_SUPER_MAGIC, EXT4_SUPER_MAGIC, F2FS_SUPER_MAGIC, FsType, OVERLAYFS_SUPER_MAGIC, TMPFS_MAGIC,
    XFS_SUPER_MAGIC, statfs,
};
use tokio::sync::Notify;

use crate::faults::{self, FaultPoint};

/// Local file systems: the metadata of a file that a worker has just written is in memory there. On any other (NFS,
/// CIFS, FUSE, an unknown one) a server may not answer. ext2 and ext3 have the number of ext4; overlayfs writes to a
/// local folder.
const LOCAL: [FsType; 6] = [
    EXT4_SUPER_MAGIC,
    XFS_SUPER_MAGIC,
    BTRFS_SUPER_MAGIC,
    F2FS_SUPER_MAGIC,
    TMPFS_MAGIC,
    OVERLAYFS_SUPER_MAGIC,
];

/// The output folder, checked at intervals; a cheap clone.
#[derive(Clone, Debug)]
pub struct Outputs(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    /// The bytes that its disk must have free.
    free_min: u64,
    /// Why it takes no pictures, by the last check. A lock and not a task, because it is held for one copy and never
    /// across an await.
    trouble: Mutex<Option<Arc<str>>>,
    /// Whether it was on a local file system at the last check. `Relaxed`, because no other memory depends on it.
    local: AtomicBool,
    /// Notified when a job could not write its picture.
    recheck: Notify,
}

impl Outputs {
    /// The output folder, checked once. Blocks on the disk.
    #[must_use]
    pub fn new(folder: &Path, free_min: u64) -> Self {
        let inner = Inner {
            folder: folder.to_owned(),
            free_min,
            trouble: Mutex::new(None),
            local: AtomicBool::new(false),
            recheck: Notify::new(),
        };
        let outputs = Self(Arc::new(inner));
        outputs.check();
        outputs
    }

    /// Why it takes no pictures, by the last check; `None` if it does.
    #[must_use]
    pub fn trouble(&self) -> Option<Arc<str>> {
        self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether reading the metadata of a picture may take long.
    pub(crate) fn may_wait(&self) -> bool {
        !self.0.local.load(Ordering::Relaxed)
    }

    /// Checks the folder: writes a small file and removes it, and reads the free bytes of the disk. Blocks on the disk.
    pub fn check(&self) {
        let folder = &self.0.folder;
        faults::strike(FaultPoint::Disk, &folder.to_string_lossy());
        // A folder that is missing, or whose file system is unknown, counts as remote.
        let local = statfs(folder).is_ok_and(|system| LOCAL.contains(&system.filesystem_type()));
        self.0.local.store(local, Ordering::Relaxed);
        if let Some((place, err)) =
            written_below(folder, Utc::now()).iter().find_map(|place| unwritable(place))
        {
            return self.note(Some(format!("the output folder {place} can not be written: {err}").into()));
        }
        let trouble = match free_bytes(folder) {
            Ok(free) if free >= self.0.free_min => None,
            // Without the number of free bytes, which changes from check to check: the same trouble must be logged
            // once.
            Ok(_) => Some(format!(
                "the disk of the output folder {} has less than {} bytes free (disk_free_bytes_min)",
                folder.display(),
                self.0.free_min
            )),
            Err(err) => Some(format!(
                "the free bytes of the output folder {} can not be read: {err}",
                folder.display()
            )),
        };
        self.note(trouble.map(Into::into));
    }

    fn note(&self, trouble: Option<Arc<str>>) {
        let folder = &self.0.folder;
        let before = {
            let mut known = self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *known, trouble.clone())
        };
        match (before, trouble) {
            (before, Some(why)) if before.as_ref() != Some(&why) => {
                tracing::error!("{why}; the gateway is not ready");
            }
            (Some(_), None) => {
                tracing::info!(folder = %folder.display(), "the output folder has room, and can be written again");
            }
            _ => {}
        }
    }

    fn unanswered(&self, within: Duration) -> Arc<str> {
        let (folder, seconds) = (self.0.folder.display(), within.as_secs_f64());
        format!("the disk of the output folder {folder} does not answer within {seconds} s").into()
    }

    /// Has the folder checked again now, because something could not be written.
    pub(crate) fn recheck(&self) {
        self.0.recheck.notify_one();
    }

    /// Checks the folder at intervals, for ever.
    pub(crate) async fn watch(self) {
        self.watch_within(DISK_ANSWER).await;
    }

    async fn watch_within(self, within: Duration) {
        loop {
            // A timeout and a notification mean the same: check again.
            tokio::time::timeout(OUTPUT_PROBE, self.0.recheck.notified()).await.ok();
            let outputs = self.clone();
            let mut check = tokio::task::spawn_blocking(move || outputs.check());
            let checked = match tokio::time::timeout(within, &mut check).await {
                Ok(checked) => checked,
                Err(_) => {
                    self.note(Some(self.unanswered(within)));
                    // Wait for it all the same: further checks would each take a thread, and its result still counts.
                    check.await
                }
            };
            if let Err(err) = checked {
                tracing::error!(%err, "a look at the output folder broke off");
            }
        }
    }
}

/// The folders below the output folder that the gateway itself writes.
pub(crate) const UPLOADS: &str = "uploads";
pub(crate) const INPUTS: &str = "inputs";

/// The output folder, and the folders in it that are written today. One of them that is no folder, or belongs to another user, fails
/// each job although the output folder itself can be written.
fn written_below(folder: &Path, now: DateTime<Utc>) -> Vec<PathBuf> {
    let today = now.format("%Y-%m-%d").to_string();
    let below = [UPLOADS, INPUTS, &today].map(|name| folder.join(name));
    // What is not there yet is made when it is needed. A link that leads nowhere is there.
    let present = below.into_iter().filter(|place| place.symlink_metadata().is_ok());
    std::iter::once(folder.to_owned()).chain(present).collect()
}

/// Why a folder cannot be written.
fn unwritable(folder: &Path) -> Option<(std::path::Display<'_>, io::Error)> {
    probe(folder).err().map(|err| (folder.display(), err))
}

fn probe(folder: &Path) -> io::Result<()> {
    // Makes a folder that was removed again, as workers do.
    std::fs::create_dir_all(folder)?;
    let path = folder.join(format!(".probe-{}", uuid::Uuid::now_v7().simple()));
    // One block, because an empty file fits on a full disk.
    let written = std::fs::write(&path, [0; 4096]);
    match std::fs::remove_file(&path) {
        Err(err) if written.is_ok() => Err(err),
        _ => written,
    }
}

/// Returns the bytes that an unprivileged process may still write to the disk of a folder. Blocks on the disk.
fn free_bytes(folder: &Path) -> io::Result<u64> {
    let disk = nix::sys::statvfs::statvfs(folder)?;
    Ok(disk.blocks_available().saturating_mul(disk.fragment_size()))
}

/// Writes a file under another name, syncs it, and renames it: under its own name there is never half a file, also
/// after a power loss. Blocks on the disk.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or_else(|| io::Error::other("a file without a folder"))?;
    std::fs::create_dir_all(folder)?;
    let beside = path.with_extension(format!("{}.part", uuid::Uuid::now_v7().simple()));
    let written = write_synced(&beside, bytes).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        if let Err(err) = std::fs::remove_file(&beside)
            && err.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %beside.display(), %err, "a file that was not written whole stays");
        }
        return written;
    }
    // The rename is on the disk only when the folder is synced, too.
    File::open(folder).and_then(|folder| folder.sync_all())
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The failure of a write. All are `storage_full` and never `internal`: a client can free a full disk, and the operator
/// can mend the others, as the hint says.
pub(crate) fn storage_failure(what: &str, err: &io::Error) -> Failure {
    let failure = Failure::new(ErrorCode::StorageFull, format!("{what}: {err}"));
    match err.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => failure,
        io::ErrorKind::FileTooLarge => failure.hint(
            "send less, or have the operator of the host raise the limit of the size of files (ulimit -f, LimitFSIZE)",
        ),
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied | io::ErrorKind::NotADirectory => {
            failure.hint("have the operator of the host make the output folder writable; /health/ready says why it is not")
        }
        _ => failure.hint("have the operator of the host look at the disk and the limits of open files; /health/ready says more"),
    }
}

#[cfg(test)]
mod tests {
    use std::{io, time::Duration};

    use chrono::Utc;

    use super::{FaultPoint, INPUTS, Outputs, UPLOADS, faults, storage_failure, write_whole};

    #[tokio::test]
    async fn a_disk_that_does_not_answer_is_trouble_until_it_does() {
        let folder = tempfile::tempdir().expect("a folder");
        let outputs = Outputs::new(folder.path(), 0);
        let answers = faults::hang(FaultPoint::Disk, &folder.path().to_string_lossy());
        let watching = tokio::spawn(outputs.clone().watch_within(Duration::from_millis(1)));
        outputs.recheck();
        while outputs.trouble().is_none() {
            tokio::task::yield_now().await;
        }
        assert!(outputs.trouble().is_some_and(|why| why.contains("does not answer")));
        answers.send(()).expect("the look waits");
        while outputs.trouble().is_some() {
            tokio::task::yield_now().await;
        }
        watching.abort();
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("a.png");
        // A folder, because a file cannot be renamed over one.
        std::fs::create_dir(&place).expect("a folder");
        write_whole(&place, b"x").expect_err("it is a folder");
        let names: Vec<_> = std::fs::read_dir(folder.path())
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        assert_eq!(names, ["a.png"]);
    }

    #[test]
    fn a_folder_that_is_a_file_is_told_and_one_that_is_gone_is_made_again() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = place.path().join("out");
        let outputs = Outputs::new(&folder, 0);
        assert_eq!(outputs.trouble(), None);
        std::fs::remove_dir_all(&folder).expect("it is there");
        outputs.check();
        assert_eq!((outputs.trouble(), folder.is_dir()), (None, true));
        std::fs::remove_dir_all(&folder).expect("it is there");
        std::fs::write(&folder, "").expect("a file");
        outputs.check();
        assert!(outputs.trouble().is_some_and(|why| why.contains("can not be written")));
        std::fs::remove_file(&folder).expect("it is there");
        outputs.check();
        assert_eq!(outputs.trouble(), None);
    }

    /// Each would fail the next job or upload, although the output folder itself can be written.
    #[test]
    fn a_file_in_place_of_an_inner_folder_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in [UPLOADS, INPUTS, &Utc::now().format("%Y-%m-%d").to_string()] {
            let place = folder.path().join(name);
            std::fs::write(&place, "").expect("a file");
            let outputs = Outputs::new(folder.path(), 0);
            let trouble = outputs.trouble();
            assert!(trouble.as_ref().is_some_and(|why| why.contains(name)), "{name}: {trouble:?}");
            std::fs::remove_file(&place).expect("it is there");
            outputs.check();
            assert_eq!(outputs.trouble(), None);
        }
    }

    #[test]
    fn a_disk_with_too_little_room_is_told_and_where_that_is_configured() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(Outputs::new(folder.path(), 1).trouble(), None);
        let trouble = Outputs::new(folder.path(), u64::MAX).trouble();
        assert!(trouble.is_some_and(|why| why.contains("disk_free_bytes_min")));
    }

    #[test]
    fn no_failure_of_the_disk_is_ours() {
        use nix::errno::Errno;
        for (errno, who) in [
            (Errno::ENOSPC, None),
            (Errno::EDQUOT, None),
            (Errno::EFBIG, Some("ulimit -f")),
            (Errno::EROFS, Some("writable")),
            (Errno::EACCES, Some("writable")),
            (Errno::ENOTDIR, Some("writable")),
            (Errno::EMFILE, Some("open files")),
            (Errno::EIO, Some("open files")),
        ] {
            let failure = storage_failure("x", &io::Error::from_raw_os_error(errno as i32));
            assert_eq!(failure.code.as_str(), "storage_full", "{errno}");
            let found = who.is_none_or(|who| failure.hint.as_ref().is_some_and(|hint| hint.contains(who)));
            assert!(found, "{errno}: {:?}", failure.hint);
        }
    }
}
