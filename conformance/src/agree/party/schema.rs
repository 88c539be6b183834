//! The schema: an independent validator over the schemas, in the dialect of the payload and with what §4 of the contract says of
//! senders: null and `""` mean absent, enum values have further spellings.

use contracts::{BUNDLE, Dialect, naming};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

use super::{Party, PartyError};
use crate::agree::{answer::Answer, payload::Payload};

/// Validators, each made when it is first needed.
#[derive(Default)]
pub(crate) struct Schema {
    bundles: HashMap<(Dialect, bool), Value>,
    validators: HashMap<(String, Dialect, bool), jsonschema::Validator>,
}

impl Party for Schema {
    fn name(&self) -> &'static str {
        "schema"
    }

    fn ask(&mut self, payload: &Payload) -> Result<Option<Answer>, PartyError> {
        if payload.goal.kind.is_beyond_schema() {
            return Ok(None);
        }
        let dialect = if payload.is_sender { payload.dialect } else { Dialect::Snake };
        let text = payload.text_for_canonical();
        let document: Value = match contracts::unique(text.as_bytes()) {
            Ok(document) => document,
            Err(err) => return Ok(Some(Answer { refuses: true, why: err.to_string(), ..Answer::default() })),
        };
        let validator = self.validator(&payload.definition, dialect, payload.is_sender)?;
        let faults: Vec<String> = validator
            .iter_errors(&document)
            .take(3)
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect();
        Ok(Some(Answer { refuses: !faults.is_empty(), why: faults.join("; "), ..Answer::default() }))
    }
}

impl Schema {
    fn validator(
        &mut self,
        definition: &str,
        dialect: Dialect,
        is_sender: bool,
    ) -> Result<&jsonschema::Validator, PartyError> {
        let key = (definition.to_owned(), dialect, is_sender);
        if !self.validators.contains_key(&key) {
            let bundle =
                self.bundles.entry((dialect, is_sender)).or_insert_with(|| bundle(dialect, is_sender));
            let mut root = json!({"$ref": format!("#/$defs/{definition}"), "$defs": {}});
            // The definitions that it reaches and no others: a validator compiles all that it is given.
            reach(bundle, definition, &mut root);
            let validator = jsonschema::validator_for(&root).map_err(|err| PartyError::NoSchema {
                definition: definition.to_owned(),
                source: Box::new(err),
            })?;
            self.validators.insert(key.clone(), validator);
        }
        Ok(&self.validators[&key])
    }
}

fn reach(bundle: &Value, definition: &str, root: &mut Value) {
    if root["$defs"].get(definition).is_none() {
        let schema = bundle[definition].clone();
        root["$defs"][definition] = schema.clone();
        each_reference(&schema, &mut |name| reach(bundle, name, root));
    }
}

fn each_reference(schema: &Value, found: &mut dyn FnMut(&str)) {
    match schema {
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_str().and_then(|reference| reference.strip_prefix("#/$defs/")) {
                    Some(target) if name == "$ref" => found(target),
                    _ => each_reference(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| each_reference(item, found)),
        _ => {}
    }
}

/// The definitions in a dialect, for a sender or in canonical form.
fn bundle(dialect: Dialect, is_sender: bool) -> Value {
    let bundle: Value = serde_json::from_str(BUNDLE).expect("the bundle is generated and tested");
    let definitions = bundle["$defs"].as_object().expect("the bundle has $defs");
    let rewrite = Rewrite { dialect, is_sender, definitions };
    definitions.iter().map(|(name, schema)| (name.clone(), rewrite.schema(schema))).collect()
}

struct Rewrite<'b> {
    dialect: Dialect,
    is_sender: bool,
    definitions: &'b Map<String, Value>,
}

impl Rewrite<'_> {
    fn schema(&self, schema: &Value) -> Value {
        let Value::Object(members) = schema else { return schema.clone() };
        let mut made = Map::new();
        for (keyword, value) in members.iter().filter(|(keyword, _)| !keyword.starts_with("x-")) {
            let value = match keyword.as_str() {
                "properties" => self.properties(schema, value),
                "required" => {
                    value.as_array().into_iter().flatten().map(|name| self.name(schema, name)).collect()
                }
                "items" | "additionalProperties" => self.schema(value),
                "oneOf" => value.as_array().into_iter().flatten().map(|branch| self.schema(branch)).collect(),
                "default" | "examples" | "description" | "title" => continue,
                _ => value.clone(),
            };
            made.insert(keyword.clone(), value);
        }
        if self.is_sender { self.of_sender(schema, made) } else { made.into() }
    }

    fn properties(&self, schema: &Value, properties: &Value) -> Value {
        let required = |name: &str| {
            schema["required"].as_array().is_some_and(|required| required.iter().any(|other| other == name))
        };
        let properties = properties.as_object().into_iter().flatten();
        properties
            .map(|(name, property)| {
                let made = self.schema(property);
                let made = if self.is_sender { self.absent(property, made, required(name)) } else { made };
                (self.spelt(name, property), made)
            })
            .collect::<Map<_, _>>()
            .into()
    }

    fn name(&self, schema: &Value, name: &Value) -> Value {
        let name = name.as_str().expect("names are strings");
        self.spelt(name, &schema["properties"][name]).into()
    }

    fn spelt(&self, name: &str, property: &Value) -> String {
        let csharp = property["x-csharp"].as_str().map_or_else(|| naming::pascal(name), str::to_owned);
        match self.dialect {
            Dialect::Snake => name.to_owned(),
            Dialect::Pascal => csharp,
            Dialect::Camel => naming::camel(&csharp),
        }
    }

    /// A property whose null and `""` mean absent; a required one must not be absent.
    fn absent(&self, property: &Value, made: Value, required: bool) -> Value {
        let target = self.target(property);
        // Null says something, or is one value of any JSON.
        if target.get("oneOf").is_some() || target.get("type").is_none() {
            return made;
        }
        match (target["type"] == "string", required) {
            (true, true) => json!({"allOf": [made, {"not": {"const": ""}}]}),
            (true, false) => json!({"anyOf": [made, {"enum": [null, ""]}]}),
            (false, false) => json!({"anyOf": [made, {"type": "null"}]}),
            (false, true) => made,
        }
    }

    fn target<'s>(&'s self, mut schema: &'s Value) -> &'s Value {
        while let Some(name) =
            schema["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/$defs/"))
        {
            schema = &self.definitions[name];
        }
        schema
    }

    /// The further forms that are read of a sender.
    fn of_sender(&self, schema: &Value, mut made: Map<String, Value>) -> Value {
        if let Some(values) = schema["enum"].as_array() {
            let spellings = schema["x-values"].as_object().into_iter().flatten();
            let spellings = spellings.flat_map(|(_, row)| row["spellings"].as_array().into_iter().flatten());
            let names = values.iter().chain(spellings).filter_map(Value::as_str);
            let names: Vec<String> = names.map(regex::escape).collect();
            return json!({"type": "string", "pattern": format!("^(?i:{})$", names.join("|"))});
        }
        if let (true, Some(pattern)) = (schema["x-lower-case"] == true, schema["pattern"].as_str()) {
            let aliases = schema["x-aliases"].as_array().into_iter().flatten();
            let aliases = aliases.filter_map(|alias| alias["pattern"].as_str());
            let forms: Vec<&str> = std::iter::once(pattern).chain(aliases).collect();
            made.insert("pattern".to_owned(), format!("(?i:{})", forms.join("|")).into());
        }
        made.into()
    }
}
