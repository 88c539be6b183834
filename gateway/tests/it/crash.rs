//! Workers that die: whoever waits gets an answer, jobs are repeated, and the pool goes on.

use crate::rig::{Rig, job, within};

#[tokio::test]
async fn a_crashed_job_is_repeated_on_the_other_gpu() {
    let rig = Rig::start(&["--fault", "crash@generate_sdxl@attempt=1"]).await;
    let mut command = job("generate_sdxl");
    command["request_id"] = "twice".into();
    let heard = rig.command(&command).await;
    assert_eq!(heard.body["success"], true, "{heard:?}");
    let record = rig.get("/v1/jobs/twice").await;
    assert_eq!(record.body["data"]["attempt"], 2, "{record:?}");
    assert_eq!(record.body["data"]["worker_id"], "gpu_1");
    let path = heard.body["data"]["images"][0].as_str().unwrap();
    assert!(path.ends_with("twice_2_000.png"), "{path}");
    rig.goes_on().await;
    rig.stop().await;
}

#[tokio::test]
async fn after_two_crashes_the_cause_is_told() {
    let rig = Rig::start(&["--fault", "crash@generate_sdxl"]).await;
    let heard = rig.command(&job("generate_sdxl")).await;
    assert_eq!((heard.status, heard.code()), (502, "worker_crashed"), "{heard:?}");
    let details = &heard.body["error_details"];
    assert_eq!(details["retryable"], true);
    assert_eq!(details["details"]["attempts"], 2);
    assert_eq!(details["details"]["exit_code"], 70);
    assert!(!details["details"]["stderr_tail"].as_array().unwrap().is_empty(), "{details}");
    rig.goes_on().await;
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
    for heard in asked {
        assert_eq!((heard.status, heard.code()), (502, "worker_crashed"), "{heard:?}");
    }
    rig.goes_on().await;
    rig.stop().await;
}

#[tokio::test]
async fn twenty_kills_lose_nothing() {
    let rig = Rig::with(2, "[restart]\nbackoff_min_seconds = 0.01\n", &[]).await;
    for _ in 0..20 {
        let pid = rig.front.pool().lanes()[0].view().facts.as_ref().unwrap().pid;
        let starts = rig.front.pool().lanes()[0].view().starts;
        nix::sys::signal::kill(
            nix::unistd::Pid::from_raw(pid.try_into().unwrap()),
            nix::sys::signal::Signal::SIGKILL,
        )
        .unwrap();
        let heard = rig.command(&job("generate_sdxl")).await;
        assert_eq!(heard.body["success"], true, "{heard:?}");
        // The killed one serves again before the next kill, and has answered something.
        let mut views = rig.front.pool().lanes()[0].views();
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
