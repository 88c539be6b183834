//! Events: messages before a reply. None has `success`, and none with a `request_id` follows the reply of that id.

use serde_json::Value;
use std::{collections::HashMap, sync::LazyLock};

use crate::{
    dialect::Dialect,
    dictionary::{Dictionary, Shape, dictionary},
    reading::violations_of,
    violation::Violation,
};

/// Name of the definition of an event. `None` if there is no such event.
///
/// ```
/// assert_eq!(contracts::event::definition("progress"), Some("ProgressEvent"));
/// ```
#[must_use]
pub fn definition(event: &str) -> Option<&'static str> {
    static DEFINITIONS: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
        let dictionary = dictionary();
        dictionary
            .defs()
            .filter_map(|def| Some((name_of(dictionary, &def.shape)?, def.name.as_str())))
            .collect()
    });
    DEFINITIONS.get(event).copied()
}

/// The names of all events.
#[must_use]
pub fn names() -> Vec<&'static str> {
    let dictionary = dictionary();
    dictionary.defs().filter_map(|def| name_of(dictionary, &def.shape)).collect()
}

fn name_of<'d>(dictionary: &'d Dictionary, shape: &'d Shape) -> Option<&'d str> {
    let Shape::Object(spec) = shape else {
        return None;
    };
    match dictionary.resolve(&spec.property("event")?.shape) {
        Shape::Enum(spec) => spec.values.first().map(String::as_str),
        _ => None,
    }
}

/// An event in a dialect; `event` is in snake, and an unknown one stays as it is.
#[must_use]
pub fn spell(event: &Value, dialect: Dialect) -> Value {
    match event["event"].as_str().and_then(definition) {
        Some(definition) => dialect.spell(definition, event),
        None => event.clone(),
    }
}

/// The first violations of an event in snake, members that the schema does not know among them. `None` if there is no
/// such event.
#[must_use]
pub fn violations(event: &Value) -> Option<Vec<Violation>> {
    let definition = definition(event["event"].as_str()?)?;
    let (mut violations, unknown) = violations_of(definition, event);
    violations.append(unknown);
    Some(violations.into_kept())
}
