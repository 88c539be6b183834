//! Checks that this worker can run an effective submission: its needs, and every reason against it.

use contracts::{
    DeviceKind, ErrorCode, Failure, Violation,
    dictionary::{Effect, dictionary},
    is_model_path, pointer,
};
use serde_json::Value;

use crate::{
    account::unmeant_of,
    cost::{Cost, Speed},
    device::Device,
    inputs, model_file,
    models::{Model, Registry, is_pretend},
    picture::recipe::{items, weight},
    roots::PRETEND_ROOT,
};

/// Text encoder layers that can be skipped: one less than CLIP-L has.
pub(crate) const CLIP_SKIP_MAX: u64 = 11;

/// Optimizations that only a GPU has.
const GPU_ONLY: &[&str] = &["model_cpu_offload", "sequential_cpu_offload", "xformers", "torch_compile"];

/// The needs of a submission.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    /// Models that take part, the base first.
    pub(crate) models: Vec<Model>,
    /// With pointers of the submission, in the schema's order.
    pub(crate) violations: Vec<Violation>,
}

/// The optimizations of a device.
pub(crate) fn optimizations(device: &Device) -> impl Iterator<Item = &'static str> {
    let all = dictionary().enumeration("Optimization").values.iter().map(String::as_str);
    let on_cpu = device.kind() == DeviceKind::Cpu;
    all.filter(move |name| !(on_cpu && GPU_ONLY.contains(name)))
}

/// The registered ControlNet of a type.
pub(crate) fn registered(control_type: &str) -> String {
    format!("{PRETEND_ROOT}/controlnet_{control_type}.safetensors")
}

struct Checker<'w> {
    registry: &'w Registry,
    device: &'w Device,
    needs: Needs,
}

/// Looks up all models and images, and reads what a job would refuse: the headers of models, and the pixels of images that
/// are soon decoded.
pub(crate) fn needs(effective: &Value, registry: &Registry, device: &Device) -> Needs {
    let mut checker = Checker { registry, device, needs: Needs::default() };
    checker.model(effective);
    checker.scheduler(effective);
    checker.conditioning(effective);
    checker.performance(effective);
    checker.postprocessing(effective);
    checker.needs
}

const BATCH: &str = "/hyperparameters/batch_size";
const SIDES: [&str; 2] = ["/hyperparameters/dimensions/width", "/hyperparameters/dimensions/height"];

/// The fault of what is larger than the device, however little else lies on it. `written` is what the sender wrote of the
/// effective submission.
pub(crate) fn fit(
    written: &Value,
    effective: &Value,
    models: &[Model],
    speed: Speed,
    total: u64,
) -> Option<Violation> {
    let cost = Cost::of(effective, models, &[], speed);
    if cost.bytes() <= total {
        return None;
    }
    let message = format!("{} bytes are needed and the device has {total}", cost.bytes());
    if cost.weights >= total {
        return Some(Violation::new("/model/base", ErrorCode::OutOfMemory, message));
    }
    let fewer = Cost::of(&of_one_picture(effective), models, &[], speed);
    let pointer = if fewer.bytes() <= total { BATCH } else { blamed(written, &SIDES) };
    Some(Violation::new(pointer, ErrorCode::OutOfRange, message))
}

/// The same submission with a batch of one picture.
fn of_one_picture(effective: &Value) -> Value {
    let mut one = effective.clone();
    if let Some(batch) = one.pointer_mut(BATCH) {
        *batch = 1.into();
    }
    one
}

/// Refuses a LoRA that no base here could take: its own file does not tell.
fn with_known_layers(model: Model) -> Result<Model, Failure> {
    if model.kind == "lora" && !is_pretend(&model.path) {
        model_file::require_layers(&model.path)?;
    }
    Ok(model)
}

