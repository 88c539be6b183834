//! Pictures: a pure function of the effective request, of the asked size and format, each feature with an effect.

use proptest::prelude::*;
use serde_json::{Value, json};
use std::{cell::RefCell, path::Path};

use crate::support::{Sim, job, picture_file, submission};

/// The one picture of a job: its data and its bytes.
fn make(sim: &mut Sim, change: Value) -> (Value, Vec<u8>) {
    let data = sim.data("generate_sdxl", job(change));
    let bytes = std::fs::read(data["images"][0].as_str().expect("a path")).expect("a file");
    assert_eq!(data["image_details"][0]["bytes"], bytes.len());
    (data, bytes)
}

fn pixels(bytes: &[u8]) -> Vec<u8> {
    image::load_from_memory(bytes).expect("a picture").to_rgb8().into_raw()
}

fn with_images(sim: &Sim) {
    picture_file(&sim.inputs().join("a.png"), 64, 64, 30);
    picture_file(&sim.inputs().join("b.png"), 64, 64, 200);
    picture_file(&sim.inputs().join("large.png"), 96, 80, 30);
    let alpha =
        image::RgbaImage::from_fn(64, 64, |x, _| image::Rgba([255, 255, 255, if x < 32 { 255 } else { 0 }]));
    alpha.save(sim.inputs().join("alpha.png")).expect("a mask is written");
}

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
        let (_, before) = make(&mut sim, before);
        let (_, after) = make(&mut sim, after);
        assert_ne!(pixels(&before), pixels(&after), "{name} changes nothing");
    }
}

/// Pixels that are cut off or damaged, behind a sound header: the check decodes as the job does.
#[test]
fn a_broken_picture_is_found_by_the_check_as_by_the_job() {
    let mut sim = Sim::start(&[]);
    with_images(&sim);
    let mut noise = image::RgbImage::new(64, 64);
    noise.enumerate_pixels_mut().for_each(|(x, y, pixel)| {
        *pixel = image::Rgb([(x * 7 + y * 13) as u8, (x * y) as u8, (x ^ y) as u8]);
    });
    for ending in ["png", "webp", "jpg"] {
        let path = sim.inputs().join(format!("noise.{ending}"));
        noise.save(&path).expect("a picture is written");
        let sound = std::fs::read(&path).expect("it is there");
        let half = sound.len() / 2;
        let mut damaged = sound.clone();
        damaged[half..half + 40].iter_mut().for_each(|byte| *byte ^= 0xA5);
        for (what, bytes) in [("cut", sound[..half].to_vec()), ("damaged", damaged)] {
            if ending != "png" && what == "damaged" {
                // They have no checksum: other bytes may be another picture.
                continue;
            }
            let name = format!("{what}.{ending}");
            std::fs::write(sim.inputs().join(&name), bytes).expect("a file");
            let net = json!([{"type": "canny", "image": name}]);
            for (at, conditioning) in [
                ("/conditioning/init_image", json!({"init_image": name})),
                ("/conditioning/inpaint_mask", json!({"init_image": "a.png", "inpaint_mask": name})),
                ("/conditioning/control_nets/0/image", json!({"control_nets": net})),
            ] {
                let fields = job(json!({"conditioning": conditioning}));
                let report = sim.data("validate_request", fields.clone());
                let found = &report["errors"][0];
                assert_eq!(found["code"], "image_invalid", "{name} {at}: {report}");
                assert_eq!(found["pointer"], format!("/payload/prompt_submission{at}"), "{name}");
                let failed = sim.ask("generate_sdxl", fields);
                assert_eq!(
                    (&failed["error_details"]["errors"][0], report["valid"].as_bool()),
                    (found, Some(false)),
                    "{name}"
                );
            }
        }
    }
}

