//! Metamorphic effects: each field changes the picture or the file as the contract describes, and no other field does.
//!
//! At most 60 jobs of 64×64; the base job is drawn once and compared with every other. `changes` has the fields that are
//! changed alone, `relations` what holds between two jobs, `spelt` has other names of the same fields, `probed` compares the schema with all probes, and the scenarios here change several fields.

mod changes;
mod lists;
mod probed;
mod relations;
mod several;
mod spelt;

use contracts::{Action, limits::CHOSEN_SEED_MAX};
use serde_json::{Value, json};

use crate::{
    case::with,
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::{Context, alpha_mask_url, picture_url},
    display,
    exchange::{Command, StrictReading},
    member,
    options::Options,
    picture::{Picture, difference},
    scenario::{Checks, Scenario},
    sentence::Sentence,
};

pub(super) fn scenarios() -> Vec<Scenario> {
    let own = own_probes();
    let by_hand: Vec<&str> = own.iter().flat_map(|probe| probe.leaves).copied().collect();
    let mut scenarios =
        vec![changes::scenario(), relations::scenario(), spelt::scenario(), probed::every_leaf(&by_hand)];
    scenarios.extend(probed::generated(&by_hand));
    scenarios.extend(own.into_iter().map(|probe| probe.scenario));
    scenarios
}

/// The generated checks and the faults that name a leaf of another dictionary.
#[cfg(test)]
pub(super) fn what_names(dictionary: &'static contracts::dictionary::Dictionary) -> Vec<String> {
    let own = own_probes();
    let by_hand: Vec<&str> = own.iter().flat_map(|probe| probe.leaves).copied().collect();
    probed::what_names(&contracts::leaves::leaves_of(dictionary), &by_hand)
}

/// A scenario, and the leaves of the prompt submission that it probes.
struct Probe {
    scenario: Scenario,
    leaves: &'static [&'static str],
}

/// The probes that need more than one field changed alone.
fn own_probes() -> Vec<Probe> {
    let probe = |scenario, leaves| Probe { scenario, leaves };
    vec![
        probe(mask_channel(), &["/conditioning/mask_channel"]),
        probe(repeat(), &[]),
        probe(strength(), &["/hyperparameters/strength"]),
        probe(size(), &["/hyperparameters/dimensions/width", "/hyperparameters/dimensions/height"]),
        probe(formats(), &["/postprocessing/output_format", "/postprocessing/quality"]),
        probe(batch(), &["/hyperparameters/batch_size"]),
        probe(lists::inversions(), &["/conditioning/textual_inversions/*/token"]),
        probe(lists::references(), &["/conditioning/reference_images"]),
        probe(chosen_seed(), &[]),
        probe(upscaler(), &["/postprocessing/upscaler", "/postprocessing/upscale_factor"]),
    ]
}

/// A job's result and its first picture.
struct Drawn {
    result: Value,
    pictures: Vec<Picture>,
    reading: StrictReading,
}

fn base(options: &Options) -> Value {
    with(options.small_submission(), "/scheduler/steps", 4.into())
}

fn draw(context: &mut Context, submission: Value) -> Result<Drawn, ScenarioEnd> {
    let id = context.fresh_id();
    let reading =
        context.ask(&Command::new(Action::GenerateSdxl, json!({"prompt_submission": submission})).id(id))?;
    let result = reading.data().map_err(|why| ScenarioEnd::Broken(format!("generate_sdxl: {why}")))?.clone();
    let details = member::list(&result, "/image_details")?;
    let pictures =
        details.iter().map(|detail| Picture::open(context, detail)).collect::<Result<Vec<_>, _>>()?;
    if pictures.is_empty() {
        return Err(ScenarioEnd::Broken("success without a picture".to_owned()));
    }
    Ok(Drawn { result, pictures, reading })
}

/// By how much two pictures differ in their most different channel; pictures of two sizes can not be compared.
fn distance(differs: Option<u8>) -> String {
    differs.map_or_else(|| "more than can be told: two sizes,".to_owned(), |most| most.to_string())
}

