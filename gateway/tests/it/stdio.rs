//! `gateway stdio`: replies, their order, dialects and ids.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, process::Command};

use crate::{
    rig::{GATEWAY, job, long_job, within},
    stdio_client::StdioClient,
};

#[tokio::test]
async fn one_line_a_command_in_their_order_over_two_lanes() {
    let mut client = StdioClient::start(&["--sim-arg", "--step-ms", "--sim-arg", "10"]);
    client.send(&long_job("slow", 100)).await;
    client.send(&long_job("quick", 1)).await;
    client.write(b"no frame\r\n\n").await;
    client.send(&json!({"action": "get_queue_status", "request_id": "queue", "payload": {}})).await;
    let mut lines = Vec::new();
    for _ in 0..4 {
        lines.push(client.line().await);
    }
    let ids: Vec<&Value> = lines.iter().map(|line| &line["request_id"]).collect();
    assert_eq!(ids, [&json!("slow"), &json!("quick"), &Value::Null, &json!("queue")], "{lines:?}");
    assert_ne!(lines[0]["data"]["gpu_id"], lines[1]["data"]["gpu_id"], "side by side");
    assert_eq!(lines[2]["error_details"]["code"], "bad_frame", "in the dialect of the last reply");
    assert_eq!(lines[3]["data"]["completed"], 2, "a query sees what the commands before it did");
    let (rest, code, seconds) = client.end().await;
    assert_eq!((rest.len(), code), (0, Some(0)));
    assert!(seconds < 5.0, "{seconds}");
}

#[tokio::test]
async fn the_direct_envelope_is_answered_in_pascal_and_the_documented_in_snake() {
    let mut client = StdioClient::start(&[]);
    client.write(b"\xEF\xBB\xBF").await;
    client.send(&json!({"action": "get_status"})).await;
    client.send(&json!({"action": "get_status", "payload": {}})).await;
    client
        .send(&json!({"action": "generate_sdxl_enhanced", "session_id": "s", "request": {
        "Model": {"Base": "nobody"}, "Conditioning": {"Prompt": "x"}}}))
        .await;
    assert!(client.line().await["Data"]["Gpus"].is_array());
    assert!(client.line().await["data"]["gpus"].is_array());
    let failed = client.line().await;
    assert_eq!(failed["ErrorDetails"]["Field"], "/request/Model/Base", "{failed}");
    assert_eq!(failed["SessionId"], "s");
    client.write(b"nothing\n").await;
    assert_eq!(client.line().await["ErrorDetails"]["Code"], "bad_frame");
    client.send(&json!({"action": "initialize", "payload": {"dialect": "camel"}})).await;
    assert_eq!(client.line().await["data"]["workerVersion"], env!("CARGO_PKG_VERSION"));
    client.write(b"nothing\n").await;
    assert_eq!(client.line().await["errorDetails"]["code"], "bad_frame");
    assert_eq!(client.end().await.1, Some(0));
}

#[tokio::test]
async fn what_is_over_the_bytes_that_are_read_ahead_stays_in_the_pipe() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("gateway.toml");
    std::fs::write(&config, "[keep]\nread_ahead_bytes_max = 2048\n").unwrap();
    let args = ["--sim-workers", "1", "--sim-arg", "--step-ms", "--sim-arg", "20", "--config"];
    let mut client = StdioClient::start(&[&args[..], &[config.to_str().unwrap()]].concat());
    let features = json!({"features": ["events", "out_of_order"]});
    client.send(&json!({"action": "initialize", "request_id": "i", "payload": features})).await;
    assert_eq!(client.reply().await["request_id"], "i");
    client.write(format!("{}{}\n", long_job("long", 50), " ".repeat(2048)).as_bytes()).await;
    while client.line().await["event"] != "progress" {}
    // It would be answered at once.
    client.send(&json!({"action": "get_status", "payload": {}, "request_id": "behind"})).await;
    assert_eq!(client.reply().await["request_id"], "long");
    assert_eq!(client.reply().await["request_id"], "behind");
    assert_eq!(client.end().await.1, Some(0));
}

