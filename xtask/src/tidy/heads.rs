//! How files begin: with what they own, and, where they are generated, with who writes them.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

use super::{finding::Finding, tree::Tree};

/// What a generated file says in its first lines.
const GENERATED: [&str; 2] = ["Generated from schemas/", " by cargo xtask codegen; edit the schema instead."];
/// How far down it may stand: below a docstring's first line.
const GENERATED_LINES: usize = 10;

/// Each `.rs` file begins with `//!`, each `.py` file with a docstring.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn documented(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in tree.with_extension("rs") {
        if !tree.read(file)?.starts_with("//!") {
            findings.push(Finding::new(file, "the first line says what the file owns: `//! …`"));
        }
    }
    for file in tree.with_extension("py") {
        if !begins_with_docstring(&tree.read(file)?) {
            findings.push(Finding::new(file, "the first statement says what the file owns: a docstring"));
        }
    }
    Ok(findings)
}

fn begins_with_docstring(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#'));
    first.is_some_and(|line| ["\"\"\"", "r\"\"\"", "'''"].iter().any(|quotes| line.starts_with(quotes)))
}

/// Each file below a folder `generated/` says who writes it, and is `linguist-generated` for those who show diffs; what
/// says so elsewhere is `linguist-generated` too.
///
/// # Errors
/// A file that cannot be read, or git.
pub(super) fn generated(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut generated = Vec::new();
    for file in tree.files().filter(|file| has_header_or_place(file)) {
        let header = has_header(&tree.read(file)?);
        let placed = is_placed(file);
        // JSON has no comments.
        if placed && !header && !file.ends_with(".json") {
            findings.push(Finding::new(
                file,
                format!("the header `{}…{}` is missing", GENERATED[0], GENERATED[1]),
            ));
        }
        if placed || header {
            generated.push(file);
        }
    }
    findings.extend(unmarked(tree, &generated)?);
    Ok(findings)
}

/// Files whose text is looked at: sources, and what stands in a generated folder.
fn has_header_or_place(file: &str) -> bool {
    is_placed(file) || [".rs", ".py", ".cs", ".ts"].iter().any(|end| file.ends_with(end))
}

/// The sources of the tree. Tests keep theirs apart in `tests/`, where `generated/` is a subject.
fn is_placed(file: &str) -> bool {
    file.contains("/generated/") && !file.contains("/tests/")
}

/// Whether a text says that it is generated.
pub(super) fn has_header(text: &str) -> bool {
    text.lines().take(GENERATED_LINES).any(|line| {
        let line = line.trim_start_matches("//!").trim_start_matches("//").trim_start();
        line.starts_with(GENERATED[0]) && line.ends_with(GENERATED[1])
    })
}

/// Those that `.gitattributes` does not mark.
fn unmarked(tree: &Tree, files: &[&str]) -> Result<Vec<Finding>> {
    let mut git = Command::new("git")
        .args(["check-attr", "-z", "--stdin", "linguist-generated"])
        .current_dir(tree.root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("starting git")?;
    // Some hundred paths fit a pipe, so that writing all before reading does not block.
    git.stdin.take().context("a pipe")?.write_all(files.join("\0").as_bytes())?;
    let output = git.wait_with_output()?;
    if !output.status.success() {
        bail!("git check-attr failed");
    }
    let answer = String::from_utf8(output.stdout).context("git's answer")?;
    let fields: Vec<&str> = answer.split_terminator('\0').collect();
    let (answers, _) = fields.as_chunks::<3>();
    let unset = answers.iter().filter(|[_, _, value]| *value != "set");
    Ok(unset
        .map(|[file, ..]| Finding::new(*file, "`.gitattributes` must mark it linguist-generated"))
        .collect())
}
