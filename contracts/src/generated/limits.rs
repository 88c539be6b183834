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
/// Most entries of `errors[]`; where there were more, `errors_total` says how many. In entries.
pub const ERRORS_MAX: u64 = 100;
/// Most entries of `warnings` and `warning_details`; where there were more, `warnings_total` says how many. In entries.
pub const WARNINGS_MAX: u64 = 100;
/// Length of all pointers of `errors[]` together: a name may be as long as the document. The first fault stands whatever its length. In bytes.
pub const POINTER_BYTES_MAX: u64 = 65536;
/// A seed that the worker chooses is at most this: existing C# reads it into an int, and 16 more must fit. In seed.
pub const CHOSEN_SEED_MAX: u64 = 2147483631;
/// Largest input image (64 megapixels). In pixels.
pub const IMAGE_PIXELS_MAX: u64 = 67108864;
/// Longest side of an input image: the most that JPEG holds. Resizing a longer one takes memory without bound. In pixels.
pub const IMAGE_SIDE_MAX: u64 = 65535;
/// Longest file of an input image: 64 megapixels of four channels of 16 bits, not compressed. In bytes.
pub const IMAGE_BYTES_MAX: u64 = 536870912;
/// An image reference of so many letters of base64 and nothing else is a picture without its `data:` head, no path: a name has at most 255 bytes on the file systems in use, and pictures have a suffix. In characters.
pub const BARE_BASE64_MIN: u64 = 256;
/// A sentence or a hint shows so much of a value or a name, and then `…`. In characters.
pub const SHOWN_CHARACTERS_MAX: u64 = 64;
/// A sentence shows so much of a pattern: that of a trace is longer than anybody reads. In characters.
pub const SHOWN_PATTERN_CHARACTERS_MAX: u64 = 96;
/// A sentence shows so much of a pointer: more than any place of the contract has. In characters.
pub const SHOWN_POINTER_CHARACTERS_MAX: u64 = 256;
/// Longest path that is looked for (PATH_MAX of Linux): an image reference may be as long as a frame, and to follow its links would take the square of its length. In bytes.
pub const PATH_BYTES_MAX: u64 = 4096;
/// After the end of stdin, work that is not done is cancelled. In seconds.
pub const STOP_GRACE_SECONDS: f64 = 4.0;
/// After the end of stdin, work that is not done is cancelled. In seconds.
pub const STOP_GRACE: Duration = Duration::from_millis(4000);
/// The gateway kills its workers. In seconds.
pub const STOP_KILL_SECONDS: f64 = 4.5;
/// The gateway kills its workers. In seconds.
pub const STOP_KILL: Duration = Duration::from_millis(4500);
/// The process is gone. In seconds.
pub const STOP_TOTAL_SECONDS: f64 = 5.0;
/// The process is gone. In seconds.
pub const STOP_TOTAL: Duration = Duration::from_millis(5000);
/// Lines of one worker's stderr that the gateway logs in a second, and as many warnings about lines of its stdout; how many it left out is said. In lines.
pub const STDERR_LINES_MAX: u64 = 100;
/// Lines of a worker's stdout in a row that are no frame, an event that the contract does not have, or a reply or event of nothing in flight; after more of them the gateway restarts the worker, and what it had is answered with worker_protocol_error. In lines.
pub const UNUSABLE_LINES_MAX: u64 = 10000;
/// Time between heartbeats. In seconds.
pub const HEARTBEAT_SECONDS: f64 = 1.0;
/// Time between heartbeats. In seconds.
pub const HEARTBEAT: Duration = Duration::from_millis(1000);
/// With out_of_order, class Q is answered within this while a job runs. In seconds.
pub const QUERY_ANSWER_SECONDS: f64 = 1.0;
/// With out_of_order, class Q is answered within this while a job runs. In seconds.
pub const QUERY_ANSWER: Duration = Duration::from_millis(1000);
/// How long a worker may make no progress, by what it is doing. Here: start.
pub const SILENCE_SECONDS_START: f64 = 120.0;
/// How long a worker may make no progress, by what it is doing. Here: start.
pub const SILENCE_START: Duration = Duration::from_millis(120000);
/// How long a worker may make no progress, by what it is doing. Here: loading.
pub const SILENCE_SECONDS_LOADING: f64 = 300.0;
/// How long a worker may make no progress, by what it is doing. Here: loading.
pub const SILENCE_LOADING: Duration = Duration::from_millis(300000);
/// How long a worker may make no progress, by what it is doing. Here: first_step_compiled.
pub const SILENCE_SECONDS_FIRST_STEP_COMPILED: f64 = 300.0;
/// How long a worker may make no progress, by what it is doing. Here: first_step_compiled.
pub const SILENCE_FIRST_STEP_COMPILED: Duration = Duration::from_millis(300000);
/// How long a worker may make no progress, by what it is doing. Here: denoising.
pub const SILENCE_SECONDS_DENOISING: f64 = 15.0;
/// How long a worker may make no progress, by what it is doing. Here: denoising.
pub const SILENCE_DENOISING: Duration = Duration::from_millis(15000);
/// How long a worker may make no progress, by what it is doing. Here: refining.
pub const SILENCE_SECONDS_REFINING: f64 = 15.0;
/// How long a worker may make no progress, by what it is doing. Here: refining.
pub const SILENCE_REFINING: Duration = Duration::from_millis(15000);
/// How long a worker may make no progress, by what it is doing. Here: training.
pub const SILENCE_SECONDS_TRAINING: f64 = 15.0;
/// How long a worker may make no progress, by what it is doing. Here: training.
pub const SILENCE_TRAINING: Duration = Duration::from_millis(15000);
/// How long a worker may make no progress, by what it is doing. Here: other.
pub const SILENCE_SECONDS_OTHER: f64 = 60.0;
/// How long a worker may make no progress, by what it is doing. Here: other.
pub const SILENCE_OTHER: Duration = Duration::from_millis(60000);
/// How long a worker may make no progress, by what it is doing. Here: idle.
pub const SILENCE_SECONDS_IDLE: f64 = 5.0;
/// How long a worker may make no progress, by what it is doing. Here: idle.
pub const SILENCE_IDLE: Duration = Duration::from_millis(5000);
/// A job is repeated only after worker_crashed. In tries.
pub const ATTEMPTS_MAX: u64 = 2;
/// Default timeout of a batch, for each request. In seconds.
pub const BATCH_REQUEST_SECONDS: f64 = 600.0;
/// Default timeout of a batch, for each request. In seconds.
pub const BATCH_REQUEST: Duration = Duration::from_millis(600000);
/// Between cancel and kill after a timeout. In seconds.
pub const CANCEL_GRACE_SECONDS: f64 = 5.0;
/// Between cancel and kill after a timeout. In seconds.
pub const CANCEL_GRACE: Duration = Duration::from_millis(5000);
/// Ended sessions stay readable. In seconds.
pub const SESSION_KEPT_SECONDS: f64 = 1800.0;
/// Ended sessions stay readable. In seconds.
pub const SESSION_KEPT: Duration = Duration::from_millis(1800000);
/// Uploads and idempotency keys are kept. In seconds.
pub const UPLOAD_KEPT_SECONDS: f64 = 86400.0;
/// Uploads and idempotency keys are kept. In seconds.
pub const UPLOAD_KEPT: Duration = Duration::from_millis(86400000);
/// Deaths of a lane's workers in a row that open its breaker. In deaths.
pub const DEATHS_MAX: u64 = 5;
/// An open lane tries again after this; doubled each time that the try fails. In seconds.
pub const BREAKER_OPEN_SECONDS_MIN: f64 = 15.0;
/// An open lane tries again after this; doubled each time that the try fails. In seconds.
pub const BREAKER_OPEN_MIN: Duration = Duration::from_millis(15000);
/// The longest time between two tries of an open lane; it tries for ever. In seconds.
pub const BREAKER_OPEN_SECONDS_MAX: f64 = 300.0;
/// The longest time between two tries of an open lane; it tries for ever. In seconds.
pub const BREAKER_OPEN_MAX: Duration = Duration::from_millis(300000);
/// Replies `internal` in a row, to as many different documents, that restart a worker as if it had died. In replies.
pub const INTERNALS_MAX: u64 = 3;
/// The head of a request is there by then. In seconds.
pub const HTTP_HEAD_SECONDS: f64 = 10.0;
/// The head of a request is there by then. In seconds.
pub const HTTP_HEAD: Duration = Duration::from_millis(10000);
/// A connection between two requests is kept so long. In seconds.
pub const HTTP_IDLE_SECONDS: f64 = 30.0;
/// A connection between two requests is kept so long. In seconds.
pub const HTTP_IDLE: Duration = Duration::from_millis(30000);
/// Each http_body_step_bytes of a body, or its end, is there by then. In seconds.
pub const HTTP_BODY_SECONDS: f64 = 30.0;
/// Each http_body_step_bytes of a body, or its end, is there by then. In seconds.
pub const HTTP_BODY: Duration = Duration::from_millis(30000);
/// So much of a body comes within http_body_seconds. In bytes.
pub const HTTP_BODY_STEP_BYTES: u64 = 65536;
/// A client takes something of its reply within this. In seconds.
pub const HTTP_WRITE_SECONDS: f64 = 60.0;
/// A client takes something of its reply within this. In seconds.
pub const HTTP_WRITE: Duration = Duration::from_millis(60000);
/// So much of a body that was refused is read and dropped, so that its sender reads the refusal. In bytes.
pub const HTTP_UNREAD_BYTES_MAX: u64 = 134217728;
/// Open connections; the next one waits to be accepted. In connections.
pub const HTTP_CONNECTIONS_MAX: u64 = 2048;
/// Idempotency keys that are kept; one more is `rate_limited` until the oldest expires. In keys.
pub const IDEMPOTENCY_KEYS_MAX: u64 = 100000;
/// An image that came inside a command is kept so long after the last command that read it, for the next that brings the same. In seconds.
pub const INPUT_KEPT_SECONDS: f64 = 900.0;
/// An image that came inside a command is kept so long after the last command that read it, for the next that brings the same. In seconds.
pub const INPUT_KEPT: Duration = Duration::from_millis(900000);
/// Uploads and images that came inside commands, together, on the gateway's disk. In bytes.
pub const INPUTS_BYTES_MAX: u64 = 8589934592;
/// Uploads that are kept, however small; one more is `storage_full` until one is deleted or expires. In uploads.
pub const UPLOADS_MAX: u64 = 100000;
/// The gateway is not ready while the disk of the output folder has less free than this: the largest picture (67 108 864 pixels of three bytes) has room in it. In bytes.
pub const DISK_FREE_BYTES_MIN: u64 = 268435456;
/// Events of one job that are kept for those who listen later; the oldest are dropped first, and a gap in `sequence` says so. In bytes.
pub const EVENTS_BYTES_MAX: u64 = 1048576;
/// Events of all ended jobs that are kept; the job that ended first is cut to its last event first. In bytes.
pub const EVENTS_ENDED_BYTES_MAX: u64 = 33554432;
/// Time between two looks at whether the output folder can be written. In seconds.
pub const OUTPUT_PROBE_SECONDS: f64 = 10.0;
/// Time between two looks at whether the output folder can be written. In seconds.
pub const OUTPUT_PROBE: Duration = Duration::from_millis(10000);
/// Time that the disk has to answer a look at the pictures of a job, or at the output folder. In seconds.
pub const DISK_ANSWER_SECONDS: f64 = 10.0;
/// Time that the disk has to answer a look at the pictures of a job, or at the output folder. In seconds.
pub const DISK_ANSWER: Duration = Duration::from_millis(10000);
