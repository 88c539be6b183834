//! Generated from schemas/warnings.json by cargo xtask codegen; edit the schema instead.
//!
//! The codes of warnings.

use std::fmt;
use std::str::FromStr;

/// A code of `schemas/warnings.json`; on the wire its snake name.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
pub enum WarningCode {
    /// A name or an enum value was read in another spelling than the canonical one.
    #[serde(rename = "accepted_spelling")]
    AcceptedSpelling,
    /// A property is given twice, with equal values.
    #[serde(rename = "duplicate_equal")]
    DuplicateEqual,
    /// A value was set where it can take no effect.
    #[serde(rename = "no_effect")]
    NoEffect,
    /// An image had another size than the job and was resized.
    #[serde(rename = "image_resized")]
    ImageResized,
    /// An image had a colour profile other than sRGB and was converted to sRGB.
    #[serde(rename = "colour_converted")]
    ColourConverted,
    /// An image has a colour profile that cannot be used; its values were taken as sRGB.
    #[serde(rename = "colour_profile_ignored")]
    ColourProfileIgnored,
    /// The memory was too small to decode the picture whole. It was decoded in tiles, whose colours may differ a little.
    #[serde(rename = "decoded_in_tiles")]
    DecodedInTiles,
    /// A model's files hold weights of no part of the model; they are not used.
    #[serde(rename = "weights_unused")]
    WeightsUnused,
    /// The safety checker blackened a picture.
    #[serde(rename = "image_flagged")]
    ImageFlagged,
    /// Another model was evicted to load one for this job.
    #[serde(rename = "model_swapped")]
    ModelSwapped,
    /// `gpu_N` was read as `cuda:N`.
    #[serde(rename = "device_alias")]
    DeviceAlias,
    /// A LoRA or ControlNet of weight 0 is not used.
    #[serde(rename = "weight_zero")]
    WeightZero,
    /// A worker's reply has a member that the schema does not know; it was passed on.
    #[serde(rename = "unknown_member")]
    UnknownMember,
    /// The worker of a GPU, or its driver, gave no answer. The reply is about the others, or lacks what only that one knows; the message names the GPU and the reason.
    #[serde(rename = "gpu_left_out")]
    GpuLeftOut,
}

impl WarningCode {
    /// Every code, in the order of the table.
    pub const ALL: [Self; 14usize] = [
        Self::AcceptedSpelling,
        Self::DuplicateEqual,
        Self::NoEffect,
        Self::ImageResized,
        Self::ColourConverted,
        Self::ColourProfileIgnored,
        Self::DecodedInTiles,
        Self::WeightsUnused,
        Self::ImageFlagged,
        Self::ModelSwapped,
        Self::DeviceAlias,
        Self::WeightZero,
        Self::UnknownMember,
        Self::GpuLeftOut,
    ];
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AcceptedSpelling => "accepted_spelling",
            Self::DuplicateEqual => "duplicate_equal",
            Self::NoEffect => "no_effect",
            Self::ImageResized => "image_resized",
            Self::ColourConverted => "colour_converted",
            Self::ColourProfileIgnored => "colour_profile_ignored",
            Self::DecodedInTiles => "decoded_in_tiles",
            Self::WeightsUnused => "weights_unused",
            Self::ImageFlagged => "image_flagged",
            Self::ModelSwapped => "model_swapped",
            Self::DeviceAlias => "device_alias",
            Self::WeightZero => "weight_zero",
            Self::UnknownMember => "unknown_member",
            Self::GpuLeftOut => "gpu_left_out",
        }
    }

    /// Its meaning.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::AcceptedSpelling => {
                "A name or an enum value was read in another spelling than the canonical one."
            }
            Self::DuplicateEqual => "A property is given twice, with equal values.",
            Self::NoEffect => "A value was set where it can take no effect.",
            Self::ImageResized => "An image had another size than the job and was resized.",
            Self::ColourConverted => {
                "An image had a colour profile other than sRGB and was converted to sRGB."
            }
            Self::ColourProfileIgnored => {
                "An image has a colour profile that cannot be used; its values were taken as sRGB."
            }
            Self::DecodedInTiles => {
                "The memory was too small to decode the picture whole. It was decoded in tiles, whose colours may differ a little."
            }
            Self::WeightsUnused => "A model's files hold weights of no part of the model; they are not used.",
            Self::ImageFlagged => "The safety checker blackened a picture.",
            Self::ModelSwapped => "Another model was evicted to load one for this job.",
            Self::DeviceAlias => "`gpu_N` was read as `cuda:N`.",
            Self::WeightZero => "A LoRA or ControlNet of weight 0 is not used.",
            Self::UnknownMember => {
                "A worker's reply has a member that the schema does not know; it was passed on."
            }
            Self::GpuLeftOut => {
                "The worker of a GPU, or its driver, gave no answer. The reply is about the others, or lacks what only that one knows; the message names the GPU and the reason."
            }
        }
    }
}

impl fmt::Display for WarningCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A text that is not a code of the table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no code of schemas/warnings.json")]
pub struct ParseWarningCodeError(pub String);
impl FromStr for WarningCode {
    type Err = ParseWarningCodeError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|code| code.as_str() == text)
            .ok_or_else(|| ParseWarningCodeError(text.to_owned()))
    }
}
