//! The table `[keep]` of the configuration: what the gateway keeps, and how much of it.

use contracts::limits;
use serde::Deserialize;

use crate::units::{Bytes, Many, Seconds, SecondsFromZero};

/// Default of `read_ahead_bytes_max`: two of the longest commands (64 MiB).
const READ_AHEAD_BYTES_MAX: u64 = 128 << 20;

/// What is kept, and how much of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keep {
    /// How many idempotency keys.
    pub keys_max: Many,
    /// Bytes of the events of one job.
    pub events_bytes_max: Bytes,
    /// Bytes of the events of all ended jobs.
    pub events_ended_bytes_max: Bytes,
    /// Bytes of the commands over stdio that are read ahead of their replies.
    pub read_ahead_bytes_max: Bytes,
    /// Bytes of uploads and of images that came inside commands, together.
    pub inputs_bytes_max: Bytes,
    /// How many uploads.
    pub uploads_max: Many,
    /// Bytes that the disk of the output folder must have free for the gateway to be ready.
    pub disk_free_bytes_min: Bytes,
    /// How long an upload is kept.
    pub upload_seconds: Seconds,
    /// How long an image that came inside a command is kept after its last use.
    pub input_seconds: SecondsFromZero,
}

impl Default for Keep {
    fn default() -> Self {
        let many = |count| Many::of(u32::try_from(count).unwrap_or(u32::MAX));
        Self {
            keys_max: many(limits::IDEMPOTENCY_KEYS_MAX),
            events_bytes_max: Bytes::of(limits::EVENTS_BYTES_MAX),
            events_ended_bytes_max: Bytes::of(limits::EVENTS_ENDED_BYTES_MAX),
            read_ahead_bytes_max: Bytes::of(READ_AHEAD_BYTES_MAX),
            inputs_bytes_max: Bytes::of(limits::INPUTS_BYTES_MAX),
            uploads_max: many(limits::UPLOADS_MAX),
            disk_free_bytes_min: Bytes::of(limits::DISK_FREE_BYTES_MIN),
            upload_seconds: Seconds::of(limits::UPLOAD_KEPT_SECONDS),
            input_seconds: Seconds::of(limits::INPUT_KEPT_SECONDS),
        }
    }
}
