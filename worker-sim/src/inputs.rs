//! Images that a request refers to: paths under the input roots and `data:` URLs, checked and decoded.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use contracts::{
    ErrorCode, Failure, bare_base64, hex,
    limits::{IMAGE_BYTES_MAX, IMAGE_CHECKED_PIXELS_MAX, IMAGE_PIXELS_MAX, IMAGE_SIDE_MAX},
    shorten,
};
use image::{
    DynamicImage, GrayImage, ImageDecoder, ImageError, ImageFormat, ImageReader, ImageResult, Limits, Luma,
    RgbImage, RgbaImage,
    codecs::{jpeg::JpegDecoder, png::PngDecoder, webp::WebPDecoder},
    error::{DecodingError, ImageFormatHint},
    imageops::{FilterType, resize},
};
use nix::fcntl::OFlag;
use sha2::{Digest as _, Sha256};
use std::{
    fmt::Display,
    fs::File,
    io::{self, BufRead, BufReader, Cursor, Read as _, Seek},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use crate::roots::Roots;

/// Longest colour profile after it is inflated, bytes.
const PROFILE_BYTES_MAX: u64 = 4 << 20;
/// Length of the signature before the chunks of a PNG.
const PNG_SIGNATURE_BYTES: usize = 8;

/// The meaning of an image reference.
enum Source {
    /// It was inside the request.
    Bytes(Vec<u8>),
    /// A file under a root.
    File(PathBuf),
}

/// The bytes of an image reference.
pub(crate) fn bytes(roots: &Roots, reference: &str) -> Result<Vec<u8>, Failure> {
    match source(roots, reference)? {
        Source::Bytes(bytes) => Ok(bytes),
        Source::File(path) => file(&path).map_err(|what| invalid(format!("{} {what}", shorten(reference)))),
    }
}

/// Checks the picture of an image reference as a job will find it. Of one that takes long to decode only the header is read.
pub(crate) fn inspect(roots: &Roots, reference: &str) -> Result<(), Failure> {
    match source(roots, reference)? {
        Source::Bytes(bytes) => inspect_bytes(&bytes),
        Source::File(path) => {
            let refused = |what: FileError| invalid(format!("{} {what}", shorten(reference)));
            if check_from(BufReader::new(open(&path).map_err(refused)?))? > IMAGE_CHECKED_PIXELS_MAX {
                return Ok(());
            }
            inspect_bytes(&file(&path).map_err(refused)?)
        }
    }
}

fn inspect_bytes(bytes: &[u8]) -> Result<(), Failure> {
    if check(bytes)? <= IMAGE_CHECKED_PIXELS_MAX {
        decode(bytes)?;
    }
    Ok(())
}

fn source(roots: &Roots, reference: &str) -> Result<Source, Failure> {
    if let Some(id) = reference.strip_prefix("upload:") {
        // A gateway passes on the references of a check as they are, where it has no such upload.
        let message = format!("no upload {} is known here: a gateway keeps uploads, for a time", shorten(id));
        let failure = Failure::new(ErrorCode::UploadNotFound, message);
        return Err(failure.hint("upload it again, or send a path or a data: URL"));
    }
    if reference.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("data:")) {
        return data_url(reference).map(Source::Bytes);
    }
    if reference.contains("://") {
        return Err(invalid("a worker fetches no URLs").hint("send a path or a data: URL"));
    }
    if let Some(failure) = bare_base64(reference) {
        return Err(failure);
    }
    let absent = || invalid(format!("no file at {}", shorten(reference)));
    let path = roots.input(reference)?.ok_or_else(|| absent().hint("see the allowed input roots"))?;
    Ok(Source::File(path))
}

/// The bytes of a picture's file, or the reason why it is refused.
pub(crate) fn file(path: &Path) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    // It may grow while it is read.
    let read = open(path)?.take(IMAGE_BYTES_MAX + 1).read_to_end(&mut bytes);
    read.map_err(FileError::Unreadable)?;
    match bytes.len() as u64 {
        length if length > IMAGE_BYTES_MAX => Err(FileError::TooLarge { bytes: length }),
        _ => Ok(bytes),
    }
}

/// Why a picture's file is refused, as the end of a sentence about it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    #[error("is no regular file")]
    NotRegular,
    #[error("has {bytes} bytes or more, over the limit of {IMAGE_BYTES_MAX}")]
    TooLarge { bytes: u64 },
}

/// A picture's file, or the reason why it is refused. Only a regular file: reading another kind may never end.
fn open(path: &Path) -> Result<File, FileError> {
    // Without this flag, opening a FIFO without a writer blocks.
    let file = File::options()
        .read(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path)
        .map_err(FileError::Unreadable)?;
    let about = file.metadata().map_err(FileError::Unreadable)?;
    if !about.is_file() {
        return Err(FileError::NotRegular);
    }
    if about.len() > IMAGE_BYTES_MAX {
        return Err(FileError::TooLarge { bytes: about.len() });
    }
    Ok(file)
}

