//! Hostile bodies: each gets its error code, and the gateway serves on.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::rig::{HttpResponse, Rig, job, submission, within};

#[tokio::test]
async fn bad_bodies_give_their_codes() {
    let rig = Rig::start(&[]).await;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep_object = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    let cases: [(&[u8], u16, &str); 13] = [
        (b"", 400, "bad_frame"),
        (b"  \r\n", 400, "bad_frame"),
        (b"[1]", 400, "bad_frame"),
        (b"{", 400, "bad_frame"),
        (b"{\"action\":\"get_status\"} x", 400, "bad_frame"),
        (b"{\"action\":\"get_status\",\"a\":\"\xFF\"}", 400, "bad_frame"),
        (b"{\"action\":\"get_status\",\"a\":\"\\ud800\"}", 400, "bad_frame"),
        (b"{\"action\":\"get_status\",\"a\":NaN}", 400, "bad_frame"),
        (b"{\"action\":\"get_status\",\"a\":1e999}", 400, "bad_frame"),
        (b"{\"action\":\"get_status\",\"action\":\"get_status\"}", 400, "duplicate_field"),
        (deep.as_bytes(), 400, "bad_frame"),
        (deep_object.as_bytes(), 400, "bad_frame"),
        (b"{\"action\":\"get_statu\"}", 404, "unknown_action"),
    ];
    for (body, status, code) in cases {
        let response = rig.bytes("/v1/commands", body.to_vec()).await;
        let start = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        assert_eq!((response.status, response.code()), (status, code), "{start}: {response:?}");
        is_problem(&response);
        rig.assert_makes_pictures().await;
    }
    rig.stop().await;
}

fn is_problem(response: &HttpResponse) {
    assert_eq!(response.headers["content-type"], "application/problem+json");
    assert_eq!(response.body["status"], response.status);
    assert_eq!(response.body["type"], format!("urn:concord:error:{}", response.code()));
    assert_eq!(response.body["success"], false);
    assert_eq!(response.body["data"], Value::Null);
}

#[tokio::test]
async fn a_hundred_megabytes_are_refused_before_they_are_read() {
    let rig = Rig::start(&[]).await;
    let address = rig.url.strip_prefix("http://").unwrap().to_owned();
    let answer = within(async {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let head = "POST /v1/generate HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100000000\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let (mut read, mut write) = stream.split();
        let events = async {
            let chunk = vec![b' '; 1 << 20];
            // The gateway may close the connection before all is written, which is what is tested.
            for _ in 0..100 {
                if write.write_all(&chunk).await.is_err() {
                    break;
                }
            }
        };
        let mut answer = vec![0; 4096];
        let hear = async { read.read(&mut answer).await.unwrap() };
        let count = tokio::select! {
            count = hear => count,
            () = async { events.await; std::future::pending::<()>().await } => unreachable!(),
        };
        answer.truncate(count);
        String::from_utf8(answer).unwrap()
    })
    .await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("frame_too_large"), "{answer}");
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

/// A submission of exactly as many bytes as a body may have, its image of these bytes and zeros.
fn full_body(start: &[u8]) -> Vec<u8> {
    const MAX: usize = contracts::framing::FRAME_BYTES_MAX;
    let mut document = submission();
    document["conditioning"]["init_image"] = "data:image/png;base64,".into();
    let around = document.to_string().len();
    // Whole groups of four characters.
    let mut picture = start.to_vec();
    picture.resize((MAX - around) / 4 * 3, 0);
    let image = format!("data:image/png;base64,{}", BASE64_STANDARD.encode(picture));
    document["conditioning"]["init_image"] = image.into();
    let mut body = document.to_string().into_bytes();
    body.resize(MAX, b' ');
    body
}

