//! Pointers that follow a renamed property are no findings; those of other definitions are.

use conformance::diff::{Direction, Settings, compare};
use serde_json::{Value, json};

use super::{
    contract::{FILES, side as contract},
    side,
};

/// Edits of files of our contract: the file, the pointer, and the new value or none.
type Edits<'e> = &'e [(&'e str, &'e str, Option<Value>)];

/// What is found after renaming `from` to `to` in a definition of the prompt submission, and further edits.
fn after(definition: &str, from: &str, to: &str, edits: Edits<'_>) -> Vec<String> {
    let mut files = FILES.clone();
    let submission = files.get_mut("prompt_submission_schema.json").unwrap();
    let properties = submission["$defs"][definition]["properties"].as_object_mut().unwrap();
    let property = properties.shift_remove(from).unwrap_or_else(|| panic!("{definition} has no {from}"));
    properties.insert(to.to_owned(), property);
    for (file, pointer, value) in edits {
        let (owner, name) = pointer.rsplit_once('/').unwrap();
        let owner = files.get_mut(*file).unwrap().pointer_mut(owner).unwrap_or_else(|| panic!("{pointer}"));
        match (owner, value) {
            (Value::Object(owner), Some(value)) => {
                assert!(owner.insert(name.to_owned(), value.clone()).is_some());
            }
            (Value::Array(owner), Some(value)) => owner[name.parse::<usize>().unwrap()] = value.clone(),
            _ => panic!("{pointer}"),
        }
    }
    let settings = Settings { today: "2026-11-30".to_owned(), ..Settings::default() };
    let compared = compare(&contract("old", &FILES), &contract("new", &files), &settings).unwrap();
    compared.findings.iter().map(|finding| format!("{} {}", finding.rule.id, finding.name)).collect()
}

/// The rule `strength-steps` is about `Hyperparameters.strength` of a `PromptSubmission`.
fn strength_steps(strength: &str) -> (&'static str, &'static str, Option<Value>) {
    let rules = FILES["rules.json"]["rules"].as_array().unwrap();
    assert_eq!(
        (&rules[2]["id"], &rules[2]["fields"][1]),
        (&json!("strength-steps"), &json!("/hyperparameters/strength"))
    );
    ("rules.json", "/rules/2/fields/1", Some(json!(format!("/hyperparameters/{strength}"))))
}

#[test]
fn a_rule_that_follows_is_no_finding() {
    let found = after("Hyperparameters", "strength", "power", &[strength_steps("power")]);
    assert!(found.iter().any(|it| it == "P10 power"), "{found:?}");
    assert!(!found.iter().any(|it| it.ends_with(" strength-steps")), "{found:?}");
}

/// `Parameters` has a `width` of its own, which the rule `pixels` is not about.
#[test]
fn a_rule_about_another_definition_is_one() {
    let moved = ("rules.json", "/rules/0/fields/0", Some(json!("/hyperparameters/dimensions/wide")));
    assert_eq!(FILES["rules.json"]["rules"][0]["fields"][0], "/hyperparameters/dimensions/width");
    let found = after("Parameters", "width", "wide", &[moved]);
    assert!(found.iter().any(|it| it == "P10 wide"), "{found:?}");
    assert!(found.iter().any(|it| it.ends_with(" pixels")), "{found:?}");
}

#[test]
fn a_rule_that_follows_to_another_name_is_one() {
    let found = after("Hyperparameters", "strength", "power", &[strength_steps("clip_skip")]);
    assert!(found.iter().any(|it| it.ends_with(" strength-steps")), "{found:?}");
}

/// `x-maps-to` of `Parameters` names a place in a prompt submission, which no message with `Parameters` holds.
#[test]
fn a_place_in_another_document_follows_too() {
    let at = "/$defs/Parameters/properties/guidance_scale/x-maps-to";
    let has_moved = |to: &str| {
        let moved = [("prompt_submission_schema.json", at, Some(json!(to)))];
        let found = after("Hyperparameters", "guidance_scale", "cfg", &moved);
        found.iter().any(|it| it.ends_with(" x-maps-to"))
    };
    assert!(!has_moved("/hyperparameters/cfg"));
    assert!(has_moved("/hyperparameters/strength"));
}

#[test]
fn an_address_is_no_pointer() {
    let mut files = FILES.clone();
    let resources = files.get_mut("registry.json").unwrap()["resources"].as_array_mut().unwrap();
    let of_images = resources.iter_mut().find(|row| row["path"] == "/v1/jobs/{id}/images/{n}").unwrap();
    of_images["path"] = "/v1/jobs/{id}/pictures/{n}".into();
    let result = &mut files.get_mut("replies_schema.json").unwrap()["$defs"]["SdxlResult"];
    let images = result["properties"].as_object_mut().unwrap().shift_remove("images").unwrap();
    result["properties"]["pictures"] = images;
    for name in result["required"].as_array_mut().unwrap() {
        if name == "images" {
            *name = "pictures".into();
        }
    }
    let compared = compare(&contract("old", &FILES), &contract("new", &files), &Settings::default()).unwrap();
    let found: Vec<&str> = compared.findings.iter().map(|finding| finding.rule.id.as_str()).collect();
    assert!(found.contains(&"P10") && found.contains(&"M13"), "{found:?}");
}

/// Conditions of plain schemas are no keywords of ours: they have no pointers.
#[test]
fn plain_schemas_have_renames_too() {
    let of = |name: &str| json!({"type": "object", "properties": {name: {"type": "integer"}}, "additionalProperties": false});
    let sides = [of("size"), of("length")].map(|schema| side("a", &schema, Direction::Request));
    let compared = compare(&sides[0], &sides[1], &Settings::default()).unwrap();
    assert_eq!(compared.findings.iter().map(|it| it.rule.id.as_str()).collect::<Vec<_>>(), ["P10"]);
}
