//! Lanes whose workers die again and again: they rest, are tried for ever, and show why.

use gateway::lane::{BreakerState, LaneState, LaneView};
use serde_json::{Value, json};

use crate::rig::{GATEWAY, Rig, flags, job, within};

/// Opens at the second death and is not tried again within a test.
const OPENS: &str = "[restart]\ndeaths_max = 2\nbackoff_min_seconds = 0.01\nopen_min_seconds = 200\n";
/// The same, but tried again soon.
const HEALS: &str = "[restart]\ndeaths_max = 2\nbackoff_min_seconds = 0.01\nopen_min_seconds = 0.05\nopen_max_seconds = 0.1\n";
/// Cannot start while `$DIR/up` is missing.
const DOWN: &str = "[ -e $DIR/up ] || { echo 'the driver is not up yet' >&2; exit 1; }\nexec $SIM \"$@\"\n";

fn is_open(view: &LaneView) -> bool {
    matches!(view.state, LaneState::Open(_))
}

fn come_up(rig: &Rig) {
    std::fs::write(rig.dir.path().join("up"), "").unwrap();
}

async fn readiness(rig: &Rig) -> Value {
    rig.get("/v1/readiness").await.body["data"]["gpus"][0].clone()
}

#[tokio::test]
async fn a_lane_that_could_not_start_heals_by_itself_and_a_job_waits_for_that() {
    let rig = Rig::scripted(HEALS, DOWN).await;
    rig.lane(is_open).await;
    let id = rig.queue(&job("generate_sdxl")).await;
    // More tries fail while the job waits.
    let starts = rig.dispatcher.pool().lanes()[0].view().starts;
    rig.lane(|view| view.starts > starts + 1).await;
    come_up(&rig);
    assert_eq!(rig.reply(&id).await["success"], true);
    rig.lane(|view| view.breaker.state == BreakerState::Closed).await;
    let ready = readiness(&rig).await;
    assert_eq!((&ready["breaker"], &ready["starts_failed"]), (&json!("closed"), &json!(0)), "{ready}");
    assert_eq!(ready.get("next_try_at"), None, "{ready}");
    rig.stop().await;
}

#[tokio::test]
async fn an_open_lane_says_why_and_when() {
    let rig = Rig::scripted(OPENS, DOWN).await;
    rig.lane(is_open).await;
    let ready = readiness(&rig).await;
    assert_eq!((&ready["ready"], &ready["breaker"]), (&json!(false), &json!("open")), "{ready}");
    assert_eq!(ready["starts_failed"], 2, "{ready}");
    assert!(ready["next_try_at"].as_str().unwrap().ends_with('Z'), "{ready}");
    let reason = ready["reasons"][0].as_str().unwrap();
    assert!(reason.contains("2 times in a row") && reason.contains("the driver is not up yet"), "{reason}");
    let health = rig.get("/health/ready").await;
    assert_eq!(health.status, 503);
    assert_eq!(health.body["gpus"][0]["reason"], reason);
    assert_eq!(rig.get("/health/live").await.status, 200);
    assert_eq!(rig.get("/v1/gpus").await.body["data"]["state"], "error");
    rig.stop().await;
}

#[tokio::test]
async fn a_job_waits_within_its_timeout_and_nothing_else_waits_for_an_open_lane() {
    let rig = Rig::scripted(OPENS, DOWN).await;
    rig.lane(is_open).await;
    let mut waiting = job("generate_sdxl");
    waiting["payload"]["prompt_submission"]["metadata"] = json!({"timeout_seconds": 1});
    let response = rig.command(&waiting).await;
    assert_eq!((response.status, response.code()), (504, "timeout"), "{response:?}");
    let lane = &response.body["error_details"]["details"]["lanes"][0];
    assert_eq!(lane["gpu_id"], "cpu_0", "{response:?}");
    assert!(lane["reason"].as_str().unwrap().contains("the driver is not up yet"), "{response:?}");
    let load = json!({"model_path": "sdxl_base", "model_type": "sdxl"});
    let training = json!({"training_type": "LoRA", "base_model": "sdxl_base", "training_data": "/models"});
    for command in [
        json!({"action": "get_schedulers"}),
        json!({"action": "get_capabilities"}),
        json!({"action": "get_schedulers", "gpu_id": "cpu_0"}),
        json!({"action": "load_model", "payload": load}),
        json!({"action": "start_training", "payload": training}),
    ] {
        let response = rig.command(&command).await;
        assert_eq!((response.status, response.code()), (503, "worker_busy"), "{command}: {response:?}");
        let seconds = response.body["error_details"]["retry_after_seconds"].as_f64().unwrap();
        assert!((1.0..=200.0).contains(&seconds), "{command}: {response:?}");
    }
    rig.stop().await;
}

