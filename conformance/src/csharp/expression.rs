//! Constant expressions: the arguments of attributes, and constants.

use tree_sitter::Node;

use super::{
    syntax::{children, field, name_of, text_of},
    type_name::TypeName,
};

/// An expression, as far as attributes need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    /// A string.
    Text(String),
    /// An integer.
    Integer(i64),
    /// A name, with what stands before it: `Keys.Prompt`.
    Path(Vec<String>),
    /// `+` or `|` between two.
    Both(Box<Expression>, Box<Expression>),
    /// `typeof(T)`.
    TypeOf(TypeName),
    /// Anything else, as it is written.
    Other(String),
}

/// Reads an expression.
pub(super) fn read(node: Node<'_>, source: &str) -> Expression {
    let other = || Expression::Other(text_of(node, source));
    match node.kind() {
        "string_literal" | "verbatim_string_literal" | "raw_string_literal" => {
            Expression::Text(string(&text_of(node, source)))
        }
        "integer_literal" | "prefix_unary_expression" => {
            let digits = text_of(node, source).replace([' ', '_'], "");
            digits.parse().map_or_else(|_| other(), Expression::Integer)
        }
        "identifier" => Expression::Path(vec![name_of(node, source)]),
        "member_access_expression" | "qualified_name" => {
            let text = text_of(node, source);
            Expression::Path(text.split('.').map(|part| part.trim().to_owned()).collect())
        }
        "binary_expression" => match (field(node, "left"), field(node, "right")) {
            (Some(left), Some(right)) => {
                Expression::Both(Box::new(read(left, source)), Box::new(read(right, source)))
            }
            _ => other(),
        },
        "parenthesized_expression" => children(node).first().map_or_else(other, |inner| read(*inner, source)),
        "typeof_expression" => {
            children(node).first().map_or_else(other, |of| Expression::TypeOf(TypeName::of(*of, source)))
        }
        "invocation_expression" => {
            let text = text_of(node, source);
            match text.strip_prefix("nameof(").and_then(|rest| rest.strip_suffix(')')) {
                Some(name) => Expression::Text(
                    name.rsplit('.').next().unwrap_or(name).trim().trim_start_matches('@').to_owned(),
                ),
                None => other(),
            }
        }
        _ => other(),
    }
}

/// The value of a string literal of any of the three forms.
fn string(literal: &str) -> String {
    if let Some(verbatim) = literal.strip_prefix('@') {
        return verbatim.trim_matches('"').replace("\"\"", "\"");
    }
    if literal.starts_with("\"\"\"") {
        return literal.trim_matches('"').trim().to_owned();
    }
    let inner = literal.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(literal);
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            Some('0') => text.push('\0'),
            Some('u') => {
                let digits: String = chars.by_ref().take(4).collect();
                text.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
            }
            other => text.extend(other),
        }
    }
    text
}
