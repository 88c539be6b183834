//! `types.rs`: the structs and enums that typify makes of the lowered model, mended with syn.
//!
//! typify drops bounds and takes an explicit null for an absent member, so every bounded place is replaced by a
//! checked newtype before, and attributes, documentation and the order of members are set after.

use std::collections::HashMap;

use anyhow::{Context as _, Result, bail};
use proc_macro2::TokenStream;
use quote::quote;
use serde_json::{Map, Value, json};
use syn::{Fields, Item};
use typify::{TypeSpace, TypeSpaceImpl, TypeSpaceSettings};

use super::rust::{doc, ident, text};
use crate::model::{Field, Model, Named, Presence, Shape, TypeRef};

/// `types.rs`.
///
/// # Errors
/// A model that typify does not take, or that came out of it changed.
pub(crate) fn types(model: &Model) -> Result<String> {
    let mut made: HashMap<String, Item> = HashMap::new();
    for item in typify(model)?.items {
        match &item {
            Item::Struct(made_struct) => made.insert(made_struct.ident.to_string(), item),
            Item::Enum(made_enum) => made.insert(made_enum.ident.to_string(), item),
            _ => None,
        };
    }
    let mut tokens = quote! {
        pub use super::checked::*;
        pub use super::error_code::ErrorCode;
        pub use super::warning_code::WarningCode;
    };
    for named in &model.types {
        match &named.shape {
            Shape::Struct(fields) => {
                let Some(Item::Struct(item)) = made.remove(&named.name) else {
                    bail!("typify made no struct {}", named.name);
                };
                tokens.extend(mend_struct(named, fields, item)?);
            }
            Shape::Enum(values) if named.enum_from.is_none() => {
                let Some(Item::Enum(item)) = made.remove(&named.name) else {
                    bail!("typify made no enum {}", named.name);
                };
                tokens.extend(mend_enum(named, values, item)?);
            }
            _ => {}
        }
    }
    let parsed = syn::parse2(tokens).context("types.rs")?;
    text("*_schema.json", "The objects and enums of the contract, made by typify.", &parsed)
}

/// Runs typify over the model.
fn typify(model: &Model) -> Result<syn::File> {
    let mut settings = TypeSpaceSettings::default();
    settings.with_struct_builder(false);
    let mut definitions = Map::new();
    for named in &model.types {
        let schema = match &named.shape {
            Shape::Struct(fields) => struct_schema(fields),
            Shape::Enum(values) => json!({ "type": "string", "enum": values }),
            _ => json!({ "type": "string" }),
        };
        if !matches!(named.shape, Shape::Struct(_) | Shape::Enum(_)) || named.enum_from.is_some() {
            settings.with_replacement(&named.name, &named.name, std::iter::empty::<TypeSpaceImpl>());
        }
        definitions.insert(named.name.clone(), schema);
    }
    settings.with_replacement(NULL, "crate::strict::Null", std::iter::empty::<TypeSpaceImpl>());
    definitions.insert(NULL.to_owned(), json!({ "type": "string" }));
    let definitions: Vec<(String, schemars08::schema::Schema)> = definitions
        .into_iter()
        .map(|(name, schema)| Ok((name, serde_json::from_value(schema)?)))
        .collect::<Result<_>>()?;
    let mut space = TypeSpace::new(&settings);
    space.add_ref_types(definitions).context("typify")?;
    syn::parse2(space.to_stream()).context("typify's output")
}

/// Stands for `crate::strict::Null` among the definitions.
const NULL: &str = "JsonNull";

