//! The part of an effective submission that decides the picture, and which of its features take part.

use contracts::{dictionary::Effect, pointer};
use image::{GrayImage, RgbImage};
use serde_json::{Map, Value, json};

use super::prompt::{Piece, pieces};
use crate::account::unmeant_of;

/// Everything that decides a picture, beside the seed. Settings without effect are left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recipe {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Names of base, tokenizer and encoders.
    pub(crate) base: Vec<String>,
    pub(crate) vae: Option<String>,
    /// Name and start.
    pub(crate) refiner: Option<(String, f64)>,
    pub(crate) prompts: Vec<Vec<Piece>>,
    /// Empty with guidance off.
    pub(crate) negatives: Vec<Vec<Piece>>,
    pub(crate) clip_skip: u64,
    pub(crate) scheduler: String,
    pub(crate) spacing: String,
    pub(crate) steps: u64,
    /// 1 with guidance off.
    pub(crate) guidance: f64,
    /// Name and weight.
    pub(crate) loras: Vec<(String, f64)>,
    pub(crate) controls: Vec<Control>,
    /// Path and token of those whose token stands in a prompt.
    pub(crate) inversions: Vec<(String, String)>,
    pub(crate) init: Option<(RgbImage, f64)>,
    /// White is repainted; already blurred.
    pub(crate) mask: Option<GrayImage>,
    pub(crate) auto_contrast: bool,
    pub(crate) safety_checker: bool,
    /// Name and factor.
    pub(crate) upscaler: Option<(String, f64)>,
    /// Pointer and value, as JSON, of leaves that decide the picture and have no meaning of their own.
    pub(crate) unmeant: Vec<(String, String)>,
}

/// One ControlNet that takes part.
#[derive(Clone, Debug)]
pub(crate) struct Control {
    /// Type, model and preprocessing.
    pub(crate) kind: String,
    pub(crate) image: GrayImage,
    pub(crate) weight: f64,
    /// The share of the steps that it guides.
    pub(crate) window: (f64, f64),
}

/// The images of a submission, decoded, at its size.
#[derive(Clone, Debug, Default)]
pub(crate) struct Images {
    pub(crate) init: Option<RgbImage>,
    pub(crate) mask: Option<GrayImage>,
    /// By the index of the ControlNet; only those that take part.
    pub(crate) controls: Vec<Option<GrayImage>>,
}

impl Recipe {
    /// The recipe of an effective submission.
    pub(crate) fn of(effective: &Value, images: Images) -> Self {
        let at = |pointer: &str| pointer::get(effective, pointer);
        let text = |pointer: &str| at(pointer).and_then(Value::as_str).map(str::to_owned);
        let number = |pointer: &str| at(pointer).and_then(Value::as_f64);
        let count = |pointer: &str| at(pointer).and_then(Value::as_u64).unwrap_or_default();
        let yes = |pointer: &str| at(pointer).and_then(Value::as_bool).unwrap_or_default();
        let weighting = yes("/hyperparameters/prompt_weighting");
        let prompts_of = |names: [&str; 2]| -> Vec<Vec<Piece>> {
            names
                .iter()
                .filter_map(|name| Some(pieces(&text(&format!("/conditioning/{name}"))?, weighting)))
                .collect()
        };
        let guidance = number("/hyperparameters/guidance_scale").unwrap_or(1.0).max(1.0);
        let side =
            |name| u32::try_from(count(&format!("/hyperparameters/dimensions/{name}"))).unwrap_or(u32::MAX);
        let base = ["base", "tokenizer", "text_encoder", "text_encoder_2"];
        Self {
            width: side("width"),
            height: side("height"),
            base: base
                .iter()
                .map(|name| name_at(effective, &format!("/model/{name}")).unwrap_or_default())
                .collect(),
            vae: name_at(effective, "/model/vae"),
            refiner: name_at(effective, "/model/refiner").zip(number("/hyperparameters/refiner_start")),
            prompts: prompts_of(["prompt", "prompt_2"]),
            negatives: if guidance > 1.0 {
                prompts_of(["negative_prompt", "negative_prompt_2"])
            } else {
                Vec::new()
            },
            clip_skip: count("/conditioning/clip_skip"),
            scheduler: scheduler_used(effective),
            spacing: text("/scheduler/timestep_spacing").unwrap_or_default(),
            steps: steps_used(effective),
            guidance,
            loras: items(effective, "/conditioning/loras")
                .filter_map(|lora| Some((file_name(lora["name"].as_str()?), weight(lora)?)))
                .collect(),
            controls: items(effective, "/conditioning/control_nets")
                .zip(images.controls)
                .filter_map(|(control, image)| Some(control_of(control, image?, weight(control)?)))
                .collect(),
            inversions: inversions(effective),
            init: images.init.zip(number("/hyperparameters/strength")),
            mask: images.mask,
            auto_contrast: yes("/postprocessing/auto_contrast"),
            safety_checker: yes("/postprocessing/safety_checker"),
            upscaler: text("/postprocessing/upscaler")
                .filter(|name| name != "none")
                .zip(number("/postprocessing/upscale_factor")),
            unmeant: unmeant_of(effective, Effect::Picture)
                .map(|set| (set.pointer, set.value.to_string()))
                .collect(),
        }
    }

