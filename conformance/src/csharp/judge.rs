//! Types of sources against definitions of the schemas: missing, misspelt and unknown names, other types, values that stand in
//! for absent ones.

use contracts::{
    Action,
    dictionary::{ObjectSpec, Property, Shape, dictionary},
};
use std::collections::BTreeSet;

use super::{
    TypeRows,
    declaration::{Kind, attribute},
    fit,
    members::Row,
    project::Project,
    rows,
};
use crate::{
    class::Class,
    dotnet::Options,
    source::{Finding, Judged, Place, Undecided, distance},
};

/// The least members that a type and a definition share to be taken for the same.
const SHARED_MIN: usize = 2;

/// The least that a type shares with a definition of which it has a small part.
const MANY: usize = 3;

/// Letters that may differ in a misspelt name.
const LETTERS_MAX: usize = 2;

/// Judges all types that resemble a definition, or that a map names one for.
pub(super) fn judge(project: &Project, options: Option<&Options>, maps: &[(String, String)]) -> Judged {
    let mut judged = Judged::default();
    let by_default = Options::new("default");
    let used = options.unwrap_or(&by_default);
    let received = received();
    for declaration in project.declarations.iter().filter(|one| {
        matches!(one.kind, Kind::Class | Kind::Struct) && !one.is("static") && one.type_parameters.is_empty()
    }) {
        let of = rows(project, declaration, used);
        let members = of.members.as_deref().map_or(&[][..], |members| members);
        let mapped =
            maps.iter().find(|(name, _)| *name == of.name).map(|(_, definition)| definition.as_str());
        let Some(definition) = mapped.or_else(|| resembled(members)) else {
            judged.left_out.push(of.name.clone());
            continue;
        };
        judged.compared.push(format!("{} as {definition}", of.name));
        let is_received = received.contains(definition);
        let mut judge = Judge { project, options: used, of: &of, is_received, judged: &mut judged };
        judge.compare(dictionary().object(definition));
    }
    let project_wide = project.undecided.iter().cloned();
    judged.undecided.extend(project_wide.map(|(place, why)| Undecided { place, why }));
    if options.is_none()
        && let Some(first) = project.declarations.first()
        && !judged.compared.is_empty()
    {
        let why = "no source tells the serialiser's options: name them with --options".to_owned();
        judged.undecided.push(Undecided { place: first.place.clone(), why });
    }
    judged.sort();
    judged
}

/// Definitions that C# reads: replies with all that they hold.
fn received() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&str> = Action::ALL.iter().map(|action| action.info().reply).collect();
    open.push("Reply");
    while let Some(name) = open.pop() {
        if found.insert(name.to_owned()) {
            refer(&dictionary().named(name).shape, &mut open);
        }
    }
    found
}

fn refer<'d>(shape: &'d Shape, open: &mut Vec<&'d str>) {
    match shape {
        Shape::Ref(id) => open.push(&dictionary().def(*id).name),
        Shape::Nullable(of) => refer(of, open),
        Shape::List(list) => refer(&list.item, open),
        Shape::Map(map) => refer(&map.value, open),
        Shape::Object(object) => object.properties.iter().for_each(|property| refer(&property.shape, open)),
        _ => {}
    }
}

/// The definition that shares most names with the members: at least half of both, or three quarters of the members.
fn resembled(members: &[Row]) -> Option<&'static str> {
    let names: BTreeSet<String> = members.iter().map(|row| folded(&row.json)).collect();
    let objects = dictionary().defs().filter_map(|def| match &def.shape {
        Shape::Object(object) => Some((def.name.as_str(), object)),
        _ => None,
    });
    let score = |object: &ObjectSpec| {
        object.properties.iter().filter(|property| names.contains(&folded(&property.snake))).count()
    };
    let scored = objects.map(|(name, object)| (score(object), object.properties.len(), name));
    let close = scored.filter(|(shared, all, _)| {
        let is_half_of_both = *shared >= SHARED_MIN && shared * 2 >= names.len() && shared * 2 >= *all;
        is_half_of_both || (*shared >= MANY && shared * 4 >= names.len() * 3)
    });
    close.max_by_key(|(shared, all, _)| (*shared, std::cmp::Reverse(*all))).map(|(_, _, name)| name)
}

/// A name without case and separators.
fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

struct Judge<'j> {
    project: &'j Project,
    options: &'j Options,
    of: &'j TypeRows,
    /// Whether C# reads it; else C# writes it.
    is_received: bool,
    judged: &'j mut Judged,
}

