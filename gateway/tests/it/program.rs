//! `gateway serve` as a process of its own, with its stderr and signals.

use std::{os::unix::fs::PermissionsExt, process::Stdio, time::Duration};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::rig::{GATEWAY, within};

/// Where its stderr goes.
pub(crate) enum Stderr {
    /// A pipe whose reading end is closed.
    Gone,
    /// A pipe that is not read.
    Unread,
    /// A disk without room.
    Full,
    /// A file, `stderr` in its folder.
    ResourceGuard,
}

/// The program with a fault planted in it: an example, which `cargo test` builds like the program.
pub(crate) fn broken() -> std::path::PathBuf {
    let broken = std::path::Path::new(GATEWAY).with_file_name("examples").join("broken");
    assert!(broken.exists(), "{} is missing: cargo build --workspace --examples", broken.display());
    broken
}

pub(crate) struct Program {
    pub(crate) dir: TempDir,
    pub(crate) child: Child,
    url: String,
    client: reqwest::Client,
}

impl Program {
    /// A program that serves, with one simulated worker.
    pub(crate) async fn serve(stderr: Stderr, args: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let sim = ["--workers", "sim", "--sim-workers", "1", "--sim-arg", "--load-ms", "--sim-arg", "0"];
        Self::start(Command::new(GATEWAY), dir, stderr, &[&sim[..], args].concat()).await
    }

    /// The same with a planted fault.
    pub(crate) async fn broken(bug: &str) -> Self {
        let mut command = Command::new(broken());
        command.env("GATEWAY_BUG", bug);
        let sim = ["--workers", "sim", "--sim-workers", "1"];
        Self::start(command, tempfile::tempdir().unwrap(), Stderr::ResourceGuard, &sim).await
    }

    /// A program whose worker is this bash script, in which `$SIM` and `"$@"` start worker-sim.
    pub(crate) async fn scripted(stderr: Stderr, script: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let args = scripted(dir.path(), script);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        Self::start(Command::new(GATEWAY), dir, stderr, &args).await
    }