/// The decoders take a WebP that is shorter than it says, and a JPEG without its end; a JPEG with something after its end,
/// or with a picture inside its head, is whole.
#[test]
fn a_picture_that_a_download_cut_is_known_by_its_end() {
    let mut sim = Sim::start(&[]);
    let picture = image::RgbImage::from_fn(64, 64, |x, y| image::Rgb([(x * y) as u8, x as u8, y as u8]));
    let path = sim.inputs().join("whole.jpg");
    picture.save(&path).expect("a picture is written");
    let jpeg = std::fs::read(&path).expect("it is there");
    let path = sim.inputs().join("whole.webp");
    picture.save(&path).expect("a picture is written");
    let mut webp = std::fs::read(&path).expect("it is there");
    webp[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    let with_rest = [&jpeg[..], b"rest"].concat();
    // APP9 of 6 bytes, whose last two are an end marker.
    let with_picture = [&jpeg[..2], b"\xFF\xE9\x00\x06ab\xFF\xD9", &jpeg[2..]].concat();
    let cut_after_picture = with_picture[..with_picture.len() / 2].to_vec();
    let cases = [
        ("end.jpg", jpeg[..jpeg.len() - 2].to_vec(), false),
        ("head.jpg", cut_after_picture, false),
        ("long.webp", webp, false),
        ("rest.jpg", with_rest, true),
        ("picture.jpg", with_picture, true),
    ];
    for (name, bytes, is_whole) in cases {
        std::fs::write(sim.inputs().join(name), bytes).expect("a file");
        let fields = job(json!({"conditioning": {"init_image": name}}));
        assert_eq!(sim.data("validate_request", fields.clone())["valid"], is_whole, "{name}");
        let reply = sim.ask("generate_sdxl", fields);
        assert_eq!(reply["success"], is_whole, "{name}: {reply}");
    }
}

/// Weights of a prompt have no bound: the picture saturates.
#[test]
fn no_weight_of_a_prompt_ends_a_job() {
    let mut sim = Sim::start(&[]);
    let (_, plain) = make(&mut sim, json!({}));
    for weight in ["1e9", "-1e30", "1e300"] {
        let negative = json!({"conditioning": {"negative_prompt": format!("(fog:{weight})")}});
        assert_ne!(pixels(&make(&mut sim, negative).1), pixels(&plain), "{weight}");
    }
}

#[test]
fn what_takes_no_part_changes_nothing() {
    let mut sim = Sim::start(&[]);
    with_images(&sim);
    let (_, plain) = make(&mut sim, json!({}));
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
        assert_eq!(pixels(&make(&mut sim, change).1), pixels(&plain), "{said}");
    }
    let unguided = |more: Value| {
        let mut said = json!({"hyperparameters": {"guidance_scale": 1.0}});
        said.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        said
    };
    let (_, off) = make(&mut sim, unguided(json!({})));
    let (_, negative) = make(&mut sim, unguided(json!({"conditioning": {"negative_prompt": "fog"}})));
    assert_eq!(pixels(&off), pixels(&negative));
}

#[test]
fn the_same_request_gives_the_same_file() {
    let mut sim = Sim::start(&[]);
    let (first, bytes) = make(&mut sim, json!({}));
    let (second, again) = make(&mut sim, json!({"metadata": {"tags": {"a": "b"}}}));
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
        let (_, alone) = make(&mut sim, json!({"hyperparameters": {"seed": detail["seed"]}}));
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
        let (data, bytes) = make(&mut sim, sized(format, 95));
        assert_eq!(image::guess_format(&bytes).expect("a format"), found);
        let picture = image::load_from_memory(&bytes).expect("a picture");
        assert_eq!((picture.width(), picture.height()), (72, 128));
        assert!(
            data["images"][0].as_str().is_some_and(|path| path.ends_with(&format!("_1_000.{ending}"))),
            "{data}"
        );
        if format != "png" {
            let (_, low) = make(&mut sim, sized(format, 10));
            assert!(low.len() < bytes.len(), "{format}: {} is not below {}", low.len(), bytes.len());
            assert_ne!(make(&mut sim, sized(format, 94)).1, bytes, "{format}");
        }
    }
    let (data, bytes) =
        make(&mut sim, json!({"postprocessing": {"upscaler": "Lanczos", "upscale_factor": 2.5}}));
    let picture = image::load_from_memory(&bytes).expect("a picture");
    assert_eq!((picture.width(), picture.height()), (160, 160));
    assert_eq!(data["image_details"][0]["width"], 160);
}

#[test]
fn an_image_of_another_size_is_resized_with_a_warning() {
    let mut sim = Sim::start(&[]);
    with_images(&sim);
    let reply = sim.ask("generate_sdxl", job(json!({"conditioning": {"init_image": "large.png"}})));
    assert_eq!(reply["warning_details"][0]["code"], "image_resized", "{reply}");
    assert_eq!(reply["warning_details"][0]["pointer"], "/payload/prompt_submission/conditioning/init_image");
    assert_eq!(reply["data"]["warnings"], reply["warnings"]);
    assert_eq!(reply["data"]["features_used"]["img2img"], true);
}

#[test]
fn a_data_url_is_the_same_as_the_file() {
    use base64::Engine as _;
    let mut sim = Sim::start(&[]);
    with_images(&sim);
    let bytes = std::fs::read(sim.inputs().join("a.png")).expect("a file");
    let url = format!("data:image/png;base64,{}", base64::engine::general_purpose::STANDARD.encode(bytes));
    let (_, by_path) = make(&mut sim, json!({"conditioning": {"init_image": "a.png"}}));
    let (_, by_url) = make(&mut sim, json!({"conditioning": {"init_image": url}}));
    assert_eq!(by_path, by_url, "the record inside names the image by its hash");
}

