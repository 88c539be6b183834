//! The log: a broken stderr harms no job, and each failure leaves its line.

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::json;
use tokio::io::AsyncReadExt;

use crate::{
    program::{Program, Stderr, scripted},
    rig::{GATEWAY, job, within},
    stdio_client::StdioClient,
};

/// The bytes that a pipe holds.
const PIPE: usize = 64 << 10;
/// A worker that writes 2 MB to its stderr before it is ready.
const FLOOD: &str = "head -c 2000000 /dev/zero | tr '\\0' x | fold -w 200 >&2\nexec $SIM \"$@\"\n";

/// Kills the worker, whose death is logged; the pool must start another all the same.
async fn mends(program: &Program) {
    let before = program.workers();
    assert_eq!(before.len(), 1, "{before:?}");
    kill(Pid::from_raw(before[0]), Signal::SIGKILL).unwrap();
    within(async {
        while program.workers().iter().all(|pid| before.contains(pid)) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await;
    let (status, reply) = program.command(&job("generate_sdxl")).await;
    assert_eq!(status, 200, "{reply}");
    assert_eq!(program.get("/health/live").await, Some(200));
}

#[tokio::test]
async fn a_log_without_its_reader_stops_no_worker_and_no_drain() {
    let program = Program::serve(Stderr::Gone, &["--sim-arg", "--step-ms", "--sim-arg", "0"]).await;
    mends(&program).await;
    assert_eq!(program.end().await, Some(0));
}

#[tokio::test]
async fn a_log_on_a_full_disk_stops_no_worker_and_no_drain() {
    for place in [&[][..], &["--log-file", "/dev/full"]] {
        let args = [&["--sim-arg", "--step-ms", "--sim-arg", "0"][..], place].concat();
        let program = Program::serve(Stderr::Full, &args).await;
        mends(&program).await;
        assert_eq!(program.end().await, Some(0));
    }
}

#[tokio::test]
async fn a_log_that_nobody_reads_holds_up_nothing() {
    let mut program = Program::scripted(Stderr::Unread, FLOOD).await;
    // The flood is bounded by `stderr_lines_max`; the lines of these requests alone fill the pipe.
    for _ in 0..800 {
        assert_eq!(program.get("/health/live").await, Some(200));
    }
    let (status, reply) = program.command(&job("generate_sdxl")).await;
    assert_eq!(status, 200, "{reply}");
    let mut stderr = program.child.stderr.take().unwrap();
    program.signal(Signal::SIGTERM);
    assert_eq!(within(program.child.wait()).await.unwrap().code(), Some(0));
    let mut text = Vec::new();
    within(stderr.read_to_end(&mut text)).await.unwrap();
    // Writes of several lines leave gaps in the pages of a pipe: full is more than half.
    assert!(text.len() > PIPE / 2, "the pipe was never full: {}", text.len());
}

#[tokio::test]
async fn a_failed_job_leaves_one_line_with_whose_where_and_why() {
    let args = ["--log-format", "json", "--sim-arg", "--fault", "--sim-arg", "out_of_memory"];
    let program = Program::serve(Stderr::ResourceGuard, &args).await;
    let mut command = job("generate_sdxl");
    command["request_id"] = "fails".into();
    let (_, reply) = program.command(&command).await;
    assert_eq!(reply["error_details"]["code"], "out_of_memory", "{reply}");
    let bad = json!({"action": "generate_sdxl", "request_id": "bad", "payload": {"prompt_submission": {}}});
    let (status, _) = program.command(&bad).await;
    assert_eq!(status, 422);
    program.says("stderr", "\"message\":\"refused\"").await;
    let text = program.says("stderr", "\"request_id\":\"bad\"").await;
    let lines: Vec<serde_json::Value> =
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let failed: Vec<_> = lines.iter().filter(|line| line["message"] == "failed").collect();
    assert_eq!(failed.len(), 1, "{text}");
    assert_eq!(failed[0]["request_id"], "fails");
    assert_eq!(failed[0]["code"], "out_of_memory");
    assert!(failed[0]["gpu"].is_string(), "{}", failed[0]);
    let refused: Vec<_> = lines.iter().filter(|line| line["message"] == "refused").collect();
    assert_eq!((refused.len(), &refused[0]["request_id"]), (1, &json!("bad")), "{text}");
}

/// Noise on stdout is limited like stderr. Each suppressed line is counted once.
#[tokio::test]
async fn noise_on_stdout_is_logged_up_to_its_limit_and_counted() {
    const LINES: u64 = 5000;
    let script = format!("yes noise | head -n {LINES}\nexec $SIM \"$@\"\n");
    let program = Program::scripted(Stderr::ResourceGuard, &script).await;
    let counts = |text: &str| {
        let told = text.lines().filter(|line| line.contains("that is no frame")).count() as u64;
        let left_out = text.lines().filter(|line| line.contains("were left out")).filter_map(|line| {
            let (_, rest) = line.split_once("lines=")?;
            rest.split(|each: char| !each.is_ascii_digit()).next()?.parse::<u64>().ok()
        });
        (told, left_out.sum::<u64>())
    };
    let (told, left_out) = within(async {
        loop {
            let counts = counts(&program.says("stderr", "were left out").await);
            if counts.0 + counts.1 >= LINES {
                return counts;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await;
    assert_eq!(told + left_out, LINES);
    assert!(told >= 100 && left_out > 0, "{told} {left_out}");
    let (status, reply) = program.command(&job("generate_sdxl")).await;
    assert_eq!(status, 200, "{reply}");
}

/// Each refusal has an id of its own, which is in its line of the log, too.
#[tokio::test]
async fn each_refusal_has_an_id_that_its_line_of_the_log_has() {
    let program = Program::serve(Stderr::ResourceGuard, &["--log-format", "json"]).await;
    let mut ids = std::collections::BTreeSet::new();
    for bad in [json!({"action": "no_such_action"}), json!({}), json!(null), json!([1]), json!("text")] {
        let (status, reply) = program.command(&bad).await;
        assert!(status >= 400, "{bad}: {reply}");
        let id = reply["request_id"].as_str().unwrap_or_else(|| panic!("{bad}: {reply}")).to_owned();
        assert_eq!(id.parse::<uuid::Uuid>().unwrap().get_version_num(), 7, "{bad}: {id}");
        let text = program.says("stderr", &id).await;
        let line = text.lines().find(|line| line.contains(&id) && line.contains("\"access\""));
        assert!(line.is_some_and(|line| line.contains("/v1/commands")), "{bad}: {text}");
        assert!(ids.insert(id), "{bad}: two refusals have one id");
    }
}

#[tokio::test]
async fn each_request_is_one_line_of_the_access_log() {
    let program = Program::serve(Stderr::ResourceGuard, &["--log-format", "json"]).await;
    let mut command = job("generate_sdxl");
    command["request_id"] = "seen".into();
    program.command(&command).await;
    assert_eq!(program.get("/v1/nothing").await, Some(404));
    let text = program.says("stderr", "\"/v1/nothing\"").await;
    let lines: Vec<serde_json::Value> =
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let access = |path: &str| {
        let of: Vec<_> =
            lines.iter().filter(|line| line["target"] == "access" && line["path"] == path).collect();
        assert_eq!(of.len(), 1, "{path}: {text}");
        of[0].clone()
    };
    let job = access("/v1/commands");
    assert_eq!(
        (&job["method"], &job["status"], &job["request_id"]),
        (&json!("POST"), &json!(200), &json!("seen"))
    );
    assert!(job["duration_ms"].is_f64() && job["bytes"].is_u64() && job["client"].is_string(), "{job}");
    assert_eq!(access("/v1/nothing")["status"], 404);
}

#[tokio::test]
async fn stdio_whose_stderr_is_never_read_answers_a_thousand_commands_and_ends() {
    let dir = tempfile::tempdir().unwrap();
    let args = scripted(
        dir.path(),
        "while true; do head -c 20000 /dev/zero | tr '\\0' w | fold -w 119 >&2; sleep 0.05; done &\nexec $SIM \"$@\"\n",
    );
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let mut client = StdioClient::unread(&args);
    for number in 0..1000 {
        let id = format!("r{number}");
        client.write(format!("{}\n", json!({"action": "get_status", "request_id": id})).as_bytes()).await;
        let line = client.line().await;
        assert!(line.to_string().contains(&id), "{line}");
    }
    let (_, code, seconds) = client.end().await;
    assert_eq!(code, Some(0));
    assert!(seconds < 5.0, "{seconds}");
}

#[tokio::test]
async fn a_log_over_the_limit_of_file_sizes_costs_its_lines_alone() {
    let program = Program::serve(Stderr::ResourceGuard, &["--log-file", "gateway.log"]).await;
    program.limit_file_size(1000).await;
    let length = || std::fs::metadata(program.dir.path().join("gateway.log")).unwrap().len();
    while length() < 1000 {
        assert_eq!(program.get("/health/live").await, Some(200));
    }
    // Lines that the disk has no room for.
    for _ in 0..20 {
        assert_eq!(program.get("/health/live").await, Some(200));
    }
    assert_eq!(program.end().await, Some(0));
}

/// The open would block before the handlers of signals exist.
#[tokio::test]
async fn a_log_file_that_is_a_fifo_without_a_reader_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let serve = tokio::process::Command::new(GATEWAY)
        .args(["serve", "--listen", "127.0.0.1:0", "--workers", "sim", "--output-dir"])
        .arg(dir.path().join("out"))
        .arg("--log-file")
        .arg(&path)
        .kill_on_drop(true)
        .output();
    let output = within(serve).await.unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("--log-file") && stderr.contains("nobody reads"), "{stderr}");
}

#[tokio::test]
async fn a_log_file_may_be_a_fifo_that_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let mut reader = tokio::net::unix::pipe::OpenOptions::new().open_receiver(&path).unwrap();
    let program = Program::serve(Stderr::ResourceGuard, &["--log-file", &path.display().to_string()]).await;
    let read = tokio::spawn(async move {
        let mut log = String::new();
        reader.read_to_string(&mut log).await.unwrap();
        log
    });
    for _ in 0..1000 {
        assert_eq!(program.get("/health/live").await, Some(200));
    }
    assert_eq!(program.end().await, Some(0));
    let log = within(read).await.unwrap();
    assert!(log.matches("/health/live").count() >= 1000, "{}", log.len());
}
