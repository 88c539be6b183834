//! The drain over HTTP: no accepted command is lost, whether or not connections are open.

use std::time::Duration;

use serde_json::{Value, json};

use crate::rig::{Rig, job, long_job, within};

async fn data(rig: &Rig, id: &str) -> Value {
    rig.get(&format!("/v1/jobs/{id}")).await.body["data"].clone()
}

/// Waits for the end of a job. Returns its status.
async fn ended(rig: &Rig, id: &str) -> String {
    within(async {
        loop {
            let status = data(rig, id).await["status"].as_str().unwrap_or("gone").to_owned();
            if !matches!(&*status, "queued" | "running") {
                return status;
            }
        }
    })
    .await
}

#[tokio::test]
async fn accepted_jobs_end_though_no_connection_is_open() {
    let mut rig = Rig::with(1, "", &["--step-ms", "5"]).await;
    let ids = [rig.queue(&long_job("first", 40)).await, rig.queue(&long_job("second", 40)).await];
    rig.running("first").await;
    let all_events: Vec<_> =
        futures::future::join_all(ids.iter().map(|id| async {
            rig.dispatcher.queue().job(id.as_str().into()).await.unwrap().unwrap().events
        }))
        .await;
    rig.dispatcher.stop(Some(Duration::from_secs(20)));
    rig.stopped().await;
    for events in all_events {
        let reply = within(events.reply()).await.to_value(contracts::Dialect::Snake);
        assert_eq!(reply["success"], true, "{reply}");
        let path = reply["data"]["images"][0].as_str().unwrap();
        assert!(std::path::Path::new(path).is_file(), "{path}");
    }
}

#[tokio::test]
async fn polls_are_served_and_new_work_is_refused_while_it_drains() {
    let mut rig = Rig::with(2, "", &["--step-ms", "20"]).await;
    rig.queue(&long_job("polled", 20)).await;
    rig.queue(&long_job("long", 150)).await;
    rig.running("long").await;
    rig.dispatcher.stop(Some(Duration::from_secs(20)));
    assert_eq!(rig.get("/health/live").await.status, 200);
    let ready = rig.get("/health/ready").await;
    assert_eq!((ready.status, &ready.body["reason"]), (503, &json!("the gateway is shutting down")));
    let load = json!({"model_path": "sdxl_base", "model_type": "sdxl"});
    for command in [
        job("generate_sdxl"),
        json!({"action": "load_model", "payload": load}),
        json!({"action": "start_training", "payload": {"training_type": "LoRA", "base_model": "sdxl_base", "training_data": "."}}),
        json!({"action": "cleanup_memory"}),
        json!({"action": "initialize"}),
    ] {
        let response = rig.command(&command).await;
        assert_eq!(response.code(), "shutting_down", "{command}: {response:?}");
    }
    assert_eq!(ended(&rig, "polled").await, "completed");
    assert_eq!(rig.get("/v1/jobs/polled/images/0").await.status, 200);
    // Commands that stop work are still served.
    let response = rig.delete("/v1/jobs/long").await;
    assert_eq!(response.status, 200, "{response:?}");
    rig.stopped().await;
}

#[tokio::test]
async fn the_last_replies_reach_their_clients() {
    let rig = Rig::with(1, "", &["--step-ms", "5"]).await;
    let waits = tokio::spawn(rig.request("POST", "/v1/commands").json(&long_job("waits", 40)).send());
    let events = rig.dispatcher.queue().clone();
    within(async {
        while events.job("waits".into()).await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let stream = rig.request("GET", "/v1/jobs/waits/events").send().await.unwrap();
    rig.stop().await;
    let reply: Value = within(waits).await.unwrap().unwrap().json().await.unwrap();
    assert_eq!(reply["success"], true, "{reply}");
    let text = within(stream.text()).await.unwrap();
    assert!(text.contains("event: reply"), "{text}");
}

#[tokio::test]
async fn a_second_shutdown_ends_sooner_and_a_third_no_later() {
    let mut rig = Rig::with(1, "", &["--step-ms", "250"]).await;
    rig.queue(&long_job("runs", 150)).await;
    rig.running("runs").await;
    let events = rig.dispatcher.queue().job("runs".into()).await.unwrap().unwrap().events;
    let fields = json!({"grace_seconds": 600});
    let response = rig.command(&json!({"action": "shutdown", "payload": fields})).await;
    assert_eq!(response.body["success"], true, "{response:?}");
    let fields = json!({"grace_seconds": 0.001});
    let response = rig.command(&json!({"action": "shutdown", "payload": fields})).await;
    assert_eq!(response.body["success"], true, "{response:?}");
    rig.dispatcher.stop(Some(Duration::from_secs(600)));
    rig.stopped().await;
    let reply = within(events.reply()).await.to_value(contracts::Dialect::Snake);
    assert_eq!(reply["error_details"]["code"], "shutting_down", "{reply}");
}

#[tokio::test]
async fn a_worker_that_hangs_is_killed_by_the_earlier_end() {
    let mut rig = Rig::with(1, "", &[]).await;
    let pid = rig.dispatcher.pool().lanes()[0].view().facts.as_ref().unwrap().pid;
    let pid = nix::unistd::Pid::from_raw(pid.cast_signed());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGSTOP).unwrap();
    let dispatcher = rig.dispatcher.clone();
    // The lane gets this end first, and the earlier one when it already waits for its worker.
    let late = dispatcher.pool().stop(tokio::time::Instant::now() + Duration::from_secs(600));
    let early = async {
        dispatcher.stop(Some(Duration::from_millis(1)));
        rig.stopped().await;
    };
    within(async { tokio::join!(late, early) }).await;
}

/// A worker that hangs when every command has its reply: the grace is for jobs, and does not apply to it.
#[tokio::test]
async fn a_worker_that_hangs_idle_is_not_waited_for_as_a_job_is() {
    let mut rig = Rig::with(1, "", &[]).await;
    let pid = rig.dispatcher.pool().lanes()[0].view().facts.as_ref().unwrap().pid;
    let pid = nix::unistd::Pid::from_raw(pid.cast_signed());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGSTOP).unwrap();
    rig.dispatcher.stop(Some(Duration::from_secs(600)));
    rig.stopped().await;
}

