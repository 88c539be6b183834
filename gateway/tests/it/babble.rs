//! Workers that write lines that are no frames: no such line reaches a client as a reply.

use serde_json::json;

use crate::rig::{Rig, job, long_job, within};

#[tokio::test]
async fn noise_on_stdout_is_never_a_reply() {
    for fault in [
        "garbage",
        "garbage:{\"request_id\":",
        "banner:hello",
        "double_reply",
        "event_after_reply",
        "event_storm",
    ] {
        let rig = Rig::start(&["--fault", fault]).await;
        for _ in 0..3 {
            let response = rig.command(&job("generate_sdxl")).await;
            assert_eq!(response.body["success"], true, "{fault}: {response:?}");
        }
        rig.assert_makes_pictures().await;
        rig.stop().await;
    }
}

/// A library prints to fd 1 without end: the job is answered, and the next worker serves.
#[tokio::test]
async fn a_worker_that_writes_only_garbage_is_replaced() {
    // Longer than the test, so that no limit of silence ends it.
    let config =
        "[limits]\nstart_seconds = 25\nidle_seconds = 25\nother_seconds = 25\ndenoising_seconds = 25\n";
    let stray = r#"{"request_id":"nobody","success":true,"data":{}}"#;
    let event = r#"{"event":"shouting"}"#;
    // For a command that has ended, and for one that never was.
    let late = r#"{"request_id":"asked","success":true,"data":{}}"#;
    let progress = r#"{"event":"progress","request_id":"asked","attempt":1,"sequence":1,"timestamp":"2026-01-01T00:00:00.000Z","stage":"saving","step":1,"total_steps":1,"progress":1.0,"image_index":0}"#;
    let log = r#"{"event":"log","request_id":"dead","attempt":1,"sequence":1,"timestamp":"2026-01-01T00:00:00.000Z","level":"info","message":"x"}"#;
    for garbage in ["y", stray, event, late, progress, log] {
        let once = "[ -e $DIR/once ] && exec $SIM \"$@\"\ntouch $DIR/once\nexec 3<&0\n";
        let until = "sed -u '/\"stage\"/q' < <($SIM \"$@\" <&3)\n";
        let rig = Rig::scripted(config, &format!("{once}{until}exec yes '{garbage}'\n")).await;
        within(rig.dispatcher.pool().settled()).await;
        let asked = rig.command(&json!({"action": "get_schedulers", "request_id": "asked"})).await;
        assert_eq!(asked.status, 200, "{asked:?}");
        let response = rig.command(&job("generate_sdxl")).await;
        assert_eq!(
            (response.status, response.code()),
            (502, "worker_protocol_error"),
            "{garbage}: {response:?}"
        );
        assert!(response.body["error"].as_str().unwrap().contains("lines in a row"), "{response:?}");
        let response = rig.command(&job("generate_sdxl")).await;
        assert_eq!(response.body["success"], true, "{garbage}: {response:?}");
        assert_eq!(rig.dispatcher.pool().lanes()[0].view().starts, 2);
        rig.stop().await;
    }
}

#[tokio::test]
async fn a_worker_that_never_says_anything_else_opens_its_lane() {
    let config = "[limits]\nstart_seconds = 25\n[restart]\ndeaths_max = 1\nopen_min_seconds = 200\n";
    let rig = Rig::scripted(config, "exec yes\n").await;
    rig.lane(|view| matches!(view.state, gateway::lane::LaneState::Open(_))).await;
    let reason = rig.dispatcher.pool().lanes()[0].unready().unwrap();
    assert!(reason.contains("lines in a row"), "{reason}");
    rig.stop().await;
}

/// A bridge may use the ids `1`, `2`, `3`. Noise contains such words, and is still no reply.
#[tokio::test]
async fn noise_with_the_word_of_an_id_fails_no_job() {
    let rig = Rig::start(&["--fault", "garbage:Successfully loaded 1/7 components"]).await;
    let mut command = job("generate_sdxl");
    command["request_id"] = "1".into();
    let response = rig.command(&command).await;
    assert_eq!(
        (&response.body["success"], &response.body["request_id"]),
        (&json!(true), &json!("1")),
        "{response:?}"
    );
    rig.stop().await;
}

#[tokio::test]
async fn an_event_after_the_reply_is_no_event_of_the_job() {
    let rig = Rig::with(1, "", &["--fault", "event_after_reply"]).await;
    let id = rig.queue(&job("generate_sdxl")).await;
    rig.reply(&id).await;
    // The reply to another command shows that the late line was read.
    rig.assert_makes_pictures().await;
    let job = rig.dispatcher.queue().job(id.as_str().into()).await.unwrap().unwrap();
    assert_eq!(job.events.subscribe().borrow().last().unwrap()["stage"], "saving");
    rig.stop().await;
}