#[tokio::test]
async fn a_body_at_the_limit_is_answered_at_once() {
    let rig = Rig::start(&[]).await;
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(64, 64).write_to(&mut png, image::ImageFormat::Png).unwrap();
    let sound = full_body(&png.into_inner());
    let response = rig.bytes("/v1/validate", sound).await;
    assert_eq!(response.status, 200, "{}", response.code());
    assert_eq!(response.body["data"]["valid"], true, "{}", response.body["data"]["error"]);
    // Bytes that are no image stay in the document, which with its envelope is too long.
    let response = rig.bytes("/v1/validate", full_body(b"nothing")).await;
    assert_eq!((response.status, response.code()), (413, "frame_too_large"), "{response:?}");
    let details = &response.body["error_details"];
    assert_eq!(details["hint"], "send images as paths or uploads");
    assert_eq!(details["details"]["maximum_bytes"], 16_777_216, "{response:?}");
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

#[tokio::test]
async fn paths_do_not_leave_their_roots() {
    let rig = Rig::start(&[]).await;
    for path in ["../../etc/passwd", "/etc/passwd", "a/../../../etc/passwd", "/models/../etc/passwd"] {
        let mut document = submission();
        document["conditioning"]["init_image"] = path.into();
        let response = rig.post("/v1/generate", &document).await;
        assert!(matches!(response.code(), "path_not_allowed" | "image_invalid"), "{path}: {response:?}");
        let response = rig
            .command(&json!({"action": "load_model", "payload": {"model_path": path, "model_type": "sdxl"}}))
            .await;
        assert!(matches!(response.code(), "path_not_allowed" | "model_not_found"), "{path}: {response:?}");
        assert_eq!(response.body["error_details"]["field"], "/payload/model_path");
    }
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

#[tokio::test]
async fn every_bound_is_held_on_its_way_in() {
    let rig = Rig::with(1, "", &[]).await;
    let cases = [
        ("/scheduler/steps", json!(0), "out_of_range"),
        ("/scheduler/steps", json!(151), "out_of_range"),
        ("/hyperparameters/dimensions/width", json!(56), "out_of_range"),
        ("/hyperparameters/dimensions/width", json!(65), "out_of_range"),
        ("/hyperparameters/dimensions/height", json!(4104), "out_of_range"),
        ("/hyperparameters/guidance_scale", json!(50.1), "out_of_range"),
        ("/hyperparameters/batch_size", json!(17), "out_of_range"),
        ("/hyperparameters/seed", json!(-2), "out_of_range"),
        ("/hyperparameters/seed", json!(1.5), "unsupported_value"),
        ("/scheduler/type", json!("Eulr"), "unsupported_value"),
        ("/conditioning/prompt", json!(" "), "unsupported_value"),
        ("/conditioning/promt", json!("x"), "unknown_field"),
    ];
    for (pointer, value, code) in cases {
        let mut document = submission();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[name] = value.clone();
        let response = rig.post("/v1/generate", &document).await;
        assert_eq!(response.code(), code, "{pointer} {value}: {response:?}");
        assert_eq!(response.body["error_details"]["field"], pointer, "{response:?}");
        let report = rig.post("/v1/validate", &document).await;
        assert_eq!(report.body["data"]["valid"], false, "{report:?}");
        assert_eq!(report.body["data"]["errors"][0]["pointer"], pointer);
    }
    rig.stop().await;
}

#[tokio::test]
async fn what_http_refuses_is_a_problem_too() {
    let rig = Rig::start(&[]).await;
    let nowhere = rig.get("/v1/nowhere").await;
    assert_eq!((nowhere.status, nowhere.code()), (404, "route_not_found"));
    is_problem(&nowhere);
    let verb = rig.send_request(rig.request("PUT", "/v1/generate")).await;
    assert_eq!((verb.status, verb.code()), (405, "method_not_allowed"));
    assert_eq!(verb.headers["allow"], "POST");
    is_problem(&verb);
    let kind = rig
        .send_request(rig.request("POST", "/v1/generate").header("content-type", "text/plain").body("{}"))
        .await;
    assert_eq!((kind.status, kind.code()), (415, "unsupported_media_type"));
    is_problem(&kind);
    let query = rig.get("/v1/jobs?limit=many").await;
    assert_eq!((query.status, query.code()), (422, "unsupported_value"), "{query:?}");
    let unknown = rig.get("/v1/jobs?limt=1").await;
    assert_eq!((unknown.status, unknown.code()), (422, "unknown_field"), "{unknown:?}");
    let dialect = rig.get("/v1/jobs?dialect=kebab").await;
    assert_eq!((dialect.status, dialect.code()), (422, "unsupported_value"), "{dialect:?}");
    let gpu = rig.get("/v1/gpus/gpu_7/models").await;
    assert_eq!((gpu.status, gpu.code()), (404, "gpu_not_found"), "{gpu:?}");
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

#[tokio::test]
async fn what_the_path_says_the_query_does_not_say_again() {
    let rig = Rig::start(&[]).await;
    let cases = [
        ("POST", "/v1/gpus/gpu_0/inference?gpu_id=gpu_1", "/gpu_id"),
        ("POST", "/v1/gpus/gpu_0/inference?gpuId=gpu_1", "/gpuId"),
        ("POST", "/v1/tests/sdxl?scope=models", "/scope"),
        ("GET", "/v1/jobs/abc?target_request_id=zzz", "/target_request_id"),
        ("GET", "/v1/jobs/abc?TargetRequestId=zzz", "/TargetRequestId"),
    ];
    for (verb, path, field) in cases {
        let request = rig.request(verb, path);
        let request = if verb == "POST" { request.json(&submission()) } else { request };
        let response = rig.send_request(request).await;
        assert_eq!(response.code(), "duplicate_field", "{path}: {response:?}");
        assert_eq!(response.body["error_details"]["field"], field, "{response:?}");
        is_problem(&response);
    }
    rig.stop().await;
}

#[tokio::test]
async fn every_query_is_read() {
    let rig = Rig::start(&[]).await;
    let id = rig.queue(&job("generate_sdxl")).await;
    rig.reply(&id).await;
    let paths = [
        ("GET", format!("/v1/jobs/{id}/events")),
        ("GET", format!("/v1/jobs/{id}/images/0")),
        ("POST", "/v1/uploads".to_owned()),
        ("GET", "/health/live".to_owned()),
        ("GET", "/health/ready".to_owned()),
        ("GET", "/openapi.json".to_owned()),
    ];
    let queries = [
        ("foo=1&dialect=zzz", "unknown_field", "/foo"),
        ("dialect=zzz", "unsupported_value", "/dialect"),
        ("dialect=snake&dialect=snake", "duplicate_field", "/dialect"),
    ];
    for (verb, path) in paths {
        for (query, code, field) in queries {
            let response = rig.send_request(rig.request(verb, &format!("{path}?{query}"))).await;
            assert_eq!(response.code(), code, "{verb} {path}?{query}: {response:?}");
            assert_eq!(response.body["error_details"]["field"], field, "{response:?}");
        }
    }
    let nowhere = rig.get("/v1/nowhere?foo=1").await;
    assert_eq!((nowhere.status, nowhere.code()), (404, "route_not_found"), "the route outweighs its query");
    let pascal = rig.get("/v1/nowhere?%64ialect=pascal").await;
    assert_eq!(pascal.body["ErrorDetails"]["Code"], "route_not_found", "{pascal:?}");
    rig.stop().await;
}

#[tokio::test]
async fn bodies_are_utf_8_and_not_compressed() {
    let rig = Rig::start(&[]).await;
    let cases = [
        ("content-encoding", "gzip"),
        ("content-type", "application/json; charset=utf-16"),
        ("content-type", "application/json; Charset=\"ISO-8859-1\""),
    ];
    for (name, value) in cases {
        for path in ["/v1/generate", "/v1/commands"] {
            let response = rig.send_request(rig.request("POST", path).header(name, value).body("{}")).await;
            assert_eq!(
                (response.status, response.code()),
                (415, "unsupported_media_type"),
                "{value}: {response:?}"
            );
            assert!(response.body["error_details"]["hint"].is_string(), "{response:?}");
        }
    }
    let upload = rig
        .send_request(rig.request("POST", "/v1/uploads").header("content-encoding", "gzip").body("x"))
        .await;
    assert_eq!(upload.status, 415, "{upload:?}");
    let command = json!({"action": "get_status"}).to_string();
    for kind in ["application/json; charset=utf-8", "application/json;charset=\"UTF-8\""] {
        let request = rig.request("POST", "/v1/commands").header("content-type", kind);
        let response =
            rig.send_request(request.header("content-encoding", "identity").body(command.clone())).await;
        assert_eq!(response.status, 200, "{kind}: {response:?}");
    }
    rig.stop().await;
}

#[tokio::test]
async fn a_pipe_is_no_picture() {
    let rig = Rig::start(&[]).await;
    let id = rig.queue(&job("generate_sdxl")).await;
    let reply = rig.reply(&id).await;
    let picture = reply["data"]["image_details"][0]["path"].as_str().unwrap();
    std::fs::remove_file(picture).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(picture).status().unwrap().success());
    let response = rig.get(&format!("/v1/jobs/{id}/images/0")).await;
    assert_eq!((response.status, response.code()), (404, "route_not_found"), "{response:?}");
    rig.stop().await;
}

#[tokio::test]
async fn a_body_says_once_what_it_is_whatever_the_verb() {
    let rig = Rig::start(&[]).await;
    let untyped = rig.send_request(rig.request("GET", "/v1/queue").body("{}")).await;
    assert_eq!((untyped.status, untyped.code()), (415, "unsupported_media_type"), "{untyped:?}");
    for (verb, path, kind) in [
        ("POST", "/v1/generate", "application/json"),
        ("POST", "/v1/uploads", "image/png"),
        ("GET", "/v1/queue", "application/json"),
    ] {
        let twice = rig.request(verb, path).header("content-type", kind);
        let twice = rig.send_request(twice.header("content-type", "text/plain").body("{}")).await;
        assert_eq!((twice.status, twice.code()), (415, "unsupported_media_type"), "{verb} {path}: {twice:?}");
        assert!(twice.body["error"].as_str().unwrap().contains("twice"), "{twice:?}");
    }
    assert_eq!(rig.get("/v1/queue").await.status, 200);
    rig.stop().await;
}
