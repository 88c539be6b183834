//! C# as a party: classes as a C# service declares them for the contract, read by the model and by real .NET.

use contracts::{
    dictionary::{Dictionary, Shape},
    naming::ordinal_ignore_case,
};
use serde_json::Value as Json;
use std::{collections::HashMap, path::Path};

use super::{ENVELOPE, Filled, Outcome, Reading, Remark, Subject, party};
use crate::contract::Tables;
use crate::dotnet::{
    Options, bind,
    clr::{Class, Clr, Integer, Member, Types},
    fault::Fault,
    line, options,
    peer::{Answer, NEWTONSOFT, Peer},
    write,
};

/// Classes for a subject: plain classes with auto-properties, named as the schemas say C# names them.
pub(crate) struct Classes<'d> {
    dictionary: &'d Dictionary,
    types: Types,
    root: Clr,
    by_definition: HashMap<String, usize>,
}

impl<'d> Classes<'d> {
    /// A class for each object of the schemas.
    pub(crate) fn of_all(dictionary: &'d Dictionary) -> Self {
        let mut classes = Self::empty(dictionary);
        for def in dictionary.defs().filter(|def| matches!(def.shape, Shape::Object(_))) {
            classes.definition(&def.name);
        }
        classes
    }

    /// A class for one definition, and those that it needs.
    pub(crate) fn of_one(dictionary: &'d Dictionary, definition: &str) -> Self {
        let mut classes = Self::empty(dictionary);
        classes.root = classes.definition(definition);
        classes
    }

    fn empty(dictionary: &'d Dictionary) -> Self {
        Self { dictionary, types: Types::default(), root: Clr::Object, by_definition: HashMap::new() }
    }

    /// The types.
    pub(crate) fn types(&self) -> &Types {
        &self.types
    }

    /// The class of a definition.
    pub(crate) fn of_definition(&self, name: &str) -> Option<Clr> {
        self.by_definition.get(name).copied().map(Clr::Class)
    }

    pub(super) fn of(tables: &Tables, subject: &Subject) -> Self {
        let mut classes = Self::empty(tables.dictionary);
        classes.root = match subject {
            Subject::Definition(name) => classes.definition(name),
            Subject::Reply { data, .. } => {
                let data = classes.definition(data);
                match tables.dictionary.defs().any(|def| def.name == ENVELOPE) {
                    true => classes.envelope(&data),
                    false => data,
                }
            }
        };
        classes
    }

    fn envelope(&mut self, data: &Clr) -> Clr {
        let reply = self.definition(ENVELOPE);
        if let Clr::Class(index) = reply {
            let members = &mut self.types.classes[index].members;
            for member in members.iter_mut().filter(|member| member.csharp == "Data") {
                *member = Member::new("Data", data.clone());
            }
        }
        reply
    }

    /// The type of a definition; a class is made once.
    fn definition(&mut self, name: &str) -> Clr {
        if let Some(index) = self.by_definition.get(name) {
            return Clr::Class(*index);
        }
        let shape = &self.dictionary.named(name).shape;
        if matches!(shape, Shape::Object(_)) {
            self.by_definition.insert(name.to_owned(), self.types.classes.len());
        }
        self.shape(shape, name)
    }

    fn shape(&mut self, shape: &Shape, name: &str) -> Clr {
        match shape {
            Shape::Ref(id) => self.definition(&self.dictionary.def(*id).name),
            Shape::Nullable(of) => optional(self.shape(of, name)),
            Shape::List(list) => Clr::List(Box::new(self.shape(&list.item, &format!("{name}Item")))),
            Shape::Map(map) => Clr::Map(Box::new(self.shape(&map.value, &format!("{name}Value")))),
            Shape::Integer(limits) => {
                let fits = |limit: i64| i32::try_from(limit).is_ok();
                let is_int = fits(limits.minimum) && fits(limits.maximum);
                Clr::Integer(if is_int { Integer::INT } else { Integer::LONG })
            }
            Shape::Number(_) => Clr::Double,
            Shape::Text(_) | Shape::Enum(_) => Clr::String,
            Shape::Boolean => Clr::Bool,
            Shape::Null | Shape::Any => Clr::Object,
            Shape::Object(object) => {
                let index = self.types.classes.len();
                self.types.classes.push(Class { name: name.to_owned(), ..Class::default() });
                let members = object.properties.iter().map(|property| {
                    let clr = self.shape(&property.shape, &format!("{name}{}", property.csharp));
                    let clr = if property.required { clr } else { optional(clr) };
                    Member::new(&property.csharp, clr)
                });
                self.types.classes[index].members = members.collect();
                Clr::Class(index)
            }
        }
    }

