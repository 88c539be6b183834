//! The generated types against the schemas they come from: what the one takes, the other takes.

mod canonical;
pub(crate) mod documents;
mod mutants;
mod skeleton;

use contracts::{Command, ReplyData, testing::definition, types};
use serde_json::{Value, json};

use self::documents::sample;
use crate::{
    data::same,
    mutated::{definitions, typed},
};

/// Reads a value as the type of a definition and writes it back.
fn read(name: &str, value: &Value) -> Result<Value, serde_json::Error> {
    definition::round_trip(name, value).unwrap_or_else(|| panic!("there is no type {name}"))
}

#[test]
fn every_default_and_example_decodes_into_its_type() {
    let mut count = 0;
    for (name, schema) in typed() {
        for value in samples(schema) {
            read(name, value).unwrap_or_else(|error| panic!("{name}: {value}: {error}"));
            count += 1;
        }
        for (property, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            for value in samples(schema) {
                check_property(name, property, schema, value);
                count += 1;
            }
        }
    }
    assert!(count > 250, "{count}");
}

/// The examples and the default of a schema.
fn samples(schema: &'static Value) -> impl Iterator<Item = &'static Value> {
    let examples = schema.get("examples").and_then(Value::as_array).into_iter().flatten();
    examples.chain(schema.get("default"))
}

fn check_property(owner: &str, property: &str, schema: &Value, value: &Value) {
    let hoisted = format!("{owner}{}", pascal(property));
    let reference = schema.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix("#/$defs/"));
    match schema.get("type").and_then(Value::as_str) {
        Some("boolean") => assert!(value.is_boolean(), "{owner}.{property}: {value}"),
        // Any JSON.
        None if reference.is_none() => {}
        _ => {
            let name = reference.unwrap_or(&hoisted);
            // What a base gives to those that extend it is named after each of them.
            read(name, value).unwrap_or_else(|error| panic!("{owner}.{property}: {value}: {error}"));
        }
    }
}

fn pascal(snake: &str) -> String {
    snake.split('_').map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
}

#[test]
fn members_are_written_in_the_order_of_the_schema() {
    let document = json!({
        "conditioning": { "negative_prompt": "blurry", "prompt": "a pier" },
        "scheduler": { "steps": 20, "type": "Euler a" },
        "model": { "base": "sdxl_base" },
    });
    let submission: types::PromptSubmission = serde_json::from_value(document).expect("it is valid");
    assert_eq!(
        serde_json::to_string(&submission).expect("it is written"),
        r#"{"model":{"base":"sdxl_base"},"scheduler":{"type":"Euler a","steps":20},"conditioning":{"prompt":"a pier","negative_prompt":"blurry"}}"#
    );
}

#[test]
fn an_integer_has_no_fraction_and_no_exponent() {
    for text in ["30.0", "3e1", "30.5", "\"30\""] {
        assert!(serde_json::from_str::<types::Steps>(text).is_err(), "{text}");
    }
    assert_eq!(serde_json::from_str::<types::Steps>("30").map(types::Steps::get).ok(), Some(30));
    assert!(types::GuidanceScale::new(f64::NAN).is_err());
    assert!(types::GuidanceScale::new(f64::INFINITY).is_err());
}

#[test]
fn null_is_no_way_to_leave_a_member_out() {
    let error = serde_json::from_str::<types::Scheduler>(r#"{"steps":null}"#).expect_err("null is refused");
    assert!(error.to_string().contains("null"), "{error}");
    serde_json::from_str::<types::BatchItem>(
        r#"{"index":0,"success":true,"data":null,"error":null,"error_details":null}"#,
    )
    .expect_err("request_id may be null, but must be there");
}

#[test]
fn an_object_is_no_array_and_an_enum_is_no_object() {
    for (name, value) in [
        ("Performance", json!([])),
        ("Dimensions", json!([1024, 1024])),
        ("OutputFormat", json!({ "png": null })),
        ("Nothing", json!([])),
        ("Nothing", json!(null)),
    ] {
        assert!(read(name, &value).is_err(), "{name} takes {value}");
    }
}

#[test]
fn a_member_or_a_key_that_stands_twice_is_refused() {
    assert!(serde_json::from_str::<types::Scheduler>(r#"{"steps":1,"steps":1}"#).is_err());
    assert!(serde_json::from_str::<types::MetadataTags>(r#"{"a":"1","a":"1"}"#).is_err());
}

#[test]
fn lengths_count_code_points() {
    let longest = "é".repeat(8192);
    assert!(types::Prompt::new(longest.clone()).is_ok());
    assert_eq!(
        types::Prompt::new(longest + "é").map_err(|violation| violation.to_string()).err().as_deref(),
        Some("8193 code points are not within 1..=8192")
    );
}

#[test]
fn a_refusal_names_the_limits() {
    let refusals = [
        types::ImageSide::new(5000).map(drop),
        types::ImageSide::new(65).map(drop),
        types::HyperparametersStrength::new(0.0).map(drop),
        types::Prompt::new(" \t").map(drop),
        types::Id::new("-").map(drop),
        types::PerformanceOptimizations::new(vec![types::Optimization::Xformers; 2]).map(drop),
        types::BatchGenerateRequests::new(Vec::new()).map(drop),
    ];
    let refusals: Vec<String> = refusals
        .into_iter()
        .map(|refusal| refusal.expect_err("each value is out of bounds").to_string())
        .collect();
    assert_eq!(
        refusals,
        [
            "5000 is not within 64..=4096",
            "65 is not a multiple of 8",
            "0 is not > 0 and ≤ 1",
            "the text is blank",
            "the text does not match ^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$",
            "item 1 stands in the list already",
            "0 entries are not within 1..=64",
        ]
    );
}

#[test]
fn a_command_is_read_by_its_action() {
    for action in contracts::Action::ALL {
        let schema = &definitions()[action.info().request];
        let example =
            schema.get("examples").and_then(|examples| examples.get(0)).cloned().unwrap_or_else(|| {
                let fields = schema["properties"].as_object().expect("properties");
                let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
                required.map(|name| (name.to_owned(), sample(&fields[name]))).collect()
            });
        let command =
            Command::decode(action, &example).unwrap_or_else(|error| panic!("{action}: {example}: {error}"));
        assert_eq!(command.action(), action);
        assert!(same(&serde_json::to_value(&command).expect("it is written"), &example), "{action}");
        assert!(Command::decode(action, &json!({ "nonsense": 1 })).is_err(), "{action}");
        assert!(ReplyData::decode(action, &json!({ "nonsense": 1 })).is_err(), "{action}");
    }
    let empty = ReplyData::decode(contracts::Action::Shutdown, &json!({}));
    assert_eq!(empty.ok(), Some(types::Empty {}.into()));
}
