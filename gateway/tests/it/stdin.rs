//! What the gateway reads from its environment and its stdin, where that cannot be read.

use std::{
    ffi::OsStr,
    fs::File,
    os::unix::ffi::OsStrExt,
    process::{Output, Stdio},
};

use tokio::process::Command;

use crate::rig::{GATEWAY, within};

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