#[test]
fn only_regular_files_of_a_bounded_size_are_read() {
    let mut sim = Sim::start(&[]);
    let inputs = sim.inputs();
    nix::unistd::mkfifo(&inputs.join("fifo.png"), nix::sys::stat::Mode::S_IRWXU).expect("a FIFO");
    std::fs::create_dir(inputs.join("folder.png")).expect("a folder");
    let large = std::fs::File::create(inputs.join("vast.png")).expect("a file");
    large.set_len(1 << 40).expect("a sparse file");
    let cases = [
        ("fifo.png", "\"fifo.png\" is no regular file"),
        ("folder.png", "\"folder.png\" is no regular file"),
        ("vast.png", "\"vast.png\" has 1099511627776 bytes or more, over the limit of 536870912"),
    ];
    for (name, message) in cases {
        let asked = job(json!({"conditioning": {"init_image": name}}));
        let error = sim.data("validate_request", asked)["errors"][0].clone();
        assert_eq!(error["code"], "image_invalid", "{error}");
        assert_eq!(error["message"], message);
        assert_eq!(error["pointer"], "/payload/prompt_submission/conditioning/init_image");
    }
}

#[test]
fn a_mask_without_the_channel_that_is_read_is_refused_before_it_runs() {
    let mut sim = Sim::start(&[]);
    with_images(&sim);
    let cases = [
        (json!({"inpaint_mask": "alpha.png"}), "its shape in the alpha channel"),
        (json!({"inpaint_mask": "alpha.png", "mask_channel": "luminance"}), "its shape in the alpha channel"),
        (json!({"inpaint_mask": "b.png", "mask_channel": "alpha"}), "no alpha channel"),
        (json!({"inpaint_mask": "b.png", "mask_channel": "alpha_inverted"}), "no alpha channel"),
    ];
    for (mut said, what) in cases {
        said["init_image"] = "a.png".into();
        let asked = job(json!({"conditioning": said}));
        let error = sim.data("validate_request", asked)["errors"][0].clone();
        assert_eq!(error["code"], "image_invalid", "{error}");
        assert!(error["message"].as_str().is_some_and(|message| message.contains(what)), "{error}");
        assert_eq!(error["pointer"], "/payload/prompt_submission/conditioning/inpaint_mask");
    }
}

#[test]
fn a_side_that_no_resize_bears_is_refused() {
    let mut sim = Sim::start(&[]);
    let long = image::GrayImage::new(65_536, 8);
    long.save(sim.inputs().join("long.png")).expect("a picture is written");
    let asked = job(json!({"conditioning": {"init_image": "long.png"}}));
    let error = sim.data("validate_request", asked)["errors"][0].clone();
    assert_eq!(error["code"], "image_invalid", "{error}");
}

#[test]
fn a_report_too_long_for_a_frame_says_so() {
    use base64::Engine as _;
    let mut sim = Sim::start(&[]);
    with_images(&sim);
    let mut bytes = std::fs::read(sim.inputs().join("a.png")).expect("a file");
    // Twice in the report: as it was sent, and in effect.
    bytes.resize(7 << 20, 0);
    let url = format!("data:image/png;base64,{}", base64::engine::general_purpose::STANDARD.encode(bytes));
    let reply = sim.ask("validate_request", job(json!({"conditioning": {"init_image": url}})));
    assert_eq!(reply["error_details"]["code"], "frame_too_large", "{}", reply["error"]);
    let hint = reply["error_details"]["hint"].as_str().expect("a hint");
    assert!(hint.contains("paths or uploads"), "{hint}");
}

#[test]
fn what_the_mask_keeps_stays_as_it_is() {
    let mut sim = Sim::start(&[]);
    with_images(&sim);
    image::GrayImage::new(64, 64).save(sim.inputs().join("black.png")).expect("a mask");
    let masked = json!({"conditioning": {"init_image": "a.png", "inpaint_mask": "black.png"}});
    let (_, bytes) = make(&mut sim, masked);
    let kept = image::open(sim.inputs().join("a.png")).expect("a picture").to_rgb8().into_raw();
    assert_eq!(pixels(&bytes), kept);
}

