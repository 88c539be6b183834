//! The log as text, one line per event.
//!
//! The layout is that of `tracing_subscriber`'s own format, which a test compares. Control characters are escaped
//! everywhere, so that no text of a client or a worker can begin a line of its own or control a terminal. The library's
//! formatter is not used, because it takes 14 000 instructions for an access line (a tenth of a whole `get_status`):
//! each field goes through several `write!`s with empty terminal styles. This one takes a fifth of that.

use std::{
    cell::RefCell,
    error::Error,
    fmt::{self, Debug, Write},
    time::{SystemTime, UNIX_EPOCH},
};

use chrono::{DateTime, Utc};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_log::NormalizeEvent;
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

/// The target of the panic hook's events.
pub(super) const PANIC: &str = "panic";
/// The capacity of a line: most fit, so that a line allocates once.
const LINE_BYTES: usize = 256;

/// Formats events as text.
pub(super) struct Text {
    /// The clock; a test has one that stands still.
    pub(super) now: fn() -> SystemTime,
}

impl<S, N> FormatEvent<S, N> for Text
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        // Events from the crate `log` have their target as a field.
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
        let mut line = String::with_capacity(LINE_BYTES);
        write_time(&mut line, (self.now)())?;
        line.push_str(match *metadata.level() {
            tracing::Level::ERROR => " ERROR ",
            tracing::Level::WARN => "  WARN ",
            tracing::Level::INFO => "  INFO ",
            tracing::Level::DEBUG => " DEBUG ",
            tracing::Level::TRACE => " TRACE ",
        });
        line.push_str(metadata.target());
        line.push_str(": ");
        // Only the backtrace of a panic may have several lines.
        let lines = metadata.target() == PANIC;
        event.record(&mut Fields { line: &mut line, first: true, lines });
        line.push('\n');
        writer.write_str(&line)
    }
}

thread_local! {
    /// The last second since 1970, and its text: many lines share one.
    static SECOND: RefCell<(u64, String)> = const { RefCell::new((u64::MAX, String::new())) };
}

/// Writes a time as RFC 3339 in UTC, to the microsecond.
fn write_time(line: &mut String, now: SystemTime) -> fmt::Result {
    // A clock before 1970 is written as 1970, because the line matters more than its time.
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    SECOND.with_borrow_mut(|(second, text)| {
        if *second != since.as_secs() {
            *second = since.as_secs();
            text.clear();
            write!(text, "{}", DateTime::<Utc>::from(UNIX_EPOCH + since).format("%Y-%m-%dT%H:%M:%S"))?;
        }
        line.push_str(text);
        write!(line, ".{:06}Z", since.subsec_micros())
    })
}

/// Writes the fields of an event: `name=value`, the message without its name.
struct Fields<'l> {
    line: &'l mut String,
    first: bool,
    /// Whether LFs are written as they are.
    lines: bool,
}

impl Fields<'_> {
    /// Writes the name of a field. Returns false for a field that is left out.
    fn begin(&mut self, field: &Field) -> bool {
        let name = field.name();
        if name.starts_with("log.") {
            return false;
        }
        if !std::mem::take(&mut self.first) {
            self.line.push(' ');
        }
        if name != "message" {
            self.line.push_str(name.strip_prefix("r#").unwrap_or(name));
            self.line.push('=');
        }
        true
    }

    fn write(&mut self, value: fmt::Arguments<'_>) {
        // A value whose `Display` fails must not lose the line.
        if (Escaped { line: self.line, lines: self.lines }).write_fmt(value).is_err() {
            self.line.push_str("<cannot be written>");
        }
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if self.begin(field) {
            self.write(format_args!("{value:?}"));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if !self.begin(field) {
            return;
        }
        if field.name() == "message" {
            self.write(format_args!("{value}"));
        } else if value.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\') {
            // The same text as `{:?}`, without looking up the Unicode class of each character.
            self.line.push('"');
            self.line.push_str(value);
            self.line.push('"');
        } else {
            self.write(format_args!("{value:?}"));
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        if !self.begin(field) {
            return;
        }
        self.write(format_args!("{value}"));
        let sources: Vec<String> =
            std::iter::successors(value.source(), |&err| err.source()).map(ToString::to_string).collect();
        if !sources.is_empty() {
            self.write(format_args!(" {field}.sources=[{}]", sources.join(", ")));
        }
    }
}

