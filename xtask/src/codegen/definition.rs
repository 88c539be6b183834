//! `definition.rs`: every type by its name, for code that has the name only at run time.

use anyhow::Result;
use proc_macro2::TokenStream;
use quote::quote;

use super::rust::{file, ident};
use crate::model::Model;

/// `definition.rs`.
///
/// # Errors
/// No rustfmt.
pub(crate) fn definitions(model: &Model) -> Result<String> {
    let names: Vec<&str> = model.types.iter().map(|named| named.name.as_str()).collect();
    let types: Vec<_> = names.iter().map(|name| ident(name)).collect();
    let mut arms = TokenStream::new();
    for (name, kind) in names.iter().zip(&types) {
        arms.extend(quote! { #name => read::<types::#kind>(value), });
    }
    file(
        "*_schema.json",
        "Every type by its name, for whoever has the name only at run time.",
        quote! {
            use serde::{Serialize, de::DeserializeOwned};
            use serde_json::Value;

            use super::types;

            /// The names of all types: the definitions of the schemas, and the types hoisted out of their properties
            /// (`HyperparametersStrength`).
            pub const NAMES: &[&str] = &[#(#names),*];

            /// Reads a canonical value as the type of that name, and writes it back; none: no such type.
            ///
            /// # Errors
            /// [`serde_json::Error`] if the type refuses the value.
            #[must_use]
            pub fn round_trip(name: &str, value: &Value) -> Option<Result<Value, serde_json::Error>> {
                Some(match name {
                    #arms
                    _ => return None,
                })
            }

            fn read<T: DeserializeOwned + Serialize>(value: &Value) -> Result<Value, serde_json::Error> {
                serde_json::to_value(T::deserialize(value)?)
            }

            /// The schemas that the types describe themselves by, as the definitions of one document.
            #[must_use]
            pub fn schemas() -> Value {
                let mut generator = schemars::generate::SchemaSettings::draft2020_12().into_generator();
                #( generator.subschema_for::<types::#types>(); )*
                Value::Object(generator.take_definitions(true))
            }
        },
    )
}