fn data_url(reference: &str) -> Result<Vec<u8>, Failure> {
    let (head, body) = reference.split_once(',').unwrap_or((reference, ""));
    let head = head.to_ascii_lowercase();
    if !["png", "jpeg", "jpg", "webp"].iter().any(|kind| head == format!("data:image/{kind};base64")) {
        return Err(invalid("a data: URL must be data:image/png, jpeg or webp in base64"));
    }
    STANDARD.decode(body).map_err(|err| invalid(format!("the data: URL is no base64: {err}")))
}

/// `sha256:<hex>` of an image's bytes.
pub(crate) fn hash(bytes: &[u8]) -> String {
    format!("sha256:{}", sha256(bytes))
}

/// The SHA-256 in lower-case hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Checks the header of a picture: a still PNG, JPEG or WebP of at most 64 megapixels is allowed. Returns its pixels.
pub(crate) fn check(bytes: &[u8]) -> Result<u64, Failure> {
    check_from(Cursor::new(bytes))
}

fn check_from(mut from: impl BufRead + Seek) -> Result<u64, Failure> {
    let format = ImageReader::new(&mut from).with_guessed_format().map_err(unreadable)?.format();
    from.rewind().map_err(unreadable)?;
    let about = match format {
        Some(ImageFormat::Png) => about_png(from),
        Some(ImageFormat::WebP) => {
            WebPDecoder::new(from).map(|webp| (webp.has_animation(), webp.dimensions()))
        }
        Some(ImageFormat::Jpeg) => JpegDecoder::new(from).map(|jpeg| (false, jpeg.dimensions())),
        _ => return Err(invalid("the image is neither PNG nor JPEG nor WebP")),
    };
    let (moves, (width, height)) = about.map_err(unreadable)?;
    if moves {
        return Err(invalid("the image has several frames").hint("send a still picture"));
    }
    if u64::from(width) * u64::from(height) > IMAGE_PIXELS_MAX {
        let message = format!("the image has {width}x{height} pixels, over the limit of {IMAGE_PIXELS_MAX}");
        return Err(invalid(message));
    }
    if u64::from(width.max(height)) > IMAGE_SIDE_MAX {
        let message = format!("the image of {width}x{height} has a side over the limit of {IMAGE_SIDE_MAX}");
        return Err(invalid(message));
    }
    Ok(u64::from(width) * u64::from(height))
}

/// Whether a PNG has several frames, and its size. Nothing is inflated: a profile or a text of 2 MB may become 2 GB.
fn about_png(from: impl BufRead + Seek) -> ImageResult<(bool, (u32, u32))> {
    let mut decoder = png::Decoder::new(from);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let reader = decoder.read_info().map_err(|err| {
        ImageError::Decoding(DecodingError::new(ImageFormatHint::Exact(ImageFormat::Png), err))
    })?;
    Ok((reader.info().animation_control.is_some(), reader.info().size()))
}

/// The whole picture, its EXIF orientation applied; its colour profile is not.
pub(crate) fn decode(bytes: &[u8]) -> Result<DynamicImage, Failure> {
    decode_with_profile(bytes).map(|(picture, _)| picture)
}

/// The whole picture, its EXIF orientation applied, and its colour profile: an empty one where it cannot be inflated.
pub(crate) fn decode_with_profile(bytes: &[u8]) -> Result<(DynamicImage, Option<Vec<u8>>), Failure> {
    check(bytes)?;
    require_whole(bytes)?;
    let mut decoder = decoder(bytes).map_err(unreadable)?;
    let orientation = decoder.orientation().map_err(unreadable)?;
    let profile = decoder.icc_profile().map_err(unreadable)?;
    let profile = profile.or_else(|| has_png_profile(bytes).then(Vec::new));
    let mut picture = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
    picture.apply_orientation(orientation);
    Ok((picture, profile))
}

/// A download that stopped: the decoders fill in what a JPEG lacks, and do not compare a WebP with its length.
fn require_whole(bytes: &[u8]) -> Result<(), Failure> {
    let is_whole = match image::guess_format(bytes) {
        Ok(ImageFormat::Jpeg) => ends_as_jpeg(bytes),
        Ok(ImageFormat::WebP) => {
            let length = bytes.get(4..8).and_then(|length| length.try_into().ok()).map(u32::from_le_bytes);
            length.is_some_and(|length| u64::from(length) + 8 <= bytes.len() as u64)
        }
        _ => true,
    };
    if is_whole { Ok(()) } else { Err(invalid("the image file is truncated")) }
}