/// Writes control characters as escapes.
struct Escaped<'l> {
    line: &'l mut String,
    lines: bool,
}

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // Nearly all text has none.
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            self.line.push_str(text);
            return Ok(());
        }
        for char in text.chars() {
            match char {
                '\t' => self.line.push(char),
                '\n' if self.lines => self.line.push(char),
                '\0'..='\x7f' if char.is_ascii_control() => write!(self.line, "\\x{:02x}", u32::from(char))?,
                '\u{80}'..='\u{9f}' => write!(self.line, "\\u{{{:x}}}", u32::from(char))?,
                _ => self.line.push(char),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
        time::{Duration, SystemTime, UNIX_EPOCH},
    };

    use proptest::prelude::*;
    use tracing::Subscriber;
    use tracing_subscriber::fmt::{self, MakeWriter, time::FormatTime};

    use super::{Text, write_time};

    /// The output of a subscriber.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'w> MakeWriter<'w> for Kept {
        type Writer = Self;

        fn make_writer(&'w self) -> Self {
            self.clone()
        }
    }

    /// The time that both formats write.
    fn then() -> SystemTime {
        UNIX_EPOCH + Duration::from_micros(1_796_000_000_000_042)
    }

    struct Then;

    impl FormatTime for Then {
        fn format_time(&self, writer: &mut fmt::format::Writer<'_>) -> std::fmt::Result {
            let mut text = String::new();
            write_time(&mut text, then())?;
            writer.write_str(&text)
        }
    }

    fn written(kept: &Kept, subscriber: impl Subscriber + Send + Sync, log: impl Fn()) -> String {
        tracing::subscriber::with_default(subscriber, log);
        String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
    }

    /// The line in this format, and in the library's.
    fn both(log: impl Fn()) -> (String, String) {
        let (ours, theirs) = (Kept::default(), Kept::default());
        let builder = || tracing_subscriber::fmt().with_ansi(false).with_max_level(tracing::Level::TRACE);
        let one = builder().with_writer(ours.clone()).event_format(Text { now: then }).finish();
        let other = builder().with_writer(theirs.clone()).with_timer(Then).finish();
        (written(&ours, one, &log), written(&theirs, other, &log))
    }

    proptest! {
        #[test]
        fn lines_are_those_of_the_library(
            // The library does not escape other control characters, so that the two formats differ there.
            text in "[^\\x00-\\x06\\x0a\\x0b\\x0d-\\x1a\\x1c-\\x1f]*",
            plain in "[ -~]{0,40}",
            number in any::<i64>(),
            share in any::<f64>(),
            none in any::<Option<u16>>(),
        ) {
            let (ours, theirs) = both(|| {
                tracing::info!(target: "access", text, plain, number, share, none, shown = %plain, dbg = ?plain, r#type = 1, "{plain}");
                tracing::error!(plain, yes = true, large = u128::MAX, "{text}");
                tracing::warn!(share);
                tracing::debug!("a literal");
                tracing::trace!(number, "{number} of {}", text.len());
            });
            prop_assert_eq!(ours, theirs);
        }

        #[test]
        fn times_are_rfc_3339(micros in 0_u64..4_000_000_000_000_000) {
            let then = UNIX_EPOCH + Duration::from_micros(micros);
            let mut text = String::new();
            write_time(&mut text, then).unwrap();
            prop_assert_eq!(chrono::DateTime::parse_from_rfc3339(&text).unwrap(), chrono::DateTime::<chrono::Utc>::from(then));
            prop_assert_eq!(text.len(), "2026-11-29T16:00:00.000000Z".len());
        }
    }

    proptest! {
        /// No text in a value or a message can begin a line or control a terminal.
        #[test]
        fn an_event_is_one_line_without_commands_to_a_terminal(text in "(?s).*") {
            let (ours, _) = both(|| tracing::info!(err = %text, said = text, dbg = ?text, "{text}"));
            let line = ours.strip_suffix('\n').unwrap();
            prop_assert!(!line.chars().any(|char| char.is_control() && char != '\t'), "{:?}", line);
        }
    }

    #[test]
    fn a_panic_keeps_its_lines_and_a_value_that_cannot_be_written_costs_no_line() {
        struct Broken;
        impl std::fmt::Display for Broken {
            fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                Err(std::fmt::Error)
            }
        }
        let (ours, _) = both(|| tracing::error!(target: "panic", "one\ntwo\u{1b}"));
        assert!(ours.ends_with("panic: one\ntwo\\x1b\n"), "{ours:?}");
        let subscriber = |kept: &Kept| {
            tracing_subscriber::fmt().with_writer(kept.clone()).event_format(Text { now: then }).finish()
        };
        let kept = Kept::default();
        let ours = written(&kept, subscriber(&kept), || tracing::info!(broken = %Broken, whole = 1, "said"));
        assert!(ours.ends_with("said broken=<cannot be written> whole=1\n"), "{ours:?}");
    }

    #[test]
    fn errors_are_written_with_their_sources() {
        #[derive(Debug, thiserror::Error)]
        #[error("outer")]
        struct Outer(#[source] io::Error);
        let err = Outer(io::Error::other("inner"));
        let (ours, theirs) = both(|| {
            tracing::warn!(err = &err as &(dyn std::error::Error + 'static), "failed");
        });
        assert_eq!(ours, theirs);
    }
}