fn struct_schema(fields: &[Field]) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields {
        let kind = match &field.kind {
            TypeRef::Named(name) => json!({ "$ref": format!("#/definitions/{name}") }),
            TypeRef::Boolean => json!({ "type": "boolean" }),
            TypeRef::Null => json!({ "$ref": format!("#/definitions/{NULL}") }),
            TypeRef::Any => json!(true),
        };
        let kind = match field.presence {
            Presence::Nullable => json!({ "oneOf": [kind, { "type": "null" }] }),
            Presence::Required | Presence::Optional => kind,
        };
        properties.insert(field.name.clone(), kind);
        if field.presence != Presence::Optional {
            required.push(field.name.clone());
        }
    }
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// Documentation, attributes and order of a struct.
fn mend_struct(named: &Named, fields: &[Field], item: syn::ItemStruct) -> Result<TokenStream> {
    let name = item.ident;
    let Fields::Named(made) = item.fields else { bail!("{name} has no named fields") };
    let mut by_name = HashMap::new();
    for field in made.named {
        let wire = wire_name(&field)?;
        by_name.insert(wire, field);
    }
    let mut members = TokenStream::new();
    for field in fields {
        let made =
            by_name.remove(&field.name).with_context(|| format!("{name}: typify lost {}", field.name))?;
        members.extend(mend_field(field, &made)?);
    }
    if let Some(extra) = by_name.keys().next() {
        bail!("{name}: typify invented {extra}");
    }
    let about = doc(&named.description);
    let label = named.name.as_str();
    let default = fields.iter().all(|field| field.presence == Presence::Optional);
    let default = default.then(|| quote! { Default, });
    Ok(quote! {
        #about
        #[derive(Debug, Clone, PartialEq, #default serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(remote = "Self", deny_unknown_fields)]
        #[schemars(rename = #label)]
        pub struct #name { #members }
        crate::strict::object!(#name);
    })
}

fn wire_name(field: &syn::Field) -> Result<String> {
    let mut wire = None;
    for attribute in &field.attrs {
        if attribute.path().is_ident("serde") {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("rename") {
                    wire = Some(meta.value()?.parse::<syn::LitStr>()?.value());
                } else if meta.input.peek(syn::Token![=]) {
                    meta.value()?.parse::<syn::Lit>()?;
                }
                Ok(())
            })?;
        }
    }
    let identifier = field.ident.as_ref().context("a field without a name")?;
    Ok(wire.unwrap_or_else(|| identifier.to_string()))
}

fn mend_field(field: &Field, made: &syn::Field) -> Result<TokenStream> {
    let identifier = made.ident.as_ref().context("a field without a name")?;
    let kind = &made.ty;
    let wire = field.name.as_str();
    let rename = (identifier != wire).then(|| quote! { #[serde(rename = #wire)] });
    let nullable = match &field.kind {
        TypeRef::Named(name) => format!("crate::strict::nullable_schema::<{name}>"),
        other if field.presence == Presence::Nullable => bail!("{wire}: a nullable {other:?} has no name"),
        _ => String::new(),
    };
    let presence = match field.presence {
        Presence::Required => TokenStream::new(),
        Presence::Optional => quote! {
            #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::strict::present")]
        },
        Presence::Nullable => quote! {
            #[serde(deserialize_with = "crate::strict::nullable")]
            #[schemars(required, schema_with = #nullable)]
        },
    };
    let optional = field.presence != Presence::Required;
    let is_option = matches!(kind, syn::Type::Path(path) if path.path.segments.iter().any(|segment| segment.ident == "Option"));
    if optional != is_option {
        bail!("{wire}: typify made {} of it", quote! { #kind });
    }
    let about = doc(&match (&field.default, field.presence) {
        (Some(default), Presence::Optional) => {
            format!("{} Absent: {default}.", field.description)
        }
        _ => field.description.clone(),
    });
    let kind = shorten(kind);
    Ok(quote! { #about #rename #presence pub #identifier: #kind, })
}

/// `::std::option::Option<T>` → `Option<T>`.
fn shorten(kind: &syn::Type) -> TokenStream {
    let text = quote! { #kind }.to_string();
    let short = text.replace(":: std :: option :: Option", "Option").replace(":: serde_json", "serde_json");
    syn::parse_str::<syn::Type>(&short).map_or_else(|_| quote! { #kind }, |kind| quote! { #kind })
}

/// Documentation and strict reading of an enum of strings.
fn mend_enum(named: &Named, values: &[String], item: syn::ItemEnum) -> Result<TokenStream> {
    let name = item.ident;
    let variants: Vec<_> = item.variants.iter().map(|variant| ident(&variant.ident.to_string())).collect();
    if variants.len() != values.len() {
        bail!("{name}: typify made {} variants of {} values", variants.len(), values.len());
    }
    let docs: Vec<_> = values.iter().map(|value| doc(&format!("`{value}`"))).collect();
    let about = doc(&named.description);
    let default = (variants.len() == 1).then(|| quote! { Default, });
    let mark = default.is_some().then(|| quote! { #[default] });
    Ok(quote! {
        #about
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, #default schemars::JsonSchema)]
        pub enum #name {
            #(
                #docs
                #[schemars(rename = #values)]
                #mark
                #variants,
            )*
        }
        crate::strict::string_enum!(#name, #(#variants = #values),*);
    })
}
