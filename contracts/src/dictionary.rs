//! The schemas as tables: every definition with its properties, spellings, bounds, defaults and conditions.
//!
//! Compiled once from the bundle that `cargo xtask codegen` makes of `schemas/`. Readings, replies in other dialects
//! and effective documents all walk these tables, so a name or a limit is written nowhere else.

use serde_json::{Map, Value};
use std::{collections::HashMap, sync::LazyLock};

use crate::{
    condition::Condition,
    dialect::Dialect,
    generated::{BUNDLE, warning_code::WarningCode},
    naming,
    rules::Rule,
};

/// Index of a definition in the dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DefId(usize);

/// All definitions.
#[derive(Debug)]
pub struct Dictionary {
    defs: Vec<Def>,
    by_name: HashMap<String, DefId>,
}

/// One named definition.
#[derive(Debug)]
pub struct Def {
    /// Its name under `$defs`.
    pub name: String,
    /// What it allows.
    pub shape: Shape,
    /// What absence means, where a property that refers to it does not say otherwise.
    pub default: Option<Value>,
    /// A value that it allows.
    pub example: Option<Value>,
    /// Its rules over several fields.
    pub rules: Vec<Rule>,
}

/// What a value must be.
#[derive(Debug)]
pub enum Shape {
    /// Another definition.
    Ref(DefId),
    /// A closed object.
    Object(Box<ObjectSpec>),
    /// A list.
    List(Box<ListSpec>),
    /// A map: its keys are data.
    Map(Box<MapSpec>),
    /// An integer.
    Integer(IntegerSpec),
    /// A number.
    Number(NumberSpec),
    /// A string.
    Text(Box<TextSpec>),
    /// A string of a closed set.
    Enum(Box<EnumSpec>),
    /// A boolean.
    Boolean,
    /// `null` alone.
    Null,
    /// `null`, or the shape.
    Nullable(Box<Shape>),
    /// Any JSON.
    Any,
}

/// A closed object.
#[derive(Debug, Default)]
pub struct ObjectSpec {
    /// Its properties, in the schema's order.
    pub properties: Vec<Property>,
    /// Every spelling that is read here.
    pub names: HashMap<String, Name>,
    /// The dialect of those of them that one dialect alone spells so.
    dialects: HashMap<String, Dialect>,
    /// The snake names of what [`Name::Neutral`] and [`Name::Flag`] point at.
    pub extras: Vec<Extra>,
    by_snake: HashMap<String, usize>,
}

/// One property of an object.
#[derive(Debug)]
pub struct Property {
    /// Canonical name.
    pub snake: String,
    /// C# name.
    pub csharp: String,
    /// What the web defaults of System.Text.Json make of it.
    pub camel: String,
    /// Whether it must be there.
    pub required: bool,
    /// What it must be.
    pub shape: Shape,
    /// What absence means.
    pub default: Option<Value>,
    /// A value that it allows.
    pub example: Option<Value>,
    /// The default by the kind of device (`gpu`, `cpu`).
    pub default_by_device: Option<Map<String, Value>>,
    /// The default by the value of another field.
    pub default_by: Option<(String, Map<String, Value>)>,
    /// Where it can take no effect, it is a warning, and its default does not stand.
    pub takes_effect_when: Option<Condition>,
    /// Pointer of the prompt submission that a flat parameter stands for.
    pub maps_to: Option<String>,
    /// Whether the names inside are data.
    pub verbatim: bool,
    /// Whether it holds the command, so that its own name counts as one of the envelope's.
    pub wrapper: bool,
}

/// What a spelling means in an object.
#[derive(Clone, Debug)]
pub enum Name {
    /// A property.
    Property {
        /// Its index.
        index: usize,
        /// How it is spelt.
        spelling: Spelling,
    },
    /// A value that belongs elsewhere in the document.
    Place {
        /// Its canonical pointer from the document.
        to: String,
    },
    /// A property without meaning to any worker.
    Neutral {
        /// Index into `extras`.
        index: usize,
    },
    /// A boolean that adds an item to a list.
    Flag {
        /// Index into `extras`.
        index: usize,
    },
}

/// How a property is spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spelling {
    /// The dialects that spell it so; none for accepted spellings.
    pub snake: bool,
    /// In C#'s own names.
    pub pascal: bool,
    /// In web names.
    pub camel: bool,
    /// Whether it is read without a warning although no dialect writes it (a synonym).
    pub synonym: bool,
}

impl Spelling {
    /// Whether it is one that was only seen in the wild.
    #[must_use]
    pub fn is_accepted(self) -> bool {
        !(self.snake || self.pascal || self.camel || self.synonym)
    }
}

/// A neutral-only property or a flag.
#[derive(Debug)]
pub struct Extra {
    /// Its snake name.
    pub snake: String,
    /// The list that it adds to, and what, by its value in lower case (`true` for flags).
    pub adds: HashMap<String, (usize, String)>,
}

/// A list.
#[derive(Debug)]
pub struct ListSpec {
    /// What each item must be.
    pub item: Shape,
    /// Fewest items.
    pub min: usize,
    /// Most items.
    pub max: usize,
    /// Whether no item may stand twice.
    pub unique: bool,
    /// Whether order has no meaning: canonical lists are in the enum's order.
    pub sorted: bool,
}

