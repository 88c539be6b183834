//! Every pair of consecutive revisions of our schemas is judged.

use conformance::diff::{Direction, Settings, Severity, Side, compare};
use std::process::Command;

use super::is_long;

/// Pairs of one run of the tests, the newest ones. `xtask long` has all.
const PAIRS: usize = 4;

#[test]
fn consecutive_revisions_of_our_schemas_are_judged() {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let revisions = git(&["log", "--format=%H", "--", "../schemas"]);
    let revisions: Vec<&str> = revisions.lines().collect();
    let count = if is_long() { revisions.len() } else { PAIRS + 1 };
    for pair in revisions.windows(2).take(count - 1) {
        let [new, old] = pair else { continue };
        let [old, new] = [old, new].map(|name| Side::read(name, Direction::Both).unwrap());
        let compared = compare(&old, &new, &Settings::default()).unwrap();
        // Each was read by a reviewer; whatever changes must be named and decided.
        let open: Vec<&str> = compared
            .findings
            .iter()
            .filter(|it| it.severity == Severity::Undecided)
            .map(|it| it.what.as_str())
            .collect();
        assert!(open.is_empty(), "{pair:?}: {open:?}");
        assert!(compared.findings.iter().all(|finding| finding.rule.id != "C09"), "{pair:?}");
        assert!(compared.messages > 90, "{pair:?}: {} messages", compared.messages);
    }
}