    /// Whether the safety checker blackens it: it is asked for, and a prompt has the word `nsfw`.
    pub(crate) fn is_flagged(&self) -> bool {
        let mut words =
            self.prompts.iter().flatten().flat_map(|(text, _)| text.split(|c: char| !c.is_alphanumeric()));
        self.safety_checker && words.any(|word| word.eq_ignore_ascii_case("nsfw"))
    }

    /// Which features took part; the keys are the contract's.
    pub(crate) fn features_used(&self, batch: u64) -> Map<String, Value> {
        let used = json!({
            "lora": !self.loras.is_empty(),
            "controlnet": !self.controls.is_empty(),
            "refiner": self.refiner.is_some(),
            "custom_vae": self.vae.is_some(),
            "img2img": self.init.is_some() && self.mask.is_none(),
            "inpaint": self.mask.is_some(),
            "textual_inversion": !self.inversions.is_empty(),
            "upscaler": self.upscaler.is_some(),
            "safety_checker": self.safety_checker,
            "batch": batch > 1,
        });
        match used {
            Value::Object(used) => used,
            _ => Map::new(),
        }
    }
}

/// The scheduler that runs: the Karras form where the flag asks for it and there is one.
pub(crate) fn scheduler_used(effective: &Value) -> String {
    let name = effective["scheduler"]["type"].as_str().unwrap_or_default();
    if effective["scheduler"]["karras_sigmas"].as_bool() == Some(true) {
        let names = &contracts::dictionary::dictionary().enumeration("SchedulerType").data;
        let karras = names.iter().find(|(_, data)| data["karras_of"].as_str() == Some(name));
        return karras.map_or_else(|| format!("{name} (Karras)"), |(name, _)| name.clone());
    }
    name.to_owned()
}

/// Denoising steps that run, base and refiner together.
pub(crate) fn steps_used(effective: &Value) -> u64 {
    let steps = effective["scheduler"]["steps"].as_u64().unwrap_or_default();
    match effective["hyperparameters"]["strength"].as_f64() {
        Some(strength) if effective["conditioning"].get("init_image").is_some() => {
            (steps as f64 * strength) as u64
        }
        _ => steps,
    }
}

/// The items of a list that may be absent.
pub(crate) fn items<'v>(value: &'v Value, pointer: &str) -> impl Iterator<Item = &'v Value> {
    pointer::get(value, pointer).and_then(Value::as_array).into_iter().flatten()
}

/// The weight of a LoRA or ControlNet; `None` where it takes no part.
pub(crate) fn weight(item: &Value) -> Option<f64> {
    item["weight"].as_f64().filter(|weight| *weight != 0.0)
}

/// A path stands as its file name, an id as itself.
pub(crate) fn file_name(reference: &str) -> String {
    let name = reference.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or(reference);
    name.to_owned()
}

fn name_at(effective: &Value, pointer: &str) -> Option<String> {
    let name = pointer::get(effective, pointer)?.as_str()?;
    // `sdxl_base` and `/models/sdxl_base.safetensors` are one model.
    let name = file_name(name);
    Some(name.strip_suffix(".safetensors").map_or(name.clone(), str::to_owned))
}

fn control_of(control: &Value, image: GrayImage, weight: f64) -> Control {
    let preprocess = control["preprocess"].as_bool().unwrap_or_default();
    let model = control["model"].as_str().map(file_name).unwrap_or_default();
    let window = (
        control["guidance_start"].as_f64().unwrap_or_default(),
        control["guidance_end"].as_f64().unwrap_or(1.0),
    );
    let kind = format!("{}\n{model}\n{preprocess}", control["type"].as_str().unwrap_or_default());
    Control { kind, image, weight, window }
}

/// An inversion takes part where its token stands in a prompt that is used.
fn inversions(effective: &Value) -> Vec<(String, String)> {
    let guidance = effective["hyperparameters"]["guidance_scale"].as_f64().unwrap_or(1.0);
    let negatives: &[&str] = if guidance > 1.0 { &["negative_prompt", "negative_prompt_2"] } else { &[] };
    let names = ["prompt", "prompt_2"].iter().chain(negatives);
    let prompts: Vec<&str> = names.filter_map(|name| effective["conditioning"][name].as_str()).collect();
    items(effective, "/conditioning/textual_inversions")
        .filter_map(|item| Some((file_name(item["path"].as_str()?), item["token"].as_str()?.to_owned())))
        .filter(|(_, token)| prompts.iter().any(|prompt| prompt.contains(token.as_str())))
        .collect()
}
