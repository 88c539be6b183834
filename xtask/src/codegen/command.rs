//! `command.rs`: the fields of each action and the data of each reply, as enums that dispatch on the action.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use serde_json::Value;

use super::rust::{camel, doc, file, ident};
use crate::schemas::reference_name;

/// One row of the registry, as far as it matters here.
struct Row {
    action: Ident,
    summary: String,
    request: Ident,
    reply: Ident,
}

/// `command.rs`.
///
/// # Errors
/// A row without action, summary, request or reply.
pub(crate) fn commands(registry: &Value) -> Result<String> {
    let rows = registry.get("actions").and_then(Value::as_array).context("no actions")?;
    let rows = rows.iter().map(row).collect::<Result<Vec<_>>>()?;
    let mut tokens = quote! {
        use serde::{Deserialize, Deserializer, Serialize, Serializer};

        use super::action::Action;
        use super::types;
    };
    tokens.extend(command_enum(&rows));
    tokens.extend(reply_enum(&rows));
    file("registry.json", "The fields of each command and the data of each reply.", tokens)
}

fn row(row: &Value) -> Result<Row> {
    let text = |member: &str| {
        row.get(member).and_then(Value::as_str).with_context(|| format!("no {member} in {row}"))
    };
    let definition =
        |member: &str| Ok::<_, anyhow::Error>(ident(reference_name(text(member)?).context("no definition")?));
    Ok(Row {
        action: ident(&camel(text("action")?)),
        summary: text("summary")?.to_owned(),
        request: definition("request")?,
        reply: definition("reply")?,
    })
}

fn command_enum(rows: &[Row]) -> TokenStream {
    let actions: Vec<_> = rows.iter().map(|row| &row.action).collect();
    let requests: Vec<_> = rows.iter().map(|row| &row.request).collect();
    let docs = rows.iter().map(|row| doc(&row.summary));
    quote! {
        /// A command: its action and its fields beside the envelope.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Command {
            #( #docs #actions(types::#requests), )*
        }

        impl Command {
            /// The action.
            #[must_use]
            pub const fn action(&self) -> Action {
                match self { #(Self::#actions(_) => Action::#actions,)* }
            }

            /// Reads the fields of an action.
            ///
            /// # Errors
            /// Fields that the action's schema refuses.
            pub fn decode<'de, D: Deserializer<'de>>(action: Action, deserializer: D) -> Result<Self, D::Error> {
                match action { #(Action::#actions => Deserialize::deserialize(deserializer).map(Self::#actions),)* }
            }
        }

        impl Serialize for Command {
            /// Writes the fields, canonical; the action stands in the envelope.
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self { #(Self::#actions(fields) => Serialize::serialize(fields, serializer),)* }
            }
        }
    }
}

fn reply_enum(rows: &[Row]) -> TokenStream {
    let mut by_reply: BTreeMap<&Ident, Vec<&Ident>> = BTreeMap::new();
    for row in rows {
        by_reply.entry(&row.reply).or_default().push(&row.action);
    }
    let replies: Vec<_> = by_reply.keys().collect();
    let docs = by_reply.values().map(|actions| {
        let actions: Vec<String> = actions.iter().map(|action| format!("[`Action::{action}`]")).collect();
        doc(&format!("Of {}.", actions.join(", ")))
    });
    let arms = by_reply.iter().map(|(reply, actions)| {
        quote! { #(Action::#actions)|* => Deserialize::deserialize(deserializer).map(Self::#reply), }
    });
    quote! {
        /// The `data` of a reply.
        #[derive(Debug, Clone, PartialEq)]
        pub enum ReplyData {
            #( #docs #replies(types::#replies), )*
        }

        impl ReplyData {
            /// Reads the data of an action's reply.
            ///
            /// # Errors
            /// Data that the reply's schema refuses.
            pub fn decode<'de, D: Deserializer<'de>>(action: Action, deserializer: D) -> Result<Self, D::Error> {
                match action { #(#arms)* }
            }
        }

        impl Serialize for ReplyData {
            /// Writes the data, canonical.
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self { #(Self::#replies(data) => Serialize::serialize(data, serializer),)* }
            }
        }

        #(
            impl From<types::#replies> for ReplyData {
                fn from(data: types::#replies) -> Self { Self::#replies(data) }
            }
        )*
    }
}
