//! The ends of `gateway stdio`: of stdin, by `shutdown`, by a signal, and of a client that does not read.

use std::time::Instant;

use serde_json::{Value, json};

use crate::{
    rig::{long_job, within},
    stdio_client::StdioClient,
};

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
async fn a_client_that_asks_much_reads_nothing_and_goes_keeps_no_process() {
    let mut client = StdioClient::start(&[]);
    client.write(b"{\"action\":\"get_capabilities\"}\n".repeat(1500).as_slice()).await;
    drop(client.stdin.take());
    assert_eq!(within(client.child.wait()).await.unwrap().code(), Some(1));
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

/// contract §2: an end of stdin meanwhile shortens a longer grace to 4 s.
#[tokio::test]
async fn the_end_of_stdin_shortens_the_grace_of_a_shutdown() {
    for on_eof in ["stop", "finish"] {
        let step = ["--sim-workers", "1", "--sim-arg", "--step-ms", "--sim-arg", "200"];
        let mut client = StdioClient::start(&[&["--on-eof", on_eof], &step[..]].concat());
        client.send(&json!({"action": "initialize", "payload": {"features": ["events"]}})).await;
        assert_eq!(client.reply().await["success"], true);
        client.send(&long_job("running", 150)).await;
        while client.line().await["event"] != "progress" {}
        let shutdown = json!({"action": "shutdown", "request_id": "bye", "payload": {"grace_seconds": 600}});
        client.send(&shutdown).await;
        // What comes after it is dropped, however much it is.
        client.write(b"{\"action\":\"get_status\"}\n".repeat(50_000).as_slice()).await;
        // A step later `shutdown` has been read.
        while client.line().await["event"] != "progress" {}
        let (rest, code, _) = client.end().await;
        let replies: Vec<&Value> = rest.iter().filter(|line| line.get("event").is_none()).collect();
        let told: Vec<(&Value, &Value)> =
            replies.iter().map(|reply| (&reply["request_id"], &reply["error_details"]["code"])).collect();
        assert_eq!(
            told,
            [(&json!("running"), &json!("shutting_down")), (&json!("bye"), &Value::Null)],
            "{on_eof}"
        );
        assert_eq!(code, Some(0));
    }
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

/// A line that has begun is answered as at the end of the pipe, whichever of signal and end comes first.
#[tokio::test]
async fn a_line_that_has_begun_at_a_signal_is_answered_as_at_the_end_of_stdin() {
    let whole = r#"{"action":"get_schedulers","request_id":"whole","payload":{}}"#;
    for (begun, code) in [(&whole[..20], json!("bad_frame")), (whole, Value::Null)] {
        for closes in [true, false] {
            let mut client = StdioClient::start(&["--sim-workers", "1"]);
            // In one piece: when the first is answered, the second was read.
            client.write(format!("{whole}\n{begun}").as_bytes()).await;
            assert_eq!(client.line().await["success"], true);
            client.signal(nix::sys::signal::Signal::SIGTERM);
            let (reply, exit) = if closes {
                let (lines, exit, _) = client.end().await;
                assert_eq!(lines.len(), 1, "{lines:?}");
                (lines[0].clone(), exit)
            } else {
                let reply = client.line().await;
                (reply, client.ended().await.0)
            };
            assert_eq!((&reply["error_details"]["code"], exit), (&code, Some(0)), "{begun}: {reply}");
        }
    }
}
