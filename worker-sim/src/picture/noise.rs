//! The pictures of the fault `noise`: pixels that depend on everything that was asked, and show none of it.

use image::{Rgb, RgbImage};
use serde_json::Value;

use super::rng::{Rng, key};

/// Noise of a size. The metadata of a job decides nothing, as in a true picture, and neither does the seed in the document.
pub(crate) fn noise(whole: &Value, seed: u64, (width, height): (u32, u32)) -> RgbImage {
    let mut asked = whole.clone();
    if let Some(members) = asked.as_object_mut() {
        members.shift_remove("metadata");
    }
    if let Some(hyperparameters) = asked["hyperparameters"].as_object_mut() {
        hyperparameters.shift_remove("seed");
        hyperparameters.shift_remove("batch_size");
    }
    let mut rng = Rng::new(key(&[&asked.to_string(), &seed.to_string()]));
    RgbImage::from_fn(width, height, |_, _| {
        let [red, green, blue, ..] = rng.next().to_le_bytes();
        Rgb([red, green, blue])
    })
}
