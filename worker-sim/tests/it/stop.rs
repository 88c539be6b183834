//! Starts and ends: the end of stdin, `shutdown`, flags and environment.

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use std::{process::Command, time::Duration};

use crate::support::{Sim, job};

#[test]
fn nothing_is_written_before_the_first_command() {
    let mut sim = Sim::start(&[]);
    sim.close();
    assert!(sim.has_no_more_lines());
    assert_eq!(sim.wait().0.code(), Some(0));
    assert!(sim.stderr().contains("Simulated GPU 0"));
}

#[test]
fn at_the_end_of_stdin_what_was_read_is_answered() {
    let mut sim = Sim::start(&["--step-ms", "20"]);
    sim.ask_only("generate_sdxl", "a", &job(json!({})));
    sim.write(b"{\"action\":\"get_status\",\"request_id\":\"b\",\"payload\":{}}");
    sim.close();
    assert_eq!(sim.line()["success"], true);
    let status = sim.line();
    assert_eq!(
        (&status["request_id"], &status["data"]["state"]),
        (&json!("b"), &json!("draining")),
        "the last line needs no end"
    );
    assert!(sim.has_no_more_lines());
    assert_eq!(sim.wait().0.code(), Some(0));
}

#[test]
fn what_is_not_done_four_seconds_later_is_cancelled() {
    let mut sim = Sim::start(&["--step-ms", "1000"]);
    sim.ask_only("generate_sdxl", "a", &job(json!({"scheduler": {"steps": 100}})));
    sim.ask_only("generate_sdxl", "b", &job(json!({})));
    sim.close();
    let begun = std::time::Instant::now();
    for id in ["a", "b"] {
        let reply = sim.line();
        assert_eq!(
            (&reply["request_id"], &reply["error_details"]["code"]),
            (&json!(id), &json!("shutting_down"))
        );
    }
    assert_eq!(sim.wait().0.code(), Some(0));
    assert!(
        (Duration::from_millis(3900)..Duration::from_secs(5)).contains(&begun.elapsed()),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn a_signal_ends_it_as_the_end_of_stdin_does() {
    let status = "{\"action\":\"get_status\",\"request_id\":\"b\",\"payload\":{}}";
    for (begun, answer) in
        [(status, (json!("b"), Value::Null)), (&status[..30], (Value::Null, json!("bad_frame")))]
    {
        let mut sim = Sim::start(&["--step-ms", "50"]);
        sim.data("initialize", json!({"features": ["events"]}));
        // In one piece, so that the line that has begun is read when the job makes progress.
        let line = json!({"action": "generate_sdxl", "request_id": "a", "payload": job(json!({}))});
        sim.write(format!("{line}\n{begun}").as_bytes());
        while sim.line()["event"] != "progress" {}
        sim.signal(Signal::SIGTERM);
        assert_eq!(sim.reply()["success"], true);
        let last = sim.reply();
        assert_eq!((last["request_id"].clone(), last["error_details"]["code"].clone()), answer);
        assert_eq!(sim.wait().0.code(), Some(0));
    }
}

#[test]
fn a_signal_ends_the_patience_of_on_eof_finish() {
    let mut sim = Sim::start(&["--step-ms", "1000", "--on-eof", "finish"]);
    sim.data("initialize", json!({"features": ["events"]}));
    sim.ask_only("generate_sdxl", "a", &job(json!({"scheduler": {"steps": 100}})));
    sim.close();
    while sim.line()["event"] != "progress" {}
    sim.signal(Signal::SIGINT);
    assert_eq!(sim.reply()["error_details"]["code"], "shutting_down");
    assert_eq!(sim.wait().0.code(), Some(0));
}

#[test]
fn a_stdin_that_cannot_be_read_is_told() {
    let home = tempfile::tempdir().expect("a folder");
    let output = Command::new("sh")
        .args(["-c", "exec \"$0\" 0>file", env!("CARGO_BIN_EXE_worker-sim")])
        .current_dir(home.path())
        .env_remove("CUDA_VISIBLE_DEVICES")
        .env_remove("GPU_ID")
        .output()
        .expect("it starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("stdin cannot be read: what was read is answered"), "{stderr}");
}

#[test]
fn on_eof_finish_waits_for_the_work() {
    let mut sim = Sim::start(&["--step-ms", "450", "--on-eof", "finish"]);
    sim.ask_only("generate_sdxl", "a", &job(json!({"scheduler": {"steps": 10}})));
    sim.close();
    assert_eq!(sim.line()["success"], true);
    assert_eq!(sim.wait().0.code(), Some(0));
}

#[test]
fn shutdown_is_the_last_line_and_nothing_is_read_after_it() {
    let mut sim = Sim::start(&["--step-ms", "20"]);
    sim.data("initialize", json!({"features": ["out_of_order"]}));
    sim.ask_only("generate_sdxl", "a", &job(json!({})));
    sim.ask_only("shutdown", "b", &json!({}));
    sim.ask_only("get_status", "c", &json!({}));
    let lines: Vec<Value> = vec![sim.line(), sim.line()];
    assert_eq!((&lines[0]["request_id"], &lines[0]["success"]), (&json!("a"), &json!(true)));
    assert_eq!((&lines[1]["request_id"], &lines[1]["data"]), (&json!("b"), &json!({})));
    assert!(sim.has_no_more_lines());
    assert_eq!(sim.wait().0.code(), Some(0));
}

#[test]
fn shutdown_without_grace_cancels_at_once() {
    let mut sim = Sim::start(&["--step-ms", "1000"]);
    sim.ask_only("generate_sdxl", "a", &job(json!({"scheduler": {"steps": 100}})));
    sim.ask_only("shutdown", "b", &json!({"grace_seconds": 0}));
    assert_eq!(sim.line()["error_details"]["code"], "shutting_down");
    assert_eq!(sim.line()["request_id"], "b");
    assert_eq!(sim.wait().0.code(), Some(0));
}

#[test]
fn much_can_be_written_before_anything_is_read() {
    let mut sim = Sim::start(&[]);
    let frame = json!({"action": "get_capabilities", "request_id": "r", "payload": {}}).to_string() + "\n";
    // 2 MB of commands, whose replies are more than any pipe holds.
    for _ in 0..500 {
        sim.write(frame.as_bytes());
    }
    for _ in 0..500 {
        assert_eq!(sim.line()["success"], true);
    }
}

/// The runtime opens the null device in place of a pipe that is closed: replies went there, and the exit was 0.
#[test]
fn a_pipe_that_is_closed_or_null_is_told_at_the_start() {
    let home = tempfile::tempdir().expect("a folder");
    for (redirection, code, told) in [
        (">&-", 1, "stdout is closed, or the null device"),
        (">/dev/null", 1, "stdout is closed, or the null device"),
        ("<&-", 0, "stdin is closed, or the null device"),
        ("</dev/null", 0, "stdin is closed, or the null device"),
    ] {
        let output = Command::new("sh")
            .args(["-c", &format!("exec \"$0\" {redirection}"), env!("CARGO_BIN_EXE_worker-sim")])
            .current_dir(home.path())
            .env_remove("CUDA_VISIBLE_DEVICES")
            .env_remove("GPU_ID")
            .output()
            .expect("it starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{redirection}: {stderr}");
        assert!(stderr.contains(told), "{redirection}: {stderr}");
    }
}

/// Opening a FIFO waits for a reader, who may never come.
#[test]
fn a_log_that_nobody_reads_is_told_at_the_start() {
    let home = tempfile::tempdir().expect("a folder");
    let pipe = home.path().join("log");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    let (code, stderr) = start(&["--log-file", pipe.to_str().expect("text")], &[]);
    assert_eq!(code, Some(78), "{stderr}");
    assert!(stderr.contains("it is a FIFO that nobody reads"), "{stderr}");
}

/// Exit code and stderr of a start with flags and environment.
fn start(args: &[&str], env: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_worker-sim"))
        .args(args)
        .env_remove("CUDA_VISIBLE_DEVICES")
        .env_remove("GPU_ID")
        .envs(env.iter().copied())
        .stdin(std::process::Stdio::piped())
        .output()
        .expect("it starts");
    assert!(output.stdout.is_empty() || args.contains(&"--help"));
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn the_bridges_flags_and_variables_are_taken() {
    let home = tempfile::tempdir().expect("a folder");
    let config = home.path().join("config.json");
    let log = home.path().join("log.txt");
    std::fs::write(&config, r#"{"vram_mb": 8192}"#).expect("a file");
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/prompt_submission_schema.json");
    let args = [
        "--worker",
        "pipeline_manager",
        "--log-level",
        "INFO",
        "--log-file",
        log.to_str().expect("text"),
        "--config",
        config.to_str().expect("text"),
        "--schema",
        schema,
    ];
    let (code, stderr) = start(&args, &[("CUDA_VISIBLE_DEVICES", "gpu_1"), ("GPU_ID", "gpu_1")]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("Simulated GPU 1 with 8192 MiB"), "{stderr}");
    assert!(stderr.contains("CUDA_VISIBLE_DEVICES=gpu_1 is read as GPU index 1"), "{stderr}");
    assert!(std::fs::read_to_string(log).expect("a log").contains("Simulated GPU 1"));
}

#[test]
fn what_is_unknown_at_start_is_an_error() {
    for (args, env) in [
        (&["--worker", "other"][..], &[][..]),
        (&["--gpu", "7x"], &[]),
        (&[], &[("CUDA_VISIBLE_DEVICES", "GPU-1f2e")]),
        (&[], &[("CUDA_VISIBLE_DEVICES", "0"), ("GPU_ID", "gpu_1")]),
        (&["--fault", "nonsense"], &[]),
        (&["--config", "/nowhere.json"], &[]),
        (&["--schema", concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/replies_schema.json")], &[]),
        (&["--nonsense"], &[]),
    ] {
        let (code, stderr) = start(args, env);
        assert_eq!(code, Some(78), "{args:?} {env:?}: {stderr}");
        assert!(!stderr.is_empty());
    }
    assert_eq!(start(&["--help"], &[]).0, Some(0));
}

#[test]
fn a_worker_of_the_processor_is_cpu_0() {
    let mut sim = Sim::start(&["--device", "cpu"]);
    let status = sim.data("get_status", json!({}));
    assert_eq!(status["gpu_id"], "cpu_0");
    let data = sim.data("validate_request", job(json!({"performance": {"device": "cpu"}})));
    assert_eq!((&data["valid"], &data["effective"]["performance"]["dtype"]), (&json!(true), &json!("fp32")));
    let data = sim.data("validate_request", job(json!({"performance": {"optimizations": ["xformers"]}})));
    assert_eq!(data["errors"][0]["code"], "unsupported_feature");
    // Where it was written, whatever the order, and as a member of its own.
    for (performance, place) in [
        (json!({"optimizations": ["xformers", "vae_tiling"]}), "optimizations/0"),
        (json!({"xformers": true, "optimizations": ["vae_tiling"]}), "xformers"),
        (json!({"compilation": "torch_compile"}), "compilation"),
    ] {
        let data = sim.data("validate_request", job(json!({"performance": performance})));
        let pointer = format!("/payload/prompt_submission/performance/{place}");
        assert_eq!(data["errors"][0]["pointer"], pointer, "{data}");
    }
}