/// A map.
#[derive(Debug)]
pub struct MapSpec {
    /// What each value must be.
    pub value: Shape,
    /// Most entries.
    pub max: usize,
}

/// Bounds of an integer.
#[derive(Clone, Copy, Debug)]
pub struct IntegerSpec {
    /// Least.
    pub min: i64,
    /// Greatest.
    pub max: i64,
    /// It must be a multiple of this.
    pub multiple_of: i64,
}

/// Bounds of a number.
#[derive(Clone, Copy, Debug)]
pub struct NumberSpec {
    /// Least.
    pub min: f64,
    /// Whether the least itself is refused.
    pub min_exclusive: bool,
    /// Greatest.
    pub max: f64,
    /// Whether the greatest itself is refused.
    pub max_exclusive: bool,
}

/// Bounds of a string.
#[derive(Debug)]
pub struct TextSpec {
    /// Fewest code points.
    pub min: usize,
    /// Most code points.
    pub max: usize,
    /// What it must match.
    pub pattern: Option<regex::Regex>,
    /// Whether white space alone is refused.
    pub not_blank: bool,
    /// Whether case has no meaning; canonical is lower.
    pub lower_case: bool,
    /// Other forms that are read.
    pub aliases: Vec<TextAlias>,
}

/// Another form of a string.
#[derive(Debug)]
pub struct TextAlias {
    /// What it matches.
    pub pattern: regex::Regex,
    /// What it becomes.
    pub to: String,
    /// The warning.
    pub warning: WarningCode,
}

/// A closed set of strings.
#[derive(Debug)]
pub struct EnumSpec {
    /// The canonical values, in the schema's order.
    pub values: Vec<String>,
    /// What the schema says of each, where it does.
    pub data: Map<String, Value>,
    /// Lower-case spelling → index, and whether it is an accepted spelling rather than the value itself.
    pub spellings: HashMap<String, (usize, bool)>,
}

/// The dictionary of this version of the contract.
#[must_use]
pub fn dictionary() -> &'static Dictionary {
    static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| {
        let bundle = serde_json::from_str(BUNDLE).expect("the bundle is generated and tested");
        Dictionary::compile(&bundle)
    });
    &DICTIONARY
}

impl Dictionary {
    /// The definition of a name.
    ///
    /// # Panics
    /// Where there is none; names come from the registry and from this crate.
    #[must_use]
    pub fn id(&self, name: &str) -> DefId {
        *self.by_name.get(name).unwrap_or_else(|| panic!("no definition `{name}` in the bundle"))
    }

    /// The definition.
    #[must_use]
    pub fn def(&self, id: DefId) -> &Def {
        &self.defs[id.0]
    }

    /// The definition of a name.
    #[must_use]
    pub fn named(&self, name: &str) -> &Def {
        self.def(self.id(name))
    }

    /// All definitions, in no particular order.
    pub fn defs(&self) -> impl Iterator<Item = &Def> {
        self.defs.iter()
    }

    /// The object behind a name.
    ///
    /// # Panics
    /// Where it is none.
    #[must_use]
    pub fn object(&self, name: &str) -> &ObjectSpec {
        match self.resolve(&self.named(name).shape) {
            Shape::Object(object) => object,
            _ => panic!("`{name}` is no object"),
        }
    }

    /// The enum behind a name.
    ///
    /// # Panics
    /// Where it is none.
    #[must_use]
    pub fn enumeration(&self, name: &str) -> &EnumSpec {
        match self.resolve(&self.named(name).shape) {
            Shape::Enum(spec) => spec,
            _ => panic!("`{name}` is no enum"),
        }
    }

    /// The shape behind references.
    #[must_use]
    pub fn resolve<'s>(&'s self, mut shape: &'s Shape) -> &'s Shape {
        while let Shape::Ref(id) = shape {
            shape = &self.def(*id).shape;
        }
        shape
    }

    /// What absence means by the definition that a shape refers to.
    #[must_use]
    pub fn default_of(&self, shape: &Shape) -> Option<Value> {
        match shape {
            Shape::Ref(id) => {
                let def = self.def(*id);
                def.default.clone().or_else(|| self.default_of(&def.shape))
            }
            _ => None,
        }
    }

    /// An example of the definition that a shape refers to.
    #[must_use]
    pub fn example_of<'s>(&'s self, mut shape: &'s Shape) -> Option<&'s Value> {
        while let Shape::Ref(id) = shape {
            let def = self.def(*id);
            if def.example.is_some() {
                return def.example.as_ref();
            }
            shape = &def.shape;
        }
        None
    }

    /// An example of a property: its own, else that of the definition that it refers to.
    #[must_use]
    pub fn example<'s>(&'s self, property: &'s Property) -> Option<&'s Value> {
        property.example.as_ref().or_else(|| self.example_of(&property.shape))
    }

