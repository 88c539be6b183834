//! Bounds of numbers, lengths and counts; patterns and formats.

use serde_json::Value;
use std::cmp::Ordering;

use super::{Hint, Pair, Walk, edit_of};
use crate::diff::{pattern, value::Types, view::View};

/// The largest integer that a double holds exactly.
const SAFE_MAX: f64 = 9_007_199_254_740_991.0;

/// A bound of numbers: its value, and whether it is none itself.
#[derive(Clone, Copy)]
struct Bound {
    value: f64,
    /// The same, where it is whole: beyond 2^53 neighbours are one as doubles.
    whole: Option<i128>,
    exclusive: bool,
}

impl Bound {
    fn of(value: &Value, exclusive: bool) -> Option<Self> {
        let float = value.as_f64()?;
        let exact = value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
        // A double of this size holds the whole number that it says.
        let whole =
            exact.or_else(|| (float.fract() == 0.0 && float.abs() <= SAFE_MAX).then_some(float as i128));
        Some(Self { value: float, whole, exclusive })
    }

    fn order(&self, other: &Self) -> Ordering {
        match (self.whole, other.whole) {
            (Some(own), Some(other)) => own.cmp(&other),
            _ => self.value.total_cmp(&other.value),
        }
    }

    /// The tightest whole bound: an exclusive one is the inclusive one beside it.
    fn of_integers(self, up: i128) -> Self {
        let whole = match self.whole {
            Some(whole) if self.exclusive => whole + up,
            Some(whole) => whole,
            None if self.value.abs() > SAFE_MAX => return Self { exclusive: false, ..self },
            None => (if up > 0 { self.value.ceil() } else { self.value.floor() }) as i128,
        };
        Self { value: whole as f64, whole: Some(whole), exclusive: false }
    }
}

impl PartialEq for Bound {
    fn eq(&self, other: &Self) -> bool {
        self.order(other).is_eq() && self.exclusive == other.exclusive
    }
}

/// Lower bounds of sizes; absent is 0. The upper ones have none if absent.
const SIZES: [(&str, &str, Types); 3] = [
    ("minLength", "maxLength", Types::STRING),
    ("minItems", "maxItems", Types::ARRAY),
    ("minProperties", "maxProperties", Types::OBJECT),
];

