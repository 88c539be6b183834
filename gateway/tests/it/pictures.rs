//! Pictures by their URL, and in place of a reply.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    raw::{Answer, Raw, head},
    rig::{Rig, submission},
};

async fn get(rig: &Rig, verb: &str, path: &str, headers: &str) -> Answer {
    let mut raw = Raw::to(rig).await;
    raw.send(head(verb, path, &format!("{headers}Connection: close\r\n"))).await;
    if verb != "HEAD" {
        return raw.answer().await;
    }
    let text = String::from_utf8(raw.end().await).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "", "HEAD has no body");
    let mut lines = head.lines();
    Answer {
        status: lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap(),
        headers: lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect(),
        body: Vec::new(),
    }
}

fn tag(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}

async fn made(rig: &Rig, id: &str, seed: u64) -> Value {
    let mut document = submission();
    document["hyperparameters"]["seed"] = seed.into();
    let command =
        json!({"action": "generate_sdxl", "request_id": id, "payload": {"prompt_submission": document}});
    let response = rig.command(&command).await;
    assert_eq!(response.status, 200, "{response:?}");
    response.body["data"]["image_details"][0].clone()
}

#[tokio::test]
async fn a_picture_is_known_by_its_bytes_not_by_its_url() {
    let rig = Rig::with(1, "", &[]).await;
    let path = "/v1/jobs/order-1/images/0";
    let mut tags = Vec::new();
    for seed in [1, 2] {
        made(&rig, "order-1", seed).await;
        let answer = get(&rig, "GET", path, "").await;
        assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
        assert_eq!(answer.header("etag"), Some(tag(&answer.body).as_str()));
        tags.push(answer.header("etag").unwrap().to_owned());
    }
    assert_ne!(tags[0], tags[1]);
    let (old, now) = (&tags[0], &tags[1]);
    for (headers, status) in [
        (format!("If-None-Match: {now}\r\n"), 304),
        (format!("If-None-Match: W/{now}\r\n"), 304),
        (format!("If-None-Match: \"a\", {now}\r\n"), 304),
        ("If-None-Match: *\r\n".to_owned(), 304),
        (format!("If-None-Match: {now}\r\nRange: bytes=0-1\r\n"), 304),
        (format!("If-None-Match: {old}\r\n"), 200),
        ("If-None-Match: garbage\r\n".to_owned(), 200),
    ] {
        for verb in ["GET", "HEAD"] {
            let answer = get(&rig, verb, path, &headers).await;
            assert_eq!(answer.status, status, "{verb} {headers}");
            assert_eq!(answer.header("etag"), Some(now.as_str()), "{verb} {headers}");
        }
    }
    rig.stop().await;
}

/// A picture has one address, and an event one id.
#[tokio::test]
async fn a_number_has_one_spelling() {
    let rig = Rig::with(1, "", &[]).await;
    made(&rig, "one", 1).await;
    for n in ["00", "+0", "-0", "0x0", "0.0", "%200"] {
        let response = rig.get(&format!("/v1/jobs/one/images/{n}")).await;
        assert_eq!((response.status, response.code()), (404, "route_not_found"), "{n}: {response:?}");
    }
    // The last one is é in Latin-1, which no header should hold.
    for id in [&b"00"[..], b"+1", b"-1", b"1.0", b"x", b"\xe9"] {
        let response =
            rig.send_request(rig.request("GET", "/v1/jobs/one/events").header("last-event-id", id)).await;
        assert_eq!((response.status, response.code()), (422, "unsupported_value"), "{id:?}: {response:?}");
    }
    rig.stop().await;
}

