//! Each rule of schemas by a case: two documents, and the verdict that a reviewer gave before.

use conformance::diff::{Direction, rule};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

use super::{assert_witnesses, compared};

#[derive(Deserialize)]
struct Case {
    rule: String,
    old: Value,
    new: Value,
    request: String,
    response: String,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("../data/diff_cases.json")).unwrap()
}

#[test]
fn each_case_has_the_rule_and_the_verdict_of_its_reviewer() {
    let mut wrong = Vec::new();
    for case in cases() {
        for (direction, expected) in
            [(Direction::Request, &case.request), (Direction::Response, &case.response)]
        {
            let compared = compared(&case.old, &case.new, direction);
            assert_witnesses(&case.old, &case.new, &compared);
            let found = compared.findings.iter().find(|finding| finding.rule.id == case.rule);
            let severity = found.map_or("none", |finding| finding.severity.as_str());
            if severity != expected {
                let all: Vec<String> = compared
                    .findings
                    .iter()
                    .map(|it| format!("{} {:?} {:?}", it.rule.id, it.severity, it.open))
                    .collect();
                wrong.push(format!(
                    "{} {direction}: {severity}, not {expected}: {all:?}\n  {}\n  {}",
                    case.rule, case.old, case.new
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn swapping_the_sides_mirrors_the_cases() {
    let breaking = |old: &Value, new: &Value, direction| {
        let compared = compared(old, new, direction);
        compared
            .findings
            .iter()
            .filter(|it| it.rule.layer.as_str() == "wire" && it.severity.as_str() == "breaking")
            .count()
            > 0
    };
    // By our policy these are not symmetric: what is dropped is no error, and what is read under an old name neither.
    for case in cases()
        .iter()
        .filter(|case| !["P06", "P03", "T06", "T07", "P23", "V11"].contains(&case.rule.as_str()))
    {
        let (old, new) = (&case.old, &case.new);
        let forth = breaking(old, new, Direction::Request);
        let back = breaking(new, old, Direction::Response);
        assert_eq!(forth, back, "{}: {old} {new}", case.rule);
    }
}

#[test]
fn each_rule_of_schemas_has_a_case_and_its_mirror_exists() {
    let cased: BTreeSet<String> = cases().into_iter().map(|case| case.rule).collect();
    let ids: BTreeSet<&str> = rule::all().iter().map(|rule| rule.id.as_str()).collect();
    for rule in rule::all() {
        let of_schemas = rule.layer.as_str() == "wire" && rule.id != "C09";
        assert!(!of_schemas || cased.contains(&rule.id), "{} has no case", rule.id);
        assert!(rule.mirror.as_deref().is_none_or(|mirror| ids.contains(mirror)), "{}", rule.id);
    }
    let known = |id: &String| ids.contains(id.as_str());
    assert!(cased.iter().all(known));
}

/// Keywords that say nothing on the wire, or that hold others.
const HOLDERS: [&str; 1] = ["properties"];

#[test]
fn every_keyword_of_the_subset_has_a_rule_for_each_edit() {
    let meta: Value =
        serde_json::from_str(include_str!("../../../../schemas/meta/subset_schema.json")).unwrap();
    let of = |pointer: &str| -> BTreeSet<String> {
        meta.pointer(pointer).and_then(Value::as_object).unwrap().keys().cloned().collect()
    };
    let mut keywords: BTreeSet<String> = of("/$defs/schema/properties");
    keywords.extend(of("/properties"));
    // The rest of JSON Schema 2020-12.
    let rest = [
        "const",
        "contains",
        "minContains",
        "maxContains",
        "prefixItems",
        "patternProperties",
        "propertyNames",
        "dependentRequired",
        "dependentSchemas",
        "minProperties",
        "allOf",
        "anyOf",
        "not",
        "if",
        "then",
        "else",
        "unevaluatedProperties",
        "unevaluatedItems",
        "format",
        "contentEncoding",
        "contentMediaType",
        "deprecated",
        "readOnly",
        "writeOnly",
        "$comment",
        "$anchor",
        "$dynamicRef",
        "$dynamicAnchor",
    ];
    keywords.extend(rest.map(str::to_owned));
    let covers: BTreeSet<&str> =
        rule::all().iter().flat_map(|rule| rule.covers.iter().map(String::as_str)).collect();
    let has = |keyword: &str, edits: &[&str]| {
        edits.iter().any(|edit| covers.contains(format!("{keyword}:{edit}").as_str()))
    };
    let mut missing = Vec::new();
    for keyword in keywords.iter().filter(|keyword| !HOLDERS.contains(&keyword.as_str())) {
        for (edit, names) in [
            ("added", &["added", "branch-added", "added-value", "raised"][..]),
            ("removed", &["removed", "branch-removed", "removed-value", "lowered"]),
            (
                "changed",
                &[
                    "changed",
                    "raised",
                    "lowered",
                    "narrowed",
                    "added-value",
                    "closed",
                    "warned",
                    "added",
                    "branch-added",
                ],
            ),
        ] {
            if !has(keyword, names) {
                missing.push(format!("{keyword} {edit}"));
            }
        }
    }
    assert!(missing.is_empty(), "no rule for: {missing:?}");
    assert_eq!(json!(covers.len()), json!(rule::all().iter().map(|rule| rule.covers.len()).sum::<usize>()));
}
