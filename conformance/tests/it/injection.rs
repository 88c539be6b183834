//! Faults of whatever stands around the tool: each ends it with the right exit code and a sentence that names the cause.
//! Most of them need no wait, and are shown to have none: with limits of an hour they still end. The others end by one limit,
//! `--start-timeout`, of which `probe.rs` holds that its default is short enough for 15 s in all; every other limit is an hour.
//! So nothing here measures time on a machine that has other work. Ctrl-C and SIGTERM are in `tool.rs`, saved runs that are none in `bench.rs`.

use crate::simulated_worker;
use std::{
    net::TcpListener,
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
    thread,
};

/// A line for bash; its exit code; words of what is said.
type Case = (&'static str, &'static str, i32, &'static str);

/// What is only known once a wait is over: whether anything else comes.
const BY_THEIR_LIMIT: [&str; 12] = [
    "an echo",
    "endless output",
    "silence",
    "bytes that are no text",
    "one reply to everything",
    "a server that never answers",
    "a gateway that is alive and answers no command",
    "a gateway that never listens",
    "silence before a hunt",
    "a slow drip before a hunt",
    "silence before a measurement",
    "a slow drip before a measurement",
];

/// `$TOOL` is the tool, `$SIM` a good worker, `$FOLDER` an empty folder, `$WEB` a server of files, `$DEAF` one that never answers, `$ALIVE` one that
/// answers nothing but that it is alive.
const CASES: &[Case] = &[
    ("a program that ends at once", "$TOOL worker -- true", 10, "ended"),
    ("an echo", "$TOOL worker -- cat", 10, "no reply"),
    ("endless output", "$TOOL worker -- yes", 10, "no frame"),
    ("silence", "$TOOL worker -- sleep 1000", 10, "no answer to get_status within 8.0 s"),
    ("a worker that crashes", "$TOOL worker -- sh -c 'echo no CUDA >&2; exit 3'", 10, "no CUDA"),
    ("a worker that is killed", "$TOOL worker -- sh -c 'kill -9 $$'", 10, "signal: 9"),
    (
        "bytes that are no text",
        "$TOOL worker -- sh -c 'read x; exec head -c 100000 /dev/urandom'",
        10,
        "no frame",
    ),
    ("a closed stdout", "$TOOL worker -- sh -c 'exec >&-; exec sleep 1000'", 10, "stdout closed"),
    (
        "one reply to everything",
        r#"$TOOL worker --only envelopes -- sh -c 'while read x; do echo "{\"request_id\":\"conf-probe\",\"success\":true,\"data\":{}}"; done'"#,
        10,
        "conf-probe",
    ),
    (
        "a worker that dies at its tenth command",
        "$TOOL worker --only envelopes.get_status --only envelopes.get_schedulers -- bash -c 'sed -u 10q | $SIM --load-ms 0'",
        10,
        "instead of answering",
    ),
    (
        "a child that is killed while it works",
        r#"$TOOL worker --only ordering.in-order -- bash -c 'exec 3<&0
        { $SIM <&3 & echo $! >$FOLDER/pid; wait; } | { read -r reply; echo "$reply"; kill -9 $(cat $FOLDER/pid); cat; }'"#,
        10,
        "ended",
    ),
    ("a wrong path", "$TOOL worker -- /no/such/worker", 30, "cannot start /no/such/worker"),
    ("a folder as the command", "$TOOL worker -- $FOLDER", 30, "Permission denied"),
    (
        "a file that is no program",
        "echo x > $FOLDER/file; $TOOL worker -- $FOLDER/file",
        30,
        "Permission denied",
    ),
    ("no command", "$TOOL worker", 30, "required"),
    ("an unknown flag", "$TOOL worker --onyl x -- true", 30, "--onyl"),
    ("an unknown choice", "$TOOL worker --only no-such -- true", 30, "--only no-such"),
    ("an unknown form", "$TOOL worker --format pdf -- true", 30, "pdf"),
    ("an unknown form of a further report", "$TOOL worker --report pdf=x -- true", 30, "pdf"),
    ("a further report without a file", "$TOOL worker --report html= -- true", 30, "no file after"),
    (
        "a file that cannot be read",
        "$TOOL worker --base-file $FOLDER --scratch-models $FOLDER -- true",
        30,
        "directory",
    ),
    (
        "a full disk for the report",
        "$TOOL worker --only lifecycle.initialize --output /dev/full -- $SIM",
        30,
        "/dev/full",
    ),
    (
        "a full disk for a further report",
        "$TOOL worker --only lifecycle.initialize --report sarif=/dev/full -- $SIM",
        30,
        "No space left",
    ),
    (
        "a full disk behind stdout",
        "$TOOL worker --only lifecycle.initialize -- $SIM >/dev/full",
        30,
        "No space left",
    ),
    (
        "a reader of stdout that is gone",
        "set -o pipefail; mkfifo $FOLDER/p; exec 4<>$FOLDER/p 3>$FOLDER/p 4<&-; $TOOL worker --only lifecycle.initialize -- $SIM >&3",
        30,
        "Broken pipe",
    ),
    ("a folder for the report", "$TOOL worker --output $FOLDER -- $SIM", 30, "is a folder"),
    ("no folder for the report", "$TOOL worker --output $FOLDER/no/x -- $SIM", 30, "No such file"),
    ("no temporary folder", "TMPDIR=$FOLDER/no $TOOL worker -- $SIM", 30, "No such file"),
    ("no descriptor that is free", "prlimit --nofile=4 $TOOL worker -- $SIM", 30, "Too many open files"),
    ("a server of files", "$TOOL gateway $WEB", 30, "no gateway at"),
    ("a server that never answers", "$TOOL gateway $DEAF", 30, "no answer to GET /health/live within 8.0 s"),
    (
        "a gateway that is alive and answers no command",
        "$TOOL gateway $ALIVE",
        10,
        "no answer to get_status within 8.0 s",
    ),
    ("an address that nobody has", "$TOOL gateway http://127.0.0.1:1", 30, "refused"),
    ("no address", "$TOOL gateway nowhere", 30, "no address of a gateway"),
    (
        "a gateway that ends at once",
        "$TOOL gateway -- sh -c 'echo no GPU >&2; exit 1' {address}",
        30,
        "no GPU",
    ),
    (
        "a gateway that never listens",
        "$TOOL gateway -- sh -c 'exec sleep 1000' {address}",
        30,
        "within 8.0 s",
    ),
    ("silence before a hunt", "$TOOL mutants -- sleep 1000", 30, "no answer to get_status within 8.0 s"),
    (
        "a slow drip before a hunt",
        "$TOOL mutants -- sh -c 'while printf {; do sleep 0.1; done'",
        30,
        "no answer to get_status within 8.0 s",
    ),
    ("a hunt of a program that ends at once", "$TOOL mutants -- true", 30, "ended"),
    ("a hunt of a wrong path", "$TOOL mutants -- /no/such/worker", 30, "cannot start /no/such/worker"),
    (
        "silence before a measurement",
        "$TOOL bench -- sleep 1000",
        10,
        "no answer to a measured command within 8.0 s",
    ),
    (
        "a slow drip before a measurement",
        "$TOOL bench -- sh -c 'while printf {; do sleep 0.1; done'",
        10,
        "no answer to a measured command within 8.0 s",
    ),
    ("a measurement of a program that ends at once", "$TOOL bench -- true", 10, "ended"),
    (
        "a measurement of replies to something else",
        r#"$TOOL bench -- sh -c 'while read x; do echo "{\"request_id\":\"x\",\"success\":true,\"data\":{}}"; done'"#,
        10,
        "which is no reply to it",
    ),
    ("a measurement of a wrong path", "$TOOL bench -- /no/such/worker", 30, "cannot start /no/such/worker"),
    ("a report that is not there", "$TOOL compare $FOLDER/a.json $FOLDER/b.json", 30, "No such file"),
    (
        "a report that is cut off",
        "printf '{\"checks\": [' > $FOLDER/a.json; $TOOL compare $FOLDER/a.json $FOLDER/a.json",
        30,
        "is no JSON report of this tool",
    ),
    ("a gateway without an address", "$TOOL gateway -- gateway serve", 30, "{address}"),
];

/// Cases at the same time: most of those that take long wait.
const AT_ONCE: usize = 4;

#[test]
fn each_fault_has_its_exit_code_and_a_sentence_in_time() {
    let [web, deaf, alive] = [Server::OfFiles, Server::Deaf, Server::Alive].map(server);
    let left = Mutex::new(CASES.iter());
    let failed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = left.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(case) = next else { break };
                    if let Err(why) = holds(case, &web, &deaf, &alive) {
                        failed.lock().unwrap_or_else(PoisonError::into_inner).push(why);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), CASES.len(), failed.join("\n"));
}

