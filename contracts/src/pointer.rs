//! JSON Pointers (RFC 6901): where a value stands in a document.

use serde_json::{Map, Value};

/// A name as one token of a pointer.
///
/// ```
/// assert_eq!(contracts::pointer::escape("a/b~c"), "a~1b~0c");
/// ```
#[must_use]
pub fn escape(name: &str) -> String {
    if name.contains(['~', '/']) { name.replace('~', "~0").replace('/', "~1") } else { name.to_owned() }
}

/// The name that a token of a pointer means.
///
/// ```
/// assert_eq!(contracts::pointer::unescape("a~1b~0c"), "a/b~c");
/// ```
#[must_use]
pub fn unescape(token: &str) -> String {
    // `~1` first: `~01` is the name `~1`.
    if token.contains('~') { token.replace("~1", "/").replace("~0", "~") } else { token.to_owned() }
}

/// The value at a pointer: [`Value::pointer`] without its two allocations for each token, which most pointers do not need.
///
/// ```
/// use contracts::pointer::get;
/// let document = serde_json::json!({"loras": [{"name": "a"}]});
/// assert_eq!(get(&document, "/loras/0/name").unwrap(), "a");
/// assert!(get(&document, "/loras/1").is_none());
/// ```
#[must_use]
pub fn get<'v>(document: &'v Value, pointer: &str) -> Option<&'v Value> {
    if pointer.is_empty() || pointer.contains('~') {
        return document.pointer(pointer);
    }
    pointer.strip_prefix('/')?.split('/').try_fold(document, |value, token| match value {
        Value::Object(members) => members.get(token),
        Value::Array(items) => items.get(index(token)?),
        _ => None,
    })
}

/// The index that a token means: digits without a sign or a leading zero.
fn index(token: &str) -> Option<usize> {
    let is_index = token == "0" || !token.starts_with(['0', '+']);
    token.parse().ok().filter(|_| is_index)
}

/// Sets the value at a pointer, and makes the objects on the way that are not there.
///
/// Returns whether it is set. It is not where a value on the way is neither an object nor a list that has such an item.
///
/// ```
/// use contracts::pointer::set;
/// use serde_json::json;
///
/// let mut document = json!({"loras": [{"name": "a"}]});
/// assert!(set(&mut document, "/scheduler/steps", 4.into()));
/// assert!(set(&mut document, "/loras/0/weight", 0.5.into()));
/// assert!(!set(&mut document, "/loras/1/weight", 0.5.into()));
/// assert_eq!(document, json!({"loras": [{"name": "a", "weight": 0.5}], "scheduler": {"steps": 4}}));
/// ```
pub fn set(document: &mut Value, pointer: &str, value: Value) -> bool {
    let mut at = document;
    for token in pointer.split('/').skip(1) {
        at = match at {
            Value::Object(members) => {
                members.entry(unescape(token)).or_insert_with(|| Value::Object(Map::new()))
            }
            Value::Array(items) => match token.parse().ok().and_then(|i: usize| items.get_mut(i)) {
                Some(item) => item,
                None => return false,
            },
            _ => return false,
        };
    }
    *at = value;
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::get;

    proptest! {
        #[test]
        fn a_value_is_found_where_serde_json_finds_it(
            tokens in proptest::collection::vec("a|b|0|1|00|[+]1|-1|~0|~1|~01||[a-c0-2~/+]{0,3}", 0..5),
            begin in "/?",
        ) {
            let inner = json!({"a": [1, {"b": 2, "": 3, "0": 4}], "~": {"/": 5, "~1": 6}, "": {"": 7}, "0": [[8], 9]});
            let document = json!([inner, {"a": inner, "b": inner, "1": inner}]);
            for root in [&document, &inner, &json!(1)] {
                let pointer = format!("{begin}{}", tokens.join("/"));
                prop_assert_eq!(get(root, &pointer), root.pointer(&pointer), "{}", pointer);
            }
        }
    }
}
