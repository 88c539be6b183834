//! Pictures: a pure function of the effective request, of the asked size and format, each feature with an effect.

use proptest::prelude::*;
use serde_json::{Value, json};
use std::{cell::RefCell, path::Path};

use crate::support::{Sim, job, picture, pixels, submission, with_images};

/// Changes that must change the pixels, each beside what it is compared with.
fn effects() -> Vec<(&'static str, Value, Value)> {
    let plain = || json!({});
    let lora = |weight: f64| json!({"conditioning": {"loras": [{"name": "/models/a.safetensors", "weight": weight}]}});
    let net = |image: &str, weight: f64, more: Value| {
        let mut net = json!({"type": "canny", "image": image, "weight": weight});
        net.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        json!({"conditioning": {"control_nets": [net]}})
    };
    let init = |strength: f64| json!({"conditioning": {"init_image": "a.png"}, "hyperparameters": {"strength": strength}});
    let mask = |more: Value| {
        let mut said = json!({"init_image": "a.png", "inpaint_mask": "b.png"});
        said.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        json!({"conditioning": said})
    };
    let token = json!({"path": "/models/cat.safetensors", "token": "<cat>"});
    vec![
        ("prompt", plain(), json!({"conditioning": {"prompt": "a quay"}})),
        ("prompt_2", plain(), json!({"conditioning": {"prompt_2": "at dusk"}})),
        ("negative_prompt", plain(), json!({"conditioning": {"negative_prompt": "fog"}})),
        ("seed", plain(), json!({"hyperparameters": {"seed": 8}})),
        ("steps", plain(), json!({"scheduler": {"steps": 5}})),
        ("scheduler", plain(), json!({"scheduler": {"type": "Euler"}})),
        ("karras", plain(), json!({"scheduler": {"karras_sigmas": true}})),
        ("timestep_spacing", plain(), json!({"scheduler": {"timestep_spacing": "trailing"}})),
        ("guidance_scale", plain(), json!({"hyperparameters": {"guidance_scale": 7.0}})),
        ("base", plain(), json!({"model": {"base": "/models/other.safetensors"}})),
        ("vae", plain(), json!({"model": {"vae": "sdxl_vae"}})),
        ("tokenizer", plain(), json!({"model": {"tokenizer": "/models/tok"}})),
        ("refiner", plain(), json!({"model": {"refiner": "sdxl_refiner"}})),
        (
            "refiner_start",
            json!({"model": {"refiner": "sdxl_refiner"}}),
            json!({"model": {"refiner": "sdxl_refiner"}, "hyperparameters": {"refiner_start": 0.5}}),
        ),
        ("clip_skip", plain(), json!({"conditioning": {"clip_skip": 2}})),
        ("lora", plain(), lora(0.8)),
        ("lora weight", lora(0.8), lora(0.5)),
        ("control_net", plain(), net("a.png", 1.0, json!({}))),
        ("control_net image", net("a.png", 1.0, json!({})), net("b.png", 1.0, json!({}))),
        ("control_net weight", net("a.png", 1.0, json!({})), net("a.png", 0.5, json!({}))),
        ("control_net type", net("a.png", 1.0, json!({})), net("a.png", 1.0, json!({"type": "depth"}))),
        ("control_net window", net("a.png", 1.0, json!({})), net("a.png", 1.0, json!({"guidance_end": 0.5}))),
        (
            "control_net preprocess",
            net("a.png", 1.0, json!({})),
            net("a.png", 1.0, json!({"preprocess": true})),
        ),
        (
            "textual_inversion",
            json!({"conditioning": {"prompt": "a <cat>"}}),
            json!({"conditioning": {"prompt": "a <cat>", "textual_inversions": [token]}}),
        ),
        ("init_image", plain(), init(0.75)),
        ("strength", init(0.75), init(0.5)),
        ("inpaint_mask", init(0.75), mask(json!({}))),
        ("mask_blur", mask(json!({})), mask(json!({"mask_blur": 4}))),
        (
            "mask_channel",
            mask(json!({"inpaint_mask": "alpha.png", "mask_channel": "alpha"})),
            mask(json!({"inpaint_mask": "alpha.png", "mask_channel": "alpha_inverted"})),
        ),
        ("auto_contrast", plain(), json!({"postprocessing": {"auto_contrast": true}})),
        (
            "safety_checker",
            json!({"conditioning": {"prompt": "a nsfw pier"}}),
            json!({"conditioning": {"prompt": "a nsfw pier"}, "postprocessing": {"safety_checker": true}}),
        ),
        (
            "prompt_weighting",
            json!({"conditioning": {"prompt": "a (red:1.4) pier"}}),
            json!({"conditioning": {"prompt": "a (red:1.4) pier"}, "hyperparameters": {"prompt_weighting": false}}),
        ),
        (
            "upscaler",
            json!({"postprocessing": {"upscaler": "Lanczos"}}),
            json!({"postprocessing": {"upscaler": "Real-ESRGAN"}}),
        ),
    ]
}

