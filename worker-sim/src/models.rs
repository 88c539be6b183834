//! Models by id or path, with their kinds and sizes; pretend ones among them.

use contracts::{ErrorCode, Failure, ModelPlace, is_model_id, shorten};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    model_file,
    roots::{ModelPath, Roots},
    safetensors, walk,
};

/// A model that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Model {
    /// Its id from now on.
    pub(crate) id: String,
    pub(crate) path: PathBuf,
    /// The contract's `model_type`.
    pub(crate) kind: String,
    pub(crate) bytes: u64,
}

/// The size of a pretend base model; times to load are in proportion to it.
pub(crate) const BASE_BYTES: u64 = 6_938_040_682;

/// Pretend sizes by type, bytes: those of the real SDXL's files.
const SIZES: &[(&str, u64)] = &[
    ("sdxl", BASE_BYTES),
    ("sdxl_refiner", 6_075_981_930),
    ("vae", 334_641_164),
    ("lora", 94_571_480),
    ("controlnet", 774_446_912),
    ("textual_inversion", 9_296),
    ("upscaler", 66_929_328),
    ("safety_checker", 608_018_440),
];

/// Ids of pretend models and their types; each is `<id>.safetensors` under the pretend root.
const PRETEND: &[(&str, &str)] =
    &[("sdxl_base", "sdxl"), ("sdxl_refiner", "sdxl_refiner"), ("sdxl_vae", "vae")];

const PICKLES: &[&str] = &["ckpt", "bin", "pt", "pth", "pkl", "pickle"];

/// Finds models.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    pub(crate) roots: Roots,
    /// Models that the configuration gives an id.
    pub(crate) configured: BTreeMap<String, String>,
    /// Ids given by load, cache and suite commands, while what they name is loaded or cached.
    pub(crate) loaded_ids: BTreeMap<String, Model>,
    /// The fault `any_type`.
    pub(crate) takes_any_type: bool,
    /// The fault `any_file`.
    pub(crate) takes_any_file: bool,
}

impl Registry {
    /// The model that a job names, by id or path, as a model of a type.
    pub(crate) fn resolve(&self, reference: &str, kind: &str) -> Result<Model, Failure> {
        let model = self.find(reference, kind)?;
        if !is_pretend(&model.path) && !self.takes_any_file {
            model_file::require_sound(&model.path, &model.kind)?;
        }
        if model.kind == kind {
            return Ok(model);
        }
        if self.takes_any_type {
            return Ok(Model { kind: kind.to_owned(), ..model });
        }
        let message = format!("{} is a {}, not a {kind}", name_of_path(&model.path), model.kind);
        Err(Failure::new(ErrorCode::ModelInvalid, message).hint("see validate_model_files"))
    }

    /// The model of an id or a path, of whatever type; `kind` is the type of one that does not tell its own.
    pub(crate) fn find(&self, reference: &str, kind: &str) -> Result<Model, Failure> {
        if contracts::is_model_path(reference) {
            let path = self.path(reference)?;
            let id = self.id_of(&path);
            return self.at(path, id, kind);
        }
        self.of_id(reference, kind)?.ok_or_else(|| {
            Failure::new(ErrorCode::ModelNotFound, format!("no model {}", shorten(reference)))
                .hint("see get_model_info, or name a path under a model root")
        })
    }

    /// The model that a load or cache command names, under the id that it is to have.
    pub(crate) fn name(&self, reference: &str, kind: &str, id: Option<&str>) -> Result<Model, Failure> {
        let mut model = self.resolve(reference, kind)?;
        // An id that no one wrote comes from the file itself and never conflicts.
        let Some(id) = id else { return Ok(model) };
        id.clone_into(&mut model.id);
        if !is_model_id(&model.id) {
            let message = format!("{} is no valid model id", shorten(&model.id));
            return Err(Failure::new(ErrorCode::UnsupportedValue, message).hint("give another model_id"));
        }
        match self.of_id(&model.id, kind) {
            Ok(Some(holder)) if holder.path != model.path => {
                let message = format!("the id {} means another path", shorten(&model.id));
                Err(Failure::new(ErrorCode::Conflict, message).hint("give another model_id"))
            }
            _ => Ok(model),
        }
    }

