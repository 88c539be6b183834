//! From the bundle of schemas to the tables. Panics on a form that the lint of the schemas refuses.

use regex::Regex;
use serde_json::{Map, Value};
use std::sync::{LazyLock, Mutex};

use super::{
    DefId, Dictionary, Table,
    condition::Condition,
    effect::Effect,
    object::{ObjectSpec, Property},
    rule::Rule,
    shape::{Def, EnumSpec, ListSpec, MapSpec, Shape, TextAlias, TextSpec},
};
use crate::{
    checked::{Edge, Form, IntegerLimits, ListLimits, MapLimits, NumberLimits, TextLimits},
    naming,
};

impl Dictionary {
    /// Compiles a bundle as `cargo xtask codegen` makes it: [`crate::BUNDLE`], or another version of it.
    ///
    /// # Panics
    /// If it has a form that the lint of the schemas refuses.
    #[must_use]
    pub fn compile(bundle: &Value) -> Self {
        let defs = bundle["$defs"].as_object().expect("the bundle has $defs");
        let by_name: Table<DefId> =
            defs.keys().enumerate().map(|(i, name)| (name.clone(), DefId(i))).collect();
        let compiler = Compiler { by_name: &by_name };
        let rules = bundle["rules"].as_array().expect("the bundle has rules");
        let defs = defs
            .iter()
            .map(|(name, schema)| Def {
                name: name.clone(),
                shape: compiler.shape(schema),
                default: schema.get("default").cloned(),
                example: schema["examples"].get(0).cloned(),
                rules: rules.iter().filter(|rule| rule["on"] == **name).map(Rule::of).collect(),
            })
            .collect();
        Self { defs, by_name }
    }
}

struct Compiler<'b> {
    by_name: &'b Table<DefId>,
}

impl Compiler<'_> {
    fn shape(&self, schema: &Value) -> Shape {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.trim_start_matches("#/$defs/");
            return Shape::Ref(self.by_name[name]);
        }
        if let Some(branches) = schema["oneOf"].as_array() {
            return Shape::Nullable(Box::new(self.shape(&branches[0])));
        }
        if schema["enum"].is_array() {
            return Shape::Enum(Box::new(enumeration(schema)));
        }
        match schema["type"].as_str() {
            Some("object") if schema["additionalProperties"] == false => {
                Shape::Object(Box::new(self.object(schema)))
            }
            Some("object") => Shape::Map(Box::new(MapSpec {
                value: match &schema["additionalProperties"] {
                    Value::Object(_) => self.shape(&schema["additionalProperties"]),
                    _ => Shape::Any,
                },
                limits: MapLimits { maximum: count(&schema["maxProperties"], u64::MAX) },
            })),
            Some("array") => Shape::List(Box::new(ListSpec {
                item: self.shape(&schema["items"]),
                limits: ListLimits {
                    minimum: count(&schema["minItems"], 0),
                    maximum: count(&schema["maxItems"], u64::MAX),
                    unique: schema["uniqueItems"] == true,
                },
                sorted: schema["x-sorted"] == true,
            })),
            Some("integer") => Shape::Integer(IntegerLimits {
                minimum: schema["minimum"].as_i64().unwrap_or(i64::MIN),
                maximum: schema["maximum"].as_i64().unwrap_or(i64::MAX),
                multiple_of: schema["multipleOf"].as_i64().unwrap_or(1),
            }),
            Some("number") => Shape::Number(number(schema)),
            Some("string") => Shape::Text(Box::new(text(schema))),
            Some("boolean") => Shape::Boolean,
            Some("null") => Shape::Null,
            _ => Shape::Any,
        }
    }

    fn object(&self, schema: &Value) -> ObjectSpec {
        let mut object = ObjectSpec::default();
        let empty = Map::new();
        for (snake, property) in schema["properties"].as_object().unwrap_or(&empty) {
            let required = schema["required"]
                .as_array()
                .is_some_and(|required| required.iter().any(|name| name == snake));
            let property = self.property(snake, property, required);
            object.by_snake.insert(snake.clone(), object.properties.len());
            object.required += usize::from(required);
            object.properties.push(property);
        }
        object.add_names(schema);
        object
    }

    fn property(&self, snake: &str, schema: &Value, required: bool) -> Property {
        let csharp = schema["x-csharp"].as_str().map_or_else(|| naming::pascal(snake), str::to_owned);
        Property {
            snake: snake.to_owned(),
            camel: naming::camel(&csharp),
            csharp,
            required,
            shape: self.shape(schema),
            default: schema.get("default").cloned(),
            example: schema["examples"].get(0).cloned(),
            default_by_device: schema["x-default-by-device"].as_object().cloned(),
            default_by: schema.get("x-default-by").map(|by| {
                let field = by["field"].as_str().expect("x-default-by has a field");
                let values = by["values"].as_object().expect("x-default-by has values");
                (field.to_owned(), values.clone())
            }),
            takes_effect_when: schema.get("x-takes-effect-when").map(Condition::of),
            maps_to: schema["x-maps-to"].as_str().map(str::to_owned),
            effect: schema["x-effect"].as_str().and_then(Effect::of),
            verbatim: schema["x-verbatim"] == true,
            wrapper: schema["x-wrapper"] == true,
        }
    }
}

