//! Proofs that an edit takes no value away: all values are tried, or the lengths of a pattern are known.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look};
use serde_json::{Value, json};

use super::fill::Filler;
use crate::diff::{pattern, value::Types, view::View};

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
    let other = refuses.view(to);
    is_length(&view, &other) || is_pattern_within(&view, &other)
}

/// Keywords of texts whose narrowing or widening is told of by their own rules.
const OF_TEXTS: [&str; 6] = ["format", "enum", "const", "not", "if", "$ref"];

/// Whether the texts of one pattern are texts of the other, and nothing else is asked of them. Both are rows of classes with
/// counts, in which inclusion is a comparison part by part.
fn is_pattern_within(view: &View<'_>, other: &View<'_>) -> bool {
    let rows = |view: &View<'_>| rows(&pattern::tree(view.get("pattern")?.as_str()?)?);
    let bound = |view: &View<'_>, name: &str| view.get(name).and_then(Value::as_u64);
    let is_wider = |least: &str, most: &str| {
        bound(other, least).is_none_or(|other| bound(view, least).is_some_and(|own| own >= other))
            && bound(other, most).is_none_or(|other| bound(view, most).is_some_and(|own| own <= other))
    };
    if view.types() != Types::STRING
        || !other.types().has(Types::STRING)
        || OF_TEXTS.iter().chain(&["allOf", "anyOf", "oneOf"]).any(|name| other.get(name).is_some())
        || !is_wider("minLength", "maxLength")
    {
        return false;
    }
    let (Some(own), Some(others)) = (rows(view), rows(other)) else { return false };
    own.len() == others.len()
        && own.iter().zip(&others).all(|(own, other)| {
            let within = |class: &ClassUnicode| {
                let mut both = own.class.clone();
                both.intersect(class);
                both == own.class
            };
            within(&other.class)
                && own.least >= other.least
                && other.most.is_none_or(|most| own.most.is_some_and(|own| own <= most))
        })
}

/// A class of characters that stands some times.
struct Row {
    class: ClassUnicode,
    least: u32,
    most: Option<u32>,
}

/// The rows of an anchored pattern that is made of nothing else.
fn rows(hir: &Hir) -> Option<Vec<Row>> {
    let HirKind::Concat(parts) = hir.kind() else { return None };
    let (first, rest) = parts.split_first()?;
    let (last, inner) = rest.split_last()?;
    if *first.kind() != HirKind::Look(Look::Start) || *last.kind() != HirKind::Look(Look::End) {
        return None;
    }
    let mut found = Vec::new();
    for part in inner {
        match part.kind() {
            HirKind::Repetition(repetition) => {
                let class = class_of(&repetition.sub)?;
                found.push(Row { class, least: repetition.min, most: repetition.max });
            }
            HirKind::Literal(literal) => {
                for character in std::str::from_utf8(&literal.0).ok()?.chars() {
                    let range = ClassUnicodeRange::new(character, character);
                    found.push(Row { class: ClassUnicode::new([range]), least: 1, most: Some(1) });
                }
            }
            _ => found.push(Row { class: class_of(part)?, least: 1, most: Some(1) }),
        }
    }
    Some(found)
}

fn class_of(hir: &Hir) -> Option<ClassUnicode> {
    match hir.kind() {
        HirKind::Class(Class::Unicode(class)) => Some(class.clone()),
        HirKind::Capture(capture) => class_of(&capture.sub),
        HirKind::Literal(literal) => {
            let mut characters = std::str::from_utf8(&literal.0).ok()?.chars();
            let (one, None) = (characters.next()?, characters.next()) else { return None };
            Some(ClassUnicode::new([ClassUnicodeRange::new(one, one)]))
        }
        _ => None,
    }
}

/// All values of a schema that has few.
fn all(view: &View<'_>) -> Option<Vec<Value>> {
    if let Some(mut values) = view.values() {
        if view.nullable {
            values.push(json!(null));
        }
        return Some(values);
    }
    let few = [(Types::BOOLEAN, json!([true, false])), (Types::NULL, json!([null]))];
    if view.types().without(Types::BOOLEAN.or(Types::NULL)) == Types::NONE {
        let kinds = few.iter().filter(|(kind, _)| view.types().has(*kind));
        return Some(
            kinds.flat_map(|(_, values)| values.as_array().into_iter().flatten().cloned()).collect(),
        );
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
    let hir = pattern::tree(pattern)?;
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
