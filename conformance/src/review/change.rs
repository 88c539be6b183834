//! Changes of one snapshot: its JSON documents compared member by member.

use serde_json::Value;

use super::judge;
use crate::display::shorten;

/// What a change is to those who read the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Somebody reads it otherwise, or no more.
    Breaking,
    /// It cannot be told from the snapshot.
    Undecided,
    /// There is more than before.
    Compatible,
    /// A sentence says the same otherwise.
    Wording,
}

impl Kind {
    /// Its name in a review.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::Undecided => "undecided",
            Self::Compatible => "compatible",
            Self::Wording => "wording",
        }
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it is.
    pub kind: Kind,
    /// Where: a pointer into the document.
    pub place: String,
    /// What happened.
    pub what: String,
    /// Who breaks; empty where nobody does.
    pub who: Vec<String>,
}

/// All changes between two contents of a snapshot file.
pub(super) fn changes(before: Option<&str>, after: Option<&str>) -> Vec<Change> {
    let whole = |kind, what: &str| {
        vec![Change { kind, place: "/".to_owned(), what: what.to_owned(), who: Vec::new() }]
    };
    match (before, after) {
        (None, _) => whole(Kind::Compatible, "the snapshot is new"),
        (Some(_), None) => {
            whole(Kind::Undecided, "the snapshot is gone: nothing shows this message any more")
        }
        (Some(before), Some(after)) => {
            let (before, after) = (content(before), content(after));
            if before == after {
                return Vec::new();
            }
            match (documents(before), documents(after)) {
                (Some(before), Some(after)) if before.len() == after.len() => {
                    let mut found = Vec::new();
                    let number = after.len();
                    for (index, (before, after)) in before.iter().zip(&after).enumerate() {
                        let place = if number == 1 { String::new() } else { format!("[{index}]") };
                        compare(&place, before, after, &mut found);
                    }
                    found
                }
                (Some(_), Some(_)) => whole(Kind::Undecided, "there are more or fewer documents than before"),
                _ => whole(Kind::Undecided, "it is text: read the difference"),
            }
        }
    }
}

/// The content of a snapshot, without the head that insta writes.
fn content(text: &str) -> &str {
    let rest = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n"));
    rest.map_or(text, |(_, content)| content).trim_end()
}

/// The JSON documents of a snapshot: one, or one a line.
fn documents(content: &str) -> Option<Vec<Value>> {
    if let Ok(whole) = serde_json::from_str(content) {
        return Some(vec![whole]);
    }
    content.lines().map(serde_json::from_str).collect::<Result<_, _>>().ok()
}

fn compare(place: &str, before: &Value, after: &Value, found: &mut Vec<Change>) {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, value) in old {
                let at = format!("{place}/{name}");
                match new.get(name) {
                    Some(after) => compare(&at, value, after, found),
                    None => found.push(judge::removed(&at, value)),
                }
            }
            for (name, value) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
                found.push(judge::added(&format!("{place}/{name}"), value));
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                compare(&format!("{place}/{index}"), old, new, found);
            }
            for (index, value) in old.iter().enumerate().skip(new.len()) {
                found.push(judge::item_gone(&format!("{place}/{index}"), value));
            }
            for (index, value) in new.iter().enumerate().skip(old.len()) {
                found.push(judge::item_more(&format!("{place}/{index}"), value));
            }
        }
        (old, new) if old == new => {}
        (old, new) => found.push(judge::other(place, old, new)),
    }
}

/// A value as a review shows it.
pub(super) fn shown(value: &Value) -> String {
    shorten(&value.to_string())
}
