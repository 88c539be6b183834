//! Workers that die: every waiting client gets an answer, jobs are repeated, and the pool serves on.

use serde_json::json;

use crate::rig::{Rig, job, within};

#[tokio::test]
async fn a_crashed_job_is_repeated_on_the_other_gpu() {
    let rig = Rig::start(&["--fault", "crash@generate_sdxl@attempt=1"]).await;
    let mut command = job("generate_sdxl");
    command["request_id"] = "twice".into();
    let response = rig.command(&command).await;
    assert_eq!(response.body["success"], true, "{response:?}");
    let record = rig.get("/v1/jobs/twice").await;
    assert_eq!(record.body["data"]["attempt"], 2, "{record:?}");
    assert_eq!(record.body["data"]["worker_id"], "gpu_1");
    let path = response.body["data"]["images"][0].as_str().unwrap();
    assert!(path.ends_with("twice_2_000.png"), "{path}");
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

#[tokio::test]
async fn after_two_crashes_the_cause_is_told() {
    let rig = Rig::start(&["--fault", "crash@generate_sdxl"]).await;
    let response = rig.command(&job("generate_sdxl")).await;
    assert_eq!((response.status, response.code()), (502, "worker_crashed"), "{response:?}");
    let details = &response.body["error_details"];
    assert_eq!(details["retryable"], true);
    assert_eq!(details["details"]["attempts"], 2);
    assert_eq!(details["details"]["exit_code"], 70);
    assert!(!details["details"]["stderr_tail"].as_array().unwrap().is_empty(), "{details}");
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

#[tokio::test]
async fn all_who_wait_are_answered_when_the_worker_dies() {
    let rig =
        Rig::with(1, "", &["--fault", "crash:read@get_schedulers", "--fault", "slow:60000@get_capabilities"])
            .await;
    let asks = (0..8).map(|_| rig.get("/v1/capabilities"));
    let asks = futures::future::join_all(asks);
    let kill = rig.get("/v1/schedulers");
    let (asked, killed) = within(async { tokio::join!(asks, kill) }).await;
    assert_eq!(killed.code(), "worker_crashed", "{killed:?}");
    for response in asked {
        assert_eq!((response.status, response.code()), (502, "worker_crashed"), "{response:?}");
    }
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

#[tokio::test]
async fn twenty_kills_lose_nothing() {
    let rig = Rig::with(2, "[restart]\nbackoff_min_seconds = 0.01\n", &[]).await;
    for _ in 0..20 {
        let pid = rig.dispatcher.pool().lanes()[0].view().facts.as_ref().unwrap().pid;
        let starts = rig.dispatcher.pool().lanes()[0].view().starts;
        nix::sys::signal::kill(
            nix::unistd::Pid::from_raw(pid.try_into().unwrap()),
            nix::sys::signal::Signal::SIGKILL,
        )
        .unwrap();
        let response = rig.command(&job("generate_sdxl")).await;
        assert_eq!(response.body["success"], true, "{response:?}");
        // The lane serves again, and has answered a command, before the next kill.
        let mut views = rig.dispatcher.pool().lanes()[0].views();
        let back = |view: &gateway::lane::LaneView| {
            view.starts > starts && view.state == gateway::lane::LaneState::Ready
        };
        within(async { views.wait_for(back).await.map(|_| ()) }).await.unwrap();
        let mut pinned = job("generate_sdxl");
        pinned["gpu_id"] = "gpu_0".into();
        let pinned = rig.command(&pinned).await;
        assert_eq!(pinned.body["data"]["gpu_id"], "gpu_0", "{pinned:?}");
    }
    rig.stop().await;
}

/// A worker that answers to every job that its device could not begin it, and does not exit.
const GIVES_UP: &str = concat!(
    r#"echo >> $DIR/starts; [ $(wc -l < $DIR/starts) -ge ENOUGH ] && exec $SIM "$@""#,
    "\nexec 3<&0\nexec sed -u '",
    r#"s/"code":"internal"/"code":"worker_crashed","details":{"started":false}/"#,
    "' < <($SIM --fault internal \"$@\" <&3)\n",
);

const PATIENT: &str = "[restart]\ndeaths_max = 4\nbackoff_min_seconds = 0.01\nopen_min_seconds = 200\n";

#[tokio::test]
async fn a_job_that_had_not_started_is_repeated_and_costs_no_attempt() {
    // One start more than a job has attempts.
    let rig = Rig::scripted(PATIENT, &GIVES_UP.replace("ENOUGH", "4")).await;
    let mut command = job("generate_sdxl");
    command["request_id"] = "patient".into();
    let response = rig.command(&command).await;
    assert_eq!(response.body["success"], true, "{response:?}");
    assert_eq!(rig.get("/v1/jobs/patient").await.body["data"]["attempt"], 1);
    assert_eq!(rig.dispatcher.pool().lanes()[0].view().starts, 4);
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

/// Each repeat is a death in its lane, which opens. The job then waits as for any open lane, until its timeout.
#[tokio::test]
async fn a_job_that_never_starts_opens_its_lane_and_ends_with_timeout_and_the_reason() {
    let rig = Rig::scripted(PATIENT, &GIVES_UP.replace("ENOUGH", "100")).await;
    let mut command = job("generate_sdxl");
    command["request_id"] = "hopeless".into();
    command["payload"]["prompt_submission"]["metadata"] = json!({"timeout_seconds": 12});
    let response = rig.command(&command).await;
    assert_eq!((response.status, response.code()), (504, "timeout"), "{response:?}");
    let reason = response.body["error_details"]["details"]["lanes"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("4 times in a row") && reason.contains("it gave up"), "{reason}");
    let record = rig.get("/v1/jobs/hopeless").await;
    assert_eq!(
        (&record.body["data"]["attempt"], &record.body["data"]["status"]),
        (&json!(1), &json!("timeout"))
    );
    assert_eq!(rig.dispatcher.pool().lanes()[0].view().starts, 4);
    rig.assert_answers().await;
    rig.stop().await;
}
