//! The life of names and versions, and the catalogue of all rules that a gate must have.

use conformance::diff::{Direction, Settings, Side, compare, compare_all, rule};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

use super::side;

/// Rules and severities of a comparison on a day.
fn found(old: &Value, new: &Value) -> Vec<String> {
    let settings = Settings { today: "2026-11-30".to_owned(), ..Settings::default() };
    let (old, new) = (side("a", old, Direction::Both), side("a", new, Direction::Both));
    let compared = compare(&old, &new, &settings).unwrap();
    compared.findings.iter().map(|it| format!("{} {}", it.rule.id, it.severity.as_str())).collect()
}

/// An object with these properties, beside one that is deprecated.
fn object(properties: Value, more: Value) -> Value {
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    schema["properties"]["old"] = json!({"type": "integer", "deprecated": true, "x-sunset": "2026-06-01"});
    for (name, value) in more.as_object().unwrap() {
        schema[name] = value.clone();
    }
    schema
}

#[test]
fn a_removal_without_a_period_is_a_finding_of_its_own() {
    let none = object(json!({}), json!({}));
    for (property, expected) in [
        (json!({"type": "string"}), true),
        (json!({"type": "string", "deprecated": true, "x-sunset": "2027-01-01"}), true),
        (json!({"type": "string", "deprecated": true, "x-sunset": "2026-11-01"}), false),
        (json!({"type": "string", "deprecated": true}), false),
    ] {
        let rules = found(&object(json!({"name": property}), json!({})), &none);
        assert_eq!(rules.contains(&"L01 breaking".to_owned()), expected, "{property}: {rules:?}");
        assert!(rules.contains(&"P06 breaking".to_owned()), "{rules:?}");
    }
    // A contract that announces nothing has no period to keep.
    let closed = |properties: Value| json!({"type": "object", "properties": properties, "additionalProperties": false});
    let rules = found(&closed(json!({"name": {"type": "string"}})), &closed(json!({})));
    assert!(!rules.iter().any(|rule| rule.starts_with("L01")), "{rules:?}");
}

#[test]
fn promises_are_kept_or_it_is_a_finding() {
    let with = |more: Value| {
        let mut property = json!({"type": "string"});
        for (name, value) in more.as_object().unwrap() {
            property[name] = value.clone();
        }
        object(json!({"name": property}), json!({}))
    };
    for (old, new, rule) in [
        (json!({"x-sunset": "2027-06-01"}), json!({"x-sunset": "2027-01-01"}), "L02 breaking"),
        (json!({"x-sunset": "2027-01-01"}), json!({"x-sunset": "2027-06-01"}), "L14 info"),
        (json!({}), json!({"x-sunset": "2027-06-01"}), "L14 info"),
        (json!({"x-stability": "stable"}), json!({"x-stability": "beta"}), "L03 breaking"),
        (json!({"x-stability": "stable"}), json!({}), "L03 breaking"),
        (json!({"x-stability": "alpha"}), json!({"x-stability": "stable"}), "L15 info"),
    ] {
        // Wording counts in the profile `source` alone.
        let settings = Settings { profile: conformance::diff::Profile::Source, ..Settings::default() };
        let sides = [with(old), with(new)].map(|schema| side("a", &schema, Direction::Both));
        let compared = compare(&sides[0], &sides[1], &settings).unwrap();
        let rules: Vec<String> =
            compared.findings.iter().map(|it| format!("{} {}", it.rule.id, it.severity.as_str())).collect();
        assert_eq!(rules, [rule]);
    }
}

#[test]
fn a_reserved_name_may_not_come_back() {
    let reserved = json!({"x-reserved": ["name"]});
    let (without, with) =
        (object(json!({}), reserved.clone()), object(json!({"name": {"type": "string"}}), reserved));
    let rules = found(&without, &with);
    assert!(rules.contains(&"P11 breaking".to_owned()), "{rules:?}");
    let free = object(json!({"name": {"type": "string"}}), json!({}));
    let rules = found(&without, &free);
    assert!(
        rules.contains(&"P11 breaking".to_owned()) && rules.contains(&"P26 dangerous".to_owned()),
        "{rules:?}"
    );
}

fn versioned(version: &str, maximum: u64) -> Value {
    json!({"x-version": version, "type": "integer", "minimum": 0, "maximum": maximum})
}

#[test]
fn a_breaking_change_needs_a_new_version() {
    for (old, new, expected) in
        [("1.4", "1.5", true), ("1.4", "2.0", false), ("0.3.1", "0.4.0", false), ("0.3.1", "0.3.2", true)]
    {
        let rules = found(&versioned(old, 9), &versioned(new, 8));
        assert_eq!(rules.contains(&"L05 breaking".to_owned()), expected, "{old} {new}: {rules:?}");
    }
    let rules = found(&json!({"type": "integer", "maximum": 9}), &json!({"type": "integer", "maximum": 8}));
    assert!(!rules.iter().any(|rule| rule.starts_with("L05")), "no version is said: {rules:?}");
}

#[test]
fn an_older_version_that_is_supported_must_not_break_either() {
    let of = |maximum: u64| {
        side("a", &json!({"type": "integer", "minimum": 0, "maximum": maximum}), Direction::Request)
    };
    let settings = Settings::default();
    let rules = |supported: &[Side]| -> Vec<String> {
        let compared = compare_all(&of(8), supported, &of(8), &settings).unwrap();
        compared.findings.iter().map(|it| format!("{} {}", it.rule.id, it.severity.as_str())).collect()
    };
    assert_eq!(rules(&[of(8)]), [""; 0]);
    assert_eq!(rules(&[of(9)]), ["L06 breaking"]);
}

/// One entry of the catalogue.
#[derive(Deserialize)]
struct Gate {
    id: String,
    /// The rules that tell of it.
    #[serde(default)]
    rules: Vec<String>,
    /// Why none does.
    reason: Option<String>,
}

#[test]
fn each_rule_of_the_catalogue_has_its_place_or_a_reason() {
    let gates: Vec<Gate> = serde_json::from_str(include_str!("../../../data/gates.json")).unwrap();
    let ids: BTreeSet<&str> = gates.iter().map(|gate| gate.id.as_str()).collect();
    assert_eq!((gates.len(), ids.len()), (90, 90));
    let rules: BTreeSet<&str> = rule::all().iter().map(|rule| rule.id.as_str()).collect();
    for Gate { id, rules: told, reason } in &gates {
        let unknown: Vec<&String> = told.iter().filter(|rule| !rules.contains(rule.as_str())).collect();
        assert!(unknown.is_empty(), "{id}: there is no rule {unknown:?}");
        let has_reason = reason.as_ref().is_some_and(|reason| !reason.trim().is_empty());
        assert!(told.is_empty() == has_reason, "{id} has rules, or the reason why it has none");
    }
}
