//! Edits of our contract and of plain documents, each with the verdict that a reviewer gave before the tool was asked.

use conformance::diff::{Comparison, Direction, Settings, Severity, Side, compare};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

use super::{
    contract::{FILES, side as contract},
    side,
};

#[derive(Deserialize)]
struct Judged {
    nr: String,
    what: String,
    /// What the reviewer said.
    reviewer: String,
    /// Of our contract: pointers into its files, with the new value, or with none where it is taken out.
    #[serde(default)]
    files: BTreeMap<String, Vec<Vec<Value>>>,
    /// Of plain documents.
    old: Option<Value>,
    new: Option<Value>,
    /// The worst severity may be one of these.
    worst: Option<Vec<String>>,
    /// The same of each direction.
    request: Option<Vec<String>>,
    response: Option<Vec<String>>,
}

fn worst(compared: &Comparison) -> &'static str {
    compared.findings.first().map_or("none", |finding| finding.severity.as_str())
}

/// Edits one file of the contract. `-` is the end of a list.
fn apply(file: &mut Value, patch: &[Value]) {
    let pointer = patch[0].as_str().expect("a pointer");
    let (owner, name) = pointer.rsplit_once('/').expect("a pointer below the file");
    let name = name.replace("~1", "/").replace("~0", "~");
    match (file.pointer_mut(owner).unwrap_or_else(|| panic!("{pointer}")), patch.get(1)) {
        (Value::Object(owner), Some(value)) => drop(owner.insert(name, value.clone())),
        (Value::Object(owner), None) => assert!(owner.shift_remove(&name).is_some(), "{pointer}"),
        (Value::Array(owner), Some(value)) if name == "-" => owner.push(value.clone()),
        (Value::Array(owner), Some(value)) => owner[name.parse::<usize>().unwrap()] = value.clone(),
        (Value::Array(owner), None) => drop(owner.remove(name.parse().unwrap())),
        _ => panic!("{pointer}"),
    }
}

fn compared(judged: &Judged, old: &Side, direction: Direction) -> Comparison {
    let settings = Settings { today: "2026-11-30".to_owned(), ..Settings::default() };
    if let (Some(old), Some(new)) = (&judged.old, &judged.new) {
        return compare(&side("a", old, direction), &side("a", new, direction), &settings).unwrap();
    }
    let mut files = FILES.clone();
    for (name, patches) in &judged.files {
        let file = files.get_mut(name).unwrap_or_else(|| panic!("{name}"));
        patches.iter().for_each(|patch| apply(file, patch));
    }
    compare(old, &contract("new", &files), &settings).unwrap()
}

#[test]
fn each_edit_has_the_verdict_of_its_reviewer() {
    let judged: Vec<Judged> = serde_json::from_str(include_str!("../data/judged_edits.json")).unwrap();
    let old = contract("old", &FILES);
    let mut wrong = Vec::new();
    for judged in &judged {
        let asked = [
            (Direction::Both, &judged.worst),
            (Direction::Request, &judged.request),
            (Direction::Response, &judged.response),
        ];
        for (direction, expected) in asked {
            let Some(expected) = expected else { continue };
            let compared = compared(judged, &old, direction);
            let found: Vec<String> = compared
                .findings
                .iter()
                .filter(|it| it.severity > Severity::Info)
                .map(|it| format!("{} {} {}", it.severity.as_str(), it.rule.id, it.what))
                .collect();
            let unexplained = compared.findings.iter().any(|it| it.rule.id == "C09");
            if unexplained || !expected.iter().any(|one| one == worst(&compared)) {
                let Judged { nr, what, reviewer, .. } = judged;
                wrong.push(format!(
                    "{nr} {direction}: {what}: {reviewer}, not {}: {found:?}",
                    worst(&compared)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), judged.len(), wrong.join("\n"));
}
