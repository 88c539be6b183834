//! The training data: a folder of pictures with `.txt` captions or one `metadata.jsonl`, read and checked whole.

use contracts::{ErrorCode, Failure, Violation, hex, shorten};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeMap,
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
    let mut violations: Vec<(String, ErrorCode, String)> = Vec::new();
    if !root.is_dir() {
        return Err(failed(vec![(ErrorCode::ValidationFailed, "training_data is not a folder".to_owned())]));
    }
    let found = files(root).and_then(|files| captions_of(root, &files, &mut violations));
    let found = found.map_err(|err| {
        failed(vec![(ErrorCode::ValidationFailed, format!("training_data cannot be read: {err}"))])
    })?;
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
        match inputs::file(&root.join(file))
            .map_err(|err| err.to_string())
            .and_then(|bytes| inputs::decode(&bytes).map(|_| bytes).map_err(|failure| failure.message))
        {
            Ok(bytes) => {
                for part in [file.as_bytes(), &bytes, caption.map_or(&b""[..], |caption| caption.as_bytes())]
                {
                    fingerprint.update((part.len() as u64).to_le_bytes());
                    fingerprint.update(part);
                }
            }
            Err(message) => {
                violations.push((file.clone(), ErrorCode::ImageInvalid, format!("{file}: {message}")));
            }
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

/// Every picture with its own caption.
fn captions_of(
    root: &Path,
    files: &[String],
    violations: &mut Vec<(String, ErrorCode, String)>,
) -> io::Result<BTreeMap<String, Option<String>>> {
    let ending =
        |file: &str| Path::new(file).extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    let is_picture = |file: &str| ending(file).is_some_and(|ending| PICTURES.contains(&ending.as_str()));
    let mut pictures: BTreeMap<String, Option<String>> =
        files.iter().filter(|file| is_picture(file)).map(|file| (file.clone(), None)).collect();
    let listed = files.iter().any(|file| file == METADATA);
    for file in files.iter().filter(|file| !is_picture(file) && *file != METADATA) {
        if ending(file).as_deref() != Some("txt") {
            let message = format!("{file} is neither a PNG, JPEG or WebP picture nor a caption");
            violations.push((file.clone(), ErrorCode::ImageInvalid, message));
        } else if listed {
            let message = format!("{file} stands beside {METADATA}; keep captions in one of them");
            violations.push((file.clone(), ErrorCode::ValidationFailed, message));
        } else {
            let stem = Path::new(file).with_extension("");
            let text = fs::read_to_string(root.join(file))?;
            let owners: Vec<String> =
                pictures.keys().filter(|name| Path::new(name).with_extension("") == stem).cloned().collect();
            if owners.is_empty() {
                violations.push((
                    file.clone(),
                    ErrorCode::ValidationFailed,
                    format!("{file} is the caption of no picture"),
                ));
            }
            for owner in owners {
                pictures.insert(owner, Some(text.trim().to_owned()).filter(|text| !text.is_empty()));
            }
        }
    }
    if listed {
        metadata(root, &mut pictures, violations)?;
    }
    Ok(pictures)
}

fn metadata(
    root: &Path,
    pictures: &mut BTreeMap<String, Option<String>>,
    violations: &mut Vec<(String, ErrorCode, String)>,
) -> io::Result<()> {
    let text = fs::read_to_string(root.join(METADATA))?;
    for (i, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let at = format!("line {} of {METADATA}", i + 1);
        let row: Value = serde_json::from_str(line).unwrap_or_default();
        let (Some(name), Some(caption)) = (row["file_name"].as_str(), row["text"].as_str()) else {
            let message = format!("{at} is no row of file_name and text");
            violations.push((METADATA.to_owned(), ErrorCode::ValidationFailed, message));
            continue;
        };
        match pictures.get_mut(name) {
            Some(own) => *own = Some(caption.to_owned()).filter(|text| !text.trim().is_empty()),
            None => violations.push((
                name.to_owned(),
                ErrorCode::ImageInvalid,
                format!("{at} names {name}, which is no picture here"),
            )),
        }
    }
    Ok(())
}