    async fn start(mut command: Command, dir: TempDir, stderr: Stderr, args: &[&str]) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        let place = match stderr {
            Stderr::Gone | Stderr::Unread => Stdio::piped(),
            Stderr::Full => std::fs::File::options().write(true).open("/dev/full").unwrap().into(),
            Stderr::ResourceGuard => std::fs::File::create(dir.path().join("stderr")).unwrap().into(),
        };
        let mut child = command
            .args(["serve", "--listen", &address, "--output-dir"])
            .arg(dir.path().join("out"))
            .args(args)
            .current_dir(dir.path())
            .env_remove("CUDA_VISIBLE_DEVICES")
            .env_remove("GPU_ID")
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(place)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        if matches!(stderr, Stderr::Gone) {
            drop(child.stderr.take());
        }
        let program = Self { dir, child, url: format!("http://{address}"), client: reqwest::Client::new() };
        within(async {
            while program.get("/health/ready").await != Some(200) {
                poll_pause().await;
            }
        })
        .await;
        program
    }

    /// The status of an answer; `None` without an answer.
    pub(crate) async fn get(&self, path: &str) -> Option<u16> {
        self.get_with(path, &[]).await
    }

    /// The same with headers.
    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Option<u16> {
        let request = self.client.get(format!("{}{path}", self.url));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = within(request.send()).await.ok()?;
        Some(answer.status().as_u16())
    }

    /// Sends a command without waiting for its answer.
    pub(crate) fn ask(&self, command: &Value) -> tokio::task::JoinHandle<(u16, Value)> {
        let request = self.client.post(format!("{}/v1/commands?dialect=snake", self.url)).json(command);
        tokio::spawn(async move {
            let answer = within(request.send()).await.unwrap();
            (answer.status().as_u16(), within(answer.json()).await.unwrap())
        })
    }

    pub(crate) async fn command(&self, command: &Value) -> (u16, Value) {
        within(self.ask(command)).await.unwrap()
    }

    /// Waits until a job runs.
    pub(crate) async fn running(&self, id: &str) {
        within(async {
            loop {
                let answer =
                    self.client.get(format!("{}/v1/jobs/{id}?dialect=snake", self.url)).send().await.unwrap();
                let job: Value = answer.json().await.unwrap();
                if job["data"]["status"] == "running" {
                    return;
                }
                poll_pause().await;
            }
        })
        .await;
    }

    /// Waits for its end. Returns its exit code, and the last line of its stderr.
    pub(crate) async fn ended(mut self) -> (Option<i32>, String) {
        let code = within(self.child.wait()).await.unwrap().code();
        let text = std::fs::read_to_string(self.dir.path().join("stderr")).unwrap();
        (code, text.lines().last().unwrap_or_default().to_owned())
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().unwrap().cast_signed()), signal).unwrap();
    }

    /// Sets RLIMIT_FSIZE of the gateway alone; its workers keep theirs.
    pub(crate) async fn limit_file_size(&self, bytes: u64) {
        let pid = self.child.id().unwrap().to_string();
        let set = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}")]).status().await;
        assert!(set.unwrap().success());
    }

    /// Its peak memory, in bytes.
    pub(crate) fn memory_peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id().unwrap())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() << 10
    }

    /// Sends an image as an upload.
    pub(crate) async fn upload(&self, media_type: &str, bytes: Vec<u8>) -> (u16, Value) {
        let request = self.client.post(format!("{}/v1/uploads", self.url)).header("content-type", media_type);
        let answer = within(request.body(bytes).send()).await.unwrap();
        (answer.status().as_u16(), within(answer.json()).await.unwrap())
    }

    /// The processes that are its simulated workers.
    pub(crate) fn workers(&self) -> Vec<i32> {
        workers_of(self.child.id().unwrap())
    }

    /// Waits until a file in its folder contains this. Returns the whole text.
    pub(crate) async fn says(&self, file: &str, what: &str) -> String {
        within(async {
            loop {
                let text = std::fs::read_to_string(self.dir.path().join(file)).unwrap_or_default();
                if text.contains(what) {
                    return text;
                }
                poll_pause().await;
            }
        })
        .await
    }

    /// Ends it by SIGTERM. Returns its exit code.
    pub(crate) async fn end(mut self) -> Option<i32> {
        self.signal(Signal::SIGTERM);
        within(self.child.wait()).await.unwrap().code()
    }
}

/// The processes that are simulated workers of this one.
pub(crate) fn workers_of(pid: u32) -> Vec<i32> {
    let mut found = Vec::new();
    for task in std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten() {
        let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        found.extend(children.split_whitespace().filter_map(|pid| pid.parse::<i32>().ok()));
    }
    let named = |pid: &i32| {
        std::fs::read(format!("/proc/{pid}/cmdline"))
            .is_ok_and(|line| String::from_utf8_lossy(&line).contains("worker-sim"))
    };
    found.retain(named);
    found
}

/// Waits until a process has ended, reaped or not.
pub(crate) async fn gone(pid: i32) {
    let lives = || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'))
    };
    while lives() {
        poll_pause().await;
    }
}

/// Arguments of a worker that is a script of bash.
pub(crate) fn scripted(dir: &std::path::Path, script: &str) -> Vec<String> {
    let (worker, main) = (dir.join("worker"), dir.join("main.py"));
    let head = format!("#!/bin/bash\nSIM=\"{GATEWAY} worker-sim --step-ms 0 --load-ms 0\"\nshift\n");
    std::fs::write(&worker, head + script).unwrap();
    std::fs::set_permissions(&worker, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(&main, "").unwrap();
    let (worker, main) = (worker.display().to_string(), main.display().to_string());
    ["--workers", "python", "--python", &worker, "--worker-main", &main, "--device", "cpu"]
        .map(str::to_owned)
        .into()
}

/// Pauses between two polls of another process: of its files, its entry in /proc, or its readiness. None of them sends
/// a signal when it changes, so that a test must poll; it waits for the change itself, and never for a time.
pub(crate) async fn poll_pause() {
    tokio::time::sleep(Duration::from_millis(5)).await;
}
