//! Workers that hang, and workers that only seem to live.

use serde_json::json;

use crate::rig::{Rig, job, within};

const SHORT: &str =
    "[limits]\nother_seconds = 1.5\nidle_seconds = 1.5\ndenoising_seconds = 1.5\nloading_seconds = 1.5\n";

#[tokio::test]
async fn a_hung_worker_is_replaced_and_its_job_repeated() {
    let rig = Rig::with(2, SHORT, &["--fault", "hang:all@generate_sdxl@attempt=1"]).await;
    let heard = rig.command(&job("generate_sdxl")).await;
    assert_eq!(heard.body["success"], true, "{heard:?}");
    rig.goes_on().await;
    rig.stop().await;
}

#[tokio::test]
async fn heartbeats_cannot_hide_a_hung_job() {
    let rig = Rig::with(2, SHORT, &["--fault", "hang:job@generate_sdxl"]).await;
    let heard = rig.command(&job("generate_sdxl")).await;
    assert_eq!(heard.code(), "worker_crashed", "{heard:?}");
    let cause = heard.body["error_details"]["details"]["cause"].as_str().unwrap();
    assert!(cause.contains("it hung"), "{cause}");
    rig.goes_on().await;
    rig.stop().await;
}

#[tokio::test]
async fn a_stopped_worker_is_seen_and_replaced() {
    let rig = Rig::with(1, SHORT, &[]).await;
    let lane = &rig.front.pool().lanes()[0];
    let pid = lane.view().facts.as_ref().unwrap().pid;
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(pid.try_into().unwrap()),
        nix::sys::signal::Signal::SIGSTOP,
    )
    .unwrap();
    let mut views = lane.views();
    within(async { views.wait_for(|view| view.starts == 2).await.map(|_| ()) }).await.unwrap();
    within(rig.front.pool().settled()).await;
    let heard = rig.command(&job("generate_sdxl")).await;
    assert_eq!(heard.body["success"], true, "{heard:?}");
    rig.stop().await;
}

#[tokio::test]
async fn a_reply_that_never_comes_is_a_protocol_error() {
    let rig = Rig::with(1, SHORT, &["--fault", "missing_reply@generate_sdxl"]).await;
    let heard = rig.command(&job("generate_sdxl")).await;
    assert_eq!((heard.status, heard.code()), (502, "worker_protocol_error"), "{heard:?}");
    let heard = rig.command(&job("enhanced_sdxl")).await;
    assert_eq!(heard.body["success"], true, "{heard:?}");
    rig.goes_on().await;
    rig.stop().await;
}

#[tokio::test]
async fn a_reply_under_another_id_is_none() {
    let rig = Rig::with(1, SHORT, &["--fault", "wrong_id@generate_sdxl"]).await;
    let heard = rig.command(&job("generate_sdxl")).await;
    assert_eq!(heard.code(), "worker_protocol_error", "{heard:?}");
    rig.goes_on().await;
    rig.stop().await;
}

#[tokio::test]
async fn a_query_without_an_answer_times_out_alone() {
    let rig = Rig::with(1, "", &["--fault", "missing_reply@get_schedulers"]).await;
    let other = json!({"action": "get_controlnet_types"});
    let (lost, found) = tokio::join!(rig.get("/v1/schedulers"), rig.command(&other));
    assert_eq!((lost.status, lost.code()), (504, "timeout"), "{lost:?}");
    assert_eq!(found.body["success"], true, "{found:?}");
    assert_eq!(rig.front.pool().lanes()[0].view().starts, 1);
    rig.stop().await;
}