#[tokio::test]
async fn a_line_over_the_limit_restarts_the_worker() {
    let rig = Rig::with(1, "", &["--fault", "huge_line@generate_sdxl"]).await;
    let response = rig.command(&job("generate_sdxl")).await;
    assert_eq!(response.code(), "worker_crashed", "{response:?}");
    assert!(response.body["error"].as_str().unwrap().contains("a line of more than"), "{response:?}");
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

#[tokio::test]
async fn replies_that_break_the_contract_are_protocol_errors() {
    for fault in ["wrong_type", "dropped_field", "renamed_field", "success_without_effect"] {
        let rig = Rig::start(&["--fault", &format!("{fault}@generate_sdxl")]).await;
        let response = rig.command(&job("generate_sdxl")).await;
        assert_eq!(
            (response.status, response.code()),
            (502, "worker_protocol_error"),
            "{fault}: {response:?}"
        );
        rig.assert_makes_pictures().await;
        rig.stop().await;
    }
}

#[tokio::test]
async fn half_a_reply_or_a_nan_is_no_reply() {
    for fault in ["partial_line", "nan"] {
        let config = "[limits]\nidle_seconds = 1.5\nother_seconds = 3\n";
        let rig = Rig::with(2, config, &["--fault", &format!("{fault}@generate_sdxl")]).await;
        let response = rig.command(&job("generate_sdxl")).await;
        assert_eq!(
            (response.status, response.code()),
            (502, "worker_protocol_error"),
            "{fault}: {response:?}"
        );
        rig.assert_makes_pictures().await;
        rig.stop().await;
    }
}

#[tokio::test]
async fn what_the_schema_does_not_know_is_passed_on_and_said() {
    let rig = Rig::with(1, "", &["--fault", "renamed_field:current_model_id=something_new@get_status"]).await;
    let load = json!({"action": "load_model", "payload": {"model_path": "sdxl_base", "model_type": "sdxl"}});
    assert_eq!(rig.command(&load).await.body["success"], true);
    let response = rig.command(&json!({"action": "get_status", "gpu_id": "gpu_0"})).await;
    assert_eq!(response.body["data"]["something_new"], "sdxl_base", "{response:?}");
    assert_eq!(response.body["warning_details"][0]["code"], "unknown_member", "{response:?}");
    assert!(response.body["warnings"][0].as_str().unwrap().contains("/data/something_new"), "{response:?}");
    rig.stop().await;
}

#[tokio::test]
async fn out_of_memory_is_the_jobs_failure_and_not_the_workers() {
    let rig = Rig::with(1, "", &["--fault", "out_of_memory@generate_sdxl"]).await;
    let response = rig.command(&job("generate_sdxl")).await;
    assert_eq!((response.status, response.code()), (507, "out_of_memory"), "{response:?}");
    assert_eq!(rig.dispatcher.pool().lanes()[0].view().starts, 1);
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

/// A worker whose replies to jobs pass through `sed`, and what its client gets.
async fn garbled(sed: &str) -> (Rig, serde_json::Value) {
    let script = format!("$SIM \"$@\" | sed -u -E '/\"images\"/ {{ {sed} }}'\n");
    // Longer than the test, so that no limit of silence ends the job.
    let config = "[limits]\nidle_seconds = 25\nother_seconds = 25\ndenoising_seconds = 25\n";
    let rig = Rig::scripted(config, &script).await;
    within(rig.dispatcher.pool().settled()).await;
    let mut command = job("generate_sdxl");
    command["request_id"] = "Order-1".into();
    let response = rig.command(&command).await;
    (rig, response.body)
}

#[tokio::test]
async fn a_reply_that_cannot_be_read_fails_its_job_at_once_and_says_why() {
    for (sed, why) in [
        (r#"s/("seed_used":)[0-9]+/\1NaN/"#, "JSON has no NaN"),
        (r#"s/("seed_used":)[0-9]+/\1-Infinity/"#, "JSON has no Infinity"),
        (r#"s/"success":true/"success":True/"#, "JSON writes true"),
        (r"s/^/\xEF\xBB\xBF/", "byte order mark"),
        (r"s/^/\r 10%|# /", "carriage return"),
        (r#"s/"request_id"/"RequestId"/; s/"success"/"Success"/"#, "snake_case"),
        (r#"s/"Order-1"/"order-1"/"#, "under request_id"),
        (r#"s/"request_id":"Order-1"/"request_id":null/"#, "no request_id"),
        (r#"s/"success":true/"success":true,"success":true/"#, "stands twice"),
        (r#"s/"success":true/"success":"yes"/"#, "another type"),
    ] {
        let (rig, reply) = garbled(sed).await;
        assert_eq!(reply["error_details"]["code"], "worker_protocol_error", "{sed}: {reply}");
        let error = reply["error"].as_str().unwrap();
        assert!(error.contains(why), "{sed}: {error}");
        assert_eq!(rig.dispatcher.pool().lanes()[0].view().starts, 1, "{sed}: the worker itself may be well");
        rig.stop().await;
    }
}

#[tokio::test]
async fn an_answer_to_initialize_that_cannot_be_read_is_judged_at_once() {
    for (sed, why) in [
        (r"s/^/\xEF\xBB\xBF\xEF\xBB\xBF/", "byte order mark"),
        (r"s/^/\r 10%|# /", "carriage return"),
        (r"s/,/,\n/g", "cannot be read"),
        (r#"s/"success":true/"success":True/"#, "JSON writes true"),
        (r#"s/"request_id"/"RequestId"/; s/"success"/"Success"/"#, "snake_case"),
        (r#"s/"request_id":"[^"]*"/"request_id":null/"#, "no request_id"),
        (r#"s/"request_id":"[^"]*"/"request_id":"somebody-else"/"#, "somebody-else"),
    ] {
        let config = "[restart]\ndeaths_max = 1\nopen_min_seconds = 200\n";
        let rig = Rig::scripted(config, &format!("$SIM \"$@\" | sed -u -E '{sed}'\n")).await;
        rig.lane(|view| matches!(view.state, gateway::lane::LaneState::Open(_))).await;
        let reason = rig.dispatcher.pool().lanes()[0].unready().unwrap();
        assert!(reason.contains("initialize") && reason.contains(why), "{sed}: {reason}");
        rig.stop().await;
    }
}

/// A name that stands twice is ambiguous: `serde_json` itself silently takes the last value.
#[tokio::test]
async fn a_name_twice_in_a_reply_is_a_broken_reply() {
    let rig = Rig::start(&["--fault", "duplicate_name:data@generate_sdxl"]).await;
    let response = rig.command(&job("generate_sdxl")).await;
    assert_eq!((response.status, response.code()), (502, "worker_protocol_error"), "{response:?}");
    assert!(response.body["error"].as_str().unwrap().contains("stands twice"), "{response:?}");
    rig.stop().await;
}

#[tokio::test]
async fn a_name_twice_in_the_reply_to_a_cancel_is_a_broken_reply() {
    let rig = Rig::with(1, "", &["--step-ms", "50", "--fault", "duplicate_name:data@cancel"]).await;
    rig.queue(&long_job("runs", 150)).await;
    rig.running("runs").await;
    let response = rig.delete("/v1/jobs/runs").await;
    assert_eq!((response.status, response.code()), (502, "worker_protocol_error"), "{response:?}");
    assert!(
        response.body["error"].as_str().is_some_and(|error| error.contains("stands twice")),
        "{response:?}"
    );
    rig.stop().await;
}

#[tokio::test]
async fn a_name_twice_in_a_handshake_starts_no_worker() {
    let twice = r#"s/"device_name":/"device_name":"another","device_name":/"#;
    let config = "[restart]\ndeaths_max = 1\nopen_min_seconds = 200\n";
    let rig = Rig::scripted(config, &format!("exec sed -u '{twice}' < <($SIM \"$@\")\n")).await;
    rig.lane(|view| matches!(view.state, gateway::lane::LaneState::Open(_))).await;
    let reason = rig.dispatcher.pool().lanes()[0].unready().unwrap();
    assert!(reason.contains("\"device_name\" stands twice"), "{reason}");
    rig.stop().await;
}

#[tokio::test]
async fn an_event_with_a_name_twice_is_dropped() {
    let twice = r#"/"event":"heartbeat"/!s/"stage":/"stage":"loading","stage":/"#;
    let rig = Rig::scripted("", &format!("exec 3<&0\nexec sed -u '{twice}' < <($SIM \"$@\" <&3)\n")).await;
    within(rig.dispatcher.pool().settled()).await;
    let id = rig.queue(&job("generate_sdxl")).await;
    let reply = rig.reply(&id).await;
    assert_eq!(reply["success"], true, "{reply}");
    let job = rig.dispatcher.queue().job(id.as_str().into()).await.unwrap().unwrap();
    let response = job.events.subscribe();
    let last = response.borrow().last();
    assert!(last.as_ref().is_none_or(|event| event["stage"].is_null()), "{last:?}");
    rig.stop().await;
}
