//! The cost of the gateway: HTTP → worker-sim → HTTP with one client, beside a bare pipe echo and a do-nothing axum
//! handler with the same pinning, in the same run.
//!
//! `cargo bench --profile dist -p gateway --bench hop`. Every process is pinned, first all to one core, then the client
//! and the rest to two; the rounds are interleaved, and each figure is the median of the rounds' own. A latency without
//! its placement says nothing: a wake-up of another core costs more than all of this.
//!
//! A job is measured twice: less the time that the worker says it took, and beside the same job written to a worker-sim
//! of its own over pipes. The second is what the gateway adds; the first also has what the worker does before its clock
//! starts and after it stops. A job leaves the caches cold for whoever shares its core, the do-nothing handler too: the
//! rows "right after a job" say by how much.
//!
//! `… -- --baseline PATH` measures another gateway binary in turns with this build instead, and prints ratios.

#![expect(clippy::print_stdout, reason = "what it measured")]

mod baseline;
mod ends;
mod proxy;

use std::{
    ffi::OsStr,
    hint::black_box,
    io::{BufRead, Write},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use ends::{Http, Pipe, Server};
use nix::{
    sched::{CpuSet, sched_setaffinity},
    unistd::Pid,
};
use serde_json::{Value, json};

const ROUNDS: usize = 9;
const CALLS: usize = 1500;
const JOBS: usize = 150;
/// The most that the gateway may cost above its floor, in µs.
const GOAL: f64 = 60.0;
/// How many clients send requests, and for how long.
const CLIENTS: usize = 8;
const CROWD: Duration = Duration::from_secs(2);
const STATUS: &str = r#"{"action":"get_status","gpu_id":"gpu_0"}"#;
const SUBMISSION: &str = r#"{"model":{"base":"sdxl_base"},"scheduler":{"steps":1},"hyperparameters":{"seed":7,"dimensions":{"width":64,"height":64}},"conditioning":{"prompt":"a pier"}}"#;
/// Simulated times of zero, so that only the worker's own work is measured.
const NO_DELAY: [&str; 4] = ["--step-ms", "0", "--load-ms", "0"];

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("role-echo") => echo(),
        Some("role-noop") => noop(),
        Some("role-proxy") => proxy::serve(),
        _ => {
            refuse_other_profiles();
            let mut arguments = std::env::args_os().skip_while(|argument| argument != "--baseline").skip(1);
            match arguments.next() {
                Some(binary) => baseline::compare(&binary),
                None => measure(),
            }
        }
    }
}

/// The floor of the pipe: a child that echoes each line.
fn echo() {
    let (stdin, mut stdout) = (std::io::stdin(), std::io::stdout());
    let mut line = Vec::new();
    let mut lines = stdin.lock();
    while lines.read_until(b'\n', &mut line).expect("stdin") > 0 {
        stdout.write_all(&line).expect("stdout");
        stdout.flush().expect("stdout");
        line.clear();
    }
}

/// The floor of HTTP: an axum handler that reads the body and answers with as many bytes as the gateway.
fn noop() {
    let answer = "x".repeat(600);
    let handler = move |body: bytes::Bytes| {
        black_box(body);
        let answer = answer.clone();
        async move { answer }
    };
    on_one_thread(listen(axum::Router::new().fallback(axum::routing::post(handler))));
}

/// Runs on one thread, as the gateway does.
fn on_one_thread(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(work);
}

/// Serves on a free port, and prints its address.
async fn listen(app: axum::Router) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    writeln!(std::io::stderr(), "listening on http://{address}").expect("stderr");
    axum::serve(listener, app).await.expect("serving");
}

fn pin(cores: &[usize]) {
    let mut set = CpuSet::new();
    for &core in cores {
        set.set(core).expect("a core");
    }
    sched_setaffinity(Pid::from_raw(0), &set).expect("pinning");
}

/// Refuses a build of another profile than `dist`, whose figures are not those of the shipped binary.
fn refuse_other_profiles() {
    let gateway = Path::new(env!("CARGO_BIN_EXE_gateway"));
    let is_dist = gateway.parent().is_some_and(|folder| folder.ends_with("dist"));
    assert!(is_dist, "{} is not what is shipped: cargo bench --profile dist …", gateway.display());
}

fn myself(role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this binary"));
    command.arg(role);
    command
}

