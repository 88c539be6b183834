//! What the gateway changes in a document, and how its reply reports that.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;

use crate::rig::{Rig, job, submission};

fn checkerboard() -> Vec<u8> {
    let picture = image::RgbImage::from_fn(64, 64, |x, y| {
        image::Rgb([if (x / 8 + y / 8) % 2 == 0 { 255 } else { 0 }; 3])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn a_seed_is_chosen_once_and_told() {
    let rig = Rig::start(&["--fault", "crash:reply@generate_sdxl@attempt=1"]).await;
    let first = rig.command(&job("generate_sdxl")).await;
    let seed = first.body["data"]["seed_used"].as_u64().unwrap();
    assert!(seed <= contracts::limits::CHOSEN_SEED_MAX);
    // The first attempt had written its picture under the same seed before it died.
    let written = walk(&rig.dir.path().join("out"));
    let same = written.iter().filter(|bytes| **bytes == written[0]).count();
    assert_eq!(same, written.len(), "both attempts made one picture");
    let second = rig.command(&job("enhanced_sdxl")).await;
    assert_ne!(second.body["data"]["seed_used"], seed);
    rig.stop().await;
}

fn walk(folder: &std::path::Path) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path));
        } else if path.extension().is_some_and(|extension| extension == "png") {
            found.push(std::fs::read(path).unwrap());
        }
    }
    found
}

#[tokio::test]
async fn data_images_and_uploads_reach_the_worker_as_paths() {
    let rig = Rig::start(&[]).await;
    let bytes = checkerboard();
    let upload = rig
        .send_request(
            rig.request("POST", "/v1/uploads").header("content-type", "image/png").body(bytes.clone()),
        )
        .await;
    assert_eq!(upload.body["width"], 64, "{upload:?}");
    let id = upload.body["upload_id"].as_str().unwrap();
    let data = format!("data:image/png;base64,{}", BASE64_STANDARD.encode(&bytes));
    let mut hashes = Vec::new();
    for reference in [data.clone(), format!("upload:{id}")] {
        let mut document = submission();
        document["hyperparameters"]["seed"] = 7.into();
        document["conditioning"]["init_image"] = reference.clone().into();
        let made = rig.post("/v1/generate", &document).await;
        assert_eq!(made.body["data"]["features_used"]["img2img"], true, "{made:?}");
        hashes.push(made.body["data"]["image_details"][0]["sha256"].clone());
        let report = rig.post("/v1/validate", &document).await;
        assert_eq!(report.body["data"]["valid"], true, "{report:?}");
        assert_eq!(report.body["data"]["normalized"], document, "what was said, not what became of it");
        assert_eq!(report.body["data"]["effective"]["conditioning"]["init_image"], reference);
    }
    assert_eq!(hashes[0], hashes[1], "the same picture either way");
    for (reference, code) in [
        ("upload:nobody", "upload_not_found"),
        ("data:image/png;base64,AAAA", "image_invalid"),
        ("data:,x", "image_invalid"),
    ] {
        let mut document = submission();
        document["conditioning"]["init_image"] = reference.into();
        let response = rig.post("/v1/generate", &document).await;
        assert_eq!(response.code(), code, "{response:?}");
        assert_eq!(response.body["error_details"]["field"], "/conditioning/init_image");
    }
    rig.stop().await;
}

