//! The training data: a folder of pictures with `.txt` captions or one `metadata.jsonl`, read and checked whole.

use contracts::{ErrorCode, Failure, Violation, hex, shorten};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use crate::inputs;

const POINTER: &str = "/training_data";
const METADATA: &str = "metadata.jsonl";
const PICTURES: &[&str] = &["png", "jpg", "jpeg", "webp"];
/// Faults that are named; the rest is a count.
const FAULTS_MAX: usize = 100;

/// A data set that is sound.
#[derive(Clone, Debug)]
pub(crate) struct DataSet {
    pub(crate) pictures: u64,
    /// By which a resume knows its data again.
    pub(crate) fingerprint: String,
}

/// The limits of a caption.
#[derive(Clone, Debug, Default)]
pub(crate) struct Captions {
    /// For a picture without its own; none makes that a fault.
    pub(crate) default: Option<String>,
    /// What each must hold.
    pub(crate) must_hold: Option<String>,
}

/// Reads the folder and decodes every picture.
pub(crate) fn read(root: &Path, captions: &Captions) -> Result<DataSet, Box<Failure>> {
    let mut violations: Vec<Fault> = Vec::new();
    if !root.is_dir() {
        return Err(failed(vec![(ErrorCode::ValidationFailed, "training_data is not a folder".to_owned())]));
    }
    let unreadable = |err: io::Error| {
        failed(vec![(ErrorCode::ValidationFailed, format!("training_data cannot be read: {err}"))])
    };
    let data = Folder { root, real: root.canonicalize().map_err(unreadable)? };
    let files = files(root).map_err(unreadable)?;
    let found = captions_of(&data, &files, &mut violations);
    let mut fingerprint = Sha256::new();
    for (file, caption) in &found {
        let caption = caption.as_ref().or(captions.default.as_ref());
        match (caption, &captions.must_hold) {
            (None, _) => {
                violations.push((file.clone(), ErrorCode::MissingField, format!("{file} has no caption")));
            }
            (Some(caption), Some(token)) if !caption.contains(token.as_str()) => {
                let message = format!("the caption of {file} does not hold {}", shorten(token));
                violations.push((file.clone(), ErrorCode::ValidationFailed, message));
            }
            _ => {}
        }
        match data.picture(file) {
            Ok(bytes) => {
                for part in [file.as_bytes(), &bytes, caption.map_or(&b""[..], |caption| caption.as_bytes())]
                {
                    fingerprint.update((part.len() as u64).to_le_bytes());
                    fingerprint.update(part);
                }
            }
            Err((code, message)) => violations.push((file.clone(), code, message)),
        }
    }
    if found.is_empty() && violations.is_empty() {
        return Err(failed(vec![(
            ErrorCode::ValidationFailed,
            "training_data holds no pictures".to_owned(),
        )]));
    }
    if !violations.is_empty() {
        violations.sort_by(|a, b| a.0.cmp(&b.0));
        return Err(failed(violations.into_iter().map(|(_, code, message)| (code, message)).collect()));
    }
    let fingerprint = hex(&fingerprint.finalize());
    Ok(DataSet { pictures: found.len() as u64, fingerprint })
}

/// The failure of a data set that is not there.
pub(crate) fn absent() -> Box<Failure> {
    failed(vec![(ErrorCode::ValidationFailed, "training_data does not exist".to_owned())])
}

fn failed(violations: Vec<(ErrorCode, String)>) -> Box<Failure> {
    let count = violations.len();
    let message = match violations.first() {
        Some((_, first)) if count == 1 => first.clone(),
        Some((_, first)) => format!("{count} faults of the training data; the first: {first}"),
        None => String::new(),
    };
    let errors = violations
        .into_iter()
        .take(FAULTS_MAX)
        .map(|(code, message)| Violation::new(POINTER, code, message))
        .collect();
    let failure = Failure::new(ErrorCode::ValidationFailed, message).at(POINTER).detail("faults", count);
    Box::new(Failure { errors, ..failure })
}

