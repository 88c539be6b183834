//! References that are bare base64: the vectors that the Python workers are held to as well.

use contracts::bare_base64;
use serde_json::Value;

#[test]
fn the_shared_vectors() {
    let file: Value = serde_json::from_str(include_str!("../../../fixtures/image_refs.json")).expect("JSON");
    let cases = file["cases"].as_array().expect("cases");
    assert!(cases.len() >= 15, "the vectors are there");
    for case in cases {
        let reference = case["reference"].as_str().expect("a reference");
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
        "10485760 characters that look like base64 and not like a path; a picture in the request begins with data:image/png;base64,"
    );
}
