//! One payload: a document as a party gets it.

use contracts::{BUNDLE, Dialect};
use serde_json::Value;
use std::sync::LazyLock;

use super::{answer::Answer, edit::FORMS, goal::Goal};

/// One payload.
#[derive(Clone, Debug)]
pub(super) struct Payload {
    /// Its number; `--payload` runs it alone.
    pub(super) number: usize,
    /// The definition that it is a document of.
    pub(super) definition: String,
    /// Whether a client writes such documents. Others are read in canonical form by Rust and Python, and by C# in each dialect.
    pub(super) is_sender: bool,
    /// Its dialect.
    pub(super) dialect: Dialect,
    /// The document in snake, with the values as they are written.
    pub(super) snake: Value,
    /// The goal that it is made for.
    pub(super) goal: Goal,
    /// The canonical pointer of that place.
    pub(super) pointer: String,
    /// The answer of the Rust reading.
    pub(super) rust: Answer,
}

impl Payload {
    /// Its bytes in its dialect.
    pub(super) fn text(&self) -> String {
        written(&spelt(&self.definition, self.dialect, &self.snake))
    }

    /// Its bytes as a party reads it that knows the canonical form alone.
    pub(super) fn text_for_canonical(&self) -> String {
        if self.is_sender { self.text() } else { written(&self.snake) }
    }

    /// Whether members of it keep their names in every dialect.
    pub(super) fn has_wire_names(&self) -> bool {
        WIRE_NAMES.iter().any(|(name, _)| *name == self.definition)
    }
}

fn written(document: &Value) -> String {
    FORMS.iter().fold(document.to_string(), |text, (mark, form)| text.replace(mark, form))
}

/// A document in a dialect. The members that `x-wire-names` speaks of keep their names.
fn spelt(definition: &str, dialect: Dialect, snake: &Value) -> Value {
    let mut spelt = dialect.spell(definition, snake);
    if let (Value::Object(spelt), Some(own)) =
        (&mut spelt, WIRE_NAMES.iter().find(|(name, _)| name == definition))
    {
        for name in &own.1 {
            let property = contracts::dictionary::dictionary().object(definition).property(name);
            if let Some(value) = property.and_then(|property| spelt.remove(dialect.name(property))) {
                spelt.insert(name.clone(), value);
            }
        }
    }
    spelt
}

/// Definitions with `x-wire-names`, and their own members.
static WIRE_NAMES: LazyLock<Vec<(String, Vec<String>)>> = LazyLock::new(|| {
    let bundle: Value = serde_json::from_str(BUNDLE).expect("the bundle is generated and tested");
    let defs = bundle["$defs"].as_object().expect("the bundle has $defs");
    let own = |schema: &Value| {
        let base = schema["x-extends"].as_str().map_or("", |base| base.trim_start_matches("#/$defs/"));
        let names = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone());
        names.filter(|name| bundle["$defs"][base]["properties"].get(name).is_none()).collect()
    };
    let marked = defs.iter().filter(|(_, schema)| schema.get("x-wire-names").is_some());
    marked.map(|(name, schema)| (name.clone(), own(schema))).collect()
});
