//! The tasks of a job for the executor: its images read, its pictures painted and written.

use contracts::{ErrorCode, Failure, Warning, WarningCode, pointer};
use image::{
    DynamicImage, GrayImage, Luma,
    imageops::{FilterType, fast_blur},
};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::{
    colour::to_srgb,
    executor::{Output, Prepared},
    inputs,
    picture::{
        self, Recipe,
        encode::encode,
        file::Name,
        recipe::{items, weight},
        record::record,
    },
    roots::Roots,
};

/// Whether a submission names images.
pub(super) fn has_images(whole: &Value) -> bool {
    pointer::get(whole, "/conditioning/init_image").is_some()
        || items(whole, "/conditioning/control_nets").next().is_some()
}

/// Reads and decodes the images of a submission.
pub(super) fn prepare(whole: &Value, roots: &Roots, halt: &AtomicBool) -> Result<Output, Box<Failure>> {
    let side = |name: &str| {
        let side =
            pointer::get(whole, &format!("/hyperparameters/dimensions/{name}")).and_then(Value::as_u64);
        u32::try_from(side.unwrap_or_default()).unwrap_or_default()
    };
    let size = (side("width"), side("height"));
    let mut prepared = Prepared::default();
    let text = |pointer: &str| pointer::get(whole, pointer).and_then(Value::as_str);
    if let Some(reference) = text("/conditioning/init_image") {
        let at = "/conditioning/init_image";
        let picture = open_colour(&mut prepared, roots, reference, at)?;
        let (image, own) = inputs::colour(&picture, size);
        note_resize(&mut prepared, own, size, at);
        prepared.images.init = Some(image);
    }
    if let Some(reference) = text("/conditioning/inpaint_mask") {
        let at = "/conditioning/inpaint_mask";
        let picture = open(&mut prepared, roots, reference, at)?;
        let channel = text("/conditioning/mask_channel").unwrap_or("luminance");
        let picture = inputs::mask(picture, channel).map_err(|failure| Box::new(failure.at(at)))?;
        let (mask, own) = inputs::grey(&picture, size, FilterType::Nearest);
        note_resize(&mut prepared, own, size, at);
        let blur = pointer::get(whole, "/conditioning/mask_blur").and_then(Value::as_f64).unwrap_or_default();
        prepared.images.mask = Some(if blur > 0.0 { fast_blur(&mask, blur as f32) } else { mask });
    }
    for (i, control) in items(whole, "/conditioning/control_nets").enumerate() {
        if halt.load(Ordering::Relaxed) {
            return Err(super::control::cancelled());
        }
        let at = format!("/conditioning/control_nets/{i}/image");
        let picture = open_colour(&mut prepared, roots, control["image"].as_str().unwrap_or_default(), &at)?;
        let image = if weight(control).is_some() {
            let (image, own) = inputs::grey(&picture, size, FilterType::Lanczos3);
            note_resize(&mut prepared, own, size, &at);
            Some(if control["preprocess"].as_bool() == Some(true) { edges(&image) } else { image })
        } else {
            None
        };
        prepared.images.controls.push(image);
    }
    Ok(Output::Prepared(Box::new(prepared)))
}

/// A mask: its values are not colours, so that its profile is never applied.
fn open(
    prepared: &mut Prepared,
    roots: &Roots,
    reference: &str,
    at: &str,
) -> Result<DynamicImage, Box<Failure>> {
    open_with_profile(prepared, roots, reference, at).map(|(picture, _)| picture)
}

/// A picture in sRGB.
fn open_colour(
    prepared: &mut Prepared,
    roots: &Roots,
    reference: &str,
    at: &str,
) -> Result<DynamicImage, Box<Failure>> {
    let (picture, profile) = open_with_profile(prepared, roots, reference, at)?;
    let (picture, finding) = to_srgb(picture, profile);
    if let Some((code, message)) = finding {
        prepared.warnings.push(Warning { code, pointer: Some(at.to_owned()), message, hint: None });
    }
    Ok(picture)
}

