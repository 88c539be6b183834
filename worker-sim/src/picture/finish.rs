//! Postprocessing: contrast, the safety checker, upscaling.

use image::{
    RgbImage,
    imageops::{FilterType, resize, unsharpen},
};

use super::recipe::Recipe;

/// The finished picture, and whether it was flagged and blackened.
pub(crate) fn finish(recipe: &Recipe, mut image: RgbImage) -> (RgbImage, bool) {
    if recipe.auto_contrast {
        stretch(&mut image);
    }
    let flagged = recipe.is_flagged();
    if flagged {
        image = RgbImage::new(image.width(), image.height());
    }
    if let Some((upscaler, factor)) = &recipe.upscaler {
        image = upscale(&image, upscaler, *factor);
    }
    (image, flagged)
}

/// The size of an upscaled side, in pixels.
pub(crate) fn scaled(side: u32, factor: f64) -> u32 {
    (f64::from(side) * factor).round_ties_even() as u32
}

/// Each channel over its whole range.
fn stretch(image: &mut RgbImage) {
    for channel in 0..3 {
        let values = image.pixels().map(|pixel| pixel.0[channel]);
        let (low, high) = values.fold((255u8, 0u8), |(low, high), value| (low.min(value), high.max(value)));
        let range = u32::from(high.saturating_sub(low));
        if range == 0 {
            continue;
        }
        for pixel in image.pixels_mut() {
            pixel.0[channel] = (u32::from(pixel.0[channel] - low) * 255 / range) as u8;
        }
    }
}

/// The nets are pretended: a filter and a sharpening of their own.
fn upscale(image: &RgbImage, upscaler: &str, factor: f64) -> RgbImage {
    let (width, height) = (scaled(image.width(), factor), scaled(image.height(), factor));
    let filter =
        if matches!(upscaler, "Bicubic" | "ESRGAN") { FilterType::CatmullRom } else { FilterType::Lanczos3 };
    let larger = resize(image, width, height, filter);
    match upscaler {
        "Real-ESRGAN" => unsharpen(&larger, 0.8, 1),
        "ESRGAN" => unsharpen(&larger, 1.6, 1),
        _ => larger,
    }
}
