//! `conformance diff`: every rule by a case, edits at random, our own schemas and their history, the command itself.
//!
//! `CONCORD_DIFF_LONG=1` makes the random parts as long as they are meant to be; `CONCORD_JSONCOMPAT` is the path of the
//! second judge.

mod cases;
mod command;
mod contract;
mod edits;
mod history;
mod judged;
mod lifecycle;
mod random;
mod renamed;
mod rewrites;

use conformance::diff::{Comparison, Direction, Readers, Settings, Side, compare};
use serde_json::Value;

/// A side of one document.
pub(crate) fn side(name: &str, schema: &Value, direction: Direction) -> Side {
    let file = (format!("{name}.json"), schema.to_string());
    Side::of_texts(name, [file], direction).unwrap_or_else(|err| panic!("{err}: {schema}"))
}

/// A comparison of two documents, for readers that refuse unknown members.
pub(crate) fn compared(old: &Value, new: &Value, direction: Direction) -> Comparison {
    let settings =
        Settings { readers: Some(Readers::Refuse), today: "2026-11-30".to_owned(), ..Settings::default() };
    compare(&side("a", old, direction), &side("a", new, direction), &settings).unwrap()
}

/// Whether the random parts are long.
pub(crate) fn is_long() -> bool {
    std::env::var_os("CONCORD_DIFF_LONG").is_some()
}

/// Every breaking finding that validation can show has a document that one version takes and the other refuses.
pub(crate) fn assert_witnesses(old: &Value, new: &Value, compared: &Comparison) {
    let validators =
        [old, new].map(|schema| jsonschema::options().should_validate_formats(true).build(schema).unwrap());
    for finding in &compared.findings {
        for witness in &finding.witnesses {
            let [old_takes, new_takes] =
                [&validators[0], &validators[1]].map(|it| it.is_valid(&witness.document));
            assert_eq!(
                (old_takes, new_takes),
                (witness.old_takes, !witness.old_takes),
                "{finding:?}\n{old}\n{new}"
            );
        }
        let is_shown = finding.rule.layer.as_str() != "wire" || !finding.witnesses.is_empty();
        assert!(is_shown || finding.severity.as_str() != "breaking", "{finding:?}\n{old}\n{new}");
    }
}
