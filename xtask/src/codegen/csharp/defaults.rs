//! `Defaults.cs`: documents with every default that applies.
//!
//! As in the other languages, plain defaults come first; those that hang on a condition or on another field are asked of the
//! document that has the plain ones.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::{Csharp, head, is_optional, variable, with};
use crate::model::{Field, Shape};

impl<'b> Csharp<'b> {
    /// `Defaults.cs`.
    ///
    /// # Errors
    /// A default that C# has no form for.
    pub(super) fn defaults(self) -> Result<String> {
        let mut text = head("*_schema.json", "The documents of the contract with their defaults.", &[]);
        for (named, fields) in self.structs() {
            if !self.has_defaults(&named.name) {
                continue;
            }
            let name = self.type_name(&named.name);
            let is_document = self.is_document(&named.name);
            let base = if is_document { " : IHasDefaults" } else { "" };
            write!(text, "\npublic sealed partial record {name}{base}\n{{\n")?;
            if is_document {
                let bound = self.bound(&named.name, &named.name, "plain")?;
                let bound = bound.map_or_else(
                    || "plain".to_owned(),
                    |bound| format!("plain with\n        {{\n{bound}        }}"),
                );
                write!(
                    text,
                    "    /// <summary>The document with every default of the contract that applies.</summary>\n    \
                     /// <param name=\"device\">The kind of device; none: defaults that hang on it are left out.</param>\n    \
                     public {name} WithDefaults(DeviceKind? device = null)\n    {{\n        var plain = Plain(device);\n        \
                     return {bound};\n    }}\n\n    \
                     IContractDocument IHasDefaults.Effective(DeviceKind? device) => WithDefaults(device);\n\n"
                )?;
            }
            write!(
                text,
                "    internal {name} Plain(DeviceKind? device) => this with\n    {{\n{}    }};\n}}\n",
                self.plain(&named.name, fields)?
            )?;
        }
        Ok(text)
    }

    /// Whether a definition, or what it holds, has a default.
    pub(super) fn has_defaults(self, name: &str) -> bool {
        self.below(name, &|_| true).into_iter().any(|object| {
            self.fields(object).into_iter().flatten().any(|field| {
                let property = self.property(object, field);
                let has = |keyword: &str| property.get(keyword).is_some();
                is_optional(field)
                    && (field.default.is_some() || has("x-default-by") || has("x-default-by-device"))
            })
        })
    }