    /// The shape of the value at a canonical pointer below an object; indices and `*` are items.
    #[must_use]
    pub fn shape_at<'s>(&'s self, mut shape: &'s Shape, pointer: &str) -> Option<&'s Shape> {
        for token in pointer.split('/').skip(1) {
            shape = match self.resolve(shape) {
                Shape::Object(object) => &object.property(token)?.shape,
                Shape::List(list) => &list.item,
                _ => return None,
            };
        }
        Some(shape)
    }

    /// The property at a canonical pointer below an object.
    #[must_use]
    pub fn property_at<'s>(&'s self, shape: &'s Shape, pointer: &str) -> Option<&'s Property> {
        let (parent, name) = pointer.rsplit_once('/')?;
        match self.resolve(self.shape_at(shape, parent)?) {
            Shape::Object(object) => object.property(name),
            _ => None,
        }
    }

    fn compile(bundle: &Value) -> Self {
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

impl ObjectSpec {
    /// The property of a canonical name.
    #[must_use]
    pub fn property(&self, snake: &str) -> Option<&Property> {
        self.by_snake.get(snake).map(|&index| &self.properties[index])
    }

    /// The only dialect that spells a name so, whatever the name stands for here.
    #[must_use]
    pub fn only_dialect(&self, name: &str) -> Option<Dialect> {
        self.dialects.get(name).copied()
    }

    /// The index of the property of a canonical name.
    #[must_use]
    pub fn index(&self, snake: &str) -> Option<usize> {
        self.by_snake.get(snake).copied()
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

impl ObjectSpec {
    fn add_names(&mut self, schema: &Value) {
        for index in 0..self.properties.len() {
            let property = &self.properties[index];
            let (snake, csharp, camel) =
                (property.snake.clone(), property.csharp.clone(), property.camel.clone());
            self.note_dialects([Some(&snake), Some(&csharp), Some(&camel)]);
            for name in [&snake, &csharp, &camel] {
                let spelling = Spelling {
                    snake: *name == snake,
                    pascal: *name == csharp,
                    camel: *name == camel,
                    synonym: false,
                };
                self.names.insert(name.clone(), Name::Property { index, spelling });
            }
        }
        for index in 0..self.properties.len() {
            let property = &schema["properties"][&self.properties[index].snake];
            for (key, synonym) in [("x-synonyms", true), ("x-accepted", false)] {
                for name in property[key].as_array().into_iter().flatten() {
                    let name = name.as_str().expect("names are strings");
                    let spelling = Spelling { snake: false, pascal: false, camel: false, synonym };
                    self.add(name, None, &Name::Property { index, spelling });
                }
            }
        }
        for (snake, place) in schema["x-accepted-places"].as_object().into_iter().flatten() {
            let to = place["to"].as_str().expect("a place has a pointer").to_owned();
            self.add(snake, place["csharp"].as_str(), &Name::Place { to });
        }
        for (snake, neutral) in schema["x-neutral-only"].as_object().into_iter().flatten() {
            let index = self.extras.len();
            let adds = neutral["adds"].as_object().into_iter().flatten();
            let adds = adds.map(|(value, list)| {
                let list = self.by_snake[list.as_str().expect("a list of this object")];
                (value.clone(), (list, value.clone()))
            });
            let adds = adds.collect();
            self.extras.push(Extra { snake: snake.clone(), adds });
            self.add(snake, None, &Name::Neutral { index });
        }
        for (snake, flag) in schema["x-flags"].as_object().into_iter().flatten() {
            let index = self.extras.len();
            let list = self.by_snake[flag["to"].as_str().expect("a list of this object")];
            let value = flag["adds"].as_str().expect("an item").to_owned();
            let adds = HashMap::from([("true".to_owned(), (list, value))]);
            self.extras.push(Extra { snake: snake.clone(), adds });
            self.add(snake, None, &Name::Flag { index });
        }
    }

    /// Adds a further name in its three dialects; canonical spellings stay what they are.
    fn add(&mut self, name: &str, csharp: Option<&str>, meaning: &Name) {
        let csharp = csharp.map_or_else(
            || {
                if is_snake(name) { naming::pascal(name) } else { name.to_owned() }
            },
            str::to_owned,
        );
        let camel = naming::camel(&csharp);
        let snake = is_snake(name).then_some(name);
        self.note_dialects([snake, Some(&csharp), Some(&camel)]);
        for spelling in [name.to_owned(), camel, csharp] {
            self.names.entry(spelling).or_insert_with(|| meaning.clone());
        }
    }

    /// Notes which of a name's forms in snake, pascal and camel one dialect alone has; forms of names that are known
    /// already stay what they are.
    fn note_dialects(&mut self, forms: [Option<&str>; 3]) {
        for (form, dialect) in forms.into_iter().zip([Dialect::Snake, Dialect::Pascal, Dialect::Camel]) {
            let alone = forms.into_iter().filter(|other| *other == form).count() == 1;
            if let Some(form) = form.filter(|_| alone)
                && !self.names.contains_key(form)
            {
                self.dialects.insert(form.to_owned(), dialect);
            }
        }
    }
}

fn is_snake(name: &str) -> bool {
    !name.contains(|c: char| c.is_uppercase())
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
