//! Comparisons of small reports.

use serde_json::{Value, json};
use std::path::PathBuf;

use super::{compare, human, json as programs, read, reasons};
use crate::verdict::Verdict;

fn report(target: &str, checks: &Value, replies: &Value) -> Value {
    json!({
        "format": "concord-conformance/1", "target": target, "target_file": "a.out", "not_run": 0,
        "left_out": [{"begins": "http", "why": "a worker has no routes"}], "checks": checks, "replies": replies,
    })
}

fn reply(members: Value) -> Value {
    json!([{"scenario": "s.one", "command": "get_status", "outcome": "ok", "members": members}])
}

/// The verdict on reports in files of these names, and both printed forms.
fn compared(reports: &[(&str, Value)], further: &[Value]) -> Result<(Verdict, String, Value), String> {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: String, document: &Value| {
        let path = folder.path().join(name);
        std::fs::write(&path, document.to_string()).unwrap();
        path
    };
    let paths: Vec<PathBuf> =
        reports.iter().map(|(name, report)| file(format!("{name}.json"), report)).collect();
    let sides = read::reports(&paths).map_err(|err| err.to_string())?;
    let further: Vec<PathBuf> = further.iter().map(|rows| file("reasons.json".to_owned(), rows)).collect();
    let reasons = reasons::read(&further).map_err(|err| err.to_string())?;
    let compared = compare(&sides, &reasons).map_err(|err| err.to_string())?;
    let mut text = Vec::new();
    human::write(&compared, &mut text).unwrap();
    let document = programs::document(&compared);
    let schema = serde_json::from_str(programs::SCHEMA).unwrap();
    let errors: Vec<String> = jsonschema::validator_for(&schema)
        .unwrap()
        .iter_errors(&document)
        .map(|err| err.to_string())
        .collect();
    assert_eq!(errors, Vec::<String>::new(), "{document:#}");
    Ok((compared.verdict(), String::from_utf8(text).unwrap(), document))
}

fn two() -> [(&'static str, Value); 2] {
    let worker = json!([
        {"id": "s.one.same", "outcome": "passed"},
        {"id": "s.one.other", "outcome": "passed"},
        {"id": "s.one.both", "outcome": "failed", "why": "no"},
        {"id": "s.two.lone", "outcome": "passed"},
        {"id": "s.two.lacks", "outcome": "skipped", "why": "needs --lora"},
    ]);
    let gateway = json!([
        {"id": "s.one.same", "outcome": "passed"},
        {"id": "s.one.other", "outcome": "failed", "why": "3 in place of 4"},
        {"id": "s.one.both", "outcome": "failed", "why": "never"},
        {"id": "s.two.lacks", "outcome": "passed"},
        {"id": "http.a.b", "outcome": "passed"},
        {"id": "http.a.c", "outcome": "failed", "why": "404"},
    ]);
    let mine = reply(
        json!({"/data": ["object"], "/data/state": ["string"], "/data/models": ["list"], "/data/up": ["number"]}),
    );
    let theirs = reply(json!({
        "/data": ["object"], "/data/state": ["number", "string"], "/data/models": ["list"], "/data/models/*": ["object"],
        "/data/models/*/id": ["string"], "/data/gpus": ["list"], "/data/gpus/*": ["object"],
    }));
    [("sim", report("worker", &worker, &mine)), ("http", report("gateway", &gateway, &theirs))]
}

#[test]
fn what_differs_for_no_reason_is_broken() {
    let (verdict, text, document) = compared(&two(), &[]).unwrap();
    assert_eq!(verdict, Verdict::Broken);
    insta::assert_snapshot!("human", text);
    insta::assert_snapshot!("json", format!("{document:#}"));
}

#[test]
fn a_reason_of_the_caller_must_explain_something() {
    let rows = |members: &[&str]| vec![json!([{"reason": "a pool has several", "members": members}])];
    let (_, text, _) = compared(&two(), &rows(&["get_status /data/gpus", "* /data/up"])).unwrap();
    assert!(
        text.contains("reason    1: a pool has several") && text.contains("3 differences without one"),
        "{text}"
    );
    let unused = compared(&two(), &rows(&["get_status /data/gp"])).unwrap_err();
    assert!(unused.starts_with("get_status /data/gp differs in no target"), "{unused}");
    assert!(compared(&two(), &[json!({})]).unwrap_err().contains("reasons.json is no list of reasons"));
}

#[test]
fn equal_targets_agree_and_strangers_have_nothing_in_common() {
    let [worker, _] = two();
    let (verdict, text, _) = compared(&[("a", worker.1.clone()), ("b", worker.1.clone())], &[]).unwrap();
    assert_eq!(verdict, Verdict::Ok, "{text}");
    let other = report("gateway", &json!([{"id": "http.a.b", "outcome": "passed"}]), &json!([]));
    let (verdict, text, _) = compared(&[worker, ("b", other)], &[]).unwrap();
    assert_eq!(verdict, Verdict::CouldNotRun, "{text}");
}

/// What a target no longer answered was not left out.
#[test]
fn a_run_that_ended_early_explains_nothing() {
    let [(_, worker), (_, mut gateway)] = two();
    let mut early = worker;
    early["not_run"] = 2.into();
    gateway["checks"] =
        json!([{"id": "http.a.b", "outcome": "passed"}, {"id": "s.one.same", "outcome": "passed"}]);
    early["checks"] = json!([{"id": "s.one.same", "outcome": "passed"}]);
    let (verdict, text, _) = compared(&[("early", early), ("http", gateway)], &[]).unwrap();
    assert_eq!(verdict, Verdict::Broken);
    assert!(text.contains("differs   http.a.b\n          early: it did not run"), "{text}");
}

#[test]
fn a_file_that_is_no_report_is_refused_by_its_name() {
    let [worker, _] = two();
    for (document, words) in [
        (json!({}), "b.json is no JSON report of this tool: missing field"),
        (json!([]), "b.json is no JSON report of this tool: invalid"),
        (
            {
                let mut other = worker.1.clone();
                other["format"] = "concord-conformance-mutants/1".into();
                other
            },
            "its format is concord-conformance-mutants/1",
        ),
    ] {
        let why = compared(&[worker.clone(), ("b", document)], &[]).unwrap_err();
        assert!(why.contains(words), "{why}");
    }
    let missing = read::reports(&["/no/such/report.json".into()]).unwrap_err().to_string();
    assert!(missing.starts_with("/no/such/report.json: No such file"), "{missing}");
}
