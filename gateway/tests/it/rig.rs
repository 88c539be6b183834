//! A gateway for one test: its own workers, output directory and port.

use std::{path::Path, sync::Arc, time::Duration};

use clap::Parser;
use gateway::{
    app::App,
    cli::{Cli, Command},
    config::{Config, PoolFlags},
    dispatch::Dispatcher,
    gpu::Gpus,
    http,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{task::JoinSet, time::timeout};

/// The longest time that anything in a test may take. Only a test that hangs reaches it: at a load of 10 on two cores a
/// picture of 1024 × 1024 took more than 30 s.
pub(crate) const WITHIN_MAX: Duration = Duration::from_secs(90);

pub(crate) const GATEWAY: &str = env!("CARGO_BIN_EXE_gateway");

/// Awaits a future, for [`WITHIN_MAX`] at most.
pub(crate) async fn within<T>(work: impl Future<Output = T>) -> T {
    timeout(WITHIN_MAX, work).await.expect("it takes too long")
}

pub(crate) struct Rig {
    pub(crate) dir: TempDir,
    pub(crate) url: String,
    pub(crate) dispatcher: Dispatcher,
    tasks: JoinSet<()>,
    client: reqwest::Client,
}

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct HttpResponse {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl HttpResponse {
    pub(crate) fn code(&self) -> &str {
        self.body["error_details"]["code"].as_str().unwrap_or("none")
    }
}

/// Flags of a pool of simulated workers that take no time.
pub(crate) fn flags(dir: &Path, workers: u32, config: &str, sim_args: &[&str]) -> PoolFlags {
    let config_path = dir.join("gateway.toml");
    std::fs::write(&config_path, config).unwrap();
    let mut args: Vec<String> =
        ["gateway", "serve", "--workers", "sim", "--sim-program", GATEWAY, "--own-program", GATEWAY]
            .map(str::to_owned)
            .into();
    args.extend(["--sim-workers".to_owned(), workers.to_string()]);
    args.extend(["--output-dir".to_owned(), dir.join("out").display().to_string()]);
    args.extend(["--input-root".to_owned(), dir.display().to_string()]);
    args.extend(["--config".to_owned(), config_path.display().to_string()]);
    for arg in ["--step-ms", "0", "--load-ms", "0"].iter().chain(sim_args) {
        args.extend(["--sim-arg".to_owned(), (*arg).to_owned()]);
    }
    match Cli::parse_from(args).command {
        Command::Serve(serve) => serve.pool,
        other => panic!("{other:?}"),
    }
}

/// Flags of one worker that a script of bash starts.
pub(crate) fn scripted_flags(dir: &Path, config: &str, script: &str) -> PoolFlags {
    let (program, main) = (dir.join("worker"), dir.join("main.py"));
    let sim = format!("{GATEWAY} worker-sim --step-ms 0 --load-ms 0");
    let head = format!("#!/bin/bash\nDIR={}\nSIM=\"{sim}\"\nshift\n", dir.display());
    std::fs::write(&program, head + script).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::write(&main, "").unwrap();
    PoolFlags {
        workers: Some(gateway::config::WorkerKind::Python),
        python: Some(program),
        worker_main: Some(main),
        device: Some("cpu".to_owned()),
        ..flags(dir, 1, config, &[])
    }
}

impl Rig {
    /// Two workers that take no time, with further arguments of worker-sim.
    pub(crate) async fn start(sim_args: &[&str]) -> Self {
        Self::with(2, "", sim_args).await
    }

    pub(crate) async fn with(workers: u32, config: &str, sim_args: &[&str]) -> Self {
        let rig = Self::unsettled(workers, config, sim_args).await;
        within(rig.dispatcher.pool().settled()).await;
        rig
    }

    /// The same, but without waiting for the start of its workers.
    pub(crate) async fn unsettled(workers: u32, config: &str, sim_args: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let flags = flags(dir.path(), workers, config, sim_args);
        Self::of(dir, &flags).await
    }

    /// One worker that this bash script starts, without waiting for it. In the script `$SIM` and `"$@"` start
    /// worker-sim, and `$DIR` is the folder of the rig.
    pub(crate) async fn scripted(config: &str, script: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let flags = scripted_flags(dir.path(), config, script);
        Self::of(dir, &flags).await
    }

    /// Simulated workers that this bash script starts, each by `exec $GATEWAY "$@"`. Among its arguments is `--gpu gpu_N`,
    /// so that one can be given a fault of its own.
    pub(crate) async fn differing(workers: u32, config: &str, script: &str) -> Self {
        let rig = Self::differing_unsettled(workers, config, script).await;
        within(rig.dispatcher.pool().settled()).await;
        rig
    }

    /// The same, but without waiting for the start of its workers.
    pub(crate) async fn differing_unsettled(workers: u32, config: &str, script: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("worker");
        std::fs::write(&program, format!("#!/bin/bash\nGATEWAY={GATEWAY}\n{script}")).unwrap();
        std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let flags = PoolFlags { sim_program: Some(program), ..flags(dir.path(), workers, config, &[]) };
        Self::of(dir, &flags).await
    }

    pub(crate) async fn of(dir: TempDir, flags: &PoolFlags) -> Self {
        Self::configured(dir, Config::decide(flags, &[], None).unwrap()).await
    }

    pub(crate) async fn configured(dir: TempDir, config: Config) -> Self {
        Self::on_host(dir, config, None).await
    }

    /// A gateway on a host with these GPUs.
    pub(crate) async fn on_host(dir: TempDir, config: Config, gpus: Option<Arc<dyn Gpus>>) -> Self {
        let app = App::start(config, gpus);
        let dispatcher = app.dispatcher().clone();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { http::serve(app, listener, std::future::pending()).await.unwrap() });
        Self { dir, url, dispatcher, tasks, client: reqwest::Client::new() }
    }

    pub(crate) fn request(&self, verb: &str, path: &str) -> reqwest::RequestBuilder {
        self.client.request(verb.parse().unwrap(), format!("{}{path}", self.url))
    }

    pub(crate) async fn send_request(&self, request: reqwest::RequestBuilder) -> HttpResponse {
        within(async {
            let response = request.send().await.unwrap();
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let body = response.bytes().await.unwrap();
            HttpResponse { status, headers, body: serde_json::from_slice(&body).unwrap_or(Value::Null) }
        })
        .await
    }

    pub(crate) async fn get(&self, path: &str) -> HttpResponse {
        self.send_request(self.request("GET", path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> HttpResponse {
        self.send_request(self.request("DELETE", path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> HttpResponse {
        self.send_request(self.request("POST", path).json(body)).await
    }

    /// Any command, by `/v1/commands`.
    pub(crate) async fn command(&self, command: &Value) -> HttpResponse {
        self.post("/v1/commands", command).await
    }

    pub(crate) async fn bytes(&self, path: &str, body: impl Into<reqwest::Body>) -> HttpResponse {
        self.send_request(self.request("POST", path).header("content-type", "application/json").body(body))
            .await
    }

    /// Queues a job without waiting for it. Returns its id.
    pub(crate) async fn queue(&self, command: &Value) -> String {
        let request = self.request("POST", "/v1/commands").header("prefer", "respond-async").json(command);
        let response = self.send_request(request).await;
        assert_eq!(response.status, 202, "{response:?}");
        response.body["request_id"].as_str().unwrap().to_owned()
    }

    /// Waits for the end of a job. Returns its reply in snake.
    pub(crate) async fn reply(&self, id: &str) -> Value {
        let job = self.dispatcher.queue().job(id.into()).await.unwrap().expect("there is such a job");
        within(job.events.reply()).await.to_value(contracts::Dialect::Snake)
    }

    /// Waits until a job has an event.
    pub(crate) async fn running(&self, id: &str) {
        let job = self.dispatcher.queue().job(id.into()).await.unwrap().expect("there is such a job");
        let mut response = job.events.subscribe();
        within(async { response.wait_for(|response| response.last().is_some()).await.map(|_| ()) })
            .await
            .unwrap();
    }

    /// Waits until the view of the only lane meets a condition.
    pub(crate) async fn lane(&self, condition: impl FnMut(&gateway::lane::LaneView) -> bool) {
        let mut views = self.dispatcher.pool().lanes()[0].views();
        within(async { views.wait_for(condition).await.map(|_| ()) }).await.unwrap();
    }

    /// Asserts that the gateway still makes pictures, and that nothing waits. Uses an action that the faults of these
    /// tests leave alone.
    pub(crate) async fn assert_makes_pictures(&self) {
        let made = self.command(&job("enhanced_sdxl")).await;
        assert_eq!(made.body["success"], true, "{made:?}");
        self.assert_answers().await;
    }

    /// Asserts that the gateway still answers, and that nothing waits. For tests whose fault keeps workers from making
    /// pictures.
    pub(crate) async fn assert_answers(&self) {
        let status = self.command(&json!({"action": "get_status"})).await;
        assert_eq!(status.body["success"], true, "{status:?}");
        let queue = self.get("/v1/queue").await;
        assert_eq!(queue.body["data"]["total_queued"], 0, "{queue:?}");
    }

    /// Drains the gateway: every accepted command has its reply when this returns.
    pub(crate) async fn stop(mut self) {
        self.dispatcher.stop(Some(Duration::from_secs(4)));
        self.stopped().await;
    }

    /// Waits until it has drained.
    pub(crate) async fn stopped(&mut self) {
        within(async { while self.tasks.join_next().await.transpose().unwrap().is_some() {} }).await;
    }
}

/// A small job.
pub(crate) fn job(action: &str) -> Value {
    json!({"action": action, "payload": {"prompt_submission": submission()}})
}

pub(crate) fn submission() -> Value {
    json!({
        "model": {"base": "sdxl_base"},
        "scheduler": {"steps": 2},
        "hyperparameters": {"dimensions": {"width": 64, "height": 64}},
        "conditioning": {"prompt": "a pier at dusk"},
    })
}

/// A job of many steps.
pub(crate) fn long_job(id: &str, steps: u64) -> Value {
    let mut command = job("generate_sdxl");
    command["request_id"] = id.into();
    command["payload"]["prompt_submission"]["scheduler"]["steps"] = steps.into();
    command
}
