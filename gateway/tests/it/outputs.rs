//! An output folder that cannot be written: readiness shows it before the first job fails, and a job fails with a code
//! that names it.

use base64::{Engine, prelude::BASE64_STANDARD};
use gateway::faults::{FaultPoint, hang};
use serde_json::json;

use crate::{
    program::{Program, Stderr},
    rig::{Rig, job, submission},
};

/// Replaces the folder by a file: no process, not even root's, can write below it.
fn spoil(rig: &Rig) {
    let out = rig.dir.path().join("out");
    std::fs::remove_dir_all(&out).unwrap();
    std::fs::write(out, "in the way").unwrap();
}

#[tokio::test]
async fn a_folder_that_can_not_be_written_is_not_ready_and_no_fault_of_ours() {
    let rig = Rig::with(2, "", &[]).await;
    assert_eq!(rig.get("/health/ready").await.status, 200);
    spoil(&rig);
    rig.dispatcher.outputs().check();
    let ready = rig.get("/health/ready").await;
    assert_eq!(ready.status, 503, "{ready:?}");
    assert!(ready.body["reason"].as_str().unwrap().contains("can not be written"), "{ready:?}");
    let readiness = rig.get("/v1/readiness").await;
    assert_eq!(readiness.body["data"]["sdxl_ready_gpus"], 0, "{readiness:?}");
    assert!(readiness.body["data"]["gpus"][1]["reasons"][0].as_str().unwrap().contains("output folder"));
    let best = rig.get("/v1/gpus/best").await;
    assert_eq!(best.status, 503, "{best:?}");
    let made = rig.post("/v1/generate", &submission()).await;
    assert_eq!((made.status, made.code()), (507, "storage_full"), "{made:?}");
    assert_eq!(made.body["error_details"]["retryable"], true);
    let upload = rig.request("POST", "/v1/uploads").header("content-type", "image/png");
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(8, 8).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    let upload = rig.send_request(upload.body(bytes.into_inner())).await;
    assert_eq!((upload.status, upload.code()), (507, "storage_full"), "{upload:?}");
    std::fs::remove_file(rig.dir.path().join("out")).unwrap();
    rig.dispatcher.outputs().check();
    assert_eq!(rig.get("/health/ready").await.status, 200);
    assert_eq!(rig.post("/v1/generate", &submission()).await.body["success"], true);
    rig.stop().await;
}

/// The probe of a few KiB fits on a disk that has no room for a picture.
#[tokio::test]
async fn a_disk_with_too_little_room_is_not_ready_before_a_job_fails() {
    let rig = Rig::with(1, "[keep]\ndisk_free_bytes_min = 1125899906842624\n", &[]).await;
    let ready = rig.get("/health/ready").await;
    assert_eq!(ready.status, 503, "{ready:?}");
    assert!(ready.body["reason"].as_str().unwrap().contains("less than 1125899906842624 bytes"), "{ready:?}");
    let readiness = rig.get("/v1/readiness").await;
    assert!(readiness.body["data"]["gpus"][0]["reasons"][0].as_str().unwrap().contains("bytes free"));
    // Unreadiness is a warning to balancers: a job that arrives is tried.
    assert_eq!(rig.command(&job("generate_sdxl")).await.body["success"], true);
    rig.stop().await;
}

/// Whatever could not be written, readiness says so at once and not at the next look.
#[tokio::test]
async fn a_write_that_failed_makes_the_gateway_look_again() {
    let mut with_image = submission();
    with_image["conditioning"]["init_image"] =
        format!("data:image/png;base64,{}", BASE64_STANDARD.encode(noise())).into();
    for what in ["job", "image", "upload"] {
        let begun = std::time::Instant::now();
        let rig = Rig::with(1, "", &[]).await;
        spoil(&rig);
        let failed = match what {
            "job" => rig.post("/v1/generate", &submission()).await,
            "image" => rig.post("/v1/generate", &with_image).await,
            _ => {
                let upload = rig.request("POST", "/v1/uploads").header("content-type", "image/png");
                rig.send_request(upload.body(noise())).await
            }
        };
        assert_eq!(failed.code(), "storage_full", "{what}: {failed:?}");
        crate::rig::within(async {
            while rig.dispatcher.outputs().trouble().is_none() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        assert!(begun.elapsed() < contracts::limits::OUTPUT_PROBE, "{what}: the next look found it");
        assert_eq!(rig.get("/health/ready").await.status, 503, "{what}");
        rig.stop().await;
    }
}

/// Noise, so that its file is large.
fn noise() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_fn(64, 64, |x, y| {
        image::Rgb([(x * 37) ^ (y * 91), x * y * 13, x ^ y].map(|v| v as u8))
    })
    .write_to(&mut bytes, image::ImageFormat::Png)
    .unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn what_is_over_the_limit_of_file_sizes_is_storage_full() {
    let program = Program::serve(Stderr::ResourceGuard, &[]).await;
    let image = noise();
    assert!(image.len() > 1000, "{}", image.len());
    program.limit_file_size(1000).await;
    let (status, reply) = program.upload("image/png", image.clone()).await;
    assert_eq!((status, &reply["error_details"]["code"]), (507, &json!("storage_full")), "{reply}");
    let mut command = job("generate_sdxl");
    let url = format!("data:image/png;base64,{}", BASE64_STANDARD.encode(&image));
    command["payload"]["prompt_submission"]["conditioning"]["init_image"] = url.into();
    let (status, reply) = program.command(&command).await;
    assert_eq!((status, &reply["error_details"]["code"]), (507, &json!("storage_full")), "{reply}");
    assert_eq!(program.end().await, Some(0));
}

/// The disk of the pictures may be on another machine. While it does not answer, everything else is served.
#[tokio::test]
async fn a_disk_that_answers_late_holds_up_its_own_job_alone() {
    let rig = Rig::start(&[]).await;
    let requests = json!([submission(), submission()]);
    for (id, mut command) in [
        ("late-single", job("generate_sdxl")),
        ("late-batch", json!({"action": "batch_generate", "payload": {"requests": requests}})),
    ] {
        command["request_id"] = id.into();
        let answers = hang(FaultPoint::Reply, id);
        rig.queue(&command).await;
        rig.running(id).await;
        let other = rig.command(&job("generate_sdxl")).await;
        assert_eq!(other.body["success"], true, "{id}: {other:?}");
        answers.send(()).expect("the look waits, or comes");
        assert_eq!(rig.reply(id).await["success"], true, "{id}");
    }
    rig.stop().await;
}
