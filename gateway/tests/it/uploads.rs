//! Images that clients send: how long they are kept, and how they are removed.

use std::{io::Cursor, path::Path, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::{
    program::{Program, Stderr},
    rig::{HttpResponse, Rig, long_job, submission, within},
};

/// A picture of one colour.
fn picture(shade: u8) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let image = image::RgbImage::from_pixel(64, 64, image::Rgb([shade, 20, 20]));
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

async fn upload(rig: &Rig, shade: u8) -> HttpResponse {
    let request = rig.request("POST", "/v1/uploads").header("content-type", "image/png").body(picture(shade));
    rig.send_request(request).await
}

fn files(dir: &Path, folder: &str) -> usize {
    let Ok(entries) = std::fs::read_dir(dir.join("out").join(folder)) else { return 0 };
    // A look at the folder writes a file of its own, which may be there just now.
    entries
        .filter(|entry| !entry.as_ref().unwrap().file_name().to_string_lossy().starts_with(".probe-"))
        .count()
}

fn with_image(reference: &str) -> Value {
    let mut body = submission();
    body["conditioning"]["init_image"] = reference.into();
    body["scheduler"]["steps"] = 4.into();
    body
}

fn data(shade: u8) -> String {
    format!("data:image/png;base64,{}", BASE64_STANDARD.encode(picture(shade)))
}

/// Sweeps until this many files are left in a folder. A hold is released on a task of its own, so that one sweep may
/// come too early.
async fn left(rig: &Rig, folder: &str, count: usize) {
    within(async {
        while files(rig.dir.path(), folder) != count {
            rig.dispatcher.uploads().sweep();
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// A client reads what is wrong with the file, and not the types of the decoder.
#[tokio::test]
async fn a_broken_header_is_told_in_plain_words() {
    let rig = Rig::with(1, "", &[]).await;
    let mut damaged = picture(1);
    damaged[12..16].copy_from_slice(b"xxxx");
    let jpeg = [&b"\xFF\xD8\xFF\xE0\x00\x10JFIF\x00"[..], &[0; 9]].concat();
    let (early, wrong) = ("it ends too early", "a part of it is damaged, or not where it belongs");
    for (kind, bytes, why) in
        [("png", picture(1)[..20].to_vec(), early), ("png", damaged, wrong), ("jpeg", jpeg, wrong)]
    {
        let request = rig.request("POST", "/v1/uploads").header("content-type", format!("image/{kind}"));
        let response = rig.send_request(request.body(bytes)).await;
        assert_eq!(response.code(), "image_invalid", "{response:?}");
        let error = response.body["error"].as_str().unwrap();
        assert!(error.ends_with(&format!("the header of the {kind} image is broken: {why}")), "{error}");
    }
    rig.stop().await;
}

#[tokio::test]
async fn an_upload_of_another_type_is_told_which_types_there_are() {
    let rig = Rig::with(1, "", &[]).await;
    for kind in ["application/json", "text/plain"] {
        let request = rig.request("POST", "/v1/uploads").header("content-type", kind);
        let response = rig.send_request(request.body(picture(1))).await;
        assert_eq!(response.code(), "unsupported_media_type", "{response:?}");
        let hint = response.body["error_details"]["hint"].as_str().unwrap();
        assert!(hint.contains("image/png"), "{kind}: {hint}");
    }
    rig.stop().await;
}

/// The worker reports it among all faults of the document.
#[tokio::test]
async fn a_check_of_an_unknown_upload_says_what_the_job_says() {
    let rig = Rig::with(1, "", &[]).await;
    let document = with_image("upload:nobody");
    let job = rig.post("/v1/generate", &document).await;
    let entry = &job.body["error_details"]["errors"][0];
    let report = rig.post("/v1/validate", &document).await;
    let found = &report.body["data"]["errors"][0];
    assert_eq!((&found["code"], &found["pointer"]), (&entry["code"], &entry["pointer"]), "{report:?}");
    let sentence = found["message"].as_str().unwrap();
    assert!(sentence.starts_with("no upload \"nobody\""), "the client never meets the worker: {sentence}");
    rig.stop().await;
}

#[tokio::test]
async fn an_upload_is_deleted_and_its_file_with_it() {
    let rig = Rig::with(1, "", &[]).await;
    let upload = upload(&rig, 1).await;
    let id = upload.body["upload_id"].as_str().unwrap();
    assert_eq!(files(rig.dir.path(), "uploads"), 1);
    let made = rig.post("/v1/generate", &with_image(&format!("upload:{id}"))).await;
    assert_eq!(made.body["success"], true, "{made:?}");
    let deleted = rig.delete(&format!("/v1/uploads/{id}")).await;
    assert_eq!((deleted.status, &deleted.body["data"]), (200, &json!({})), "{deleted:?}");
    left(&rig, "uploads", 0).await;
    let again = rig.delete(&format!("/v1/uploads/{id}")).await;
    assert_eq!((again.status, again.code()), (404, "upload_not_found"));
    let made = rig.post("/v1/generate", &with_image(&format!("upload:{id}"))).await;
    assert_eq!(made.code(), "upload_not_found", "{made:?}");
    let command = json!({"Action": "delete_upload", "Payload": {"UploadId": "nobody"}});
    assert_eq!(rig.command(&command).await.body["ErrorDetails"]["Code"], "upload_not_found");
    rig.stop().await;
}

#[tokio::test]
async fn equal_uploads_share_a_file_until_the_last_is_deleted() {
    let rig = Rig::with(1, "", &[]).await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        ids.push(upload(&rig, 1).await.body["upload_id"].as_str().unwrap().to_owned());
    }
    assert_eq!(files(rig.dir.path(), "uploads"), 1);
    rig.delete(&format!("/v1/uploads/{}", ids[0])).await;
    let made = rig.post("/v1/generate", &with_image(&format!("upload:{}", ids[1]))).await;
    assert_eq!(made.body["success"], true, "{made:?}");
    rig.delete(&format!("/v1/uploads/{}", ids[1])).await;
    left(&rig, "uploads", 0).await;
    rig.stop().await;
}

#[tokio::test]
async fn what_an_accepted_job_reads_is_kept_until_it_ends() {
    let rig = Rig::with(1, "[keep]\ninput_seconds = 0\n", &["--step-ms", "10"]).await;
    rig.queue(&long_job("before", 60)).await;
    let id = upload(&rig, 1).await.body["upload_id"].as_str().unwrap().to_owned();
    for (name, image) in [("uploaded", format!("upload:{id}")), ("inside", data(2))] {
        let command = json!({"action": "generate_sdxl", "request_id": name,
                             "payload": {"prompt_submission": with_image(&image)}});
        rig.queue(&command).await;
    }
    assert_eq!(rig.delete(&format!("/v1/uploads/{id}")).await.status, 200);
    rig.dispatcher.uploads().sweep();
    assert_eq!([files(rig.dir.path(), "uploads"), files(rig.dir.path(), "inputs")], [1, 1]);
    for name in ["uploaded", "inside"] {
        assert_eq!(rig.reply(name).await["success"], true);
    }
    left(&rig, "uploads", 0).await;
    left(&rig, "inputs", 0).await;
    rig.stop().await;
}

#[tokio::test]
async fn a_full_budget_is_storage_full_until_an_upload_is_deleted() {
    // Counted in blocks of the disk, because tiny files fill it as well.
    let budget = picture(1).len().next_multiple_of(4096) * 3;
    let rig = Rig::with(1, &format!("[keep]\ninputs_bytes_max = {budget}\n"), &[]).await;
    let mut ids = Vec::new();
    let refused = loop {
        let shade = u8::try_from(ids.len()).unwrap();
        let kept = upload(&rig, shade).await;
        match kept.body["upload_id"].as_str() {
            Some(id) => ids.push(id.to_owned()),
            None => break kept,
        }
    };
    assert_eq!((refused.status, refused.code()), (507, "storage_full"), "{refused:?}");
    assert_eq!(refused.body["error_details"]["details"]["bytes_max"], budget);
    let inside = rig.post("/v1/generate", &with_image(&data(200))).await;
    assert_eq!(inside.code(), "storage_full", "{inside:?}");
    assert_eq!(files(rig.dir.path(), "uploads"), ids.len(), "nothing half is left");
    assert_eq!(ids.len(), 3);
    rig.delete(&format!("/v1/uploads/{}", ids[0])).await;
    assert_eq!(upload(&rig, 250).await.status, 200);
    rig.stop().await;
}

/// Ids of the same file take no room on the disk, but they take memory.
#[tokio::test]
async fn uploads_are_bounded_however_small_they_are() {
    let rig = Rig::with(1, "[keep]\nuploads_max = 2\n", &[]).await;
    let first = upload(&rig, 1).await;
    assert_eq!((first.status, upload(&rig, 1).await.status), (200, 200));
    let refused = upload(&rig, 1).await;
    assert_eq!((refused.status, refused.code()), (507, "storage_full"), "{refused:?}");
    assert!(refused.body["error_details"]["hint"].as_str().unwrap().contains("uploads_max"), "{refused:?}");
    rig.delete(&format!("/v1/uploads/{}", first.body["upload_id"].as_str().unwrap())).await;
    assert_eq!(upload(&rig, 1).await.status, 200);
    rig.stop().await;
}

#[tokio::test]
async fn images_of_ended_commands_make_room() {
    let budget = picture(1).len().next_multiple_of(4096) * 2;
    let rig = Rig::with(1, &format!("[keep]\ninputs_bytes_max = {budget}\n"), &[]).await;
    for shade in 0..20 {
        let made = rig.post("/v1/generate", &with_image(&data(shade))).await;
        assert_eq!(made.body["success"], true, "{made:?}");
    }
    assert!(files(rig.dir.path(), "inputs") < 20);
    rig.stop().await;
}

#[tokio::test]
async fn files_of_an_earlier_run_go_by_their_age_and_a_cut_file_is_trusted_by_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let put = |folder: &str, name: &str, age: u64| {
        let folder = dir.path().join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        let file = std::fs::File::create(folder.join(name)).unwrap();
        let at = std::time::SystemTime::now() - Duration::from_secs(age);
        file.set_modified(at).unwrap();
    };
    put("uploads", "old.png", 2 * 86_400);
    put("uploads", "young.png", 60);
    put("uploads", "old.png.x.part", 2 * 86_400);
    put("inputs", "old.png", 3_600);
    put("inputs", "young.png", 60);
    // A file of an earlier version, which a power loss cut short.
    let digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    put("inputs", &format!("{digest}.png"), 60);
    let uploads = gateway::uploads::Uploads::new(
        dir.path(),
        &gateway::config::Keep::default(),
        gateway::outputs::Outputs::new(dir.path(), 0),
    );
    uploads.sweep();
    let names = |folder: &str| {
        let mut names: Vec<String> = std::fs::read_dir(dir.path().join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("uploads"), ["young.png"]);
    assert_eq!(names("inputs"), [format!("{digest}.png"), "young.png".to_owned()]);
    let kept = uploads.keep(&picture(1)).unwrap();
    let path = dir.path().join("uploads");
    let written = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    let written = written.filter(|path| !path.ends_with("young.png")).collect::<Vec<_>>();
    assert_eq!(written.len(), 1);
    assert_eq!(std::fs::read(&written[0]).unwrap(), picture(1), "{kept}");
}

#[tokio::test]
async fn a_file_that_somebody_removed_is_written_again() {
    let rig = Rig::with(1, "", &[]).await;
    let made = rig.post("/v1/generate", &with_image(&data(1))).await;
    assert_eq!(made.body["success"], true, "{made:?}");
    std::fs::remove_dir_all(rig.dir.path().join("out/inputs")).unwrap();
    let made = rig.post("/v1/generate", &with_image(&data(1))).await;
    assert_eq!(made.body["success"], true, "{made:?}");
    rig.stop().await;
}

/// A picture whose colour profile inflates to this many zeros, from a file a thousandth as long.
fn with_profile(bytes: usize) -> Vec<u8> {
    use image::ImageEncoder;
    let mut file = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut file);
    encoder.set_icc_profile(vec![0; bytes]).unwrap();
    encoder.write_image(&[90; 64 * 64 * 3], 64, 64, image::ExtendedColorType::Rgb8).unwrap();
    file
}

#[tokio::test]
async fn a_profile_that_inflates_costs_no_memory() {
    const VAST: usize = 256 << 20;
    let program = Program::serve(Stderr::ResourceGuard, &[]).await;
    let image = with_profile(VAST);
    assert!(image.len() < 2 << 20, "{}", image.len());
    let before = program.memory_peak();
    let (status, reply) = program.upload("image/png", image).await;
    assert_eq!((status, &reply["width"], &reply["height"]), (200, &json!(64), &json!(64)), "{reply}");
    let grown = program.memory_peak() - before;
    assert!(grown < VAST as u64 / 4, "{grown}");
    assert_eq!(program.end().await, Some(0));
}

#[tokio::test]
async fn an_upload_is_refused_while_it_drains() {
    let mut rig = Rig::with(1, "", &["--step-ms", "250"]).await;
    rig.queue(&long_job("runs", 150)).await;
    rig.running("runs").await;
    rig.dispatcher.stop(Some(Duration::from_secs(600)));
    let response = upload(&rig, 1).await;
    assert_eq!((response.status, response.code()), (503, "shutting_down"), "{response:?}");
    assert_eq!(files(rig.dir.path(), "uploads"), 0);
    rig.dispatcher.stop(Some(Duration::from_millis(1)));
    rig.stopped().await;
}