fn repeat() -> Scenario {
    let checks = vec![
        CheckDef::new("same-pixels", Class::Effect, Sentence::SameRequestSamePixels),
        CheckDef::new("own-file", Class::Asset, Sentence::FilesNeverOverwritten),
        CheckDef::new("absolute", Class::Asset, Sentence::ImagePaths),
        CheckDef::new("measured", Class::Unit, Sentence::GenerationTimeParts),
        CheckDef::new("no-part", Class::Effect, Sentence::FeaturesUsed),
        CheckDef::new("id-again", Class::Asset, Sentence::FilesNeverOverwritten),
    ];
    Scenario::new("effects.repeat", checks, |context, checks| {
        let one = draw(context, base(&context.options))?;
        let two = draw(context, base(&context.options))?;
        let differs = difference(&one.pictures[0], &two.pictures[0]);
        checks.hold("same-pixels", differs.is_some_and(|most| most <= 1), || {
            format!("they differ by {} of 255", distance(differs))
        });
        checks.hold("own-file", one.result["images"] != two.result["images"], || {
            format!("both wrote {}", one.result["images"])
        });
        let paths = member::list(&one.result, "/images")?;
        checks.hold(
            "absolute",
            !paths.is_empty()
                && paths.iter().all(|path| path.as_str().is_some_and(|path| path.starts_with('/'))),
            || display::json(&paths),
        );
        id_again(context, checks)?;
        let seconds = |name: &str| member::number(&one.result, name);
        let (whole, before, after) = (
            seconds("/generation_time_seconds")?,
            seconds("/preprocessing_time_seconds")?,
            seconds("/postprocessing_time_seconds")?,
        );
        checks.hold("measured", whole > 0.0 && before + after <= whole + 1e-3, || {
            format!("generation {whole}, preprocessing {before}, postprocessing {after}")
        });
        let used = member::object(&one.result, "/features_used")?;
        let wrong: Vec<_> =
            used.iter().filter(|(_, used)| **used != false).map(|(name, _)| name.clone()).collect();
        checks.hold("no-part", wrong.is_empty() && !used.is_empty(), || {
            format!("{} took no part; features_used has {} keys", display::json(&wrong), used.len())
        });
        Ok(())
    })
}

/// The id of an ended job may be used again; the file of the first stays as its reply told.
fn id_again(context: &mut Context, checks: &mut Checks<'_>) -> Result<(), ScenarioEnd> {
    let id = context.fresh_id();
    let mut results = Vec::new();
    for prompt in ["a lighthouse", "a red car"] {
        let document = with(base(&context.options), "/conditioning/prompt", prompt.into());
        let command = Command::new(Action::GenerateSdxl, json!({"prompt_submission": document})).id(&id);
        let reading = context.ask(&command)?;
        results
            .push(reading.data().map_err(|why| ScenarioEnd::Broken(format!("the id again: {why}")))?.clone());
    }
    let paths = [&results[0]["images"], &results[1]["images"]];
    checks.hold("id-again", paths[0] != paths[1], || format!("two jobs of one id wrote {}", paths[0]));
    // Its size and hash are still those that the reply told.
    match Picture::open(context, &results[0]["image_details"][0]) {
        Ok(_) => Ok(()),
        Err(ScenarioEnd::Broken(why)) => {
            checks.decide("id-again", Err(why));
            Ok(())
        }
        Err(end) => Err(end),
    }
}

fn strength() -> Scenario {
    let proves = Sentence::FieldStrength;
    Scenario::new(
        "effects.strength",
        vec![CheckDef::new("changes", Class::Effect, proves)],
        |context, checks| {
            context.need_feature("img2img")?;
            let with_image = with(base(&context.options), "/conditioning/init_image", picture_url(60).into());
            let weak = draw(context, with(with_image.clone(), "/hyperparameters/strength", 0.5.into()))?;
            let strong = draw(context, with(with_image, "/hyperparameters/strength", 1.0.into()))?;
            let differs = difference(&weak.pictures[0], &strong.pictures[0]);
            checks.hold("changes", differs.is_some_and(|most| most > 0), || {
                format!("the pictures differ by {} of 255", distance(differs))
            });
            Ok(())
        },
    )
}

