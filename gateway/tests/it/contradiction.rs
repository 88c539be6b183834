//! A worker that says another thing than the gateway knows of its GPU or of the command: none of it reaches a client.

use serde_json::{Value, json};

use crate::rig::{Rig, job, long_job, within};

/// A worker whose lines pass through `sed`. No limit of silence ends a test.
async fn garbled(sed: &str) -> Rig {
    let config = "[limits]\nidle_seconds = 25\nother_seconds = 25\ndenoising_seconds = 25\n";
    let script = format!("exec 3<&0\nexec sed -u -E '{sed}' < <($SIM --step-ms 20 \"$@\" <&3)\n");
    let rig = Rig::scripted(config, &script).await;
    within(rig.dispatcher.pool().settled()).await;
    rig
}

/// Replaces a member in replies of jobs; in the handshake the worker tells the truth.
fn in_pictures(member: &str, said: &str) -> String {
    format!(r#"/"images"/ s/"{member}":"[^"]*"/"{member}":"{said}"/g"#)
}

fn batch() -> Value {
    let mut first = job("generate_sdxl")["payload"]["prompt_submission"].clone();
    first["scheduler"]["steps"] = 20.into();
    json!({"action": "batch_generate", "request_id": "batch", "payload": {"requests": [first.clone(), first]}})
}

#[tokio::test]
async fn a_reply_about_another_gpu_session_or_training_is_a_broken_reply() {
    let mut in_session = job("generate_sdxl");
    in_session["session_id"] = "mine".into();
    let training = json!({"action": "get_training_status", "payload": {"training_id": "t1"}});
    let index = r#"/"results"/ s/"index":1/"index":0/"#.to_owned();
    let number = r#"/"results"/ s/"results":\[\{.*\},(\{"index":1)/"results":[\1/"#.to_owned();
    let status = |member: &str| format!(r#"/"memory_stats"/ s/"{member}":"[^"]*"/"{member}":"gpu_7"/"#);
    for (sed, command, at) in [
        (in_pictures("gpu_id", "gpu_7"), job("generate_sdxl"), "/data/gpu_id"),
        (in_pictures("session_id", "yours"), in_session, "/session_id"),
        (status("gpu_id"), json!({"action": "get_status", "gpu_id": "cpu_0"}), "/data/gpu_id"),
        (in_pictures("gpu_id", "gpu_7"), batch(), "/data/results/0/data/gpu_id"),
        (index, batch(), "/data/results/1/index"),
        (number, batch(), "/data/results (their number)"),
    ] {
        let rig = garbled(&sed).await;
        let response = rig.command(&command).await;
        assert_eq!((response.status, response.code()), (502, "worker_protocol_error"), "{sed}: {response:?}");
        assert!(response.body["error"].as_str().unwrap().contains(at), "{sed}: {response:?}");
        assert_eq!(rig.dispatcher.pool().lanes()[0].view().starts, 1, "{sed}");
        rig.stop().await;
    }
    let rig = garbled("").await;
    assert_eq!(rig.command(&training).await.code(), "training_not_found");
    assert_eq!(rig.command(&batch()).await.body["data"]["succeeded"], 2);
    rig.stop().await;
}

#[tokio::test]
async fn the_answer_to_a_cancel_is_about_its_target_and_keeps_the_contract() {
    for (sed, why) in [
        (r#"s/("target_request_id":)"runs"/\1"walks"/"#, "/data/target_request_id"),
        (r#"/"target_request_id"/ s/"was":"[a-z]*"/"was":7/"#, "/data/was"),
    ] {
        let rig = garbled(sed).await;
        rig.queue(&long_job("runs", 150)).await;
        rig.running("runs").await;
        let response = rig.delete("/v1/jobs/runs").await;
        assert_eq!((response.status, response.code()), (502, "worker_protocol_error"), "{sed}: {response:?}");
        assert!(response.body["error"].as_str().unwrap().contains(why), "{sed}: {response:?}");
        rig.stop().await;
    }
}

/// An id may be a word that stands in every reply.
#[tokio::test]
async fn a_broken_reply_fails_its_own_command_alone() {
    for id in ["success", "data", "sdxl", "warnings"] {
        let rig = garbled(r#"/"request_id":"asks"/ s/"warnings":\[\]/"warnings":NaN/"#).await;
        rig.queue(&long_job(id, 20)).await;
        rig.running(id).await;
        let query =
            json!({"action": "get_capabilities", "request_id": "asks", "gpu_id": "cpu_0", "payload": {}});
        let response = rig.command(&query).await;
        assert_eq!((response.status, response.code()), (502, "worker_protocol_error"), "{id}: {response:?}");
        let reply = rig.reply(id).await;
        assert_eq!(reply["success"], true, "{id}: {reply}");
        rig.stop().await;
    }
}

#[tokio::test]
async fn an_event_of_no_request_of_the_batch_is_none() {
    for (id, is_one) in [("batch.1", true), ("batch.2", false), ("batch.01", false), ("batch.x", false)] {
        let rig =
            garbled(&format!(r#"/"event":"progress"/ s/"request_id":"batch"/"request_id":"{id}"/"#)).await;
        let reply = rig.command(&batch()).await;
        assert_eq!(reply.body["data"]["succeeded"], 2, "{reply:?}");
        let job = rig.dispatcher.queue().job("batch".into()).await.unwrap().unwrap();
        let last = job.events.subscribe().borrow().last();
        assert_eq!(last.is_some(), is_one, "{id}: {last:?}");
        rig.stop().await;
    }
}

#[tokio::test]
async fn a_status_names_a_command_that_the_worker_has() {
    for (running, is_one) in [("runs", true), ("runs.0", false), ("walks", false)] {
        let sed = format!(r#"/"uptime_seconds"/ s/("running_request_id":)"runs"/\1"{running}"/"#);
        let rig = garbled(&sed).await;
        rig.queue(&long_job("runs", 150)).await;
        rig.running("runs").await;
        let status = rig.command(&json!({"action": "get_status", "gpu_id": "cpu_0"})).await;
        if is_one {
            assert_eq!(status.body["data"]["running_request_id"], "runs", "{status:?}");
        } else {
            assert_eq!((status.status, status.code()), (502, "worker_protocol_error"), "{status:?}");
            let said = format!("/data/running_request_id: {running:?}");
            assert!(status.body["error"].as_str().unwrap().contains(&said), "{status:?}");
        }
        assert_eq!(rig.delete("/v1/jobs/runs").await.status, 200);
        rig.stop().await;
    }
}

/// A heartbeat about a command that the worker does not have says nothing about the worker.
#[tokio::test]
async fn a_heartbeat_of_a_command_that_the_worker_has_not_is_dropped() {
    let with = |running: &str| {
        format!(
            r#"/"event":"heartbeat"/ {{ s/,"running_request_id":"[^"]*"//; s/"state":"[a-z]*"/"state":"draining"{running}/ }}"#
        )
    };
    for (running, state) in [("", "draining"), (r#","running_request_id":"walks""#, "ready")] {
        let rig = garbled(&with(running)).await;
        // Long enough for a heartbeat, which comes before the reply.
        rig.queue(&long_job("runs", 60)).await;
        assert_eq!(rig.reply("runs").await["success"], true);
        assert_eq!(rig.dispatcher.pool().lanes()[0].view().worker_state, state, "{running}");
        rig.stop().await;
    }
}

#[tokio::test]
async fn progress_of_a_training_that_the_worker_has_not_is_dropped() {
    let event = json!({
        "event": "training_progress", "request_id": null, "attempt": 1, "sequence": 1,
        "timestamp": "2026-01-01T00:00:00.000Z", "training_id": "nobody", "state": "running",
        "epoch": 1, "step": 1, "total_steps": 9, "loss": 0.5,
    });
    let rig = garbled(&format!(r#"/"request_id":"asks"/ i {event}"#)).await;
    let mut events = rig.dispatcher.pool().pool_events();
    let asks = json!({"action": "get_capabilities", "request_id": "asks", "gpu_id": "cpu_0", "payload": {}});
    assert_eq!(rig.command(&asks).await.status, 200);
    // The event stands before the reply, so that it was read.
    assert!(events.try_recv().is_err());
    rig.stop().await;
}

#[tokio::test]
async fn a_number_that_would_lose_digits_is_not_passed_on() {
    for (number, is_kept) in [("18446744073709551615", true), ("123456789012345678901234567890", false)] {
        let sed = format!(r#"/"request_id":"asks"/ s/"data":\{{/"data":{{"new":{number},/"#);
        let rig = garbled(&sed).await;
        let asks =
            json!({"action": "get_capabilities", "request_id": "asks", "gpu_id": "cpu_0", "payload": {}});
        let response = rig.command(&asks).await;
        if is_kept {
            assert_eq!(response.body["data"]["new"].to_string(), number, "{response:?}");
            assert_eq!(response.body["warning_details"][0]["code"], "unknown_member", "{response:?}");
        } else {
            assert_eq!((response.status, response.code()), (502, "worker_protocol_error"), "{response:?}");
            assert!(response.body["error"].as_str().unwrap().contains(number), "{response:?}");
        }
        rig.stop().await;
    }
}

#[tokio::test]
async fn a_worker_of_another_version_kind_or_dialect_is_refused() {
    for (sed, why) in [
        (r#"s/"protocol_version":"1"/"protocol_version":"2"/"#, "it speaks protocol \"2\""),
        (r#"s/"worker":"worker-sim"/"worker":"gateway"/"#, "it is a gateway"),
        (r#"s/"dialect":"snake"/"dialect":"pascal"/"#, "it speaks \"pascal\""),
        (r#"s/"gpu_id":"cpu_0"/"gpu_id":"gpu_7"/"#, "it is \"gpu_7\""),
    ] {
        let config = "[restart]\ndeaths_max = 1\nopen_min_seconds = 200\n";
        let rig = Rig::scripted(config, &format!("$SIM \"$@\" | sed -u -E '{sed}'\n")).await;
        rig.lane(|view| matches!(view.state, gateway::lane::LaneState::Open(_))).await;
        let reason = rig.dispatcher.pool().lanes()[0].unready().unwrap();
        assert!(reason.contains("initialize") && reason.contains(why), "{sed}: {reason}");
        rig.stop().await;
    }
}
