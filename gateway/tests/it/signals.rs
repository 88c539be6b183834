//! Signals to the real program: which ends it, and which does not.

use nix::sys::signal::Signal;

use crate::{
    program::{Program, Stderr},
    rig::{long_job, within},
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
        Program::serve(Stderr::Kept, &[&STEP[..], &["--log-file", "gateway.log"]].concat()).await;
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
    let program = Program::serve(Stderr::Kept, &STEP).await;
    program.signal(Signal::SIGHUP);
    program.says("stderr", "there is no file to open again").await;
    assert_eq!(program.get("/health/ready").await, Some(200));
    assert_eq!(program.end().await, Some(0));
}
