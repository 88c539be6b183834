//! Checks of processes: each passes on a good worker or gateway, and fails on a script around it that misbehaves.

use crate::{faults::outcome, gateway, run, simulated_worker};

/// A script whose command, `"$@"`, is the good worker or gateway.
struct Script(&'static str);

/// Nothing is wrong.
const PLAIN: Script = Script(r#"exec "$@""#);

/// SIGTERM ends the script, which its parent sees.
const ENDED_BY_SIGTERM: Script = Script(r#"exec 3<&0; "$@" <&3 & wait"#);

/// SIGTERM ends the worker with all its work, and the exit code says that all is well.
const DROPS_ALL: Script = Script(r#"exec 3<&0; "$@" <&3 & trap 'kill -9 $!; exit 0' TERM; wait"#);

/// A worker that calls itself a gateway, outlives SIGHUP, and ends with the script.
const NAMED_GATEWAY: Script = Script(
    r#"trap '' HUP; exec 3<&0
    setpriv --pdeathsig KILL "$@" <&3 |
        setpriv --pdeathsig KILL sed -u 's/"worker":"worker-sim"/"worker":"gateway"/'"#,
);

/// The same, but SIGHUP ends it.
const HUNG_UP: Script =
    Script(r#"exec 3<&0; "$@" <&3 | sed -u 's/"worker":"worker-sim"/"worker":"gateway"/'"#);

/// Kills its worker after a stall of its own.
const BLAMES_THE_WORKER: Script = Script(
    r#"exec 3<&0; "$@" <&3 & worker=$!
    while kill -0 $worker 2>/dev/null; do
        before=$SECONDS; sleep 0.2
        [ $((SECONDS - before)) -lt 3 ] || kill -9 $worker
    done"#,
);

/// The same for the workers of a gateway.
const BLAMES_THE_WORKERS: Script = Script(
    r#""$@" & gateway=$!
    while kill -0 $gateway 2>/dev/null; do
        before=$SECONDS; sleep 0.2
        [ $((SECONDS - before)) -lt 3 ] || kill -9 $(cat /proc/$gateway/task/*/children)
    done"#,
);

/// SIGHUP ends the script.
const HUNG_UP_GATEWAY: Script = Script(r#""$@" & wait"#);

/// A gateway that stands still until each line of its log is written, and ends where one cannot be.
const NEEDS_ITS_LOG: Script = Script(
    r#"exec 3< <(exec "$@" 2>&1 >/dev/null); gateway=$!
    while read -r line <&3; do
        kill -STOP $gateway
        if timeout 1 bash -c 'echo "$0" >&2' "$line"; then kill -CONT $gateway; else kill -9 $gateway; fi
    done"#,
);

/// Writes a line of its own before it starts a good gateway or worker, and fails without it.
const WRITES_FIRST: Script = Script(r#"timeout 1 bash -c 'echo starting >&2' && exec "$@""#);

/// Its log says nothing of jobs.
const LOGS_LITTLE: Script = Script(r#""$@" 2>/dev/null & echo started >&2; wait"#);

/// A child that nothing ends.
const LEAVES_A_CHILD: Script = Script(r#"sleep 1000 & exec "$@""#);

/// The same around a worker that calls itself a gateway.
const NAMED_GATEWAY_LEAVES_A_CHILD: Script = Script(
    r#"sleep 1000 & exec 3<&0
    setpriv --pdeathsig KILL "$@" <&3 |
        setpriv --pdeathsig KILL sed -u 's/"worker":"worker-sim"/"worker":"gateway"/'"#,
);

/// A child that ended, whose parent never waits for it.
const LEAVES_A_ZOMBIE: Script = Script(r#"(sleep 0.1 & exec sleep 1000) & exec "$@""#);

fn worker(check: &str, script: &Script) -> (i32, String) {
    let worker = simulated_worker();
    let worker = [worker.to_str().expect("a path of the build"), "--load-ms", "0"];
    judge("worker", check, script, &worker)
}

fn gateway_by(check: &str, script: &Script) -> (i32, String) {
    let (gateway, outputs) = (gateway(), tempfile::tempdir().expect("a folder"));
    let sim = ["--workers", "sim", "--sim-arg", "--load-ms", "--sim-arg", "0", "--sim-arg", "--step-ms"];
    let serve = [gateway.to_str().expect("a path of the build"), "serve", "--listen", "{address}"];
    let outputs = ["--sim-arg", "2", "--output-dir", outputs.path().to_str().expect("a path of ours")];
    judge("gateway", check, script, &[&serve[..], &sim, &outputs].concat())
}

/// The exit code of the tool, and the outcome of a check.
fn judge(target: &str, check: &str, script: &Script, command: &[&str]) -> (i32, String) {
    let scenario = check.rsplit_once('.').expect("an id of three parts").0;
    let flags = [target, "--format", "json", "--start-timeout", "60", "--only", scenario, "--", "bash", "-c"];
    let (code, report) = run(&[&flags[..], &[script.0, "bash"], command].concat());
    // Shown of a test that fails.
    for row in report["checks"].as_array().into_iter().flatten().filter(|row| row["outcome"] == "failed") {
        eprintln!("{}: {}", row["id"], row["why"]);
    }
    (code, outcome(&report, check).to_owned())
}

macro_rules! caught {
    ($($name:ident: $target:ident, $good:expr, $bad:expr => $check:literal,)*) => {
        $(#[test] fn $name() {
            assert_eq!($target($check, &$good), (0, "passed".to_owned()), "on a good one");
            assert_eq!($target($check, &$bad), (10, "failed".to_owned()), "on a bad one");
        })*
    };
}

caught! {
    sigterm_loses_a_workers_jobs: worker, PLAIN, DROPS_ALL => "worker-process.sigterm.answered",
    sighup_ends_a_gateway_on_stdio: worker, NAMED_GATEWAY, HUNG_UP => "worker-process.sighup.lives",
    a_stall_ends_a_worker: worker, PLAIN, BLAMES_THE_WORKER => "worker-process.stalled.workers-kept",
    a_gateway_on_stdio_leaves_a_child: worker, NAMED_GATEWAY, NAMED_GATEWAY_LEAVES_A_CHILD => "worker-process.killed.nothing-left",
    sigterm_loses_a_gateways_jobs: gateway_by, PLAIN, DROPS_ALL => "gateway-process.sigterm.jobs-end",
    sigterm_does_not_wait: gateway_by, PLAIN, DROPS_ALL => "gateway-process.sigterm.waits-for-jobs",
    sigterm_loses_a_last_reply: gateway_by, PLAIN, DROPS_ALL => "gateway-process.sigterm-with-a-client.last-reply",
    sighup_ends_a_gateway: gateway_by, PLAIN, HUNG_UP_GATEWAY => "gateway-process.sighup.lives",
    a_stall_ends_the_workers: gateway_by, PLAIN, BLAMES_THE_WORKERS => "gateway-process.stalled.workers-kept",
    a_gateway_leaves_a_child: gateway_by, PLAIN, LEAVES_A_CHILD => "gateway-process.killed.nothing-left",
    an_unread_log_ends_a_gateway: gateway_by, PLAIN, NEEDS_ITS_LOG => "gateway-log.unread.works-on",
    a_log_without_a_reader_ends_a_gateway: gateway_by, PLAIN, NEEDS_ITS_LOG => "gateway-log.reader-gone.works-on",
    a_failed_job_has_no_line: gateway_by, PLAIN, LOGS_LITTLE => "gateway-log.failed-job.line",
    a_gateway_leaves_a_zombie: gateway_by, PLAIN, LEAVES_A_ZOMBIE => "gateway-process.zombies.none",
}

/// A script that needs its own stderr is told from a gateway that does.
#[test]
fn a_script_that_writes_before_the_gateway_is_not_its_fault() {
    for (check, outcome) in [
        ("gateway-log.unread.works-on", (0, "passed")),
        ("gateway-log.reader-gone.works-on", (0, "passed")),
        ("gateway-log.full-at-start.answers", (20, "undecided")),
    ] {
        let (code, is) = gateway_by(check, &WRITES_FIRST);
        assert_eq!((code, is.as_str()), outcome, "{check}");
    }
    assert_eq!(gateway_by("gateway-log.full-at-start.answers", &PLAIN), (0, "passed".to_owned()));
}

/// The same for a worker, whose own programs tell whether it was started.
#[test]
fn a_script_that_writes_before_the_worker_is_not_its_fault() {
    for check in ["lifecycle.stderr-unread.answered", "lifecycle.stderr-unread.exit-0"] {
        assert_eq!(worker(check, &WRITES_FIRST), (20, "undecided".to_owned()), "{check}");
        assert_eq!(worker(check, &PLAIN), (0, "passed".to_owned()), "{check}");
    }
}

/// A worker without a handler is ended by SIGTERM, which its parent sees: nothing is promised, and nothing is judged.
#[test]
fn a_worker_that_sigterm_ends_is_skipped() {
    assert_eq!(worker("worker-process.sigterm.answered", &ENDED_BY_SIGTERM).1, "skipped");
}