#[tokio::test]
async fn an_id_is_in_flight_from_its_line_to_its_reply() {
    let mut talk = StdioClient::start(&["--sim-workers", "1", "--sim-arg", "--step-ms", "--sim-arg", "10"]);
    let cancel = |id: &str, target: &str| json!({"action": "cancel", "request_id": id, "payload": {"target_request_id": target}});
    // The first is at work, and what waits behind it has its id all the same.
    talk.send(&long_job("barrier", 50)).await;
    talk.send(&json!({"action": "get_status", "request_id": "query", "payload": {}})).await;
    talk.send(&long_job("waits", 1)).await;
    for id in ["barrier", "query", "waits"] {
        talk.send(&json!({"action": "get_schedulers", "request_id": id, "payload": {}})).await;
    }
    // Whoever waits for the job must not take these refusals for its reply.
    talk.send(&json!({"action": "nonsense", "request_id": "barrier", "payload": {}})).await;
    talk.write(b"{\"action\":\"get_status\",\"request_id\":\"barrier\",\"payload\":{\"a\":1,\"a\":2}}\n")
        .await;
    talk.send(&cancel("waits", "waits")).await;
    talk.send(&cancel("barrier", "barrier")).await;
    talk.send(&json!({"action": "shutdown", "request_id": "barrier", "payload": {}})).await;
    let mut codes = Vec::new();
    for _ in 0..11 {
        let line = talk.line().await;
        codes.push((line["request_id"].clone(), line["error_details"]["code"].clone()));
    }
    let conflict = |id: &str| (json!(id), json!("conflict"));
    let done = |id: &str| (json!(id), Value::Null);
    assert_eq!(
        codes,
        [
            done("barrier"),
            done("query"),
            done("waits"),
            conflict("barrier"),
            conflict("query"),
            conflict("waits"),
            conflict("barrier"),
            conflict("barrier"),
            conflict("waits"),
            conflict("barrier"),
            conflict("barrier"),
        ]
    );
    talk.send(&long_job("barrier", 1)).await;
    assert_eq!(talk.line().await["success"], true, "an id that was answered is free");
    assert_eq!(talk.end().await.1, Some(0));
}

#[tokio::test]
async fn with_out_of_order_replies_come_when_they_are_ready() {
    let mut client = StdioClient::start(&["--sim-arg", "--step-ms", "--sim-arg", "20"]);
    let features = json!({"action": "initialize", "request_id": "i", "payload": {"features": ["events", "out_of_order", "previews"]}});
    client.send(&features).await;
    assert_eq!(client.reply().await["data"]["features"], json!(["events", "out_of_order"]));
    client.send(&long_job("job", 100)).await;
    while client.line().await["event"] != "progress" {}
    client.send(&features).await;
    assert_eq!(client.reply().await["error_details"]["code"], "conflict", "a job runs");
    client.send(&json!({"action": "get_status", "payload": {}, "request_id": "now"})).await;
    assert_eq!(client.reply().await["request_id"], "now");
    client.send(&json!({"action": "get_status", "payload": {}})).await;
    assert_eq!(client.reply().await["error_details"]["code"], "missing_field");
    client.send(&long_job("second", 100)).await;
    client.send(&long_job("third", 100)).await;
    client
        .send(&json!({"action": "cancel", "request_id": "c3", "payload": {"target_request_id": "third"}}))
        .await;
    assert_eq!(client.reply().await["request_id"], "third", "the target first");
    assert_eq!(client.reply().await["data"]["was"], "queued");
    client
        .send(&json!({"action": "cancel", "request_id": "c2", "payload": {"target_request_id": "second"}}))
        .await;
    assert_eq!(client.reply().await["request_id"], "second", "the target first");
    assert_eq!(client.reply().await["data"]["was"], "running");
    client
        .send(&json!({"action": "cancel", "request_id": "c", "payload": {"target_request_id": "job"}}))
        .await;
    let target = client.reply().await;
    assert_eq!(
        (&target["request_id"], &target["error_details"]["code"]),
        (&json!("job"), &json!("cancelled"))
    );
    assert_eq!(client.reply().await["data"]["was"], "running");
    let mut heartbeat = client.line().await;
    while heartbeat["event"] != "heartbeat" {
        heartbeat = client.line().await;
    }
    assert_eq!(contracts::event::violations(&heartbeat), Some(Vec::new()));
    assert_eq!(client.end().await.1, Some(0));
}

/// A client of lines reads the reply to `initialize` next, though the first heartbeat is due while the workers start; the
/// events of a job that was sent behind it are all there.
#[tokio::test]
async fn events_begin_after_the_reply_that_agrees_on_them() {
    let mut client = StdioClient::start(&["--sim-workers", "1", "--sim-arg", "--step-ms", "--sim-arg", "10"]);
    let initialize = json!({"action": "initialize", "request_id": "i", "payload": {"features": ["events"]}});
    client.send(&initialize).await;
    client.send(&long_job("job", 5)).await;
    assert_eq!(client.line().await["request_id"], "i");
    let (mut sequences, mut steps) = (Vec::new(), Vec::new());
    loop {
        let line = client.line().await;
        if line.get("event").is_none() {
            assert_eq!((&line["request_id"], &line["success"]), (&json!("job"), &json!(true)), "{line}");
            break;
        }
        sequences.push(line["sequence"].as_u64().unwrap());
        steps.extend(line["step"].as_u64().filter(|_| line["stage"] == "denoising"));
    }
    assert_eq!(sequences, (0..sequences.len() as u64).collect::<Vec<_>>());
    assert_eq!(steps, [1, 2, 3, 4, 5]);
    assert_eq!(client.end().await.1, Some(0));
}

