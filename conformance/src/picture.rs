//! Pictures as their consumer opens them, compared with `image_details[]` of the reply.

use image::{ImageFormat, RgbImage};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{
    check::ScenarioEnd,
    context::{Context, Subject},
    member,
};

/// An opened picture.
#[derive(Debug)]
pub struct Picture {
    pixels: RgbImage,
    /// `png`, `jpeg` or `webp`, by its bytes.
    pub format: &'static str,
    /// Size of the file.
    pub bytes: usize,
    /// The file.
    file: Vec<u8>,
}

impl Picture {
    /// Opens the picture of an entry of `image_details[]` and compares the file with the entry.
    ///
    /// # Errors
    /// [`ScenarioEnd::Broken`] if there is no such picture or the entry is wrong.
    pub fn open(context: &Context, detail: &Value) -> Result<Self, ScenarioEnd> {
        let path = member::text(detail, "/path")?;
        let broken = |why: String| ScenarioEnd::Broken(format!("{path}: {why}"));
        let bytes = match (std::fs::read(path), &context.subject, detail["url"].as_str()) {
            (Ok(bytes), ..) => bytes,
            (Err(_), Subject::Gateway(gateway), Some(url)) => gateway.send("GET", url, &[], None)?.body,
            (Err(err), ..) => {
                return Err(broken(format!(
                    "the path of a success, and its picture cannot be opened: {err}"
                )));
            }
        };
        let kind = image::guess_format(&bytes).map_err(|err| broken(err.to_string()))?;
        let pixels = image::load_from_memory_with_format(&bytes, kind)
            .map_err(|err| broken(err.to_string()))?
            .to_rgb8();
        let format = match kind {
            ImageFormat::Png => "png",
            ImageFormat::Jpeg => "jpeg",
            ImageFormat::WebP => "webp",
            other => return Err(broken(format!("a file of format {other:?}"))),
        };
        let hex: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let measured = [
            ("width", Value::from(pixels.width())),
            ("height", Value::from(pixels.height())),
            ("format", format.into()),
            ("bytes", bytes.len().into()),
            ("sha256", hex.into()),
        ];
        if let Some((name, is)) = measured.iter().find(|(name, is)| detail[name] != *is) {
            return Err(broken(format!("{name} is said to be {}, and is {is}", detail[name])));
        }
        Ok(Self { pixels, format, bytes: bytes.len(), file: bytes })
    }

    /// Whether a text stands in the file as it is written, as in a comment or a description.
    #[must_use]
    pub fn has_text(&self, text: &str) -> bool {
        self.file.windows(text.len().max(1)).any(|window| window == text.as_bytes())
    }

    /// The pixels.
    #[must_use]
    pub fn pixels(&self) -> &RgbImage {
        &self.pixels
    }

    /// Width and height.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        self.pixels.dimensions()
    }
}

/// The greatest difference of a channel, of 255; `None` where the sizes differ.
#[must_use]
pub fn difference(a: &Picture, b: &Picture) -> Option<u8> {
    let pairs = || a.pixels.as_raw().iter().zip(b.pixels.as_raw());
    (a.size() == b.size()).then(|| pairs().map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0))
}

/// The mean difference of a channel, of 255; `None` where the sizes differ.
#[must_use]
pub fn mean_difference(a: &Picture, b: &Picture) -> Option<f64> {
    let sum: u64 =
        a.pixels.as_raw().iter().zip(b.pixels.as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    (a.size() == b.size()).then(|| sum as f64 / a.pixels.as_raw().len() as f64)
}
