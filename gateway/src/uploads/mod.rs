//! Images that clients sent: uploads, which an id names for a day, and images inside commands. They are kept under the
//! output directory until their time is over and no job reads them, and share a budget of bytes.
//!
//! An equal image is found by the hash of its content, and only in memory: a file name on the disk may be that of a
//! file that a power loss cut short. So two gateways with one output directory never share a file.

mod index;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use chrono::Utc;
use contracts::{ErrorCode, Failure, hex, shorten};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::{sync::Notify, time::Instant};

use crate::{
    config::Keep,
    images::read_header,
    jobs::timestamp,
    outputs::{Outputs, storage_failure, write_whole},
};
use index::{Kind, UploadIndex, on_disk};

/// The longest interval between two sweeps: a file outlives its time by this at most.
const SWEEP: Duration = Duration::from_secs(60);

/// All images that clients sent; a cheap clone. The index is behind a lock and not in a task, because the lock is held
/// for one look-up, and never across an await or a call to the disk.
#[derive(Clone, Debug)]
pub struct Uploads(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    output_dir: PathBuf,
    /// Told of each write that fails, so that the gateway is unready before a job fails too.
    outputs: Outputs,
    upload_kept: Duration,
    input_kept: Duration,
    /// A lock and not a task, because threads that write files use it too; held for one look-up and never across an await.
    index: Mutex<UploadIndex>,
    /// Notified when a file may be removed now: an upload that was deleted and that no command reads any more.
    swept: Notify,
}

/// Keeps a file from being removed until it is dropped.
#[derive(Debug)]
struct Hold {
    path: Arc<Path>,
    uploads: Uploads,
}

/// A hold on a file that a command and its lane share.
pub(crate) type FileGuard = Arc<dyn std::fmt::Debug + Send + Sync>;

impl Drop for Hold {
    fn drop(&mut self) {
        let now = Instant::now();
        if self.uploads.index().release(&self.path, now + self.uploads.0.input_kept) {
            self.uploads.0.swept.notify_one();
        }
    }
}

impl Uploads {
    /// The images under an output directory. Files from before have no id any more. They are removed by age and not at
    /// once, because another gateway may use the same directory.
    #[must_use]
    pub fn new(output_dir: &Path, keep: &Keep, outputs: Outputs) -> Self {
        let inner = Inner {
            output_dir: output_dir.to_owned(),
            outputs,
            upload_kept: keep.upload_seconds.duration(),
            input_kept: keep.input_seconds.duration(),
            index: Mutex::new(UploadIndex::new(keep.inputs_bytes_max.get(), keep.uploads_max.size())),
            swept: Notify::new(),
        };
        let uploads = Self(Arc::new(inner));
        for kind in [Kind::Upload, Kind::Input] {
            uploads.adopt(kind);
        }
        uploads
    }

    fn index(&self) -> MutexGuard<'_, UploadIndex> {
        self.0.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept_for(&self, kind: Kind) -> Duration {
        match kind {
            Kind::Upload => self.0.upload_kept,
            Kind::Input => self.0.input_kept,
        }
    }

