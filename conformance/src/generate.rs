//! Documents generated from the dictionary. Every value is valid by itself, and most are near their limits.

use contracts::{
    checked::{IntegerLimits, ListLimits, NumberLimits},
    dictionary::{Property, Shape, dictionary},
};
use serde_json::{Map, Value, json};

/// A generator; equal seeds give equal documents.
pub struct Generator {
    state: u64,
}

impl Generator {
    /// Of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed ^ 0x9E37_79B9_7F4A_7C15 }
    }

    /// xorshift64*; the state is never 0 in practice, and is stepped over where it is.
    fn next(&mut self) -> u64 {
        self.state = self.state.max(1);
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// A document of a definition. Single values are valid; rules over several fields may be broken.
    ///
    /// # Panics
    /// If the definition is not an object.
    #[must_use]
    pub fn document(&mut self, definition: &str) -> Value {
        self.value("", &dictionary().named(definition).shape)
    }

    fn value(&mut self, name: &str, shape: &Shape) -> Value {
        match dictionary().resolve(shape) {
            Shape::Object(spec) => {
                let mut members = Map::new();
                for property in &spec.properties {
                    if property.required || self.below(2) == 0 {
                        members.insert(property.snake.clone(), self.property(property));
                    }
                }
                members.into()
            }
            Shape::List(list) => {
                let ListLimits { minimum, maximum, unique } = list.limits;
                let most = maximum.min(3).max(minimum);
                let length = minimum + self.below(most - minimum + 1);
                let mut items: Vec<Value> = Vec::new();
                for _ in 0..length {
                    let item = self.value(name, &list.item);
                    if !(unique && items.contains(&item)) {
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
            Shape::Map(_) => json!({"team": "cats", "A b": "é<&>"}),
            &Shape::Integer(IntegerLimits { minimum, maximum, multiple_of }) => {
                let steps = (maximum - minimum).unsigned_abs() / multiple_of.unsigned_abs();
                let step = match self.below(4) {
                    0 => 0,
                    1 => steps,
                    _ => self.below(steps.saturating_add(1)),
                };
                (minimum + step.cast_signed() * multiple_of).into()
            }
            Shape::Number(limits) => self.number(*limits).into(),
            Shape::Enum(spec) => spec.values[self.below(spec.values.len() as u64) as usize].clone().into(),
            Shape::Boolean => (self.below(2) == 0).into(),
            Shape::Text(_) => self.text(name),
            Shape::Null | Shape::Any | Shape::Nullable(_) | Shape::Ref(_) => Value::Null,
        }
    }

    fn property(&mut self, property: &Property) -> Value {
        self.value(&property.snake, &property.shape)
    }

    fn number(&mut self, limits: NumberLimits) -> f64 {
        // Quarters and eighths have one decimal form in every language.
        let (minimum, maximum) = (limits.minimum.value(), limits.maximum.value());
        let span = maximum - minimum;
        let share = (1 + self.below(7)) as f64 / 8.0;
        match self.below(4) {
            0 if !limits.minimum.is_exclusive() => minimum,
            1 if !limits.maximum.is_exclusive() => maximum,
            _ => minimum + span * share,
        }
    }

    fn text(&mut self, name: &str) -> Value {
        let texts: &[&str] = match name {
            "device" => &["auto", "cpu", "cuda:0", "cuda:17"],
            "adapter_name" => &["style", "a-1_b"],
            _ => {
                &["a pier", "日本語 😀", "(a:1.2) \\(b\\) [c]", "x/y.safetensors", "\"quoted\" & <tagged>\n"]
            }
        };
        texts[self.below(texts.len() as u64) as usize].into()
    }
}
