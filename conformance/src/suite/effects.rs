//! Metamorphic effects: each field changes the picture or the file as said, and nothing else does.
//!
//! At most 40 jobs of 64×64; the base job is drawn once and compared with every other.

use contracts::{Action, generated::limits::CHOSEN_SEED_MAX};
use serde_json::{Value, json};

use crate::{
    case::with,
    check::{CheckDef, ScenarioEnd},
    class::Class,
    context::{Context, alpha_mask_url, picture_url},
    display,
    exchange::{Command, StrictReading},
    picture::{Picture, difference},
    scenario::{Checks, Scenario},
};

/// What a change does to the picture.
#[derive(Clone, Copy, PartialEq)]
enum Effect {
    /// The pixels are others.
    Changes,
    /// The pixels are equal.
    Keeps,
}

/// One field, changed alone.
struct Change {
    id: &'static str,
    needs: Needs,
    set: fn(Value, &Context) -> Value,
    effect: Effect,
    /// The key of `features_used` that must be true (or false for `Keeps`).
    feature: Option<&'static str>,
    warning: Option<&'static str>,
    proves: &'static str,
}

#[derive(Clone, Copy)]
enum Needs {
    Nothing,
    Feature(&'static str),
    Lora,
    ControlNet,
    Refiner,
    Vae,
}

const fn change(
    id: &'static str,
    effect: Effect,
    set: fn(Value, &Context) -> Value,
    proves: &'static str,
) -> Change {
    Change { id, needs: Needs::Nothing, set, effect, feature: None, warning: None, proves }
}

fn lora(context: &Context, weight: f64) -> Value {
    json!([{"name": context.options.lora, "weight": weight}])
}

fn control_net(context: &Context, weight: f64) -> Value {
    json!([{"type": context.options.control_net_type, "model": context.options.control_net, "image": picture_url(120), "weight": weight}])
}

fn changes() -> Vec<Change> {
    use Effect::{Changes, Keeps};
    let set =
        |id, pointer_set: fn(Value, &Context) -> Value, proves| change(id, Changes, pointer_set, proves);
    let same_picture = "the metadata inside the picture: no request id, time or path, so that the same request and seed give the same bytes.";
    let takes_part = "features_used.x is true only if x took part.";
    let weight = "A LoRA or ControlNet of weight 0 takes no part (warning weight_zero).";
    vec![
        set("seed", |d, _| with(d, "/hyperparameters/seed", 8.into()), "hyperparameters.seed"),
        set("prompt", |d, _| with(d, "/conditioning/prompt", "a red car".into()), "conditioning.prompt"),
        set(
            "negative-prompt",
            |d, _| with(d, "/conditioning/negative_prompt", "fog".into()),
            "conditioning.negative_prompt",
        ),
        set("steps", |d, _| with(d, "/scheduler/steps", 5.into()), "scheduler.steps"),
        set(
            "guidance",
            |d, _| with(d, "/hyperparameters/guidance_scale", 3.0.into()),
            "hyperparameters.guidance_scale",
        ),
        set(
            "scheduler",
            |d, _| with(d, "/scheduler/type", "Euler".into()),
            "Anything else: unsupported_value with the list; never a substitute.",
        ),
        set(
            "karras",
            |d, _| with(d, "/scheduler/karras_sigmas", true.into()),
            "Karras is on when the name or the flag says so, and scheduler_used then names the Karras form where there is one.",
        ),
        set(
            "weighted-prompt",
            |d, _| with(d, "/conditioning/prompt", "a (lighthouse:1.5) at dusk".into()),
            "hyperparameters.prompt_weighting: (text:1.2) weights",
        ),
        set("clip-skip", |d, _| with(d, "/conditioning/clip_skip", 1.into()), "conditioning.clip_skip"),
        set(
            "auto-contrast",
            |d, _| with(d, "/postprocessing/auto_contrast", true.into()),
            "postprocessing.auto_contrast",
        ),
        change(
            "labels",
            Keeps,
            |d, _| {
                with(with(d, "/metadata/tags", json!({"team": "cats"})), "/metadata/priority", "high".into())
            },
            same_picture,
        ),
        Change {
            needs: Needs::Lora,
            feature: Some("lora"),
            ..set("lora", |d, c| with(d, "/conditioning/loras", lora(c, 1.5)), takes_part)
        },
        Change {
            needs: Needs::Lora,
            feature: Some("lora"),
            warning: Some("weight_zero"),
            ..change("lora-weight-zero", Keeps, |d, c| with(d, "/conditioning/loras", lora(c, 0.0)), weight)
        },
        Change {
            needs: Needs::ControlNet,
            feature: Some("controlnet"),
            ..set(
                "control-net",
                |d, c| with(d, "/conditioning/control_nets", control_net(c, 1.5)),
                takes_part,
            )
        },
        Change {
            needs: Needs::ControlNet,
            feature: Some("controlnet"),
            warning: Some("weight_zero"),
            ..change(
                "control-net-weight-zero",
                Keeps,
                |d, c| with(d, "/conditioning/control_nets", control_net(c, 0.0)),
                weight,
            )
        },
        Change {
            needs: Needs::Refiner,
            feature: Some("refiner"),
            ..set(
                "refiner",
                |d, c| {
                    with(
                        with(d, "/model/refiner", json!(c.options.refiner)),
                        "/hyperparameters/refiner_start",
                        0.5.into(),
                    )
                },
                takes_part,
            )
        },
        Change {
            needs: Needs::Vae,
            feature: Some("custom_vae"),
            ..set("vae", |d, c| with(d, "/model/vae", json!(c.options.vae)), takes_part)
        },
        Change {
            needs: Needs::Feature("img2img"),
            feature: Some("img2img"),
            ..set(
                "init-image",
                |d, _| with(d, "/conditioning/init_image", picture_url(60).into()),
                takes_part,
            )
        },
        Change {
            needs: Needs::Feature("inpaint"),
            feature: Some("inpaint"),
            ..set(
                "mask",
                |d, _| {
                    with(
                        with(d, "/conditioning/init_image", picture_url(60).into()),
                        "/conditioning/inpaint_mask",
                        picture_url(220).into(),
                    )
                },
                takes_part,
            )
        },
    ]
}

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        fields(),
        mask_channel(),
        repeat(),
        strength(),
        size(),
        formats(),
        batch(),
        chosen_seed(),
        upscaler(),
    ]
}

