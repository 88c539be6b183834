//! Signals to the real program: which of them end it.

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};

use crate::{
    orphans::descendants,
    program::{Program, Stderr},
    rig::{GATEWAY, long_job, within},
    stdio_client::StdioClient,
};

const STEP: [&str; 4] = ["--sim-arg", "--step-ms", "--sim-arg", "10"];

#[tokio::test]
async fn sigterm_with_a_dead_log_answers_who_waits_and_exits_with_0() {
    for stderr in [Stderr::Gone, Stderr::Full, Stderr::Unread] {
        let program = Program::serve(stderr, &STEP).await;
        let waits = program.ask(&long_job("waits", 60));
        program.running("waits").await;
        assert_eq!(program.end().await, Some(0));
        let (status, reply) = within(waits).await.unwrap();
        assert_eq!(status, 200, "{reply}");
    }
}

#[tokio::test]
async fn sighup_opens_a_renamed_log_again_and_ends_no_job() {
    let mut program =
        Program::serve(Stderr::ResourceGuard, &[&STEP[..], &["--log-file", "gateway.log"]].concat()).await;
    program.says("gateway.log", "/health/ready").await;
    let waits = program.ask(&long_job("waits", 60));
    program.running("waits").await;
    let path = program.dir.path().join("gateway.log");
    std::fs::rename(&path, program.dir.path().join("gateway.log.1")).unwrap();
    program.signal(Signal::SIGHUP);
    program.says("gateway.log", "the log file was opened again").await;
    let (status, reply) = within(waits).await.unwrap();
    assert_eq!(status, 200, "{reply}");
    program.says("gateway.log", "/v1/commands").await;
    assert!(program.child.try_wait().unwrap().is_none(), "it runs on");
    assert_eq!(program.end().await, Some(0));
}

#[tokio::test]
async fn sighup_without_a_log_file_is_told_and_ends_nothing() {
    let program = Program::serve(Stderr::ResourceGuard, &STEP).await;
    program.signal(Signal::SIGHUP);
    program.says("stderr", "there is no file to open again").await;
    assert_eq!(program.get("/health/ready").await, Some(200));
    assert_eq!(program.end().await, Some(0));
}

/// A service manager stops a service by SIGTERM to each of its processes, and the rotation of logs sends each SIGHUP.
#[tokio::test]
async fn a_signal_to_each_process_of_the_service_ends_no_worker() {
    let mut program = Program::serve(Stderr::ResourceGuard, &STEP).await;
    for signal in [Signal::SIGHUP, Signal::SIGTERM] {
        let id = format!("waits-{signal}");
        let waits = program.ask(&long_job(&id, 60));
        program.running(&id).await;
        for process in descendants(program.child.id().unwrap()).keys() {
            kill(Pid::from_raw(process.cast_signed()), signal).unwrap();
        }
        program.signal(signal);
        let (status, reply) = within(waits).await.unwrap();
        assert_eq!(status, 200, "{reply}");
    }
    assert_eq!(within(program.child.wait()).await.unwrap().code(), Some(0));
    let log = std::fs::read_to_string(program.dir.path().join("stderr")).unwrap();
    // A guard that has just started may be hit before it blocks them: another takes its place, and no worker dies.
    assert!(!log.contains("worker died"), "{log}");
}

/// An orchestrator may send SIGTERM while the operator shuts down, or the other way round. Both mean the same drain;
/// only a second signal ends the gateway at once.
#[tokio::test]
async fn sigterm_and_shutdown_in_either_order_lose_nothing_over_http() {
    for signal_first in [true, false] {
        let mut program = Program::serve(Stderr::ResourceGuard, &STEP).await;
        let waits = program.ask(&long_job("waits", 100));
        program.running("waits").await;
        let shutdown = json!({"action": "shutdown", "payload": {"grace_seconds": 600}});
        if signal_first {
            program.signal(Signal::SIGTERM);
            program.says("stderr", "draining").await;
        }
        let (status, reply) = program.command(&shutdown).await;
        assert_eq!((status, &reply["success"]), (200, &json!(true)), "{reply}");
        if !signal_first {
            program.signal(Signal::SIGTERM);
        }
        let (status, reply) = within(waits).await.unwrap();
        assert_eq!(status, 200, "signal first: {signal_first}: {reply}");
        assert_eq!(within(program.child.wait()).await.unwrap().code(), Some(0), "{signal_first}");
    }
}