/// The last of several fields that the sender wrote, as rules over several fields blame it; the first where none was.
fn blamed(written: &Value, fields: &[&'static str]) -> &'static str {
    fields.iter().rev().find(|field| pointer::get(written, field).is_some()).unwrap_or(&fields[0])
}

impl Checker<'_> {
    fn violation(&mut self, pointer: impl Into<String>, failure: &Failure) {
        self.needs.violations.push(Violation {
            hint: failure.hint.clone(),
            ..Violation::new(pointer, failure.code, failure.message.clone())
        });
    }

    fn refuse(&mut self, pointer: impl Into<String>, message: String) {
        self.needs.violations.push(Violation::new(pointer, ErrorCode::UnsupportedFeature, message));
    }

    fn find(&mut self, reference: &str, kind: &str, pointer: &str, takes_part: bool) {
        match self.registry.resolve(reference, kind).and_then(with_known_layers) {
            Ok(model) if takes_part && !self.needs.models.contains(&model) => self.needs.models.push(model),
            Ok(_) => {}
            Err(failure) => self.violation(pointer, &failure),
        }
    }

    fn model(&mut self, effective: &Value) {
        for (name, kind) in [("base", "sdxl"), ("refiner", "sdxl_refiner"), ("vae", "vae")] {
            let pointer = format!("/model/{name}");
            if let Some(reference) = pointer::get(effective, &pointer).and_then(Value::as_str) {
                self.find(reference, kind, &pointer, true);
            }
        }
        // Parts of a base in folders of their own: they must be there, and take no memory beside the base's.
        for name in ["tokenizer", "text_encoder", "text_encoder_2"] {
            let pointer = format!("/model/{name}");
            if let Some(reference) = pointer::get(effective, &pointer).and_then(Value::as_str) {
                self.find(reference, "sdxl", &pointer, false);
            }
        }
    }

    fn scheduler(&mut self, effective: &Value) {
        let (Some(name), Some(steps)) =
            (effective["scheduler"]["type"].as_str(), effective["scheduler"]["steps"].as_u64())
        else {
            return;
        };
        let schedulers = dictionary().enumeration("SchedulerType");
        let most = schedulers.data.get(name).and_then(|data| data["original_steps"].as_u64());
        if let Some(most) = most.filter(|most| steps > *most) {
            let message = format!("{name} has at most {most} steps, not {steps}");
            self.needs.violations.push(Violation {
                minimum: Some(1.0),
                maximum: Some(most as f64),
                ..Violation::new("/scheduler/steps", ErrorCode::OutOfRange, message)
            });
        }
    }

    fn conditioning(&mut self, effective: &Value) {
        if let Some(skip) = pointer::get(effective, "/conditioning/clip_skip").and_then(Value::as_u64)
            && skip > CLIP_SKIP_MAX
        {
            let message = format!("clip_skip is {skip}; the shortest text encoder allows {CLIP_SKIP_MAX}");
            self.needs.violations.push(Violation {
                minimum: Some(0.0),
                maximum: Some(CLIP_SKIP_MAX as f64),
                ..Violation::new("/conditioning/clip_skip", ErrorCode::OutOfRange, message)
            });
        }
        for (i, lora) in items(effective, "/conditioning/loras").enumerate() {
            if let Some(name) = lora["name"].as_str() {
                self.find(name, "lora", &format!("/conditioning/loras/{i}/name"), weight(lora).is_some());
            }
        }
        for (i, control) in items(effective, "/conditioning/control_nets").enumerate() {
            self.control(control, &format!("/conditioning/control_nets/{i}"));
        }
        for (i, inversion) in items(effective, "/conditioning/textual_inversions").enumerate() {
            if let Some(path) = inversion["path"].as_str() {
                // Always a path, whatever its form.
                let path = if is_model_path(path) { path.to_owned() } else { format!("./{path}") };
                self.find(
                    &path,
                    "textual_inversion",
                    &format!("/conditioning/textual_inversions/{i}/path"),
                    true,
                );
            }
        }
        if let Some(reference) = pointer::get(effective, "/conditioning/init_image").and_then(Value::as_str) {
            self.image(reference, "/conditioning/init_image");
        }
        self.mask(effective);
        if items(effective, "/conditioning/reference_images").next().is_some() {
            self.refuse("/conditioning/reference_images", "there is no IP-Adapter here".to_owned());
        }
    }

    fn control(&mut self, control: &Value, at: &str) {
        let takes_part = weight(control).is_some();
        match (control["model"].as_str(), control["type"].as_str()) {
            (Some(model), _) => self.find(model, "controlnet", &format!("{at}/model"), takes_part),
            (None, Some(kind)) => {
                self.find(&registered(kind), "controlnet", &format!("{at}/type"), takes_part);
            }
            (None, None) => {}
        }
        if let Some(reference) = control["image"].as_str() {
            self.image(reference, &format!("{at}/image"));
        }
    }

    /// A mask is decoded whatever its size: only its pixels tell whether it has the channel that is asked for.
    fn mask(&mut self, effective: &Value) {
        let at = "/conditioning/inpaint_mask";
        let Some(reference) = pointer::get(effective, at).and_then(Value::as_str) else { return };
        let channel = pointer::get(effective, "/conditioning/mask_channel")
            .and_then(Value::as_str)
            .unwrap_or("luminance");
        let checked = inputs::bytes(&self.registry.roots, reference)
            .and_then(|bytes| inputs::decode(&bytes))
            .and_then(|picture| inputs::mask(picture, channel));
        if let Err(failure) = checked {
            self.violation(at, &failure);
        }
    }

    fn image(&mut self, reference: &str, pointer: &str) {
        if let Err(failure) = inputs::inspect(&self.registry.roots, reference) {
            self.violation(pointer, &failure);
        }
    }

    fn performance(&mut self, effective: &Value) {
        for set in unmeant_of(effective, Effect::Place) {
            self.refuse(
                set.pointer,
                format!("this worker is {}, and knows no other place", self.device.gpu_id),
            );
        }
        if let Some(device) = pointer::get(effective, "/performance/device").and_then(Value::as_str)
            && !self.device.is_own_name(device)
        {
            let message = format!("this worker is {}, not {device}", self.device.gpu_id);
            self.refuse("/performance/device", message);
        }
        for (i, name) in items(effective, "/performance/optimizations").enumerate() {
            if let Some(name) =
                name.as_str().filter(|name| !optimizations(self.device).any(|own| own == *name))
            {
                let message = format!("{} has no {name}", self.device.gpu_id);
                self.refuse(format!("/performance/optimizations/{i}"), message);
            }
        }
    }

    fn postprocessing(&mut self, effective: &Value) {
        let upscaler = pointer::get(effective, "/postprocessing/upscaler").and_then(Value::as_str);
        if let Some(name) = upscaler {
            let data = dictionary().enumeration("UpscalerName").data.get(name);
            if data.is_some_and(|data| data["network"].as_bool() == Some(true)) {
                let path = format!("{PRETEND_ROOT}/{name}.safetensors");
                self.find(&path, "upscaler", "/postprocessing/upscaler", true);
            }
        }
        if pointer::get(effective, "/postprocessing/safety_checker").and_then(Value::as_bool) == Some(true) {
            let path = format!("{PRETEND_ROOT}/safety_checker.safetensors");
            self.find(&path, "safety_checker", "/postprocessing/safety_checker", true);
        }
    }
}