    fn adopt(&self, kind: Kind) {
        let folder = self.0.output_dir.join(kind.folder());
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => return,
            Err(err) => {
                tracing::warn!(folder = %folder.display(), %err, "the upload folder cannot be listed; its files are kept");
                return;
            }
        };
        let (now, today) = (Instant::now(), SystemTime::now());
        let mut found = 0_u64;
        for entry in entries {
            let (entry, meta) = match entry.and_then(|entry| Ok((entry.metadata()?, entry))) {
                Ok((meta, entry)) if meta.is_file() => (entry, meta),
                Ok(_) => continue,
                Err(err) => {
                    tracing::warn!(folder = %folder.display(), %err, "an entry of the upload folder cannot be read and is kept");
                    continue;
                }
            };
            // A modification time in the future, or of a file system that has none, counts as now.
            let age = meta.modified().ok().and_then(|at| today.duration_since(at).ok()).unwrap_or_default();
            let until = now + self.kept_for(kind).saturating_sub(age);
            self.index().adopt(entry.path().into(), on_disk(meta.len()), until);
            found += 1;
        }
        if found > 0 {
            tracing::info!(folder = %folder.display(), found, "files of an earlier run go when their time is over");
        }
    }

    /// Keeps an image as an upload. Returns the `Upload` of the contract, in snake. Blocks on the disk.
    ///
    /// # Errors
    /// `image_invalid` if it is no image, `storage_full` if there is no room or the disk fails.
    pub fn keep(&self, bytes: &[u8]) -> Result<Value, Box<Failure>> {
        let picture = read_header(bytes)?;
        // Checked before the write, to refuse without I/O. Two uploads at a time may both pass at the limit; both are
        // kept.
        self.index().may_name(Instant::now())?;
        let (sha256, hold) = self.place(Kind::Upload, bytes, picture.format)?;
        let id = uuid::Uuid::now_v7().to_string();
        let kept = self.0.upload_kept;
        let now = Instant::now();
        self.index().name(id.clone(), hold.path.clone(), now + kept, now)?;
        Ok(json!({
            "upload_id": id,
            "sha256": sha256,
            "bytes": bytes.len(),
            "width": picture.width,
            "height": picture.height,
            "format": picture.format,
            "expires_at": timestamp(Utc::now() + kept),
        }))
    }

    /// Keeps an image from inside a command. Returns its path, and the hold that keeps it. Blocks on the disk.
    ///
    /// # Errors
    /// `image_invalid` if it is no image, `storage_full` if there is no room or the disk fails.
    pub(crate) fn keep_input(&self, bytes: &[u8]) -> Result<(String, FileGuard), Box<Failure>> {
        let picture = read_header(bytes)?;
        let (_, hold) = self.place(Kind::Input, bytes, picture.format)?;
        Ok((hold.path.to_string_lossy().into_owned(), Arc::new(hold)))
    }

    /// Returns the path of an upload, and a hold that keeps it.
    ///
    /// # Errors
    /// `upload_not_found` if no upload has this id.
    pub(crate) fn hold(&self, id: &str) -> Result<(String, FileGuard), Box<Failure>> {
        let Some(path) = self.index().hold_named(id, Instant::now()) else { return Err(unknown(id)) };
        let text = path.to_string_lossy().into_owned();
        Ok((text, Arc::new(Hold { path, uploads: self.clone() })))
    }

    /// Deletes an upload. Its file is removed now, or when no job reads it any more. Blocks on the disk.
    ///
    /// # Errors
    /// `upload_not_found` if no upload has this id.
    pub fn delete(&self, id: &str) -> Result<(), Box<Failure>> {
        if !self.index().unname(id, Instant::now()) {
            return Err(unknown(id));
        }
        self.sweep();
        Ok(())
    }

    /// Holds a file with these bytes: one that exists, or a new one.
    fn place(&self, kind: Kind, bytes: &[u8], format: &str) -> Result<(String, Hold), Box<Failure>> {
        let digest: [u8; 32] = Sha256::digest(bytes).into();
        let sha256 = hex(&digest);
        let (length, size) = (bytes.len() as u64, on_disk(bytes.len() as u64));
        let found = self.index().hold_same(kind, &digest);
        if let Some(path) = found {
            let hold = Hold { path, uploads: self.clone() };
            // The operator may have removed the file from the disk.
            if std::fs::metadata(&hold.path).is_ok_and(|meta| meta.is_file() && meta.len() == length) {
                return Ok((sha256, hold));
            }
            tracing::warn!(path = %hold.path.display(), "an image that was kept is gone from the disk; it is written again");
            self.index().lose(kind, &digest);
        }
        let evicted = self.index().reserve(size, Instant::now())?;
        self.remove(evicted);
        let name = format!("{sha256}-{}.{format}", uuid::Uuid::now_v7().simple());
        let path: Arc<Path> = self.0.output_dir.join(kind.folder()).join(name).into();
        if let Err(err) = write_whole(&path, bytes) {
            self.index().unreserve(size);
            self.0.outputs.recheck();
            return Err(Box::new(storage_failure("the image could not be kept", &err)));
        }
        self.index().put(kind, digest, path.clone(), size);
        Ok((sha256, Hold { path, uploads: self.clone() }))
    }

    /// Removes files whose time is over, and touches files that commands are reading. Blocks on the disk.
    pub fn sweep(&self) {
        let due = self.index().due(Instant::now());
        self.remove(due);
        let read = self.index().read();
        for path in read {
            // Another gateway with this directory removes files by their age, so that a file in use must not grow old.
            let touched = std::fs::File::open(&path).and_then(|file| file.set_modified(SystemTime::now()));
            if let Err(err) = touched {
                tracing::debug!(path = %path.display(), %err, "an image in use could not be kept young");
            }
        }
    }

    fn remove(&self, files: Vec<(Arc<Path>, u64)>) {
        for (path, bytes) in files {
            match std::fs::remove_file(&path) {
                Ok(()) => tracing::debug!(path = %path.display(), "an image that a client sent is removed"),
                Err(err) if err.kind() == std::io::ErrorKind::NotFound => {}
                Err(err) => {
                    tracing::warn!(path = %path.display(), %err, "an image that a client sent cannot be removed; tried again");
                    self.index().adopt(path, bytes, Instant::now() + SWEEP);
                }
            }
        }
    }

    /// Sweeps at intervals, for ever.
    pub(crate) async fn keep_swept(self) {
        let period = SWEEP.min(self.0.input_kept / 2).max(Duration::from_secs(1));
        loop {
            let uploads = self.clone();
            if let Err(err) = tokio::task::spawn_blocking(move || uploads.sweep()).await {
                tracing::error!(%err, "a sweep of the uploads broke off");
            }
            // A timeout and a notification mean the same: sweep again.
            tokio::time::timeout(period, self.0.swept.notified()).await.ok();
        }
    }
}

fn unknown(id: &str) -> Box<Failure> {
    Box::new(Failure::new(
        ErrorCode::UploadNotFound,
        format!("no upload {}, or its time is over", shorten(id)),
    ))
}
