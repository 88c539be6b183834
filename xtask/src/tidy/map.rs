//! The code map of `ARCHITECTURE.md`: what it names exists, and what exists is named.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};

use super::{finding::Finding, tree::Tree};

const PAGE: &str = "ARCHITECTURE.md";
const HEADING: &str = "## Code map";
/// The crate whose rooms the map names one by one.
const ROOMS: &str = "gateway/src/";
/// Endings of file names; a word in backticks with another dot in it is code.
const ENDINGS: [&str; 8] = [".rs", ".py", ".json", ".md", ".toml", ".sh", ".lock", ".cs"];

/// Judges the map, and every path that the page has in backticks.
///
/// # Errors
/// A page that is not there.
pub(super) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let page = tree.read(PAGE)?;
    let rows = rows(&page)?;
    let named: BTreeSet<&str> = rows.iter().map(|(_, path)| *path).collect();
    let gone = rows.iter().filter(|(_, path)| !exists(tree, path)).map(|(line, path)| {
        Finding::new(format!("{PAGE}:{line}"), format!("the code map names `{path}`, which is not there"))
    });
    let left_out = expected(tree)
        .into_iter()
        .filter(|path| !named.contains(path.as_str()))
        .map(|path| Finding::new(PAGE, format!("the code map has no row for `{path}`")));
    let untrue = quoted(&page)
        .into_iter()
        .filter(|row| !rows.contains(row) && !ends_a_file(tree, row.1))
        .map(|(line, path)| {
            Finding::new(
                format!("{PAGE}:{line}"),
                format!("`{path}` is no path of the repository, nor the end of one"),
            )
        });
    Ok(gone.chain(left_out).chain(untrue).collect())
}

/// The paths in the first column of the map's tables, with their lines.
fn rows(page: &str) -> Result<Vec<(usize, &str)>> {
    let section = page.lines().enumerate().skip_while(|(_, line)| *line != HEADING);
    let section: Vec<(usize, &str)> =
        section.skip(1).take_while(|(_, line)| !line.starts_with("## ")).collect();
    let rows: Vec<(usize, &str)> = section
        .into_iter()
        .filter_map(|(index, line)| Some((index + 1, line.strip_prefix("| `")?.split_once('`')?.0)))
        .collect();
    (!rows.is_empty()).then_some(rows).with_context(|| format!("{PAGE} has no table below `{HEADING}`"))
}

/// What the map must name: each folder at the top, and each room of the gateway.
fn expected(tree: &Tree) -> BTreeSet<String> {
    let mut expected = BTreeSet::new();
    for file in tree.files() {
        if let Some((folder, _)) = file.split_once('/')
            && !folder.starts_with('.')
        {
            expected.insert(format!("{folder}/"));
        }
        let Some(room) = file.strip_prefix(ROOMS) else { continue };
        match room.split_once('/') {
            Some((folder, _)) => expected.insert(format!("{ROOMS}{folder}/")),
            // `jobs.rs` beside `jobs/` is one room, named as the folder.
            None if tree.files().any(|other| other.starts_with(&format!("{ROOMS}{}/", stem(room)))) => true,
            None => expected.insert(format!("{ROOMS}{room}")),
        };
    }
    expected.remove(&format!("{ROOMS}lib.rs"));
    expected
}

fn stem(file: &str) -> &str {
    file.strip_suffix(".rs").unwrap_or(file)
}

/// A folder ends in `/`.
fn exists(tree: &Tree, path: &str) -> bool {
    if path.ends_with('/') { tree.files().any(|file| file.starts_with(path)) } else { tree.has(path) }
}

/// Whether a file or a folder is called so, from the root or from within a folder.
fn ends_a_file(tree: &Tree, path: &str) -> bool {
    let within = format!("/{path}");
    tree.files().any(|file| {
        let file = format!("/{file}");
        if path.ends_with('/') { file.contains(&within) } else { file.ends_with(&within) }
    })
}

/// Words in backticks that have the form of a path, outside of blocks of code.
fn quoted(page: &str) -> Vec<(usize, &str)> {
    let mut in_block = false;
    let mut quoted = Vec::new();
    for (index, line) in page.lines().enumerate() {
        if line.starts_with("```") {
            in_block = !in_block;
        } else if !in_block {
            let words = line.split('`').skip(1).step_by(2).filter(|word| is_path(word));
            quoted.extend(words.map(|word| (index + 1, word)));
        }
    }
    quoted
}

fn is_path(word: &str) -> bool {
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    plain
        && !word.starts_with(['/', '.'])
        && (word.ends_with('/') || ENDINGS.iter().any(|end| word.ends_with(end)))
}
