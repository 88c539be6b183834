//! Paints a recipe: waves for everything that conditions, grain for the sampler, then the images that guide it.
//!
//! Integer arithmetic throughout, so that every machine paints the same bytes.

use image::{GrayImage, Rgb, RgbImage};

use super::{
    recipe::{Control, Recipe},
    rng::{Rng, key, mix},
};

/// The picture before postprocessing, at the asked size. Image i of a batch has its own seed.
pub(crate) fn paint(recipe: &Recipe, seed: u64) -> RgbImage {
    let waves = waves(recipe, seed);
    let grain = Grain::of(recipe, seed);
    // 8.8 fixed point; guidance widens the contrast.
    let contrast = (160.0 + recipe.guidance * 6.0) as i64;
    // No sum overflows: an amplitude has 31 bits, a height 7, and a prompt of 8192 characters makes fewer than 2^13 waves.
    // The operations wrap, as a check of each took a fifth of the painting.
    let mut image = RgbImage::new(recipe.width, recipe.height);
    for (y, row) in image.enumerate_rows_mut() {
        let mut at: Vec<u32> =
            waves.iter().map(|wave| wave.phase.wrapping_add(wave.down.wrapping_mul(y))).collect();
        for (x, _, pixel) in row {
            let mut sums = [0i64; 3];
            for (wave, at) in waves.iter().zip(&mut at) {
                let height = i64::from(SINE[(*at >> 24) as usize]);
                *at = at.wrapping_add(wave.right);
                for (sum, amplitude) in sums.iter_mut().zip(wave.amplitude) {
                    *sum = sum.wrapping_add(height.wrapping_mul(i64::from(amplitude)));
                }
            }
            let noise = i64::from(grain.at(x, y));
            // Amplitudes are 8.8, heights 7 bits.
            let shade = |sum: i64| ((sum >> 15).wrapping_mul(contrast) >> 8).wrapping_add(128 + noise);
            *pixel = Rgb(sums.map(|sum| level(shade(sum))));
        }
    }
    for control in &recipe.controls {
        guide(&mut image, control);
    }
    if let Some((init, strength)) = &recipe.init {
        blend(&mut image, init, *strength, recipe.mask.as_ref());
    }
    image
}

/// Room is left on both ends, so that auto contrast has something to stretch.
fn level(value: i64) -> u8 {
    value.clamp(16, 235) as u8
}

/// A wave over the picture: turns in 1/2^32 for each pixel to the right and down.
struct Wave {
    right: u32,
    down: u32,
    phase: u32,
    amplitude: [i32; 3],
}

impl Wave {
    /// A wave of a key; `strength` in levels, `cycles` at most over the picture.
    fn of(key: u64, strength: f64, cycles: u64, recipe: &Recipe) -> Self {
        let mut rng = Rng::new(key);
        let mut turns = |side: u32| {
            let cycles = rng.below(2 * cycles * 256 + 1) as i64 - (cycles * 256) as i64;
            ((cycles << 24) / i64::from(side)) as u32
        };
        let (right, down) = (turns(recipe.width), turns(recipe.height));
        let phase = rng.next() as u32;
        let mut share = || 0.25 + 0.75 * rng.unit();
        let sign = |bits: u64| if bits & 1 == 0 { 256.0 } else { -256.0 };
        let colours = [share(), share(), share()];
        let mut signs = Rng::new(mix(key));
        let amplitude = colours.map(|share| (strength * share * sign(signs.next())) as i32);
        Self { right, down, phase, amplitude }
    }
}

fn waves(recipe: &Recipe, seed: u64) -> Vec<Wave> {
    let scene = scene(recipe);
    let mut waves: Vec<Wave> = (0..5u64)
        .map(|i| Wave::of(mix(scene ^ mix(seed.wrapping_mul(8).wrapping_add(i))), 30.0, 1 + 2 * i, recipe))
        .collect();
    let mut add = |parts: &[&str], strength: f64, cycles| {
        waves.push(Wave::of(mix(key(parts) ^ mix(seed)), strength, cycles, recipe));
    };
    for (name, weight) in &recipe.loras {
        add(&["lora", name], 24.0 * weight, 9);
    }
    for negative in recipe.negatives.iter().flatten() {
        add(&["negative", &negative.0], -14.0 * negative.1 * (1.0 - 1.0 / recipe.guidance), 7);
    }
    for (path, token) in &recipe.inversions {
        add(&["inversion", path, token], 14.0, 8);
    }
    if let Some((name, start)) = &recipe.refiner {
        add(&["refiner", name], 30.0 * (1.0 - start), 24);
    }
    if let Some(name) = &recipe.vae {
        add(&["vae", name], 10.0, 2);
    }
    for (pointer, value) in &recipe.unmeant {
        add(&["unmeant", pointer, value], 16.0, 5);
    }
    waves
}

