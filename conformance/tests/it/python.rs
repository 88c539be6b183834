//! `conformance python`: names of sources that the contract does not know.

use conformance::{contract::Tables, python, source::Judged, verdict::Verdict};
use std::{fs, path::Path};

/// Judges a source.
fn judge(text: &str) -> Judged {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("worker.py"), text).expect("the source is written");
    python::judge(folder.path(), Path::new("python3"), Tables::own()).expect("Python reads it")
}

fn found(judged: &Judged) -> Vec<String> {
    let line =
        |one: &conformance::source::Finding| format!("{} {} {}", one.place.line, one.class, one.subject);
    judged.findings.iter().map(line).collect()
}

#[test]
fn names_that_the_contract_does_not_know_have_their_lines() {
    let judged = judge(
        r#"
def handle(payload):
    submission = payload["prompt_submission"]
    scheduler = submission.get("scheduler", {})
    steps = scheduler.get("stesp", 20)
    name = scheduler["type"]
    if "ModelId" in payload:
        pass
    return {"success": True, "data": {"generation_tme_seconds": 1.0}}
"#,
    );
    assert_eq!(
        found(&judged),
        ["5 G-NAMES stesp", "7 G-CASE ModelId", "9 G-NAMES generation_tme_seconds"],
        "{judged:#?}"
    );
    assert_eq!(judged.verdict(), Verdict::Broken);
}

#[test]
fn a_computed_name_and_a_broken_file_are_undecided() {
    let judged = judge("def handle(payload, key):\n    return payload[key]\n");
    assert_eq!((judged.undecided.len(), judged.verdict()), (1, Verdict::Undecided), "{judged:#?}");
    assert_eq!(judge("def (:\n").verdict(), Verdict::Undecided);
}

#[test]
fn what_is_no_payload_is_passed_over() {
    let judged = judge(
        "import os\n\ndef home(cache):\n    return cache.get('nothing'), os.environ['HOME'], {'a': 1}\n",
    );
    assert_eq!((found(&judged), judged.verdict()), (Vec::new(), Verdict::Ok), "{judged:#?}");
}

#[test]
fn a_part_of_something_else_is_no_payload_whatever_it_is_called() {
    let judged = judge(
        r#"
import inspect

def known(table, cls):
    for kind, data in table["formats"].items():
        print(data["base64_starts"])
    starts = {start: kind for kind, data in table.items() for start in data["starts"]}
    data = getattr(cls, "data", None)
    values = data[kind]
    return "rescale" in inspect.signature(cls).parameters, {"action": cls.name, "fields": values}
"#,
    );
    assert_eq!((found(&judged), judged.undecided.len()), (Vec::new(), 0), "{judged:#?}");
    // The same names of a payload are read.
    let judged = judge(
        r#"
def known(payload, fields):
    for data in payload["requests"]:
        print(data["base64_starts"])
    parameters = fields.get("parameters")
    return parameters["stepz"], {"action": "get_status", "fields": 1}
"#,
    );
    assert_eq!(
        found(&judged),
        ["4 G-NAMES base64_starts", "6 G-NAMES fields", "6 G-NAMES stepz"],
        "{judged:#?}"
    );
}

#[test]
fn names_that_are_tried_in_turn_may_be_of_each_dialect() {
    let tried = |names: &str| {
        judge(&format!(
            "def id_of(frame):\n    return [frame[name] for name in ({names}) if name in frame]\n"
        ))
    };
    let judged = tried("\"request_id\", \"RequestId\"");
    assert_eq!((found(&judged), judged.verdict()), (Vec::new(), Verdict::Ok), "{judged:#?}");
    assert_eq!(found(&tried("\"RequestId\", \"requestId\"")), ["2 G-CASE RequestId", "2 G-CASE requestId"]);
}

#[test]
fn a_program_that_reads_nothing_has_not_judged() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("worker.py"), "payload = {}\n").expect("the source is written");
    let judged = python::judge(folder.path(), Path::new("true"), Tables::own());
    assert!(judged.is_err_and(|err| err.to_string().contains("did not read")));
}

#[test]
fn a_source_that_python_cannot_decode_is_undecided() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("latin.py"), b"name = '\xe9'\n").expect("the source is written");
    fs::write(folder.path().join("said.py"), b"# coding: latin-1\nname = '\xe9'\n")
        .expect("the source is written");
    let judged =
        python::judge(folder.path(), Path::new("python3"), Tables::own()).expect("Python reads them");
    assert_eq!((judged.undecided.len(), judged.verdict()), (1, Verdict::Undecided), "{judged:#?}");
}

#[test]
fn our_own_workers_know_every_name() {
    let workers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../workers/concord_workers");
    let judged = python::judge(&workers, Path::new("python3"), Tables::own()).expect("Python reads them");
    assert_eq!(found(&judged), Vec::<String>::new(), "{judged:#?}");
    assert!(judged.compared.len() > 100, "{}", judged.compared.len());
    // Both names come from tables of the contract; a further computed name must be read before it is added here.
    let computed: Vec<String> = judged
        .undecided
        .iter()
        .map(|one| format!("{} {}", one.place.file.file_name().expect("a file").display(), one.why))
        .collect();
    assert_eq!(
        computed,
        ["submission.py the name prop.snake is computed", "self_test.py the name section is computed"]
    );
}