    /// The model of an id at this moment.
    fn of_id(&self, id: &str, kind: &str) -> Result<Option<Model>, Failure> {
        if let Some(model) = self.loaded_ids.get(id) {
            return Ok(Some(model.clone()));
        }
        if let Some(path) = self.configured.get(id) {
            return self.at(self.path(path)?, id.to_owned(), kind).map(Some);
        }
        if PRETEND.iter().any(|(pretend, _)| *pretend == id) {
            let path = ModelPath::Pretend(pretend_path(id));
            return self.at(path, id.to_owned(), kind).map(Some);
        }
        match self.roots.model_of_id(id).filter(|_| is_model_id(id)) {
            // Through the same door as a path: its links must stay inside, and one file is one file.
            Some(path) => self.at(self.path(&path.to_string_lossy())?, id.to_owned(), kind).map(Some),
            None => Ok(None),
        }
    }

    fn path(&self, reference: &str) -> Result<ModelPath, Failure> {
        self.roots.model(reference)
    }

    /// The id of a file that is named by its path.
    fn id_of(&self, found: &ModelPath) -> String {
        let path = found.path();
        let means_another = |id: &str| {
            let is_loaded = self.loaded_ids.get(id).is_some_and(|model| model.path != path);
            let configured = self.configured.get(id).map(|path| self.path(path));
            // A pretend model gives way to a real one, which is found first by that id too.
            let real = matches!(found, ModelPath::Pretend(_)) && self.roots.model_of_id(id).is_some();
            is_loaded
                || real
                || configured.is_some_and(|there| there.map_or(true, |there| there.path() != path))
        };
        match self.roots.place(found) {
            Some(place) => place.id(means_another),
            // A link leads here from outside every root as they are written: the real place counts.
            None => ModelPlace::below(0, &path.to_string_lossy())
                .map_or_else(String::new, |place| place.hashed_id()),
        }
    }

    /// `asked` is the type of a file that does not tell its own.
    fn at(&self, path: ModelPath, id: String, asked: &str) -> Result<Model, Failure> {
        let written = path.written().to_owned();
        let (path, bytes, kind) = match path {
            ModelPath::Pretend(path) => {
                let known = PRETEND.iter().find(|(id, _)| path == pretend_path(id)).map(|(_, kind)| *kind);
                let kind = known.or_else(|| kind_by_name(&path)).unwrap_or(asked).to_owned();
                let bytes = size(&kind);
                (path, bytes, kind)
            }
            ModelPath::Real { real: path, .. } => {
                let bytes = size_on_disk(&path).map_err(|err| {
                    let message = format!("{} cannot be read: {err}", name_of_path(&written));
                    Failure::new(ErrorCode::ModelInvalid, message)
                })?;
                let kind = kind_in_header(&path).unwrap_or_else(|| asked.to_owned());
                (path, bytes, kind)
            }
        };
        // Links are followed to find where a file lies; its kind comes from the name as written.
        if is_pickle(&written) {
            let message =
                format!("{} is pickled; pickled weights are refused everywhere", name_of_path(&written));
            return Err(Failure::new(ErrorCode::ModelInvalid, message).hint("convert it to .safetensors"));
        }
        let is_weights = written.extension().is_some_and(|ending| ending == "safetensors");
        if path.is_file() && !is_weights && !self.takes_any_file {
            let message = format!("{} is no .safetensors file", name_of_path(&written));
            return Err(Failure::new(ErrorCode::ModelInvalid, message));
        }
        Ok(Model { id, path, kind, bytes })
    }
}

/// Whether it is a pretend model by its path.
pub(crate) fn is_pretend(path: &Path) -> bool {
    path.starts_with(crate::roots::PRETEND_ROOT)
}

pub(crate) fn is_pickle(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    ending.is_some_and(|ending| PICKLES.contains(&ending.as_str()))
}

