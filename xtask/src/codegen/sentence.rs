//! `sentence.rs` of the conformance suite, from the sentences of the contract.

use anyhow::{Context as _, Result};
use quote::quote;
use serde_json::Value;

use super::rust::{camel, doc, file, ident};

/// The enum of all sentences.
///
/// # Errors
/// A row without id or text.
pub(crate) fn sentences(table: &Value) -> Result<String> {
    let rows = table.as_array().context("sentences.json: not a list")?;
    let text = |row: &Value, member: &str| {
        let value = row.get(member).and_then(Value::as_str).map(str::to_owned);
        value.with_context(|| format!("sentences.json: a row without {member}"))
    };
    let ids = rows.iter().map(|row| text(row, "id")).collect::<Result<Vec<_>>>()?;
    let texts = rows.iter().map(|row| text(row, "text")).collect::<Result<Vec<_>>>()?;
    let variants: Vec<_> = ids.iter().map(|id| ident(&camel(id))).collect();
    let docs = texts.iter().map(|text| doc(&format!("`{}`", text.replace('`', ""))));
    let reasons = rows.iter().map(|row| match row.get("unchecked").and_then(Value::as_str) {
        Some(reason) => quote! { Some(#reason) },
        None => quote! { None },
    });
    let count = rows.len();
    let tokens = quote! {
        /// A sentence of the contract; a check proves one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Sentence { #(#docs #variants,)* }

        impl Sentence {
            /// Every sentence, by id.
            pub const ALL: [Self; #count] = [#(Self::#variants),*];

            /// Its id: stable, where its wording is not.
            #[must_use]
            pub const fn id(self) -> &'static str { match self { #(Self::#variants => #ids,)* } }

            /// Its words.
            #[must_use]
            pub const fn text(self) -> &'static str { match self { #(Self::#variants => #texts,)* } }

            /// Why no check proves it, where none does.
            #[must_use]
            pub const fn unchecked(self) -> Option<&'static str> { match self { #(Self::#variants => #reasons,)* } }
        }
    };
    file("sentences.json", "The sentences of the contract.", tokens)
}
