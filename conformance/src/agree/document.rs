//! Sound documents of a definition: every value keeps its own limits. Rules over several fields may be broken.

use contracts::{
    checked::{IntegerLimits, NumberLimits},
    dictionary::{EnumSpec, ObjectSpec, Shape, TextSpec, dictionary},
};
use proptest::{
    strategy::{Strategy as _, ValueTree as _},
    string::string_regex,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

use crate::generate::Generator;

/// Different texts of one pattern.
const TEXTS: usize = 12;

/// One step down a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A member.
    Member(String),
    /// An item of a list.
    Item,
    /// An entry of a map.
    Entry,
}

/// Makes documents; equal dice make equal ones.
pub(super) struct Documents {
    pub(super) dice: Generator,
    texts: HashMap<&'static str, Vec<String>>,
}

impl Default for Documents {
    fn default() -> Self {
        Self { dice: Generator::new(0), texts: HashMap::new() }
    }
}

impl Documents {
    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.dice.below(of.len() as u64) as usize]
    }

    /// A document of an object; of its optional members one in `rare` is there.
    pub(super) fn object(&mut self, spec: &'static ObjectSpec, rare: u64) -> Map<String, Value> {
        let mut members = Map::new();
        for property in &spec.properties {
            if property.required || self.dice.below(rare) == 0 {
                members.insert(property.snake.clone(), self.value(&property.shape, rare));
            }
        }
        members
    }

    /// A sound value of a shape.
    pub(super) fn value(&mut self, shape: &'static Shape, rare: u64) -> Value {
        match dictionary().resolve(shape) {
            Shape::Object(spec) => self.object(spec, rare).into(),
            Shape::List(list) => {
                let most = list.limits.maximum.min(2).max(list.limits.minimum);
                let length = list.limits.minimum + self.dice.below(most - list.limits.minimum + 1);
                let mut items = Vec::new();
                for _ in 0..length {
                    let item = self.value(&list.item, rare);
                    if !(list.limits.unique && items.contains(&item)) {
                        items.push(item);
                    }
                }
                if list.sorted
                    && let Shape::Enum(spec) = dictionary().resolve(&list.item)
                {
                    items.sort_by_key(|item| spec.values.iter().position(|value| item == value));
                }
                items.into()
            }
            Shape::Map(map) => json!({"key": self.value(&map.value, rare)}),
            Shape::Integer(limits) => self.integer(*limits),
            Shape::Number(limits) => self.number(*limits),
            Shape::Text(spec) => self.text(spec).into(),
            Shape::Enum(spec) => self.pick::<String>(&spec.values).clone().into(),
            Shape::Boolean => (self.dice.below(2) == 0).into(),
            Shape::Nullable(inner) => {
                if self.dice.below(3) == 0 {
                    Value::Null
                } else {
                    self.value(inner, rare)
                }
            }
            Shape::Any => json!({"a": 1, "b": [null, "c"]}),
            Shape::Null | Shape::Ref(_) => Value::Null,
        }
    }

    fn integer(&mut self, limits: IntegerLimits) -> Value {
        let least = first_multiple(limits);
        let steps = (limits.maximum - least).unsigned_abs() / limits.multiple_of.unsigned_abs();
        let step = self.dice.below(steps.min(1 << 40).saturating_add(1));
        json!(least + step.cast_signed() * limits.multiple_of)
    }

    fn number(&mut self, limits: NumberLimits) -> Value {
        let (least, most) = (limits.minimum.value(), limits.maximum.value());
        let share = (1 + self.dice.below(15)) as f64 / 16.0;
        let value = least + (most - least) * share;
        // An integer is a number too, and every party must read it as one.
        if value.floor() > least && value < 1e15 && self.dice.below(3) == 0 {
            return json!(value.floor() as i64);
        }
        json!(value)
    }

    /// A text that keeps its length and its pattern.
    pub(super) fn text(&mut self, spec: &'static TextSpec) -> String {
        let Some(pattern) = spec.limits.form.pattern() else {
            let texts =
                ["a pier", "日本語 😀", "x/y.safetensors", "\"quoted\" & <tagged>\n", "e\u{301}", "b"];
            let fits = |text: &&&str| spec.limits.check(text).is_ok();
            let fitting: Vec<&str> = texts.iter().filter(fits).copied().collect();
            return (*self.pick(&fitting)).to_owned();
        };
        let texts = self.texts.entry(pattern).or_insert_with(|| of_pattern(pattern, spec));
        assert!(!texts.is_empty(), "no text keeps {pattern}");
        let texts = texts.clone();
        self.pick(&texts).clone()
    }

    /// Makes sure that a document has a value at the end of a path, and replaces it by `make`'s.
    pub(super) fn place(
        &mut self,
        document: &mut Value,
        shape: &'static Shape,
        path: &[Step],
        rare: u64,
        make: &mut dyn FnMut(&mut Self) -> Value,
    ) {
        let shape = match dictionary().resolve(shape) {
            Shape::Nullable(inner) => dictionary().resolve(inner),
            other => other,
        };
        let Some((step, rest)) = path.split_first() else {
            *document = make(self);
            return;
        };
        if document.is_null() {
            *document = self.value(shape, rare);
        }
        match (step, shape, document) {
            (Step::Member(name), Shape::Object(spec), Value::Object(members)) => {
                let property = spec.property(name).expect("a path is of members");
                let inner = members.entry(name.clone()).or_insert(Value::Null);
                if inner.is_null() && !rest.is_empty() {
                    *inner = self.value(&property.shape, rare);
                }
                self.place(inner, &property.shape, rest, rare, make);
            }
            (Step::Item, Shape::List(list), Value::Array(items)) => {
                if items.is_empty() {
                    items.push(Value::Null);
                }
                self.place(&mut items[0], &list.item, rest, rare, make);
            }
            (Step::Entry, Shape::Map(map), Value::Object(entries)) => {
                let entry = entries.entry("key").or_insert(Value::Null);
                self.place(entry, &map.value, rest, rare, make);
            }
            (step, _, document) => panic!("{step:?} of {document}"),
        }
    }
}

/// The least multiple within limits.
pub(super) fn first_multiple(limits: IntegerLimits) -> i64 {
    limits.minimum + (-limits.minimum).rem_euclid(limits.multiple_of)
}

/// The greatest multiple within limits.
pub(super) fn last_multiple(limits: IntegerLimits) -> i64 {
    limits.maximum - limits.maximum.rem_euclid(limits.multiple_of)
}

fn of_pattern(pattern: &str, spec: &TextSpec) -> Vec<String> {
    let inner = pattern.trim_start_matches('^').trim_end_matches('$');
    let strategy = string_regex(&format!("(?:{inner})")).expect("patterns are linted");
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut texts = Vec::new();
    for _ in 0..TEXTS * 8 {
        let text = strategy.new_tree(&mut runner).expect("a pattern has texts").current();
        if texts.len() < TEXTS && spec.limits.check(&text).is_ok() && !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}

/// A spelling of an enum's value that is not the value, and is accepted or differs in case alone.
pub(super) fn respelt(spec: &EnumSpec, is_accepted: bool, turn: usize) -> String {
    if !is_accepted {
        let value = &spec.values[turn % spec.values.len()];
        let upper = value.to_uppercase();
        return if upper == *value { value.to_lowercase() } else { upper };
    }
    let mut spellings: Vec<&String> =
        spec.spellings.iter().filter(|(_, (_, accepted))| *accepted).map(|(spelling, _)| spelling).collect();
    spellings.sort();
    spellings[turn % spellings.len()].clone()
}
