//! `limits.rs` from the table of limits and times.

use anyhow::{Context as _, Result, bail};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use serde_json::Value;

use super::rust::{doc, file, ident};

/// `limits.rs`: one constant for each number.
///
/// # Errors
/// A limit that is neither a number, nor a row with `value`, nor a row of numbers.
pub(crate) fn limits(table: &Value) -> Result<String> {
    let mut tokens = quote! { use std::time::Duration; };
    for (name, row) in table.as_object().context("limits.json is no object")? {
        match row {
            Value::String(_) if name == "description" => {}
            Value::Array(items) => {
                let items = items.iter().map(|item| item.as_str().context("not a string"));
                let items = items.collect::<Result<Vec<_>>>()?;
                let constant = ident(&name.to_uppercase());
                tokens.extend(quote! {
                    /// The versions of the protocol that are spoken, best first.
                    pub const #constant: &[&str] = &[#(#items),*];
                });
            }
            Value::Object(members) => tokens.extend(row_constants(name, members)?),
            _ => bail!("limits.json: {name} is neither a row nor a list"),
        }
    }
    file("limits.json", "Limits and times of the protocol.", tokens)
}

fn row_constants(name: &str, members: &serde_json::Map<String, Value>) -> Result<TokenStream> {
    let description = members
        .get("description")
        .and_then(Value::as_str)
        .with_context(|| format!("limits.json: {name} has no description"))?;
    if let Some(value) = members.get("value") {
        let unit = members
            .get("unit")
            .and_then(Value::as_str)
            .with_context(|| format!("limits.json: {name} has no unit"))?;
        return constant(name, &format!("{description} In {unit}."), value);
    }
    let mut tokens = TokenStream::new();
    for (member, value) in members {
        if member != "description" {
            tokens.extend(constant(
                &format!("{name}_{member}"),
                &format!("{description} Here: {member}."),
                value,
            )?);
        }
    }
    Ok(tokens)
}

/// A time, as a number and as a `Duration`: `heartbeat_seconds` is `HEARTBEAT_SECONDS` and `HEARTBEAT`.
fn seconds(name: &str, about: &TokenStream, constant: &Ident, value: f64) -> Result<TokenStream> {
    let time = std::time::Duration::try_from_secs_f64(value)
        .with_context(|| format!("limits.json: {name} is no time"))?;
    let milliseconds = u64::try_from(time.as_millis()).with_context(|| format!("{name} is too long"))?;
    let milliseconds = proc_macro2::Literal::u64_unsuffixed(milliseconds);
    let short = ident(&name.replacen("_seconds", "", 1).to_uppercase());
    let value = proc_macro2::Literal::f64_unsuffixed(value);
    Ok(quote! {
        #about pub const #constant: f64 = #value;
        #about pub const #short: Duration = Duration::from_millis(#milliseconds);
    })
}

/// Times are seconds, everything else `u64`.
fn constant(name: &str, description: &str, value: &Value) -> Result<TokenStream> {
    let (about, constant) = (doc(description), ident(&name.to_uppercase()));
    if name.contains("seconds") {
        let value = value.as_f64().with_context(|| format!("limits.json: {name} is no number"))?;
        return seconds(name, &about, &constant, value);
    }
    let value = value.as_u64().with_context(|| format!("limits.json: {name} is no count"))?;
    let value = proc_macro2::Literal::u64_unsuffixed(value);
    Ok(quote! { #about pub const #constant: u64 = #value; })
}
