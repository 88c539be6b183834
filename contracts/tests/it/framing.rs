//! Framing: what is encoded is decoded again, however the stream is cut.

use contracts::framing::{Decoder, EncodeError, Line, encode};
use proptest::prelude::*;
use serde_json::{Map, Value};

fn frame() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        // Line ends and the bytes that .NET takes for them stand inside strings.
        "[ -~\r\n\u{85}\u{2028}\u{feff}éß日😀]{0,12}".prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-z\n]{0,4}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    prop::collection::hash_map("[a-z_]{1,6}", value, 0..5)
        .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>()))
}

/// How a line ends, and what blank matter follows it.
fn end() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("\n"), Just("\r\n"), Just("\n\n"), Just("\r\n \t\n"), Just("\n\r\n\n")]
}

/// Cuts a stream at any places and feeds it piece by piece.
fn decode(mut decoder: Decoder, stream: &[u8], cuts: &[prop::sample::Index]) -> Vec<Line> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
    places.extend([0, stream.len()]);
    places.sort_unstable();
    let mut lines: Vec<Line> =
        places.windows(2).flat_map(|cut| decoder.push(&stream[cut[0]..cut[1]])).collect();
    lines.extend(decoder.finish());
    lines
}

proptest! {
    #[test]
    fn decoding_undoes_encoding_under_any_chunking(
        frames in prop::collection::vec((frame(), end()), 0..6),
        bom in any::<bool>(),
        open_end in any::<bool>(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let mut stream = if bom { b"\xEF\xBB\xBF".to_vec() } else { Vec::new() };
        for (frame, end) in &frames {
            let encoded = encode(frame).unwrap();
            prop_assert_eq!(encoded.iter().filter(|byte| **byte == b'\n').count(), 1);
            prop_assert!(!encoded.starts_with(b"\xEF\xBB\xBF"));
            stream.extend_from_slice(encoded.trim_ascii_end());
            stream.extend_from_slice(end.as_bytes());
        }
        if open_end {
            while stream.last().is_some_and(u8::is_ascii_whitespace) { stream.pop(); }
        }
        let read: Vec<Value> = decode(Decoder::default(), &stream, &cuts)
            .into_iter()
            .map(|line| match line {
                Line::Text(text) => serde_json::from_slice(&text).unwrap(),
                Line::TooLarge { bytes } => panic!("{bytes} bytes are not too many"),
            })
            .collect();
        let said: Vec<Value> = frames.into_iter().map(|(frame, _)| frame).collect();
        prop_assert_eq!(read, said);
    }

    /// A line over the limit is one refusal, and the lines around it are read, however the stream is cut.
    #[test]
    fn the_stream_goes_on_after_a_line_that_is_too_long(
        over in 1usize..40,
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let mut stream = b"{\"a\":1}\n".to_vec();
        stream.extend(std::iter::repeat_n(b'x', 16 + over));
        stream.extend_from_slice(b"\r\n{\"b\":2}\n");
        let lines = decode(Decoder::new(16), &stream, &cuts);
        prop_assert_eq!(lines.len(), 3);
        prop_assert_eq!(&lines[0], &Line::Text(b"{\"a\":1}".to_vec()));
        prop_assert!(matches!(lines[1], Line::TooLarge { bytes } if bytes > 16), "{:?}", lines[1]);
        prop_assert_eq!(&lines[2], &Line::Text(b"{\"b\":2}".to_vec()));
    }

    /// The limit itself is a frame, with CRLF and a BOM too, which are no part of it.
    #[test]
    fn a_line_of_exactly_the_limit_is_read(bom in any::<bool>(), crlf in any::<bool>(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6)) {
        let line = vec![b'x'; 16];
        let mut stream = if bom { b"\xEF\xBB\xBF".to_vec() } else { Vec::new() };
        stream.extend_from_slice(&line);
        stream.extend_from_slice(if crlf { b"\r\n" } else { b"\n" });
        prop_assert_eq!(decode(Decoder::new(16), &stream, &cuts), vec![Line::Text(line)]);
    }
}

#[test]
fn what_is_no_object_or_too_long_is_not_written() {
    assert!(matches!(encode(&[1, 2]), Err(EncodeError::NoObject)));
    assert!(matches!(encode(&"text"), Err(EncodeError::NoObject)));
    let long = serde_json::json!({"text": "x".repeat(contracts::framing::FRAME_BYTES_MAX)});
    assert!(matches!(encode(&long), Err(EncodeError::TooLarge { .. })));
}
