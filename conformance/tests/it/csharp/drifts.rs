//! The drifts of `data/drifts.json` that C# sources show, each in a source of `tests/drifts`: found in its line, by its class.

use conformance::{csharp::Sources, dotnet::Options, source::Judged, verdict::Verdict};
use serde::Deserialize;
use std::{collections::BTreeSet, fs};

use super::marked::{findings, folder, marks, undecided};

#[derive(Deserialize)]
struct Drift {
    id: String,
    class: String,
    source: Option<Source>,
}

#[derive(Deserialize)]
struct Source {
    file: String,
    options: String,
    /// Types whose definition names do not tell.
    #[serde(default)]
    map: Vec<(String, String)>,
}

fn judge(file: &str, options: &str, map: &[(String, String)]) -> Judged {
    let sources = Sources::read(&[folder("drifts").join(file)]).expect("the source");
    sources.judge(&[Options::named(options).expect("a known set")], map)
}

#[test]
fn each_drift_that_a_source_shows_is_found_in_its_line() {
    let drifts: Vec<Drift> =
        serde_json::from_str(include_str!("../../../data/drifts.json")).expect("the table");
    let mut files = BTreeSet::from(["converter.cs".to_owned(), "options.cs".to_owned()]);
    let mut wrong = Vec::new();
    for Drift { id, class, source } in &drifts {
        let Some(Source { file, options, map }) = source else { continue };
        let judged = judge(file, options, map);
        let marked = marks(&folder("drifts").join(file)).into_iter();
        let expected: BTreeSet<_> = marked.map(|(file, line, _)| (file, line, class.clone())).collect();
        assert!(!expected.is_empty(), "{id}: {file} marks no line");
        if findings(&judged) != expected || judged.verdict() != Verdict::Broken {
            wrong.push(format!("{id}: {expected:?} expected: {judged:#?}"));
        }
        files.insert(file.clone());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let there = fs::read_dir(folder("drifts")).expect("the folder");
    let there: BTreeSet<String> =
        there.map(|one| one.expect("an entry").file_name().to_string_lossy().into()).collect();
    assert_eq!(there, files, "each source has a row, and each row its source");
}

#[test]
fn a_converter_and_options_set_elsewhere_are_undecided_in_their_lines() {
    for file in ["converter.cs", "options.cs"] {
        let judged = judge(file, "default", &[]);
        assert_eq!(undecided(&judged), marks(&folder("drifts").join(file)), "{judged:#?}");
        assert_eq!(judged.verdict(), Verdict::Undecided, "{judged:#?}");
    }
}
