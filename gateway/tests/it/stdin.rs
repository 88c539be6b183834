//! What the gateway reads from its environment and its stdin, where that cannot be read.

use std::{
    ffi::OsStr,
    fs::File,
    io::Write as _,
    os::fd::AsFd as _,
    os::unix::ffi::OsStrExt,
    process::{Output, Stdio},
};

use nix::{
    fcntl::{FcntlArg, OFlag, fcntl},
    poll::{PollFd, PollFlags, PollTimeout, poll},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::Command,
};

use crate::{
    program::poll_pause,
    rig::{GATEWAY, within},
};

async fn stdio(change: impl FnOnce(&mut Command) -> &mut Command) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(GATEWAY);
    command
        .args(["stdio", "--workers", "sim", "--sim-workers", "1", "--output-dir"])
        .arg(dir.path())
        .env_remove("CUDA_VISIBLE_DEVICES")
        .env_remove("GPU_ID")
        .stdin(Stdio::null());
    within(change(&mut command).output()).await.unwrap()
}

#[tokio::test]
async fn a_stdin_that_cannot_be_read_is_no_end_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let unreadable = [
        (File::open(dir.path()).unwrap(), "Is a directory"),
        (File::create(dir.path().join("written")).unwrap(), "Bad file descriptor"),
    ];
    for (stdin, why) in unreadable {
        let output = stdio(|command| command.stdin(stdin)).await;
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{why}: {stderr}");
        let told = stderr.lines().any(|line| line.contains("stdin cannot be read") && line.contains(why));
        assert!(told, "{stderr}");
    }
    let output = stdio(|command| command).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

/// The runtime opens the null device in place of a pipe that is closed: replies went there, and the exit was 0.
#[tokio::test]
async fn a_pipe_that_is_closed_or_null_is_told_at_the_start() {
    for redirection in [">&-", ">/dev/null", "1<>/dev/null"] {
        let output = redirected(&format!("\"$@\" {redirection}")).await;
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{redirection}: {stderr}");
        assert!(stderr.contains("error: stdout is closed, or the null device"), "{redirection}: {stderr}");
        assert!(!stderr.contains("worker"), "nothing was started: {stderr}");
    }
    for (line, is_null) in [("\"$@\" <&-", true), ("\"$@\" </dev/null", true), ("true | \"$@\"", false)] {
        let output = redirected(line).await;
        let stderr = String::from_utf8_lossy(&output.stderr);
        let told =
            stderr.matches("WARN").count() == 1 && stderr.contains("stdin is closed, or the null device");
        assert_eq!(told, is_null, "{line}: {stderr}");
        assert_eq!(output.status.code(), Some(0), "{line}: {stderr}");
    }
}

/// Runs `gateway stdio`, the arguments of a line of `sh`.
async fn redirected(line: &str) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command
        .args(["-c", line, "sh", GATEWAY, "stdio", "--workers", "sim", "--sim-workers", "1", "--output-dir"])
        .arg(dir.path())
        .env_remove("CUDA_VISIBLE_DEVICES")
        .env_remove("GPU_ID");
    within(command.output()).await.unwrap()
}

/// A parent may share its pipe with others and make it non-blocking: nothing to read yet is not an error.
#[tokio::test]
async fn a_stdin_that_does_not_block_is_read_to_its_end() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    fcntl(&reader, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(GATEWAY);
    command.args(["stdio", "--workers", "sim", "--sim-workers", "1", "--output-dir"]).arg(dir.path());
    let mut child = command.stdin(reader).stdout(Stdio::piped()).spawn().unwrap();
    // The command has a copy of the reader.
    drop(command);
    let mut replies = BufReader::new(child.stdout.take().unwrap()).lines();
    for id in ["one", "two"] {
        writeln!(writer, r#"{{"action":"get_schedulers","request_id":"{id}"}}"#).unwrap();
        let reply = within(replies.next_line()).await.unwrap().expect("a reply");
        assert!(reply.contains(id) && reply.contains(r#""Success":true"#), "{reply}");
    }
    drop(writer);
    assert_eq!(within(child.wait()).await.unwrap().code(), Some(0));
}

/// A client that reads later, through a pipe that was made non-blocking, has every reply.
#[tokio::test]
async fn a_stdout_that_does_not_block_is_waited_for() {
    const COMMANDS: usize = 60;
    let (mut reader, writer) = std::io::pipe().unwrap();
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    let other_writer = writer.try_clone().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(GATEWAY);
    command.args(["stdio", "--workers", "sim", "--sim-workers", "1", "--output-dir"]).arg(dir.path());
    let mut child = command.stdin(Stdio::piped()).stdout(writer).spawn().unwrap();
    drop(command);
    let mut stdin = child.stdin.take().unwrap();
    let lines = "{\"action\":\"get_schedulers\"}\n".repeat(COMMANDS);
    stdin.write_all(lines.as_bytes()).await.unwrap();
    let has_room = || poll(&mut [PollFd::new(other_writer.as_fd(), PollFlags::POLLOUT)], PollTimeout::ZERO);
    within(async {
        while has_room().unwrap() > 0 {
            poll_pause().await;
        }
    })
    .await;
    drop(other_writer);
    let read = tokio::task::spawn_blocking(move || std::io::read_to_string(&mut reader).unwrap());
    // Only now: the time after the end of stdin is not what is tested, and a busy machine needs more for the start.
    drop(stdin);
    let replies = within(read).await.unwrap();
    assert_eq!(replies.lines().filter(|line| line.contains(r#""Success":true"#)).count(), COMMANDS);
    assert_eq!(within(child.wait()).await.unwrap().code(), Some(0));
}

/// A variable that is no text names no GPU. It was taken for absent, and the gateway took all GPUs.
#[tokio::test]
async fn a_variable_that_is_no_text_names_no_gpu() {
    for name in ["CUDA_VISIBLE_DEVICES", "GPU_ID"] {
        let output = stdio(|command| command.env(name, OsStr::from_bytes(b"GPU-\xff"))).await;
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains(name) && stderr.contains("is no UTF-8"), "{stderr}");
    }
}