/// A job's result and its first picture.
struct Drawn {
    result: Value,
    pictures: Vec<Picture>,
    reading: StrictReading,
}

fn base(context: &Context) -> Value {
    with(context.small_submission(), "/scheduler/steps", 4.into())
}

fn draw(context: &mut Context, submission: Value) -> Result<Drawn, ScenarioEnd> {
    let id = context.fresh_id();
    let reading =
        context.ask(&Command::new(Action::GenerateSdxl, json!({"prompt_submission": submission})).id(id))?;
    let result = reading.data().map_err(|why| ScenarioEnd::Broken(format!("generate_sdxl: {why}")))?.clone();
    let details = result["image_details"].as_array().cloned().unwrap_or_default();
    let pictures =
        details.iter().map(|detail| Picture::open(context, detail)).collect::<Result<Vec<_>, _>>()?;
    if pictures.is_empty() {
        return Err(ScenarioEnd::Broken("success without a picture".to_owned()));
    }
    Ok(Drawn { result, pictures, reading })
}

fn fields() -> Scenario {
    let changes = changes();
    let checks = changes.iter().map(|change| CheckDef::new(change.id, Class::Effect, change.proves));
    Scenario::new("effects.fields", checks.collect(), move |context, checks| {
        let plain = draw(context, base(context))?;
        for change in &changes {
            if let Err(why) = available(context, change)? {
                checks.skip(change.id, why);
                continue;
            }
            match draw(context, (change.set)(base(context), context)) {
                Ok(drawn) => checks.decide(change.id, judge(change, &plain, &drawn)),
                Err(ScenarioEnd::Broken(why)) => checks.decide(change.id, Err(why)),
                Err(end) => return Err(end),
            }
        }
        Ok(())
    })
}

fn available(context: &mut Context, change: &Change) -> Result<Result<(), String>, ScenarioEnd> {
    let needed = |there: bool, flag: &str| if there { Ok(()) } else { Err(format!("needs {flag}")) };
    let options = context.options.clone();
    let available = match change.needs {
        Needs::Nothing => Ok(()),
        Needs::Lora => needed(options.lora.is_some(), "--lora"),
        Needs::ControlNet => needed(options.control_net.is_some(), "--control-net"),
        Needs::Refiner => needed(options.refiner.is_some(), "--refiner"),
        Needs::Vae => needed(options.vae.is_some(), "--vae"),
        Needs::Feature(feature) => match context.need_feature(feature) {
            Ok(()) => Ok(()),
            Err(ScenarioEnd::Skip(why)) => Err(why),
            Err(end) => return Err(end),
        },
    };
    if change.id == "clip-skip" && context.capabilities()?["limits"]["clip_skip_max"].as_u64() < Some(1) {
        return Ok(Err("the model at hand has no layer to skip".to_owned()));
    }
    Ok(available)
}

/// By how much two pictures differ in their most different channel; pictures of two sizes can not be compared.
fn distance(differs: Option<u8>) -> String {
    differs.map_or_else(|| "more than can be told: two sizes,".to_owned(), |most| most.to_string())
}

