//! Images that clients sent: kept under the output directory by their hash, named by an id for 24 hours.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use chrono::Utc;
use contracts::{ErrorCode, Failure, generated::limits::UPLOAD_KEPT};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::{
    front::document::{look, write_once},
    jobs::timestamp,
};

/// All uploads. A lock, not a task: it is held for one look-up, never over an await or a write.
#[derive(Clone, Debug)]
pub struct Uploads {
    output_dir: Arc<Path>,
    kept: Arc<Mutex<HashMap<String, (PathBuf, Instant)>>>,
}

impl Uploads {
    /// None yet.
    #[must_use]
    pub fn new(output_dir: &Path) -> Self {
        Self { output_dir: output_dir.into(), kept: Arc::default() }
    }

    /// Keeps an image: the `Upload` of the contract, in snake. Blocks on the disk.
    ///
    /// # Errors
    /// `image_invalid`, `storage_full`, `internal`.
    pub fn keep(&self, bytes: &[u8]) -> Result<Value, Box<Failure>> {
        let picture = look(bytes)?;
        let sha256 = hex(&Sha256::digest(bytes));
        let path = self.output_dir.join("uploads").join(format!("{sha256}.{}", picture.format));
        write_once(&path, bytes).map_err(|err| failed(&err))?;
        let id = uuid::Uuid::now_v7().to_string();
        let kept = UPLOAD_KEPT;
        let now = Instant::now();
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (_, until)| *until > now);
        all.insert(id.clone(), (path, now + kept));
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

    /// Keeps an image that came inside a command; its path. Blocks on the disk.
    ///
    /// # Errors
    /// `image_invalid`, `storage_full`, `internal`.
    pub(crate) fn keep_input(&self, bytes: &[u8]) -> Result<String, Box<Failure>> {
        let picture = look(bytes)?;
        let name = format!("{}.{}", hex(&Sha256::digest(bytes)), picture.format);
        let path = self.output_dir.join("inputs").join(name);
        write_once(&path, bytes).map_err(|err| failed(&err))?;
        Ok(path.to_string_lossy().into_owned())
    }

    /// The path of an upload.
    ///
    /// # Errors
    /// `upload_not_found`.
    pub fn path(&self, id: &str) -> Result<String, Box<Failure>> {
        let all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get(id).filter(|(_, until)| *until > Instant::now()) {
            Some((path, _)) => Ok(path.to_string_lossy().into_owned()),
            None => {
                let message = format!("no upload {id}, or its time is over");
                Err(Box::new(Failure::new(ErrorCode::UploadNotFound, message)))
            }
        }
    }
}

fn failed(err: &std::io::Error) -> Box<Failure> {
    let code = if err.kind() == std::io::ErrorKind::StorageFull {
        ErrorCode::StorageFull
    } else {
        ErrorCode::Internal
    };
    Box::new(Failure::new(code, format!("the image could not be kept: {err}")))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
