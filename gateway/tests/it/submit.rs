//! `gateway submit`: exit code, stdout, stderr.

use std::process::Output;

use serde_json::json;
use tokio::process::Command;

use crate::{
    program::{poll_pause, workers_of},
    rig::{GATEWAY, Rig, submission, within},
};

async fn submit(dir: &std::path::Path, document: &serde_json::Value, args: &[&str]) -> Output {
    let file = dir.join("document.json");
    std::fs::write(&file, document.to_string()).unwrap();
    let run = Command::new(GATEWAY)
        .arg("submit")
        .arg(&file)
        .args(["--workers", "sim", "--sim-arg", "--load-ms", "--sim-arg", "0", "--output-dir"])
        .arg(dir.join("submitted"))
        .args(args)
        .output();
    within(run).await.unwrap()
}

#[tokio::test]
async fn it_says_where_the_picture_is() {
    let rig = Rig::start(&[]).await;
    let command = json!({"Action": "generate_sdxl_enhanced", "Request": {
        "Model": {"Base": "sdxl_base"}, "Conditioning": {"Prompt": "x"}, "Scheduler": {"Steps": 1},
        "Hyperparameters": {"Dimensions": {"Width": 64, "Height": 64}}}});
    for document in [submission(), command] {
        for args in [vec![], vec!["--url", &rig.url]] {
            let output = submit(rig.dir.path(), &document, &args).await;
            assert_eq!(output.status.code(), Some(0), "{output:?}");
            let path = String::from_utf8(output.stdout).unwrap();
            assert_eq!(image::image_dimensions(path.trim()).unwrap(), (64, 64), "{path}");
        }
    }
    rig.stop().await;
}

#[tokio::test]
async fn a_failure_has_its_code_its_place_and_a_hint() {
    let rig = Rig::start(&[]).await;
    let mut document = submission();
    document["scheduler"]["steps"] = 151.into();
    for args in [vec![], vec!["--url", &rig.url]] {
        let output = submit(rig.dir.path(), &document, &args).await;
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr.contains("error: out_of_range: "), "{stderr}");
        assert!(stderr.contains("/scheduler/steps: "), "{stderr}");
        assert!(stderr.contains("hint: "), "{stderr}");
    }
    let nowhere = submit(rig.dir.path(), &submission(), &["--url", "http://127.0.0.1:9"]).await;
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("no gateway answers"), "{nowhere:?}");
    rig.stop().await;
}

/// A result that nobody gets is no success: on a full disk, and on a descriptor that cannot be written.
#[tokio::test]
async fn a_result_that_cannot_be_written_is_a_failure() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("document.json");
    std::fs::write(&file, submission().to_string()).unwrap();
    let stdouts = || [std::fs::File::create("/dev/full").unwrap(), std::fs::File::open(&file).unwrap()];
    for args in [&["--json"][..], &[]] {
        for stdout in stdouts() {
            let run = Command::new(GATEWAY)
                .arg("submit")
                .arg(&file)
                .args(["--workers", "sim", "--sim-arg", "--load-ms", "--sim-arg", "0", "--output-dir"])
                .arg(dir.path().join("submitted"))
                .args(args)
                .stdout(stdout)
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap();
            let output = within(run.wait_with_output()).await.unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{args:?}: {stderr}");
            assert!(stderr.contains("the result cannot be written to stdout"), "{args:?}: {stderr}");
        }
    }
}

/// An event that was skipped without a word could be the reply.
#[tokio::test]
async fn an_event_that_is_no_json_is_told() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = axum::Router::new()
        .fallback(|| async { (axum::http::StatusCode::ACCEPTED, r#"{"request_id":"r"}"#) })
        .route(
            "/v1/jobs/{id}/events",
            axum::routing::get(|| async { ": still there\n\nevent: reply\ndata: {\"success\":\n\n" }),
        );
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("document.json");
    std::fs::write(&file, submission().to_string()).unwrap();
    let run = Command::new(GATEWAY).arg("submit").arg(&file).args(["--url", &url]).output();
    let output = within(run).await.unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("the event \"reply\" is no JSON"), "{stderr}");
}

#[tokio::test]
async fn a_terminal_that_closes_ends_no_job() {
    let dir = tempfile::tempdir().unwrap();
    let (file, outputs) = (dir.path().join("document.json"), dir.path().join("submitted"));
    let mut document = submission();
    document["scheduler"]["steps"] = 100.into();
    std::fs::write(&file, document.to_string()).unwrap();
    let child = Command::new(GATEWAY)
        .arg("submit")
        .arg(&file)
        .args(["--workers", "sim", "--sim-arg", "--load-ms", "--sim-arg", "0", "--sim-arg", "--step-ms"])
        .args(["--sim-arg", "20", "--output-dir"])
        .arg(&outputs)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let pid = child.id().unwrap();
    // When it has a worker, its handlers of signals are installed.
    within(async {
        while workers_of(pid).is_empty() {
            poll_pause().await;
        }
    })
    .await;
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid.cast_signed()), nix::sys::signal::Signal::SIGHUP)
        .unwrap();
    let output = within(child.wait_with_output()).await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}
