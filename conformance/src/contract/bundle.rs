//! The one flat document that `contracts` makes its tables of, from the files of a contract that is not built in.

use contracts::pointer::escape;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

use super::{
    EXTENDED, Kind, LoadError, last_name,
    side::{File, Side},
    target,
};

/// The subset of JSON Schema that the tables can hold.
const SUBSET: &str = include_str!("../../../schemas/meta/subset_schema.json");

/// The forms of the tables beside them.
const TABLES: &str = include_str!("../../../schemas/meta/tables_schema.json");

/// The flat document of a side; none of plain schemas.
pub(crate) fn of_contract(side: &Side) -> Result<Option<Value>, LoadError> {
    if side.kind == Kind::Contract { of(side).map(Some) } else { Ok(None) }
}

/// The flat document of a contract whose files are all in the subset.
pub(super) fn of(side: &Side) -> Result<Value, LoadError> {
    for (file, document) in side.schemas() {
        check_subset(file, document)?;
    }
    check_rules(side)?;
    flat(side)
}

/// Refuses rules over several fields of a kind that this build does not know.
fn check_rules(side: &Side) -> Result<(), LoadError> {
    let Some(rules) = side.tables.get("rules") else { return Ok(()) };
    let refused = |why: String| LoadError::OutsideSubset {
        file: "rules.json".to_owned(),
        pointer: String::new(),
        why: crate::display::shorten(&why),
    };
    let mut tables: Value = serde_json::from_str(TABLES).map_err(|err| refused(err.to_string()))?;
    let subset: Value = serde_json::from_str(SUBSET).map_err(|err| refused(err.to_string()))?;
    tables["$ref"] = "#/$defs/rules".into();
    let registry = jsonschema::Registry::new()
        .add("urn:concord:meta:subset-1", &subset)
        .and_then(jsonschema::RegistryBuilder::prepare)
        .map_err(|err| refused(err.to_string()))?;
    let validator = jsonschema::options()
        .with_registry(&registry)
        .build(&tables)
        .map_err(|err| refused(err.to_string()))?;
    validator.iter_errors(rules).next().map_or(Ok(()), |fault| Err(refused(fault.to_string())))
}

/// Refuses a file that is not in the subset: its tables would hold less than it says.
fn check_subset(file: &File, document: &Value) -> Result<(), LoadError> {
    let refused = |at: &str, why: String| LoadError::OutsideSubset {
        file: file.path.clone(),
        pointer: at.to_owned(),
        why: crate::display::shorten(&why),
    };
    let subset: Value = serde_json::from_str(SUBSET).map_err(|err| refused("", err.to_string()))?;
    let validator = jsonschema::validator_for(&subset).map_err(|err| refused("", err.to_string()))?;
    if let Some(fault) = validator.iter_errors(document).next() {
        return Err(refused(fault.instance_path().as_str(), fault.to_string()));
    }
    let mut faults = Vec::new();
    each_schema(document, "", &mut |schema, at| {
        faults.extend(fault_of(schema, at).map(|why| (at.to_owned(), why)));
    });
    faults.into_iter().next().map_or(Ok(()), |(at, why)| Err(refused(&at, why)))
}

/// What the meta-schema cannot say of a schema.
fn fault_of(schema: &Map<String, Value>, at: &str) -> Option<String> {
    let pattern = schema.get("pattern").and_then(Value::as_str);
    if let Some(Err(err)) = pattern.map(regex_syntax::parse) {
        return Some(format!("the pattern is not one that all parties understand: {err}"));
    }
    let is_definition = at.matches('/').count() == 2;
    if !is_definition && schema.contains_key("properties") {
        return Some("an object stands inside another: give it a definition of its own".to_owned());
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    let has = |name: &Value| {
        name.as_str().is_some_and(|name| properties.is_some_and(|properties| properties.contains_key(name)))
    };
    let flags = members(schema, "x-flags").filter_map(|flag| flag.get("to"));
    let lists = members(schema, "x-neutral-only").flat_map(|neutral| neutral.get("adds")?.as_object());
    let missing = flags.chain(lists.flat_map(Map::values)).find(|list| !has(list))?;
    Some(format!("there is no list {missing} to add to"))
}

fn members<'s>(schema: &'s Map<String, Value>, keyword: &str) -> impl Iterator<Item = &'s Value> {
    schema.get(keyword).and_then(Value::as_object).into_iter().flat_map(Map::values)
}

/// Visits each schema of a document with its pointer.
fn each_schema(value: &Value, at: &str, visit: &mut dyn FnMut(&Map<String, Value>, &str)) {
    let Value::Object(schema) = value else { return };
    visit(schema, at);
    for holder in ["$defs", "properties"] {
        for (name, inner) in schema.get(holder).and_then(Value::as_object).into_iter().flatten() {
            each_schema(inner, &format!("{at}/{holder}/{}", escape(name)), visit);
        }
    }
    for keyword in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get(keyword) {
            each_schema(inner, &format!("{at}/{keyword}"), visit);
        }
    }
}

