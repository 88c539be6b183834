//! Ids of models that are named by their path.
//!
//! A job may name a file by its path, whatever its name. The id that the file then has depends on the place and on
//! nothing else, so that gateway and workers say the same one: the stem where the file lies directly under the first
//! root, and otherwise a readable part with a hash of the place, which no two places share.

use sha2::{Digest as _, Sha256};

use crate::{
    dictionary::{Shape, dictionary},
    hex::hex,
};

/// A readable part has this many characters at most.
const SLUG_MAX: usize = 100;
/// Digits of the hash.
const HEX_DIGITS: usize = 12;
/// The ending of a file of weights.
const ENDING: &str = ".safetensors";

/// Where a model lies: under which root, and the path below it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelPlace {
    root: usize,
    path: String,
}

impl ModelPlace {
    /// The place of a path below the root of that number; roots count from 0, `<output-dir>/training` is the last.
    ///
    /// `.`, `..` and doubled slashes are taken out as they are written; links are not followed. `None` if nothing is
    /// left, or where `..` leaves the root.
    #[must_use]
    pub fn below(root: usize, path: &str) -> Option<Self> {
        let mut parts: Vec<&str> = Vec::new();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop()?;
                }
                part => parts.push(part),
            }
        }
        (!parts.is_empty()).then(|| Self { root, path: parts.join("/") })
    }

    /// The path below the root, as it counts for the id.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The number of the root.
    #[must_use]
    pub fn root(&self) -> usize {
        self.root
    }

    /// A file's name without `.safetensors`, or the folder's name.
    #[must_use]
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.strip_suffix(ENDING).unwrap_or(name)
    }

    /// The id. `is_written` says whether somebody wrote an id for another file: in a command or in the configuration.
    #[must_use]
    pub fn id(&self, is_written: impl FnOnce(&str) -> bool) -> String {
        let stem = self.stem();
        if self.root == 0 && !self.path.contains('/') && is_model_id(stem) && !is_written(stem) {
            return stem.to_owned();
        }
        self.hashed_id()
    }

    /// The id with the hash of the place in it, whatever the name.
    #[must_use]
    pub fn hashed_id(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.root.to_string());
        hash.update([0]);
        hash.update(&self.path);
        let mut id = slug(self.stem());
        id.push('-');
        id.push_str(&hex(&hash.finalize()[..HEX_DIGITS / 2]));
        id
    }
}

/// The characters of a name that an id may have.
fn slug(stem: &str) -> String {
    let mut slug = String::with_capacity(stem.len());
    let mut replaced = false;
    for character in stem.chars() {
        let stays = character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-');
        if stays {
            slug.push(character);
        } else if !replaced {
            slug.push('-');
        }
        replaced = !stays;
    }
    let trimmed = slug.trim_matches(['.', '_', '-']);
    let cut = &trimmed[..trimmed.len().min(SLUG_MAX)];
    if cut.is_empty() { "model".to_owned() } else { cut.to_owned() }
}

/// Whether a text is a model id by its form.
#[must_use]
pub fn is_model_id(text: &str) -> bool {
    let dictionary = dictionary();
    match dictionary.resolve(&dictionary.named("ModelId").shape) {
        Shape::Text(spec) => spec.limits.check(text).is_ok(),
        _ => false,
    }
}

/// Whether a model's name is a path; else it is an id.
#[must_use]
pub fn is_model_path(reference: &str) -> bool {
    reference.contains(['/', '\\', '\0']) || reference.ends_with(ENDING)
}
