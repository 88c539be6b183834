//! `checked.rs`: a newtype for every bounded scalar, list and map of the model.
//!
//! Written as text, since formatters leave the arguments of such macros as they find them.

use anyhow::Result;

use super::pattern;
use super::rust::banner;
use crate::model::{Decimal, Integer, Model, Named, Shape, Text, TypeRef};

/// `checked.rs`.
///
/// # Errors
/// A pattern that is not anchored.
pub(crate) fn checked(model: &Model) -> Result<String> {
    let mut text = banner("*_schema.json", "A checked newtype for every bounded scalar, list and map.");
    text += "use super::types::*;\nuse crate::checked::*;\n";
    for named in &model.types {
        text += &newtype(named)?;
    }
    Ok(text)
}

fn newtype(named: &Named) -> Result<String> {
    let name = &named.name;
    let (about, kind, item, limits) = match &named.shape {
        Shape::Struct(_) | Shape::Enum(_) => return Ok(String::new()),
        Shape::Text(limits) => (text_limits(limits), "text", None, text(limits)?),
        Shape::Integer(Integer { minimum, maximum, multiple_of }) => {
            let multiple = multiple_of.map_or_else(String::new, |by| format!(", a multiple of {by}"));
            let kind = match (*minimum, *maximum) {
                (0.., maximum) if maximum <= i64::from(u32::MAX) => "u32",
                (0.., _) => "u64",
                _ => "i64",
            };
            (
                format!("{minimum}..={maximum}{multiple}"),
                "integer",
                Some(kind.to_owned()),
                format!(
                    "IntegerLimits {{ minimum: {minimum}, maximum: {maximum}, multiple_of: {} }}",
                    multiple_of.unwrap_or(1)
                ),
            )
        }
        Shape::Number(Decimal { minimum, maximum }) => {
            let open = if minimum.1 { ">" } else { "≥" };
            let close = if maximum.1 { "<" } else { "≤" };
            (
                format!("{open} {}, {close} {}", minimum.0, maximum.0),
                "number",
                None,
                format!("NumberLimits {{ minimum: {}, maximum: {} }}", edge(*minimum), edge(*maximum)),
            )
        }
        Shape::List { item, minimum, maximum, unique } => (
            format!("{minimum}..={maximum} items{}", if *unique { ", each once" } else { "" }),
            "list",
            Some(reference(item)),
            format!("ListLimits {{ minimum: {minimum}, maximum: {maximum}, unique: {unique} }}"),
        ),
        Shape::Map { value, maximum } => (
            format!("At most {maximum} entries"),
            "map",
            Some(reference(value)),
            format!("MapLimits {{ maximum: {maximum} }}"),
        ),
    };
    let item = item.map_or_else(String::new, |item| format!(": {item}"));
    let unit = named.unit.as_deref().map(|unit| format!(" Unit: {unit}.")).unwrap_or_default();
    let description = &named.description;
    Ok(format!("\n{kind}! {{\n    /// {description} {about}.{unit}\n    {name}{item}, {limits}\n}}\n"))
}

fn text_limits(limits: &Text) -> String {
    let mut about = Vec::new();
    if let Some(maximum) = limits.maximum {
        about.push(format!("{}..={maximum} code points", limits.minimum));
    }
    if let Some(pattern) = &limits.pattern {
        about.push(format!("Matches `{pattern}`"));
    }
    if limits.not_blank {
        about.push("Not blank".to_owned());
    }
    about.join(". ")
}

fn text(limits: &Text) -> Result<String> {
    let form = limits.pattern.as_deref().map_or_else(|| Ok("Form::Any".to_owned()), pattern::form)?;
    let maximum = limits.maximum.map_or_else(|| "u64::MAX".to_owned(), |maximum| maximum.to_string());
    Ok(format!(
        "TextLimits {{\n        minimum: {}, maximum: {maximum}, not_blank: {},\n        form: {form},\n    }}",
        limits.minimum, limits.not_blank
    ))
}

fn edge((bound, exclusive): (f64, bool)) -> String {
    if exclusive { format!("Edge::Beyond({bound:?})") } else { format!("Edge::At({bound:?})") }
}

/// The Rust type of a place.
fn reference(kind: &TypeRef) -> String {
    match kind {
        TypeRef::Named(name) => name.clone(),
        TypeRef::Boolean => "bool".to_owned(),
        TypeRef::Null => "crate::strict::Null".to_owned(),
        TypeRef::Any => "serde_json::Value".to_owned(),
    }
}