/// Names relative to the folder, sorted; what begins with a dot is passed over.
fn files(root: &Path) -> io::Result<Vec<String>> {
    fn walk(folder: &Path, at: &Path, found: &mut Vec<String>) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if name.to_string_lossy().starts_with('.') {
                continue;
            }
            let path: PathBuf = at.join(&name);
            if entry.file_type()?.is_dir() {
                walk(&entry.path(), &path, found)?;
            } else {
                found.push(path.to_string_lossy().into_owned());
            }
        }
        Ok(())
    }
    let mut found = Vec::new();
    walk(root, Path::new(""), &mut found)?;
    found.sort();
    Ok(found)
}

/// A fault: of which file, its code, its sentence.
type Fault = (String, ErrorCode, String);

/// The folder of a data set. What its links lead out to is not read.
struct Folder<'r> {
    root: &'r Path,
    real: PathBuf,
}

impl Folder<'_> {
    /// The bytes of a regular file: another kind may never end.
    fn bytes(&self, file: &str) -> Result<Vec<u8>, (ErrorCode, String)> {
        let path = self.root.join(file);
        let real = path
            .canonicalize()
            .map_err(|err| (ErrorCode::PathNotAllowed, format!("{file} cannot be resolved: {err}")))?;
        if !real.starts_with(&self.real) {
            return Err((ErrorCode::PathNotAllowed, format!("{file} leads out of the training data")));
        }
        inputs::file(&real).map_err(|err| (ErrorCode::ValidationFailed, format!("{file} {err}")))
    }

    fn text(&self, file: &str) -> Result<String, (ErrorCode, String)> {
        let text = String::from_utf8(self.bytes(file)?).map_err(|err| {
            (ErrorCode::ValidationFailed, format!("{file} cannot be read as UTF-8: {}", err.utf8_error()))
        })?;
        Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
    }

    /// The bytes of a picture that can be decoded.
    fn picture(&self, file: &str) -> Result<Vec<u8>, (ErrorCode, String)> {
        let bytes = self.bytes(file).map_err(|(code, message)| match code {
            ErrorCode::ValidationFailed => (ErrorCode::ImageInvalid, message),
            _ => (code, message),
        })?;
        match inputs::decode(&bytes) {
            Ok(_) => Ok(bytes),
            Err(failure) => Err((ErrorCode::ImageInvalid, format!("{file}: {}", failure.message))),
        }
    }
}

/// Every picture with its own caption.
fn captions_of(
    data: &Folder<'_>,
    files: &[String],
    violations: &mut Vec<Fault>,
) -> BTreeMap<String, Option<String>> {
    let ending =
        |file: &str| Path::new(file).extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    let is_picture = |file: &str| ending(file).is_some_and(|ending| PICTURES.contains(&ending.as_str()));
    let mut pictures: BTreeMap<String, Option<String>> =
        files.iter().filter(|file| is_picture(file)).map(|file| (file.clone(), None)).collect();
    let mut fault = |file: &str, code, message| violations.push((file.to_owned(), code, message));
    let refused = ErrorCode::ValidationFailed;
    for file in pictures.keys() {
        if let Some(folder) = kohya_folder(data.root, file) {
            let message =
                format!("{file} lies in {}, which kohya's trainers read otherwise", shorten(&folder));
            fault(file, refused, message);
        }
    }
    let listed = files.iter().any(|file| file == METADATA);
    for file in files.iter().filter(|file| !is_picture(file) && *file != METADATA) {
        if data.root.join(file).is_dir() {
            fault(file, ErrorCode::PathNotAllowed, format!("{file} is a link to another folder"));
        } else if ending(file).as_deref() != Some("txt") {
            let message = format!("{file} is neither a PNG, JPEG or WebP picture nor a caption");
            fault(file, ErrorCode::ImageInvalid, message);
        } else if listed {
            fault(file, refused, format!("{file} stands beside {METADATA}; keep captions in one of them"));
        } else {
            let stem = Path::new(file).with_extension("");
            let owners: Vec<String> =
                pictures.keys().filter(|name| Path::new(name).with_extension("") == stem).cloned().collect();
            match owners.as_slice() {
                [] => fault(file, refused, format!("{file} is the caption of no picture")),
                [_] => {}
                owners => {
                    fault(file, refused, format!("{file} could be the caption of {}", owners.join(" or ")));
                }
            }
            match data.text(file) {
                Ok(text) => pictures.extend(owners.into_iter().map(|owner| (owner, caption(&text)))),
                Err((code, message)) => fault(file, code, message),
            }
        }
    }
    if listed {
        metadata(data, &mut pictures, violations);
    }
    pictures
}

