//! Reads the headers of images, and never their pixels.

use std::io::Cursor;

use contracts::{ErrorCode, Failure, limits};
use image::{ImageError, ImageFormat, ImageReader};

/// Reads the chunks before the pixels without inflating any: a profile or a text of 2 MB can inflate to 2 GB.
fn size_of_png(bytes: &[u8]) -> Result<(u32, u32), png::DecodingError> {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    Ok(decoder.read_info()?.info().size())
}

/// The header of an image.
pub(crate) struct Picture {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) format: &'static str,
}

/// Reads the header of an image.
///
/// # Errors
/// `image_invalid` if it is not a PNG, JPEG or WebP, or has more than `IMAGE_PIXELS_MAX` pixels.
pub(crate) fn read_header(bytes: &[u8]) -> Result<Picture, Box<Failure>> {
    let invalid = |message: String| Box::new(Failure::new(ErrorCode::ImageInvalid, message));
    let reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|err| invalid(format!("the image cannot be read: {err}")))?;
    let format = match reader.format() {
        Some(ImageFormat::Png) => "png",
        Some(ImageFormat::Jpeg) => "jpeg",
        Some(ImageFormat::WebP) => "webp",
        _ => return Err(invalid("the image is no PNG, JPEG or WebP".to_owned())),
    };
    let size = match format {
        "png" => {
            size_of_png(bytes).map_err(|err| (matches!(err, png::DecodingError::IoError(_)), err.to_string()))
        }
        _ => reader.into_dimensions().map_err(|err| (matches!(err, ImageError::IoError(_)), err.to_string())),
    };
    let (width, height) = size.map_err(|(ended, why)| {
        // The decoder's own words name its types: they are for the log.
        tracing::debug!(format, why, "the header of an image cannot be read");
        let what =
            if ended { "it ends too early" } else { "a part of it is damaged, or not where it belongs" };
        invalid(format!("the header of the {format} image is broken: {what}"))
    })?;
    let pixels = u64::from(width) * u64::from(height);
    if pixels > limits::IMAGE_PIXELS_MAX {
        return Err(invalid(format!(
            "the image has {pixels} pixels, more than {}",
            limits::IMAGE_PIXELS_MAX
        )));
    }
    Ok(Picture { width, height, format })
}