fn mask_channel() -> Scenario {
    let checks = vec![
        CheckDef::new("alpha", Class::Effect, Sentence::MaskAlpha),
        CheckDef::new("alpha-inverted", Class::Effect, Sentence::MaskAlphaInverted),
        CheckDef::new("luminance", Class::Asset, Sentence::MaskOfOneColour),
        CheckDef::new("no-alpha", Class::Asset, Sentence::MaskWithoutAlpha),
        CheckDef::new("no-mask", Class::Effect, Sentence::MaskChannelWithoutMask),
    ];
    Scenario::new("effects.mask-channel", checks, |context, checks| {
        context.need_feature("inpaint")?;
        let masked = |context: &Context, mask: String, channel: Option<&str>| {
            let image = with(base(&context.options), "/conditioning/init_image", picture_url(60).into());
            let document = with(image, "/conditioning/inpaint_mask", mask.into());
            match channel {
                Some(channel) => with(document, "/conditioning/mask_channel", channel.into()),
                None => document,
            }
        };
        let opaque = draw(context, masked(context, alpha_mask_url(), Some("alpha")))?;
        let clear = draw(context, masked(context, alpha_mask_url(), Some("alpha_inverted")))?;
        for (id, drawn) in [("alpha", &opaque), ("alpha-inverted", &clear)] {
            checks.hold(id, drawn.result["features_used"]["inpaint"] == true, || {
                format!("features_used {}", drawn.result["features_used"])
            });
        }
        let differs = difference(&opaque.pictures[0], &clear.pictures[0]);
        checks.hold("alpha", differs.is_some_and(|most| most > 1), || {
            "alpha and alpha_inverted paint the same picture".to_owned()
        });
        for (id, mask, channel) in
            [("luminance", alpha_mask_url(), None), ("no-alpha", picture_url(220), Some("alpha"))]
        {
            let submission = masked(context, mask, channel);
            let request_id = context.fresh_id();
            let command = Command::new(Action::GenerateSdxl, json!({"prompt_submission": submission}));
            let code = context.ask(&command.id(request_id))?.code();
            checks.hold(id, code == Ok("image_invalid"), || {
                format!("its code is {code}", code = display::json(&code))
            });
        }
        let unmasked =
            draw(context, with(base(&context.options), "/conditioning/mask_channel", "alpha".into()))?;
        checks.hold("no-mask", unmasked.reading.warnings().contains(&"no_effect"), || {
            format!("its warnings are {}", display::json(&unmasked.reading.warnings()))
        });
        Ok(())
    })
}

fn size() -> Scenario {
    Scenario::new(
        "effects.size",
        vec![CheckDef::new("file", Class::Effect, Sentence::FieldDimensions)],
        |context, checks| {
            let drawn = draw(
                context,
                with(
                    base(&context.options),
                    "/hyperparameters/dimensions",
                    json!({"width": 128, "height": 64}),
                ),
            )?;
            checks.hold("file", drawn.pictures[0].size() == (128, 64), || {
                format!("the file is {}", display::json(&drawn.pictures[0].size()))
            });
            Ok(())
        },
    )
}

fn formats() -> Scenario {
    let formats = ["jpeg", "webp"];
    let mut checks: Vec<CheckDef> = formats
        .iter()
        .map(|format| CheckDef::new(*format, Class::Effect, Sentence::FieldOutputFormat))
        .collect();
    checks.push(CheckDef::new("quality", Class::Effect, Sentence::FieldQuality));
    checks.push(CheckDef::new("record", Class::Asset, Sentence::PictureRecord));
    Scenario::new("effects.formats", checks, move |context, checks| {
        let offered = context.capabilities()?["supported_formats"].clone();
        for format in formats {
            if !offered.as_array().is_some_and(|list| list.iter().any(|item| item == format)) {
                checks.skip(format, format!("the target does not advertise {format}"));
                continue;
            }
            let drawn =
                draw(context, with(base(&context.options), "/postprocessing/output_format", format.into()))?;
            checks.hold(format, drawn.pictures[0].format == format, || {
                format!("the file is {}", drawn.pictures[0].format)
            });
            let prompt = base(&context.options)["conditioning"]["prompt"].as_str().map(str::to_owned);
            let has_record = prompt.is_some_and(|prompt| drawn.pictures[0].has_text(&prompt));
            checks.hold("record", has_record, || format!("no prompt stands in the {format} file"));
            if format == "jpeg" {
                let coarse = with(
                    with(base(&context.options), "/postprocessing/output_format", format.into()),
                    "/postprocessing/quality",
                    5.into(),
                );
                let coarse = draw(context, coarse)?;
                checks.hold("quality", coarse.pictures[0].bytes < drawn.pictures[0].bytes, || {
                    format!("{} bytes at 5, {} at 95", coarse.pictures[0].bytes, drawn.pictures[0].bytes)
                });
            }
        }
        Ok(())
    })
}