#[test]
fn the_record_inside_is_the_effective_submission_alone() {
    let mut sim = Sim::start(&[]);
    with_images(&sim);
    let change = json!({
        "model": {"base": "/models/sdxl_base.safetensors"}, "metadata": {"tags": {"a": "b"}},
        "hyperparameters": {"seed": 5}, "conditioning": {"init_image": "a.png"},
    });
    let (data, _) = make(&mut sim, change);
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

/// Writes a PNG of one colour with a colour profile.
fn profiled(sim: &Sim, name: &str, profile: Vec<u8>) {
    use image::ImageEncoder as _;
    let picture = image::RgbImage::from_pixel(64, 64, image::Rgb([200, 60, 40]));
    let file = std::fs::File::create(sim.inputs().join(name)).expect("a file");
    let mut encoder = image::codecs::png::PngEncoder::new(file);
    encoder.set_icc_profile(profile).expect("PNG has profiles");
    encoder.write_image(&picture, 64, 64, image::ExtendedColorType::Rgb8).expect("a picture is written");
}

#[test]
fn colour_profiles_are_converted_or_told() {
    let mut sim = Sim::start(&[]);
    with_images(&sim);
    let encoded = |profile: moxcms::ColorProfile| profile.encode().expect("a profile");
    profiled(&sim, "p3.png", encoded(moxcms::ColorProfile::new_display_p3()));
    profiled(&sim, "srgb.png", encoded(moxcms::ColorProfile::new_srgb()));
    profiled(&sim, "grey.png", encoded(moxcms::ColorProfile::new_gray_with_gamma(2.2)));
    profiled(&sim, "noise.png", b"no profile at all".to_vec());
    let mut codes = |name: &str| {
        let reply = sim.ask("generate_sdxl", job(json!({"conditioning": {"init_image": name}})));
        let details = reply["warning_details"].as_array().expect("details").clone();
        details.iter().map(|it| (it["code"].clone(), it["pointer"].clone())).collect::<Vec<_>>()
    };
    let at = json!("/payload/prompt_submission/conditioning/init_image");
    assert_eq!(codes("p3.png"), [(json!("colour_converted"), at.clone())]);
    assert_eq!(codes("srgb.png"), []);
    assert_eq!(codes("grey.png"), [(json!("colour_profile_ignored"), at.clone())]);
    assert_eq!(codes("noise.png"), [(json!("colour_profile_ignored"), at)]);
}

#[test]
fn a_mask_has_no_colours_to_convert() {
    let mut sim = Sim::start(&[]);
    with_images(&sim);
    profiled(&sim, "p3.png", moxcms::ColorProfile::new_display_p3().encode().expect("a profile"));
    let masked = json!({"conditioning": {"init_image": "a.png", "inpaint_mask": "p3.png"}});
    let reply = sim.ask("generate_sdxl", job(masked));
    assert_eq!(reply["success"], true, "{reply}");
    assert_eq!(reply["warning_details"], json!([]));
}

#[test]
fn a_profile_that_inflates_costs_no_memory() {
    const VAST: usize = 256 << 20;
    let mut sim = Sim::start(&[]);
    profiled(&sim, "vast.png", vec![0; VAST]);
    assert!(sim.inputs().join("vast.png").metadata().expect("a file").len() < 2 << 20);
    // What the models and the sampler take is no matter of the image.
    make(&mut sim, json!({}));
    let before = sim.memory_peak();
    let reply = sim.ask("generate_sdxl", job(json!({"conditioning": {"init_image": "vast.png"}})));
    assert_eq!(reply["success"], true, "{reply}");
    assert_eq!(reply["warning_details"][0]["code"], "colour_profile_ignored", "{reply}");
    sim.data("validate_request", job(json!({"conditioning": {"init_image": "vast.png"}})));
    let grown = sim.memory_peak() - before;
    assert!(grown < VAST as u64 / 4, "{grown}");
}

/// The decoder counts each byte of a chunk several times.
#[test]
fn large_chunks_of_a_picture_are_no_fault() {
    const LARGE: usize = 5_000_000;
    let mut sim = Sim::start(&[]);
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 64, 64);
    encoder.set_color(png::ColorType::Rgb);
    encoder.add_text_chunk("parameters".to_owned(), "x".repeat(LARGE)).expect("a text");
    encoder.add_itxt_chunk("xmp".to_owned(), "y".repeat(LARGE)).expect("a text");
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(&[90; 64 * 64 * 3]).expect("pixels");
    writer.finish().expect("an end");
    assert!(file.len() > 2 * LARGE, "{}", file.len());
    std::fs::write(sim.inputs().join("texts.png"), file).expect("a file");
    // As large as the profile of a printer is.
    profiled(&sim, "profile.png", vec![0; 3_000_000]);
    for name in ["texts.png", "profile.png"] {
        let (data, _) = make(&mut sim, json!({"conditioning": {"init_image": name}}));
        assert_eq!(data["features_used"]["img2img"], true, "{name}");
    }
}