fn open_with_profile(
    prepared: &mut Prepared,
    roots: &Roots,
    reference: &str,
    at: &str,
) -> Result<(DynamicImage, Option<Vec<u8>>), Box<Failure>> {
    let read = || {
        let bytes = inputs::bytes(roots, reference)?;
        Ok((inputs::decode_with_profile(&bytes)?, inputs::hash(&bytes)))
    };
    let (found, hash) = read().map_err(|failure: Failure| Box::new(failure.at(at)))?;
    prepared.hashes.insert(reference.to_owned(), hash);
    Ok(found)
}

fn note_resize(prepared: &mut Prepared, own: Option<(u32, u32)>, size: (u32, u32), at: &str) {
    if let Some(own) = own {
        prepared.warnings.push(Warning {
            code: WarningCode::ImageResized,
            pointer: Some(at.to_owned()),
            message: format!("the image of {}x{} was resized to {}x{}", own.0, own.1, size.0, size.1),
            hint: None,
        });
    }
}

/// The edges of a picture, as a pretend preprocessor finds them.
fn edges(image: &GrayImage) -> GrayImage {
    GrayImage::from_fn(image.width(), image.height(), |x, y| {
        let at = |x: u32, y: u32| {
            i32::from(image.get_pixel(x.min(image.width() - 1), y.min(image.height() - 1)).0[0])
        };
        let change = (at(x + 1, y) - at(x, y)).abs() + (at(x, y + 1) - at(x, y)).abs();
        Luma([(change * 4).min(255) as u8])
    })
}

/// All that painting needs.
pub(super) struct Painting {
    pub(super) whole: Value,
    pub(super) recipe: Arc<Recipe>,
    pub(super) hashes: std::collections::HashMap<String, String>,
    pub(super) seed: u64,
    pub(super) batch: u64,
    pub(super) name: Name,
    /// The fault `success_without_effect`: no file is written.
    pub(super) pretend: bool,
    /// The fault `noise`: no recipe is painted.
    pub(super) noise: bool,
}

impl Painting {
    /// Paints, writes and describes all pictures; a halt takes back those that were written.
    pub(super) fn paint(&self, halt: &AtomicBool) -> Result<Output, Box<Failure>> {
        let mut details: Vec<Value> = Vec::new();
        for index in 0..self.batch {
            let outcome = if halt.load(Ordering::Relaxed) {
                Err(super::control::cancelled())
            } else {
                self.one(index).map_err(Box::new)
            };
            match outcome {
                Ok(detail) => details.push(detail),
                Err(failure) => {
                    for path in details.iter().filter_map(|detail| detail["path"].as_str()) {
                        if let Err(err) = std::fs::remove_file(path) {
                            let failure = failure.detail("left_behind", format!("{path}: {err}"));
                            return Err(Box::new(failure));
                        }
                    }
                    return Err(failure);
                }
            }
        }
        Ok(Output::Pictures(details))
    }

    fn one(&self, index: u64) -> Result<Value, Failure> {
        let seed = self.seed + index;
        let painted = if self.noise {
            picture::noise(&self.whole, seed, (self.recipe.width, self.recipe.height))
        } else {
            picture::paint(&self.recipe, seed)
        };
        let (image, flagged) = picture::finish(&self.recipe, painted);
        let post = &self.whole["postprocessing"];
        let format = post["output_format"].as_str().unwrap_or("png");
        let quality = post["quality"].as_u64().and_then(|quality| u8::try_from(quality).ok()).unwrap_or(95);
        let content =
            encode(&image, format, quality, &record(&self.whole, seed, &self.hashes)).map_err(|err| {
                Failure::new(ErrorCode::Internal, format!("the picture cannot be encoded: {err:#}"))
            })?;
        let name = Name { index, ..self.name.clone() };
        let path = if self.pretend { name.pretended(format) } else { name.write(format, &content)? };
        Ok(json!({
            "path": path.to_string_lossy(),
            "width": image.width(),
            "height": image.height(),
            "format": format,
            "bytes": content.len(),
            "sha256": inputs::sha256(&content),
            "seed": seed,
            "flagged": flagged,
        }))
    }
}