/// Whether a JPEG has its end marker (EOI), after which anything may follow.
fn ends_as_jpeg(bytes: &[u8]) -> bool {
    const SOI: u8 = 0xD8;
    const EOI: u8 = 0xD9;
    let mut rest = bytes;
    // In the data of a scan a byte of 0xFF is stuffed with 0, fills, or begins a restart marker (RST).
    while let Some(at) = rest.windows(2).position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xFF)) {
        let marker = rest[at + 1];
        rest = &rest[at + 2..];
        match marker {
            EOI => return true,
            0x01 | 0xD0..=0xD7 | SOI => {}
            // A segment, the head of a scan too: its length counts its own two bytes. A thumbnail's end lies in one.
            _ => {
                let Some((length, _)) = rest.split_first_chunk::<2>() else { return false };
                rest = rest.get(usize::from(u16::from_be_bytes(*length))..).unwrap_or_default();
            }
        }
    }
    false
}

/// What decodes a picture. Our own limit, on pixels, was checked before.
fn decoder(bytes: &[u8]) -> ImageResult<Box<dyn ImageDecoder + '_>> {
    let format = image::guess_format(bytes)?;
    if format == ImageFormat::Png {
        let mut limits = Limits::no_limits();
        // The decoder counts its buffer, up to twice the largest chunk, and each text that it keeps. A profile that is
        // larger than what is left is left out.
        limits.max_alloc = Some(3 * bytes.len() as u64 + PROFILE_BYTES_MAX);
        return Ok(Box::new(PngDecoder::with_limits(Cursor::new(bytes), limits)?));
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.no_limits();
    Ok(Box::new(reader.into_decoder()?))
}

/// Whether a picture is a PNG with a colour profile: the decoder does not tell of one that it cannot inflate.
fn has_png_profile(bytes: &[u8]) -> bool {
    if !matches!(image::guess_format(bytes), Ok(ImageFormat::Png)) {
        return false;
    }
    let mut rest = bytes.get(PNG_SIGNATURE_BYTES..).unwrap_or_default();
    while let Some((head, after)) = rest.split_first_chunk::<8>() {
        let [a, b, c, d, name @ ..] = *head;
        match &name {
            b"iCCP" => return true,
            // It stands before the pixels, or counts for nothing.
            b"IDAT" => return false,
            _ => {}
        }
        // A checksum of four bytes follows.
        let length = u32::from_be_bytes([a, b, c, d]) as usize + 4;
        rest = after.get(length..).unwrap_or_default();
    }
    false
}

/// In colour at a size (Lanczos), and the size it had where that differed.
pub(crate) fn colour(picture: &DynamicImage, size: (u32, u32)) -> (RgbImage, Option<(u32, u32)>) {
    let picture = picture.to_rgb8();
    match picture.dimensions() {
        own if own == size => (picture, None),
        own => (resize(&picture, size.0, size.1, FilterType::Lanczos3), Some(own)),
    }
}

/// The channel of a mask that marks the repainted area, by its `mask_channel` name.
///
/// # Errors
/// `image_invalid` for a channel that the mask does not have, and for the luminance of a mask whose alpha has its shape.
pub(crate) fn mask(picture: DynamicImage, channel: &str) -> Result<DynamicImage, Failure> {
    let has_alpha = picture.color().has_alpha();
    if channel == "luminance" {
        if has_alpha && is_one_colour(&picture.to_rgba8()) {
            let message = "the mask has one colour, and its shape in the alpha channel";
            return Err(invalid(message).hint("set mask_channel to alpha or alpha_inverted"));
        }
        return Ok(picture);
    }
    if !has_alpha {
        return Err(invalid(format!("the mask has no alpha channel, which mask_channel {channel} reads"))
            .hint("send a mask with one, or leave mask_channel out"));
    }
    let inverted = channel == "alpha_inverted";
    let pixels = picture.to_rgba8();
    Ok(DynamicImage::ImageLuma8(GrayImage::from_fn(pixels.width(), pixels.height(), |x, y| {
        let alpha = pixels.get_pixel(x, y).0[3];
        Luma([if inverted { 255 - alpha } else { alpha }])
    })))
}

/// Whether only the alpha of a picture varies.
fn is_one_colour(picture: &RgbaImage) -> bool {
    let Some(first) = picture.pixels().next() else { return false };
    picture.pixels().all(|pixel| pixel.0[..3] == first.0[..3])
        && picture.pixels().any(|pixel| pixel.0[3] != first.0[3])
}

/// In grey at a size, and the size it had where that differed. `filter`: masks are resized by the nearest pixel.
pub(crate) fn grey(
    picture: &DynamicImage,
    size: (u32, u32),
    filter: FilterType,
) -> (GrayImage, Option<(u32, u32)>) {
    let picture = picture.to_luma8();
    match picture.dimensions() {
        own if own == size => (picture, None),
        own => (resize(&picture, size.0, size.1, filter), Some(own)),
    }
}

fn invalid(message: impl Into<String>) -> Failure {
    Failure::new(ErrorCode::ImageInvalid, message)
}

fn unreadable(err: impl Display) -> Failure {
    invalid(format!("the image cannot be read: {err}"))
}
