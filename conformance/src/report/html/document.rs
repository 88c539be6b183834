//! Messages of the evidence: JSON with an indent, and a mark at the place of the finding.

use serde_json::Value;

use super::part::text;
use crate::{finding::evidence, party::transcript::Message};

/// A message as markup: indented if it is JSON and was kept whole, else as it was written.
pub(super) fn of_message(message: &Message, pointer: Option<&str>) -> String {
    let Some((head, document)) = evidence::document(message) else { return text(&message.text) };
    let head = if head.is_empty() { String::new() } else { format!("{}\n", text(head.trim_end())) };
    let mut indented = Indented { markup: head, pointer };
    indented.value(&document, "", 0);
    indented.markup
}

/// Characters of a value in one line.
const LINE_MAX: usize = 64;

struct Indented<'p> {
    markup: String,
    pointer: Option<&'p str>,
}

impl Indented<'_> {
    fn value(&mut self, value: &Value, at: &str, depth: usize) {
        if !self.has_the_place_below(value, at)
            && let Some(line) = in_a_line(value)
        {
            self.markup.push_str(&text(&line));
            return;
        }
        match value {
            Value::Object(members) if !members.is_empty() => {
                let names = members.keys().map(|name| escaped(name));
                let items = members.iter().zip(names).map(|((name, value), place)| {
                    (format!("{}: ", Value::from(name.as_str())), place, value)
                });
                self.list('{', '}', items, at, depth);
            }
            Value::Array(items) if !items.is_empty() => {
                let items = items.iter().enumerate();
                let items = items.map(|(index, value)| (String::new(), index.to_string(), value));
                self.list('[', ']', items, at, depth);
            }
            // Numbers, texts and what is empty take no line of their own.
            other => self.markup.push_str(&text(&other.to_string())),
        }
    }

    fn list<'v>(
        &mut self,
        open: char,
        close: char,
        items: impl ExactSizeIterator<Item = (String, String, &'v Value)>,
        at: &str,
        depth: usize,
    ) {
        self.markup.push(open);
        let last = items.len() - 1;
        for (index, (name, place, value)) in items.enumerate() {
            let at = format!("{at}/{place}");
            self.line(depth + 1);
            let is_marked = self.pointer.is_some_and(|pointer| is_the_place(&at, pointer));
            self.markup.push_str(if is_marked { "<mark>" } else { "" });
            self.markup.push_str(&text(&name));
            self.value(value, &at, depth + 1);
            self.markup.push_str(if is_marked { "</mark>" } else { "" });
            self.markup.push_str(if index == last { "" } else { "," });
        }
        self.line(depth);
        self.markup.push(close);
    }

    /// Whether the place of the finding is within a value, and not the value itself.
    fn has_the_place_below(&self, value: &Value, at: &str) -> bool {
        let is_it = |name: &str, value: &Value| {
            let at = format!("{at}/{name}");
            self.pointer.is_some_and(|pointer| is_the_place(&at, pointer))
                || self.has_the_place_below(value, &at)
        };
        match value {
            Value::Object(members) => members.iter().any(|(name, value)| is_it(&escaped(name), value)),
            Value::Array(items) => {
                items.iter().enumerate().any(|(index, item)| is_it(&index.to_string(), item))
            }
            _ => false,
        }
    }

    fn line(&mut self, depth: usize) {
        self.markup.push('\n');
        self.markup.push_str(&"  ".repeat(depth));
    }
}

/// A short value, or a list of plain ones, which has a line for all.
fn in_a_line(value: &Value) -> Option<String> {
    let is_plain = |value: &Value| !value.is_object() && !value.is_array();
    let is_plain_list = value.as_array().is_some_and(|items| items.iter().all(is_plain));
    let line = spaced(value);
    (is_plain_list || line.chars().count() <= LINE_MAX).then_some(line)
}

/// A value in one line, with a blank after each comma, where a browser may begin another.
fn spaced(value: &Value) -> String {
    let joined = |items: Vec<String>| items.join(", ");
    match value {
        Value::Array(items) => format!("[{}]", joined(items.iter().map(spaced).collect())),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| {
                format!("{}: {}", Value::from(name.as_str()), spaced(value))
            };
            format!("{{{}}}", joined(members.iter().map(member).collect()))
        }
        plain => plain.to_string(),
    }
}

/// A name as pointers have it.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Whether a pointer, which may begin below the root, points here.
fn is_the_place(at: &str, pointer: &str) -> bool {
    // A pointer begins with a slash: what is before it ends with a whole name.
    at.strip_suffix(pointer).is_some_and(|before| before.matches('/').count() <= evidence::DEPTH)
}

#[cfg(test)]
mod tests {
    use super::of_message;
    use crate::party::transcript::{Direction, Message};

    #[test]
    fn json_is_indented_and_the_place_is_marked() {
        let message = |text: &str| Message { direction: Direction::Received, text: text.to_owned() };
        let reply = r#"{"a":{"<b>":[1,{}],"c/d":null},"b":[2,{"e":"f"}]}"#;
        assert_eq!(
            of_message(&message(reply), Some("/<b>/0")),
            "{\n  &quot;a&quot;: {\n    &quot;&lt;b&gt;&quot;: [\n      <mark>1</mark>,\n      {}\n    ],\n    \
             &quot;c/d&quot;: null\n  },\n  &quot;b&quot;: [2, {&quot;e&quot;: &quot;f&quot;}]\n}"
        );
        let marked = of_message(&message(&format!("200 {reply}")), Some("/a/c~1d"));
        assert!(marked.starts_with("200\n{\n"), "{marked}");
        assert!(marked.contains("<mark>&quot;c/d&quot;: null</mark>\n"), "{marked}");
        assert_eq!(of_message(&message("<no json>"), None), "&lt;no json&gt;");
    }
}
