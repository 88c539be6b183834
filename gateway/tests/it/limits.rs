//! Time limits of commands that are no jobs, and of lanes whose workers do not start.

use std::time::Duration;

use contracts::Action;
use gateway::lane::LaneState;
use serde_json::json;
use tokio::time::Instant;

use crate::{
    held::order,
    rig::{Rig, job, long_job, within},
};

/// It dies before it answers `initialize`, and says why.
const NO_DRIVER: &str = "echo 'starting'; echo 'no CUDA driver is installed' >&2; exit 9\n";

#[tokio::test]
async fn a_command_for_a_worker_that_never_starts_is_told_why() {
    let config = "[restart]\ndeaths_max = 1000\nbackoff_min_seconds = 0.05\nbackoff_max_seconds = 0.05\n";
    let rig = Rig::scripted(config, NO_DRIVER).await;
    rig.lane(|view| view.last_death.is_some()).await;
    let lane = &rig.dispatcher.pool().lanes()[0];
    let limit = Duration::from_millis(300);
    let mut order = order(Action::GetSchedulers, "asks", false);
    order.deadline = Some((Instant::now() + limit, limit));
    let failure = within(lane.run(order)).await.unwrap_err().failure();
    let why = "exit code 9: no CUDA driver is installed";
    assert_eq!(failure.code.as_str(), "timeout");
    assert!(failure.message.contains(why), "{}", failure.message);
    let details = serde_json::to_value(failure.details).unwrap();
    // The tail may begin with a warning about the environment of the tests.
    let last = details["stderr_tail"].as_array().and_then(|tail| tail.last());
    assert_eq!((&details["exit_code"], last), (&json!(9), Some(&json!("no CUDA driver is installed"))));
    // Whether the next worker is awaited or is starting now.
    for state in ["resting", "starting"] {
        rig.lane(|view| matches!(view.state, LaneState::Starting) == (state == "starting")).await;
        assert!(lane.unready().is_some_and(|reason| reason.contains(why)), "{state}");
    }
    let mut command = job("generate_sdxl");
    command["payload"]["prompt_submission"]["metadata"] = json!({"timeout_seconds": 1});
    let response = rig.command(&command).await;
    assert_eq!((response.status, response.code()), (504, "timeout"), "{response:?}");
    let reason = response.body["error_details"]["details"]["lanes"][0]["reason"].as_str().unwrap();
    assert!(reason.contains(why), "{reason}");
    rig.stop().await;
}

/// A load that its worker never answers: it is cancelled, and its worker replaced.
#[tokio::test]
async fn a_control_command_without_an_answer_times_out_and_costs_its_worker() {
    let config = "[restart]\ncancel_grace_seconds = 0.2\n[limits]\nidle_seconds = 25\nloading_seconds = 25\nother_seconds = 25\n";
    let rig = Rig::with(1, config, &["--fault", "missing_reply@load_model"]).await;
    let lane = &rig.dispatcher.pool().lanes()[0];
    let limit = Duration::from_millis(300);
    let mut order = order(Action::LoadModel, "loads", true);
    let payload = json!({"model_path": "sdxl_base", "model_type": "sdxl"});
    let frame = json!({"action": "load_model", "request_id": "loads", "attempt": 1, "payload": payload});
    order.frame = (frame.to_string() + "\n").into_bytes();
    order.deadline = Some((Instant::now() + limit, limit));
    let failure = within(lane.run(order)).await.unwrap_err().failure();
    assert_eq!((failure.code.as_str(), &*failure.message), ("timeout", "no answer within 0.3 s"));
    rig.lane(|view| view.starts == 2 && view.state == LaneState::Ready).await;
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

/// `cancel_session` waits for the end of the job, and its class has 10 s.
#[tokio::test]
async fn a_command_that_the_gateway_answers_itself_times_out_and_changes_nothing() {
    let rig = Rig::with(
        1,
        "[restart]\ncancel_grace_seconds = 100\n",
        &["--step-ms", "200", "--fault", "ignored_cancel"],
    )
    .await;
    let mut command = long_job("stubborn", 140);
    command["session_id"] = "s".into();
    rig.queue(&command).await;
    rig.running("stubborn").await;
    let response = rig.command(&json!({"action": "cancel_session", "session_id": "s", "payload": {}})).await;
    assert_eq!((response.status, response.code()), (504, "timeout"), "{response:?}");
    assert_eq!(rig.get("/v1/jobs/stubborn").await.body["data"]["status"], "running");
    rig.stop().await;
}

#[tokio::test]
async fn two_that_stop_a_lane_both_wait_for_its_end() {
    let rig = Rig::scripted("", "trap '' TERM; exec sleep 1000\n").await;
    let lane = rig.dispatcher.pool().lanes()[0].clone();
    rig.lane(|view| view.starts == 1).await;
    let stop = |within: u64| {
        let lane = lane.clone();
        async move {
            lane.stop(Instant::now() + Duration::from_millis(within)).await;
            assert_eq!(lane.view().state, LaneState::Stopped, "{within}");
        }
    };
    let begun = Instant::now();
    tokio::join!(stop(25_000), stop(500), stop(20_000));
    assert!(begun.elapsed() < Duration::from_secs(20), "the earliest end holds");
}