fn batch() -> Scenario {
    let checks = vec![
        CheckDef::new("count", Class::Effect, Sentence::FieldBatchSize),
        CheckDef::new("seeds", Class::Effect, Sentence::BatchSeeds),
        CheckDef::new("single", Class::Effect, Sentence::BatchItemIsSingleRun),
    ];
    Scenario::new("effects.batch", checks, |context, checks| {
        let drawn = draw(context, with(base(&context.options), "/hyperparameters/batch_size", 2.into()))?;
        checks.hold(
            "count",
            drawn.pictures.len() == 2 && drawn.result["images"].as_array().map(Vec::len) == Some(2),
            || format!("{} pictures", drawn.pictures.len()),
        );
        let seeds: Vec<_> = drawn.result["image_details"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|detail| detail["seed"].clone())
            .collect();
        checks.hold("seeds", seeds == [7, 8] && drawn.result["seed_used"] == 7, || {
            format!("of image_details {}, seed_used {}", display::json(&seeds), drawn.result["seed_used"])
        });
        let single = draw(context, with(base(&context.options), "/hyperparameters/seed", 8.into()))?;
        let differs = drawn.pictures.get(1).and_then(|second| difference(second, &single.pictures[0]));
        checks.hold("single", differs.is_some_and(|most| most <= 1), || {
            format!("they differ by {} of 255", distance(differs))
        });
        Ok(())
    })
}

fn chosen_seed() -> Scenario {
    let checks = vec![
        CheckDef::new("range", Class::Type, Sentence::ChosenSeedRange),
        CheckDef::new("replays", Class::Effect, Sentence::ChosenSeedIsTold),
    ];
    Scenario::new("effects.chosen-seed", checks, |context, checks| {
        let drawn = draw(context, with(base(&context.options), "/hyperparameters/seed", (-1).into()))?;
        let seed = drawn.result["seed_used"].clone();
        checks.hold("range", seed.as_u64().is_some_and(|seed| seed <= CHOSEN_SEED_MAX), || {
            format!("seed_used is {seed}")
        });
        let again = draw(context, with(base(&context.options), "/hyperparameters/seed", seed))?;
        let differs = difference(&drawn.pictures[0], &again.pictures[0]);
        checks.hold("replays", differs.is_some_and(|most| most <= 1), || {
            format!("they differ by {} of 255", distance(differs))
        });
        Ok(())
    })
}

fn upscaler() -> Scenario {
    Scenario::new(
        "effects.upscaler",
        vec![CheckDef::new("size", Class::Effect, Sentence::FieldUpscaler)],
        |context, checks: &mut Checks<'_>| {
            context.need_feature("upscaler")?;
            let document = with(
                with(base(&context.options), "/postprocessing/upscaler", "Lanczos".into()),
                "/postprocessing/upscale_factor",
                2.into(),
            );
            let drawn = draw(context, document)?;
            checks.hold(
                "size",
                drawn.pictures[0].size() == (128, 128) && drawn.result["features_used"]["upscaler"] == true,
                || {
                    format!(
                        "the file is {}; features_used {}",
                        display::json(&drawn.pictures[0].size()),
                        drawn.result["features_used"]
                    )
                },
            );
            Ok(())
        },
    )
}
