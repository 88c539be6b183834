//! Proofs that an edit takes no value away: all values are tried, or the lengths of a pattern are known.

use regex_syntax::hir::{Class, Hir, HirKind};
use serde_json::{Value, json};

use super::fill::Filler;
use crate::diff::{value::Types, view::View};

/// Integers that are tried one by one at most.
const INTEGERS_MAX: f64 = 20_000.0;

/// Whether every value that one schema takes is taken by the other. `false` says nothing.
pub(super) fn is_within(takes: &Filler<'_, '_>, from: &str, refuses: &Filler<'_, '_>, to: &str) -> bool {
    let view = takes.view(from);
    if let Some(all) = all(&view) {
        return all.iter().all(|value| {
            takes.judge.takes(from, value) == Some(false) || refuses.judge.takes(to, value) == Some(true)
        });
    }
    is_length(&view, &refuses.view(to))
}

/// All values of a schema that has few.
fn all(view: &View<'_>) -> Option<Vec<Value>> {
    if let Some(mut values) = view.values() {
        if view.nullable {
            values.push(json!(null));
        }
        return Some(values);
    }
    let of = |name: &str| view.get(name).and_then(Value::as_f64);
    if view.types() != Types::INTEGER {
        return None;
    }
    let least = of("minimum").or_else(|| of("exclusiveMinimum"))?.ceil();
    let most = of("maximum").or_else(|| of("exclusiveMaximum"))?.floor();
    if most - least > INTEGERS_MAX || least.abs().max(most.abs()) > 9e15 {
        return None;
    }
    Some((least as i64..=most as i64).map(Value::from).collect())
}

/// Whether the texts of a pattern have lengths that the other schema takes, and nothing else is asked of them.
fn is_length(view: &View<'_>, other: &View<'_>) -> bool {
    let bound = |name: &str| other.get(name).and_then(Value::as_u64);
    let more = ["pattern", "format", "enum", "const", "not", "allOf", "anyOf", "oneOf", "if", "$ref"];
    if view.types() != Types::STRING
        || more.iter().any(|name| other.get(name).is_some())
        || !other.types().has(Types::STRING)
    {
        return false;
    }
    let Some((least, most)) = view.get("pattern").and_then(Value::as_str).and_then(lengths) else {
        return false;
    };
    bound("minLength").is_none_or(|bound| least >= bound)
        && bound("maxLength").is_none_or(|bound| most <= bound)
}

/// Least and greatest length of the texts of an anchored pattern of ASCII.
fn lengths(pattern: &str) -> Option<(u64, u64)> {
    let hir = regex_syntax::parse(pattern).ok()?;
    let properties = hir.properties();
    let looks = |set: regex_syntax::hir::LookSet, look| set.contains(look);
    let is_anchored = looks(properties.look_set_prefix(), regex_syntax::hir::Look::Start)
        && looks(properties.look_set_suffix(), regex_syntax::hir::Look::End);
    // Lengths are of bytes: one a character, of ASCII alone.
    if !is_anchored || !is_ascii(&hir) {
        return None;
    }
    Some((properties.minimum_len()? as u64, properties.maximum_len()? as u64))
}

fn is_ascii(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Literal(literal) => literal.0.is_ascii(),
        HirKind::Class(Class::Unicode(class)) => class.ranges().iter().all(|range| range.end().is_ascii()),
        HirKind::Class(Class::Bytes(_)) => false,
        HirKind::Repetition(repetition) => is_ascii(&repetition.sub),
        HirKind::Capture(capture) => is_ascii(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().all(is_ascii),
    }
}

#[cfg(test)]
mod tests {
    use super::lengths;

    #[test]
    fn only_an_anchored_pattern_of_ascii_has_lengths() {
        for (pattern, expected) in [
            ("^a{2,4}$", Some((2, 4))),
            ("^(?:ab|c)$", Some((1, 2))),
            ("^ab|c$", None),
            ("a{2,4}", None),
            ("^[^a]$", None),
            ("^a+$", None),
        ] {
            assert_eq!(lengths(pattern), expected, "{pattern}");
        }
    }
}
