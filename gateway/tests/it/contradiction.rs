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