fn judge(change: &Change, plain: &Drawn, drawn: &Drawn) -> Result<(), String> {
    let differs = difference(&plain.pictures[0], &drawn.pictures[0]);
    match change.effect {
        Effect::Changes if differs == Some(0) => return Err("it changes nothing in the picture".to_owned()),
        Effect::Keeps if differs.is_none_or(|most| most > 1) => {
            return Err(format!("it changes the picture (by {} of 255)", distance(differs)));
        }
        _ => {}
    }
    if let Some(feature) = change.feature {
        let took_part = &drawn.result["features_used"][feature];
        if *took_part != (change.effect == Effect::Changes) {
            return Err(format!("features_used.{feature} is {took_part}"));
        }
    }
    if let Some(warning) = change.warning
        && !drawn.reading.warnings().contains(&warning)
    {
        return Err(format!("no warning {warning}: {}", display::json(&drawn.reading.warnings())));
    }
    match change.id {
        "scheduler" if drawn.result["scheduler_used"] != "Euler" => {
            Err(format!("scheduler_used is {}", drawn.result["scheduler_used"]))
        }
        "karras" if drawn.result["scheduler_used"] != "DPM++ 2M Karras" => {
            Err(format!("scheduler_used is {}", drawn.result["scheduler_used"]))
        }
        "steps" if drawn.result["steps_used"] != 5 => {
            Err(format!("steps_used is {}", drawn.result["steps_used"]))
        }
        _ => Ok(()),
    }
}

fn repeat() -> Scenario {
    let checks = vec![
        CheckDef::new(
            "same-pixels",
            Class::Effect,
            "Same request, resolved seed, device, versions and batch size: same pixels on CPU; on CUDA within 1/255 a channel.",
        ),
        CheckDef::new("own-file", Class::Asset, "Files: written beside and renamed, never overwritten."),
        CheckDef::new(
            "absolute",
            Class::Asset,
            "images[] (absolute paths, as the C# List<string> Images binds)",
        ),
        CheckDef::new(
            "measured",
            Class::Unit,
            "generation = preprocessing + denoising + postprocessing, without queue and load; the other two are parts of it.",
        ),
        CheckDef::new("no-part", Class::Effect, "features_used.x is true only if x took part."),
    ];
    Scenario::new("effects.repeat", checks, |context, checks| {
        let one = draw(context, base(context))?;
        let two = draw(context, base(context))?;
        let differs = difference(&one.pictures[0], &two.pictures[0]);
        checks.hold("same-pixels", differs.is_some_and(|most| most <= 1), || {
            format!("they differ by {} of 255", distance(differs))
        });
        checks.hold("own-file", one.result["images"] != two.result["images"], || {
            format!("both wrote {}", one.result["images"])
        });
        let paths = one.result["images"].as_array().cloned().unwrap_or_default();
        checks.hold(
            "absolute",
            !paths.is_empty()
                && paths.iter().all(|path| path.as_str().is_some_and(|path| path.starts_with('/'))),
            || display::json(&paths),
        );
        let seconds = |name: &str| one.result[name].as_f64().unwrap_or(-1.0);
        let (whole, before, after) = (
            seconds("generation_time_seconds"),
            seconds("preprocessing_time_seconds"),
            seconds("postprocessing_time_seconds"),
        );
        checks.hold("measured", whole > 0.0 && before + after <= whole + 1e-3, || {
            format!("generation {whole}, preprocessing {before}, postprocessing {after}")
        });
        let used = one.result["features_used"].as_object().cloned().unwrap_or_default();
        let wrong: Vec<_> =
            used.iter().filter(|(_, used)| **used != false).map(|(name, _)| name.clone()).collect();
        checks.hold("no-part", wrong.is_empty() && !used.is_empty(), || {
            format!("{} took no part; features_used has {} keys", display::json(&wrong), used.len())
        });
        Ok(())
    })
}

fn strength() -> Scenario {
    let proves = "hyperparameters.strength: number > 0..1; with init_image";
    Scenario::new(
        "effects.strength",
        vec![CheckDef::new("changes", Class::Effect, proves)],
        |context, checks| {
            context.need_feature("img2img")?;
            let with_image = with(base(context), "/conditioning/init_image", picture_url(60).into());
            let weak = draw(context, with(with_image.clone(), "/hyperparameters/strength", 0.5.into()))?;
            let strong = draw(context, with(with_image, "/hyperparameters/strength", 1.0.into()))?;
            checks.hold("changes", difference(&weak.pictures[0], &strong.pictures[0]) != Some(0), || {
                "it changes nothing".to_owned()
            });
            Ok(())
        },
    )
}