#[tokio::test]
async fn a_workers_pointers_are_the_senders() {
    let rig = Rig::start(&[]).await;
    let mut direct = json!({"action": "generate_sdxl_enhanced", "request": {
        "Model": {"Base": "nobody"}, "Conditioning": {"Prompt": "x"}, "Scheduler": {"Steps": 2},
        "Hyperparameters": {"Dimensions": {"Width": 64, "Height": 64}},
    }});
    let response = rig.command(&direct).await;
    assert_eq!(response.body["ErrorDetails"]["Code"], "model_not_found", "{response:?}");
    assert_eq!(response.body["ErrorDetails"]["Field"], "/request/Model/Base");
    let two = json!({"Model": {"Base": "nobody", "Vae": "no_vae"}, "Conditioning": {"Prompt": "x"}});
    let response = rig.post("/v1/generate", &two).await;
    let sentence = response.body["Error"].as_str().unwrap_or_default();
    assert!(sentence.starts_with("2 faults; the first at /Model/Base: "), "{response:?}");
    // The gateway's warnings come first, then the worker's; none stands twice.
    direct["request"]["Model"]["Base"] = "sdxl_base".into();
    direct["request"]["Scheduler"]["Type"] = "DPM++".into();
    direct["request"]["Conditioning"]["LoRAs"] = json!([{"Name": "/models/lora.safetensors", "Weight": 0}]);
    let response = rig.command(&direct).await;
    let codes: Vec<&str> = response.body["WarningDetails"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| warning["Code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["accepted_spelling", "weight_zero"], "{response:?}");
    assert_eq!(
        response.body["WarningDetails"][1]["Pointer"], "/request/Conditioning/LoRAs/0/Weight",
        "{response:?}"
    );
    assert_eq!(response.body["Data"]["Warnings"], response.body["Warnings"]);
    rig.stop().await;
}

#[tokio::test]
async fn structured_inference_reports_what_was_said() {
    let rig = Rig::start(&[]).await;
    let response = rig.command(&job("structured_inference")).await;
    let validation = &response.body["data"]["validation"];
    assert_eq!(validation["normalized"], submission(), "{response:?}");
    assert_eq!(validation["effective"]["hyperparameters"]["seed"], -1);
    assert_ne!(response.body["data"]["seed_used"], -1);
    rig.stop().await;
}

#[tokio::test]
async fn the_dialect_is_the_senders_or_the_querys() {
    let rig = Rig::start(&[]).await;
    let camel = json!({"action": "validate_request", "request": {
        "model": {"base": "sdxl_base"}, "conditioning": {"prompt": "x"}, "hyperparameters": {"guidanceScale": 5}}});
    let response = rig.command(&camel).await;
    assert!(response.body["warningDetails"].is_array(), "{response:?}");
    let response = rig.post("/v1/commands?dialect=pascal", &camel).await;
    assert!(response.body["WarningDetails"].is_array(), "{response:?}");
    rig.stop().await;
}

#[tokio::test]
async fn an_attempt_of_the_sender_is_said_to_take_no_effect() {
    let rig = Rig::start(&[]).await;
    let mut command = crate::rig::job("generate_sdxl");
    command["attempt"] = 7.into();
    let response = rig.command(&command).await;
    assert_eq!(response.body["success"], true, "{response:?}");
    assert_eq!(response.body["warning_details"][0]["code"], "no_effect", "{response:?}");
    assert_eq!(response.body["warning_details"][0]["pointer"], "/attempt", "{response:?}");
    rig.stop().await;
}

/// What the request around a command does not allow is refused as its fields are: nothing that was read is forgotten.
#[tokio::test]
async fn a_refusal_for_the_request_keeps_session_and_warnings() {
    let rig = Rig::start(&[]).await;
    let mut document = job("generate_sdxl");
    document["session_id"] = "mine".into();
    document["payload"]["prompt_submission"]["scheduler"]["type"] = "DPM++".into();
    let send = |path: &str, name: &'static str, value: &'static str| {
        rig.send_request(rig.request("POST", path).header(name, value).json(&document))
    };
    for (answer, code) in [
        (send("/v1/generate", "accept", "image/webp").await, "not_acceptable"),
        (send("/v1/commands", "idempotency-key", "a b").await, "unsupported_value"),
        (send("/v1/commands?on_disconnect=cancel", "prefer", "respond-async").await, "validation_failed"),
    ] {
        assert_eq!(answer.code(), code, "{answer:?}");
        assert_eq!(answer.body["session_id"], "mine", "{answer:?}");
        assert_eq!(answer.body["warning_details"][0]["code"], "accepted_spelling", "{answer:?}");
    }
    rig.stop().await;
}
