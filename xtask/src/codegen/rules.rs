//! `rules.rs`: the rules over several fields as methods of the generated types, so that the fast path checks all that
//! the reading checks.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use proc_macro2::{Literal, TokenStream};
use quote::quote;
use serde_json::Value;

use super::rust::{file, ident};
use crate::model::{Model, Presence, Shape, TypeRef};
use crate::schemas::Bundle;

/// For each definition that rules are stated for: `keeps_rules`, and `is_plain`, which says that a reading would neither
/// warn nor put a list in order.
///
/// # Errors
/// A rule of an unknown kind, or one that points nowhere.
pub(crate) fn rules(bundle: &Bundle, model: &Model) -> Result<String> {
    let mut methods: BTreeMap<&str, Vec<TokenStream>> = BTreeMap::new();
    let mut warnings: BTreeMap<&str, Vec<TokenStream>> = BTreeMap::new();
    for rule in bundle.rules.as_array().context("rules.json has no rules")? {
        let (id, on) = (text(rule, "id")?, text(rule, "on")?);
        let only_warns = matches!(text(rule, "kind")?, "no_effect" | "weight_zero");
        let into = if only_warns { &mut warnings } else { &mut methods };
        let breach =
            Writer { bundle, model, on }.breach(rule).with_context(|| format!("rules.json: {id}"))?;
        let about = format!(" {id}");
        into.entry(on).or_default().push(quote! {
            #[doc = #about]
            let broken = #breach;
            if broken { return false; }
        });
    }
    let methods = methods.into_iter().map(|(name, checks)| {
        let on = ident(name);
        let mut warnings = warnings.remove(name).unwrap_or_default();
        warnings.extend(Writer { bundle, model, on: name }.idle(name, "")?);
        Ok(quote! {
            impl #on {
                /// Whether every rule over several fields holds; which one does not, and where, the reading says.
                #[must_use]
                pub fn keeps_rules(&self) -> bool {
                    #(#checks)*
                    true
                }

                /// Whether the rules hold and a reading would neither warn of anything nor put a list in order.
                #[must_use]
                pub fn is_plain(&self) -> bool {
                    #(#warnings)*
                    self.keeps_rules()
                }
            }
        })
    });
    let methods = methods.collect::<Result<Vec<_>>>()?;
    let tokens = quote! {
        #![allow(clippy::cast_precision_loss, clippy::nonminimal_bool, unused_doc_comments, unused_parens, reason = "generated; limits are below 2^53")]
        use super::types::*;
        #(#methods)*
    };
    file("rules.json", "The rules over several fields, on the types.", tokens)
}

fn text<'v>(value: &'v Value, key: &str) -> Result<&'v str> {
    value[key].as_str().with_context(|| format!("no {key}"))
}

struct Writer<'b> {
    bundle: &'b Bundle,
    model: &'b Model,
    on: &'b str,
}

/// A value of the document as an expression of an `Option`.
struct Place {
    /// `Option<f64>`, `Option<&str>` or `Option<bool>`, the default filled in; `Option<()>` of anything else.
    value: TokenStream,
    /// Whether the sender wrote it.
    said: TokenStream,
    /// The enum that it is one of.
    of_enum: Option<String>,
}

