//! What a whole comparison says of versions: whether a breaking change has a new one, and what older supported ones lose.

use serde_json::Value;

use super::{Comparison, Finding, Severity, finding::Scope, rule, walk::Edit};
use crate::contract::{Direction, Kind, Side};

/// Where a side says its version, and the version.
fn version(side: &Side) -> Option<(String, String)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match side.kind {
        Kind::Contract => {
            let versions = side.tables.get("limits")?.get("protocol_versions")?.as_array()?;
            Some(("/$defs/limits.json/protocol_versions".to_owned(), text(versions.last()?)?))
        }
        Kind::OpenApi | Kind::Schemas => {
            let place = if side.kind == Kind::OpenApi { "/info/version" } else { "/x-version" };
            side.files.keys().find_map(|key| {
                let location = format!("/$defs/{}{place}", contracts::pointer::escape(key));
                let version = text(side.at(&location)?)?;
                Some((location, version))
            })
        }
    }
}

/// The part of a version that must change with a breaking change: the first number, of `0.x` the second too; a day is whole.
fn major(version: &str) -> &str {
    let parts: Vec<&str> = version.splitn(3, '.').collect();
    match parts.as_slice() {
        ["0", minor, ..] => &version[..2 + minor.len()],
        [major, ..] => major,
        [] => version,
    }
}

/// The edit of a version that stayed although something breaks.
pub(super) fn kept_version(scope: &Scope<'_>, findings: &[Finding]) -> Option<Edit> {
    let breaks = findings.iter().any(|finding| finding.severity == Severity::Breaking);
    let ((old, before), (new, after)) = (version(scope.old)?, version(scope.new)?);
    (breaks && major(&before) == major(&after)).then(|| Edit {
        rule: rule::of_any("version", "kept"),
        name: "version".to_owned(),
        before: Some(before.into()),
        after: Some(after.into()),
        old: Some(old),
        new: Some(new),
        key: None,
        nodes: Vec::new(),
        told: Some(Direction::Both),
        rejects: &[],
        hints: Vec::new(),
        harmless: None,
    })
}

/// Adds what an older version that is still supported loses, and the last one does not.
pub(super) fn add_older(compared: &mut Comparison, older: Comparison) {
    let rule = rule::of_any("version", "older");
    let is_known = |finding: &Finding| {
        compared.findings.iter().any(|known| {
            known.rule.id == finding.rule.id && known.name == finding.name && known.new == finding.new
        })
    };
    let name = older.old;
    let lost = older.findings.into_iter().filter(|finding| {
        finding.severity >= Severity::Undecided && finding.rule.id != "L05" && !is_known(finding)
    });
    let lost: Vec<Finding> = lost
        .map(|finding| Finding {
            what: format!("{name} is still supported ({}): {}", finding.rule.id, finding.what),
            fingerprint: super::finding::fingerprint(&[&name, &finding.fingerprint]),
            rule,
            ..finding
        })
        .collect();
    compared.findings.extend(lost);
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn a_breaking_change_needs_another_first_number() {
        for (version, expected) in
            [("1.2.3", "1"), ("0.3.1", "0.3"), ("2", "2"), ("2026-11-30", "2026-11-30"), ("0", "0")]
        {
            assert_eq!(major(version), expected);
        }
    }
}
