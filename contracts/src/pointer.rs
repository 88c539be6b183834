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
