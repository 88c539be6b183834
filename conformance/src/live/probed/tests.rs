//! The tables hold for this contract, and a property that is added to any definition is missed by its name.

use std::collections::BTreeSet;

use contracts::{
    BUNDLE,
    dictionary::{Dictionary, Shape, dictionary},
};
use serde_json::{Value, json};

use super::{FIELDS, MEMBERS, Probes, SUBMISSION, Walk};
use crate::live::{self, effects};

#[test]
fn each_property_has_a_row_and_each_row_a_check() {
    let suites = live::all(1);
    let scenarios = suites.iter().flat_map(|suite| &suite.scenarios);
    let ids: BTreeSet<String> = scenarios
        .flat_map(|scenario| scenario.checks.iter().map(|check| format!("{}.{}", scenario.id, check.id)))
        .collect();
    for probes in [FIELDS, MEMBERS] {
        let table = probes.read().unwrap();
        assert_eq!(probes.faults(dictionary(), &table), Vec::<String>::new());
        for (definition, rows) in &table {
            for (name, probe) in rows {
                match probe.as_str() {
                    Some(id) => assert!(ids.contains(id), "{definition}.{name}: there is no check {id}"),
                    None => {
                        assert!(
                            probe["unprobed"].is_string(),
                            "{definition}.{name}: neither check nor reason"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_row_of_no_property_is_named() {
    let mut table = MEMBERS.read().unwrap();
    let probe = table.get_mut("LoadResult").and_then(|rows| rows.remove("from_cache")).unwrap();
    table.get_mut("LoadResult").unwrap().insert("gone".to_owned(), probe);
    assert_eq!(
        MEMBERS.faults(dictionary(), &table),
        [
            "LoadResult.from_cache is held by no check: name one in conformance/data/members.json",
            "LoadResult.gone of conformance/data/members.json is no member of a reply or an event",
        ]
    );
}

/// The contract with one more property in each of some definitions, named by the definition.
fn with_added(definitions: &BTreeSet<String>, property: &Value) -> &'static Dictionary {
    let mut bundle: Value = serde_json::from_str(BUNDLE).unwrap();
    for definition in definitions {
        bundle["$defs"][definition]["properties"][added_to(definition)] = property.clone();
    }
    // The walks keep references to a dictionary that lives as long as the program.
    Box::leak(Box::new(Dictionary::compile(&bundle)))
}

fn added_to(definition: &str) -> String {
    format!("added_to_{}", definition.to_lowercase())
}

/// The definitions with properties that lie below some roots.
fn objects(roots: Vec<&'static str>) -> BTreeSet<String> {
    let mut walk = Walk { dictionary: dictionary(), properties: BTreeSet::new(), seen: BTreeSet::new() };
    for root in roots {
        // The submission itself is below no other root: its parts are walked one by one.
        walk.shape(&dictionary().named(root).shape);
        walk.definition(dictionary().named(root));
    }
    let is_object = |name: &String| matches!(dictionary().named(name).shape, Shape::Object(_));
    walk.seen.into_iter().filter(is_object).collect()
}

fn each_is_named_by(probes: &Probes) {
    let definitions = objects((probes.roots)());
    assert!(definitions.len() > 20, "{definitions:?}");
    let dictionary = with_added(&definitions, &json!({"type": "boolean"}));
    let faults = probes.faults(dictionary, &probes.read().unwrap());
    let expected = definitions.iter().map(|definition| {
        let (name, file) = (added_to(definition), probes.file);
        format!("{definition}.{name} is held by no check: name one in conformance/data/{file}")
    });
    assert_eq!(faults, expected.collect::<Vec<_>>());
}

#[test]
fn a_field_that_nobody_honours_is_named_in_any_command() {
    each_is_named_by(&FIELDS);
}

#[test]
fn a_member_that_nobody_holds_is_named_in_any_reply_and_event() {
    each_is_named_by(&MEMBERS);
}

/// In the submission a property must change the picture, or the list of leaves lacks it.
#[test]
fn a_leaf_that_nobody_honours_is_named_in_any_part_of_the_submission() {
    let parts = parts_of_the_submission();
    assert!(parts.len() > 8, "{parts:?}");
    for effect in ["picture", "time"] {
        let property = json!({"type": "boolean", "default": false, "examples": [true], "x-effect": effect});
        let dictionary = with_added(&parts, &property);
        let named = effects::what_names(dictionary);
        for part in &parts {
            let name = added_to(part);
            assert!(
                named.iter().any(|text| text.contains(&name)),
                "a property of {part} with the effect {effect} is named by no check"
            );
        }
    }
}

fn parts_of_the_submission() -> BTreeSet<String> {
    let mut walk = Walk { dictionary: dictionary(), properties: BTreeSet::new(), seen: BTreeSet::new() };
    let Shape::Object(spec) = &dictionary().named(SUBMISSION).shape else { panic!("it is an object") };
    for property in &spec.properties {
        walk.shape(&property.shape);
    }
    let is_object = |name: &String| matches!(dictionary().named(name).shape, Shape::Object(_));
    walk.seen.into_iter().filter(is_object).chain([SUBMISSION.to_owned()]).collect()
}
