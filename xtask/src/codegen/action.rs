//! `action.rs` from the registry of commands.

use anyhow::{Context as _, Result, bail};
use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};
use serde_json::{Map, Value};

use super::rust::{camel, doc, file, ident};
use crate::schemas::reference_name;

/// `action.rs`.
///
/// # Errors
/// A row of another shape.
pub(crate) fn actions(registry: &Value) -> Result<String> {
    let classes = registry.get("classes").and_then(Value::as_object).context("no classes")?;
    let rows = registry.get("actions").and_then(Value::as_array).context("no actions")?;
    let parameters = registry.get("parameters").and_then(Value::as_array).context("no parameters")?;
    let resources = registry.get("resources").and_then(Value::as_array).context("no resources")?;
    let mut tokens = action_row();
    tokens.extend(class_when_row());
    tokens.extend(route_row());
    tokens.extend(class_enum(classes)?);
    tokens.extend(action_enum(rows, classes)?);
    tokens.extend(parameter_table(parameters)?);
    tokens.extend(resource_table(resources)?);
    tokens.extend(tag_table(registry.get("tags").and_then(Value::as_array).context("no tags")?)?);
    file("registry.json", "The registry of actions.", tokens)
}

/// The row of one action.
fn action_row() -> TokenStream {
    quote! {
        use std::fmt;
        use std::str::FromStr;

        /// The registry's row of one action.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct ActionInfo {
            /// The action.
            pub action: Action,
            /// Further names that are read, never written.
            pub aliases: &'static [&'static str],
            /// How it is scheduled.
            pub class: Class,
            /// One sentence.
            pub summary: &'static str,
            /// Name of the definition of its fields beside the envelope.
            pub request: &'static str,
            /// Name of the definition of its reply's `data`.
            pub reply: &'static str,
            /// The module of the Python worker; `None` for the gateway's own actions.
            pub worker_module: Option<&'static str>,
            /// The C# methods that send it.
            pub service_methods: &'static [&'static str],
            /// Its routes over HTTP; without one it is sent through `/v1/commands`.
            pub routes: &'static [Route],
            /// Its timeout, seconds, unless the command's metadata sets one; `None`: no timeout.
            pub timeout_seconds: Option<f64>,
            /// The name of the object that its fields may stand in, beside the envelope.
            pub wrapped_in: Option<&'static str>,
            /// The most characters of its `request_id`, where that is fewer than of any id.
            pub request_id_max: Option<usize>,
            /// When it belongs to another class.
            pub class_when: Option<ClassWhen>,
        }
    }
}

/// The condition under which an action has another class.
fn class_when_row() -> TokenStream {
    quote! {
        /// A field whose value moves an action to another class.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct ClassWhen {
            /// The field.
            pub field: &'static str,
            /// Its value.
            pub equals: bool,
            /// The class for this value.
            pub class: Class,
            /// The timeout for this value, seconds.
            pub timeout_seconds: Option<f64>,
        }
    }
}

/// The row of one route of an action.
fn route_row() -> TokenStream {
    quote! {
        /// One way to send an action over HTTP.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct Route {
            /// `GET`, `POST` or `DELETE`.
            pub verb: &'static str,
            /// The path, parameters in braces.
            pub path: &'static str,
            /// `(path parameter, field)`, of those whose names differ.
            pub params: &'static [(&'static str, &'static str)],
            /// The field whose value the body may be.
            pub bare: Option<&'static str>,
            /// `(field, value)` that the route sets.
            pub fixed: &'static [(&'static str, &'static str)],
        }
    }
}

fn class_enum(classes: &Map<String, Value>) -> Result<TokenStream> {
    let names: Vec<&String> = classes.keys().collect();
    let variants: Vec<_> = names.iter().map(|name| ident(&camel(name))).collect();
    let docs: Vec<_> = names.iter().map(|name| doc(&format!("Class {name}."))).collect();
    let timeouts = classes
        .values()
        .map(|class| optional_number(class.get("timeout_seconds").unwrap_or(&Value::Null)))
        .collect::<Result<Vec<_>>>()?;
    Ok(quote! {
        /// How an action is scheduled.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum Class {
            #(
                #docs
                #[serde(rename = #names)]
                #variants,
            )*
        }

        impl Class {
            /// The name in the registry.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { #(Self::#variants => #names,)* } }

            /// The default timeout of its actions, seconds; `None`: no timeout.
            #[must_use]
            pub const fn timeout_seconds(self) -> Option<f64> { match self { #(Self::#variants => #timeouts,)* } }
        }
    })
}

