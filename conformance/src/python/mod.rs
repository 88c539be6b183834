//! Python sources against the contract: names that they read from payloads or write to them and that the contract does not
//! know.
//!
//! Python's own `ast` reads the sources, by the script `names.py`: it knows exactly the grammar of the Python that runs the
//! worker, and asks for no crate. Nothing of the sources is run.

use contracts::dictionary::Shape;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    class::Class,
    contract::Tables,
    input,
    source::{
        Finding, Judged, Place, Undecided, distance,
        files::{self, Unreadable},
    },
};

const SCRIPT: &str = include_str!("names.py");

/// Python sources, without caches, environments and tests.
const FILES: files::Kind =
    files::Kind { suffix: ".py", without: &["__pycache__", "node_modules", "venv", "tests"] };

/// Letters that may differ in a misspelt name.
const LETTERS_MAX: usize = 2;

/// Why sources are not judged.
#[derive(Debug, thiserror::Error)]
pub enum PythonError {
    /// A file or a folder cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// Python does not start.
    #[error("{0} does not start")]
    NoPython(PathBuf, #[source] io::Error),
    /// The program ended well and did not read the sources.
    #[error("{0} did not read the sources: is it Python?")]
    NotRead(PathBuf),
    /// Python failed, or wrote something else.
    #[error("the script failed: {0}")]
    Script(String),
}

/// A name in a source.
#[derive(Debug, Deserialize)]
struct Used {
    file: PathBuf,
    line: usize,
    kind: Kind,
    name: Option<String>,
    /// The names that are tried in turn with it.
    beside: Vec<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Read,
    Write,
    Computed,
    Syntax,
    /// After the last file; its name is the number of files.
    End,
}

/// Judges the sources at a path and below it.
///
/// # Errors
/// [`PythonError`].
pub fn judge(folder: &Path, python: &Path, tables: &Tables) -> Result<Judged, PythonError> {
    let files = files::find(&[folder.to_owned()], &FILES)?;
    for file in &files {
        input::check(file).map_err(files::unreadable(file))?;
    }
    let known = Known::of(tables);
    let mut judged = Judged::default();
    for used in names(&files, python)? {
        known.judge(used, &mut judged);
    }
    judged.compared = files.iter().map(|file| file.display().to_string()).collect();
    judged.sort();
    Ok(judged)
}

fn names(files: &[PathBuf], python: &Path) -> Result<Vec<Used>, PythonError> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let output = Command::new(python).args(["-I", "-c", SCRIPT]).args(files).output();
    let output = output.map_err(|err| PythonError::NoPython(python.to_owned(), err))?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        return Err(PythonError::Script(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    let rows: Result<Vec<Used>, _> = text.lines().map(serde_json::from_str).collect();
    let mut rows = rows.map_err(|err| PythonError::Script(err.to_string()))?;
    match rows.pop() {
        Some(Used { kind: Kind::End, name: Some(count), .. }) if count == files.len().to_string() => Ok(rows),
        _ => Err(PythonError::NotRead(python.to_owned())),
    }
}

/// Names of the contract, in every spelling that is read.
struct Known {
    /// Each spelling, with the canonical name.
    spellings: BTreeMap<String, String>,
    canonical: BTreeSet<String>,
    values: BTreeSet<String>,
}

impl Known {
    fn of(tables: &Tables) -> Self {
        let mut known =
            Self { spellings: BTreeMap::new(), canonical: BTreeSet::new(), values: BTreeSet::new() };
        for def in tables.dictionary.defs() {
            match &def.shape {
                Shape::Object(object) => {
                    for property in &object.properties {
                        known.canonical.insert(property.snake.clone());
                        for spelling in [&property.snake, &property.csharp, &property.camel] {
                            known.spellings.insert(spelling.clone(), property.snake.clone());
                        }
                    }
                    // Older names, which are read too.
                    for spelling in object.names.keys() {
                        known.spellings.entry(spelling.clone()).or_insert_with(|| spelling.clone());
                    }
                }
                Shape::Enum(values) => known.values.extend(values.values.iter().cloned()),
                _ => {}
            }
        }
        // The names of the two envelopes around a command's fields.
        let wrappers = tables.actions.iter().filter_map(|row| row.wrapped_in.as_deref());
        known.canonical.extend(wrappers.chain(["payload", "request"]).map(str::to_owned));
        known.values.extend(tables.actions.iter().map(|row| row.action.clone()));
        known
    }

    fn judge(&self, used: Used, judged: &mut Judged) {
        let Used { file, line, kind, name, beside } = used;
        let place = Place { file, line };
        let Some(name) = name else { return };
        match kind {
            Kind::End => {}
            Kind::Syntax => {
                let why = format!("it is not Python: {name}");
                judged.undecided.push(Undecided { place, why });
            }
            Kind::Computed => {
                let why = format!("the name {name} is computed");
                judged.undecided.push(Undecided { place, why });
            }
            Kind::Read | Kind::Write => {
                // Whoever tries each dialect in turn reads the canonical name too.
                let canonical = self.spellings.get(&name);
                let is_tried = canonical.is_some_and(|canonical| beside.contains(canonical));
                if let Some((class, why)) = self.fault(&name, kind).filter(|_| !is_tried) {
                    judged.findings.push(Finding { place, class, subject: name, why });
                }
            }
        }
    }

    /// Why the contract does not know a name. Keys of maps are values of enums, actions or canonical names.
    fn fault(&self, name: &str, kind: Kind) -> Option<(Class, String)> {
        let does = if kind == Kind::Read { "reads" } else { "writes" };
        if self.canonical.contains(name) || self.values.contains(name) {
            return None;
        }
        if let Some(canonical) = self.spellings.get(name) {
            let why = format!("it {does} {name:?}; workers get and send {canonical:?}");
            return (canonical != name).then_some((Class::Case, why));
        }
        let near = self
            .canonical
            .iter()
            .filter(|other| distance(other, name) <= LETTERS_MAX && name.len() > LETTERS_MAX * 2);
        let why = match near.min_by_key(|other| distance(other, name)) {
            Some(near) => format!("it {does} {name:?}; the contract has {near:?}"),
            None => format!("it {does} {name:?}, which the contract does not know"),
        };
        Some((Class::Names, why))
    }
}
