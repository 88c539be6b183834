//! `cargo xtask lint`: the rules of `schemas/` that make every language understand it alike.
//!
//! The meta-schemas state the form of a schema; the lints here state rules that no meta-schema can. `codegen` runs them
//! first: from schemas with findings nothing is generated.

mod accepted;
mod effects;
mod examples;
mod meta;
mod names;
mod places;
mod registry;
mod rules;
#[cfg(test)]
mod tests;

use std::fmt;

use serde_json::Value;

use crate::model::Model;
use crate::schemas::{Bundle, Schemas};

/// One mistake in the schemas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The file under `schemas/`.
    pub(crate) file: String,
    /// Where in it (RFC 6901).
    pub(crate) pointer: String,
    /// The mistake.
    pub(crate) what: String,
    /// The way out.
    pub(crate) way_out: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, pointer, what, way_out } = self;
        write!(formatter, "schemas/{file}#{pointer}: {what}; {way_out}")
    }
}

/// The schemas that the lints examine, and the findings.
struct Lint<'a> {
    schemas: &'a Schemas,
    bundle: &'a Bundle,
    findings: Vec<Finding>,
}

impl Lint<'_> {
    fn find(&mut self, file: &str, pointer: &str, what: impl Into<String>, way_out: &str) {
        self.findings.push(finding(file, pointer, what.into(), way_out));
    }

    /// A finding at a definition, or below it.
    fn find_in(&mut self, definition: &str, below: &str, what: impl Into<String>, way_out: &str) {
        let file = self.schemas.file_of(definition).unwrap_or_default().to_owned();
        self.find(&file, &format!("/$defs/{definition}{below}"), what, way_out);
    }

    /// Every object of the bundle with its properties, those that it extends included.
    fn objects(&self) -> impl Iterator<Item = (&str, &serde_json::Map<String, Value>)> {
        self.bundle
            .definitions
            .iter()
            .filter_map(|(name, schema)| Some((name.as_str(), schema.get("properties")?.as_object()?)))
    }
}

fn finding(file: &str, pointer: &str, what: String, way_out: &str) -> Finding {
    Finding { file: file.to_owned(), pointer: pointer.to_owned(), what, way_out: way_out.to_owned() }
}

/// All mistakes in the schemas. The later lints rely on the earlier ones, so they run only if those find nothing.
pub(crate) fn lint(schemas: &Schemas) -> Vec<Finding> {
    let findings = meta::findings(schemas);
    if !findings.is_empty() {
        return findings;
    }
    let bundle = match schemas.bundle() {
        Ok(bundle) => bundle,
        Err(error) => return vec![finding("", "", format!("{error:#}"), "correct what is named")],
    };
    if let Err(error) = Model::of(&bundle) {
        return vec![finding("", "", format!("{error:#}"), "keep to the subset (schemas/README.md)")];
    }
    let mut lint = Lint { schemas, bundle: &bundle, findings: Vec::new() };
    places::lint(&mut lint);
    if !lint.findings.is_empty() {
        return lint.findings;
    }
    examples::lint(&mut lint);
    names::lint(&mut lint);
    accepted::lint(&mut lint);
    rules::lint(&mut lint);
    effects::lint(&mut lint);
    registry::lint(&mut lint);
    lint.findings
}
