//! What `validate_model_files` tells of a sound file, against the file.

use std::collections::BTreeSet;

use contracts::Action;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{broken, files, put};
use crate::{
    check::CheckDef, class::Class, display, exchange::same, member, scenario::Scenario, sentence::Sentence,
};

const MEMBERS: [&str; 9] = [
    "model_path",
    "is_valid",
    "format",
    "detected_model_type",
    "tensor_count",
    "dtypes",
    "file_size_bytes",
    "sha256",
    "issues",
];

/// Names of the number formats that models are stored in, each with the contract's, torch's and safetensors' own.
const FORMATS: [[&str; 3]; 3] =
    [["fp16", "float16", "F16"], ["bf16", "bfloat16", "BF16"], ["fp32", "float32", "F32"]];

/// Whether a name is one of a format as a safetensors header calls it. Of other formats only the number is known.
fn means(name: &str, stored: &str) -> bool {
    let known = FORMATS.iter().find(|format| format.contains(&stored));
    known.is_none_or(|format| format.contains(&name))
}

pub(super) fn scenario() -> Scenario {
    let checks = MEMBERS.map(|member| CheckDef::new(member, Class::Effect, Sentence::FileResultMembers));
    Scenario::new("files.told", checks.into(), |context, checks| {
        let path = put(context, "told.safetensors", broken::copy)?;
        let (_, sound) = files(context)?;
        let fields = json!({"model_paths": [path], "deep": true});
        let told = context.get(Action::ValidateModelFiles, fields)?;
        let rows = member::list(&told, "/results")?;
        let [row] = rows else {
            return Err(crate::check::ScenarioEnd::Broken(format!("{} results of one file", rows.len())));
        };
        let tensors: Vec<&Value> = sound.tensors().collect();
        let dtypes: BTreeSet<&str> = tensors.iter().filter_map(|tensor| tensor["dtype"].as_str()).collect();
        let hash: String = Sha256::digest(sound.bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        let expected = [
            ("model_path", json!(path)),
            ("is_valid", json!(true)),
            ("format", json!("safetensors")),
            ("detected_model_type", json!("sdxl")),
            ("tensor_count", json!(tensors.len())),
            ("file_size_bytes", json!(sound.bytes().len())),
            ("sha256", json!(hash)),
            ("issues", json!([])),
        ];
        for (member, value) in expected {
            if member == "detected_model_type" && row.get(member).is_none() {
                checks.skip(member, "the target does not tell what a file is");
                continue;
            }
            checks.hold(member, same(&row[member], &value), || {
                format!("{} is told, and it is {value}", row[member])
            });
        }
        // Each row is of its own model, whatever stands before it; the base of jobs has other tensors than a broken file's.
        let other = context.options.model_path.clone();
        let alone = context.get(Action::ValidateModelFiles, json!({"model_paths": [other]}))?;
        let both = context.get(Action::ValidateModelFiles, json!({"model_paths": [path, other]}))?;
        for member in ["tensor_count", "file_size_bytes", "model_path"] {
            let (one, two) = (&alone["results"][0][member], &both["results"][1][member]);
            checks.hold(member, same(one, two), || {
                format!("{two} of the second of model_paths, which has {one} alone")
            });
        }
        let listed = member::list(row, "/dtypes")?;
        let is_told =
            |stored: &str| listed.iter().any(|name| name.as_str().is_some_and(|name| means(name, stored)));
        let all = listed.len() == dtypes.len() && dtypes.iter().all(|stored| is_told(stored));
        checks.hold("dtypes", all, || format!("{} of {}", row["dtypes"], display::json(&dtypes)));
        Ok(())
    })
}
