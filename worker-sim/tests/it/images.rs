//! Images that a job reads: which files are refused, and what becomes of their size, colours and masks.

use serde_json::json;

use crate::support::{Sim, job, picture, pixels, with_images};

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
    let (_, by_path) = picture(&mut sim, json!({"conditioning": {"init_image": "a.png"}}));
    let (_, by_url) = picture(&mut sim, json!({"conditioning": {"init_image": url}}));
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
    let (_, bytes) = picture(&mut sim, masked);
    let kept = image::open(sim.inputs().join("a.png")).expect("a picture").to_rgb8().into_raw();
    assert_eq!(pixels(&bytes), kept);
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
    // A job without an image first: the memory of the models and the sampler is not that of the image.
    picture(&mut sim, json!({}));
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
        let (data, _) = picture(&mut sim, json!({"conditioning": {"init_image": name}}));
        assert_eq!(data["features_used"]["img2img"], true, "{name}");
    }
}
