//! Limits that attributes of `System.ComponentModel.DataAnnotations` state, beside those of the contract.

use contracts::{
    checked::Edge,
    dictionary::{Dictionary, Shape},
};
use serde::Deserialize;

use super::{
    declaration::{Attribute, attribute},
    expression::Expression,
};

/// Limits of a member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Limits {
    minimum: Option<f64>,
    maximum: Option<f64>,
    min_length: Option<f64>,
    max_length: Option<f64>,
}

impl Limits {
    /// Those of the attributes of a member.
    pub(super) fn of(attributes: &[Attribute]) -> Self {
        let values = |name: &str| -> Vec<f64> {
            let values = attribute(attributes, name).map(|one| one.values.as_slice());
            values.into_iter().flatten().filter_map(number).collect()
        };
        let named = |name: &str, argument: &str| {
            let named = attribute(attributes, name)?.named.iter();
            named.filter(|(other, _)| other == argument).find_map(|(_, value)| number(value))
        };
        let mut limits = Self::default();
        if let [.., minimum, maximum] = values("Range")[..] {
            (limits.minimum, limits.maximum) = (Some(minimum), Some(maximum));
        }
        limits.min_length = values("MinLength").first().copied();
        limits.max_length = values("MaxLength").first().copied();
        if let [maximum] = values("StringLength")[..] {
            limits.max_length = Some(maximum);
            limits.min_length = limits.min_length.or(named("StringLength", "MinimumLength"));
        }
        if let [minimum, maximum] = values("Length")[..] {
            (limits.min_length, limits.max_length) = (Some(minimum), Some(maximum));
        }
        limits
    }

    /// How they differ from those of a shape. A writer that is stricter than the contract refuses what its callers may ask for,
    /// and one that is laxer has its commands refused.
    pub(super) fn unlike(&self, dictionary: &Dictionary, shape: &Shape) -> Option<String> {
        let edge = |edge: Edge| match edge {
            Edge::At(value) | Edge::Beyond(value) => value,
        };
        let (said, least, most) = match dictionary.resolve(shape) {
            Shape::Nullable(of) => return self.unlike(dictionary, of),
            Shape::Integer(limits) => ("values", limits.minimum as f64, limits.maximum as f64),
            Shape::Number(limits) => ("values", edge(limits.minimum), edge(limits.maximum)),
            Shape::Text(text) => ("lengths", text.limits.minimum as f64, text.limits.maximum as f64),
            Shape::List(list) => ("lengths", list.limits.minimum as f64, list.limits.maximum as f64),
            _ => return None,
        };
        let (minimum, maximum) = match said {
            "values" => (self.minimum, self.maximum),
            _ => (self.min_length, self.max_length),
        };
        let differs =
            minimum.is_some_and(|minimum| minimum != least) || maximum.is_some_and(|maximum| maximum != most);
        differs.then(|| {
            let own = |limit: Option<f64>| limit.map_or_else(|| "…".to_owned(), |limit| limit.to_string());
            format!(
                "its attributes allow {said} from {} to {}, and the contract {least} to {most}",
                own(minimum),
                own(maximum)
            )
        })
    }
}

fn number(value: &Expression) -> Option<f64> {
    match value {
        Expression::Integer(value) => Some(*value as f64),
        Expression::Other(text) | Expression::Text(text) => {
            text.replace('_', "").trim_end_matches(['f', 'd', 'm', 'F', 'D', 'M']).parse().ok()
        }
        _ => None,
    }
}
