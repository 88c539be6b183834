//! A client of `gateway stdio`: the real program on real pipes.

use std::{process::Stdio, time::Instant};

use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::rig::{GATEWAY, within};

pub(crate) struct StdioClient {
    pub(crate) dir: TempDir,
    pub(crate) child: Child,
    pub(crate) stdin: Option<ChildStdin>,
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