#[tokio::test]
async fn initialize_tries_at_once_and_waits_for_its_own_start() {
    let rig = Rig::scripted(OPENS, DOWN).await;
    rig.lane(is_open).await;
    let failed = rig.command(&json!({"action": "initialize"})).await;
    assert_eq!(failed.code(), "worker_busy", "{failed:?}");
    assert_eq!(rig.dispatcher.pool().lanes()[0].view().starts, 3, "it was tried");
    come_up(&rig);
    let response = rig.command(&json!({"action": "initialize"})).await;
    assert_eq!(response.body["success"], true, "{response:?}");
    assert_eq!(readiness(&rig).await["breaker"], "half_open");
    assert_eq!(rig.command(&job("generate_sdxl")).await.body["success"], true);
    rig.lane(|view| view.breaker.state == BreakerState::Closed).await;
    rig.stop().await;
}

/// The facts of a dead worker are no answer to `initialize`.
#[tokio::test]
async fn initialize_is_refused_once_a_worker_that_was_ready_can_not_start_again() {
    let rig = Rig::scripted(OPENS, DOWN).await;
    rig.lane(is_open).await;
    come_up(&rig);
    assert_eq!(rig.command(&json!({"action": "initialize"})).await.body["success"], true);
    assert_eq!(rig.command(&job("generate_sdxl")).await.body["success"], true);
    std::fs::remove_file(rig.dir.path().join("up")).unwrap();
    let pid = rig.dispatcher.pool().lanes()[0].view().facts.as_ref().unwrap().pid;
    let pid = nix::unistd::Pid::from_raw(pid.cast_signed());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
    rig.lane(is_open).await;
    let response = rig.command(&json!({"action": "initialize"})).await;
    assert_eq!(response.code(), "worker_busy", "{response:?}");
    rig.stop().await;
}

#[tokio::test]
async fn a_bad_first_job_opens_a_lane_again_and_a_refused_one_closes_it() {
    let script = DOWN.replace("$SIM", "$SIM --fault internal@generate_sdxl");
    let rig = Rig::scripted(OPENS, &script).await;
    rig.lane(is_open).await;
    come_up(&rig);
    let start = json!({"action": "initialize"});
    assert_eq!(rig.command(&start).await.body["success"], true);
    assert_eq!(rig.command(&job("generate_sdxl")).await.code(), "internal");
    rig.lane(is_open).await;
    let ready = readiness(&rig).await;
    assert!(ready["reasons"][0].as_str().unwrap().contains("internal"), "{ready}");
    assert_eq!(rig.command(&start).await.body["success"], true);
    let mut refused = job("enhanced_sdxl");
    refused["payload"]["prompt_submission"]["model"]["base"] = "nobody".into();
    assert_eq!(rig.command(&refused).await.code(), "model_not_found");
    rig.lane(|view| view.breaker.state == BreakerState::Closed).await;
    rig.stop().await;
}

#[tokio::test]
async fn what_is_configured_wrong_is_told_at_once() {
    for script in ["echo 'no module named torch' >&2; exit 78\n", "exec $SIM \"$@\" --fault misconfigured\n"]
    {
        let rig = Rig::scripted("", script).await;
        rig.lane(is_open).await;
        assert_eq!(rig.dispatcher.pool().lanes()[0].view().starts, 1);
        for action in ["generate_sdxl", "enhanced_sdxl"] {
            let response = rig.command(&job(action)).await;
            assert_eq!((response.status, response.code()), (503, "no_gpu_available"), "{response:?}");
            let details = &response.body["error_details"];
            assert_eq!(details["retryable"], false, "{response:?}");
            let reason = details["details"]["lanes"][0]["reason"].as_str().unwrap();
            assert!(reason.contains("exit code 78"), "{reason}");
            assert!(reason.contains("torch") || reason.contains("fault misconfigured"), "{reason}");
        }
        assert_eq!(rig.get("/v1/schedulers").await.code(), "no_gpu_available");
        rig.stop().await;
    }
}

