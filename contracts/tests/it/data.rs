//! Fixtures as data, and equality of JSON as values.

use serde_json::Value;
use std::{env, fs, path::PathBuf};

/// The path of a fixture. `conformance mutants --side fixtures` names a folder in which one of them is wrong.
pub(crate) fn path(name: &str) -> PathBuf {
    let own = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    env::var_os("CONCORD_FIXTURES").map_or_else(own, PathBuf::from).join(name)
}

/// A fixture's bytes.
pub(crate) fn bytes(name: &str) -> Vec<u8> {
    fs::read(path(name)).unwrap_or_else(|err| panic!("{name}: {err}"))
}

/// The rows of a file of JSON lines.
pub(crate) fn lines(name: &str) -> Vec<Value> {
    let text = String::from_utf8(bytes(name)).unwrap_or_else(|err| panic!("{name}: {err}"));
    let row = |(i, line): (usize, &str)| {
        serde_json::from_str(line).unwrap_or_else(|err| panic!("{name}:{}: {err}", i + 1))
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(row).collect()
}

/// The cases of a file that Python reads too.
pub(crate) fn cases(name: &str) -> Vec<Value> {
    let file: Value = serde_json::from_slice(&bytes(name)).unwrap_or_else(|err| panic!("{name}: {err}"));
    file["cases"].as_array().unwrap_or_else(|| panic!("{name} has no cases")).clone()
}

/// A text of a row, which tells itself where it has none.
pub(crate) fn text<'r>(row: &'r Value, name: &str) -> &'r str {
    row[name].as_str().unwrap_or_else(|| panic!("{row} has no text {name}"))
}

/// The names of the JSON files of a folder, sorted.
pub(crate) fn json_files(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(path(folder)).unwrap_or_else(|err| panic!("{folder}: {err}"));
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".json"))
        .collect();
    names.sort();
    assert!(!names.is_empty(), "no fixtures in {folder}");
    names
}

/// Equal as values: `2` and `2.0` are one number, order of members has no meaning.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a == b,
            _ => a.as_f64() == b.as_f64(),
        },
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}