/// A text as a caption; a blank one is none.
fn caption(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The folder of a picture whose name has a meaning to kohya's trainers: `10_name` repeats, `reg` has class pictures. The
/// data set's own folder counts too.
fn kohya_folder(root: &Path, file: &str) -> Option<String> {
    let own = root.file_name().map(|name| name.to_string_lossy().into_owned());
    let folders = Path::new(file).parent().into_iter().flat_map(Path::components);
    let repeats = |name: &str| {
        let digits = name.bytes().take_while(u8::is_ascii_digit).count();
        digits > 0 && name[digits..].starts_with('_')
    };
    own.into_iter()
        .chain(folders.map(|folder| folder.as_os_str().to_string_lossy().into_owned()))
        .find(|name| repeats(name) || name.eq_ignore_ascii_case("reg"))
}

fn metadata(data: &Folder<'_>, pictures: &mut BTreeMap<String, Option<String>>, violations: &mut Vec<Fault>) {
    let text = match data.text(METADATA) {
        Ok(text) => text,
        Err((code, message)) => return violations.push((METADATA.to_owned(), code, message)),
    };
    let mut seen = BTreeSet::new();
    for (i, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let at = format!("{METADATA} line {}", i + 1);
        let refused = |file: &str, message: String| (file.to_owned(), ErrorCode::ValidationFailed, message);
        let (file, caption) = match row(line) {
            Ok(row) => row,
            Err(why) => {
                violations.push(refused(METADATA, format!("{at}: {why}")));
                continue;
            }
        };
        if !seen.insert(file.clone()) {
            violations.push(refused(&file, format!("{at}: {file} stands there twice")));
        } else if let Some(own) = pictures.get_mut(&file) {
            *own = caption;
        } else {
            let message = format!("{at}: there is no picture {file}");
            violations.push((file, ErrorCode::ImageInvalid, message));
        }
    }
}

/// What is wrong with a row.
#[derive(Debug, thiserror::Error)]
enum RowError {
    #[error("no JSON: {0}")]
    NotJson(serde_json::Error),
    #[error("no JSON object")]
    NotAnObject,
    #[error("unknown column {}; the columns are file_name and text", shorten(.0))]
    UnknownColumn(String),
    #[error("no file_name")]
    NoFileName,
    #[error("text is no string")]
    TextIsNoString,
}

/// The file and the caption of a row.
fn row(line: &str) -> Result<(String, Option<String>), RowError> {
    let row = contracts::unique(line.as_bytes()).map_err(RowError::NotJson)?;
    let Value::Object(row) = row else { return Err(RowError::NotAnObject) };
    if let Some(unknown) = row.keys().find(|name| !matches!(name.as_str(), "file_name" | "text")) {
        return Err(RowError::UnknownColumn(unknown.clone()));
    }
    let file = row.get("file_name").and_then(Value::as_str).filter(|file| !file.is_empty());
    let file = file.ok_or(RowError::NoFileName)?;
    let text = match row.get("text") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => caption(text),
        Some(_) => return Err(RowError::TextIsNoString),
    };
    Ok((plain(file), text))
}

/// A path without `.` and `x/..`, links not followed, as Python's `normpath` makes it. A `..` that leads above the folder
/// stays: there is no such picture.
fn plain(file: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in file.split('/') {
        match (part, parts.last()) {
            ("" | ".", _) => {}
            ("..", Some(last)) if *last != ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    match (file.starts_with('/'), parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}
