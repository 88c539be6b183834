//! Generated from schemas/limits.json by cargo xtask codegen; edit the schema instead.
//!
//! Limits and times of the protocol.

use std::time::Duration;

/// The versions of the protocol that are spoken, best first.
pub const PROTOCOL_VERSIONS: &[&str] = &["1"];
/// Longest frame, without its LF. In bytes.
pub const FRAME_BYTES_MAX: u64 = 16777216;
/// Deepest nesting; System.Text.Json's limit. In levels.
pub const DEPTH_MAX: u64 = 64;
/// Most entries of `errors[]`; `errors_total` counts all of them where there were more. In entries.
pub const ERRORS_MAX: u64 = 100;
/// Most entries of `warnings` and `warning_details`; `warnings_total` counts all of them where there were more. In entries.
pub const WARNINGS_MAX: u64 = 100;
/// Length of all pointers of `errors[]` together. One name may be as long as the document: in place of a pointer longer than this stands that of the nearest container whose pointer is not. In bytes.
pub const POINTER_BYTES_MAX: u64 = 65536;
/// Largest seed that a worker chooses: C# reads it into an int, and the seeds of a batch of 16 must fit too. In seed.
pub const CHOSEN_SEED_MAX: u64 = 2147483631;
/// Largest input image (64 megapixels). In pixels.
pub const IMAGE_PIXELS_MAX: u64 = 67108864;
/// An input image of at most this many pixels is decoded by `validate_request` too; of a larger one only the job sees the pixels. It takes a third of a second, which a query may take. In pixels.
pub const IMAGE_CHECKED_PIXELS_MAX: u64 = 16000000;
/// Longest side of an input image: the longest that JPEG has. To resize a longer one would take memory without bound. In pixels.
pub const IMAGE_SIDE_MAX: u64 = 65535;
/// Longest file of an input image: 64 megapixels of four channels of 16 bits, not compressed. In bytes.
pub const IMAGE_BYTES_MAX: u64 = 536870912;
/// An image reference of at least this many characters of base64, and no other, is a picture without its `data:` head. It is no path: a file name has at most 255 bytes, and a picture has a suffix. In characters.
pub const BARE_BASE64_MIN: u64 = 256;
/// Characters of a value or a name that a sentence or a hint quotes before `…`. In characters.
pub const SHOWN_CHARACTERS_MAX: u64 = 64;
/// Characters of a pattern that a sentence quotes before `…`; only the pattern of a trace is longer. In characters.
pub const SHOWN_PATTERN_CHARACTERS_MAX: u64 = 96;
/// Characters of a pointer that a sentence quotes before `…`; no place of the contract has a longer one. In characters.
pub const SHOWN_POINTER_CHARACTERS_MAX: u64 = 256;
/// Longest path that is opened (PATH_MAX of Linux). An image reference may be as long as a frame, and following its links would take the square of its length. In bytes.
pub const PATH_BYTES_MAX: u64 = 4096;
/// After the end of stdin a worker finishes its work for this long, then cancels it. In seconds.
pub const STOP_GRACE_SECONDS: f64 = 4.0;
/// After the end of stdin a worker finishes its work for this long, then cancels it. In seconds.
pub const STOP_GRACE: Duration = Duration::from_millis(4000);
/// After the end of stdin the gateway kills its workers at this time. In seconds.
pub const STOP_KILL_SECONDS: f64 = 4.5;
/// After the end of stdin the gateway kills its workers at this time. In seconds.
pub const STOP_KILL: Duration = Duration::from_millis(4500);
/// After the end of stdin the process has ended by this time. In seconds.
pub const STOP_TOTAL_SECONDS: f64 = 5.0;
/// After the end of stdin the process has ended by this time. In seconds.
pub const STOP_TOTAL: Duration = Duration::from_millis(5000);
/// Lines of one worker's stderr that the gateway logs in a second, and warnings about lines of its stdout. The log says how many were left out. In lines.
pub const STDERR_LINES_MAX: u64 = 100;
/// Unusable lines in a row on a worker's stdout: not a frame, an unknown event, or about no command in flight. After more of them the gateway restarts the worker and answers its commands with worker_protocol_error. In lines.
pub const UNUSABLE_LINES_MAX: u64 = 10000;
/// Time between heartbeats. In seconds.
pub const HEARTBEAT_SECONDS: f64 = 1.0;
/// Time between heartbeats. In seconds.
pub const HEARTBEAT: Duration = Duration::from_millis(1000);
/// With out_of_order, a query (class Q) is answered within this time while a job runs. In seconds.
pub const QUERY_ANSWER_SECONDS: f64 = 1.0;
/// With out_of_order, a query (class Q) is answered within this time while a job runs. In seconds.
pub const QUERY_ANSWER: Duration = Duration::from_millis(1000);
/// Longest time without progress of a worker, by its activity. Here: start.
pub const SILENCE_SECONDS_START: f64 = 120.0;
/// Longest time without progress of a worker, by its activity. Here: start.
pub const SILENCE_START: Duration = Duration::from_millis(120000);
/// Longest time without progress of a worker, by its activity. Here: loading.
pub const SILENCE_SECONDS_LOADING: f64 = 300.0;
/// Longest time without progress of a worker, by its activity. Here: loading.
pub const SILENCE_LOADING: Duration = Duration::from_millis(300000);
/// Longest time without progress of a worker, by its activity. Here: first_step_compiled.
pub const SILENCE_SECONDS_FIRST_STEP_COMPILED: f64 = 300.0;
/// Longest time without progress of a worker, by its activity. Here: first_step_compiled.
pub const SILENCE_FIRST_STEP_COMPILED: Duration = Duration::from_millis(300000);
/// Longest time without progress of a worker, by its activity. Here: denoising.
pub const SILENCE_SECONDS_DENOISING: f64 = 15.0;
/// Longest time without progress of a worker, by its activity. Here: denoising.
pub const SILENCE_DENOISING: Duration = Duration::from_millis(15000);
/// Longest time without progress of a worker, by its activity. Here: refining.
pub const SILENCE_SECONDS_REFINING: f64 = 15.0;
/// Longest time without progress of a worker, by its activity. Here: refining.
pub const SILENCE_REFINING: Duration = Duration::from_millis(15000);
/// Longest time without progress of a worker, by its activity. Here: training.
pub const SILENCE_SECONDS_TRAINING: f64 = 15.0;
/// Longest time without progress of a worker, by its activity. Here: training.
pub const SILENCE_TRAINING: Duration = Duration::from_millis(15000);
/// Longest time without progress of a worker, by its activity. Here: other.
pub const SILENCE_SECONDS_OTHER: f64 = 60.0;
/// Longest time without progress of a worker, by its activity. Here: other.
pub const SILENCE_OTHER: Duration = Duration::from_millis(60000);
/// Longest time without progress of a worker, by its activity. Here: idle.
pub const SILENCE_SECONDS_IDLE: f64 = 5.0;
/// Longest time without progress of a worker, by its activity. Here: idle.
pub const SILENCE_IDLE: Duration = Duration::from_millis(5000);
/// Attempts of a job; it is repeated only after worker_crashed. In tries.
pub const ATTEMPTS_MAX: u64 = 2;
/// Default timeout of a batch, for each request. In seconds.
pub const BATCH_REQUEST_SECONDS: f64 = 600.0;
/// Default timeout of a batch, for each request. In seconds.
pub const BATCH_REQUEST: Duration = Duration::from_millis(600000);
/// After a timeout, the time between cancelling the job and killing its worker. In seconds.
pub const CANCEL_GRACE_SECONDS: f64 = 5.0;
/// After a timeout, the time between cancelling the job and killing its worker. In seconds.
pub const CANCEL_GRACE: Duration = Duration::from_millis(5000);
/// An ended session can be read for this long. In seconds.
pub const SESSION_KEPT_SECONDS: f64 = 1800.0;
/// An ended session can be read for this long. In seconds.
pub const SESSION_KEPT: Duration = Duration::from_millis(1800000);
/// Uploads and idempotency keys are kept for this long. In seconds.
pub const UPLOAD_KEPT_SECONDS: f64 = 86400.0;
/// Uploads and idempotency keys are kept for this long. In seconds.
pub const UPLOAD_KEPT: Duration = Duration::from_millis(86400000);
/// Deaths in a row of a lane's workers that open its breaker. In deaths.
pub const DEATHS_MAX: u64 = 5;
/// An open lane starts a worker again after this time; it doubles with each start that fails. In seconds.
pub const BREAKER_OPEN_SECONDS_MIN: f64 = 15.0;
/// An open lane starts a worker again after this time; it doubles with each start that fails. In seconds.
pub const BREAKER_OPEN_MIN: Duration = Duration::from_millis(15000);
/// Longest time between two starts of an open lane, which never stops trying. In seconds.
pub const BREAKER_OPEN_SECONDS_MAX: f64 = 300.0;
/// Longest time between two starts of an open lane, which never stops trying. In seconds.
pub const BREAKER_OPEN_MAX: Duration = Duration::from_millis(300000);
/// Replies `internal` in a row, to as many different documents, after which the gateway restarts a worker as if it had died. In replies.
pub const INTERNALS_MAX: u64 = 3;
/// The head of a request must arrive within this time. In seconds.
pub const HTTP_HEAD_SECONDS: f64 = 10.0;
/// The head of a request must arrive within this time. In seconds.
pub const HTTP_HEAD: Duration = Duration::from_millis(10000);
/// A connection is kept for this long between two requests. In seconds.
pub const HTTP_IDLE_SECONDS: f64 = 30.0;
/// A connection is kept for this long between two requests. In seconds.
pub const HTTP_IDLE: Duration = Duration::from_millis(30000);
/// Each http_body_step_bytes of a body, or its end, must arrive within this time. In seconds.
pub const HTTP_BODY_SECONDS: f64 = 30.0;
/// Each http_body_step_bytes of a body, or its end, must arrive within this time. In seconds.
pub const HTTP_BODY: Duration = Duration::from_millis(30000);
/// Bytes of a body that must arrive within http_body_seconds. In bytes.
pub const HTTP_BODY_STEP_BYTES: u64 = 65536;
/// A client must take a part of its reply within this time. In seconds.
pub const HTTP_WRITE_SECONDS: f64 = 60.0;
/// A client must take a part of its reply within this time. In seconds.
pub const HTTP_WRITE: Duration = Duration::from_millis(60000);
/// Bytes of a refused body that are read and dropped, so that its sender reads the refusal. In bytes.
pub const HTTP_UNREAD_BYTES_MAX: u64 = 134217728;
/// Open connections; the next one waits to be accepted. In connections.
pub const HTTP_CONNECTIONS_MAX: u64 = 2048;
/// Idempotency keys that are kept; one more is `rate_limited` until the oldest expires. In keys.
pub const IDEMPOTENCY_KEYS_MAX: u64 = 100000;
/// An image from inside a command is kept for this long after the last command that read it: the next one may bring the same. In seconds.
pub const INPUT_KEPT_SECONDS: f64 = 900.0;
/// An image from inside a command is kept for this long after the last command that read it: the next one may bring the same. In seconds.
pub const INPUT_KEPT: Duration = Duration::from_millis(900000);
/// Uploads and images that came inside commands, together, on the gateway's disk. In bytes.
pub const INPUTS_BYTES_MAX: u64 = 8589934592;
/// Uploads that are kept, whatever their size; one more is `storage_full` until one is deleted or expires. In uploads.
pub const UPLOADS_MAX: u64 = 100000;
/// The gateway is not ready while the disk of the output folder has less free space: the largest picture (67 108 864 pixels of three bytes) fits into this. In bytes.
pub const DISK_FREE_BYTES_MIN: u64 = 268435456;
/// Events of one job that are kept for clients that connect later. The oldest are dropped first, which a gap in `sequence` shows. In bytes.
pub const EVENTS_BYTES_MAX: u64 = 1048576;
/// Events of all ended jobs that are kept. The job that ended first is cut to its last event first. In bytes.
pub const EVENTS_ENDED_BYTES_MAX: u64 = 33554432;
/// Time between two checks that the output folder can be written. In seconds.
pub const OUTPUT_PROBE_SECONDS: f64 = 10.0;
/// Time between two checks that the output folder can be written. In seconds.
pub const OUTPUT_PROBE: Duration = Duration::from_millis(10000);
/// Time that the disk has to answer a check of a job's pictures or of the output folder. In seconds.
pub const DISK_ANSWER_SECONDS: f64 = 10.0;
/// Time that the disk has to answer a check of a job's pictures or of the output folder. In seconds.
pub const DISK_ANSWER: Duration = Duration::from_millis(10000);
