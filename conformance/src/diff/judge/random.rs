//! Random documents of a schema, equal for equal seeds.

use serde_json::{Map, Value, json};

use super::{fill::Filler, pool};
use crate::diff::{value::Types, view::View};

/// Deepest nesting of optional values.
const DEPTH_MAX: usize = 5;

/// xorshift64*.
pub(in crate::diff) struct Random(u64);

impl Random {
    pub(in crate::diff) fn new(seed: u64) -> Self {
        Self(seed ^ 0x9E37_79B9_7F4A_7C15)
    }

    pub(in crate::diff) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.max(1);
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16;
        usize::try_from(drawn % (bound.max(1) as u64)).unwrap_or(0)
    }
}

/// A value that the schema takes, or nearly.
pub(super) fn value<'s>(filler: &Filler<'_, 's>, location: &str, random: &mut Random, depth: usize) -> Value {
    if depth > DEPTH_MAX + 1 {
        return filler.least(location).unwrap_or(Value::Null);
    }
    let view = filler.view(location);
    if let Some(values) = view.values().filter(|values| !values.is_empty()) {
        return values[random.below(values.len())].clone();
    }
    for keyword in ["oneOf", "anyOf"] {
        if let Some(Value::Array(branches)) = view.get(keyword)
            && depth <= DEPTH_MAX
            && !branches.is_empty()
        {
            let at = format!("{}/{}", view.place(keyword), random.below(branches.len()));
            let branch = value(filler, &at, random, depth + 1);
            return match (branch, object(filler, &view, random, depth)) {
                (Value::Object(branch), mut base) => {
                    base.extend(branch);
                    base.into()
                }
                (branch, _) => branch,
            };
        }
    }
    if let Some(Value::Array(parts)) = view.get("allOf")
        && depth <= DEPTH_MAX
    {
        let mut members = object(filler, &view, random, depth);
        for index in 0..parts.len() {
            let part = value(filler, &format!("{}/{index}", view.place("allOf")), random, depth + 1);
            match part {
                // The value of an earlier part stays: its schema may be narrower.
                Value::Object(part) => {
                    for (name, value) in part {
                        members.entry(name).or_insert(value);
                    }
                }
                other => return other,
            }
        }
        return members.into();
    }
    of_type(filler, &view, random, depth)
}

fn of_type<'s>(filler: &Filler<'_, 's>, view: &View<'s>, random: &mut Random, depth: usize) -> Value {
    let types = view.types();
    let kinds = [Types::OBJECT, Types::ARRAY, Types::STRING, Types::NUMBER, Types::NULL];
    let kinds: Vec<Types> = kinds.into_iter().filter(|kind| types.has(*kind)).collect();
    let kind = if kinds.is_empty() { Types::NONE } else { kinds[random.below(kinds.len())] };
    let pick = |values: Vec<Value>, random: &mut Random| {
        let at = random.below(values.len());
        values.get(at).cloned().unwrap_or(Value::Null)
    };
    if kind == Types::OBJECT {
        return object(filler, view, random, depth).into();
    }
    if kind == Types::ARRAY {
        let least = view.get("minItems").and_then(Value::as_u64).unwrap_or(0).min(8);
        let count = usize::try_from(least).unwrap_or(0) + random.below(3);
        let items = view.keywords.get("items").filter(|items| items.value.is_object());
        return (0..count)
            .map(|_| items.map_or(json!(1), |items| value(filler, &items.location, random, depth + 1)))
            .collect();
    }
    if kind == Types::STRING {
        return pick(pool::texts(view).into_iter().map(Value::from).collect(), random);
    }
    if kind == Types::NUMBER {
        let mut numbers = pool::numbers(view);
        if types.and(Types::NUMBER) == Types::INTEGER {
            numbers.retain(|number| Types::of_value(number) == Types::INTEGER);
        }
        return pick(numbers, random);
    }
    if kind == Types::NULL { Value::Null } else { (random.below(2) == 0).into() }
}

fn object<'s>(
    filler: &Filler<'_, 's>,
    view: &View<'s>,
    random: &mut Random,
    depth: usize,
) -> Map<String, Value> {
    let mut members = Map::new();
    for (name, place) in &view.properties {
        let needed = view.required.contains_key(name);
        if depth > DEPTH_MAX {
            if needed && let Some(value) = filler.least(place) {
                members.insert((*name).to_owned(), value);
            }
        } else if needed || random.below(3) == 0 {
            members.insert((*name).to_owned(), value(filler, place, random, depth + 1));
        }
    }
    for name in view.required.keys() {
        members.entry(*name).or_insert(json!(1));
    }
    if random.below(6) == 0 && view.get("additionalProperties") != Some(&Value::Bool(false)) {
        members.insert("further_1".to_owned(), filler.further(view));
    }
    members
}
