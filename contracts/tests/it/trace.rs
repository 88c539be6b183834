//! Traces: which headers are good, against a plain reading of the W3C's words; and envelopes that say one.

use contracts::{Trace, read_frame, types::Traceparent};
use proptest::{prelude::*, string::string_regex};
use serde_json::{Value, json};

const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// What W3C says of a header, as plainly as it can be written: what is sent on for it, under the same parent.
fn by_the_words(value: &str) -> Option<String> {
    let hex = |text: &str, length: usize| {
        text.len() == length
            && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let parts: Vec<&str> = value.split('-').collect();
    let [version, id, parent, flags, more @ ..] = parts.as_slice() else { return None };
    let good = hex(version, 2) && hex(id, 32) && hex(parent, 16) && hex(flags, 2);
    let zero = |text: &str| text.bytes().all(|byte| byte == b'0');
    if !good || zero(id) || zero(parent) || *version == "ff" || (*version == "00" && !more.is_empty()) {
        return None;
    }
    let flags = u8::from_str_radix(flags, 16).unwrap();
    let flags = if *version == "00" { flags } else { flags & 1 };
    Some(format!("00-{id}-{parent}-{flags:02x}"))
}

fn check(value: &str) {
    let read = Trace::of_header(value);
    assert_eq!(read.as_ref().map(ToString::to_string), by_the_words(value), "{value:?}");
    let Some(read) = read else { return };
    // What is sent on is good for everybody, and of the same trace.
    let on = read.with_parent(u64::MAX.try_into().unwrap());
    on.as_str().parse::<Traceparent>().expect("it keeps the schema");
    assert_eq!((on.id(), on.parent()), (read.id(), "ffffffffffffffff"));
    assert_eq!(&value[3..35], on.id());
}

#[test]
fn headers_that_the_words_name() {
    for value in [
        GOOD.to_owned(),
        GOOD.to_uppercase(),
        format!("{GOOD}-"),
        format!("{GOOD}-x"),
        format!(" {GOOD}"),
        format!("{GOOD} "),
        GOOD[..54].to_owned(),
        String::new(),
        "00".to_owned(),
        "é".repeat(28),
        format!("00-{ID}-00f067aa0ba902b7-é"),
        format!("ff-{ID}-00f067aa0ba902b7-01"),
        format!("01-{ID}-00f067aa0ba902b7-ff"),
        format!("cc-{ID}-00f067aa0ba902b7-01-what-comes"),
        format!("cc-{ID}-00f067aa0ba902b7-01.what-comes"),
        format!("CC-{ID}-00f067aa0ba902b7-01"),
        format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
        format!("00-{ID}-{}-01", "0".repeat(16)),
        format!("00-{ID}-00f067aa0ba902b7-fe"),
    ] {
        check(&value);
    }
    assert!(Trace::of_header(GOOD).is_some());
}

#[test]
fn reserved_flags_are_not_sent_on() {
    let trace = Trace::of_header(&GOOD.replace("-01", "-ff")).unwrap();
    assert!(trace.with_parent(1.try_into().unwrap()).as_str().ends_with("-0000000000000001-03"));
}

#[test]
fn a_trace_that_is_begun_keeps_the_schema() {
    let trace = Trace::begin(1.try_into().unwrap(), 1.try_into().unwrap());
    assert_eq!(trace.as_str(), format!("00-{}1-{}1-00", "0".repeat(31), "0".repeat(15)));
}

proptest! {
    #[test]
    fn any_text_is_read_as_the_words_say(value in ".{0,80}") {
        check(&value);
    }

    #[test]
    fn what_looks_like_a_header_is_read_as_the_words_say(
        value in string_regex("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-[ -~]{0,8})?").unwrap(),
    ) {
        check(&value);
    }

    /// Ids with few digits that are not zero, and one byte of the whole that is something else.
    #[test]
    fn headers_near_the_good_ones_are_read_as_the_words_say(
        version in prop::sample::select(vec!["00", "01", "fe", "ff"]),
        id in 0u128..3,
        parent in prop::sample::select(vec![0u64, 1, 1 << 60]),
        change in prop::option::of((0usize..55, any::<char>())),
    ) {
        let mut value = format!("{version}-{id:032x}-{parent:016x}-01");
        if let Some((at, with)) = change {
            value.replace_range(at..=at, &with.to_string());
        }
        check(&value);
    }

    /// The schema takes of version 00 what the header takes, and nothing else.
    #[test]
    fn the_schema_is_version_00(value in string_regex("0[01]-[01]{31,33}-[01]{15,17}-[0-9a-g]{2}").unwrap()) {
        let is_good = by_the_words(&value).is_some_and(|sent| sent == value);
        prop_assert_eq!(value.parse::<Traceparent>().is_ok(), is_good);
    }

    #[test]
    fn any_bytes_as_an_envelopes_trace_are_read_or_refused_where_they_stand(said in any::<String>()) {
        let frame = json!({"action": "get_status", "traceparent": said}).to_string();
        let incoming = read_frame(frame.as_bytes()).expect("it is a command");
        let trace = incoming.head.trace.as_ref().map(ToString::to_string);
        if by_the_words(&said).is_some_and(|sent| sent == said) {
            prop_assert_eq!((incoming.failure(), trace), (None, Some(said)));
        } else if said.is_empty() {
            prop_assert_eq!((incoming.failure(), trace), (None, None));
        } else {
            let failure = incoming.failure().expect("it is malformed");
            prop_assert_eq!((failure.code.as_str(), failure.field.as_deref()), ("unsupported_value", Some("/traceparent")));
            prop_assert_eq!(trace, None);
        }
    }
}

/// The fast path reads it, the other one too, and what is malformed is said in a line.
#[test]
fn a_submission_says_its_trace_on_either_path() {
    let submission = json!({"model": {"base": "m"}, "conditioning": {"prompt": "a pier"}});
    for (name, traceparent) in [("traceparent", GOOD), ("traceparent", "00-x"), ("Traceparent", GOOD)] {
        let frame: Value =
            json!({"action": "generate_sdxl", name: traceparent, "prompt_submission": submission});
        let text = frame.to_string();
        let fast = read_frame(text.as_bytes()).unwrap();
        let slow = contracts::testing::read_frame_slowly(text.as_bytes()).unwrap();
        assert_eq!(fast.head, slow.head, "{text}");
        let said = fast.head.trace.as_ref().map(Trace::as_str);
        assert_eq!(said, (traceparent == GOOD).then_some(GOOD), "{text}");
        if let Some(failure) = fast.failure() {
            assert_eq!(failure.field.as_deref(), Some("/traceparent"));
            assert!(failure.message.len() < 200, "{}", failure.message);
        }
    }
}