#[test]
fn every_feature_changes_the_pixels() {
    let mut sim = Sim::start(&[]);
    with_images(&sim);
    for (name, before, after) in effects() {
        let (_, before) = picture(&mut sim, before);
        let (_, after) = picture(&mut sim, after);
        assert_ne!(pixels(&before), pixels(&after), "{name} changes nothing");
    }
}

/// Weights of a prompt have no bound: the picture saturates.
#[test]
fn no_weight_of_a_prompt_ends_a_job() {
    let mut sim = Sim::start(&[]);
    let (_, plain) = picture(&mut sim, json!({}));
    for weight in ["1e9", "-1e30", "1e300"] {
        let negative = json!({"conditioning": {"negative_prompt": format!("(fog:{weight})")}});
        assert_ne!(pixels(&picture(&mut sim, negative).1), pixels(&plain), "{weight}");
    }
}

#[test]
fn what_takes_no_part_changes_nothing() {
    let mut sim = Sim::start(&[]);
    with_images(&sim);
    let (_, plain) = picture(&mut sim, json!({}));
    let idle = [
        json!({"metadata": {"tags": {"a": "b"}, "priority": "high"}}),
        json!({"performance": {"device": "cuda:0", "dtype": "bf16"}}),
        json!({"conditioning": {"loras": [{"name": "/models/a.safetensors", "weight": 0}]}}),
        json!({"conditioning": {"control_nets": [{"type": "canny", "image": "a.png", "weight": 0}]}}),
        json!({"conditioning": {"textual_inversions": [{"path": "/models/cat.safetensors", "token": "<cat>"}]}}),
        json!({"hyperparameters": {"strength": 0.5}}),
        json!({"hyperparameters": {"refiner_start": 0.5}}),
        json!({"postprocessing": {"quality": 10}}),
        json!({"postprocessing": {"safety_checker": true}}),
        json!({"hyperparameters": {"prompt_weighting": false}}),
        json!({"model": {"base": "/models/sdxl_base.safetensors"}}),
    ];
    for change in idle {
        let said = change.to_string();
        assert_eq!(pixels(&picture(&mut sim, change).1), pixels(&plain), "{said}");
    }
    let unguided = |more: Value| {
        let mut said = json!({"hyperparameters": {"guidance_scale": 1.0}});
        said.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        said
    };
    let (_, off) = picture(&mut sim, unguided(json!({})));
    let (_, negative) = picture(&mut sim, unguided(json!({"conditioning": {"negative_prompt": "fog"}})));
    assert_eq!(pixels(&off), pixels(&negative));
}

#[test]
fn the_same_request_gives_the_same_file() {
    let mut sim = Sim::start(&[]);
    let (first, bytes) = picture(&mut sim, json!({}));
    let (second, again) = picture(&mut sim, json!({"metadata": {"tags": {"a": "b"}}}));
    assert_eq!(bytes, again);
    assert_ne!(first["images"], second["images"], "no file is overwritten");
    assert_eq!(first["image_details"][0]["sha256"], second["image_details"][0]["sha256"]);
}

#[test]
fn a_picture_of_a_batch_is_that_of_its_own_seed() {
    let mut sim = Sim::start(&[]);
    let data = sim.data("generate_sdxl", job(json!({"hyperparameters": {"batch_size": 3, "seed": 40}})));
    let details = data["image_details"].as_array().expect("details");
    assert_eq!(
        details.iter().map(|detail| detail["seed"].as_u64()).collect::<Vec<_>>(),
        [Some(40), Some(41), Some(42)]
    );
    assert_eq!((&data["seed_used"], &data["features_used"]["batch"]), (&json!(40), &json!(true)));
    for detail in details {
        let batch = std::fs::read(detail["path"].as_str().expect("a path")).expect("a file");
        let (_, alone) = picture(&mut sim, json!({"hyperparameters": {"seed": detail["seed"]}}));
        assert_eq!(pixels(&batch), pixels(&alone));
    }
}

#[test]
fn size_format_and_quality_are_as_asked() {
    let mut sim = Sim::start(&[]);
    let sized = |format: &str, quality: u64| {
        json!({
            "hyperparameters": {"dimensions": {"width": 72, "height": 128}},
            "postprocessing": {"output_format": format, "quality": quality},
        })
    };
    for (format, ending, found) in [
        ("png", "png", image::ImageFormat::Png),
        ("jpeg", "jpg", image::ImageFormat::Jpeg),
        ("webp", "webp", image::ImageFormat::WebP),
    ] {
        let (data, bytes) = picture(&mut sim, sized(format, 95));
        assert_eq!(image::guess_format(&bytes).expect("a format"), found);
        let decoded = image::load_from_memory(&bytes).expect("a picture");
        assert_eq!((decoded.width(), decoded.height()), (72, 128));
        assert!(
            data["images"][0].as_str().is_some_and(|path| path.ends_with(&format!("_1_000.{ending}"))),
            "{data}"
        );
        if format != "png" {
            let (_, low) = picture(&mut sim, sized(format, 10));
            assert!(low.len() < bytes.len(), "{format}: {} is not below {}", low.len(), bytes.len());
            assert_ne!(picture(&mut sim, sized(format, 94)).1, bytes, "{format}");
        }
    }
    let (data, bytes) =
        picture(&mut sim, json!({"postprocessing": {"upscaler": "Lanczos", "upscale_factor": 2.5}}));
    let decoded = image::load_from_memory(&bytes).expect("a picture");
    assert_eq!((decoded.width(), decoded.height()), (160, 160));
    assert_eq!(data["image_details"][0]["width"], 160);
}

