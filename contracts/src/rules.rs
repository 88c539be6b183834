//! Rules over several fields, as `schemas/rules.json` writes them.

use serde_json::Value;

use crate::{
    condition::Condition,
    dictionary::{Dictionary, Shape},
    generated::{error_code::ErrorCode, warning_code::WarningCode},
};

/// One rule; pointers are relative to its definition, `*` is each item of a list.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its id, stable.
    pub id: String,
    kind: Kind,
    fields: Vec<String>,
    when: Option<Condition>,
    outcome: Outcome,
    message: String,
}

/// What a broken rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A fault.
    Fault(ErrorCode),
    /// A warning.
    Warning(WarningCode),
}

#[derive(Clone, Debug)]
enum Kind {
    ProductAtMost(f64),
    LastSeedAtMost(f64),
    FloorProductAtLeast(f64),
    LessThan,
    Requires(String),
    ScaledAtMost(f64),
    ScaledProductAtMost(f64),
    Forbidden(Condition),
    NotBoth,
    RequiredWhen,
    ExactlyOne,
    Same,
    AtLeastOne,
    WeightZero,
}

/// A rule that a document breaks.
#[derive(Clone, Debug, PartialEq)]
pub struct Breach {
    /// What it is.
    pub outcome: Outcome,
    /// The fields it compares, canonical, from the rule's document; the last one that was written is to blame.
    pub fields: Vec<String>,
    /// One sentence.
    pub message: String,
    /// The lower limit.
    pub minimum: Option<f64>,
    /// The upper limit.
    pub maximum: Option<f64>,
}

impl Rule {
    /// Reads a rule of the bundle.
    ///
    /// # Panics
    /// On a form that the lint of the schemas refuses.
    #[must_use]
    pub fn of(rule: &Value) -> Self {
        let text = |key: &str| rule[key].as_str().unwrap_or_else(|| panic!("{key}: {rule}")).to_owned();
        let number = |key: &str| rule[key].as_f64().unwrap_or_else(|| panic!("{key}: {rule}"));
        let code = text("code");
        Self {
            id: text("id"),
            kind: match rule["kind"].as_str().expect("a rule has a kind") {
                "product_at_most" => Kind::ProductAtMost(number("maximum")),
                "last_seed_at_most" => Kind::LastSeedAtMost(number("maximum")),
                "floor_product_at_least" => Kind::FloorProductAtLeast(number("minimum")),
                "less_than" => Kind::LessThan,
                "requires" => Kind::Requires(text("requires")),
                "scaled_at_most" => Kind::ScaledAtMost(number("maximum")),
                "scaled_product_at_most" => Kind::ScaledProductAtMost(number("maximum")),
                "forbidden_when" | "no_effect" => Kind::Forbidden(Condition::of(&rule["forbidden"])),
                "not_both" => Kind::NotBoth,
                "required_when" => Kind::RequiredWhen,
                "exactly_one" => Kind::ExactlyOne,
                "same" => Kind::Same,
                "at_least_one" => Kind::AtLeastOne,
                "weight_zero" => Kind::WeightZero,
                other => panic!("unknown kind of rule `{other}`"),
            },
            fields: rule["fields"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|field| field.as_str().map(str::to_owned))
                .collect(),
            when: rule.get("when").map(Condition::of),
            outcome: code.parse().map(Outcome::Fault).unwrap_or_else(|_| {
                Outcome::Warning(code.parse().unwrap_or_else(|_| panic!("unknown code `{code}`")))
            }),
            message: text("message"),
        }
    }

    /// Every breach of the rule in a document with its defaults applied.
    ///
    /// `is_faulty` says of a canonical pointer whether its value is no good by itself; such values are not compared.
    pub fn breaches(
        &self,
        effective: &Value,
        shape: &Shape,
        dictionary: &Dictionary,
        is_faulty: &dyn Fn(&str) -> bool,
    ) -> Vec<Breach> {
        if self.when.as_ref().is_some_and(|when| !when.holds(effective, shape, dictionary)) {
            return Vec::new();
        }
        self.instances(effective)
            .into_iter()
            .filter(|fields| !fields.iter().any(|field| is_faulty(field)))
            .filter_map(|fields| self.breach(fields, effective, shape, dictionary))
            .collect()
    }

