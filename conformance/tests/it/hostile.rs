//! Files that are made to cost: each command refuses them with exit code 30 and a sentence, or judges them within its limit.

use serde_json::{Map, Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

use crate::tool;

/// Seconds that a command may take here, and what an unoptimised build on a busy machine needs around them.
const LIMIT: &str = "2";
const AROUND: Duration = Duration::from_secs(20);

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn write(folder: &Path, name: &str, value: &Value) -> String {
    let path = folder.join(name);
    fs::write(&path, value.to_string()).unwrap();
    path.to_string_lossy().into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The command ends soon with 30 and the words.
fn assert_refused(arguments: &[&str], words: &str) {
    let start = Instant::now();
    let output = tool(arguments);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(30), "{arguments:?}: {said}");
    assert!(said.contains(words), "{arguments:?}: {said}");
    assert!(start.elapsed() < AROUND, "{arguments:?}: {:?}", start.elapsed());
}

fn schema_commands(path: &str) -> [Vec<&str>; 3] {
    [
        vec!["diff", path, path, "--time-limit", LIMIT],
        vec!["read", path, "--time-limit", LIMIT],
        vec!["csharp", path, "--time-limit", LIMIT],
    ]
}

#[test]
fn a_file_without_an_end_is_refused() {
    for arguments in schema_commands("/dev/zero") {
        assert_refused(&arguments, "/dev/zero: it has more than 32 MiB, the limit for one file");
    }
    assert_refused(&["python", "/dev/zero"], "/dev/zero: it is not a regular file");
}

#[test]
fn a_large_file_is_refused() {
    let folder = folder();
    let path = folder.path().join("large.py");
    fs::File::create(&path).unwrap().set_len(100_000_000).unwrap();
    let path = path.to_string_lossy().into_owned();
    for arguments in schema_commands(&path).into_iter().chain([vec!["python", &path]]) {
        assert_refused(&arguments, "it has more than 32 MiB, the limit for one file");
    }
}

#[test]
fn a_pipe_that_nobody_writes_ends_at_the_limit() {
    let folder = folder();
    let path = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let path = path.to_string_lossy().into_owned();
    for arguments in schema_commands(&path) {
        assert_refused(&arguments, "not done within 2 s, so nothing was judged; --time-limit allows more");
    }
    assert_refused(&["python", &path], "it is not a regular file");
}

/// Patterns, members and unions that take minutes; whatever was half written is gone.
#[test]
fn schemas_that_cost_end_at_the_limit() {
    let folder = folder();
    let pattern = |outer: u32| json!({"type": "string", "pattern": format!("^(a{{1000}}){{{outer}}}$")});
    let members = |most: u32| {
        let property = |index: u32| (format!("p{index}"), json!({"type": "integer", "maximum": most}));
        json!({"type": "object", "properties": (0..4000).map(property).collect::<Map<_, _>>(), "additionalProperties": false})
    };
    let doubled = |most: u32| {
        let twice = |index: u32| {
            let next = json!({"$ref": format!("#/$defs/d{}", index + 1)});
            (format!("d{index}"), json!({"allOf": [next, next]}))
        };
        let mut definitions: Map<String, Value> = (0..30).map(twice).collect();
        definitions.insert("d30".to_owned(), json!({"type": "integer", "maximum": most}));
        json!({"$ref": "#/$defs/d0", "$defs": definitions})
    };
    for (name, old, new) in [
        ("pattern", pattern(1000), pattern(999)),
        ("members", members(10), members(9)),
        ("doubled", doubled(10), doubled(9)),
    ] {
        let old = write(folder.path(), &format!("{name}.old.json"), &old);
        let new = write(folder.path(), &format!("{name}.new.json"), &new);
        let report = folder.path().join("report.json").to_string_lossy().into_owned();
        let arguments = ["diff", &old, &new, "--time-limit", LIMIT, "--format", "json", "--output", &report];
        let start = Instant::now();
        let output = tool(&arguments);
        // A faster build may be done in time.
        let is_judged = output.status.code() == Some(10) && Path::new(&report).exists();
        let is_given_up = output.status.code() == Some(30) && stderr(&output).contains("not done within 2 s");
        assert!(is_judged || is_given_up, "{name}: {}", stderr(&output));
        assert!(start.elapsed() < AROUND, "{name}: {:?}", start.elapsed());
        let left: Vec<PathBuf> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        let is_hidden = |path: &&PathBuf| path.file_name().unwrap().to_string_lossy().starts_with('.');
        assert!(!left.iter().any(|path| is_hidden(&path)), "{left:?}");
        if is_judged {
            fs::remove_file(&report).unwrap();
        }
    }
}

/// Definitions that refer to the next one, as values and as members.
#[test]
fn long_chains_of_references_are_followed() {
    let folder = folder();
    let chain = |link: &dyn Fn(Value) -> Value, length: u32, most: u32| {
        let next = |index: u32| link(json!({"$ref": format!("#/$defs/d{}", index + 1)}));
        let mut definitions: Map<String, Value> =
            (0..length).map(|index| (format!("d{index}"), next(index))).collect();
        definitions.insert(format!("d{length}"), json!({"type": "integer", "maximum": most}));
        json!({"$ref": "#/$defs/d0", "$defs": definitions})
    };
    let values: &dyn Fn(Value) -> Value = &|next| next;
    let members: &dyn Fn(Value) -> Value =
        &|next| json!({"type": "object", "properties": {"n": next}, "additionalProperties": false});
    for (name, link, length, codes) in [
        ("values", values, 500, &[10][..]),
        ("members", members, 100, &[10]),
        ("many", members, 3000, &[10, 20, 30]),
    ] {
        let sides = [10, 9]
            .map(|most| write(folder.path(), &format!("{name}{most}.json"), &chain(link, length, most)));
        let output = tool(&["diff", &sides[0], &sides[1], "--time-limit", "20"]);
        let code = output.status.code();
        assert!(code.is_some_and(|code| codes.contains(&code)), "{name}: {code:?} {}", stderr(&output));
    }
    let many = write(folder.path(), "too-many.json", &chain(values, 20_001, 9));
    assert_refused(&["diff", &many, &many], "it has more than 20000 schemas, the limit for one version");
}

#[test]
fn a_folder_of_one_file_and_one_of_two_have_that_one_in_common() {
    let folder = folder();
    for (name, most) in [("one/a.json", 10), ("two/a.json", 9), ("two/b.json", 9)] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, json!({"type": "integer", "maximum": most}).to_string()).unwrap();
    }
    let [one, two] = ["one", "two"].map(|name| folder.path().join(name).to_string_lossy().into_owned());
    for (old, new, words) in [(&one, &two, "document b.json is new"), (&two, &one, "document b.json is gone")]
    {
        let output = tool(&["diff", old, new]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(10), "{said}");
        assert!(said.contains("a.json document") || said.contains("a.json"), "{said}");
        assert!(said.contains(words), "{said}");
    }
}
