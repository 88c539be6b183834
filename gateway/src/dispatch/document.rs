//! From the client's document to the worker's: the two changes that the contract allows (a seed is chosen; uploads and
//! `data:` images become paths), and the facts by which a job is placed.

use std::collections::HashMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use contracts::{
    Action, ErrorCode, Failure, Submission, Violation, bare_base64,
    dictionary::{Shape, dictionary},
    framing::FRAME_BYTES_MAX,
    limits,
};
use serde_json::{Map, Value};

use crate::{
    jobs::{Priority, Tags},
    uploads::{FileGuard, Uploads},
};

/// The facts of a submission that decide where it goes and when.
#[derive(Debug, Default)]
pub(crate) struct SubmissionFacts {
    pub(crate) model: Option<String>,
    /// `cuda:N` or `cpu`, and its canonical pointer; `None` for `auto`.
    pub(crate) device: Option<(String, String)>,
    pub(crate) priority: Option<Priority>,
    pub(crate) compiles: bool,
    pub(crate) uses_model: bool,
    pub(crate) batch: usize,
    pub(crate) tags: Tags,
}

impl SubmissionFacts {
    pub(crate) fn of(action: Action, fields: &Value) -> Self {
        let text = |name: &str| fields[name].as_str().map(str::to_owned);
        let batch = fields["requests"].as_array().map_or(0, Vec::len);
        let bare = fields.get("prompt_submission").filter(|_| batch == 0);
        // Flat parameters become a document here; a document that exists is only borrowed.
        let flat = match (batch, bare) {
            (0, None) => Submission::of(fields),
            _ => None,
        };
        let first = bare
            .or_else(|| flat.as_ref().map(|submission| &submission.document))
            .or_else(|| fields["requests"].get(0));
        let Some(first) = first else {
            let model = match action {
                // These name what they load; all other jobs have the base in a document.
                Action::LoadSdxlSuite | Action::CacheSdxlSuite => text("base_model_path"),
                Action::StartTraining | Action::StartSdxlTraining => text("base_model"),
                _ => text("model_path").or_else(|| text("model_id")),
            };
            return Self { model, ..Self::default() };
        };
        let device = first["performance"]["device"].as_str().filter(|device| *device != "auto");
        let device = device.map(|device| {
            let at = "/performance/device";
            let pointer = match &flat {
                Some(submission) => submission.pointer(at),
                None if bare.is_some() => format!("/prompt_submission{at}"),
                None => format!("/requests/0{at}"),
            };
            (device.to_owned(), pointer)
        });
        let priority = match first["metadata"]["priority"].as_str() {
            Some("high") => Some(Priority::High),
            Some("low") => Some(Priority::Low),
            _ => None,
        };
        let optimizations = first["performance"]["optimizations"].as_array();
        Self {
            model: first["model"]["base"].as_str().map(str::to_owned),
            device,
            priority,
            compiles: optimizations.is_some_and(|all| all.iter().any(|one| one == "torch_compile")),
            uses_model: true,
            batch,
            tags: tags(first),
        }
    }
}