/// All definitions by their names, with the rows of the tables: the form of [`contracts::BUNDLE`].
fn flat(side: &Side) -> Result<Value, LoadError> {
    let mut definitions = Map::new();
    for location in super::definitions(side) {
        let name = last_name(&location);
        let schema = side.at(&location).cloned().unwrap_or(Value::Null);
        let schema = rewritten(schema, side);
        if definitions.insert(name.clone(), schema).is_some() {
            let (file, pointer) = side.place(&location);
            let why = format!("another file defines {name} too");
            return Err(LoadError::OutsideSubset { file, pointer, why });
        }
    }
    let rows = |table: &str| side.tables.get(table).and_then(|table| table.get(table_rows(table)?)).cloned();
    let rules = rows("rules").unwrap_or_else(|| json!([]));
    let registry = registry(side.tables.get("registry"));
    let mut bundle = json!({"$defs": definitions, "registry": registry, "rules": rules});
    own_codes(&mut bundle, side)?;
    Ok(bundle)
}

/// The one list of a table.
fn table_rows(table: &Value) -> Option<&'static str> {
    ["errors", "warnings", "rules"].into_iter().find(|list| table.get(list).is_some_and(Value::is_array))
}

/// `#/$defs/file/$defs/Name` becomes `#/$defs/Name`, and a property that an extended definition has by reference becomes the
/// property itself, with its names and defaults.
fn rewritten(schema: Value, side: &Side) -> Value {
    match schema {
        Value::Object(schema) => {
            if let Some(property) = inherited(&schema, side) {
                return rewritten(property, side);
            }
            let each = schema.into_iter().map(|(keyword, value)| match (&*keyword, value) {
                ("$ref", Value::String(reference)) => {
                    (keyword, format!("#/$defs/{}", last_name(&target(&reference))).into())
                }
                ("default" | "examples", value) => (keyword, value),
                (_, value) => (keyword, rewritten(value, side)),
            });
            each.filter(|(keyword, _)| keyword != EXTENDED).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.into_iter().map(|item| rewritten(item, side)).collect(),
        other => other,
    }
}

/// The property of a base that a schema refers to.
fn inherited(schema: &Map<String, Value>, side: &Side) -> Option<Value> {
    let reference = schema.get("$ref").and_then(Value::as_str).filter(|_| schema.len() == 1)?;
    let location = target(reference);
    side.at(&location).filter(|_| location.contains("/properties/")).cloned()
}

/// The registry with the names of definitions as its references.
fn registry(registry: Option<&Value>) -> Value {
    let mut registry = registry.cloned().unwrap_or_else(|| json!({"actions": []}));
    for row in registry.get_mut("actions").and_then(Value::as_array_mut).into_iter().flatten() {
        for member in ["request", "reply"] {
            if let Some(Value::String(reference)) = row.get_mut(member) {
                *reference = format!("#/$defs/{}", last_name(reference));
            }
        }
    }
    registry
}

/// A code is one of the contract's own tables. Those that Concord does not have become codes of the same kind here: the tables
/// of this build hold no others, and of a broken rule or an alias a reading shows the sentence, not the code.
fn own_codes(bundle: &mut Value, side: &Side) -> Result<(), LoadError> {
    let codes = |table: &str| -> BTreeSet<String> {
        let rows = side.tables.get(table).and_then(|file| file.get(table)).and_then(Value::as_array);
        let codes = rows.into_iter().flatten().filter_map(|row| row.get("code")?.as_str());
        codes.map(str::to_owned).collect()
    };
    let (errors, warnings) = (codes("errors"), codes("warnings"));
    let mut unknown = None;
    let mut own = |code: &mut Value, may_be_an_error: bool, place: &str| {
        let text = code.as_str().map_or_else(|| code.to_string(), str::to_owned);
        let known = if warnings.contains(&text) {
            let known = text.parse::<contracts::WarningCode>();
            known.unwrap_or(contracts::WarningCode::ALL[0]).as_str()
        } else if may_be_an_error && errors.contains(&text) {
            let known = text.parse::<contracts::ErrorCode>();
            known.unwrap_or(contracts::ErrorCode::ValidationFailed).as_str()
        } else {
            unknown.get_or_insert_with(|| (place.to_owned(), text));
            return;
        };
        *code = known.into();
    };
    for (index, rule) in bundle["rules"].as_array_mut().into_iter().flatten().enumerate() {
        own(&mut rule["code"], true, &format!("rules.json#/rules/{index}/code"));
    }
    for (name, schema) in bundle["$defs"].as_object_mut().into_iter().flatten() {
        aliases(schema, &mut |alias| own(&mut alias["warning"], false, &format!("{name}: x-aliases")));
    }
    match unknown {
        None => Ok(()),
        Some((place, code)) => Err(LoadError::UnknownCode { place, code }),
    }
}

fn aliases(value: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    match value {
        Value::Object(schema) => {
            for (keyword, value) in schema.iter_mut() {
                if keyword == "x-aliases" {
                    value.as_array_mut().into_iter().flatten().for_each(&mut *visit);
                } else {
                    aliases(value, visit);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| aliases(item, visit)),
        _ => {}
    }
}