impl Writer<'_> {
    /// An expression that is true where the rule is broken.
    fn breach(&self, rule: &Value) -> Result<TokenStream> {
        let fields: Vec<&str> =
            rule["fields"].as_array().context("no fields")?.iter().filter_map(Value::as_str).collect();
        if let Some((list, _)) = fields[0].split_once("/*/") {
            return self.each(list, rule, &fields);
        }
        let here = |pointer: &str| self.place(self.on, quote! { Some(self) }, pointer);
        let places = fields.iter().map(|field| here(field)).collect::<Result<Vec<_>>>()?;
        let broken = self.broken(rule, &places)?;
        match rule.get("when") {
            None => Ok(broken),
            Some(when) => {
                let when = self.condition(when)?;
                Ok(quote! { #when && #broken })
            }
        }
    }

    /// Checks for values that were set where they have no effect, unless they equal their defaults, and for lists whose
    /// order is the enum's.
    fn idle(&self, owner: &str, at: &str) -> Result<Vec<TokenStream>> {
        let mut checks = Vec::new();
        let properties = self.bundle.definitions[owner]["properties"].as_object();
        for (name, property) in properties.into_iter().flatten() {
            let pointer = format!("{at}/{name}");
            if let Some(condition) = property.get("x-takes-effect-when") {
                let (chain, _) = self.chain(self.on, quote! { Some(self) }, &pointer)?;
                let (value, condition) =
                    (self.bare(self.on, quote! { Some(self) }, &pointer)?, self.condition(condition)?);
                let differs = match self.default(self.on, &pointer)? {
                    Some(Value::Number(number)) => {
                        let number = Literal::f64_unsuffixed(number.as_f64().context("a finite default")?);
                        quote! { #value != Some(#number) }
                    }
                    Some(Value::String(text)) => quote! { #value != Some(#text) },
                    Some(Value::Bool(flag)) => quote! { #value != Some(#flag) },
                    _ => quote! { true },
                };
                checks.push(quote! {
                    if #chain.is_some() && #differs && !#condition { return false; }
                });
            }
            if property.get("x-sorted").is_some_and(|sorted| sorted == true) {
                // The enums are in the order of the schema.
                let (chain, _) = self.chain(self.on, quote! { Some(self) }, &pointer)?;
                checks.push(quote! {
                    if #chain.is_some_and(|list| !list.iter().is_sorted()) { return false; }
                });
            }
            let target =
                property.get("$ref").and_then(Value::as_str).and_then(crate::schemas::reference_name);
            if let Some(target) = target
                && self.bundle.definitions[target].get("properties").is_some()
            {
                checks.extend(self.idle(target, &pointer)?);
            }
        }
        Ok(checks)
    }

    fn each(&self, list: &str, rule: &Value, fields: &[&str]) -> Result<TokenStream> {
        let (chain, kind) = self.chain(self.on, quote! { Some(self) }, list)?;
        let TypeRef::Named(name) = kind else { bail!("{list} is no list") };
        let Some(Shape::List { item: TypeRef::Named(item), .. }) = self.model.get(&name).map(|of| &of.shape)
        else {
            bail!("{list} is no list of objects");
        };
        let places = fields
            .iter()
            .map(|field| {
                let inner = field.strip_prefix(list).and_then(|rest| rest.strip_prefix("/*"));
                self.place(item, quote! { Some(item) }, inner.context("fields of one list")?)
            })
            .collect::<Result<Vec<_>>>()?;
        let broken = self.broken(rule, &places)?;
        Ok(quote! { #chain.is_some_and(|list| list.iter().any(|item| #broken)) })
    }

    fn broken(&self, rule: &Value, places: &[Place]) -> Result<TokenStream> {
        let value = |i: usize| places.get(i).map(|place| &place.value).context("too few fields");
        let said = |i: usize| places.get(i).map(|place| &place.said).context("too few fields");
        let limit =
            |key: &str| rule[key].as_f64().map(Literal::f64_unsuffixed).with_context(|| format!("no {key}"));
        Ok(match text(rule, "kind")? {
            "product_at_most" => {
                let (a, b, max) = (value(0)?, value(1)?, limit("maximum")?);
                quote! { #a.zip(#b).is_some_and(|(a, b)| a * b > #max) }
            }
            "last_seed_at_most" => {
                let (seed, count, max) = (value(0)?, value(1)?, limit("maximum")?);
                quote! { #seed.zip(#count).is_some_and(|(seed, count)| seed >= 0.0 && count - 1.0 > #max - seed) }
            }
            "floor_product_at_least" => {
                let (a, b, min) = (value(0)?, value(1)?, limit("minimum")?);
                quote! { #a.zip(#b).is_some_and(|(a, b)| (a * b).floor() < #min) }
            }
            "less_than" => {
                let (a, b) = (value(0)?, value(1)?);
                quote! { #a.zip(#b).is_some_and(|(a, b)| a >= b) }
            }
            "requires" => {
                let (said, other) = (said(0)?, self.here(text(rule, "requires")?)?.said);
                quote! { (#said && !#other) }
            }
            kind @ ("scaled_at_most" | "scaled_product_at_most") => {
                let (w, h, by, max) = (value(0)?, value(1)?, value(2)?, limit("maximum")?);
                let measured = if kind == "scaled_at_most" {
                    quote! { w.max(h) }
                } else {
                    quote! { w * h }
                };
                quote! {
                    #w.zip(#h).zip(#by).is_some_and(|((w, h), by)| {
                        let (w, h) = ((w * by).round(), (h * by).round());
                        #measured > #max
                    })
                }
            }
            "forbidden_when" => self.condition(&rule["forbidden"])?,
            "no_effect" => {
                let (forbidden, said) = (self.condition(&rule["forbidden"])?, said(places.len() - 1)?);
                quote! { (#forbidden && #said) }
            }
            "weight_zero" => {
                let weight = value(0)?;
                quote! { #weight == Some(0.0) }
            }
            "not_both" => {
                let (a, b) = (said(0)?, said(1)?);
                quote! { (#a && #b) }
            }
            "required_when" => {
                let said = said(0)?;
                quote! { !#said }
            }
            "exactly_one" => {
                let (a, b) = (said(0)?, said(1)?);
                quote! { #a == #b }
            }
            "at_least_one" => {
                let (a, b) = (said(0)?, said(1)?);
                quote! { !(#a || #b) }
            }
            "same" => {
                let (a, b) = (value(0)?, value(1)?);
                quote! { #a.zip(#b).is_some_and(|(a, b)| a != b) }
            }
            other => bail!("unknown kind of rule {other}"),
        })
    }

    fn condition(&self, condition: &Value) -> Result<TokenStream> {
        let (kind, of) =
            condition.as_object().and_then(|members| members.iter().next()).context("no condition")?;
        let pointer = || of.as_str().or_else(|| of[0].as_str()).context("a condition without pointer");
        Ok(match kind.as_str() {
            "present" => self.here(pointer()?)?.said,
            "absent" => {
                let said = self.here(pointer()?)?.said;
                quote! { !#said }
            }
            "above" => {
                let (value, bound) = (self.here(pointer()?)?.value, of[1].as_f64().context("no bound")?);
                let bound = Literal::f64_unsuffixed(bound);
                quote! { #value.is_some_and(|value| value > #bound) }
            }
            "equals" => self.is_one_of(pointer()?, std::slice::from_ref(&of[1]))?,
            "in" => self.is_one_of(pointer()?, of[1].as_array().context("no values")?)?,
            "not_in" => {
                let value = self.here(pointer()?)?.value;
                let one = self.is_one_of(pointer()?, of[1].as_array().context("no values")?)?;
                quote! { (#value.is_some() && !#one) }
            }
            kind @ ("value_is" | "value_has") => {
                let place = self.here(pointer()?)?;
                let data = &self.bundle.definitions[place.of_enum.as_deref().context("no enum")?]["x-values"];
                let key = of[1].as_str().context("no key")?;
                let values = data.as_object().context("no x-values")?.iter();
                let values: Vec<Value> = values
                    .filter(|(_, data)| match kind {
                        "value_is" => data.get(key) == Some(&of[2]),
                        _ => data.get(key).is_some(),
                    })
                    .map(|(value, _)| value.clone().into())
                    .collect();
                self.is_one_of(pointer()?, &values)?
            }
            "all" => {
                let conditions = of.as_array().context("no conditions")?.iter();
                let conditions = conditions.map(|of| self.condition(of)).collect::<Result<Vec<_>>>()?;
                quote! { (#(#conditions)&&*) }
            }
            other => bail!("unknown condition {other}"),
        })
    }

    fn is_one_of(&self, pointer: &str, values: &[Value]) -> Result<TokenStream> {
        let value = self.here(pointer)?.value;
        let patterns = values
            .iter()
            .map(|value| match value {
                Value::String(text) => Ok(quote! { Some(#text) }),
                Value::Bool(flag) => Ok(quote! { Some(#flag) }),
                other => bail!("{other} is compared with a string or a boolean"),
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(quote! { matches!(#value, #(#patterns)|*) })
    }

    fn here(&self, pointer: &str) -> Result<Place> {
        self.place(self.on, quote! { Some(self) }, pointer)
    }

    /// The value as written, without a default.
    fn bare(&self, owner: &str, start: TokenStream, pointer: &str) -> Result<TokenStream> {
        let (chain, kind) = self.chain(owner, start, pointer)?;
        self.scalar(&chain, &kind)
    }

    fn scalar(&self, chain: &TokenStream, kind: &TypeRef) -> Result<TokenStream> {
        Ok(match kind {
            TypeRef::Boolean => quote! { #chain.copied() },
            TypeRef::Named(name) => match &self.model.get(name).context("no such type")?.shape {
                Shape::Integer(_) => quote! { #chain.map(|value| value.get() as f64) },
                Shape::Number(_) => quote! { #chain.map(|value| value.get()) },
                Shape::Enum(_) => quote! { #chain.map(|value| value.as_str()) },
                Shape::Text(_) => quote! { #chain.map(|value| &**value) },
                _ => quote! { #chain.map(|_| ()) },
            },
            other => bail!("{other:?} is not compared"),
        })
    }

    fn place(&self, owner: &str, start: TokenStream, pointer: &str) -> Result<Place> {
        let (chain, kind) = self.chain(owner, start, pointer)?;
        let default = self.default(owner, pointer)?;
        let of_enum = match &kind {
            TypeRef::Named(name)
                if matches!(self.model.get(name).map(|of| &of.shape), Some(Shape::Enum(_))) =>
            {
                Some(name.clone())
            }
            _ => None,
        };
        let value = self.scalar(&chain, &kind)?;
        let value = match default {
            Some(Value::Number(number)) => {
                let number = Literal::f64_unsuffixed(number.as_f64().context("a finite default")?);
                quote! { #value.or(Some(#number)) }
            }
            Some(Value::String(text)) => quote! { #value.or(Some(#text)) },
            Some(Value::Bool(flag)) => quote! { #value.or(Some(#flag)) },
            _ => value,
        };
        Ok(Place { value, said: quote! { #chain.is_some() }, of_enum })
    }

    /// The way to a field as an `Option` of a reference, and the field's type.
    fn chain(&self, owner: &str, start: TokenStream, pointer: &str) -> Result<(TokenStream, TypeRef)> {
        let (mut chain, mut kind) = (start, TypeRef::Named(owner.to_owned()));
        for token in pointer.split('/').skip(1) {
            let field = self.field(&kind, token)?;
            // typify's way with keywords: `type` becomes `type_`.
            let name: proc_macro2::Ident =
                syn::parse_str(token).unwrap_or_else(|_| ident(&format!("{token}_")));
            chain = match field.presence {
                Presence::Required => quote! { #chain.map(|of| &of.#name) },
                Presence::Optional | Presence::Nullable => quote! { #chain.and_then(|of| of.#name.as_ref()) },
            };
            kind = field.kind.clone();
        }
        Ok((chain, kind))
    }

    fn default(&self, owner: &str, pointer: &str) -> Result<Option<Value>> {
        let (parent, name) = pointer.rsplit_once('/').context("a pointer to a field")?;
        let (_, kind) = self.chain(owner, TokenStream::new(), parent)?;
        Ok(self.field(&kind, name)?.default.clone())
    }

    fn field(&self, kind: &TypeRef, name: &str) -> Result<&crate::model::Field> {
        let TypeRef::Named(owner) = kind else { bail!("{name} in what is no object") };
        let Some(Shape::Struct(fields)) = self.model.get(owner).map(|of| &of.shape) else {
            bail!("{owner} is no object");
        };
        fields.iter().find(|field| field.name == name).with_context(|| format!("{owner} has no {name}"))
    }
}
