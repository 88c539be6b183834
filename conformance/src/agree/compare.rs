//! Compares the answers of two parties to one payload, and says in one sentence how they differ.

use serde_json::Value;
use std::collections::BTreeSet;

use super::answer::Answer;

/// One disagreement of a party with Rust, in a sentence.
pub(super) fn disagreement(rust: &Answer, party: &str, answer: &Answer) -> Option<String> {
    match party {
        "schema" => of_schema(rust, answer),
        "csharp" => of_model(rust, answer),
        _ => of_whole(rust, answer),
    }
}

/// A validator knows no rules over several fields.
fn of_schema(rust: &Answer, answer: &Answer) -> Option<String> {
    let expected = rust.breaks_schema() || (rust.refuses && rust.found.is_none());
    (answer.refuses != expected).then(|| verdicts(answer.refuses, expected))
}

/// Classes without limits bind more than the contract allows, never less.
fn of_model(rust: &Answer, answer: &Answer) -> Option<String> {
    if let Some(Value::String(differs)) = &answer.value {
        return Some(differs.clone());
    }
    (answer.refuses && !rust.refuses).then(|| verdicts(true, false))
}

fn of_whole(rust: &Answer, answer: &Answer) -> Option<String> {
    if answer.refuses != rust.refuses {
        return Some(verdicts(answer.refuses, rust.refuses));
    }
    if let (Some(theirs), Some(ours)) = (&answer.found, &rust.found) {
        // Python names no rules.
        let same = |a: &super::answer::Found, b: &super::answer::Found| {
            a.at == b.at && a.code == b.code && (a.rule == b.rule || a.rule.is_none())
        };
        let extra = theirs.iter().find(|found| !ours.iter().any(|other| same(found, other)));
        if let Some(extra) = extra {
            return Some(format!("it names {} at `{}`, and Rust does not", extra.code, extra.at));
        }
        let is_all = answer.is_all && rust.is_all;
        let lacking = ours.iter().find(|found| !theirs.iter().any(|other| same(other, found)));
        if let Some(lacking) = lacking.filter(|_| is_all) {
            return Some(format!("Rust names {} at `{}`, and it does not", lacking.code, lacking.at));
        }
    }
    if let (Some(theirs), Some(ours)) = (&answer.warnings, &rust.warnings)
        && theirs != ours
    {
        let listed = |warnings: &BTreeSet<(String, String)>| {
            let all: Vec<String> = warnings.iter().map(|(code, at)| format!("{code} at {at}")).collect();
            if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
        };
        return Some(format!("it warns of {}, Rust of {}", listed(theirs), listed(ours)));
    }
    let values =
        [("value", &answer.value, &rust.value), ("effective value", &answer.effective, &rust.effective)];
    values.into_iter().find_map(|(what, theirs, ours)| match (theirs, ours) {
        (Some(theirs), Some(ours)) if !equal(theirs, ours) => {
            Some(format!("its {what} is {theirs}, Rust's is {ours}"))
        }
        _ => None,
    })
}

fn verdicts(theirs: bool, ours: bool) -> String {
    let word = |refuses: bool| if refuses { "refuses" } else { "accepts" };
    format!("it {} the document, and Rust {} it", word(theirs), word(ours))
}

/// Equal as values: `2` and `2.0` are.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a == b,
            _ => a.as_f64() == b.as_f64(),
        },
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}