#[tokio::test]
async fn a_part_of_a_picture_is_served() {
    let rig = Rig::with(1, "", &[]).await;
    made(&rig, "part", 1).await;
    let path = "/v1/jobs/part/images/0";
    let whole = get(&rig, "GET", path, "").await;
    let (bytes, etag) = (whole.body.clone(), whole.header("etag").unwrap().to_owned());
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    let total = bytes.len();
    for (range, from, to) in [
        ("bytes=0-3".to_owned(), 0, 4),
        (format!("bytes=10-{}", total * 2), 10, total),
        ("bytes=-7".to_owned(), total - 7, total),
        ("bytes=5-".to_owned(), 5, total),
    ] {
        for condition in [String::new(), format!("If-Range: {etag}\r\n")] {
            let answer = get(&rig, "GET", path, &format!("Range: {range}\r\n{condition}")).await;
            assert_eq!((answer.status, &answer.body[..]), (206, &bytes[from..to]), "{range} {condition}");
            let text = format!("bytes {from}-{}/{total}", to - 1);
            assert_eq!(answer.header("content-range"), Some(text.as_str()));
            assert_eq!(answer.header("etag"), Some(etag.as_str()));
        }
    }
    for headers in [
        "Range: bytes=0-1,4-5\r\n",
        "Range: items=0-1\r\n",
        "Range: bytes=3-1\r\n",
        "Range: bytes=0-1\r\nIf-Range: \"other\"\r\n",
        "Range: bytes=0-1\r\nIf-Range: Wed, 21 Oct 2015 07:28:00 GMT\r\n",
    ] {
        let answer = get(&rig, "GET", path, headers).await;
        assert_eq!((answer.status, &answer.body), (200, &bytes), "{headers}");
    }
    let answer = get(&rig, "GET", path, &format!("Range: bytes={total}-\r\n")).await;
    let text = format!("bytes */{total}");
    assert_eq!((answer.status, answer.header("content-range")), (416, Some(text.as_str())));
    let answer = get(&rig, "HEAD", path, "Range: bytes=0-1\r\n").await;
    let length = total.to_string();
    assert_eq!((answer.status, answer.header("content-length")), (200, Some(length.as_str())));
    rig.stop().await;
}

#[tokio::test]
async fn only_a_regular_file_beneath_the_output_folder_is_served() {
    let rig = Rig::with(1, "", &[]).await;
    let detail = made(&rig, "swapped", 1).await;
    let path = std::path::PathBuf::from(detail["path"].as_str().unwrap());
    let served = || get(&rig, "GET", "/v1/jobs/swapped/images/0", "");
    let outside = rig.dir.path().join("outside.png");
    std::fs::rename(&path, &outside).unwrap();
    assert_eq!(served().await.status, 404, "it is gone");
    std::os::unix::fs::symlink(&outside, &path).unwrap();
    assert_eq!((served().await.status, served().await.code().as_str()), (403, "path_not_allowed"));
    std::fs::remove_file(&path).unwrap();
    // A folder on the way becomes a link.
    let folder = path.parent().unwrap();
    let moved = rig.dir.path().join("moved");
    std::fs::rename(folder, &moved).unwrap();
    std::fs::rename(&outside, moved.join(path.file_name().unwrap())).unwrap();
    std::os::unix::fs::symlink(&moved, folder).unwrap();
    assert_eq!(served().await.status, 403);
    std::fs::remove_file(folder).unwrap();
    std::fs::create_dir(folder).unwrap();
    // A pipe without a writer must not block the gateway.
    let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    assert_eq!(served().await.status, 404);
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, b"shorter").unwrap();
    assert_eq!(served().await.status, 404, "it is another picture");
    rig.stop().await;
}

async fn wanted(rig: &Rig, document: &Value, headers: &str) -> Answer {
    let body = document.to_string();
    let headers = format!("Content-Type: application/json\r\nContent-Length: {}\r\n{headers}", body.len());
    // A streamed picture has its length, so that one answer can be read.
    Raw::to(rig).await.ask(head("POST", "/v1/generate", &headers) + &body).await
}