impl Walk<'_> {
    pub(super) fn bounds(&mut self, pair: &Pair<'_, '_>) {
        let types = pair.old.types().and(pair.new.types());
        if types.has(Types::NUMBER) {
            self.numbers(pair, "minimum", "exclusiveMinimum", 1);
            self.numbers(pair, "maximum", "exclusiveMaximum", -1);
            self.multiples(pair);
        }
        for (least, most, of) in SIZES {
            if types.has(of) {
                self.size(pair, least, 1.0);
                self.size(pair, most, -1.0);
            }
        }
        if types.has(Types::STRING) {
            self.texts(pair, "pattern");
            self.texts(pair, "format");
        } else if pair.old.get("format") != pair.new.get("format") {
            self.texts(pair, "format");
        }
    }

    /// `up` is 1 for lower bounds, of which a larger one is tighter, and −1 for upper ones.
    fn numbers(&mut self, pair: &Pair<'_, '_>, inclusive: &'static str, exclusive: &'static str, up: i128) {
        let (old, new) =
            (bound(pair.old, inclusive, exclusive, up), bound(pair.new, inclusive, exclusive, up));
        if old == new {
            return;
        }
        let keyword = |view: &View<'_>| {
            let bound = bound(view, inclusive, exclusive, up);
            if bound.is_some_and(|bound| bound.exclusive) { exclusive } else { inclusive }
        };
        let (old_keyword, new_keyword) = (keyword(pair.old), keyword(pair.new));
        let (named, edit) = match (old, new) {
            (None, _) => (new_keyword, "added"),
            (_, None) => (old_keyword, "removed"),
            (Some(old), Some(new)) if old.order(&new).is_eq() => {
                (inclusive, if new.exclusive { "exclusive" } else { "inclusive" })
            }
            (Some(old), Some(new)) => {
                (new_keyword, if new.order(&old).is_gt() { "raised" } else { "lowered" })
            }
        };
        let values = [(pair.old, old_keyword), (pair.new, new_keyword)]
            .map(|(view, keyword)| view.get(keyword).cloned());
        let [before, after] = values;
        let places = (pair.old.place(old_keyword), pair.new.place(new_keyword));
        let noted = self.note(pair, named, edit);
        (noted.before, noted.after) = (before, after.clone());
        (noted.old, noted.new) = (Some(places.0), Some(places.1));
        noted.rejects = &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];
        let leaves = |bound: Option<Bound>| bound.is_none_or(|bound| bound.value.abs() > SAFE_MAX);
        let integers = pair.new.types().and(Types::NUMBER) == Types::INTEGER;
        if integers && leaves(new) && !leaves(old) {
            self.note(pair, inclusive, "unsafe").after = after;
        }
    }

    fn multiples(&mut self, pair: &Pair<'_, '_>) {
        let (old, new) = (pair.old.get("multipleOf"), pair.new.get("multipleOf"));
        let (old, new) = (old.and_then(Value::as_f64), new.and_then(Value::as_f64));
        let divides = |one: f64, other: f64| (other / one).fract() == 0.0;
        let edit = match (old, new) {
            (None, None) => return,
            // Every integer is a multiple of 1.
            (None, Some(new)) if is_free(pair, new) => return,
            (Some(old), None) if is_free(pair, old) => return,
            (None, Some(_)) => "added",
            (Some(_), None) => "removed",
            (Some(old), Some(new)) if old == new => return,
            (Some(old), Some(new)) if divides(old, new) => "raised",
            (Some(old), Some(new)) if divides(new, old) => "lowered",
            _ => "changed",
        };
        let noted = self.note(pair, "multipleOf", edit);
        noted.rejects = &["multipleOf"];
        let multiples = [old, new]
            .into_iter()
            .flatten()
            .flat_map(|step| (0..9).map(move |times| step * f64::from(times)));
        let start = bound(pair.old, "minimum", "exclusiveMinimum", 1).map_or(0.0, |bound| bound.value);
        noted.hints = multiples.map(|value| Hint::Value(number(near(start, value)))).collect();
    }

    fn size(&mut self, pair: &Pair<'_, '_>, keyword: &'static str, up: f64) {
        let of = |view: &View<'_>| view.get(keyword).and_then(Value::as_f64);
        // A size is never below 0.
        let absent = if up > 0.0 { 0.0 } else { f64::INFINITY };
        let (old, new) = (of(pair.old).unwrap_or(absent), of(pair.new).unwrap_or(absent));
        if old == new {
            return;
        }
        let edit = match (of(pair.old), of(pair.new)) {
            (None, _) => "added",
            (_, None) => "removed",
            _ if new > old => "raised",
            _ => "lowered",
        };
        let rejects: &'static [&'static str] = match keyword {
            "minLength" => &["minLength"],
            "maxLength" => &["maxLength"],
            "minItems" => &["minItems"],
            "maxItems" => &["maxItems"],
            "minProperties" => &["minProperties"],
            _ => &["maxProperties"],
        };
        self.note(pair, keyword, edit).rejects = rejects;
    }

    fn texts(&mut self, pair: &Pair<'_, '_>, keyword: &'static str) {
        let (old, new) = (pair.old.get(keyword), pair.new.get(keyword));
        if old == new {
            return;
        }
        if keyword == "pattern" && are_known_equal(old, new) {
            return;
        }
        let width = |value: Option<&Value>| {
            let widths =
                ["int32", "int64", "uint32", "uint64", "int8", "int16", "uint8", "uint16", "float", "double"];
            value.and_then(Value::as_str).is_none_or(|name| widths.contains(&name))
        };
        if keyword == "format" && width(old) && width(new) {
            self.note(pair, "format", "width");
            return;
        }
        let rejects: &'static [&'static str] = if keyword == "format" { &["format"] } else { &["pattern"] };
        self.note(pair, keyword, edit_of(old, new)).rejects = rejects;
    }
}

/// Whether two patterns are known to take the same texts: they have one tree, in which the order of a class is gone. Nothing
/// is known of a pattern without a tree; its change is noted, and documents decide it.
fn are_known_equal(old: Option<&Value>, new: Option<&Value>) -> bool {
    let tree = |value: Option<&Value>| pattern::tree(value?.as_str()?);
    tree(old).is_some_and(|old| Some(old) == tree(new))
}

/// A step that every integer of the pair is a multiple of.
fn is_free(pair: &Pair<'_, '_>, step: f64) -> bool {
    let types = pair.old.types().and(pair.new.types()).and(Types::NUMBER);
    types == Types::INTEGER && (1.0 / step).fract() == 0.0
}

/// The tighter of the two bounds. Of integers, an exclusive bound is the inclusive one beside it.
fn bound(view: &View<'_>, inclusive: &str, exclusive: &str, up: i128) -> Option<Bound> {
    let bounds = [(inclusive, false), (exclusive, true)];
    let bounds =
        bounds.into_iter().filter_map(|(name, is_exclusive)| Bound::of(view.get(name)?, is_exclusive));
    let tightest = bounds.max_by(|one, other| {
        let order = one.order(other);
        let order = if up > 0 { order } else { order.reverse() };
        order.then(one.exclusive.cmp(&other.exclusive))
    })?;
    let is_of_integers = view.types().and(Types::NUMBER) == Types::INTEGER;
    Some(if is_of_integers { tightest.of_integers(up) } else { tightest })
}

/// A multiple that lies near a bound.
fn near(start: f64, value: f64) -> f64 {
    if value == 0.0 { start } else { (start / value).ceil() * value }
}

/// A number without a fraction where it has none.
pub(in crate::diff) fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() <= SAFE_MAX {
        Value::from(value as i64)
    } else {
        Value::from(value)
    }
}
