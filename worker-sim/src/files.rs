//! Model files looked at: pretend ones by their names, real ones by their headers, deep ones to the last byte.

use contracts::{Failure, hex};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::{fs::File, io, path::Path};

use crate::{
    inputs,
    model_file::Look,
    models::{self, Model, Registry, is_pretend},
    safetensors,
};

/// Tensors that a pretend file of a kind claims.
const PRETEND_TENSORS: &[(&str, u64)] = &[("sdxl", 2515), ("sdxl_refiner", 2059), ("vae", 248)];

/// `FileResult` of a path or id. `deep`: every byte is hashed.
pub(crate) fn inspect(registry: &Registry, reference: &str, deep: bool) -> Value {
    match registry.find(reference, "sdxl") {
        Ok(model) if is_pretend(&model.path) => pretend(reference, &model, deep),
        Ok(model) => real(reference, &model, deep),
        Err(failure) => refused(reference, &failure),
    }
}

fn refused(reference: &str, failure: &Failure) -> Value {
    json!({
        "model_path": reference, "is_valid": false, "format": "unknown", "tensor_count": 0, "dtypes": [],
        "file_size_bytes": 0, "issues": [failure.message],
    })
}

fn pretend(reference: &str, model: &Model, deep: bool) -> Value {
    let kind = model.kind.as_str();
    let is_file = model.path.extension().is_some_and(|ending| ending == "safetensors");
    let tensors = PRETEND_TENSORS.iter().find(|(known, _)| *known == kind).map_or(192, |(_, count)| *count);
    let mut result = json!({
        "model_path": reference, "is_valid": true,
        "format": if is_file { "safetensors" } else { "diffusers_folder" },
        "detected_model_type": kind, "tensor_count": tensors, "dtypes": ["fp16"],
        "file_size_bytes": models::size(kind), "issues": [],
    });
    if deep {
        // There are no bytes; the name stands for them.
        result["sha256"] = inputs::sha256(model.path.as_os_str().as_encoded_bytes()).into();
    }
    result
}

fn real(reference: &str, model: &Model, deep: bool) -> Value {
    let folder = model.path.is_dir();
    let Look { headers, mut issues } = Look::at(&model.path, &model.kind);
    let tensors = || headers.iter().flat_map(safetensors::tensors);
    let mut dtypes: Vec<&str> =
        tensors().filter_map(|(_, tensor)| tensor["dtype"].as_str()).map(dtype).collect();
    dtypes.sort_unstable();
    dtypes.dedup();
    let mut result = json!({
        "model_path": reference,
        "format": if folder { "diffusers_folder" } else if headers.is_empty() { "unknown" } else { "safetensors" },
        "tensor_count": tensors().count(), "dtypes": dtypes, "file_size_bytes": model.bytes,
    });
    if let Some(kind) = headers.iter().find_map(safetensors::kind) {
        result["detected_model_type"] = kind.into();
    }
    if deep && !folder {
        match hash(&model.path) {
            Ok(hash) => result["sha256"] = hash.into(),
            Err(err) => issues.push(format!("it cannot be read whole: {err}")),
        }
    }
    result["is_valid"] = issues.is_empty().into();
    result["issues"] = issues.into();
    result
}

/// The contract's name of a number format in a file; a format without one keeps the file's name.
fn dtype(in_file: &str) -> &str {
    match in_file {
        "F16" => "fp16",
        "BF16" => "bf16",
        "F32" => "fp32",
        other => other,
    }
}

fn hash(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    io::copy(&mut File::open(path)?, &mut HashWriter(&mut hash))?;
    Ok(hex(&hash.finalize()))
}

struct HashWriter<'h>(&'h mut Sha256);

impl io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
