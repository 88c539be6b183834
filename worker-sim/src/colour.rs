//! Colour profiles of input images: what comes in is sRGB afterwards.

use contracts::WarningCode;
use image::{DynamicImage, RgbImage};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

/// Further than this from sRGB, in 255ths, a profile changes what one sees: profiles named sRGB differ by 1.
const TOLERANCE: u8 = 1;
/// Samples along each side of the cube of colours.
const SAMPLES: u8 = 9;

/// Converts a picture to sRGB by its profile; code and message of what is to be warned of.
pub(crate) fn to_srgb(
    picture: DynamicImage,
    profile: Option<Vec<u8>>,
) -> (DynamicImage, Option<(WarningCode, String)>) {
    let Some(profile) = profile else { return (picture, None) };
    match convert(&picture, &profile) {
        Ok(None) => (picture, None),
        Ok(Some(converted)) => {
            let message = "the image was converted to sRGB from its colour profile".to_owned();
            (converted, Some((WarningCode::ColourConverted, message)))
        }
        Err(what) => {
            (picture, Some((WarningCode::ColourProfileIgnored, format!("the image's colour profile {what}"))))
        }
    }
}

/// The picture in sRGB; none where its profile means sRGB. Else why the profile is not used.
fn convert(picture: &DynamicImage, profile: &[u8]) -> Result<Option<DynamicImage>, String> {
    let profile = ColorProfile::new_from_slice(profile).map_err(|err| format!("cannot be read: {err}"))?;
    let is_colour = picture.color().has_color();
    let (layout, pixels) = match profile.color_space {
        DataColorSpace::Rgb if is_colour => (Layout::Rgb, picture.to_rgb8().into_raw()),
        DataColorSpace::Gray if !is_colour => (Layout::Gray, picture.to_luma8().into_raw()),
        space => return Err(format!("is for {space:?}, and the picture is {:?}", picture.color())),
    };
    if layout == Layout::Rgb {
        let cube = cube();
        let same = apply(&profile, layout, &cube)?;
        if cube.iter().zip(&same).all(|(before, after)| before.abs_diff(*after) <= TOLERANCE) {
            return Ok(None);
        }
    }
    let converted = apply(&profile, layout, &pixels)?;
    let converted = RgbImage::from_raw(picture.width(), picture.height(), converted);
    Ok(Some(converted.ok_or("gives another number of pixels")?.into()))
}

fn apply(profile: &ColorProfile, layout: Layout, pixels: &[u8]) -> Result<Vec<u8>, String> {
    let cannot = |err: moxcms::CmsError| format!("cannot be applied: {err}");
    let transform = profile
        .create_transform_8bit(layout, &ColorProfile::new_srgb(), Layout::Rgb, TransformOptions::default())
        .map_err(cannot)?;
    let channels = if layout == Layout::Gray { 1 } else { 3 };
    let mut converted = vec![0; pixels.len() / channels * 3];
    transform.transform(pixels, &mut converted).map_err(cannot)?;
    Ok(converted)
}

/// Colours all over the cube.
fn cube() -> Vec<u8> {
    let step = |index: u8| (u16::from(index) * 255 / u16::from(SAMPLES - 1)) as u8;
    let side = || (0..SAMPLES).map(step);
    side()
        .flat_map(|red| side().flat_map(move |green| side().flat_map(move |blue| [red, green, blue])))
        .collect()
}
