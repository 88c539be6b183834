//! The map of names: each snake name has one C# name and one camel name, and no two share one.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Lint;
use crate::model::pascal;

/// A property name in the three dialects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// As the schema writes it.
    pub(super) snake: String,
    /// As System.Text.Json writes it by default.
    pub(super) pascal: String,
    /// As System.Text.Json's web defaults write it.
    pub(super) camel: String,
}

impl Name {
    /// The name of a property, by its schema.
    pub(super) fn of(snake: &str, schema: &Value) -> Self {
        let stated = schema.get("x-csharp").and_then(Value::as_str);
        Self::new(snake, stated.map_or_else(|| pascal(snake), str::to_owned))
    }

    /// A name whose C# form is known.
    pub(super) fn new(snake: &str, pascal: String) -> Self {
        Self { snake: snake.to_owned(), camel: camel(&pascal), pascal }
    }

    /// The three spellings.
    pub(super) fn spellings(&self) -> [&str; 3] {
        [&self.snake, &self.pascal, &self.camel]
    }
}

/// `JsonNamingPolicy.CamelCase`: lower-cases the leading capitals, but not the last of several before a small letter.
pub(super) fn camel(pascal: &str) -> String {
    let letters: Vec<char> = pascal.chars().collect();
    let mut camel = letters.clone();
    for index in 0..letters.len() {
        if index == 1 && !letters[1].is_uppercase() {
            break;
        }
        let next = letters.get(index + 1);
        if index > 0
            && let Some(next) = next
            && !next.is_uppercase()
        {
            if *next == ' ' {
                camel[index] = letters[index].to_ascii_lowercase();
            }
            break;
        }
        camel[index] = letters[index].to_ascii_lowercase();
    }
    camel.into_iter().collect()
}

/// Looks at every property of every definition.
pub(super) fn lint(lint: &mut Lint<'_>) {
    let mut names: BTreeMap<String, (Name, String)> = BTreeMap::new();
    let mut findings: Vec<(String, String, String, &str)> = Vec::new();
    for (owner, properties) in lint.objects() {
        for (snake, schema) in properties {
            let name = Name::of(snake, schema);
            if schema.get("x-csharp").and_then(Value::as_str) == Some(pascal(snake).as_str()) {
                let what = format!("x-csharp {} is what the rule gives anyway", name.pascal);
                findings.push((owner.to_owned(), snake.clone(), what, "take it away"));
            }
            match names.get(snake) {
                Some((known, other)) if known.pascal != name.pascal => {
                    let what = format!("{snake} is {} here and {} in {other}", name.pascal, known.pascal);
                    findings.push((owner.to_owned(), snake.clone(), what, "give it one x-csharp everywhere"));
                }
                Some(_) => {}
                None => {
                    names.insert(snake.clone(), (name, owner.to_owned()));
                }
            }
        }
    }
    findings.extend(shared_spellings(&names));
    for (owner, property, what, way_out) in findings {
        lint.find_in(&owner, &format!("/properties/{property}"), what, way_out);
    }
}

/// C# binds regardless of case if its options ask for it, so names must differ in more than case.
fn shared_spellings(names: &BTreeMap<String, (Name, String)>) -> Vec<(String, String, String, &'static str)> {
    let mut by_spelling: BTreeMap<String, &Name> = BTreeMap::new();
    let mut findings = Vec::new();
    for (name, owner) in names.values() {
        for spelling in [name.snake.to_lowercase(), name.pascal.to_lowercase(), name.camel.to_lowercase()] {
            match by_spelling.get(&spelling) {
                Some(other) if other.snake != name.snake => {
                    let what = format!("{} and {} share the spelling {spelling}", other.snake, name.snake);
                    findings.push((
                        owner.clone(),
                        name.snake.clone(),
                        what,
                        "rename one, or state another x-csharp",
                    ));
                }
                _ => {
                    by_spelling.insert(spelling, name);
                }
            }
        }
    }
    findings
}

/// The properties of an object by name.
pub(super) fn names_of(properties: &Map<String, Value>) -> Vec<Name> {
    properties.iter().map(|(snake, schema)| Name::of(snake, schema)).collect()
}
