//! `codegen` and `codegen --check`: what is said and how it ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn xtask(root: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments)
        .arg("--root")
        .arg(root)
        .output()
        .expect("xtask starts")
}

fn check(output: &Output, code: i32, stdout: &str) {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!((output.status.code(), out.as_ref()), (Some(code), stdout), "{err}");
}

/// A copy of the schemas, with everything generated from it.
fn copy() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let schemas = folder.path().join("schemas");
    fs::create_dir(&schemas).expect("a folder");
    for entry in fs::read_dir(repository().join("schemas")).expect("schemas/") {
        let entry = entry.expect("an entry");
        if entry.file_type().expect("its type").is_file() {
            fs::copy(entry.path(), schemas.join(entry.file_name())).expect("a copy");
        }
    }
    let output = xtask(folder.path(), &["codegen"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

#[test]
fn every_generated_file_is_fresh() {
    check(&xtask(&repository(), &["codegen", "--check"]), 0, "");
}

#[test]
fn writing_twice_writes_once() {
    let folder = copy();
    check(&xtask(folder.path(), &["codegen"]), 0, "");
    check(&xtask(folder.path(), &["codegen", "--check"]), 0, "");
}

#[test]
fn a_stale_file_is_named_with_the_command_that_mends_it() {
    let folder = copy();
    let types = folder.path().join("contracts/src/generated/types.rs");
    let tables = folder.path().join("workers/concord_workers/contract/generated/tables.py");
    fs::write(&types, "// edited by hand\n").expect("a write");
    fs::remove_file(&tables).expect("a removal");
    fs::write(folder.path().join("contracts/src/generated/old.rs"), "").expect("a write");
    check(
        &xtask(folder.path(), &["codegen", "--check"]),
        4,
        "stale: contracts/src/generated/types.rs; run `cargo xtask codegen`\n\
         missing: workers/concord_workers/contract/generated/tables.py; run `cargo xtask codegen`\n\
         orphan: contracts/src/generated/old.rs, which nothing generates; run `cargo xtask codegen`\n",
    );
    check(
        &xtask(folder.path(), &["codegen"]),
        0,
        "wrote contracts/src/generated/types.rs\n\
         wrote workers/concord_workers/contract/generated/tables.py\n\
         removed contracts/src/generated/old.rs, which nothing generates\n",
    );
    check(&xtask(folder.path(), &["codegen", "--check"]), 0, "");
}

#[test]
fn a_changed_schema_makes_what_comes_from_it_stale() {
    let folder = copy();
    let limits = folder.path().join("schemas/limits.json");
    let text = fs::read_to_string(&limits).expect("limits.json").replace("16777216", "33554432");
    fs::write(&limits, text).expect("a write");
    check(
        &xtask(folder.path(), &["codegen", "--check"]),
        4,
        "stale: contracts/src/generated/bundle.json; run `cargo xtask codegen`\n\
         stale: contracts/src/generated/limits.rs; run `cargo xtask codegen`\n\
         stale: workers/concord_workers/contract/generated/bundle.json; run `cargo xtask codegen`\n\
         stale: workers/concord_workers/contract/generated/tables.py; run `cargo xtask codegen`\n",
    );
}

#[test]
fn nothing_is_generated_from_broken_schemas() {
    let folder = copy();
    let errors = folder.path().join("schemas/errors.json");
    let text = fs::read_to_string(&errors).expect("errors.json");
    for (broken, expected) in [
        (
            text.replace("\"duplicate_field\"", "\"bad_frame\""),
            "errors.json#/errors/1: the code bad_frame is taken",
        ),
        (text.replace('{', ""), "schemas/errors.json is not JSON"),
    ] {
        fs::write(&errors, broken).expect("a write");
        for arguments in [&["codegen"][..], &["codegen", "--check"], &["lint"]] {
            let output = xtask(folder.path(), arguments);
            check(&output, 100, "");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(said.contains(expected), "{arguments:?}: {said}");
        }
    }
}
