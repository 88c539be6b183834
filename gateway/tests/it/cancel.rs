//! Cancels and timeouts.

use std::{sync::Arc, time::Duration};

use gateway::config::Config;
use serde_json::{Value, json};

use crate::rig::{Rig, job, long_job, scripted_flags, submission, within};

/// A batch whose first request takes long.
fn batch(steps: u64) -> Value {
    let mut long = submission();
    long["scheduler"]["steps"] = steps.into();
    json!({"action": "batch_generate", "request_id": "batch", "payload": {"requests": [long, submission()]}})
}

#[tokio::test]
async fn a_running_job_is_cancelled_and_frees_its_worker() {
    let rig = Rig::with(1, "", &["--step-ms", "20"]).await;
    rig.queue(&long_job("victim", 150)).await;
    rig.running("victim").await;
    let cancelled = rig.delete("/v1/jobs/victim").await;
    assert_eq!(
        cancelled.body["data"],
        json!({"target_request_id": "victim", "was": "running"}),
        "{cancelled:?}"
    );
    assert_eq!(rig.reply("victim").await["error_details"]["code"], "cancelled");
    assert_eq!(rig.get("/v1/jobs/victim").await.body["data"]["status"], "cancelled");
    assert_eq!(rig.command(&job("generate_sdxl")).await.body["success"], true);
    assert_eq!(rig.dispatcher.pool().lanes()[0].view().starts, 1);
    rig.stop().await;
}

#[tokio::test]
async fn a_waiting_job_is_cancelled_and_the_running_one_is_not() {
    let rig = Rig::with(1, "", &["--step-ms", "10"]).await;
    rig.queue(&long_job("first", 60)).await;
    rig.queue(&long_job("second", 60)).await;
    rig.running("first").await;
    let cancelled = rig.delete("/v1/jobs/second").await;
    assert_eq!(cancelled.body["data"]["was"], "queued", "{cancelled:?}");
    assert_eq!(rig.reply("second").await["error_details"]["code"], "cancelled");
    assert_eq!(rig.reply("first").await["success"], true);
    let again = rig.delete("/v1/jobs/second").await;
    assert_eq!((again.status, again.code()), (404, "job_not_found"));
    assert_eq!(again.body["error_details"]["details"]["status"], "cancelled");
    assert_eq!(rig.delete("/v1/jobs/nobody").await.code(), "job_not_found");
    rig.stop().await;
}

/// `job_not_found` points at the field that names the job, as its sender spelt it.
#[tokio::test]
async fn what_is_not_found_is_told_at_its_place() {
    let rig = Rig::with(1, "", &["--step-ms", "10"]).await;
    rig.queue(&long_job("mine", 60)).await;
    rig.running("mine").await;
    for (command, place) in [
        (
            json!({"action": "cancel", "payload": {"target_request_id": "nobody"}}),
            "/payload/target_request_id",
        ),
        (json!({"action": "cancel", "TargetRequestId": "nobody"}), "/TargetRequestId"),
        (
            json!({"action": "cancel", "payload": {"target_request_id": "mine", "attempt": 2}}),
            "/payload/attempt",
        ),
        (json!({"action": "get_job", "target_request_id": "nobody"}), "/target_request_id"),
        (json!({"action": "get_status", "gpu_id": "gpu_7"}), "/gpu_id"),
        (json!({"action": "get_status", "GpuId": "gpu_7"}), "/GpuId"),
    ] {
        let response =
            rig.send_request(rig.request("POST", "/v1/commands?dialect=snake").json(&command)).await;
        assert_eq!(response.status, 404, "{response:?}");
        let details = &response.body["error_details"];
        assert_eq!((&details["field"], &details["errors"][0]["pointer"]), (&json!(place), &json!(place)));
        assert_eq!(details["errors"][0]["code"], details["code"], "{response:?}");
    }
    rig.stop().await;
}

