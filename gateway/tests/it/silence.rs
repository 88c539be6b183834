//! Workers that hang, and workers whose heartbeats hide that they do.

use serde_json::json;

use crate::rig::{Rig, job, long_job, within};

/// Limits that a test can wait for.
const SHORT: &str =
    "[limits]\nother_seconds = 1.5\nidle_seconds = 1.5\ndenoising_seconds = 1.5\nloading_seconds = 1.5\n";

#[tokio::test]
async fn a_hung_worker_is_replaced_and_its_job_repeated() {
    let rig = Rig::with(2, SHORT, &["--fault", "hang:all@generate_sdxl@attempt=1"]).await;
    let response = rig.command(&job("generate_sdxl")).await;
    assert_eq!(response.body["success"], true, "{response:?}");
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

#[tokio::test]
async fn heartbeats_cannot_hide_a_hung_job() {
    let rig = Rig::with(2, SHORT, &["--fault", "hang:job@generate_sdxl"]).await;
    let response = rig.command(&job("generate_sdxl")).await;
    assert_eq!(response.code(), "worker_crashed", "{response:?}");
    let cause = response.body["error_details"]["details"]["cause"].as_str().unwrap();
    assert!(cause.contains("it hung"), "{cause}");
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

/// A training that the worker does not have is no progress of its job.
#[tokio::test]
async fn progress_of_a_training_cannot_hide_a_hung_job() {
    let event = json!({
        "event": "training_progress", "request_id": null, "attempt": 1, "sequence": 1,
        "timestamp": "2026-01-01T00:00:00.000Z", "training_id": "t", "state": "running",
        "epoch": 1, "step": 1, "total_steps": 9, "loss": 0.5,
    });
    let script = format!(
        "exec 3<&0\n(while echo '{event}'; do sleep 0.2; done) &\nexec $SIM --fault hang:job@generate_sdxl \"$@\" <&3\n"
    );
    let rig = Rig::scripted(SHORT, &script).await;
    within(rig.dispatcher.pool().settled()).await;
    let mut command = job("generate_sdxl");
    command["payload"]["prompt_submission"]["metadata"] = json!({"timeout_seconds": 20});
    let response = rig.command(&command).await;
    assert_eq!(response.code(), "worker_crashed", "{response:?}");
    let cause = response.body["error_details"]["details"]["cause"].as_str().unwrap();
    assert!(cause.contains("it hung"), "{cause}");
    rig.stop().await;
}

#[tokio::test]
async fn a_stopped_worker_is_seen_and_replaced() {
    let rig = Rig::with(1, SHORT, &[]).await;
    let lane = &rig.dispatcher.pool().lanes()[0];
    let pid = lane.view().facts.as_ref().unwrap().pid;
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(pid.try_into().unwrap()),
        nix::sys::signal::Signal::SIGSTOP,
    )
    .unwrap();
    let mut views = lane.views();
    within(async { views.wait_for(|view| view.starts == 2).await.map(|_| ()) }).await.unwrap();
    within(rig.dispatcher.pool().settled()).await;
    let response = rig.command(&job("generate_sdxl")).await;
    assert_eq!(response.body["success"], true, "{response:?}");
    rig.stop().await;
}

#[tokio::test]
async fn a_reply_that_never_comes_is_a_protocol_error() {
    let rig = Rig::with(1, SHORT, &["--fault", "missing_reply@generate_sdxl"]).await;
    let response = rig.command(&job("generate_sdxl")).await;
    assert_eq!((response.status, response.code()), (502, "worker_protocol_error"), "{response:?}");
    let response = rig.command(&job("enhanced_sdxl")).await;
    assert_eq!(response.body["success"], true, "{response:?}");
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

#[tokio::test]
async fn a_reply_under_another_id_is_none() {
    let rig = Rig::with(1, SHORT, &["--fault", "wrong_id@generate_sdxl"]).await;
    let response = rig.command(&job("generate_sdxl")).await;
    assert_eq!(response.code(), "worker_protocol_error", "{response:?}");
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

#[tokio::test]
async fn a_query_without_an_answer_times_out_alone() {
    let rig = Rig::with(1, "", &["--fault", "missing_reply@get_schedulers"]).await;
    let other = json!({"action": "get_controlnet_types"});
    let (lost, found) = tokio::join!(rig.get("/v1/schedulers"), rig.command(&other));
    assert_eq!((lost.status, lost.code()), (504, "timeout"), "{lost:?}");
    assert_eq!(found.body["success"], true, "{found:?}");
    assert_eq!(rig.dispatcher.pool().lanes()[0].view().starts, 1);
    rig.stop().await;
}

/// Longer than the limits of [`SHORT`], by as much as a lane must be late to take it for a stall.
const STALL: std::time::Duration = std::time::Duration::from_millis(1750);

/// Blocks the gateway's only thread, which is that of the test: it reads no line of its worker meanwhile. The stall itself
/// is tested, so that no signal can stand for it.
fn stall() {
    std::thread::sleep(STALL);
}

#[tokio::test]
async fn a_gateway_that_was_held_up_itself_kills_no_worker() {
    let rig = Rig::with(1, SHORT, &["--step-ms", "20"]).await;
    for _ in 0..2 {
        let id = rig.queue(&long_job("goes-on", 150)).await;
        rig.running(&id).await;
        stall();
        let reply = rig.reply(&id).await;
        assert_eq!(reply["success"], true, "{reply}");
        assert_eq!(rig.get("/v1/jobs/goes-on").await.body["data"]["attempt"], 1);
    }
    assert_eq!(rig.dispatcher.pool().lanes()[0].view().starts, 1);
    // A worker that hangs during a stall is still found.
    let pid = rig.dispatcher.pool().lanes()[0].view().facts.as_ref().unwrap().pid;
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(pid.try_into().unwrap()),
        nix::sys::signal::Signal::SIGSTOP,
    )
    .unwrap();
    stall();
    rig.lane(|view| view.starts == 2).await;
    rig.stop().await;
}

#[tokio::test]
async fn an_idle_worker_survives_a_gateway_that_was_held_up() {
    let rig = Rig::with(2, SHORT, &[]).await;
    stall();
    rig.assert_makes_pictures().await;
    for lane in rig.dispatcher.pool().lanes() {
        assert_eq!(lane.view().starts, 1);
    }
    rig.stop().await;
}
