//! What is said on the wire between C# services, the gateway and the GPU workers.
//!
//! Everything here comes from `schemas/`: no list is written twice. No I/O, no clock, no runtime.
//!
//! # The tour
//! One frame that a C# bridge wrote: split off the stream, read, validated, answered in the sender's dialect.
//! ```
//! use contracts::{Action, Dialect, Reply, framing::{Decoder, Line}, read_frame};
//!
//! let stream = b"{\"action\":\"generate_sdxl_enhanced\",\"request\":{\"Model\":{\"Base\":\"sdxl_base\"},\
//!     \"Scheduler\":{\"Type\":\"DPM\\u002B\\u002B\",\"Steps\":151},\"Conditioning\":{\"Prompt\":\"a pier\"}}}\r\n";
//! let Line::Text(frame) = &Decoder::default().push(stream)[0] else { panic!("it is short") };
//!
//! let incoming = read_frame(frame).unwrap();
//! assert_eq!(incoming.head.action, Action::GenerateSdxlEnhanced);
//! // Every violation at once, where the sender wrote it:
//! let violation = &incoming.reading.violations[0];
//! assert_eq!((violation.pointer.as_str(), violation.code.as_str()), ("/request/Scheduler/Steps", "out_of_range"));
//! // What was understood, canonical:
//! let document = incoming.reading.reported().unwrap();
//! assert_eq!(document["prompt_submission"]["scheduler"]["type"], "DPM++ 2M");
//!
//! let failure = incoming.failure().unwrap();
//! let reply = Reply {
//!     warnings: incoming.reading.warnings.clone(),
//!     ..Reply::failed(Some(incoming.head.action), incoming.head.request_id.clone(), failure)
//! };
//! assert_eq!(reply.to_value(Dialect::Pascal)["ErrorDetails"]["Field"], "/request/Scheduler/Steps");
//! ```
//!
//! # For the author of a client
//! A client writes commands and reads replies. In snake nothing but `serde_json` is needed:
//! ```
//! use contracts::{Action, ErrorCode, Reply, framing, unique};
//! use serde_json::json;
//!
//! let command = json!({"action": Action::UnloadModel.as_str(), "request_id": "r1", "payload": {"model_id": "sdxl_base"}});
//! let frame = framing::encode(&command).unwrap();
//! assert!(frame.ends_with(b"\n"));
//!
//! let line = br#"{"request_id":"r1","success":false,"data":null,"error":"no model sdxl_base",
//!     "error_details":{"code":"model_not_found","retryable":false,"hint":"load it"},"warnings":[],"warning_details":[]}"#;
//! let read = Reply::read(Action::UnloadModel, &unique(line).unwrap()).unwrap();
//! let failure = read.reply.outcome.unwrap_err();
//! assert_eq!((failure.code, failure.code.status()), (ErrorCode::ModelNotFound, 404));
//! ```
//!
//! # Where things are
//! | to | use |
//! |---|---|
//! | split a stream, write a frame | [`framing`] |
//! | read a command | [`read_frame`], [`read_body`] → [`Incoming`] with its [`Head`] and [`Reading`], or a [`Refusal`] |
//! | read one document | [`read`], or [`decode`] where only a type is wanted |
//! | fill in defaults | [`effective`], [`effective_of`] |
//! | write and read a reply | [`Reply`], [`Failure`], [`Warning`] |
//! | write an event | [`event`] |
//! | spell a document in a dialect | [`Dialect::spell`] |
//! | know when and how long a command runs | [`schedule`], [`Action::info`] |
//! | look at the schemas | [`dictionary`], [`generated`] |
//! | account for every field of a prompt submission | [`leaves`] |
//! | hold a value that is within its limits | [`generated::types`], [`generated::checked`], [`checked`] |
//!
//! # Words
//! - **canonical**: names in snake, no nulls, canonical spellings, every value at its own place.
//! - **dialect**: how names are spelt: `snake`, `pascal`, `camel`.
//! - **violation**: one way in which a document breaks the contract.
//! - **pointer**: a JSON Pointer (RFC 6901), from the frame or the body, as the sender spelt the names.
//! - **place**: where a canonical value stood in the sender's document.

mod canonical;
pub mod checked;
mod command;
mod decode;
mod device;
pub mod dialect;
pub mod dictionary;
pub mod envelope;
pub mod event;
pub mod framing;
pub mod generated;
mod hex;
mod hint;
mod image_ref;
mod judge;
pub mod leaves;
pub mod model_id;
pub mod naming;
mod nearest;
mod negotiate;
mod number;
mod places;
pub mod pointer;
mod reading;
mod reply;
mod scalar;
mod schedule;
mod shown;
mod spell;
mod strict;
pub mod submission;
mod tally;
#[cfg(feature = "testing")]
pub mod testing;
mod trace;
pub mod tree;
mod unique;
mod violation;

pub use command::{Body, Form, Head, Incoming, Refusal};
pub use decode::decode;
pub use device::{DeviceName, UnknownDevice};
pub use dialect::{Dialect, UnknownDialect};
pub use envelope::{READ_AT_ONCE_BYTES_MAX, read_body, read_frame};
pub use generated::{
    action::{Action, Class},
    error_code::ErrorCode,
    warning_code::WarningCode,
};
pub use hex::hex;
pub use image_ref::bare_base64;
pub use judge::{DeviceKind, effective, effective_of};
pub use negotiate::protocol_version;
pub use number::Number;
pub use places::Places;
pub use reading::{Reading, Writer, read};
pub use reply::{ReadReply, Reply, ReplyError};
pub use schedule::{schedule, seconds};
pub use shown::shorten;
pub use strict::{Null, UnknownValue};
pub use submission::Submission;
pub use trace::Trace;
pub use unique::unique;
pub use violation::{Failure, Violation, Warning};