fn count(value: &Value, absent: u64) -> u64 {
    value.as_u64().unwrap_or(absent)
}

fn number(schema: &Value) -> NumberLimits {
    let edge = |inclusive: &str, exclusive: &str, absent: f64| match schema[exclusive].as_f64() {
        Some(bound) => Edge::Beyond(bound),
        None => Edge::At(schema[inclusive].as_f64().unwrap_or(absent)),
    };
    NumberLimits {
        minimum: edge("minimum", "exclusiveMinimum", f64::MIN),
        maximum: edge("maximum", "exclusiveMaximum", f64::MAX),
    }
}

fn text(schema: &Value) -> TextSpec {
    TextSpec {
        limits: TextLimits {
            minimum: count(&schema["minLength"], 0),
            maximum: count(&schema["maxLength"], u64::MAX),
            not_blank: schema["x-not-blank"] == true,
            form: schema["pattern"].as_str().map_or(Form::Any, |pattern| Form::Compiled(regex(pattern))),
        },
        lower_case: schema["x-lower-case"] == true,
        aliases: schema["x-aliases"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|alias| TextAlias {
                pattern: regex(alias["pattern"].as_str().expect("an alias has a pattern")).clone(),
                to: alias["to"].as_str().expect("an alias has a form").to_owned(),
                warning: alias["warning"]
                    .as_str()
                    .and_then(|code| code.parse().ok())
                    .expect("an alias has a warning"),
            })
            .collect(),
    }
}

/// A compiled pattern. It is leaked, because forms of generated types are constants; each pattern once, however many versions
/// of a contract have it.
fn regex(pattern: &str) -> &'static Regex {
    static COMPILED: LazyLock<Mutex<Table<&'static Regex>>> = LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().expect("no thread panics while it holds the table");
    if let Some(known) = compiled.get(pattern) {
        return known;
    }
    let new: &'static Regex = Box::leak(Box::new(Regex::new(pattern).expect("patterns are linted")));
    compiled.insert(pattern.to_owned(), new);
    new
}

fn enumeration(schema: &Value) -> EnumSpec {
    let values: Vec<String> = schema["enum"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|value| value.as_str().map(str::to_owned))
        .collect();
    // An enum without a table has no accepted spellings and no facts about its values.
    let data = schema["x-values"].as_object().cloned().unwrap_or_default();
    let mut spellings = Table::default();
    for (index, value) in values.iter().enumerate() {
        for spelling in data.get(value).and_then(|of| of["spellings"].as_array()).into_iter().flatten() {
            let spelling = spelling.as_str().expect("spellings are strings");
            spellings.insert(spelling.to_lowercase(), (index, true));
        }
    }
    // Values themselves last: they win over a spelling that differs in case alone.
    for (index, value) in values.iter().enumerate() {
        spellings.insert(value.to_lowercase(), (index, false));
    }
    EnumSpec { values, data, spellings }
}