#[tokio::test]
async fn what_is_not_done_when_the_grace_ends_is_cancelled_and_answered() {
    // A worker that obeys is not killed: it abandons its picture at the next step.
    let mut rig = Rig::with(1, "", &["--step-ms", "50"]).await;
    rig.queue(&long_job("runs", 150)).await;
    rig.queue(&job_with_id("waits")).await;
    rig.running("runs").await;
    let events = |id: &'static str| {
        let queue = rig.dispatcher.queue().clone();
        async move { queue.job(id.into()).await.unwrap().unwrap().events }
    };
    let all_events = [events("runs").await, events("waits").await];
    rig.dispatcher.stop(Some(Duration::from_millis(1)));
    rig.stopped().await;
    for events in all_events {
        let reply = within(events.reply()).await.to_value(contracts::Dialect::Snake);
        assert_eq!(reply["error_details"]["code"], "shutting_down", "{reply}");
    }
}

fn job_with_id(id: &str) -> Value {
    let mut command = job("generate_sdxl");
    command["request_id"] = id.into();
    command
}

#[tokio::test]
async fn the_end_of_the_grace_ends_what_waits_and_answers_the_cancels_of_its_requests() {
    let mut rig = crate::rig::Rig::with(1, "", &["--step-ms", "100"]).await;
    rig.queue(&crate::rig::long_job("first", 150)).await;
    rig.running("first").await;
    let requests = [crate::rig::submission(), crate::rig::submission()];
    let batch =
        serde_json::json!({"action": "batch_generate", "request_id": "b", "payload": {"requests": requests}});
    rig.queue(&batch).await;
    let batch = rig.dispatcher.queue().job("b".into()).await.unwrap().unwrap();
    let cancel = rig.dispatcher.queue().cancel("b.0".into(), None);
    let stop = async {
        tokio::task::yield_now().await;
        rig.dispatcher.stop(Some(std::time::Duration::ZERO));
    };
    let (cancelled, ()) = crate::rig::within(async { tokio::join!(cancel, stop) }).await;
    assert_eq!(cancelled.unwrap(), "queued");
    let reply = crate::rig::within(batch.events.reply()).await.to_value(contracts::Dialect::Snake);
    assert_eq!(reply["error_details"]["code"], "shutting_down", "{reply}");
    rig.stopped().await;
}

#[tokio::test]
async fn everyone_who_stops_a_lane_waits_for_its_end() {
    let rig = Rig::with(1, "", &[]).await;
    let lane = rig.dispatcher.pool().lanes()[0].clone();
    let pid = nix::unistd::Pid::from_raw(lane.view().facts.as_ref().unwrap().pid.cast_signed());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGSTOP).unwrap();
    let told = async |grace| {
        lane.stop(tokio::time::Instant::now() + grace).await;
        assert_eq!(lane.view().state, gateway::lane::LaneState::Stopped, "{grace:?}");
    };
    let both = async { tokio::join!(told(Duration::from_secs(600)), told(Duration::from_millis(100))) };
    within(both).await;
}

/// A client that takes its reply slowly, but takes it, has all of it: the grace is its time, too.
#[tokio::test]
async fn a_reply_that_is_read_slowly_is_not_cut_before_the_grace_ends() {
    let rig = Rig::with(1, "", &["--step-ms", "1"]).await;
    let mut large = job("generate_sdxl");
    large["payload"]["prompt_submission"]["hyperparameters"]["dimensions"] =
        json!({"width": 2048, "height": 2048});
    let submission = &large["payload"]["prompt_submission"];
    let request = rig.request("POST", "/v1/generate").header("accept", "image/png").json(submission);
    let mut response = within(request.send()).await.unwrap();
    assert_eq!(response.status(), 200);
    let length = usize::try_from(response.content_length().unwrap()).unwrap();
    assert!(length > 4 << 20, "{length} bytes fit into the sockets' buffers");
    let mut read = within(response.chunk()).await.unwrap().unwrap().len();
    let stopped = tokio::spawn(rig.stop());
    // The pause is what is tested: longer than the 2 s that connections have at least, and once had at most.
    tokio::time::sleep(Duration::from_millis(2200)).await;
    while let Some(chunk) = within(response.chunk()).await.unwrap() {
        read += chunk.len();
    }
    assert_eq!(read, length);
    within(stopped).await.unwrap();
}
