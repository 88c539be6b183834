//! From the bundle of schemas to the tables. Panics on a form that the lint of the schemas refuses.

use serde_json::{Map, Value};
use std::collections::HashMap;

use super::{
    DefId, Dictionary,
    condition::Condition,
    object::{ObjectSpec, Property},
    rule::Rule,
    shape::{Def, EnumSpec, IntegerSpec, ListSpec, MapSpec, NumberSpec, Shape, TextAlias, TextSpec},
};
use crate::naming;

impl Dictionary {
    /// Compiles the bundle.
    pub(super) fn compile(bundle: &Value) -> Self {
        let defs = bundle["$defs"].as_object().expect("the bundle has $defs");
        let by_name: HashMap<String, DefId> =
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
    by_name: &'b HashMap<String, DefId>,
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
                max: count(&schema["maxProperties"], usize::MAX),
            })),
            Some("array") => Shape::List(Box::new(ListSpec {
                item: self.shape(&schema["items"]),
                min: count(&schema["minItems"], 0),
                max: count(&schema["maxItems"], usize::MAX),
                unique: schema["uniqueItems"] == true,
                sorted: schema["x-sorted"] == true,
            })),
            Some("integer") => Shape::Integer(IntegerSpec {
                min: schema["minimum"].as_i64().unwrap_or(i64::MIN),
                max: schema["maximum"].as_i64().unwrap_or(i64::MAX),
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
            default_by: schema["x-default-by"]["field"].as_str().map(|field| {
                let values = schema["x-default-by"]["values"].as_object();
                (field.to_owned(), values.cloned().unwrap_or_default())
            }),
            takes_effect_when: schema.get("x-takes-effect-when").map(Condition::of),
            maps_to: schema["x-maps-to"].as_str().map(str::to_owned),
            verbatim: schema["x-verbatim"] == true,
            wrapper: schema["x-wrapper"] == true,
        }
    }
}

fn count(value: &Value, absent: usize) -> usize {
    value.as_u64().map_or(absent, |count| usize::try_from(count).expect("counts fit"))
}

fn number(schema: &Value) -> NumberSpec {
    let (min, min_exclusive) = match schema["exclusiveMinimum"].as_f64() {
        Some(bound) => (bound, true),
        None => (schema["minimum"].as_f64().unwrap_or(f64::MIN), false),
    };
    let (max, max_exclusive) = match schema["exclusiveMaximum"].as_f64() {
        Some(bound) => (bound, true),
        None => (schema["maximum"].as_f64().unwrap_or(f64::MAX), false),
    };
    NumberSpec { min, min_exclusive, max, max_exclusive }
}

fn text(schema: &Value) -> TextSpec {
    let regex = |pattern: &str| regex::Regex::new(pattern).expect("patterns are linted");
    TextSpec {
        min: count(&schema["minLength"], 0),
        max: count(&schema["maxLength"], usize::MAX),
        pattern: schema["pattern"].as_str().map(regex),
        not_blank: schema["x-not-blank"] == true,
        lower_case: schema["x-lower-case"] == true,
        aliases: schema["x-aliases"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|alias| TextAlias {
                pattern: regex(alias["pattern"].as_str().expect("an alias has a pattern")),
                to: alias["to"].as_str().expect("an alias has a form").to_owned(),
                warning: alias["warning"]
                    .as_str()
                    .and_then(|code| code.parse().ok())
                    .expect("an alias has a warning"),
            })
            .collect(),
    }
}

fn enumeration(schema: &Value) -> EnumSpec {
    let values: Vec<String> = schema["enum"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|value| value.as_str().map(str::to_owned))
        .collect();
    let data = schema["x-values"].as_object().cloned().unwrap_or_default();
    let mut spellings = HashMap::new();
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