#[tokio::test]
async fn whoever_accepts_an_image_gets_the_picture() {
    let rig = Rig::with(1, "", &[]).await;
    let mut document = submission();
    document["hyperparameters"]["seed"] = 7.into();
    document["scheduler"]["type"] = "DPM++".into();
    for accept in ["image/*", "image/png", "image/webp, image/png;q=0.1", "image/jpeg, */*;q=0.1"] {
        let answer = wanted(&rig, &document, &format!("Accept: {accept}\r\n")).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/png")), "{accept}");
        assert!(answer.body.starts_with(b"\x89PNG"), "{accept}");
        assert_eq!(answer.header("x-seed"), Some("7"));
        assert_eq!(answer.header("x-warnings"), Some("accepted_spelling"));
        let id = answer.header("x-request-id").unwrap();
        let link = format!("</v1/jobs/{id}>; rel=\"describedby\"");
        assert_eq!(answer.header("link"), Some(link.as_str()));
        assert_eq!(answer.header("vary"), Some("accept"));
        let job = rig.get(&format!("/v1/jobs/{id}")).await;
        assert_eq!(job.body["data"]["status"], "completed");
        assert_eq!(answer.header("etag"), Some(tag(&answer.body).as_str()));
    }
    for accept in ["*/*", "application/json", "image/png, application/json", "text/html", ";;;"] {
        let answer = wanted(&rig, &document, &format!("Accept: {accept}\r\n")).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("application/json")),
            "{accept}"
        );
        assert_eq!(answer.header("vary"), Some("accept"));
    }
    let answer = wanted(&rig, &document, "Accept: image/*\r\nPrefer: respond-async\r\n").await;
    assert_eq!((answer.status, answer.header("content-type")), (202, Some("application/json")));
    rig.stop().await;
}

#[tokio::test]
async fn a_picture_that_is_not_accepted_is_not_made() {
    let rig = Rig::with(1, "", &[]).await;
    let before = rig.get("/v1/jobs").await.body["data"]["total"].clone();
    let mut jpeg = submission();
    jpeg["postprocessing"] = json!({"output_format": "jpeg"});
    let mut two = submission();
    two["hyperparameters"]["batch_size"] = 2.into();
    let mut pascal = json!({"Model": {"Base": "sdxl_base"}, "Conditioning": {"Prompt": "x"}});
    pascal["Hyperparameters"] = json!({"BatchSize": 2});
    for (document, accept, status, code, field) in [
        (&jpeg, "image/png", 406, "not_acceptable", None),
        (&submission(), "image/avif", 406, "not_acceptable", None),
        (&submission(), "image/*, image/png;q=0", 406, "not_acceptable", None),
        (&two, "image/*", 422, "validation_failed", Some("/hyperparameters/batch_size")),
        (&pascal, "image/*", 422, "validation_failed", Some("/Hyperparameters/BatchSize")),
        (&json!({"model": {"base": 7}}), "image/png", 422, "validation_failed", None),
    ] {
        let answer = wanted(&rig, document, &format!("Accept: {accept}\r\n")).await;
        let body = answer.json();
        let details =
            if body["error_details"].is_object() { &body["error_details"] } else { &body["ErrorDetails"] };
        let text = details.get("code").or_else(|| details.get("Code")).and_then(Value::as_str);
        assert_eq!((answer.status, text), (status, Some(code)), "{accept} {body}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        if let Some(field) = field {
            let at = details.get("field").or_else(|| details.get("Field")).and_then(Value::as_str);
            assert_eq!(at, Some(field), "{body}");
        }
    }
    assert_eq!(rig.get("/v1/jobs").await.body["data"]["total"], before, "nothing ran");
    let answer = wanted(&rig, &jpeg, "Accept: image/jpeg\r\n").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/jpeg")));
    rig.stop().await;
}

#[tokio::test]
async fn a_failure_stays_a_problem_whatever_is_accepted() {
    let rig = Rig::with(1, "", &["--fault", "out_of_memory"]).await;
    let answer = wanted(&rig, &submission(), "Accept: image/png\r\n").await;
    assert_eq!((answer.status, &*answer.code()), (507, "out_of_memory"), "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    rig.stop().await;
}
