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
//! // Every fault at once, where the sender wrote it:
//! let fault = &incoming.reading.faults[0];
//! assert_eq!((fault.pointer.as_str(), fault.code.as_str()), ("/request/Scheduler/Steps", "out_of_range"));
//! // What was understood, canonical:
//! let document = incoming.reading.reported().unwrap();
//! assert_eq!(document["prompt_submission"]["scheduler"]["type"], "DPM++ 2M");
//!
//! let reply = Reply {
//!     action: Some(incoming.head.action),
//!     request_id: incoming.head.request_id.clone(),
//!     session_id: None,
//!     outcome: Err(Box::new(incoming.failure().unwrap())),
//!     warnings: incoming.reading.warnings.clone(),
//!     more_warnings: 0,
//! };
//! assert_eq!(reply.to_value(Dialect::Pascal)["ErrorDetails"]["Field"], "/request/Scheduler/Steps");
//! ```

#[doc(hidden)]
pub mod canonical;
pub mod checked;
mod command;
pub mod decode;
mod device;
pub mod dialect;
pub mod dictionary;
pub mod envelope;
pub mod event;
pub mod fault;
pub mod framing;
pub mod generated;
mod hex;
mod hint;
mod image_ref;
pub mod judge;
pub mod model_id;
pub mod naming;
mod nearest;
mod negotiate;
mod number;
pub mod places;
pub mod pointer;
pub mod reading;
pub mod reply;
mod scalar;
mod schedule;
mod shown;
mod spell;
pub mod strict;
pub mod submission;
mod tally;
mod trace;
pub mod tree;
mod unique;

pub use command::{Body, Form, Head, Incoming, Refusal};
pub use decode::decode;
pub use device::{DeviceName, UnknownDevice};
pub use dialect::Dialect;
pub use envelope::{READ_AT_ONCE_BYTES_MAX, read_body, read_frame};
pub use fault::{Failure, Fault, Warning};
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
pub use submission::Submission;
pub use trace::Trace;
pub use unique::unique;