fn mask_channel() -> Scenario {
    let checks = vec![
        CheckDef::new("alpha", Class::Effect, "mask_channel alpha: opaque is repainted"),
        CheckDef::new(
            "alpha-inverted",
            Class::Effect,
            "mask_channel alpha_inverted: transparent is repainted",
        ),
        CheckDef::new(
            "luminance",
            Class::Asset,
            "A mask of one colour whose alpha varies, without mask_channel, is image_invalid with that hint.",
        ),
        CheckDef::new("no-alpha", Class::Asset, "alpha… on a mask without alpha is image_invalid"),
        CheckDef::new("no-mask", Class::Effect, "mask_channel without a mask: no_effect"),
    ];
    Scenario::new("effects.mask-channel", checks, |context, checks| {
        context.need_feature("inpaint")?;
        let masked = |context: &Context, mask: String, channel: Option<&str>| {
            let image = with(base(context), "/conditioning/init_image", picture_url(60).into());
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
            checks.hold(id, code == Ok("image_invalid"), || format!("its code is {code:?}"));
        }
        let unmasked = draw(context, with(base(context), "/conditioning/mask_channel", "alpha".into()))?;
        checks.hold("no-mask", unmasked.reading.warnings().contains(&"no_effect"), || {
            format!("its warnings are {:?}", unmasked.reading.warnings())
        });
        Ok(())
    })
}

fn size() -> Scenario {
    Scenario::new(
        "effects.size",
        vec![CheckDef::new("file", Class::Effect, "hyperparameters.dimensions.width, .height")],
        |context, checks| {
            let drawn = draw(
                context,
                with(base(context), "/hyperparameters/dimensions", json!({"width": 128, "height": 64})),
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
        .map(|format| CheckDef::new(*format, Class::Effect, "postprocessing.output_format"))
        .collect();
    checks.push(CheckDef::new(
        "quality",
        Class::Effect,
        "postprocessing.quality: integer 1..100 (jpeg, webp)",
    ));
    Scenario::new("effects.formats", checks, move |context, checks| {
        let offered = context.capabilities()?["supported_formats"].clone();
        for format in formats {
            if !offered.as_array().is_some_and(|list| list.iter().any(|item| item == format)) {
                checks.skip(format, format!("the target does not advertise {format}"));
                continue;
            }
            let drawn = draw(context, with(base(context), "/postprocessing/output_format", format.into()))?;
            checks.hold(format, drawn.pictures[0].format == format, || {
                format!("the file is {}", drawn.pictures[0].format)
            });
            if format == "jpeg" {
                let coarse = with(
                    with(base(context), "/postprocessing/output_format", format.into()),
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
        CheckDef::new("count", Class::Effect, "hyperparameters.batch_size"),
        CheckDef::new("seeds", Class::Effect, "image i of a batch uses seed + i"),
        CheckDef::new(
            "single",
            Class::Effect,
            "Image i of a batch against a single run with seed + i: within 1/255.",
        ),
    ];
    Scenario::new("effects.batch", checks, |context, checks| {
        let drawn = draw(context, with(base(context), "/hyperparameters/batch_size", 2.into()))?;
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
            format!("{}, seed_used {}", display::json(&seeds), drawn.result["seed_used"])
        });
        let single = draw(context, with(base(context), "/hyperparameters/seed", 8.into()))?;
        let differs = drawn.pictures.get(1).and_then(|second| difference(second, &single.pictures[0]));
        checks.hold("single", differs.is_some_and(|most| most <= 1), || {
            format!("they differ by {} of 255", distance(differs))
        });
        Ok(())
    })
}

fn chosen_seed() -> Scenario {
    let checks = vec![
        CheckDef::new(
            "range",
            Class::Type,
            "A seed that the worker chose is 0..2^31−17: existing C# reads SeedUsed and Seed into an int.",
        ),
        CheckDef::new("replays", Class::Effect, "−1 means \"choose one and tell me\""),
    ];
    Scenario::new("effects.chosen-seed", checks, |context, checks| {
        let drawn = draw(context, with(base(context), "/hyperparameters/seed", (-1).into()))?;
        let seed = drawn.result["seed_used"].clone();
        checks.hold("range", seed.as_u64().is_some_and(|seed| seed <= CHOSEN_SEED_MAX), || {
            format!("seed_used is {seed}")
        });
        let again = draw(context, with(base(context), "/hyperparameters/seed", seed))?;
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
        vec![CheckDef::new("size", Class::Effect, "postprocessing.upscaler, upscale_factor")],
        |context, checks: &mut Checks<'_>| {
            context.need_feature("upscaler")?;
            let document = with(
                with(base(context), "/postprocessing/upscaler", "Lanczos".into()),
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