#[test]
fn the_record_inside_is_the_effective_submission_alone() {
    let mut sim = Sim::start(&[]);
    with_images(&sim);
    let change = json!({
        "model": {"base": "/models/sdxl_base.safetensors"}, "metadata": {"tags": {"a": "b"}},
        "hyperparameters": {"seed": 5}, "conditioning": {"init_image": "a.png"},
    });
    let (data, _) = picture(&mut sim, change);
    let path = data["images"][0].as_str().expect("a path");
    let decoder = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(path).expect("a file")));
    let reader = decoder.read_info().expect("a PNG");
    let chunk =
        reader.info().utf8_text.iter().find(|chunk| chunk.keyword == "prompt_submission").expect("a record");
    let record: Value = serde_json::from_str(&chunk.get_text().expect("text")).expect("JSON");
    assert_eq!(record["model"]["base"], "sdxl_base.safetensors");
    assert_eq!(record["hyperparameters"]["seed"], 5);
    assert_eq!(record["hyperparameters"]["strength"], 0.75, "defaults that apply are in it");
    assert!(record["conditioning"]["init_image"].as_str().is_some_and(|hash| hash.starts_with("sha256:")));
    assert!(record.get("metadata").is_none());
    assert!(!record.to_string().contains("outputs"));
}

#[test]
fn a_seed_that_is_chosen_is_told_and_hangs_on_the_workers_seed() {
    let chosen = |seed: &str| {
        let mut sim = Sim::start(&["--seed", seed]);
        let data = sim.data("generate_sdxl", job(json!({"hyperparameters": {"seed": -1}})));
        data["seed_used"].as_u64().expect("a seed")
    };
    assert_eq!(chosen("1"), chosen("1"));
    assert_ne!(chosen("1"), chosen("2"));
    assert!(chosen("3") <= 2_147_483_631);
}

#[test]
fn a_flagged_picture_is_black_and_says_so() {
    let mut sim = Sim::start(&[]);
    let change = json!({"conditioning": {"prompt": "NSFW"}, "postprocessing": {"safety_checker": true}});
    let reply = sim.ask("generate_sdxl", job(change));
    assert_eq!(reply["warning_details"][0]["code"], "image_flagged", "{reply}");
    assert_eq!(reply["data"]["image_details"][0]["flagged"], true);
    let bytes = std::fs::read(reply["data"]["images"][0].as_str().expect("a path")).expect("a file");
    assert!(pixels(&bytes).iter().all(|value| *value == 0));
}

#[test]
fn file_names_carry_id_attempt_and_index() {
    let mut sim = Sim::start(&[]);
    sim.send(
        &json!({"action": "generate_sdxl", "request_id": "my.id", "attempt": 2, "payload": job(json!({}))}),
    );
    let path = sim.line()["data"]["images"][0].as_str().expect("a path").to_owned();
    assert!(path.ends_with("/my.id_2_000.png"), "{path}");
    assert!(Path::new(&path).starts_with(sim.outputs()));
    sim.send(&json!({"action": "generate_sdxl", "payload": job(json!({}))}));
    let path = sim.line()["data"]["images"][0].as_str().expect("a path").to_owned();
    assert!(path.ends_with("_1_000.png") && path.contains("-7"), "{path}");
    assert_eq!(
        std::fs::read_dir(Path::new(&path).parent().expect("a folder")).expect("it is there").count(),
        2
    );
}

thread_local! {
    static SIM: RefCell<Option<Sim>> = const { RefCell::new(None) };
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_same_document_gives_the_same_bytes(
        seed in 0u64..=9_007_199_254_740_991, steps in 1u64..=30, guidance in 0.0f64..=50.0, skip in 0u64..=11,
        width in 8u64..=16, weight in -2.0f64..=2.0, format in prop::sample::select(vec!["png", "jpeg", "webp"]),
        prompt in "[a-z(:)1. ]{1,24}[a-z]",
    ) {
        let said = submission(json!({
            "hyperparameters": {"seed": seed, "guidance_scale": guidance, "dimensions": {"width": width * 8, "height": 64}},
            "scheduler": {"steps": steps},
            "conditioning": {"prompt": prompt, "clip_skip": skip, "loras": [{"name": "/models/a.safetensors", "weight": weight}]},
            "postprocessing": {"output_format": format},
        }));
        SIM.with_borrow_mut(|sim| {
            let sim = sim.get_or_insert_with(|| Sim::start(&[]));
            let mut hash = || sim.data("generate_sdxl", json!({"prompt_submission": said}))["image_details"][0]["sha256"].clone();
            prop_assert_eq!(hash(), hash());
            Ok(())
        })?;
    }
}