#[tokio::test]
async fn another_attempt_is_left_alone() {
    let rig = Rig::with(1, "", &["--step-ms", "10"]).await;
    rig.queue(&long_job("mine", 60)).await;
    rig.running("mine").await;
    let command = json!({"action": "cancel", "payload": {"target_request_id": "mine", "attempt": 2}});
    assert_eq!(rig.command(&command).await.code(), "job_not_found");
    assert_eq!(rig.reply("mine").await["success"], true);
    rig.stop().await;
}

#[tokio::test]
async fn a_worker_that_ignores_the_cancel_is_replaced() {
    let config = "[restart]\ncancel_grace_seconds = 0.5\n";
    let rig = Rig::with(1, config, &["--step-ms", "100", "--fault", "ignored_cancel"]).await;
    rig.queue(&long_job("deaf", 150)).await;
    rig.running("deaf").await;
    let cancelled = rig.delete("/v1/jobs/deaf").await;
    assert_eq!(cancelled.body["data"]["was"], "running", "{cancelled:?}");
    assert_eq!(rig.reply("deaf").await["error_details"]["code"], "cancelled");
    let mut views = rig.dispatcher.pool().lanes()[0].views();
    within(async { views.wait_for(|view| view.starts == 2).await.map(|_| ()) }).await.unwrap();
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

#[tokio::test]
async fn a_job_over_its_time_ends_with_timeout_waiting_or_running() {
    let rig = Rig::with(1, "", &["--step-ms", "50"]).await;
    let mut running = long_job("running", 150);
    running["payload"]["prompt_submission"]["metadata"] = json!({"timeout_seconds": 1.5});
    let mut waiting = long_job("waiting", 150);
    waiting["payload"]["prompt_submission"]["metadata"] = json!({"timeout_seconds": 1});
    rig.queue(&running).await;
    rig.queue(&waiting).await;
    for id in ["waiting", "running"] {
        let reply = rig.reply(id).await;
        assert_eq!(reply["error_details"]["code"], "timeout", "{reply}");
        assert_eq!(rig.get(&format!("/v1/jobs/{id}")).await.body["data"]["status"], "timeout");
    }
    assert_eq!(rig.dispatcher.pool().lanes()[0].view().starts, 1);
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

#[tokio::test]
async fn one_request_of_a_batch_is_cancelled_before_it_begins() {
    let rig = Rig::with(1, "", &["--step-ms", "10"]).await;
    rig.queue(&long_job("before", 60)).await;
    let batch = json!({"action": "batch_generate", "request_id": "batch",
                       "payload": {"requests": [submission(), submission()]}});
    rig.queue(&batch).await;
    let cancelled = rig.delete("/v1/jobs/batch.1").await;
    assert_eq!(cancelled.body["data"]["target_request_id"], "batch.1", "{cancelled:?}");
    let reply = rig.reply("batch").await;
    assert_eq!(reply["data"]["succeeded"], 1, "{reply}");
    assert_eq!(reply["data"]["cancelled"], 1, "{reply}");
    assert_eq!(rig.delete("/v1/jobs/batch.7").await.code(), "job_not_found");
    rig.stop().await;
}

#[tokio::test]
async fn a_batch_whose_time_is_over_in_the_queue_answers_the_cancels_of_its_requests() {
    let rig = Rig::with(1, "", &["--step-ms", "50"]).await;
    rig.queue(&long_job("before", 150)).await;
    rig.running("before").await;
    let batch = json!({"action": "batch_generate", "request_id": "batch",
                       "payload": {"requests": [submission(), submission()], "timeout_seconds": 1}});
    rig.queue(&batch).await;
    let cancelled = rig.delete("/v1/jobs/batch.1");
    let (cancelled, reply) = tokio::join!(cancelled, rig.reply("batch"));
    assert_eq!(
        cancelled.body["data"],
        json!({"target_request_id": "batch.1", "was": "queued"}),
        "{cancelled:?}"
    );
    assert_eq!(reply["error_details"]["code"], "timeout", "{reply}");
    rig.stop().await;
}

#[tokio::test]
async fn a_cancel_is_not_lost_when_its_worker_dies_under_it() {
    let config = "[restart]\ndeaths_max = 100\nbackoff_min_seconds = 0.01\nbackoff_max_seconds = 0.01\n";
    let rig = Rig::with(1, config, &["--step-ms", "20"]).await;
    for round in 0..8 {
        let id = format!("victim-{round}");
        rig.queue(&long_job(&id, 150)).await;
        rig.running(&id).await;
        let pid = rig.dispatcher.pool().lanes()[0].view().facts.as_ref().unwrap().pid;
        nix::sys::signal::kill(
            nix::unistd::Pid::from_raw(pid.try_into().unwrap()),
            nix::sys::signal::Signal::SIGKILL,
        )
        .unwrap();
        // The cancel meets the lane before, while and after it reaps its worker. The time itself is varied, so that no
        // signal can stand for it.
        for _ in 0..round {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        let cancelled = rig.delete(&format!("/v1/jobs/{id}")).await;
        assert_eq!(cancelled.status, 200, "{round}: {cancelled:?}");
        assert_eq!(rig.reply(&id).await["error_details"]["code"], "cancelled", "{round}");
    }
    rig.lane(|view| view.state == gateway::lane::LaneState::Ready).await;
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

#[tokio::test]
async fn a_session_is_its_newest_job() {
    let rig = Rig::with(1, "", &["--step-ms", "10"]).await;
    let mut command = long_job("one", 60);
    command["session_id"] = "s-1".into();
    rig.queue(&command).await;
    rig.running("one").await;
    let mut other = long_job("two", 60);
    other["session_id"] = "s-1".into();
    assert_eq!(rig.command(&other).await.code(), "conflict");
    let session = rig.get("/v1/sessions/s-1").await;
    assert_eq!(session.body["data"]["request_id"], "one", "{session:?}");
    assert_eq!(session.body["data"]["status"], "running");
    let ended = rig.delete("/v1/sessions/s-1").await;
    assert_eq!(ended.body["data"]["status"], "cancelled", "{ended:?}");
    assert_eq!(rig.get("/v1/sessions").await.body["data"]["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(rig.delete("/v1/sessions/s-1").await.code(), "conflict");
    assert_eq!(rig.get("/v1/sessions/s-2").await.code(), "session_not_found");
    rig.stop().await;
}

#[tokio::test]
async fn an_id_in_flight_is_a_conflict_and_free_again_afterwards() {
    let rig = Rig::with(1, "", &["--step-ms", "10"]).await;
    rig.queue(&long_job("same", 60)).await;
    let conflict = rig.command(&json!({"action": "get_status", "request_id": "same"})).await;
    assert_eq!((conflict.status, conflict.code()), (409, "conflict"), "{conflict:?}");
    rig.reply("same").await;
    assert_eq!(
        rig.command(&json!({"action": "get_status", "request_id": "same"})).await.body["success"],
        true
    );
    rig.stop().await;
}

/// A batch that is repeated after a crash leaves out what was cancelled before the crash.
#[tokio::test]
async fn a_cancelled_request_of_a_batch_stays_cancelled_when_its_worker_dies() {
    let rig = Rig::with(1, "", &["--step-ms", "20"]).await;
    let mut long = crate::rig::submission();
    long["scheduler"]["steps"] = 100.into();
    let batch = json!({"action": "batch_generate", "request_id": "batch",
        "payload": {"requests": [long, crate::rig::submission()]}});
    rig.queue(&batch).await;
    rig.running("batch").await;
    let cancelled = rig.delete("/v1/jobs/batch.1").await;
    assert_eq!(cancelled.body["success"], true, "{cancelled:?}");
    let pid = rig.dispatcher.pool().lanes()[0].view().facts.as_ref().unwrap().pid;
    let pid = nix::unistd::Pid::from_raw(pid.cast_signed());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
    let reply = rig.reply("batch").await;
    assert_eq!(reply["success"], true, "{reply}");
    let codes = reply["data"]["results"].as_array().unwrap().iter();
    let codes: Vec<_> = codes.map(|result| &result["error_details"]["code"]).collect();
    assert_eq!(codes, [&json!(null), &json!("cancelled")], "{reply}");
    assert_eq!(rig.get("/v1/jobs/batch").await.body["data"]["attempt"], 2);
    rig.stop().await;
}

/// `was` is the state in which the cancel met the request; its result says how it ended, as a job's reply does.
#[tokio::test]
async fn a_request_of_a_batch_that_runs_on_after_its_cancel_says_so_in_its_result() {
    let rig = Rig::with(1, "", &["--step-ms", "20", "--fault", "ignored_cancel"]).await;
    rig.queue(&batch(60)).await;
    rig.running("batch").await;
    let cancelled = rig.delete("/v1/jobs/batch.0").await;
    assert_eq!(cancelled.body["data"], json!({"target_request_id": "batch.0", "was": "running"}));
    let reply = rig.reply("batch").await;
    let results = reply["data"]["results"].as_array().unwrap();
    assert!(results.iter().all(|result| result["success"] == true), "{reply}");
    assert_eq!((&reply["data"]["succeeded"], &reply["data"]["cancelled"]), (&json!(2), &json!(0)));
    assert_eq!(rig.dispatcher.pool().lanes()[0].view().starts, 1, "nobody is killed for one request");
    rig.stop().await;
}

#[tokio::test]
async fn a_cancel_of_a_request_of_a_batch_that_is_never_answered_is_a_timeout_and_the_batch_goes_on() {
    let deaf = "exec 3<&0\nexec $SIM --step-ms 20 \"$@\" < <(grep --line-buffered -v '\"cancel\"' <&3)\n";
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::decide(&scripted_flags(dir.path(), "", deaf), &[], None).unwrap();
    Arc::make_mut(&mut config.policy).cancel_answer = Some(Duration::from_millis(50));
    let rig = Rig::configured(dir, config).await;
    rig.queue(&batch(100)).await;
    rig.running("batch").await;
    let cancelled = rig.delete("/v1/jobs/batch.0").await;
    assert_eq!((cancelled.status, cancelled.code()), (504, "timeout"), "{cancelled:?}");
    let reply = rig.reply("batch").await;
    assert_eq!(reply["data"]["succeeded"], 2, "{reply}");
    assert_eq!(rig.dispatcher.pool().lanes()[0].view().starts, 1);
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

/// A worker that never answers a cancel does not hold it up: the target's own reply decides.
#[tokio::test]
async fn a_cancel_whose_answer_never_comes_is_answered_after_its_target() {
    let rig = Rig::with(1, "", &["--step-ms", "20", "--fault", "missing_reply@cancel"]).await;
    rig.queue(&long_job("victim", 150)).await;
    rig.running("victim").await;
    let cancelled = rig.delete("/v1/jobs/victim").await;
    assert_eq!(
        cancelled.body["data"],
        json!({"target_request_id": "victim", "was": "running"}),
        "{cancelled:?}"
    );
    assert_eq!(rig.reply("victim").await["error_details"]["code"], "cancelled");
    rig.stop().await;
}

/// A request of a batch is at the attempt of its batch, and an id is compared as it is written.
#[tokio::test]
async fn another_attempt_or_spelling_cancels_no_request_of_a_batch() {
    let rig = Rig::with(1, "", &["--step-ms", "10"]).await;
    rig.queue(&batch(60)).await;
    rig.running("batch").await;
    for (target, attempt) in [("batch.1", Some(7)), ("batch.01", None)] {
        let mut fields = json!({"target_request_id": target});
        if let Some(attempt) = attempt {
            fields["attempt"] = attempt.into();
        }
        let refused = rig.command(&json!({"action": "cancel", "payload": fields})).await;
        assert_eq!(refused.code(), "job_not_found", "{target}: {refused:?}");
    }
    let reply = rig.reply("batch").await;
    assert_eq!(reply["data"]["results"][1]["success"], true, "{reply}");
    rig.stop().await;
}
