//! Rules over several fields, as `schemas/rules.json` writes them.

use serde_json::Value;

use super::condition::Condition;
use crate::generated::{error_code::ErrorCode, warning_code::WarningCode};

/// One rule; pointers are relative to its definition, `*` is each item of a list.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its id, stable.
    pub id: String,
    pub(crate) kind: Kind,
    pub(crate) fields: Vec<String>,
    pub(crate) when: Option<Condition>,
    pub(crate) outcome: Outcome,
    pub(crate) message: String,
}

/// The result of a broken rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A violation.
    Violation(ErrorCode),
    /// A warning.
    Warning(WarningCode),
}

/// Its demand on its fields.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
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

impl Rule {
    /// Reads a rule of the bundle.
    ///
    /// # Panics
    /// On a form that the lint of the schemas refuses.
    #[must_use]
    pub(crate) fn of(rule: &Value) -> Self {
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
            outcome: code.parse().map(Outcome::Violation).unwrap_or_else(|_| {
                Outcome::Warning(code.parse().unwrap_or_else(|_| panic!("unknown code `{code}`")))
            }),
            message: text("message"),
        }
    }
}