/// The percentiles of one measurement in µs, by round, so that one disturbed round does not decide.
#[derive(Default)]
struct Row {
    rounds: Vec<[f64; 3]>,
}

impl Row {
    /// Measures a round of calls, after some warm-up calls.
    fn round(&mut self, calls: usize, mut call: impl FnMut() -> Duration) {
        for _ in 0..calls / 10 {
            call();
        }
        self.add((0..calls).map(|_| call()).collect());
    }

    fn add(&mut self, mut times: Vec<Duration>) {
        times.sort_unstable();
        let at =
            |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)].as_secs_f64() * 1e6;
        self.rounds.push([at(50), at(95), at(99)]);
    }

    /// p50, p95 and p99: the medians of those of the rounds.
    fn percentiles(&self) -> [f64; 3] {
        std::array::from_fn(|which| {
            let mut rounds: Vec<f64> = self.rounds.iter().map(|round| round[which]).collect();
            rounds.sort_by(f64::total_cmp);
            rounds[rounds.len() / 2]
        })
    }

    fn p50(&self) -> f64 {
        self.percentiles()[0]
    }
}

/// A folder for the pictures, in memory if possible: the speed of a disk is not a cost of the gateway.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.expect("a folder")
}

/// A worker-sim without delay.
fn worker_sim(output: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateway"));
    command.arg("worker-sim").args(NO_DELAY).arg("--output-dir").arg(output);
    command
}

/// The handshake frame that the gateway writes.
fn hello() -> String {
    let hello = json!({
        "action": "initialize", "request_id": "hello",
        "payload": {"protocol_versions": ["1"], "features": ["events", "out_of_order"], "dialect": "snake"},
    });
    hello.to_string()
}

/// The frame that the gateway writes for the job.
fn job_frame(number: usize) -> String {
    format!(
        r#"{{"action":"generate_sdxl","request_id":"job-{number:031}","attempt":1,"payload":{{"prompt_submission":{SUBMISSION}}}}}"#
    )
}

#[derive(Default)]
struct Rows {
    pipe: Row,
    noop: Row,
    sim_status: Row,
    status: Row,
    sim_job: Row,
    job: Row,
    /// The same job through a handler that only passes lines on.
    proxy: Row,
    /// The same without the time that the worker reports.
    proxy_less_own: Row,
    /// The time that the worker reports for a job, over pipes.
    own: Row,
    /// A job through the gateway, without the time that the worker reports.
    job_less_own: Row,
    /// The floors, each right after a job.
    cold_pipe: Row,
    cold_noop: Row,
    cold_status: Row,
}

fn timed(call: impl FnOnce()) -> Duration {
    let start = Instant::now();
    call();
    start.elapsed()
}

/// The time that the worker reports for a job.
fn own_time(reply: &[u8]) -> Duration {
    let reply: Value = serde_json::from_slice(reply).expect("a reply");
    let seconds = |name: &str| reply["data"][name].as_f64().expect("a time");
    let seconds = seconds("generation_time_seconds") + seconds("load_time_seconds");
    Duration::try_from_secs_f64(seconds).expect("a time")
}

/// One placement: its processes, and connections to them.
struct Bench {
    pipe: Pipe,
    sim: Pipe,
    noop: Server,
    gateway: Server,
    proxy: Server,
    jobs: usize,
    _output: tempfile::TempDir,
}

impl Bench {
    fn start(client: &[usize], children: &[usize]) -> Self {
        pin(children);
        let output = folder();
        let pipe = Pipe::start(myself("role-echo"));
        let noop = Server::start(myself("role-noop"));
        let gateway = start_gateway(OsStr::new(env!("CARGO_BIN_EXE_gateway")), output.path());
        let mut command = myself("role-proxy");
        command.arg(output.path().join("proxy"));
        let proxy = Server::start(command);
        let mut sim = Pipe::start(worker_sim(&output.path().join("sim")));
        pin(client);
        assert!(sim.call(&hello()).contains("\"success\":true"), "the worker greets");
        wait_until_ready(&gateway.address);
        Self { pipe, sim, noop, gateway, proxy, jobs: 0, _output: output }
    }

    fn job_frame(&mut self) -> String {
        self.jobs += 1;
        job_frame(self.jobs)
    }

