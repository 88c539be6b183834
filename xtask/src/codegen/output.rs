//! Generated files: written where they differ, or compared.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::Outcome;

/// The folders that hold generated files and nothing else.
const FOLDERS: [&str; 3] =
    ["contracts/src/generated", "workers/concord_workers/contract/generated", super::csharp::FOLDER];

/// The command that updates a stale file.
const MEND: &str = "cargo xtask codegen";

/// Generated files by their path from the repository's root.
#[derive(Debug, Default)]
pub(crate) struct Files(BTreeMap<String, String>);

impl Files {
    /// Adds one file.
    pub(crate) fn add(&mut self, path: &str, text: String) {
        self.0.insert(path.to_owned(), text);
    }

    /// Writes the files that differ, removes those that are no longer generated.
    ///
    /// # Errors
    /// A file that cannot be read or written.
    pub(crate) fn write(&self, root: &Path, report: &mut dyn Write) -> Result<Outcome> {
        for (path, text) in &self.0 {
            let full = root.join(path);
            if current(&full)?.as_deref() != Some(text.as_str()) {
                let folder = full.parent().context("a path without a folder")?;
                fs::create_dir_all(folder)?;
                fs::write(&full, text).with_context(|| format!("writing {path}"))?;
                writeln!(report, "wrote {path}")?;
            }
        }
        for path in self.orphans(root)? {
            fs::remove_file(root.join(&path)).with_context(|| format!("removing {path}"))?;
            writeln!(report, "removed {path}, which nothing generates")?;
        }
        Ok(Outcome::Fresh)
    }

    /// Names each file that differs from the generated one, and the command that updates it.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn check(&self, root: &Path, report: &mut dyn Write) -> Result<Outcome> {
        let mut outcome = Outcome::Fresh;
        for (path, text) in &self.0 {
            let fault = match current(&root.join(path))? {
                None => "missing",
                Some(found) if found != *text => "stale",
                Some(_) => continue,
            };
            writeln!(report, "{fault}: {path}; run `{MEND}`")?;
            outcome = Outcome::Stale;
        }
        for path in self.orphans(root)? {
            writeln!(report, "orphan: {path}, which nothing generates; run `{MEND}`")?;
            outcome = Outcome::Stale;
        }
        Ok(outcome)
    }

    /// Files in generated folders that are not ours.
    fn orphans(&self, root: &Path) -> Result<Vec<String>> {
        let mut orphans = Vec::new();
        for folder in FOLDERS {
            let full = root.join(folder);
            if !full.exists() {
                continue;
            }
            for entry in fs::read_dir(&full).with_context(|| format!("reading {folder}"))? {
                let entry = entry?;
                let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
                if entry.file_type()?.is_file() && !self.0.contains_key(&path) {
                    orphans.push(path);
                }
            }
        }
        orphans.sort();
        Ok(orphans)
    }
}

fn current(path: &PathBuf) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
    }
}
