//! The judgement of one change, and who breaks by it.

use contracts::naming::snake_lower;
use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeMap, sync::LazyLock};

use super::change::{Change, Kind, shown};

/// Members whose strings are for people: another wording breaks nobody.
const WORDS: [&str; 9] =
    ["message", "error", "hint", "description", "title", "detail", "warnings", "summary", "why"];

/// A row of the table of what the C# bridge binds.
#[derive(Deserialize)]
struct Bound {
    actions: Vec<String>,
    members: BTreeMap<String, String>,
}

static BINDING: LazyLock<Vec<Bound>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../data/binding.json")).expect("the table is tested")
});

/// The last name on the way to a place.
fn name(place: &str) -> &str {
    let mut names = place.rsplit('/').filter(|token| token.parse::<usize>().is_err());
    names.next().unwrap_or(place)
}

fn is_words(place: &str) -> bool {
    WORDS.contains(&snake_lower(name(place)).as_str())
}

/// Those who read a member by its name.
fn readers(place: &str) -> Vec<String> {
    let member = name(place);
    let own = snake_lower(member);
    let binds = BINDING.iter().filter_map(|row| {
        let (bound, kind) = row.members.iter().find(|(bound, _)| snake_lower(bound) == own)?;
        Some(format!("the C# bridge binds {bound}: {kind} of {}", row.actions.join(", ")))
    });
    let mut readers: Vec<String> = binds.collect();
    if readers.is_empty() {
        readers.push(format!("whoever reads {member}"));
    }
    readers
}

/// A member is gone.
pub(super) fn removed(place: &str, before: &Value) -> Change {
    let what = format!("it is gone; it was {}", shown(before));
    Change { kind: Kind::Breaking, place: place.to_owned(), what, who: readers(place) }
}

/// A member is new. Replies are closed: a strict reader of the version before refuses it.
pub(super) fn added(place: &str, after: &Value) -> Change {
    let what = format!("it is new: {}", shown(after));
    let who = vec!["strict readers of the version before: replies are closed".to_owned()];
    Change { kind: Kind::Compatible, place: place.to_owned(), what, who }
}

/// A list is shorter.
pub(super) fn item_gone(place: &str, before: &Value) -> Change {
    if is_words(place) {
        return Change {
            kind: Kind::Wording,
            place: place.to_owned(),
            what: "a sentence less".to_owned(),
            who: Vec::new(),
        };
    }
    let what = format!("the item is gone: {}", shown(before));
    Change { kind: Kind::Breaking, place: place.to_owned(), what, who: readers(place) }
}

/// A list is longer.
pub(super) fn item_more(place: &str, after: &Value) -> Change {
    let what = format!("one item more: {}", shown(after));
    Change { kind: Kind::Compatible, place: place.to_owned(), what, who: Vec::new() }
}

/// A value is another.
pub(super) fn other(place: &str, before: &Value, after: &Value) -> Change {
    let what = format!("{} is now {}", shown(before), shown(after));
    let kind = match (before, after) {
        (Value::String(_), Value::String(_)) if is_words(place) => Kind::Wording,
        _ => Kind::Breaking,
    };
    let who = if kind == Kind::Breaking { readers(place) } else { Vec::new() };
    Change { kind, place: place.to_owned(), what, who }
}