    fn rows(&mut self) -> Rows {
        let mut rows = Rows::default();
        let [mut noop, mut gateway, mut proxy] =
            [&self.noop, &self.gateway, &self.proxy].map(|server| Http::connect(&server.address));
        for _ in 0..ROUNDS {
            rows.pipe.round(CALLS, || timed(|| drop(black_box(self.pipe.call(STATUS)))));
            rows.noop.round(CALLS, || timed(|| assert_eq!(noop.post("/v1/commands", STATUS).0, 200)));
            rows.sim_status.round(CALLS, || timed(|| drop(black_box(self.sim.call(STATUS)))));
            rows.status.round(CALLS, || timed(|| assert_eq!(gateway.post("/v1/commands", STATUS).0, 200)));
            self.round_of_jobs(&mut rows, &mut noop, &mut gateway, &mut proxy);
        }
        rows
    }

    /// Alternates between pipes and the gateway, so that the folders they write to grow alike.
    fn round_of_jobs(&mut self, rows: &mut Rows, noop: &mut Http, gateway: &mut Http, proxy: &mut Http) {
        let [mut sim_job, mut job, mut own, mut less] = [const { Vec::new() }; 4];
        let [mut cold_pipe, mut cold_noop, mut cold_status] = [const { Vec::new() }; 3];
        let [mut carried, mut carried_less] = [const { Vec::new() }; 2];
        for _ in 0..JOBS {
            let frame = self.job_frame();
            let start = Instant::now();
            let reply = self.sim.call(&frame);
            sim_job.push(start.elapsed());
            own.push(own_time(reply.as_bytes()));
            // A job leaves the caches cold, which is a cost of the job: the floor includes it.
            let start = Instant::now();
            black_box(self.pipe.call(STATUS));
            cold_pipe.push(start.elapsed());
            let frame = self.job_frame();
            black_box(self.sim.call(&frame));
            let start = Instant::now();
            assert_eq!(noop.post("/v1/commands", STATUS).0, 200);
            cold_noop.push(start.elapsed());
            let frame = self.job_frame();
            black_box(self.sim.call(&frame));
            let start = Instant::now();
            assert_eq!(gateway.post("/v1/commands", STATUS).0, 200);
            cold_status.push(start.elapsed());
            let start = Instant::now();
            let (status, body) = gateway.post("/v1/generate", SUBMISSION);
            let wall = start.elapsed();
            assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
            job.push(wall);
            less.push(wall.saturating_sub(own_time(&body)));
            let start = Instant::now();
            let (status, body) = proxy.post("/v1/generate", SUBMISSION);
            let wall = start.elapsed();
            assert_eq!(status, 200);
            carried.push(wall);
            carried_less.push(wall.saturating_sub(own_time(&body)));
        }
        rows.sim_job.add(sim_job);
        rows.job.add(job);
        rows.own.add(own);
        rows.job_less_own.add(less);
        rows.proxy.add(carried);
        rows.proxy_less_own.add(carried_less);
        rows.cold_pipe.add(cold_pipe);
        rows.cold_noop.add(cold_noop);
        rows.cold_status.add(cold_status);
    }
}

/// Starts a gateway of one core and one worker-sim without delay.
fn start_gateway(binary: &OsStr, folder: &Path) -> Server {
    std::fs::create_dir_all(folder).expect("a folder");
    let mut command = Command::new(binary);
    command.args(["serve", "--listen", "127.0.0.1:0", "--workers", "sim", "--sim-workers", "1"]);
    command.args(NO_DELAY.map(|arg| format!("--sim-arg={arg}")));
    command.arg("--output-dir").arg(folder.join("gateway"));
    // As an operator's: read by nobody. What this program would take to read it is no cost of the gateway.
    command.arg("--log-file").arg(folder.join("gateway.log"));
    Server::start(command)
}

fn wait_until_ready(address: &str) {
    let mut http = Http::connect(address);
    let deadline = Instant::now() + Duration::from_secs(60);
    while http.post("/v1/commands", STATUS).0 != 200 {
        assert!(Instant::now() < deadline, "the gateway does not become ready");
    }
}

