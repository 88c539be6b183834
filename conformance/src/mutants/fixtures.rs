//! Fixtures that are wrong in one place, one at a time, and the test that finds each.
//!
//! The target is a command that runs the tests of the fixtures: it reads the folder that [`FOLDER`] names, and exits with
//! another code than 0 where one fails. A fixture that no test reads survives whatever is wrong in it.

use std::{
    ffi::OsString,
    fmt, fs, io,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use contracts::{dictionary::Shape, pointer};
use serde_json::Value;
use tempfile::TempDir;

use super::{
    Edit,
    hunt::{Choice, Fate, Hunt, HuntError, Hunted, each, sampled},
};
use crate::interrupt;

/// The variable that tells the tests where the fixtures are.
pub const FOLDER: &str = "CONCORD_FIXTURES";

/// Members that only people read, by the beginnings of their places.
const LABELS: &[(&str, &str)] = &[
    ("image_refs.json", "/description"),
    ("model_ids.json", "/description"),
    ("image_refs.json", "/cases/*/why"),
    ("model_ids.json", "/cases/*/why"),
    ("invalid/", "/id"),
    ("oracle/requests.jsonl", "/i"),
    // Of rows that are no `ReadLine`, and of values that are no number and no text, it tells what .NET wrote.
    ("oracle/framing.jsonl", "/kind"),
    ("oracle/write.jsonl", "/kind"),
    ("oracle/write.jsonl", "/shown"),
];

/// Names under which a row tells which one it is.
const ROW_NAMES: &[&str] = &["id", "name", "fixture", "key", "shown"];

/// A place in a fixture.
#[derive(Clone, Debug)]
struct Place {
    /// The file, from the folder of the fixtures.
    file: String,
    /// The line of a file of JSON lines, from 0; none of a file that is one document.
    line: Option<usize>,
    /// A pointer into the document.
    pointer: String,
}

/// A fixture with one place edited.
#[derive(Clone, Debug)]
struct Wrong {
    place: Place,
    edit: Edit,
}

/// What is tried of a [`Wrong`].
struct Tried {
    /// The file with the edit.
    text: String,
    /// The names by which a failing test may report the fixture.
    names: Vec<String>,
}

/// Why the fixtures cannot be hunted.
#[derive(Debug, thiserror::Error)]
pub enum FixturesError {
    /// A file cannot be read or written.
    #[error("{path}: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A file is no JSON.
    #[error("{path}, line {line}: {cause}")]
    NoJson {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// Why.
        cause: serde_json::Error,
    },
    /// The command does not start.
    #[error("cannot start {command}: {cause}")]
    Start {
        /// The program.
        command: String,
        /// Why.
        cause: io::Error,
    },
    /// The tests fail on the fixtures as they are.
    #[error("the tests fail on the fixtures as they are: {0}")]
    Broken(String),
}

/// Runs the hunt.
///
/// # Errors
/// [`HuntError`] if a fixture cannot be read, or the tests do not pass as they are.
pub fn hunt(
    command: &[OsString],
    choice: &Choice,
    seed: u64,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Hunt, HuntError> {
    let fixtures = &choice.fixtures;
    let mut wrong = all(fixtures)?;
    if let Some(only) = &choice.only {
        wrong.retain(|wrong| wrong.to_string().contains(only.as_str()));
        if wrong.is_empty() {
            return Err(HuntError::NoMutant(only.clone()));
        }
    }
    wrong.retain(|wrong| choice.edits.is_empty() || choice.edits.contains(&wrong.edit));
    if let Some(sample) = choice.sample {
        wrong = sampled(wrong, sample, seed);
    }
    let good = Checker::new(fixtures, command)?;
    let output = good.run()?;
    if !output.status.success() {
        let (check, text) = failed(&output);
        return Err(FixturesError::Broken(format!("{check}\n{text}")).into());
    }
    let hunted = each(choice.jobs, &wrong, progress, &|wrong| {
        Ok(hunt_one(&Checker::new(fixtures, command)?, wrong)?)
    })?;
    Ok(Hunt { unseen: Vec::new(), hunted })
}

fn hunt_one(checker: &Checker<'_>, wrong: &Wrong) -> Result<Hunted, FixturesError> {
    let path = checker.folder.path().join(&wrong.place.file);
    let Tried { text, names } = wrong.tried(&path)?;
    fs::write(&path, text).map_err(|cause| FixturesError::File { path, cause })?;
    let output = checker.run()?;
    let fate = if output.status.success() {
        Fate::Survived
    } else {
        let (check, text) = failed(&output);
        let is_named = names.iter().any(|name| text.contains(name.as_str()));
        if is_named { Fate::Killed(check) } else { Fate::Noticed(check) }
    };
    Ok(Hunted {
        name: wrong.to_string(),
        edit: wrong.edit,
        site: wrong.place.to_string(),
        fate,
        scenarios: 1,
    })
}

/// A copy of the fixtures, and the tests that read them.
struct Checker<'c> {
    folder: TempDir,
    command: &'c [OsString],
}

impl<'c> Checker<'c> {
    fn new(fixtures: &Path, command: &'c [OsString]) -> Result<Self, FixturesError> {
        let unwritable = |cause| FixturesError::File { path: std::env::temp_dir(), cause };
        let folder = tempfile::Builder::new().prefix("conformance-").tempdir().map_err(unwritable)?;
        interrupt::remove_at_interrupt(folder.path());
        for file in files(fixtures)? {
            let to = folder.path().join(&file);
            let copied = to
                .parent()
                .map_or(Ok(()), fs::create_dir_all)
                .and_then(|()| fs::copy(fixtures.join(&file), &to));
            copied.map_err(|cause| FixturesError::File { path: to, cause })?;
        }
        Ok(Self { folder, command })
    }

    fn run(&self) -> Result<Output, FixturesError> {
        let [program, arguments @ ..] = self.command else {
            unreachable!("the command line requires a command")
        };
        let mut command = Command::new(program);
        command.args(arguments).env(FOLDER, self.folder.path()).env("INSTA_UPDATE", "no");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let ran = interrupt::spawn(&mut command).and_then(|child| {
            let group = nix::unistd::Pid::from_raw(child.id().cast_signed());
            let output = child.wait_with_output();
            interrupt::has_ended(group);
            output
        });
        let shown = || program.to_string_lossy().into_owned();
        ran.map_err(|cause| FixturesError::Start { command: shown(), cause })
    }
}

/// The first test that failed, by the lines of libtest or pytest, and all that was said.
fn failed(output: &Output) -> (String, String) {
    let text = [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat();
    let of_libtest = |line: &str| Some(line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?.to_owned());
    let of_pytest = |line: &str| Some(line.strip_prefix("FAILED ")?.split(" - ").next()?.to_owned());
    let test = text.lines().find_map(|line| of_libtest(line).or_else(|| of_pytest(line)));
    (test.unwrap_or_else(|| format!("the command ({})", output.status)), text)
}

/// The files of a folder and of those below it, sorted.
fn files(folder: &Path) -> Result<Vec<String>, FixturesError> {
    let unreadable = |path: &Path, cause| FixturesError::File { path: path.to_owned(), cause };
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(inside) = folders.pop() {
        for entry in fs::read_dir(&inside).map_err(|cause| unreadable(&inside, cause))? {
            let path = entry.map_err(|cause| unreadable(&inside, cause))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(below) = path.strip_prefix(folder) {
                found.push(below.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Every fixture, wrong in every place and way. Programs that made fixtures, and texts about them, are none.
fn all(folder: &Path) -> Result<Vec<Wrong>, FixturesError> {
    let mut all = Vec::new();
    for file in files(folder)? {
        let path = folder.join(&file);
        if file.ends_with(".json") {
            of_document(&file, None, &parsed(&path, 0, &read(&path)?)?, &mut all);
        } else if file.ends_with(".jsonl") {
            let text = read(&path)?;
            for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
                of_document(&file, Some(number), &parsed(&path, number, line)?, &mut all);
            }
        }
    }
    Ok(all)
}

fn read(path: &Path) -> Result<String, FixturesError> {
    fs::read_to_string(path).map_err(|cause| FixturesError::File { path: path.to_owned(), cause })
}

/// The document in a line, from 0, or in a file that is one.
fn parsed(path: &Path, line: usize, text: &str) -> Result<Value, FixturesError> {
    let no_json = |cause| FixturesError::NoJson { path: path.to_owned(), line: line + 1, cause };
    serde_json::from_str(text).map_err(no_json)
}

impl Wrong {
    /// Makes the edit in a copy of the file. Only now: the files with every edit together are gigabytes.
    fn tried(&self, path: &Path) -> Result<Tried, FixturesError> {
        let text = read(path)?;
        let mut lines: Vec<&str> = text.lines().collect();
        let document = match self.place.line {
            Some(number) => parsed(path, number, lines[number])?,
            None => parsed(path, 0, &text)?,
        };
        let mut edited = document.clone();
        edit_at(&mut edited, &self.place.pointer, self.edit);
        let names = names(&self.place, &document, &edited);
        let edited = edited.to_string();
        let Some(number) = self.place.line else { return Ok(Tried { text: edited, names }) };
        lines[number] = &edited;
        Ok(Tried { text: lines.join("\n") + "\n", names })
    }
}

/// A document, wrong in every place.
fn of_document(file: &str, line: Option<usize>, document: &Value, all: &mut Vec<Wrong>) {
    let mut pointers = Vec::new();
    // A reader judges a row as a whole: a valid part of an invalid command means nothing.
    let depth_max = if line.is_some() { 1 } else { usize::MAX };
    walk(document, String::new(), depth_max, &mut pointers);
    if line.is_some() {
        for (number, fault) in document["faults"].as_array().into_iter().flatten().enumerate() {
            walk(fault, format!("/faults/{number}"), 1, &mut pointers);
        }
    }
    for pointer in pointers.into_iter().filter(|pointer| !is_label(file, pointer)) {
        let place = Place { file: file.to_owned(), line, pointer };
        for edit in edits(file, document.pointer(&place.pointer)) {
            let mut edited = document.clone();
            if edit_at(&mut edited, &place.pointer, edit) {
                all.push(Wrong { place: place.clone(), edit });
            }
        }
    }
}

/// The places of a value, down to a depth.
fn walk(value: &Value, at: String, depth: usize, pointers: &mut Vec<String>) {
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (format!("{at}/{}", pointer::escape(name)), value)).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, value)| (format!("{at}/{index}"), value)).collect()
        }
        _ => return,
    };
    for (at, value) in inside {
        pointers.push(at.clone());
        if depth > 1 {
            walk(value, at, depth - 1, pointers);
        }
    }
}

fn is_label(file: &str, pointer: &str) -> bool {
    // Cases stand in a list: their number is no name.
    let shown: Vec<&str> =
        pointer.split('/').map(|part| if part.parse::<usize>().is_ok() { "*" } else { part }).collect();
    let shown = shown.join("/");
    LABELS.iter().any(|(files, label)| file.starts_with(files) && shown == *label)
}

/// The ways in which a value can be wrong.
fn edits(file: &str, value: Option<&Value>) -> Vec<Edit> {
    // To a reader of commands a null or an empty text is no value: without it a command says the same.
    let is_command = file.starts_with("envelopes/") || file.starts_with("seed/");
    if is_command && value.is_some_and(|value| value.is_null() || value == "") {
        return vec![Edit::Rename];
    }
    let own: &[Edit] = match value {
        Some(Value::String(_) | Value::Array(_)) => &[Edit::Truncate],
        Some(Value::Number(_)) => &[Edit::Next, Edit::Scale],
        Some(Value::Bool(_)) => &[Edit::Flip],
        _ => &[],
    };
    [Edit::Drop, Edit::Rename, Edit::Null, Edit::Neighbour].into_iter().chain(own.iter().copied()).collect()
}

/// Edits the value at a pointer. `false` if that changes nothing.
fn edit_at(document: &mut Value, pointer: &str, edit: Edit) -> bool {
    let Some((holder, key)) = pointer.rsplit_once('/') else { return false };
    document
        .pointer_mut(holder)
        .is_some_and(|holder| edit.apply(holder, &pointer::unescape(key), &Shape::Any))
}

/// The names by which a failing test may report a fixture: its file, the name of its row, or the row itself.
fn names(place: &Place, document: &Value, edited: &Value) -> Vec<String> {
    let stem = Path::new(&place.file).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    if place.line.is_none() && document.get("cases").is_none() {
        return stem.into_iter().collect();
    }
    let case = place.pointer.split('/').nth(2).and_then(|index| index.parse::<usize>().ok());
    let row = |document: &Value| case.map_or(document.clone(), |case| document["cases"][case].clone());
    let called = [document, edited].into_iter().flat_map(|document| {
        let row = row(document);
        let own: Vec<String> =
            ROW_NAMES.iter().filter_map(|name| row[*name].as_str()).map(str::to_owned).collect();
        own.into_iter().chain([row.to_string()])
    });
    let line = place.line.map(|line| format!("{}:{}", place.file, line + 1));
    let number = document["i"].as_u64().map(|number| format!("row {number} "));
    called.chain(line).chain(number).collect()
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{}", line + 1)?;
        }
        write!(f, "#{}", self.pointer)
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.edit.as_str(), self.place)
    }
}