    /// The fields with `*` replaced by each index.
    fn instances(&self, document: &Value) -> Vec<Vec<String>> {
        let Some((list, _)) = self.fields[0].split_once("/*") else {
            return vec![self.fields.clone()];
        };
        let items = document.pointer(list).and_then(Value::as_array).map_or(0, Vec::len);
        let at = |i: usize| self.fields.iter().map(move |field| field.replace('*', &i.to_string()));
        (0..items).map(|i| at(i).collect()).collect()
    }

    fn breach(
        &self,
        fields: Vec<String>,
        document: &Value,
        shape: &Shape,
        dictionary: &Dictionary,
    ) -> Option<Breach> {
        let value = |i: usize| document.pointer(fields.get(i)?);
        let number = |i: usize| value(i).and_then(Value::as_f64);
        let integer = |i: usize| value(i).and_then(Value::as_i64);
        let present = |i: usize| value(i).is_some();
        let (measured, minimum, maximum) = match &self.kind {
            Kind::ProductAtMost(max) => over(number(0)? * number(1)?, *max)?,
            Kind::LastSeedAtMost(max) => {
                let last = integer(0).filter(|&seed| seed >= 0)?.checked_add(integer(1)? - 1)?;
                // Beyond 2^53 a float is not the number that the sentence must say.
                (last as f64 > *max).then_some((Some(last.to_string()), None, Some(*max)))?
            }
            Kind::FloorProductAtLeast(min) => {
                let floor = floor_product(number(0)?, number(1)?);
                (floor < *min).then_some((Some(floor.to_string()), Some(*min), None))?
            }
            Kind::ScaledAtMost(max) => {
                let side = scaled(number(0)?, number(2)?).max(scaled(number(1)?, number(2)?));
                over(side, *max)?
            }
            Kind::ScaledProductAtMost(max) => {
                over(scaled(number(0)?, number(2)?) * scaled(number(1)?, number(2)?), *max)?
            }
            Kind::LessThan => broken(number(0)? >= number(1)?)?,
            Kind::Requires(other) => broken(present(0) && document.pointer(other).is_none())?,
            Kind::Forbidden(condition) => broken(condition.holds(document, shape, dictionary))?,
            Kind::NotBoth => broken(present(0) && present(1))?,
            Kind::RequiredWhen => broken(!present(0))?,
            Kind::ExactlyOne => broken(present(0) == present(1))?,
            Kind::Same => broken(present(0) && present(1) && value(0) != value(1))?,
            Kind::AtLeastOne => broken(!present(0) && !present(1))?,
            Kind::WeightZero => broken(number(0)? == 0.0)?,
        };
        let plain = |number: Option<f64>| number.map_or_else(String::new, |number| number.to_string());
        let show = |value: Option<&Value>| match value {
            Some(Value::String(text)) => format!("`{text}`"),
            // The schema writes 1, and a canonical number is 1.0.
            Some(Value::Number(number)) if number.is_f64() => plain(number.as_f64()),
            Some(value) => value.to_string(),
            None => "absent".to_owned(),
        };
        let message = self
            .message
            .replace("{left}", &show(value(0)))
            .replace("{right}", &show(value(1)))
            .replace("{value}", measured.as_deref().unwrap_or_default())
            .replace("{minimum}", &plain(minimum))
            .replace("{maximum}", &plain(maximum));
        Some(Breach { outcome: self.outcome, fields, message, minimum, maximum })
    }
}

/// What was measured, as the sentence says it; minimum and maximum.
type Measured = (Option<String>, Option<f64>, Option<f64>);

fn over(value: f64, maximum: f64) -> Option<Measured> {
    (value > maximum).then_some((Some(value.to_string()), None, Some(maximum)))
}

fn broken(broken: bool) -> Option<Measured> {
    broken.then_some((None, None, None))
}

/// A side after upscaling; as the workers compute it.
fn scaled(side: f64, factor: f64) -> f64 {
    (side * factor).round()
}

/// Steps that img2img runs: `int(steps · strength)`, as diffusers computes it.
fn floor_product(steps: f64, strength: f64) -> f64 {
    (steps * strength).floor()
}
