//! Commands that ask several workers, of which one gives no answer: the others' answers come in time, and a warning names
//! the GPU that is missing.

use gateway::lane::LaneState;
use serde_json::{Value, json};

use crate::rig::{HttpResponse, Rig, within};

/// Two workers, of which the one of `gpu` never answers these actions. Its heartbeats go on.
async fn half_deaf(gpu: &str, actions: &[&str], config: &str) -> Rig {
    let faults: String = actions.iter().map(|action| format!(" --fault missing_reply@{action}")).collect();
    let script =
        format!("case \"$*\" in *{gpu}*) exec $GATEWAY \"$@\"{faults};; esac\nexec $GATEWAY \"$@\"\n");
    Rig::differing(2, config, &script).await
}

pub(crate) fn assert_names(response: &HttpResponse, gpu: &str, why: &str) {
    let warnings = response.body["warning_details"].as_array().unwrap();
    let named = warnings.iter().any(|warning| {
        let message = warning["message"].as_str().unwrap();
        warning["code"] == "gpu_left_out" && message.starts_with(gpu) && message.contains(why)
    });
    assert!(named, "{response:?}");
}

pub(crate) fn row<'r>(response: &'r HttpResponse, list: &str, name: &str, gpu: &str) -> &'r Value {
    let rows = response.body["data"][list].as_array().unwrap();
    rows.iter().find(|row| row[name] == gpu).unwrap()
}

#[tokio::test]
async fn a_worker_that_does_not_answer_hides_no_other() {
    let asked = ["get_status", "get_capabilities", "get_performance_metrics", "get_model_info"];
    let rig = half_deaf("gpu_1", &asked, "").await;
    let ask = |action: &str| {
        let command = json!({"action": action});
        let rig = &rig;
        async move { rig.command(&command).await }
    };
    let (devices, status, capabilities, metrics, models) =
        tokio::join!(ask("list_devices"), ask(asked[0]), ask(asked[1]), ask(asked[2]), ask(asked[3]));
    for response in [&devices, &status, &capabilities, &metrics, &models] {
        assert_eq!(response.status, 200, "{response:?}");
    }
    for response in [&devices, &capabilities, &metrics, &models] {
        assert_names(response, "gpu_1", "no answer within 5 s");
    }
    for response in [&capabilities, &metrics, &models] {
        assert_eq!(response.body["data"]["gpus"].as_array().unwrap().len(), 1, "{response:?}");
    }
    assert_eq!(row(&devices, "devices", "device_id", "gpu_0")["is_available"], true);
    assert!(row(&devices, "devices", "device_id", "gpu_0")["families"].is_array());
    assert_eq!(row(&devices, "devices", "device_id", "gpu_1")["is_available"], false);
    let silent = row(&status, "gpus", "gpu_id", "gpu_1");
    assert_eq!(
        (&silent["state"], &silent["error_message"]),
        (&json!("error"), &json!("no answer within 5 s"))
    );
    assert_eq!(row(&status, "gpus", "gpu_id", "gpu_0")["state"], "ready");
    rig.stop().await;
}

#[tokio::test]
async fn a_lane_without_a_worker_is_named() {
    let script = "case \"$*\" in *gpu_1*) echo no such card >&2; exit 78;; esac\nexec $GATEWAY \"$@\"\n";
    let rig = Rig::differing(2, "", script).await;
    let actions =
        ["get_capabilities", "get_performance_metrics", "get_model_info", "list_devices", "initialize"];
    for action in actions {
        let response = rig.command(&json!({"action": action})).await;
        assert_eq!(response.status, 200, "{response:?}");
        assert_names(&response, "gpu_1", "no such card");
        if action == "list_devices" {
            assert_eq!(
                row(&response, "devices", "device_id", "gpu_1")["is_available"],
                false,
                "{response:?}"
            );
        }
    }
    rig.stop().await;
}

/// A worker that never answers the handshake. The time that the others have once one is up is what is waited for.
#[tokio::test]
async fn a_start_that_never_ends_hides_no_worker_that_is_up() {
    let script = "case \"$*\" in *gpu_1*) exec $GATEWAY \"$@\" --fault missing_reply@initialize;; esac\nexec $GATEWAY \"$@\"\n";
    let rig = Rig::differing_unsettled(2, "", script).await;
    let lanes = rig.dispatcher.pool().lanes();
    let mut views = lanes[0].views();
    within(views.wait_for(|view| view.state == LaneState::Ready)).await.unwrap();
    let before = std::time::Instant::now();
    // It is asked for one that is up, and need not wait for the other.
    let own = rig.command(&json!({"action": "initialize", "gpu_id": "gpu_0"})).await;
    assert_eq!(
        (&own.body["data"]["gpu_id"], &own.body["warnings"]),
        (&json!("gpu_0"), &json!([])),
        "{own:?}"
    );
    assert!(before.elapsed().as_secs_f64() < 4.0, "{:?}", before.elapsed());
    let response = rig.command(&json!({"action": "initialize"})).await;
    assert_eq!(response.body["data"]["gpu_id"], "gpu_0", "{response:?}");
    assert_names(&response, "gpu_1", "it is not up: its worker is starting");
    assert_eq!(lanes[1].view().state, LaneState::Starting);
    rig.stop().await;
}

/// What a worker says beside its answer is the client's, whoever asks the worker for it.
#[tokio::test]
async fn the_warnings_of_each_worker_are_in_the_reply_about_all() {
    let warned = r#"s/"warnings":\[\],"warning_details":\[\]/"warnings":["w"],"warning_details":[{"code":"no_effect","message":"w"}],"warnings_total":3/"#;
    let lines = r#"/"freed_|"families"/ "#;
    let script = format!(
        "case \"$*\" in *gpu_1*) exec 3<&0; exec sed -u -E '{lines}{warned}' < <($GATEWAY \"$@\" <&3);; esac\nexec $GATEWAY \"$@\"\n"
    );
    let rig = Rig::differing(2, "", &script).await;
    for action in ["list_devices", "unload_model", "cleanup_memory", "get_capabilities"] {
        let response = rig.command(&json!({"action": action})).await;
        assert_eq!(response.status, 200, "{response:?}");
        assert_eq!(response.body["warnings"], json!(["w"]), "{action}: {response:?}");
        assert_eq!(response.body["warnings_total"], 3, "{action}: {response:?}");
    }
    rig.stop().await;
}

#[tokio::test]
async fn a_worker_that_may_have_the_training_is_named() {
    let rig = half_deaf("gpu_0", &["get_training_status"], "").await;
    let response = rig.get("/v1/training/nobody").await;
    assert_eq!((response.status, response.code()), (504, "timeout"), "{response:?}");
    let lanes = &response.body["error_details"]["details"]["lanes"];
    assert_eq!(lanes, &json!([{"gpu_id": "gpu_0", "reason": "no answer within 5 s"}]));
    rig.stop().await;
}

#[tokio::test]
async fn memory_that_was_not_freed_everywhere_is_a_failure_that_says_where() {
    let rig = half_deaf("gpu_1", &["cleanup_memory"], "[limits]\nidle_seconds = 5\n").await;
    let response = rig.command(&json!({"action": "cleanup_memory"})).await;
    assert_eq!(response.code(), "worker_protocol_error", "{response:?}");
    let details = &response.body["error_details"]["details"];
    assert_eq!(details["lanes"][0]["gpu_id"], "gpu_1", "{details}");
    assert_eq!(details["freed_gpu_ids"], json!(["gpu_0"]));
    rig.stop().await;
}
