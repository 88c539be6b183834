//! `Limits.cs`: a check for each type that is not an object, its patterns, and the texts that are read in other forms.

use anyhow::{Context as _, Result};

use super::{Csharp, head, xml};
use crate::model::{Named, Shape, Text, TypeRef};

impl Csharp<'_> {
    /// `Limits.cs`.
    ///
    /// # Errors
    /// A type without a form in C#.
    pub(super) fn limits(self) -> Result<String> {
        let mut text = head(
            "*_schema.json",
            "The limits of the contract's values.",
            &["System.Text.Json", "System.Text.RegularExpressions"],
        );
        text +=
            "\n/// <summary>A check for each type that is not an object.</summary>\nstatic class Limits\n{\n";
        let mut converters = String::new();
        for named in &self.model.types {
            let kind = TypeRef::Named(named.name.clone());
            let Some(check) = self.body(named)? else { continue };
            if let Shape::Text(Text { pattern: Some(pattern), .. }) = &named.shape {
                text += &format!(
                    "    public static readonly Regex {}Form = new({}, RegexOptions.CultureInvariant);\n\n",
                    named.name,
                    anchored(pattern)
                );
            }
            text += &format!(
                "    /// <summary>{}</summary>\n    public static void {}(Checks checks, Place at, {} value) =>\n        checks.{check};\n\n",
                xml(&named.description),
                named.name,
                self.clr(&kind)?
            );
            if self.has_further_forms(&named.name) {
                converters += &self.text_converter(named)?;
            }
        }
        text = text.trim_end().to_owned();
        text += "\n}\n";
        text += &converters;
        Ok(text)
    }

    /// The check of a type as a method's name; `None` where anything is right.
    pub(super) fn check_of(self, kind: &TypeRef) -> Result<Option<String>> {
        let Some(named) = self.named(kind) else { return Ok(None) };
        Ok(Some(match &named.shape {
            Shape::Struct(_) => "static (checks, at, value) => value.Check(checks, at)".to_owned(),
            // With its namespace: a member may be called Limits.
            _ => format!("Contracts.Limits.{}", named.name),
        }))
    }

    fn body(self, named: &Named) -> Result<Option<String>> {
        let inner = |kind: &TypeRef| {
            Ok::<_, anyhow::Error>(self.check_of(kind)?.unwrap_or_else(|| "null".to_owned()))
        };
        Ok(Some(match &named.shape {
            Shape::Struct(_) => return Ok(None),
            Shape::Enum(_) => "Enumeration(at, value)".to_owned(),
            Shape::Integer(limits) => format!(
                "Integer(at, value, {}, {}, {})",
                limits.minimum,
                limits.maximum,
                limits.multiple_of.unwrap_or(1)
            ),
            Shape::Number(limits) => format!(
                "Number(at, value, {:?}, {}, {:?}, {})",
                limits.minimum.0, limits.minimum.1, limits.maximum.0, limits.maximum.1
            ),
            Shape::Text(limits) => {
                let maximum =
                    limits.maximum.map_or_else(|| "long.MaxValue".to_owned(), |most| most.to_string());
                let form = limits
                    .pattern
                    .as_ref()
                    .map_or_else(|| "null".to_owned(), |_| format!("{}Form", named.name));
                format!("Text(at, value, {}, {maximum}, {form}, {})", limits.minimum, limits.not_blank)
            }
            Shape::List { item, minimum, maximum, unique } => {
                format!("List(at, value, {minimum}, {maximum}, {unique}, {})", inner(item)?)
            }
            Shape::Map { value, maximum } => format!("Map(at, value, {maximum}, {})", inner(value)?),
        }))
    }

    /// Whether a text is read in other forms than the canonical one.
    pub(super) fn has_further_forms(self, name: &str) -> bool {
        let schema = self.bundle.definitions.get(name);
        schema.is_some_and(|schema| schema.get("x-lower-case").is_some() || schema.get("x-aliases").is_some())
    }

    fn text_converter(self, named: &Named) -> Result<String> {
        let schema = &self.bundle.definitions[&named.name];
        let aliases = schema["x-aliases"].as_array().into_iter().flatten().map(|alias| {
            let text = |key: &str| alias[key].as_str().with_context(|| format!("an alias without {key}"));
            Ok(format!(
                ",\n    (new Regex({}, RegexOptions.CultureInvariant), {:?})",
                anchored(text("pattern")?),
                text("to")?
            ))
        });
        let aliases: String = aliases.collect::<Result<_>>()?;
        Ok(format!(
            "\n/// <summary>Reads {0} in any of its forms.</summary>\npublic sealed class {0}Text() : CanonicalText(\n    {1}, Limits.{0}Form{aliases});\n",
            named.name,
            schema["x-lower-case"] == true
        ))
    }
}

/// A pattern as a literal. In .NET `$` would let a newline follow.
fn anchored(pattern: &str) -> String {
    let pattern = pattern.strip_suffix('$').map_or_else(|| pattern.to_owned(), |body| format!("{body}\\z"));
    format!("@\"{}\"", pattern.replace('"', "\"\""))
}
