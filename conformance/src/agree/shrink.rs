//! The least payload on which a party still disagrees: members, items and characters are taken away while it does.

use serde_json::Value;

use super::payload::Payload;

/// Questions that a shrinking may ask.
const QUESTIONS_MAX: usize = 400;

/// Shrinks a payload; `still` says whether the smaller one shows the disagreement.
pub(super) fn shrink(payload: &Payload, still: &mut dyn FnMut(&Payload) -> bool) -> Payload {
    let mut least = payload.clone();
    let mut questions = 0;
    loop {
        let smaller = smaller(&least.snake).into_iter().find_map(|snake| {
            questions += 1;
            let smaller = Payload { snake, ..least.clone() };
            (questions <= QUESTIONS_MAX && still(&smaller)).then_some(smaller)
        });
        match smaller {
            Some(smaller) => least = smaller,
            None => return least,
        }
    }
}

/// The document without one of its parts, the largest parts first.
fn smaller(document: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    match document {
        Value::Object(members) => {
            for name in members.keys() {
                let mut less = members.clone();
                less.remove(name);
                found.push(less.into());
            }
            for (name, value) in members {
                for value in smaller(value) {
                    let mut less = members.clone();
                    less.insert(name.clone(), value);
                    found.push(less.into());
                }
            }
        }
        Value::Array(items) => {
            // Halves first: a list of a thousand items is not emptied one by one.
            if items.len() > 1 {
                found.push(items[..items.len() / 2].to_vec().into());
                found.push(items[items.len() / 2..].to_vec().into());
            }
            for index in 0..items.len().min(8) {
                let mut less = items.clone();
                less.remove(index);
                found.push(less.into());
            }
            for (index, value) in items.iter().enumerate().take(8) {
                for value in smaller(value) {
                    let mut less = items.clone();
                    less[index] = value;
                    found.push(less.into());
                }
            }
        }
        Value::String(text) if text.chars().count() > 1 => {
            let half = text.chars().count() / 2;
            found.push(text.chars().take(half).collect::<String>().into());
            found.push(text.chars().skip(half).collect::<String>().into());
        }
        _ => {}
    }
    found
}