fn action_enum(rows: &[Value], classes: &Map<String, Value>) -> Result<TokenStream> {
    let names = rows.iter().map(|row| text(row, "action")).collect::<Result<Vec<_>>>()?;
    let variants: Vec<_> = names.iter().map(|name| ident(&camel(name))).collect();
    let docs = rows.iter().map(|row| Ok(doc(text(row, "summary")?))).collect::<Result<Vec<_>>>()?;
    let infos = rows.iter().map(|row| info(row, classes)).collect::<Result<Vec<_>>>()?;
    let mut spellings = TokenStream::new();
    for (row, variant) in rows.iter().zip(&variants) {
        let mut all = vec![text(row, "action")?];
        all.extend(texts(row, "aliases")?);
        spellings.extend(quote! { #(#all)|* => Self::#variant, });
    }
    let count = rows.len();
    Ok(quote! {
        /// An action of the contract.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        pub enum Action {
            #(
                #docs
                #[serde(rename = #names)]
                #variants,
            )*
        }

        impl Action {
            /// Every action, in the order of the registry.
            pub const ALL: [Self; #count] = [#(Self::#variants),*];

            /// The name on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { #(Self::#variants => #names,)* } }

            /// Its row of the registry.
            #[must_use]
            pub const fn info(self) -> &'static ActionInfo { &INFOS[self as usize] }
        }

        impl fmt::Display for Action {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result { formatter.write_str(self.as_str()) }
        }

        /// A text that is not the name of an action.
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        #[error("{0:?} is not an action of schemas/registry.json")]
        pub struct ParseActionError(pub String);

        impl FromStr for Action {
            type Err = ParseActionError;

            /// Reads names and aliases.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(match text {
                    #spellings
                    _ => return Err(ParseActionError(text.to_owned())),
                })
            }
        }

        impl<'de> serde::Deserialize<'de> for Action {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        static INFOS: [ActionInfo; #count] = [#(#infos),*];
    })
}

