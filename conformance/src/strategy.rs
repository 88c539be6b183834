//! Strategies of proptest, made from the dictionary: documents of a definition, of which a few values are wrong. A document
//! that fails shrinks to the least one that still does.

use contracts::{
    checked::{IntegerLimits, NumberLimits},
    dictionary::{ObjectSpec, Shape, dictionary},
};
use proptest::{collection::vec, option, prelude::*};
use serde_json::{Map, Value, json};

/// Values that are wrong wherever they stand, or nearly so.
fn odd() -> BoxedStrategy<Value> {
    let values = vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(9_007_199_254_740_993_i64),
        json!(""),
        json!("no such value"),
        json!([]),
        json!([null]),
        json!({}),
        json!({"unknown": 1}),
    ];
    proptest::sample::select(values).boxed()
}

/// Documents of a definition. Of each value one in `sound + 1` is odd.
pub(crate) fn documents(definition: &str, sound: u32) -> BoxedStrategy<Value> {
    of_shape(&dictionary().named(definition).shape, sound)
}

fn of_shape(shape: &'static Shape, sound: u32) -> BoxedStrategy<Value> {
    let values = match dictionary().resolve(shape) {
        Shape::Object(spec) => return object(spec, sound),
        Shape::List(list) => {
            let most = usize::try_from(list.limits.maximum).unwrap_or(usize::MAX).min(3);
            vec(of_shape(&list.item, sound), 0..=most).prop_map(Value::from).boxed()
        }
        Shape::Map(_) => Just(json!({"team": "cats"})).boxed(),
        &Shape::Integer(IntegerLimits { minimum, maximum, multiple_of }) => {
            let steps = (maximum - minimum) / multiple_of;
            (0..=steps).prop_map(move |step| json!(minimum + step * multiple_of)).boxed()
        }
        Shape::Number(limits) => number(*limits),
        Shape::Enum(spec) => proptest::sample::select(spec.values.clone()).prop_map(Value::from).boxed(),
        Shape::Boolean => any::<bool>().prop_map(Value::from).boxed(),
        Shape::Text(_) => "[a-z]{1,8}".prop_map(Value::from).boxed(),
        Shape::Null | Shape::Any | Shape::Nullable(_) | Shape::Ref(_) => Just(Value::Null).boxed(),
    };
    prop_oneof![sound => values, 1 => odd()].boxed()
}

/// Sixteenths have one decimal form in every language.
fn number(limits: NumberLimits) -> BoxedStrategy<Value> {
    let (minimum, maximum) = (limits.minimum.value(), limits.maximum.value());
    let sixteenths = (minimum * 16.0).ceil() as i64..=(maximum * 16.0).floor() as i64;
    sixteenths.prop_map(|sixteenths| json!(sixteenths as f64 / 16.0)).boxed()
}

/// An object: what is required is nearly always there, everything else every other time, and seldom an unknown name.
fn object(spec: &'static ObjectSpec, sound: u32) -> BoxedStrategy<Value> {
    let members: Vec<BoxedStrategy<Option<(String, Value)>>> = spec
        .properties
        .iter()
        .map(|property| {
            let name = property.snake.clone();
            let there = if property.required { 0.98 } else { 0.4 };
            let value = of_shape(&property.shape, sound);
            option::weighted(there, value.prop_map(move |value| (name.clone(), value))).boxed()
        })
        .collect();
    let unknown = option::weighted(1.0 / f64::from(sound), Just(("unknown_name".to_owned(), json!(1))));
    (members, unknown)
        .prop_map(|(members, unknown)| {
            let members: Map<String, Value> = members.into_iter().flatten().chain(unknown).collect();
            members.into()
        })
        .boxed()
}
