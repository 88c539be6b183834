//! `conformance read`: what each party understood in a document.

use serde_json::Value;
use std::{fs, path::Path};

use crate::tool;

/// Runs `conformance read` on a document; its exit code and what it printed.
fn read(document: &str, flags: &[&str]) -> (i32, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("document.json");
    fs::write(&file, document).expect("the file is written");
    let mut args = vec!["read", file.to_str().expect("a path of the test")];
    args.extend(flags);
    let output = tool(&args);
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    let folder = format!("{}/", folder.path().display());
    (output.status.code().unwrap_or(-1), printed.replace(&folder, ""))
}

#[test]
fn a_submission_of_csharp_is_read_by_rust_and_by_some_options() {
    let document = r#"{"Model":{"Base":"sdxl_base"},"Scheduler":{"Type":"DPM++","Steps":30},"Conditioning":{"Prompt":"a pier"}}"#;
    let (code, printed) = read(document, &[]);
    assert_eq!(code, 0, "{printed}");
    insta::assert_snapshot!(printed);
}

#[test]
fn an_integer_with_a_fraction_is_refused_by_rust_and_csharp() {
    let document = r#"{"model":{"base":"b"},"scheduler":{"steps":20.0},"conditioning":{"prompt":"a"}}"#;
    let (code, printed) = read(document, &[]);
    assert_eq!(code, 10, "{printed}");
    insta::assert_snapshot!(printed);
}

#[test]
fn a_reply_in_snake_is_empty_for_csharp_by_default() {
    let document = r#"{"request_id":"r1","success":true,"data":{"freed_gpu_bytes":1,"freed_ram_bytes":2},"error":null,"error_details":null,"warnings":[],"warning_details":[]}"#;
    let (code, printed) = read(document, &["--as", "cleanup_memory"]);
    assert_eq!(code, 0, "{printed}");
    insta::assert_snapshot!(printed);
}

#[test]
fn the_report_for_programs_is_as_its_schema_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/read.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).expect("the schema")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema compiles");
    for document in ["{}", "[1", r#"{"model":{"base":"b"},"conditioning":{"prompt":"a"}}"#] {
        let (_, printed) = read(document, &["--format", "json"]);
        let report: Value = serde_json::from_str(&printed).expect("JSON");
        let faults: Vec<String> = validator.iter_errors(&report).map(|fault| fault.to_string()).collect();
        assert_eq!(faults, [""; 0], "{printed}");
    }
}

#[test]
fn a_page_escapes_what_a_document_says() {
    let document = r#"{"<script>":1}"#;
    let (_, page) = read(document, &["--format", "html"]);
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script"), "{page}");
}

#[test]
fn an_unknown_definition_is_named_with_its_neighbours() {
    let output = tool(&["read", "-", "--schema", "Submission"]);
    assert_eq!(output.status.code(), Some(30));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("no definition Submission; hint: SubmissionCommand, PromptSubmission"),
        "{stderr}"
    );
}
