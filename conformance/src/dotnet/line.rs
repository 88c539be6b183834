//! Lines as `StreamReader.ReadLine` gives them, and the bytes that writers of .NET put before the first one.

/// The byte order mark, which `new StreamWriter(stream, Encoding.UTF8)` writes and `StreamReader` reads over.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// The lines of a stream: LF, CRLF and a lone CR end one; invalid UTF-8 becomes U+FFFD.
#[must_use]
pub fn read_lines(bytes: &[u8]) -> Vec<String> {
    let bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
    let text = String::from_utf8_lossy(bytes);
    let mut lines = Vec::new();
    let mut rest = text.as_ref();
    while !rest.is_empty() {
        let Some(end) = rest.find(['\n', '\r']) else {
            lines.push(rest.to_owned());
            break;
        };
        lines.push(rest[..end].to_owned());
        rest = match &rest[end..] {
            crlf if crlf.starts_with("\r\n") => &crlf[2..],
            one => &one[1..],
        };
    }
    lines
}

/// A way to write lines in .NET.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// `new StreamWriter(stream, Encoding.UTF8)`.
    StreamWriterUtf8,
    /// `new StreamWriter(stream)`.
    StreamWriter,
    /// `Process.StandardInput`.
    StandardInput,
}

impl Writer {
    /// The bytes of its first `WriteLine` where `NewLine` is LF.
    #[must_use]
    pub fn first_line(self, text: &str) -> Vec<u8> {
        let mark = if self == Self::StreamWriterUtf8 { MARK } else { b"" };
        [mark, text.as_bytes(), b"\n"].concat()
    }
}