    /// An object and all that it holds, itself among them where documents of it hold others of it. What `into` refuses is not
    /// looked into.
    fn below(self, name: &str, into: &dyn Fn(&str) -> bool) -> BTreeSet<&'b str> {
        let (mut found, mut left) = (BTreeSet::new(), vec![name.to_owned()]);
        while let Some(name) = left.pop() {
            let Some(named) = self.model.get(&name).filter(|named| found.insert(named.name.as_str())) else {
                continue;
            };
            let inner =
                self.fields(&named.name).into_iter().flatten().filter_map(|field| self.object_in(field));
            left.extend(inner.filter(|inner| into(inner)).map(str::to_owned));
        }
        found
    }

    /// Whether its pointers start at it: rules are stated for it, or nothing in it hangs on a pointer.
    fn is_document(self, name: &str) -> bool {
        self.has_rules(name) || !self.hangs(name)
    }

    /// Whether a default in it hangs on a pointer.
    fn hangs(self, name: &str) -> bool {
        self.below(name, &|inner| !self.has_rules(inner)).into_iter().any(|object| {
            self.fields(object).into_iter().flatten().any(|field| {
                let property = self.property(object, field);
                property.get("x-default-by").is_some() || property.get("x-takes-effect-when").is_some()
            })
        })
    }

    /// The object that a member holds: itself, or each item of its list.
    fn object_in(self, field: &Field) -> Option<&'b str> {
        let named = self.named(&field.kind)?;
        match &named.shape {
            Shape::Struct(_) => Some(&named.name),
            Shape::List { item, .. } => {
                let item = self.named(item)?;
                matches!(item.shape, Shape::Struct(_)).then_some(item.name.as_str())
            }
            _ => None,
        }
    }

    /// The plain defaults of an object's members, as assignments.
    fn plain(self, owner: &str, fields: &[Field]) -> Result<String> {
        let mut text = String::new();
        for field in fields {
            if let Some(value) = self.plain_value(owner, field)? {
                writeln!(text, "        {} = {value},", field.csharp)?;
            }
        }
        Ok(text)
    }

    fn plain_value(self, owner: &str, field: &Field) -> Result<Option<String>> {
        let (property, member) = (self.property(owner, field), &field.csharp);
        let own = self.plain_default(property, field)?;
        let inner = self.object_in(field).filter(|inner| self.has_defaults(inner));
        let Some(inner) = inner else {
            return Ok(own.map(|own| format!("{member} ?? {own}")));
        };
        let fill = if self.has_rules(inner) { "WithDefaults" } else { "Plain" };
        let is_list = matches!(self.named(&field.kind).map(|named| &named.shape), Some(Shape::List { .. }));
        if is_list {
            let items = format!("Defaults.Each({member}, item => item.{fill}(device))");
            return Ok(Some(match own {
                Some(own) => format!("{items} ?? {own}"),
                None if is_optional(field) => items,
                None => format!("{items}!"),
            }));
        }
        if !is_optional(field) {
            return Ok(Some(format!("{member} is null ? null! : {member}.{fill}(device)")));
        }
        if !self.has_plain(inner) {
            return Ok(Some(format!("{member}?.{fill}(device)")));
        }
        if self.fields(inner).into_iter().flatten().any(|field| !is_optional(field)) {
            bail!("{owner}.{}: an absent object would get defaults, and lack what it requires", field.name);
        }
        Ok(Some(format!("({member} ?? new()).{fill}(device)")))
    }

    /// Whether a default in it applies whatever else the document says, so that the object is made where it is absent.
    fn has_plain(self, name: &str) -> bool {
        self.fields(name).into_iter().flatten().any(|field| {
            let property = self.property(name, field);
            let own = property.get("x-takes-effect-when").is_none() && field.default.is_some();
            let is_struct = self.fields_of(field).is_some();
            own || is_struct && self.object_in(field).is_some_and(|inner| self.has_plain(inner))
        })
    }

    fn fields_of(self, field: &Field) -> Option<&'b [Field]> {
        self.fields(&self.named(&field.kind)?.name)
    }

    fn plain_default(self, property: &Value, field: &Field) -> Result<Option<String>> {
        if property.get("x-takes-effect-when").is_some() || !is_optional(field) {
            return Ok(None);
        }
        let own = field.default.as_ref().map(|default| self.literal(default, &field.kind)).transpose()?;
        let Some(by_device) = property.get("x-default-by-device") else { return Ok(own) };
        let kind = self.clr(&field.kind)?;
        let of = |device: &str| {
            self.literal(by_device.get(device).context("a default for each device")?, &field.kind)
        };
        let other = own.unwrap_or_else(|| format!("({kind}?)null"));
        Ok(Some(format!(
            "device switch {{ DeviceKind.Gpu => {}, DeviceKind.Cpu => {}, _ => {other} }}",
            of("gpu")?,
            of("cpu")?
        )))
    }

    /// The defaults below an object that hang on the document `plain`, as assignments; `None` if there are none.
    /// Pointers start at `root`, whose document is `plain`.
    fn bound(self, root: &str, owner: &str, start: &str) -> Result<Option<String>> {
        let mut text = String::new();
        for field in self.fields(owner).into_iter().flatten() {
            let value = format!("{start}.{}", field.csharp);
            if let Some(default) = self.bound_default(root, self.property(owner, field), field)? {
                writeln!(text, "            {} = {value} ?? ({default}),", field.csharp)?;
            } else if self.fields_of(field).is_some()
                && let Some(inner) = self.object_in(field).filter(|inner| !self.has_rules(inner))
                && let Some(inner) = self.bound(root, inner, &variable(field))?
            {
                let part = with(field, &value, &inner);
                writeln!(text, "            {} = {part},", field.csharp)?;
            }
        }
        Ok((!text.is_empty()).then_some(text))
    }

    fn bound_default(self, root: &str, property: &Value, field: &Field) -> Result<Option<String>> {
        let kind = self.clr(&field.kind)?;
        if let Some(by) = property.get("x-default-by") {
            let spot = self.spot(root, "plain", by["field"].as_str().context("no field")?)?;
            let mut arms = String::new();
            for (value, default) in by["values"].as_object().context("no values")? {
                let value = self.literal(&value.clone().into(), &spot.kind)?;
                write!(arms, "{value} => ({kind}?){}, ", self.literal(default, &field.kind)?)?;
            }
            return Ok(Some(format!("{} switch {{ {arms}_ => null }}", spot.chain)));
        }
        let (Some(condition), Some(default)) = (property.get("x-takes-effect-when"), &field.default) else {
            return Ok(None);
        };
        let (condition, default) =
            (self.condition(root, "plain", condition)?, self.literal(default, &field.kind)?);
        Ok(Some(format!("{condition} ? ({kind}?){default} : null")))
    }
}
