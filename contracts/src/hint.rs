//! Hints of violations: what to write instead of a value that has the wrong JSON type or form.

use serde_json::Value;

use crate::{dictionary::Shape, shown::SHOWN, tree::Tree};

/// The expected value of a shape, in words.
fn wanted(shape: &Shape) -> &'static str {
    match shape {
        Shape::Integer(_) => "an integer",
        Shape::Number(_) => "a number",
        Shape::Boolean => "true or false",
        Shape::Null => "null",
        Shape::List(_) => "a list […]",
        Shape::Object(_) | Shape::Map(_) => "an object {…}",
        _ => "a string in quotes",
    }
}

/// The material of hints at one place of a document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hints<'s> {
    /// A value that the schema gives as an example here.
    pub(crate) example: Option<&'s Value>,
    /// Whether the value was written as JSON. Fields of a path and a query have no quotes that could be left out.
    pub(crate) is_json: bool,
}

impl Hints<'_> {
    /// The hint at a value of the wrong JSON type.
    pub(crate) fn of_type(self, shape: &Shape, said: &Tree) -> String {
        let is_bare = matches!(shape, Shape::Integer(_) | Shape::Number(_) | Shape::Boolean | Shape::Null);
        let is_quoted = is_bare && self.is_json && matches!(said, Tree::Text(_));
        let quotes = if is_quoted { " without quotes" } else { "" };
        let such_as = match shape {
            Shape::Boolean | Shape::Null => String::new(),
            _ => self.such_as(),
        };
        format!("write {}{quotes}{such_as}", wanted(shape))
    }

    /// The hint at a string of the wrong form.
    pub(crate) fn of_form(self) -> String {
        format!("write it in that form{}", self.such_as())
    }

    /// The example, where it is short enough for a hint.
    pub(crate) fn such_as(self) -> String {
        let shown = self.example.map(Value::to_string).filter(|shown| shown.chars().count() <= SHOWN);
        shown.map_or_else(String::new, |shown| format!(", such as {shown}"))
    }
}