#[tokio::test]
async fn sigterm_and_shutdown_in_either_order_lose_nothing_over_stdio() {
    for signal_first in [true, false] {
        let mut client = StdioClient::start(&[&["--sim-workers", "1"], &STEP[..]].concat());
        client.send(&json!({"action": "initialize", "payload": {"features": ["events"]}})).await;
        assert_eq!(client.reply().await["success"], true);
        client.send(&long_job("waits", 100)).await;
        while client.line().await["event"] != "progress" {}
        let shutdown = json!({"action": "shutdown", "request_id": "bye", "payload": {"grace_seconds": 600}});
        if signal_first {
            client.signal(Signal::SIGTERM);
        }
        client.send(&shutdown).await;
        if !signal_first {
            client.signal(Signal::SIGTERM);
        }
        let (lines, code, _) = client.end().await;
        let replies: Vec<&Value> = lines.iter().filter(|line| line.get("event").is_none()).collect();
        assert_eq!(
            (&replies[0]["request_id"], &replies[0]["success"]),
            (&json!("waits"), &json!(true)),
            "{replies:?}"
        );
        // Input after a signal is not read; the reply to a `shutdown` that was read is the last line.
        let rest: Vec<&Value> = replies[1..].iter().map(|reply| &reply["request_id"]).collect();
        assert!(rest.is_empty() || rest == ["bye"], "{replies:?}");
        assert_eq!(code, Some(0), "signal first: {signal_first}");
    }
}

/// What is read before anybody is served may never come: a FIFO without a writer, a dead disk.
#[tokio::test]
async fn a_start_that_waits_for_its_configuration_can_be_ended() {
    for mode in ["serve", "stdio"] {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("gateway.toml");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let mut child = tokio::process::Command::new(GATEWAY)
            .args([mode, "--config"])
            .arg(&fifo)
            .current_dir(dir.path())
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let pid = nix::unistd::Pid::from_raw(child.id().unwrap().cast_signed());
        // SIGTERM is caught by then: bit 14 of the mask.
        let caught = || {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
            let mask =
                status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim().to_owned();
            u64::from_str_radix(&mask, 16).unwrap() & (1 << 14) != 0
        };
        within(async {
            while !caught() {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        })
        .await;
        nix::sys::signal::kill(pid, Signal::SIGTERM).unwrap();
        assert_eq!(within(child.wait()).await.unwrap().code(), Some(1), "{mode}");
    }
}

#[tokio::test]
async fn a_start_refuses_what_it_cannot_take_in() {
    use std::os::unix::ffi::OsStrExt;
    let dir = tempfile::tempdir().unwrap();
    let refused = async |args: &[&str], variable: &str, value: &[u8]| {
        let output = tokio::process::Command::new(GATEWAY)
            .args(args)
            .current_dir(dir.path())
            .env(variable, std::ffi::OsStr::from_bytes(value))
            .stdin(std::process::Stdio::null())
            .output();
        let output = within(output).await.unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let stdio = ["stdio", "--workers", "sim"];
    for variable in ["CUDA_VISIBLE_DEVICES", "GPU_ID", "RUST_LOG"] {
        let why = refused(&stdio, variable, b"\xFF").await;
        assert!(why.contains(&format!("{variable}=")) && why.contains("no UTF-8"), "{why}");
    }
    // A device without an end.
    let submit = ["submit", "--workers", "sim", "--frame-bytes-max", "65536", "/dev/zero"];
    let why = refused(&submit, "LANG", b"C").await;
    assert!(why.contains("/dev/zero has more than 65536 bytes"), "{why}");
    std::fs::write(dir.path().join("c.toml"), "drain_seconds = 1e300\n").unwrap();
    let why = refused(&["stdio", "--workers", "sim", "--config", "c.toml"], "LANG", b"C").await;
    assert!(why.contains("1e300 is out of range"), "{why}");
}