/// Words in the name of a pretend file or of its folder, and the model type of each.
const WORDS: &[(&str, &[&str])] = &[
    ("sdxl_refiner", &["refiner", "refiners"]),
    ("vae", &["vae", "vaes"]),
    ("lora", &["lora", "loras", "lycoris", "locon"]),
    ("controlnet", &["control", "controlnet", "controlnets"]),
    ("textual_inversion", &["inversion", "inversions", "embedding", "embeddings"]),
    ("upscaler", &["esrgan", "realesrgan", "upscaler", "upscalers"]),
    ("safety_checker", &["safety"]),
    ("sdxl", &["checkpoint", "checkpoints"]),
];

/// The type that the name of a pretend file tells of, else that of its folder; none where they tell nothing, or several.
pub(crate) fn kind_by_name(path: &Path) -> Option<&'static str> {
    let below = path.strip_prefix(crate::roots::PRETEND_ROOT).unwrap_or(path);
    let name = |path: &Path| path.file_name().and_then(|name| name.to_str()).map(str::to_ascii_lowercase);
    below.ancestors().filter_map(name).map(|name| kinds_of(&name)).find(|kinds| !kinds.is_empty()).and_then(
        |kinds| match kinds[..] {
            [kind] => Some(kind),
            _ => None,
        },
    )
}

/// The model type in the header of a file, if the contract has it; `None` for a folder or a file without a header.
fn kind_in_header(path: &Path) -> Option<String> {
    // A pipe would wait for its writer.
    let header = path.is_file().then(|| safetensors::header_of(path).ok())??;
    let kind = safetensors::kind(&header)?;
    SIZES.iter().any(|row| row.0 == kind).then(|| kind.to_owned())
}

fn kinds_of(name: &str) -> Vec<&'static str> {
    let words: Vec<&str> = name.split(|letter: char| !letter.is_ascii_alphanumeric()).collect();
    let tells = |row: &&(&str, &[&str])| row.1.iter().any(|word| words.contains(word));
    WORDS.iter().filter(tells).map(|row| row.0).collect()
}

/// The family of models that this worker runs.
pub(crate) const FAMILY: &str = "sdxl";

/// The family of a model of a type; upscalers and safety checkers belong to none.
pub(crate) fn family(kind: &str) -> Option<&'static str> {
    (!matches!(kind, "upscaler" | "safety_checker")).then_some(FAMILY)
}

/// The pretend size of a type.
pub(crate) fn size(kind: &str) -> u64 {
    SIZES.iter().find(|(known, _)| *known == kind).map_or(0, |(_, bytes)| *bytes)
}

fn pretend_path(id: &str) -> PathBuf {
    Path::new(crate::roots::PRETEND_ROOT).join(format!("{id}.safetensors"))
}

fn name_of_path(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Bytes of a file, or of all files of a folder.
pub(crate) fn size_on_disk(path: &Path) -> std::io::Result<u64> {
    let about = std::fs::metadata(path)?;
    if !about.is_dir() {
        return Ok(about.len());
    }
    Ok(walk::below(path)?.iter().map(|below| below.about.len()).sum())
}

#[cfg(test)]
mod tests {
    use super::kind_by_name;
    use std::path::Path;

    #[test]
    fn a_name_tells_its_type_or_nothing() {
        for (path, kind) in [
            ("/models/style.safetensors", None),
            ("/models/style_lora.safetensors", Some("lora")),
            ("/models/loras/style.safetensors", Some("lora")),
            ("/models/lora/deep/style.safetensors", Some("lora")),
            ("/models/sdxl_vae.safetensors", Some("vae")),
            ("/models/controlnet_canny.safetensors", Some("controlnet")),
            ("/models/Real-ESRGAN.safetensors", Some("upscaler")),
            ("/models/my-sdxl-refiner-1.0.safetensors", Some("sdxl_refiner")),
            // Parts of words do not count. Words of several types count for none.
            ("/models/sd_xl_base_1.0_0.9vae.safetensors", None),
            ("/models/flora.safetensors", None),
            ("/models/refiner_vae.safetensors", None),
            // The file's own name comes before its folder's.
            ("/models/checkpoints/style_lora.safetensors", Some("lora")),
        ] {
            assert_eq!(kind_by_name(Path::new(path)), kind, "{path}");
        }
    }
}
