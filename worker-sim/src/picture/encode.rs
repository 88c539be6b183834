//! Pictures as files: PNG, JPEG and WebP, each with the record inside and nothing else that could differ.

use anyhow::{Context as _, Result};
use image::{
    ExtendedColorType, ImageEncoder as _, RgbImage,
    codecs::{jpeg::JpegEncoder, webp::WebPEncoder},
};
use std::borrow::Cow;

/// The name of the PNG text chunk.
pub(crate) const RECORD_KEY: &str = "prompt_submission";
/// A JPEG segment's length field counts itself and ends at 65535.
const JPEG_SEGMENT_MAX: usize = 65533;

/// The file's bytes. `format`: png, jpeg or webp. `quality`: 1..100. `record`: JSON text, stored inside.
pub(crate) fn encode(image: &RgbImage, format: &str, quality: u8, record: &str) -> Result<Vec<u8>> {
    match format {
        "png" => png(image, record),
        "jpeg" => jpeg(image, quality, record),
        _ => webp(image, quality, record),
    }
}

/// The file name's ending.
pub(crate) fn extension(format: &str) -> &str {
    if format == "jpeg" { "jpg" } else { format }
}

fn png(image: &RgbImage, record: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, image.width(), image.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    encoder.add_itxt_chunk(RECORD_KEY.to_owned(), record.to_owned()).context("the record")?;
    let mut writer = encoder.write_header().context("the header")?;
    writer.write_image_data(image.as_raw()).context("the pixels")?;
    writer.finish().context("the end")?;
    Ok(bytes)
}

/// The record stands in comment segments after the JFIF header, one after another where one does not hold it.
fn jpeg(image: &RgbImage, quality: u8, record: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .write_image(image.as_raw(), image.width(), image.height(), ExtendedColorType::Rgb8)
        .context("the pixels")?;
    let header = if bytes.get(2..4) == Some(b"\xff\xe0") {
        4 + usize::from(u16::from_be_bytes([bytes[4], bytes[5]]))
    } else {
        2
    };
    let mut comments = Vec::new();
    for piece in record.as_bytes().chunks(JPEG_SEGMENT_MAX) {
        comments.extend_from_slice(b"\xff\xfe");
        comments.extend_from_slice(&u16::try_from(piece.len() + 2)?.to_be_bytes());
        comments.extend_from_slice(piece);
    }
    bytes.splice(header..header, comments);
    Ok(bytes)
}

/// The encoder is lossless; quality works as in libwebp's near-lossless mode, by coarser levels before it. The record
/// is the EXIF image description.
fn webp(image: &RgbImage, quality: u8, record: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = WebPEncoder::new_lossless(&mut bytes);
    encoder.set_exif_metadata(exif(record)?).context("the record")?;
    encoder
        .write_image(&coarse(image, quality), image.width(), image.height(), ExtendedColorType::Rgb8)
        .context("the pixels")?;
    Ok(bytes)
}

fn coarse(image: &RgbImage, quality: u8) -> Cow<'_, [u8]> {
    // 1 at quality 100, 34 at quality 1.
    let step = 1 + u32::from(100 - quality.min(100)) / 3;
    // Qualities of one step differ by where the levels lie.
    let shift = u32::from(100 - quality.min(100)) % 3;
    if step == 1 && shift == 0 {
        return Cow::Borrowed(image.as_raw());
    }
    let near = |value: &u8| {
        let value = u32::from(*value) + shift;
        ((value / step * step + step / 2).min(255)) as u8
    };
    Cow::Owned(image.as_raw().iter().map(near).collect())
}

/// A TIFF of one entry: ImageDescription (0x010E), ASCII.
fn exif(record: &str) -> Result<Vec<u8>> {
    let length = u32::try_from(record.len() + 1)?;
    let mut tiff = b"II*\0\x08\0\0\0\x01\0\x0e\x01\x02\0".to_vec();
    tiff.extend_from_slice(&length.to_le_bytes());
    // The value begins after the header (8), the count (2), the entry (12) and the offset of the next directory (4).
    tiff.extend_from_slice(&26u32.to_le_bytes());
    tiff.extend_from_slice(&0u32.to_le_bytes());
    tiff.extend_from_slice(record.as_bytes());
    tiff.push(0);
    Ok(tiff)
}
