//! The account of a prompt submission: every leaf of the schema acts on what its `x-effect` names.
//!
//! Leaves of [`MEANT`] have a meaning of their own in `picture`, `cost`, `check` or `worker`. All others, those of a
//! later schema among them, act without one: on the pixels (`picture::paint`), on the time of a step (`cost`), on the
//! record and so on the file (`picture::record`); an unknown place is refused (`check`). So no leaf is ignored.

use contracts::{
    dictionary::Effect,
    leaves::{Leaf, Set, leaves, set_among},
};
use serde_json::Value;
use std::sync::LazyLock;

/// The leaves with a meaning of their own.
const MEANT: &[&str] = &[
    "/model/base",
    "/model/refiner",
    "/model/vae",
    "/model/tokenizer",
    "/model/text_encoder",
    "/model/text_encoder_2",
    "/scheduler/type",
    "/scheduler/steps",
    "/scheduler/karras_sigmas",
    "/scheduler/timestep_spacing",
    "/hyperparameters/guidance_scale",
    "/hyperparameters/seed",
    "/hyperparameters/dimensions/width",
    "/hyperparameters/dimensions/height",
    "/hyperparameters/batch_size",
    "/hyperparameters/strength",
    "/hyperparameters/refiner_start",
    "/hyperparameters/prompt_weighting",
    "/conditioning/prompt",
    "/conditioning/prompt_2",
    "/conditioning/negative_prompt",
    "/conditioning/negative_prompt_2",
    "/conditioning/clip_skip",
    "/conditioning/loras/*/name",
    "/conditioning/loras/*/weight",
    "/conditioning/control_nets/*/type",
    "/conditioning/control_nets/*/image",
    "/conditioning/control_nets/*/model",
    "/conditioning/control_nets/*/weight",
    "/conditioning/control_nets/*/guidance_start",
    "/conditioning/control_nets/*/guidance_end",
    "/conditioning/control_nets/*/preprocess",
    "/conditioning/textual_inversions/*/path",
    "/conditioning/textual_inversions/*/token",
    "/conditioning/init_image",
    "/conditioning/inpaint_mask",
    "/conditioning/mask_channel",
    "/conditioning/mask_blur",
    "/conditioning/reference_images",
    "/performance/device",
    "/performance/dtype",
    "/performance/optimizations",
    "/postprocessing/safety_checker",
    "/postprocessing/upscaler",
    "/postprocessing/upscale_factor",
    "/postprocessing/output_format",
    "/postprocessing/quality",
    "/postprocessing/auto_contrast",
    "/metadata/priority",
    "/metadata/timeout_seconds",
    "/metadata/tags",
];

/// The leaves of an effective submission that are not at their defaults and have no meaning of their own.
pub(crate) fn unmeant(effective: &Value) -> impl Iterator<Item = Set<'_>> {
    // Chosen once: a job asks five times, and there is seldom any.
    static UNMEANT: LazyLock<Vec<&'static Leaf>> = LazyLock::new(|| without(MEANT));
    set_among(UNMEANT.iter().copied(), effective).into_iter()
}

/// Those of them that act on one thing.
pub(crate) fn unmeant_of(effective: &Value, effect: Effect) -> impl Iterator<Item = Set<'_>> {
    unmeant(effective).filter(move |set| set.leaf.effect == effect)
}

/// The leaves that are not among these.
fn without(meant: &[&str]) -> Vec<&'static Leaf> {
    leaves().iter().filter(|leaf| !meant.contains(&leaf.pointer.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use contracts::{
        DeviceKind, effective,
        leaves::{leaves, set_among},
    };
    use serde_json::{Value, json};

    use super::{MEANT, without};

    fn unmeant(meant: &'static [&'static str], submission: &Value) -> Vec<(String, Value)> {
        let whole = effective(submission, DeviceKind::Gpu);
        set_among(without(meant), &whole).into_iter().map(|set| (set.pointer, set.value.clone())).collect()
    }

    #[test]
    fn a_meaning_belongs_to_a_leaf_of_the_schema() {
        for pointer in MEANT {
            assert!(leaves().iter().any(|leaf| leaf.pointer == *pointer), "{pointer} is no leaf");
        }
    }

    #[test]
    fn what_is_set_and_has_no_meaning_is_found_with_its_place() {
        let submission = json!({
            "model": {"base": "sdxl_base"},
            "scheduler": {"steps": 30, "karras_sigmas": true},
            "conditioning": {
                "prompt": "a pier", "negative_prompt": "fog",
                "loras": [{"name": "a", "weight": 1.0}, {"name": "b", "weight": 0.5}],
            },
            "hyperparameters": {"guidance_scale": 1.0, "strength": 0.5},
        });
        let found =
            unmeant(&["/model/base", "/conditioning/prompt", "/conditioning/loras/*/name"], &submission);
        // Defaults, whichever number they are written as, and what can take no effect are left out.
        let expected = [
            ("/scheduler/karras_sigmas".to_owned(), json!(true)),
            ("/hyperparameters/guidance_scale".to_owned(), json!(1.0)),
            ("/conditioning/loras/1/weight".to_owned(), json!(0.5)),
        ];
        assert_eq!(found, expected);
        assert_eq!(unmeant(MEANT, &submission), []);
    }
}