#[tokio::test]
async fn a_program_that_cannot_be_executed_is_configured_wrong() {
    let rig = Rig::scripted(OPENS, "exec $DIR/main.py\n").await;
    // bash exits with 126 for it, which has no meaning here: only a configured program that cannot be executed has.
    rig.lane(is_open).await;
    rig.stop().await;
    let dir = tempfile::tempdir().unwrap();
    let flags = crate::rig::scripted_flags(dir.path(), OPENS, "");
    let python = flags.python.clone().unwrap();
    std::fs::set_permissions(&python, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let rig = Rig::of(dir, &flags).await;
    rig.lane(is_open).await;
    let response = rig.command(&job("generate_sdxl")).await;
    assert_eq!(response.code(), "no_gpu_available", "{response:?}");
    let reason = response.body["error_details"]["details"]["lanes"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("cannot be executed") && reason.contains("ermission denied"), "{reason}");
    rig.stop().await;
}

#[tokio::test]
async fn a_gpu_that_is_not_there_stays_not_found() {
    let rig = Rig::with(2, "", &[]).await;
    let response = rig.command(&json!({"action": "get_status", "gpu_id": "gpu_7"})).await;
    assert_eq!(response.code(), "gpu_not_found", "{response:?}");
    rig.stop().await;
}

#[tokio::test]
async fn three_documents_that_end_in_internal_replace_their_worker() {
    let rig = Rig::with(1, "", &["--fault", "internal@generate_sdxl"]).await;
    let with = |prompt: &str| {
        let mut command = job("generate_sdxl");
        command["payload"]["prompt_submission"]["conditioning"]["prompt"] = prompt.into();
        command
    };
    // The same document again and again does not count against its worker, whatever seed was chosen.
    for _ in 0..4 {
        assert_eq!(rig.command(&with("one")).await.code(), "internal");
    }
    assert_eq!(rig.command(&with("two")).await.code(), "internal");
    assert_eq!(rig.dispatcher.pool().lanes()[0].view().starts, 1);
    assert_eq!(rig.command(&with("three")).await.code(), "internal");
    rig.lane(|view| view.starts == 2 && view.state == LaneState::Ready).await;
    rig.stop().await;
}

#[tokio::test]
async fn a_dead_device_is_a_crash_and_its_job_runs_elsewhere() {
    let rig = Rig::with(2, "", &["--fault", "device_lost@generate_sdxl@attempt=1"]).await;
    let response = rig.command(&job("generate_sdxl")).await;
    assert_eq!(response.body["success"], true, "{response:?}");
    assert_eq!(response.body["data"]["gpu_id"], "gpu_1", "{response:?}");
    rig.lane(|view| view.starts == 2 && view.state == LaneState::Ready).await;
    rig.stop().await;
    // With one GPU the repeated job waits for the next worker; the worker that gave up gets no further job.
    let rig = Rig::with(1, "", &["--fault", "device_lost@generate_sdxl@attempt=1"]).await;
    let response = rig.command(&job("generate_sdxl")).await;
    assert_eq!(response.body["success"], true, "{response:?}");
    assert_eq!(rig.dispatcher.pool().lanes()[0].view().starts, 2);
    rig.stop().await;
    let rig = Rig::with(1, "", &["--fault", "device_lost@generate_sdxl"]).await;
    let response = rig.command(&job("generate_sdxl")).await;
    assert_eq!((response.status, response.code()), (502, "worker_crashed"), "{response:?}");
    assert_eq!(response.body["error_details"]["details"]["attempts"], 2, "{response:?}");
    rig.stop().await;
}

#[tokio::test]
async fn one_gpu_that_is_configured_wrong_hides_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("half-configured");
    let script = format!(
        "#!/bin/bash\ncase \"$*\" in *gpu_0*) echo 'no module named torch' >&2; exit 78;; esac\nexec {GATEWAY} \"$@\"\n"
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut flags = flags(dir.path(), 2, OPENS, &[]);
    flags.sim_program = Some(program);
    let rig = Rig::of(dir, &flags).await;
    rig.lane(is_open).await;
    within(rig.dispatcher.pool().settled()).await;
    let mut pinned = job("generate_sdxl");
    pinned["gpu_id"] = "gpu_0".into();
    let response = rig.command(&pinned).await;
    assert_eq!((response.status, response.code()), (503, "no_gpu_available"), "{response:?}");
    let lanes = response.body["error_details"]["details"]["lanes"].as_array().unwrap();
    assert_eq!((lanes.len(), &lanes[0]["gpu_id"]), (1, &json!("gpu_0")), "{response:?}");
    assert!(lanes[0]["reason"].as_str().unwrap().contains("torch"), "{response:?}");
    let response = rig.command(&job("generate_sdxl")).await;
    assert_eq!(
        (&response.body["success"], &response.body["data"]["gpu_id"]),
        (&json!(true), &json!("gpu_1")),
        "{response:?}"
    );
    rig.stop().await;
}