fn info(row: &Value, classes: &Map<String, Value>) -> Result<TokenStream> {
    let action = text(row, "action")?;
    let class = text(row, "class")?;
    let default = classes
        .get(class)
        .with_context(|| format!("{action}: no class {class}"))?
        .get("timeout_seconds")
        .unwrap_or(&Value::Null);
    let timeout = optional_number(row.get("timeout_seconds").unwrap_or(default))?;
    let variant = ident(&camel(action));
    let class = ident(&camel(class));
    let aliases = texts(row, "aliases")?;
    let methods = texts(row, "service_methods")?;
    let summary = text(row, "summary")?;
    let request = definition(row, "request")?.with_context(|| format!("{action}: no request"))?;
    let reply = definition(row, "reply")?.with_context(|| format!("{action}: no reply"))?;
    let module = option(row.get("worker_module").and_then(Value::as_str));
    let wrapped = option(row.get("wrapped_in").and_then(Value::as_str));
    let id_max = option(row.get("request_id_max").and_then(Value::as_u64).map(Literal::u64_unsuffixed));
    let routes = row.get("routes").and_then(Value::as_array).context("no routes")?;
    let routes = routes.iter().map(route).collect::<Result<Vec<_>>>()?;
    let when = class_when(row.get("class_when"))?;
    Ok(quote! {
        ActionInfo {
            action: Action::#variant,
            aliases: &[#(#aliases),*],
            class: Class::#class,
            summary: #summary,
            request: #request,
            reply: #reply,
            worker_module: #module,
            service_methods: &[#(#methods),*],
            routes: &[#(#routes),*],
            timeout_seconds: #timeout,
            wrapped_in: #wrapped,
            request_id_max: #id_max,
            class_when: #when,
        }
    })
}

fn route(row: &Value) -> Result<TokenStream> {
    let (verb, path) = (text(row, "verb")?, text(row, "path")?);
    let bare = option(row.get("bare").and_then(Value::as_str));
    let params = pairs(row.get("params"))?;
    let fixed = pairs(row.get("fixed"))?;
    Ok(quote! { Route { verb: #verb, path: #path, params: #params, bare: #bare, fixed: #fixed } })
}

fn class_when(when: Option<&Value>) -> Result<TokenStream> {
    let Some(when) = when else { return Ok(quote! { None }) };
    let field = text(when, "field")?;
    let equals = when.get("equals").and_then(Value::as_bool).context("class_when without equals")?;
    let class = ident(&camel(text(when, "class")?));
    let timeout = optional_number(when.get("timeout_seconds").unwrap_or(&Value::Null))?;
    Ok(quote! {
        Some(ClassWhen { field: #field, equals: #equals, class: Class::#class, timeout_seconds: #timeout })
    })
}

fn parameter_table(rows: &[Value]) -> Result<TokenStream> {
    let mut items = TokenStream::new();
    for row in rows {
        let (name, place) = (text(row, "name")?, text(row, "in")?);
        let description = text(row, "description")?;
        let schema = definition(row, "schema")?.with_context(|| format!("{name}: no schema"))?;
        let classes = row.get("classes").and_then(Value::as_array).into_iter().flatten();
        let classes = classes
            .map(|class| Ok(ident(&camel(class.as_str().context("registry.json: a class is no string")?))))
            .collect::<Result<Vec<_>>>()?;
        items.extend(quote! {
            Parameter { name: #name, place: #place, schema: #schema, classes: &[#(Class::#classes),*], description: #description },
        });
    }
    let count = rows.len();
    Ok(quote! {
        /// A query parameter or a header that a request may have beside its command.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct Parameter {
            /// Its name.
            pub name: &'static str,
            /// `query` or `header`.
            pub place: &'static str,
            /// Name of the definition of its value.
            pub schema: &'static str,
            /// The classes of the actions whose routes take it; empty: every route takes it.
            pub classes: &'static [Class],
            /// One sentence or more.
            pub description: &'static str,
        }

        impl Parameter {
            /// Whether the routes of an action take it.
            #[must_use]
            pub fn concerns(&self, info: &ActionInfo) -> bool {
                self.classes.is_empty()
                    || self.classes.contains(&info.class)
                    || info.class_when.is_some_and(|when| self.classes.contains(&when.class))
            }
        }

        /// All query parameters and headers.
        pub static PARAMETERS: [Parameter; #count] = [#items];
    })
}

fn resource_table(rows: &[Value]) -> Result<TokenStream> {
    let mut items = TokenStream::new();
    for row in rows {
        let (verb, path) = (text(row, "verb")?, text(row, "path")?);
        let (id, summary) = (text(row, "id")?, text(row, "summary")?);
        let reply = option(definition(row, "reply")?);
        items.extend(
            quote! { Resource { id: #id, verb: #verb, path: #path, summary: #summary, reply: #reply }, },
        );
    }
    let count = rows.len();
    Ok(quote! {
        /// A route that belongs to no single action.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct Resource {
            /// Its name, for generated clients.
            pub id: &'static str,
            /// `GET` or `POST`.
            pub verb: &'static str,
            /// The path, parameters in braces.
            pub path: &'static str,
            /// One sentence.
            pub summary: &'static str,
            /// Name of the definition of its answer.
            pub reply: Option<&'static str>,
        }

        /// The routes that belong to no single action.
        pub static RESOURCES: [Resource; #count] = [#items];
    })
}

fn tag_table(rows: &[Value]) -> Result<TokenStream> {
    let mut items = TokenStream::new();
    for row in rows {
        let (name, description) = (text(row, "name")?, text(row, "description")?);
        let families = texts(row, "families")?;
        items.extend(quote! { Tag { name: #name, description: #description, families: &[#(#families),*] }, });
    }
    let count = rows.len();
    Ok(quote! {
        /// A family of routes, as a reader of the API finds them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct Tag {
            /// Its name.
            pub name: &'static str,
            /// One sentence.
            pub description: &'static str,
            /// First segments of its paths, after `/v1`.
            pub families: &'static [&'static str],
        }

        /// All families of routes.
        pub static TAGS: [Tag; #count] = [#items];

        impl Tag {
            /// The tag of a path.
            #[must_use]
            pub fn of(path: &str) -> Option<&'static Self> {
                let family = Self::family(path);
                TAGS.iter().find(|tag| tag.families.contains(&family))
            }

            /// The segment of a path that names its family: the first after `/v1`.
            #[must_use]
            pub fn family(path: &str) -> &str {
                let path = path.strip_prefix("/v1").unwrap_or(path).trim_start_matches('/');
                path.split('/').next().unwrap_or(path)
            }
        }
    })
}

fn text<'a>(row: &'a Value, member: &str) -> Result<&'a str> {
    row.get(member).and_then(Value::as_str).with_context(|| format!("registry.json: no {member} in {row}"))
}

fn texts<'a>(row: &'a Value, member: &str) -> Result<Vec<&'a str>> {
    let list = row
        .get(member)
        .and_then(Value::as_array)
        .with_context(|| format!("registry.json: no list {member} in {row}"))?;
    list.iter().map(|item| item.as_str().context("not a string")).collect()
}

fn definition<'a>(row: &'a Value, member: &str) -> Result<Option<&'a str>> {
    match row.get(member).and_then(Value::as_str) {
        None => Ok(None),
        Some(reference) => Ok(Some(
            reference_name(reference)
                .with_context(|| format!("registry.json: {reference:?} is no definition"))?,
        )),
    }
}

fn option(value: Option<impl ToTokens>) -> TokenStream {
    value.map_or_else(|| quote! { None }, |value| quote! { Some(#value) })
}

fn optional_number(value: &Value) -> Result<TokenStream> {
    match value {
        Value::Null => Ok(quote! { None }),
        Value::Number(number) => {
            let number = number.as_f64().context("not a finite number")?;
            let number = Literal::f64_unsuffixed(number);
            Ok(quote! { Some(#number) })
        }
        _ => bail!("registry.json: timeout_seconds is {value}"),
    }
}

fn pairs(map: Option<&Value>) -> Result<TokenStream> {
    let mut items = TokenStream::new();
    for (key, value) in map.and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().context("registry.json: params and fixed hold strings")?;
        items.extend(quote! { (#key, #value), });
    }
    Ok(quote! { &[#items] })
}
