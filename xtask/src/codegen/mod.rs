//! `cargo xtask codegen`: everything that is written from `schemas/`.

mod action;
mod checked;
mod codes;
mod command;
mod csharp;
mod definition;
mod limits;
mod output;
mod pattern;
mod python;
mod python_submission;
mod rules;
mod rust;
mod sentence;
mod types;

use std::io::Write;
use std::path::Path;

use anyhow::{Result, bail};

use crate::lint::lint;
use crate::model::Model;
use crate::schemas::{Bundle, Schemas};
use output::Files;

/// The result of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Every file is as the schemas say, or was made so.
    Fresh,
    /// `--check` found a file that is not.
    Stale,
}

/// Writes the generated files under `root`, or only compares them.
///
/// # Errors
/// Schemas from which nothing can be generated, or a file that cannot be written.
pub(crate) fn run(root: &Path, check: bool, report: &mut dyn Write) -> Result<Outcome> {
    let schemas = Schemas::load(&root.join("schemas"))?;
    secured(&schemas)?;
    let files = generate(&schemas.bundle()?)?;
    if check { files.check(root, report) } else { files.write(root, report) }
}

/// Whether the schemas are without findings.
///
/// # Errors
/// All findings, one a line.
pub(crate) fn secured(schemas: &Schemas) -> Result<()> {
    let findings = lint(schemas);
    if findings.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    bail!("{} findings in schemas/:\n{}", findings.len(), lines.join("\n"))
}

/// Every generated file.
///
/// # Errors
/// Schemas from which nothing can be generated.
pub(crate) fn generate(bundle: &Bundle) -> Result<Files> {
    let mut files = Files::default();
    let mut text = serde_json::to_string_pretty(&bundle.document())?;
    text.push('\n');
    files.add("workers/concord_workers/contract/generated/bundle.json", text.clone());
    files.add("contracts/src/generated/bundle.json", text);
    files.add("contracts/src/generated/error_code.rs", codes::errors(&bundle.errors)?);
    files.add("contracts/src/generated/warning_code.rs", codes::warnings(&bundle.warnings)?);
    files.add("conformance/src/sentence.rs", sentence::sentences(&bundle.sentences)?);
    files.add("contracts/src/generated/action.rs", action::actions(&bundle.registry)?);
    files.add("contracts/src/generated/limits.rs", limits::limits(&bundle.limits)?);
    let model = Model::of(bundle)?;
    files.add("contracts/src/generated/checked.rs", checked::checked(&model)?);
    files.add("contracts/src/generated/types.rs", types::types(&model)?);
    files.add("contracts/src/generated/command.rs", command::commands(&bundle.registry)?);
    files.add("contracts/src/generated/definition.rs", definition::definitions(&model)?);
    files.add("contracts/src/generated/rules.rs", rules::rules(bundle, &model)?);
    files.add("contracts/src/generated/mod.rs", rust::module()?);
    files.add("workers/concord_workers/contract/generated/__init__.py", python::package());
    files.add("workers/concord_workers/contract/generated/types.py", python::types(&model)?);
    files.add(
        "workers/concord_workers/contract/generated/submission.py",
        python_submission::submission(&model)?,
    );
    files.add("workers/concord_workers/contract/generated/tables.py", python::tables(bundle)?);
    csharp::add(&mut files, bundle, &model)?;
    Ok(files)
}
