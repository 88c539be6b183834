//! The wire contract between C# services, the gateway and the GPU workers, as a library.
//!
//! Everything here comes from `schemas/`: no list is written twice. The crate does no I/O and has no clock and no runtime,
//! so a client, a server and a test use the same functions.
//!
//! # Read a command and answer it
//! A server splits its input into lines, reads each as a command, refuses it or runs it, and writes one reply:
//! ```
//! use contracts::{Action, Dialect, Reply, Warning, framing::{Decoder, Line, encode}, read_frame};
//! use serde_json::json;
//!
//! fn answer(line: &[u8]) -> Reply {
//!     let incoming = match read_frame(line) {
//!         Ok(incoming) => incoming,
//!         // Not a command: its reply has no action.
//!         Err(refusal) => return Reply::failed(None, refusal.request_id, *refusal.failure),
//!     };
//!     let (action, request_id) = (incoming.head.action, incoming.head.request_id.clone());
//!     let warnings: Vec<Warning> = incoming.reading.warnings.clone();
//!     let reply = match incoming.refusal() {
//!         Some(failure) => Reply::failed(Some(action), request_id, failure),
//!         None => {
//!             // Canonical, whichever dialect it was written in: run the command by this document.
//!             let fields = incoming.reading.document().expect("a command without violations has a document");
//!             assert_eq!(fields["prompt_submission"]["scheduler"]["type"], "DPM++ 2M");
//!             Reply::succeeded(action, request_id, json!({"images": ["outputs/a.png"]}))
//!         }
//!     };
//!     Reply { warnings, ..reply }
//! }
//!
//! // What a C# bridge writes.
//! let stream = b"{\"action\":\"generate_sdxl_enhanced\",\"request\":{\"Model\":{\"Base\":\"sdxl_base\"},\
//!     \"Scheduler\":{\"Type\":\"DPM\\u002B\\u002B\",\"Steps\":151},\"Conditioning\":{\"Prompt\":\"a pier\"}}}\r\n";
//! let Line::Text(line) = &Decoder::default().push(stream)[0] else { panic!("the line is short") };
//! let reply = answer(line).to_value(Dialect::Pascal);
//! // The violation stands where the sender wrote the value, in the sender's spelling.
//! assert_eq!(reply["ErrorDetails"]["Code"], "out_of_range");
//! assert_eq!(reply["ErrorDetails"]["Field"], "/request/Scheduler/Steps");
//! assert!(encode(&reply).unwrap().ends_with(b"\n"));
//!
//! let valid = String::from_utf8_lossy(line).replace("151", "30");
//! assert_eq!(answer(valid.as_bytes()).to_value(Dialect::Pascal)["Data"]["Images"][0], "outputs/a.png");
//! ```
//!
//! # Write a command and read its reply
//! A client writes commands in snake, and reads each reply by the action that it sent:
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
//! | read one document | [`read`], or [`decode`] for a type alone |
//! | fill in defaults | [`effective`], [`effective_of`] |
//! | write and read a reply | [`Reply`], [`Failure`], [`Warning`]; its data as a type: [`ReplyData`] |
//! | write an event | [`event`] |
//! | spell a document in a dialect | [`Dialect::spell`]; the names of C#: [`naming`] |
//! | find the class and the timeout of a command | [`schedule`], [`Action::info`] |
//! | look up a limit, an action, a route | [`limits`], [`registry`] |
//! | hold a value that is within its limits | [`types`], [`checked`] |
//! | walk the schemas | [`dictionary`], [`BUNDLE`] |
//! | account for every field of a prompt submission | [`leaves`] |
//!
//! # Words
//! - **canonical**: names in snake, no nulls, canonical spellings, every value at its own place.
//! - **dialect**: how names are spelt: `snake`, `pascal`, `camel`.
//! - **violation**: one way in which a document breaks the contract.
//! - **pointer**: a JSON Pointer (RFC 6901), from the frame or the body, as the sender spelt the names.
//! - **place**: where a canonical value stood in the sender's document.
//!
//! # Features
//! `testing` adds the module of that name: the inside of the crate, for tests and the fuzzer alone.

mod batch;
mod canonical;
pub mod checked;
mod command;
mod decode;
mod device;
mod dialect;
pub mod dictionary;
mod envelope;
pub mod event;
pub mod framing;
mod generated;
mod hex;
mod hint;
mod image_ref;
mod judge;
pub mod leaves;
mod model_id;
pub mod naming;
mod nearest;
mod negotiate;
mod number;
mod places;
pub mod pointer;
mod reading;
pub mod registry;
mod reply;
mod scalar;
mod schedule;
mod shown;
mod spell;
mod strict;
mod submission;
mod tally;
#[cfg(feature = "testing")]
pub mod testing;
mod trace;
pub mod tree;
mod unique;
mod violation;

pub use batch::batch_and_index;
pub use command::{Form, Head, Incoming, Refusal, RouteBody, head_pointer};
pub use decode::decode;
pub use device::{DeviceName, UnknownDevice};
pub use dialect::{Dialect, UnknownDialect};
pub use envelope::{READ_AT_ONCE_BYTES_MAX, read_body, read_frame};
pub use generated::{
    BUNDLE,
    action::{Action, Class},
    command::{Command, ReplyData},
    error_code::ErrorCode,
    limits, types,
    warning_code::WarningCode,
};
pub use hex::hex;
pub use image_ref::bare_base64;
pub use judge::{DeviceKind, effective, effective_by, effective_of};
pub use model_id::{ModelPlace, is_model_id, is_model_path};
pub use negotiate::protocol_version;
pub use number::Number;
pub use places::Places;
pub use reading::{Reading, Writer, read, read_by};
pub use reply::{ReadReply, Reply, ReplyError, ReplyJsonError};
pub use schedule::{schedule, seconds};
pub use shown::shorten;
pub use strict::{Null, UnknownValue};
pub use submission::Submission;
pub use trace::Trace;
pub use unique::unique;
pub use violation::{Failure, Violation, Warning};