/// Requests per second of several clients that each ask again at once.
fn clients_per_second(address: &str, during: Duration) -> f64 {
    let counts: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let mut http = Http::connect(address);
            std::thread::spawn(move || {
                let start = Instant::now();
                let mut count = 0u32;
                while start.elapsed() < during {
                    assert_eq!(http.post("/v1/commands", STATUS).0, 200);
                    count += 1;
                }
                f64::from(count) / start.elapsed().as_secs_f64()
            })
        })
        .collect();
    counts.into_iter().map(|count| count.join().expect("a client")).sum()
}

/// A placement: its name, the client's cores, everybody else's.
type Placement = (&'static str, &'static [usize], &'static [usize]);

/// The placements that this machine has room for.
fn placements() -> &'static [Placement] {
    const ALL: [Placement; 2] =
        [("all processes on core 0", &[0], &[0]), ("client on core 1, all others on core 0", &[1], &[0])];
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    &ALL[..cores.min(ALL.len())]
}

fn measure() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{cores} cores; medians of {ROUNDS} interleaved rounds; µs\n");
    for (placement, client, children) in placements() {
        let mut bench = Bench::start(client, children);
        let rows = bench.rows();
        println!("{placement}");
        report(&rows);
        let [floor, crowd] =
            [&bench.noop, &bench.gateway].map(|server| clients_per_second(&server.address, CROWD));
        println!(
            "  {CLIENTS} clients: get_status {crowd:.0}/s through the gateway, axum no-op {floor:.0}/s, {:.2}x\n",
            crowd / floor
        );
    }
}

fn report(rows: &Rows) {
    println!("  {:<52} {:>8} {:>8} {:>8}", "", "p50", "p95", "p99");
    for (name, row) in [
        ("pipe echo", &rows.pipe),
        ("axum no-op", &rows.noop),
        ("get_status, worker-sim over pipes", &rows.sim_status),
        ("get_status, through the gateway", &rows.status),
        ("pipe echo, right after a job", &rows.cold_pipe),
        ("axum no-op, right after a job", &rows.cold_noop),
        ("get_status, through the gateway, right after a job", &rows.cold_status),
        ("job, worker-sim over pipes", &rows.sim_job),
        ("job, worker-sim's own word for it", &rows.own),
        ("job, through a bare proxy", &rows.proxy),
        ("job, through a bare proxy, less worker-sim's own word", &rows.proxy_less_own),
        ("job, through the gateway", &rows.job),
        ("job, through the gateway, less worker-sim's own word", &rows.job_less_own),
    ] {
        let [p50, p95, p99] = row.percentiles();
        println!("  {name:<52} {p50:>8.1} {p95:>8.1} {p99:>8.1}");
    }
    let floor = rows.pipe.p50() + rows.noop.p50();
    let cold = rows.cold_pipe.p50() + rows.cold_noop.p50();
    println!("  above pipe echo and axum no-op together, p50; goal {GOAL:.0} above {floor:.1}:");
    // The worker's time over pipes includes one pipe, and so does the floor: it is subtracted once.
    let job = rows.job.p50() - rows.sim_job.p50() + rows.pipe.p50();
    for (name, value) in [
        ("get_status", rows.status.p50()),
        ("job, less the same job over pipes without the pipe", job),
        ("job, less worker-sim's own word", rows.job_less_own.p50()),
    ] {
        let above = value - floor;
        let verdict = if above <= GOAL { "met" } else { "NOT met" };
        println!("  {name:<52} {above:>+8.1}   {:>5.2}x   {verdict}", value / floor);
    }
    println!("  what a bare proxy of the same job, which reads nothing, has of that:");
    let carried = rows.proxy.p50() - rows.sim_job.p50() + rows.pipe.p50();
    for (name, value, gateway) in [
        ("job, less the same job over pipes without the pipe", carried, job),
        ("job, less worker-sim's own word", rows.proxy_less_own.p50(), rows.job_less_own.p50()),
    ] {
        println!("  {name:<52} {:>+8.1}   the gateway {:>+6.1} more", value - floor, gateway - value);
    }
    // A job leaves the caches of its core cold: this floor includes that.
    println!("  the same above the two right after a job ({cold:.1}):");
    for (name, value) in [
        ("get_status, right after a job", rows.cold_status.p50()),
        ("job, less the same job over pipes without the pipe", job + rows.cold_pipe.p50() - rows.pipe.p50()),
    ] {
        println!("  {name:<52} {:>+8.1}   {:>5.2}x", value - cold, value / cold);
    }
}
