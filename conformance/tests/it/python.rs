//! `conformance python`: names of sources that the contract does not know.

use conformance::{python, source::Judged, verdict::Verdict};
use std::{fs, path::Path};

/// Judges a source.
fn judge(text: &str) -> Judged {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("worker.py"), text).expect("the source is written");
    python::judge(folder.path(), Path::new("python3")).expect("Python reads it")
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