#[tokio::test]
async fn a_job_that_waits_for_its_turn_can_be_cancelled() {
    let mut client = StdioClient::start(&["--sim-arg", "--step-ms", "--sim-arg", "10"]);
    client.send(&long_job("first", 50)).await;
    client.send(&json!({"action": "get_status", "request_id": "barrier", "payload": {}})).await;
    client.send(&long_job("behind", 150)).await;
    client
        .send(&json!({"action": "cancel", "request_id": "c", "payload": {"target_request_id": "behind"}}))
        .await;
    let mut lines = Vec::new();
    for _ in 0..4 {
        lines.push(client.line().await);
    }
    assert_eq!(lines[0]["success"], true, "{lines:?}");
    assert_eq!(lines[2]["error_details"]["code"], "cancelled", "{lines:?}");
    assert_eq!(lines[3]["data"]["was"], "queued", "{lines:?}");
    client.end().await;
}

#[tokio::test]
async fn gpus_are_owned_as_they_are_named() {
    let mut command = Command::new(GATEWAY);
    command.arg("stdio");
    let dir = tempfile::tempdir().unwrap();
    let mut child = command
        .args(["--workers", "sim", "--output-dir"])
        .arg(dir.path())
        .env("CUDA_VISIBLE_DEVICES", "gpu_3,1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"{\"action\":\"get_status\",\"payload\":{}}\n").await.unwrap();
    drop(stdin);
    let output = within(child.wait_with_output()).await.unwrap();
    let reply: Value = serde_json::from_slice(&output.stdout).unwrap();
    let gpus: Vec<&Value> =
        reply["data"]["gpus"].as_array().unwrap().iter().map(|gpu| &gpu["gpu_id"]).collect();
    assert_eq!(gpus, ["gpu_3", "gpu_1"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("gpu_3 is read as the host's GPU 3"));
    let unknown = Command::new(GATEWAY)
        .args(["stdio", "--workers", "sim", "--output-dir"])
        .arg(dir.path())
        .env("CUDA_VISIBLE_DEVICES", "GPU-unknown")
        .stdin(Stdio::null())
        .output();
    let output = within(unknown).await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("names no GPU here"), "{output:?}");
}

#[tokio::test]
async fn the_drop_in_becomes_the_gateway() {
    let main = concat!(env!("CARGO_MANIFEST_DIR"), "/../clients/drop-in/main.py");
    let mut command = Command::new("python3");
    command.arg(main).env("CONCORD_GATEWAY", GATEWAY);
    let mut client = StdioClient::spawn(command, &["--log-file", "/dev/null"]);
    // As the C# bridge writes it, and as it reads it: one line in PascalCase.
    client.send(&json!({"action": "load_model", "model_path": "/models/sdxl_base.safetensors", "model_type": "SDXL", "model_id": "sdxl_base"})).await;
    let loaded = client.line().await;
    assert_eq!(loaded["Data"]["ModelId"], "sdxl_base", "{loaded}");
    client.send(&json!({"action": "generate_image", "parameters": {"prompt": "x", "width": 64, "height": 64, "steps": 1}})).await;
    let made = client.line().await;
    let path = made["Data"]["OutputPath"].as_str().unwrap();
    assert!(std::path::Path::new(path).starts_with(client.dir.path()), "{path}");
    assert_eq!(image::image_dimensions(path).unwrap(), (64, 64));
    assert_eq!(client.end().await.1, Some(0));
    let missing =
        Command::new("python3").arg(main).env_remove("CONCORD_GATEWAY").env("PATH", "/usr/bin:/bin").output();
    let output = within(missing).await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no gateway found"), "{output:?}");
}

#[tokio::test]
async fn a_crash_is_repeated_here_too() {
    let mut client =
        StdioClient::start(&["--sim-arg", "--fault", "--sim-arg", "crash@generate_sdxl@attempt=1"]);
    client.send(&job("generate_sdxl")).await;
    let made = client.line().await;
    assert_eq!(made["success"], true, "{made}");
    client.end().await;
}

/// A bridge that starts `python main.py` with any of its flags can start this program instead.
#[tokio::test]
async fn every_flag_of_the_python_worker_is_taken() {
    let options = std::fs::read_to_string("../workers/concord_workers/core/options.py").unwrap();
    let flags: Vec<&str> =
        options.split("add_argument(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(flags.len() > 10, "{flags:?}");
    let help = Command::new(GATEWAY).args(["stdio", "--help"]).output().await.unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for flag in flags {
        assert!(help.lines().any(|line| line.split_whitespace().any(|word| word == flag)), "{flag}: {help}");
    }
    for args in [
        ["--device", "auto"],
        ["--device", "gpu_0"],
        ["--device", "cuda:0"],
        ["--device", "cpu"],
        ["--on-eof", "stop"],
        ["--threads", "1"],
        ["--frame-bytes-max", "65536"],
    ] {
        let mut client = StdioClient::start(&args);
        client.send(&json!({"action": "get_status", "payload": {}})).await;
        assert_eq!(client.reply().await["success"], true, "{args:?}");
    }
}

#[tokio::test]
async fn a_long_line_is_answered_in_its_place() {
    let mut client = StdioClient::start(&[]);
    let names: String = (0..50_000).map(|i| format!(r#","name{i}":1"#)).collect();
    let long = format!(r#"{{"action":"get_status","request_id":"long","payload":{{}}{names}}}"#);
    let mut lines = format!("{}\n{long}\n", json!({"action": "get_status", "request_id": "before"}));
    // The last line has no LF: it is read after the end of stdin.
    lines.push_str(&json!({"action": "list_jobs", "request_id": "after"}).to_string());
    client.write(lines.as_bytes()).await;
    let (replies, code, _) = client.end().await;
    let ids: Vec<&Value> = replies
        .iter()
        .map(|reply| reply.get("request_id").or_else(|| reply.get("RequestId")).unwrap_or(&Value::Null))
        .collect();
    assert_eq!(ids, ["before", "long", "after"]);
    assert_eq!(code, Some(0));
}

/// A reply to a command has an id, so that no two can be taken for each other.
#[tokio::test]
async fn every_initialize_has_an_id() {
    let mut client = StdioClient::start(&["--sim-workers", "1"]);
    let mut ids = Vec::new();
    for command in [
        json!({"action": "initialize", "payload": {}}),
        json!({"action": "initialize", "payload": {}}),
        json!({"action": "initialize", "payload": {"device_index": 7}}),
        json!({"action": "initialize", "gpu_id": "gpu_7", "payload": {}}),
    ] {
        client.send(&command).await;
        let reply = client.line().await;
        ids.push(reply["request_id"].as_str().unwrap_or_default().to_owned());
    }
    ids.sort();
    ids.dedup();
    assert!(ids.len() == 4 && ids.iter().all(|id| id.len() == 36), "{ids:?}");
    client.send(&json!({"action": "initialize", "gpu_id": "gpu_7", "payload": {}})).await;
    assert_eq!(client.line().await["error_details"]["code"], "gpu_not_found");
    assert_eq!(client.end().await.1, Some(0));
}

/// A job that is refused runs nothing, so that nothing changes under it.
#[tokio::test]
async fn an_initialize_waits_for_no_refused_job() {
    let mut client = StdioClient::start(&["--sim-workers", "1"]);
    let refused = long_job("refused", 151);
    let initialize = json!({"action": "initialize", "request_id": "i", "payload": {"dialect": "camel"}});
    // In one piece, so that the second is read before the first is answered.
    client.write(format!("{refused}\n{initialize}\n").as_bytes()).await;
    assert_eq!(client.line().await["error_details"]["code"], "out_of_range");
    let reply = client.line().await;
    assert_eq!((&reply["requestId"], &reply["success"]), (&json!("i"), &json!(true)), "{reply}");
    assert_eq!(client.end().await.1, Some(0));
}

#[tokio::test]
async fn a_gpu_that_is_not_here_is_not_found_whatever_acts_at_once() {
    let mut client = StdioClient::start(&["--sim-workers", "1", "--sim-arg", "--step-ms", "--sim-arg", "20"]);
    client.send(&long_job("first", 20)).await;
    client.send(&long_job("waits", 1)).await;
    for command in [
        json!({"action": "cancel", "request_id": "c", "payload": {"target_request_id": "waits"}}),
        json!({"action": "shutdown", "request_id": "s", "payload": {}}),
    ] {
        let mut command = command;
        command["gpu_id"] = "gpu_7".into();
        command["session_id"] = "mine".into();
        client.send(&command).await;
    }
    for id in ["first", "waits"] {
        let reply = client.reply().await;
        assert_eq!((&reply["request_id"], &reply["success"]), (&json!(id), &json!(true)), "{reply}");
    }
    for id in ["c", "s"] {
        let reply = client.reply().await;
        let details = (&reply["error_details"]["code"], &reply["error_details"]["field"]);
        assert_eq!(details, (&json!("gpu_not_found"), &json!("/gpu_id")), "{reply}");
        assert_eq!((&reply["request_id"], &reply["session_id"]), (&json!(id), &json!("mine")));
    }
    assert_eq!(client.end().await.1, Some(0));
}
