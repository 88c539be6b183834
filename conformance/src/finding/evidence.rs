//! The evidence of a finding: the documents in its messages, and the place in them that its reason names.

use serde_json::Value;

use crate::party::transcript::Message;

/// The document in a message that was kept whole, and what stands before it: the route or the status of an exchange over HTTP.
#[must_use]
pub fn document(message: &Message) -> Option<(&str, Value)> {
    let (head, body) = message.text.split_at(message.text.find('{')?);
    Some((head, serde_json::from_str(body).ok()?))
}

/// The pointer in a reason that points into a document of the messages.
///
/// A reason is a sentence, in which a path of a file looks like a pointer: only what is found in a document is one.
#[must_use]
pub fn pointer<'w>(why: &'w str, transcript: &[Message]) -> Option<&'w str> {
    let documents: Vec<Value> =
        transcript.iter().rev().filter_map(document).map(|(_, document)| document).collect();
    let is_end = |character: char| character.is_whitespace() || "\"'`,;()".contains(character);
    let words = why.split(is_end).map(|word| word.trim_end_matches([':', '.']));
    let mut pointers = words.filter(|word| word.starts_with('/') && word.len() > 1);
    pointers.find(|pointer| documents.iter().any(|document| points_into(document, pointer, DEPTH)))
}

/// Levels below which a pointer may begin: `payload`, `data`, and the submission in one of them.
pub(crate) const DEPTH: usize = 2;

fn points_into(document: &Value, pointer: &str, depth: usize) -> bool {
    let is_there = || document.pointer(pointer).is_some();
    // A member that is missing has a place all the same.
    let has_a_place = || {
        let (parent, _) = pointer.rsplit_once('/').unwrap_or(("", pointer));
        !parent.is_empty() && document.pointer(parent).is_some_and(Value::is_object)
    };
    let below = || {
        document.as_object().is_some_and(|all| all.values().any(|one| points_into(one, pointer, depth - 1)))
    };
    document.is_object() && (is_there() || has_a_place() || depth > 0 && below())
}

#[cfg(test)]
mod tests {
    use super::pointer;
    use crate::party::transcript::{Direction, Message};

    fn message(direction: Direction, text: &str) -> Message {
        Message { direction, text: text.to_owned() }
    }

    #[test]
    fn only_what_is_in_a_document_is_a_pointer() {
        let sent = message(
            Direction::Sent,
            r#"{"action":"generate_sdxl","payload":{"prompt_submission":{"scheduler":{"steps":151}}}}"#,
        );
        let received = message(
            Direction::Received,
            "422 application/json {\"success\":false,\"data\":{\"images\":[{\"path\":\"/tmp/x.png\"}]}}",
        );
        let seen = [sent, received];
        for (why, found) in [
            ("/data/images/0/path: 3 in place of 4", Some("/data/images/0/path")),
            ("no picture at /tmp/x.png, and none at /data/images/0/path.", Some("/data/images/0/path")),
            ("/data/images/0/width: 64 is missing", Some("/data/images/0/width")),
            ("an error at \"/scheduler/steps\"", Some("/scheduler/steps")),
            ("/data/seed_used: is missing", Some("/data/seed_used")),
            ("/tmp/x.png is no picture", None),
            ("a/b and / and //", None),
            ("", None),
        ] {
            assert_eq!(pointer(why, &seen), found, "{why}");
        }
    }
}
