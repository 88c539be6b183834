//! Every pair of consecutive revisions of our schemas is judged, as a reviewer judged it who read all of them.

use conformance::diff::{Direction, Settings, Severity, Side, compare};
use serde::Deserialize;
use std::{collections::BTreeSet, process::Command};

use super::is_long;

/// Pairs of one run of the tests, the newest ones. `xtask long` has all.
const PAIRS: usize = 4;

/// The rule of a breaking change without a new version. It says nothing of what breaks.
const KEPT_VERSION: &str = "L05";

/// A pair that breaks somebody, and the reviewer says why. All others are compatible.
#[derive(Deserialize)]
struct Breaking {
    /// The trees of the folder, whose names a rewritten history keeps.
    old: String,
    new: String,
    breaking: BTreeSet<String>,
}

fn git(arguments: &[&str]) -> String {
    let output = Command::new("git").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn consecutive_revisions_of_our_schemas_have_the_verdicts_of_a_reviewer() {
    let known: Vec<Breaking> = serde_json::from_str(include_str!("../data/history.json")).unwrap();
    let revisions = git(&["log", "--format=%H", "--", "../schemas"]);
    let revisions: Vec<&str> = revisions.lines().collect();
    let count = if is_long() { revisions.len() } else { PAIRS + 1 };
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for pair in revisions.windows(2).take(count - 1) {
        let [new, old] = pair else { continue };
        let trees = [old, new].map(|revision| git(&["rev-parse", &format!("{revision}:schemas")]));
        let sides = [old, new].map(|name| Side::read(name, Direction::Both).unwrap());
        let compared = compare(&sides[0], &sides[1], &Settings::default()).unwrap();
        let of = |severity: Severity| -> BTreeSet<String> {
            let found = compared.findings.iter().filter(|it| it.severity == severity);
            found.map(|it| it.rule.id.clone()).filter(|id| id != KEPT_VERSION).collect()
        };
        let is_it = |row: &&Breaking| trees[0].starts_with(&row.old) && trees[1].starts_with(&row.new);
        let expected = known.iter().find(is_it).map_or_else(BTreeSet::new, |row| row.breaking.clone());
        seen += usize::from(!expected.is_empty());
        if of(Severity::Breaking) != expected || !of(Severity::Undecided).is_empty() {
            wrong.push(format!("{}..{}: {:?}", trees[0].trim(), trees[1].trim(), compared.findings));
        }
        assert!(compared.messages > 90, "{pair:?}: {} messages", compared.messages);
    }
    assert!(wrong.is_empty(), "a person must read these, and say so in data/history.json: {wrong:#?}");
    assert!(!is_long() || seen == known.len(), "{seen} of {} known pairs are in the history", known.len());
}
