//! Whether a document breaks a rule, and the sentence of each breach.

use serde_json::Value;

use crate::{
    dictionary::{Dictionary, Kind, Outcome, Rule, Shape},
    pointer,
};

/// A rule that a document breaks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Breach {
    /// The result of the breach.
    pub(crate) outcome: Outcome,
    /// The fields it compares, canonical, from the rule's document; the last one that was written is to blame.
    pub(crate) fields: Vec<String>,
    /// One sentence.
    pub(crate) message: String,
    /// The lower limit.
    pub(crate) minimum: Option<f64>,
    /// The upper limit.
    pub(crate) maximum: Option<f64>,
}

impl Rule {
    /// Every breach of the rule in a document with its defaults applied.
    ///
    /// `is_faulty` says whether the value at a canonical pointer has a violation of its own: then it is not compared.
    pub(crate) fn breaches(
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
        let items = pointer::get(document, list).and_then(Value::as_array).map_or(0, Vec::len);
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
        let of = Fields { document, pointers: &fields };
        let broken = self.broken(of, shape, dictionary)?;
        let message = self.sentence(of, &broken);
        let Broken { minimum, maximum, .. } = broken;
        Some(Breach { outcome: self.outcome, fields, message, minimum, maximum })
    }

    /// The measured values of a broken rule. `None` if the rule holds, or if a field that it needs is absent.
    fn broken(&self, of: Fields<'_>, shape: &Shape, dictionary: &Dictionary) -> Option<Broken> {
        let (number, has) = (|i| of.number(i), |i| of.value(i).is_some());
        let scaled = |side: usize| Some(scaled(number(side)?, number(2)?));
        match &self.kind {
            Kind::ProductAtMost(max) => over(number(0)? * number(1)?, *max),
            Kind::LastSeedAtMost(max) => of.last_seed_over(*max),
            Kind::FloorProductAtLeast(min) => under(floor_product(number(0)?, number(1)?), *min),
            Kind::ScaledAtMost(max) => over(scaled(0)?.max(scaled(1)?), *max),
            Kind::ScaledProductAtMost(max) => over(scaled(0)? * scaled(1)?, *max),
            Kind::LessThan => broken_if(number(0)? >= number(1)?),
            Kind::Requires(other) => broken_if(has(0) && pointer::get(of.document, other).is_none()),
            Kind::Forbidden(condition) => broken_if(condition.holds(of.document, shape, dictionary)),
            Kind::NotBoth => broken_if(has(0) && has(1)),
            Kind::RequiredWhen => broken_if(!has(0)),
            Kind::ExactlyOne => broken_if(has(0) == has(1)),
            Kind::Same => broken_if(has(0) && has(1) && of.value(0) != of.value(1)),
            Kind::AtLeastOne => broken_if(!has(0) && !has(1)),
            Kind::WeightZero => broken_if(number(0)? == 0.0),
        }
    }

    fn sentence(&self, of: Fields<'_>, broken: &Broken) -> String {
        let sentence = self
            .message
            .replace("{left}", &show(of.value(0)))
            .replace("{right}", &show(of.value(1)))
            .replace("{minimum}", &plain(broken.minimum))
            .replace("{maximum}", &plain(broken.maximum));
        match &broken.measured {
            Some(value) => sentence.replace("{value}", value),
            None => sentence,
        }
    }
}

/// The values that one instance of a rule compares.
#[derive(Clone, Copy)]
struct Fields<'d> {
    document: &'d Value,
    pointers: &'d [String],
}

impl<'d> Fields<'d> {
    fn value(self, i: usize) -> Option<&'d Value> {
        pointer::get(self.document, self.pointers.get(i)?)
    }

    fn number(self, i: usize) -> Option<f64> {
        self.value(i).and_then(Value::as_f64)
    }

    /// The last of as many seeds as the second field says, from the first field on.
    fn last_seed_over(self, maximum: f64) -> Option<Broken> {
        let integer = |i| self.value(i).and_then(Value::as_i64);
        let last = integer(0).filter(|&seed| seed >= 0)?.checked_add(integer(1)? - 1)?;
        // The integer, not its float: beyond 2^53 a float is not the number that the sentence must say.
        let measured = || Some(last.to_string());
        (last as f64 > maximum).then(|| Broken {
            measured: measured(),
            minimum: None,
            maximum: Some(maximum),
        })
    }
}

/// How a rule is broken.
struct Broken {
    /// The measured value, as the sentence writes it.
    measured: Option<String>,
    minimum: Option<f64>,
    maximum: Option<f64>,
}

fn over(value: f64, maximum: f64) -> Option<Broken> {
    (value > maximum).then(|| Broken {
        measured: Some(value.to_string()),
        minimum: None,
        maximum: Some(maximum),
    })
}

fn under(value: f64, minimum: f64) -> Option<Broken> {
    (value < minimum).then(|| Broken {
        measured: Some(value.to_string()),
        minimum: Some(minimum),
        maximum: None,
    })
}

fn broken_if(broken: bool) -> Option<Broken> {
    broken.then_some(Broken { measured: None, minimum: None, maximum: None })
}

fn show(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => format!("`{text}`"),
        // The schema writes 1, and a canonical number is 1.0.
        Some(Value::Number(number)) if number.is_f64() => plain(number.as_f64()),
        Some(value) => value.to_string(),
        None => "absent".to_owned(),
    }
}

fn plain(number: Option<f64>) -> String {
    number.map_or_else(String::new, |number| number.to_string())
}

/// A side after upscaling; as the workers compute it.
fn scaled(side: f64, factor: f64) -> f64 {
    (side * factor).round()
}

/// Steps that img2img runs: `int(steps · strength)`, as diffusers computes it.
fn floor_product(steps: f64, strength: f64) -> f64 {
    (steps * strength).floor()
}