/// Paints the prompts as the base model does.
fn scene(recipe: &Recipe) -> u64 {
    let mut parts: Vec<String> = recipe.base.clone();
    parts.push(recipe.clip_skip.to_string());
    for prompt in &recipe.prompts {
        parts.push("\u{1}".to_owned());
        parts.extend(prompt.iter().flat_map(|(text, weight)| [text.clone(), weight.to_string()]));
    }
    key(&parts.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Noise of the sampler: the fewer steps, the more of it.
struct Grain {
    key: u64,
    span: i32,
}

impl Grain {
    fn of(recipe: &Recipe, seed: u64) -> Self {
        let sampler = key(&["grain", &recipe.scheduler, &recipe.spacing, &recipe.steps.to_string()]);
        Self { key: mix(sampler ^ mix(seed)), span: 3 + 60 / (1 + recipe.steps as i32) }
    }

    fn at(&self, x: u32, y: u32) -> i32 {
        let bits = (self.key ^ (u64::from(y) << 32 | u64::from(x)).wrapping_mul(0x9E37_79B9_7F4A_7C15))
            .wrapping_mul(0xD6E8_FEB8_6659_FD93);
        ((bits >> 40) as i32 % (2 * self.span + 1)) - self.span
    }
}

/// Draws what a ControlNet shows, as strongly as its weight and its window say.
fn guide(image: &mut RgbImage, control: &Control) {
    let tint = Rng::new(key(&["control", &control.kind])).next().to_le_bytes();
    let share = control.weight * (control.window.1 - control.window.0) * (1.0 - 0.25 * control.window.0);
    let amount = (share * 96.0) as i32;
    for (pixel, shown) in image.pixels_mut().zip(control.image.pixels()) {
        let shown = i32::from(shown.0[0]) - 96;
        for (channel, tint) in pixel.0.iter_mut().zip(tint) {
            let bias = 192 + i32::from(tint) / 4;
            *channel = level(i64::from(*channel) + i64::from((shown * amount * bias) >> 16));
        }
    }
}

/// Starts from an image; the area that the mask keeps is unchanged.
fn blend(image: &mut RgbImage, init: &RgbImage, strength: f64, mask: Option<&GrayImage>) {
    let strength = (strength * 256.0) as i32;
    for (x, y, pixel) in image.enumerate_pixels_mut() {
        let kept = init.get_pixel(x, y);
        let repaint = mask.map_or(255, |mask| i32::from(mask.get_pixel(x, y).0[0]));
        for (channel, kept) in pixel.0.iter_mut().zip(kept.0) {
            let (painted, kept) = (i32::from(*channel), i32::from(kept));
            let changed = kept + (((painted - kept) * strength) >> 8);
            *channel = (kept + (changed - kept) * repaint / 255) as u8;
        }
    }
}

/// 127·sin, a quarter written out and mirrored.
const SINE: [i32; 256] = {
    const QUARTER: [i32; 65] = [
        0, 3, 6, 9, 12, 16, 19, 22, 25, 28, 31, 34, 37, 40, 43, 46, 49, 51, 54, 57, 60, 63, 65, 68, 71, 73,
        76, 78, 81, 83, 85, 88, 90, 92, 94, 96, 98, 100, 102, 104, 106, 107, 109, 111, 112, 113, 115, 116,
        117, 118, 120, 121, 122, 122, 123, 124, 125, 125, 126, 126, 126, 127, 127, 127, 127,
    ];
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let at = i % 128;
        let height = if at <= 64 { QUARTER[at] } else { QUARTER[128 - at] };
        table[i] = if i < 128 { height } else { -height };
        i += 1;
    }
    table
};
