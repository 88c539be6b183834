//! `cargo xtask tidy`: the house rules that no compiler knows, as checks over the files of the repository.
//!
//! Each check is a module here and returns [`Finding`]s; an empty list is a pass. `--graph` and `--longest` print what
//! the checks read, and judge nothing.

mod finding;
mod heads;
mod longest;
mod map;
mod rooms;
#[cfg(test)]
mod tests;
mod threads;
mod tree;

use std::{io::Write, path::Path};

use anyhow::{Result, bail};

use finding::Finding;
use rooms::{Graph, Package};
use tree::Tree;

/// Runs every check.
///
/// # Errors
/// The number of findings, each of which is printed before; or a file that cannot be read.
pub(crate) fn run(root: &Path, out: &mut dyn Write) -> Result<()> {
    let findings = findings(&Tree::tracked(root)?)?;
    for finding in &findings {
        writeln!(out, "{finding}")?;
    }
    match findings.len() {
        0 => Ok(()),
        count => bail!("tidy has {count} findings"),
    }
}

/// Prints the graph of rooms of every crate.
///
/// # Errors
/// A file that cannot be read or parsed.
pub(crate) fn graph(root: &Path, out: &mut dyn Write) -> Result<()> {
    for package in Package::all(&Tree::tracked(root)?)? {
        rooms::print(&Graph::of(&package), out)?;
    }
    Ok(())
}

/// Prints the longest files and functions.
///
/// # Errors
/// A file that cannot be read or parsed.
pub(crate) fn longest(root: &Path, out: &mut dyn Write) -> Result<()> {
    longest::print(&Tree::tracked(root)?, out)
}

fn findings(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let packages = Package::all(tree)?;
    let graphs: Vec<Graph> = packages.iter().map(Graph::of).collect();
    findings.extend(rooms::check(&graphs));
    findings.extend(threads::check(&packages, threads::ALLOWED));
    findings.extend(map::check(tree)?);
    findings.extend(heads::documented(tree)?);
    findings.extend(heads::generated(tree)?);
    Ok(findings)
}