/// The tags of a submission. A batch has those of its first request.
fn tags(submission: &Value) -> Tags {
    let tags = submission["metadata"]["tags"].as_object().into_iter().flatten();
    tags.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

/// Chooses a seed wherever the sender left the choice to the gateway. Returns whether it did. The gateway chooses, and
/// not the worker, so that a job that is repeated after a crash makes the same picture.
pub(crate) fn choose_seeds(action: Action, fields: &mut Value) -> bool {
    let Value::Object(members) = fields else { return false };
    if action == Action::BatchGenerate {
        let Some(Value::Array(requests)) = members.get_mut("requests") else { return false };
        let mut chosen = false;
        for request in requests {
            chosen |= choose_in_submission(request);
        }
        return chosen;
    }
    if let Some(submission) = members.get_mut("prompt_submission") {
        return choose_in_submission(submission);
    }
    match members.get_mut("parameters") {
        Some(Value::Object(parameters)) => choose(parameters),
        _ => false,
    }
}

fn choose_in_submission(submission: &mut Value) -> bool {
    let Value::Object(members) = submission else { return false };
    match members.entry("hyperparameters").or_insert_with(|| Value::Object(Map::new())) {
        Value::Object(hyperparameters) => choose(hyperparameters),
        _ => false,
    }
}

fn choose(members: &mut Map<String, Value>) -> bool {
    if members.get("seed").is_some_and(|seed| *seed != -1) {
        return false;
    }
    let random = uuid::Uuid::new_v4().as_u128() >> 64;
    let seed = random % (u128::from(limits::CHOSEN_SEED_MAX) + 1);
    members.insert("seed".to_owned(), u64::try_from(seed).expect("it is below 2^31").into());
    true
}

/// A document's images, after uploads and `data:` images became paths.
#[derive(Default)]
pub(crate) struct PlacedImages {
    /// What the sender wrote in place of each path.
    pub(crate) swapped: HashMap<String, String>,
    /// Keeps the files at these paths.
    pub(crate) inputs: Vec<FileGuard>,
    /// The violations of images that could not become paths, with canonical pointers.
    pub(crate) violations: Vec<Violation>,
}

/// Turns uploads and `data:` images into paths.
pub(crate) async fn place_images(action: Action, fields: &mut Value, uploads: &Uploads) -> PlacedImages {
    let mut all = PlacedImages::default();
    for pointer in image_references(action.info().request, fields) {
        let Some(value) = fields.pointer_mut(&pointer) else { continue };
        let Some(reference) = value.as_str() else { continue };
        let placed = if let Some(id) = reference.strip_prefix("upload:") {
            uploads.hold(id)
        } else if reference.starts_with("data:") {
            place_data(reference, uploads).await
        } else if let Some(failure) = bare_base64(reference) {
            // A worker would refuse it too, but only after the job has waited for a lane and megabytes went through its
            // pipe.
            Err(Box::new(failure))
        } else {
            continue;
        };
        match placed {
            Ok((path, held)) => {
                all.swapped.insert(path.clone(), reference.to_owned());
                all.inputs.push(held);
                *value = path.into();
            }
            Err(failure) => all.violations.push(Violation {
                hint: failure.hint,
                ..Violation::new(pointer, failure.code, failure.message)
            }),
        }
    }
    all
}

/// Refuses a frame of this many bytes, without its LF, if it is longer than workers accept. A worker would answer it
/// without its id, because it does not read it.
pub(crate) fn check_frame(bytes: usize) -> Result<(), Box<Failure>> {
    if bytes <= FRAME_BYTES_MAX {
        return Ok(());
    }
    let message =
        format!("the worker's frame of this command has {bytes} bytes, over the limit of {FRAME_BYTES_MAX}");
    let failure = Failure::new(ErrorCode::FrameTooLarge, message).hint("send images as paths or uploads");
    Err(Box::new(failure.detail("bytes", bytes).detail("maximum_bytes", FRAME_BYTES_MAX)))
}

/// Writes a `data:` image under the output directory.
async fn place_data(reference: &str, uploads: &Uploads) -> Result<(String, FileGuard), Box<Failure>> {
    let invalid = |message: &str| Box::new(Failure::new(ErrorCode::ImageInvalid, message.to_owned()));
    let encoded = reference
        .split_once(";base64,")
        .filter(|(kind, _)| kind.starts_with("data:image/"))
        .map(|(_, encoded)| encoded.to_owned())
        .ok_or_else(|| invalid("a data: image is data:image/…;base64,…"))?;
    let uploads = uploads.clone();
    let placed = tokio::task::spawn_blocking(move || {
        let bytes = BASE64_STANDARD.decode(encoded).map_err(|err| {
            Box::new(Failure::new(ErrorCode::ImageInvalid, format!("the data: image is no base64: {err}")))
        })?;
        uploads.keep_input(&bytes)
    });
    placed.await.unwrap_or_else(|err| std::panic::resume_unwind(err.into_panic()))
}

/// Returns the canonical pointers of all image references in a document of this definition.
fn image_references(definition: &str, document: &Value) -> Vec<String> {
    fn walk(shape: &Shape, value: &Value, at: &mut String, found: &mut Vec<String>) {
        if let Shape::Ref(id) = shape
            && dictionary().def(*id).name == "ImageRef"
        {
            found.push(at.clone());
            return;
        }
        let length = at.len();
        match (dictionary().resolve(shape), value) {
            (Shape::Object(spec), Value::Object(members)) => {
                for (name, member) in members {
                    if let Some(property) = spec.property(name) {
                        at.push('/');
                        at.push_str(name);
                        walk(&property.shape, member, at, found);
                        at.truncate(length);
                    }
                }
            }
            (Shape::List(list), Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    at.push_str(&format!("/{index}"));
                    walk(&list.item, item, at, found);
                    at.truncate(length);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(&dictionary().named(definition).shape, document, &mut String::new(), &mut found);
    found
}
