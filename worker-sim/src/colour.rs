//! Colour profiles of input images: what comes in is sRGB afterwards.

use contracts::WarningCode;
use image::{ColorType, DynamicImage, RgbImage};
use moxcms::{CmsError, ColorProfile, DataColorSpace, Layout, TransformOptions};

/// Further than this from sRGB, in 255ths, a profile changes what one sees: profiles named sRGB differ by 1.
const TOLERANCE: u8 = 1;
/// Samples along each side of the cube of colours.
const SAMPLES: u8 = 9;

/// Converts a picture to sRGB by its profile; returns the code and the message of a warning.
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
        Err(err) => {
            (picture, Some((WarningCode::ColourProfileIgnored, format!("the image's colour profile {err}"))))
        }
    }
}

/// Why a profile is not used, as the end of a sentence about it.
#[derive(Debug, thiserror::Error)]
enum ProfileError {
    #[error("cannot be read: {0}")]
    Unreadable(CmsError),
    #[error("is for {profile:?}, and the picture is {picture:?}")]
    OtherSpace { profile: DataColorSpace, picture: ColorType },
    #[error("cannot be applied: {0}")]
    Unusable(CmsError),
    #[error("gives another number of pixels")]
    OtherSize,
}

/// The picture in sRGB; none where its profile means sRGB. Else why the profile is not used.
fn convert(picture: &DynamicImage, profile: &[u8]) -> Result<Option<DynamicImage>, ProfileError> {
    let profile = ColorProfile::new_from_slice(profile).map_err(ProfileError::Unreadable)?;
    let is_colour = picture.color().has_color();
    let (layout, pixels) = match profile.color_space {
        DataColorSpace::Rgb if is_colour => (Layout::Rgb, picture.to_rgb8().into_raw()),
        DataColorSpace::Gray if !is_colour => (Layout::Gray, picture.to_luma8().into_raw()),
        space => return Err(ProfileError::OtherSpace { profile: space, picture: picture.color() }),
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
    Ok(Some(converted.ok_or(ProfileError::OtherSize)?.into()))
}

fn apply(profile: &ColorProfile, layout: Layout, pixels: &[u8]) -> Result<Vec<u8>, ProfileError> {
    let transform = profile
        .create_transform_8bit(layout, &ColorProfile::new_srgb(), Layout::Rgb, TransformOptions::default())
        .map_err(ProfileError::Unusable)?;
    let channels = if layout == Layout::Gray { 1 } else { 3 };
    let mut converted = vec![0; pixels.len() / channels * 3];
    transform.transform(pixels, &mut converted).map_err(ProfileError::Unusable)?;
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