fn holds(&(name, line, code, words): &Case, web: &str, deaf: &str, alive: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let hour = "--timeout 3600";
    let limits = match BY_THEIR_LIMIT.contains(&name) {
        true => hour.to_owned(),
        false => format!("{hour} --start-timeout 3600"),
    };
    let line = ["worker", "gateway", "mutants", "bench"].into_iter().fold(line.to_owned(), |line, target| {
        line.replace(&format!("$TOOL {target}"), &format!("$TOOL {target} {limits}"))
    });
    // On a machine with other work a start alone took 15 s: this limit only ends what hangs, and 124 tells so.
    let output = Command::new("timeout")
        .args(["--kill-after=5", "120", "bash", "-c", &line])
        .env("TOOL", env!("CARGO_BIN_EXE_conformance"))
        .env("SIM", simulated_worker())
        .env("FOLDER", folder.path())
        .env("WEB", web)
        .env("DEAF", deaf)
        .env("ALIVE", alive)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    // A verdict is a report, but for a measurement: its report is its figures.
    let is_report = code == 10 && !line.contains("$TOOL bench");
    let (said, silent) = if is_report { (&stdout, &stderr) } else { (&stderr, &stdout) };
    let is_right = output.status.code() == Some(code)
        && said.contains(words)
        && silent.is_empty()
        && !said.contains("panicked")
        // What clap says has the usage below.
        && (code != 30 || said.lines().filter(|line| !line.is_empty()).count() <= 5);
    let is = output.status.code();
    is_right.then_some(()).ok_or_else(|| format!("{name}: {is:?} for {code}\n{stdout}{stderr}"))
}

#[derive(Clone, Copy)]
enum Server {
    /// Answers everything with 404.
    OfFiles,
    /// Answers nothing.
    Deaf,
    /// Answers that it is alive, and nothing else.
    Alive,
}

fn server(kind: Server) -> String {
    use std::io::{Read as _, Write as _};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = [0; 4096];
            let answer = match kind {
                Server::Deaf => None,
                kind => {
                    let bytes = stream.read(&mut asked).unwrap();
                    let is_alive = asked[..bytes].starts_with(b"GET /health/live ");
                    match kind {
                        Server::Alive => is_alive.then_some(("200 OK", r#"{"status":"live"}"#)),
                        _ => Some(("404 Not Found", "")),
                    }
                }
            };
            match answer {
                Some((status, body)) => {
                    let length = body.len();
                    let head = format!(
                        "HTTP/1.1 {status}\r\ncontent-length: {length}\r\ncontent-type: application/json"
                    );
                    stream
                        .write_all(format!("{head}\r\nconnection: close\r\n\r\n{body}").as_bytes())
                        .unwrap();
                }
                None => kept.push(stream),
            }
        }
    });
    format!("http://{address}")
}