impl Judge<'_> {
    fn compare(&mut self, object: &ObjectSpec) {
        let undecided = self.of.undecided.iter().cloned();
        self.judged.undecided.extend(undecided.map(|(place, why)| Undecided { place, why }));
        let members = match &self.of.members {
            Ok(members) => members.clone(),
            Err(why) => {
                let why = format!("it cannot be serialised: {why}");
                return self.broken(&self.of.place, Class::Env, None, why);
            }
        };
        let mut found = BTreeSet::new();
        let is_received = self.is_received;
        let is_used = |row: &&Row| !row.extension && if is_received { row.read } else { row.write };
        for row in members.iter().filter(is_used) {
            match object.properties.iter().find(|property| folded(&property.snake) == folded(&row.json)) {
                Some(property) => {
                    found.insert(property.snake.as_str());
                    self.member(row, property);
                }
                None => self.unknown(row, object, &mut found),
            }
        }
        // A reader may take from a reply what it needs and no more.
        let is_missing =
            |one: &&Property| one.required && !is_received && !found.contains(one.snake.as_str());
        for property in object.properties.iter().filter(is_missing) {
            let why = format!("no member writes `{}`, which the contract requires", property.snake);
            self.broken(&self.of.place, Class::Names, None, why);
        }
    }

    fn member(&mut self, row: &Row, property: &Property) {
        let spellings = [&property.snake, &property.csharp, &property.camel];
        let fits = |spelt: &String| {
            *spelt == row.json
                || (self.is_received
                    && self.options.case_insensitive
                    && contracts::naming::ordinal_ignore_case(spelt, &row.json))
        };
        if !spellings.into_iter().any(fits) {
            let why = format!(
                "the JSON name is {:?}, and the contract has {}, {} or {}",
                row.json, property.snake, property.csharp, property.camel
            );
            return self.broken(&row.place, Class::Case, Some(row), why);
        }
        if row.converter.is_none() || self.enumeration(&row.clr).is_some() {
            self.type_of(row, property);
        }
        self.default(row, property);
    }

    fn type_of(&mut self, row: &Row, property: &Property) {
        let clr = row.clr.trim_end_matches('?').to_owned();
        let shape = dictionary().resolve(&property.shape);
        if let Some(values) = self.enumeration(&clr) {
            let is_text = row.converter.is_some() || values.is_text;
            let why = match (shape, is_text) {
                (Shape::Enum(_) | Shape::Text(_), false) => {
                    Some(format!("the enum {clr} is written as a number, and the contract has a string"))
                }
                (Shape::Enum(spec), true) => {
                    let unknown =
                        values.names.iter().find(|name| !spec.spellings.contains_key(name.as_str()));
                    unknown.map(|name| format!("the contract has no value {name:?} of {}", property.snake))
                }
                _ => None,
            };
            if let Some(why) = why {
                self.broken(&row.place, Class::Enum, Some(row), why);
            }
            return;
        }
        if let Some(why) = fit::unlike(&clr, shape) {
            self.broken(&row.place, Class::Type, Some(row), why);
        }
    }

    /// A value that stands where the other side wrote none.
    fn default(&mut self, row: &Row, property: &Property) {
        if property.required || row.clr.ends_with('?') || !fit::is_value(&row.clr) || row.conditional_write {
            return;
        }
        let initial = row.initial.as_deref().unwrap_or("0").trim_end_matches(['f', 'd', 'm', 'L']);
        let default = dictionary().default_of(&property.shape).or_else(|| property.default.clone());
        let same = default.as_ref().is_some_and(|default| fit::is_same(default, initial));
        if self.is_received {
            let why = format!("an absent `{}` is read as {initial}", property.snake);
            self.broken(&row.place, Class::Default, Some(row), why);
        } else if !same {
            let default = default.map_or_else(|| "nothing".to_owned(), |default| default.to_string());
            let why = format!("it is always written: {initial} stands where the contract means {default}");
            self.broken(&row.place, Class::Default, Some(row), why);
        }
    }

    fn unknown<'o>(&mut self, row: &Row, object: &'o ObjectSpec, found: &mut BTreeSet<&'o str>) {
        // Older names and flags that a command may have.
        if !self.is_received && object.names.contains_key(&row.json) {
            return;
        }
        let name = folded(&row.json);
        let near = object
            .properties
            .iter()
            .find(|property| distance(&folded(&property.snake), &name) <= LETTERS_MAX);
        let why = match near {
            Some(property) => {
                found.insert(property.snake.as_str());
                format!("the contract has no {:?}; it has {}", row.json, property.snake)
            }
            None if self.is_received => {
                format!("no reply has {:?}: the member keeps its initial value", row.json)
            }
            None => format!("the contract has no {:?}: a command with it is refused", row.json),
        };
        self.broken(&row.place, Class::Names, Some(row), why);
    }

    fn enumeration(&self, clr: &str) -> Option<EnumValues> {
        let name = clr.trim_end_matches('?');
        let declaration =
            self.project.declarations.iter().find(|one| one.kind == Kind::Enum && one.name == name)?;
        let is_text = attribute(&declaration.attributes, "JsonConverter").is_some();
        let names =
            declaration.values.iter().map(|(name, json)| json.clone().unwrap_or_else(|| name.clone()));
        Some(EnumValues { is_text, names: names.collect() })
    }

    fn broken(&mut self, place: &Place, class: Class, row: Option<&Row>, why: String) {
        let subject = match row {
            Some(row) => format!("{}.{}", self.of.name, row.member),
            None => self.of.name.clone(),
        };
        self.judged.findings.push(Finding { place: place.clone(), class, subject, why });
    }
}

struct EnumValues {
    is_text: bool,
    names: Vec<String>,
}
