//! `gateway stdio`: the real program on real pipes.

use std::{process::Stdio, time::Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::rig::{GATEWAY, job, long_job, within};

pub(crate) struct StdioClient {
    dir: TempDir,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
}

impl StdioClient {
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut command = Command::new(GATEWAY);
        command.arg("stdio");
        Self::spawn(command, args)
    }

    /// A program with only these flags, whose stderr is a pipe that is never read.
    pub(crate) fn unread(args: &[&str]) -> Self {
        let mut command = Command::new(GATEWAY);
        command.arg("stdio").args(args).stderr(Stdio::piped());
        Self::run(command, tempfile::tempdir().unwrap())
    }

    pub(crate) fn spawn(mut command: Command, args: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        command
            .args([
                "--worker",
                "pipeline_manager",
                "--log-level",
                "WARNING",
                "--workers",
                "sim",
                "--output-dir",
            ])
            .arg(dir.path())
            .args(["--sim-arg", "--load-ms", "--sim-arg", "0"])
            .args(args);
        Self::run(command, dir)
    }

    fn run(mut command: Command, dir: TempDir) -> Self {
        command
            .current_dir(dir.path())
            .env_remove("CUDA_VISIBLE_DEVICES")
            .env_remove("GPU_ID")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { dir, child, stdin, lines }
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        within(self.stdin.as_mut().unwrap().write_all(bytes)).await.unwrap();
    }

    pub(crate) async fn send(&mut self, command: &Value) {
        self.write(format!("{command}\n").as_bytes()).await;
    }

    pub(crate) async fn line(&mut self) -> Value {
        let line = within(self.lines.next_line()).await.unwrap().expect("a line");
        serde_json::from_str(&line).unwrap()
    }

    /// Reads the next line that is no event.
    pub(crate) async fn reply(&mut self) -> Value {
        loop {
            let line = self.line().await;
            if line.get("event").or_else(|| line.get("Event")).is_none() {
                return line;
            }
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    pub(crate) fn signal(&self, signal: nix::sys::signal::Signal) {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(self.pid().cast_signed()), signal).unwrap();
    }

    /// Waits until it ends by itself, while stdin is open. Returns the exit code and its stderr.
    pub(crate) async fn ended(self) -> (Option<i32>, String) {
        let Self { child, stdin, lines: _lines, dir: _dir } = self;
        let output = within(child.wait_with_output()).await.unwrap();
        drop(stdin);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// Closes its stdout while stdin is open, and waits for its end: the exit code and its stderr.
    pub(crate) async fn deaf(self) -> (Option<i32>, String) {
        let Self { child, stdin, lines, dir: _dir } = self;
        drop(lines);
        let output = within(child.wait_with_output()).await.unwrap();
        drop(stdin);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// Closes stdin. Returns the rest of the lines, the exit code, and how long that took.
    pub(crate) async fn end(mut self) -> (Vec<Value>, Option<i32>, f64) {
        let before = Instant::now();
        drop(self.stdin.take());
        let mut rest = Vec::new();
        while let Some(line) = within(self.lines.next_line()).await.unwrap() {
            rest.push(serde_json::from_str(&line).unwrap());
        }
        let status = within(self.child.wait()).await.unwrap();
        (rest, status.code(), before.elapsed().as_secs_f64())
    }
}

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
async fn what_is_not_done_after_the_end_of_stdin_is_cancelled() {
    let mut client =
        StdioClient::start(&["--sim-workers", "1", "--sim-arg", "--step-ms", "--sim-arg", "200"]);
    client.send(&json!({"action": "initialize", "payload": {"features": ["events"]}})).await;
    assert_eq!(client.reply().await["success"], true);
    client.send(&long_job("running", 150)).await;
    client.send(&long_job("waiting", 150)).await;
    while client.line().await["event"] != "progress" {}
    let (rest, code, seconds) = client.end().await;
    let replies: Vec<&Value> = rest.iter().filter(|line| line.get("event").is_none()).collect();
    assert_eq!(replies.len(), 2, "{replies:?}");
    for reply in replies {
        assert_eq!(reply["error_details"]["code"], "shutting_down", "{reply}");
    }
    assert_eq!(code, Some(0));
    assert!((3.9..5.0).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn the_end_of_stdin_is_noticed_behind_more_commands_than_are_read_ahead() {
    let mut client =
        StdioClient::start(&["--sim-workers", "1", "--sim-arg", "--step-ms", "--sim-arg", "200"]);
    let jobs: Vec<String> = (0..1200).map(|n| format!("{}\n", long_job(&format!("job-{n}"), 150))).collect();
    client.write(jobs.concat().as_bytes()).await;
    let (rest, code, _) = client.end().await;
    let ids: Vec<&str> = rest.iter().map(|reply| reply["request_id"].as_str().unwrap()).collect();
    let sent: Vec<String> = (0..1200).map(|n| format!("job-{n}")).collect();
    assert_eq!(ids, sent, "one line a command, in their order");
    for reply in &rest {
        assert_eq!(reply["error_details"]["code"], "shutting_down", "{reply}");
    }
    assert_eq!(code, Some(0));
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
async fn a_client_that_asks_much_reads_nothing_and_goes_keeps_no_process() {
    let mut client = StdioClient::start(&[]);
    client.write(b"{\"action\":\"get_capabilities\"}\n".repeat(1500).as_slice()).await;
    drop(client.stdin.take());
    assert_eq!(within(client.child.wait()).await.unwrap().code(), Some(1));
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
    talk.send(&cancel("waits", "waits")).await;
    talk.send(&cancel("barrier", "barrier")).await;
    talk.send(&json!({"action": "shutdown", "request_id": "barrier", "payload": {}})).await;
    let mut codes = Vec::new();
    for _ in 0..9 {
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
async fn a_gateway_that_cannot_answer_cancels_what_runs_and_ends() {
    let mut talk = StdioClient::unread(&[
        "--workers",
        "sim",
        "--sim-workers",
        "1",
        "--sim-arg",
        "--step-ms",
        "--sim-arg",
        "200",
        "--sim-arg",
        "--load-ms",
        "--sim-arg",
        "0",
    ]);
    talk.send(&json!({"action": "initialize", "payload": {"features": ["events"]}})).await;
    talk.reply().await;
    talk.send(&long_job("running", 150)).await;
    while talk.line().await["event"] != "progress" {}
    let before = Instant::now();
    let (code, stderr) = talk.deaf().await;
    assert_eq!(code, Some(1), "{stderr}");
    assert!(before.elapsed().as_secs_f64() < 4.0, "it waits for no job: {:?}", before.elapsed());
    assert_eq!(stderr.matches("ERROR").count(), 1, "{stderr}");
    assert!(stderr.contains("stdout broke"), "{stderr}");
}

#[tokio::test]
async fn a_stall_after_the_end_of_stdin_loses_no_reply() {
    let mut talk = StdioClient::start(&["--sim-workers", "1", "--sim-arg", "--step-ms", "--sim-arg", "10"]);
    talk.send(&json!({"action": "get_status", "request_id": "ready", "payload": {}})).await;
    talk.line().await;
    for n in 0..5 {
        talk.send(&long_job(&format!("job-{n}"), 40)).await;
    }
    drop(talk.stdin.take());
    // Beyond the whole time that it has for its end.
    talk.signal(nix::sys::signal::Signal::SIGSTOP);
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    talk.signal(nix::sys::signal::Signal::SIGCONT);
    let (rest, code, _) = talk.end().await;
    let ids: Vec<&str> = rest.iter().map(|reply| reply["request_id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["job-0", "job-1", "job-2", "job-3", "job-4"], "{rest:?}");
    assert_eq!(code, Some(0));
}

#[tokio::test]
async fn work_that_fits_into_the_grace_is_done_and_finish_waits_for_all() {
    for (args, steps) in [
        (vec!["--sim-arg", "--step-ms", "--sim-arg", "10"], 100),
        (vec!["--on-eof", "finish", "--sim-arg", "--step-ms", "--sim-arg", "45"], 110),
    ] {
        let mut client = StdioClient::start(&args);
        client.send(&long_job("fits", steps)).await;
        let (rest, code, _) = client.end().await;
        assert_eq!(rest[0]["success"], true, "{rest:?}");
        assert_eq!((rest.len(), code), (1, Some(0)));
    }
}

#[tokio::test]
async fn shutdown_is_the_last_line() {
    let mut client = StdioClient::start(&["--sim-arg", "--step-ms", "--sim-arg", "50"]);
    client.send(&long_job("long", 150)).await;
    client.send(&json!({"action": "shutdown", "request_id": "bye", "payload": {"grace_seconds": 0.5}})).await;
    client.send(&json!({"action": "get_status", "request_id": "unread"})).await;
    let first = client.line().await;
    assert_eq!(first["error_details"]["code"], "shutting_down", "{first}");
    let last = client.line().await;
    assert_eq!((&last["request_id"], &last["success"]), (&json!("bye"), &json!(true)));
    let (rest, code, _) = client.end().await;
    assert_eq!((rest.len(), code), (0, Some(0)), "{rest:?}");
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
async fn a_second_signal_ends_it_at_once() {
    let mut client =
        StdioClient::start(&["--sim-workers", "1", "--sim-arg", "--step-ms", "--sim-arg", "200"]);
    client.send(&json!({"action": "initialize", "payload": {"features": ["events"]}})).await;
    client.reply().await;
    client.send(&long_job("running", 150)).await;
    while client.line().await["event"] != "progress" {}
    let pid = nix::unistd::Pid::from_raw(client.child.id().unwrap().try_into().unwrap());
    let before = Instant::now();
    for signal in [nix::sys::signal::Signal::SIGTERM, nix::sys::signal::Signal::SIGINT] {
        nix::sys::signal::kill(pid, signal).unwrap();
        // Lets the drain begin, so that the second signal meets it. Nothing on stdout shows that a drain has begun, and
        // the test holds without the pause, too.
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    let status = within(client.child.wait()).await.unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(before.elapsed().as_secs_f64() < 2.0, "{:?}", before.elapsed());
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
