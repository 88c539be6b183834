//! What the gateway costs: HTTP → worker-sim → HTTP at one client, next to a bare pipe echo and a do-nothing axum
//! handler with the same pinning, in the same run.
//!
//! `cargo bench -p gateway --bench hop`. Every process is pinned, first all to one core, then the client and the
//! children to two; the rounds are interleaved, and each row is the median of the rounds' medians. Read the last
//! column: a latency without its placement says nothing (a wake-up of another core costs more than all of this).

use std::{
    hint::black_box,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;
use serde_json::Value;

const ROUNDS: usize = 7;
const CALLS: usize = 1500;
const JOBS: usize = 200;
const STATUS: &str = r#"{"action":"get_status","gpu_id":"gpu_0"}"#;
const JOB: &str = r#"{"model":{"base":"sdxl_base"},"scheduler":{"steps":1},"hyperparameters":{"seed":7,"dimensions":{"width":64,"height":64}},"conditioning":{"prompt":"a pier"}}"#;

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("role-echo") => echo(),
        Some("role-noop") => noop(),
        _ => measure(),
    }
}

/// The floor of the pipe: a child that gives back what it gets.
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

/// The floor of HTTP: axum, a handler that reads the body and answers as many bytes as the gateway does.
fn noop() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let answer = "x".repeat(600);
        let handler = move |body: bytes::Bytes| {
            black_box(body);
            let answer = answer.clone();
            async move { answer }
        };
        let app = axum::Router::new().fallback(axum::routing::post(handler));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut stderr = std::io::stderr();
        writeln!(stderr, "listening on http://{address}").expect("stderr");
        axum::serve(listener, app).await.expect("serving");
    });
}

/// A child that is killed when it is dropped.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Starts a server that says its address on stderr.
    fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a child");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let address = lines
            .find_map(|line| {
                let line = line.expect("stderr");
                let (_, rest) = line.split_once("http://127.0.0.1:")?;
                let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
                Some(format!("127.0.0.1:{port}"))
            })
            .expect("the server says where it listens");
        // Drained, or a full pipe would stop the server.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// HTTP/1.1 over one connection, as little of it as the measurement needs.
struct Http {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Http {
    fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("nodelay");
        Self { stream: BufReader::new(stream), host: address.to_owned() }
    }

    fn post(&mut self, path: &str, body: &str) -> (u16, Vec<u8>) {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).expect("a request");
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("a status line");
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line).expect("a header");
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("a body");
        (status, body)
    }
}

struct Pipe {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Pipe {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a child");
        let stdin = child.stdin.take().expect("piped");
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, stdin, stdout }
    }

    fn call(&mut self, frame: &str) -> String {
        self.stdin.write_all(format!("{frame}\n").as_bytes()).expect("a frame");
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("a reply");
        line
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn pin(cores: &[usize]) {
    let mut set = CpuSet::new();
    for &core in cores {
        set.set(core).expect("a core");
    }
    sched_setaffinity(Pid::from_raw(0), &set).expect("pinning");
}

fn myself(role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this binary"));
    command.arg(role);
    command
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e6
}

fn times(calls: usize, mut call: impl FnMut() -> Duration) -> f64 {
    for _ in 0..calls / 10 {
        call();
    }
    median((0..calls).map(|_| call()).collect())
}

fn clocked(mut call: impl FnMut()) -> impl FnMut() -> Duration {
    move || {
        let start = Instant::now();
        call();
        start.elapsed()
    }
}

/// Seconds that the worker says it took.
fn own_time(body: &[u8]) -> Duration {
    let reply: Value = serde_json::from_slice(body).expect("a reply");
    let seconds = |name: &str| reply["data"][name].as_f64().expect("a time");
    Duration::from_secs_f64(seconds("generation_time_seconds") + seconds("load_time_seconds"))
}

fn measure() {
    let mut out = std::io::stdout();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let placements: &[(&str, &[usize], &[usize])] = if cores > 1 {
        &[("all on one core", &[0], &[0]), ("client on one core, the rest on another", &[1], &[0])]
    } else {
        &[("all on one core", &[0], &[0])]
    };
    for (placement, client, children) in placements {
        let [pipe, noop, status, sim, job] = rounds(client, children);
        let floor = pipe + noop;
        writeln!(out, "{placement} (p50, µs)").expect("stdout");
        for (name, value) in [
            ("pipe echo", pipe),
            ("axum no-op", noop),
            ("the two together", floor),
            ("worker-sim get_status over a pipe", sim),
            ("gateway get_status over HTTP", status),
            ("gateway job 64x64, less the worker's own time", job),
        ] {
            let above = value - floor;
            writeln!(
                out,
                "  {name:<46} {value:>8.1}   {above:>+8.1} above the two together   {:>5.2}x",
                value / floor
            )
            .expect("stdout");
        }
    }
}

/// Medians of: pipe, no-op, status, worker-sim alone, job.
fn rounds(client: &[usize], children: &[usize]) -> [f64; 5] {
    pin(children);
    let output = tempfile::tempdir().expect("a folder");
    let mut pipe = Pipe::start(myself("role-echo"));
    let noop = Server::start(myself("role-noop"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateway"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--output-dir"]).arg(output.path());
    let gateway = Server::start(command);
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateway"));
    command.args(["worker-sim", "--output-dir"]).arg(output.path());
    let mut sim = Pipe::start(command);
    pin(client);
    let (mut to_noop, mut to_gateway) = (Http::connect(&noop.address), Http::connect(&gateway.address));
    let ready = |http: &mut Http| http.post("/v1/commands", STATUS).0 == 200;
    let deadline = Instant::now() + Duration::from_secs(60);
    while !ready(&mut to_gateway) {
        assert!(Instant::now() < deadline, "the gateway does not become ready");
    }
    assert!(sim.call(STATUS).contains("\"Success\":true"), "the worker answers");
    let mut rows: [Vec<f64>; 5] = Default::default();
    for _ in 0..ROUNDS {
        rows[0].push(times(CALLS, clocked(|| drop(black_box(pipe.call(STATUS))))));
        rows[1].push(times(CALLS, clocked(|| assert_eq!(to_noop.post("/v1/commands", STATUS).0, 200))));
        rows[2].push(times(CALLS, clocked(|| assert_eq!(to_gateway.post("/v1/commands", STATUS).0, 200))));
        rows[3].push(times(CALLS, clocked(|| drop(black_box(sim.call(STATUS))))));
        rows[4].push(times(JOBS, || {
            let start = Instant::now();
            let (status, body) = to_gateway.post("/v1/generate", JOB);
            let wall = start.elapsed();
            assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
            wall.saturating_sub(own_time(&body))
        }));
    }
    rows.map(|mut medians| {
        medians.sort_by(f64::total_cmp);
        medians[medians.len() / 2]
    })
}
