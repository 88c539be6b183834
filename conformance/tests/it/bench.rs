//! `conformance bench`: what it saves, what it compares with, and its exit codes. No test asserts a time: a worker that is
//! slow on purpose is compared with itself without the fault, by a threshold that no noise reaches.

use crate::{simulated_worker, tool};
use conformance::bench::saved::SCHEMA;
use serde_json::{Value, json};
use std::path::Path;

/// The exit code, stdout and stderr of a short run.
fn bench(flags: &[&str], worker: &[&str]) -> (i32, String, String) {
    let program = simulated_worker();
    let head =
        [&["bench", "--rounds", "5", "--timeout", "20"], flags, &["--", program.to_str().unwrap()]].concat();
    let output = tool(&[&head[..], &["--load-ms", "0", "--step-ms", "0"], worker].concat());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

/// Beyond what a busy machine does to a ratio.
const FAR: [&str; 2] = ["--threshold", "20"];

#[test]
fn a_worker_that_became_slow_is_a_regression() {
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("saved.json");
    let saved = saved.to_str().unwrap();
    let (code, text, said) = bench(&["--save", saved], &[]);
    assert_eq!(code, 0, "{text}{said}");
    let document: Value = serde_json::from_slice(&std::fs::read(saved).unwrap()).unwrap();
    let schema = serde_json::from_str(SCHEMA).unwrap();
    assert!(jsonschema::is_valid(&schema, &document), "{document:#}");
    let figures = document["figures"].as_array().unwrap();
    assert_eq!(figures.len(), 9);
    for figure in figures {
        assert!(text.contains(figure["name"].as_str().unwrap()), "{text}");
    }
    // The same worker is within the threshold; 100 ms for each query are more than a thousand times what they took.
    let compare = [&["--compare", saved], &FAR[..]].concat();
    let (code, text, said) = bench(&compare, &[]);
    // On a busy machine it may be undecided, and is never broken.
    assert!([0, 20].contains(&code), "{text}{said}");
    let (code, text, said) = bench(&compare, &["--fault", "slow:100@get_status"]);
    assert_eq!(code, 10, "{text}{said}");
    for (is_broken, figure) in [(true, "dispatch"), (false, "decode"), (false, "memory")] {
        let line = text.lines().find(|line| line.contains(&format!("{figure}: "))).unwrap();
        assert_eq!(line.starts_with("broken"), is_broken, "{text}");
    }
}

/// A file that says nothing of a run is refused before the run; nothing is compared, so nothing is ok.
#[test]
fn without_a_saved_run_nothing_is_compared() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    let run = |profile: &str, figures: Value| {
        json!({"format": "concord-conformance-bench/1", "profile": profile, "figures": figures}).to_string()
    };
    let figure = |samples: Value| json!([{"name": "decode", "better": "lower", "samples": samples}]);
    let unreadable = folder.path().to_str().unwrap().to_owned();
    let other = if profile == "debug" { "release" } else { "debug" };
    for (path, said) in [
        ("/no/such/file".to_owned(), "No such file"),
        (unreadable, "directory"),
        (file("empty", ""), "not a saved run"),
        (file("report", r#"{"format":"concord-conformance/1"}"#), "not a saved run"),
        (file("version", &run(profile, json!([])).replace("bench/1", "bench/9")), "its format is"),
        (file("profile", &run(other, json!([]))), "build of this tool"),
        (file("figures", &run(profile, json!([]))), "other figures: decode"),
        (file("samples", &run(profile, figure(json!([])))), "ascending ratios"),
        (file("zero", &run(profile, figure(json!([0.0])))), "ascending ratios"),
    ] {
        let (code, text, stderr) = bench(&["--compare", &path], &[]);
        assert_eq!((code, text.as_str()), (30, ""), "{path}: {stderr}");
        assert!(stderr.contains(said) && stderr.lines().count() <= 2, "{path}: {stderr}");
    }
}

#[test]
fn what_cannot_be_measured_is_never_ok() {
    for (code, command) in [
        (30, &["/no/such/worker"][..]),
        (10, &["true"]),
        (10, &["sleep", "1000"]),
        // It answers no job.
        (10, &["cat"]),
    ] {
        let flags = ["bench", "--rounds", "1", "--timeout", "1", "--"];
        let output = tool(&[&flags[..], command].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            (output.status.code(), output.stdout.is_empty()),
            (Some(code), true),
            "{command:?}: {said}"
        );
        assert_eq!(said.lines().count(), 1, "{command:?}: {said}");
    }
    for flags in [
        &["--rounds", "0"][..],
        &["--threshold", "-1"],
        &["--threshold", "1"],
        &["--save", "/no/such/folder/x"],
    ] {
        assert_eq!(bench(flags, &[]).0, 30, "{flags:?}");
    }
    assert!(!Path::new("/no/such/folder").exists());
}
