//! Frames: one JSON object per line. Bytes in, lines out; no I/O, any chunking.

use memchr::memchr;
use serde::Serialize;

use crate::generated::limits;

/// Longest frame without its LF, in bytes.
pub const FRAME_BYTES_MAX: usize = limits::FRAME_BYTES_MAX as usize;

/// A line that a [`Decoder`] found in a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A line without its LF or CRLF; never blank. It need not be a frame.
    Text(Vec<u8>),
    /// A line over the limit; decoding continues after the next LF.
    TooLarge {
        /// Bytes of the line that have been seen so far.
        bytes: usize,
    },
}

/// Splits a stream of bytes into lines that end in LF or CRLF. Skips a BOM before the first frame, and blank lines.
///
/// ```
/// use contracts::framing::{Decoder, Line};
/// let mut decoder = Decoder::default();
/// assert_eq!(decoder.push(b"\xEF\xBB\xBF{\"action\":"), []);
/// assert_eq!(decoder.push(b"1}\r\n\n"), [Line::Text(b"{\"action\":1}".to_vec())]);
/// ```
#[derive(Debug)]
pub struct Decoder {
    pending: Vec<u8>,
    frame_bytes_max: usize,
    skipping: bool,
    begun: bool,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(FRAME_BYTES_MAX)
    }
}

const BOM: &[u8] = b"\xEF\xBB\xBF";

impl Decoder {
    /// A decoder whose frames have at most `frame_bytes_max` bytes.
    #[must_use]
    pub fn new(frame_bytes_max: usize) -> Self {
        Self { pending: Vec::new(), frame_bytes_max, skipping: false, begun: false }
    }

    /// Takes the next bytes of the stream, and returns the lines that they complete.
    pub fn push(&mut self, mut bytes: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        while let Some(end) = memchr(b'\n', bytes) {
            self.extend(&bytes[..end], &mut lines);
            bytes = &bytes[end + 1..];
            self.end_line(&mut lines);
        }
        self.extend(bytes, &mut lines);
        lines
    }

    /// Ends the stream, and returns the last line if it has no LF.
    pub fn finish(&mut self) -> Option<Line> {
        let mut lines = Vec::new();
        self.end_line(&mut lines);
        lines.pop()
    }

    fn extend(&mut self, bytes: &[u8], lines: &mut Vec<Line>) {
        if self.skipping {
            return;
        }
        self.pending.extend_from_slice(bytes);
        // Room for a CR and for the BOM, which are not part of the frame.
        if self.pending.len() > self.frame_bytes_max + 1 + BOM.len() {
            self.refuse(lines);
        }
    }

    fn refuse(&mut self, lines: &mut Vec<Line>) {
        lines.push(Line::TooLarge { bytes: self.pending.len() });
        self.pending = Vec::new();
        self.skipping = true;
        self.begun = true;
    }

    fn end_line(&mut self, lines: &mut Vec<Line>) {
        if std::mem::take(&mut self.skipping) {
            return;
        }
        let mut line = std::mem::take(&mut self.pending);
        if !self.begun && line.starts_with(BOM) {
            line.drain(..BOM.len());
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        if is_blank(&line) {
            return;
        }
        self.begun = true;
        if line.len() > self.frame_bytes_max {
            lines.push(Line::TooLarge { bytes: line.len() });
        } else {
            lines.push(Line::Text(line));
        }
    }
}

/// Whether bytes are nothing but the white space of JSON: blanks, tabs, CRs and LFs (RFC 8259, 2). A form feed, which
/// [`u8::is_ascii_whitespace`] takes too, is not JSON, and such a line or body is refused like any other.
///
/// ```
/// use contracts::framing::is_blank;
/// assert!(is_blank(b" \t\r\n") && is_blank(b""));
/// assert!(!is_blank(b"\x0c"));
/// ```
#[must_use]
pub fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

/// Why a value cannot be written as a frame.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// The value does not serialise, such as a map whose keys are not strings.
    #[error("does not serialise: {0}")]
    Serialise(#[from] serde_json::Error),
    /// The frame is longer than [`FRAME_BYTES_MAX`].
    #[error("frame of {bytes} bytes is over the limit of {maximum}")]
    TooLarge {
        /// Its length, in bytes without the LF.
        bytes: usize,
        /// The limit, in bytes.
        maximum: usize,
    },
    /// The value is not a JSON object.
    #[error("a frame is a JSON object")]
    NoObject,
}

/// Writes one frame with its LF. No BOM, no raw newline; numbers are finite, as `serde_json` writes no others.
///
/// # Errors
/// [`EncodeError::Serialise`], [`EncodeError::NoObject`] or [`EncodeError::TooLarge`].
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, EncodeError> {
    framed(serde_json::to_vec(value)?)
}

/// The same of JSON text that is written already.
pub(crate) fn framed(mut bytes: Vec<u8>) -> Result<Vec<u8>, EncodeError> {
    if bytes.first() != Some(&b'{') {
        return Err(EncodeError::NoObject);
    }
    if bytes.len() > FRAME_BYTES_MAX {
        return Err(EncodeError::TooLarge { bytes: bytes.len(), maximum: FRAME_BYTES_MAX });
    }
    bytes.push(b'\n');
    Ok(bytes)
}
