//! What the files of a real model hold, and what is wrong with them: the same for a look, a load and a job.

use contracts::{ErrorCode, Failure, shorten};
use serde_json::{Map, Value};
use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{safetensors, walk};

/// Beginnings of the names in a LoRA for SDXL's architecture, which the pretend base models are of.
const LORA_NAMES: &[&str] = &[
    "lora_unet_",
    "lora_te1_",
    "lora_te2_",
    "unet.",
    "text_encoder.",
    "text_encoder_2.",
    "base_model.model.",
];

/// Types of which a matrix may be zeros: a net's first convolutions, one of a LoRA's two, the vectors for one encoder.
const MAY_BE_ZERO: &[&str] = &["controlnet", "lora", "textual_inversion"];

/// A look at the files of a model.
#[derive(Debug, Default)]
pub(crate) struct Look {
    /// Headers of the sound files.
    pub(crate) headers: Vec<Map<String, Value>>,
    /// One sentence a fault.
    pub(crate) issues: Vec<String>,
}

impl Look {
    /// Looks at a file, or at the weights of a folder, as a model of a type.
    pub(crate) fn at(path: &Path, kind: &str) -> Self {
        let mut look = Self::default();
        let files = if path.is_dir() { weights(path) } else { Ok(vec![path.to_owned()]) };
        match files {
            // A pipe would wait for its writer.
            Ok(files) if files.iter().any(|file| !file.is_file()) => {
                look.issues
                    .push(format!("{} is no file, or has one among its weights that is none", name(path)));
            }
            Ok(files) if files.is_empty() => look.issues.push("no .safetensors file is in it".to_owned()),
            Ok(files) => files.iter().for_each(|file| look.read(file, kind)),
            Err(err) => look.issues.push(err.to_string()),
        }
        look
    }

    fn read(&mut self, file: &Path, kind: &str) {
        let read = safetensors::header_of(file).and_then(|header| {
            if !MAY_BE_ZERO.contains(&kind) {
                safetensors::require_written(file, &header)?;
            }
            Ok(header)
        });
        match read {
            Ok(header) => self.headers.push(header),
            Err(err) => self.issues.push(format!("{}: {err}", name(file))),
        }
    }
}

/// Refuses a model whose files no job could use.
pub(crate) fn require_sound(path: &Path, kind: &str) -> Result<(), Failure> {
    match Look::at(path, kind).issues.into_iter().next() {
        Some(issue) => Err(Failure::new(ErrorCode::ModelInvalid, issue).hint("see validate_model_files")),
        None => Ok(()),
    }
}

/// Refuses a LoRA with a layer that no base of SDXL's architecture has.
pub(crate) fn require_layers(lora: &Path) -> Result<(), Failure> {
    let headers = Look::at(lora, "lora").headers;
    let fits = |name: &String| LORA_NAMES.iter().any(|start| name.starts_with(start));
    match headers.iter().flat_map(safetensors::tensors).find(|(name, _)| !fits(name)) {
        None => Ok(()),
        Some((layer, _)) => {
            let message = format!("{}: no base here has the layer {}", name(lora), shorten(layer));
            Err(Failure::new(ErrorCode::ModelInvalid, message).hint("use a LoRA for SDXL"))
        }
    }
}

fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn weights(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let is_weights = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "safetensors");
    Ok(walk::below(folder)?.into_iter().map(|below| below.path).filter(is_weights).collect())
}
