//! References that are bare base64: the vectors that the Python workers are held to as well.

use contracts::{bare_base64, dictionary::dictionary};

use crate::data::{cases, text};

#[test]
fn the_shared_vectors() {
    let cases = cases("image_refs.json");
    assert!(cases.len() >= 15, "the vectors are there");
    for case in cases {
        let reference = text(&case, "reference");
        let hint = bare_base64(reference).and_then(|failure| failure.hint);
        let wanted = case["kind"].as_str().map(|kind| format!("write data:image/{kind};base64, before it"));
        assert_eq!(hint, wanted, "{case}");
    }
}

#[test]
fn ten_megabytes_are_not_quoted() {
    let failure = bare_base64(&"A".repeat(10 << 20)).expect("it is base64");
    assert_eq!(
        failure.message,
        "10485760 characters of base64 instead of a path; a picture inside a request begins with data:image/png;base64,"
    );
}

#[test]
fn every_image_format_says_how_its_base64_begins() {
    let formats = dictionary().enumeration("OutputFormat");
    for format in &formats.values {
        let starts = formats.data[format]["base64_starts"].as_array().expect("a list");
        assert!(!starts.is_empty(), "{format}");
        for start in starts {
            let start = start.as_str().expect("text");
            let hint = bare_base64(&format!("{start}AAAA")).and_then(|failure| failure.hint);
            assert_eq!(hint, Some(format!("write data:image/{format};base64, before it")));
        }
    }
}