    /// What the model of System.Text.Json binds a text to.
    pub(crate) fn bind(&self, json: &str, options: &Options) -> Result<bind::Bound, Fault> {
        bind::bind(&self.types, &self.root, options, json)
    }

    /// What the model of System.Text.Json reads under options, in the first line of the bytes.
    pub(super) fn read(&self, bytes: &[u8], options: &Options) -> Outcome {
        let bound = match self.bind(&whole(bytes), options) {
            Ok(bound) => bound,
            Err(fault) => return super::refused(fault.path, fault.why),
        };
        match write::write(&self.types, &bound.value, &write::report_options()) {
            Err(fault) => super::refused("$", format!("it cannot be written again: {fault}")),
            Ok(written) => {
                let value: Json = serde_json::from_str(&written).unwrap_or(Json::Null);
                let filled = |at: &String| Filled { at: at.clone(), value: at_path(&value, at, options) };
                Outcome::Read {
                    filled_in: bound.absent.iter().map(filled).collect(),
                    ignored: bound.ignored,
                    warnings: Vec::new(),
                    value: Some(value),
                }
            }
        }
    }

    /// What real .NET reads under each set of options of System.Text.Json, and with Newtonsoft.Json.
    pub(super) fn by_dotnet(&self, bytes: &[u8], program: &Path) -> Vec<Reading> {
        let skipped = |why: String| vec![party("dotnet", Outcome::Skipped { why })];
        let mut peer = match Peer::start(program, &self.types) {
            Ok(peer) => peer,
            Err(err) => return skipped(format!("dotnet does not start: {err}")),
        };
        let (json, clr) = (whole(bytes), self.root.name(&self.types));
        let sets = options::NAMES.iter().chain([&NEWTONSOFT]);
        let readings = sets.map(|set| match peer.bind(&clr, set, &json) {
            Err(err) => party(&format!("dotnet:{set}"), Outcome::Skipped { why: err.to_string() }),
            Ok(answer) => party(&format!("dotnet:{set}"), outcome_of(answer)),
        });
        readings.collect()
    }
}

/// The text that C# hands to the serialiser.
fn whole(bytes: &[u8]) -> String {
    line::read_lines(bytes).join("\n")
}

fn outcome_of(answer: Answer) -> Outcome {
    match answer {
        Answer::Bound(value) => Outcome::Read {
            value: serde_json::from_str(&value).ok(),
            ignored: Vec::new(),
            filled_in: Vec::new(),
            warnings: Vec::new(),
        },
        Answer::Thrown { exception, path, inner } => {
            let inner = inner.map_or_else(String::new, |inner| format!(" ({inner})"));
            let at = path.unwrap_or_else(|| "$".to_owned());
            Outcome::Refused { reasons: vec![Remark { at, why: format!("{exception}{inner}") }] }
        }
    }
}

/// A value type with `?`; others have null already.
fn optional(clr: Clr) -> Clr {
    if clr.allows_null() { clr } else { Clr::Nullable(Box::new(clr)) }
}

/// The value at a path of `JsonException`, in a value with the names of C#.
fn at_path(value: &Json, path: &str, options: &Options) -> Json {
    let mut value = value;
    for step in path.split(['.', '[', ']']).skip(1).filter(|step| !step.is_empty()) {
        let found = match value {
            Json::Array(items) => step.parse::<usize>().ok().and_then(|at| items.get(at)),
            Json::Object(members) => members
                .iter()
                .find(|(name, _)| ordinal_ignore_case(&options.policy.of(name), step) || *name == step)
                .map(|(_, value)| value),
            _ => None,
        };
        match found {
            Some(found) => value = found,
            None => return Json::Null,
        }
    }
    value.clone()
}
