//! Bugs of the gateway's own: each ends one command with `internal`, or the process with an error; none hangs.

use clap::Parser;
use gateway::{
    app::App,
    cli::{Cli, Command},
    config::Config,
    faults::{FaultPoint, plant},
    http, submit,
};
use serde_json::json;

use crate::{
    program::{Program, broken, gone, workers_of},
    rig::{Rig, flags, job, within},
    stdio_client::StdioClient,
};

fn named(id: &str) -> serde_json::Value {
    let mut command = job("generate_sdxl");
    command["request_id"] = id.into();
    command
}

#[tokio::test]
async fn a_panic_in_a_handler_or_a_finisher_is_internal_for_that_command_alone() {
    let rig = Rig::start(&[]).await;
    for (spot, id) in [(FaultPoint::Dispatcher, "panics-dispatcher"), (FaultPoint::Reply, "panics-reply")] {
        plant(spot, id);
        let response = rig.command(&named(id)).await;
        assert_eq!((response.status, response.code()), (500, "internal"), "{spot:?}: {response:?}");
        let next = rig.command(&job("generate_sdxl")).await;
        assert_eq!(next.status, 200, "{spot:?}: {next:?}");
    }
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

#[tokio::test]
async fn a_job_queue_that_broke_ends_the_server_with_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config::decide(&flags(dir.path(), 1, "", &[]), &[], None).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/commands", listener.local_addr().unwrap());
    plant(FaultPoint::JobQueue, "panics-queue");
    let serves = tokio::spawn(http::serve(App::start(config, None), listener, std::future::pending()));
    let asked = within(reqwest::Client::new().post(url).json(&named("panics-queue")).send()).await;
    assert_eq!(asked.unwrap().status().as_u16() / 100, 5);
    let ended = within(serves).await.unwrap().unwrap_err();
    assert!(format!("{ended:#}").contains("a task of the gateway broke"), "{ended:#}");
}

#[tokio::test]
async fn a_submit_whose_job_queue_broke_does_not_hang() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config::decide(&flags(dir.path(), 1, "", &[]), &[], None).unwrap();
    let file = dir.path().join("command.json");
    std::fs::write(&file, named("panics-submit").to_string()).unwrap();
    let args = ["gateway", "submit", file.to_str().unwrap()];
    let Command::Submit(submit) = Cli::parse_from(args).command else { unreachable!("it is a submit") };
    plant(FaultPoint::JobQueue, "panics-submit");
    let submission = submit::Submission::read(&submit.file, 1 << 20).unwrap();
    let ended = within(submit::locally(App::start(config, None), &submission, true)).await;
    assert_ne!(ended.ok(), Some(std::process::ExitCode::SUCCESS));
}

/// The exit code and the last line of stderr show the fault to the parent of the program.
#[tokio::test]
async fn the_program_exits_with_70_and_says_so_when_its_job_queue_broke() {
    let program = Program::broken("queue:bug").await;
    let asked = program.ask(&named("bug"));
    let (code, last) = program.ended().await;
    assert_eq!(code, Some(70), "{last}");
    assert!(last.starts_with("error: ") && last.contains("a task of the gateway broke"), "{last}");
    let (status, reply) = within(asked).await.unwrap();
    assert_eq!(status / 100, 5, "{reply}");
}

#[tokio::test]
async fn the_program_exits_with_70_and_says_so_when_its_loop_on_stdin_broke() {
    let mut command = tokio::process::Command::new(broken());
    command.args(["stdio"]).env("GATEWAY_BUG", "stdio:bug").stderr(std::process::Stdio::piped());
    let mut client = StdioClient::spawn(command, &["--sim-workers", "1"]);
    client.send(&json!({"action": "get_capabilities", "payload": {}})).await;
    assert_eq!(client.reply().await["success"], true);
    let workers = workers_of(client.pid());
    assert_eq!(workers.len(), 1);
    client.send(&named("bug")).await;
    let (code, stderr) = client.ended().await;
    let last = stderr.lines().last().unwrap_or_default();
    assert_eq!(code, Some(70), "{stderr}");
    assert!(last.starts_with("error: ") && last.contains("the gateway broke"), "{stderr}");
    assert!(stderr.contains("a bug of the gateway: a test asked for a panic at StdioClient"), "{stderr}");
    for worker in workers {
        within(gone(worker)).await;
    }
}
