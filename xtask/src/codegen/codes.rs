//! `error_code.rs` and `warning_code.rs` from the two tables of codes.

use anyhow::{Context as _, Result};
use proc_macro2::TokenStream;
use quote::quote;
use serde_json::Value;

use super::rust::{camel, doc, file, ident};

/// One row of a table, read.
struct Row<'a> {
    value: &'a Value,
    code: &'a str,
}

impl<'a> Row<'a> {
    fn text(&self, member: &str) -> Result<&'a str> {
        self.value
            .get(member)
            .and_then(Value::as_str)
            .with_context(|| format!("code {}: no {member}", self.code))
    }

    fn flag(&self, member: &str) -> bool {
        self.value.get(member).and_then(Value::as_bool).unwrap_or(false)
    }
}

fn rows(table: &Value) -> Result<Vec<Row<'_>>> {
    table
        .as_array()
        .context("not a list")?
        .iter()
        .map(|value| {
            let code = value.get("code").and_then(Value::as_str).context("a row without code")?;
            Ok(Row { value, code })
        })
        .collect()
}

/// `error_code.rs`.
///
/// # Errors
/// A row without one of its members.
pub(crate) fn errors(table: &Value) -> Result<String> {
    let rows = rows(table)?;
    let base = code_enum("ErrorCode", "ParseErrorCodeError", "errors.json", &rows)?;
    let mut status = TokenStream::new();
    let mut exceptions = TokenStream::new();
    let mut hints = TokenStream::new();
    let (mut retryable, mut retry_after) = (Vec::new(), Vec::new());
    for row in &rows {
        let variant = ident(&camel(row.code));
        let number = row
            .value
            .get("status")
            .and_then(Value::as_u64)
            .and_then(|number| u16::try_from(number).ok())
            .with_context(|| format!("code {}: no status", row.code))?;
        status.extend(quote! { Self::#variant => #number, });
        let exception = row.text("csharp_exception")?;
        exceptions.extend(quote! { Self::#variant => #exception, });
        let hint = row.text("hint")?;
        hints.extend(quote! { Self::#variant => #hint, });
        if row.flag("retryable") {
            retryable.push(variant.clone());
        }
        if row.flag("retry_after") {
            retry_after.push(variant);
        }
    }
    let tokens = quote! {
        #base
        impl ErrorCode {
            /// The HTTP status. Layers below HTTP use codes and never this.
            #[must_use]
            pub const fn status(self) -> u16 { match self { #status } }

            /// Whether the same command may succeed later.
            #[must_use]
            pub const fn retryable(self) -> bool { matches!(self, #(Self::#retryable)|*) }

            /// Whether the reply says when to try again (`Retry-After`).
            #[must_use]
            pub const fn retry_after(self) -> bool { matches!(self, #(Self::#retry_after)|*) }

            /// The exception that a C# client throws for it.
            #[must_use]
            pub const fn csharp_exception(self) -> &'static str { match self { #exceptions } }

            /// The way out, in general; a reply may know a better one.
            #[must_use]
            pub const fn hint(self) -> &'static str { match self { #hints } }
        }
    };
    file("errors.json", "The codes of errors.", tokens)
}

/// `warning_code.rs`.
///
/// # Errors
/// A row without one of its members.
pub(crate) fn warnings(table: &Value) -> Result<String> {
    let tokens = code_enum("WarningCode", "ParseWarningCodeError", "warnings.json", &rows(table)?)?;
    file("warnings.json", "The codes of warnings.", tokens)
}

/// The part that both tables have: the enum, its names and meanings.
fn code_enum(name: &str, error: &str, source: &str, rows: &[Row<'_>]) -> Result<TokenStream> {
    let (kind, error) = (ident(name), ident(error));
    let about = doc(&format!("A code of `schemas/{source}`; on the wire its snake name."));
    let codes: Vec<&str> = rows.iter().map(|row| row.code).collect();
    let variants: Vec<_> = codes.iter().map(|code| ident(&camel(code))).collect();
    let meanings = rows.iter().map(|row| row.text("meaning")).collect::<Result<Vec<_>>>()?;
    let docs: Vec<TokenStream> = meanings.iter().map(|meaning| doc(meaning)).collect();
    let count = rows.len();
    let unknown = format!("{{0:?}} is no code of schemas/{source}");
    Ok(quote! {
        use std::fmt;
        use std::str::FromStr;

        #about
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub enum #kind {
            #(
                #docs
                #[serde(rename = #codes)]
                #variants,
            )*
        }

        impl #kind {
            /// Every code, in the order of the table.
            pub const ALL: [Self; #count] = [#(Self::#variants),*];

            /// The name on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { #(Self::#variants => #codes,)* } }

            /// Its meaning.
            #[must_use]
            pub const fn meaning(self) -> &'static str { match self { #(Self::#variants => #meanings,)* } }
        }

        impl fmt::Display for #kind {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result { formatter.write_str(self.as_str()) }
        }

        /// A text that is not a code of the table.
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        #[error(#unknown)]
        pub struct #error(pub String);

        impl FromStr for #kind {
            type Err = #error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.into_iter().find(|code| code.as_str() == text).ok_or_else(|| #error(text.to_owned()))
            }
        }
    })
}
